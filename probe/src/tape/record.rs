//! The tape itself: bounded, shared between the visit that writes it and who asked for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use zhishou_domain::Credential;

use super::capture::Capture;
use super::moment::{Entry, Header, Moment, Octets, Stream};
use super::secrets::Secrets;
use super::sieve::{Piece, Sieve};

/// What is kept whole, bytes: some seconds of a main stream.
const WHOLE: usize = 2 << 20;
/// What is kept of messages after that, bytes.
const MESSAGES: usize = 512 << 10;
/// What one entry counts beside its bytes.
const ENTRY: usize = 64;

/// Notes of one probe.
#[derive(Debug, Clone, Default)]
pub struct Tape(Arc<Mutex<Reel>>);

#[derive(Debug, Default)]
struct Reel {
    header: Option<Header>,
    secrets: Secrets,
    entries: Vec<Entry>,
    /// Counted so far.
    used: usize,
    cut: bool,
    /// Of the connection under way.
    sieve: Option<Sieve>,
}

impl Tape {
    /// An empty one, for one probe.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the probe told, without any credential. `None` if it never began.
    pub fn capture(&self) -> Option<Capture> {
        let reel = self.reel();
        let header = reel.header.clone()?;
        Some(Capture::new(header, reel.secrets.remove_from(&reel.entries)))
    }

    pub(crate) fn begin(&self, header: Header, credential: Option<&Credential>) {
        let mut reel = self.reel();
        let secrets = Secrets::of(credential);
        let header = Header { target: secrets.mask_text(&header.target), ..header };
        *reel = Reel { header: Some(header), secrets, ..Reel::default() };
    }

    pub(crate) fn note(&self, at: Duration, moment: Moment) {
        let mut reel = self.reel();
        if let Moment::Connected { .. } = moment {
            reel.sieve = Some(Sieve::new());
        }
        let is_end = matches!(moment, Moment::Closed | Moment::Cancelled | Moment::Failed { .. });
        reel.keep(at, moment, is_end);
    }

    pub(crate) fn sent(&self, at: Duration, bytes: &[u8]) {
        self.reel().keep(at, Moment::Sent(Octets(bytes.to_vec())), false);
    }

    pub(crate) fn received(&self, at: Duration, bytes: &[u8]) {
        self.reel().received(at, bytes);
    }

    pub(crate) fn datagram(&self, at: Duration, stream: Stream, bytes: &[u8]) {
        let mut reel = self.reel();
        reel.make_room(at, bytes.len());
        if !reel.cut {
            let packet = Octets(bytes.to_vec());
            reel.keep(at, Moment::Datagram { stream, packet }, false);
        }
    }

    fn reel(&self) -> MutexGuard<'_, Reel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reel {
    fn received(&mut self, at: Duration, bytes: &[u8]) {
        self.make_room(at, bytes.len());
        let mut messages = Vec::new();
        let cut = self.cut;
        if let Some(sieve) = &mut self.sieve {
            sieve.push(bytes, |piece| {
                if let Piece::Message(message) = piece
                    && cut
                {
                    messages.push(message.to_vec());
                }
            });
        }
        if !cut {
            return self.keep(at, Moment::Received(Octets(bytes.to_vec())), false);
        }
        for message in messages {
            self.keep(at, Moment::Received(Octets(message)), false);
        }
    }

    /// Keeps a moment while there is room; `always` for the few that say how it ended.
    fn keep(&mut self, at: Duration, moment: Moment, always: bool) {
        let bytes = match &moment {
            Moment::Sent(octets)
            | Moment::Received(octets)
            | Moment::Datagram { packet: octets, .. } => octets.0.len(),
            _ => 0,
        };
        self.make_room(at, bytes);
        if self.cut && matches!(moment, Moment::Woke) {
            return;
        }
        let used = self.used + bytes + ENTRY;
        if used <= WHOLE + MESSAGES || always {
            self.used = used;
            self.push(at, moment);
        }
    }

    /// Stops keeping media if so many bytes more do not fit.
    fn make_room(&mut self, at: Duration, bytes: usize) {
        if !self.cut && self.used + bytes + ENTRY > WHOLE {
            self.cut = true;
            self.used = WHOLE;
            self.push(at, Moment::Cut);
        }
    }

    /// Behind what is there already: two sockets that are read one after the other may have been written to the
    /// other way round.
    fn push(&mut self, at: Duration, moment: Moment) {
        let last = self.entries.last().map_or(0, |entry| entry.at);
        self.entries.push(Entry { at: nanos(at).max(last), moment });
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(tape: &Tape) -> usize {
        tape.reel().entries.iter().map(|entry| format!("{entry:?}").len()).sum()
    }

    fn connected() -> Moment {
        Moment::Connected {
            peer: "127.0.0.1:554".to_owned(),
            resolve_ns: 0,
            connect_ns: 1,
            tls: None,
        }
    }

    #[test]
    fn media_are_cut_and_messages_are_not() {
        let tape = Tape::new();
        tape.note(Duration::ZERO, connected());
        let mut frame = b"$\x00\x05\xdc\x80\x60".to_vec();
        frame.resize(1504, 7);
        for n in 0..3000 {
            tape.received(Duration::from_millis(n), &frame);
        }
        let kept = tape.reel().entries.len();
        assert!(matches!(tape.reel().entries[kept - 1].moment, Moment::Cut));
        let answer = b"RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n";
        let mut last = frame.clone();
        last.extend_from_slice(answer);
        tape.received(Duration::from_secs(4), &last);
        let reel = tape.reel();
        assert_eq!(reel.entries.len(), kept + 1);
        assert_eq!(reel.entries[kept].moment, Moment::Received(Octets(answer.to_vec())));
    }

    #[test]
    fn datagrams_are_kept_until_the_cut() {
        let tape = Tape::new();
        tape.note(Duration::ZERO, connected());
        for n in 0..3000 {
            tape.datagram(Duration::from_millis(n), Stream::VideoRtp, &[7; 1400]);
        }
        let reel = tape.reel();
        let kept = reel.entries.len();
        assert_eq!(reel.entries[kept - 1].moment, Moment::Cut);
        assert_eq!(kept, 2 + (WHOLE - ENTRY) / (1400 + ENTRY));
    }

    #[test]
    fn a_device_that_drips_does_not_grow_the_tape() {
        let tape = Tape::new();
        tape.note(Duration::ZERO, connected());
        for n in 0..200_000 {
            tape.received(Duration::from_millis(n), b"x");
            tape.note(Duration::from_millis(n), Moment::Woke);
        }
        tape.note(Duration::from_secs(201), Moment::Closed);
        assert!(tape.reel().entries.len() <= (WHOLE + MESSAGES) / ENTRY + 2);
        assert!(bytes_of(&tape) < 16 << 20);
        let reel = tape.reel();
        assert_eq!(reel.entries.last().map(|e| e.moment.clone()), Some(Moment::Closed));
    }
}

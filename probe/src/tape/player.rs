//! Gives a capture back to the driver, in virtual time.
//!
//! What we send makes no difference: the device says what it said, when it said it. Time passes only
//! here, from one moment to the next, so a replay takes as long as its arithmetic.

use std::time::Duration;

use zhishou_domain::{Detail, Fault, FaultCode, Stage, Timestamp};

use super::moment::{Entry, Handshake, Moment, Octets, Stream, Withheld};

/// How late a timer may have fired on a busy machine: until then, what came first comes first.
const LATE: Duration = Duration::from_secs(1);

/// A capture being played.
#[derive(Debug)]
pub(crate) struct Player {
    entries: Vec<Entry>,
    /// The next one.
    next: usize,
    now: Duration,
    started_at: Timestamp,
    cut: bool,
}

/// A connection that was made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) peer: String,
    pub(crate) resolve: Duration,
    pub(crate) connect: Duration,
    pub(crate) tls: Option<Handshake>,
    pub(crate) withheld: Option<Withheld>,
}

/// What happens next.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// Bytes of the device.
    Bytes(Vec<u8>),
    /// A datagram of media.
    Datagram(Stream, Vec<u8>),
    /// The connection ended.
    End,
    /// The tunnel was refused after it had seemed to be open; the connection ends next.
    Refused(Fault),
    /// The time has come.
    Time,
    /// It was stopped from outside.
    Cancelled,
    /// The capture holds no media from here on.
    Cut,
}

impl Player {
    pub(super) fn new(entries: Vec<Entry>, started_at: Timestamp) -> Self {
        Self { entries, next: 0, now: Duration::ZERO, started_at, cut: false }
    }

    /// When the first thing happened: until then the probe waited for its turn.
    pub(crate) fn first(&self) -> Duration {
        self.entries.first().map_or(Duration::ZERO, Entry::at)
    }

    /// Since the probe began.
    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    /// The time of day it was then.
    pub(crate) fn wall(&self) -> Timestamp {
        self.started_at + self.now
    }

    /// How the next connection went.
    pub(crate) fn connect(&mut self) -> Result<Made, Box<Fault>> {
        while let Some(entry) = self.take() {
            match entry.moment {
                Moment::Connected { peer, resolve_ns, connect_ns, tls } => {
                    let withheld = match self.entries.get(self.next).map(|entry| &entry.moment) {
                        Some(Moment::Withheld(withheld)) => Some(*withheld),
                        _ => None,
                    };
                    if withheld.is_some() {
                        let _held = self.take();
                    }
                    let [resolve, connect] = [resolve_ns, connect_ns].map(Duration::from_nanos);
                    return Ok(Made { peer, resolve, connect, tls, withheld });
                }
                Moment::Failed { fault } => return Err(Box::new(fault)),
                _ => {}
            }
        }
        let problem = "the capture holds no further connection".to_owned();
        let detail = Detail::Ours { problem };
        Err(Box::new(Fault::new(FaultCode::NoResponse, Stage::Connect, detail)))
    }

    /// What happens until `wake`, the first thing of it.
    pub(crate) fn next(&mut self, wake: Duration) -> Next {
        let until = self.woke(wake);
        while let Some(entry) = self.entries.get(self.next) {
            let ours = matches!(entry.moment, Moment::Connecting { .. });
            // The next connection is not ours until we ask for it.
            if ours || (entry.at() > until && !self.cut) {
                break;
            }
            let Some(entry) = self.take() else { break };
            return match entry.moment {
                Moment::Received(Octets(bytes)) => Next::Bytes(bytes),
                Moment::Datagram { stream, packet } => Next::Datagram(stream, packet.0),
                Moment::Closed => Next::End,
                Moment::Failed { fault } => Next::Refused(fault),
                Moment::Cancelled => Next::Cancelled,
                Moment::Woke => Next::Time,
                Moment::Cut => {
                    self.cut = true;
                    Next::Cut
                }
                _ => continue,
            };
        }
        self.now = self.now.max(wake);
        Next::Time
    }

    /// When the driver looked again that wanted to at `wake`.
    fn woke(&self, wake: Duration) -> Duration {
        let rest = self.entries.get(self.next..).unwrap_or_default();
        let first = rest.partition_point(|entry| entry.at() < wake);
        rest[first..]
            .iter()
            .take_while(|entry| entry.at() <= wake.saturating_add(LATE))
            .find(|entry| matches!(entry.moment, Moment::Woke))
            .map_or(wake, Entry::at)
    }

    fn take(&mut self) -> Option<Entry> {
        let entry = self.entries.get(self.next)?.clone();
        self.next += 1;
        if !self.cut {
            self.now = self.now.max(entry.at());
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn player(moments: impl IntoIterator<Item = (u64, Moment)>) -> Player {
        let entries = moments.into_iter().map(|(ms, moment)| Entry { at: ms * 1_000_000, moment });
        Player::new(entries.collect(), Timestamp::from_millis(0))
    }

    fn bytes(text: &str) -> Moment {
        Moment::Received(Octets(text.as_bytes().to_vec()))
    }

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn time_passes_from_moment_to_moment() {
        let mut player = player([(5, bytes("a")), (30, bytes("b")), (40, Moment::Closed)]);
        assert_eq!((player.next(ms(10)), player.now()), (Next::Bytes(b"a".to_vec()), ms(5)));
        assert_eq!((player.next(ms(10)), player.now()), (Next::Time, ms(10)));
        assert_eq!((player.next(ms(90)), player.now()), (Next::Bytes(b"b".to_vec()), ms(30)));
        assert_eq!((player.next(ms(90)), player.now()), (Next::End, ms(40)));
        assert_eq!((player.next(ms(90)), player.now()), (Next::Time, ms(90)));
    }

    #[test]
    fn a_timer_that_fired_late_fires_late_again() {
        let mut player = player([(12, bytes("a")), (14, Moment::Woke), (15, bytes("b"))]);
        assert_eq!((player.next(ms(10)), player.now()), (Next::Bytes(b"a".to_vec()), ms(12)));
        assert_eq!((player.next(ms(10)), player.now()), (Next::Time, ms(14)));
    }

    #[test]
    fn the_next_connection_waits_until_it_is_asked_for() {
        let connecting = Moment::Connecting { host: "h".to_owned(), port: 1 };
        let made =
            Moment::Connected { peer: "h:1".to_owned(), resolve_ns: 0, connect_ns: 7, tls: None };
        let mut player = player([(1, connecting), (3, made)]);
        assert_eq!((player.next(ms(60)), player.now()), (Next::Time, ms(60)));
        assert_eq!(player.connect().unwrap().connect, Duration::from_nanos(7));
        let fault = player.connect().unwrap_err();
        assert!(matches!(fault.detail, Detail::Ours { .. }), "{fault:?}");
    }
}

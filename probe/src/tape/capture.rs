//! A dialogue as a file: one JSON object a line, the header first (`docs/reference/capture.md`).

use std::io::{self, BufRead, Write};
use std::time::Duration;

use thiserror::Error;
use zhishou_domain::{
    Credential, CredentialState, Lang, Observation, ProbeRequest, Snapshot, Timestamp,
};
use zhishou_protocol::rtsp::Target;

use super::explain;
use super::moment::{Entry, Header, Moment, Octets, VERSION};
use super::player::Player;

/// Longest file read, bytes: twice what a tape of binary data comes to.
const MAX_FILE: u64 = 16 << 20;
/// Most bytes of one read of a connection, as the session takes them.
const MAX_READ: usize = 64 << 10;
/// Latest moment, ns: no probe lasts an hour.
const MAX_AT: u64 = 3_600_000_000_000;
/// Longest time media may be received, ms, as on the command line.
const MAX_MEDIA_MS: u64 = 300_000;

/// A dialogue without any credential.
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    header: Header,
    entries: Vec<Entry>,
}

/// Why a capture cannot be read.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The file could not be read.
    #[error("read capture: {0}")]
    Io(#[from] io::Error),
    /// It is no capture, or cut off, or damaged.
    #[error("read capture: line {line}: {problem}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// It is longer than any capture.
    #[error("read capture: longer than 16 MiB")]
    TooLong,
    /// There is nothing in it.
    #[error("read capture: it is empty")]
    Empty,
}

impl Capture {
    pub(super) fn new(header: Header, entries: Vec<Entry>) -> Self {
        Self { header, entries }
    }

    /// The address, passwords masked.
    pub fn target(&self) -> &str {
        &self.header.target
    }

    /// The annotated dialogue in lines for a person, `observation` being what came of it.
    pub fn explain(&self, observation: &Observation, lang: Lang) -> Vec<String> {
        explain::explain(&self.entries, observation, lang)
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut out, &self.header)?;
        out.write_all(b"\n")?;
        for entry in &self.entries {
            serde_json::to_writer(&mut out, entry)?;
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it is none, or none of ours; see [`CaptureError`].
    pub fn read(input: impl BufRead) -> Result<Self, CaptureError> {
        let mut input = input.take(MAX_FILE + 1);
        let mut line = Vec::new();
        let mut number = 0;
        let (mut header, mut entries, mut last) = (None, Vec::new(), 0);
        while input.read_until(b'\n', &mut line)? > 0 {
            number += 1;
            let bad = |problem: String| CaptureError::Line { line: number, problem };
            if input.limit() == 0 {
                return Err(CaptureError::TooLong);
            }
            if line.pop_if(|byte| *byte == b'\n').is_none() {
                return Err(bad("it is cut off".to_owned()));
            }
            if header.is_none() {
                let read: Header = serde_json::from_slice(&line).map_err(|e| bad(e.to_string()))?;
                check_header(&read).map_err(bad)?;
                header = Some(read);
            } else {
                let entry: Entry = serde_json::from_slice(&line).map_err(|e| bad(e.to_string()))?;
                check_entry(&entry, last).map_err(bad)?;
                last = entry.at;
                entries.push(entry);
            }
            line.clear();
        }
        header.map(|header| Self { header, entries }).ok_or(CaptureError::Empty)
    }

    /// What was asked for. A login stands in for the one that was known; its answers are not looked
    /// at by anybody.
    pub(crate) fn request(&self, snapshot: Snapshot) -> ProbeRequest {
        let header = &self.header;
        ProbeRequest {
            kind: header.kind,
            credential: header.login.then(|| Credential::new("replay", "replay")),
            credential_state: CredentialState {
                proven: header.proven,
                ..CredentialState::default()
            },
            seconds: Duration::from_millis(header.media_ms),
            transport: header.transport,
            decode_every: Duration::from_millis(header.decode_every_ms),
            habit: header.habit.clone(),
            certificate: header.certificate,
            snapshot,
            ..ProbeRequest::new(header.target.clone(), header.depth)
        }
    }

    pub(crate) fn started_at(&self) -> Timestamp {
        self.header.started_at
    }

    pub(crate) fn player(&self) -> Player {
        Player::new(self.entries.clone(), self.header.started_at)
    }
}

fn check_header(header: &Header) -> Result<(), String> {
    if header.capture != VERSION {
        return Err(format!("version {} is not known", header.capture));
    }
    if header.media_ms > MAX_MEDIA_MS {
        return Err(format!("media_ms {} is more than {MAX_MEDIA_MS}", header.media_ms));
    }
    Target::parse(&header.target).map(drop).map_err(|error| error.to_string())
}

fn check_entry(entry: &Entry, last: u64) -> Result<(), String> {
    if entry.at < last {
        return Err(format!("time runs backwards, from {last} to {}", entry.at));
    }
    if entry.at > MAX_AT {
        return Err(format!("{} ns is later than an hour", entry.at));
    }
    match &entry.moment {
        Moment::Sent(Octets(bytes))
        | Moment::Received(Octets(bytes))
        | Moment::Datagram { packet: Octets(bytes), .. }
            if bytes.len() > MAX_READ =>
        {
            Err(format!("{} bytes at once are more than {MAX_READ}", bytes.len()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::Stream;
    use proptest::prelude::*;
    use zhishou_domain::{Depth, DeviceKind, Habit, TransportPolicy};

    fn capture() -> Capture {
        let header = Header {
            capture: VERSION,
            made_by: "Zhishou/test".to_owned(),
            target: "rtsp://10.1.2.3/ch1".to_owned(),
            kind: DeviceKind::Camera,
            depth: Depth::Stream,
            media_ms: 3000,
            transport: TransportPolicy::Tcp,
            decode_every_ms: 0,
            habit: Habit::default(),
            certificate: None,
            started_at: Timestamp::from_millis(1_700_000_000_000),
            login: true,
            proven: false,
        };
        let moments = [
            Moment::Connecting { host: "10.1.2.3".to_owned(), port: 554 },
            Moment::Connected {
                peer: "10.1.2.3:554".to_owned(),
                resolve_ns: 1,
                connect_ns: 2,
                tls: None,
            },
            Moment::Sent(Octets(b"OPTIONS rtsp://10.1.2.3/ch1 RTSP/1.0\r\n\r\n".to_vec())),
            Moment::Received(Octets(vec![b'$', 0, 0, 1, 0xff])),
            Moment::Datagram { stream: Stream::VideoRtp, packet: Octets(vec![0x80, 0xff]) },
            Moment::Woke,
            Moment::Closed,
        ];
        let entries = (0..).zip(moments).map(|(at, moment)| Entry { at, moment }).collect();
        Capture { header, entries }
    }

    fn written(capture: &Capture) -> Vec<u8> {
        let mut out = Vec::new();
        capture.write(&mut out).unwrap();
        out
    }

    #[test]
    fn what_was_written_is_read_again() {
        let text = written(&capture());
        assert_eq!(Capture::read(text.as_slice()).unwrap(), capture());
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(r#"{"at_ns":2,"what":"sent","text":"OPTIONS rtsp://"#), "{text}");
        assert!(text.contains(r#"{"at_ns":3,"what":"received","base64":"JAAAAf8="}"#), "{text}");
    }

    #[test]
    fn a_damaged_file_says_where() {
        let whole = String::from_utf8(written(&capture())).unwrap();
        let error = |text: &str| Capture::read(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error(""), "read capture: it is empty");
        assert_eq!(error(whole.trim_end()), "read capture: line 8: it is cut off");
        assert!(error("GIF89a\n").starts_with("read capture: line 1: "));
        let later = whole.replace("\"capture\":1", "\"capture\":2");
        assert_eq!(error(&later), "read capture: line 1: version 2 is not known");
        let back = whole.replace("\"at_ns\":4", "\"at_ns\":1");
        assert!(error(&back).contains("line 6: time runs backwards"));
        let endless = format!("{}{}", whole, " ".repeat(16 << 20));
        assert_eq!(error(&endless), "read capture: longer than 16 MiB");
        let big = "x".repeat(MAX_READ + 1);
        let big = format!("{whole}{{\"at_ns\":9,\"what\":\"sent\",\"text\":\"{big}\"}}\n");
        assert!(error(&big).contains("line 9: 65537 bytes at once"));
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(cut in 0..900usize, at in 0..900usize, byte: u8) {
            let mut text = written(&capture());
            if let Some(hit) = text.get_mut(at) {
                *hit = byte;
            }
            text.truncate(cut);
            let _ = Capture::read(text.as_slice());
        }
    }
}

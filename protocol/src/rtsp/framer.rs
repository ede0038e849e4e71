//! Cuts the byte stream of a connection into RTSP messages and interleaved frames (RFC 2326 §10.12).
//!
//! Bytes, not text; bare LF ends a line; what stands between frames is skipped and counted (Q31).
//! **Bound:** a head is at most 16 KiB, a body 256 KiB, one push 64 KiB, so the buffer never passes
//! [`Framer::MEMORY_BOUND`]; before the first real frame at most 4 KiB of anything else are looked
//! at. A buffer that is empty keeps at most 2 KiB: ten thousand sessions rest in 20 MB, and packets
//! that come one by one are taken without an allocation.
//! **Work:** each byte is looked at a bounded number of times, also where they come one by one.

use std::ops::Range;

use thiserror::Error;

use super::message::{Headers, Response, ServerRequest, is_method};

/// Longest head of a message, bytes.
const MAX_HEAD: usize = 16 * 1024;
/// Longest body, bytes: descriptions of large recorders stay below 64 KiB.
const MAX_BODY: usize = 256 * 1024;
/// Most bytes that one push may bring.
const MAX_PUSH: usize = 64 * 1024;
/// Longest request line of the device, bytes.
const MAX_REQUEST_LINE: usize = 4 * 1024;
/// Bytes that are no RTSP after which a peer that never spoke it is given up.
const MAX_PREAMBLE: u64 = 4 * 1024;
/// Bytes skipped in one go after which a stream is given up.
const MAX_GARBAGE: u64 = 256 * 1024;
/// `$`, channel, length.
const DATA_HEADER: usize = 4;
/// Room an empty buffer keeps, bytes: one packet of an Ethernet frame's size.
const KEPT_ROOM: usize = 2 * 1024;

/// Why a byte stream cannot be followed any further.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FrameError {
    /// What answers is no RTSP server.
    #[error("peer does not speak RTSP, it begins with {sample:?}")]
    NotRtsp {
        /// Its first bytes, printable, at most 32.
        sample: String,
    },
    /// A head without end.
    #[error("message head longer than 16384 bytes at byte {offset}")]
    HeadTooLarge {
        /// Offset of the message in the stream.
        offset: u64,
    },
    /// A body that nobody needs.
    #[error("message body of {length} bytes at byte {offset} is too long")]
    BodyTooLarge {
        /// The `Content-Length`.
        length: u64,
        /// Offset of the message in the stream.
        offset: u64,
    },
    /// The stream lost its structure for good.
    #[error("{bytes} bytes without a frame before byte {offset}")]
    Garbage {
        /// How many bytes were skipped in one go.
        bytes: u64,
        /// Offset of the last of them in the stream.
        offset: u64,
    },
    /// More was pushed than the bound allows: the caller did not drain.
    #[error("receive buffer full at byte {offset}")]
    Overflow {
        /// Offset in the stream.
        offset: u64,
    },
}

/// One piece of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// An answer.
    Response(Response),
    /// A request of the device.
    Request(ServerRequest),
    /// An interleaved frame; [`Framer::payload`] gives its bytes until the next frame is asked for.
    Data {
        /// The channel.
        channel: u8,
        /// Where its payload lies.
        payload: Range<usize>,
    },
}

/// What had to be skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resync {
    /// How often.
    pub events: u64,
    /// How many bytes in all.
    pub bytes: u64,
}

/// The framer of one connection.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Where the next frame starts in `buffer`.
    start: usize,
    /// Offset of `start` in the stream, bytes.
    offset: u64,
    /// Channels in use, for telling a frame from a stray `$`.
    channels: Vec<u8>,
    /// Between frames, looking for the next.
    lost: bool,
    /// Bytes skipped since the last frame.
    skipped: u64,
    /// Frames seen.
    frames: u64,
    resync: Resync,
    /// The first bytes of the stream, at most 32.
    sample: Vec<u8>,
    /// Bytes the frame at `start` has at least; looking again before is in vain.
    wanted: usize,
    /// Bytes behind `start` in which no head ends, so that a head that drips is not read over.
    searched: usize,
}

/// What stands at the head of the buffer.
enum Look {
    Frame(Frame, usize),
    Blank,
    Garbage,
    /// Too few bytes; at least so many are needed from the start of the frame.
    More(usize),
}

impl Framer {
    /// Most bytes buffered: a head, a body and a push.
    pub const MEMORY_BOUND: usize = MAX_HEAD + MAX_BODY + MAX_PUSH;

    /// Takes bytes from the connection, at most 64 KiB at a time, everything before drained.
    ///
    /// # Errors
    /// [`FrameError::Overflow`] if the buffer's bound would be passed.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        let kept = self.buffer.len() - self.start;
        if kept + bytes.len() > Self::MEMORY_BOUND {
            return Err(FrameError::Overflow { offset: self.offset });
        }
        self.buffer.copy_within(self.start.., 0);
        self.buffer.truncate(kept);
        self.start = 0;
        if self.buffer.capacity() < kept + bytes.len() {
            // Doubling could pass the bound by half; a body that drips grows in large steps.
            let room = (kept + bytes.len()).max(2 * kept).clamp(KEPT_ROOM, Self::MEMORY_BOUND);
            self.buffer.reserve_exact(room - kept);
        }
        self.buffer.extend_from_slice(bytes);
        let room = 32 - self.sample.len();
        self.sample.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Ok(())
    }

    /// Says which channels carry media, so that a frame can be told from a stray `$`.
    pub fn set_channels(&mut self, channels: impl IntoIterator<Item = u8>) {
        self.channels = channels.into_iter().collect();
    }

    /// Bytes of heap held now, at most [`MEMORY_BOUND`](Self::MEMORY_BOUND) and a few dozen.
    pub fn memory(&self) -> usize {
        self.buffer.capacity() + self.sample.capacity() + self.channels.capacity()
    }

    /// What had to be skipped so far.
    pub fn resync(&self) -> Resync {
        self.resync
    }

    /// Where the next frame starts in the stream, bytes: all before it has been given or skipped.
    pub fn position(&self) -> u64 {
        self.offset
    }

    /// Whether anything that is RTSP has come, be it the beginning of an answer.
    pub fn has_spoken(&self) -> bool {
        self.frames > 0 || self.sample.starts_with(b"RTSP/")
    }

    /// The first bytes of the stream for a report: printable, `None` if nothing came at all.
    pub fn sample(&self) -> Option<String> {
        let printable =
            |b: &u8| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '.' };
        (!self.sample.is_empty()).then(|| self.sample.iter().map(printable).collect())
    }

    /// The payload of a data frame, until the next frame is asked for.
    pub fn payload(&self, range: &Range<usize>) -> &[u8] {
        self.buffer.get(range.clone()).unwrap_or_default()
    }

    /// The next piece of the stream, `None` until more bytes come.
    ///
    /// # Errors
    /// If the stream cannot be followed any further.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            if self.lost && !self.seek()? {
                self.rest();
                return Ok(None);
            }
            if self.buffer.len() - self.start < self.wanted {
                return Ok(None);
            }
            match self.look()? {
                Look::Frame(frame, length) => {
                    self.advance(length);
                    self.skipped = 0;
                    self.frames += 1;
                    return Ok(Some(frame));
                }
                Look::Blank => self.advance(1),
                Look::Garbage => {
                    self.resync.events += 1;
                    self.lost = true;
                    self.skip(1)?;
                }
                Look::More(wanted) => {
                    self.wanted = wanted;
                    self.rest();
                    return Ok(None);
                }
            }
        }
    }

    fn advance(&mut self, length: usize) {
        self.start += length;
        self.offset += length as u64;
        self.wanted = 0;
        self.searched = 0;
    }

    /// Gives back what a burst took, once all of it is read.
    fn rest(&mut self) {
        if self.start == self.buffer.len() && self.buffer.capacity() > KEPT_ROOM {
            self.buffer = Vec::new();
            self.start = 0;
        }
    }

    fn skip(&mut self, length: usize) -> Result<(), FrameError> {
        self.advance(length);
        self.resync.bytes += length as u64;
        self.skipped += length as u64;
        if self.frames == 0 && self.skipped > MAX_PREAMBLE {
            return Err(FrameError::NotRtsp { sample: self.sample().unwrap_or_default() });
        }
        if self.skipped > MAX_GARBAGE {
            return Err(FrameError::Garbage { bytes: self.skipped, offset: self.offset });
        }
        Ok(())
    }

    /// Skips to what looks like a frame. False if there is none yet.
    fn seek(&mut self) -> Result<bool, FrameError> {
        let rest = &self.buffer[self.start..];
        let mut length = rest.len();
        let mut found = false;
        for at in 0..rest.len() {
            match self.plausible(&rest[at..]) {
                Some(false) => {}
                sure => {
                    (length, found) = (at, sure.is_some());
                    break;
                }
            }
        }
        self.skip(length)?;
        self.lost = !found;
        Ok(found)
    }

    /// Whether a frame may start here; `None` if there are too few bytes to tell.
    fn plausible(&self, rest: &[u8]) -> Option<bool> {
        if rest[0] == b'$' {
            let channel = *rest.get(1)?;
            if !self.channels.contains(&channel) {
                return Some(false);
            }
            let version = *rest.get(DATA_HEADER)?;
            // The shortest RTCP packet has 8 bytes; RTP and RTCP both begin with version 2.
            let length = u16::from_be_bytes([rest[2], rest[3]]);
            return Some(length >= 8 && version >> 6 == 2);
        }
        let magic = b"RTSP/";
        if rest.len() < magic.len() {
            return if magic.starts_with(rest) { None } else { Some(false) };
        }
        Some(rest.starts_with(magic))
    }

    fn look(&mut self) -> Result<Look, FrameError> {
        let rest = &self.buffer[self.start..];
        let Some(first) = rest.first() else { return Ok(Look::More(1)) };
        match first {
            // Line ends before a frame (Q33).
            b'\r' | b'\n' => Ok(Look::Blank),
            b'$' => Ok(self.data(rest)),
            b'R' if starts_or_may(rest, b"RTSP/") => self.response(),
            b'H' if self.frames == 0 && rest.starts_with(b"HTTP/") => {
                Err(FrameError::NotRtsp { sample: self.sample().unwrap_or_default() })
            }
            b'A'..=b'Z' => self.request(),
            _ => Ok(Look::Garbage),
        }
    }

    fn data(&self, rest: &[u8]) -> Look {
        if rest.len() < DATA_HEADER {
            return Look::More(DATA_HEADER);
        }
        let channel = rest[1];
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        if length > 0 && !self.channels.is_empty() && !self.channels.contains(&channel) {
            // A channel never set up (Q53) is a frame only if RTP or RTCP begins in it.
            match rest.get(DATA_HEADER) {
                None => return Look::More(DATA_HEADER + 1),
                Some(version) if version >> 6 != 2 => return Look::Garbage,
                Some(_) => {}
            }
        }
        if rest.len() < DATA_HEADER + length {
            return Look::More(DATA_HEADER + length);
        }
        let begin = self.start + DATA_HEADER;
        Look::Frame(Frame::Data { channel, payload: begin..begin + length }, DATA_HEADER + length)
    }

    fn response(&mut self) -> Result<Look, FrameError> {
        let Some(head) = self.head()? else { return Ok(Look::More(0)) };
        let rest = &self.buffer[self.start..];
        let mut lines = lines(&rest[..head]);
        let Some((status, reason)) = lines.next().and_then(Response::status_line) else {
            return Ok(Look::Garbage);
        };
        // Between frames only an answer that is one in all its parts ends the search.
        if status == Response::BAD_STATUS && self.skipped > 0 {
            return Ok(Look::Garbage);
        }
        let headers = Headers::parse(lines);
        let length = head + self.body(&headers)?;
        let Some(body) = rest.get(head..length) else { return Ok(Look::More(length)) };
        let response = Response { status, reason, headers, body: body.to_vec() };
        Ok(Look::Frame(Frame::Response(response), length))
    }

    fn request(&mut self) -> Result<Look, FrameError> {
        let rest = &self.buffer[self.start..];
        let token = rest.iter().take(21).take_while(|b| !b.is_ascii_whitespace()).count();
        if token < rest.len() && !is_method(&rest[..token]) {
            return Ok(Look::Garbage);
        }
        let Some(line) = rest.iter().take(MAX_REQUEST_LINE).position(|b| *b == b'\n') else {
            let hopeless = rest.len() >= MAX_REQUEST_LINE || token > 20;
            return Ok(if hopeless { Look::Garbage } else { Look::More(0) });
        };
        let Some(method) = ServerRequest::request_line(&rest[..line]) else {
            return Ok(Look::Garbage);
        };
        let Some(head) = self.head()? else { return Ok(Look::More(0)) };
        let rest = &self.buffer[self.start..];
        let headers = Headers::parse(lines(&rest[..head]).skip(1));
        let length = head + self.body(&headers)?;
        if rest.len() < length {
            return Ok(Look::More(length));
        }
        Ok(Look::Frame(Frame::Request(ServerRequest { method, headers }), length))
    }

    /// Length of the head at the start with its empty line, `None` if it has no end yet.
    fn head(&mut self) -> Result<Option<usize>, FrameError> {
        let rest = &self.buffer[self.start..];
        let seen = &rest[..rest.len().min(MAX_HEAD)];
        for at in self.searched..seen.len() {
            let ends = match seen[..at] {
                [.., b'\n', b'\r'] | [.., b'\n'] => seen[at] == b'\n',
                _ => false,
            };
            if ends {
                return Ok(Some(at + 1));
            }
        }
        if rest.len() >= MAX_HEAD {
            return Err(FrameError::HeadTooLarge { offset: self.offset });
        }
        self.searched = seen.len();
        Ok(None)
    }

    /// Length of the body behind a head; what is no number counts as 0.
    fn body(&self, headers: &Headers) -> Result<usize, FrameError> {
        let length = headers.number("content-length").unwrap_or(0);
        match usize::try_from(length) {
            Ok(bytes) if bytes <= MAX_BODY => Ok(bytes),
            _ => Err(FrameError::BodyTooLarge { length, offset: self.offset }),
        }
    }
}

/// The lines of a head without their ends, the empty one left out.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|b| *b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .take_while(|line| !line.is_empty())
}

/// Starts with the word, or is too short to tell.
fn starts_or_may(rest: &[u8], word: &[u8]) -> bool {
    let n = rest.len().min(word.len());
    rest[..n] == word[..n]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A short RTP packet with this marker byte.
    fn rtp(mark: u8) -> Vec<u8> {
        vec![0x80, 96, 0, mark, 0, 0, 0, 0, 0, 0, 0, 1, mark]
    }

    fn frame(channel: u8, payload: &[u8]) -> Vec<u8> {
        let mut out = vec![b'$', channel];
        out.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
        out.extend_from_slice(payload);
        out
    }

    fn drain(framer: &mut Framer) -> Result<Vec<Frame>, FrameError> {
        std::iter::from_fn(|| framer.next_frame().transpose()).collect()
    }

    fn statuses(framer: &mut Framer) -> Vec<u16> {
        let frames = drain(framer).unwrap();
        frames
            .iter()
            .filter_map(|f| if let Frame::Response(r) = f { Some(r.status) } else { None })
            .collect()
    }

    const OK: &[u8] = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n";

    #[test]
    fn any_split_of_the_stream_gives_the_same_frames() {
        let mut stream = OK.to_vec();
        stream.extend(frame(0, &rtp(1)));
        stream.extend_from_slice(
            b"RTSP/1.0 200\nContent-Length: 3\n\nv=0OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n",
        );
        stream.extend(frame(1, &rtp(2)));
        for chunk in 1..=stream.len() {
            let mut framer = Framer::default();
            let mut kinds = String::new();
            for bytes in stream.chunks(chunk) {
                framer.push(bytes).unwrap();
                for f in drain(&mut framer).unwrap() {
                    kinds.push(match f {
                        Frame::Response(r) if r.body == b"v=0" => 'B',
                        Frame::Response(_) => 'R',
                        Frame::Request(_) => 'Q',
                        Frame::Data { payload, .. } => {
                            assert_eq!(framer.payload(&payload).len(), 13);
                            'D'
                        }
                    });
                }
            }
            assert_eq!(kinds, "RDBQD", "chunks of {chunk}");
            assert_eq!(framer.resync(), Resync::default());
        }
    }

    #[test]
    fn q31_garbage_between_frames_is_skipped_and_counted() {
        let mut framer = Framer::default();
        framer.set_channels([0, 1]);
        framer.push(OK).unwrap();
        assert_eq!(statuses(&mut framer), [200]);
        let mut stream = frame(0, &rtp(1));
        // A stray `$` with a channel that is not ours, text, and a lone RTSP word.
        stream.extend_from_slice(b"\x01$\x55\xFF\xFFnoise\x00");
        stream.extend(frame(0, &rtp(2)));
        stream.extend_from_slice(b"\x00\x01\x02");
        stream.extend_from_slice(OK);
        framer.push(&stream).unwrap();
        let frames = drain(&mut framer).unwrap();
        assert_eq!(frames.len(), 3);
        assert_eq!(framer.resync(), Resync { events: 2, bytes: 14 });
    }

    #[test]
    fn q33_line_ends_before_a_frame_are_no_garbage() {
        let mut framer = Framer::default();
        framer.push(b"\r\n\r\n").unwrap();
        framer.push(&frame(0, &rtp(1))).unwrap();
        framer.push(b"\r\n").unwrap();
        framer.push(OK).unwrap();
        assert_eq!(drain(&mut framer).unwrap().len(), 2);
        assert_eq!(framer.resync(), Resync::default());
    }

    #[test]
    fn q29_q30_missing_reason_and_gbk_bytes() {
        let mut framer = Framer::default();
        framer
            .push(b"RTSP/1.0 401\r\nWWW-Authenticate : Basic realm=\"\xBC\xE0\"\r\n\r\n")
            .unwrap();
        let Frame::Response(response) = drain(&mut framer).unwrap().remove(0) else { panic!() };
        assert_eq!((response.status, response.reason.as_str()), (401, ""));
        assert_eq!(
            response.headers.get("www-authenticate"),
            Some(&b"Basic realm=\"\xBC\xE0\""[..])
        );
    }

    #[test]
    fn other_protocols_are_recognised() {
        for (text, sample) in [
            (&b"HTTP/1.1 400 Bad Request\r\n"[..], "HTTP/1.1 400 Bad Request.."),
            (&[b'x'; 5000][..], "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ] {
            let mut framer = Framer::default();
            framer.push(text).unwrap();
            let error = drain(&mut framer).unwrap_err();
            assert_eq!(error, FrameError::NotRtsp { sample: sample.to_owned() });
        }
        let mut framer = Framer::default();
        framer.push(b"SSH-2.0-OpenSSH\r\n").unwrap();
        assert!(drain(&mut framer).unwrap().is_empty() && !framer.has_spoken());
        assert_eq!(framer.sample().as_deref(), Some("SSH-2.0-OpenSSH.."));
    }

    #[test]
    fn every_length_is_capped() {
        let mut framer = Framer::default();
        framer.push(b"RTSP/1.0 200 OK\r\nContent-Length: 4294967296\r\n\r\n").unwrap();
        assert!(matches!(drain(&mut framer), Err(FrameError::BodyTooLarge { .. })));

        let mut framer = Framer::default();
        framer.push(b"RTSP/1.0 200 OK\r\n").unwrap();
        framer.push(&[b'a'; MAX_HEAD]).unwrap();
        assert!(matches!(drain(&mut framer), Err(FrameError::HeadTooLarge { .. })));

        let mut framer = Framer::default();
        framer.push(OK).unwrap();
        drain(&mut framer).unwrap();
        let lost = (0..8).try_for_each(|_| {
            framer.push(&[0; MAX_PUSH])?;
            drain(&mut framer).map(drop)
        });
        assert!(matches!(lost, Err(FrameError::Garbage { .. })));

        let mut framer = Framer::default();
        let full = (0..10).try_for_each(|_| framer.push(&[b'$'; MAX_PUSH]));
        assert!(matches!(full, Err(FrameError::Overflow { .. })));
    }

    #[test]
    fn odd_content_lengths_count_as_none() {
        for value in ["", "abc", "-1"] {
            let mut framer = Framer::default();
            let text = format!("RTSP/1.0 200 OK\r\nContent-Length: {value}\r\n\r\n");
            framer.push(text.as_bytes()).unwrap();
            assert_eq!(statuses(&mut framer), [200], "{value}");
        }
    }

    proptest::proptest! {
        /// No bytes make it panic, loop or grow.
        #[test]
        fn survives_any_bytes(chunks in proptest::collection::vec(
            proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), 0..20)) {
            let mut framer = Framer::default();
            framer.set_channels([0, 1]);
            for chunk in chunks {
                if framer.push(&chunk).is_err() || drain(&mut framer).is_err() {
                    break;
                }
            }
        }
    }
}

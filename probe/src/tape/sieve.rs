//! Tells messages from media in what a device sent, bytes as they came.

use zhishou_protocol::rtsp::{Frame, Framer};

/// One whole piece of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// An answer, or a request of the device.
    Message(&'a [u8]),
    /// An interleaved frame with so much payload.
    Media { channel: u8, bytes: usize },
}

/// The framer of the session over one connection, and the bytes it has not yet made up its mind on.
#[derive(Debug)]
pub(super) struct Sieve {
    framer: Framer,
    /// From `from` on.
    stream: Vec<u8>,
    /// Offset of `stream` in the connection, bytes.
    from: u64,
    lost: bool,
}

impl Sieve {
    pub(super) fn new() -> Self {
        let mut framer = Framer::default();
        framer.set_channels(0..16);
        Self { framer, stream: Vec::new(), from: 0, lost: false }
    }

    /// Takes what came, at most 64 KiB, and hands on what is whole. Nothing more once the stream
    /// cannot be followed.
    pub(super) fn push(&mut self, bytes: &[u8], mut take: impl FnMut(Piece<'_>)) {
        if self.lost || self.framer.push(bytes).is_err() {
            self.lost = true;
            return;
        }
        self.stream.extend_from_slice(bytes);
        loop {
            let found = self.framer.next_frame();
            let length = usize::try_from(self.framer.position() - self.from).unwrap_or(0);
            match found {
                Ok(Some(Frame::Data { channel, payload })) => {
                    take(Piece::Media { channel, bytes: payload.len() });
                }
                Ok(Some(Frame::Response(_) | Frame::Request(_))) => {
                    let whole = self.stream.get(..length).unwrap_or_default();
                    // What was skipped before it belongs to nobody.
                    take(Piece::Message(whole));
                }
                Ok(None) | Err(_) => {
                    self.drop_front(length);
                    self.lost = found.is_err();
                    return;
                }
            }
            self.drop_front(length);
        }
    }

    /// What has come and is no whole piece.
    pub(super) fn rest(&self) -> &[u8] {
        &self.stream
    }

    fn drop_front(&mut self, length: usize) {
        self.stream.drain(..length.min(self.stream.len()));
        self.from += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_whole_and_media_as_counts() {
        let mut sieve = Sieve::new();
        let answer = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\na$b";
        let mut stream = answer.to_vec();
        stream.extend(b"$\x00\x00\x0c\x80\x60\0\0\0\0\0\0\0\0\0\0RTSP/1.0 2");
        let mut seen = Vec::new();
        for byte in stream.chunks(7) {
            sieve.push(byte, |piece| seen.push(format!("{piece:?}")));
        }
        let want = [Piece::Message(answer), Piece::Media { channel: 0, bytes: 12 }];
        assert_eq!(seen, want.map(|piece| format!("{piece:?}")));
        assert_eq!(sieve.rest(), b"RTSP/1.0 2");
    }

    #[test]
    fn a_stream_of_something_else_is_given_up() {
        let mut sieve = Sieve::new();
        for _ in 0..10 {
            sieve.push(&[b'x'; 4096], |piece| panic!("{piece:?}"));
        }
        assert!(sieve.lost && sieve.rest().len() < 16_384);
    }
}

//! Messages out of a connection, by their `Content-Length` (RFC 3261 §18.3).

use super::message::{Head, MAX_BODY, MAX_HEAD, Message, MessageError};

/// Cuts a byte stream into messages.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
}

impl Framer {
    /// Most bytes held, besides the piece that was pushed last.
    pub const MEMORY_BOUND: usize = MAX_HEAD + MAX_BODY + 1024;

    /// Takes bytes; everything before has been taken out with [`Self::next_message`].
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next message; `None` until more bytes come.
    ///
    /// # Errors
    /// What makes the rest of the stream of no use: where its messages begin is not known any more.
    pub fn next_message(&mut self) -> Result<Option<Message>, MessageError> {
        // Keep-alives (RFC 5626 §4.4.1) and what RFC 3261 §7.5 lets stand before a message.
        let blank = self.buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.buffer.drain(..blank);
        let Some(head) = Head::read(&self.buffer)? else { return Ok(None) };
        // A message in a stream must say its length; the most harmless reading of none is 0.
        let length = head.body.unwrap_or(0);
        if length > MAX_BODY as u64 {
            return Err(MessageError::BodyTooLong { length });
        }
        let end = head.bytes + length as usize;
        let Some(body) = self.buffer.get(head.bytes..end) else { return Ok(None) };
        let message = head.message.with_body(body);
        self.buffer.drain(..end);
        if self.buffer.is_empty() {
            self.buffer = Vec::new();
        }
        Ok(Some(message))
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        self.buffer.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TWO: &[u8] = b"\r\n\r\nSIP/2.0 100 Trying\r\nContent-Length: 0\r\n\r\n\r\n\
        SIP/2.0 200 OK\r\nContent-Length: 3\r\n\r\nabcBYE sip:x SIP/2.0\r\nl: 0\r\n\r\n";

    proptest! {
        #[test]
        fn the_same_messages_whatever_the_pieces(cuts in prop::collection::vec(1usize..20, 0..60)) {
            let (mut framer, mut messages, mut rest) = (Framer::default(), Vec::new(), TWO);
            for cut in cuts.into_iter().chain([TWO.len()]) {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                rest = after;
                framer.push(piece);
                while let Some(message) = framer.next_message().unwrap() {
                    messages.push(message);
                }
            }
            prop_assert_eq!(messages.len(), 3);
            prop_assert!(matches!(&messages[1], Message::Response(it) if it.body == b"abc"));
            prop_assert!(matches!(&messages[2], Message::Request(it) if it.method == "BYE"));
            prop_assert_eq!(framer.memory(), 0);
        }

        #[test]
        fn no_bytes_panic_and_none_are_hoarded(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..40)) {
            let mut framer = Framer::default();
            for piece in pieces {
                framer.push(&piece);
                loop {
                    match framer.next_message() {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(_) => return Ok(()),
                    }
                }
                prop_assert!(framer.memory() <= Framer::MEMORY_BOUND + 400);
            }
        }
    }

    #[test]
    fn a_stream_of_something_else_is_told_at_its_first_line() {
        let mut framer = Framer::default();
        framer.push(b"HTTP/1.1 400 Bad");
        assert_eq!(framer.next_message(), Ok(None));
        framer.push(b" Request\r\n");
        assert!(matches!(framer.next_message(), Err(MessageError::NotSip { .. })));
    }
}

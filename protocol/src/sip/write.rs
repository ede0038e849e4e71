//! Writing messages.

/// A message that is being written.
#[derive(Debug)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn request(method: &str, uri: &str) -> Self {
        Self(format!("{method} {uri} SIP/2.0\r\n").into_bytes())
    }

    pub(super) fn response(status: u16, reason: &str) -> Self {
        Self(format!("SIP/2.0 {status} {reason}\r\n").into_bytes())
    }

    /// Adds a field. What is echoed of the peer cannot add another: line ends are left out.
    pub(super) fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        self.0.extend(value.as_ref().iter().filter(|byte| !matches!(byte, b'\r' | b'\n')));
        self.0.extend_from_slice(b"\r\n");
        self
    }

    /// Ends the message. `body` is its type and the bytes.
    pub(super) fn finish(self, body: Option<(&str, &[u8])>) -> Vec<u8> {
        let (kind, bytes) = body.unwrap_or(("", &[]));
        let typed = if kind.is_empty() { self } else { self.field("Content-Type", kind) };
        let mut out = typed.field("Content-Length", bytes.len().to_string()).0;
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(bytes);
        out
    }
}

/// Tags, branches and call ids that nobody guesses who does not see them (SplitMix64 over the
/// caller's chance; Steele et al. 2014).
#[derive(Debug)]
pub(super) struct Tokens(u64);

impl Tokens {
    pub(super) fn new(entropy: u64) -> Self {
        Self(entropy)
    }

    pub(super) fn next(&mut self) -> String {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        format!("{:016x}", z ^ (z >> 31))
    }

    /// A branch (RFC 3261 §8.1.1.7).
    pub(super) fn branch(&mut self) -> String {
        format!("z9hG4bK{}", self.next())
    }
}

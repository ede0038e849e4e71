//! Header fields of RTSP and SIP messages, as bytes.

use std::borrow::Cow;

/// Header fields in order. Names are lower-case; values are trimmed bytes of any encoding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Vec<u8>)>);

/// At most this many header fields are kept; the rest are read and dropped.
const MAX_HEADERS: usize = 64;

impl Headers {
    /// Reads header lines. Lines without a colon are skipped, folded lines are joined, space before
    /// the colon and after the value is dropped (Q27, Q28).
    pub(crate) fn parse<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
        for line in lines {
            if line.first().is_some_and(|b| matches!(b, b' ' | b'\t')) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(b' ');
                    value.extend_from_slice(line.trim_ascii());
                }
                continue;
            }
            let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
            if fields.len() == MAX_HEADERS {
                break;
            }
            let name = String::from_utf8_lossy(line[..colon].trim_ascii()).to_ascii_lowercase();
            fields.push((name, line[colon + 1..].trim_ascii().to_vec()));
        }
        Self(fields)
    }

    /// The first field of that lower-case name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice())
    }

    /// Every field of that lower-case name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_slice())
    }

    /// The first field of that lower-case name as text, foreign bytes replaced.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(String::from_utf8_lossy)
    }

    /// The first field of that lower-case name as a number; one too large for any use is the largest.
    pub fn number(&self, name: &str) -> Option<u64> {
        let text = std::str::from_utf8(self.get(name)?).ok()?.trim();
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    }

    /// Gives each field its long name, where `long` knows one.
    pub(crate) fn rename(&mut self, long: impl Fn(&str) -> Option<&'static str>) {
        for (name, _) in &mut self.0 {
            if let Some(long) = long(name) {
                long.clone_into(name);
            }
        }
    }
}

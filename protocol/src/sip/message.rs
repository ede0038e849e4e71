//! SIP messages as bytes (RFC 3261 §7), read tolerantly.
//!
//! Compact names (§7.3.3) read as the long ones. Bare LF, folded lines, a missing reason phrase and
//! bytes that are no UTF-8 are accepted. Bounds: a head of 16 KiB, a body of 64 KiB, 64 fields.

use thiserror::Error;

use crate::headers::Headers;

/// Longest head read, bytes.
pub(super) const MAX_HEAD: usize = 16 * 1024;
/// Longest body read, bytes.
pub(super) const MAX_BODY: usize = 64 * 1024;
/// Longest reason phrase kept, characters.
const MAX_REASON: usize = 64;
/// Most elements read of a field that is a list, and of fields of one name.
const MAX_LIST: usize = 32;

/// What cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MessageError {
    /// Its first line is that of no SIP message; its first bytes, escaped.
    #[error("read SIP message: it begins with {sample:?}")]
    NotSip {
        /// At most 32 bytes.
        sample: String,
    },
    /// The head does not end.
    #[error("read SIP message: its head is longer than 16 KiB")]
    HeadTooLong,
    /// The body is longer than its cap.
    #[error("read SIP message: its body of {length} bytes is longer than 64 KiB")]
    BodyTooLong {
        /// By `Content-Length`.
        length: u64,
    },
    /// A datagram that ends before its body does (RFC 3261 §18.3).
    #[error("read SIP message: {missing} bytes of its body are missing")]
    Truncated {
        /// How many.
        missing: usize,
    },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 100 to 699.
    pub status: u16,
    /// Reason phrase, foreign bytes replaced, at most 64 characters; may be empty.
    pub reason: String,
    /// Header fields by their long names.
    pub headers: Headers,
    /// Body.
    pub body: Vec<u8>,
}

/// A request of the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its method.
    pub method: String,
    /// Header fields by their long names.
    pub headers: Headers,
    /// Body.
    pub body: Vec<u8>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// An answer.
    Response(Response),
}

/// A head and how long the body behind it is.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) message: Message,
    /// Bytes of the head, its empty line counted in.
    pub(super) bytes: usize,
    /// By `Content-Length`; `None` where it is missing.
    pub(super) body: Option<u64>,
}

impl Message {
    /// Reads a datagram (RFC 3261 §18.3): without `Content-Length` the body is the rest.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(datagram: &[u8]) -> Result<Self, MessageError> {
        let Some(head) = Head::read(datagram)? else {
            return Err(MessageError::NotSip { sample: sample(datagram) });
        };
        let rest = datagram.get(head.bytes..).unwrap_or_default();
        let length = head.body.unwrap_or(rest.len() as u64);
        if length > MAX_BODY as u64 {
            return Err(MessageError::BodyTooLong { length });
        }
        // `length` is below 64 KiB.
        let length = length as usize;
        match rest.get(..length) {
            Some(body) => Ok(head.message.with_body(body)),
            None => Err(MessageError::Truncated { missing: length - rest.len() }),
        }
    }

    pub(super) fn with_body(mut self, body: &[u8]) -> Self {
        match &mut self {
            Self::Request(request) => request.body = body.to_vec(),
            Self::Response(response) => response.body = body.to_vec(),
        }
        self
    }
}

impl Head {
    /// Reads a head from the start of `bytes`; `None` while it has not ended.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, MessageError> {
        let Some(end) = end_of_head(bytes) else {
            if bytes.len() > MAX_HEAD {
                return Err(MessageError::HeadTooLong);
            }
            // A first line that is none is told at once, not when 16 KiB have come.
            let first = bytes.iter().position(|byte| *byte == b'\n');
            return match first {
                Some(at) if start_line(&bytes[..at]).is_none() => {
                    Err(MessageError::NotSip { sample: sample(bytes) })
                }
                _ => Ok(None),
            };
        };
        if end > MAX_HEAD {
            return Err(MessageError::HeadTooLong);
        }
        let mut lines = bytes[..end].split(|byte| *byte == b'\n').map(trim_end);
        let start = lines.next().and_then(start_line);
        let start = start.ok_or_else(|| MessageError::NotSip { sample: sample(bytes) })?;
        let mut headers = Headers::parse(lines);
        headers.rename(long_name);
        let body = headers.number("content-length");
        let message = match start {
            Start::Request(method) => {
                Message::Request(Request { method, headers, body: Vec::new() })
            }
            Start::Response(status, reason) => {
                Message::Response(Response { status, reason, headers, body: Vec::new() })
            }
        };
        Ok(Some(Self { message, bytes: end, body }))
    }
}

enum Start {
    Request(String),
    Response(u16, String),
}

/// `SIP/2.0 200 OK` or `INVITE sip:… SIP/2.0`.
fn start_line(line: &[u8]) -> Option<Start> {
    let text = String::from_utf8_lossy(trim_end(line));
    if let Some(rest) = text.get(..8).filter(|v| v.eq_ignore_ascii_case("SIP/2.0 ")) {
        let rest = text[rest.len()..].trim();
        let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = code.parse().ok().filter(|status| (100..700).contains(status))?;
        let reason = reason.trim().chars().filter(|c| !c.is_control()).take(MAX_REASON);
        return Some(Start::Response(status, reason.collect()));
    }
    let mut words = text.split_ascii_whitespace();
    let method = words.next().filter(|method| {
        (3..=20).contains(&method.len()) && method.bytes().all(|byte| byte.is_ascii_uppercase())
    })?;
    words.next()?;
    words.next().filter(|version| version.eq_ignore_ascii_case("SIP/2.0"))?;
    Some(Start::Request(method.to_owned()))
}

/// Where the head ends, its empty line counted in.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| *byte == b'\n') {
        let next = from + at + 1;
        match bytes.get(next..)? {
            [b'\n', ..] => return Some(next + 1),
            [b'\r', b'\n', ..] => return Some(next + 2),
            _ => from = next,
        }
        if next > MAX_HEAD {
            return None;
        }
    }
    None
}

fn trim_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn sample(bytes: &[u8]) -> String {
    bytes
        .iter()
        .take(32)
        .flat_map(|byte| std::ascii::escape_default(*byte))
        .map(char::from)
        .collect()
}

/// RFC 3261 §7.3.3 and §20, RFC 4028 §4.
fn long_name(compact: &str) -> Option<&'static str> {
    Some(match compact {
        "i" => "call-id",
        "m" => "contact",
        "e" => "content-encoding",
        "l" => "content-length",
        "c" => "content-type",
        "f" => "from",
        "s" => "subject",
        "k" => "supported",
        "t" => "to",
        "v" => "via",
        "x" => "session-expires",
        _ => return None,
    })
}

/// The elements of a field that is a list, over all fields of that name, in order (RFC 3261
/// §7.3.1); commas in quotes and in `<…>` part nothing. At most 32.
pub(super) fn list(headers: &Headers, name: &str) -> Vec<String> {
    let mut elements = Vec::new();
    for value in headers.all(name) {
        let text = String::from_utf8_lossy(value);
        let (mut start, mut quoted, mut depth, mut escaped) = (0, false, 0u32, false);
        for (at, c) in text.char_indices() {
            match c {
                _ if std::mem::take(&mut escaped) => {}
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                '<' if !quoted => depth += 1,
                '>' if !quoted => depth = depth.saturating_sub(1),
                ',' if !quoted && depth == 0 => {
                    elements.push(text[start..at].trim().to_owned());
                    start = at + 1;
                }
                _ => {}
            }
            if elements.len() >= MAX_LIST {
                return elements;
            }
        }
        elements.push(text[start..].trim().to_owned());
    }
    elements.retain(|element| !element.is_empty());
    elements.truncate(MAX_LIST);
    elements
}

/// The URI of `"Name" <sip:…>;tag=x` or of `sip:…;tag=x`, whose parameters are the field's
/// (RFC 3261 §20).
pub(super) fn uri_of(value: &str) -> &str {
    match after_name(value).split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or(rest).trim(),
        None => value.split(';').next().unwrap_or(value).trim(),
    }
}

/// A parameter of a field, behind its URI.
pub(super) fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let behind = after_name(value).rsplit_once('>').map_or(value, |(_, behind)| behind);
    behind.split(';').skip(1).find_map(|parameter| {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// What follows a quoted display name, which may hold anything.
fn after_name(value: &str) -> &str {
    let value = value.trim_start();
    let Some(quoted) = value.strip_prefix('"') else { return value };
    let mut escaped = false;
    let end = quoted.char_indices().find(|(_, c)| match c {
        _ if std::mem::take(&mut escaped) => false,
        '\\' => {
            escaped = true;
            false
        }
        c => *c == '"',
    });
    end.and_then(|(at, _)| quoted.get(at + 1..)).unwrap_or(value)
}

impl Response {
    /// 1xx.
    pub fn is_provisional(&self) -> bool {
        self.status < 200
    }

    /// 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The branch of the topmost `Via` and the method of `CSeq`: which of our transactions it
    /// answers (RFC 3261 §17.1.3).
    pub(super) fn key(&self) -> Option<(String, String)> {
        let via = list(&self.headers, "via").into_iter().next()?;
        let branch = parameter(&via, "branch")?.to_owned();
        let cseq = self.headers.text("cseq")?;
        let method = cseq.split_ascii_whitespace().nth(1)?;
        Some((branch, method.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(text: &str) -> Response {
        match Message::parse(text.as_bytes()).unwrap() {
            Message::Response(response) => response,
            Message::Request(_) => panic!("a request"),
        }
    }

    #[test]
    fn compact_names_bare_lf_and_folded_lines() {
        let read = response(
            "SIP/2.0 200\nv: SIP/2.0/UDP h;branch=z9hG4bK1;received=1.2.3.4;rport=5\nCSeq: 1 OPTIONS\n\
             t: \"a, b\" <sip:x@h>\n ;tag=9\nl: 2\n\nabc",
        );
        assert_eq!(
            (read.status, read.reason.as_str(), read.body.as_slice()),
            (200, "", &b"ab"[..])
        );
        assert_eq!(read.key(), Some(("z9hG4bK1".to_owned(), "OPTIONS".to_owned())));
        let to = read.headers.text("to").unwrap();
        assert_eq!((uri_of(&to), parameter(&to, "tag")), ("sip:x@h", Some("9")));
    }

    #[test]
    fn lists_part_at_commas_that_stand_free() {
        let read = response(
            "SIP/2.0 200 OK\r\nRecord-Route: <sip:a;lr>, \"x,\\\"y\" <sip:b,c;lr>\r\n\
             Record-Route: <sip:d>\r\n\r\n",
        );
        let routes = list(&read.headers, "record-route");
        let uris: Vec<_> = routes.iter().map(|route| uri_of(route)).collect();
        assert_eq!(uris, ["sip:a;lr", "sip:b,c;lr", "sip:d"]);
        assert_eq!(uri_of("sip:a@h;tag=1"), "sip:a@h");
        assert_eq!(parameter("sip:a@h;tag=1", "tag"), Some("1"));
        assert_eq!(parameter("<sip:a@h;tag=1>", "tag"), None);
        assert_eq!(uri_of("\"a <sip:evil>\" <sip:b>"), "sip:b");
    }

    #[test]
    fn what_is_no_message_says_why() {
        let parse = |bytes: &[u8]| Message::parse(bytes).unwrap_err();
        assert!(matches!(parse(b"HTTP/1.1 200 OK\r\n\r\n"), MessageError::NotSip { .. }));
        assert!(matches!(parse(b""), MessageError::NotSip { .. }));
        assert!(matches!(parse(b"SIP/2.0 999 x\r\n\r\n"), MessageError::NotSip { .. }));
        let cut = b"SIP/2.0 200 OK\r\nContent-Length: 9\r\n\r\nabc";
        assert_eq!(parse(cut), MessageError::Truncated { missing: 6 });
        let long = b"SIP/2.0 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nabc";
        assert!(matches!(parse(long), MessageError::BodyTooLong { .. }));
        let endless = [b"SIP/2.0 200 OK\r\n".to_vec(), vec![b'x'; MAX_HEAD + 2]].concat();
        assert_eq!(parse(&endless), MessageError::HeadTooLong);
    }
}

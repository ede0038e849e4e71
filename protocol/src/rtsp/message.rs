//! RTSP messages as bytes: header lookup, status lines, and the requests we write.

pub use crate::headers::Headers;

/// Longest reason phrase kept, characters.
const MAX_REASON: usize = 64;

/// An answer from the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Status code, 100 to 999; [`BAD_STATUS`](Self::BAD_STATUS) where the device wrote none.
    pub status: u16,
    /// Reason phrase, foreign bytes replaced, at most 64 characters; may be empty (Q29).
    pub reason: String,
    /// Header fields.
    pub headers: Headers,
    /// Body, at most the framer's cap.
    pub body: Vec<u8>,
}

impl Response {
    /// The status of an answer that has no status code: no success, no redirect, no refusal. Its
    /// reason is what stood in the place of the code.
    pub const BAD_STATUS: u16 = 0;

    /// The status line's code and reason: `RTSP/1.0 200 OK`, `RTSP/1.0 200`; `None` for a line that
    /// is no status line.
    pub(super) fn status_line(line: &[u8]) -> Option<(u16, String)> {
        let text = String::from_utf8_lossy(line);
        let (version, rest) = text.split_once([' ', '\t'])?;
        let digits = version.strip_prefix("RTSP/")?;
        if !digits.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let (code, reason) = rest.trim().split_once([' ', '\t']).unwrap_or((rest.trim(), ""));
        let (status, words) = match code.parse() {
            Ok(status) if (100..=999).contains(&status) => (status, reason),
            _ => (Self::BAD_STATUS, rest),
        };
        let words: Vec<_> = words.split_ascii_whitespace().take(MAX_REASON).collect();
        Some((status, words.join(" ").chars().take(MAX_REASON).collect()))
    }

    /// 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// A request from the device to us (Q32).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerRequest {
    /// Its method.
    pub method: String,
    /// Header fields.
    pub headers: Headers,
}

impl ServerRequest {
    /// The method of a request line, `None` if it is none: `ANNOUNCE rtsp://… RTSP/1.0`.
    pub(super) fn request_line(line: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(line).ok()?;
        let mut words = text.split_ascii_whitespace();
        let method = words.next().filter(|m| is_method(m.as_bytes()))?;
        words.next()?;
        words.next().filter(|version| version.starts_with("RTSP/"))?;
        Some(method.to_owned())
    }

    /// The answer: 200 to OPTIONS, 501 to everything else.
    pub fn answer(&self) -> Vec<u8> {
        let mut out = match self.method.as_str() {
            "OPTIONS" => b"RTSP/1.0 200 OK\r\nPublic: OPTIONS\r\n".to_vec(),
            _ => b"RTSP/1.0 501 Not Implemented\r\n".to_vec(),
        };
        for (name, key) in [("CSeq", "cseq"), ("Session", "session")] {
            if let Some(value) = self.headers.get(key) {
                field(&mut out, name, value);
            }
        }
        out.extend_from_slice(b"\r\n");
        out
    }
}

/// Upper-case letters and underscore, 3 to 20 of them.
pub(super) fn is_method(token: &[u8]) -> bool {
    (3..=20).contains(&token.len()) && token.iter().all(|b| b.is_ascii_uppercase() || *b == b'_')
}

/// A request of ours. All of them are without body.
#[derive(Debug)]
pub struct Request(Vec<u8>);

impl Request {
    /// Starts a request. The user agent is always sent, because some devices answer 401 without
    /// (Q34).
    pub fn new(method: &str, uri: &str, cseq: u32, user_agent: &str) -> Self {
        let head =
            format!("{method} {uri} RTSP/1.0\r\nCSeq: {cseq}\r\nUser-Agent: {user_agent}\r\n");
        Self(head.into_bytes())
    }

    /// Adds a field; bytes, as a realm may be in any encoding.
    #[must_use]
    pub fn field(mut self, name: &str, value: &[u8]) -> Self {
        field(&mut self.0, name, value);
        self
    }

    /// The request as it goes on the wire.
    pub fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"\r\n");
        self.0
    }
}

fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    // A value echoed from a device must not start a line of its own.
    out.extend(value.iter().filter(|b| !matches!(b, b'\r' | b'\n')));
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> Headers {
        Headers::parse(text.split('\n').map(str::as_bytes))
    }

    #[test]
    fn q27_q28_odd_spelling_of_fields() {
        let h = headers("Cseq:3\nSession :  abc  \nX-NoColon\nWWW-authenticate: a\n  b\nCSEQ: 9");
        assert_eq!(h.number("cseq"), Some(3));
        assert_eq!(h.get("session"), Some(&b"abc"[..]));
        assert_eq!(h.get("www-authenticate"), Some(&b"a b"[..]));
        assert_eq!(h.all("cseq").count(), 2);
    }

    #[test]
    fn q29_q30_status_lines() {
        let line = |l: &[u8]| Response::status_line(l);
        assert_eq!(line(b"RTSP/1.0 200"), Some((200, String::new())));
        assert_eq!(line(b"RTSP/1.0  404  Not  Found "), Some((404, "Not Found".to_owned())));
        assert_eq!(line(b"RTSP/1.0 401 \xCE\xB4").map(|l| l.0), Some(401));
        for odd in ["OK", "20", "999999", "-200 OK", ""] {
            let text = format!("RTSP/1.0 {odd}");
            assert_eq!(
                line(text.as_bytes()),
                Some((Response::BAD_STATUS, odd.to_owned())),
                "{odd}"
            );
        }
        let long = format!("RTSP/1.0 200 {}", "ab ".repeat(5_000));
        let (_, reason) = line(long.as_bytes()).unwrap();
        assert!((60..=64).contains(&reason.len()), "{reason}");
        assert_eq!(line(b"RTSP/x 200 OK"), None);
        assert_eq!(line(b"HTTP/1.1 200 OK"), None);
    }

    #[test]
    fn q32_requests_of_the_device_are_answered() {
        let request = |method: &str| ServerRequest {
            method: method.to_owned(),
            headers: headers("CSeq: 5\nSession: 77"),
        };
        let text = |method| String::from_utf8(request(method).answer()).unwrap();
        assert!(text("OPTIONS").starts_with("RTSP/1.0 200 OK\r\n"));
        assert!(text("ANNOUNCE").starts_with("RTSP/1.0 501 "));
        assert!(text("ANNOUNCE").ends_with("CSeq: 5\r\nSession: 77\r\n\r\n"));
        assert_eq!(ServerRequest::request_line(b"OPTIONS * RTSP/1.0").as_deref(), Some("OPTIONS"));
        assert_eq!(ServerRequest::request_line(b"GET / HTTP/1.1"), None);
    }

    #[test]
    fn an_echoed_value_cannot_add_a_field() {
        let request = Request::new("PLAY", "rtsp://h/", 4, "t").field("Session", b"a\r\nX: y");
        let text = String::from_utf8(request.finish()).unwrap();
        assert_eq!(text.lines().count(), 5);
        assert!(text.contains("Session: aX: y\r\n\r\n"));
    }
}

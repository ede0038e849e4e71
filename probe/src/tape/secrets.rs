//! Takes credentials out of a dialogue before anybody sees it (hard rule 6).
//!
//! Removed are: the value of every `Authorization`, whoever wrote it; the login in any address; the
//! values of `password=`, `passwd=` and `pwd=`; and, anywhere, the password of this probe, plain or
//! with its characters percent-encoded, escaped or as entities, its Basic token, and the Digest
//! responses that were sent. Devices echo all of these (Q25).
//!
//! What a device wrote keeps its length, so that frames and `Content-Length` stay true and a replay
//! sees what the probe saw. **Limits:** a password of fewer than four bytes, or one that is a word
//! of the protocol, is removed only where credentials stand, because every dialogue holds it anyway.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use serde_json::Value;
use zhishou_domain::Credential;

use super::moment::{Entry, Moment, Octets};

/// Shortest secret that is looked for everywhere, bytes.
const SHORTEST: usize = 4;
/// Words that stand in any dialogue.
const VOCABULARY: &str = "rtsp/1.0 200 ok options describe setup play teardown get_parameter \
    set_parameter announce redirect cseq: user-agent: session: timeout= transport: rtp/avp/tcp \
    rtp/avp unicast multicast interleaved= client_port= server_port= ssrc= mode= content-type: \
    application/sdp content-base: content-location: content-length: server: public: range: \
    npt=0.000- rtp-info: connection: close keep-alive location: www-authenticate: authorization: \
    digest realm= nonce= opaque= algorithm= sha-256 basic uri= response= username= cnonce= \
    m=video m=audio m=application a=control: a=rtpmap: a=fmtp: a=range: a=framerate: a=recvonly \
    h264/90000 h265/90000 jpeg/90000 mp4v-es pcma/8000 pcmu/8000 mpeg4-generic packetization-mode= \
    profile-level-id= sprop-parameter-sets= sprop-vps= sprop-sps= sprop-pps= track1 trackid= ip4 ip6";
/// Parameters whose value is a password, as cameras name them.
const PARAMETERS: [&str; 3] = ["password=", "passwd=", "pwd="];

/// XML 1.0 §4.6.
const ENTITIES: [(&[u8], u8); 5] =
    [(b"&amp;", b'&'), (b"&lt;", b'<'), (b"&gt;", b'>'), (b"&quot;", b'"'), (b"&apos;", b'\'')];

/// What must not be seen.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// Looked for everywhere, longest first.
    words: Vec<Vec<u8>>,
}

impl Secrets {
    pub(super) fn of(credential: Option<&Credential>) -> Self {
        let mut secrets = Self::default();
        if let Some(credential) = credential {
            let password = credential.password();
            let pair = format!("{}:{password}", credential.username);
            secrets.add(password.as_bytes());
            for text in [pair.as_str(), password] {
                for token in
                    [STANDARD.encode(text), STANDARD_NO_PAD.encode(text), URL_SAFE.encode(text)]
                {
                    secrets.add(token.as_bytes());
                }
            }
        }
        secrets
    }

    fn add(&mut self, word: &[u8]) {
        let known = std::str::from_utf8(word)
            .is_ok_and(|word| VOCABULARY.contains(&word.to_ascii_lowercase()));
        if word.len() >= SHORTEST && !known && !self.words.iter().any(|w| w == word) {
            self.words.push(word.to_vec());
            self.words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        }
    }

    /// The dialogue without them.
    pub(super) fn remove_from(&self, entries: &[Entry]) -> Vec<Entry> {
        let mut all = Self { words: self.words.clone() };
        for entry in entries {
            if let Moment::Sent(octets) = &entry.moment {
                for response in responses(&octets.0) {
                    all.add(response);
                }
            }
        }
        let mut clean: Vec<Entry> = entries.iter().map(|entry| all.without_text(entry)).collect();
        all.mask_received(&mut clean);
        clean
    }

    /// A text with every secret masked.
    pub(super) fn mask_text(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        self.mask(&mut bytes);
        // Masks stand for whole matches, which are whole characters.
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// An entry that holds no secret in its words, and none in what we sent.
    fn without_text(&self, entry: &Entry) -> Entry {
        let moment = match &entry.moment {
            Moment::Sent(octets) => {
                let mut bytes = without_authorization(&octets.0);
                self.mask_anywhere(&mut bytes);
                Moment::Sent(Octets(bytes))
            }
            Moment::Connecting { host, port } => {
                Moment::Connecting { host: self.mask_text(host), port: *port }
            }
            Moment::Failed { fault } => {
                let masked = serde_json::to_value(fault).map(|mut value| {
                    self.mask_values(&mut value);
                    value
                });
                let fault = masked.and_then(serde_json::from_value).unwrap_or_else(|_| {
                    zhishou_domain::Fault::new(
                        fault.code,
                        fault.stage,
                        zhishou_domain::Detail::None,
                    )
                });
                Moment::Failed { fault }
            }
            Moment::Datagram { stream, packet } => {
                let mut bytes = packet.0.clone();
                self.mask_words(&mut bytes);
                Moment::Datagram { stream: *stream, packet: Octets(bytes) }
            }
            other => other.clone(),
        };
        Entry { at: entry.at, moment }
    }

    fn mask_values(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.mask_text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.mask_values(value)),
            Value::Object(values) => values.values_mut().for_each(|value| self.mask_values(value)),
            _ => {}
        }
    }

    /// Masks what came from the device, connection by connection: a secret may lie across reads.
    fn mask_received(&self, entries: &mut [Entry]) {
        let ends = |entry: &Entry| matches!(entry.moment, Moment::Connecting { .. });
        for connection in entries.chunk_by_mut(|_, next| !ends(next)) {
            let mut stream = Vec::new();
            for entry in connection.iter() {
                if let Moment::Received(octets) = &entry.moment {
                    stream.extend_from_slice(&octets.0);
                }
            }
            self.mask(&mut stream);
            let mut rest = stream.as_slice();
            for entry in connection {
                if let Moment::Received(octets) = &mut entry.moment {
                    let (own, after) = rest.split_at(octets.0.len().min(rest.len()));
                    octets.0.copy_from_slice(own);
                    rest = after;
                }
            }
        }
    }

    /// Masks in place; the length stays.
    fn mask(&self, bytes: &mut [u8]) {
        self.mask_anywhere(bytes);
        mask_authorizations(bytes);
    }

    fn mask_anywhere(&self, bytes: &mut [u8]) {
        self.mask_words(bytes);
        mask_logins(bytes);
        mask_parameters(bytes);
    }

    fn mask_words(&self, bytes: &mut [u8]) {
        let mut at = 0;
        while at < bytes.len() {
            let found = self.words.iter().find_map(|word| match_at(&bytes[at..], word));
            match found {
                Some(length) if !is_length(bytes, at) => {
                    bytes[at..at + length].fill(b'*');
                    at += length;
                }
                _ => at += 1,
            }
        }
    }
}

/// How a device may write a character.
#[derive(Clone, Copy)]
enum Spelling {
    Plain,
    /// Percent-encoded where it likes, `+` for a space.
    Percent,
    /// After a backslash where it likes, as in JSON and quoted strings.
    Backslash,
    /// As an XML entity where it likes.
    Entity,
}

/// How many bytes at the start of `bytes` spell `word`.
fn match_at(bytes: &[u8], word: &[u8]) -> Option<usize> {
    let spellings = [Spelling::Plain, Spelling::Percent, Spelling::Backslash, Spelling::Entity];
    spellings.into_iter().find_map(|spelling| {
        word.iter().try_fold(0, |at, &wanted| {
            let (found, length) = spelled(bytes.get(at..)?, wanted, spelling)?;
            (found == wanted).then_some(at + length)
        })
    })
}

/// The character at the start, and how many bytes it takes.
fn spelled(bytes: &[u8], wanted: u8, spelling: Spelling) -> Option<(u8, usize)> {
    let first = *bytes.first()?;
    let escaped = match (spelling, first) {
        (Spelling::Percent, b'+') if wanted == b' ' => Some((b' ', 1)),
        (Spelling::Percent, b'%') => bytes
            .get(1..3)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .map(|byte| (byte, 3)),
        (Spelling::Backslash, b'\\') => bytes.get(1).map(|byte| (*byte, 2)),
        (Spelling::Entity, b'&') => ENTITIES
            .iter()
            .find(|(name, _)| bytes.starts_with(name))
            .map(|(name, byte)| (*byte, name.len())),
        _ => None,
    };
    Some(escaped.unwrap_or((first, 1)))
}

/// Whether the digits at `at` are the value of a `Content-Length`, which a frame hangs on.
fn is_length(bytes: &[u8], at: usize) -> bool {
    if !bytes[at].is_ascii_digit() {
        return false;
    }
    let start = bytes[..at].iter().rev().take(40).take_while(|b| **b != b'\n').count();
    let line = bytes[at - start..at].to_ascii_lowercase();
    let value = line.strip_prefix(b"content-length");
    value.is_some_and(|v| v.iter().all(|b| matches!(b, b' ' | b':' | b'\t' | b'0'..=b'9')))
}

/// A request of ours with the scheme of its `Authorization` and nothing else of it.
fn without_authorization(request: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(request.len());
    for line in request.split_inclusive(|b| *b == b'\n') {
        match authorization(line) {
            Some(value) => {
                let scheme = value.split(|b| *b == b' ').find(|word| !word.is_empty());
                out.extend_from_slice(b"Authorization: ");
                out.extend_from_slice(scheme.unwrap_or_default());
                out.extend_from_slice(b" ***\r\n");
            }
            None => out.extend_from_slice(line),
        }
    }
    out
}

/// The value, if the line is an `Authorization` field.
fn authorization(line: &[u8]) -> Option<&[u8]> {
    let name = b"authorization:";
    let head = line.get(..name.len())?;
    head.eq_ignore_ascii_case(name).then(|| line[name.len()..].trim_ascii())
}

/// What proves the password in a Digest that was sent (RFC 7616 §3.4).
fn responses(request: &[u8]) -> Vec<&[u8]> {
    let lines = request.split(|b| *b == b'\n').filter_map(authorization);
    lines
        .filter_map(|value| {
            let key = b"response=\"";
            let at = value.windows(key.len()).position(|w| w == key)? + key.len();
            value[at..].split(|b| *b == b'"').next()
        })
        .collect()
}

/// `Authorization` as a device echoes it.
fn mask_authorizations(bytes: &mut [u8]) {
    for line in bytes.split_mut(|b| *b == b'\n') {
        let length = authorization(line).map_or(0, <[u8]>::len);
        let end = line.trim_ascii_end().len();
        line[end - length..end].fill(b'*');
    }
}

/// `user:password@` after any `://`.
fn mask_logins(bytes: &mut [u8]) {
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at..].starts_with(b"://") {
            at += 1;
            continue;
        }
        at += 3;
        let ends = |b: &u8| !b.is_ascii_graphic() || b"/?#\"'<>,;".contains(b);
        let length = bytes[at..].iter().position(ends).unwrap_or(bytes.len() - at);
        let authority = &mut bytes[at..at + length];
        if let Some(login) = authority.iter().rposition(|b| *b == b'@') {
            authority[..login].fill(b'*');
        }
        at += length;
    }
}

/// `password=…`, up to what ends a parameter; XM devices write `password=x_channel=1`.
fn mask_parameters(bytes: &mut [u8]) {
    let mut at = 0;
    while at < bytes.len() {
        let starts = |name: &str| {
            let head = bytes.get(at..at + name.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()))
        };
        let Some(name) = PARAMETERS.into_iter().find(|name| starts(name)) else {
            at += 1;
            continue;
        };
        at += name.len();
        while bytes.get(at).is_some_and(|b| !ends_parameter(*b))
            && !bytes[at..].starts_with(b"_channel=")
            && !bytes[at..].starts_with(b"_stream=")
        {
            bytes[at] = b'*';
            at += 1;
        }
    }
}

fn ends_parameter(byte: u8) -> bool {
    !byte.is_ascii_graphic() || b"&/;?\"'<>".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masked(password: &str, text: &str) -> String {
        Secrets::of(Some(&Credential::new("admin", password))).mask_text(text)
    }

    #[test]
    fn credentials_are_masked_where_they_stand() {
        for (text, want) in [
            ("rtsp://root:pa:ss@10.0.0.1:554/x@1", "rtsp://**********@10.0.0.1:554/x@1"),
            ("Authorization: Basic abc=\r\nCSeq: 1", "Authorization: **********\r\nCSeq: 1"),
            ("user=a_password=b_channel=1", "user=a_password=*_channel=1"),
            ("/x?PWD=abc&ch=1", "/x?PWD=***&ch=1"),
            ("rtsp://10.0.0.1/ch1", "rtsp://10.0.0.1/ch1"),
        ] {
            assert_eq!(masked("none such", text), want);
        }
    }

    #[test]
    fn a_password_is_found_however_it_is_spelled() {
        for text in ["a&b \"c", "a%26b%20%22c", "a%26b+\"c", "a&amp;b &quot;c", "a&b \\\"c"] {
            assert_eq!(
                masked("a&b \"c", &format!("<{text}>")),
                format!("<{}>", "*".repeat(text.len()))
            );
        }
    }

    #[test]
    fn frames_hold_although_the_password_is_a_number_or_a_word_of_the_protocol() {
        let text = "Content-Length: 12345\r\nX: 12345\r\n\r\nm=video 0";
        assert_eq!(masked("12345", text), text.replace("X: 12345", "X: *****"));
        assert_eq!(masked("video", text), text);
        assert_eq!(masked("200", text), text);
    }

    /// The ways a device may write a password.
    fn spellings(password: &str) -> Vec<String> {
        let all: String = password.bytes().map(|b| format!("%{b:02x}")).collect();
        let some: String = password
            .bytes()
            .map(|b| match b {
                b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
                b => format!("%{b:02X}"),
            })
            .collect();
        let json = serde_json::to_string(password).unwrap();
        let pair = format!("admin:{password}");
        vec![
            password.to_owned(),
            all,
            some,
            json[1..json.len() - 1].to_owned(),
            password.replace('&', "&amp;").replace('<', "&lt;"),
            STANDARD.encode(&pair),
            STANDARD.encode(password),
        ]
    }

    fn entry(moment: Moment) -> Entry {
        Entry { at: 0, moment }
    }

    /// Everything that a file says, encoded parts decoded.
    fn said(file: &str) -> String {
        let mut said = file.to_owned();
        for line in file.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            for key in ["text", "host"] {
                said.push_str(value[key].as_str().unwrap_or_default());
            }
            let code = value["base64"].as_str().unwrap_or_default();
            said.push_str(&String::from_utf8_lossy(&STANDARD.decode(code).unwrap()));
            said.push_str(value["fault"]["detail"]["bytes"].as_str().unwrap_or_default());
        }
        said
    }

    proptest! {
        #[test]
        fn nothing_ever_changes_its_length(mut bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let before = bytes.len();
            Secrets::of(Some(&Credential::new("admin", "pass"))).mask(&mut bytes);
            prop_assert_eq!(bytes.len(), before);
        }

        /// Planted wherever a device or we may write it, cut into reads anywhere.
        #[test]
        fn q25_a_password_never_reaches_the_file(
            word in "[0-9A-Za-z]{5,8}", odd in "[ -~]{1,8}", size in 1..40usize, binary: bool
        ) {
            let password = format!("{word}{odd}{word}");
            let mut entries = Vec::new();
            for secret in spellings(&password) {
                let request = format!(
                    "PLAY rtsp://h/{secret} RTSP/1.0\r\nAuthorization: Digest response=\"0{word}\"\r\n\r\n"
                );
                let mut answer = format!(
                    "RTSP/1.0 200 {secret}\r\nContent-Base: rtsp://admin:{secret}@h/{secret}/\r\n\
                     Authorization: Basic {secret}\r\nLocation: rtsp://h/?password={secret}\r\n\r\n\
                     s={secret}\r\na=control:rtsp://u:{secret}@h/t\r\n0{word}\r\n"
                )
                .into_bytes();
                if binary {
                    answer.extend([b'$', 0, 0, 0xff]);
                    answer.extend(secret.as_bytes());
                }
                entries.push(entry(Moment::Connecting { host: secret.clone(), port: 554 }));
                entries.push(entry(Moment::Sent(Octets(request.into_bytes()))));
                entries.extend(
                    answer.chunks(size).map(|read| entry(Moment::Received(Octets(read.to_vec())))),
                );
                let detail = zhishou_domain::Detail::Greeting { bytes: secret };
                let stage = zhishou_domain::Stage::Connect;
                let code = zhishou_domain::FaultCode::NotRtsp;
                let fault = zhishou_domain::Fault::new(code, stage, detail);
                entries.push(entry(Moment::Failed { fault }));
            }
            let clean = Secrets::of(Some(&Credential::new("admin", &password))).remove_from(&entries);
            prop_assert_eq!(clean.len(), entries.len());
            let lines: Vec<_> = clean.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
            let said = said(&lines.join("\n"));
            for secret in spellings(&password) {
                prop_assert!(!said.contains(&secret), "{secret} in {said}");
            }
            prop_assert!(!said.contains(&format!("0{word}")), "the response in {said}");
        }
    }
}

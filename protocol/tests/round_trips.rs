//! What is written is read again as it was: messages in any pieces, descriptions, logins.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use base64::Engine as _;
use md5::{Digest as _, Md5};
use proptest::prelude::*;
use sha2::Sha256;
use zhishou_protocol::auth::{Authenticator, Challenge, Credential, Verdict};
use zhishou_protocol::rtsp::{Frame, Framer, Request};
use zhishou_protocol::sdp::{Codec, Description, MediaKind};

/// One piece of a stream and what should be read of it.
#[derive(Debug, Clone)]
enum Piece {
    Response { status: u16, value: Vec<u8>, body: Vec<u8> },
    Request { method: String, value: Vec<u8> },
    Data { channel: u8, payload: Vec<u8> },
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    // Any bytes but line ends, and no spaces at the ends.
    let inside = prop::collection::vec(any::<u8>(), 0..60);
    inside.prop_map(|bytes| {
        let bytes: Vec<_> = bytes.into_iter().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
        bytes.trim_ascii().to_vec()
    })
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        (100..=999u16, value(), prop::collection::vec(any::<u8>(), 0..2_000))
            .prop_map(|(status, value, body)| Piece::Response { status, value, body }),
        ("[A-Z][A-Z_]{2,19}", value()).prop_map(|(method, value)| Piece::Request { method, value }),
        (0..4u8, prop::collection::vec(any::<u8>(), 8..1_500)).prop_map(
            |(channel, mut payload)| {
                payload[0] = payload[0] & 0x3f | 0x80;
                Piece::Data { channel, payload }
            }
        ),
    ]
}

fn written(piece: &Piece) -> Vec<u8> {
    match piece {
        Piece::Response { status, value, body } => {
            let head = format!("RTSP/1.0 {status} R\r\nContent-Length: {}\r\nX: ", body.len());
            [head.as_bytes(), value, b"\r\n\r\n", body].concat()
        }
        Piece::Request { method, value } => {
            Request::new(method, "rtsp://h/", 7, "t").field("X", value).finish()
        }
        Piece::Data { channel, payload } => {
            let [high, low] = (payload.len() as u16).to_be_bytes();
            [&[b'$', *channel, high, low], payload.as_slice()].concat()
        }
    }
}

#[track_caller]
fn is_read(framer: &Framer, frame: &Frame, piece: &Piece) {
    match (frame, piece) {
        (Frame::Response(got), Piece::Response { status, value, body }) => {
            assert_eq!((got.status, got.headers.get("x")), (*status, Some(value.as_slice())));
            assert_eq!(&got.body, body);
        }
        (Frame::Request(got), Piece::Request { method, value }) => {
            assert_eq!((&got.method, got.headers.get("x")), (method, Some(value.as_slice())));
            assert_eq!(got.headers.number("cseq"), Some(7));
        }
        (Frame::Data { channel, payload }, Piece::Data { channel: sent, payload: bytes }) => {
            assert_eq!((channel, framer.payload(payload)), (sent, bytes.as_slice()));
        }
        (frame, piece) => panic!("{piece:?} was read as {frame:?}"),
    }
}

/// The quoted or bare value of each parameter of an `Authorization: Digest`.
fn parameters(login: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = login.strip_prefix("Digest ").unwrap();
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap(),
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        found.insert(name.trim().to_owned(), value.to_owned());
        rest = after.trim_start_matches([',', ' ']);
    }
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn messages_in_any_pieces(
        pieces in prop::collection::vec(piece(), 1..12),
        cuts in prop::collection::vec(1..900usize, 1..20),
    ) {
        let stream: Vec<u8> = pieces.iter().flat_map(written).collect();
        let mut framer = Framer::default();
        framer.set_channels([0, 1, 2, 3]);
        let mut expected = pieces.iter();
        let (mut rest, mut cuts) = (stream.as_slice(), cuts.iter().cycle());
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
            rest = later;
            framer.push(now).unwrap();
            while let Some(frame) = framer.next_frame().unwrap() {
                is_read(&framer, &frame, expected.next().expect("no more than was sent"));
            }
        }
        prop_assert!(expected.next().is_none());
        prop_assert_eq!(framer.resync().bytes, 0);
    }

    #[test]
    fn descriptions(
        media in prop::collection::vec(
            (any::<bool>(), 96..128u8, 0..3usize, 1..200_000u32, "[a-zA-Z0-9=?&]{1,30}",
             prop::collection::vec(("[a-z-]{1,12}", "[A-Za-z0-9+/=]{0,40}"), 0..6)),
            1..10),
        ending in prop::sample::select(vec!["\r\n", "\n", "\r", "\n\n"]),
    ) {
        const NAMES: [&str; 3] = ["H264", "H265", "X-UNKNOWN"];
        let mut text = format!("v=0{ending}");
        // A format's parameters hold for its payload type wherever it stands, so these are unlike.
        let mut types = Vec::new();
        for (index, (video, payload_type, codec, clock, control, parameters)) in media.iter().enumerate() {
            if types.contains(payload_type) {
                continue;
            }
            types.push(*payload_type);
            let kind = if *video { "video" } else { "audio" };
            let parameters: Vec<_> =
                parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            text += &format!("m={kind} 0 RTP/AVP {payload_type}{ending}");
            text += &format!("a=rtpmap:{payload_type} {}/{clock}{ending}", NAMES[*codec]);
            text += &format!("a=control:{control}{index}{ending}");
            text += &format!("a=fmtp:{payload_type} {}{ending}", parameters.join("; "));
        }
        let read = Description::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(read.media.len(), types.len());
        let mut read = read.media.iter();
        for (index, (video, payload_type, codec, clock, control, parameters)) in media.iter().enumerate() {
            if types.first() != Some(payload_type) {
                continue;
            }
            types.remove(0);
            let got = read.next().unwrap();
            prop_assert_eq!(got.kind, if *video { MediaKind::Video } else { MediaKind::Audio });
            let want = [Codec::H264, Codec::H265, Codec::Other(NAMES[2].to_owned())][*codec].clone();
            prop_assert_eq!((&got.codec, got.clock_rate_hz), (&want, *clock));
            prop_assert_eq!(got.payload_type, *payload_type);
            prop_assert_eq!(got.control.clone(), Some(format!("{control}{index}")));
            prop_assert_eq!(&got.fmtp, parameters);
        }
    }

    /// RFC 7616 §3.4, RFC 2617 §3.2.2, RFC 2069 §2.1.2, computed here from their text.
    #[test]
    fn logins(
        user in "[a-z0-9 ]{1,12}", password in "[!-~]{0,20}",
        realm in "[A-Za-z0-9 (),=_-]{0,20}", nonce in "[A-Za-z0-9+/=:]{1,40}",
        opaque in prop::option::of("[a-f0-9]{0,16}"),
        qop in prop::option::of(prop::sample::select(vec!["auth", "auth,auth-int", "auth-int, auth"])),
        algorithm in prop::option::of(prop::sample::select(
            vec!["MD5", "md5", "SHA-256", "MD5-sess", "SHA-256-sess"])),
        method in "[A-Z]{4,8}", uri in "rtsp://[a-z0-9./?=&:]{1,40}", entropy in any::<u64>(),
    ) {
        let mut offer = format!("Digest realm=\"{realm}\", nonce=\"{nonce}\"");
        for (name, value) in [("opaque", opaque.as_deref()), ("qop", qop)] {
            offer += &value.map_or(String::new(), |value| format!(", {name}=\"{value}\""));
        }
        offer += &algorithm.map_or(String::new(), |value| format!(", algorithm={value}"));
        let mut auth = Authenticator::new(Some(Credential::new(&*user, &*password)), entropy);
        let challenges = Challenge::parse_all([offer.as_bytes()]);
        prop_assert_eq!(auth.challenged(challenges, false, false), Verdict::Retry);
        for count in 1..=2u32 {
            let login = String::from_utf8(auth.authorization(&method, &uri).unwrap()).unwrap();
            let given = parameters(&login);
            let named = algorithm.unwrap_or("").to_ascii_lowercase();
            let hash = |text: String| match named.starts_with("sha") {
                true => hex(&Sha256::digest(text.as_bytes())),
                false => hex(&Md5::digest(text.as_bytes())),
            };
            let mut ha1 = hash(format!("{user}:{realm}:{password}"));
            let cnonce = given.get("cnonce").cloned().unwrap_or_default();
            if named.ends_with("-sess") {
                prop_assert!(!cnonce.is_empty());
                ha1 = hash(format!("{ha1}:{nonce}:{cnonce}"));
            }
            let ha2 = hash(format!("{method}:{uri}"));
            let want = match qop {
                Some(_) => {
                    prop_assert_eq!(given["nc"].clone(), format!("{count:08x}"));
                    hash(format!("{ha1}:{nonce}:{count:08x}:{cnonce}:auth:{ha2}"))
                }
                None => hash(format!("{ha1}:{nonce}:{ha2}")),
            };
            prop_assert_eq!(&given["response"], &want, "{}", login);
            for (name, value) in [("username", &user), ("realm", &realm), ("nonce", &nonce), ("uri", &uri)] {
                prop_assert_eq!(&given[name], value);
            }
            prop_assert_eq!(given.get("opaque"), opaque.as_ref());
            prop_assert_eq!(given.get("algorithm").map(String::as_str), algorithm);
        }
    }

    #[test]
    fn plain_logins(user in "[a-z]{1,8}", password in "\\PC{0,20}") {
        let mut auth = Authenticator::new(Some(Credential::new(&*user, &*password)), 1);
        auth.challenged(Challenge::parse_all([&b"Basic realm=\"x\""[..]]), false, false);
        let login = String::from_utf8(auth.authorization("OPTIONS", "rtsp://h/").unwrap()).unwrap();
        let coded = login.strip_prefix("Basic ").unwrap();
        let plain = base64::engine::general_purpose::STANDARD.decode(coded).unwrap();
        prop_assert_eq!(String::from_utf8(plain).unwrap(), format!("{user}:{password}"));
    }
}

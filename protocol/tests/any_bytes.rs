//! No foreign bytes make a reader panic, and none yields more than its bounds allow.

use proptest::prelude::*;
use zhishou_protocol::auth::Challenge;
use zhishou_protocol::rtsp::{BaseUrl, SessionHeader, Target, TransportHeader, resolve_control};
use zhishou_protocol::sdp::Description;

/// Lines that look like a description, with anything in their values.
fn almost_sdp() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec![
        "m=video ",
        "m=",
        "a=rtpmap:",
        "a=fmtp:96 ",
        "a=control:",
        "a=framerate:",
        "a=framesize:",
        "v=",
        "a=sendonly",
        "m=video 0 RTP/AVP 96",
    ]);
    let line = (name, prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(name, value)| {
        let mut line = name.as_bytes().to_vec();
        line.extend(value);
        line.extend_from_slice(b"\r\n");
        line
    });
    prop::collection::vec(line, 0..60).prop_map(|lines| lines.concat())
}

proptest! {
    #[test]
    fn descriptions(bytes in almost_sdp()) {
        if let Ok(description) = Description::parse(&bytes) {
            prop_assert!(description.media.len() <= 32);
            prop_assert!(description.media.iter().all(|m| m.clock_rate_hz > 0));
        }
    }

    #[test]
    fn challenges(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut value = b"Digest realm=\"".to_vec();
        value.extend(bytes);
        prop_assert!(Challenge::parse_all([value.as_slice()]).len() <= 8);
    }

    #[test]
    fn headers(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        TransportHeader::parse(&bytes);
        if let Some(session) = SessionHeader::parse(&bytes) {
            prop_assert!(!session.timeout.is_zero());
        }
    }

    #[test]
    fn addresses(tail in "\\PC{0,40}") {
        if let Ok((target, _)) = Target::parse(&format!("rtsp://{tail}")) {
            prop_assert!(target.port() > 0);
            prop_assert!(!target.to_string().is_empty());
        }
    }

    /// Whatever a device names, requests stay on one line and on the live connection.
    #[test]
    fn control_urls(base in "(\\PC|\r|\n){0,40}", control in "(\\PC|\r|\n){0,40}") {
        let (target, _) = Target::parse("rtsp://10.1.2.3:554/a?b=c").expect("an address");
        let base = BaseUrl::new(&target, Some(&base));
        let url = resolve_control(&target, &base, Some(&control));
        prop_assert!(url.uri.starts_with("rtsp://10.1.2.3:554"), "{}", url.uri);
        prop_assert!(!url.uri.contains(['\r', '\n', ' ']), "{}", url.uri);
    }
}

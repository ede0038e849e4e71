//! Addresses, control URLs and the headers of SETUP: one line, the live connection, no login.
#![no_main]

use zhishou_protocol::rtsp::{BaseUrl, SessionHeader, Target, TransportHeader, resolve_control};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    TransportHeader::parse(data);
    if let Some(session) = SessionHeader::parse(data) {
        assert!(!session.id.is_empty() && session.id.len() <= 256 && !session.timeout.is_zero());
    }
    let text = String::from_utf8_lossy(data);
    let (base, control) = text.split_once('\n').unwrap_or((&text, ""));
    let (live, _) = Target::parse("rtsp://10.1.2.3:554/a?b=c").expect("an address");
    let base = BaseUrl::new(&live, Some(base));
    let url = resolve_control(&live, &base, Some(control));
    assert!(url.uri.starts_with("rtsp://10.1.2.3:554"), "{}", url.uri);
    assert!(!url.uri.contains(['\r', '\n', ' ']), "{}", url.uri);
    assert!(url.uri.len() <= 40_000);
    if let Ok((target, login)) = Target::parse(&text) {
        assert!(target.port() > 0 && !target.host().is_empty());
        let host = target.origin();
        assert!(login.is_none() || !host.contains('@'), "{host}");
        // Put together again, it is read again.
        let (again, none) =
            Target::parse(&format!("{host}{}", target.path())).expect("its own address");
        assert!(none.is_none() && again == target);
    }
});

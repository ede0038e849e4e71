//! Q19 to Q26: addresses.

use zhishou_protocol::rtsp::{Cause, Depth, Input};

use super::device::{Device, LOGIN, SETUP, URL, VIDEO, challenge, describe, field, status, uri};

/// The URIs of SETUP and PLAY after a DESCRIBE with this `Content-Base`.
fn asked(content_base: &str, sdp: &str) -> (String, String, bool) {
    let mut device = Device::greeted(None);
    device.serve("DESCRIBE", &describe(&format!("Content-Base: {content_base}\n"), sdp));
    let setup = device.serve("SETUP", SETUP);
    let play = device.expect("PLAY");
    (uri(&setup).to_owned(), uri(&play).to_owned(), device.session.facts().foreign_host)
}

#[track_caller]
fn is_read_as_live(content_base: &str) {
    let live = "rtsp://192.168.1.64:554/stream0/";
    let (setup, play, foreign) = asked(content_base, VIDEO);
    assert_eq!((setup, play.as_str()), (format!("{live}track0"), live), "{content_base}");
    assert!(!foreign, "{content_base}");
}

#[test]
fn q19_a_base_without_its_scheme() {
    is_read_as_live("192.168.1.64:554/stream0/");
}

#[test]
fn q20_a_base_with_its_scheme_twice() {
    is_read_as_live("rtsp://rtsp://192.168.1.64/stream0/");
}

#[test]
fn q21_a_base_with_a_bare_ipv6_host_keeps_the_connection() {
    let (setup, _, _) = asked("rtsp://::ffff:192.168.1.64/stream0/", VIDEO);
    assert_eq!(setup, "rtsp://192.168.1.64:554/stream0/track0");
}

#[test]
fn q22_another_host_in_a_control_is_recorded_and_not_asked() {
    let sdp = VIDEO.replace("track0", "rtsp://10.0.0.5:8554/ch1/track1");
    let (setup, _, foreign) = asked("rtsp://192.168.1.64:554/stream0/", &sdp);
    assert_eq!(setup, "rtsp://192.168.1.64:554/ch1/track1");
    assert!(foreign);
    let mut device = Device::greeted(None);
    device.serve("DESCRIBE", &describe("Content-Base: rtsp://10.0.0.5/x/\n", VIDEO));
    assert_eq!(uri(&device.expect("SETUP")), "rtsp://192.168.1.64:554/x/track0");
    assert_eq!(device.connects.len(), 1, "and no other host was connected to");
}

#[test]
fn q23_a_control_is_appended_after_the_query() {
    for (control, want) in [
        ("trackID=1", "rtsp://192.168.1.64/live?ch=1&sub=0/trackID=1"),
        ("/trackID=1", "rtsp://192.168.1.64/live?ch=1&sub=0/trackID=1"),
        ("?ctype=video", "rtsp://192.168.1.64/live?ch=1&sub=0?ctype=video"),
    ] {
        let mut device = Device::at("rtsp://192.168.1.64/live?ch=1&sub=0", Depth::Play, None);
        device.serve("OPTIONS", &status("200 OK"));
        device.serve("DESCRIBE", &describe("", &VIDEO.replace("track0", control)));
        assert_eq!(uri(&device.expect("SETUP")), want);
    }
}

#[test]
fn q24_without_a_session_control_play_goes_to_the_request_url() {
    let mut device = Device::described(VIDEO);
    assert_eq!(uri(&device.serve("SETUP", SETUP)), format!("{URL}/track0"));
    assert_eq!(uri(&device.expect("PLAY")), URL);
}

#[test]
fn q25_a_login_in_what_the_device_names_goes_nowhere() {
    let sdp = VIDEO.replace("track0", "rtsp://admin:hush@192.168.1.64:554/stream0/track0");
    let sdp = format!("a=control:rtsp://admin:hush@192.168.1.64:554/stream0/\n{sdp}");
    let mut device = Device::greeted(None);
    let base = "Content-Base: rtsp://admin:hush@192.168.1.64:554/stream0/\n";
    device.serve("DESCRIBE", &describe(base, &sdp));
    let setup = device.serve("SETUP", SETUP);
    let play = device.expect("PLAY");
    assert_eq!(uri(&setup), "rtsp://192.168.1.64:554/stream0/track0");
    let told = format!("{setup}{play}{:?}{:?}", device.description(), device.session);
    assert!(!told.contains("hush"), "{told}");
}

#[test]
fn q26_a_redirect_without_cseq_is_followed_and_the_login_stays_here() {
    let redirect =
        "RTSP/1.0 302 Moved Temporarily\nLocation: rtsp://10.9.8.7:1554/live/ch7?token=a\n\n";
    let mut device = Device::greeted(LOGIN);
    device.serve("DESCRIBE", redirect);
    assert_eq!(device.connects[1], "10.9.8.7:1554");
    device.input(Input::Connected);
    let describe = device.serve("DESCRIBE", &challenge(&[r#"Digest realm="r", nonce="n""#]));
    assert_eq!(uri(&describe), "rtsp://10.9.8.7:1554/live/ch7?token=a");
    assert_eq!(field(&describe, "Authorization"), None);
    assert!(matches!(device.fails_with().1, Cause::AuthRequired { withheld: true, .. }));
    assert!(!device.session.facts().login_sent);
}

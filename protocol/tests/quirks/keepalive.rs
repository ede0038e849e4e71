//! Q63 to Q67: signs of life.

use std::time::Duration;

use zhishou_protocol::rtp::{Codec, Receiver, StreamFormat};
use zhishou_protocol::rtsp::{Input, Track};

use super::device::{
    Device, LOGIN, SETUP, URL, VIDEO, challenge, describe, field, fill, frame, packet, status, uri,
};

const HALF: Duration = Duration::from_secs(10);

/// A device whose Public names these methods, playing.
fn playing(methods: &str, login: Option<(&str, &str)>) -> Device {
    let mut device = Device::at(URL, zhishou_protocol::rtsp::Depth::Play, login);
    device.serve("OPTIONS", &format!("RTSP/1.0 200 OK\nCSeq: {{cseq}}\nPublic: {methods}\n\n"));
    if login.is_some() {
        device.serve("DESCRIBE", &challenge(&[r#"Digest realm="r", nonce="1""#]));
    }
    device.serve("DESCRIBE", &describe(&format!("Content-Base: {URL}/base/\n"), VIDEO));
    device.serve("SETUP", SETUP);
    device.serve("PLAY", &status("200 OK"));
    device
}

fn still_flows(device: &mut Device) {
    device.bytes(&frame(0, &packet(1)));
    assert_eq!((device.packets.len(), &device.finished), (1, &None));
}

#[test]
fn q63_a_400_with_the_number_of_another_request_is_not_fatal() {
    let mut device = playing("OPTIONS, SET_PARAMETER, PLAY", None);
    device.pass(HALF);
    // SET_PARAMETER is never used, though it is advertised.
    device.expect("OPTIONS");
    device.bytes(&fill("RTSP/1.0 400 Bad Request\nCSeq: {cseq}\n\n", "4"));
    device.bytes(&fill("RTSP/1.0 400 Bad Request\nCSeq: {cseq}\n\n", "1"));
    still_flows(&mut device);
    // Nor is it taken for the answer to TEARDOWN while one is outstanding.
    device.pass(HALF);
    device.expect("OPTIONS");
    device.input(Input::Stop);
    device.bytes(&fill("RTSP/1.0 400 Bad Request\nCSeq: {cseq}\n\n", "5"));
    assert_eq!(device.finished, None);
    device.serve("TEARDOWN", &status("200 OK"));
    assert_eq!(device.finished, Some(Ok(())));
}

#[test]
fn q64_no_answer_to_a_sign_of_life_is_waited_for() {
    let mut device = playing("OPTIONS, GET_PARAMETER", None);
    for _ in 0..20 {
        device.pass(HALF);
        device.expect("GET_PARAMETER");
        assert_eq!(device.wait, device.now + HALF, "the next is due in time");
    }
    still_flows(&mut device);
}

#[test]
fn q65_get_parameter_answered_454_means_nothing_while_media_flow() {
    let mut device = playing("OPTIONS, GET_PARAMETER", None);
    device.pass(HALF);
    device.serve("GET_PARAMETER", &status("454 Session Not Found"));
    still_flows(&mut device);
    device.pass(HALF);
    device.expect("GET_PARAMETER");
}

#[test]
fn q66_receiver_reports_go_out_on_the_control_channel() {
    let mut device = playing("OPTIONS", None);
    let mut receiver = Receiver::new(&StreamFormat::new(Codec::H264, 96, 90_000));
    for sequence in 0..3 {
        receiver.handle_rtp(device.now, &packet(sequence));
    }
    let report = receiver.receiver_report(device.now, 9, "zhishou").unwrap();
    device.input(Input::Rtcp(Track::Video, &report));
    let sent = device.sent.pop_front().unwrap();
    assert_eq!(sent[..2], [b'$', 1]);
    // RFC 3550 §6.4.2: version 2 and one block, PT 201, our SSRC, then the camera's.
    assert_eq!((sent[4], sent[5]), (0x81, 201));
    assert_eq!((&sent[8..12], &sent[12..16]), (&[0, 0, 0, 9][..], &[0, 0, 0, 7][..]));
}

#[test]
fn q67_a_sign_of_life_goes_to_the_base_with_the_login() {
    let mut device = playing("OPTIONS, GET_PARAMETER", LOGIN);
    device.pass(HALF);
    let request = device.expect("GET_PARAMETER");
    assert_eq!(uri(&request), format!("{URL}/base/"));
    assert_eq!(field(&request, "Session"), Some("77"));
    let login = field(&request, "Authorization").unwrap();
    assert!(login.contains(&format!("uri=\"{URL}/base/\"")), "{login}");
}

#[test]
fn q67_a_login_refused_after_all_is_sent_no_more() {
    let mut device = playing("OPTIONS, GET_PARAMETER", LOGIN);
    device.pass(HALF);
    device.serve("GET_PARAMETER", &status("401 Unauthorized"));
    device.pass(HALF);
    let request = device.expect("GET_PARAMETER");
    assert_eq!(field(&request, "Authorization"), None, "somebody changed the password: {request}");
    device.input(Input::Stop);
    let request = device.expect("TEARDOWN");
    assert_eq!(field(&request, "Authorization"), None, "{request}");
}

//! Q27 to Q33: messages and the stream they stand in.

use zhishou_protocol::rtsp::{Event, Resync};

use super::auth::md5;
use super::device::{
    Device, LOGIN, SETUP, VIDEO, cseq, describe, fill, frame, packet, read, status,
};

#[test]
fn q27_spaces_after_a_value_are_not_part_of_it() {
    let mut device = Device::greeted(None);
    device.serve("DESCRIBE", &describe("", VIDEO));
    device.serve("SETUP", &SETUP.replace("77;timeout=20", "77;timeout=20 \t "));
    let play = device.expect("PLAY");
    assert!(play.contains("\r\nSession: 77\r\n"), "{play}");
    assert_eq!(device.session.facts().session_timeout.unwrap().as_secs(), 20);
}

#[test]
fn q28_names_in_any_case_and_any_space_around_the_colon() {
    let mut device = Device::greeted(None);
    let request = device.expect("DESCRIBE");
    let answer = format!(
        "RTSP/1.0 200 OK\r\nCseq:{}\r\ncontent-LENGTH  :   {}\r\n\r\n{VIDEO}",
        cseq(&request),
        VIDEO.len()
    );
    device.bytes(answer.as_bytes());
    device.serve("SETUP", &SETUP.replace("Session: ", "sESSION:").replace("CSeq: ", "Cseq:   "));
    assert!(device.expect("PLAY").contains("\r\nSession: 77\r\n"));
}

#[test]
fn q29_a_status_needs_no_reason() {
    let mut device = Device::described(VIDEO);
    device.serve("SETUP", &SETUP.replace("200 OK", "200"));
    device.serve("PLAY", &status("200 "));
    assert_eq!(device.events.last(), Some(&Event::Playing));
}

#[test]
fn q30_a_realm_in_gbk_is_hashed_and_echoed_byte_for_byte() {
    const REALM: &[u8] = b"\xBC\xE0\xBF\xD8\\\xB5\xE3";
    let mut device = Device::greeted(LOGIN);
    let request = device.expect("DESCRIBE");
    let head = format!("RTSP/1.0 401 \u{fffd}\r\nCSeq: {}\r\nServer: ", cseq(&request));
    let challenge = [&b"WWW-Authenticate: Digest realm=\""[..], REALM, b"\", nonce=\"n1\"\r\n\r\n"];
    device.bytes(&[head.as_bytes(), b"\xB4\xFA\r\n", &challenge.concat()].concat());
    let request = device.take("DESCRIBE");
    let echoed = [&b"realm=\""[..], REALM, b"\""].concat();
    assert!(request.windows(echoed.len()).any(|window| window == echoed));
    let ha1 = md5(&[b"admin:", REALM, b":s3cret"].concat());
    let ha2 = md5(b"DESCRIBE:rtsp://192.168.1.64:554/live/ch1");
    let want = format!("response=\"{}\"", md5(format!("{ha1}:n1:{ha2}").as_bytes()));
    assert!(String::from_utf8_lossy(&request).contains(&want));
}

#[test]
fn q31_garbage_between_frames_is_skipped_and_counted() {
    let mut device = Device::playing(None);
    let mut stream = frame(0, &packet(1));
    // A stray `$` with a channel that is not ours, text, and a frame cut in two by it.
    stream.extend_from_slice(b"\x01$\x55\xFF\xFFnoise\x00");
    stream.extend(frame(0, &packet(2)));
    stream.extend_from_slice(b"\x00\x01\x02");
    stream.extend(fill(&status("200 OK"), "99"));
    stream.extend(frame(0, &packet(3)));
    device.bytes(&stream);
    assert_eq!(device.packets.len(), 3);
    assert_eq!(device.session.facts().resync, Resync { events: 2, bytes: 14 });
    assert_eq!(device.finished, None);
}

#[test]
fn q32_requests_of_the_device_are_answered_and_disturb_nothing() {
    let mut device = Device::described(VIDEO);
    // In the middle of SETUP.
    let setup = device.expect("SETUP");
    device.bytes(b"OPTIONS * RTSP/1.0\r\nCSeq: 4\r\n\r\n");
    let answer = String::from_utf8(device.sent.pop_front().unwrap()).unwrap();
    assert!(answer.starts_with("RTSP/1.0 200 OK\r\n") && answer.contains("CSeq: 4\r\n"));
    device.bytes(&fill(SETUP, &cseq(&setup)));
    device.serve("PLAY", &status("200 OK"));
    device.bytes(b"ANNOUNCE rtsp://h/ RTSP/1.0\r\nCSeq: 5\r\nContent-Length: 2\r\n\r\nhi");
    let answer = String::from_utf8(device.sent.pop_front().unwrap()).unwrap();
    assert!(answer.starts_with("RTSP/1.0 501 ") && answer.contains("CSeq: 5\r\n"));
    device.bytes(&frame(0, &packet(1)));
    assert_eq!((device.packets.len(), device.finished), (1, None));
}

#[test]
fn q33_line_ends_before_a_frame_are_no_garbage() {
    let mut device = Device::playing(None);
    device.bytes(&[b"\r\n", frame(0, &packet(1)).as_slice(), b"\r\n\r\n"].concat());
    device.bytes(&frame(0, &packet(2)));
    assert_eq!(device.packets.len(), 2);
    assert_eq!(device.session.facts().resync, Resync::default());
    assert!(read(b"\r\n\r\nm=video 0 RTP/AVP 26\r\n").description().video().is_some());
}

//! Sessions against recorded answers, in virtual time.

use std::time::Duration;

use super::*;
use crate::auth::Credential;
use crate::rtsp::{Deadlines, Depth, Transports};

const URL: &str = "rtsp://192.168.1.64:554/Streaming/Channels/101";

macro_rules! message {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/", $name, ".rtsp"))
    };
}

mod datagrams;
mod device;
mod untried;

use device::{Device, LOGIN, SETUP, fill, playing, rtp, status};

#[test]
fn hikvision_from_options_to_teardown() {
    let mut device = Device::connected(Depth::Play, LOGIN);
    assert!(!device.serve("OPTIONS", &status("200 OK")).contains("Authorization"));
    assert!(
        !device.serve("DESCRIBE", message!("hikvision_describe_401")).contains("Authorization")
    );
    // Q36: the strongest of the three.
    let describe = device.serve("DESCRIBE", message!("hikvision_describe_200"));
    assert!(describe.contains("algorithm=SHA-256"), "{describe}");
    let setup = device.serve("SETUP", message!("hikvision_setup_200"));
    let base = "rtsp://192.168.1.64:554/Streaming/Channels/101/";
    assert!(setup.starts_with(&format!("SETUP {base}trackID=video RTSP/1.0")), "{setup}");
    assert!(setup.contains("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"), "{setup}");
    let route = Route::Interleaved { rtp: 0, rtcp: 1 };
    let ready = Event::Ready { track: Track::Video, ssrc: Some(0x5E1D_2F0A), route };
    assert_eq!(device.events.last(), Some(&ready));
    // Sound is refused: the picture matters.
    device.serve("SETUP", &status("461 Unsupported Transport"));
    let play = device.serve("PLAY", &status("200 OK"));
    assert!(play.starts_with(&format!("PLAY {base} RTSP/1.0")), "{play}");
    assert!(play.contains("Session: 1885889213\r\n"), "{play}");
    assert!(play.contains("algorithm=SHA-256") && !play.contains("qop"), "{play}");
    device.input(Input::Bytes(&rtp(0)));
    assert_eq!(device.packets, [(Track::Video, PacketKind::Rtp, 13)]);
    device.input(Input::Stop);
    let teardown = device.serve("TEARDOWN", &status("200 OK"));
    assert!(teardown.contains("Session: 1885889213") && teardown.contains("Authorization"));
    assert_eq!(device.finished, Some(Ok(())));
    let facts = device.session.facts();
    assert_eq!(facts.teardown, TeardownState::Confirmed);
    assert!(facts.login_proven && facts.rejected_logins == 0);
    // The metadata stream was never asked for.
    assert!(device.sent.is_empty());
}

#[test]
fn q01_q22_uniview_is_played_on_the_live_connection() {
    let mut device = Device::connected(Depth::Play, None);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", message!("uniview_describe_200"));
    let setup = device.serve("SETUP", SETUP);
    assert!(setup.starts_with("SETUP rtsp://192.168.1.64:554/media/video1/video "), "{setup}");
    assert!(device.session.facts().foreign_host);
    let Event::Described(description) = &device.events[0] else { panic!() };
    assert!(description.video().unwrap().parameter_sets.invalid);
}

#[test]
fn describe_depth_sets_nothing_up() {
    let mut device = Device::connected(Depth::Describe, None);
    device.serve("OPTIONS", &status("200"));
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    assert_eq!(device.finished, Some(Ok(())));
    assert!(device.sent.is_empty());
    assert_eq!(device.session.facts().teardown, TeardownState::NotNeeded);
}

#[test]
fn a_wrong_password_is_sent_once() {
    let mut device = Device::connected(Depth::Play, LOGIN);
    device.serve("OPTIONS", message!("vstarcam_describe_401"));
    device.serve("DESCRIBE", message!("vstarcam_describe_401"));
    assert!(device.serve("DESCRIBE", message!("hikvision_describe_401")).contains("Digest"));
    assert!(matches!(device.fails_with(), (Stage::Describe, Cause::AuthRejected { .. })));
    assert!(device.sent.is_empty());
    assert_eq!(device.session.facts().rejected_logins, 1);
}

#[test]
fn without_a_login_it_is_asked_for() {
    let mut device = Device::connected(Depth::Play, None);
    device.serve("OPTIONS", message!("vstarcam_describe_401"));
    device.serve("DESCRIBE", message!("vstarcam_describe_401"));
    let offered = "Digest".to_owned();
    let cause = Cause::AuthRequired { offered, withheld: false };
    assert_eq!(device.fails_with(), (Stage::Describe, &cause));
}

#[test]
fn a_login_that_a_guard_keeps_back_is_never_sent() {
    let mut device = Device::new(Depth::Play, LOGIN);
    device.session.withhold_login();
    device.input(Input::Connected);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", message!("vstarcam_describe_401"));
    assert!(matches!(device.fails_with().1, Cause::AuthRequired { withheld: true, .. }));
    assert!(!device.session.facts().login_sent);
}

#[test]
fn q37_new_nonce_on_every_request() {
    let challenge = |n: u32| {
        format!(
            "RTSP/1.0 401 No\nCSeq: {{cseq}}\nWWW-Authenticate: Digest realm=\"r\", nonce=\"{n}\"\n\n"
        )
    };
    let mut device = Device::connected(Depth::Play, LOGIN);
    device.serve("OPTIONS", &challenge(1));
    device.serve("DESCRIBE", &challenge(2));
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.serve("SETUP", &challenge(3));
    device.serve("SETUP", SETUP);
    device.serve("PLAY", &challenge(4));
    assert!(device.serve("PLAY", &status("200 OK")).contains("nonce=\"4\", "));
    // A keep-alive too, and it is repeated at once.
    device.pass(Duration::from_secs(10));
    device.serve("OPTIONS", &challenge(5));
    assert!(device.serve("OPTIONS", &status("200 OK")).contains("nonce=\"5\""));
    device.input(Input::Stop);
    device.serve("TEARDOWN", &challenge(6));
    device.serve("TEARDOWN", &status("200 OK"));
    assert_eq!(device.finished, Some(Ok(())));
    assert_eq!(device.session.facts().rejected_logins, 0);
}

#[test]
fn q38_q72_refused_after_success_is_a_full_device() {
    let mut device = Device::connected(Depth::Play, LOGIN);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", message!("vstarcam_describe_401"));
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.serve("SETUP", message!("vstarcam_describe_401"));
    assert_eq!(device.fails_with(), (Stage::Setup, &Cause::SessionLimit { status: 401 }));
    assert_eq!(device.session.facts().rejected_logins, 0);
}

#[test]
fn q39_q72_statuses_have_their_meaning() {
    let describe = |answer: &str| {
        let mut device = Device::connected(Depth::Play, None);
        device.serve("OPTIONS", &status("200 OK"));
        device.serve("DESCRIBE", answer);
        device.fails_with().1.clone()
    };
    assert_eq!(describe(message!("dahua_describe_403")), Cause::SessionLimit { status: 403 });
    assert_eq!(describe(&status("453 Not Enough Bandwidth")), Cause::SessionLimit { status: 453 });
    assert_eq!(describe(&status("503")), Cause::SessionLimit { status: 503 });
    assert_eq!(describe(&status("404 Not Found")), Cause::NotFound { status: 404 });
    assert!(matches!(describe(&status("500 Oops")), Cause::ServerError { status: 500, .. }));
    assert!(matches!(describe(&status("400")), Cause::BadStatus { status: 400, .. }));
    assert!(matches!(describe(&status("200 OK")), Cause::BadSdp(_)));
    let audio = "RTSP/1.0 200 OK\nContent-Length: {length}\n\nm=audio 0 RTP/AVP 0\n";
    assert_eq!(describe(audio), Cause::NoVideo { media: 1 });
}

#[test]
fn q48_refused_transport_and_an_answer_in_udp() {
    let mut device = Device::connected(Depth::Play, None);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.serve("SETUP", &status("461 Unsupported Transport"));
    assert_eq!(device.fails_with(), (Stage::Setup, &Cause::TransportUnsupported { status: 461 }));

    let mut device = Device::connected(Depth::Play, None);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    let udp = "RTSP/1.0 200 OK\nSession: 9\nTransport: RTP/AVP;unicast;server_port=6970-6971\n\n";
    device.serve("SETUP", udp);
    assert!(device.serve("TEARDOWN", &status("200")).contains("Session: 9\r\n"));
    assert_eq!(device.fails_with(), (Stage::Setup, &Cause::TransportUnsupported { status: 200 }));
}

#[test]
fn a_failed_play_still_tears_down() {
    let mut device = Device::connected(Depth::Play, None);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.serve("SETUP", SETUP);
    device.serve("PLAY", &status("454 Session Not Found"));
    assert_eq!(device.finished, None);
    device.expect("TEARDOWN");
    device.pass(Duration::from_secs(3));
    assert!(matches!(device.fails_with(), (Stage::Play, Cause::ServerError { status: 454, .. })));
    assert_eq!(device.session.facts().teardown, TeardownState::Unanswered);
}

#[test]
fn stop_during_setup_waits_for_the_session_and_closes_it() {
    let mut device = Device::connected(Depth::Play, None);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.input(Input::Stop);
    assert_eq!(device.wait, device.now + Duration::from_secs(2));
    device.serve("SETUP", SETUP);
    device.serve("TEARDOWN", &status("200 OK"));
    assert_eq!(device.finished, Some(Ok(())));

    let mut device = Device::connected(Depth::Play, None);
    device.input(Input::Stop);
    assert_eq!(device.finished, Some(Ok(())));
    assert_eq!(Device::new(Depth::Play, None).connects.len(), 1);
}

#[test]
fn q26_redirect_withholds_the_login_from_another_host() {
    let mut device = Device::connected(Depth::Play, LOGIN);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", message!("platform_describe_302"));
    assert_eq!(device.connects[1], "10.9.8.7:1554");
    device.input(Input::Connected);
    let describe = device.serve("DESCRIBE", message!("vstarcam_describe_401"));
    assert!(describe.starts_with("DESCRIBE rtsp://10.9.8.7:1554/live/ch7?token=a RTSP/1.0"));
    let offered = "Digest".to_owned();
    let cause = Cause::AuthRequired { offered, withheld: true };
    assert_eq!(device.fails_with(), (Stage::Describe, &cause));
    assert!(!device.session.facts().login_sent);
}

#[test]
fn a_redirect_to_tls_is_followed_and_one_out_of_it_carries_no_login() {
    let mut device = Device::connected(Depth::Play, LOGIN);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", "RTSP/1.0 302 Moved\nLocation: rtsps://192.168.1.64/x\n\n");
    assert_eq!(device.connects[1], "192.168.1.64:322");
    device.input(Input::Connected);
    let describe = device.serve("DESCRIBE", message!("vstarcam_describe_401"));
    assert!(describe.starts_with("DESCRIBE rtsps://192.168.1.64/x RTSP/1.0"), "{describe}");
    let back = "RTSP/1.0 302 Moved\nLocation: rtsp://192.168.1.64/x\n\n";
    assert!(device.serve("DESCRIBE", back).contains("Authorization"));
    device.input(Input::Connected);
    assert!(!device.serve("DESCRIBE", message!("vstarcam_describe_401")).contains("Authorization"));
    assert!(matches!(device.fails_with().1, Cause::AuthRequired { withheld: true, .. }));
}

#[test]
fn redirects_are_bounded_and_keep_the_login_on_the_same_host() {
    let here = "RTSP/1.0 301 Moved\nLocation: rtsp://192.168.1.64:8554/x\n\n";
    let mut device = Device::connected(Depth::Play, LOGIN);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", here);
    device.input(Input::Connected);
    device.serve("DESCRIBE", message!("vstarcam_describe_401"));
    assert!(device.serve("DESCRIBE", here).contains("Authorization"));
    device.input(Input::Connected);
    device.serve("DESCRIBE", here);
    device.input(Input::Connected);
    device.serve("DESCRIBE", here);
    let cause = Cause::BadRedirect { status: 301, problem: crate::rtsp::RedirectProblem::TooMany };
    assert_eq!(device.fails_with(), (Stage::Describe, &cause));
    assert_eq!(device.connects.len(), 4);
}

#[test]
fn q70_a_device_that_announces_the_close_is_answered_on_a_new_connection() {
    let mut device = Device::connected(Depth::Play, LOGIN);
    device.serve("OPTIONS", &status("200 OK"));
    let closing = message!("vstarcam_describe_401").replace("WWW-", "Connection: close\nWWW-");
    device.serve("DESCRIBE", &closing);
    assert!(device.sent.is_empty(), "the login is not wasted on a dying connection");
    assert_eq!(device.connects.len(), 2);
    device.input(Input::Connected);
    assert!(device.expect("DESCRIBE").contains("Authorization: Digest"));
}

#[test]
fn a_provisional_answer_is_not_the_answer() {
    let mut device = Device::connected(Depth::Describe, None);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", &status("100 Continue"));
    assert_eq!(device.finished, None);
    device.input(Input::Bytes(&fill(message!("vstarcam_describe_200"), "2")));
    assert_eq!(device.finished, Some(Ok(())));
}

#[test]
fn q71_after_a_close_past_describe_it_is_described_again() {
    let mut device = Device::connected(Depth::Play, None);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.expect("SETUP");
    device.input(Input::Closed);
    device.input(Input::Connected);
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.serve("SETUP", SETUP);
    device.expect("PLAY");
}

#[test]
fn silence_and_other_protocols() {
    let mut device = Device::connected(Depth::Play, None);
    assert_eq!(device.wait, Duration::from_secs(5));
    device.pass(Duration::from_secs(5));
    let waited = Duration::from_secs(5);
    let cause = Cause::NoResponse { waited, closed: false };
    assert_eq!(device.fails_with(), (Stage::Options, &cause));

    let mut device = Device::connected(Depth::Play, None);
    device.input(Input::Closed);
    let cause = Cause::NoResponse { waited: Duration::ZERO, closed: true };
    assert_eq!(device.fails_with(), (Stage::Options, &cause));

    let mut device = Device::connected(Depth::Play, None);
    device.input(Input::Bytes(b"SSH-2.0-dropbear\r\n"));
    device.pass(Duration::from_secs(5));
    assert!(matches!(device.fails_with(), (Stage::Options, Cause::NotRtsp { .. })));

    let mut device = Device::connected(Depth::Play, None);
    device.input(Input::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    assert!(matches!(device.fails_with(), (Stage::Options, Cause::NotRtsp { .. })));
}

#[test]
fn a_device_silent_at_play_is_torn_down() {
    let mut device = Device::connected(Depth::Play, None);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.serve("SETUP", SETUP);
    device.expect("PLAY");
    device.pass(Duration::from_secs(5));
    device.serve("TEARDOWN", &status("200 OK"));
    assert!(matches!(device.fails_with(), (Stage::Play, Cause::NoResponse { .. })));
}

#[test]
fn q45_q63_q64_q67_keep_alive_at_half_the_timeout_never_awaited() {
    let mut device = playing(None);
    assert_eq!(device.wait, device.now + Duration::from_secs(10));
    for _ in 0..3 {
        device.pass(Duration::from_secs(10));
        let request = device.expect("GET_PARAMETER");
        assert!(
            request.starts_with("GET_PARAMETER rtsp://192.168.1.64:554/Streaming/Channels/101 ")
        );
        assert!(request.contains("Session: 77\r\n"));
    }
    // Late, wrong and unmatched answers change nothing (Q63, Q65).
    device.input(Input::Bytes(&fill(message!("tapo_keepalive_400"), "1")));
    device.input(Input::Bytes(&fill(&status("454 Session Not Found"), "6")));
    assert_eq!(device.finished, None);
    device.input(Input::Stop);
    let teardown = device.expect("TEARDOWN");
    // The third keep-alive is answered only now: that is not TEARDOWN's answer.
    device.input(Input::Bytes(&fill(&status("200 OK"), "7")));
    assert_eq!(device.finished, None);
    let cseq = teardown.lines().find_map(|l| l.strip_prefix("CSeq: ")).unwrap();
    device.input(Input::Bytes(&fill(&status("200 OK"), cseq)));
    assert_eq!(device.finished, Some(Ok(())));
}

#[test]
fn q51_q53_packets_before_play_and_on_unknown_channels() {
    let mut device = Device::connected(Depth::Play, None);
    device.serve("OPTIONS", &status("200 OK"));
    // Q54: another session's data before anything is set up.
    device.input(Input::Bytes(&rtp(0)));
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.serve("SETUP", SETUP);
    device.input(Input::Bytes(&rtp(0)));
    device.input(Input::Bytes(&rtp(9)));
    device.serve("PLAY", &status("200 OK"));
    device.input(Input::Bytes(&rtp(1)));
    let video = |kind| (Track::Video, kind, 13);
    assert_eq!(device.packets, [video(PacketKind::Rtp), video(PacketKind::Rtcp)]);
    assert_eq!(device.session.facts().unset_channel_frames, 2);
}

#[test]
fn q32_requests_of_the_device_do_not_disturb() {
    let mut device = playing(None);
    device.input(Input::Bytes(
        b"ANNOUNCE rtsp://h/ RTSP/1.0\r\nCSeq: 3\r\nContent-Length: 2\r\n\r\nhi",
    ));
    assert!(device.sent.pop_front().unwrap().starts_with("RTSP/1.0 501 "));
    device.input(Input::Bytes(b"OPTIONS * RTSP/1.0\r\nCSeq: 4\r\n\r\n"));
    assert!(device.sent.pop_front().unwrap().starts_with("RTSP/1.0 200 "));
    device.input(Input::Bytes(&rtp(0)));
    assert_eq!(device.packets.len(), 1);
}

#[test]
fn a_lost_connection_cannot_be_torn_down() {
    let mut device = playing(None);
    device.input(Input::Closed);
    assert_eq!(device.fails_with(), (Stage::Receive, &Cause::ConnectionLost));
    assert_eq!(device.session.facts().teardown, TeardownState::NotSent);
    assert!(device.sent.is_empty());
}

#[test]
fn packets_during_teardown_are_dropped_and_closing_ends_it() {
    let mut device = playing(None);
    device.input(Input::Stop);
    device.input(Input::Bytes(&rtp(0)));
    device.input(Input::Closed);
    assert_eq!(device.finished, Some(Ok(())));
    assert_eq!(device.packets, []);
    assert_eq!(device.session.facts().teardown, TeardownState::ClosedByPeer);
}

#[test]
fn receiver_reports_go_out_on_the_control_channel() {
    let mut device = playing(None);
    device.input(Input::Rtcp(Track::Video, &[0x80, 201, 0, 1, 0, 0, 0, 1]));
    assert!(device.sent.pop_front().unwrap().starts_with("$\u{1}\u{0}\u{8}"));
    device.input(Input::Rtcp(Track::Audio, &[0x80, 201, 0, 1, 0, 0, 0, 1]));
    assert!(device.sent.is_empty());
}

#[test]
fn timings_are_told_per_stage() {
    let device = playing(None);
    let timings = device.session.facts().timings;
    let ten = Some(Duration::from_millis(10));
    assert_eq!(
        (timings.options, timings.describe, timings.setup, timings.play),
        (ten, ten, ten, ten)
    );
    assert_eq!(timings.teardown, None);
}

proptest::proptest! {
    /// Whatever a device says, the session rests or ends, within bounds.
    #[test]
    fn survives_any_device(answers in proptest::collection::vec(
        proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), 0..12)) {
        let mut device = Device::connected(Depth::Play, LOGIN);
        for answer in answers {
            device.now += Duration::from_millis(100);
            device.input(Input::Bytes(&answer));
            device.input(Input::Bytes(b"RTSP/1.0 200 OK\r\n\r\n"));
        }
    }
}

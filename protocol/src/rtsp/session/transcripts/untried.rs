//! A login on its way, and sessions that may have been opened.

use super::*;

const UNAUTHORIZED: &str = "RTSP/1.0 401 Unauthorized\nCSeq: {cseq}\nWWW-Authenticate: Digest realm=\"a\", nonce=\"1\"\n\n";

/// It was challenged and has sent nothing yet.
fn challenged() -> Device {
    let mut device = Device::connected(Depth::Play, LOGIN);
    device.serve("OPTIONS", &status("200 OK"));
    assert!(!device.serve("DESCRIBE", UNAUTHORIZED).contains("Authorization"));
    assert!(device.sent.is_empty(), "it waits for a close that is on its way");
    device
}

#[test]
fn q70_it_does_not_go_into_a_connection_that_is_being_closed() {
    let mut device = challenged();
    device.input(Input::Closed);
    assert_eq!(device.connects.len(), 2);
    assert!(!device.session.facts().login_sent);
    device.input(Input::Connected);
    assert!(device.expect("DESCRIBE").contains("Authorization: Digest"));
    // The new one may close too: it has had the login.
    device.input(Input::Closed);
    assert_eq!(device.fails_with(), (Stage::Describe, &Cause::ConnectionLost));
    assert_eq!((device.connects.len(), device.sent.len()), (2, 0));
}

#[test]
fn closing_on_it_is_not_answered_by_sending_it_again() {
    let mut device = challenged();
    device.pass(CLOSE_GRACE);
    assert!(device.expect("DESCRIBE").contains("Authorization: Digest"));
    device.input(Input::Closed);
    assert_eq!(device.fails_with(), (Stage::Describe, &Cause::ConnectionLost));
    let facts = device.session.facts();
    assert_eq!((device.connects.len(), facts.login_sent, facts.rejected_logins), (1, true, 0));
}

#[test]
fn stopped_while_it_waits_it_is_not_sent() {
    let mut device = challenged();
    device.input(Input::Stop);
    device.pass(CLOSE_GRACE);
    assert!(device.sent.is_empty() && device.finished == Some(Ok(())));
    assert!(!device.session.facts().login_sent);
}

#[test]
fn an_unanswered_login_is_not_followed_by_another() {
    for refused_late in [false, true] {
        let mut device = Device::connected(Depth::Play, LOGIN);
        device.serve("OPTIONS", &status("200 OK"));
        device.serve("DESCRIBE", message!("vstarcam_describe_200"));
        device.serve("SETUP", SETUP);
        assert!(!device.serve("PLAY", UNAUTHORIZED).contains("Authorization"));
        assert!(device.expect("PLAY").contains("Authorization"));
        device.pass(Duration::from_secs(5));
        let teardown = device.expect("TEARDOWN");
        assert!(!teardown.contains("Authorization"), "{teardown}");
        if refused_late {
            device.input(Input::Bytes(&fill(UNAUTHORIZED, "5")));
            assert!(device.finished.is_none());
        }
        // Nor where TEARDOWN asks for one.
        device.input(Input::Bytes(&fill(UNAUTHORIZED, "6")));
        assert!(device.finished.is_some() && device.sent.is_empty());
        let facts = device.session.facts();
        assert_eq!(facts.rejected_logins, u32::from(refused_late));
        assert!(facts.login_sent && facts.teardown == TeardownState::Unanswered);
    }
}

#[test]
fn basic_is_not_tried_after_digest_was_refused() {
    let mut device = challenged();
    device.pass(CLOSE_GRACE);
    let basic = UNAUTHORIZED.replace("Digest realm=\"a\", nonce=\"1\"", "Basic realm=\"a\"");
    device.serve("DESCRIBE", &basic);
    assert!(matches!(device.fails_with().1, Cause::AuthRejected { .. }));
    assert!(device.sent.is_empty());
}

#[test]
fn a_setup_that_was_never_answered_may_have_opened_a_session() {
    for stopped in [false, true] {
        let mut device = Device::connected(Depth::Play, None);
        device.serve("OPTIONS", &status("200 OK"));
        device.serve("DESCRIBE", message!("vstarcam_describe_200"));
        device.expect("SETUP");
        if stopped {
            device.input(Input::Stop);
        }
        device.pass(Duration::from_secs(10));
        assert!(device.finished.is_some());
        assert_eq!(device.session.facts().teardown, TeardownState::NotSent);
    }
    // One that was refused has not.
    let mut device = Device::connected(Depth::Play, None);
    device.serve("OPTIONS", &status("200 OK"));
    device.serve("DESCRIBE", message!("vstarcam_describe_200"));
    device.serve("SETUP", &status("453 Not Enough Bandwidth"));
    assert_eq!(device.session.facts().teardown, TeardownState::NotNeeded);
}

#[test]
fn a_teardown_that_is_refused_may_have_left_a_session() {
    for (answer, left) in [
        ("200 OK", TeardownState::Confirmed),
        ("454 Session Not Found", TeardownState::Confirmed),
        ("405 Method Not Allowed", TeardownState::Unanswered),
        ("500 Internal Server Error", TeardownState::Unanswered),
    ] {
        let mut device = Device::connected(Depth::Play, None);
        device.serve("OPTIONS", &status("200 OK"));
        device.serve("DESCRIBE", message!("vstarcam_describe_200"));
        device.serve("SETUP", SETUP);
        device.serve("PLAY", &status("200 OK"));
        device.input(Input::Stop);
        device.serve("TEARDOWN", &status(answer));
        assert!(device.finished.is_some());
        assert_eq!(device.session.facts().teardown, left, "{answer}");
    }
}

#[test]
fn a_late_answer_to_play_does_not_confirm_the_teardown_that_overtook_it() {
    let stop = |device: &mut Device| device.input(Input::Stop);
    let wait = |device: &mut Device| device.pass(Duration::from_secs(5));
    for give_up in [stop, wait] as [fn(&mut Device); 2] {
        // Some devices write no CSeq at all (Q26).
        for (late, last) in [("CSeq: 4\n", "CSeq: 5\n"), ("", "")] {
            let mut device = Device::connected(Depth::Play, None);
            device.serve("OPTIONS", &status("200 OK"));
            device.serve("DESCRIBE", message!("vstarcam_describe_200"));
            device.serve("SETUP", SETUP);
            device.expect("PLAY");
            give_up(&mut device);
            device.expect("TEARDOWN");
            device.input(Input::Bytes(&fill(&format!("RTSP/1.0 200 OK\n{late}\n"), "")));
            assert!(device.finished.is_none(), "{late}");
            device.input(Input::Bytes(&fill(&format!("RTSP/1.0 200 OK\n{last}\n"), "")));
            assert!(device.finished.is_some());
            assert_eq!(device.session.facts().teardown, TeardownState::Confirmed);
        }
    }
}

#[test]
fn a_late_answer_to_a_sign_of_life_does_not_confirm_the_teardown() {
    // Named, under a number of the device's own, and without one (Q26): then by their order.
    for (late, last) in [("CSeq: 5\n", "CSeq: 6\n"), ("CSeq: 0\n", "CSeq: 0\n"), ("", "")] {
        let mut device = playing(None);
        device.pass(Duration::from_secs(10));
        device.expect("GET_PARAMETER");
        device.input(Input::Stop);
        device.expect("TEARDOWN");
        for (answer, confirms) in [(late, false), (last, true)] {
            device.input(Input::Bytes(&fill(&format!("RTSP/1.0 200 OK\n{answer}\n"), "")));
            assert_eq!(device.finished.is_some(), confirms, "{late:?}");
        }
        assert_eq!(device.session.facts().teardown, TeardownState::Confirmed);
        // The one that is not answered in time is not confirmed.
        let mut device = playing(None);
        device.pass(Duration::from_secs(10));
        device.input(Input::Stop);
        device.input(Input::Bytes(&fill(&format!("RTSP/1.0 200 OK\n{late}\n"), "")));
        device.pass(Duration::from_secs(2));
        assert_eq!(device.session.facts().teardown, TeardownState::Unanswered);
    }
}

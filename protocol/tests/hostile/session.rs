//! Sessions against devices that drip, flood and lie.

use std::time::Duration;

use zhishou_protocol::rtsp::{Cause, FrameError, Input, Session, Stage, TeardownState};
use zhishou_protocol::sdp::SdpError;

use super::counting::peak;
use super::device::{Driver, Outcome};

const STEP: Duration = Duration::from_millis(100);
const MINUTE: Duration = Duration::from_secs(60);
/// The sum of the deadlines of a session that is answered by nobody.
const BUDGET: Duration = Duration::from_secs(5 + 8 + 5 + 5 + 2);

/// Feeds the same bytes at every step, after `before`, and checks the bound.
fn fed(login: bool, before: impl FnOnce(&mut Driver), bytes: &[u8]) -> Outcome {
    bounded(|| {
        let mut driver = Driver::new(login);
        before(&mut driver);
        driver.run(STEP, MINUTE, |driver| driver.bytes(bytes))
    })
}

#[track_caller]
fn bounded(run: impl FnOnce() -> Outcome) -> Outcome {
    let (outcome, peak) = peak(run);
    assert!(peak <= Session::MEMORY_BOUND, "{peak} bytes");
    assert!(outcome.facts.rejected_logins <= 1);
    assert!(outcome.connects <= 5, "{} connections", outcome.connects);
    assert!(outcome.sent <= 300, "{} messages", outcome.sent);
    outcome
}

fn cause(outcome: &Outcome) -> (Stage, &Cause) {
    let failure = outcome.result.as_ref().unwrap_err();
    (failure.stage, &failure.cause)
}

#[track_caller]
fn is_bad_frame(outcome: &Outcome, stage: Stage, is: impl Fn(&FrameError) -> bool) {
    match cause(outcome) {
        (at, Cause::BadFrame(error)) if is(error) => assert_eq!(at, stage),
        other => panic!("{other:?}"),
    }
}

fn nothing(_: &mut Driver) {}

fn described(driver: &mut Driver) {
    driver.answer("RTSP/1.0 200 OK", "");
}

#[test]
fn a_head_that_drips_is_given_up_in_time() {
    let mut drip = b"RTSP/1.0 200 OK\r\nX-Drip: ".iter().chain(std::iter::repeat(&b'a'));
    let outcome = bounded(|| {
        Driver::new(false).run(STEP, MINUTE, |driver| driver.bytes(&[*drip.next().unwrap()]))
    });
    let waited = Duration::from_secs(5);
    assert_eq!(cause(&outcome), (Stage::Options, &Cause::NoResponse { waited, closed: false }));
    assert_eq!(outcome.took, waited);
}

#[test]
fn a_body_that_drips_is_given_up_in_time() {
    let head = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 262144\r\n\r\n";
    let mut drip = head.iter().chain(std::iter::repeat(&b'a'));
    let outcome = bounded(|| {
        let mut driver = Driver::new(false);
        described(&mut driver);
        // 200 000 single bytes within the deadline: each must cost little.
        driver.run(Duration::from_micros(40), MINUTE, |driver| {
            driver.bytes(&[*drip.next().unwrap()]);
        })
    });
    assert!(matches!(cause(&outcome), (Stage::Describe, Cause::NoResponse { .. })));
    assert!(outcome.took <= Duration::from_millis(8_001));
}

#[test]
fn a_head_or_a_status_line_without_end_is_a_bad_answer() {
    let too_large = |error: &FrameError| matches!(error, FrameError::HeadTooLarge { .. });
    let fields = [&b"RTSP/1.0 200 OK\r\n"[..], &b"X-More: of it\r\n".repeat(2_000)].concat();
    is_bad_frame(&fed(false, nothing, &fields), Stage::Options, too_large);
    let line = [&b"RTSP/1.0 200 "[..], &[b'a'; 30_000]].concat();
    is_bad_frame(&fed(false, nothing, &line), Stage::Options, too_large);
    let challenge = b"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n".repeat(20_000);
    let challenges = [&b"RTSP/1.0 401 Unauthorized\r\n"[..], &challenge].concat();
    assert!(challenges.len() > 900_000);
    is_bad_frame(&fed(true, described, &challenges), Stage::Describe, too_large);
}

#[test]
fn a_status_that_is_none_is_a_bad_answer() {
    let answer = b"RTSP/1.0 999999\r\nCSeq: 2\r\n\r\n";
    let outcome = fed(false, described, answer);
    let reason = "999999".to_owned();
    assert_eq!(cause(&outcome), (Stage::Describe, &Cause::BadStatus { status: 0, reason }));
}

#[test]
fn lengths_that_lie() {
    let answer = |length: &str| {
        format!("RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: {length}\r\n\r\n").into_bytes()
    };
    let too_large = |error: &FrameError| matches!(error, FrameError::BodyTooLarge { .. });
    for length in ["99000000000", "262145", "99999999999999999999999999"] {
        is_bad_frame(&fed(false, described, &answer(length)), Stage::Describe, too_large);
    }
    for length in ["-1", "", "twelve", "0\r\nContent-Length: 99000000000"] {
        let outcome = fed(false, described, &answer(length));
        assert_eq!(cause(&outcome), (Stage::Describe, &Cause::BadSdp(SdpError::Empty)), "{length}");
    }
}

#[test]
fn garbage_without_end_is_given_up() {
    let outcome = fed(false, Driver::play, &[0xA5; 60_000]);
    let garbage = |error: &FrameError| matches!(error, FrameError::Garbage { .. });
    is_bad_frame(&outcome, Stage::Receive, garbage);
    let outcome = fed(false, nothing, &[0xA5; 60_000]);
    assert!(matches!(cause(&outcome), (Stage::Options, Cause::NotRtsp { .. })));
}

#[test]
fn frames_for_ever_before_any_answer_do_not_stop_the_clock() {
    let frame = [&b"$\x00\x05\xdc\x80\x60"[..], &[7; 1_498]].concat();
    let frames = frame.repeat(40);
    let outcome = fed(false, nothing, &frames);
    assert!(matches!(cause(&outcome), (Stage::Options, Cause::NoResponse { .. })));
    assert_eq!(outcome.packets, 0);
    assert!(outcome.facts.stale_session_frames >= 40 && outcome.took <= BUDGET);
    // And before the answer to PLAY, where they are ours.
    let before_play = |driver: &mut Driver| {
        described(driver);
        driver.answer("RTSP/1.0 200 OK", "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n");
        driver.answer("RTSP/1.0 200 OK\r\nSession: 7", "");
    };
    let outcome = fed(false, before_play, &frames);
    assert!(matches!(cause(&outcome), (Stage::Play, Cause::NoResponse { .. })));
    assert!(outcome.packets > 1_000);
    assert_eq!(outcome.facts.teardown, TeardownState::Unanswered);
}

#[test]
fn provisional_answers_for_ever_do_not_stop_the_clock() {
    let outcome = fed(false, nothing, &b"RTSP/1.0 100 Continue\r\n\r\n".repeat(2_000));
    assert!(matches!(cause(&outcome), (Stage::Options, Cause::NoResponse { .. })));
    assert_eq!(outcome.took, Duration::from_secs(5));
}

#[test]
fn requests_of_the_device_for_ever_are_answered_a_hundred_times() {
    let outcome = fed(false, nothing, &b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".repeat(1_500));
    assert!(matches!(cause(&outcome), (Stage::Options, Cause::NoResponse { .. })));
    assert!(outcome.sent <= 102, "{}", outcome.sent);
}

#[test]
fn answers_nobody_asked_for_are_not_believed_for_long() {
    let outcome = fed(true, nothing, &b"RTSP/1.0 200 OK\r\n\r\n".repeat(3_000));
    assert_eq!(cause(&outcome), (Stage::Describe, &Cause::BadSdp(SdpError::Empty)));
    // 401 with a new nonce and 200 in turns, while media flow: no storm of signs of life.
    let storm = b"RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n\r\n\
                  RTSP/1.0 200 OK\r\n\r\n"
        .repeat(300);
    let outcome = fed(true, Driver::play, &storm);
    assert!(outcome.sent < 20, "{}", outcome.sent);
    assert_eq!(outcome.result, Ok(()));
}

#[test]
fn ten_thousand_tracks_are_thirty_two() {
    let sdp = "m=video 0 RTP/AVP 96\r\n".repeat(10_000);
    let (mut driver, peak) = peak(|| {
        let mut driver = Driver::new(false);
        described(&mut driver);
        driver.answer("RTSP/1.0 200 OK", &sdp);
        driver
    });
    // The answer itself is made inside, twice.
    assert!(peak <= Session::MEMORY_BOUND + 3 * sdp.len(), "{peak}");
    assert!(driver.request.take().unwrap().starts_with("SETUP "), "{:?}", driver.is_over());
}

#[test]
fn a_description_does_not_multiply() {
    // Few bytes that every section of the same payload type would copy, in the smallest parts.
    let format = "a=fmtp:96 a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p;q;r;s;t;u;v;w;x;y;z\r\n".repeat(100);
    let media = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n".repeat(31);
    let sets = format!("a=fmtp:96 sprop-parameter-sets={}\r\n", "Z0LAHg,aMuMsg,".repeat(280));
    for sdp in [format!("{media}m=video 0 RTP/AVP 96\r\n{format}"), format!("{media}{sets}")] {
        let (driver, peak) = peak(|| {
            let mut driver = Driver::new(false);
            described(&mut driver);
            driver.answer("RTSP/1.0 200 OK", &sdp);
            driver
        });
        assert!(peak <= Session::MEMORY_BOUND, "{peak}");
        assert!(!driver.is_over());
    }
}

#[test]
fn a_device_that_hangs_up_on_every_request_is_left_alone() {
    let outcome = bounded(|| {
        Driver::new(true).run(STEP, MINUTE, |driver| match driver.request.as_deref() {
            Some(request) if request.starts_with("OPTIONS") => driver.answer("RTSP/1.0 200 OK", ""),
            Some(request) if !request.contains("Authorization") => {
                let challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"";
                driver.answer(&format!("RTSP/1.0 401 No\r\n{challenge}"), "");
                driver.input(Input::Closed);
            }
            _ => driver.input(Input::Closed),
        })
    });
    assert_eq!(cause(&outcome), (Stage::Describe, &Cause::ConnectionLost));
    assert_eq!(outcome.connects, 2);
}

#[test]
fn a_half_closed_connection_is_a_lost_one() {
    let outcome = bounded(|| {
        let mut driver = Driver::new(false);
        driver.play();
        // Half a frame, then the end of the stream; we could still write.
        driver.bytes(b"$\x00\x05\xdc\x80\x60");
        driver.run(STEP, MINUTE, |driver| driver.input(Input::Closed))
    });
    assert_eq!(cause(&outcome), (Stage::Receive, &Cause::ConnectionLost));
    assert_eq!(outcome.facts.teardown, TeardownState::NotSent);
}

#[test]
fn a_session_at_rest_keeps_little() {
    let frame = [&b"$\x00\x05\xdc\x80\x60"[..], &[7; 1_498]].concat();
    let burst = frame.repeat(43);
    let (driver, _) = peak(|| {
        let mut driver = Driver::new(false);
        driver.play();
        driver.bytes(&burst);
        driver
    });
    let (_, again) = peak(|| {
        let mut driver = driver;
        // One by one, packets need no room that is not there.
        for _ in 0..1_000 {
            driver.bytes(&frame);
        }
        driver
    });
    assert!(again <= 8 * 1024, "{again}");
}

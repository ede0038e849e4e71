//! The drivers against devices that behave well and badly, over real sockets.
//!
//! Sockets know no virtual time; waits are short and bounded, and nothing here depends on how long
//! they really take.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod carriage;
mod endpoint;
mod equipment;
mod harm;
mod simulator;
mod sparing;
mod tape;

use std::sync::Arc;
use std::time::Duration;

use simulator::{Camera, Habit};
use tokio_util::sync::CancellationToken;
use zhishou_domain::habit::{self as domain, Judged};
use zhishou_domain::{
    Claim, Credential, CredentialState, Depth, Detail, FaultCode, Lang, LoginOutcome, Oddities,
    PictureSkipped, ProbeRequest, Snapshot, Stage, Timestamp, TransportPolicy, Verdict,
};
use zhishou_picture::{Frame, FrameError, OwnedFrame};
use zhishou_probe::decoder::{DecodeFailure, Decoded, Decoder, Decoding};
use zhishou_probe::guard::{FingerprintKey, Guard};
use zhishou_probe::{Outcome, Prober, Settings, StreamLimits};
use zhishou_protocol::rtp::Keyframe;
use zhishou_protocol::rtsp::Deadlines;
use zhishou_tests::asking::{self, Fixed};

/// A decoder of grey pictures, or none at all.
enum Grey {
    Good,
    Fails(DecodeFailure),
}

struct GreyPicture(OwnedFrame);

impl Decoded for GreyPicture {
    fn size(&self) -> (u32, u32) {
        (640, 480)
    }
    fn errors(&self) -> u32 {
        0
    }
    fn is_corrupted(&self) -> bool {
        false
    }
    fn made_up(&self) -> f64 {
        0.0
    }
    fn frame(&self) -> Result<Frame<'_>, FrameError> {
        Ok(self.0.as_frame())
    }
}

impl Decoder for Grey {
    fn decode(&self, keyframe: Keyframe) -> Decoding<'_> {
        assert!(!keyframe.damaged && !keyframe.bytes.is_empty());
        let answer = match self {
            Grey::Good => {
                let rgb = vec![0; 640 * 480 * 3];
                let frame = OwnedFrame::from_rgb8(640, 480, &rgb).unwrap();
                Ok(Box::new(GreyPicture(frame)) as Box<dyn Decoded>)
            }
            Grey::Fails(failure) => Err(failure.clone()),
        };
        Box::pin(std::future::ready(answer))
    }
}

fn settings() -> Settings {
    let second = Duration::from_secs(1);
    Settings {
        turn: second * 5,
        rtsp: Deadlines {
            options: second,
            describe: second,
            setup: second,
            play: second,
            teardown: Duration::from_millis(500),
        },
        first_packet: Duration::from_millis(500),
        keyframe: Duration::from_millis(700),
        limits: StreamLimits { stall: Duration::from_millis(600), ..StreamLimits::default() },
        ..Settings::default()
    }
}

fn prober_with(decoder: Grey) -> Prober {
    prober_from(settings(), decoder)
}

fn prober_of(settings: Settings) -> Prober {
    prober_from(settings, Grey::Good)
}

fn prober_from(settings: Settings, decoder: Grey) -> Prober {
    let guard = Guard::new(FingerprintKey::new([7; 32]), Vec::new());
    Prober::new(settings, Arc::new(Fixed), Arc::new(Fixed), guard, Some(Arc::new(decoder)))
}

fn prober() -> Prober {
    prober_with(Grey::Good)
}

fn request(url: &str, depth: Depth) -> ProbeRequest {
    // What another transport does stands in udp/.
    let time = Duration::from_millis(300);
    let snapshot = Snapshot::Always;
    ProbeRequest { snapshot, ..asking::request(url, depth, TransportPolicy::Tcp, time) }
}

async fn probe(camera: &Camera, depth: Depth) -> Outcome {
    prober().probe(request(&camera.url(), depth), CancellationToken::new()).await
}

/// What became of the login.
fn how(outcome: &Outcome) -> Option<LoginOutcome> {
    outcome.login.map(|login| login.outcome)
}

fn codes(outcome: &Outcome) -> Vec<FaultCode> {
    outcome.observation.faults.iter().map(|f| f.code).collect()
}

#[tokio::test]
async fn a_healthy_camera_is_seen_judged_and_left_in_order() {
    let camera = Camera::start(Habit::Healthy).await;
    let outcome = probe(&camera, Depth::Picture).await;
    let seen = &outcome.observation;
    // The picture of this decoder is black, and nothing else is wrong.
    assert_eq!(codes(&outcome), [FaultCode::Black], "{:?}", seen.faults);
    assert_eq!((seen.verdict, seen.reached), (Verdict::Degraded, true));
    assert_eq!(seen.target, camera.url());
    assert_eq!(seen.server.as_deref(), Some("sim"));
    let video = seen.video.as_ref().unwrap();
    assert_eq!(video.codec.as_deref(), Some("h264"));
    assert!(video.packets > 10 && video.keyframes > 1, "{video:?}");
    assert_eq!((video.lost, video.resync_bytes), (0, 0));
    assert!(outcome.snapshot.is_some() && outcome.signature.is_some());
    for stage in [Stage::Connect, Stage::Options, Stage::FirstPacket, Stage::FirstKeyframe] {
        assert!(seen.stages.iter().any(|s| s.name == stage && s.ms.is_some()), "{stage:?}");
    }
    assert_eq!((camera.count("TEARDOWN"), camera.connections()), (1, 1));
    assert_eq!(seen.transport, Some(zhishou_domain::Transport::Tcp));
}

#[tokio::test]
async fn what_a_camera_does_apart_from_the_rules_is_told_and_no_loss() {
    let odd = probe(&Camera::start(Habit::Odd).await, Depth::Stream).await.observation;
    assert_eq!((odd.verdict, odd.faults.len()), (Verdict::Online, 0), "{odd:?}");
    let video = odd.video.as_ref().unwrap();
    assert_eq!((video.lost, video.foreign), (0, 2), "{video:?}");
    let told = Oddities {
        foreign_host: true,
        invalid_parameter_sets: true,
        unset_channel_frames: 3,
        stale_session_frames: 2,
        foreign_reports: 1,
        ..Oddities::default()
    };
    assert_eq!(odd.oddities, Some(told));
    let notes = odd.notes(Lang::En);
    assert_eq!(notes.len(), 5, "{notes:?}");
    let healthy = probe(&Camera::start(Habit::Healthy).await, Depth::Stream).await.observation;
    assert_eq!((healthy.oddities.clone(), healthy.notes(Lang::En).len()), (None, 0), "{healthy:?}");
}

#[tokio::test]
async fn q66_reports_go_out_over_tcp_all_the_time() {
    assert!(Settings::default().report < Duration::from_secs(5), "some cameras stop after ten");
    let camera = Camera::start(Habit::Healthy).await;
    let request =
        ProbeRequest { seconds: Duration::from_secs(1), ..request(&camera.url(), Depth::Stream) };
    let often = Settings { report: Duration::from_millis(100), ..settings() };
    let outcome = prober_of(often).probe(request, CancellationToken::new()).await;
    assert_eq!(outcome.observation.verdict, Verdict::Online);
    assert!(camera.reports() > 2, "{}", camera.reports());
}

#[tokio::test]
async fn each_depth_goes_as_far_as_it_says() {
    let camera = Camera::start(Habit::Healthy).await;
    let reach = probe(&camera, Depth::Reach).await;
    assert_eq!(reach.observation.verdict, Verdict::Online);
    assert_eq!((camera.count("DESCRIBE"), camera.count("SETUP")), (1, 0));
    assert!(reach.observation.video.is_none() && reach.snapshot.is_none());
    let stream = probe(&camera, Depth::Stream).await;
    assert_eq!(stream.observation.verdict, Verdict::Online, "{:?}", stream.observation.faults);
    assert!(stream.observation.picture.is_none());
    assert_eq!(camera.count("TEARDOWN"), 1);
}

#[tokio::test]
async fn a_wrong_password_is_sent_once_and_never_again() {
    let camera = Camera::start(Habit::Guarded).await;
    let prober = prober();
    let wrong = || ProbeRequest {
        credential: Some(Credential::new("admin", "wrong")),
        ..request(&camera.url(), Depth::Picture)
    };
    let first = prober.probe(wrong(), CancellationToken::new()).await;
    assert_eq!(codes(&first), [FaultCode::AuthRejected]);
    assert_eq!(first.observation.verdict, Verdict::Unknown);
    assert_eq!((how(&first), first.observation.rejected_logins), (Some(LoginOutcome::Rejected), 1));
    assert_eq!(camera.logins(), 1);

    // Even if its state was not kept, this host does not see it again.
    let second = prober.probe(wrong(), CancellationToken::new()).await;
    assert_eq!(codes(&second), [FaultCode::AuthSuspended]);
    assert_eq!(second.observation.verdict, Verdict::Unknown);
    assert_eq!((camera.logins(), second.login), (1, None));

    // A changed one is tried.
    let right = ProbeRequest { credential: Some(Credential::new("admin", "right")), ..wrong() };
    let third = prober.probe(right, CancellationToken::new()).await;
    assert_eq!(
        (codes(&third), how(&third)),
        (vec![FaultCode::Black], Some(LoginOutcome::Accepted))
    );

    let none = prober.probe(request(&camera.url(), Depth::Picture), CancellationToken::new()).await;
    assert_eq!(codes(&none), [FaultCode::AuthRequired]);
}

#[tokio::test]
async fn a_suspended_login_stays_here_and_an_open_camera_is_seen_all_the_same() {
    let state = CredentialState { suspended: true, ..CredentialState::default() };
    let suspended = |camera: &Camera| ProbeRequest {
        credential: Some(Credential::new("admin", "right")),
        credential_state: state.clone(),
        ..request(&camera.url(), Depth::Stream)
    };
    let guarded = Camera::start(Habit::Guarded).await;
    let outcome = prober().probe(suspended(&guarded), CancellationToken::new()).await;
    assert_eq!(codes(&outcome), [FaultCode::AuthSuspended]);
    assert_eq!(guarded.logins(), 0);
    let open = Camera::start(Habit::Healthy).await;
    let outcome = prober().probe(suspended(&open), CancellationToken::new()).await;
    assert_eq!(outcome.observation.verdict, Verdict::Online);
}

#[tokio::test]
async fn a_login_in_the_address_is_used_and_not_shown() {
    let camera = Camera::start(Habit::Guarded).await;
    let url = format!("rtsp://admin:right@127.0.0.1:{}/live/main", camera.port);
    let outcome = prober().probe(request(&url, Depth::Reach), CancellationToken::new()).await;
    assert_eq!(outcome.observation.verdict, Verdict::Online);
    assert_eq!(outcome.observation.target, camera.url());
    assert!(!format!("{outcome:?}").contains("right"));
}

#[tokio::test]
async fn a_login_in_the_address_wins_over_any_other() {
    let camera = Camera::start(Habit::Guarded).await;
    let url = format!("rtsp://admin:right@127.0.0.1:{}/live/main", camera.port);
    let mut request = request(&url, Depth::Reach);
    request.credential = Some(Credential::new("admin", "of another host"));
    let outcome = prober().probe(request, CancellationToken::new()).await;
    assert_eq!(outcome.observation.verdict, Verdict::Online);
    assert_eq!((outcome.observation.rejected_logins, camera.logins()), (0, 1));
}

#[tokio::test]
async fn failures_have_their_code_stage_and_verdict() {
    for (habit, code, stage, verdict) in [
        (Habit::Silent, FaultCode::NoResponse, Stage::Options, Verdict::Offline),
        (Habit::Status(404), FaultCode::NotFound, Stage::Describe, Verdict::Offline),
        (Habit::Status(453), FaultCode::SessionLimit, Stage::Describe, Verdict::Unknown),
        (Habit::Status(500), FaultCode::ServerError, Stage::Describe, Verdict::Offline),
        (Habit::NoMedia, FaultCode::NoMedia, Stage::FirstPacket, Verdict::Offline),
        (Habit::NoKeyframe, FaultCode::NoKeyframe, Stage::FirstKeyframe, Verdict::Degraded),
        (Habit::Lossy, FaultCode::PacketLoss, Stage::Receive, Verdict::Degraded),
        (Habit::Stalls, FaultCode::Stalled, Stage::Receive, Verdict::Degraded),
        (Habit::Dies, FaultCode::ConnectionLost, Stage::Receive, Verdict::Degraded),
    ] {
        let camera = Camera::start(habit).await;
        let depth = if habit == Habit::NoKeyframe { Depth::Picture } else { Depth::Stream };
        let outcome = probe(&camera, depth).await;
        let seen = &outcome.observation;
        assert_eq!(codes(&outcome), [code], "{habit:?}: {:?}", seen.faults);
        assert_eq!((seen.faults[0].stage, seen.verdict), (stage, verdict), "{habit:?}");
        let set_up = camera.count("SETUP") > 0 && habit != Habit::Dies;
        assert_eq!(camera.count("TEARDOWN"), usize::from(set_up), "{habit:?}");
    }
}

#[tokio::test]
async fn a_closed_port_and_addresses_we_cannot_open() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let open = async |url: &str| {
        prober().probe(request(url, Depth::Stream), CancellationToken::new()).await
    };
    let refused = open(&format!("rtsp://127.0.0.1:{port}/")).await;
    assert_eq!(codes(&refused), [FaultCode::Refused]);
    assert_eq!(
        (refused.observation.verdict, refused.observation.reached),
        (Verdict::Offline, false)
    );
    for url in ["http://u:secret@h/", "rtsp://u:secret@/x"] {
        let outcome = open(url).await;
        let fault = &outcome.observation.faults[0];
        assert!(matches!(fault.detail, Detail::Ours { .. }), "{url}: {fault:?}");
        assert_eq!(outcome.observation.verdict, Verdict::Unknown, "never blamed on the device");
        assert!(!format!("{outcome:?}").contains("secret"));
    }
}

#[tokio::test]
async fn cancelling_takes_the_session_down() {
    let camera = Camera::start(Habit::Healthy).await;
    let prober = prober();
    let cancel = CancellationToken::new();
    let long =
        ProbeRequest { seconds: Duration::from_secs(60), ..request(&camera.url(), Depth::Stream) };
    let stop_when_playing = async {
        while camera.count("PLAY") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(prober.probe(long, cancel.clone()), stop_when_playing);
    assert_eq!(camera.count("TEARDOWN"), 1);
    // What flowed, flowed.
    assert_eq!(outcome.observation.verdict, Verdict::Online, "{:?}", outcome.observation.faults);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_session_behind() {
    let camera = Camera::start(Habit::Healthy).await;
    let prober = prober();
    let long =
        ProbeRequest { seconds: Duration::from_secs(60), ..request(&camera.url(), Depth::Stream) };
    {
        let probing = prober.probe(long, CancellationToken::new());
        tokio::pin!(probing);
        while camera.count("PLAY") == 0 {
            let short = tokio::time::sleep(Duration::from_millis(5));
            tokio::select! { _ = &mut probing => panic!("ended by itself"), () = short => {} }
        }
    }
    prober.close().await;
    assert_eq!(camera.count("TEARDOWN"), 1);
}

#[tokio::test]
async fn cancelled_before_media_we_could_not_tell() {
    let camera = Camera::start(Habit::Silent).await;
    let cancel = CancellationToken::new();
    let prober = prober();
    let stop = async {
        while camera.count("OPTIONS") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        cancel.cancel();
    };
    let probing = prober.probe(request(&camera.url(), Depth::Stream), cancel.clone());
    let (outcome, ()) = tokio::join!(probing, stop);
    assert_eq!(outcome.observation.verdict, Verdict::Unknown);
    assert!(matches!(outcome.observation.faults[0].detail, Detail::Ours { .. }));
}

#[tokio::test]
async fn one_session_per_device_at_a_time() {
    let camera = Camera::start(Habit::Healthy).await;
    let prober = prober();
    let probe = || prober.probe(request(&camera.url(), Depth::Stream), CancellationToken::new());
    let began = tokio::time::Instant::now();
    let (a, b, c) = tokio::join!(probe(), probe(), probe());
    let all_ms = began.elapsed().as_secs_f64() * 1e3;
    let mut queued = Vec::new();
    for outcome in [a, b, c] {
        let seen = outcome.observation;
        assert_eq!(seen.verdict, Verdict::Online);
        let wait = seen.stages.iter().find(|stage| stage.name == Stage::Prepare);
        let wait_ms = wait.and_then(|stage| stage.ms).unwrap_or(0.0);
        assert!(
            seen.duration_ms + wait_ms <= all_ms + 1.0,
            "our own queue is not the device's time"
        );
        queued.push(wait_ms);
    }
    queued.sort_by(f64::total_cmp);
    assert!(queued[1] >= 300.0 && queued[2] >= 600.0, "{queued:?}");
    assert_eq!((camera.connections(), camera.count("TEARDOWN")), (3, 3));
    assert_eq!(camera.most_open(), 1);
}

#[tokio::test]
async fn channels_at_one_address_are_opened_no_more_at_once_than_it_bears() {
    let camera = Camera::start(Habit::Healthy).await;
    let prober = prober();
    let probe = |channel: u32| {
        let url = format!("rtsp://127.0.0.1:{}/ch{channel}", camera.port);
        let claim = Claim { per_host: Some(2), ..Claim::default() };
        let request = ProbeRequest { claim, ..request(&url, Depth::Stream) };
        prober.probe(request, CancellationToken::new())
    };
    let all = tokio::join!(probe(1), probe(2), probe(3), probe(4));
    for seen in [all.0, all.1, all.2, all.3] {
        assert_eq!(seen.observation.verdict, Verdict::Online, "{seen:?}");
    }
    assert_eq!((camera.most_open(), camera.count("PLAY")), (2, 4));
}

#[tokio::test]
async fn after_an_unanswered_teardown_the_device_is_left_alone() {
    let camera = Camera::start(Habit::Deaf).await;
    let prober = prober();
    let probe = || prober.probe(request(&camera.url(), Depth::Stream), CancellationToken::new());
    assert_eq!(probe().await.observation.verdict, Verdict::Online);
    let next = probe().await;
    assert_eq!(codes(&next), [FaultCode::SessionLimit]);
    assert_eq!(next.observation.verdict, Verdict::Unknown);
    assert_eq!(camera.connections(), 1);
}

#[tokio::test]
async fn a_decoder_that_fails_is_ours_and_a_stream_that_does_is_not() {
    let camera = Camera::start(Habit::Healthy).await;
    let with = async |failure| {
        let prober = prober_with(Grey::Fails(failure));
        prober.probe(request(&camera.url(), Depth::Picture), CancellationToken::new()).await
    };
    let ours = with(DecodeFailure::Ours("decoder died".to_owned())).await;
    assert_eq!(ours.observation.verdict, Verdict::Online);
    assert!(ours.observation.picture.is_none());
    assert_eq!(ours.observation.picture_skipped, Some(PictureSkipped::NoDecoder));
    let theirs = with(DecodeFailure::Stream("no picture".to_owned())).await;
    assert_eq!(codes(&theirs), [FaultCode::Undecodable]);
    assert_eq!(theirs.observation.picture_skipped, None);
}

#[tokio::test]
async fn a_codec_whose_pictures_are_not_decoded_is_online_and_says_so() {
    let camera = Camera::start(Habit::Mpeg4).await;
    let seen = probe(&camera, Depth::Picture).await.observation;
    assert_eq!((seen.verdict, seen.faults), (Verdict::Online, vec![]));
    assert_eq!((seen.picture, seen.picture_skipped), (None, Some(PictureSkipped::NotDecodable)));
}

#[tokio::test]
async fn a_fault_seen_in_the_picture_is_not_over_because_our_decoder_failed() {
    let camera = Camera::start(Habit::Healthy).await;
    let prober = prober_with(Grey::Fails(DecodeFailure::Ours("decoder died".to_owned())));
    let faulty = Judged { at: Timestamp::from_millis(0), clean: false };
    let habit = domain::Habit { judged: Some(faulty), ..domain::Habit::default() };
    let request = ProbeRequest { habit, ..request(&camera.url(), Depth::Picture) };
    let outcome = prober.probe(request, CancellationToken::new()).await;
    assert_eq!(outcome.observation.verdict, Verdict::Degraded);
    let [fault] = &outcome.observation.faults[..] else { panic!("{outcome:?}") };
    assert!(matches!(fault.detail, Detail::Ours { .. }), "{fault:?}");
    assert_eq!(outcome.habit.judged, Some(faulty), "nobody looked");
}

#[tokio::test]
async fn q68_a_rare_keyframe_is_not_waited_for_past_the_time_the_last_result_stands() {
    let camera = Camera::start(Habit::NoKeyframe).await;
    let habit = domain::Habit { gop_ms: Some(40_000.0), ..domain::Habit::default() };
    // One second is left beside what any session may take.
    let within = Some(Duration::from_secs(6) + settings().limits.stall);
    let request = ProbeRequest { habit, within, ..request(&camera.url(), Depth::Picture) };
    let outcome = prober().probe(request, CancellationToken::new()).await;
    let [fault] = &outcome.observation.faults[..] else { panic!("{outcome:?}") };
    assert_eq!(fault.code, FaultCode::NoKeyframe);
    let Detail::Keyframeless { waited_ms } = fault.detail else { panic!("{fault:?}") };
    assert!((700..20_000).contains(&waited_ms), "{waited_ms} ms");
}

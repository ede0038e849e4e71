//! A probe that is recorded, and the same again from its capture.

mod kept;

use tokio_util::sync::CancellationToken;
use zhishou_domain::{Credential, Depth, FaultCode, Lang, Observation, Snapshot, Verdict};
use zhishou_probe::{Capture, Tape};

use crate::simulator::{Camera, Habit};
use crate::{prober, request};

/// What must be the same again.
fn essence(observation: &Observation) -> impl PartialEq + std::fmt::Debug + use<> {
    let faults: Vec<_> = observation.faults.iter().map(|f| (f.code, f.stage)).collect();
    let video = observation.video.as_ref().map(|v| (v.codec.clone(), v.width, v.height));
    let met: Vec<_> = observation.stages.iter().map(|s| (s.name, s.ms.is_some())).collect();
    (
        (observation.target.clone(), observation.verdict, observation.reached, faults, video),
        (met, observation.server.clone(), observation.transport, observation.rejected_logins),
        (observation.started_at, observation.picture.is_some()),
    )
}

fn figures(observation: &Observation) -> Vec<f64> {
    let Some(video) = &observation.video else { return Vec::new() };
    let mut figures = vec![video.packets as f64, video.lost as f64, video.keyframes as f64];
    figures.extend([video.fps, video.bitrate_bps, video.loss_ratio].into_iter().flatten());
    figures
}

fn assert_same(original: &Observation, again: &Observation) {
    assert_eq!(essence(original), essence(again));
    for (was, is) in figures(original).into_iter().zip(figures(again)) {
        assert!((was - is).abs() <= 0.05 * was.abs() + 1.0, "{was} became {is}: {again:?}");
    }
    // The time of a replay ends with the session; that of a probe with the judgement.
    assert!(again.duration_ms <= original.duration_ms + 1.0, "{again:?}");
}

async fn record(url: &str, depth: Depth, login: Option<Credential>) -> (Observation, Vec<u8>) {
    let tape = Tape::new();
    let mut request = request(url, depth);
    request.credential = login;
    let outcome = prober().probe_taped(request, CancellationToken::new(), &tape).await;
    let mut file = Vec::new();
    tape.capture().unwrap().write(&mut file).unwrap();
    (outcome.observation, file)
}

async fn replay(file: &[u8]) -> (Observation, Capture) {
    let capture = Capture::read(file).unwrap();
    let tape = Tape::new();
    let outcome = prober().replay(&capture, Snapshot::Never, &tape).await;
    (outcome.observation, tape.capture().unwrap())
}

#[tokio::test]
async fn what_was_recorded_comes_out_the_same_again() {
    let right = Some(Credential::new("admin", "right"));
    let wrong = Some(Credential::new("admin", "none-such"));
    for (habit, login) in [
        (Habit::Healthy, None),
        (Habit::Guarded, right),
        (Habit::Guarded, wrong),
        (Habit::Silent, None),
        (Habit::NoMedia, None),
        (Habit::Dies, None),
        (Habit::Stalls, None),
        (Habit::NoKeyframe, None),
        (Habit::Lossy, None),
        (Habit::Status(404), None),
        (Habit::Deaf, None),
    ] {
        let camera = Camera::start(habit).await;
        let (original, file) = record(&camera.url(), Depth::Picture, login).await;
        let opened = camera.connections();
        let (again, _) = replay(&file).await;
        assert_same(&original, &again);
        assert_eq!(camera.connections(), opened, "a replay opens nothing");
    }
}

#[tokio::test]
async fn a_port_that_is_closed_is_closed_again() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtsp://127.0.0.1:{}/x", listener.local_addr().unwrap().port());
    drop(listener);
    let (original, file) = record(&url, Depth::Stream, None).await;
    let (again, _) = replay(&file).await;
    assert_eq!(again.faults[0].code, FaultCode::Refused);
    assert_eq!(original.faults, again.faults);
}

#[tokio::test]
async fn a_probe_that_was_stopped_was_stopped() {
    let camera = Camera::start(Habit::NoMedia).await;
    let (cancel, tape) = (CancellationToken::new(), Tape::new());
    let soon = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        soon.cancel();
    });
    let prober = prober();
    let original = prober.probe_taped(request(&camera.url(), Depth::Stream), cancel, &tape).await;
    assert_eq!(original.observation.verdict, Verdict::Unknown);
    let mut file = Vec::new();
    tape.capture().unwrap().write(&mut file).unwrap();
    let (again, _) = replay(&file).await;
    assert_same(&original.observation, &again);
}

/// Neither what we send nor what we are told to open.
#[tokio::test]
async fn the_login_is_in_neither_file_nor_words() {
    let camera = Camera::start(Habit::Guarded).await;
    let url = camera.url().replace("rtsp://", "rtsp://admin:right@");
    let (original, file) = record(&url, Depth::Stream, None).await;
    assert_eq!(original.verdict, Verdict::Online);
    let (_, capture) = replay(&file).await;
    let words = Capture::read(file.as_slice()).unwrap().explain(&original, Lang::Zh).join("\n");
    let again = capture.explain(&original, Lang::En).join("\n");
    for text in [String::from_utf8(file).unwrap(), words, again] {
        assert!(text.contains("Authorization: Basic ***"));
        for secret in ["right", "YWRtaW46cmlnaHQ"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[tokio::test]
async fn the_dialogue_reads_well() {
    let camera = Camera::start(Habit::Silent).await;
    let (observation, file) = record(&camera.url(), Depth::Stream, None).await;
    let lines = Capture::read(file.as_slice()).unwrap().explain(&observation, Lang::En);
    let text = lines.join("\n");
    assert!(lines[0].ends_with(&format!("·  connect to 127.0.0.1 port {}", camera.port)), "{text}");
    assert!(lines[2].contains("ms  →  OPTIONS rtsp://127.0.0.1:"), "{text}");
    assert!(text.contains("\njudged no answer (no_response) [OPTIONS]: silent for 1."));
    assert!(text.contains("\nbecause Connected, and a request was not answered in time"), "{text}");
    assert!(text.lines().last().unwrap().starts_with("to do "), "{text}");

    let camera = Camera::start(Habit::Healthy).await;
    let (observation, file) = record(&camera.url(), Depth::Picture, None).await;
    let text = Capture::read(file.as_slice()).unwrap().explain(&observation, Lang::Zh).join("\n");
    for part in [
        "←  RTSP/1.0 200 OK  (+",
        "a=control:track1",
        "·  视频首包",
        "·  首个关键帧: h264",
        "通道 0：",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

//! What an observation says against what a simulated camera really sent, over real sockets.
//!
//! The truth is worked out from the times at which the camera really wrote, and the probe goes by the times at
//! which the kernel took what came, so a machine that stalls either of them does not matter.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod kernel;
mod tcp;
mod udp;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    Clock, Depth, Detail, FaultCode, IdSource, Observation, ProbeRequest, Snapshot, Stage,
    Timestamp, TransportPolicy, VideoFacts,
};
use zhishou_probe::guard::{FingerprintKey, Guard};
use zhishou_probe::{Prober, Sessions, Settings, StreamLimits};
use zhishou_tests::asking;
use zhishou_tests::impaired::{Impairment, Script, Server, Source, Truth};

struct Ambient;

impl Clock for Ambient {
    #[expect(clippy::disallowed_methods, reason = "the camera's clock is compared with a real one")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
    }
}

impl IdSource for Ambient {
    fn random(&self) -> [u8; 10] {
        [7; 10]
    }
}

/// What a probe saw of a camera, and what there was to see.
pub(crate) struct Seen {
    pub(crate) observation: Observation,
    pub(crate) truth: Truth,
}

impl Seen {
    pub(crate) fn video(&self) -> &VideoFacts {
        self.observation.video.as_ref().unwrap()
    }

    pub(crate) fn codes(&self) -> Vec<FaultCode> {
        self.observation.faults.iter().map(|fault| fault.code).collect()
    }

    pub(crate) fn detail(&self, code: FaultCode) -> &Detail {
        let fault = self.observation.faults.iter().find(|fault| fault.code == code);
        &fault.unwrap().detail
    }

    /// Asserts when the first keyframe was whole.
    pub(crate) fn assert_first_keyframe(&self) {
        let at = self.stage(Stage::FirstKeyframe);
        let off = at.abs_diff(self.truth.first_keyframe_at.unwrap());
        assert!(off <= Duration::from_millis(20), "{at:?}, {:?}", self.truth);
    }

    pub(crate) fn stage(&self, stage: Stage) -> Duration {
        let timing = self.observation.stages.iter().find(|timing| timing.name == stage).unwrap();
        Duration::from_secs_f64(timing.ms.unwrap() / 1e3)
    }

    /// Asserts the figures that every camera has.
    pub(crate) fn assert_figures(&self) {
        let Seen { truth, .. } = self;
        let video = self.video();
        let loss = truth.lost as f64 / truth.expected as f64;
        assert!((video.loss_ratio.unwrap() - loss).abs() <= 0.002, "{video:?}, {truth:?}");
        let fps = video.fps.unwrap() / truth.fps;
        assert!((fps - 1.0).abs() <= 0.02, "{video:?}, {truth:?}");
        let bitrate = video.bitrate_bps.unwrap() / truth.bitrate_bps;
        assert!((bitrate - 1.0).abs() <= 0.02, "{video:?}, {truth:?}");
        let jitter = (video.jitter_ms.unwrap() - truth.jitter_ms).abs();
        let bound = (0.15 * truth.jitter_ms).max(1.0);
        assert!(jitter <= bound, "{video:?}, {truth:?}");
    }
}

/// Probes a camera that plays `script` for `seconds`.
pub(crate) async fn probe(
    transport: TransportPolicy,
    script: Script,
    declared_fps: Option<f64>,
    seconds: u64,
) -> Seen {
    probe_among(0, transport, script, declared_fps, seconds).await
}

/// The same, on a thread that has `others` of 25 frames a second to serve too.
pub(crate) async fn probe_among(
    others: usize,
    transport: TransportPolicy,
    script: Script,
    declared_fps: Option<f64>,
    seconds: u64,
) -> Seen {
    let settings = Settings {
        limits: StreamLimits { stall: Duration::from_millis(1_400), ..StreamLimits::default() },
        ..Settings::default()
    };
    let guard = Guard::new(FingerprintKey::new([7; 32]), Vec::new());
    let prober = Prober::new(settings, Arc::new(Ambient), Arc::new(Ambient), guard, None);
    let prober = Arc::new(prober.on(Sessions::start().unwrap()));
    let company = Server::start(Impairment::none(1).script(&Source::new(9)), None);
    let mut crowd = JoinSet::new();
    for number in 0..others {
        let (prober, request) =
            (prober.clone(), request(&company.url(), TransportPolicy::Tcp, seconds));
        let url = format!("{}?{number}", request.url);
        let request = ProbeRequest { url, ..request };
        crowd.spawn(async move { prober.probe(request, CancellationToken::new()).await });
    }
    let server = Server::start(script.clone(), declared_fps);
    let request = request(&server.url(), transport, seconds);
    let observation = prober.probe(request, CancellationToken::new()).await.observation;
    // The camera stops at its next packet after TEARDOWN.
    let wait = tokio::time::timeout(Duration::from_secs(10), async {
        while server.played().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    wait.await.unwrap();
    while let Some(other) = crowd.join_next().await {
        assert!(other.unwrap().observation.video.unwrap().packets > 0);
    }
    let truth = Truth::when(&script, server.played().remove(0).times);
    Seen { observation, truth }
}

fn request(url: &str, transport: TransportPolicy, seconds: u64) -> ProbeRequest {
    let time = Duration::from_secs(seconds);
    ProbeRequest {
        snapshot: Snapshot::Always,
        ..asking::request(url, Depth::Stream, transport, time)
    }
}

//! Visits of one agent: which dialogues it keeps, and what it does where the sub-stream fails.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    Bottleneck, CallFacts, Claim, Clock, ConfirmRule, Depth, Detail, DeviceId, DeviceKind, Fault,
    FaultCode, Habit, IdSource, LedgerRow, Observation, PictureFacts, PictureLight, PictureMode,
    Plan, PointClass, ProbeRequest, Snapshot, Stage, State, Teaching, TestCall, Timestamp,
    TransportPolicy, Verdict,
};
use zhishou_scheduler::{
    Agent, AgentHandle, Dialogues, EvidenceFiles, Eyes, Limits, Probed, Prober, Taping,
};
use zhishou_storage::{EvidenceKind, EvidenceRow, Filter, ImportMode, MasterKey, Store};

type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Every look at it is a second later.
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1000, Ordering::SeqCst))
    }
}

struct Seven;

impl IdSource for Seven {
    fn random(&self) -> [u8; 10] {
        [7; 10]
    }
}

/// A camera that is there or not. Each probe takes a permit and is noted.
struct Camera {
    verdict: Mutex<Verdict>,
    /// What the sub-stream has instead, where it has a fault.
    sub: Mutex<Option<FaultCode>>,
    permits: Semaphore,
    begun: Semaphore,
    probes: Mutex<Vec<Taping>>,
    /// How deep each was to go, and for how long.
    depths: Mutex<Vec<(Depth, Duration)>>,
    /// What its picture shows, where that is a fault.
    picture: Mutex<Option<FaultCode>>,
    /// Others of ours take all that it shares with them.
    crowded: AtomicBool,
    /// Which snapshot each was asked for.
    snapshots: Mutex<Vec<Snapshot>>,
    /// What each may have learned of its picture, and by how many lights it was judged.
    taught: Mutex<Vec<(Teaching, usize)>>,
    clock: Arc<Ticking>,
}

impl Prober for Camera {
    fn probe(
        &self,
        request: ProbeRequest,
        taping: Taping,
        _cancel: CancellationToken,
    ) -> Later<'_, Probed> {
        Box::pin(async move {
            self.probes.lock().unwrap().push(taping);
            self.depths.lock().unwrap().push((request.depth, request.seconds));
            self.begun.add_permits(1);
            self.permits.acquire().await.unwrap().forget();
            let verdict = *self.verdict.lock().unwrap();
            let is_sub = request.url.ends_with("/sub");
            let broken = *self.sub.lock().unwrap();
            let mut seen = observation(request.url, self.clock.now(), verdict);
            let taught = request.picture.taught;
            self.taught.lock().unwrap().push((taught.teaching, taught.lights.len()));
            let code = *self.picture.lock().unwrap();
            let is_shown = request.depth == Depth::Picture;
            let is_wanted = match request.snapshot {
                Snapshot::IfLooked | Snapshot::Always => true,
                Snapshot::OnFault => code.is_some(),
                Snapshot::Never => false,
            };
            self.snapshots.lock().unwrap().push(request.snapshot);
            if is_shown {
                let fault = code.map(|code| Fault::new(code, Stage::Judge, Detail::None));
                seen.faults.extend(fault);
                seen.picture = Some(picture());
                let talked_ms = Some(request.seconds.as_secs_f64() * 1000.0);
                seen.call = Some(CallFacts { called: true, talked_ms, ..CallFacts::default() });
                seen.depth = request.depth;
            }
            if let Some(code) = broken.filter(|_| is_sub) {
                (seen.verdict, seen.reached) = (Verdict::Offline, true);
                seen.faults = vec![Fault::new(code, Stage::Describe, Detail::None)];
            }
            if self.crowded.load(Ordering::SeqCst) {
                let detail = Detail::Crowded { by: Bottleneck::Uplink, waited_ms: 30_000 };
                seen.verdict = Verdict::Unknown;
                seen.faults = vec![Fault::new(FaultCode::SessionLimit, Stage::Prepare, detail)];
            }
            Probed {
                observation: seen,
                snapshot: (is_shown && is_wanted).then(|| b"jpeg".to_vec()),
                signature: None,
                lesson: None,
                habit: Habit::default(),
                login: None,
                login_in_doubt: is_sub && broken == Some(FaultCode::ConnectionLost),
                dialogue: (taping == Taping::On).then(|| b"{}".to_vec()),
            }
        })
    }
}

fn picture() -> PictureFacts {
    PictureFacts {
        width: 640,
        height: 360,
        mode: PictureMode::Colour,
        light: Some(PictureLight::Day),
        scores: Default::default(),
        readings: Default::default(),
        tiles: None,
        shift: None,
        stripes: None,
        decoder_errors: 0,
        algorithm: 0,
        luma_mean: 90.0,
        snapshot: None,
    }
}

fn observation(target: String, started_at: Timestamp, verdict: Verdict) -> Observation {
    let peer = Detail::Peer { peer: "10.0.0.1:554".to_owned() };
    let fault = Fault::new(FaultCode::ConnectTimeout, Stage::Connect, peer);
    Observation {
        duration_ms: 10.0,
        verdict,
        reached: verdict == Verdict::Online,
        faults: if verdict == Verdict::Online { vec![] } else { vec![fault] },
        ..Observation::new(target, DeviceKind::Camera, Depth::Stream, started_at)
    }
}

/// Files that are kept nowhere.
struct Files {
    store: Store,
}

impl EvidenceFiles for Files {
    fn keep(
        &self,
        device: DeviceId,
        kind: EvidenceKind,
        taken_at: Timestamp,
        content: Vec<u8>,
    ) -> Later<'_, Option<EvidenceRow>> {
        Box::pin(async move {
            Some(EvidenceRow {
                key: format!("{}-{}", kind.code(), taken_at.millis()),
                device,
                kind,
                taken_at,
                bytes: content.len() as u64,
                sha256: "0".repeat(64),
            })
        })
    }

    fn discard(&self, row: EvidenceRow) -> Later<'_, ()> {
        Box::pin(async move {
            self.store.delete_evidence(vec![row.key]).await.unwrap();
        })
    }
}

struct House {
    camera: Arc<Camera>,
    store: Store,
    agent: AgentHandle,
    device: DeviceId,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl House {
    /// A camera that two failures make down, and that is probed only on request.
    async fn new(dialogues: Dialogues) -> Self {
        Self::with_streams(dialogues, None).await
    }

    async fn with_streams(dialogues: Dialogues, sub: Option<&str>) -> Self {
        let row = LedgerRow {
            street: Some("东街".to_owned()),
            url: Some("rtsp://10.0.0.1/1".to_owned()),
            sub_url: sub.map(str::to_owned),
            ..LedgerRow::new(2, "东门", "站点")
        };
        Self::of(dialogues, row).await
    }

    async fn of(dialogues: Dialogues, row: LedgerRow) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zhishou.db");
        let key = MasterKey::from_bytes([7; 32]);
        let store =
            Store::open(&path, key, chrono_tz::Asia::Shanghai, Arc::new(Seven)).await.unwrap();
        let clock = Arc::new(Ticking(AtomicI64::new(1_800_000_000_000)));
        let imported = store.import(vec![row], clock.now(), ImportMode::AllOrNothing).await;
        assert_eq!(imported.unwrap().errors, []);
        let fleet = store.fleet(&Filter::default(), None, 1, clock.now()).await.unwrap();
        let camera = Arc::new(Camera {
            verdict: Mutex::new(Verdict::Online),
            sub: Mutex::new(None),
            permits: Semaphore::new(1000),
            begun: Semaphore::new(0),
            probes: Mutex::default(),
            depths: Mutex::default(),
            picture: Mutex::default(),
            crowded: AtomicBool::new(false),
            snapshots: Mutex::default(),
            taught: Mutex::default(),
            clock: clock.clone(),
        });
        let day = Duration::from_secs(86_400);
        let plan = Plan {
            interval: day,
            depth: Depth::Stream,
            seconds: Duration::from_secs(1),
            decode_every: Duration::ZERO,
            transport: TransportPolicy::Auto,
            jitter: 0.0,
            confirm: ConfirmRule { failures: 2, retry: day },
        };
        let agent = Agent {
            name: "test".to_owned(),
            store: store.clone(),
            prober: camera.clone(),
            evidence: Arc::new(Files { store: store.clone() }),
            dialogues,
            clock,
            plan_of: Arc::new(move |kind, class| match kind {
                _ if class == Some(PointClass::One) => {
                    Plan { depth: Depth::Picture, ..plan.clone() }
                }
                DeviceKind::Endpoint => Plan { depth: Depth::Picture, ..plan.clone() },
                _ => plan.clone(),
            }),
            claim_of: Arc::new(|_| Claim::default()),
            limits: Limits { concurrent: 4, per_parent: 4, per_host: 4, per_site: 4 },
            eyes: Eyes::default(),
        };
        let stop = CancellationToken::new();
        let (agent, task) = agent.start(stop.clone());
        Self { camera, store, agent, device: fleet[0].id, stop, task, _folder: folder }
    }

    async fn probe(&self, verdict: Verdict, taping: Taping) -> Observation {
        *self.camera.verdict.lock().unwrap() = verdict;
        self.agent.probe_now(self.device, taping).await.unwrap()
    }

    /// The verdicts of the dialogues that are kept, the newest first.
    async fn kept(&self) -> Vec<Verdict> {
        let kept = self.store.dialogues(self.device, 100).await.unwrap();
        kept.iter().map(|it| it.observation.verdict).collect()
    }
}

use Taping::{Off, On};
use Verdict::{Offline, Online};

fn endpoint(leave: Option<TestCall>) -> LedgerRow {
    LedgerRow {
        street: Some("东街".to_owned()),
        kind: Some(DeviceKind::Endpoint),
        url: Some("sip:room@10.0.0.1".to_owned()),
        test_call: leave,
        ..LedgerRow::new(2, "会议室", "站点")
    }
}

#[tokio::test]
async fn each_call_that_is_asked_for_keeps_its_picture_and_none_replaces_another() {
    let house = House::of(Dialogues::Asked, endpoint(Some(TestCall::Permitted))).await;
    let still = Some(FaultCode::StillPicture);
    let mut keys = Vec::new();
    for code in [None, None, still, still, Some(FaultCode::Black)] {
        *house.camera.picture.lock().unwrap() = code;
        let seen = house.agent.look_now(house.device, Depth::Picture).await.unwrap();
        keys.push(seen.picture.unwrap().snapshot.unwrap());
    }
    let kinds = keys.iter().map(|key| key.split('-').next().unwrap());
    assert_eq!(kinds.collect::<Vec<_>>(), ["good", "good", "fault", "fault", "fault"]);
    for key in &keys {
        assert!(house.store.evidence(key).await.unwrap().is_some(), "{key}");
    }
    // Its camera is turned by whoever sits there: no scene is learned, and none is the wrong one.
    let taught = house.camera.taught.lock().unwrap().clone();
    assert_eq!(taught, [(Teaching::Nothing, 0); 5]);
    // Without a call there is nothing to show.
    let seen = house.agent.look_now(house.device, Depth::Reach).await.unwrap();
    assert!(seen.picture.is_none());
}

/// A check before a meeting takes the camera's turn, and so its look at the picture.
#[tokio::test]
async fn a_camera_whose_media_are_asked_for_is_looked_at_as_its_plan_says() {
    let camera = |class| LedgerRow {
        street: Some("东街".to_owned()),
        url: Some("rtsp://10.0.0.2/1".to_owned()),
        class,
        ..LedgerRow::new(2, "会议室", "站点")
    };
    for (class, asked, looked) in [
        (Some(PointClass::One), Depth::Stream, Depth::Picture),
        (Some(PointClass::One), Depth::Reach, Depth::Reach),
        (None, Depth::Stream, Depth::Stream),
    ] {
        let house = House::of(Dialogues::Asked, camera(class)).await;
        house.agent.look_now(house.device, asked).await.unwrap();
        let depths: Vec<Depth> =
            house.camera.depths.lock().unwrap().iter().map(|it| it.0).collect();
        assert_eq!(depths.last(), Some(&looked), "{depths:?}");
    }
}

#[tokio::test]
async fn a_camera_whose_clock_is_wrong_has_its_clean_picture_kept_and_is_not_looked_at_for_another()
{
    let house = House::new(Dialogues::Asked).await;
    *house.camera.picture.lock().unwrap() = Some(FaultCode::ClockOffset);
    let mut kept = Vec::new();
    for _ in 0..3 {
        let seen = house.agent.look_now(house.device, Depth::Picture).await.unwrap();
        kept.push(seen.picture.unwrap().snapshot.is_some());
    }
    assert_eq!(kept, [true, false, false]);
    let asked = house.camera.snapshots.lock().unwrap().clone();
    assert_eq!(asked, [Snapshot::Always, Snapshot::OnFault, Snapshot::OnFault]);
}

#[tokio::test]
async fn a_call_that_a_stop_breaks_off_is_on_record_all_the_same() {
    let house = House::of(Dialogues::Asked, endpoint(Some(TestCall::Permitted))).await;
    house.camera.permits.forget_permits(1000);
    let (agent, device) = (house.agent.clone(), house.device);
    let called = tokio::spawn(async move { agent.look_now(device, Depth::Picture).await });
    house.camera.begun.acquire().await.unwrap().forget();
    house.stop.cancel();
    house.camera.permits.add_permits(1);
    house.task.await.unwrap();
    let _answer = called.await.unwrap();
    let lines = house.store.audit_of("test_call", 9).await.unwrap();
    assert_eq!((lines.len(), lines[0].1.clone()), (1, device.to_string()));
    let seen = house.store.device_page(device).await.unwrap().unwrap().seen;
    assert_eq!(seen, None, "what we broke off says nothing of the endpoint");
}

#[tokio::test]
async fn a_call_that_is_asked_for_lasts_long_enough_to_judge_it() {
    for (leave, seconds) in [(Some(TestCall::Permitted), 20), (None, 1)] {
        let house = House::of(Dialogues::Asked, endpoint(leave)).await;
        house.agent.look_now(house.device, Depth::Picture).await.unwrap();
        let looked = (Depth::Picture, Duration::from_secs(seconds));
        assert_eq!(*house.camera.depths.lock().unwrap(), [looked]);
    }
    // A shorter one that its plan makes meanwhile does not answer it; it is called once more.
    let house = House::of(Dialogues::Asked, endpoint(Some(TestCall::Permitted))).await;
    house.camera.permits.forget_permits(1000);
    let (agent, device) = (house.agent.clone(), house.device);
    let planned = tokio::spawn(async move { agent.probe_now(device, Off).await });
    house.camera.begun.acquire().await.unwrap().forget();
    let agent = house.agent.clone();
    let asked = tokio::spawn(async move { agent.look_now(device, Depth::Picture).await });
    tokio::task::yield_now().await;
    house.camera.permits.add_permits(2);
    planned.await.unwrap().unwrap();
    let seen = asked.await.unwrap().unwrap();
    assert_eq!(seen.call.unwrap().talked_ms, Some(20_000.0));
    let seconds: Vec<_> =
        house.camera.depths.lock().unwrap().iter().map(|it| it.1.as_secs()).collect();
    assert_eq!(seconds, [1, 20]);
}

#[tokio::test]
async fn an_outage_leaves_the_dialogue_that_made_it_hard_and_no_other() {
    let house = House::new(Dialogues::Outages).await;
    for verdict in [Online, Offline] {
        house.probe(verdict, Off).await;
        assert_eq!(house.kept().await, []);
    }
    let fell = house.probe(Offline, Off).await;
    assert!(house.store.dialogue(house.device, fell.started_at).await.unwrap().is_some());
    for verdict in [Offline, Offline, Online, Offline, Online] {
        house.probe(verdict, Off).await;
    }
    assert_eq!(house.kept().await, [Offline]);
    // Tapes cost memory: only where one more failure is the last.
    let probes = house.camera.probes.lock().unwrap().clone();
    assert_eq!(probes, [Off, Off, On, Off, Off, Off, Off, On]);
}

#[tokio::test]
async fn where_only_asked_for_an_outage_leaves_none_and_ten_are_kept() {
    let house = House::new(Dialogues::Asked).await;
    for verdict in [Online, Offline, Offline] {
        house.probe(verdict, Off).await;
    }
    assert_eq!(house.kept().await, []);
    for _ in 0..12 {
        house.probe(Online, On).await;
    }
    let last = house.probe(Offline, On).await;
    let kept = house.kept().await;
    assert_eq!((kept.len(), kept[0], kept[9]), (10, Offline, Online));
    assert!(house.store.dialogue(house.device, last.started_at).await.unwrap().is_some());
}

#[tokio::test]
async fn what_somebody_asks_for_pushes_out_no_outage_and_the_other_way_round() {
    let house = House::new(Dialogues::Outages).await;
    for verdict in [Online, Offline, Offline] {
        house.probe(verdict, Off).await;
    }
    assert_eq!(house.kept().await, [Offline]);
    for _ in 0..15 {
        house.probe(Online, On).await;
    }
    let kept = house.kept().await;
    assert_eq!((kept.len(), kept[10]), (11, Offline));
    for _ in 0..11 {
        for verdict in [Offline, Offline, Online] {
            house.probe(verdict, Off).await;
        }
    }
    let of = |kept: &[Verdict], wanted| kept.iter().filter(|&&it| it == wanted).count();
    let kept = house.kept().await;
    assert_eq!((of(&kept, Offline), of(&kept, Online)), (10, 10));
}

#[tokio::test]
async fn a_dialogue_asked_for_during_a_probe_is_that_of_the_next() {
    let house = House::new(Dialogues::Asked).await;
    house.probe(Online, Off).await;
    house.camera.begun.acquire().await.unwrap().forget();
    house.camera.permits.forget_permits(1000);
    let (agent, device) = (house.agent.clone(), house.device);
    let first = tokio::spawn(async move { agent.probe_now(device, Off).await.unwrap() });
    house.camera.begun.acquire().await.unwrap().forget();
    let agent = house.agent.clone();
    let second = tokio::spawn(async move { agent.probe_now(device, On).await.unwrap() });
    // The agent hears of it while the first is still under way.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    house.camera.permits.add_permits(1);
    let first = first.await.unwrap();
    house.camera.permits.add_permits(1);
    let second = second.await.unwrap();
    assert!(second.started_at > first.started_at);
    assert_eq!(house.camera.probes.lock().unwrap()[1..], [Off, On]);
    assert!(house.store.dialogue(device, second.started_at).await.unwrap().is_some());
    assert_eq!(house.kept().await.len(), 1);
}

#[tokio::test]
async fn a_broken_sub_stream_is_told_and_the_camera_is_not_called_down() {
    let house = House::with_streams(Dialogues::Asked, Some("rtsp://10.0.0.1/sub")).await;
    assert_eq!(house.probe(Online, Off).await.target, "rtsp://10.0.0.1/sub");
    *house.camera.sub.lock().unwrap() = Some(FaultCode::NotFound);
    for _ in 0..3 {
        let seen = house.probe(Online, Off).await;
        assert_eq!((seen.verdict, seen.target.as_str()), (Verdict::Degraded, "rtsp://10.0.0.1/1"));
        let [fault] = &seen.faults[..] else { panic!("{:?}", seen.faults) };
        assert_eq!(fault.code, FaultCode::NotFound);
        assert!(matches!(fault.detail, Detail::SubStream { .. }), "{fault:?}");
    }
    // Each of the three opened both, one after the other.
    assert_eq!(house.camera.probes.lock().unwrap().len(), 1 + 3 * 2);
    assert_eq!(house.store.standing(house.device).await.unwrap().state, State::Degraded);
    // One that closed on the login may have refused it: it is not sent a second time.
    *house.camera.sub.lock().unwrap() = Some(FaultCode::ConnectionLost);
    assert_eq!(house.probe(Online, Off).await.verdict, Verdict::Offline);
    assert_eq!(house.camera.probes.lock().unwrap().len(), 1 + 3 * 2 + 1);

    // Where the main stream is no better the result is that of the stream that is meant.
    let seen = house.probe(Offline, Off).await;
    assert_eq!((seen.verdict, seen.target.as_str()), (Offline, "rtsp://10.0.0.1/sub"));
    // A device that does not answer is not asked twice.
    *house.camera.sub.lock().unwrap() = None;
    let before = house.camera.probes.lock().unwrap().len();
    assert_eq!(house.probe(Offline, Off).await.verdict, Offline);
    assert_eq!(house.camera.probes.lock().unwrap().len(), before + 1);
}

#[tokio::test]
async fn a_main_stream_that_could_not_be_opened_calls_no_camera_down() {
    let house = House::with_streams(Dialogues::Asked, Some("rtsp://10.0.0.1/sub")).await;
    house.probe(Online, Off).await;
    *house.camera.sub.lock().unwrap() = Some(FaultCode::NotFound);
    for _ in 0..3 {
        let seen = house.probe(Verdict::Unknown, Off).await;
        assert_eq!((seen.verdict, seen.target.as_str()), (Verdict::Unknown, "rtsp://10.0.0.1/1"));
    }
    assert_ne!(house.store.standing(house.device).await.unwrap().state, State::Down);
}

#[tokio::test]
async fn a_site_whose_uplink_is_too_small_is_on_record_once_the_last_result_no_longer_stands() {
    let house = House::new(Dialogues::Asked).await;
    let stands = async || house.store.standing(house.device).await.unwrap();
    house.camera.crowded.store(true, Ordering::SeqCst);
    house.probe(Online, Off).await;
    let never_seen = stands().await;
    assert_eq!((never_seen.state, never_seen.round), (State::Unknown, 1));
    assert_eq!(never_seen.faults, [FaultCode::SessionLimit]);
    house.camera.crowded.store(false, Ordering::SeqCst);
    house.probe(Online, Off).await;
    // What was seen a moment ago stands while it waits for its turn.
    house.camera.crowded.store(true, Ordering::SeqCst);
    house.probe(Online, Off).await;
    let seen = stands().await;
    assert_eq!((seen.state, seen.round), (State::Up, 2));
    house.camera.clock.0.fetch_add(86_400_000, Ordering::SeqCst);
    house.probe(Online, Off).await;
    assert_eq!(stands().await.state, State::Unknown);
}

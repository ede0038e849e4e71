//! Whom an agent asks before it blames a device: its parent, and itself.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::{
    collections::BTreeSet,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    Claim, Clock, ConfirmRule, Depth, DeviceId, Fault, FaultCode, Habit, IdSource, LedgerRow,
    Observation, Plan, ProbeRequest, Stage, State, Timestamp, TransportPolicy, Verdict,
    incident::{Canaries, GroupRule, ObserverFault, ObserverRule},
};
use zhishou_scheduler::{
    Agent, AgentHandle, AskCanaries, Dialogues, EvidenceFiles, Eyes, Limits, Probed, Prober,
    Taping, judge_incidents,
};
use zhishou_storage::{
    EvidenceKind, EvidenceRow, ImportMode, IncidentFilter, IncidentRow, MasterKey, RootName, Store,
};

type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

const CAMERA: &str = "rtsp://10.0.0.1/1";
const SWITCH: &str = "rtsp://10.0.0.2/1";

/// Every look at it is a second later.
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1000, Ordering::SeqCst))
    }
}

#[derive(Default)]
struct Counter(AtomicU64);

impl IdSource for Counter {
    fn random(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        bytes
    }
}

/// Devices by address, of which some do not answer; tells of each probe.
struct Net {
    away: Mutex<BTreeSet<&'static str>>,
    probed: mpsc::UnboundedSender<String>,
    clock: Arc<Ticking>,
}

impl Prober for Net {
    fn probe(&self, request: ProbeRequest, _: Taping, _: CancellationToken) -> Later<'_, Probed> {
        let is_away = self.away.lock().unwrap().contains(request.url.as_str());
        let _gone = self.probed.send(request.url.clone());
        let fault =
            Fault::new(FaultCode::Unreachable, Stage::Connect, zhishou_domain::Detail::None);
        let observation = Observation {
            verdict: if is_away { Verdict::Offline } else { Verdict::Online },
            reached: !is_away,
            faults: if is_away { vec![fault] } else { vec![] },
            ..Observation::new(request.url, request.kind, Depth::Stream, self.clock.now())
        };
        Box::pin(std::future::ready(Probed {
            observation,
            snapshot: None,
            signature: None,
            lesson: None,
            habit: Habit::default(),
            login: None,
            login_in_doubt: false,
            dialogue: None,
        }))
    }
}

struct Nothing;

impl EvidenceFiles for Nothing {
    fn keep(
        &self,
        _: DeviceId,
        _: EvidenceKind,
        _: Timestamp,
        _: Vec<u8>,
    ) -> Later<'_, Option<EvidenceRow>> {
        Box::pin(std::future::ready(None))
    }

    fn discard(&self, _: EvidenceRow) -> Later<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Two hosts beside us, both there or both not.
struct Pair(Arc<AtomicBool>);

impl AskCanaries for Pair {
    fn ask(&self) -> Later<'_, Canaries> {
        let answered = if self.0.load(Ordering::SeqCst) { 2 } else { 0 };
        Box::pin(std::future::ready(Canaries { answered, of: 2 }))
    }
}

struct House {
    store: Store,
    net: Arc<Net>,
    probes: mpsc::UnboundedReceiver<String>,
    agent: AgentHandle,
    camera: DeviceId,
    switch: DeviceId,
    canaries: Arc<AtomicBool>,
    stop: CancellationToken,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl House {
    /// A camera behind a switch. Two failures make one down, and nothing is due for a day.
    async fn new() -> Self {
        Self::after(Duration::ZERO).await
    }

    /// The same, where the platform was at work before, and then not for so long.
    async fn after(stop: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (zone, chance) = (chrono_tz::Asia::Shanghai, Arc::new(Counter::default()));
        let key = MasterKey::from_bytes([1; 32]);
        let store = Store::open(&folder.path().join("db"), key, zone, chance).await.unwrap();
        let clock = Arc::new(Ticking(AtomicI64::new(1_800_000_000_000)));
        if !stop.is_zero() {
            let last = Timestamp::from_millis(1_800_000_000_000) - stop;
            store.note_at_work("test", last).await.unwrap();
        }
        let row = |line, name: &str, url: &str, parent: Option<&str>| LedgerRow {
            street: Some("东街".into()),
            url: Some(url.into()),
            parent: parent.map(str::to_owned),
            ..LedgerRow::new(line, name, "东门")
        };
        let rows = vec![row(2, "交换机", SWITCH, None), row(3, "球机", CAMERA, Some("交换机"))];
        let imported = store.import(rows, clock.now(), ImportMode::AllOrNothing).await.unwrap();
        assert_eq!(imported.errors, []);
        let targets = store.probe_targets(None, 10).await.unwrap();
        let of = |url| targets.iter().find(|it| it.url == url).unwrap().device;
        let (probed, probes) = mpsc::unbounded_channel();
        let net = Arc::new(Net { away: Mutex::default(), probed, clock: clock.clone() });
        let canaries = Arc::new(AtomicBool::new(true));
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
            prober: net.clone(),
            evidence: Arc::new(Nothing),
            dialogues: Dialogues::Asked,
            clock: clock.clone(),
            plan_of: Arc::new(move |_, _| plan.clone()),
            claim_of: Arc::new(|_| Claim::default()),
            limits: Limits { concurrent: 4, per_parent: 4, per_host: 4, per_site: 4 },
            eyes: Eyes::new(ObserverRule::default(), Arc::new(Pair(canaries.clone()))),
        };
        let stop = CancellationToken::new();
        let (agent, task) = agent.start(stop.clone());
        let judge = judge_incidents(store.clone(), clock, GroupRule::default(), stop.clone());
        let tasks = vec![task, tokio::spawn(judge)];
        let (camera, switch) = (of(CAMERA), of(SWITCH));
        Self { store, net, probes, agent, camera, switch, canaries, stop, tasks, _folder: folder }
    }

    async fn probe(&self, device: DeviceId) -> Verdict {
        self.agent.probe_now(device, Taping::Off).await.unwrap().verdict
    }

    /// The incidents, once there is what is waited for.
    async fn incidents(&self, are_there: impl Fn(&[IncidentRow]) -> bool) -> Vec<IncidentRow> {
        for _ in 0..600 {
            let found = self.store.incidents(&IncidentFilter::default(), None, 10).await.unwrap();
            if are_there(&found) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the incidents that were waited for did not come");
    }

    async fn end(self) {
        self.stop.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
        self.store.close().await;
    }
}

#[tokio::test]
async fn a_parent_is_asked_before_its_child_is_down_and_both_are_one_incident() {
    let mut house = House::new().await;
    for device in [house.switch, house.camera] {
        assert_eq!(house.probe(device).await, Verdict::Online);
        house.probes.recv().await.unwrap();
    }
    house.net.away.lock().unwrap().extend([CAMERA, SWITCH]);
    assert_eq!(house.probe(house.camera).await, Verdict::Offline);
    assert_eq!(house.probes.recv().await.unwrap(), CAMERA);
    let parent = tokio::time::timeout(Duration::from_secs(20), house.probes.recv()).await;
    assert_eq!(parent.unwrap().unwrap(), SWITCH, "nobody else asked for it");
    // The first may yet be the probe that was asked for.
    for device in [house.switch, house.switch, house.camera] {
        house.probe(device).await;
    }
    let found = house.incidents(|found| found.iter().any(|it| it.down_devices == 2)).await;
    assert_eq!(found.len(), 1);
    assert!(matches!(&found[0].root, RootName::Root { name, .. } if name == "交换机"));
    house.net.away.lock().unwrap().clear();
    for device in [house.switch, house.camera] {
        house.probe(device).await;
    }
    house.incidents(|found| found.iter().all(|it| it.closed.is_some())).await;
    house.end().await;
}

#[tokio::test]
async fn while_no_canary_answers_no_device_is_blamed_and_we_are() {
    let house = House::new().await;
    assert_eq!(house.probe(house.camera).await, Verdict::Online);
    house.net.away.lock().unwrap().insert(CAMERA);
    house.canaries.store(false, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(house.probe(house.camera).await, Verdict::Unknown);
    }
    assert_eq!(house.store.standing(house.camera).await.unwrap().state, State::Unknown);
    let found = house.incidents(|found| !found.is_empty()).await;
    assert_eq!(found.len(), 1);
    let ours = RootName::Observer { agent: "test".into(), fault: ObserverFault::Blind };
    assert_eq!((&found[0].root, found[0].devices), (&ours, 0));
    house.end().await;
}

#[tokio::test]
async fn hours_in_which_we_did_not_run_are_one_incident_about_ourselves_that_is_over() {
    let hours = Duration::from_secs(5 * 3600);
    let house = House::after(hours).await;
    let found = house.incidents(|found| found.iter().any(|it| it.closed.is_some())).await;
    assert_eq!(found.len(), 1);
    let ours = RootName::Observer { agent: "test".into(), fault: ObserverFault::Stopped };
    let lasted = found[0].closed.unwrap().since(found[0].since);
    assert_eq!(found[0].root, ours);
    assert!(lasted >= hours && lasted < hours + Duration::from_secs(60), "{lasted:?}");
    house.end().await;
}

#[tokio::test]
async fn a_restart_is_nothing_to_tell_of() {
    let house = House::after(Duration::from_secs(120)).await;
    assert_eq!(house.probe(house.camera).await, Verdict::Online);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let found = house.store.incidents(&IncidentFilter::default(), None, 10).await.unwrap();
    assert_eq!(found, []);
    house.end().await;
}

//! The agent under a wall clock that is set while it runs.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    Claim, Clock, ConfirmRule, Depth, DeviceId, Habit, IdSource, LedgerRow, Observation, Plan,
    ProbeRequest, Timestamp, TransportPolicy, Verdict,
};
use zhishou_scheduler::{Agent, Dialogues, EvidenceFiles, Eyes, Limits, Probed, Prober, Taping};
use zhishou_storage::{EvidenceKind, EvidenceRow, ImportMode, MasterKey, Store};

const HOUR: i64 = 3_600_000;

struct Wall(AtomicI64);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
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

/// Tells of each probe, and finds everything well.
struct Tells(Arc<Wall>, mpsc::UnboundedSender<DeviceId>);

impl Prober for Tells {
    fn probe(
        &self,
        request: ProbeRequest,
        _: Taping,
        _: CancellationToken,
    ) -> Pin<Box<dyn Future<Output = Probed> + Send + '_>> {
        let _gone = self.1.send(request.device.unwrap());
        let observation = Observation {
            verdict: Verdict::Online,
            reached: true,
            ..Observation::new(request.url, request.kind, request.depth, self.0.now())
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
    ) -> Pin<Box<dyn Future<Output = Option<EvidenceRow>> + Send + '_>> {
        Box::pin(std::future::ready(None))
    }

    fn discard(&self, _: EvidenceRow) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test]
async fn a_wall_clock_that_is_set_back_stops_no_probe() {
    let folder = tempfile::tempdir().unwrap();
    let wall = Arc::new(Wall(AtomicI64::new(1_800_000_000_000)));
    let (zone, chance) = (chrono_tz::Asia::Shanghai, Arc::new(Counter::default()));
    let key = MasterKey::from_bytes([1; 32]);
    let store = Store::open(&folder.path().join("db"), key, zone, chance).await.unwrap();
    let camera = LedgerRow {
        street: Some("人民路".into()),
        url: Some("rtsp://10.0.0.2/ch1".into()),
        ..LedgerRow::new(2, "一号", "东门")
    };
    let imported = store.import(vec![camera], wall.now(), ImportMode::AllOrNothing).await.unwrap();
    assert!(imported.applied, "{imported:?}");

    let (tells, mut probes) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let agent = Agent {
        name: "local".to_owned(),
        store: store.clone(),
        prober: Arc::new(Tells(wall.clone(), tells)),
        evidence: Arc::new(Nothing),
        dialogues: Dialogues::Asked,
        clock: wall.clone(),
        plan_of: Arc::new(|_, _| Plan {
            interval: Duration::from_millis(50),
            depth: Depth::Reach,
            seconds: Duration::ZERO,
            decode_every: Duration::ZERO,
            transport: TransportPolicy::Auto,
            jitter: 0.0,
            confirm: ConfirmRule { failures: 1, retry: Duration::from_millis(50) },
        }),
        claim_of: Arc::new(|_| Claim::default()),
        limits: Limits { concurrent: 4, per_parent: 4, per_host: 4, per_site: 4 },
        eyes: Eyes::default(),
    };
    let (_handle, agent) = agent.start(stop.clone());
    // By an hour back, by a year ahead, to 1970.
    for jump in [-HOUR, 365 * 24 * HOUR, -1_800_000_000_000] {
        for _ in 0..2 {
            let probe = tokio::time::timeout(Duration::from_secs(20), probes.recv()).await;
            assert!(probe.is_ok(), "no probe after a jump");
        }
        wall.0.fetch_add(jump, Ordering::Relaxed);
    }
    let probe = tokio::time::timeout(Duration::from_secs(20), probes.recv()).await;
    assert!(probe.is_ok(), "no probe in 1970");
    stop.cancel();
    agent.await.unwrap();
    store.close().await;
}

//! A store in a temporary folder, ledger rows and observations.

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use zhishou_domain::{
    ConfirmRule, DayStrip, Depth, Detail, DeviceId, DeviceKind, Fault, FaultCode, IdSource,
    LedgerRow, Observation, Stage, State, Timestamp, Verdict, VideoFacts,
};
use zhishou_storage::{
    Fate, ImportMode, ImportSummary, KeptFor, MasterKey, Record, Recorded, Store,
};

pub(crate) const RULE: ConfirmRule = ConfirmRule { failures: 3, retry: Duration::from_secs(10) };
pub(crate) const HOLD: Duration = Duration::from_secs(600);

/// Identities that differ, without chance.
#[derive(Default)]
struct Counter(AtomicU64);

impl IdSource for Counter {
    fn random(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        bytes
    }
}

pub(crate) struct Home {
    folder: tempfile::TempDir,
    zone: chrono_tz::Tz,
}

impl Home {
    pub(crate) fn new(zone: chrono_tz::Tz) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), zone }
    }

    pub(crate) fn shanghai() -> Self {
        Self::new(chrono_tz::Asia::Shanghai)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("zhishou.db")
    }

    pub(crate) async fn open(&self) -> Store {
        self.open_in(self.zone).await
    }

    pub(crate) async fn open_in(&self, zone: chrono_tz::Tz) -> Store {
        let key = MasterKey::load_or_create(&self.folder.path().join("master.key")).unwrap();
        Store::open(&self.path(), key, zone, Arc::new(Counter::default())).await.unwrap()
    }

    /// A connection past the store, for looking at what it wrote.
    pub(crate) async fn look(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.path());
        SqliteConnection::connect_with(&options).await.unwrap()
    }
}

/// 2026-03-10T00:00:00 in Shanghai, plus so many seconds.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_773_072_000_000 + second * 1000)
}

/// A camera with an address, at the site 东门 of the street 人民路.
pub(crate) fn camera(row: u32, name: &str) -> LedgerRow {
    LedgerRow {
        street: Some("人民路".into()),
        url: Some(format!("rtsp://10.0.0.{row}/ch1")),
        ..LedgerRow::new(row, name, "东门")
    }
}

pub(crate) async fn import(store: &Store, rows: Vec<LedgerRow>, now: Timestamp) -> ImportSummary {
    let summary = store.import(rows, now, ImportMode::AllOrNothing).await.unwrap();
    assert_eq!(summary.errors, []);
    assert!(summary.applied);
    summary
}

/// A store with one camera that is in use since `at(0)`.
pub(crate) async fn with_camera(home: &Home) -> (Store, DeviceId) {
    let store = home.open().await;
    import(&store, vec![camera(2, "一号")], at(0)).await;
    let device = store.probe_targets(None, 10).await.unwrap()[0].device;
    (store, device)
}

pub(crate) fn observation(started_at: Timestamp, verdict: Verdict) -> Observation {
    let code = match verdict {
        Verdict::Online => None,
        Verdict::Degraded => Some(FaultCode::LowFps),
        Verdict::Offline => Some(FaultCode::Refused),
        Verdict::Unknown => Some(FaultCode::SessionLimit),
    };
    let fault = code.map(|code| Fault { code, stage: Stage::Connect, detail: Detail::None });
    Observation {
        verdict,
        reached: verdict != Verdict::Offline,
        faults: fault.into_iter().collect(),
        video: Some(VideoFacts { fps: Some(25.0), ..VideoFacts::default() }),
        ..Observation::new(
            "rtsp://10.0.0.2/ch1".into(),
            DeviceKind::Camera,
            Depth::Stream,
            started_at,
        )
    }
}

pub(crate) fn record(device: DeviceId, sequence: i64, at: Timestamp, verdict: Verdict) -> Record {
    Record {
        device,
        agent: "local".into(),
        sequence,
        observation: observation(at, verdict),
        recorded_at: at,
        rule: RULE,
        hold: HOLD,
        signature: None,
        lesson: None,
        habit: None,
        evidence: vec![],
        kept_for: KeptFor::Asked,
        login: None,
    }
}

/// Records a row of results that must all count.
pub(crate) async fn record_all(
    store: &Store,
    device: DeviceId,
    first: i64,
    results: &[(i64, Verdict)],
) -> Recorded {
    let mut last = None;
    for (sequence, (second, verdict)) in (first..).zip(results) {
        let recorded = store.record(record(device, sequence, at(*second), *verdict)).await.unwrap();
        assert_eq!(recorded.fate, Fate::Counted);
        last = Some(recorded);
    }
    last.unwrap()
}

/// Known minutes of a device as (local day in Shanghai, up, degraded, down), in order.
pub(crate) async fn tallies(
    connection: &mut SqliteConnection,
    device: DeviceId,
) -> Vec<(String, i64, i64, i64)> {
    let strips: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT utc_day, minutes FROM strips WHERE device_id = ? ORDER BY utc_day")
            .bind(device.to_string())
            .fetch_all(connection)
            .await
            .unwrap();
    let mut days: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    for (day, minutes) in strips {
        let strip = DayStrip::from_bytes(&minutes).unwrap();
        for minute in 0..1440 {
            let start = Timestamp::from_millis((day * 1440 + minute) * 60_000);
            let at = match strip.get(usize::try_from(minute).unwrap()) {
                State::Unknown => continue,
                State::Up => 0,
                State::Degraded => 1,
                State::Down => 2,
            };
            days.entry(start.local_day(chrono_tz::Asia::Shanghai).to_string()).or_default()[at] +=
                1;
        }
    }
    days.into_iter().map(|(day, [up, degraded, down])| (day, up, degraded, down)).collect()
}

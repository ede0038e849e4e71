//! Measures what a day costs on disk: `growth [DEVICES]`, 1 000 unless given.
//!
//! Writes a day of results through the store as the agent does: cameras probed every five minutes, each
//! second picture judged (`decode_every_s` = 600), two in a hundred down for an hour or two, some with a
//! slow stream. Says what each table takes, all of it and once raw observations are past their days.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;
use zhishou_domain::{
    ConfirmRule, Depth, Detail, DeviceId, DeviceKind, Fault, FaultCode, IdSource, LedgerRow,
    Observation, PictureFacts, PictureMode, Reading, Stage, StageTiming, Timestamp, Transport,
    Verdict, VideoFacts,
};
use zhishou_storage::{Filter, ImportMode, Keeping, KeptFor, MasterKey, Record, Store};

const ZONE: chrono_tz::Tz = chrono_tz::Asia::Shanghai;
/// Seconds between two probes of a camera.
const INTERVAL_S: u64 = 300;
const DAY: Duration = Duration::from_secs(86_400);
/// 2026-03-09T00:00+08:00.
const START: Timestamp = Timestamp::from_millis(1_772_985_600_000);

struct Counting(AtomicU64);

impl IdSource for Counting {
    fn random(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        bytes
    }
}

/// What probe number `step` of a camera sees.
fn observation(number: u64, step: u64, at: Timestamp) -> Observation {
    let is_down = number % 50 == 7 && (100..120).contains(&step);
    let is_slow = number % 25 == 3 && step % 60 < 20;
    let seen = Observation::new(
        format!("rtsp://10.{}.{}.{}/1", number >> 16, number >> 8 & 255, number & 255),
        DeviceKind::Camera,
        Depth::Picture,
        at,
    );
    if is_down {
        let fault = Fault::new(FaultCode::ConnectTimeout, Stage::Connect, Detail::None);
        return Observation { verdict: Verdict::Offline, faults: vec![fault], ..seen };
    }
    let slow = Detail::Fps { fps: 12.4, declared_fps: 25.0 };
    let slow = is_slow.then(|| Fault::new(FaultCode::LowFps, Stage::Receive, slow));
    let jitter = (number * 7 + step * 13) % 97;
    let scores = [FaultCode::Black, FaultCode::Blurred, FaultCode::LowContrast, FaultCode::Noise];
    let score = 0.01 * (jitter % 31) as f64;
    Observation {
        verdict: if is_slow { Verdict::Degraded } else { Verdict::Online },
        reached: true,
        duration_ms: 3400.0 + jitter as f64,
        faults: slow.into_iter().collect(),
        stages: [Stage::Connect, Stage::Options, Stage::Describe, Stage::Setup, Stage::Play]
            .into_iter()
            .chain([Stage::FirstPacket, Stage::FirstKeyframe, Stage::Teardown])
            .map(|name| StageTiming { name, ms: Some(1.9 + jitter as f64 / 10.0) })
            .collect(),
        server: Some("Hikvision-Webs".into()),
        transport: Some(Transport::Tcp),
        video: Some(VideoFacts {
            codec: Some("h264".into()),
            profile: Some("High".into()),
            level: Some("4.1".into()),
            width: Some(1920),
            height: Some(1080),
            declared_fps: Some(25.0),
            fps: Some(24.9),
            bitrate_bps: Some(2_011_000.0 + jitter as f64 * 3000.0),
            gop_frames: Some(50.0),
            keyframes: 2,
            packets: 610 + jitter,
            loss_ratio: Some(0.0),
            jitter_ms: Some(3.1 + jitter as f64 / 100.0),
            ..VideoFacts::default()
        }),
        picture: step.is_multiple_of(2).then(|| PictureFacts {
            width: 1920,
            height: 1080,
            mode: PictureMode::Colour,
            light: None,
            tiles: None,
            shift: None,
            stripes: None,
            scores: scores.into_iter().map(|code| (code, Some(score))).collect(),
            readings: scores
                .into_iter()
                .map(|code| (code, Reading::new(score, 62.0, 50.0, "luma")))
                .collect(),
            decoder_errors: 0,
            algorithm: 1,
            luma_mean: 118.2,
            snapshot: None,
        }),
        ..seen
    }
}

async fn fill(store: &Store, devices: &[DeviceId]) {
    for step in 0..DAY.as_secs() / INTERVAL_S {
        let mut writes = JoinSet::new();
        for (number, device) in (0..).zip(devices) {
            let at = START + Duration::from_secs(step * INTERVAL_S + number % INTERVAL_S);
            let record = Record {
                device: *device,
                agent: "local".into(),
                sequence: i64::try_from(step * 1_000_000 + number).unwrap(),
                recorded_at: at,
                observation: observation(number, step, at),
                rule: ConfirmRule { failures: 3, retry: Duration::from_secs(30) },
                hold: Duration::from_secs(2 * INTERVAL_S),
                signature: None,
                lesson: None,
                habit: None,
                evidence: Vec::new(),
                kept_for: KeptFor::Asked,
                login: None,
            };
            let store = store.clone();
            writes.spawn(async move { store.record(record).await.unwrap() });
        }
        writes.join_all().await;
    }
}

/// Bytes of the file after it was packed, and of its largest tables with their indexes.
async fn measure(path: &Path) -> (i64, Vec<(String, i64)>) {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("VACUUM").execute(&mut connection).await.unwrap();
    let all = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let all: i64 = sqlx::query_scalar(all).fetch_one(&mut connection).await.unwrap();
    let tables = sqlx::query_as(
        "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_schema m ON m.name = s.name
         GROUP BY 1 ORDER BY 2 DESC LIMIT 8",
    );
    (all, tables.fetch_all(&mut connection).await.unwrap_or_default())
}

#[tokio::main]
async fn main() {
    let devices: u32 = std::env::args().nth(1).map_or(1000, |it| it.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zhishou.db");
    let ids = Arc::new(Counting(AtomicU64::new(1)));
    let store = Store::open(&path, MasterKey::from_bytes([7; 32]), ZONE, ids).await.unwrap();
    let row = |number: u32| LedgerRow {
        street: Some(format!("第{}街道", number % 130 % 11)),
        url: Some(format!("rtsp://10.0.{}.{}/1", number >> 8, number & 255)),
        kind: Some(DeviceKind::Camera),
        maintainer: Some(format!("运维{}", number % 5)),
        ..LedgerRow::new(number + 2, format!("球机{number}"), format!("站点{}", number % 130))
    };
    let rows = (0..devices).map(row).collect();
    let imported = store.import(rows, START - DAY, ImportMode::AllOrNothing).await.unwrap();
    assert!(imported.applied, "{:?}", imported.errors);
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = store.fleet(&Filter::default(), after.as_ref(), 500, START).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.cursor());
        ids.extend(page.iter().map(|row| row.id));
    }
    let (empty, _) = measure(&path).await;
    fill(&store, &ids).await;
    let end = START + DAY + Duration::from_secs(3600);
    while store.keep_accounts(end).await.unwrap() != Keeping::UpToDate {}
    let (full, tables) = measure(&path).await;
    store.prune_observations(end).await.unwrap();
    let (kept, _) = measure(&path).await;
    store.close().await;
    let each = |bytes: i64| bytes as f64 / 1e6 * 1000.0 / f64::from(devices);
    println!("a day of 1 000 cameras every {INTERVAL_S} s, MB:");
    println!("{:8.2} in all", each(full - empty));
    println!("{:8.2} once raw observations are past their days", each(kept - empty));
    for (table, bytes) in tables {
        println!("{:8.2} {table}", each(bytes));
    }
}

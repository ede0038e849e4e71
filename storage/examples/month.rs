//! Times the figures of a month: `month [DEVICES] [DAYS]`, 10 000 and 31 unless given.
//!
//! Fills a database of its own with cameras on 130 sites, each up but for some outages, degraded
//! spells and gaps a week, seeded; then makes the figures of all streets under each shipped policy.
//! Goal: from strips in under 2 s on 2 cores. A missed goal fails nothing.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use sqlx::{
    Connection, QueryBuilder, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteSynchronous},
};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use zhishou_domain::{
    DayStrip, DeviceKind, IdSource, LedgerRow, PointClass, Span, State, Timestamp,
    account::Source,
    policy::{Policy, shipped},
    strip,
};
use zhishou_storage::{By, Filter, ImportMode, MasterKey, Store};

const ZONE: chrono_tz::Tz = chrono_tz::Asia::Shanghai;
const DAY_MS: u64 = 86_400_000;
const GOAL: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;

struct Counting(AtomicU64);

impl IdSource for Counting {
    fn random(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        bytes
    }
}

/// Numbers that look like chance (Knuth's MMIX).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn ledger(devices: u32) -> Vec<LedgerRow> {
    let row = |number: u32| LedgerRow {
        // A site lies in one street.
        street: Some(format!("第{}街道", number % 130 % 11)),
        url: Some(format!("rtsp://10.{}.{}.{}/1", number >> 16, (number >> 8) & 255, number & 255)),
        kind: Some(DeviceKind::Camera),
        class: Some([PointClass::One, PointClass::Two, PointClass::Three][(number % 3) as usize]),
        maintainer: Some(format!("运维{}", number % 5)),
        ..LedgerRow::new(number + 2, format!("球机{number}"), format!("站点{}", number % 130))
    };
    (0..devices).map(row).collect()
}

/// One device's month: about five changes a day, as a district on a bad network has.
fn spells(chance: &mut Chance, start: Timestamp, end: Timestamp) -> Vec<(Span, &'static str)> {
    let (mut at, mut spells) = (start, Vec::new());
    while at < end {
        let (state, faults, most) = match chance.below(10) {
            0 => (State::Down, "[\"connect_timeout\"]", 3 * 3_600_000),
            1 => (State::Unknown, "[]", 1_200_000),
            2 => (State::Degraded, "[\"low_fps\"]", 4 * 3_600_000),
            3 => (State::Degraded, "[\"blurred\"]", 4 * 3_600_000),
            _ => (State::Up, "[]", 12 * 3_600_000),
        };
        let to = (at + Duration::from_millis(60_000 + chance.below(most))).min(end);
        spells.push((Span { from: at, to, state }, faults));
        at = to;
    }
    spells
}

async fn fill(path: &Path, devices: &[String], start: Timestamp, end: Timestamp) -> usize {
    // Nothing is lost that could not be made again, and pages stay in memory until they are written once.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .synchronous(SqliteSynchronous::Off)
        .pragma("cache_size", "-524288");
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let mut write = connection.begin().await.unwrap();
    let (mut chance, mut changes) = (Chance(7), 0);
    for device in devices {
        let mut strips: BTreeMap<i64, DayStrip> = BTreeMap::new();
        let spells = spells(&mut chance, start, end);
        changes += spells.len();
        // A statement a device: one a row would take minutes.
        let columns = "INSERT INTO transitions (device_id, at_ms, state, reached, faults) ";
        QueryBuilder::new(columns)
            .push_values(&spells, |mut row, (span, faults)| {
                row.push_bind(device)
                    .push_bind(span.from.millis())
                    .push_bind(span.state.code())
                    .push_bind(matches!(span.state, State::Up | State::Degraded))
                    .push_bind(*faults);
            })
            .build()
            .execute(&mut *write)
            .await
            .unwrap();
        for (span, _) in spells {
            for (day, minute) in strip::minutes_of(span) {
                strips.entry(day).or_default().raise(minute, span.state);
            }
        }
        QueryBuilder::new("INSERT INTO strips (utc_day, device_id, minutes) ")
            .push_values(&strips, |mut row, (day, strip)| {
                row.push_bind(*day).push_bind(device).push_bind(strip.as_bytes());
            })
            .build()
            .execute(&mut *write)
            .await
            .unwrap();
        sqlx::query("INSERT INTO standings (device_id, state, since_ms, reached, faults, last_result_ms, hold_ms, round) VALUES (?, 'unknown', 0, 0, '[]', ?, 120000, 1)")
            .bind(device)
            .bind(end.millis())
            .execute(&mut *write)
            .await
            .unwrap();
    }
    write.commit().await.unwrap();
    changes
}

async fn time(store: &Store, policy: &Policy, source: Source, days: u32, now: Timestamp) {
    let first = now.local_day(ZONE) - chrono::Duration::days(i64::from(days));
    let last = now.local_day(ZONE) - chrono::Duration::days(1);
    let mut times = Vec::new();
    let mut percent = String::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let all = Filter::default();
        let account = store.account(policy, source, By::Street, &all, (first, last), now).await;
        times.push(begun.elapsed());
        let sums = account.unwrap().total().after;
        let rate = zhishou_domain::Rate { numerator: sums.online(), denominator: sums.checked() };
        percent = rate.percent();
    }
    times.sort_unstable();
    let [least, median, most] =
        [times[0], times[ROUNDS / 2], times[ROUNDS - 1]].map(|it| it.as_secs_f64());
    let goal = match (source, times[ROUNDS / 2] <= GOAL) {
        (Source::Transitions, _) => "",
        (Source::Strips, true) => "  ≤ 2 s met",
        (Source::Strips, false) => "  ≤ 2 s missed",
    };
    let name = policy.reference().to_string();
    println!(
        "{name:16} {:12} {median:6.2} s ({least:.2}–{most:.2})  {percent} %{goal}",
        source.code()
    );
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u32| arguments.next().map_or(default, |text| text.parse().unwrap());
    let (devices, days) = (number(10_000), number(31));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zhishou.db");
    let key = MasterKey::from_bytes([7; 32]);
    let store = Store::open(&path, key, ZONE, Arc::new(Counting(AtomicU64::new(1)))).await.unwrap();
    // 2026-04-01 in Shanghai.
    let now = Timestamp::from_millis(1_774_972_800_000);
    let start = now - Duration::from_millis(DAY_MS * u64::from(days));
    store.import(ledger(devices), start, ImportMode::AllOrNothing).await.unwrap();
    let targets = store.probe_targets(None, devices.into()).await.unwrap();
    let ids: Vec<String> = targets.iter().map(|target| target.device.to_string()).collect();
    let changes = fill(&path, &ids, start, now).await;
    println!(
        "figures of all streets: {} cameras, {days} days, {changes} transitions; {ROUNDS} rounds, median (min–max)",
        ids.len()
    );
    let policies = shipped();
    for policy in policies.iter().filter(|policy| policy.reads_as_strips()) {
        time(&store, policy, Source::Strips, days, now).await;
    }
    for policy in &policies {
        time(&store, policy, Source::Transitions, days, now).await;
    }
}

//! A year behind the day and a half of the fixture, seeded: power cuts of whole sites (most of them
//! excluded), dead switches, cameras that wait for days to be repaired, some that flap, and some whose
//! picture fails every night. What is written are transitions, as probes would have left them.

use crate::fixture::{Fixture, NOW};
use sqlx::{
    Connection, QueryBuilder, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteSynchronous},
};
use std::time::Duration;
use zhishou_domain::{Exclusion, ExclusionAct, ExclusionReason, ExclusionStep, SiteId, Timestamp};
use zhishou_storage::ExclusionScope;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Local midnight in Shanghai lies so long before that of UTC.
const OFFSET: i64 = 8 * HOUR;
/// Days of the past; what is nearer is of the fixture.
pub(crate) const DAYS: i64 = 365;
/// Cameras behind one switch.
const SWITCH: usize = 8;

/// Numbers that look like chance (Knuth's MMIX).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit.unsigned_abs()) as i64
    }

    fn is_one_in(&mut self, many: i64) -> bool {
        self.below(many) == 0
    }
}

/// Trouble from and to, milliseconds, with its state and fault.
type Trouble = (i64, i64, &'static str, &'static str);

/// The first moment of the year.
pub(crate) fn start() -> Timestamp {
    NOW - Duration::from_millis((DAYS * DAY).unsigned_abs())
}

/// Writes the year. Devices are there since [`start`].
pub(crate) async fn fill(fixture: &Fixture) {
    let path = fixture.folder.path().join("zhishou.db");
    let options = SqliteConnectOptions::new().filename(path).synchronous(SqliteSynchronous::Off);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let devices: Vec<(String, String)> = sqlx::query_as(
        "SELECT id, site_id FROM devices WHERE url IS NOT NULL ORDER BY site_id, id",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let (begin, end) = (start().millis(), (NOW - Duration::from_secs(36 * 3600)).millis());
    let mut chance = Chance(7);
    let mut write = connection.begin().await.unwrap();
    let mut cuts = Vec::new();
    for site in devices.chunk_by(|a, b| a.1 == b.1) {
        let spell = |chance: &mut Chance, least: i64, most: i64| {
            let from = begin / MINUTE + chance.below((end - begin) / MINUTE);
            let minutes = (least + chance.below(most)) / MINUTE;
            (from * MINUTE, (from + minutes).min(end / MINUTE) * MINUTE)
        };
        let power: Vec<_> =
            (0..2 + chance.below(5)).map(|_| spell(&mut chance, HOUR, 6 * HOUR)).collect();
        cuts.extend(power.iter().map(|cut| (site[0].1.clone(), *cut)));
        for group in site.chunks(SWITCH) {
            let dead = chance.is_one_in(2).then(|| spell(&mut chance, 3 * HOUR, 40 * HOUR));
            for (device, _) in group {
                let mut troubles: Vec<Trouble> = Vec::new();
                let mut down = |(from, to), fault| troubles.push((from, to, "down", fault));
                power.iter().for_each(|cut| down(*cut, "[\"unreachable\"]"));
                dead.iter().for_each(|cut| down(*cut, "[\"connect_timeout\"]"));
                for _ in 0..chance.below(4) {
                    down(spell(&mut chance, HOUR, 60 * HOUR), "[\"no_media\"]");
                }
                if chance.is_one_in(100) {
                    for _ in 0..400 {
                        down(spell(&mut chance, 5 * MINUTE, 30 * MINUTE), "[\"stalled\"]");
                    }
                }
                if chance.is_one_in(30) {
                    for day in 1..DAYS - 2 {
                        let dusk = begin / DAY * DAY + day * DAY - OFFSET + 19 * HOUR;
                        troubles.push((dusk, dusk + 11 * HOUR, "degraded", "[\"too_dark\"]"));
                    }
                }
                let rows = transitions(troubles, begin, end);
                for rows in rows.chunks(5000) {
                    QueryBuilder::new(
                        "INSERT INTO transitions (device_id, at_ms, state, reached, faults) ",
                    )
                    .push_values(rows, |mut row, (at, state, fault)| {
                        row.push_bind(device)
                            .push_bind(at)
                            .push_bind(*state)
                            .push_bind(*state != "down")
                            .push_bind(*fault);
                    })
                    .build()
                    .execute(&mut *write)
                    .await
                    .unwrap();
                }
            }
        }
    }
    write.commit().await.unwrap();
    connection.close().await.unwrap();
    for (index, (site, (from, to))) in cuts.into_iter().enumerate() {
        // One in five was never filed.
        if index % 5 != 0 && from < to {
            exclude(fixture, site.parse().unwrap(), from, to).await;
        }
    }
}

/// Changes in order of time: trouble after trouble, the earlier one to its end, and up between.
fn transitions(
    mut troubles: Vec<Trouble>,
    begin: i64,
    end: i64,
) -> Vec<(i64, &'static str, &'static str)> {
    troubles.sort_unstable();
    let (mut rows, mut at) = (vec![(begin, "up", "[]")], begin);
    for (from, to, state, fault) in troubles {
        let from = from.max(at + MINUTE);
        if from + MINUTE >= to || to >= end {
            continue;
        }
        rows.push((from, state, fault));
        rows.push((to, "up", "[]"));
        at = to;
    }
    rows
}

async fn exclude(fixture: &Fixture, site: SiteId, from: i64, to: i64) {
    let [from, to] = [from, to].map(Timestamp::from_millis);
    let step = |act, login: &str| ExclusionStep {
        at: to,
        login: login.to_owned(),
        act,
        note: String::new(),
    };
    let exclusion = Exclusion {
        from,
        to,
        reason: ExclusionReason::PowerCut,
        steps: vec![step(ExclusionAct::File, "maintainer")],
    };
    let store = &fixture.app.store;
    let scope = ExclusionScope::Site(site);
    let evidence = "停电通知".to_owned();
    let id = store.file_exclusion(scope, None, evidence, exclusion, String::new()).await;
    let id = id.unwrap().unwrap();
    for (act, login) in [(ExclusionAct::Approve, "centre"), (ExclusionAct::Confirm, "liaison")] {
        store.act_on_exclusion(id, step(act, login), String::new()).await.unwrap();
    }
}

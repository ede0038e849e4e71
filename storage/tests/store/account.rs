//! Figures by policy: by group, before and after exclusion, from both sources, and again by a
//! program of another language.

use crate::support::{HOLD, Home, at, camera, import, record};
use chrono::NaiveDate;
use serde_json::{Value, json};
use sqlx::Connection;
use std::process::Command;
use zhishou_domain::{
    DeviceId, DeviceKind, Exclusion, ExclusionAct, ExclusionReason, ExclusionState, ExclusionStep,
    LifeState, PointClass, Timestamp,
    Verdict::{self, *},
    account::{Source, Sums, Tally},
    policy::{OnlineOver, Policy, shipped},
};
use zhishou_storage::{
    By, ExclusionActed, ExclusionScope, Filter, PolicyAdded, Store, StoredExclusion,
};

const DAY: i64 = 86_400;
const MONTH: (NaiveDate, NaiveDate) = (
    NaiveDate::from_ymd_opt(2026, 3, 1).expect("a date"),
    NaiveDate::from_ymd_opt(2026, 3, 31).expect("a date"),
);

/// Days of March 2026, both included.
fn days(from: u32, to: u32) -> (NaiveDate, NaiveDate) {
    let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    (day(from), day(to))
}

async fn devices(store: &Store) -> Vec<DeviceId> {
    store.probe_targets(None, 100).await.unwrap().into_iter().map(|it| it.device).collect()
}

/// Results every five minutes from `from` on, in seconds after `at(0)`.
async fn results(store: &Store, device: DeviceId, from: i64, verdicts: &[Verdict]) {
    for (index, verdict) in (0..).zip(verdicts) {
        let second = from + index * 300;
        store.record(record(device, second + 1, at(second), *verdict)).await.unwrap();
    }
}

async fn total(store: &Store, policy: &Policy, source: Source, now: Timestamp) -> Tally {
    let all = Filter::default();
    store.account(policy, source, By::Site, &all, MONTH, now).await.unwrap().total()
}

pub(crate) fn filed(from: i64, to: i64, reason: ExclusionReason) -> Exclusion {
    let step = ExclusionStep {
        at: at(to),
        login: "maintainer".into(),
        act: ExclusionAct::File,
        note: "停电通知".into(),
    };
    Exclusion { from: at(from), to: at(to), reason, steps: vec![step] }
}

pub(crate) async fn act(
    store: &Store,
    exclusion: &StoredExclusion,
    act: ExclusionAct,
    login: &str,
) -> ExclusionActed {
    let step = ExclusionStep { at: at(DAY), login: login.into(), act, note: String::new() };
    store.act_on_exclusion(exclusion.id, step, String::new()).await.unwrap()
}

/// Three cameras over two days: outages, a change of class, a removal, one without an address.
pub(crate) async fn district(home: &Home) -> (Store, Vec<DeviceId>) {
    let store = home.open().await;
    let classed = |row, name, class| zhishou_domain::LedgerRow {
        class: Some(class),
        maintainer: Some("华安".into()),
        ..camera(row, name)
    };
    let mut bare = camera(5, "四号");
    bare.url = None;
    let rows = vec![
        classed(2, "一号", PointClass::One),
        classed(3, "二号", PointClass::Two),
        camera(4, "三号"),
        bare,
    ];
    import(&store, rows, at(30)).await;
    let ids = devices(&store).await;
    results(&store, ids[0], 600, &[Online, Degraded, Degraded, Degraded, Online]).await;
    results(&store, ids[1], 630, &[Online, Offline, Offline, Offline, Offline, Online]).await;
    results(&store, ids[2], 659, &[Unknown, Online, Unknown, Offline, Offline, Offline, Online])
        .await;
    // In the middle of a minute the second camera becomes class 1, and the third is removed.
    import(&store, vec![classed(3, "二号", PointClass::One)], at(1830)).await;
    results(&store, ids[1], 2430, &[Online, Degraded, Online]).await;
    let gone = zhishou_domain::LedgerRow { life: Some(LifeState::Removed), ..camera(4, "三号") };
    import(&store, vec![gone], at(2730)).await;
    (store, ids)
}

#[tokio::test]
async fn minutes_count_for_the_class_of_their_time_and_removed_cameras_keep_theirs() {
    let home = Home::shanghai();
    let (store, _) = district(&home).await;
    let policy = &shipped()[0];
    let now = at(DAY);
    let account = |by| {
        let store = store.clone();
        async move {
            let all = Filter::default();
            let source = Source::Transitions;
            store.account(policy, source, by, &all, days(10, 10), now).await.unwrap()
        }
    };
    let by_class = account(By::Class).await;
    let due = |key: Option<&str>| {
        let row = by_class.rows.iter().find(|row| row.key.as_deref() == key);
        row.unwrap().tally.before.due
    };
    // One camera all day, and a second one from minute 30 on.
    assert_eq!(due(Some("1")), 1440 + 1440 - 30);
    assert_eq!(due(Some("2")), 30);
    // Removed at 45:30: minute 45 is the last one.
    assert_eq!(due(None), 46);
    let heads = by_class.total().heads;
    assert_eq!((heads.ledger, heads.due), (3, 2));
    for by in By::ALL {
        assert_eq!(account(by).await.total(), by_class.total(), "{by:?}");
    }
    let named = account(By::Site).await;
    assert_eq!(named.rows[0].name.as_deref(), Some("人民路 东门"));
    let only = Filter { class: Some(PointClass::Two), ..Filter::default() };
    let source = Source::Transitions;
    let only = store.account(policy, source, By::Site, &only, days(10, 10), now).await.unwrap();
    assert_eq!(only.total().before.due, 30);
}

#[tokio::test]
async fn strips_and_transitions_give_the_same_online_minutes() {
    let home = Home::shanghai();
    let (store, _) = district(&home).await;
    let policy = &shipped()[0];
    // While the last result stands, when it no longer does, and after somebody noticed.
    for now in [at(3100), at(3100 + 30), at(3600), at(DAY)] {
        let truth = total(&store, policy, Source::Transitions, now).await;
        let cached = total(&store, policy, Source::Strips, now).await;
        assert!(truth.before.up > 0 && truth.before.down > 0 && truth.before.degraded > 0);
        let known = Sums { reached: 0, unreached: 0, intact: 0, unjudged: 0, ..truth.before };
        assert_eq!((cached.before, cached.heads), (known, truth.heads), "{now:?}");
    }
    store.expire_standings(at(DAY)).await.unwrap();
    let truth = total(&store, policy, Source::Transitions, at(DAY)).await;
    let cached = total(&store, policy, Source::Strips, at(DAY)).await;
    assert_eq!(cached.before.checked(), truth.before.checked());
    // A policy that reads faults its own way is never made from strips.
    let strict = &shipped()[2];
    let all = Filter::default();
    let made = store.account(strict, Source::Strips, By::Site, &all, MONTH, at(DAY)).await.unwrap();
    assert_eq!(made.source, Source::Transitions);
}

#[tokio::test]
async fn an_exclusion_changes_figures_once_it_was_agreed_and_never_the_figures_before_it() {
    let home = Home::shanghai();
    let (store, ids) = district(&home).await;
    let (plain, confirmed) = (&shipped()[0], &shipped()[1]);
    let now = at(DAY);
    let before = total(&store, plain, Source::Transitions, now).await;
    assert_eq!(before.before, before.after);
    // Minutes 16 to 25 of the second camera; it was down in all of them.
    let exclusion = filed(960, 1560, ExclusionReason::PowerCut);
    let scope = ExclusionScope::Device(ids[1]);
    let id = store
        .file_exclusion(scope, None, "供电局 12 号".into(), exclusion, String::new())
        .await
        .unwrap();
    let stored = store.exclusion(id.unwrap()).await.unwrap().unwrap();
    assert_eq!(total(&store, plain, Source::Transitions, now).await, before);
    let by_filer = act(&store, &stored, ExclusionAct::Approve, "maintainer").await;
    assert!(matches!(by_filer, ExclusionActed::Refused(_)));
    let approved = act(&store, &stored, ExclusionAct::Approve, "centre").await;
    assert_eq!(approved, ExclusionActed::Now(ExclusionState::Approved));
    for source in [Source::Transitions, Source::Strips] {
        let after = total(&store, plain, source, now).await;
        assert_eq!(after.before.due, before.before.due);
        assert_eq!(after.before.due - after.after.due, 10, "{source:?}");
        assert_eq!(after.before.down - after.after.down, 10, "{source:?}");
        assert_eq!(after.after.online(), before.before.online());
    }
    // Where the liaison must confirm, it does not count yet.
    let listed = store.exclusions((at(0), now), (None, None), None, 10).await.unwrap();
    assert_eq!(listed[0].exclusion.state(), ExclusionState::Approved);
    assert!(!listed[0].exclusion.counts_under(confirmed));
    act(&store, &stored, ExclusionAct::Withdraw, "centre").await;
    assert_eq!(total(&store, plain, Source::Transitions, now).await, before);

    // A whole site, but only what one maintainer has there; not the camera it does not have.
    let site = listed_site(&store).await;
    let maintainer = store.choices().await.unwrap().maintainers[0].0;
    let exclusion = filed(0, 600, ExclusionReason::Construction);
    let scope = ExclusionScope::Site(site);
    let id = store
        .file_exclusion(scope, Some(maintainer), "x".into(), exclusion, String::new())
        .await
        .unwrap();
    let stored = store.exclusion(id.unwrap()).await.unwrap().unwrap();
    act(&store, &stored, ExclusionAct::Approve, "centre").await;
    let after = total(&store, plain, Source::Transitions, now).await;
    assert_eq!(after.before.due - after.after.due, 2 * 10);
}

async fn listed_site(store: &Store) -> zhishou_domain::SiteId {
    store.site_names().await.unwrap()[0].id
}

#[tokio::test]
async fn what_was_decided_is_never_changed() {
    let home = Home::shanghai();
    let (store, ids) = district(&home).await;
    let policy = shipped().remove(0);
    let add = |policy: Policy| store.add_policy(policy, "admin".into(), at(0), String::new());
    assert_eq!(add(policy.clone()).await.unwrap(), PolicyAdded::NotNext(2));
    let second = Policy { version: 2, basis: "合同第 5 条".into(), ..policy.clone() };
    assert_eq!(add(second.clone()).await.unwrap(), PolicyAdded::Added);
    assert_eq!(store.policy("time-weighted", None).await.unwrap().unwrap().policy, second);
    assert_eq!(store.policy("time-weighted", Some(1)).await.unwrap().unwrap().policy, policy);
    assert_eq!(store.policies().await.unwrap().len(), shipped().len() + 1);
    let exclusion = filed(0, 60, ExclusionReason::PowerCut);
    let scope = ExclusionScope::Device(ids[0]);
    store.file_exclusion(scope, None, "x".into(), exclusion, String::new()).await.unwrap().unwrap();
    let mut past = home.look().await;
    for sql in [
        "UPDATE policies SET body = '{}'",
        "DELETE FROM policies",
        "UPDATE exclusions SET to_ms = to_ms + 60000",
        "DELETE FROM exclusion_steps",
        "UPDATE exclusion_steps SET login = 'x'",
        "DELETE FROM exclusions",
    ] {
        let refused = sqlx::query(sql).execute(&mut past).await.unwrap_err();
        assert!(refused.to_string().contains("is never"), "{sql}: {refused}");
    }
}

/// Everything an outsider needs to make the figures again.
async fn material(store: &Store, policy: &Policy, ids: &[DeviceId], now: Timestamp) -> Value {
    let mut found = Vec::new();
    for id in ids {
        let account = store.device_account(policy, *id, MONTH, now).await.unwrap().unwrap();
        let place = |it: &zhishou_storage::Place| json!({"site": it.site, "street": it.street, "maintainer": it.maintainer});
        let places: Vec<_> = account.places.iter().map(place).collect();
        found.push(json!({"id": id.to_string(), "history": account.history, "places": places}));
    }
    let exclusions =
        store.exclusions((at(-40 * DAY), at(40 * DAY)), (None, None), None, 100).await.unwrap();
    let exclusions: Vec<_> = exclusions
        .iter()
        .map(|it| {
            let about = match it.scope {
                ExclusionScope::Device(id) => id.to_string(),
                ExclusionScope::Site(id) => id.to_string(),
                ExclusionScope::Street(id) => id.to_string(),
            };
            let mut value = json!(it.exclusion);
            value["about"] = json!(about);
            value["maintainer"] = json!(it.maintainer);
            value
        })
        .collect();
    json!({
        "policy": policy, "zone": "Asia/Shanghai", "from": MONTH.0, "to": MONTH.1,
        "now_ms": now, "devices": found, "exclusions": exclusions,
    })
}

#[tokio::test]
async fn a_program_of_another_language_makes_the_same_month() {
    let home = Home::shanghai();
    let (store, mut ids) = district(&home).await;
    // More of everything: a month of a camera that comes and goes.
    import(&store, vec![camera(7, "五号")], at(2730)).await;
    let fifth = devices(&store).await.into_iter().find(|id| !ids.contains(id)).unwrap();
    sqlx::query("UPDATE placements SET from_ms = ? WHERE device_id = ?")
        .bind(at(-8 * DAY).millis())
        .bind(fifth.to_string())
        .execute(&mut home.look().await)
        .await
        .unwrap();
    ids.push(fifth);
    let verdicts = [Online, Offline, Unknown, Offline, Offline, Degraded, Offline, Online];
    let (mut second, mut seed) = (-8 * DAY, 7u64);
    for sequence in 1..1500 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chance = usize::try_from(seed >> 40).unwrap();
        second += [7, 59, 60, 61, 300, 590, 4000][chance % 7];
        let verdict = verdicts[(chance / 7) % verdicts.len()];
        store.record(record(fifth, sequence, at(second), verdict)).await.unwrap();
    }
    let site = listed_site(&store).await;
    for (scope, from, reason) in [
        (ExclusionScope::Device(fifth), -2 * DAY, ExclusionReason::PowerCut),
        (ExclusionScope::Site(site), 900, ExclusionReason::Construction),
        (ExclusionScope::Device(ids[1]), 900, ExclusionReason::Other),
    ] {
        let exclusion = filed(from, from + 36_000, reason);
        let id = store
            .file_exclusion(scope, None, "x".into(), exclusion, String::new())
            .await
            .unwrap()
            .unwrap();
        let stored = store.exclusion(id).await.unwrap().unwrap();
        act(&store, &stored, ExclusionAct::Approve, "centre").await;
        act(&store, &stored, ExclusionAct::Confirm, "liaison").await;
    }
    let now = at(second) + HOLD / 2;
    // Also those without an address: they are part of the ledger.
    let all: Vec<String> = sqlx::query_scalar("SELECT id FROM devices ORDER BY id")
        .fetch_all(&mut home.look().await)
        .await
        .unwrap();
    let ids: Vec<DeviceId> = all.iter().map(|id| id.parse().unwrap()).collect();
    let cameras = shipped().into_iter().filter(|it| it.scope.kinds == [DeviceKind::Camera]);
    let mut of_ledger = shipped().remove(0);
    of_ledger.measure.online_over = OnlineOver::Ledger;
    for policy in cameras.chain([of_ledger]) {
        let ours = total(&store, &policy, Source::Transitions, now).await;
        assert!(ours.before.down > 0 && ours.after.due < ours.before.due, "{}", policy.id);
        // Nobody judged a picture of them.
        assert!(ours.before.unjudged > 0 && ours.before.intact == 0, "{ours:?}");
        let file = home.path().with_extension("json");
        let material = material(&store, &policy, &ids, now).await;
        std::fs::write(&file, material.to_string()).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/recompute/rates.py");
        let output = Command::new("python3").arg(script).arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let theirs: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(theirs, json!({"before": ours.before, "after": ours.after}), "{}", policy.id);
    }
}

/// Placements of a device as (seconds after `at(0)`, class, connected), in order.
async fn placements(home: &Home, name: &str) -> Vec<(i64, Option<String>, bool)> {
    let rows: Vec<(i64, Option<String>, bool)> = sqlx::query_as(
        "SELECT p.from_ms, p.class, p.connected FROM placements p
         JOIN devices d ON d.id = p.device_id WHERE d.name = ? ORDER BY p.from_ms",
    )
    .bind(name)
    .fetch_all(&mut home.look().await)
    .await
    .unwrap();
    let second = |ms: i64| (ms - at(0).millis()) / 1000;
    rows.into_iter().map(|(ms, class, connected)| (second(ms), class, connected)).collect()
}

/// A database of before placements, with devices that were disabled, lost their address, or came
/// under a clock that was ahead.
#[tokio::test]
async fn devices_of_before_keep_the_minutes_they_were_probed_in() {
    let home = Home::shanghai();
    let store = home.open().await;
    let bare = |row, name| zhishou_domain::LedgerRow { url: None, ..camera(row, name) };
    let life =
        |row, name, life| zhishou_domain::LedgerRow { life: Some(life), ..camera(row, name) };
    let rows = vec![
        camera(2, "steady"),
        camera(3, "came back"),
        camera(4, "gone"),
        bare(5, "connected later"),
        bare(6, "never connected"),
        camera(7, "lost its address"),
        camera(8, "came back unseen"),
    ];
    import(&store, rows, at(0)).await;
    import(&store, vec![camera(9, "ahead")], at(365 * DAY)).await;
    let mut look = home.look().await;
    let id = async |name: &str| -> DeviceId {
        let mut look = home.look().await;
        let id: String = sqlx::query_scalar("SELECT id FROM devices WHERE name = ?")
            .bind(name)
            .fetch_one(&mut look)
            .await
            .unwrap();
        id.parse().unwrap()
    };
    // Not in the same second, for sequences are made of it.
    let seen = ["steady", "came back", "gone", "lost its address", "ahead"];
    for (second, name) in (60..).zip(seen) {
        results(&store, id(name).await, second, &[Online, Offline, Offline, Offline]).await;
    }
    let left = vec![
        life(3, "came back", LifeState::Disabled),
        life(4, "gone", LifeState::Disabled),
        life(8, "came back unseen", LifeState::Disabled),
    ];
    import(&store, left, at(1200)).await;
    let back = vec![
        life(3, "came back", LifeState::InUse),
        life(8, "came back unseen", LifeState::InUse),
        camera(5, "connected later"),
    ];
    import(&store, back, at(1800)).await;
    for (second, name) in [(1860, "came back"), (1861, "connected later")] {
        results(&store, id(name).await, second, &[Online, Online]).await;
    }
    store.close().await;
    for step in [
        "DROP TRIGGER transitions_change_accounts",
        "DROP TRIGGER transitions_gone_change_accounts",
        "DROP TRIGGER standings_change_accounts",
        "DROP TRIGGER lives_change_accounts",
        "DROP TRIGGER lives_moved_change_accounts",
        "DROP TRIGGER lives_gone_change_accounts",
        "DROP TRIGGER sites_change_accounts",
        "DROP INDEX standings_down",
        "DROP TRIGGER devices_are_numbered",
        "DROP TABLE device_numbers",
        "DROP TABLE day_accounts",
        "DROP TABLE account_changes",
        "DROP TABLE wall_tokens",
        "DROP TABLE day_horizon",
        "DROP TABLE exclusion_steps",
        "DROP TABLE exclusions",
        "DROP TRIGGER devices_are_placed",
        "DROP TRIGGER devices_are_replaced",
        "DROP TABLE placements",
        "DROP TABLE policies",
        "DELETE FROM _sqlx_migrations WHERE version IN (20, 21) OR version BETWEEN 35 AND 39",
        // The import of `at(1200)` has moved back what was ahead; here it had not.
        "UPDATE devices SET created_ms = created_ms + 31536000000, probed_since_ms = created_ms + 31536000000
         WHERE name = 'ahead'",
        "UPDATE devices SET url = NULL, probed_since_ms = NULL WHERE name = 'lost its address'",
    ] {
        sqlx::query(step).execute(&mut look).await.unwrap();
    }
    look.close().await.unwrap();

    let store = home.open().await;
    for (name, expected) in [
        ("steady", vec![(0, None, true)]),
        ("came back", vec![(0, None, true)]),
        ("gone", vec![(0, None, true)]),
        ("connected later", vec![(0, None, false), (1800, None, true)]),
        ("never connected", vec![(0, None, false)]),
        ("came back unseen", vec![(0, None, false), (1800, None, true)]),
    ] {
        assert_eq!(placements(&home, name).await, expected, "{name}");
    }
    // From its first transition on, and to its last.
    let lost = placements(&home, "lost its address").await;
    assert!(matches!(lost[..], [(0, None, true), (363.., None, false)]), "{lost:?}");
    assert_eq!(placements(&home, "ahead").await, [(64, None, true)]);
    let due = async |name: &str| {
        let (policy, id) = (&shipped()[0], id(name).await);
        let account = store.device_account(policy, id, days(10, 10), at(3600)).await.unwrap();
        account.unwrap().tally.before.due
    };
    assert_eq!(due("steady").await, 60);
    assert_eq!(due("came back").await, 60 - 10, "but for the ten minutes it was disabled");
    assert_eq!(due("gone").await, 20);
    assert_eq!(due("connected later").await, 30);
    assert_eq!(due("ahead").await, 59);
}

#[tokio::test]
async fn what_a_clock_a_year_ahead_placed_counts_from_the_next_import_on() {
    let home = Home::shanghai();
    let store = home.open().await;
    let policy = &shipped()[0];
    let classed = |class| zhishou_domain::LedgerRow { class: Some(class), ..camera(2, "一号") };
    let gone = zhishou_domain::LedgerRow { life: Some(LifeState::Removed), ..camera(3, "二号") };
    let ahead = 365 * DAY;
    import(&store, vec![classed(PointClass::One), camera(3, "二号")], at(ahead)).await;
    import(&store, vec![classed(PointClass::Two), gone.clone()], at(ahead + 60)).await;
    let before = total(&store, policy, Source::Transitions, at(DAY)).await;
    assert_eq!((before.before.due, before.heads.ledger), (0, 0));

    let again = import(&store, vec![classed(PointClass::Two), gone], at(600)).await;
    assert_eq!(again.unchanged, 2);
    assert_eq!(placements(&home, "一号").await, [(600, Some("2".to_owned()), true)]);
    let mut look = home.look().await;
    let life: Vec<(i64, String)> =
        sqlx::query_as("SELECT from_ms, state FROM life_states ORDER BY device_id")
            .fetch_all(&mut look)
            .await
            .unwrap();
    let expected = ["in_use", "removed"].map(|state| (at(600).millis(), state.to_owned()));
    assert_eq!(life, expected);
    let latest: i64 = sqlx::query_scalar(
        "SELECT max(max(created_ms, changed_ms, life_since_ms, ifnull(probed_since_ms, 0)))
         FROM devices",
    )
    .fetch_one(&mut look)
    .await
    .unwrap();
    assert_eq!(latest, at(600).millis());
    results(&store, devices(&store).await[0], 660, &[Online, Online]).await;
    let after = total(&store, policy, Source::Transitions, at(DAY)).await;
    assert_eq!((after.before.due, after.before.up), (1440 - 10, 15));
    assert_eq!((after.heads.ledger, after.heads.due), (1, 1));
}

#[tokio::test]
async fn a_clock_wrongly_set_back_moves_no_placement() {
    let home = Home::shanghai();
    let store = home.open().await;
    let rows = |class| {
        let bare = zhishou_domain::LedgerRow { url: None, ..camera(3, "二号") };
        let classed = |row| zhishou_domain::LedgerRow { class: Some(class), ..row };
        Vec::from([camera(2, "一号"), bare].map(classed))
    };
    import(&store, rows(PointClass::One), at(0)).await;
    results(&store, devices(&store).await[0], 0, &[Online; 500]).await;
    import(&store, rows(PointClass::Two), at(2 * DAY)).await;
    for years in [20, 1] {
        import(&store, rows(PointClass::Two), at(-years * 365 * DAY)).await;
    }
    for (name, connected) in [("一号", true), ("二号", false)] {
        let class = |class: &str| Some(class.to_owned());
        let expected = [(0, class("1"), connected), (2 * DAY, class("2"), connected)];
        assert_eq!(placements(&home, name).await, expected, "{name}");
    }
}

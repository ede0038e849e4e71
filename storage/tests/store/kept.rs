//! Days that are kept equal what the one accounting makes of them, whatever happened meanwhile.

use crate::support::{Home, at, camera, import, record};
use chrono::{Days, NaiveDate};
use zhishou_domain::{
    DeviceId, Exclusion, ExclusionAct, ExclusionReason, ExclusionStep, LedgerRow, LifeState,
    PointClass, Timestamp,
    Verdict::*,
    account::{Source, Tally},
    policy::{Policy, shipped},
};
use zhishou_storage::{Asked, By, ExclusionScope, Filter, Grouping, Keeping, KeptAccount, Store};

const DAY: i64 = 86_400;
/// The local day of `at(0)`.
const FIRST: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 10).expect("a date");

fn day(number: u64) -> NaiveDate {
    FIRST + Days::new(number)
}

async fn keep(store: &Store, now: Timestamp) {
    // One step for the day under way, one for each eight days before it, and one to see that.
    for _ in 0..8 {
        if store.keep_accounts(now).await.unwrap() == Keeping::UpToDate {
            return;
        }
    }
    panic!("there is always more to do");
}

async fn kept(
    store: &Store,
    policy: &Policy,
    by: Grouping,
    filter: &Filter,
    period: (NaiveDate, NaiveDate),
) -> KeptAccount {
    let asked = Asked {
        policy,
        by,
        filter,
        period,
        earlier: (period.0 - Days::new(1), period.0 - Days::new(1)),
        since: period.0,
        recent: period.0,
    };
    store.kept_account(asked).await.unwrap()
}

/// Compares periods, groupings and filters under every policy, as seen at `now`.
async fn compare(store: &Store, now: Timestamp, last: u64) {
    let all = Filter::default();
    let one = Filter { class: Some(PointClass::One), ..Filter::default() };
    let named = Filter { text: Some("二号".into()), ..Filter::default() };
    for policy in &shipped() {
        for period in [(day(0), day(last)), (day(1), day(2)), (day(last), day(last))] {
            for filter in [&all, &one, &named] {
                for by in [By::Site, By::Class, By::Maintainer] {
                    let made = store.account(policy, Source::Transitions, by, filter, period, now);
                    let made = made.await.unwrap();
                    let kept = kept(store, policy, Grouping::By(by), filter, period).await;
                    let rows = made.rows.iter().map(|row| (&row.key, &row.name, row.tally));
                    let left = kept.rows.iter().map(|row| (&row.key, &row.name, row.period));
                    let what = format!("{} {by:?} {filter:?} {period:?}", policy.reference());
                    assert_eq!(left.collect::<Vec<_>>(), rows.collect::<Vec<_>>(), "{what}");
                    assert_eq!(kept.period, made.total(), "{what}");
                    assert!(kept.days.iter().all(|day| !day.is_stale), "{what}");
                }
            }
        }
    }
}

fn classed(row: u32, name: &str, class: PointClass) -> LedgerRow {
    LedgerRow {
        class: Some(class),
        maintainer: Some("华安".into()),
        tags: vec![format!("标签{row}"), "重点".into()],
        ..camera(row, name)
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

/// Results of a device at odd times, now and then with a gap, from `from` to `to` seconds.
async fn live(store: &Store, chance: &mut Chance, device: DeviceId, (from, to): (i64, i64)) {
    let mut second = from;
    while second < to {
        let verdict =
            [Online, Online, Online, Degraded, Offline, Unknown][chance.below(6) as usize];
        let again = 1 + chance.below(4);
        for _ in 0..again {
            store.record(record(device, second + 1, at(second), verdict)).await.unwrap();
            second += 120 + chance.below(900) as i64;
        }
        second += [0, 0, 0, 9_000, 40_000][chance.below(5) as usize];
    }
}

async fn district(home: &Home) -> (Store, Vec<DeviceId>) {
    let store = home.open().await;
    let mut bare = camera(6, "五号");
    bare.url = None;
    let rows = vec![
        classed(2, "一号", PointClass::One),
        classed(3, "二号", PointClass::Two),
        camera(4, "三号"),
        camera(5, "四号"),
        bare,
    ];
    import(&store, rows, at(30)).await;
    let targets = store.probe_targets(None, 100).await.unwrap();
    (store, targets.into_iter().map(|it| it.device).collect())
}

async fn exclude(store: &Store, device: DeviceId, from: i64, to: i64) {
    let step = |act, login: &str| ExclusionStep {
        at: at(to),
        login: login.into(),
        act,
        note: "停电通知".into(),
    };
    let exclusion = Exclusion {
        from: at(from),
        to: at(to),
        reason: ExclusionReason::PowerCut,
        steps: vec![step(ExclusionAct::File, "maintainer")],
    };
    let scope = ExclusionScope::Device(device);
    let id = store
        .file_exclusion(scope, None, "通知一号".into(), exclusion, String::new())
        .await
        .unwrap()
        .unwrap();
    for (act, login) in [(ExclusionAct::Approve, "centre"), (ExclusionAct::Confirm, "liaison")] {
        store.act_on_exclusion(id, step(act, login), String::new()).await.unwrap();
    }
}

#[tokio::test]
async fn kept_days_equal_the_accounting_through_everything_that_changes_the_past() {
    for seed in 0..2 {
        let home = Home::shanghai();
        let (store, ids) = district(&home).await;
        let mut chance = Chance(seed);
        for id in &ids {
            live(&store, &mut chance, *id, (600, 3 * DAY)).await;
        }
        let now = at(3 * DAY + 300);
        keep(&store, now).await;
        compare(&store, now, 3).await;

        // A change of class in the middle of a day, and results that were long on their way.
        import(&store, vec![classed(3, "二号", PointClass::One)], at(3 * DAY + 3630)).await;
        live(&store, &mut chance, ids[0], (3 * DAY + 60, 5 * DAY)).await;
        let now = at(5 * DAY + 60);
        keep(&store, now).await;
        compare(&store, now, 5).await;
        live(&store, &mut chance, ids[2], (3 * DAY + 60, 4 * DAY + 40_000)).await;
        let now = at(5 * DAY + 120);
        keep(&store, now).await;
        compare(&store, now, 5).await;

        // A removal dated back, an exclusion of days past, and one that is filed but agreed by nobody.
        let gone = LedgerRow {
            life: Some(LifeState::Removed),
            life_since: Some(day(2)),
            ..camera(5, "四号")
        };
        import(&store, vec![gone], now).await;
        exclude(&store, ids[1], DAY + 3600, 2 * DAY + 7200).await;
        let now = at(5 * DAY + 180);
        keep(&store, now).await;
        compare(&store, now, 5).await;

        // What nobody probes any more.
        let now = at(6 * DAY + 7200);
        store.expire_standings(now).await.unwrap();
        keep(&store, now).await;
        compare(&store, now, 6).await;
        store.close().await;
    }
}

#[tokio::test]
async fn what_is_behind_says_so_until_it_is_counted_again() {
    let home = Home::shanghai();
    let (store, ids) = district(&home).await;
    live(&store, &mut Chance(1), ids[0], (600, 2 * DAY)).await;
    let policy = &shipped()[0];
    let all = Filter::default();
    let period = (day(0), day(2));
    let now = at(2 * DAY + 60);
    let ask = || kept(&store, policy, Grouping::By(By::Site), &all, period);
    assert_eq!(ask().await.days, []);

    // The day under way is first, then those that are over.
    assert_eq!(
        store.keep_accounts(now).await.unwrap(),
        Keeping::Behind(2 * shipped().len() as u64)
    );
    assert_eq!(ask().await.days.len(), 1);
    assert_eq!(store.keep_accounts(now).await.unwrap(), Keeping::UpToDate);
    let days = ask().await.days;
    assert_eq!(days.iter().map(|day| day.until).collect::<Vec<_>>(), [at(DAY), at(2 * DAY), now]);
    assert_eq!(store.keep_accounts(now).await.unwrap(), Keeping::UpToDate);
    assert_eq!(ask().await.days, days, "nothing changed");

    exclude(&store, ids[0], 3600, 7200).await;
    let stale =
        |days: &[zhishou_storage::KeptDay]| days.iter().map(|day| day.is_stale).collect::<Vec<_>>();
    assert_eq!(stale(&ask().await.days), [true, false, false]);
    keep(&store, now).await;
    let again = ask().await.days;
    assert_eq!(stale(&again), [false; 3]);
    assert_eq!(again[0].total.before, days[0].total.before);
    assert_eq!(again[0].total.after.due, days[0].total.after.due - 60);
}

#[tokio::test]
async fn a_device_counts_in_each_of_its_tags_and_once_in_all() {
    let home = Home::shanghai();
    let (store, ids) = district(&home).await;
    for id in &ids {
        live(&store, &mut Chance(2), *id, (600, DAY)).await;
    }
    let now = at(DAY + 60);
    keep(&store, now).await;
    let policy = &shipped()[0];
    let all = Filter::default();
    let period = (day(0), day(0));
    let by_tag = kept(&store, policy, Grouping::Tag, &all, period).await;
    for row in &by_tag.rows {
        let expected = match &row.key {
            Some(tag) => {
                let filter = Filter { tag: Some(tag.clone()), ..Filter::default() };
                kept(&store, policy, Grouping::By(By::Site), &filter, period).await.period
            }
            None => {
                let tagged = by_tag
                    .rows
                    .iter()
                    .filter(|row| row.key.as_deref().is_some_and(|tag| tag.starts_with("标签")));
                let mut rest = by_tag.period;
                for row in tagged {
                    rest.before -= row.period.before;
                    rest.after -= row.period.after;
                }
                assert_eq!((rest.before.due, row.period.heads.ledger), (row.period.before.due, 3));
                row.period
            }
        };
        assert_eq!(row.period, expected, "{:?}", row.key);
    }
    assert_eq!(by_tag.rows.len(), 4);
    assert_ne!(by_tag.period, Tally::default());
}

#[tokio::test]
async fn days_are_counted_anew_in_another_zone() {
    let home = Home::shanghai();
    let (store, ids) = district(&home).await;
    live(&store, &mut Chance(3), ids[0], (600, 3 * DAY)).await;
    let now = at(3 * DAY + 300);
    keep(&store, now).await;
    store.close().await;
    let store = home.open_in(chrono_tz::Europe::Berlin).await;
    keep(&store, now).await;
    compare(&store, now, 2).await;
}

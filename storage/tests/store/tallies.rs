use crate::support::{Home, at, camera, import, record, record_all, tallies, with_camera};
use chrono::NaiveDate;
use chrono_tz::Tz;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use std::collections::BTreeMap;
use zhishou_domain::{
    DayStrip, DeviceId, LifeState, State, Timestamp,
    Verdict::{self, *},
};
use zhishou_storage::Store;

const VERDICTS: [Verdict; 4] = [Online, Degraded, Offline, Unknown];

/// The tallies that the strips of a device make in `zone`.
fn counted(strips: &[(i64, DayStrip)], zone: Tz) -> Vec<(String, i64, i64, i64)> {
    let mut days: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    for (day, strip) in strips {
        for minute in 0..1440 {
            let start = Timestamp::from_millis((day * 1440 + minute) * 60_000);
            let at = match strip.get(usize::try_from(minute).unwrap()) {
                State::Unknown => continue,
                State::Up => 0,
                State::Degraded => 1,
                State::Down => 2,
            };
            days.entry(start.local_day(zone).to_string()).or_default()[at] += 1;
        }
    }
    days.into_iter().map(|(day, [up, degraded, down])| (day, up, degraded, down)).collect()
}

async fn all_strips(store: &Store, device: DeviceId) -> Vec<(i64, DayStrip)> {
    store.strips(device, i64::MIN, i64::MAX).await.unwrap()
}

/// Whatever comes, over the local midnight that follows `start`: tallies are the count of strips,
/// and both come out the same when rebuilt from the transitions.
fn tallies_are_what_strips_say(zone: Tz, start: Timestamp) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let home = Home::new(zone);
    let store = runtime.block_on(home.open());
    let number = std::cell::Cell::new(0u32);
    let results = proptest::collection::vec((1i64..900_000, 0usize..4), 1..40);
    let mut runner =
        TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let property = |results: Vec<(i64, usize)>| {
        number.set(number.get() + 1);
        runtime.block_on(async {
            let name = format!("camera {}", number.get());
            import(&store, vec![camera(2, &name)], start).await;
            let last = store.probe_targets(None, 1000).await.unwrap().into_iter().last().unwrap();
            let (device, mut now) = (last.device, start);
            let mut sequence = i64::from(number.get()) * 1000;
            for (gap, verdict) in results {
                now = Timestamp::from_millis(now.millis() + gap);
                sequence += 1;
                store.record(record(device, sequence, now, VERDICTS[verdict])).await.unwrap();
            }
            let strips = all_strips(&store, device).await;
            let mut look = home.look().await;
            let tallied = tallies(&mut look, device).await;
            prop_assert_eq!(&tallied, &counted(&strips, zone));
            store.rebuild_strips(device).await.unwrap();
            prop_assert_eq!(all_strips(&store, device).await, strips);
            prop_assert_eq!(tallies(&mut look, device).await, tallied);
            Ok(())
        })
    };
    runner.run(&results, property).unwrap();
}

#[test]
fn tallies_are_what_strips_say_over_midnight_in_shanghai() {
    // 2026-03-10T22:30+08:00.
    tallies_are_what_strips_say(chrono_tz::Asia::Shanghai, at(22 * 3600 + 1800));
}

#[test]
fn tallies_are_what_strips_say_when_the_clocks_change() {
    let zone = chrono_tz::America::New_York;
    // Before the day of 23 hours and in the middle of the day of 25.
    let spring = Timestamp::start_of_day(NaiveDate::from_ymd_opt(2026, 3, 8).unwrap(), zone);
    tallies_are_what_strips_say(zone, Timestamp::from_millis(spring.millis() - 3_600_000));
    let autumn = Timestamp::start_of_day(NaiveDate::from_ymd_opt(2026, 11, 1).unwrap(), zone);
    tallies_are_what_strips_say(zone, Timestamp::from_millis(autumn.millis() + 3_600_000));
}

#[tokio::test]
async fn a_confirmed_outage_counts_from_its_first_failure() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    let results = [(0, Online), (300, Offline), (310, Offline), (420, Offline), (600, Online)];
    record_all(&store, device, 1, &results).await;
    assert_eq!(tallies(&mut home.look().await, device).await, [("2026-03-10".into(), 5, 0, 5)]);
}

#[tokio::test]
async fn a_removed_camera_keeps_its_past_and_loses_what_came_after_its_removal() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    const DAY: i64 = 86_400;
    let mut results = vec![];
    for day in [0, 1, 2] {
        results.extend([(day * DAY + 3600, Online), (day * DAY + 3900, Online)]);
    }
    record_all(&store, device, 1, &results).await;
    let look = &mut home.look().await;
    let of_day = |day: u32| (format!("2026-03-1{day}"), 10, 0, 0);
    // Each pair paints five minutes, and the last result ten more where another day follows.
    assert_eq!(tallies(look, device).await.len(), 3);
    let before = tallies(look, device).await;

    let mut gone = camera(2, "一号");
    gone.life = Some(LifeState::Removed);
    gone.life_since = NaiveDate::from_ymd_opt(2026, 3, 11);
    let summary = import(&store, vec![gone.clone()], at(2 * DAY + 4000)).await;
    assert_eq!((summary.updated, summary.state_changes), (1, 1));
    assert_eq!(tallies(look, device).await, before[..1]);
    assert_eq!(store.probe_targets(None, 9).await.unwrap(), []);

    // It was a mistake: what was seen of it comes back.
    gone.life = Some(LifeState::InUse);
    import(&store, vec![gone], at(2 * DAY + 5000)).await;
    let restored = tallies(look, device).await;
    assert_eq!(restored[..2], before[..2]);
    assert_eq!(restored.len(), 3);
    assert_eq!(before[0].0, of_day(0).0);
    assert_eq!(store.probe_targets(None, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn another_zone_counts_the_same_minutes_into_other_days() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    record_all(&store, device, 1, &[(0, Online), (300, Online)]).await;
    let strips = all_strips(&store, device).await;
    store.close().await;
    let store = home.open_in(chrono_tz::UTC).await;
    let tallied = tallies(&mut home.look().await, device).await;
    assert_eq!(tallied, [("2026-03-09".into(), 5, 0, 0)]);
    assert_eq!(tallied, counted(&strips, chrono_tz::UTC));
    assert_eq!(all_strips(&store, device).await, strips);
}

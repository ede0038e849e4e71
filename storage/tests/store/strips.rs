use crate::support::{Home, at, camera, import, record, record_all, tallies, with_camera};
use chrono::NaiveDate;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use zhishou_domain::{
    DayStrip, DeviceId, LifeState, Timestamp,
    Verdict::{self, *},
};
use zhishou_storage::Store;

const VERDICTS: [Verdict; 4] = [Online, Degraded, Offline, Unknown];

async fn all_strips(store: &Store, device: DeviceId) -> Vec<(i64, DayStrip)> {
    store.strips(device, i64::MIN, i64::MAX).await.unwrap()
}

/// Whatever comes, over a midnight of UTC: strips come out the same when rebuilt from the transitions.
#[test]
fn strips_are_what_the_transitions_say_over_midnight() {
    let start = at(6 * 3600 + 1800);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let home = Home::shanghai();
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
            store.rebuild_strips(device).await.unwrap();
            prop_assert_eq!(all_strips(&store, device).await, strips);
            Ok(())
        })
    };
    runner.run(&results, property).unwrap();
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

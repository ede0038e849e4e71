//! A clock that jumps far ahead, stays there, and is set back.

use crate::support::{Home, at, camera, import, record, record_all, tallies, with_camera};
use zhishou_domain::{
    DeviceId, LifeState, State, Timestamp,
    Verdict::{self, *},
};
use zhishou_storage::{Fate, Record, Store};

const HOUR: i64 = 3600;

/// Minutes of the strips that are known, as (first second, one past the last, state).
async fn known(store: &Store, device: DeviceId) -> Vec<(i64, i64, State)> {
    let strips = store.strips(device, i64::MIN, i64::MAX).await.unwrap();
    let second = |day: i64, minute: usize| {
        let minute = i64::try_from(minute).unwrap();
        ((day * 1440 + minute) * 60_000 - at(0).millis()) / 1000
    };
    let runs = strips.iter().flat_map(|(day, strip)| {
        strip.runs().map(|(from, to, state)| (second(*day, from), second(*day, to), state))
    });
    let mut joined: Vec<(i64, i64, State)> = vec![];
    for run in runs.filter(|run| run.2 != State::Unknown) {
        match joined.last_mut() {
            Some(last) if last.1 == run.0 && last.2 == run.2 => last.1 = run.1,
            _ => joined.push(run),
        }
    }
    joined
}

async fn came(
    store: &Store,
    device: DeviceId,
    sequence: i64,
    second: i64,
    verdict: Verdict,
) -> Fate {
    store.record(record(device, sequence, at(second), verdict)).await.unwrap().fate
}

/// Strips and tallies are what the transitions say.
async fn agrees(home: &Home, store: &Store, device: DeviceId) {
    let mut look = home.look().await;
    let before = (known(store, device).await, tallies(&mut look, device).await);
    store.rebuild_strips(device).await.unwrap();
    assert_eq!((known(store, device).await, tallies(&mut look, device).await), before);
}

#[tokio::test]
async fn results_count_again_as_soon_as_the_clock_is_back() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    record_all(&store, device, 1, &[(0, Online), (300, Online)]).await;
    // Forty hours ahead for ten minutes, in which an outage is confirmed.
    let ahead = 40 * HOUR;
    let wrong = [(ahead, Offline), (ahead + 300, Offline), (ahead + 600, Offline)];
    record_all(&store, device, 3, &wrong).await;
    let standing = store.standing(device).await.unwrap();
    assert_eq!(standing.state, State::Down);
    assert_eq!(standing.state_at(at(900)), State::Unknown, "a page does not believe it");

    assert_eq!(came(&store, device, 6, 890, Online).await, Fate::Counted);
    assert_eq!(came(&store, device, 7, 1190, Online).await, Fate::Counted);
    let standing = store.standing(device).await.unwrap();
    assert_eq!((standing.state, standing.last_result), (State::Up, Some(at(1190))));
    assert_eq!(standing.since, at(0), "the time that never was does not end what was");
    assert_eq!(known(&store, device).await, [(0, 1200, State::Up)]);
    let history = store.history(device, at(0), at(90 * HOUR)).await.unwrap();
    assert_eq!(history.iter().map(|it| it.at).collect::<Vec<_>>(), [at(0)]);
    assert_eq!(store.observations(device, 99).await.unwrap().len(), 7, "raw results stay");
    agrees(&home, &store, device).await;
}

#[tokio::test]
async fn what_was_not_known_before_the_clock_came_back_stays_unknown() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    record_all(&store, device, 1, &[(0, Online)]).await;
    // A year ahead for three hours.
    let year = 365 * 24 * HOUR;
    let wrong: Vec<_> = (0..36).map(|round| (year + round * 300, Online)).collect();
    record_all(&store, device, 2, &wrong).await;
    assert_eq!(came(&store, device, 90, 3 * HOUR, Online).await, Fate::Counted);
    assert_eq!(came(&store, device, 91, 3 * HOUR + 300, Online).await, Fate::Counted);
    let minutes = [(0, 600, State::Up), (3 * HOUR, 3 * HOUR + 300, State::Up)];
    assert_eq!(known(&store, device).await, minutes);
    agrees(&home, &store, device).await;
}

#[tokio::test]
async fn an_outage_goes_on_from_its_first_failed_probe() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    record_all(&store, device, 1, &[(0, Offline), (10, Offline), (20, Offline)]).await;
    record_all(&store, device, 4, &[(50 * HOUR, Online)]).await;
    assert_eq!(came(&store, device, 5, 320, Offline).await, Fate::Counted);
    let standing = store.standing(device).await.unwrap();
    assert_eq!((standing.state, standing.since), (State::Down, at(0)));
    assert_eq!(known(&store, device).await, [(0, 360, State::Down)]);
    agrees(&home, &store, device).await;
}

#[tokio::test]
async fn a_clock_wrongly_set_back_for_long_takes_no_history_with_it() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    let days: Vec<_> = (0..1000).map(|round| (round * 300, Online)).collect();
    record_all(&store, device, 1, &days).await;
    let before = (known(&store, device).await, store.standing(device).await.unwrap());
    for second in [-20 * 365 * 24 * HOUR, 600, 40 * HOUR] {
        assert_eq!(came(&store, device, 5000 + second, second, Offline).await, Fate::Late);
    }
    assert_eq!((known(&store, device).await, store.standing(device).await.unwrap()), before);
}

#[tokio::test]
async fn a_device_that_leaves_use_leaves_no_minute_of_the_future() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    record_all(&store, device, 1, &[(0, Online), (48 * HOUR, Online), (48 * HOUR + 300, Online)])
        .await;
    let mut gone = camera(2, "一号");
    gone.life = Some(LifeState::Removed);
    import(&store, vec![gone], at(300)).await;
    assert_eq!(known(&store, device).await, [(0, 300, State::Up)]);
    let last = store.history(device, at(0), at(99 * HOUR)).await.unwrap().pop().unwrap();
    assert_eq!((last.at, last.state), (at(300), State::Unknown));
    agrees(&home, &store, device).await;
}

#[tokio::test]
async fn a_result_that_is_late_for_another_reason_takes_nothing_back() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    record_all(&store, device, 1, &[(0, Online), (600, Online)]).await;
    let late = Record { recorded_at: at(660), ..record(device, 3, at(300), Offline) };
    assert_eq!(store.record(late).await.unwrap().fate, Fate::Late);
    assert_eq!(known(&store, device).await, [(0, 600, State::Up)]);
}

/// The clock of a machine that keeps local time is eight hours behind after a start in Shanghai, until
/// it is set: what was known stays, and goes on when the clock is right again.
#[tokio::test]
async fn a_clock_set_back_by_hours_takes_no_history_however_often() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    let day: Vec<_> = (0..280).map(|round| (round * 300, Offline)).collect();
    record_all(&store, device, 1, &day).await;
    let before = (known(&store, device).await, store.standing(device).await.unwrap());
    let last = 279 * 300;
    for back in 1..24 {
        assert_eq!(came(&store, device, 1000 + back, last - back * HOUR, Online).await, Fate::Late);
    }
    assert_eq!((known(&store, device).await, store.standing(device).await.unwrap()), before);
    assert_eq!(came(&store, device, 2000, last + 300, Online).await, Fate::Counted);
    assert_eq!(known(&store, device).await[0], (0, last + 300, State::Down));
    agrees(&home, &store, device).await;
}

/// A clock that walks and jumps both ways, never by more than a day in all: what was known stays
/// known, nothing counts that is older than it, and caches stay what the transitions say.
#[test]
fn whatever_the_clock_does_within_a_day_history_only_grows() {
    use proptest::prelude::*;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let home = Home::shanghai();
    let store = runtime.block_on(home.open());
    let number = std::cell::Cell::new(0u32);
    let step = (prop_oneof![4 => 1i64..900, 1 => -20_000i64..20_000], 0usize..4);
    let mut runner = proptest::test_runner::TestRunner::new(proptest::test_runner::Config {
        cases: 24,
        failure_persistence: None,
        ..Default::default()
    });
    let property = |steps: Vec<(i64, usize)>| {
        number.set(number.get() + 1);
        runtime.block_on(async {
            import(&store, vec![camera(2, &format!("camera {}", number.get()))], at(0)).await;
            let device = store.probe_targets(None, 1000).await.unwrap().last().unwrap().device;
            let (mut now, mut sequence) = (40_000, i64::from(number.get()) * 1000);
            let (mut latest, mut past) = (0, vec![]);
            for (gap, verdict) in steps {
                now = (now + gap).clamp(1000, 80_000);
                sequence += 1;
                let verdict = [Online, Degraded, Offline, Unknown][verdict];
                let fate = came(&store, device, sequence, now, verdict).await;
                let expected = if now < latest { Fate::Late } else { Fate::Counted };
                prop_assert_eq!(fate, expected, "{} after {}", now, latest);
                latest = latest.max(now);
                let history = store.history(device, at(0), at(99 * HOUR)).await.unwrap();
                if fate == Fate::Late {
                    prop_assert_eq!(&history, &past);
                }
                past = history;
            }
            let mut look = home.look().await;
            let before = (known(&store, device).await, tallies(&mut look, device).await);
            store.rebuild_strips(device).await.unwrap();
            let after = (known(&store, device).await, tallies(&mut look, device).await);
            prop_assert_eq!(after, before);
            let times: Vec<Timestamp> = past.iter().map(|it| it.at).collect();
            prop_assert!(times.is_sorted(), "{times:?}");
            Ok(())
        })
    };
    runner.run(&proptest::collection::vec(step, 1..30), property).unwrap();
}

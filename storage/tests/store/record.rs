use crate::support::{Home, at, camera, import, record, record_all, tallies, with_camera};
use zhishou_domain::{State, Timestamp, Verdict::*};
use zhishou_storage::{Change, Fate, Measure, Record};

#[tokio::test]
async fn what_was_acknowledged_is_there_after_opening_again() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    record_all(
        &store,
        device,
        1,
        &[(60, Online), (360, Degraded), (370, Degraded), (380, Degraded)],
    )
    .await;
    store.close().await;

    let store = home.open().await;
    let standing = store.standing(device).await.unwrap();
    assert_eq!((standing.state, standing.since), (State::Degraded, at(360)));
    assert_eq!((standing.round, standing.last_result), (4, Some(at(380))));
    let states: Vec<_> = store.history(device, at(0), at(9999)).await.unwrap();
    let states: Vec<_> = states.iter().map(|t| (t.at, t.state)).collect();
    assert_eq!(states, [(at(60), State::Up), (at(360), State::Degraded)]);
    assert_eq!(store.last_sequence("local").await.unwrap(), 4);
    assert_eq!(store.last_sequence("other").await.unwrap(), 0);
    let raw = store.observations(device, 2).await.unwrap();
    assert_eq!(raw.iter().map(|o| o.started_at).collect::<Vec<_>>(), [at(380), at(370)]);
}

#[tokio::test]
async fn a_result_delivered_twice_counts_once() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    record_all(&store, device, 1, &[(60, Online), (360, Offline)]).await;
    let before = store.standing(device).await.unwrap();
    let again = store.record(record(device, 2, at(360), Offline)).await.unwrap();
    assert_eq!(again.fate, Fate::Duplicate);
    assert_eq!((again.step.standing, again.step.paint), (before.clone(), vec![]));
    assert_eq!(store.standing(device).await.unwrap(), before);
    assert_eq!(store.observations(device, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_late_result_is_kept_and_moves_nothing() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    record_all(&store, device, 1, &[(600, Online)]).await;
    let before = store.standing(device).await.unwrap();
    let late = Record { recorded_at: at(601), ..record(device, 2, at(300), Offline) };
    let late = store.record(late).await.unwrap();
    assert_eq!(late.fate, Fate::Late);
    assert_eq!(store.standing(device).await.unwrap(), before);
    assert_eq!(store.observations(device, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_device_that_is_not_there_or_not_in_use_moves_nothing() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    let mut gone = camera(2, "一号");
    gone.life = Some(zhishou_domain::LifeState::Removed);
    import(&store, vec![gone], at(60)).await;
    let result = store.record(record(device, 1, at(120), Online)).await.unwrap();
    assert_eq!(result.fate, Fate::NotInUse);
    assert_eq!(store.standing(device).await.unwrap().last_result, None);
    assert_eq!(tallies(&mut home.look().await, device).await, []);

    let stranger = "01890000-0000-7000-8000-000000000000".parse().unwrap();
    let result = store.record(record(stranger, 2, at(120), Online)).await.unwrap();
    assert_eq!(result.fate, Fate::NoDevice);
}

#[tokio::test]
async fn changes_are_announced_after_the_commit_and_duplicates_are_not() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    let site = store.target(device).await.unwrap().unwrap().site;
    let mut changes = store.subscribe();
    record_all(&store, device, 1, &[(60, Online)]).await;
    store.record(record(device, 1, at(60), Online)).await.unwrap();
    import(&store, vec![camera(3, "二号")], at(70)).await;
    assert_eq!(changes.try_recv().unwrap(), Change::Result { device, site, at: at(60) });
    assert_eq!(changes.try_recv().unwrap(), Change::Ledger);
    assert!(changes.try_recv().is_err());
}

#[tokio::test]
async fn measures_roll_up_by_the_hour() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    for (sequence, (second, fps)) in [(60, 25.0), (120, 15.0), (3660, 10.0)].into_iter().enumerate()
    {
        let mut result = record(device, i64::try_from(sequence).unwrap(), at(second), Online);
        result.observation.video.as_mut().unwrap().fps = Some(fps);
        store.record(result).await.unwrap();
    }
    let hours = store.measures(device, at(0), at(7200)).await.unwrap();
    let seen: Vec<_> =
        hours.iter().map(|h| (h.from, h.measure, h.count, h.mean, h.min, h.max)).collect();
    assert_eq!(
        seen,
        [(at(0), Measure::Fps, 2, 20.0, 15.0, 25.0), (at(3600), Measure::Fps, 1, 10.0, 10.0, 10.0)]
    );
    assert_eq!(store.measures(device, at(0), at(3600)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn history_begins_with_what_holds_at_its_start() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    record_all(&store, device, 1, &[(60, Online), (300, Unknown), (600, Online)]).await;
    let times = |from, to| {
        let store = store.clone();
        async move {
            let history = store.history(device, from, to).await.unwrap();
            history.iter().map(|t| t.at).collect::<Vec<Timestamp>>()
        }
    };
    assert_eq!(times(at(0), at(61)).await, [at(60)]);
    assert_eq!(times(at(400), at(500)).await, [at(300)]);
    assert_eq!(times(at(400), at(601)).await, [at(300), at(600)]);
    assert_eq!(times(at(0), at(60)).await, []);
}

#[tokio::test]
async fn results_that_no_longer_stand_become_unknown_once() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    record_all(&store, device, 1, &[(0, Online)]).await;
    assert_eq!(store.expire_standings(at(600)).await.unwrap(), 0);
    assert_eq!(store.expire_standings(at(601)).await.unwrap(), 1);
    assert_eq!(store.expire_standings(at(9999)).await.unwrap(), 0);
    let standing = store.standing(device).await.unwrap();
    assert_eq!((standing.state, standing.since), (State::Unknown, at(600)));
    assert_eq!(tallies(&mut home.look().await, device).await, [("2026-03-10".into(), 10, 0, 0)]);
    // The next result paints nothing of the silence.
    record_all(&store, device, 2, &[(3600, Online)]).await;
    assert_eq!(tallies(&mut home.look().await, device).await, [("2026-03-10".into(), 10, 0, 0)]);
}

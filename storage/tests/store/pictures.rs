//! Masks, words of operators, trends, and weather over a street.

use crate::support::{Home, at, camera, import, observation, record, with_camera};
use zhishou_domain::{
    DeviceId, FaultCode, Feedback, LedgerRow, Opinion, OwnLimits, PictureFacts, PictureMode,
    PrivacyMasks, Reading, State, Verdict, Weather,
};
use zhishou_storage::{EvidenceKind, EvidenceRow, IncidentFilter, Record, Store, StreetEvent};

fn picture(second: i64, device: DeviceId, sequence: i64, faults: &[FaultCode]) -> Record {
    let verdict = if faults.is_empty() { Verdict::Online } else { Verdict::Degraded };
    let mut seen = observation(at(second), verdict);
    let fault = |&code| {
        zhishou_domain::Fault::new(code, zhishou_domain::Stage::Judge, zhishou_domain::Detail::None)
    };
    seen.faults = faults.iter().map(fault).collect();
    seen.picture = Some(PictureFacts {
        width: 1920,
        height: 1080,
        mode: PictureMode::Colour,
        light: None,
        tiles: None,
        shift: None,
        stripes: None,
        scores: [(FaultCode::TooDark, Some(if faults.is_empty() { 0.1 } else { 0.9 }))].into(),
        readings: [(FaultCode::TooDark, Reading::new(0.9, 40.0, 60.0, "luma"))].into(),
        decoder_errors: 0,
        algorithm: 1,
        luma_mean: 30.0,
        snapshot: None,
    });
    Record { observation: seen, ..record(device, sequence, at(second), verdict) }
}

fn evidence(device: DeviceId, second: i64, kind: EvidenceKind) -> EvidenceRow {
    EvidenceRow {
        key: format!("{second}-{}.jpg", kind.code()),
        device,
        kind,
        taken_at: at(second),
        bytes: 10,
        sha256: "0".repeat(64),
    }
}

#[tokio::test]
async fn masks_make_pictures_from_before_them_due_for_deletion() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    assert!(store.privacy_masks(device).await.unwrap().is_empty());
    for (sequence, second) in [(1, 60), (2, 600)] {
        let mut result = picture(second, device, sequence, &[FaultCode::TooDark]);
        result.evidence = vec![evidence(device, second, EvidenceKind::Fault)];
        store.record(result).await.unwrap();
    }
    let pictured = store.pictures(device).await.unwrap().pictured;
    assert_eq!(pictured, [(FaultCode::TooDark, at(600))]);
    assert!(
        store.unmasked_pictures(None, at(5000), 9).await.unwrap().is_empty(),
        "no masks, nothing due"
    );

    let masks: PrivacyMasks = "0.1,0.2 0.4,0.5".parse().unwrap();
    assert!(store.set_privacy_masks(device, masks.clone(), at(300)).await.unwrap());
    assert_eq!(store.privacy_masks(device).await.unwrap(), masks);
    let due = store.unmasked_pictures(Some(device), at(5000), 9).await.unwrap();
    assert_eq!(due.iter().map(|row| row.taken_at).collect::<Vec<_>>(), [at(60)]);
    assert!(store.pictures(device).await.unwrap().pictured.is_empty(), "to be pictured anew");
    let again = store.set_privacy_masks(device, masks, at(900)).await.unwrap();
    assert!(!again, "the same masks change nothing");
    assert_eq!(store.unmasked_pictures(None, at(5000), 9).await.unwrap().len(), 1);

    // A file that lost its row comes back on record, unless it is from before the masks.
    store.delete_evidence(due.into_iter().map(|row| row.key).collect()).await.unwrap();
    let old = evidence(device, 60, EvidenceKind::Fault);
    assert!(!store.adopt_evidence(old).await.unwrap());
    assert!(store.adopt_evidence(evidence(device, 700, EvidenceKind::Good)).await.unwrap());

    assert!(store.set_privacy_masks(device, PrivacyMasks::default(), at(950)).await.unwrap());
    assert!(store.unmasked_pictures(None, at(5000), 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn masks_come_with_the_ledger_and_an_empty_cell_leaves_them() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    let masks: PrivacyMasks = "0,0 0.5,0.5".parse().unwrap();
    let with = LedgerRow { privacy_masks: Some(masks.clone()), ..camera(2, "一号") };
    assert_eq!(import(&store, vec![with], at(10)).await.updated, 1);
    assert_eq!(import(&store, vec![camera(2, "一号")], at(20)).await.unchanged, 1);
    assert_eq!(store.privacy_masks(device).await.unwrap(), masks);
}

#[tokio::test]
async fn what_operators_said_is_kept_in_order_with_its_figures() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    let said = |second, opinion| Feedback {
        at: at(second),
        login: "duty".into(),
        fault: FaultCode::TooDark,
        opinion,
        score: Some(0.6),
        reading: Some(Reading::new(0.6, 54.0, 60.0, "luma")),
    };
    let words = [said(1, Opinion::FalseAlarm), said(2, Opinion::Confirmed)];
    for word in &words {
        store.add_feedback(device, word.clone()).await.unwrap();
    }
    store.close().await;
    let store = home.open().await;
    let kept = store.feedback(device).await.unwrap();
    assert_eq!(kept, words);
    assert!(OwnLimits::new(&kept[..1], []).slack(FaultCode::TooDark) > 0.0);
}

#[tokio::test]
async fn scores_are_rolled_up_by_day_and_pruned() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    store.record(picture(60, device, 1, &[])).await.unwrap();
    store.record(picture(120, device, 2, &[FaultCode::TooDark])).await.unwrap();
    let days = store.score_days(device, 0).await.unwrap();
    assert_eq!(days.len(), 1);
    assert_eq!((days[0].mean, days[0].max), (0.5, 0.9));
    let newest = store.latest_picture(device).await.unwrap().unwrap();
    assert_eq!(newest.started_at, at(120));
    assert_eq!(store.prune_scores(at(120)).await.unwrap(), 0);
    assert_eq!(store.prune_scores(at(3 * 86_400)).await.unwrap(), 1);
}

async fn street(home: &Home, cameras: u32) -> (Store, Vec<DeviceId>) {
    let store = home.open().await;
    let rows = (0..cameras).map(|n| LedgerRow {
        url: Some(format!("rtsp://10.0.1.{n}/ch1")),
        ..camera(n + 2, &format!("{n} 号"))
    });
    import(&store, rows.collect(), at(0)).await;
    let targets = store.probe_targets(None, 100).await.unwrap();
    (store, targets.into_iter().map(|target| target.device).collect())
}

async fn events(store: &Store, second: i64) -> Vec<StreetEvent> {
    store.street_events(&IncidentFilter::default(), at(second), 9).await.unwrap()
}

async fn state(store: &Store, device: DeviceId) -> (State, usize) {
    let standing = store.standing(device).await.unwrap();
    (standing.state, standing.faults.len())
}

#[tokio::test]
async fn a_street_that_darkens_together_is_one_event_and_the_one_that_stays_dark_a_fault() {
    let home = Home::shanghai();
    let (store, devices) = street(&home, 12).await;
    let mut sequence = 0;
    let mut show = async |second: i64, device: DeviceId, faults: &[FaultCode]| {
        sequence += 1;
        store.record(picture(second, device, sequence, faults)).await.unwrap();
    };
    let dark = [FaultCode::TooDark];
    for (&device, second) in devices.iter().zip(60..) {
        show(second, device, &[]).await;
    }
    // A power cut: ten of twelve go dark within a minute, and are probed again and again.
    for round in 0..6i64 {
        for (&device, offset) in devices.iter().take(10).zip(0..) {
            show(120 + round * 20 + offset, device, &dark).await;
        }
    }
    for &device in &devices[..10] {
        assert_eq!(state(&store, device).await, (State::Up, 0), "one event, no fault of a camera");
        let events = store.weather_of(device, at(240)).await.unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].0, events[0].1.cameras, events[0].1.of), (Weather::Dark, 10, 12));
    }
    assert!(store.weather_of(devices[11], at(240)).await.unwrap().is_empty());
    let [event] = &events(&store, 240).await[..] else { panic!("one event, and one only") };
    assert_eq!((event.weather, event.since, event.ended), (Weather::Dark, at(120), None));
    assert_eq!((event.cameras, event.open_cameras, event.watched), (10, 10, 12));
    let seen = store.observations(devices[0], 1).await.unwrap();
    assert_eq!(seen[0].faults[0].code, FaultCode::TooDark, "what was seen stays on record");
    // Light comes back to all but one.
    for (&device, second) in devices[1..10].iter().zip(300..) {
        show(second, device, &[]).await;
    }
    for second in [320, 330, 340, 350] {
        show(second, devices[0], &dark).await;
    }
    assert_eq!(state(&store, devices[0]).await, (State::Degraded, 1));
    assert!(store.weather_of(devices[0], at(351)).await.unwrap().is_empty());
    // It was over when too few were left for one.
    let [event] = &events(&store, 351).await[..] else { panic!("one event, and one only") };
    assert_eq!((event.ended, event.cameras, event.open_cameras), (Some(at(305)), 10, 0));
    let cameras = store
        .street_event_cameras(event.id, &IncidentFilter::default(), at(351), 99)
        .await
        .unwrap();
    let ends: Vec<_> = cameras.iter().map(|it| it.until.unwrap()).collect();
    assert_eq!((ends.iter().min(), ends.iter().max()), (Some(&at(300)), Some(&at(305))));
    let lasting = IncidentFilter { open: Some(true), ..IncidentFilter::default() };
    assert!(store.street_events(&lasting, at(351), 9).await.unwrap().is_empty());

    // The lamps fail again within the half hour: the same event goes on.
    for (&device, second) in devices[1..10].iter().zip(400..) {
        show(second, device, &dark).await;
    }
    let [event] = &events(&store, 420).await[..] else { panic!("one event, and one only") };
    assert_eq!((event.since, event.ended, event.open_cameras), (at(120), None, 10));
    // Nobody looks there any more: it has ended by itself.
    assert!(events(&store, 90_000).await[0].ended.is_some());
    assert_eq!(store.prune_street_events(at(90_000)).await.unwrap(), 1);
    assert!(events(&store, 420).await.is_empty());
}

#[tokio::test]
async fn a_few_dark_cameras_and_many_black_ones_are_faults() {
    let home = Home::shanghai();
    let (store, devices) = street(&home, 12).await;
    let mut sequence = 0;
    for round in 0..5i64 {
        for (index, &device) in devices.iter().enumerate() {
            sequence += 1;
            let faults: &[_] = if index < 4 { &[FaultCode::TooDark] } else { &[FaultCode::Black] };
            let second = 60 + round * 20 + index as i64;
            store.record(picture(second, device, sequence, faults)).await.unwrap();
        }
    }
    assert!(events(&store, 200).await.is_empty());
    for &device in &devices {
        assert_eq!(state(&store, device).await, (State::Degraded, 1));
    }
}

#[tokio::test]
async fn masks_take_pictures_and_dialogues_that_show_some_and_leave_the_others() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    for (sequence, second, packets) in [(1, 60, 0), (2, 120, 300)] {
        let mut result = record(device, sequence, at(second), Verdict::Online);
        result.observation.video.as_mut().unwrap().packets = packets;
        result.evidence = vec![evidence(device, second, EvidenceKind::Dialogue)];
        store.record(result).await.unwrap();
    }
    let mut offline = record(device, 3, at(180), Verdict::Offline);
    offline.observation.video = None;
    offline.evidence = vec![evidence(device, 180, EvidenceKind::Dialogue)];
    store.record(offline).await.unwrap();
    let mut black = picture(240, device, 4, &[FaultCode::Black]);
    black.evidence = vec![evidence(device, 240, EvidenceKind::Fault)];
    black.signature = Some(vec![7; 64]);
    store.record(black).await.unwrap();
    assert!(store.pictures(device).await.unwrap().last.is_some());

    let masks: PrivacyMasks = "0,0 0.5,0.5".parse().unwrap();
    assert!(store.set_privacy_masks(device, masks, at(300)).await.unwrap());
    let mut due = store.unmasked_pictures(None, at(300), 9).await.unwrap();
    due.sort_by_key(|row| row.taken_at);
    assert_eq!(due.iter().map(|row| row.taken_at).collect::<Vec<_>>(), [at(120), at(240)]);
    let left = store.pictures(device).await.unwrap().last;
    assert_eq!(left, None, "its small patches would show what is masked");
}

#[tokio::test]
async fn masks_drawn_while_the_clock_was_ahead_take_no_later_picture() {
    let home = Home::shanghai();
    let (store, device) = with_camera(&home).await;
    let masks: PrivacyMasks = "0,0 0.5,0.5".parse().unwrap();
    assert!(store.set_privacy_masks(device, masks.clone(), at(100_000)).await.unwrap());
    store.date_masks_back(at(60)).await.unwrap();
    let mut row = 0;
    for second in [50, 100, 90_000] {
        row += 1;
        let mut result = picture(second, device, row, &[FaultCode::Black]);
        result.evidence = vec![evidence(device, second, EvidenceKind::Fault)];
        store.record(result).await.unwrap();
    }
    let mut due = store.unmasked_pictures(None, at(120), 9).await.unwrap();
    due.sort_by_key(|row| row.taken_at);
    let due: Vec<_> = due.iter().map(|row| row.taken_at).collect();
    assert_eq!(due, [at(50), at(90_000)], "of one from the future nobody knows");
    assert_eq!(store.privacy_masks(device).await.unwrap(), masks);
}

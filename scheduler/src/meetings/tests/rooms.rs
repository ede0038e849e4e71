//! What is looked at in a room besides its endpoint, and what it turned to.

use super::*;

#[tokio::test]
async fn a_room_camera_is_looked_at_twice_and_one_that_was_not_seen_is_no_pass() {
    let world = World::new(at(6, 0)).await;
    let cameras = [world.endpoints[0], world.endpoints[1]];
    let camera = |id| VenueDevice {
        id,
        name: "会场球机".into(),
        role: DeviceRole::Camera,
        signalling: Signalling::default(),
    };
    let venue = Venue {
        id: world.venues[0],
        name: "一楼会议室".into(),
        site: None,
        seats: None,
        contact: String::new(),
        phone: String::new(),
        note: String::new(),
        in_use: true,
        devices: cameras.map(camera).into(),
    };
    let plan = CheckPlan::of_grade(AssuranceGrade::First);
    let look = async || {
        let parts = look::Parts::of(CheckItem::Cameras, Depth::Reach);
        let eyes = (world.devices.as_ref() as &dyn LookAt, Duration::ZERO);
        let found = look::look_at(eyes, &plan, &venue, parts).await;
        let [clock, cameras] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(clock.finding.item, CheckItem::Clock);
        (cameras.finding.outcome, clock.finding.evidence.clone(), world.opened().len())
    };
    let silent = Evidence::not_run(NotRun::NoClock);
    assert_eq!(look().await, (Outcome::Pass, silent.clone(), 2), "their streams tell no time");
    world.devices.barred.lock().unwrap().insert(cameras[1]);
    assert_eq!(look().await, (Outcome::Warn, silent.clone(), 3), "1 of 2");
    world.devices.down.lock().unwrap().insert(cameras[0]);
    assert_eq!(look().await, (Outcome::Untested, silent.clone(), 4), "the other may be well");
    world.devices.barred.lock().unwrap().clear();
    assert_eq!(look().await, (Outcome::Warn, silent, 3), "what is down twice");
    world.devices.barred.lock().unwrap().extend(cameras);
    let blind = Evidence::not_run(NotRun::NotProbed);
    assert_eq!(look().await, (Outcome::Untested, blind, 4));
}

#[tokio::test]
async fn a_backup_that_was_turned_to_is_the_one_that_is_checked_watched_and_believed() {
    let mut world = World::new(at(6, 0)).await;
    let both =
        vec![(world.endpoints[0], DeviceRole::Primary), (world.endpoints[1], DeviceRole::Backup)];
    let words = VenueWords {
        name: "大会议室".into(),
        in_use: true,
        devices: both,
        ..VenueWords::default()
    };
    let saved = world.store.save_venue(None, words, line(at(6, 0))).await.unwrap();
    let VenueSaved::Now(venue) = saved else { panic!("{saved:?}") };
    world.venues = vec![venue];
    let meeting = world.book(BookingWay::Approved).await;
    world.devices.down.lock().unwrap().insert(world.endpoints[0]);
    world.turn(8, 0).await;
    let ready = async |world: &World, now| {
        let stored = world.store.meeting(meeting).await.unwrap().unwrap();
        let (_, plan) = world.store.check_plan(stored.plan.assurance).await.unwrap();
        let (venues, cells) = world.store.venue_cells(&stored, &plan).await.unwrap();
        (venues[0].primary().unwrap().id, readiness(&plan, cells, now).conclusion)
    };
    assert_eq!(ready(&world, at(8, 1)).await, (world.endpoints[0], Conclusion::NotReady));
    let signs = [CheckItem::Sound, CheckItem::JointTest, CheckItem::RollCall];
    for item in signs {
        let passed = (Outcome::Pass, String::new());
        world.store.sign_check(meeting, venue, item, passed, line(at(8, 1))).await.unwrap();
    }
    let signed = async |world: &World| {
        let stored = world.store.meeting(meeting).await.unwrap().unwrap();
        let (_, plan) = world.store.check_plan(stored.plan.assurance).await.unwrap();
        let (_, cells) = world.store.venue_cells(&stored, &plan).await.unwrap();
        let human = cells[0].results.iter().filter(|it| it.item.is_human());
        human.map(|it| it.item).collect::<HashSet<_>>()
    };
    assert_eq!(signed(&world).await, signs.into());

    let device = world.endpoints[1];
    let turn = |to| NewTurn {
        meeting,
        venue,
        to: TurnTo::Endpoint(to),
        what: "无声".into(),
        note: "主用 → 备用：无声".into(),
        told: Vec::new(),
    };
    let turned = world.store.turn_meeting(turn(device), line(at(8, 2))).await.unwrap();
    assert_eq!(turned, TurnActed::Done);
    assert_eq!(
        ready(&world, at(8, 2)).await,
        (device, Conclusion::Unconfirmed),
        "not looked at yet"
    );
    let room = [CheckItem::RollCall];
    assert_eq!(signed(&world).await, room.into(), "nobody heard this one yet");
    world.devices.opened.lock().unwrap().clear();
    let asked = AskedCheck { meeting, venue: Some(venue), item: None, login: "wang".into() };
    world.care.asked(asked).await.unwrap();
    world.settle().await;
    let opened = world.devices.opened.lock().unwrap().clone();
    let spare = world.endpoints[0];
    let expected = [(device, Depth::Picture), (spare, Depth::Picture), (spare, Depth::Picture)];
    assert_eq!(opened, expected, "what is down is looked at twice");
    let cells = world.store.check_cells(meeting).await.unwrap();
    let call = cells.iter().find(|it| it.result.item == CheckItem::Call).unwrap();
    assert_eq!((call.result.outcome, call.result.device), (Outcome::Pass, Some(device)));
    // The persons' items are still open, so it is not ready, and nothing fails.
    assert_eq!(ready(&world, at(8, 3)).await, (device, Conclusion::Unconfirmed));
    let stranger: DeviceId = "0194f5a0-0000-7000-8000-000000000001".parse().unwrap();
    let turned = world.store.turn_meeting(turn(stranger), line(at(8, 4))).await;
    assert_eq!(turned.unwrap(), TurnActed::Missing);
    // What is taken back is held on its primary one again.
    let turn = world.store.meeting_turns(meeting).await.unwrap()[0].id;
    let note = ("撤销".to_owned(), Vec::new());
    let undone = world.store.undo_turn(meeting, turn, note, line(at(8, 5))).await.unwrap();
    assert_eq!(undone, TurnActed::Done);
    assert_eq!(ready(&world, at(8, 5)).await.0, spare);
    assert_eq!(signed(&world).await, room.into(), "nor this one since");
}

#[tokio::test]
async fn a_full_check_calls_the_backup_too_and_what_its_call_showed_outlives_looks_without_one() {
    let mut world = World::new(at(6, 0)).await;
    let (primary, backup) = (world.endpoints[0], world.endpoints[1]);
    let words = VenueWords {
        name: "大会议室".into(),
        in_use: true,
        devices: vec![(primary, DeviceRole::Primary), (backup, DeviceRole::Backup)],
        ..VenueWords::default()
    };
    let saved = world.store.save_venue(None, words, line(at(6, 0))).await.unwrap();
    let VenueSaved::Now(venue) = saved else { panic!("{saved:?}") };
    world.venues = vec![venue];
    world.devices.mute.lock().unwrap().insert(backup);
    let meeting = world.book(BookingWay::Approved).await;
    let opened = |world: &World| std::mem::take(&mut *world.devices.opened.lock().unwrap());
    let known = async |world: &World, item| {
        let cells = world.store.check_cells(meeting).await.unwrap();
        let cell = cells.into_iter().find(|it| it.result.item == item).unwrap().result;
        (cell.outcome, cell.device, cell.evidence)
    };
    world.turn(8, 0).await;
    let called = [primary, backup, backup].map(|it| (it, Depth::Picture));
    assert_eq!(opened(&world), called, "what fails is called twice");
    let silent = Evidence::Faults { faults: vec![FaultCode::AudioSilent] };
    let fails = (Outcome::Fail, Some(backup), silent);
    assert_eq!(known(&world, CheckItem::BackupCall).await, fails);
    assert_eq!(known(&world, CheckItem::Audio).await.0, Outcome::Pass, "of the primary");
    let line_of = known(&world, CheckItem::BackupLine).await;
    assert_eq!((line_of.0, line_of.1), (Outcome::Pass, Some(backup)), "it answers");
    assert_eq!(*world.told.0.lock().unwrap(), [], "a risk, and no failure of the venue");

    world.turn(8, 40).await;
    let item = Some(CheckItem::Reachable);
    let asked = AskedCheck { meeting, venue: Some(venue), item, login: "wang".into() };
    world.care.asked(asked).await.unwrap();
    world.settle().await;
    assert_eq!(opened(&world), [(primary, Depth::Reach)]);
    // What failed is called again, the venue itself is well.
    world.turn(8, 45).await;
    let again = [(primary, Depth::Reach), (backup, Depth::Picture), (backup, Depth::Picture)];
    assert_eq!(opened(&world), again);
    world.turn(8, 50).await;
    assert_eq!(opened(&world), [primary, backup].map(|it| (it, Depth::Reach)), "the freeze");
    assert_eq!(known(&world, CheckItem::BackupCall).await, fails, "answering mends no microphone");
}

#[tokio::test]
async fn a_backup_that_was_only_reached_says_that_it_was_not_called() {
    let mut world = World::new(at(8, 52)).await;
    let words = VenueWords {
        name: "大会议室".into(),
        in_use: true,
        devices: vec![
            (world.endpoints[0], DeviceRole::Primary),
            (world.endpoints[1], DeviceRole::Backup),
        ],
        ..VenueWords::default()
    };
    let saved = world.store.save_venue(None, words, line(at(8, 52))).await.unwrap();
    let VenueSaved::Now(venue) = saved else { panic!("{saved:?}") };
    world.venues = vec![venue];
    let meeting = world.book(BookingWay::Emergency).await;
    world.turn(8, 52).await;
    assert_eq!(world.opened(), [Depth::Reach, Depth::Reach]);
    let cells = world.store.check_cells(meeting).await.unwrap();
    let of = |item| &cells.iter().find(|it| it.result.item == item).unwrap().result;
    let call = of(CheckItem::BackupCall);
    assert_eq!(call.evidence, Evidence::not_run(NotRun::LivenessOnly));
    assert_eq!((call.outcome, call.device), (Outcome::Untested, Some(world.endpoints[1])));
    assert_eq!(of(CheckItem::BackupLine).outcome, Outcome::Pass);
}

#[tokio::test]
async fn what_an_endpoint_offers_beside_sip_is_looked_at_in_checks_and_in_the_watch() {
    let mut world = World::new(at(6, 0)).await;
    let beside = |row, name: &str, kind, url: &str| LedgerRow {
        street: Some("人民路".into()),
        kind: Some(kind),
        url: Some(url.into()),
        ..LedgerRow::new(row, name, "东门")
    };
    let rows = vec![
        beside(4, "终端一码流", DeviceKind::Camera, "rtsp://10.0.0.2/main"),
        beside(5, "终端一状态页", DeviceKind::Equipment, "http://10.0.0.2/status"),
    ];
    world.store.import(rows, at(6, 0), ImportMode::AllOrNothing).await.unwrap();
    let venue = world.store.venue(world.venues[0]).await.unwrap().unwrap();
    let site = world.store.site_names().await.unwrap()[0].id;
    let offered = world.store.meeting_devices(Some(site), 10).await.unwrap();
    let of = |kind| offered.iter().find(|it| it.kind == kind).unwrap().id;
    let (stream, status) = (of(DeviceKind::Camera), of(DeviceKind::Equipment));
    let endpoint = world.endpoints[0];
    let words = VenueWords {
        name: venue.name,
        in_use: true,
        devices: vec![
            (endpoint, DeviceRole::Primary),
            (stream, DeviceRole::Camera),
            (status, DeviceRole::Status),
        ],
        ..VenueWords::default()
    };
    world.store.save_venue(Some(venue.id), words, line(at(6, 0))).await.unwrap();
    world.venues.truncate(1);
    let meeting = world.book(BookingWay::Approved).await;
    let opened = |world: &World| std::mem::take(&mut *world.devices.opened.lock().unwrap());
    world.turn(8, 0).await;
    let looked = |call| [(endpoint, call), (stream, Depth::Stream), (status, Depth::Reach)];
    assert_eq!(opened(&world), looked(Depth::Picture));
    let outcome = async |world: &World| {
        let cells = world.store.check_cells(meeting).await.unwrap();
        let cell = cells.iter().find(|it| it.result.item == CheckItem::Status).unwrap();
        (cell.result.outcome, cell.result.device)
    };
    assert_eq!(outcome(&world).await, (Outcome::Pass, Some(status)));
    world.turn(9, 0).await;
    opened(&world);
    world.devices.down.lock().unwrap().insert(status);
    world.turn(9, 1).await;
    let [endpoint, stream, status_page] = looked(Depth::Reach);
    let twice = [endpoint, stream, status_page, status_page];
    assert_eq!(opened(&world), twice, "while it runs nothing is called");
    assert_eq!(outcome(&world).await, (Outcome::Fail, Some(status)));
    let changes = world.store.check_changes(meeting).await.unwrap();
    assert!(changes.iter().any(|it| it.result.item == CheckItem::Status), "on the timeline");
    assert_eq!(*world.told.0.lock().unwrap(), [], "a risk, and no failure of the venue");
}

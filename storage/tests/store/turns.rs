//! 启用预案: a meeting goes to another venue or to a telephone conference whole or not at all, and back.

use crate::{
    meetings::{booked, line, plan, resource, rooms, step, third_endpoint, venue, wall},
    support::{Home, at},
};
use zhishou_domain::{
    DeviceId, MeetingId, ResourceId, State, Timestamp, VenueId,
    alert::{
        ChannelAccess, ChannelKind, ChannelSettings, Contact, MailSecurity, Note, Switch, Topic,
    },
    check::{CheckItem, Evidence, Fallback, Finding, LastShown, Outcome, TurnTo},
    meeting::{
        DeviceRole, LocalSlot, MeetingAct, MeetingState, MeetingStep, ResourceKind, Slot, Subject,
        VenueRole,
    },
};
use zhishou_storage::{
    ChannelSaved, MeetingActed, NewCell, NewChannel, NewRun, NewTurn, OnClash, Rebooking, Route,
    Store, TurnActed, VenueSaved,
};

/// A meeting of two venues from 9 to 11, a third venue with an endpoint that is free, a telephone.
async fn house() -> (Home, Store, MeetingId, [VenueId; 3], ResourceId, [DeviceId; 3]) {
    let home = Home::shanghai();
    let (store, [one, two], _, [first, second]) = rooms(&home).await;
    let third = third_endpoint(&store).await;
    let words = venue("三楼会议室", vec![(third, DeviceRole::Primary)]);
    let saved = store.save_venue(None, words, line(0)).await.unwrap();
    let VenueSaved::Now(three) = saved else { panic!("{saved:?}") };
    let words = resource("会商一线", ResourceKind::Telephone);
    let telephone = store.save_platform_resource(words, line(0)).await.unwrap();
    let mut wanted = plan("防汛调度会", &[one, two]);
    wanted.venues[1].role = VenueRole::Main;
    let id = booked(&store, wanted).await;
    (home, store, id, [one, two, three], telephone, [first, second, third])
}

/// The moment of `minute` past nine.
fn nine(minute: i64) -> Timestamp {
    at(9 * 3600 + minute * 60)
}

fn by(login: &str, at: Timestamp) -> zhishou_storage::AuditLine {
    zhishou_storage::AuditLine { at, login: login.into(), ..line(0) }
}

fn to(meeting: MeetingId, venue: VenueId, to: TurnTo) -> NewTurn {
    let note = "易家街会场 → 三楼会议室：无声".to_owned();
    NewTurn { meeting, venue, to, what: "无声".into(), note, told: Vec::new() }
}

async fn back(store: &Store, meeting: MeetingId, turn: i64, when: Timestamp) -> TurnActed {
    let note = ("撤销".to_owned(), Vec::new());
    store.undo_turn(meeting, turn, note, by("wang", when)).await.unwrap()
}

/// What a meeting holds, with the minutes past nine.
async fn holds(store: &Store, meeting: MeetingId) -> Vec<(Subject, i64, i64)> {
    let day = Slot { from: nine(-600), to: nine(600) };
    let minute = |at: Timestamp| (at.millis() - nine(0).millis()) / 60_000;
    let held = store.held_within(day).await.unwrap();
    let of = held.into_iter().filter(|it| it.meeting == meeting);
    of.map(|it| (it.subject, minute(it.slot.from), minute(it.slot.to))).collect()
}

async fn places(store: &Store, meeting: MeetingId) -> Vec<(VenueId, VenueRole)> {
    let stored = store.meeting(meeting).await.unwrap().unwrap();
    stored.plan.venues.iter().map(|it| (it.venue, it.role)).collect()
}

#[tokio::test]
async fn another_venue_takes_the_place_and_the_one_that_failed_is_kept_until_it_is_undone() {
    let (_home, store, id, [one, two, three], _, [_, second, third]) = house().await;
    let before = store.meeting(id).await.unwrap().unwrap();
    let turned = store.turn_meeting(to(id, two, TurnTo::Venue(three)), by("wang", nine(-20)));
    assert_eq!(turned.await.unwrap(), TurnActed::Done);
    assert_eq!(places(&store, id).await, [(three, VenueRole::Main), (one, VenueRole::Branch)]);
    let now = holds(&store, id).await;
    for subject in [Subject::Venue(three), Subject::Device(third)] {
        assert!(now.contains(&(subject, 0, 120)), "{subject:?} {now:?}");
    }
    for subject in [Subject::Venue(two), Subject::Device(second)] {
        assert!(now.iter().any(|it| it.0 == subject), "nobody books what failed: {now:?}");
    }
    let stored = store.meeting(id).await.unwrap().unwrap();
    assert_eq!((stored.revision, stored.state), (before.revision + 1, before.state));
    let last = stored.steps.last().unwrap();
    assert_eq!((last.act, last.login.as_str()), (MeetingAct::Turn, "wang"));
    let audit = store.audit_of("turn_meeting", 10).await.unwrap();
    assert!(audit.len() == 1 && audit[0].1.contains("三楼会议室"), "{audit:?}");
    assert_eq!(store.meeting_incidents(id).await.unwrap(), [], "nothing is lost before it begins");
    // Whoever has the old form open does not put the old venue back.
    let stale = Rebooking {
        id,
        revision: before.revision,
        plan: before.plan.clone(),
        way: zhishou_storage::BookingWay::Approved,
        displace: Vec::new(),
        told: Vec::new(),
        step: MeetingStep {
            at: nine(-19),
            login: "li".into(),
            act: MeetingAct::Note,
            note: "x".into(),
        },
        address: String::new(),
    };
    assert_eq!(store.rebook_meeting(stale).await.unwrap(), zhishou_storage::Booked::Stale);

    let again = store.turn_meeting(to(id, one, TurnTo::Venue(three)), by("wang", nine(-19)));
    assert_eq!(again.await.unwrap(), TurnActed::Refused, "it is in the meeting already");
    let turns = store.meeting_turns(id).await.unwrap();
    assert_eq!(
        (turns.len(), turns[0].is_undone, turns[0].to_name.as_str()),
        (1, false, "三楼会议室")
    );
    assert_eq!(back(&store, id, turns[0].id, nine(-10)).await, TurnActed::Done);
    assert_eq!(places(&store, id).await, [(two, VenueRole::Main), (one, VenueRole::Branch)]);
    let now = holds(&store, id).await;
    let let_go = [Subject::Venue(three), Subject::Device(third)];
    assert!(now.iter().all(|it| !let_go.contains(&it.0)), "{now:?}");
    assert_eq!(back(&store, id, turns[0].id, nine(-9)).await, TurnActed::Missing, "undone once");
    assert!(store.meeting_turns(id).await.unwrap()[0].is_undone);
    // It can be turned to again, and is held again.
    let again = store.turn_meeting(to(id, two, TurnTo::Venue(three)), by("wang", nine(-5)));
    assert_eq!(again.await.unwrap(), TurnActed::Done);
    let now = holds(&store, id).await;
    assert!(now.contains(&(Subject::Device(third), 0, 120)), "{now:?}");
}

#[tokio::test]
async fn a_backup_endpoint_is_turned_to_because_of_something_and_back() {
    let (_home, store, id, [one, two, three], _, [_, second, third]) = house().await;
    store.save_venue(Some(three), venue("三楼会议室", vec![]), line(0)).await.unwrap();
    let both = vec![(second, DeviceRole::Primary), (third, DeviceRole::Backup)];
    let words = venue("易家街会场", both);
    store.change_venue(Some(two), words, OnClash::Refuse, line(1)).await.unwrap();
    let turn = |device| to(id, two, TurnTo::Endpoint(device));
    let at_begin = store.meeting(id).await.unwrap().unwrap();
    let same = store.turn_meeting(turn(second), by("wang", nine(-20))).await.unwrap();
    assert_eq!(same, TurnActed::Refused, "it is held on that");
    assert_eq!(
        store.turn_meeting(turn(third), by("wang", nine(-20))).await.unwrap(),
        TurnActed::Done
    );
    assert_eq!(places(&store, id).await, [(two, VenueRole::Main), (one, VenueRole::Branch)]);
    let turned = store.meeting_turns(id).await.unwrap();
    assert_eq!((turned[0].to_name.as_str(), turned[0].what.as_str()), ("终端三", "无声"));
    let again = store.turn_meeting(turn(third), by("wang", nine(-19))).await.unwrap();
    assert_eq!(again, TurnActed::Refused);
    // There and on, and back by as many steps.
    assert_eq!(
        store.turn_meeting(turn(second), by("wang", nine(-18))).await.unwrap(),
        TurnActed::Done
    );
    let turned = store.meeting_turns(id).await.unwrap();
    for it in turned.iter().rev() {
        assert_eq!(back(&store, id, it.id, nine(-17)).await, TurnActed::Done);
    }
    assert_eq!(store.turn_meeting(turn(second), by("wang", nine(-16))).await.unwrap(), same);
    let stored = store.meeting(id).await.unwrap().unwrap();
    assert_eq!(stored.revision, at_begin.revision + 4, "whoever has a form open sees it is old");
    // While it is held that is an incident, whose fallback it is.
    let start = step(9 * 3600, "wang", MeetingAct::Start, "");
    store.act_on_meeting(id, vec![start], String::new(), Vec::new()).await.unwrap();
    store.turn_meeting(turn(third), by("wang", nine(5))).await.unwrap();
    let incidents = store.meeting_incidents(id).await.unwrap();
    assert_eq!(incidents[0].fallback, Some(Fallback::BackupEndpoint));
    let held = holds(&store, id).await;
    assert!(held.contains(&(Subject::Device(third), 0, 120)), "it stands there: {held:?}");
}

#[tokio::test]
async fn what_others_hold_is_refused_with_its_holder_and_nothing_changes() {
    let (_home, store, id, [_, two, three], _, [_, _, third]) = house().await;
    let mut other = plan("早会", &[three]);
    // Later, but within what the meeting still needs.
    other.time = LocalSlot { from: wall(10, 30), to: wall(12, 0) };
    let other = booked(&store, other).await;
    let (was, held) = (places(&store, id).await, holds(&store, id).await);
    let turned = store.turn_meeting(to(id, two, TurnTo::Venue(three)), by("wang", nine(-20)));
    let TurnActed::Taken(clash) = turned.await.unwrap() else { panic!("it was not refused") };
    assert!(clash.iter().all(|it| it.meeting == other && it.title == "早会"), "{clash:?}");
    assert!(clash.iter().any(|it| it.subject == Subject::Device(third)), "{clash:?}");
    assert_eq!((places(&store, id).await, holds(&store, id).await), (was, held));
    assert_eq!(store.meeting_turns(id).await.unwrap(), []);
    // What is over by then is not in the way.
    let step =
        |act| MeetingStep { at: nine(-1), login: "li".into(), act, note: "不开了".into() };
    let cancelled =
        store.act_on_meeting(other, vec![step(MeetingAct::Cancel)], String::new(), Vec::new());
    assert_eq!(cancelled.await.unwrap(), MeetingActed::Now(MeetingState::Cancelled));
    let turned = store.turn_meeting(to(id, two, TurnTo::Venue(three)), by("wang", nine(0)));
    assert_eq!(turned.await.unwrap(), TurnActed::Done);
}

#[tokio::test]
async fn while_it_runs_a_turn_is_an_incident_and_what_passed_stays_on_record() {
    let (_home, store, id, [_, two, three], _, [_, _, third]) = house().await;
    let mut words = venue("三楼会议室", vec![(third, DeviceRole::Primary)]);
    let step = |at, act| MeetingStep { at, login: "li".into(), act, note: String::new() };
    let begun =
        store.act_on_meeting(id, vec![step(nine(0), MeetingAct::Start)], String::new(), Vec::new());
    assert_eq!(begun.await.unwrap(), MeetingActed::Now(MeetingState::Live));
    let turned = store.turn_meeting(to(id, two, TurnTo::Venue(three)), by("wang", nine(30)));
    assert_eq!(turned.await.unwrap(), TurnActed::Done);
    let incidents = store.meeting_incidents(id).await.unwrap();
    assert_eq!((incidents.len(), incidents[0].venue, incidents[0].what.as_str()), (1, two, "无声"));
    assert_eq!(incidents[0].fallback, Some(zhishou_domain::check::Fallback::NearestVenue));
    let turn = store.meeting_turns(id).await.unwrap()[0].id;
    assert_eq!(back(&store, id, turn, nine(45)).await, TurnActed::Done);
    let now = holds(&store, id).await;
    assert!(now.contains(&(Subject::Venue(three), 30, 45)), "{now:?}");
    // A venue that was taken out of use is not turned to.
    words.in_use = false;
    store.save_venue(Some(three), words, by("li", nine(46))).await.unwrap();
    let turned = store.turn_meeting(to(id, two, TurnTo::Venue(three)), by("wang", nine(50)));
    assert_eq!(turned.await.unwrap(), TurnActed::Missing);
    let ended =
        store.act_on_meeting(id, vec![step(nine(60), MeetingAct::End)], String::new(), Vec::new());
    assert_eq!(ended.await.unwrap(), MeetingActed::Now(MeetingState::Ended));
    let late = store.turn_meeting(to(id, two, TurnTo::Venue(three)), by("wang", nine(61)));
    assert_eq!(late.await.unwrap(), TurnActed::Refused);
}

#[tokio::test]
async fn a_telephone_conference_is_reserved_once_and_let_go_with_the_last_that_uses_it() {
    let (_home, store, id, [one, two, _], telephone, _) = house().await;
    let on = TurnTo::Telephone(telephone);
    for venue in [one, two] {
        let turned = store.turn_meeting(to(id, venue, on), by("wang", nine(-20))).await.unwrap();
        assert_eq!(turned, TurnActed::Done);
    }
    let again = store.turn_meeting(to(id, two, on), by("wang", nine(-19))).await.unwrap();
    assert_eq!(again, TurnActed::Refused, "it is on it already");
    let subject = Subject::Resource(telephone);
    let lines = |all: &[(Subject, i64, i64)]| all.iter().filter(|it| it.0 == subject).count();
    assert_eq!(lines(&holds(&store, id).await), 1);
    let turns = store.meeting_turns(id).await.unwrap();
    // The first of the two took it, the other still needs it.
    assert_eq!(back(&store, id, turns[0].id, nine(-15)).await, TurnActed::Done);
    let stored = store.meeting(id).await.unwrap().unwrap();
    assert_eq!(stored.plan.resources, [telephone]);
    assert_eq!(back(&store, id, turns[1].id, nine(-10)).await, TurnActed::Done);
    let stored = store.meeting(id).await.unwrap().unwrap();
    assert_eq!(stored.plan.resources, []);
    let now = holds(&store, id).await;
    assert!(now.iter().all(|it| it.0 != subject), "{now:?}");

    // One that was booked with the meeting stays with it.
    let mut other = plan("例会", &[one]);
    other.time = LocalSlot { from: wall(14, 0), to: wall(15, 0) };
    other.resources = vec![telephone];
    let other = booked(&store, other).await;
    let turned = store.turn_meeting(to(other, one, on), by("wang", nine(0))).await.unwrap();
    assert_eq!(turned, TurnActed::Done);
    let turn = store.meeting_turns(other).await.unwrap()[0].id;
    assert_eq!(back(&store, other, turn, nine(1)).await, TurnActed::Done);
    assert_eq!(lines(&holds(&store, other).await), 1);
}

#[tokio::test]
async fn whoever_is_told_is_told_with_it_or_not_at_all() {
    let (_home, store, id, [_, two, three], ..) = house().await;
    let channel = NewChannel {
        id: None,
        kind: ChannelKind::Sms,
        name: "短信".into(),
        switch: Switch::On,
        topics: [Topic::Meeting].into(),
        settings: ChannelSettings {
            security: MailSecurity::Plain,
            body: "to={phone}&msg={text}".into(),
            ..ChannelSettings::default()
        },
        access: ChannelAccess { address: "https://x.example/".into(), secret: String::new() },
    };
    assert!(matches!(store.save_channel(channel, line(0)).await, Ok(ChannelSaved::Kept(_))));
    let note = |key: &str| Note {
        to: vec![Contact { name: "张三".into(), phone: "138-1".into(), mail: String::new() }],
        ..Note::new(Topic::Meeting, key, "【会场变更】")
    };
    let told = |key: &str| vec![(note(key), Route::Addressed)];
    let turn = |target, key: &str| NewTurn { told: told(key), ..to(id, two, target) };
    let missing = turn(TurnTo::Telephone(ResourceId::new(99)), "a");
    let refused = store.turn_meeting(missing, by("wang", nine(-20))).await.unwrap();
    assert_eq!(refused, TurnActed::Missing);
    assert_eq!(store.messages(None, None, 10).await.unwrap(), []);
    let done = turn(TurnTo::Venue(three), "b");
    let done = store.turn_meeting(done, by("wang", nine(-20))).await.unwrap();
    assert_eq!(done, TurnActed::Done);
    let messages = store.messages(None, None, 10).await.unwrap();
    assert_eq!(
        (messages.len(), messages[0].recipients.as_slice()),
        (1, ["138-1".to_owned()].as_slice())
    );
}

#[tokio::test]
async fn of_a_venue_that_is_free_the_last_of_its_last_meeting_is_known() {
    let (_home, store, id, [one, two, three], _, [first, ..]) = house().await;
    let run = |minute| {
        store.begin_check_run(NewRun {
            meeting: id,
            meeting_from: nine(0),
            cause: zhishou_domain::check::Cause::Asked,
            depth: zhishou_domain::check::CheckDepth::Full,
            plan_version: 0,
            at: nine(minute),
            login: "li".into(),
        })
    };
    let cell = |item, outcome| NewCell {
        venue: one,
        device: Some(first),
        finding: Finding { item, outcome, evidence: Evidence::None },
        picture: None,
    };
    let full = run(-60).await.unwrap();
    let all = vec![cell(CheckItem::Audio, Outcome::Fail), cell(CheckItem::Video, Outcome::Pass)];
    store.keep_check_cells(id, full, all, nine(-60)).await.unwrap();
    // A later look at one item leaves the others as they were; one in vain tells nothing.
    let one_item = run(-50).await.unwrap();
    let later =
        vec![cell(CheckItem::Video, Outcome::Untested), cell(CheckItem::Reachable, Outcome::Pass)];
    store.keep_check_cells(id, one_item, later, nine(-50)).await.unwrap();
    let known = store.venues_shown(&[one, two, three]).await.unwrap();
    let mut shown = known[&one].shown.clone();
    shown.sort_by_key(|it| it.item);
    let expected = |item, outcome, minute| LastShown { item, outcome, confirmed: nine(minute) };
    assert_eq!(
        shown,
        [
            expected(CheckItem::Reachable, Outcome::Pass, -50),
            expected(CheckItem::Audio, Outcome::Fail, -60),
            expected(CheckItem::Video, Outcome::Pass, -60),
        ]
    );
    assert_eq!((known[&two].endpoint, known[&two].shown.len()), (Some(State::Unknown), 0));
}

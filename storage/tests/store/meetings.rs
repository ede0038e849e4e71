//! Meetings: all that one needs or nothing of it, and nothing held twice, whoever asks at once.

use crate::support::{Home, at, import};
use chrono::{NaiveDate, NaiveDateTime};
use zhishou_domain::{
    DeviceId, DeviceKind, LedgerRow, MeetingId, ResourceId, Timestamp, VenueId,
    alert::{Note, Topic},
    meeting::{
        AssuranceGrade, Buffers, Cascade, Contact, Convener, DeviceRole, LocalSlot, MeetingAct,
        MeetingPlan, MeetingProblem, MeetingRank, MeetingRefusal, MeetingState, MeetingStep,
        MeetingVenue, ResourceKind, Slot, Subject, VenueRole,
    },
};
use zhishou_storage::{
    AuditLine, Booked, BookingWay, FeedScope, MakesWay, MeetingActed, MeetingFilter, NewMeeting,
    NoticeAnswer, Rebooking, ResourceWords, Store, VenueSaved, VenueWords,
};

pub(crate) const ADDRESS: &str = "10.0.0.9";

pub(crate) fn line(second: i64) -> AuditLine {
    AuditLine {
        at: at(second),
        login: "li".into(),
        action: "save_venue",
        subject: String::new(),
        address: ADDRESS.into(),
    }
}

pub(crate) fn venue(name: &str, devices: Vec<(DeviceId, DeviceRole)>) -> VenueWords {
    VenueWords {
        name: name.into(),
        site: None,
        seats: Some(40),
        contact: "王工".into(),
        phone: "010-1234".into(),
        note: String::new(),
        in_use: true,
        devices,
    }
}

pub(crate) fn resource(name: &str, kind: ResourceKind) -> ResourceWords {
    let (dial, pass_code) = ("010-7".to_owned(), "8821".to_owned());
    ResourceWords { name: name.into(), kind, in_use: true, dial, pass_code }
}

fn endpoint(row: u32, name: &str) -> LedgerRow {
    LedgerRow {
        street: Some("人民路".into()),
        kind: Some(DeviceKind::Endpoint),
        url: Some(format!("sip:room{row}@10.0.0.{row}")),
        ..LedgerRow::new(row, name, "东门")
    }
}

/// An endpoint that stands in no venue yet.
pub(crate) async fn third_endpoint(store: &Store) -> DeviceId {
    import(store, vec![endpoint(9, "终端三")], at(-500)).await;
    store.endpoints_without_venue(10).await.unwrap()[0].0
}

/// Two venues with an endpoint each, and an MCU.
pub(crate) async fn rooms(home: &Home) -> (Store, [VenueId; 2], ResourceId, [DeviceId; 2]) {
    let store = home.open().await;
    import(&store, vec![endpoint(2, "终端一"), endpoint(3, "终端二")], at(-600)).await;
    let loose = store.endpoints_without_venue(10).await.unwrap();
    let devices = [loose[0].0, loose[1].0];
    let mut venues = Vec::new();
    for (name, device) in ["一楼会议室", "易家街会场"].into_iter().zip(devices) {
        let words = venue(name, vec![(device, DeviceRole::Primary)]);
        let VenueSaved::Now(id) = store.save_venue(None, words, line(0)).await.unwrap() else {
            panic!("a venue was not saved")
        };
        venues.push(id);
    }
    assert_eq!(store.endpoints_without_venue(10).await.unwrap(), []);
    let mcu =
        store.save_platform_resource(resource("MCU 一", ResourceKind::Mcu), line(0)).await.unwrap();
    (store, [venues[0], venues[1]], mcu, devices)
}

/// 2026-03-10, the day that begins at `at(0)`.
pub(crate) fn wall(hour: u32, minute: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 3, 10).unwrap().and_hms_opt(hour, minute, 0).unwrap()
}

pub(crate) fn moment(hour: i64, minute: i64) -> Timestamp {
    at(hour * 3600 + minute * 60)
}

/// From 09:00 to 11:00, without buffers.
pub(crate) fn plan(title: &str, venues: &[VenueId]) -> MeetingPlan {
    MeetingPlan {
        title: title.into(),
        rank: MeetingRank::Second,
        assurance: AssuranceGrade::First,
        convener: Convener::City,
        organiser: "市应急局".into(),
        cascade: Cascade::Mcu,
        zone: chrono_tz::Asia::Shanghai,
        time: LocalSlot { from: wall(9, 0), to: wall(11, 0) },
        buffers: Buffers::default(),
        rehearsal: None,
        venues: venues
            .iter()
            .map(|id| MeetingVenue { venue: *id, role: VenueRole::Branch })
            .collect(),
        resources: Vec::new(),
        contacts: vec![Contact {
            name: "张三".into(),
            unit: "办公室".into(),
            phone: "13800000000".into(),
            mail: String::new(),
            ..Contact::default()
        }],
        note: "材料提前发放".into(),
    }
}

pub(crate) fn new(plan: MeetingPlan, login: &str) -> NewMeeting {
    NewMeeting {
        plan,
        way: BookingWay::Approved,
        displace: Vec::new(),
        at: at(0),
        login: login.into(),
        address: ADDRESS.into(),
        request_key: None,
    }
}

pub(crate) async fn booked(store: &Store, plan: MeetingPlan) -> MeetingId {
    match store.book_meeting(new(plan, "li")).await.unwrap() {
        Booked::Now(id, MeetingState::Approved) => id,
        other => panic!("not booked: {other:?}"),
    }
}

pub(crate) fn step(second: i64, login: &str, act: MeetingAct, note: &str) -> MeetingStep {
    MeetingStep { at: at(second), login: login.into(), act, note: note.into() }
}

pub(crate) async fn held(store: &Store) -> Vec<(MeetingId, Subject)> {
    let day = Slot { from: at(0), to: at(86_400) };
    store.held_within(day).await.unwrap().iter().map(|it| (it.meeting, it.subject)).collect()
}

#[tokio::test]
async fn what_was_booked_is_read_again_and_holds_all_it_needs() {
    let home = Home::shanghai();
    let (store, venues, mcu, devices) = rooms(&home).await;
    let mut asked = plan("防汛调度会", &venues);
    asked.venues[0].role = VenueRole::Main;
    asked.resources = vec![mcu];
    asked.buffers = Buffers { setup_min: 30, teardown_min: 15 };
    asked.rehearsal = Some(LocalSlot { from: wall(7, 0), to: wall(7, 30) });
    let id = booked(&store, asked.clone()).await;
    let stored = store.meeting(id).await.unwrap().unwrap();
    assert_eq!((stored.plan, stored.state, stored.revision), (asked, MeetingState::Approved, 0));
    assert_eq!(stored.steps.len(), 3);
    assert_eq!((stored.steps[0].login.as_str(), stored.steps[2].login.as_str()), ("li", ""));
    let all = store.held_within(Slot { from: moment(8, 30), to: moment(8, 31) }).await.unwrap();
    let mut subjects: Vec<_> = all.iter().map(|it| it.subject).collect();
    subjects.sort();
    let [one, two] = venues;
    let mut expected = vec![
        Subject::Venue(one),
        Subject::Venue(two),
        Subject::Device(devices[0]),
        Subject::Device(devices[1]),
        Subject::Resource(mcu),
    ];
    expected.sort();
    assert_eq!(subjects, expected);
    assert!(all.iter().all(|it| it.slot.to == moment(11, 15) && !it.is_rehearsal));
    assert_eq!(held(&store).await.len(), 10, "the rehearsal holds them too");
    let log = store.audit_of("book_meeting", 10).await.unwrap();
    assert_eq!(log[0], ("li".into(), format!("meeting {id}"), at(0)));
}

#[tokio::test]
async fn a_part_that_is_taken_takes_the_whole_back_and_is_named() {
    let home = Home::shanghai();
    let (store, [one, two], mcu, _) = rooms(&home).await;
    let mut first = plan("早会", &[one]);
    first.resources = vec![mcu];
    let first = booked(&store, first).await;
    let before = held(&store).await;
    let mut second = plan("晚来的会", &[two]);
    second.resources = vec![mcu];
    second.time = LocalSlot { from: wall(10, 0), to: wall(11, 0) };
    let Booked::Taken(clash) = store.book_meeting(new(second, "zhao")).await.unwrap() else {
        panic!("it was booked twice")
    };
    assert_eq!(clash.held.len(), 1);
    let by = &clash.held[0];
    assert_eq!((by.meeting, by.title.as_str(), by.by.as_str()), (first, "早会", "li"));
    assert_eq!((by.subject, by.name.as_str()), (Subject::Resource(mcu), "MCU 一"));
    assert_eq!(clash.free, Some(Slot { from: moment(11, 0), to: moment(12, 0) }));
    assert_eq!(held(&store).await, before, "and the venue is not held");
    assert_eq!(store.meetings(&MeetingFilter::default(), 10).await.unwrap().len(), 1);
    assert_eq!(store.audit_of("book_meeting", 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_end_is_no_clash_with_a_beginning_but_a_buffer_is() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    booked(&store, plan("上午", &[one])).await;
    let mut next = plan("紧接着", &[one]);
    next.time = LocalSlot { from: wall(11, 0), to: wall(12, 0) };
    next.buffers.setup_min = 1;
    let Booked::Taken(clash) = store.book_meeting(new(next.clone(), "li")).await.unwrap() else {
        panic!("the buffer was not kept")
    };
    assert_eq!(clash.free, Some(Slot { from: moment(11, 1), to: moment(12, 1) }));
    next.buffers.setup_min = 0;
    booked(&store, next).await;
}

#[tokio::test]
async fn of_a_thousand_who_ask_at_once_one_gets_the_room() {
    let home = Home::shanghai();
    let (store, venues, ..) = rooms(&home).await;
    // Two programs on one file: what decides is the database, not a queue of ours.
    let other = home.open().await;
    let mut attempts = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let store = if number % 2 == 0 { store.clone() } else { other.clone() };
        let attempt = new(plan(&format!("会议 {number}"), &venues), "li");
        attempts.spawn(async move { store.book_meeting(attempt).await.unwrap() });
    }
    let outcomes = attempts.join_all().await;
    let won = outcomes.iter().filter(|it| matches!(it, Booked::Now(..))).count();
    let lost = outcomes.iter().filter(|it| matches!(it, Booked::Taken(_))).count();
    assert_eq!((won, lost), (1, 999));
    assert_eq!(held(&store).await.len(), 4, "two venues and their endpoints, once");
    assert_eq!(store.meetings(&MeetingFilter::default(), 2000).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_schema_itself_refuses_what_overlaps() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let first = booked(&store, plan("上午", &[one])).await;
    let mut later = plan("下午", &[one]);
    later.time = LocalSlot { from: wall(14, 0), to: wall(15, 0) };
    let later = booked(&store, later).await;
    let mut connection = home.look().await;
    let mut insert = async |meeting: MeetingId, from: Timestamp, to: Timestamp| {
        sqlx::query(
            "INSERT INTO reservations (meeting_id, subject, from_ms, to_ms, purpose)
             VALUES (?, ?, ?, ?, 'meeting')",
        )
        .bind(meeting.number())
        .bind(Subject::Venue(one).key())
        .bind(from.millis())
        .bind(to.millis())
        .execute(&mut connection)
        .await
    };
    let refused = insert(later, moment(10, 59), moment(12, 0)).await.unwrap_err();
    assert!(refused.to_string().contains("reservation overlaps"), "{refused}");
    insert(later, moment(11, 0), moment(12, 0)).await.unwrap();
    insert(first, moment(10, 0), moment(10, 30)).await.unwrap();
    let too_long = insert(later, moment(24, 0), moment(24 * 11, 0)).await.unwrap_err();
    assert!(too_long.to_string().contains("CHECK"), "{too_long}");
}

pub(crate) fn rebooking(id: MeetingId, revision: u32, plan: MeetingPlan, note: &str) -> Rebooking {
    Rebooking {
        id,
        revision,
        plan,
        way: BookingWay::Approved,
        displace: Vec::new(),
        step: step(10, "li", MeetingAct::Reschedule, note),
        told: Vec::new(),
        address: ADDRESS.into(),
    }
}

#[tokio::test]
async fn what_moves_keeps_its_place_until_it_has_the_new_one() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let id = booked(&store, plan("甲", &[one])).await;
    let mut later = plan("乙", &[one]);
    later.time = LocalSlot { from: wall(13, 0), to: wall(14, 0) };
    booked(&store, later).await;
    let before = held(&store).await;
    let mut moved = plan("甲", &[one]);
    moved.time = LocalSlot { from: wall(12, 0), to: wall(14, 0) };
    let rebook = |revision, plan, note| store.rebook_meeting(rebooking(id, revision, plan, note));
    assert!(matches!(rebook(0, moved.clone(), "改").await.unwrap(), Booked::Taken(_)));
    assert_eq!(held(&store).await, before);
    // It does not stand in its own way.
    moved.time = LocalSlot { from: wall(10, 0), to: wall(12, 0) };
    assert_eq!(
        rebook(0, moved.clone(), "").await.unwrap(),
        Booked::Refused(MeetingRefusal::Reason)
    );
    let now = Booked::Now(id, MeetingState::Rescheduled);
    assert_eq!(rebook(0, moved.clone(), "领导行程").await.unwrap(), now);
    assert_eq!(rebook(0, plan("甲", &[one]), "又改").await.unwrap(), Booked::Stale);
    let stored = store.meeting(id).await.unwrap().unwrap();
    assert_eq!((stored.plan.time, stored.revision), (moved.time, 1));
    // Words alone move nothing.
    moved.note = "新的备注".into();
    assert_eq!(rebook(1, moved.clone(), "补充").await.unwrap(), now);
    let last = store.meeting(id).await.unwrap().unwrap().steps.pop().unwrap();
    assert_eq!(last.act, MeetingAct::Note);
    // What has begun is not rewritten.
    let mut late = rebooking(id, 2, plan("甲", &[one]), "晚了");
    late.step.at = moment(10, 0);
    late.plan.time = LocalSlot { from: wall(15, 0), to: wall(16, 0) };
    assert_eq!(store.rebook_meeting(late).await.unwrap(), Booked::Refused(MeetingRefusal::Order));
}

#[tokio::test]
async fn a_move_asks_for_approval_again_where_one_is_needed() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let asked = NewMeeting { way: BookingWay::Submit, ..new(plan("甲", &[one]), "li") };
    let Booked::Now(id, MeetingState::Submitted) = store.book_meeting(asked).await.unwrap() else {
        panic!("it does not wait for approval")
    };
    let approve = |login: &str| vec![step(1, login, MeetingAct::Approve, "")];
    let act = |steps| store.act_on_meeting(id, steps, ADDRESS.into(), Vec::new());
    assert_eq!(
        act(approve("li")).await.unwrap(),
        MeetingActed::Refused(MeetingRefusal::SamePerson)
    );
    assert_eq!(act(approve("chen")).await.unwrap(), MeetingActed::Now(MeetingState::Approved));
    let mut moved = plan("甲", &[one]);
    moved.time = LocalSlot { from: wall(15, 0), to: wall(16, 0) };
    let change = Rebooking { way: BookingWay::Submit, ..rebooking(id, 0, moved, "改") };
    assert_eq!(
        store.rebook_meeting(change).await.unwrap(),
        Booked::Now(id, MeetingState::Submitted)
    );
    assert_eq!(
        act(vec![step(2, "chen", MeetingAct::Reject, "时间不妥")]).await.unwrap(),
        MeetingActed::Now(MeetingState::Draft)
    );
    assert_eq!(held(&store).await, [], "a draft holds nothing");
}

#[tokio::test]
async fn a_draft_is_checked_when_it_is_submitted_and_a_cancellation_lets_go() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let draft = NewMeeting { way: BookingWay::Draft, ..new(plan("草稿", &[one]), "li") };
    let Booked::Now(draft, MeetingState::Draft) = store.book_meeting(draft).await.unwrap() else {
        panic!("a draft is a draft")
    };
    let other = booked(&store, plan("定了的会", &[one])).await;
    let submit =
        || vec![step(5, "li", MeetingAct::Submit, ""), step(5, "", MeetingAct::Approve, "")];
    let act = |id, steps| store.act_on_meeting(id, steps, ADDRESS.into(), Vec::new());
    let MeetingActed::Taken(clash) = act(draft, submit()).await.unwrap() else {
        panic!("it holds what another holds")
    };
    assert_eq!(clash.held[0].meeting, other);
    let cancel = vec![step(6, "li", MeetingAct::Cancel, "不开了")];
    assert_eq!(act(other, cancel).await.unwrap(), MeetingActed::Now(MeetingState::Cancelled));
    assert_eq!(act(draft, submit()).await.unwrap(), MeetingActed::Now(MeetingState::Approved));
    assert!(held(&store).await.iter().all(|(meeting, _)| *meeting == draft));
    assert_eq!(store.audit_of("cancel_meeting", 10).await.unwrap().len(), 1);
    // After its end what was held stays on record.
    let late = vec![step(12 * 3600, "li", MeetingAct::Cancel, "补取消")];
    assert_eq!(act(draft, late).await.unwrap(), MeetingActed::Refused(MeetingRefusal::Order));
}

#[tokio::test]
async fn only_a_lower_meeting_that_was_named_makes_way() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let lower = booked(&store, plan("例会", &[one])).await;
    let urgent = |rank, displace: &[MeetingId]| {
        let plan = MeetingPlan { rank, ..plan("紧急调度", &[one]) };
        let duty = Note::new(Topic::Duty, "displaced", "会议让位");
        let makes_way =
            |id: &MeetingId| MakesWay { meeting: *id, told: Vec::new(), duty: duty.clone() };
        let displace = displace.iter().map(makes_way).collect();
        NewMeeting { displace, ..new(plan, "zhao") }
    };
    for refused in [urgent(MeetingRank::First, &[]), urgent(MeetingRank::Second, &[lower])] {
        assert!(matches!(store.book_meeting(refused).await.unwrap(), Booked::Taken(_)));
    }
    assert_eq!(store.meeting(lower).await.unwrap().unwrap().state, MeetingState::Approved);
    let taken = store.book_meeting(urgent(MeetingRank::First, &[lower])).await.unwrap();
    let Booked::Now(id, _) = taken else { panic!("it was not given way: {taken:?}") };
    let displaced = store.meeting(lower).await.unwrap().unwrap();
    assert_eq!(displaced.state, MeetingState::Draft);
    let last = displaced.steps.last().unwrap();
    assert_eq!((last.act, last.login.as_str()), (MeetingAct::Displace, "zhao"));
    assert_eq!(last.note, format!("#{id} 紧急调度"));
    assert!(held(&store).await.iter().all(|(meeting, _)| *meeting == id));
    let log = store.audit_of("displace_meeting", 10).await.unwrap();
    assert_eq!(log, [("zhao".into(), format!("meeting {lower}"), at(0))]);
}

#[tokio::test]
async fn a_request_that_is_repeated_books_once() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let asked = NewMeeting { request_key: Some("li k1".into()), ..new(plan("甲", &[one]), "li") };
    let Booked::Now(id, _) = store.book_meeting(asked.clone()).await.unwrap() else {
        panic!("not booked")
    };
    assert_eq!(store.book_meeting(asked).await.unwrap(), Booked::Already(id));
}

#[tokio::test]
async fn what_is_not_sound_is_refused_before_anything_is_held() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let book = |new| store.book_meeting(new);
    let past = NewMeeting { at: moment(9, 1), ..new(plan("甲", &[one]), "li") };
    assert_eq!(book(past.clone()).await.unwrap(), Booked::Past);
    let untitled = new(plan(" ", &[one]), "li");
    assert_eq!(book(untitled).await.unwrap(), Booked::Unsound(MeetingProblem::Title));
    let nowhere = new(plan("甲", &[VenueId::new(99)]), "li");
    assert_eq!(book(nowhere).await.unwrap(), Booked::Missing);
    let mut closed = venue("一楼会议室", Vec::new());
    closed.in_use = false;
    store.save_venue(Some(one), closed, line(1)).await.unwrap();
    assert_eq!(book(new(plan("甲", &[one]), "li")).await.unwrap(), Booked::Missing);
    let emergency = NewMeeting { way: BookingWay::Emergency, ..past };
    assert_eq!(book(emergency).await.unwrap(), Booked::Missing);
    assert_eq!(held(&store).await, []);
}

#[tokio::test]
async fn an_emergency_that_has_begun_can_be_booked() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let now = NewMeeting {
        at: moment(9, 1),
        way: BookingWay::Emergency,
        ..new(plan("应急会商", &[one]), "li")
    };
    let booked = store.book_meeting(now).await.unwrap();
    assert!(matches!(booked, Booked::Now(_, MeetingState::Emergency)), "{booked:?}");
}

#[tokio::test]
async fn a_page_of_meetings_goes_on_where_it_ended() {
    let home = Home::shanghai();
    let (store, [one, two], ..) = rooms(&home).await;
    let mut ids = Vec::new();
    for hour in 9..14 {
        let mut plan = plan(&format!("{hour} 点"), &[if hour % 2 == 0 { one } else { two }]);
        plan.time = LocalSlot { from: wall(hour, 0), to: wall(hour + 1, 0) };
        ids.push(booked(&store, plan).await);
    }
    let found = async |filter: MeetingFilter, limit| {
        let found = store.meetings(&filter, limit).await.unwrap();
        found.iter().map(|it| it.id).collect::<Vec<_>>()
    };
    let first = store.meetings(&MeetingFilter::default(), 2).await.unwrap();
    let after = Some((first[1].plan.slot().from, first[1].id));
    assert_eq!(found(MeetingFilter { after, ..MeetingFilter::default() }, 9).await, ids[2..]);
    let window = MeetingFilter {
        from: Some(moment(10, 0)),
        to: Some(moment(12, 0)),
        ..MeetingFilter::default()
    };
    assert_eq!(found(window.clone(), 9).await, ids[1..3], "ends and begins are no overlap");
    assert_eq!(found(MeetingFilter { venue: Some(one), ..window }, 9).await, ids[1..2]);
    let none = MeetingFilter { states: vec![MeetingState::Live], ..MeetingFilter::default() };
    assert_eq!(found(none, 9).await, []);
}

#[tokio::test]
async fn a_feed_opens_what_it_is_for_until_it_is_revoked() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let hash = |digit: char| digit.to_string().repeat(64);
    let add = |name: &str, hash, scope| store.add_calendar_feed(name.into(), hash, scope, line(5));
    add("门口的屏", hash('a'), FeedScope::Venue(one)).await.unwrap();
    add("手机", hash('b'), FeedScope::Person("li".into())).await.unwrap();
    let feed = store.calendar_feed(&hash('a')).await.unwrap().unwrap();
    assert_eq!(feed.scope, FeedScope::Venue(one));
    let revoke =
        |by: Option<&str>| store.revoke_calendar_feed(feed.id, by.map(Into::into), line(6));
    assert!(!revoke(Some("zhao")).await.unwrap(), "it is not theirs");
    assert!(revoke(Some("li")).await.unwrap());
    assert!(!revoke(None).await.unwrap(), "it is revoked already");
    assert_eq!(store.calendar_feed(&hash('a')).await.unwrap(), None);
    assert_eq!(store.calendar_feeds(None).await.unwrap().len(), 2, "and stays in the list");
    assert_eq!(store.calendar_feeds(Some("zhao")).await.unwrap(), []);
    let id = booked(&store, plan("甲", &[one])).await;
    assert_eq!(store.meetings_booked_by("li", at(0), 9).await.unwrap(), [id]);
    assert_eq!(store.meetings_booked_by("zhao", at(0), 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_notice_is_answered_by_its_address_alone() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let asked = plan("甲", &[one]);
    let told = vec![(asked.contacts[0].clone(), Note::new(Topic::Meeting, "", "会议通知"))];
    let id = booked(&store, asked).await;
    store.make_notices(id, told, at(5), "li".into(), ADDRESS.into()).await.unwrap();
    let notice = store.notices(id).await.unwrap().remove(0);
    assert_eq!((notice.contact.name.as_str(), notice.revision), ("张三", 0));
    let token = store.notice_token(notice.id);
    assert_eq!(store.notice(notice.id, &token).await.unwrap().as_ref(), Some(&notice));
    assert_eq!(store.notice(notice.id, &store.notice_token(notice.id + 1)).await.unwrap(), None);
    assert_eq!(store.notice(notice.id + 1, &token).await.unwrap(), None);
    let answer = |answer, person: &str, second| {
        store.answer_notice(notice.clone(), answer, person.into(), at(second), ADDRESS.into())
    };
    answer(NoticeAnswer::Declined, "", 6).await.unwrap();
    answer(NoticeAnswer::Attending, "李四", 7).await.unwrap();
    let told = store.notices(id).await.unwrap().remove(0).answer;
    assert_eq!(told, Some((at(7), NoticeAnswer::Attending, "李四".into())));
    let log = store.audit_of("answer_notice", 9).await.unwrap();
    assert_eq!((log.len(), log[0].0.as_str()), (2, "张三"));
}

#[tokio::test]
async fn a_meeting_that_overruns_is_extended_as_far_as_its_rooms_are_free() {
    let home = Home::shanghai();
    let (store, venues, ..) = rooms(&home).await;
    let meeting = booked(&store, plan("防汛", &venues)).await;
    let next = MeetingPlan {
        time: LocalSlot { from: wall(11, 30), to: wall(12, 30) },
        ..plan("早会", &venues[..1])
    };
    let next = booked(&store, next).await;
    let minute = |hour: i64, minute: i64| at((hour * 60 + minute) * 60);
    let extend = |to, now| {
        store.extend_meeting(meeting, to, now, ("wang".into(), String::new()), Vec::new())
    };
    let refused = MeetingActed::Refused(MeetingRefusal::Order);
    assert_eq!(extend(minute(11, 10), minute(8, 0)).await.unwrap(), refused, "it is not held yet");
    let step = |act, now| MeetingStep { at: now, login: "wang".into(), act, note: String::new() };
    let start = vec![step(MeetingAct::Start, minute(9, 0))];
    store.act_on_meeting(meeting, start, String::new(), Vec::new()).await.unwrap();
    let now = MeetingActed::Now(MeetingState::Live);
    assert_eq!(extend(minute(11, 20), minute(10, 50)).await.unwrap(), now);
    assert_eq!(extend(minute(11, 20), minute(10, 51)).await.unwrap(), refused, "once");
    let stored = store.meeting(meeting).await.unwrap().unwrap();
    assert_eq!((stored.plan.slot().to, stored.revision), (minute(11, 20), 1));
    let last = stored.steps.last().unwrap();
    assert_eq!((last.act, last.note.as_str()), (MeetingAct::Extend, "03-10 11:20"));
    let taken = extend(minute(11, 40), minute(11, 0)).await.unwrap();
    let MeetingActed::Taken(clash) = taken else { panic!("{taken:?}") };
    assert!(clash.held.iter().all(|it| it.meeting == next), "{clash:?}");
    assert_eq!(store.meeting(meeting).await.unwrap().unwrap(), stored, "nothing changed");
    // What it holds now is held against others.
    let between = MeetingPlan {
        time: LocalSlot { from: wall(11, 10), to: wall(11, 15) },
        ..plan("插空", &venues[1..])
    };
    let asked = store.clash_of(&between, None, minute(10, 55)).await.unwrap().unwrap();
    assert!(asked.held.iter().all(|it| it.meeting == meeting) && !asked.held.is_empty());
    assert_eq!(store.audit_of("extend_meeting", 9).await.unwrap().len(), 1);
}

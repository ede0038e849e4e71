//! What meetings hold through time: nobody holds what has passed, and what was held stays on record.

use crate::{
    meetings::{booked, line, moment, new, plan, rebooking, rooms, step, venue, wall},
    support::Home,
};
use zhishou_domain::{
    MeetingId, Timestamp, VenueId,
    alert::{Note, Topic},
    meeting::{
        Buffers, Contact, LocalSlot, MeetingAct, MeetingPlan, MeetingRefusal, MeetingState, Slot,
        Subject,
    },
};
use zhishou_storage::{
    Booked, BookingWay, MeetingActed, NewMeeting, NoticeOut, Noticed, OnClash, Rebooking, Store,
    VenueSaved,
};

/// What a meeting holds of a venue, with the hours of the day.
async fn of(store: &Store, meeting: MeetingId, venue: VenueId) -> Vec<(f64, f64, bool)> {
    let day = Slot { from: moment(-24, 0), to: moment(48, 0) };
    let held = store.held_within(day).await.unwrap();
    let hour = |at: Timestamp| at.since(moment(0, 0)).as_secs_f64() / 3600.0;
    held.into_iter()
        .filter(|it| it.meeting == meeting && it.subject == Subject::Venue(venue))
        .map(|it| (hour(it.slot.from), hour(it.slot.to), it.is_rehearsal))
        .collect()
}

const BUFFERS: Buffers = Buffers { setup_min: 30, teardown_min: 15 };

#[tokio::test]
async fn a_rehearsal_within_the_set_up_is_written_down_beside_it() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let rehearsal = Some(LocalSlot { from: wall(8, 30), to: wall(8, 45) });
    let id = booked(&store, MeetingPlan { buffers: BUFFERS, rehearsal, ..plan("全会", &[one]) });
    let id = id.await;
    assert_eq!(of(&store, id, one).await, [(8.5, 11.25, false), (8.5, 8.75, true)]);
}

#[tokio::test]
async fn an_emergency_needs_no_time_that_has_passed() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    booked(&store, MeetingPlan { buffers: BUFFERS, ..plan("早会", &[one]) }).await;
    let urgent = |at| NewMeeting {
        way: BookingWay::Emergency,
        at,
        ..new(
            MeetingPlan {
                buffers: BUFFERS,
                time: LocalSlot { from: wall(11, 20), to: wall(12, 0) },
                ..plan("抢险", &[one])
            },
            "wang",
        )
    };
    let early = store.book_meeting(urgent(moment(11, 0))).await.unwrap();
    assert!(matches!(early, Booked::Taken(_)), "the room is cleared until a quarter past");
    let now = store.book_meeting(urgent(moment(11, 16))).await.unwrap();
    let Booked::Now(id, MeetingState::Emergency) = now else { panic!("{now:?}") };
    let held = of(&store, id, one).await;
    assert_eq!((held.len(), (held[0].0 * 60.0).round()), (1, 676.0), "from now on");
}

#[tokio::test]
async fn what_ends_early_is_free_after_it_was_cleared() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let id = booked(&store, MeetingPlan { buffers: BUFFERS, ..plan("早会", &[one]) }).await;
    for (hour, act) in [(9, MeetingAct::Start), (10, MeetingAct::End)] {
        let acted = step(hour * 3600, "wang", act, "");
        store.act_on_meeting(id, vec![acted], String::new(), Vec::new()).await.unwrap();
    }
    assert_eq!(of(&store, id, one).await, [(8.5, 10.25, false)]);
    let mut next = plan("例会", &[one]);
    next.time = LocalSlot { from: wall(10, 15), to: wall(11, 0) };
    let next = NewMeeting { at: moment(10, 1), ..new(next, "li") };
    assert!(matches!(store.book_meeting(next).await.unwrap(), Booked::Now(..)));
}

#[tokio::test]
async fn a_rehearsal_that_is_over_stays_where_it_was_and_is_in_nobodys_way() {
    let home = Home::shanghai();
    let (store, [one, two], ..) = rooms(&home).await;
    let rehearsal = Some(LocalSlot { from: wall(7, 0), to: wall(7, 30) });
    let id = booked(&store, MeetingPlan { rehearsal, ..plan("全会", &[one]) }).await;
    let mut early = plan("早会", &[two]);
    early.time = LocalSlot { from: wall(7, 0), to: wall(8, 0) };
    booked(&store, early).await;
    let moved = MeetingPlan { rehearsal, ..plan("全会", &[two]) };
    let change = rebooking(id, 0, moved, "一楼停电");
    let at = moment(8, 30);
    let change = Rebooking { step: step(8 * 3600 + 1800, "li", MeetingAct::Note, "x"), ..change };
    let rebooked = store.rebook_meeting(change).await.unwrap();
    assert!(matches!(rebooked, Booked::Now(..)), "{at:?} {rebooked:?}");
    assert_eq!(of(&store, id, one).await, [(7.0, 7.5, true)], "it was held there");
    assert_eq!(of(&store, id, two).await, [(9.0, 11.0, false)]);
}

#[tokio::test]
async fn what_waited_for_an_approval_too_long_is_sent_back_or_cancelled() {
    let home = Home::shanghai();
    let (store, [one, two], ..) = rooms(&home).await;
    let late = 9 * 3600 + 60;
    for (venue, act, then) in [
        (one, MeetingAct::Reject, MeetingState::Draft),
        (two, MeetingAct::Cancel, MeetingState::Cancelled),
    ] {
        let asked = NewMeeting { way: BookingWay::Submit, ..new(plan("早会", &[venue]), "li") };
        let Booked::Now(id, MeetingState::Submitted) = store.book_meeting(asked).await.unwrap()
        else {
            panic!("not booked")
        };
        let act_on = |act, second| {
            let steps = vec![step(second, "wang", act, "过期")];
            store.act_on_meeting(id, steps, String::new(), Vec::new())
        };
        let approved = act_on(MeetingAct::Approve, late).await.unwrap();
        assert_eq!(approved, MeetingActed::Refused(MeetingRefusal::Order), "it was to begin");
        assert_eq!(act_on(act, 13 * 3600).await.unwrap(), MeetingActed::Now(then));
    }
}

#[tokio::test]
async fn what_nobody_came_to_is_no_meeting_and_what_it_held_stays_on_record() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let id = booked(&store, plan("早会", &[one])).await;
    let act_on = |second, act, note: &'static str| {
        let steps = vec![step(second, "wang", act, note)];
        store.act_on_meeting(id, steps, String::new(), Vec::new())
    };
    act_on(9 * 3600, MeetingAct::Start, "").await.unwrap();
    let silent = act_on(9 * 3600 + 1800, MeetingAct::Cancel, "").await.unwrap();
    assert_eq!(silent, MeetingActed::Refused(MeetingRefusal::Reason));
    let cancelled = act_on(9 * 3600 + 1800, MeetingAct::Cancel, "领导另有安排").await.unwrap();
    assert_eq!(cancelled, MeetingActed::Now(MeetingState::Cancelled));
    assert_eq!(of(&store, id, one).await, [(9.0, 9.5, false)]);
    // Also of one that the clock ended: nobody owes a record of it from then on.
    let mut later = plan("例会", &[one]);
    later.time = LocalSlot { from: wall(12, 0), to: wall(13, 0) };
    let later = booked(&store, later).await;
    for (hour, act, note) in
        [(12, MeetingAct::Start, ""), (13, MeetingAct::End, ""), (14, MeetingAct::Cancel, "x")]
    {
        let steps = vec![step(hour * 3600, "wang", act, note)];
        let acted = store.act_on_meeting(later, steps, String::new(), Vec::new()).await.unwrap();
        assert!(matches!(acted, MeetingActed::Now(_)), "{acted:?}");
    }
    let owed = async |hour| {
        let day = (moment(0, 0), moment(24, 0));
        store.unarchived_count(day, moment(hour, 0)).await.unwrap()
    };
    assert_eq!((owed(13).await, owed(14).await), (1, 0));
    assert_eq!(store.unarchived_meetings(9).await.unwrap(), []);
}

#[tokio::test]
async fn who_was_told_is_told_of_a_change_with_it_or_not_at_all() {
    let home = Home::shanghai();
    let (store, [one, two], ..) = rooms(&home).await;
    let id = booked(&store, plan("早会", &[one])).await;
    let zhang = Contact { name: "张三".into(), phone: "138".into(), ..Contact::default() };
    let note = |title: &str| Note::new(Topic::Meeting, "", title);
    let told = vec![(zhang.clone(), note("【会议通知】"))];
    store.make_notices(id, told, moment(7, 0), "li".into(), String::new()).await.unwrap();
    let out = |to, title: &str| vec![NoticeOut { meeting: id, to, note: note(title) }];
    let other = booked(&store, plan("例会", &[two])).await;
    let anew = |venue, revision| {
        let told = out(Noticed::Anew(zhang.clone()), "【会议变更】");
        Rebooking { told, ..rebooking(id, revision, plan("早会", &[venue]), "换会场") }
    };
    assert!(matches!(store.rebook_meeting(anew(two, 0)).await.unwrap(), Booked::Taken(_)));
    assert_eq!(store.notices(id).await.unwrap().len(), 1, "nothing changed");
    let cancel = |id| {
        let told = out(Noticed::Again(1), "【会议取消】");
        store.act_on_meeting(id, vec![step(3, "li", MeetingAct::Cancel, "x")], String::new(), told)
    };
    cancel(other).await.unwrap();
    assert_eq!(store.notices(id).await.unwrap()[0].sends, 1, "that was another meeting");
    let Booked::Now(_, state) = store.rebook_meeting(anew(two, 0)).await.unwrap() else {
        panic!("not rebooked")
    };
    assert_eq!(state, MeetingState::Notified, "it was told as it stands now");
    let notices = store.notices(id).await.unwrap();
    assert_eq!((notices.len(), notices[0].revision, notices[0].sends), (2, 1, 1));
    cancel(id).await.unwrap();
    assert_eq!(store.notices(id).await.unwrap()[1].sends, 2);
}

#[tokio::test]
async fn a_venue_out_of_use_is_kept_by_the_meetings_that_have_it() {
    let home = Home::shanghai();
    let (store, [one, two], ..) = rooms(&home).await;
    let id = booked(&store, plan("早会", &[one])).await;
    let mut closed = venue("一楼会议室", Vec::new());
    closed.in_use = false;
    let save = |on_clash| store.change_venue(Some(one), closed.clone(), on_clash, line(1));
    let VenueSaved::Booked(ahead) = save(OnClash::Refuse).await.unwrap() else { panic!("saved") };
    assert_eq!(ahead.iter().map(|it| it.meeting).collect::<Vec<_>>(), [id]);
    assert_eq!(save(OnClash::LeaveOut).await.unwrap(), VenueSaved::Now(one));
    let start = step(9 * 3600, "wang", MeetingAct::Start, "");
    store.act_on_meeting(id, vec![start], String::new(), Vec::new()).await.unwrap();
    let who = ("wang".to_owned(), String::new());
    let longer = store.extend_meeting(id, moment(11, 30), moment(10, 0), who, Vec::new()).await;
    assert_eq!(longer.unwrap(), MeetingActed::Now(MeetingState::Live));
    let other = booked(&store, plan("例会", &[two])).await;
    let joins = rebooking(other, 0, plan("例会", &[one, two]), "加会场");
    assert_eq!(store.rebook_meeting(joins).await.unwrap(), Booked::Missing);
}

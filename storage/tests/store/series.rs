//! Meetings that repeat: booked, changed and cancelled together, each held by itself.

use crate::{
    meetings::{ADDRESS, booked, held, moment, plan, rebooking, rooms, step, wall},
    support::{Home, at},
};
use chrono::Days;
use zhishou_domain::{
    MeetingId, VenueId,
    meeting::{
        LocalSlot, MeetingAct, MeetingPlan, MeetingRefusal, MeetingState, MeetingStep, occurrences,
    },
};
use zhishou_storage::{
    Booked, BookingWay, MeetingActed, MeetingFilter, NewSeries, Rebooking, SeriesBooked, Store,
};

fn series(plan: MeetingPlan, rule: &str, skip: bool) -> NewSeries {
    let occurrences = occurrences(rule, plan.time, plan.zone).unwrap();
    NewSeries {
        plan,
        rule: rule.into(),
        occurrences,
        skip,
        way: BookingWay::Approved,
        at: at(0),
        login: "li".into(),
        address: ADDRESS.into(),
        request_key: None,
    }
}

fn on_day(plan: MeetingPlan, days: u64) -> MeetingPlan {
    let time = plan.time.moved_to(plan.time.from + chrono::Days::new(days));
    MeetingPlan { time, ..plan }
}

#[tokio::test]
async fn a_series_shows_what_collides_and_books_nothing_or_skips_it() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let other = booked(&store, on_day(plan("别人的会", &[one]), 2)).await;
    let rule = "FREQ=DAILY;COUNT=4";
    let mut daily = plan("日调度", &[one]);
    daily.rehearsal = Some(LocalSlot { from: wall(7, 0), to: wall(7, 30) });
    let SeriesBooked::Taken(taken) =
        store.book_series(series(daily.clone(), rule, false)).await.unwrap()
    else {
        panic!("one occurrence collides")
    };
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].0.from, moment(2 * 24 + 9, 0));
    assert_eq!(taken[0].1.held[0].meeting, other);
    let all = MeetingFilter::default();
    assert_eq!(store.meetings(&all, 10).await.unwrap().len(), 1, "nothing of it is booked");
    let SeriesBooked::Now(ids) = store.book_series(series(daily, rule, true)).await.unwrap() else {
        panic!("the others are free")
    };
    assert_eq!(ids.len(), 3);
    let (kept, whole) = store.series_of(ids[1]).await.unwrap().unwrap();
    assert_eq!((kept.as_str(), &whole), (rule, &ids));
    let second = store.meeting(ids[1]).await.unwrap().unwrap();
    let rehearsal = second.plan.rehearsal.unwrap();
    assert_eq!(rehearsal.from, wall(7, 0) + chrono::Days::new(1), "it goes with its occurrence");
    assert_eq!(store.series_of(other).await.unwrap(), None);
}

#[tokio::test]
async fn a_series_never_rewrites_what_is_over() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let new = series(plan("日调度", &[one]), "FREQ=DAILY;COUNT=4", false);
    let SeriesBooked::Now(ids) = store.book_series(new).await.unwrap() else {
        panic!("not booked")
    };
    // On the second day, while its meeting is held, what follows is cancelled from the first on.
    let cancel = step(86_400 + 10 * 3600, "li", MeetingAct::Cancel, "专项结束");
    let cancelled = store.cancel_series_from(
        ids[0],
        MeetingStep { at: moment(36, 0), ..cancel },
        ADDRESS.into(),
        Vec::new(),
    );
    assert_eq!(cancelled.await.unwrap(), 2);
    let mut states = Vec::new();
    for id in ids {
        states.push(store.meeting(id).await.unwrap().unwrap().state);
    }
    use MeetingState::{Approved, Cancelled};
    assert_eq!(states, [Approved, Approved, Cancelled, Cancelled]);
}

#[tokio::test]
async fn a_series_that_collides_with_itself_is_refused() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let mut long = plan("长会", &[one]);
    long.time.to = long.time.from + chrono::Duration::hours(25);
    let taken = store.book_series(series(long, "FREQ=DAILY;COUNT=3", false)).await.unwrap();
    assert!(matches!(taken, SeriesBooked::Taken(_)), "{taken:?}");
    assert_eq!(held(&store).await, []);
}

#[tokio::test]
async fn a_booking_stays_at_its_hour_through_the_summer() {
    let home = Home::new(chrono_tz::Europe::Berlin);
    let (store, [one, _], ..) = rooms(&home).await;
    let mut weekly = plan("周例会", &[one]);
    weekly.zone = chrono_tz::Europe::Berlin;
    weekly.time = weekly.time.moved_to(wall(9, 0) + chrono::Days::new(13));
    let new = series(weekly, "FREQ=WEEKLY;COUNT=2", false);
    let SeriesBooked::Now(ids) = store.book_series(new).await.unwrap() else {
        panic!("not booked")
    };
    let mut told = Vec::new();
    for id in ids {
        let slot = store.meeting(id).await.unwrap().unwrap().plan.slot();
        told.push(slot.from.rfc3339(chrono_tz::Europe::Berlin));
    }
    assert_eq!(told, ["2026-03-23T09:00:00.000+01:00", "2026-03-30T09:00:00.000+02:00"]);
    // A store in another zone reads the same meeting.
    store.close().await;
    let moved = home.open_in(chrono_tz::Asia::Shanghai).await;
    let all = moved.meetings(&MeetingFilter::default(), 9).await.unwrap();
    assert_eq!(all[0].plan.slot().from.rfc3339(chrono_tz::Europe::Berlin), told[0]);
}

/// 日调度 on four days from 2026-03-10 on.
async fn four_days(store: &Store, venue: VenueId) -> Vec<MeetingId> {
    let new = series(plan("日调度", &[venue]), "FREQ=DAILY;COUNT=4", false);
    match store.book_series(new).await.unwrap() {
        SeriesBooked::Now(ids) => ids,
        other => panic!("not booked: {other:?}"),
    }
}

async fn plans(store: &Store, ids: &[MeetingId]) -> Vec<(String, String)> {
    let mut told = Vec::new();
    for id in ids {
        let plan = store.meeting(*id).await.unwrap().unwrap().plan;
        told.push((plan.time.from.format("%d %H:%M").to_string(), plan.note));
    }
    told
}

fn told(expected: [(&str, &str); 4]) -> Vec<(String, String)> {
    expected.map(|(when, note)| (when.to_owned(), note.to_owned())).into()
}

#[tokio::test]
async fn those_after_it_change_alike_and_keep_their_own() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let ids = four_days(&store, one).await;
    // The third was moved by itself to the afternoon.
    let mut third = on_day(plan("日调度", &[one]), 2);
    third.time = third.time.moved_to(wall(15, 0) + Days::new(2));
    store.rebook_meeting(rebooking(ids[2], 0, third, "领导行程")).await.unwrap();

    let mut second = on_day(plan("日调度", &[one]), 1);
    second.time = second.time.moved_to(wall(8, 0) + Days::new(1));
    second.note = "带材料".into();
    let change = rebooking(ids[1], 0, second, "改到八点");
    let changed = store.rebook_series_from(change.clone(), false).await.unwrap();
    assert_eq!(changed, SeriesBooked::Now(ids[1..].to_vec()));
    let (old, new) = ("材料提前发放", "带材料");
    let expected = [("10 09:00", old), ("11 08:00", new), ("12 14:00", new), ("13 08:00", new)];
    assert_eq!(plans(&store, &ids).await, told(expected));
    let last = store.meeting(ids[3]).await.unwrap().unwrap();
    assert_eq!((last.state, last.revision), (MeetingState::Rescheduled, 1));
    assert_eq!(last.steps.last().unwrap().note, "改到八点");
    assert_eq!(store.audit_of("reschedule_meeting", 9).await.unwrap().len(), 4);
    // Who saw an older one has to look again.
    let stale = store.rebook_series_from(change, false).await.unwrap();
    assert_eq!(stale, SeriesBooked::Not(Booked::Stale));
    let alone = booked(&store, on_day(plan("单场", &[one]), 9)).await;
    let single = rebooking(alone, 0, on_day(plan("单场", &[one]), 8), "提前");
    let told = store.rebook_series_from(single, false).await.unwrap();
    assert_eq!(told, SeriesBooked::Not(Booked::Missing), "it is in no series");
}

#[tokio::test]
async fn those_after_it_move_onto_each_others_days_but_not_onto_others() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let ids = four_days(&store, one).await;
    let a_day_later =
        |revision| rebooking(ids[0], revision, on_day(plan("日调度", &[one]), 1), "顺延一天");
    let moved = store.rebook_series_from(a_day_later(0), false).await.unwrap();
    assert_eq!(moved, SeriesBooked::Now(ids.clone()), "they do not stand in their own way");
    let note = "材料提前发放";
    let expected = [("11 09:00", note), ("12 09:00", note), ("13 09:00", note), ("14 09:00", note)];
    assert_eq!(plans(&store, &ids).await, told(expected));

    // Somebody else has the room on the last day: nothing moves, or all but those that cannot.
    let other = booked(&store, on_day(plan("别人的会", &[one]), 5)).await;
    let before = held(&store).await;
    let again = rebooking(ids[0], 1, on_day(plan("日调度", &[one]), 2), "再顺延");
    let SeriesBooked::Taken(taken) = store.rebook_series_from(again.clone(), false).await.unwrap()
    else {
        panic!("one collides")
    };
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].1.held[0].meeting, other);
    assert_eq!(held(&store).await, before, "nothing changed");
    // The last stays, so the one before it has nowhere to go, and so on to the first.
    let stuck = store.rebook_series_from(again, true).await.unwrap();
    assert!(matches!(stuck, SeriesBooked::Taken(_)), "{stuck:?}");
    let mut earlier = on_day(plan("日调度", &[one]), 1);
    earlier.time.to = wall(12, 0) + Days::new(1);
    let lunch = on_day(plan("午间会", &[one]), 2);
    let time = LocalSlot { from: wall(11, 0) + Days::new(2), to: wall(12, 0) + Days::new(2) };
    booked(&store, MeetingPlan { time, ..lunch }).await;
    let longer = store.rebook_series_from(rebooking(ids[0], 1, earlier, "延长"), true).await;
    let expected = vec![ids[0], ids[2], ids[3]];
    assert_eq!(longer.unwrap(), SeriesBooked::Now(expected), "the second stays as it is");
}

#[tokio::test]
async fn a_change_of_those_after_it_leaves_what_has_begun_or_is_cancelled() {
    let home = Home::shanghai();
    let (store, [one, _], ..) = rooms(&home).await;
    let ids = four_days(&store, one).await;
    let cancel = step(5, "li", MeetingAct::Cancel, "不开了");
    let cancelled =
        store.act_on_meeting(ids[2], vec![cancel], ADDRESS.into(), Vec::new()).await.unwrap();
    assert_eq!(cancelled, MeetingActed::Now(MeetingState::Cancelled));
    let change = |id, days, at| {
        let mut asked = on_day(plan("日调度", &[one]), days);
        asked.note = "新".into();
        let change = rebooking(id, 0, asked, "补充");
        Rebooking { step: MeetingStep { at, ..change.step }, ..change }
    };
    // At noon of the second day the first and the second have been held.
    let noon = moment(36, 0);
    let late = store.rebook_series_from(change(ids[1], 1, noon), false).await.unwrap();
    assert_eq!(late, SeriesBooked::Not(Booked::Refused(MeetingRefusal::Order)));
    let morning = moment(24 + 8, 0);
    let changed = store.rebook_series_from(change(ids[1], 1, morning), false).await.unwrap();
    assert_eq!(changed, SeriesBooked::Now(vec![ids[1], ids[3]]));
    let past = Rebooking { plan: plan("日调度", &[one]), ..change(ids[3], 3, noon) };
    let past = Rebooking { revision: 1, ..past };
    let told = store.rebook_series_from(past, false).await.unwrap();
    assert_eq!(told, SeriesBooked::Not(Booked::Past));
}

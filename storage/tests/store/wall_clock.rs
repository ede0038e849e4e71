//! Clocks that change do not move a booking: what was booked is what the clock on the wall shows.

use crate::{
    meetings::{booked, plan, rooms},
    support::{Home, at},
};
use chrono::{Days, NaiveDate, TimeDelta};
use zhishou_domain::{
    Timestamp,
    meeting::{LocalSlot, MeetingAct, MeetingStep, Slot},
};
use zhishou_storage::{Booked, BookingWay, Rebooking};

#[tokio::test]
async fn clocks_that_change_do_not_move_a_booking() {
    // The Saturday before the clocks change and the Monday after, and what nine o'clock is in UTC then.
    for (zone, saturday, before, after) in [
        (chrono_tz::Europe::Berlin, (2026, 3, 28), 8, 7),
        (chrono_tz::America::New_York, (2026, 10, 31), 13, 14),
    ] {
        let home = Home::new(zone);
        let (store, venues, ..) = rooms(&home).await;
        let (year, month, day) = saturday;
        let saturday = NaiveDate::from_ymd_opt(year, month, day).unwrap();
        let at_nine = |day: NaiveDate| {
            let nine = day.and_hms_opt(9, 0, 0).unwrap();
            LocalSlot { from: nine, to: nine + TimeDelta::hours(2) }
        };
        let moment = |day: NaiveDate, hour: u32| {
            Timestamp::from_millis(
                day.and_hms_opt(hour, 0, 0).unwrap().and_utc().timestamp_millis(),
            )
        };
        let monday = saturday + Days::new(2);
        let mut ids = Vec::new();
        for (day, hour) in [(saturday, before), (monday, after)] {
            let mut asked = plan("例会", &venues[..1]);
            (asked.zone, asked.time) = (zone, at_nine(day));
            // Held on the other side of the change.
            asked.rehearsal = Some(at_nine(saturday - Days::new(u64::from(hour))));
            let id = booked(&store, asked.clone()).await;
            let stored = store.meeting(id).await.unwrap().unwrap();
            assert_eq!((&stored.plan, stored.plan.slot().from), (&asked, moment(day, hour)));
            let (from, to) = (moment(day, hour), moment(day, hour + 2));
            let held = store.held_within(Slot { from, to }).await.unwrap();
            assert!(held.iter().all(|it| it.slot == Slot { from, to } && it.meeting == id));
            assert!(!held.is_empty(), "the room is held then");
            let early = Slot { from: moment(day, hour - 2), to: from };
            assert_eq!(store.held_within(early).await.unwrap(), [], "and not an hour before");
            ids.push(id);
        }

        // Moved over the change it is at nine, too.
        let mut moved = plan("例会", &venues[..1]);
        (moved.zone, moved.time) = (zone, at_nine(monday + Days::new(1)));
        let step = MeetingStep {
            at: at(1),
            login: "li".into(),
            act: MeetingAct::Reschedule,
            note: "改期".into(),
        };
        let change = Rebooking {
            id: ids[0],
            revision: 0,
            plan: moved.clone(),
            way: BookingWay::Approved,
            displace: vec![],
            told: vec![],
            step,
            address: String::new(),
        };
        let rebooked = store.rebook_meeting(change).await.unwrap();
        assert!(matches!(rebooked, Booked::Now(..)), "{rebooked:?}");
        store.close().await;

        // A house elsewhere reads the same wall and the same moment.
        let store = home.open_in(chrono_tz::Asia::Shanghai).await;
        let stored = store.meeting(ids[0]).await.unwrap().unwrap();
        assert_eq!(stored.plan, moved);
        assert_eq!(stored.plan.slot().from, moment(monday + Days::new(1), after));
    }
}

//! Which minutes of a period are looked at.

use crate::{
    Timestamp,
    policy::{LocalTime, Method, Policy},
};
use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Whole local days, both included. A day ends at its cut-off: at 24:00 where that is 00:00, else
/// at that time of its own date, where the next one begins (a day of 17:00 began the day before).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// When a day ends.
    pub cut_off: LocalTime,
}

impl Days {
    /// First moment of the first day.
    pub fn start(&self, zone: Tz) -> Timestamp {
        self.end_of(self.from.pred_opt().unwrap_or(self.from), zone)
    }

    /// First moment after the last day.
    pub fn end(&self, zone: Tz) -> Timestamp {
        self.end_of(self.to, zone)
    }

    /// First moment after a day.
    pub fn end_of(&self, day: NaiveDate, zone: Tz) -> Timestamp {
        if self.cut_off == LocalTime::default() {
            Timestamp::start_of_day(day.succ_opt().unwrap_or(day), zone)
        } else {
            Timestamp::from_local(day.and_time(self.cut_off.on_the_wall()), zone)
        }
    }

    /// The day that a moment lies in.
    pub fn day_of(at: Timestamp, cut_off: LocalTime, zone: Tz) -> NaiveDate {
        let day = at.local_day(zone);
        let days = Self { from: day, to: day, cut_off };
        if at < days.end(zone) { day } else { day.succ_opt().unwrap_or(day) }
    }

    /// Each of them by itself.
    pub fn each(self) -> impl Iterator<Item = Self> {
        let days = self.from.iter_days().take_while(move |day| *day <= self.to);
        days.map(move |day| Self { from: day, to: day, ..self })
    }
}

impl From<(NaiveDate, NaiveDate)> for Days {
    /// Days of the calendar.
    fn from((from, to): (NaiveDate, NaiveDate)) -> Self {
        Self { from, to, cut_off: LocalTime::default() }
    }
}

/// The minutes of whole local days that are looked at under a policy, as far as they have begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// All minutes of the period since the epoch.
    pub minutes: Range<i64>,
    /// Those that count, in order and disjoint: all, or each moment's.
    pub counted: Vec<Range<i64>>,
}

impl Window {
    /// Local days `from` to `to`, both included, in `zone`, seen at `now`. A day has 23 or 25
    /// hours where the clock changes. A moment that the clock skips is the next one that exists,
    /// one that comes twice is the first.
    pub fn new(policy: &Policy, from: NaiveDate, to: NaiveDate, zone: Tz, now: Timestamp) -> Self {
        Self::of(policy, (from, to).into(), zone, now)
    }

    /// Likewise, of days that end at a cut-off.
    pub fn of(policy: &Policy, days: Days, zone: Tz, now: Timestamp) -> Self {
        let start = days.start(zone);
        let until = days.end(zone).min(now).max(start);
        // A minute that has begun counts; it can only get worse.
        let end = Timestamp::from_millis(until.millis() - 1).minute() + 1;
        let minutes = start.minute()..end.max(start.minute());
        let counted = match policy.measure.method {
            Method::TimeWeighted => vec![minutes.clone()],
            Method::Snapshot => {
                // A cut-off leaves moments of the date before in the first day.
                let first = days.from.pred_opt().unwrap_or(days.from);
                let days = first.iter_days().take_while(|day| *day <= days.to);
                let mut moments: Vec<i64> = days
                    .flat_map(|day| policy.measure.at.iter().map(move |at| (day, at.on_the_wall())))
                    .map(|(day, time)| Timestamp::from_local(day.and_time(time), zone).minute())
                    .filter(|minute| minutes.contains(minute))
                    .collect();
                // Two moments that the clock skips are the same one.
                moments.dedup();
                moments.into_iter().map(|minute| minute..minute + 1).collect()
            }
        };
        Self { minutes, counted }
    }

    /// The minute that heads are counted at: the last one that counts.
    pub fn last(&self) -> Option<i64> {
        self.counted.last().filter(|range| !range.is_empty()).map(|range| range.end - 1)
    }

    /// The first moment of the period.
    pub fn start(&self) -> Timestamp {
        Timestamp::from_millis(self.minutes.start * crate::time::MINUTE_MS)
    }

    /// The first moment after its last minute.
    pub fn end(&self) -> Timestamp {
        Timestamp::from_millis(self.minutes.end * crate::time::MINUTE_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::shipped;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn late() -> Timestamp {
        Timestamp::from_millis(i64::MAX / 2)
    }

    #[test]
    fn days_have_23_24_or_25_hours() {
        let policy = shipped().remove(0);
        let minutes = |zone, day| {
            let window = Window::new(&policy, day, day, zone, late());
            assert_eq!(window.counted, std::slice::from_ref(&window.minutes));
            window.minutes.end - window.minutes.start
        };
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(minutes(berlin, day(2026, 3, 29)), 23 * 60);
        assert_eq!(minutes(berlin, day(2026, 10, 25)), 25 * 60);
        assert_eq!(minutes(chrono_tz::Asia::Shanghai, day(2026, 3, 29)), 24 * 60);
    }

    #[test]
    fn moments_are_those_of_the_wall_clock_also_when_it_changes() {
        let mut policy = shipped().remove(1);
        policy.measure.at =
            vec!["01:30".to_owned().try_into().unwrap(), "02:30".to_owned().try_into().unwrap()];
        let zone = chrono_tz::Europe::Berlin;
        let moments = |day| {
            let window = Window::new(&policy, day, day, zone, late());
            let of = |range: &Range<i64>| {
                let at = Timestamp::from_millis(range.start * 60_000);
                at.in_zone(zone).format("%H:%M%z").to_string()
            };
            window.counted.iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(moments(day(2026, 6, 1)), ["01:30+0200", "02:30+0200"]);
        assert_eq!(moments(day(2026, 3, 29)), ["01:30+0100", "03:00+0200"]);
        assert_eq!(moments(day(2026, 10, 25)), ["01:30+0200", "02:30+0200"]);
    }

    #[test]
    fn a_day_ends_at_its_cut_off_whatever_the_clock_does() {
        let ends = |zone: Tz, text: &str, day| {
            let cut_off = LocalTime::try_from(text.to_owned()).unwrap();
            let days = Days { from: day, to: day, cut_off };
            [days.start(zone), days.end(zone)].map(|at| at.rfc3339(zone)[..16].to_owned())
        };
        let shanghai = |text| ends(chrono_tz::Asia::Shanghai, text, day(2026, 3, 25));
        assert_eq!(shanghai("00:00"), ["2026-03-25T00:00", "2026-03-26T00:00"]);
        assert_eq!(shanghai("08:00"), ["2026-03-24T08:00", "2026-03-25T08:00"]);
        assert_eq!(shanghai("17:00"), ["2026-03-24T17:00", "2026-03-25T17:00"]);
        let zone = chrono_tz::Asia::Shanghai;
        let cut_off = LocalTime::try_from("17:00".to_owned()).unwrap();
        let end = Days { from: day(2026, 3, 25), to: day(2026, 3, 25), cut_off }.end(zone);
        let before = Timestamp::from_millis(end.millis() - 1);
        assert_eq!(Days::day_of(before, cut_off, zone), day(2026, 3, 25));
        assert_eq!(Days::day_of(end, cut_off, zone), day(2026, 3, 26));
        assert_eq!(Days::day_of(end, LocalTime::default(), zone), day(2026, 3, 25));
        // 02:30 does not exist on the 29th: the day ends at 03:00 and the next begins there.
        let berlin = |date| ends(chrono_tz::Europe::Berlin, "02:30", day(2026, 3, date));
        assert_eq!(berlin(29), ["2026-03-28T02:30", "2026-03-29T03:00"]);
        assert_eq!(berlin(30), ["2026-03-29T03:00", "2026-03-30T02:30"]);
    }

    #[test]
    fn the_moments_of_a_day_are_those_before_its_cut_off() {
        let policy = shipped().remove(1);
        let cut_off = LocalTime::try_from("17:00".to_owned()).unwrap();
        let days = Days { from: day(2026, 3, 25), to: day(2026, 3, 26), cut_off };
        let zone = chrono_tz::Asia::Shanghai;
        let moments = |days| {
            let window = Window::of(&policy, days, zone, late());
            let of = |range: &Range<i64>| {
                Timestamp::from_millis(range.start * 60_000).rfc3339(zone)[5..16].to_owned()
            };
            window.counted.iter().map(of).collect::<Vec<_>>()
        };
        let all = ["03-24T21:00", "03-25T09:00", "03-25T15:00", "03-25T21:00", "03-26T09:00"];
        assert_eq!(moments(days)[..5], all);
        let each: Vec<_> = days.each().flat_map(moments).collect();
        assert_eq!(each, moments(days));
    }

    #[test]
    fn nothing_that_has_not_begun_is_looked_at() {
        let zone = chrono_tz::Asia::Shanghai;
        let today = day(2026, 3, 10);
        let start = Timestamp::start_of_day(today, zone);
        let minutes = |policy, ms| {
            let now = Timestamp::from_millis(start.millis() + ms);
            let window = Window::new(policy, today, today, zone, now);
            (
                window.minutes.end - window.minutes.start,
                window.counted.len(),
                window.last().is_some(),
            )
        };
        let (time, polls) = (&shipped()[0], &shipped()[1]);
        assert_eq!(minutes(time, 0), (0, 1, false));
        assert_eq!(minutes(time, -60_000), (0, 1, false));
        assert_eq!(minutes(time, 1), (1, 1, true));
        assert_eq!(minutes(time, 60_000), (1, 1, true));
        assert_eq!(minutes(time, 60_001), (2, 1, true));
        assert_eq!(minutes(polls, 9 * 3_600_000), (540, 0, false));
        assert_eq!(minutes(polls, 9 * 3_600_000 + 1), (541, 1, true));
    }
}

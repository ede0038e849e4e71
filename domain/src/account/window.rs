//! Which minutes of a period are looked at.

use crate::{
    Timestamp,
    policy::{Method, Policy},
};
use chrono::{NaiveDate, TimeZone};
use chrono_tz::Tz;
use std::ops::Range;

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
        let after = to.succ_opt().unwrap_or(to);
        let start = Timestamp::start_of_day(from, zone);
        let until = Timestamp::start_of_day(after, zone).min(now).max(start);
        // A minute that has begun counts; it can only get worse.
        let end = Timestamp::from_millis(until.millis() - 1).minute() + 1;
        let minutes = start.minute()..end.max(start.minute());
        let counted = match policy.measure.method {
            Method::TimeWeighted => vec![minutes.clone()],
            Method::Snapshot => {
                let days = from.iter_days().take_while(|day| *day <= to);
                let mut moments: Vec<i64> = days
                    .flat_map(|day| policy.measure.at.iter().map(move |at| (day, at.on_the_wall())))
                    .map(|(day, time)| first_moment(day, time, zone).minute())
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

fn first_moment(day: NaiveDate, time: chrono::NaiveTime, zone: Tz) -> Timestamp {
    let wall = day.and_time(time);
    // Zones skip at most some hours; a minute is the grain of moments.
    let exists = (0..=1440).find_map(|minutes| {
        zone.from_local_datetime(&(wall + chrono::Duration::minutes(minutes))).earliest()
    });
    exists.map_or_else(
        || Timestamp::start_of_day(day, zone),
        |at| Timestamp::from_millis(at.timestamp_millis()),
    )
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

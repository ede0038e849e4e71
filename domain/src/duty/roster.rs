//! 排班: shifts by the clock on the wall, and the time nobody has.

use crate::{Timestamp, policy::LocalTime};
use chrono::NaiveDate;
use chrono_tz::Tz;

/// Days of one roster at most.
const DAYS: i64 = 62;

/// The same hours on every day from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roster {
    /// First day on which a shift begins.
    pub first: NaiveDate,
    /// Last such day.
    pub last: NaiveDate,
    /// When it begins.
    pub from: LocalTime,
    /// When it ends; not after `from`: on the next day.
    pub to: LocalTime,
}

/// What is wrong with a roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RosterProblem {
    /// It ends before it begins.
    Backwards,
    /// More than 62 days.
    TooLong,
}

impl Roster {
    /// Its shifts, in order. A day on which the clock is set has a shorter or longer shift, not two.
    pub fn shifts(&self, zone: Tz) -> Result<Vec<(Timestamp, Timestamp)>, RosterProblem> {
        let days = (self.last - self.first).num_days();
        if days < 0 {
            return Err(RosterProblem::Backwards);
        }
        if days >= DAYS {
            return Err(RosterProblem::TooLong);
        }
        let (from, to) = (self.from.on_the_wall(), self.to.on_the_wall());
        let shift = |day: NaiveDate| {
            let end = if to > from { Some(day) } else { day.succ_opt() };
            let at = |day: NaiveDate, time| Timestamp::from_local(day.and_time(time), zone);
            Some((at(day, from), at(end?, to)))
        };
        let all = self.first.iter_days().take_while(|day| *day <= self.last).filter_map(shift);
        Ok(all.filter(|(from, to)| from < to).collect())
    }
}

/// Stretches of `[from, to)` that none of these shifts covers, in order.
pub fn gaps(
    shifts: &[(Timestamp, Timestamp)],
    from: Timestamp,
    to: Timestamp,
) -> Vec<(Timestamp, Timestamp)> {
    let mut sorted: Vec<_> = shifts.iter().filter(|(a, b)| a < b && *b > from && *a < to).collect();
    sorted.sort();
    let (mut open, mut found) = (from, Vec::new());
    for &&(begin, end) in &sorted {
        if begin > open {
            found.push((open, begin));
        }
        open = open.max(end);
    }
    if open < to {
        found.push((open, to));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
    }

    fn clock(text: &str) -> LocalTime {
        LocalTime::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_night_shift_ends_on_the_next_day_and_the_day_after_fits_without_a_gap() {
        let zone = chrono_tz::Asia::Shanghai;
        let night =
            Roster { first: day(1), last: day(7), from: clock("17:30"), to: clock("08:30") };
        let light = Roster { from: clock("08:30"), to: clock("17:30"), ..night };
        let (night, light) = (night.shifts(zone).unwrap(), light.shifts(zone).unwrap());
        assert_eq!((night.len(), light.len()), (7, 7));
        let all: Vec<_> = night.iter().chain(&light).copied().collect();
        assert_eq!(gaps(&all, light[0].0, night[6].1), []);
        assert_eq!(gaps(&light, light[0].0, light[1].1), [(light[0].1, light[1].0)]);
    }

    #[test]
    fn the_hours_on_the_wall_stay_when_the_clock_is_set() {
        // Berlin sets its clock on 2026-03-29 at 02:00: that night has an hour less.
        let zone = chrono_tz::Europe::Berlin;
        let it = Roster { first: day(28), last: day(29), from: clock("22:00"), to: clock("06:00") };
        let hours: Vec<_> =
            it.shifts(zone).unwrap().iter().map(|(a, b)| b.since(*a).as_secs() / 3600).collect();
        assert_eq!(hours, [7, 8]);
    }

    #[test]
    fn equal_hours_make_a_whole_day() {
        let it = Roster { first: day(1), last: day(1), from: clock("08:00"), to: clock("08:00") };
        let shifts = it.shifts(chrono_tz::Asia::Shanghai).unwrap();
        assert_eq!(shifts[0].1.since(shifts[0].0).as_secs(), 86_400);
    }

    #[test]
    fn a_roster_that_runs_backwards_or_for_months_is_refused() {
        let zone = chrono_tz::Asia::Shanghai;
        let it = Roster { first: day(2), last: day(1), from: clock("08:00"), to: clock("17:00") };
        assert_eq!(it.shifts(zone), Err(RosterProblem::Backwards));
        let long = Roster { last: NaiveDate::from_ymd_opt(2026, 5, 3).unwrap(), ..it };
        assert_eq!(long.shifts(zone), Err(RosterProblem::TooLong));
    }

    proptest! {
        #[test]
        fn gaps_and_shifts_together_are_the_whole_and_gaps_overlap_nothing(
            spans in proptest::collection::vec((0i64..1000, 1i64..200), 0..12),
        ) {
            let at = |minute| Timestamp::from_millis(minute * 60_000);
            let shifts: Vec<_> = spans.iter().map(|&(a, n)| (at(a), at(a + n))).collect();
            let found = gaps(&shifts, at(100), at(900));
            for minute in 100..900 {
                let covered = shifts.iter().any(|(a, b)| *a <= at(minute) && at(minute) < *b);
                let open = found.iter().any(|(a, b)| *a <= at(minute) && at(minute) < *b);
                prop_assert!(covered != open, "{minute}");
            }
        }
    }
}

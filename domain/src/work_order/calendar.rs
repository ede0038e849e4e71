//! When a repair clock runs.

use crate::{Timestamp, policy::LocalTime};
use chrono::{Datelike, NaiveDate, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};

/// Which calendar an order has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepairCalendar {
    /// 全天: every minute.
    #[default]
    Always,
    /// 工作时间: working hours of working days.
    Working,
}

words!(RepairCalendar {
    Always = "always", "全天", "around the clock";
    Working = "working", "工作时间", "working hours";
});

/// Working hours of a district.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// Where.
    #[serde(with = "zone_name")]
    pub zone: Tz,
    /// When a working day begins and ends, local.
    pub hours: (LocalTime, LocalTime),
    /// 节假日: no working days though they are weekdays.
    pub holidays: BTreeSet<NaiveDate>,
    /// 调休上班: working days though they are on a weekend.
    pub workdays: BTreeSet<NaiveDate>,
}

/// A zone as its name in the tz database.
mod zone_name {
    use chrono_tz::Tz;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(super) fn serialize<S: Serializer>(zone: &Tz, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(zone.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Tz, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl Calendar {
    /// Whether people work on a day.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        let is_weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        self.workdays.contains(&day) || (!is_weekend && !self.holidays.contains(&day))
    }

    /// How much of `from`..`to` counts.
    pub fn counted(&self, which: RepairCalendar, from: Timestamp, to: Timestamp) -> Duration {
        if which == RepairCalendar::Always {
            return to.since(from);
        }
        let last = to.local_day(self.zone);
        let days = from.local_day(self.zone).iter_days().take_while(|day| *day <= last);
        days.filter(|day| self.is_working_day(*day))
            .map(|day| {
                let at = |time: LocalTime| {
                    Timestamp::from_local(day.and_time(time.on_the_wall()), self.zone)
                };
                to.min(at(self.hours.1)).since(from.max(at(self.hours.0)))
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clock(text: &str) -> LocalTime {
        LocalTime::try_from(text.to_owned()).unwrap()
    }

    fn calendar() -> Calendar {
        let day = |d| NaiveDate::from_ymd_opt(2026, 10, d).unwrap();
        Calendar {
            zone: chrono_tz::Asia::Shanghai,
            hours: (clock("09:00"), clock("17:00")),
            holidays: (1..=7).map(day).collect(),
            workdays: [day(10)].into(),
        }
    }

    fn at(day: u32, hour: u32, minute: u32) -> Timestamp {
        Timestamp::from_utc(2026, 10, day, hour, minute, 0).unwrap() - Duration::from_secs(8 * 3600)
    }

    fn hours(from: Timestamp, to: Timestamp) -> f64 {
        calendar().counted(RepairCalendar::Working, from, to).as_secs_f64() / 3600.0
    }

    #[test]
    fn nights_weekends_and_holidays_do_not_count_and_a_shifted_saturday_does() {
        assert_eq!(hours(at(8, 16, 0), at(9, 10, 0)), 2.0);
        // Friday evening to Monday morning: Saturday the 10th is worked.
        assert_eq!(hours(at(9, 20, 0), at(12, 9, 30)), 8.5);
        assert_eq!(hours(at(1, 0, 0), at(8, 0, 0)), 0.0);
        assert_eq!(hours(at(17, 0, 0), at(19, 0, 0)), 0.0);
        let always = calendar().counted(RepairCalendar::Always, at(1, 0, 0), at(2, 0, 0));
        assert_eq!(always.as_secs(), 86_400);
    }

    proptest! {
        #[test]
        fn time_that_is_cut_in_two_adds_up(a in 0i64..40_000, b in 0i64..40_000, c in 0i64..40_000) {
            let mut minutes = [a, b, c];
            minutes.sort_unstable();
            let [a, b, c] = minutes.map(|m| at(1, 0, 0) + Duration::from_secs(60 * m as u64));
            let counted = |from, to| calendar().counted(RepairCalendar::Working, from, to);
            prop_assert_eq!(counted(a, b) + counted(b, c), counted(a, c));
            prop_assert!(counted(a, c) <= c.since(a));
        }
    }
}

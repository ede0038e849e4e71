use crate::{ConfigError, Rule, Unit, require};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};
use zhishou_domain::{
    policy::LocalTime,
    work_order::{Calendar, RepairCalendar, RepairRules},
};

/// How long repairs may take, and when they are proven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Repair {
    /// 修复时限 of what has no point class, and of classes 1, 2 and 3, hours, 0.1 to 10 000.
    pub limit_h: f64,
    /// The same of point class 1.
    pub class_1_limit_h: f64,
    /// The same of point class 2.
    pub class_2_limit_h: f64,
    /// The same of point class 3.
    pub class_3_limit_h: f64,
    /// When the clock runs: "always" or in "working" hours.
    pub clock: RepairClock,
    /// The same of point class 1; `clock` where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_1_clock: Option<RepairClock>,
    /// The same of point class 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_2_clock: Option<RepairClock>,
    /// The same of point class 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_3_clock: Option<RepairClock>,
    /// Begin and end of a working day, local time.
    pub working_hours: [String; 2],
    /// 节假日: weekdays that are no working days, as dates.
    pub holidays: Vec<String>,
    /// 调休上班: days of weekends that are working days, as dates.
    pub workdays: Vec<String>,
    /// Every device of the incident is well for so long before a repair is proven, minutes, 0 to 1440.
    pub proof_min: f64,
    /// An incident that lasts so long gets a work order by itself, minutes; 0: only by hand.
    pub open_after_min: f64,
}

/// When a repair clock runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RepairClock {
    /// Every minute.
    #[default]
    Always,
    /// In working hours of working days.
    Working,
}

impl From<RepairClock> for RepairCalendar {
    fn from(clock: RepairClock) -> Self {
        match clock {
            RepairClock::Always => Self::Always,
            RepairClock::Working => Self::Working,
        }
    }
}

impl Default for Repair {
    fn default() -> Self {
        let rules = RepairRules::default();
        let hours = |limit: Duration| limit.as_secs_f64() / 3600.0;
        let [one, two, three] = rules.class_limits.map(hours);
        Self {
            limit_h: hours(rules.limit),
            class_1_limit_h: one,
            class_2_limit_h: two,
            class_3_limit_h: three,
            clock: RepairClock::Always,
            class_1_clock: None,
            class_2_clock: None,
            class_3_clock: None,
            working_hours: [rules.calendar.hours.0, rules.calendar.hours.1].map(String::from),
            holidays: Vec::new(),
            workdays: Vec::new(),
            proof_min: rules.proof.as_secs_f64() / 60.0,
            open_after_min: 0.0,
        }
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

impl Repair {
    /// The rules, in the zone of the district.
    pub fn rules(&self, zone: chrono_tz::Tz) -> RepairRules {
        let hours = |hours: f64| Duration::from_secs_f64(hours * 3600.0);
        let clock = |text: &String| LocalTime::try_from(text.clone()).unwrap_or_default();
        let days = |texts: &[String]| -> BTreeSet<NaiveDate> {
            texts.iter().filter_map(|text| day(text)).collect()
        };
        RepairRules {
            limit: hours(self.limit_h),
            class_limits: [self.class_1_limit_h, self.class_2_limit_h, self.class_3_limit_h]
                .map(hours),
            runs: self.clock.into(),
            class_runs: [self.class_1_clock, self.class_2_clock, self.class_3_clock]
                .map(|clock| clock.unwrap_or(self.clock).into()),
            calendar: Calendar {
                zone,
                hours: (clock(&self.working_hours[0]), clock(&self.working_hours[1])),
                holidays: days(&self.holidays),
                workdays: days(&self.workdays),
            },
            proof: Duration::from_secs_f64(self.proof_min * 60.0),
            open_after: (self.open_after_min > 0.0)
                .then(|| Duration::from_secs_f64(self.open_after_min * 60.0)),
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        for (key, hours) in [
            ("repair.limit_h", self.limit_h),
            ("repair.class_1_limit_h", self.class_1_limit_h),
            ("repair.class_2_limit_h", self.class_2_limit_h),
            ("repair.class_3_limit_h", self.class_3_limit_h),
        ] {
            let rule = Rule::within(0.1, 10_000.0, Unit::Hours);
            require((0.1..=10_000.0).contains(&hours), key, hours, rule)?;
        }
        for (key, minutes, most) in [
            ("repair.proof_min", self.proof_min, 1440.0),
            ("repair.open_after_min", self.open_after_min, 100_000.0),
        ] {
            let rule = Rule::within(0.0, most, Unit::Minutes);
            require((0.0..=most).contains(&minutes), key, minutes, rule)?;
        }
        let [begin, end] = &self.working_hours;
        let times = [begin, end].map(|text| LocalTime::try_from(text.clone()).ok());
        let is_day = matches!(times, [Some(begin), Some(end)] if begin < end);
        require(is_day, "repair.working_hours", format!("{begin}–{end}"), Rule::WorkingDay)?;
        for (key, days) in
            [("repair.holidays", &self.holidays), ("repair.workdays", &self.workdays)]
        {
            for text in days {
                require(day(text).is_some(), key, text, Rule::Date)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::Config;
    use zhishou_domain::{PointClass, work_order::RepairCalendar};

    #[test]
    fn each_class_has_its_clock_or_that_of_all() {
        let runs = |text: &str| {
            let rules = Config::parse(text).unwrap().repair.rules(chrono_tz::Asia::Shanghai);
            [None, Some(PointClass::One), Some(PointClass::Two), Some(PointClass::Three)]
                .map(|class| rules.runs_of(class))
        };
        let (always, working) = (RepairCalendar::Always, RepairCalendar::Working);
        assert_eq!(runs("[repair]"), [always; 4]);
        assert_eq!(runs("[repair]\nclock = \"working\""), [working; 4]);
        let three = runs("[repair]\nclass_3_clock = \"working\"");
        assert_eq!(three, [always, always, always, working]);
        let one = runs("[repair]\nclock = \"working\"\nclass_1_clock = \"always\"");
        assert_eq!(one, [working, always, working, working]);
    }
}

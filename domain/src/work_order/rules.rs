//! How long a repair may take, and when it is proven.

use super::{Calendar, RepairCalendar};
use crate::{PointClass, policy::LocalTime};
use std::{collections::BTreeSet, time::Duration};

/// The rules of repair of a district.
#[derive(Clone, Debug, PartialEq)]
pub struct RepairRules {
    /// 修复时限 of what has no point class.
    pub limit: Duration,
    /// Of point class 1, 2 and 3.
    pub class_limits: [Duration; 3],
    /// Which calendar the clock of what has no point class has.
    pub runs: RepairCalendar,
    /// Of point class 1, 2 and 3.
    pub class_runs: [RepairCalendar; 3],
    /// Working hours.
    pub calendar: Calendar,
    /// A device is well for so long before a repair is proven.
    pub proof: Duration,
    /// An incident that lasts so long gets an order by itself; none: only by hand.
    pub open_after: Option<Duration>,
}

impl RepairRules {
    /// The limit of a class.
    pub fn limit_of(&self, class: Option<PointClass>) -> Duration {
        of_class(class, self.limit, self.class_limits)
    }

    /// The calendar of a class.
    pub fn runs_of(&self, class: Option<PointClass>) -> RepairCalendar {
        of_class(class, self.runs, self.class_runs)
    }
}

fn of_class<T>(class: Option<PointClass>, none: T, [one, two, three]: [T; 3]) -> T {
    match class {
        None => none,
        Some(PointClass::One) => one,
        Some(PointClass::Two) => two,
        Some(PointClass::Three) => three,
    }
}

impl Default for RepairRules {
    fn default() -> Self {
        const HOUR: Duration = Duration::from_secs(3600);
        let clock = |text: &str| LocalTime::try_from(text.to_owned()).unwrap_or_default();
        Self {
            limit: 24 * HOUR,
            class_limits: [4 * HOUR, 8 * HOUR, 24 * HOUR],
            runs: RepairCalendar::Always,
            class_runs: [RepairCalendar::Always; 3],
            calendar: Calendar {
                zone: chrono_tz::Asia::Shanghai,
                hours: (clock("09:00"), clock("17:30")),
                holidays: BTreeSet::new(),
                workdays: BTreeSet::new(),
            },
            proof: Duration::from_secs(600),
            open_after: None,
        }
    }
}

//! All that a report says, as data: no words but names, no figure without what it was made of.
//!
//! Invariants: what is not measured is left out, never zero; moments are RFC 3339 with an offset;
//! a document is made by [`crate::make`] alone and never changed.

use crate::{Incidents, Meetings, Period, Repairs};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use zhishou_domain::{
    ExclusionReason, FaultCode,
    account::{Figure, Figures, Source, Sums, Tally},
    policy::{ClassKey, Policy},
};

/// The availability of a district over a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Name of the district.
    pub district: String,
    /// Which days.
    pub period: Period,
    /// First moment.
    pub starts_at: String,
    /// First moment after it.
    pub ends_at: String,
    /// IANA zone in which those days are counted.
    pub time_zone: String,
    /// When it was made; minutes up to then are in it.
    pub made_at: String,
    /// 口径, in full.
    pub policy: Policy,
    /// Moments that a snapshot policy looked at; 1 or more under any other.
    pub moments: usize,
    /// The sum over all devices.
    pub total: Tally,
    /// What was lost over all devices.
    pub lost: Loss,
    /// 环比: the period before. Left out where nothing was scheduled in it.
    pub before: Option<Compared>,
    /// 同比: a year before. Likewise.
    pub year_before: Option<Compared>,
    /// By street, police station, department, class, maintainer and site; worst first.
    pub groups: Vec<Group>,
    /// Day by day; of a single day, that day and the six before it. Left out where they are many.
    pub days: Vec<DayRow>,
    /// Devices that lost most.
    pub devices: Vec<DeviceRow>,
    /// Outages that cost most.
    pub outages: Vec<OutageRow>,
    /// How many outages there were.
    pub outage_count: u64,
    /// Exclusions that counted.
    pub exclusions: Vec<ExclusionRow>,
    /// 故障. Absent in reports of before they were told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incidents: Option<Incidents>,
    /// 报修与工单. Likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repairs: Option<Repairs>,
    /// 会议保障. Likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meetings: Option<Meetings>,
}

/// What was lost and why: minutes down that no exclusion covers, or checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// The fault that took most.
    pub fault: Option<FaultCode>,
    /// Devices that were down at the end.
    pub down: u64,
}

/// Another period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// Which days.
    pub period: Period,
    /// Its sum over all devices.
    pub total: Tally,
}

/// One grouping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// street, police_station, department, class, maintainer or site.
    pub by: String,
    /// Worst first.
    pub rows: Vec<Row>,
}

/// One group of devices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Identity; null for devices that have none.
    pub key: Option<String>,
    /// Its name as it was then; of a class, its code.
    pub name: Option<String>,
    /// What its figures are made of.
    pub tally: Tally,
    /// 目标, 0–1.
    pub target: f64,
    /// After exclusion, in the period before; null where nothing was scheduled.
    pub before: Option<Sums>,
    /// What was lost.
    pub lost: Loss,
    /// Since when the first of the devices that were down at the end was.
    pub down_since: Option<String>,
    /// Where it missed its target.
    pub under: Option<Under>,
}

/// A missed target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Under {
    /// First of the days, up to the last, on each of which it was missed; null where it was met on
    /// the last day.
    pub since: Option<NaiveDate>,
    /// How many those are.
    pub days: u32,
    /// Whether there may be more before those that were looked at.
    pub or_more: bool,
}

/// One day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRow {
    /// The day.
    pub day: NaiveDate,
    /// With excluded minutes counted in.
    pub before: Sums,
    /// Without them.
    pub after: Sums,
}

/// One device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    /// Identity.
    pub id: String,
    /// Its name.
    pub name: String,
    /// 站点.
    pub site: String,
    /// 街道.
    pub street: String,
    /// 运维单位.
    pub maintainer: Option<String>,
    /// After exclusion.
    pub after: Sums,
    /// Outages that cost it something.
    pub outages: u64,
    /// The fault that took most.
    pub fault: Option<FaultCode>,
}

/// One outage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutageRow {
    /// Identity of the device.
    pub id: String,
    /// Its name.
    pub name: String,
    /// 站点.
    pub site: String,
    /// 街道.
    pub street: String,
    /// 运维单位.
    pub maintainer: Option<String>,
    /// From the first failed probe on; may lie before the period.
    pub from: String,
    /// Until when; null where it lasted at the end.
    pub to: Option<String>,
    /// The fault that took most of it.
    pub fault: Option<FaultCode>,
    /// What it cost within the period, in the unit of the policy.
    pub lost: u64,
}

/// One exclusion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExclusionRow {
    /// Identity.
    pub id: String,
    /// device, site or street.
    pub scope: String,
    /// Its name.
    pub about: String,
    /// Only what this one maintains.
    pub maintainer: Option<String>,
    /// First moment.
    pub from: String,
    /// First moment after it.
    pub to: String,
    /// Why.
    pub reason: ExclusionReason,
    /// What proves it.
    pub evidence: String,
}

impl Document {
    /// Figures after exclusion.
    pub fn after(&self, tally: &Tally) -> Figures {
        Figures::after(&self.policy, self.moments, tally, Source::Transitions)
    }

    /// Figures with excluded minutes counted in.
    pub fn before(&self, tally: &Tally) -> Figures {
        Figures::before(&self.policy, self.moments, tally, Source::Transitions)
    }

    /// 在线率 of sums alone.
    pub fn online(&self, sums: &Sums) -> Figure {
        let tally = Tally { before: *sums, after: *sums, ..Tally::default() };
        self.after(&tally).online
    }

    /// 目标 of all devices, 0–1.
    pub fn target(&self) -> f64 {
        self.policy.target(None)
    }

    /// Whether a figure is a number below a target.
    pub fn misses(figure: &Figure, target: f64) -> bool {
        // A millionth is lost where a percentage becomes a part of one.
        figure.value().is_some_and(|value| value + 1e-9 < target)
    }

    /// Rows that missed their target, with their grouping.
    pub fn under(&self) -> impl Iterator<Item = (&str, &Row)> {
        let rows = self
            .groups
            .iter()
            .flat_map(|group| group.rows.iter().map(move |row| (group.by.as_str(), row)));
        rows.filter(|(_, row)| row.under.is_some())
    }

    /// 目标 of a class by its code.
    pub(crate) fn class_target(policy: &Policy, code: Option<&str>) -> f64 {
        let class = code.and_then(zhishou_domain::PointClass::from_code);
        policy.target(Some(ClassKey::from(class)))
    }
}

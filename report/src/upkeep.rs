//! What broke and how it was repaired over a period, as data of a report: incidents and work orders as they
//! stood at its end.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use zhishou_domain::{
    FaultCode, Timestamp,
    incident::Root,
    work_order::{Calendar, Performance, WorkCategory},
};
use zhishou_storage::{IncidentRow, Lateness, RootName, Store, StoreError};

/// 故障 of a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incidents {
    /// Begun in it, by kind of root and by fault; most first.
    pub begun: Vec<IncidentGroup>,
    /// Begun before it and not over when it began.
    pub carried: u64,
    /// Over within it.
    pub closed: u64,
    /// How many lasted at its end.
    pub open_count: u64,
    /// Those, the longest first.
    pub open: Vec<OpenIncident>,
    /// 反复故障: devices at the root of three or more.
    pub repeats: Vec<Repeat>,
    /// About our own probing; in no other number here.
    pub observer: u64,
}

/// Incidents of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentGroup {
    /// device, site, street, maintainer or district.
    pub root: String,
    /// What was wrong with the root, or with the first device that fell.
    pub fault: Option<FaultCode>,
    /// 起.
    pub incidents: u64,
    /// Devices in them, summed.
    pub devices: u64,
}

/// An incident that lasted at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIncident {
    /// 故障号.
    pub id: i64,
    /// device, site, street, maintainer or district.
    pub root: String,
    /// Its name.
    pub name: String,
    /// Of a device its site.
    pub site: Option<String>,
    /// What is wrong.
    pub fault: Option<FaultCode>,
    /// RFC 3339.
    pub since: String,
    /// Devices in it.
    pub devices: u64,
    /// 运维单位.
    pub maintainer: Option<String>,
}

/// A device that failed again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// Identity.
    pub id: String,
    /// Its name.
    pub name: String,
    /// 站点.
    pub site: String,
    /// How many incidents had it at their root.
    pub incidents: u64,
}

/// 报修与工单 of a period, as they stood at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repairs {
    /// All opened in it.
    pub total: RepairRow,
    /// By category; what had none is left out.
    pub by_category: Vec<RepairRow>,
    /// Not over at its end; the oldest first.
    pub open: Vec<OpenRepair>,
}

/// What became of work orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairRow {
    /// terminal, network, video or meeting; null for all.
    pub category: Option<String>,
    /// 受理.
    pub accepted: u64,
    /// 完成.
    pub done: u64,
    /// 撤销; not among the accepted. Left out where there are none, as in reports of before it was told.
    #[serde(default, skip_serializing_if = "is_none")]
    pub cancelled: u64,
    /// Judged for timeliness: done, or past the limit.
    pub judged: u64,
    /// Of these, past the limit.
    pub late: u64,
    /// Repair time of those done, summed, minutes.
    pub spent_minutes: u64,
}

/// A work order that was not over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRepair {
    /// 工单号.
    pub id: i64,
    /// terminal, network, video or meeting.
    pub category: String,
    /// What is to be repaired.
    pub title: String,
    /// Where.
    pub place: String,
    /// Who has it.
    pub maintainer: Option<String>,
    /// RFC 3339.
    pub opened: String,
    /// Past its limit.
    pub is_late: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Incidents {
    /// Begun in the period: 起, and devices in them.
    pub fn begun(&self) -> (u64, u64) {
        let sum = |of: fn(&IncidentGroup) -> u64| -> u64 { self.begun.iter().map(of).sum() };
        (sum(|it| it.incidents), sum(|it| it.devices))
    }
}

impl RepairRow {
    fn new(category: Option<&str>, it: &Performance) -> Self {
        Self {
            category: category.map(str::to_owned),
            accepted: it.accepted,
            done: it.done,
            cancelled: it.cancelled,
            judged: it.judged,
            late: it.late,
            spent_minutes: it.spent.as_secs() / 60,
        }
    }

    /// The category, where it is of one.
    pub fn category(&self) -> Option<WorkCategory> {
        WorkCategory::from_code(self.category.as_deref()?)
    }

    /// MTTR, minutes; none where nothing was done.
    pub const fn mean_minutes(&self) -> Option<u64> {
        self.spent_minutes.checked_div(self.done)
    }
}

/// Both, from `from` up to `to`.
pub(crate) async fn stated(
    store: &Store,
    (from, to): (Timestamp, Timestamp),
    calendar: &Calendar,
    zone: Tz,
) -> Result<(Incidents, Repairs), StoreError> {
    let found = store.incident_statement(from, to).await?;
    let incidents = Incidents {
        begun: found
            .begun
            .into_iter()
            .map(|it| IncidentGroup {
                root: it.root,
                fault: it.fault,
                incidents: it.incidents,
                devices: it.devices,
            })
            .collect(),
        carried: found.carried,
        closed: found.closed,
        open_count: found.open_count,
        open: found.open.iter().filter_map(|row| open_incident(row, zone)).collect(),
        repeats: found
            .repeats
            .into_iter()
            .map(|(id, name, site, incidents)| Repeat { id, name, site, incidents })
            .collect(),
        observer: found.observer,
    };
    let found = store.repair_statement((from, to), calendar).await?;
    let of = |(code, it): (&&'static str, &Performance)| RepairRow::new(Some(*code), it);
    let open = found.open.iter().map(|(it, lateness)| OpenRepair {
        id: it.id.number(),
        category: it.category.code().to_owned(),
        title: it.title.clone(),
        place: it.place.clone(),
        maintainer: it.maintainer.as_ref().map(|(_, name, _)| name.clone()),
        opened: it.opened.rfc3339(zone),
        is_late: *lateness == Lateness::Late,
    });
    let repairs = Repairs {
        total: RepairRow::new(None, &found.total),
        by_category: found.by_category.iter().map(of).collect(),
        open: open.collect(),
    };
    Ok((incidents, repairs))
}

fn open_incident(row: &IncidentRow, zone: Tz) -> Option<OpenIncident> {
    let RootName::Root { root, name, site } = &row.root else { return None };
    let kind = match root {
        Root::Device(..) => "device",
        Root::Site(_) => "site",
        Root::Street(_) => "street",
        Root::Maintainer(_) => "maintainer",
        Root::District => "district",
    };
    Some(OpenIncident {
        id: row.id.number(),
        root: kind.to_owned(),
        name: name.clone(),
        site: site.clone(),
        fault: row.faults.first().copied(),
        since: row.since.rfc3339(zone),
        devices: row.devices,
        maintainer: row.maintainer.as_ref().map(|(_, name, _)| name.clone()),
    })
}

//! Incidents as pages and programs list them.

use crate::{Store, StoreError, decode};
use sqlx::{Row, sqlite::SqliteRow};
use zhishou_domain::{
    DeviceId, FaultCode, IncidentId, MaintainerId, SiteId, StreetId, Timestamp,
    incident::{IncidentAct, IncidentStep, MemberState, ObserverFault, Root, Seen},
};

/// How an incident stands for those who work on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IncidentState {
    /// 新: open, and somebody has to be sent.
    New,
    /// 待核实: open, but nothing of it can be seen now.
    Unsure,
    /// 已派单: open, and somebody has its work order.
    Dispatched,
    /// 已恢复.
    Closed,
}

impl IncidentState {
    /// Every state, in the order in which incidents are listed.
    pub const ALL: [Self; 4] = [Self::New, Self::Unsure, Self::Dispatched, Self::Closed];

    /// Its place in that order.
    pub const fn rank(self) -> i64 {
        self as i64
    }

    /// The state at a place in that order.
    pub fn of_rank(rank: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.rank() == rank)
    }
}

/// Which incidents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// Open ones (`true`), closed ones (`false`), or both.
    pub open: Option<bool>,
    /// With a device at this site.
    pub site: Option<SiteId>,
    /// With a device in this street.
    pub street: Option<StreetId>,
    /// With a device of this maintainer.
    pub maintainer: Option<MaintainerId>,
    /// With this device.
    pub device: Option<DeviceId>,
}

/// A root by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootName {
    /// What lies at the root, what it is called, and where a device is.
    Root {
        /// It.
        root: Root,
        /// Its name; empty for the whole district.
        name: String,
        /// Of a device its site.
        site: Option<String>,
    },
    /// Ourselves.
    Observer {
        /// The agent.
        agent: String,
        /// What is wrong with it.
        fault: ObserverFault,
    },
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentRow {
    /// 故障号.
    pub id: IncidentId,
    /// How it stands.
    pub state: IncidentState,
    /// Its root.
    pub root: RootName,
    /// From when on.
    pub since: Timestamp,
    /// When it ended.
    pub closed: Option<Timestamp>,
    /// What it turned out to be part of.
    pub merged_into: Option<IncidentId>,
    /// Devices that were ever in it.
    pub devices: u64,
    /// Devices that still are.
    pub open_devices: u64,
    /// Those of them that are down for certain, flap, or have a picture of no use.
    pub down_devices: u64,
    /// Sites that they stand at.
    pub sites: u64,
    /// What was wrong with its root, or with the first device that fell.
    pub faults: Vec<FaultCode>,
    /// Whether that one flaps.
    pub is_flapping: bool,
    /// Whether its media flow, and its picture alone is wrong.
    pub is_picture: bool,
    /// Who keeps most of it, with telephone.
    pub maintainer: Option<(MaintainerId, String, Option<String>)>,
}

/// A device of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentDevice {
    /// The device.
    pub device: DeviceId,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub site: String,
    /// How it stands in the incident.
    pub state: MemberState,
    /// Its first failure.
    pub since: Timestamp,
    /// When it recovered or left.
    pub until: Option<Timestamp>,
    /// What was wrong.
    pub faults: Vec<FaultCode>,
}

macro_rules! rows {
    ($where:literal) => {
        concat!(
            "WITH ranked AS (SELECT i.*, CASE WHEN closed_ms IS NOT NULL THEN 3
                     WHEN EXISTS (SELECT 1 FROM work_orders w WHERE w.incident_id = i.id
                         AND w.state NOT IN ('done', 'cancelled')) THEN 2
                     WHEN open_devices > 0 AND down_devices = 0 THEN 1 ELSE 0 END AS rank
                 FROM incidents i),
             listed AS (SELECT * FROM ranked i WHERE ",
            $where,
            ")
             SELECT i.*, rd.name AS root_device, rds.name AS root_device_site,
                 coalesce(rd.name, rs.name, rt.name, rm.name, '') AS root_name,
                 (SELECT count(DISTINCT d.site_id) FROM incident_members im
                  JOIN devices d ON d.id = im.device_id WHERE im.incident_id = i.id) AS sites,
                 first.faults, first.state AS first_state, m.id AS maintainer_id,
                 m.name AS maintainer_name, m.phone AS maintainer_phone
             FROM listed i
             LEFT JOIN devices rd ON rd.id = i.root_device_id
             LEFT JOIN sites rds ON rds.id = rd.site_id
             LEFT JOIN sites rs ON rs.id = i.root_site_id
             LEFT JOIN streets rt ON rt.id = i.root_street_id
             LEFT JOIN maintainers rm ON rm.id = i.root_maintainer_id
             LEFT JOIN incident_members first ON first.incident_id = i.id AND first.device_id =
                 ifnull((SELECT device_id FROM incident_members
                         WHERE incident_id = i.id AND device_id = i.root_device_id),
                     (SELECT device_id FROM incident_members WHERE incident_id = i.id
                      ORDER BY since_ms, device_id LIMIT 1))
             LEFT JOIN maintainers m ON m.id = ifnull(rd.maintainer_id,
                 (SELECT d.maintainer_id FROM incident_members im JOIN devices d ON d.id = im.device_id
                  WHERE im.incident_id = i.id AND d.maintainer_id IS NOT NULL
                  GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1))
             ORDER BY i.rank, i.id DESC"
        )
    };
}

impl Store {
    /// Incidents that were not merged into others: those to be worked on first, then the newest. At most
    /// `limit`, after the place `after` of a page before.
    pub async fn incidents(
        &self,
        filter: &IncidentFilter,
        after: Option<(IncidentState, IncidentId)>,
        limit: u32,
    ) -> Result<Vec<IncidentRow>, StoreError> {
        let rows = sqlx::query(rows!(
            "merged_into IS NULL
             AND (?1 IS NULL OR (closed_ms IS NULL) = ?1)
             AND (?2 IS NULL OR id IN (SELECT im.incident_id FROM devices d
                  JOIN incident_members im ON im.device_id = d.id WHERE d.site_id = ?2))
             AND (?3 IS NULL OR id IN (SELECT im.incident_id FROM sites p
                  JOIN devices d ON d.site_id = p.id
                  JOIN incident_members im ON im.device_id = d.id WHERE p.street_id = ?3))
             AND (?4 IS NULL OR id IN (SELECT im.incident_id FROM devices d
                  JOIN incident_members im ON im.device_id = d.id WHERE d.maintainer_id = ?4))
             AND (?5 IS NULL OR id IN
                  (SELECT incident_id FROM incident_members WHERE device_id = ?5))
             AND (?6 IS NULL OR rank > ?6 OR (rank = ?6 AND id < ?7))
             ORDER BY rank, id DESC LIMIT ?8"
        ))
        .bind(filter.open)
        .bind(filter.site.map(|id| id.to_string()))
        .bind(filter.street.map(|id| id.to_string()))
        .bind(filter.maintainer.map(|id| id.to_string()))
        .bind(filter.device.map(|id| id.to_string()))
        .bind(after.map(|(state, _)| state.rank()))
        .bind(after.map(|(_, id)| id.number()))
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(row_of).collect()
    }

    /// One incident, also one that was merged into another.
    pub async fn incident(&self, id: IncidentId) -> Result<Option<IncidentRow>, StoreError> {
        let row =
            sqlx::query(rows!("id = ?")).bind(id.number()).fetch_optional(self.reader()).await?;
        row.as_ref().map(row_of).transpose()
    }

    /// These incidents.
    pub async fn incidents_of(&self, ids: &[IncidentId]) -> Result<Vec<IncidentRow>, StoreError> {
        let rows = sqlx::query(rows!("id IN (SELECT value FROM json_each(?))"))
            .bind(decode::to_json("incidents.id", &ids)?)
            .fetch_all(self.reader())
            .await?;
        rows.iter().map(row_of).collect()
    }

    /// Open incidents: new ones, and those that nobody can see now; with a device of `keeper` alone, where
    /// one is given.
    pub async fn incident_counts(
        &self,
        keeper: Option<MaintainerId>,
    ) -> Result<(u64, u64), StoreError> {
        let (new, unsure): (i64, i64) = sqlx::query_as(
            "SELECT count(*) - ifnull(sum(open_devices > 0 AND down_devices = 0), 0),
                    ifnull(sum(open_devices > 0 AND down_devices = 0), 0)
             FROM incidents WHERE closed_ms IS NULL
                 AND (?1 IS NULL OR id IN (SELECT im.incident_id FROM devices d
                      JOIN incident_members im ON im.device_id = d.id WHERE d.maintainer_id = ?1))",
        )
        .bind(keeper.map(|id| id.to_string()))
        .fetch_one(self.reader())
        .await?;
        Ok((decode::unsigned("incidents", new)?, decode::unsigned("incidents", unsure)?))
    }

    /// Devices of an incident: those still in it first, then by when they fell; `limit` at most, after the
    /// first `skip`; those of `keeper` alone, where one is given.
    pub async fn incident_devices(
        &self,
        id: IncidentId,
        keeper: Option<MaintainerId>,
        (skip, limit): (u32, u32),
    ) -> Result<Vec<IncidentDevice>, StoreError> {
        let rows = sqlx::query(
            "SELECT im.*, d.name, p.name AS site FROM incident_members im
             JOIN devices d ON d.id = im.device_id JOIN sites p ON p.id = d.site_id
             WHERE im.incident_id = ?1 AND (?2 IS NULL OR d.maintainer_id = ?2)
             ORDER BY im.until_ms IS NOT NULL, im.since_ms, im.device_id LIMIT ?3 OFFSET ?4",
        )
        .bind(id.number())
        .bind(keeper.map(|id| id.to_string()))
        .bind(limit)
        .bind(skip)
        .fetch_all(self.reader())
        .await?;
        let device = |row: &SqliteRow| {
            let until: Option<i64> = row.try_get("until_ms")?;
            Ok(IncidentDevice {
                device: decode::id("incident_members.device_id", row.try_get("device_id")?)?,
                name: row.try_get("name")?,
                site: row.try_get("site")?,
                state: decode::word(
                    "incident_members.state",
                    row.try_get("state")?,
                    MemberState::from_code,
                )?,
                since: Timestamp::from_millis(row.try_get("since_ms")?),
                until: until.map(Timestamp::from_millis),
                faults: decode::json("incident_members.faults", row.try_get("faults")?)?,
            })
        };
        rows.iter().map(device).collect()
    }

    /// What happened to an incident, the newest `limit` lines, in order.
    pub async fn incident_steps(
        &self,
        id: IncidentId,
        limit: u32,
    ) -> Result<Vec<IncidentStep>, StoreError> {
        let rows: Vec<(i64, String, Option<i64>)> = sqlx::query_as(
            "SELECT at_ms, act, other_id FROM incident_steps WHERE incident_id = ?
             ORDER BY id DESC LIMIT ?",
        )
        .bind(id.number())
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        let step = |(at, act, other): (i64, String, Option<i64>)| {
            Ok(IncidentStep {
                incident: id,
                at: Timestamp::from_millis(at),
                act: decode::word("incident_steps.act", &act, IncidentAct::from_code)?,
                other: other.map(IncidentId::new),
            })
        };
        let mut steps: Vec<IncidentStep> =
            rows.into_iter().map(step).collect::<Result<_, StoreError>>()?;
        steps.sort_by_key(|step| step.at);
        Ok(steps)
    }
}

fn row_of(row: &SqliteRow) -> Result<IncidentRow, StoreError> {
    let text = |column: &str| row.try_get::<Option<String>, _>(column);
    let count = |column: &'static str| decode::unsigned(column, row.try_get(column)?);
    let closed: Option<i64> = row.try_get("closed_ms")?;
    let merged: Option<i64> = row.try_get("merged_into")?;
    let maintainer = match (text("maintainer_id")?, text("maintainer_name")?) {
        (Some(id), Some(name)) => {
            Some((decode::id("maintainers.id", &id)?, name, text("maintainer_phone")?))
        }
        _ => None,
    };
    let faults = text("faults")?;
    Ok(IncidentRow {
        id: IncidentId::new(row.try_get("id")?),
        state: IncidentState::of_rank(row.try_get("rank")?).unwrap_or(IncidentState::New),
        root: root_of(row)?,
        since: Timestamp::from_millis(row.try_get("since_ms")?),
        closed: closed.map(Timestamp::from_millis),
        merged_into: merged.map(IncidentId::new),
        devices: count("devices")?,
        open_devices: count("open_devices")?,
        down_devices: count("down_devices")?,
        sites: count("sites")?,
        faults: faults
            .map(|faults| decode::json("incident_members.faults", &faults))
            .transpose()?
            .unwrap_or_default(),
        is_picture: text("first_state")?.as_deref() == Some(MemberState::Faulty.code()),
        is_flapping: text("first_state")?.as_deref() == Some(MemberState::Flapping.code()),
        maintainer,
    })
}

fn root_of(row: &SqliteRow) -> Result<RootName, StoreError> {
    let text = |column: &str| row.try_get::<Option<String>, _>(column);
    let id = |column: &'static str| Ok::<_, StoreError>(text(column)?.unwrap_or_default());
    let kind: String = row.try_get("root")?;
    let root = match kind.as_str() {
        "observer" => {
            let fault = text("agent_fault")?.unwrap_or_default();
            return Ok(RootName::Observer {
                agent: text("agent")?.unwrap_or_default(),
                fault: decode::word("incidents.agent_fault", &fault, ObserverFault::from_code)?,
            });
        }
        "device" => {
            let seen = text("seen")?.unwrap_or_default();
            let seen = decode::word("incidents.seen", &seen, Seen::from_code)?;
            Root::Device(decode::id("incidents.root_device_id", &id("root_device_id")?)?, seen)
        }
        "site" => Root::Site(decode::id("incidents.root_site_id", &id("root_site_id")?)?),
        "street" => Root::Street(decode::id("incidents.root_street_id", &id("root_street_id")?)?),
        "maintainer" => Root::Maintainer(decode::id(
            "incidents.root_maintainer_id",
            &id("root_maintainer_id")?,
        )?),
        _ => Root::District,
    };
    Ok(RootName::Root { root, name: row.try_get("root_name")?, site: text("root_device_site")? })
}

//! Work orders as they are stored and listed.

use super::WorkScope;
use crate::{Store, StoreError, decode};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::{collections::HashMap, time::Duration};
use zhishou_domain::{
    DeviceId, ExclusionReason, IncidentId, MaintainerId, PointClass, Timestamp, WorkOrderId,
    work_order::{
        Excuse, RepairCalendar, StopReason, WorkAct, WorkCategory, WorkOrder, WorkState, WorkStep,
        WorkSubject,
    },
};

/// A work order as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWorkOrder {
    /// 工单号.
    pub id: WorkOrderId,
    /// The incident it is about.
    pub incident: Option<IncidentId>,
    /// 类别.
    pub category: WorkCategory,
    /// What is to be repaired.
    pub title: String,
    /// Where.
    pub place: String,
    /// 报修人.
    pub caller: String,
    /// 报修单位.
    pub unit: String,
    /// Of the caller.
    pub phone: String,
    /// Who has it, and their telephone.
    pub maintainer: Option<(MaintainerId, String, Option<String>)>,
    /// When it was opened.
    pub opened: Timestamp,
    /// Limit, calendar and what was done.
    pub order: WorkOrder,
}

/// Which work orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkFilter {
    /// Open ones (`true`), those that are over (`false`), or both.
    pub open: Option<bool>,
    /// Of this category.
    pub category: Option<WorkCategory>,
    /// That this one has.
    pub maintainer: Option<MaintainerId>,
    /// Opened at or after.
    pub from: Option<Timestamp>,
    /// Opened before.
    pub to: Option<Timestamp>,
}

macro_rules! orders {
    ($where:literal) => {
        concat!(
            "SELECT w.*, m.name AS maintainer_name, m.phone AS maintainer_phone FROM work_orders w
             LEFT JOIN maintainers m ON m.id = w.maintainer_id WHERE ",
            $where
        )
    };
}

impl Store {
    /// Work orders within somebody's scope, the newest first, `limit` at most, older than `before`.
    pub async fn work_orders(
        &self,
        filter: WorkFilter,
        scope: WorkScope,
        before: Option<WorkOrderId>,
        limit: u32,
    ) -> Result<Vec<StoredWorkOrder>, StoreError> {
        let mut connection = self.reader().acquire().await?;
        let rows = sqlx::query(orders!(
            "(?1 IS NULL OR w.maintainer_id = ?1) AND (?2 IS NULL OR w.maintainer_id = ?2)
             AND (?3 IS NULL OR (w.state NOT IN ('done', 'cancelled')) = ?3)
             AND (?4 IS NULL OR w.category = ?4) AND (?5 IS NULL OR w.opened_ms >= ?5)
             AND (?6 IS NULL OR w.opened_ms < ?6) AND (?7 IS NULL OR w.id < ?7)
             ORDER BY w.id DESC LIMIT ?8"
        ))
        .bind(scope.only())
        .bind(filter.maintainer.map(|id| id.to_string()))
        .bind(filter.open)
        .bind(filter.category.map(WorkCategory::code))
        .bind(filter.from.map(Timestamp::millis))
        .bind(filter.to.map(Timestamp::millis))
        .bind(before.map(WorkOrderId::number))
        .bind(limit)
        .fetch_all(&mut *connection)
        .await?;
        with_steps(&mut connection, &rows).await
    }

    /// One work order within somebody's scope.
    pub async fn work_order(
        &self,
        id: WorkOrderId,
        scope: WorkScope,
    ) -> Result<Option<StoredWorkOrder>, StoreError> {
        read(&mut *self.reader().acquire().await?, id, scope).await
    }

    /// 反复故障: devices that were the root of so many incidents since a moment, at least three, the worst
    /// ten first; within somebody's scope.
    pub async fn repeat_offenders(
        &self,
        since: Timestamp,
        scope: WorkScope,
    ) -> Result<Vec<(DeviceId, String, u64)>, StoreError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT d.id, d.name, count(*) FROM incidents i JOIN devices d ON d.id = i.root_device_id
             WHERE i.since_ms >= ?1 AND i.merged_into IS NULL AND (?2 IS NULL OR d.maintainer_id = ?2)
             GROUP BY d.id HAVING count(*) >= 3 ORDER BY 3 DESC, d.name LIMIT 10",
        )
        .bind(since.millis())
        .bind(scope.only())
        .fetch_all(self.reader())
        .await?;
        let row = |(id, name, times): (String, String, i64)| {
            let id = decode::id("devices.id", &id)?;
            Ok((id, name, decode::unsigned("incidents", times)?))
        };
        rows.into_iter().map(row).collect()
    }

    /// The most important point class of the devices of an incident.
    pub async fn incident_class(&self, id: IncidentId) -> Result<Option<PointClass>, StoreError> {
        let class: Option<String> = sqlx::query_scalar(
            "SELECT min(d.class) FROM incident_members im JOIN devices d ON d.id = im.device_id
             WHERE im.incident_id = ?",
        )
        .bind(id.number())
        .fetch_one(self.reader())
        .await?;
        let class = class.as_deref();
        class.map(|code| decode::word("devices.class", code, PointClass::from_code)).transpose()
    }

    /// The last work order of an incident that was not cancelled, within somebody's scope, and how it stands.
    pub async fn work_order_of(
        &self,
        incident: IncidentId,
        scope: WorkScope,
    ) -> Result<Option<(WorkOrderId, WorkState)>, StoreError> {
        let found: Option<(i64, String)> = sqlx::query_as(
            "SELECT id, state FROM work_orders WHERE incident_id = ?1 AND state <> 'cancelled'
                 AND (?2 IS NULL OR maintainer_id = ?2) ORDER BY id DESC LIMIT 1",
        )
        .bind(incident.number())
        .bind(scope.only())
        .fetch_optional(self.reader())
        .await?;
        let order = |(id, state): (i64, String)| {
            let state = decode::word("work_orders.state", &state, WorkState::from_code)?;
            Ok((WorkOrderId::new(id), state))
        };
        found.map(order).transpose()
    }
}

/// Those opened before a moment of which something was still to be done then, the oldest first.
pub(super) async fn unfinished(
    store: &Store,
    at: Timestamp,
) -> Result<Vec<StoredWorkOrder>, StoreError> {
    let mut connection = store.reader().acquire().await?;
    let rows = sqlx::query(orders!(
        "w.opened_ms < ?1 AND (w.state NOT IN ('done', 'cancelled')
             OR EXISTS (SELECT 1 FROM work_order_steps s
                  WHERE s.work_order_id = w.id AND s.at_ms >= ?1)) ORDER BY w.id"
    ))
    .bind(at.millis())
    .fetch_all(&mut *connection)
    .await?;
    with_steps(&mut connection, &rows).await
}

pub(super) async fn read(
    connection: &mut SqliteConnection,
    id: WorkOrderId,
    scope: WorkScope,
) -> Result<Option<StoredWorkOrder>, StoreError> {
    let rows = sqlx::query(orders!("w.id = ?1 AND (?2 IS NULL OR w.maintainer_id = ?2)"))
        .bind(id.number())
        .bind(scope.only())
        .fetch_all(&mut *connection)
        .await?;
    Ok(with_steps(connection, &rows).await?.pop())
}

async fn with_steps(
    connection: &mut SqliteConnection,
    rows: &[SqliteRow],
) -> Result<Vec<StoredWorkOrder>, StoreError> {
    let ids: Vec<i64> = rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
    let steps = sqlx::query(
        "SELECT * FROM work_order_steps WHERE work_order_id IN (SELECT value FROM json_each(?))
         ORDER BY id",
    )
    .bind(decode::to_json("work_orders.id", &ids)?)
    .fetch_all(&mut *connection)
    .await?;
    let mut excuses = excuses(connection, &ids).await?;
    let mut by_order: HashMap<i64, Vec<WorkStep>> = HashMap::new();
    for row in &steps {
        by_order.entry(row.try_get("work_order_id")?).or_default().push(step_of(row)?);
    }
    let stored = rows.iter().zip(ids).map(|(row, id)| {
        let mut stored = order_of(row)?;
        stored.order.steps = by_order.remove(&id).unwrap_or_default();
        stored.order.excuses = excuses.remove(&id).unwrap_or_default();
        Ok(stored)
    });
    stored.collect()
}

/// Approved exclusions that cover every device of the incident of an order, by order.
async fn excuses(
    connection: &mut SqliteConnection,
    ids: &[i64],
) -> Result<HashMap<i64, Vec<Excuse>>, StoreError> {
    let reasons: Vec<_> =
        ExclusionReason::ALL.iter().filter(|it| it.stops_repairs()).map(|it| it.code()).collect();
    // One member leads to the few exclusions that could cover them all.
    let rows: Vec<(i64, String, String, i64, i64)> = sqlx::query_as(
        "SELECT w.id, e.id, e.reason, e.from_ms, e.to_ms FROM work_orders w
         JOIN incidents i ON i.id = w.incident_id
         JOIN devices d ON d.id = (SELECT device_id FROM incident_members
             WHERE incident_id = ifnull(i.merged_into, i.id) LIMIT 1)
         JOIN sites s ON s.id = d.site_id
         JOIN exclusions e
             ON e.device_id = d.id OR e.site_id = d.site_id OR e.street_id = s.street_id
         WHERE w.id IN (SELECT value FROM json_each(?1))
             AND e.reason IN (SELECT value FROM json_each(?2))
             AND e.to_ms > w.opened_ms AND e.from_ms < ifnull(w.done_ms, e.to_ms)
             AND (SELECT act FROM exclusion_steps WHERE exclusion_id = e.id ORDER BY id DESC LIMIT 1)
                 IN ('approve', 'confirm')
             AND NOT EXISTS (
                 SELECT 1 FROM incident_members im JOIN devices o ON o.id = im.device_id
                 JOIN sites os ON os.id = o.site_id
                 WHERE im.incident_id = ifnull(i.merged_into, i.id) AND NOT (
                     (e.device_id IS o.id OR e.site_id IS o.site_id OR e.street_id IS os.street_id)
                     AND (e.maintainer_id IS NULL OR e.maintainer_id IS o.maintainer_id)))
         ORDER BY e.from_ms, e.id",
    )
    .bind(decode::to_json("work_orders.id", &ids)?)
    .bind(decode::to_json("exclusions.reason", &reasons)?)
    .fetch_all(connection)
    .await?;
    let mut by_order: HashMap<i64, Vec<Excuse>> = HashMap::new();
    for (order, exclusion, reason, from, to) in rows {
        by_order.entry(order).or_default().push(Excuse {
            exclusion: decode::id("exclusions.id", &exclusion)?,
            reason: decode::word("exclusions.reason", &reason, ExclusionReason::from_code)?,
            from: Timestamp::from_millis(from),
            to: Timestamp::from_millis(to),
        });
    }
    Ok(by_order)
}

/// But for its steps.
fn order_of(row: &SqliteRow) -> Result<StoredWorkOrder, StoreError> {
    let text = |column: &str| row.try_get::<Option<String>, _>(column);
    let incident: Option<i64> = row.try_get("incident_id")?;
    let limit = decode::unsigned("work_orders.limit_ms", row.try_get("limit_ms")?)?;
    let maintainer = match (text("maintainer_id")?, text("maintainer_name")?) {
        (Some(id), Some(name)) => {
            let id = decode::id("work_orders.maintainer_id", &id)?;
            Some((id, name, text("maintainer_phone")?))
        }
        _ => None,
    };
    Ok(StoredWorkOrder {
        id: WorkOrderId::new(row.try_get("id")?),
        incident: incident.map(IncidentId::new),
        category: decode::word(
            "work_orders.category",
            row.try_get("category")?,
            WorkCategory::from_code,
        )?,
        title: row.try_get("title")?,
        place: row.try_get("place")?,
        caller: row.try_get("caller")?,
        unit: row.try_get("unit")?,
        phone: row.try_get("phone")?,
        maintainer,
        opened: Timestamp::from_millis(row.try_get("opened_ms")?),
        order: WorkOrder {
            subject: match incident {
                Some(_) => WorkSubject::Probed,
                None => WorkSubject::Reported,
            },
            limit: Duration::from_millis(limit),
            calendar: decode::word(
                "work_orders.calendar",
                row.try_get("calendar")?,
                RepairCalendar::from_code,
            )?,
            hours: text("hours")?
                .map(|hours| decode::json("work_orders.hours", &hours))
                .transpose()?,
            steps: Vec::new(),
            excuses: Vec::new(),
        },
    })
}

fn step_of(row: &SqliteRow) -> Result<WorkStep, StoreError> {
    let text = |column: &str| row.try_get::<Option<String>, _>(column);
    let reason = text("reason")?;
    let maintainer = text("maintainer_id")?;
    Ok(WorkStep {
        at: Timestamp::from_millis(row.try_get("at_ms")?),
        login: row.try_get("login")?,
        act: decode::word("work_order_steps.act", row.try_get("act")?, WorkAct::from_code)?,
        reason: reason
            .map(|code| decode::word("work_order_steps.reason", &code, StopReason::from_code))
            .transpose()?,
        maintainer: maintainer
            .map(|id| decode::id("work_order_steps.maintainer_id", &id))
            .transpose()?,
        note: row.try_get("note")?,
    })
}

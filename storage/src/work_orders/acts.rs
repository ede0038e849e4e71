//! Opening a work order and acting on one.

use super::{WorkScope, list};
use crate::{
    Change, Store, StoreError,
    audit::{self, AuditLine},
    decode,
};
use sqlx::SqliteConnection;
use std::time::Duration;
use zhishou_domain::{
    IncidentId, MaintainerId, Timestamp, WorkOrderId,
    work_order::{
        Calendar, RepairCalendar, WorkAct, WorkCategory, WorkRefusal, WorkState, WorkStep,
    },
};

/// A work order to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWorkOrder {
    /// The incident it is about; none where it was reported.
    pub incident: Option<IncidentId>,
    /// 类别.
    pub category: WorkCategory,
    /// What is to be repaired.
    pub title: String,
    /// Where, in words.
    pub place: String,
    /// 报修人.
    pub caller: String,
    /// 报修单位.
    pub unit: String,
    /// Of the caller.
    pub phone: String,
    /// To whom it is assigned at once.
    pub maintainer: Option<MaintainerId>,
    /// 修复时限.
    pub limit: Duration,
    /// When its clock runs.
    pub calendar: RepairCalendar,
    /// Working hours as they stand; an order keeps them whatever becomes of them later.
    pub hours: Calendar,
    /// When it is opened.
    pub at: Timestamp,
    /// By whom; empty: the platform.
    pub login: String,
    /// In words.
    pub note: String,
    /// From where, for the audit log; the platform itself leaves no line there.
    pub address: String,
}

/// What became of opening a work order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkOpened {
    /// It is open.
    New(WorkOrderId),
    /// The incident has one that is open.
    Already(WorkOrderId),
    /// There is no such incident that could have one, or no such maintainer.
    Missing,
}

/// What became of an act on a work order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkActed {
    /// It stands so now.
    Now(WorkState),
    /// It was refused, and nothing changed.
    Refused(WorkRefusal),
    /// There is no such order, or it is not theirs, or there is no such maintainer.
    Missing,
}

impl Store {
    /// Opens a work order, and assigns it where a maintainer is given.
    pub async fn open_work_order(&self, new: NewWorkOrder) -> Result<WorkOpened, StoreError> {
        let opened = self.write(move |connection| Box::pin(open(connection, new))).await?;
        if matches!(opened, WorkOpened::New(_)) {
            self.announce(Change::Incidents);
        }
        Ok(opened)
    }

    /// Does something to a work order within somebody's scope, where that is allowed; `address` is from
    /// where.
    pub async fn act_on_work_order(
        &self,
        id: WorkOrderId,
        scope: WorkScope,
        step: WorkStep,
        address: String,
    ) -> Result<WorkActed, StoreError> {
        let acted = self
            .write(move |connection| Box::pin(act(connection, id, scope, (step, address))))
            .await?;
        if matches!(acted, WorkActed::Now(_)) {
            self.announce(Change::Incidents);
        }
        Ok(acted)
    }
}

pub(super) async fn open(
    connection: &mut SqliteConnection,
    new: NewWorkOrder,
) -> Result<WorkOpened, StoreError> {
    let maintainer = new.maintainer.map(|id| id.to_string());
    let incident = new.incident.map(IncidentId::number);
    let (is_there, held): (bool, Option<i64>) = sqlx::query_as(
        "SELECT (?1 IS NULL OR EXISTS (SELECT 1 FROM incidents WHERE id = ?1
                     AND merged_into IS NULL AND root <> 'observer'))
                AND (?2 IS NULL OR EXISTS (SELECT 1 FROM maintainers WHERE id = ?2)),
                (SELECT id FROM work_orders WHERE incident_id = ?1
                     AND state NOT IN ('done', 'cancelled'))",
    )
    .bind(incident)
    .bind(&maintainer)
    .fetch_one(&mut *connection)
    .await?;
    if let Some(held) = held {
        return Ok(WorkOpened::Already(WorkOrderId::new(held)));
    }
    if !is_there {
        return Ok(WorkOpened::Missing);
    }
    let hours = match new.calendar {
        RepairCalendar::Always => None,
        RepairCalendar::Working => Some(decode::to_json("work_orders.hours", &new.hours)?),
    };
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO work_orders (incident_id, category, title, place, caller, unit, phone,
             maintainer_id, limit_ms, calendar, hours, opened_ms, state)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(incident)
    .bind(new.category.code())
    .bind(new.title)
    .bind(new.place)
    .bind(new.caller)
    .bind(new.unit)
    .bind(new.phone)
    .bind(&maintainer)
    .bind(i64::try_from(new.limit.as_millis()).unwrap_or(i64::MAX))
    .bind(new.calendar.code())
    .bind(hours)
    .bind(new.at.millis())
    .bind(if maintainer.is_some() { "working" } else { "unassigned" })
    .fetch_one(&mut *connection)
    .await?;
    let id = WorkOrderId::new(id);
    let (address, opened) = (
        new.address,
        WorkStep {
            at: new.at,
            login: new.login,
            act: WorkAct::Open,
            reason: None,
            maintainer: None,
            note: new.note,
        },
    );
    add_step(connection, id, &opened, &address).await?;
    if let Some(maintainer) = new.maintainer {
        let step = WorkStep {
            act: WorkAct::Assign,
            maintainer: Some(maintainer),
            note: String::new(),
            ..opened
        };
        add_step(connection, id, &step, &address).await?;
    }
    Ok(WorkOpened::New(id))
}

pub(super) async fn act(
    connection: &mut SqliteConnection,
    id: WorkOrderId,
    scope: WorkScope,
    (step, address): (WorkStep, String),
) -> Result<WorkActed, StoreError> {
    let Some(mut stored) = list::read(connection, id, scope).await? else {
        return Ok(WorkActed::Missing);
    };
    let state = match stored.order.allow(&step) {
        Ok(state) => state,
        Err(refusal) => return Ok(WorkActed::Refused(refusal)),
    };
    if let Some(maintainer) = step.maintainer {
        let is_there: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM maintainers WHERE id = ?)")
                .bind(maintainer.to_string())
                .fetch_one(&mut *connection)
                .await?;
        if !is_there {
            return Ok(WorkActed::Missing);
        }
    }
    add_step(connection, id, &step, &address).await?;
    stored.order.steps.push(step);
    sqlx::query(
        "UPDATE work_orders SET state = ?2, maintainer_id = ?3, done_ms = ?4 WHERE id = ?1",
    )
    .bind(id.number())
    .bind(state.code())
    .bind(stored.order.maintainer().map(|id| id.to_string()))
    .bind(stored.order.done().map(Timestamp::millis))
    .execute(connection)
    .await?;
    Ok(WorkActed::Now(state))
}

async fn add_step(
    connection: &mut SqliteConnection,
    id: WorkOrderId,
    step: &WorkStep,
    address: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO work_order_steps (work_order_id, at_ms, login, act, reason, maintainer_id, note)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id.number())
    .bind(step.at.millis())
    .bind(&step.login)
    .bind(step.act.code())
    .bind(step.reason.map(|reason| reason.code()))
    .bind(step.maintainer.map(|id| id.to_string()))
    .bind(&step.note)
    .execute(&mut *connection)
    .await?;
    let action = match step.act {
        WorkAct::Open => "open_work_order",
        WorkAct::Assign => "assign_work_order",
        WorkAct::Stop => "stop_work_order",
        WorkAct::Resume => "resume_work_order",
        WorkAct::Note => "note_work_order",
        WorkAct::Finish => "finish_work_order",
        WorkAct::Cancel => "cancel_work_order",
        // Our own probes did it, and the order says so.
        WorkAct::Recover | WorkAct::Relapse | WorkAct::Prove | WorkAct::Retire => return Ok(()),
    };
    if step.login.is_empty() {
        return Ok(());
    }
    let (login, address) = (step.login.clone(), address.to_owned());
    let line = AuditLine { at: step.at, login, action, subject: id.to_string(), address };
    audit::insert(connection, line).await
}

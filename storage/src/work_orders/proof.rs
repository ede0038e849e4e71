//! What the platform itself does to work orders: it opens them by rule, and proves repairs by its probes.

use super::{WorkScope, acts};
use crate::{Store, StoreError};
use sqlx::SqliteConnection;
use std::time::Duration;
use zhishou_domain::{
    IncidentId, Timestamp, WorkOrderId,
    work_order::{WorkAct, WorkStep},
};

/// Orders looked at in one transaction.
const PAGE: u32 = 200;

impl Store {
    /// Takes to work orders what the probes have seen of their incidents since: well again, fallen again
    /// within the time of proof, or well for all of it. Says how many steps that made.
    pub async fn prove_work_orders(
        &self,
        proof: Duration,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let waiting: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM work_orders WHERE incident_id IS NOT NULL
                 AND state NOT IN ('done', 'cancelled'))",
        )
        .fetch_one(self.reader())
        .await?;
        if !waiting {
            return Ok(0);
        }
        let steps = self.write(move |c| Box::pin(prove(c, proof, now))).await?;
        if steps > 0 {
            self.announce(crate::Change::Incidents);
        }
        Ok(steps)
    }

    /// Incidents of devices that are open since before `since` without a work order but those that are done,
    /// the oldest `limit` of them. One whose order somebody cancelled is not asked for again.
    pub async fn incidents_without_order(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<IncidentId>, StoreError> {
        let found: Vec<i64> = sqlx::query_scalar(
            "SELECT id FROM incidents i WHERE closed_ms IS NULL AND since_ms <= ? AND root <> 'observer'
                 AND down_devices > 0
                 AND NOT EXISTS (SELECT 1 FROM work_orders w WHERE w.incident_id = i.id
                     AND w.state <> 'done')
             ORDER BY since_ms LIMIT ?",
        )
        .bind(since.millis())
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        Ok(found.into_iter().map(IncidentId::new).collect())
    }
}

async fn prove(
    connection: &mut SqliteConnection,
    proof: Duration,
    now: Timestamp,
) -> Result<u64, StoreError> {
    // An incident that became part of another is over when that one is.
    let rows: Vec<(i64, String, Option<i64>)> = sqlx::query_as(
        "SELECT w.id, w.state, root.closed_ms FROM work_orders w
         JOIN incidents i ON i.id = w.incident_id
         JOIN incidents root ON root.id = ifnull(i.merged_into, i.id)
         WHERE w.state NOT IN ('done', 'cancelled')
             AND ((root.closed_ms IS NULL) = (w.state = 'proving') OR w.state = 'proving')
         ORDER BY w.opened_ms LIMIT ?",
    )
    .bind(PAGE)
    .fetch_all(&mut *connection)
    .await?;
    let mut steps = 0;
    for (id, state, closed) in rows {
        let closed = closed.map(Timestamp::from_millis);
        let (act, at) = match (state.as_str(), closed) {
            ("proving", None) => (WorkAct::Relapse, now),
            ("proving", Some(closed)) if now >= closed + proof => (WorkAct::Prove, now),
            ("proving", Some(_)) | (_, None) => continue,
            (_, Some(closed)) => (WorkAct::Recover, closed),
        };
        let step = WorkStep {
            at,
            login: String::new(),
            act,
            reason: None,
            maintainer: None,
            note: String::new(),
        };
        acts::act(connection, WorkOrderId::new(id), WorkScope::All, (step, String::new())).await?;
        steps += 1;
    }
    Ok(steps)
}

//! What the platform itself does to work orders: it opens them by rule, and proves repairs by its probes.

use super::{WorkScope, acts};
use crate::{Store, StoreError, decode};
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::time::Duration;
use zhishou_domain::{
    IncidentId, Timestamp, WorkOrderId,
    work_order::{WorkAct, WorkStep},
};

/// Orders looked at in one transaction.
const PAGE: u32 = 200;

impl Store {
    /// Takes to work orders what the probes have seen of their devices since: well again, fallen again
    /// within the time of proof, well after all of it; or not probed any more, which proves nothing. Says how
    /// many steps that made.
    pub async fn prove_work_orders(
        &self,
        proof: Duration,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut reader = self.reader().acquire().await?;
        if due(&mut reader, proof, now).await?.is_empty() {
            return Ok(0);
        }
        drop(reader);
        let steps = self.write(move |c| Box::pin(prove(c, proof, now))).await?;
        if steps > 0 {
            self.announce(crate::Change::Incidents);
        }
        Ok(steps)
    }

    /// Incidents of devices that are open since before `since` without a work order but those that are done,
    /// the oldest `limit` of them but for `except`. One whose order somebody cancelled is not asked for again.
    pub async fn incidents_without_order(
        &self,
        since: Timestamp,
        except: &[IncidentId],
        limit: u32,
    ) -> Result<Vec<IncidentId>, StoreError> {
        let except: Vec<i64> = except.iter().map(|id| id.number()).collect();
        let found: Vec<i64> = sqlx::query_scalar(
            "SELECT id FROM incidents i WHERE closed_ms IS NULL AND since_ms <= ? AND root <> 'observer'
                 AND down_devices > 0
                 AND NOT EXISTS (SELECT 1 FROM work_orders w WHERE w.incident_id = i.id
                     AND w.state <> 'done')
                 AND id NOT IN (SELECT value FROM json_each(?))
             ORDER BY since_ms LIMIT ?",
        )
        .bind(since.millis())
        .bind(decode::to_json("incidents.id", &except)?)
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        Ok(found.into_iter().map(IncidentId::new).collect())
    }
}

/// How orders about an incident stand against what the probes saw of its devices. An incident that became
/// part of another is over when that one is; a device that parted from it, or is not probed any more, says
/// nothing of it. What is well has answered once the time of proof had passed, a camera with media, stands on
/// that result and is in no doubt.
const LOOKED: &str = "WITH looked AS (
        SELECT w.id, w.opened_ms, w.state, root.id AS incident, root.closed_ms
        FROM work_orders w JOIN incidents i ON i.id = w.incident_id
        JOIN incidents root ON root.id = ifnull(i.merged_into, i.id)
        WHERE w.state NOT IN ('done', 'cancelled')),
    held AS (
        SELECT l.id, m.device_id FROM looked l JOIN incident_members m ON m.incident_id = l.incident
        JOIN devices d ON d.id = m.device_id AND d.probed_since_ms IS NOT NULL
        WHERE m.state <> 'parted'),
    ended AS (
        SELECT l.*, EXISTS (SELECT 1 FROM held h WHERE h.id = l.id) AS is_probed,
            l.closed_ms IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM held h JOIN incident_members m ON m.device_id = h.device_id
                WHERE h.id = l.id AND m.until_ms IS NULL) AS is_well,
            max(l.closed_ms, ifnull((
                SELECT max(m.until_ms) FROM held h JOIN incident_members m ON m.device_id = h.device_id
                WHERE h.id = l.id), 0)) AS well_ms
        FROM looked l)";

/// What is to be done to orders at `now`, the oldest first.
async fn due(
    connection: &mut SqliteConnection,
    proof: Duration,
    now: Timestamp,
) -> Result<Vec<(WorkOrderId, WorkAct, Timestamp)>, StoreError> {
    let sql = format!(
        "{LOOKED}
        SELECT id, CASE WHEN NOT is_well THEN 'relapse' WHEN NOT is_probed THEN 'retire'
                        WHEN state = 'proving' THEN 'prove' ELSE 'recover' END, well_ms
        FROM ended e
        WHERE CASE WHEN NOT is_well THEN state = 'proving'
                   WHEN NOT is_probed OR state <> 'proving' THEN 1
                   ELSE NOT EXISTS (
                       SELECT 1 FROM held h JOIN devices d ON d.id = h.device_id
                       LEFT JOIN standings s ON s.device_id = h.device_id
                       WHERE h.id = e.id AND NOT (
                           ifnull(s.state IN ('up', 'degraded') AND s.doubt IS NULL
                               AND s.stands_until_ms >= ?1, 0)
                           AND EXISTS (
                               SELECT 1 FROM observations o WHERE o.device_id = h.device_id
                               AND o.started_ms BETWEEN e.well_ms + ?2 AND ?1
                               AND o.verdict IN ('online', 'degraded')
                               AND (d.kind <> 'camera' OR o.body ->> '$.depth' <> 'reach'))))
              END
        ORDER BY opened_ms LIMIT ?3"
    );
    let rows: Vec<(i64, String, Option<i64>)> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(now.millis())
        .bind(i64::try_from(proof.as_millis()).unwrap_or(i64::MAX))
        .bind(PAGE)
        .fetch_all(connection)
        .await?;
    let step = |(id, act, well): (i64, String, Option<i64>)| {
        let act = decode::word("work_order_steps.act", &act, WorkAct::from_code)?;
        let well = well.map(Timestamp::from_millis).filter(|_| act == WorkAct::Recover);
        Ok((WorkOrderId::new(id), act, well.unwrap_or(now)))
    };
    rows.into_iter().map(step).collect()
}

async fn prove(
    connection: &mut SqliteConnection,
    proof: Duration,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut steps = 0;
    for (id, act, at) in due(connection, proof, now).await? {
        let step = WorkStep {
            at,
            login: String::new(),
            act,
            reason: None,
            maintainer: None,
            note: String::new(),
        };
        acts::act(connection, id, WorkScope::All, (step, String::new())).await?;
        steps += 1;
    }
    Ok(steps)
}

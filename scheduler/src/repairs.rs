//! What the platform does to work orders by itself: it opens them by rule, and proves repairs.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{Clock, IncidentId, Timestamp, work_order::RepairRules};
use zhishou_storage::{Store, StoreError};

/// How often work orders are looked at.
const TICK: Duration = Duration::from_secs(10);
/// Orders opened in one turn.
const BATCH: u32 = 50;

/// Opens the work order of an incident, in the words of whoever shows it.
pub trait OpenOrder: Send + Sync {
    /// Opens it, where it has none.
    fn open(
        &self,
        incident: IncidentId,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>>;
}

/// Follows repairs until `stop` fires.
pub async fn follow_repairs(
    store: Store,
    clock: Arc<dyn Clock>,
    rules: RepairRules,
    orders: Arc<dyn OpenOrder>,
    stop: CancellationToken,
) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = follow(&store, clock.now(), &rules, orders.as_ref()).await {
            tracing::error!(%error, "failed to follow repairs; trying again");
        }
    }
}

async fn follow(
    store: &Store,
    now: Timestamp,
    rules: &RepairRules,
    orders: &dyn OpenOrder,
) -> Result<(), StoreError> {
    store.prove_work_orders(rules.proof, now).await?;
    let Some(after) = rules.open_after else { return Ok(()) };
    for incident in store.incidents_without_order(now - after, BATCH).await? {
        orders.open(incident).await?;
    }
    Ok(())
}

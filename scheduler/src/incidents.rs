//! The task that judges what was confirmed: feed in, board, incidents out.
//!
//! Invariant: what was confirmed leaves the feed with what it led to; where that cannot be written the
//! board is made anew from the store, so that the two never differ.

use std::{sync::Arc, time::Duration};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    Clock,
    incident::{Board, GroupRule},
};
use zhishou_storage::{Store, StoreError};

/// How often the feed is looked at.
const TICK: Duration = Duration::from_secs(1);
/// Events taken at once.
const BATCH: u32 = 500;

/// Judges until `stop` fires. What is not judged by then is judged at the next start.
pub async fn judge_incidents(
    store: Store,
    clock: Arc<dyn Clock>,
    rule: GroupRule,
    stop: CancellationToken,
) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut board = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = judge(&store, clock.as_ref(), rule, &mut board).await {
            tracing::error!(%error, "failed to judge incidents; trying again");
            board = None;
        }
    }
}

async fn judge(
    store: &Store,
    clock: &dyn Clock,
    rule: GroupRule,
    board: &mut Option<Board>,
) -> Result<(), StoreError> {
    loop {
        let (heard, now) = (store.incident_events(BATCH).await?, clock.now());
        let board = match board {
            Some(board) => board,
            None => board.insert(store.incident_board(rule, now).await?),
        };
        let is_quiet = heard.events.is_empty() && heard.through == 0;
        if is_quiet && !board.is_due(now) {
            return Ok(());
        }
        let is_last = heard.events.len() < BATCH as usize;
        let change = board.step(heard.events, now);
        store.keep_incidents(change, heard.through).await?;
        if is_last {
            return Ok(());
        }
    }
}

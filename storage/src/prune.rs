//! Deleting what is past its time, a little at a time so that no result has to wait long.

use crate::{Store, StoreError};
use zhishou_domain::Timestamp;

/// Rows deleted in one transaction.
const PAGE: i64 = 2000;

impl Store {
    /// Deletes raw observations that began before `before`, and says how many.
    pub async fn prune_observations(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.prune(
            "DELETE FROM observations WHERE id IN
                 (SELECT id FROM observations WHERE started_ms < ? LIMIT ?)",
            before.millis(),
        )
        .await
    }

    /// Deletes sessions that expired before `now`, and says how many.
    pub async fn prune_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.prune(
            "DELETE FROM sessions WHERE id IN
                 (SELECT id FROM sessions WHERE expires_ms < ? LIMIT ?)",
            now.millis(),
        )
        .await
    }

    async fn prune(&self, sql: &'static str, before: i64) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let deleted = self
                .write(move |connection| {
                    Box::pin(async move {
                        let done = sqlx::query(sql).bind(before).bind(PAGE).execute(connection);
                        Ok(done.await?.rows_affected())
                    })
                })
                .await?;
            total += deleted;
            if deleted < PAGE.unsigned_abs() {
                return Ok(total);
            }
        }
    }
}

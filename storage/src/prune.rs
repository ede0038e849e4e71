//! Deleting what is past its time, a little at a time so that no result has to wait long.

use crate::{Store, StoreError, decode};
use zhishou_domain::Timestamp;

/// Rows deleted in one transaction.
const PAGE: i64 = 2000;
/// Devices whose measures are deleted in one transaction.
const DEVICES: i64 = 100;
/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;

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

    /// Deletes scores of days before that of `before`, and says how many.
    pub async fn prune_scores(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.prune(
            "DELETE FROM score_days WHERE (device_id, fault, utc_day) IN
                 (SELECT device_id, fault, utc_day FROM score_days WHERE utc_day < ? LIMIT ?)",
            before.utc_day(),
        )
        .await
    }

    /// Deletes events of streets that ended before `before`, and says how many.
    pub async fn prune_street_events(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.prune(
            "DELETE FROM street_events WHERE id IN
                 (SELECT id FROM street_events WHERE until_ms < ? LIMIT ?)",
            before.millis(),
        )
        .await
    }

    /// Deletes hourly measures of hours that began before `before`, and says how many. Device by
    /// device, for their key begins with the device.
    pub async fn prune_measures(&self, before: Timestamp) -> Result<u64, StoreError> {
        let hour = before.millis().div_euclid(HOUR_MS);
        let (mut total, mut after) = (0, String::new());
        loop {
            let devices: Vec<String> =
                sqlx::query_scalar("SELECT id FROM devices WHERE id > ? ORDER BY id LIMIT ?")
                    .bind(&after)
                    .bind(DEVICES)
                    .fetch_all(self.reader())
                    .await?;
            let Some(last) = devices.last() else { return Ok(total) };
            after.clone_from(last);
            let devices = decode::to_json("measures.device_id", &devices)?;
            total += self
                .write(move |connection| {
                    Box::pin(async move {
                        let mut gone = 0;
                        for delete in [
                            "DELETE FROM measures WHERE hour < ?
                                 AND device_id IN (SELECT value FROM json_each(?))",
                            "DELETE FROM item_measures WHERE hour < ?
                                 AND device_id IN (SELECT value FROM json_each(?))",
                        ] {
                            let done = sqlx::query(delete).bind(hour).bind(&devices);
                            gone += done.execute(&mut *connection).await?.rows_affected();
                        }
                        Ok(gone)
                    })
                })
                .await?;
        }
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

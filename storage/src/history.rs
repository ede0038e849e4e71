//! What a device was, and raw observations.

use crate::{Store, StoreError, decode};
use sqlx::{Row, sqlite::SqliteRow};
use zhishou_domain::{DeviceId, Observation, State, Timestamp, Transition, confirm::Judging};

/// A transition of the columns `at_ms`, `state`, `reached`, `faults` and `judging`.
pub(crate) fn transition(row: &SqliteRow) -> Result<Transition, StoreError> {
    Ok(Transition {
        at: Timestamp::from_millis(row.try_get("at_ms")?),
        state: decode::word("transitions.state", row.try_get("state")?, State::from_code)?,
        reached: row.try_get("reached")?,
        faults: decode::json("transitions.faults", row.try_get("faults")?)?,
        judging: decode::word("transitions.judging", row.try_get("judging")?, Judging::from_code)?,
    })
}

impl Store {
    /// The transitions of a device within `from`..`to`, preceded by the one that holds at `from`
    /// where there is one, in order of time.
    pub async fn history(
        &self,
        device: DeviceId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Transition>, StoreError> {
        let rows = sqlx::query(
            "SELECT at_ms, state, reached, faults, judging FROM transitions
             WHERE device_id = ?1 AND at_ms < ?3 AND at_ms >= ifnull(
                 (SELECT max(at_ms) FROM transitions WHERE device_id = ?1 AND at_ms <= ?2), ?2)
             ORDER BY at_ms, id",
        )
        .bind(device.to_string())
        .bind(from.millis())
        .bind(to.millis())
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(transition).collect()
    }

    /// The last raw observations of a device that are still kept, newest first.
    pub async fn observations(
        &self,
        device: DeviceId,
        limit: u32,
    ) -> Result<Vec<Observation>, StoreError> {
        let bodies: Vec<String> = sqlx::query_scalar(
            "SELECT body FROM observations WHERE device_id = ?
             ORDER BY started_ms DESC, id DESC LIMIT ?",
        )
        .bind(device.to_string())
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        bodies.iter().map(|body| decode::json("observations.body", body)).collect()
    }
}

//! What a clock that was ahead dated into the future of the ledger, moved back to now.
//!
//! Until its time comes such a device is in no figure. Where something is known after now that [`misdated`]
//! does not take back, it may be the clock of now that is wrong, and nothing is moved.

use crate::{StoreError, misdated, standings};
use sqlx::SqliteConnection;
use zhishou_domain::Timestamp;

/// Moves placements, life states and the dates of devices that lie after `now` back to it; where
/// several meet there, the newest stays.
pub(super) async fn move_back(
    connection: &mut SqliteConnection,
    now: Timestamp,
) -> Result<(), StoreError> {
    let devices: Vec<String> = sqlx::query_scalar(
        "SELECT device_id FROM placements WHERE from_ms > ?1
         UNION SELECT device_id FROM life_states WHERE from_ms > ?1
         UNION SELECT id FROM devices
             WHERE changed_ms > ?1 OR life_since_ms > ?1 OR probed_since_ms > ?1",
    )
    .bind(now.millis())
    .fetch_all(&mut *connection)
    .await?;
    for device in &devices {
        let standing = standings::read(connection, device).await?;
        if standing.last_result.is_some_and(|last| last > now)
            && misdated::take_back(connection, device, &standing, now, now).await?.is_none()
        {
            tracing::warn!(device, now_ms = now.millis(), "the ledger has dates after now");
            return Ok(());
        }
    }
    for device in &devices {
        for sql in [
            "DELETE FROM placements WHERE device_id = ?1 AND from_ms > ?2
                 AND from_ms < (SELECT max(from_ms) FROM placements WHERE device_id = ?1)",
            "UPDATE OR REPLACE placements SET from_ms = ?2 WHERE device_id = ?1 AND from_ms > ?2",
            "DELETE FROM life_states WHERE device_id = ?1 AND from_ms > ?2
                 AND from_ms < (SELECT max(from_ms) FROM life_states WHERE device_id = ?1)",
            "UPDATE OR REPLACE life_states SET from_ms = ?2 WHERE device_id = ?1 AND from_ms > ?2",
            "UPDATE devices SET created_ms = min(created_ms, ?2), changed_ms = min(changed_ms, ?2),
                 life_since_ms = min(life_since_ms, ?2), probed_since_ms = min(probed_since_ms, ?2)
             WHERE id = ?1",
        ] {
            sqlx::query(sql).bind(device).bind(now.millis()).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

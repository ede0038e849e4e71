//! The privacy masks of each device.

use crate::{EvidenceRow, Store, StoreError, decode, evidence, references};
use sqlx::SqliteConnection;
use zhishou_domain::{DeviceId, PrivacyMasks, Timestamp};

/// Puts masks on record; none takes them away. What is learned of the picture goes with those before.
/// Whether that changed anything.
pub(crate) async fn put(
    connection: &mut SqliteConnection,
    device: &str,
    masks: &PrivacyMasks,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let change = if masks.is_empty() {
        sqlx::query("DELETE FROM privacy_masks WHERE device_id = ?").bind(device)
    } else {
        sqlx::query(
            "INSERT INTO privacy_masks (device_id, regions, changed_ms) VALUES (?, ?, ?)
             ON CONFLICT (device_id) DO UPDATE SET
                 regions = excluded.regions, changed_ms = excluded.changed_ms
             WHERE regions <> excluded.regions",
        )
        .bind(device)
        .bind(masks.to_string())
        .bind(now.millis())
    };
    if change.execute(&mut *connection).await?.rows_affected() == 0 {
        return Ok(false);
    }
    // A fault that stands is to be pictured again, with the new masks.
    sqlx::query("DELETE FROM pictured_faults WHERE device_id = ?")
        .bind(device)
        .execute(&mut *connection)
        .await?;
    references::forget(connection, device).await?;
    Ok(true)
}

impl Store {
    /// The masks of a device; none where none are on record.
    pub async fn privacy_masks(&self, device: DeviceId) -> Result<PrivacyMasks, StoreError> {
        let text: Option<String> =
            sqlx::query_scalar("SELECT regions FROM privacy_masks WHERE device_id = ?")
                .bind(device.to_string())
                .fetch_optional(self.reader())
                .await?;
        let read = |text: String| decode::id("privacy_masks.regions", &text);
        text.map_or_else(|| Ok(PrivacyMasks::default()), read)
    }

    /// Puts masks on record, in force from `now` on; whether that changed anything.
    pub async fn set_privacy_masks(
        &self,
        device: DeviceId,
        masks: PrivacyMasks,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move { put(connection, &device.to_string(), &masks, now).await })
        })
        .await
    }

    /// Puts masks that a clock dated ahead of `now` in force from `now` on: else every picture would
    /// be from before them until the clock is there.
    pub async fn date_masks_back(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query("UPDATE privacy_masks SET changed_ms = ?1 WHERE changed_ms > ?1")
                    .bind(now.millis())
                    .execute(connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Pictures, and dialogues that hold some, from before the masks of their device were drawn, at
    /// most `limit`; of one device, or of all. They are to be deleted. Of a picture that a clock
    /// dated ahead of `now` nobody knows whether it has the masks.
    pub async fn unmasked_pictures(
        &self,
        device: Option<DeviceId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<EvidenceRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT e.* FROM privacy_masks m JOIN evidence e ON e.device_id = m.device_id
             LEFT JOIN dialogues d ON d.key = e.key
             WHERE (?1 IS NULL OR m.device_id = ?1)
                 AND (e.taken_ms < m.changed_ms OR e.taken_ms > ?2)
                 AND (e.kind <> 'dialogue' OR d.key IS NULL
                      OR d.observation ->> '$.video.packets' > 0)
             LIMIT ?3",
        )
        .bind(device.map(|device| device.to_string()))
        .bind(now.millis())
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(evidence::decode_row).collect()
    }
}

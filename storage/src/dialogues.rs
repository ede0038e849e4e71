//! Dialogues that were kept as evidence, with what came of them.

use crate::{EvidenceRow, Store, StoreError, decode, evidence};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use zhishou_domain::{DeviceId, Observation, Timestamp};

/// The dialogue of one probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Dialogue {
    /// Its file.
    pub file: EvidenceRow,
    /// What the probe saw.
    pub observation: Observation,
}

/// Keeps what came of the probe whose dialogue lies under `key`.
pub(crate) async fn add(
    connection: &mut SqliteConnection,
    key: &str,
    observation: &Observation,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO dialogues (key, observation) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
    )
    .bind(key)
    .bind(decode::to_json("dialogues.observation", observation)?)
    .execute(connection)
    .await?;
    Ok(())
}

fn decode_row(row: &SqliteRow) -> Result<Dialogue, StoreError> {
    let observation = decode::json("dialogues.observation", row.try_get("observation")?)?;
    Ok(Dialogue { file: evidence::decode_row(row)?, observation })
}

impl Store {
    /// Dialogues of one device, newest first.
    pub async fn dialogues(
        &self,
        device: DeviceId,
        limit: u32,
    ) -> Result<Vec<Dialogue>, StoreError> {
        let rows = sqlx::query(
            "SELECT e.*, d.observation FROM evidence e JOIN dialogues d ON d.key = e.key
             WHERE e.device_id = ? ORDER BY e.taken_ms DESC LIMIT ?",
        )
        .bind(device.to_string())
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(decode_row).collect()
    }

    /// The dialogue of the probe of a device that began at `at`.
    pub async fn dialogue(
        &self,
        device: DeviceId,
        at: Timestamp,
    ) -> Result<Option<Dialogue>, StoreError> {
        let row = sqlx::query(
            "SELECT e.*, d.observation FROM evidence e JOIN dialogues d ON d.key = e.key
             WHERE e.device_id = ? AND e.taken_ms = ?",
        )
        .bind(device.to_string())
        .bind(at.millis())
        .fetch_optional(self.reader())
        .await?;
        row.as_ref().map(decode_row).transpose()
    }
}

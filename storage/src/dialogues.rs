//! Dialogues that were kept as evidence, with what came of them.

use crate::{EvidenceRow, Store, StoreError, decode, evidence};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use zhishou_domain::{DeviceId, Observation, Timestamp};

/// Why a dialogue is kept. Those of one reason push out no other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeptFor {
    /// Somebody asked for it.
    #[default]
    Asked,
    /// It made an outage hard.
    Outage,
}

impl KeptFor {
    /// The stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Outage => "outage",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Self::Asked, Self::Outage].into_iter().find(|reason| reason.code() == code)
    }
}

/// The dialogue of one probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Dialogue {
    /// Its file.
    pub file: EvidenceRow,
    /// What the probe saw.
    pub observation: Observation,
    /// Why it is kept.
    pub kept_for: KeptFor,
}

/// Keeps what came of the probe whose dialogue lies under `key`.
pub(crate) async fn add(
    connection: &mut SqliteConnection,
    key: &str,
    observation: &Observation,
    kept_for: KeptFor,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO dialogues (key, observation, kept_for) VALUES (?, ?, ?)
         ON CONFLICT (key) DO NOTHING",
    )
    .bind(key)
    .bind(decode::to_json("dialogues.observation", observation)?)
    .bind(kept_for.code())
    .execute(connection)
    .await?;
    Ok(())
}

fn decode_row(row: &SqliteRow) -> Result<Dialogue, StoreError> {
    let observation = decode::json("dialogues.observation", row.try_get("observation")?)?;
    let kept_for =
        decode::word("dialogues.kept_for", row.try_get("kept_for")?, KeptFor::from_code)?;
    Ok(Dialogue { file: evidence::decode_row(row)?, observation, kept_for })
}

impl Store {
    /// Dialogues of one device, newest first.
    pub async fn dialogues(
        &self,
        device: DeviceId,
        limit: u32,
    ) -> Result<Vec<Dialogue>, StoreError> {
        let rows = sqlx::query(
            "SELECT e.*, d.observation, d.kept_for FROM evidence e JOIN dialogues d ON d.key = e.key
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
            "SELECT e.*, d.observation, d.kept_for FROM evidence e JOIN dialogues d ON d.key = e.key
             WHERE e.device_id = ? AND e.taken_ms = ?",
        )
        .bind(device.to_string())
        .bind(at.millis())
        .fetch_optional(self.reader())
        .await?;
        row.as_ref().map(decode_row).transpose()
    }
}

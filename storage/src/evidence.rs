//! Which evidence files there are. The files themselves are `recordings/`.

use crate::{Store, StoreError, decode};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use zhishou_domain::{DeviceId, FaultCode, Group, PictureLight, Timestamp};

/// What a file is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EvidenceKind {
    /// What the device shows when nothing is wrong.
    Good,
    /// A fault.
    Fault,
    /// What was said with the device.
    Dialogue,
}

impl EvidenceKind {
    /// The stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fault => "fault",
            Self::Dialogue => "dialogue",
        }
    }

    /// The value of a stable word.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Good, Self::Fault, Self::Dialogue].into_iter().find(|kind| kind.code() == code)
    }
}

/// One evidence file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRow {
    /// Path below the recordings directory.
    pub key: String,
    /// The device it is about.
    pub device: DeviceId,
    /// What it is kept for.
    pub kind: EvidenceKind,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Size, bytes.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
}

/// How much evidence is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EvidenceTotal {
    /// Files.
    pub files: u64,
    /// Their size, bytes.
    pub bytes: u64,
}

/// What is remembered of the pictures of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pictures {
    /// When the last keyframe was judged, and its signature.
    pub last: Option<(Timestamp, Vec<u8>)>,
    /// The last snapshot without a fault.
    pub good: Option<EvidenceRow>,
    /// The last snapshot of a fault.
    pub fault: Option<EvidenceRow>,
    /// The last snapshot without a fault by each light.
    pub by_light: Vec<(PictureLight, EvidenceRow)>,
    /// When each fault was last kept as a snapshot.
    pub pictured: Vec<(FaultCode, Timestamp)>,
}

pub(crate) fn decode_row(row: &SqliteRow) -> Result<EvidenceRow, StoreError> {
    Ok(EvidenceRow {
        key: row.try_get("key")?,
        device: decode::id("evidence.device_id", row.try_get("device_id")?)?,
        kind: decode::word("evidence.kind", row.try_get("kind")?, EvidenceKind::from_code)?,
        taken_at: Timestamp::from_millis(row.try_get("taken_ms")?),
        bytes: decode::unsigned("evidence.bytes", row.try_get("bytes")?)?,
        sha256: row.try_get("sha256")?,
    })
}

/// Keeps the row of a file and remembers a picture as the last of its kind.
pub(crate) async fn add(
    connection: &mut SqliteConnection,
    row: &EvidenceRow,
) -> Result<(), StoreError> {
    let device = row.device.to_string();
    sqlx::query(
        "INSERT INTO evidence (key, device_id, kind, taken_ms, bytes, sha256)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
    )
    .bind(&row.key)
    .bind(&device)
    .bind(row.kind.code())
    .bind(row.taken_at.millis())
    .bind(i64::try_from(row.bytes).unwrap_or(i64::MAX))
    .bind(&row.sha256)
    .execute(&mut *connection)
    .await?;
    let remember = match row.kind {
        EvidenceKind::Good => {
            "INSERT INTO pictures (device_id, good_key) VALUES (?, ?)
             ON CONFLICT (device_id) DO UPDATE SET good_key = excluded.good_key"
        }
        EvidenceKind::Fault => {
            "INSERT INTO pictures (device_id, fault_key) VALUES (?, ?)
             ON CONFLICT (device_id) DO UPDATE SET fault_key = excluded.fault_key"
        }
        EvidenceKind::Dialogue => return Ok(()),
    };
    sqlx::query(remember).bind(&device).bind(&row.key).execute(connection).await?;
    Ok(())
}

/// Remembers the light by which a picture without a fault was taken.
pub(crate) async fn taken_by(
    connection: &mut SqliteConnection,
    row: &EvidenceRow,
    light: PictureLight,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO light_pictures (device_id, light, key) VALUES (?, ?, ?)
         ON CONFLICT (device_id, light) DO UPDATE SET key = excluded.key",
    )
    .bind(row.device.to_string())
    .bind(light.code())
    .bind(&row.key)
    .execute(connection)
    .await?;
    Ok(())
}

/// Remembers which faults a picture that was kept shows.
pub(crate) async fn pictured(
    connection: &mut SqliteConnection,
    row: &EvidenceRow,
    faults: &[FaultCode],
) -> Result<(), StoreError> {
    let shown: Vec<&str> = faults
        .iter()
        .filter(|fault| fault.group() == Group::Picture)
        .map(|fault| fault.code())
        .collect();
    sqlx::query(
        "INSERT INTO pictured_faults (device_id, fault, taken_ms)
         SELECT ?1, value, ?2 FROM json_each(?3) WHERE true
         ON CONFLICT (device_id, fault) DO UPDATE SET taken_ms = excluded.taken_ms",
    )
    .bind(row.device.to_string())
    .bind(row.taken_at.millis())
    .bind(decode::to_json("pictured_faults.fault", &shown)?)
    .execute(connection)
    .await?;
    Ok(())
}

/// Remembers which observation last looked at the picture.
pub(crate) async fn remember_judged(
    connection: &mut SqliteConnection,
    device: &str,
    observation: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO pictures (device_id, judged_id) VALUES (?, ?)
         ON CONFLICT (device_id) DO UPDATE SET judged_id = excluded.judged_id",
    )
    .bind(device)
    .bind(observation)
    .execute(connection)
    .await?;
    Ok(())
}

/// Remembers the signature of the last keyframe judged.
pub(crate) async fn remember_signature(
    connection: &mut SqliteConnection,
    device: &str,
    taken_at: Timestamp,
    signature: &[u8],
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO pictures (device_id, signature, taken_ms) VALUES (?, ?, ?)
         ON CONFLICT (device_id) DO UPDATE SET
             signature = excluded.signature, taken_ms = excluded.taken_ms",
    )
    .bind(device)
    .bind(signature)
    .bind(taken_at.millis())
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// What is remembered of the pictures of a device.
    pub async fn pictures(&self, device: DeviceId) -> Result<Pictures, StoreError> {
        let id = device.to_string();
        let row = sqlx::query(
            "SELECT signature, taken_ms, good_key, fault_key FROM pictures WHERE device_id = ?",
        )
        .bind(id)
        .fetch_optional(self.reader())
        .await?;
        let Some(row) = row else { return Ok(Pictures::default()) };
        let pictured: Vec<(String, i64)> =
            sqlx::query_as("SELECT fault, taken_ms FROM pictured_faults WHERE device_id = ?")
                .bind(device.to_string())
                .fetch_all(self.reader())
                .await?;
        let pictured = pictured.into_iter().map(|(fault, taken)| {
            let fault = decode::word("pictured_faults.fault", &fault, FaultCode::from_code)?;
            Ok((fault, Timestamp::from_millis(taken)))
        });
        let signature: Option<Vec<u8>> = row.try_get("signature")?;
        let taken: Option<i64> = row.try_get("taken_ms")?;
        Ok(Pictures {
            last: taken.map(Timestamp::from_millis).zip(signature),
            good: self.evidence_of(row.try_get("good_key")?).await?,
            fault: self.evidence_of(row.try_get("fault_key")?).await?,
            by_light: self.by_light(device).await?,
            pictured: pictured.collect::<Result<_, StoreError>>()?,
        })
    }

    async fn by_light(
        &self,
        device: DeviceId,
    ) -> Result<Vec<(PictureLight, EvidenceRow)>, StoreError> {
        let rows = sqlx::query(
            "SELECT e.*, l.light FROM light_pictures l JOIN evidence e ON e.key = l.key
             WHERE l.device_id = ? ORDER BY l.light",
        )
        .bind(device.to_string())
        .fetch_all(self.reader())
        .await?;
        let of = |row: &SqliteRow| {
            let light = row.try_get("light")?;
            let light = decode::word("light_pictures.light", light, PictureLight::from_code)?;
            Ok((light, decode_row(row)?))
        };
        rows.iter().map(of).collect()
    }

    async fn evidence_of(&self, key: Option<String>) -> Result<Option<EvidenceRow>, StoreError> {
        match key {
            Some(key) => self.evidence(&key).await,
            None => Ok(None),
        }
    }

    /// The row of one file.
    pub async fn evidence(&self, key: &str) -> Result<Option<EvidenceRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM evidence WHERE key = ?")
            .bind(key)
            .fetch_optional(self.reader())
            .await?;
        row.as_ref().map(decode_row).transpose()
    }

    /// Files from the oldest on, `limit` at most, after the file `after` in that order.
    pub async fn evidence_oldest(
        &self,
        after: Option<&EvidenceRow>,
        limit: u32,
    ) -> Result<Vec<EvidenceRow>, StoreError> {
        let (taken, key) =
            after.map_or((i64::MIN, ""), |row| (row.taken_at.millis(), row.key.as_str()));
        let rows = sqlx::query(
            "SELECT * FROM evidence WHERE (taken_ms, key) > (?, ?) ORDER BY taken_ms, key LIMIT ?",
        )
        .bind(taken)
        .bind(key)
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(decode_row).collect()
    }

    /// Files of one device, newest first.
    pub async fn evidence_of_device(
        &self,
        device: DeviceId,
        limit: u32,
    ) -> Result<Vec<EvidenceRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM evidence WHERE device_id = ? ORDER BY taken_ms DESC, key LIMIT ?",
        )
        .bind(device.to_string())
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(decode_row).collect()
    }

    /// How much evidence there is.
    pub async fn evidence_total(&self) -> Result<EvidenceTotal, StoreError> {
        let (files, bytes): (i64, i64) =
            sqlx::query_as("SELECT count(*), ifnull(sum(bytes), 0) FROM evidence")
                .fetch_one(self.reader())
                .await?;
        Ok(EvidenceTotal {
            files: decode::unsigned("evidence", files)?,
            bytes: decode::unsigned("evidence.bytes", bytes)?,
        })
    }

    /// Puts a file on record that no row knows of, where its device is known and its picture has the
    /// masks of today; whether it is on record now.
    pub async fn adopt_evidence(&self, row: EvidenceRow) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query(
                    "INSERT INTO evidence (key, device_id, kind, taken_ms, bytes, sha256)
                     SELECT ?1, d.id, ?3, ?4, ?5, ?6 FROM devices d
                     LEFT JOIN privacy_masks m ON m.device_id = d.id
                     WHERE d.id = ?2 AND ifnull(m.changed_ms <= ?4, true)
                     ON CONFLICT (key) DO UPDATE SET key = excluded.key",
                )
                .bind(&row.key)
                .bind(row.device.to_string())
                .bind(row.kind.code())
                .bind(row.taken_at.millis())
                .bind(i64::try_from(row.bytes).unwrap_or(i64::MAX))
                .bind(&row.sha256)
                .execute(connection)
                .await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }

    /// Forgets files that were deleted, and says how many rows went.
    pub async fn delete_evidence(&self, keys: Vec<String>) -> Result<u64, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let keys = decode::to_json("evidence.key", &keys)?;
                let done = sqlx::query(
                    "DELETE FROM evidence WHERE key IN (SELECT value FROM json_each(?))",
                )
                .bind(keys)
                .execute(connection)
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}

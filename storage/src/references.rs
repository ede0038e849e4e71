//! 画面基准: what is learned of the picture of each camera, and what operators decide of it.
//!
//! # Invariants
//! - What a probe learned is dropped where an operator decided otherwise, or drew masks, while it was
//!   under way.
//! - One decision can be taken back, once; what it replaced is kept until the next one.

use crate::{Store, StoreError, decode};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use zhishou_domain::{
    DeviceId, LearnedPicture, Lesson, PictureLight, ReferenceAction, Teaching, Timestamp,
};

/// What is learned of a camera by one light, and by whose word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReference {
    /// What.
    pub learned: LearnedPicture,
    /// When an operator's word made it; `None` where it was learned.
    pub adopted: Option<Timestamp>,
}

/// What is learned of the picture of a camera.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredReferences {
    /// By each light.
    pub lights: Vec<StoredReference>,
    /// Counts what operators decided.
    pub generation: i64,
    /// Since when the next picture is to be the reference.
    pub adopt_since: Option<Timestamp>,
    /// Something can be taken back.
    pub can_restore: bool,
}

fn decode_row(row: &SqliteRow) -> Result<StoredReference, StoreError> {
    let light = row.try_get("light")?;
    let count = |column| -> Result<u32, StoreError> { Ok(row.try_get::<u32, _>(column)?) };
    let time = |column| -> Result<Timestamp, StoreError> {
        Ok(Timestamp::from_millis(row.try_get(column)?))
    };
    let adopted: Option<i64> = row.try_get("adopted_ms")?;
    Ok(StoredReference {
        learned: LearnedPicture {
            light: decode::word("picture_references.light", light, PictureLight::from_code)?,
            body: row.try_get("body")?,
            scenes: count("scenes")?,
            pictures: count("pictures")?,
            is_settled: row.try_get("is_settled")?,
            since: time("since_ms")?,
            last: time("last_ms")?,
        },
        adopted: adopted.map(Timestamp::from_millis),
    })
}

/// Keeps what a picture taught at `now`; whether it counts.
pub(crate) async fn learn(
    connection: &mut SqliteConnection,
    device: &str,
    lesson: &Lesson,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if generation(connection, device).await? != lesson.generation {
        return Ok(false);
    }
    let light = lesson.learned.light.code();
    let adopted = (lesson.teaching == Teaching::Adopt).then(|| now.millis());
    if adopted.is_some() {
        set_aside(connection, device, Some(light)).await?;
        order(connection, device, None).await?;
    }
    let LearnedPicture { body, scenes, pictures, is_settled, since, last, .. } = &lesson.learned;
    sqlx::query(
        "INSERT INTO picture_references
             (device_id, light, body, scenes, pictures, is_settled, since_ms, last_ms, adopted_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (device_id, light) DO UPDATE SET
             body = excluded.body, scenes = excluded.scenes, pictures = excluded.pictures,
             is_settled = excluded.is_settled, since_ms = excluded.since_ms,
             last_ms = excluded.last_ms, adopted_ms = ifnull(excluded.adopted_ms, adopted_ms)",
    )
    .bind(device)
    .bind(light)
    .bind(body)
    .bind(scenes)
    .bind(pictures)
    .bind(is_settled)
    .bind(since.millis())
    .bind(last.millis())
    .bind(adopted)
    .execute(connection)
    .await?;
    Ok(true)
}

/// Forgets all that is learned of a camera, with what could be restored and what its next picture would be
/// compared with: its masks have changed, and what was learned may show what they hide; or its address has,
/// and it may be another.
pub(crate) async fn forget(
    connection: &mut SqliteConnection,
    device: &str,
) -> Result<(), StoreError> {
    for forget in [
        "DELETE FROM picture_references WHERE device_id = ?",
        "DELETE FROM former_references WHERE device_id = ?",
        "UPDATE pictures SET signature = NULL, taken_ms = NULL WHERE device_id = ?",
    ] {
        sqlx::query(forget).bind(device).execute(&mut *connection).await?;
    }
    let pending = adopt_since(connection, device).await?;
    order(connection, device, pending).await
}

async fn generation(connection: &mut SqliteConnection, device: &str) -> Result<i64, StoreError> {
    let counted = sqlx::query_scalar("SELECT generation FROM reference_orders WHERE device_id = ?");
    Ok(counted.bind(device).fetch_optional(connection).await?.unwrap_or(0))
}

async fn adopt_since(
    connection: &mut SqliteConnection,
    device: &str,
) -> Result<Option<Timestamp>, StoreError> {
    let since: Option<Option<i64>> =
        sqlx::query_scalar("SELECT adopt_ms FROM reference_orders WHERE device_id = ?")
            .bind(device)
            .fetch_optional(connection)
            .await?;
    Ok(since.flatten().map(Timestamp::from_millis))
}

/// Counts one more decision.
async fn order(
    connection: &mut SqliteConnection,
    device: &str,
    adopt: Option<Timestamp>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO reference_orders (device_id, generation, adopt_ms) VALUES (?, 1, ?)
         ON CONFLICT (device_id) DO UPDATE SET
             generation = generation + 1, adopt_ms = excluded.adopt_ms",
    )
    .bind(device)
    .bind(adopt.map(Timestamp::millis))
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps what is learned by one light, or by all, as what can be restored; nothing else can any more.
async fn set_aside(
    connection: &mut SqliteConnection,
    device: &str,
    light: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM former_references WHERE device_id = ?")
        .bind(device)
        .execute(&mut *connection)
        .await?;
    if let Some(light) = light {
        // Nothing may be learned by it.
        sqlx::query("INSERT INTO former_references (device_id, light) VALUES (?, ?)")
            .bind(device)
            .bind(light)
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query(
        "INSERT OR REPLACE INTO former_references
             (device_id, light, body, scenes, pictures, is_settled, since_ms, last_ms, adopted_ms, key)
         SELECT device_id, light, body, scenes, pictures, is_settled, since_ms, last_ms, adopted_ms,
                (SELECT key FROM light_pictures l
                 WHERE l.device_id = r.device_id AND l.light = r.light)
         FROM picture_references r WHERE device_id = ?1 AND (?2 IS NULL OR light = ?2)",
    )
    .bind(device)
    .bind(light)
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts back what can be restored; whether there was anything.
async fn restore(connection: &mut SqliteConnection, device: &str) -> Result<bool, StoreError> {
    for put_back in [
        "DELETE FROM picture_references WHERE device_id = ?1 AND light IN
             (SELECT light FROM former_references WHERE device_id = ?1)",
        "DELETE FROM light_pictures WHERE device_id = ?1 AND light IN
             (SELECT light FROM former_references WHERE device_id = ?1 AND key IS NOT NULL)",
        "INSERT INTO picture_references
             (device_id, light, body, scenes, pictures, is_settled, since_ms, last_ms, adopted_ms)
         SELECT device_id, light, body, scenes, pictures, is_settled, since_ms, last_ms, adopted_ms
         FROM former_references WHERE device_id = ?1 AND body IS NOT NULL",
        "INSERT INTO light_pictures (device_id, light, key)
         SELECT device_id, light, key FROM former_references
         WHERE device_id = ?1 AND key IS NOT NULL",
    ] {
        sqlx::query(put_back).bind(device).execute(&mut *connection).await?;
    }
    let gone = sqlx::query("DELETE FROM former_references WHERE device_id = ?")
        .bind(device)
        .execute(connection)
        .await?;
    Ok(gone.rows_affected() > 0)
}

/// What an operator decides; whether that changed anything.
async fn decide(
    connection: &mut SqliteConnection,
    device: &str,
    action: ReferenceAction,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let pending = adopt_since(connection, device).await?;
    let (changed, adopt) = match action {
        ReferenceAction::Adopt => (true, Some(now)),
        ReferenceAction::Restore if pending.is_some() => (true, None),
        ReferenceAction::Restore => (restore(connection, device).await?, None),
        ReferenceAction::Relearn => {
            let learned: i64 =
                sqlx::query_scalar("SELECT count(*) FROM picture_references WHERE device_id = ?")
                    .bind(device)
                    .fetch_one(&mut *connection)
                    .await?;
            if learned > 0 {
                set_aside(connection, device, None).await?;
                sqlx::query("DELETE FROM picture_references WHERE device_id = ?")
                    .bind(device)
                    .execute(&mut *connection)
                    .await?;
            }
            (learned > 0 || pending.is_some(), None)
        }
    };
    if changed {
        order(connection, device, adopt).await?;
    }
    Ok(changed)
}

impl Store {
    /// What is learned of the picture of a camera.
    pub async fn picture_references(
        &self,
        device: DeviceId,
    ) -> Result<StoredReferences, StoreError> {
        let device = device.to_string();
        let lights =
            sqlx::query("SELECT * FROM picture_references WHERE device_id = ? ORDER BY light")
                .bind(&device)
                .fetch_all(self.reader());
        let order: Option<(i64, Option<i64>)> =
            sqlx::query_as("SELECT generation, adopt_ms FROM reference_orders WHERE device_id = ?")
                .bind(&device)
                .fetch_optional(self.reader())
                .await?;
        let (generation, adopt) = order.unwrap_or_default();
        let can_restore = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM former_references WHERE device_id = ?)",
        )
        .bind(&device)
        .fetch_one(self.reader());
        Ok(StoredReferences {
            lights: lights.await?.iter().map(decode_row).collect::<Result<_, _>>()?,
            generation,
            adopt_since: adopt.map(Timestamp::from_millis),
            can_restore: can_restore.await?,
        })
    }

    /// Puts an operator's decision in force; whether it changed anything. What stands is only taken
    /// back where something was decided: a decision that waits for its picture, else the last one.
    pub async fn decide_reference(
        &self,
        device: DeviceId,
        action: ReferenceAction,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move { decide(connection, &device.to_string(), action, now).await })
        })
        .await
    }
}

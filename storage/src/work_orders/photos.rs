//! Photos of a repair: rows beside the files.

use super::{WorkScope, list};
use crate::{
    Change, Store, StoreError,
    audit::{self, AuditLine},
    decode,
};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use zhishou_domain::{DeviceId, Timestamp, WorkOrderId};

/// Photos of one order at most.
const PHOTOS: usize = 12;

/// A photo of a repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkPhoto {
    /// Its number; 0 before it is stored.
    pub id: i64,
    /// Path below the directory of these photos.
    pub key: String,
    /// When it was uploaded.
    pub at: Timestamp,
    /// By whom.
    pub login: String,
    /// Size, bytes.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
}

/// What became of a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhotoAdded {
    /// It is kept.
    Added,
    /// The order is cancelled or long done, or has as many as it may.
    Refused,
    /// There is no such order, or it is not theirs.
    Missing,
}

impl Store {
    /// What stands in the name of a photo where evidence has the identity of its device.
    pub fn photo_name(&self, at: Timestamp) -> DeviceId {
        DeviceId::new(at, self.ids.as_ref())
    }

    /// Adds the row of a photo, with its line of the audit log; `address` is from where.
    pub async fn add_work_photo(
        &self,
        id: WorkOrderId,
        scope: WorkScope,
        photo: WorkPhoto,
        address: String,
    ) -> Result<PhotoAdded, StoreError> {
        let added = self.write(move |c| Box::pin(add(c, id, scope, (photo, address)))).await?;
        if added == PhotoAdded::Added {
            self.announce(Change::Incidents);
        }
        Ok(added)
    }

    /// The photos of an order within somebody's scope, in order.
    pub async fn work_photos(
        &self,
        id: WorkOrderId,
        scope: WorkScope,
    ) -> Result<Vec<WorkPhoto>, StoreError> {
        let rows = sqlx::query(
            "SELECT p.* FROM work_order_photos p JOIN work_orders w ON w.id = p.work_order_id
             WHERE w.id = ?1 AND (?2 IS NULL OR w.maintainer_id = ?2) ORDER BY p.id",
        )
        .bind(id.number())
        .bind(scope.only())
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(photo_of).collect()
    }

    /// Forgets photos, and what proves exclusions, whose files are past their time.
    pub async fn delete_work_photos(&self, keys: Vec<String>) -> Result<u64, StoreError> {
        let keys = decode::to_json("work_order_photos.key", &keys)?;
        self.write(move |connection| {
            Box::pin(async move {
                let mut gone = 0;
                for sql in [
                    "DELETE FROM work_order_photos WHERE key IN (SELECT value FROM json_each(?))",
                    "DELETE FROM exclusion_files WHERE key IN (SELECT value FROM json_each(?))",
                ] {
                    let done = sqlx::query(sql).bind(&keys).execute(&mut *connection).await?;
                    gone += done.rows_affected();
                }
                Ok(gone)
            })
        })
        .await
    }
}

async fn add(
    connection: &mut SqliteConnection,
    id: WorkOrderId,
    scope: WorkScope,
    (photo, address): (WorkPhoto, String),
) -> Result<PhotoAdded, StoreError> {
    let Some(stored) = list::read(connection, id, scope).await? else {
        return Ok(PhotoAdded::Missing);
    };
    let held: i64 =
        sqlx::query_scalar("SELECT count(*) FROM work_order_photos WHERE work_order_id = ?")
            .bind(id.number())
            .fetch_one(&mut *connection)
            .await?;
    if !stored.order.takes_more(photo.at) || usize::try_from(held).is_ok_and(|held| held >= PHOTOS)
    {
        return Ok(PhotoAdded::Refused);
    }
    sqlx::query(
        "INSERT INTO work_order_photos (work_order_id, key, at_ms, login, bytes, sha256)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(id.number())
    .bind(photo.key)
    .bind(photo.at.millis())
    .bind(&photo.login)
    .bind(i64::try_from(photo.bytes).unwrap_or(i64::MAX))
    .bind(&photo.sha256)
    .execute(&mut *connection)
    .await?;
    let line = AuditLine {
        at: photo.at,
        login: photo.login,
        action: "add_work_photo",
        subject: format!("{id} {}", photo.sha256),
        address,
    };
    audit::insert(connection, line).await?;
    Ok(PhotoAdded::Added)
}

fn photo_of(row: &SqliteRow) -> Result<WorkPhoto, StoreError> {
    Ok(WorkPhoto {
        id: row.try_get("id")?,
        key: row.try_get("key")?,
        at: Timestamp::from_millis(row.try_get("at_ms")?),
        login: row.try_get("login")?,
        bytes: decode::unsigned("work_order_photos.bytes", row.try_get("bytes")?)?,
        sha256: row.try_get("sha256")?,
    })
}

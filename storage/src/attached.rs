//! Photos and documents that people attach to a work order or to an exclusion: rows beside the files.

use crate::{AuditLine, Store, StoreError, audit, decode};
use sqlx::{Encode, Row, Sqlite, SqliteConnection, Type, sqlite::SqliteRow};
use zhishou_domain::{DeviceId, Timestamp};

/// Files of one order or exclusion at most.
const FILES: usize = 12;

/// A photo or a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedFile {
    /// Its number; 0 before it is stored.
    pub id: i64,
    /// Path below the directory of these files.
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

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAdded {
    /// It is kept.
    Added,
    /// What it is of takes no more, for what became of it or because it has as many as it may.
    Refused,
    /// There is nothing of the kind, or it is not theirs.
    Missing,
}

/// The table of one kind of files, and the word for adding to it in the audit log.
pub(crate) struct Table {
    pub(crate) count: &'static str,
    pub(crate) insert: &'static str,
    pub(crate) action: &'static str,
}

/// Adds the row of a file to what `owner` is, if there is room, with its line of the audit log; `address` is from
/// where, `subject` how the log names the owner.
pub(crate) async fn attach<O>(
    connection: &mut SqliteConnection,
    table: &Table,
    (owner, subject): (O, String),
    file: AttachedFile,
    address: String,
) -> Result<FileAdded, StoreError>
where
    O: for<'q> Encode<'q, Sqlite> + Type<Sqlite> + Clone + Send + 'static,
{
    let held: i64 =
        sqlx::query_scalar(table.count).bind(owner.clone()).fetch_one(&mut *connection).await?;
    if usize::try_from(held).is_ok_and(|held| held >= FILES) {
        return Ok(FileAdded::Refused);
    }
    sqlx::query(table.insert)
        .bind(owner)
        .bind(file.key)
        .bind(file.at.millis())
        .bind(&file.login)
        .bind(i64::try_from(file.bytes).unwrap_or(i64::MAX))
        .bind(&file.sha256)
        .execute(&mut *connection)
        .await?;
    let line = AuditLine {
        at: file.at,
        login: file.login,
        action: table.action,
        subject: format!("{subject} {}", file.sha256),
        address,
    };
    audit::insert(connection, line).await?;
    Ok(FileAdded::Added)
}

/// A row of either table; `bytes` is the name of that column, for errors.
pub(crate) fn file_of(row: &SqliteRow, bytes: &'static str) -> Result<AttachedFile, StoreError> {
    Ok(AttachedFile {
        id: row.try_get("id")?,
        key: row.try_get("key")?,
        at: Timestamp::from_millis(row.try_get("at_ms")?),
        login: row.try_get("login")?,
        bytes: decode::unsigned(bytes, row.try_get("bytes")?)?,
        sha256: row.try_get("sha256")?,
    })
}

impl Store {
    /// What stands in the name of a file where evidence has the identity of its device.
    pub fn attached_name(&self, at: Timestamp) -> DeviceId {
        DeviceId::new(at, self.ids.as_ref())
    }

    /// Forgets files that are past their time.
    pub async fn forget_attached(&self, keys: Vec<String>) -> Result<u64, StoreError> {
        let keys = decode::to_json("attached.key", &keys)?;
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

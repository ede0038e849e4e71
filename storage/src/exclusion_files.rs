//! Files that prove an exclusion: rows beside the files.

use crate::{AuditLine, Store, StoreError, audit, decode, exclusions};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use zhishou_domain::{ExclusionId, ExclusionState, Timestamp};

/// Files of one exclusion at most.
const FILES: usize = 12;

/// A photo or a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExclusionFile {
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
    /// The exclusion was rejected or withdrawn, or has as many as it may.
    Refused,
    /// There is no such exclusion.
    Missing,
}

impl Store {
    /// Adds the row of a file, with its line of the audit log; `address` is from where.
    pub async fn add_exclusion_file(
        &self,
        id: ExclusionId,
        file: ExclusionFile,
        address: String,
    ) -> Result<FileAdded, StoreError> {
        self.write(move |connection| Box::pin(add(connection, id, file, address))).await
    }

    /// The files of an exclusion, in order.
    pub async fn exclusion_files(&self, id: ExclusionId) -> Result<Vec<ExclusionFile>, StoreError> {
        let rows = sqlx::query("SELECT * FROM exclusion_files WHERE exclusion_id = ? ORDER BY id")
            .bind(id.to_string())
            .fetch_all(self.reader())
            .await?;
        rows.iter().map(file_of).collect()
    }
}

async fn add(
    connection: &mut SqliteConnection,
    id: ExclusionId,
    file: ExclusionFile,
    address: String,
) -> Result<FileAdded, StoreError> {
    let Some(stored) = exclusions::read(connection, id).await? else {
        return Ok(FileAdded::Missing);
    };
    let held: i64 =
        sqlx::query_scalar("SELECT count(*) FROM exclusion_files WHERE exclusion_id = ?")
            .bind(id.to_string())
            .fetch_one(&mut *connection)
            .await?;
    let is_over =
        matches!(stored.exclusion.state(), ExclusionState::Rejected | ExclusionState::Withdrawn);
    if is_over || usize::try_from(held).is_ok_and(|held| held >= FILES) {
        return Ok(FileAdded::Refused);
    }
    sqlx::query(
        "INSERT INTO exclusion_files (exclusion_id, key, at_ms, login, bytes, sha256)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
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
        action: "add_exclusion_file",
        subject: format!("{id} {}", file.sha256),
        address,
    };
    audit::insert(connection, line).await?;
    Ok(FileAdded::Added)
}

fn file_of(row: &SqliteRow) -> Result<ExclusionFile, StoreError> {
    Ok(ExclusionFile {
        id: row.try_get("id")?,
        key: row.try_get("key")?,
        at: Timestamp::from_millis(row.try_get("at_ms")?),
        login: row.try_get("login")?,
        bytes: decode::unsigned("exclusion_files.bytes", row.try_get("bytes")?)?,
        sha256: row.try_get("sha256")?,
    })
}

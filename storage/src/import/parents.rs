//! 上级设备: what a device depends on.

use crate::StoreError;
use sqlx::SqliteConnection;
use zhishou_domain::{LedgerColumn, LedgerRow, RowError, RowProblem, Timestamp};

/// Devices above one another at most; more is a cycle or nonsense.
const DEPTH: i64 = 16;

/// A row that names a parent.
pub(super) struct Child<'a> {
    pub(super) row: &'a LedgerRow,
    pub(super) device: String,
    pub(super) parent: &'a str,
    /// Whether the row counts as created or updated already.
    pub(super) is_counted: bool,
}

/// Gives a device its parent, and says whether that is new. The inner error is the row's.
pub(super) async fn link(
    connection: &mut SqliteConnection,
    child: &Child<'_>,
    now: Timestamp,
) -> Result<Result<bool, RowError>, StoreError> {
    let error = |problem| {
        Ok(Err(RowError::new(child.row.row, LedgerColumn::Parent, child.parent, problem)))
    };
    let found = find(connection, child).await?;
    let parent = match found.as_slice() {
        [] => return error(RowProblem::UnknownParent),
        [parent] => parent,
        _ => return error(RowProblem::AmbiguousParent),
    };
    if is_above(connection, &child.device, parent).await? {
        return error(RowProblem::ParentCycle);
    }
    let done = sqlx::query(
        "UPDATE devices SET parent_id = ?1, changed_ms = ?2 WHERE id = ?3 AND parent_id IS NOT ?1",
    )
    .bind(parent)
    .bind(now.millis())
    .bind(&child.device)
    .execute(connection)
    .await?;
    Ok(Ok(done.rows_affected() > 0))
}

/// Devices that answer to the name of a parent: by national code, else by name at the same site,
/// else by name anywhere, else by IP. Two are enough to know that it is ambiguous.
async fn find(
    connection: &mut SqliteConnection,
    child: &Child<'_>,
) -> Result<Vec<String>, StoreError> {
    for sql in [
        "SELECT id FROM devices WHERE national_code = ?1 AND ?2 IS NOT NULL LIMIT 2",
        "SELECT id FROM devices WHERE name = ?1
             AND site_id = (SELECT site_id FROM devices WHERE id = ?2) LIMIT 2",
        "SELECT id FROM devices WHERE name = ?1 AND ?2 IS NOT NULL LIMIT 2",
        "SELECT id FROM devices WHERE ip = ?1 AND id <> ?2 LIMIT 2",
    ] {
        let found: Vec<String> = sqlx::query_scalar(sql)
            .bind(child.parent)
            .bind(&child.device)
            .fetch_all(&mut *connection)
            .await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// Whether `device` is `parent` or stands above it.
async fn is_above(
    connection: &mut SqliteConnection,
    device: &str,
    parent: &str,
) -> Result<bool, StoreError> {
    let found: bool = sqlx::query_scalar(
        "WITH RECURSIVE above (id, depth) AS (
             SELECT ?1, 0
             UNION ALL
             SELECT d.parent_id, above.depth + 1 FROM above JOIN devices d ON d.id = above.id
             WHERE d.parent_id IS NOT NULL AND above.depth < ?3)
         SELECT EXISTS (SELECT 1 FROM above WHERE id = ?2 OR depth = ?3)",
    )
    .bind(parent)
    .bind(device)
    .bind(DEPTH)
    .fetch_one(connection)
    .await?;
    Ok(found)
}

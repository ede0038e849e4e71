//! Writing a reconciliation: once, whole, with its audit line.

use super::Reconciliation;
use crate::{AuditLine, Store, StoreError, audit, decode};
use sqlx::SqliteConnection;
use std::collections::BTreeMap;
use zhishou_domain::{Timestamp, reconcile::StatusColumn};

/// A reconciliation to be kept.
#[derive(Clone, Debug)]
pub struct NewReconciliation {
    /// The same act sent again has the same.
    pub token: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub login: String,
    /// From where, for the audit log.
    pub address: String,
    /// Name of the file.
    pub file_name: String,
    /// SHA-256 of it, lower-case hex.
    pub sha256: String,
    /// Of rows without a time of their own.
    pub as_of: Timestamp,
    /// From which heading each column was taken.
    pub columns: BTreeMap<StatusColumn, String>,
    /// What came of it.
    pub made: Reconciliation,
}

impl Store {
    /// Keeps a reconciliation and gives its number; that of before where the same act comes again.
    pub async fn keep_reconciliation(&self, new: NewReconciliation) -> Result<i64, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let known: Option<i64> =
                    sqlx::query_scalar("SELECT id FROM reconciliations WHERE token = ?")
                        .bind(&new.token)
                        .fetch_optional(&mut *connection)
                        .await?;
                match known {
                    Some(id) => Ok(id),
                    None => insert(connection, new).await,
                }
            })
        })
        .await
    }

    /// The number of the reconciliation that was made of a token.
    pub async fn reconciliation_of(&self, token: &str) -> Result<Option<i64>, StoreError> {
        let found = sqlx::query_scalar("SELECT id FROM reconciliations WHERE token = ?")
            .bind(token)
            .fetch_optional(self.reader());
        Ok(found.await?)
    }
}

async fn insert(
    connection: &mut SqliteConnection,
    new: NewReconciliation,
) -> Result<i64, StoreError> {
    let added = sqlx::query(
        "INSERT INTO reconciliations (token, made_ms, login, file_name, sha256, as_of_ms, columns, cameras)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(new.token)
    .bind(new.at.millis())
    .bind(&new.login)
    .bind(&new.file_name)
    .bind(new.sha256)
    .bind(new.as_of.millis())
    .bind(decode::to_json("reconciliations.columns", &new.columns)?)
    .bind(i64::try_from(new.made.cameras).unwrap_or(i64::MAX))
    .execute(&mut *connection)
    .await?;
    let id = added.last_insert_rowid();
    for (position, row) in (0_i64..).zip(new.made.rows) {
        let (device, matched_by) = row.device.unzip();
        let (measured, since) = row.measured.unzip();
        sqlx::query(
            "INSERT INTO reconciliation_rows (reconciliation_id, position, file_row, code, ip, name,
                 said, claim, at_ms, device_id, matched_by, measured, since_ms, faults, outcome, doubt)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(id)
        .bind(position)
        .bind(row.file_row)
        .bind(row.code)
        .bind(row.ip)
        .bind(row.name)
        .bind(row.said)
        .bind(row.claim.map(|it| it.code()))
        .bind(row.at.millis())
        .bind(device.map(|id| id.to_string()))
        .bind(matched_by.flatten().map(|it| it.code()))
        .bind(measured.map(|it| it.code()))
        .bind(since.flatten().map(Timestamp::millis))
        .bind(decode::to_json("reconciliation_rows.faults", &row.faults)?)
        .bind(row.outcome.code())
        .bind(row.doubt.map(|it| it.code()))
        .execute(&mut *connection)
        .await?;
    }
    let line = AuditLine {
        at: new.at,
        login: new.login,
        action: "reconcile_platform",
        subject: format!("{id} {}", new.file_name),
        address: new.address,
    };
    audit::insert(connection, line).await?;
    Ok(id)
}

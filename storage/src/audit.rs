//! The audit log: who did or looked at what. Lines are only ever added.

use crate::{Store, StoreError};
use sqlx::SqliteConnection;
use zhishou_domain::Timestamp;

/// One line. No field may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// Who, as they logged in.
    pub login: String,
    /// What was done, a stable word.
    pub action: &'static str,
    /// To what, such as a device id.
    pub subject: String,
    /// From where: the peer's address, empty where unknown.
    pub address: String,
}

impl Store {
    /// Adds a line; on disk when this returns.
    pub async fn add_audit(&self, line: AuditLine) -> Result<(), StoreError> {
        self.write(move |connection| Box::pin(async move { insert(connection, line).await })).await
    }

    /// The newest lines about `action`: login, subject, when.
    pub async fn audit_of(
        &self,
        action: &str,
        limit: u32,
    ) -> Result<Vec<(String, String, Timestamp)>, StoreError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT login, subject, at_ms FROM audit WHERE action = ? ORDER BY id DESC LIMIT ?",
        )
        .bind(action)
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        let lines = rows
            .into_iter()
            .map(|(login, subject, at)| (login, subject, Timestamp::from_millis(at)));
        Ok(lines.collect())
    }
}

/// Adds a line in the transaction of what it tells.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    line: AuditLine,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (at_ms, login, action, subject, address) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(line.at.millis())
    .bind(line.login)
    .bind(line.action)
    .bind(line.subject)
    .bind(line.address)
    .execute(connection)
    .await?;
    Ok(())
}

//! Tokens of wall boards. Only their hashes are kept; a token that was revoked stays in the list.

use crate::{AuditLine, Store, StoreError, audit};
use zhishou_domain::Timestamp;

/// A token as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallToken {
    /// Number in the list.
    pub id: i64,
    /// Which board, in which room.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// By whom, as they logged in.
    pub login: String,
    /// Since when it opens nothing.
    pub revoked: Option<Timestamp>,
}

impl Store {
    /// Adds a token by the SHA-256 of it, lower-case hex, with its line of the audit log.
    pub async fn add_wall_token(
        &self,
        name: String,
        sha256: String,
        line: AuditLine,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO wall_tokens (name, sha256, created_ms, login) VALUES (?, ?, ?, ?)",
                )
                .bind(name)
                .bind(sha256)
                .bind(line.at.millis())
                .bind(&line.login)
                .execute(&mut *connection)
                .await?;
                audit::insert(connection, line).await
            })
        })
        .await
    }

    /// Revokes a token with its line of the audit log; `false` where there is none, or it was revoked
    /// before.
    pub async fn revoke_wall_token(&self, id: i64, line: AuditLine) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let revoked = sqlx::query(
                    "UPDATE wall_tokens SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL",
                )
                .bind(line.at.millis())
                .bind(id)
                .execute(&mut *connection)
                .await?
                .rows_affected();
                if revoked > 0 {
                    audit::insert(connection, line).await?;
                }
                Ok(revoked > 0)
            })
        })
        .await
    }

    /// Every token, the newest first.
    pub async fn wall_tokens(&self) -> Result<Vec<WallToken>, StoreError> {
        let rows: Vec<(i64, String, i64, String, Option<i64>)> = sqlx::query_as(
            "SELECT id, name, created_ms, login, revoked_ms FROM wall_tokens ORDER BY id DESC",
        )
        .fetch_all(self.reader())
        .await?;
        let token =
            |(id, name, created, login, revoked): (i64, String, i64, String, Option<i64>)| {
                WallToken {
                    id,
                    name,
                    created: Timestamp::from_millis(created),
                    login,
                    revoked: revoked.map(Timestamp::from_millis),
                }
            };
        Ok(rows.into_iter().map(token).collect())
    }

    /// Whether a token with this SHA-256 opens the wall board.
    pub async fn opens_wall(&self, sha256: &str) -> Result<bool, StoreError> {
        let opens = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM wall_tokens WHERE sha256 = ? AND revoked_ms IS NULL)",
        )
        .bind(sha256)
        .fetch_one(self.reader());
        Ok(opens.await?)
    }
}

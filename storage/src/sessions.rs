//! Logins that are open, as opaque records. What a record means is the business of the web crate.

use crate::{Store, StoreError};
use zhishou_domain::{Timestamp, UserId};

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Unguessable identity.
    pub id: String,
    /// Whose it is, once logged in.
    pub user: Option<UserId>,
    /// The record, JSON.
    pub data: String,
    /// After this it is gone.
    pub expires: Timestamp,
}

impl Store {
    /// Makes a session; `false` where the identity is taken.
    pub async fn create_session(&self, row: SessionRow) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let made = sqlx::query(
                    "INSERT INTO sessions (id, user_id, data, expires_ms) VALUES (?, ?, ?, ?)
                     ON CONFLICT (id) DO NOTHING",
                )
                .bind(row.id)
                .bind(row.user.map(|id| id.to_string()))
                .bind(row.data)
                .bind(row.expires.millis())
                .execute(connection)
                .await?;
                Ok(made.rows_affected() == 1)
            })
        })
        .await
    }

    /// Changes a session. One that was ended meanwhile stays ended.
    pub async fn save_session(&self, row: SessionRow) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE sessions SET user_id = ?, data = ?, expires_ms = ? WHERE id = ?",
                )
                .bind(row.user.map(|id| id.to_string()))
                .bind(row.data)
                .bind(row.expires.millis())
                .bind(row.id)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// The record of a session that has not expired at `now`.
    pub async fn session(&self, id: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        let data = sqlx::query_scalar("SELECT data FROM sessions WHERE id = ? AND expires_ms > ?")
            .bind(id)
            .bind(now.millis())
            .fetch_optional(self.reader())
            .await?;
        Ok(data)
    }

    /// Ends a session.
    pub async fn end_session(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query("DELETE FROM sessions WHERE id = ?")
                    .bind(id)
                    .execute(connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }
}

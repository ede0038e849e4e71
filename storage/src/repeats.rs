//! Requests that may come twice: what was answered the first time, for a day.

use crate::{Store, StoreError};
use sqlx::SqliteConnection;
use std::time::Duration;
use zhishou_domain::Timestamp;

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(86_400);
/// A request without an answer is given up after so long: we were killed over it.
const GIVEN_UP: Duration = Duration::from_secs(300);

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Status of HTTP.
    pub status: u16,
    /// Content type.
    pub kind: String,
    /// What was said.
    pub body: Vec<u8>,
}

/// What is known of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing: it is to be done now, and nobody else does it meanwhile.
    First,
    /// It was answered so.
    Answered(Answered),
    /// It is being done.
    Underway,
    /// The key was used for something else.
    Other,
}

impl Store {
    /// Takes note of a request by its key; `asked` tells it from others.
    pub async fn begin_request(
        &self,
        key: String,
        asked: String,
        now: Timestamp,
    ) -> Result<Repeat, StoreError> {
        self.write(move |connection| Box::pin(begin(connection, key, asked, now))).await
    }

    /// Keeps the answer of a request; without one it may be asked again.
    pub async fn end_request(
        &self,
        key: String,
        answered: Option<Answered>,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                match answered {
                    Some(Answered { status, kind, body }) => sqlx::query(
                        "UPDATE repeated_requests SET status = ?2, kind = ?3, body = ?4
                             WHERE key = ?1",
                    )
                    .bind(key)
                    .bind(status)
                    .bind(kind)
                    .bind(body),
                    None => sqlx::query("DELETE FROM repeated_requests WHERE key = ?").bind(key),
                }
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }
}

async fn begin(
    connection: &mut SqliteConnection,
    key: String,
    asked: String,
    now: Timestamp,
) -> Result<Repeat, StoreError> {
    sqlx::query("DELETE FROM repeated_requests WHERE at_ms < ? OR (status IS NULL AND at_ms < ?)")
        .bind((now - KEPT).millis())
        .bind((now - GIVEN_UP).millis())
        .execute(&mut *connection)
        .await?;
    let known: Option<(String, Option<u16>, String, Vec<u8>)> =
        sqlx::query_as("SELECT asked, status, kind, body FROM repeated_requests WHERE key = ?")
            .bind(&key)
            .fetch_optional(&mut *connection)
            .await?;
    match known {
        Some((was_asked, ..)) if was_asked != asked => Ok(Repeat::Other),
        Some((_, Some(status), kind, body)) => {
            Ok(Repeat::Answered(Answered { status, kind, body }))
        }
        Some((_, None, ..)) => Ok(Repeat::Underway),
        None => {
            sqlx::query("INSERT INTO repeated_requests (key, asked, at_ms) VALUES (?, ?, ?)")
                .bind(key)
                .bind(asked)
                .bind(now.millis())
                .execute(connection)
                .await?;
            Ok(Repeat::First)
        }
    }
}

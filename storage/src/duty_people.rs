//! 值班人员: whoever can be on duty, with telephone and mail once for all their shifts.

use crate::{AuditLine, Change, Store, StoreError, audit};
use sqlx::SqliteConnection;
use zhishou_domain::duty::Watcher;

/// What became of taking somebody from the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonRemoved {
    /// They are no longer listed; shifts that are over keep their name.
    Done,
    /// They have a shift that is not over.
    OnDuty,
    /// There is no such person.
    Missing,
}

impl Store {
    /// Everyone who can be on duty, by name.
    pub async fn duty_people(&self) -> Result<Vec<Watcher>, StoreError> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT name, phone, mail FROM duty_people ORDER BY name")
                .fetch_all(self.reader())
                .await?;
        let watcher = |(name, phone, mail)| Watcher { name, phone, mail };
        Ok(rows.into_iter().map(watcher).collect())
    }

    /// Enters somebody, or how they are reached from now on, also in the shifts that they have.
    pub async fn save_duty_person(
        &self,
        person: Watcher,
        line: AuditLine,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO duty_people (name, phone, mail) VALUES (?, ?, ?)
                     ON CONFLICT (name) DO UPDATE SET phone = excluded.phone, mail = excluded.mail",
                )
                .bind(person.name)
                .bind(person.phone)
                .bind(person.mail)
                .execute(&mut *connection)
                .await?;
                audit::insert(connection, line).await
            })
        })
        .await?;
        self.announce(Change::Duty);
        Ok(())
    }

    /// Takes somebody from the list, who has no shift at the time of the line or later.
    pub async fn remove_duty_person(
        &self,
        name: String,
        line: AuditLine,
    ) -> Result<PersonRemoved, StoreError> {
        let removed = self
            .write(move |connection| {
                Box::pin(async move {
                    let has_shift: bool = sqlx::query_scalar(
                        "SELECT EXISTS (SELECT 1 FROM duty_shifts
                             WHERE (lead_name = ?1 OR backup_name = ?1) AND to_ms > ?2)",
                    )
                    .bind(&name)
                    .bind(line.at.millis())
                    .fetch_one(&mut *connection)
                    .await?;
                    if has_shift {
                        return Ok(PersonRemoved::OnDuty);
                    }
                    let gone = sqlx::query("DELETE FROM duty_people WHERE name = ?")
                        .bind(name)
                        .execute(&mut *connection)
                        .await?;
                    if gone.rows_affected() == 0 {
                        return Ok(PersonRemoved::Missing);
                    }
                    audit::insert(connection, line).await?;
                    Ok(PersonRemoved::Done)
                })
            })
            .await?;
        self.announce(Change::Duty);
        Ok(removed)
    }
}

/// Whoever has a shift is listed; what is said of them here and was not known is kept.
pub(crate) async fn keep(
    connection: &mut SqliteConnection,
    person: &Watcher,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO duty_people (name, phone, mail) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE
         SET phone = CASE phone WHEN '' THEN excluded.phone ELSE phone END,
             mail = CASE mail WHEN '' THEN excluded.mail ELSE mail END",
    )
    .bind(&person.name)
    .bind(&person.phone)
    .bind(&person.mail)
    .execute(connection)
    .await?;
    Ok(())
}

//! 值班人员: whoever can be on duty, with telephone and mail once for all their shifts.

use crate::{AuditLine, Change, Store, StoreError, audit};
use sqlx::SqliteConnection;
use zhishou_domain::duty::Watcher;

/// What became of entering somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonSaved {
    /// They are listed.
    Done,
    /// Nothing changed: there is no such user.
    NoUser,
    /// Nothing changed: who is listed under this name logs in so.
    LoginTaken(String),
}

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
        let rows: Vec<(String, String, String, String)> =
            sqlx::query_as("SELECT name, phone, mail, login FROM duty_people ORDER BY name")
                .fetch_all(self.reader())
                .await?;
        let watcher = |(name, phone, mail, login)| Watcher { name, phone, mail, login };
        Ok(rows.into_iter().map(watcher).collect())
    }

    /// Enters somebody, or how they are reached and as whom they log in from now on, also in the shifts that
    /// they have.
    pub async fn save_duty_person(
        &self,
        person: Watcher,
        line: AuditLine,
    ) -> Result<PersonSaved, StoreError> {
        let saved = self.write(move |connection| Box::pin(save(connection, person, line))).await?;
        self.announce(Change::Duty);
        Ok(saved)
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

async fn save(
    connection: &mut SqliteConnection,
    person: Watcher,
    line: AuditLine,
) -> Result<PersonSaved, StoreError> {
    if !person.login.is_empty() {
        let is_user: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users WHERE login = ?)")
                .bind(&person.login)
                .fetch_one(&mut *connection)
                .await?;
        if !is_user {
            return Ok(PersonSaved::NoUser);
        }
        let holder: Option<String> =
            sqlx::query_scalar("SELECT name FROM duty_people WHERE login = ? AND name <> ?")
                .bind(&person.login)
                .bind(&person.name)
                .fetch_optional(&mut *connection)
                .await?;
        if let Some(holder) = holder {
            return Ok(PersonSaved::LoginTaken(holder));
        }
    }
    sqlx::query(
        "INSERT INTO duty_people (name, phone, mail, login) VALUES (?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET phone = excluded.phone, mail = excluded.mail,
             login = excluded.login",
    )
    .bind(person.name)
    .bind(person.phone)
    .bind(person.mail)
    .bind(person.login)
    .execute(&mut *connection)
    .await?;
    audit::insert(connection, line).await?;
    Ok(PersonSaved::Done)
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

//! People who may log in. Passwords come and go as PHC strings; hashing is not done here.

use crate::{AuditLine, Store, StoreError, audit, decode};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::fmt;
use zhishou_domain::{MaintainerId, Role, Timestamp, UserId};

/// One user. `Debug` shows no hash.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Identity.
    pub id: UserId,
    /// The name they log in with, in lower case.
    pub login: String,
    /// What they may do.
    pub role: Role,
    /// 运维单位 that they belong to: of work orders they see only its own.
    pub maintainer: Option<MaintainerId>,
    /// 公安联络员: confirms exclusions.
    pub is_liaison: bool,
    /// argon2id, PHC string.
    pub password_hash: String,
    /// The password is a one-time one and must be changed.
    pub must_change: bool,
    /// When the user was made.
    pub created: Timestamp,
    /// When they last logged in.
    pub last_login: Option<Timestamp>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User({}, {})", self.login, self.id)
    }
}

/// A user name as it is stored and compared.
pub fn login_name(typed: &str) -> String {
    typed.trim().to_lowercase()
}

const COLUMNS: &str = "id, login, role, maintainer_id, liaison, password_hash, must_change, created_ms, last_login_ms";

impl Store {
    /// Makes a user, on the word of `by`. `None` where the name is taken.
    pub async fn create_user(
        &self,
        login: &str,
        role: Role,
        password_hash: &str,
        must_change: bool,
        now: Timestamp,
        by: &str,
    ) -> Result<Option<UserId>, StoreError> {
        let id = UserId::new(now, &*self.ids);
        let (login, hash) = (login_name(login), password_hash.to_owned());
        let line = line(by, now, "add_user", format!("{login} {}", role.code()));
        self.write(move |connection| {
            Box::pin(async move {
                let made = sqlx::query(
                    "INSERT INTO users (id, login, role, password_hash, must_change, created_ms)
                     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (login) DO NOTHING",
                )
                .bind(id.to_string())
                .bind(login)
                .bind(role.code())
                .bind(hash)
                .bind(must_change)
                .bind(now.millis())
                .execute(&mut *connection)
                .await?;
                Ok(noted(connection, made.rows_affected(), line).await?.then_some(id))
            })
        })
        .await
    }

    /// The user of a name.
    pub async fn user_by_login(&self, login: &str) -> Result<Option<User>, StoreError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM users WHERE login = ?"
        )))
        .bind(login_name(login))
        .fetch_optional(self.reader())
        .await?;
        row.as_ref().map(user_of).transpose()
    }

    /// The user of an identity.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let row =
            sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM users WHERE id = ?")))
                .bind(id.to_string())
                .fetch_optional(self.reader())
                .await?;
        row.as_ref().map(user_of).transpose()
    }

    /// All users by name.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM users ORDER BY login")))
                .fetch_all(self.reader())
                .await?;
        rows.iter().map(user_of).collect()
    }

    /// Sets a password and ends every session of the user but `keep`; `line` says who did. `false`
    /// where there is no such user.
    pub async fn set_password(
        &self,
        id: UserId,
        password_hash: &str,
        must_change: bool,
        keep: Option<&str>,
        line: AuditLine,
    ) -> Result<bool, StoreError> {
        let hash = password_hash.to_owned();
        let keep = keep.unwrap_or_default().to_owned();
        self.write(move |connection| {
            Box::pin(async move {
                let set =
                    sqlx::query("UPDATE users SET password_hash = ?, must_change = ? WHERE id = ?")
                        .bind(hash)
                        .bind(must_change)
                        .bind(id.to_string())
                        .execute(&mut *connection)
                        .await?;
                sqlx::query("DELETE FROM sessions WHERE user_id = ? AND id <> ?")
                    .bind(id.to_string())
                    .bind(keep)
                    .execute(&mut *connection)
                    .await?;
                noted(connection, set.rows_affected(), line).await
            })
        })
        .await
    }

    /// Gives a user another role, which holds from the next request on. `false` where there is no
    /// such user.
    pub async fn set_role(
        &self,
        login: &str,
        role: Role,
        now: Timestamp,
        by: &str,
    ) -> Result<bool, StoreError> {
        let login = login_name(login);
        let line = line(by, now, "set_role", format!("{login} {}", role.code()));
        self.write(move |connection| {
            Box::pin(async move {
                let set = sqlx::query("UPDATE users SET role = ? WHERE login = ?")
                    .bind(role.code())
                    .bind(login)
                    .execute(&mut *connection)
                    .await?;
                noted(connection, set.rows_affected(), line).await
            })
        })
        .await
    }

    /// Makes a user the 公安联络员, or no longer; it holds from the next request on. `false` where there is
    /// no such user, or they belong to a maintainer.
    pub async fn set_liaison(
        &self,
        login: &str,
        is_liaison: bool,
        now: Timestamp,
        by: &str,
    ) -> Result<bool, StoreError> {
        let login = login_name(login);
        let word = if is_liaison { "liaison" } else { "no liaison" };
        let line = line(by, now, "set_liaison", format!("{login} {word}"));
        self.write(move |connection| {
            Box::pin(async move {
                let set = sqlx::query(
                    "UPDATE users SET liaison = ?2
                     WHERE login = ?1 AND (?2 = 0 OR maintainer_id IS NULL)",
                )
                .bind(login)
                .bind(is_liaison)
                .execute(&mut *connection)
                .await?;
                noted(connection, set.rows_affected(), line).await
            })
        })
        .await
    }

    /// Makes a user one of a maintainer, by its name, or of none; it holds from the next request on. They
    /// are no liaison any more. `false` where there is no such user or no such maintainer.
    pub async fn set_maintainer(
        &self,
        login: &str,
        maintainer: Option<String>,
        now: Timestamp,
        by: &str,
    ) -> Result<bool, StoreError> {
        let login = login_name(login);
        let subject = format!("{login} {}", maintainer.as_deref().unwrap_or("-"));
        let line = line(by, now, "set_maintainer", subject);
        self.write(move |connection| {
            Box::pin(async move {
                let set = sqlx::query(
                    "UPDATE users SET maintainer_id = (SELECT id FROM maintainers WHERE name = ?2),
                         liaison = iif(?2 IS NULL, liaison, 0)
                     WHERE login = ?1
                         AND (?2 IS NULL OR EXISTS (SELECT 1 FROM maintainers WHERE name = ?2))",
                )
                .bind(login)
                .bind(maintainer)
                .execute(&mut *connection)
                .await?;
                noted(connection, set.rows_affected(), line).await
            })
        })
        .await
    }

    /// Notes a login.
    pub async fn note_login(&self, id: UserId, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query("UPDATE users SET last_login_ms = ? WHERE id = ?")
                    .bind(now.millis())
                    .bind(id.to_string())
                    .execute(connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }
}

/// What was done to a user, by whom.
fn line(by: &str, at: Timestamp, action: &'static str, subject: String) -> AuditLine {
    AuditLine { at, login: by.to_owned(), action, subject, address: String::new() }
}

/// Puts a change that met one user on record. Whether it did.
async fn noted(
    connection: &mut SqliteConnection,
    changed: u64,
    line: AuditLine,
) -> Result<bool, StoreError> {
    if changed == 1 {
        audit::insert(connection, line).await?;
    }
    Ok(changed == 1)
}

fn user_of(row: &SqliteRow) -> Result<User, StoreError> {
    let last: Option<i64> = row.try_get("last_login_ms")?;
    let maintainer: Option<String> = row.try_get("maintainer_id")?;
    Ok(User {
        id: decode::id("users.id", row.try_get("id")?)?,
        login: row.try_get("login")?,
        role: decode::word("users.role", row.try_get("role")?, Role::from_code)?,
        maintainer: maintainer.map(|id| decode::id("users.maintainer_id", &id)).transpose()?,
        is_liaison: row.try_get("liaison")?,
        password_hash: row.try_get("password_hash")?,
        must_change: row.try_get("must_change")?,
        created: Timestamp::from_millis(row.try_get("created_ms")?),
        last_login: last.map(Timestamp::from_millis),
    })
}

//! The administrator of a new data directory, and one-time passwords.

use crate::command::Failure;
use zhishou_domain::{Role, Timestamp};
use zhishou_storage::{AuditLine, Store};

/// The login name of the first administrator.
pub(crate) const ADMINISTRATOR: &str = "admin";

/// A one-time password and its hash.
pub(crate) async fn one_time_password() -> Result<(String, String), Failure> {
    let password = zhishou_web::one_time_password().map_err(|error| Failure::ours(&error))?;
    let hash = zhishou_web::hash_password(password.clone()).await;
    Ok((password, hash.map_err(|error| Failure::ours(&error))?))
}

/// What the audit log says of a password that `by` sets for `user` on the command line.
pub(crate) fn reset_line(by: String, at: Timestamp, user: String) -> AuditLine {
    AuditLine { at, login: by, action: "reset_password", subject: user, address: String::new() }
}

/// Makes the administrator where there is no user yet, and says its one-time password.
pub(crate) async fn administrator(
    store: &Store,
    now: Timestamp,
) -> Result<Option<String>, Failure> {
    let users = store.users().await.map_err(|error| Failure::ours(&error))?;
    if !users.is_empty() {
        return Ok(None);
    }
    let (password, hash) = one_time_password().await?;
    let made = store.create_user(ADMINISTRATOR, Role::Admin, &hash, true, now, "first start").await;
    made.map_err(|error| Failure::ours(&error))?;
    Ok(Some(password))
}

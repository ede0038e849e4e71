//! Credentials of devices and the rule that keeps us from locking an account (hard rule 2).

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// A user name and password. Neither `Debug` nor any serialisation shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// User name.
    pub username: String,
    password: String,
}

impl Credential {
    /// A credential.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: username.into(), password: password.into() }
    }

    /// The password, for the one place that answers a challenge and the one that encrypts it.
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}, …)", self.username)
    }
}

/// Failures allowed for a proven credential within [`WINDOW`].
pub const PROVEN_FAILURES: usize = 2;
/// The window of [`PROVEN_FAILURES`]. Hikvision locks for 30 minutes.
pub const WINDOW: Duration = Duration::from_secs(30 * 60);

/// How a credential stands: with one device, and likewise with one host address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CredentialState {
    /// It has been accepted at least once since it was last changed.
    pub proven: bool,
    /// It was rejected before it was ever accepted; not sent again until re-armed or changed.
    pub suspended: bool,
    /// When it was rejected within the last [`WINDOW`], oldest first.
    pub failures: Vec<Timestamp>,
}

impl CredentialState {
    /// Whether it may be sent at `now`; where not, for how long (`None`: until an operator acts).
    pub fn may_send(&self, now: Timestamp) -> Result<(), Option<Duration>> {
        if self.suspended {
            return Err(None);
        }
        let recent: Vec<_> = self.recent(now).collect();
        if recent.len() < PROVEN_FAILURES {
            return Ok(());
        }
        let oldest_that_counts = recent[recent.len() - PROVEN_FAILURES];
        Err(Some((oldest_that_counts + WINDOW).since(now)))
    }

    /// It was accepted.
    pub fn accepted(&mut self) {
        self.proven = true;
        self.suspended = false;
        self.failures.clear();
    }

    /// It was rejected at `now`.
    pub fn rejected(&mut self, now: Timestamp) {
        self.failures = self.recent(now).collect();
        self.failures.push(now);
        self.suspended |= !self.proven;
    }

    fn recent(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        self.failures.iter().copied().filter(move |at| *at + WINDOW > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    #[test]
    fn a_credential_that_never_worked_is_sent_once() {
        let mut state = CredentialState::default();
        assert_eq!(state.may_send(at(0)), Ok(()));
        state.rejected(at(0));
        assert_eq!(state.may_send(at(1)), Err(None));
        assert_eq!(state.may_send(at(100_000)), Err(None));
    }

    #[test]
    fn a_proven_one_gets_two_failures_in_thirty_minutes() {
        let mut state = CredentialState::default();
        state.accepted();
        state.rejected(at(0));
        assert_eq!(state.may_send(at(1)), Ok(()));
        state.rejected(at(10));
        assert_eq!(state.may_send(at(11)), Err(Some(Duration::from_secs(19 * 60))));
        assert_eq!(state.may_send(at(31)), Ok(()));
        state.rejected(at(31));
        assert_eq!(state.may_send(at(32)), Err(Some(Duration::from_secs(8 * 60))));
    }

    #[test]
    fn the_password_is_not_shown() {
        let text = format!("{:?}", Credential::new("admin", "hunter2"));
        assert_eq!(text, "Credential(admin, …)");
    }
}

//! Credentials of devices and the rule that keeps us from locking an account (hard rule 2).

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr, time::Duration};

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

    /// The community of SNMP (RFC 3584), which has no user: kept and sealed as a password is.
    pub fn community(community: impl Into<String>) -> Self {
        Self::new(Self::COMMUNITY, community)
    }

    /// What stands for the user of a community.
    pub const COMMUNITY: &str = "community";

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

/// Refusals allowed within [`WINDOW`], per device and per host address.
pub const PROVEN_FAILURES: usize = 2;
/// The window of [`PROVEN_FAILURES`]. Hikvision locks for 30 minutes.
pub const WINDOW: Duration = Duration::from_secs(30 * 60);

/// Tells logins apart without showing them: a keyed hash of user name and password.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 16]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(…)")
    }
}

/// How a login that was sent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    /// The device took it.
    Accepted,
    /// The device refused it.
    Rejected,
    /// It was sent and never answered; where it never worked, the device may have counted it.
    Unanswered,
    /// The same where only a refusal would have been answered, and perhaps too late to be heard: it
    /// counts wherever it worked before.
    Unheard,
}

/// What became of a login and where: told by the prober, kept by the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginResult {
    /// How it ended.
    pub outcome: LoginOutcome,
    /// The address that it was sent to, whatever the URL calls it.
    pub address: IpAddr,
    /// Which login it was.
    pub fingerprint: Fingerprint,
    /// The [`CredentialState::as_of`] that it was sent under.
    pub armed: u64,
    /// No earlier refusal counts any more at the address, by a clock that nobody sets.
    pub is_host_clear: bool,
    /// No earlier refusal counts any more with the device, likewise.
    pub is_device_clear: bool,
}

/// How the logins of one host address stand over a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostLogins {
    /// The address.
    pub address: IpAddr,
    /// The last refusals, at most [`PROVEN_FAILURES`], that no later success cleared.
    pub failures: usize,
    /// Logins refused and not accepted since, with the last re-arming before that.
    pub refused: Vec<(Fingerprint, u64)>,
}

/// How a credential stands with one device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CredentialState {
    /// It has been accepted at least once since it was last changed.
    pub proven: bool,
    /// It was rejected before it was ever accepted; not sent again until re-armed or changed.
    pub suspended: bool,
    /// When it was last refused, oldest first, at most [`PROVEN_FAILURES`]. The times are for
    /// people: whether one still counts is measured by a clock that nobody sets.
    pub failures: Vec<Timestamp>,
    /// The number of the re-arming it stands under, counted over the whole store; 0 before the
    /// first. A number, because wall clocks go back.
    pub armed: u64,
    /// The number of the last re-arming of any credential when this was read.
    #[serde(skip)]
    pub as_of: u64,
}

impl CredentialState {
    /// Takes in what became of a login at `at`.
    pub fn settle(&mut self, login: &LoginResult, at: Timestamp) {
        if login.outcome == LoginOutcome::Accepted {
            (self.proven, self.suspended) = (true, false);
        }
        // A login sent before an operator re-armed it does not undo that.
        let stands = login.outcome == LoginOutcome::Rejected && login.armed >= self.armed;
        self.suspended |= stands && !self.proven;
        keep_failures(&mut self.failures, login.outcome, login.is_device_clear, at);
    }
}

/// Carries what became of a login into a list of refusals. Only the last [`PROVEN_FAILURES`] ever
/// matter; a success removes them only once they have ceased to count.
pub fn keep_failures(
    failures: &mut Vec<Timestamp>,
    outcome: LoginOutcome,
    is_clear: bool,
    at: Timestamp,
) {
    match outcome {
        LoginOutcome::Accepted if is_clear => failures.retain(|failure| *failure > at),
        LoginOutcome::Accepted => {}
        LoginOutcome::Rejected | LoginOutcome::Unanswered | LoginOutcome::Unheard => {
            failures.push(at);
            failures.drain(..failures.len().saturating_sub(PROVEN_FAILURES));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    fn result(outcome: LoginOutcome) -> LoginResult {
        LoginResult {
            outcome,
            address: IpAddr::from([10, 0, 0, 2]),
            fingerprint: Fingerprint([7; 16]),
            armed: 0,
            is_host_clear: false,
            is_device_clear: false,
        }
    }

    #[test]
    fn a_credential_that_never_worked_is_suspended_by_one_refusal() {
        let mut state = CredentialState::default();
        state.settle(&result(LoginOutcome::Unanswered), at(0));
        assert!(!state.suspended, "silence is no refusal");
        state.settle(&result(LoginOutcome::Rejected), at(1));
        assert!(state.suspended && !state.proven);
        // An operator re-arms it while another probe is still on its way.
        let mut rearmed = CredentialState { suspended: false, armed: 1, ..state };
        rearmed.settle(&result(LoginOutcome::Rejected), at(2));
        assert!(!rearmed.suspended);
        rearmed.settle(&LoginResult { armed: 1, ..result(LoginOutcome::Rejected) }, at(3));
        assert!(rearmed.suspended);
    }

    #[test]
    fn the_last_two_refusals_are_kept_until_a_success_finds_them_spent() {
        let mut state = CredentialState { proven: true, ..CredentialState::default() };
        for minute in 0..3 {
            state.settle(&result(LoginOutcome::Rejected), at(minute));
        }
        assert_eq!(state.failures, [at(1), at(2)]);
        assert!(!state.suspended);
        state.settle(&result(LoginOutcome::Accepted), at(3));
        assert_eq!(state.failures.len(), 2, "the device counts on");
        let spent = LoginResult { is_device_clear: true, ..result(LoginOutcome::Accepted) };
        state.settle(&spent, at(40));
        assert_eq!(state.failures, []);
    }

    #[test]
    fn the_password_is_not_shown() {
        let text = format!("{:?}", Credential::new("admin", "hunter2"));
        assert_eq!(text, "Credential(admin, …)");
    }
}

//! The login budget per host address (hard rule 2).
//!
//! A device's own state comes with each request and is kept by the caller, who also keeps each host's
//! refusals over a restart; this is the live state per host, so that a recorder's channels share one
//! budget. A login that was never accepted is alone on its host
//! while it is tried and is not sent there again once refused; any login is held back after two
//! refusals in 30 minutes, those under way counted in, so that parallel probes cannot pass the limit.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use zhishou_domain::credential::PROVEN_FAILURES;
use zhishou_domain::{Credential, CredentialState, Timestamp};

/// What became of a login.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LoginOutcome {
    /// It was not sent, or what became of it is not known.
    #[default]
    NotTried,
    /// The device took it.
    Accepted,
    /// The device refused it.
    Rejected,
}

/// Whether a login may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Yes; [`Logins::settle`] must follow.
    Go,
    /// Others are being tried on this host: ask again when one has settled.
    Wait,
    /// No.
    Suspended {
        /// Refusals counted.
        failures: u32,
        /// When it may be sent again; `None` until an operator acts.
        retry_after: Option<Duration>,
    },
}

/// What is known of one host.
#[derive(Debug, Default)]
struct Host {
    /// Refusals of the last 30 minutes, whoever was refused.
    refusals: CredentialState,
    under_way: usize,
    /// Of those under way, one was never accepted before.
    trial: bool,
    /// Fingerprints of logins refused before they were ever accepted.
    suspended: Vec<u64>,
    /// Fingerprints of logins accepted.
    proven: Vec<u64>,
}

/// Fingerprints kept per host and list; an NVR has a handful of accounts.
const MAX_FINGERPRINTS: usize = 64;

/// The login budgets of all hosts.
#[derive(Debug, Default)]
pub struct Logins {
    hosts: BTreeMap<String, Host>,
}

impl Logins {
    /// Takes up the refusals that were kept across a restart.
    pub fn restore(hosts: impl IntoIterator<Item = (String, CredentialState)>) -> Self {
        let hosts = hosts.into_iter().map(|(address, refusals)| {
            // Suspension belongs to a login, not to a host.
            let refusals = CredentialState { proven: true, suspended: false, ..refusals };
            (address, Host { refusals, ..Host::default() })
        });
        Self { hosts: hosts.collect() }
    }

    /// Asks for a login to be sent to `host`; `state` is how it stands with the device.
    pub fn admit(
        &mut self,
        host: &str,
        credential: &Credential,
        state: &CredentialState,
        now: Timestamp,
    ) -> Admission {
        let refused = |failures: usize, retry_after| Admission::Suspended {
            failures: u32::try_from(failures.max(1)).unwrap_or(u32::MAX),
            retry_after,
        };
        if let Err(retry_after) = state.may_send(now) {
            return refused(state.failures.len(), retry_after);
        }
        let fingerprint = fingerprint(credential);
        let host = self.hosts.entry(host.to_owned()).or_default();
        let proven = state.proven || host.proven.contains(&fingerprint);
        // Refused, never accepted, and yet not suspended: an operator has re-armed it since.
        if !state.proven && !state.failures.is_empty() {
            host.suspended.retain(|f| *f != fingerprint);
        }
        if !proven && host.suspended.contains(&fingerprint) {
            return refused(1, None);
        }
        host.refusals.proven = true;
        if let Err(retry_after) = host.refusals.may_send(now) {
            return refused(host.refusals.failures.len(), retry_after);
        }
        let recent = {
            let window = zhishou_domain::credential::WINDOW;
            host.refusals.failures.iter().filter(|at| **at + window > now).count()
        };
        let full = host.under_way + recent >= PROVEN_FAILURES;
        if (full && host.under_way > 0) || host.trial || (!proven && host.under_way > 0) {
            return Admission::Wait;
        }
        host.under_way += 1;
        host.trial = !proven;
        Admission::Go
    }

    /// Tells what became of a login that was admitted.
    pub fn settle(
        &mut self,
        host: &str,
        credential: &Credential,
        outcome: LoginOutcome,
        now: Timestamp,
    ) {
        let Some(host) = self.hosts.get_mut(host) else { return };
        host.under_way = host.under_way.saturating_sub(1);
        host.trial = false;
        let fingerprint = fingerprint(credential);
        match outcome {
            LoginOutcome::NotTried => {}
            LoginOutcome::Accepted => {
                host.suspended.retain(|f| *f != fingerprint);
                remember(&mut host.proven, fingerprint);
            }
            LoginOutcome::Rejected => {
                host.refusals.proven = true;
                host.refusals.rejected(now);
                if !host.proven.contains(&fingerprint) {
                    remember(&mut host.suspended, fingerprint);
                }
            }
        }
    }
}

fn remember(list: &mut Vec<u64>, fingerprint: u64) {
    if !list.contains(&fingerprint) {
        if list.len() == MAX_FINGERPRINTS {
            list.remove(0);
        }
        list.push(fingerprint);
    }
}

/// Tells logins apart in memory; never stored, so it needs no secret.
fn fingerprint(credential: &Credential) -> u64 {
    let mut hasher = DefaultHasher::new();
    credential.username.hash(&mut hasher);
    credential.password().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "10.1.2.3";

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    fn login(password: &str) -> Credential {
        Credential::new("admin", password)
    }

    fn proven() -> CredentialState {
        CredentialState { proven: true, ..CredentialState::default() }
    }

    #[test]
    fn a_recorders_channels_share_one_trial() {
        let mut logins = Logins::default();
        let fresh = CredentialState::default();
        assert_eq!(logins.admit(HOST, &login("wrong"), &fresh, at(0)), Admission::Go);
        // The other channels wait, whatever their login.
        assert_eq!(logins.admit(HOST, &login("wrong"), &fresh, at(0)), Admission::Wait);
        assert_eq!(logins.admit(HOST, &login("right"), &proven(), at(0)), Admission::Wait);
        logins.settle(HOST, &login("wrong"), LoginOutcome::Rejected, at(0));
        let suspended = Admission::Suspended { failures: 1, retry_after: None };
        assert_eq!(logins.admit(HOST, &login("wrong"), &fresh, at(999)), suspended);
        assert_eq!(logins.admit(HOST, &login("right"), &proven(), at(0)), Admission::Go);
        // Elsewhere nothing is known of it.
        assert_eq!(logins.admit("10.1.2.4", &login("wrong"), &fresh, at(0)), Admission::Go);
        logins.settle(HOST, &login("right"), LoginOutcome::Accepted, at(0));
        // An operator re-arms it: the refusal stays known, the suspension does not.
        let rearmed = CredentialState { failures: vec![at(0)], ..CredentialState::default() };
        assert_eq!(logins.admit(HOST, &login("wrong"), &rearmed, at(1)), Admission::Go);
    }

    #[test]
    fn two_refusals_close_the_host_for_half_an_hour_and_across_a_restart() {
        let mut logins = Logins::default();
        for minute in [0, 10] {
            assert_eq!(logins.admit(HOST, &login("old"), &proven(), at(minute)), Admission::Go);
            logins.settle(HOST, &login("old"), LoginOutcome::Rejected, at(minute));
        }
        let wait = |minutes: u64| Admission::Suspended {
            failures: 2,
            retry_after: Some(Duration::from_secs(minutes * 60)),
        };
        assert_eq!(logins.admit(HOST, &login("other"), &proven(), at(11)), wait(19));
        let kept = CredentialState { failures: vec![at(0), at(10)], ..CredentialState::default() };
        let mut restarted = Logins::restore([(HOST.to_owned(), kept)]);
        assert_eq!(restarted.admit(HOST, &login("other"), &proven(), at(12)), wait(18));
        assert_eq!(restarted.admit(HOST, &login("other"), &proven(), at(31)), Admission::Go);
    }

    #[test]
    fn those_under_way_count_so_that_a_burst_cannot_pass_the_limit() {
        let mut logins = Logins::default();
        let admit = |logins: &mut Logins| logins.admit(HOST, &login("pw"), &proven(), at(0));
        assert_eq!(admit(&mut logins), Admission::Go);
        assert_eq!(admit(&mut logins), Admission::Go);
        assert_eq!(admit(&mut logins), Admission::Wait);
        logins.settle(HOST, &login("pw"), LoginOutcome::Rejected, at(0));
        assert_eq!(admit(&mut logins), Admission::Wait);
        logins.settle(HOST, &login("pw"), LoginOutcome::Rejected, at(0));
        assert!(matches!(admit(&mut logins), Admission::Suspended { failures: 2, .. }));
    }

    #[test]
    fn a_device_that_is_suspended_stays_so() {
        let mut state = CredentialState::default();
        state.rejected(at(0));
        let got = Logins::default().admit(HOST, &login("pw"), &state, at(500));
        assert_eq!(got, Admission::Suspended { failures: 1, retry_after: None });
    }
}

//! The login budgets per host address and per device (hard rule 2).
//!
//! Pure: time is an argument, counted from the guard's start by a clock that nobody sets, so that a
//! wall clock that jumps opens no window early. Refusals kept over a restart count as if they had
//! just happened, because how long ago they did is not known for sure.
//!
//! A login that was never accepted is alone on its host while it is tried; once refused it is not
//! sent there again, through whatever channel, until an operator re-arms one after that refusal. Any
//! login is held back after two refusals in 30 minutes, of its device or of its host, those under
//! way counted in, so that parallel probes cannot pass the limit.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use zhishou_domain::credential::{PROVEN_FAILURES, WINDOW};
use zhishou_domain::{CredentialState, Fingerprint, HostLogins, LoginOutcome, LoginResult};

/// Accepted logins remembered per host; a forgotten one is tried alone again, no more.
const MAX_ACCEPTED: usize = 64;

/// A login about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attempt {
    /// The device, as [`super::Guard::open`] knows it.
    pub(super) device: String,
    /// The address that it goes to.
    pub(super) address: IpAddr,
    /// Which login.
    pub(super) fingerprint: Fingerprint,
    /// [`CredentialState::armed`].
    pub(super) armed: u64,
    /// [`CredentialState::as_of`].
    pub(super) as_of: u64,
    /// [`CredentialState::proven`].
    pub(super) proven: bool,
}

/// Whether a login may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
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

/// The last refusals that count against a host or a device.
#[derive(Debug, Default)]
struct Budget {
    /// Oldest first, at most [`PROVEN_FAILURES`]: older ones never matter.
    refusals: Vec<Duration>,
}

impl Budget {
    /// That many refusals at the start of the guard.
    fn kept(failures: usize) -> Self {
        Self { refusals: vec![Duration::ZERO; failures.min(PROVEN_FAILURES)] }
    }

    /// Refusals that count now.
    fn count(&self, now: Duration) -> usize {
        self.refusals.iter().filter(|at| **at + WINDOW > now).count()
    }

    /// What to say where it is used up.
    fn used_up(&self, now: Duration) -> Option<Admission> {
        let count = self.count(now);
        let oldest = self.refusals.first().filter(|_| count >= PROVEN_FAILURES)?;
        Some(Admission::Suspended {
            failures: u32::try_from(count).unwrap_or(u32::MAX),
            retry_after: Some((*oldest + WINDOW).saturating_sub(now)),
        })
    }

    fn refused(&mut self, now: Duration) {
        self.refusals.push(now);
        self.refusals.drain(..self.refusals.len().saturating_sub(PROVEN_FAILURES));
    }
}

/// What is known of one host.
#[derive(Debug, Default)]
struct Host {
    budget: Budget,
    under_way: usize,
    /// Of those under way, one was never accepted before.
    trial: bool,
    /// Logins refused here and not accepted since, with the last re-arming before that. The
    /// budget lets in no more than two in half an hour.
    refused: BTreeMap<Fingerprint, u64>,
    /// Logins accepted here and not refused since.
    accepted: BTreeSet<Fingerprint>,
}

/// The login budgets of all hosts and devices.
#[derive(Debug, Default)]
pub(super) struct Logins {
    hosts: BTreeMap<IpAddr, Host>,
    /// Devices with a login under way or a refusal that may count.
    devices: BTreeMap<String, Budget>,
}

impl Logins {
    /// Takes up what was kept across a restart.
    pub(super) fn restore(hosts: impl IntoIterator<Item = HostLogins>) -> Self {
        let hosts = hosts.into_iter().map(|kept| {
            let refused = kept.refused.into_iter().collect();
            let budget = Budget::kept(kept.failures);
            (kept.address.to_canonical(), Host { budget, refused, ..Host::default() })
        });
        Self { hosts: hosts.collect(), devices: BTreeMap::new() }
    }

    /// Asks for a login to be sent; `state` is how it stands with the device.
    pub(super) fn admit(
        &mut self,
        login: &Attempt,
        state: &CredentialState,
        now: Duration,
    ) -> Admission {
        const UNTIL_REARMED: Admission = Admission::Suspended { failures: 1, retry_after: None };
        if state.suspended {
            return UNTIL_REARMED;
        }
        // Of a device not seen in this process, or not since its refusals were spent, the kept ones
        // count from the start: harmless in the second case, because that is long ago.
        let device = self
            .devices
            .entry(login.device.clone())
            .or_insert_with(|| Budget::kept(state.failures.len()));
        if let Some(refused) = device.used_up(now) {
            return refused;
        }
        let host = self.hosts.entry(login.address).or_default();
        let proven = login.proven || host.accepted.contains(&login.fingerprint);
        let held = host.refused.get(&login.fingerprint).is_some_and(|armed| *armed >= login.armed);
        if held && !proven {
            return UNTIL_REARMED;
        }
        if let Some(refused) = host.budget.used_up(now) {
            return refused;
        }
        let full = host.under_way + host.budget.count(now) >= PROVEN_FAILURES;
        if full || host.trial || (!proven && host.under_way > 0) {
            return Admission::Wait;
        }
        host.under_way += 1;
        host.trial = !proven;
        Admission::Go
    }

    /// Tells what became of a login that was admitted; `None` where it was not sent.
    ///
    /// Silence after a login that was never accepted counts as a refusal, because the device may
    /// have counted it. Silence after one that worked here is a device that hangs: it says nothing of
    /// the login, and must not keep a recorder's other channels from being watched. Where silence is
    /// all that a late refusal leaves, behind an HTTP tunnel, it counts for every login.
    pub(super) fn settle(
        &mut self,
        login: &Attempt,
        outcome: Option<LoginOutcome>,
        now: Duration,
    ) -> Option<LoginResult> {
        let host = self.hosts.entry(login.address).or_default();
        let device = self.devices.entry(login.device.clone()).or_default();
        host.under_way = host.under_way.saturating_sub(1);
        host.trial = false;
        let proven = login.proven || host.accepted.contains(&login.fingerprint);
        let outcome = outcome.filter(|it| !(proven && *it == LoginOutcome::Unanswered));
        match outcome {
            None => {}
            Some(LoginOutcome::Accepted) => {
                host.refused.remove(&login.fingerprint);
                if host.accepted.len() >= MAX_ACCEPTED {
                    host.accepted.pop_first();
                }
                host.accepted.insert(login.fingerprint);
            }
            Some(LoginOutcome::Rejected) => {
                host.accepted.remove(&login.fingerprint);
                let armed = host.refused.entry(login.fingerprint).or_default();
                *armed = login.as_of.max(*armed);
                host.budget.refused(now);
                device.refused(now);
            }
            Some(LoginOutcome::Unanswered | LoginOutcome::Unheard) => {
                host.budget.refused(now);
                device.refused(now);
            }
        }
        let result = outcome.map(|outcome| LoginResult {
            outcome,
            address: login.address,
            fingerprint: login.fingerprint,
            armed: login.as_of,
            is_host_clear: host.budget.count(now) == 0,
            is_device_clear: device.count(now) == 0,
        });
        if device.count(now) == 0 {
            self.devices.remove(&login.device);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::Timestamp;

    fn at(minutes: u64) -> Duration {
        Duration::from_secs(minutes * 60)
    }

    /// A login of a channel of the recorder 10.1.2.3.
    fn login(channel: &str, which: u8) -> Attempt {
        Attempt {
            device: channel.to_owned(),
            address: IpAddr::from([10, 1, 2, 3]),
            fingerprint: Fingerprint([which; 16]),
            armed: 0,
            as_of: 0,
            proven: false,
        }
    }

    fn proven(login: Attempt) -> Attempt {
        Attempt { proven: true, ..login }
    }

    fn fresh() -> CredentialState {
        CredentialState::default()
    }

    const HELD: Admission = Admission::Suspended { failures: 1, retry_after: None };
    const REJECTED: Option<LoginOutcome> = Some(LoginOutcome::Rejected);
    const ACCEPTED: Option<LoginOutcome> = Some(LoginOutcome::Accepted);

    #[test]
    fn a_recorders_channels_share_one_trial() {
        let mut logins = Logins::default();
        assert_eq!(logins.admit(&login("1", 1), &fresh(), at(0)), Admission::Go);
        // The other channels wait, whatever their login.
        assert_eq!(logins.admit(&login("2", 1), &fresh(), at(0)), Admission::Wait);
        assert_eq!(logins.admit(&proven(login("3", 2)), &fresh(), at(0)), Admission::Wait);
        logins.settle(&login("1", 1), REJECTED, at(0));
        assert_eq!(logins.admit(&login("2", 1), &fresh(), at(999)), HELD);
        assert_eq!(logins.admit(&proven(login("3", 2)), &fresh(), at(0)), Admission::Go);
        logins.settle(&login("3", 2), ACCEPTED, at(0));
        // Elsewhere nothing is known of it.
        let elsewhere = Attempt { address: IpAddr::from([10, 1, 2, 4]), ..login("4", 1) };
        assert_eq!(logins.admit(&elsewhere, &fresh(), at(0)), Admission::Go);
    }

    #[test]
    fn a_rearmed_channel_goes_alone_and_its_refusal_holds_again() {
        let kept = HostLogins {
            address: IpAddr::from([10, 1, 2, 3]),
            failures: 1,
            refused: vec![(Fingerprint([1; 16]), 0)],
        };
        let mut logins = Logins::restore([kept]);
        assert_eq!(logins.admit(&login("2", 1), &fresh(), at(0)), HELD, "known over a restart");
        let rearmed = Attempt { armed: 5, as_of: 6, ..login("1", 1) };
        let state = CredentialState { armed: 5, ..CredentialState::default() };
        assert_eq!(logins.admit(&rearmed, &state, at(1)), Admission::Go);
        assert_eq!(logins.admit(&login("2", 1), &fresh(), at(1)), HELD, "re-armed was the other");
        logins.settle(&rearmed, REJECTED, at(1));
        assert_eq!(logins.admit(&rearmed, &state, at(999)), HELD);
        // Re-armed before that refusal, if by another number.
        let sibling = Attempt { armed: 6, as_of: 6, ..login("3", 1) };
        assert_eq!(logins.admit(&sibling, &fresh(), at(999)), HELD);
        let again = Attempt { armed: 7, as_of: 7, ..rearmed };
        assert_eq!(logins.admit(&again, &state, at(999)), Admission::Go);
        logins.settle(&again, ACCEPTED, at(999));
        assert_eq!(logins.admit(&login("2", 1), &fresh(), at(999)), Admission::Go);
    }

    #[test]
    fn two_refusals_close_the_host_for_half_an_hour_and_after_a_restart_anew() {
        let mut logins = Logins::default();
        for (channel, minute) in [("1", 0), ("2", 10)] {
            assert_eq!(
                logins.admit(&proven(login(channel, 1)), &fresh(), at(minute)),
                Admission::Go
            );
            logins.settle(&login(channel, 1), REJECTED, at(minute));
        }
        let wait = |minutes: u64| Admission::Suspended {
            failures: 2,
            retry_after: Some(Duration::from_secs(minutes * 60)),
        };
        assert_eq!(logins.admit(&proven(login("3", 2)), &fresh(), at(11)), wait(19));
        let address = IpAddr::from([10, 1, 2, 3]);
        let kept = HostLogins { address, failures: 2, refused: Vec::new() };
        let mut restarted = Logins::restore([kept]);
        assert_eq!(restarted.admit(&proven(login("3", 2)), &fresh(), at(12)), wait(18));
        assert_eq!(restarted.admit(&proven(login("3", 2)), &fresh(), at(30)), Admission::Go);
        let settled = restarted.settle(&login("3", 2), ACCEPTED, at(30)).unwrap();
        assert!(settled.is_host_clear && settled.is_device_clear);
    }

    #[test]
    fn a_device_that_moves_keeps_its_own_budget() {
        let mut logins = Logins::default();
        let mut state = fresh();
        state.failures = vec![Timestamp::from_millis(0)];
        assert_eq!(logins.admit(&login("1", 1), &state, at(0)), Admission::Go);
        logins.settle(&login("1", 1), Some(LoginOutcome::Unanswered), at(0));
        let moved = Attempt { address: IpAddr::from([10, 1, 2, 4]), ..login("1", 1) };
        let refused = logins.admit(&moved, &state, at(1));
        assert!(matches!(refused, Admission::Suspended { failures: 2, .. }), "{refused:?}");
        let other = Attempt { device: "2".to_owned(), ..moved };
        assert_eq!(logins.admit(&other, &fresh(), at(1)), Admission::Go);
    }

    #[test]
    fn a_channel_that_hangs_on_a_login_that_works_keeps_nobody_else_out() {
        let mut logins = Logins::default();
        for minute in 0..5 {
            let hangs = proven(login("1", 1));
            assert_eq!(logins.admit(&hangs, &fresh(), at(minute)), Admission::Go);
            assert_eq!(logins.settle(&hangs, Some(LoginOutcome::Unanswered), at(minute)), None);
        }
        assert_eq!(logins.admit(&proven(login("2", 1)), &fresh(), at(5)), Admission::Go);
    }

    #[test]
    fn those_under_way_count_so_that_a_burst_cannot_pass_the_limit() {
        let mut logins = Logins::default();
        let admit = |logins: &mut Logins, n| logins.admit(&proven(login(n, 1)), &fresh(), at(0));
        assert_eq!(admit(&mut logins, "1"), Admission::Go);
        assert_eq!(admit(&mut logins, "2"), Admission::Go);
        assert_eq!(admit(&mut logins, "3"), Admission::Wait);
        logins.settle(&login("1", 1), REJECTED, at(0));
        assert_eq!(admit(&mut logins, "3"), Admission::Wait);
        logins.settle(&login("2", 1), REJECTED, at(0));
        let closed = admit(&mut logins, "3");
        assert!(matches!(closed, Admission::Suspended { failures: 2, .. }), "{closed:?}");
    }

    #[test]
    fn a_device_that_is_suspended_stays_so() {
        let state = CredentialState { suspended: true, ..CredentialState::default() };
        assert_eq!(Logins::default().admit(&login("1", 1), &state, at(500)), HELD);
    }
}

//! How often a login may fail: per account and address, per address, per account. Kept in memory:
//! a restart forgives, and an attacker who can restart us needs no password.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};
use zhishou_domain::Timestamp;

/// Failures are remembered for so long; a lock lasts until the oldest that counts is forgotten.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Failures of one account from one address.
const PER_PAIR: usize = 5;
/// Failures from one address, whatever the account.
const PER_ADDRESS: usize = 30;
/// Failures of one account, wherever from.
const PER_ACCOUNT: usize = 50;
/// Keys remembered; beyond them the ones forgotten soonest go.
const KEYS: usize = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Pair(String, String),
    Address(String),
    Account(String),
}

impl Key {
    const fn limit(&self) -> usize {
        match self {
            Self::Pair(..) => PER_PAIR,
            Self::Address(_) => PER_ADDRESS,
            Self::Account(_) => PER_ACCOUNT,
        }
    }

    fn of(account: &str, address: &str) -> [Self; 3] {
        [
            Self::Pair(account.to_owned(), address.to_owned()),
            Self::Address(address.to_owned()),
            Self::Account(account.to_owned()),
        ]
    }
}

/// Failed logins of late.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    failures: HashMap<Key, VecDeque<Timestamp>>,
}

impl Throttle {
    /// Whether a login may be tried; where not, for how long.
    pub(crate) fn may_try(
        &self,
        account: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let waits = Key::of(account, address).into_iter().filter_map(|key| {
            let recent: Vec<_> =
                self.failures.get(&key)?.iter().filter(|at| **at + WINDOW > now).collect();
            let oldest_that_counts = recent.len().checked_sub(key.limit())?;
            Some((*recent[oldest_that_counts] + WINDOW).since(now))
        });
        waits.max().map_or(Ok(()), Err)
    }

    /// A try is under way: it counts as a failure until it succeeds, so that many at once do not
    /// slip through.
    pub(crate) fn tried(&mut self, account: &str, address: &str, now: Timestamp) {
        if self.failures.len() + 3 > KEYS {
            self.failures.retain(|_, times| times.back().is_some_and(|at| *at + WINDOW > now));
        }
        if self.failures.len() + 3 > KEYS {
            let mut newest: Vec<_> =
                self.failures.values().filter_map(|times| times.back().copied()).collect();
            newest.sort_unstable();
            let cut = newest.get(newest.len() / 2).copied().unwrap_or(now);
            self.failures.retain(|_, times| times.back().is_some_and(|at| *at > cut));
        }
        for key in Key::of(account, address) {
            let limit = key.limit();
            let times = self.failures.entry(key).or_default();
            times.push_back(now);
            while times.len() > limit {
                times.pop_front();
            }
        }
    }

    /// It succeeded: the account at this address starts afresh, and this try counts nowhere.
    pub(crate) fn succeeded(&mut self, account: &str, address: &str) {
        let [pair, others @ ..] = Key::of(account, address);
        self.failures.remove(&pair);
        for key in others {
            if let Some(times) = self.failures.get_mut(&key) {
                times.pop_back();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + second * 1000)
    }

    #[test]
    fn the_sixth_try_of_an_account_from_one_address_waits() {
        let mut throttle = Throttle::default();
        for second in 0..5 {
            assert_eq!(throttle.may_try("admin", "10.0.0.1", at(second)), Ok(()));
            throttle.tried("admin", "10.0.0.1", at(second));
        }
        assert_eq!(throttle.may_try("admin", "10.0.0.1", at(5)), Err(Duration::from_secs(895)));
        assert_eq!(throttle.may_try("admin", "10.0.0.2", at(5)), Ok(()), "another address may");
        assert_eq!(throttle.may_try("admin", "10.0.0.1", at(901)), Ok(()));
    }

    #[test]
    fn success_forgives_the_pair() {
        let mut throttle = Throttle::default();
        for second in 0..4 {
            throttle.tried("admin", "10.0.0.1", at(second));
        }
        throttle.tried("admin", "10.0.0.1", at(4));
        throttle.succeeded("admin", "10.0.0.1");
        assert_eq!(throttle.may_try("admin", "10.0.0.1", at(5)), Ok(()));
    }

    #[test]
    fn one_address_over_many_accounts_waits_too() {
        let mut throttle = Throttle::default();
        for number in 0..30 {
            throttle.tried(&format!("user{number}"), "10.0.0.1", at(0));
        }
        assert!(throttle.may_try("another", "10.0.0.1", at(1)).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let mut throttle = Throttle::default();
        for number in 0..40_000 {
            throttle.tried(&format!("user{number}"), &format!("10.0.{number}"), at(number));
        }
        assert!(throttle.failures.len() <= KEYS);
    }
}

//! One session per device at a time (hard rule 1).
//!
//! A session whose TEARDOWN was not confirmed counts as open until its timeout.

use std::collections::BTreeMap;
use std::time::Duration;

/// Whether a device may be opened now. Times are durations since the guard was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lease {
    /// Yes; [`Leases::release`] must follow.
    Granted,
    /// A probe has it open.
    Busy,
    /// An earlier session may still be open until then.
    Lingering {
        /// When it is surely gone.
        until: Duration,
    },
}

#[derive(Debug)]
enum Device {
    Open,
    Lingering(Duration),
}

/// Which devices are open.
#[derive(Debug, Default)]
pub(super) struct Leases {
    devices: BTreeMap<String, Device>,
}

impl Leases {
    /// Asks for a device.
    pub(super) fn take(&mut self, key: &str, now: Duration) -> Lease {
        match self.devices.get(key) {
            Some(Device::Open) => Lease::Busy,
            Some(Device::Lingering(until)) if *until > now => Lease::Lingering { until: *until },
            _ => {
                self.devices.insert(key.to_owned(), Device::Open);
                Lease::Granted
            }
        }
    }

    /// Gives a device back; `linger_until` if its session may still be open. Entries that have
    /// lingered long enough are dropped on the way, so that the map stays as small as the fleet.
    pub(super) fn release(&mut self, key: &str, linger_until: Option<Duration>, now: Duration) {
        self.devices.remove(key);
        self.devices.retain(|_, device| match device {
            Device::Open => true,
            Device::Lingering(until) => *until > now,
        });
        if let Some(until) = linger_until.filter(|until| *until > now) {
            self.devices.insert(key.to_owned(), Device::Lingering(until));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_an_unconfirmed_teardown_lingers() {
        let second = Duration::from_secs;
        let mut leases = Leases::default();
        assert_eq!(leases.take("a", second(0)), Lease::Granted);
        assert_eq!(leases.take("a", second(1)), Lease::Busy);
        assert_eq!(leases.take("b", second(1)), Lease::Granted);
        leases.release("a", Some(second(60)), second(2));
        assert_eq!(leases.take("a", second(3)), Lease::Lingering { until: second(60) });
        assert_eq!(leases.take("a", second(60)), Lease::Granted);
        leases.release("a", None, second(61));
        assert_eq!(leases.take("a", second(61)), Lease::Granted);
    }

    #[test]
    fn what_has_lingered_long_enough_is_forgotten() {
        let second = Duration::from_secs;
        let mut leases = Leases::default();
        for n in 0..100 {
            leases.take(&n.to_string(), second(0));
            leases.release(&n.to_string(), Some(second(1)), second(0));
        }
        leases.take("last", second(5));
        leases.release("last", None, second(5));
        assert!(leases.devices.is_empty());
    }
}

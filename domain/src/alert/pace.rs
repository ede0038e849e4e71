//! When a message is tried again, and when a channel may be used next.

use crate::Timestamp;
use std::time::Duration;

/// After a first failure.
const FIRST: Duration = Duration::from_secs(15);
/// Between two tries at most.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// A message that could not be delivered for so long is not tried again by itself.
pub const GIVE_UP: Duration = Duration::from_secs(24 * 3600);
/// Whoever takes a message to send it has so long before it is anybody's again.
pub const LEASE: Duration = Duration::from_secs(120);
/// What messages a minute are counted over.
pub const WINDOW: Duration = Duration::from_secs(60);

/// How long to wait after the `failures`-th failure in a row (from 1 on): twice as long each time, capped,
/// and of that between a half and all by `chance` (0–1), so that what failed together does not come back
/// together.
pub fn backoff(failures: u32, chance: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled.min(LONGEST).mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

/// When a channel that was used at `tries` (in order) may be used next, at `per_minute`: never more than
/// that within any [`WINDOW`].
pub fn free_at(tries: &[Timestamp], per_minute: u32, now: Timestamp) -> Timestamp {
    let within = tries.iter().filter(|at| **at + WINDOW > now);
    let excess = within.clone().count().checked_sub(per_minute as usize);
    excess.and_then(|excess| within.clone().nth(excess)).map_or(now, |at| *at + WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn waits_double_up_to_half_an_hour() {
        let waits: Vec<u64> = (1..=9).map(|n| backoff(n, 1.0).as_secs()).collect();
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 960, 1800, 1800]);
        assert_eq!(backoff(3, 0.0), Duration::from_secs(30));
        assert_eq!(backoff(u32::MAX, 1.0), LONGEST);
    }

    proptest! {
        #[test]
        fn no_minute_sees_more_than_it_may(gaps in prop::collection::vec(0u64..30_000, 1..200), rate in 1u32..30) {
            let mut now = Timestamp::from_millis(0);
            let mut tries: Vec<Timestamp> = Vec::new();
            for gap in gaps {
                now = free_at(&tries, rate, now + Duration::from_millis(gap));
                tries.push(now);
            }
            for from in &tries {
                let within = tries.iter().filter(|at| *at >= from && **at < *from + WINDOW);
                prop_assert!(within.count() <= rate as usize);
            }
        }
    }
}

//! How fast devices may be started.

use std::time::Duration;
use zhishou_domain::Timestamp;

/// Unused starts are saved up for so long: the loop need not wake for each of them.
const SAVED: f64 = 0.1;

/// Starts let out at a rate.
///
/// Invariant: within any second no more than 1.1 times the rate, and one, are let out.
#[derive(Debug)]
pub(super) struct Pace {
    per_second: f64,
    saved: f64,
    since: Timestamp,
}

impl Pace {
    pub(super) fn new(per_second: f64, now: Timestamp) -> Self {
        Self { per_second, saved: 1.0, since: now }
    }

    /// Another rate from `now` on.
    pub(super) fn change(&mut self, per_second: f64, now: Timestamp) {
        self.save(now);
        self.per_second = per_second;
    }

    /// Takes a start, if there is one.
    pub(super) fn takes(&mut self, now: Timestamp) -> bool {
        self.save(now);
        let takes = self.saved >= 1.0;
        if takes {
            self.saved -= 1.0;
        }
        takes
    }

    /// When the next start may be taken: at once while some are saved, else when all are.
    pub(super) fn opens(&self) -> Timestamp {
        if self.saved >= 1.0 {
            return self.since;
        }
        let missing = (self.most() - self.saved) / self.per_second;
        // Milliseconds are rounded down, and one too early would find it closed.
        self.since + Duration::from_secs_f64(missing) + Duration::from_millis(1)
    }

    fn most(&self) -> f64 {
        (self.per_second * SAVED).max(1.0)
    }

    fn save(&mut self, now: Timestamp) {
        let passed = now.since(self.since).as_secs_f64();
        self.saved = (self.saved + passed * self.per_second).min(self.most());
        self.since = self.since.max(now);
    }
}

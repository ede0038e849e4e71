//! 抖动: a device that comes and goes. Weighted change over the last 21 results with two limits, as
//! Nagios counts it ("Detection and Handling of State Flapping"), so that one hop over a limit does not
//! begin or end it.

use serde::{Deserialize, Serialize};

/// Results looked at.
const RESULTS: u32 = 21;
/// Share of change from which a device flaps: three outages within the 21 results.
pub const BEGINS: f64 = 0.30;
/// Share of change below which it has stopped: one outage.
pub const ENDS: f64 = 0.15;
/// Weight of the oldest change and of the newest.
const OLDEST: f64 = 0.8;
const NEWEST: f64 = 1.2;

/// Which of the last results were lost, and what follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recent {
    /// A bit for each result, the newest lowest; 1 is lost.
    lost: u32,
    /// How many there are, at most [`RESULTS`].
    results: u32,
    /// Whether it flaps.
    flapping: bool,
}

impl Recent {
    /// One more result.
    pub fn push(&mut self, is_lost: bool) {
        self.lost = (self.lost << 1 | u32::from(is_lost)) & ((1 << RESULTS) - 1);
        self.results = (self.results + 1).min(RESULTS);
        let change = self.change();
        self.flapping = if self.flapping { change >= ENDS } else { change >= BEGINS };
    }

    /// Weighted share of changes between neighbours, 0–1. What was not yet seen counts as no change.
    pub fn change(self) -> f64 {
        let changes =
            (self.lost ^ (self.lost >> 1)) & ((1u32 << self.results.saturating_sub(1)) - 1);
        let most = f64::from(RESULTS - 1);
        let weight = |age: u32| NEWEST - (NEWEST - OLDEST) * f64::from(age) / (most - 1.0);
        let ages = (0..RESULTS - 1).filter(|age| changes >> age & 1 == 1);
        ages.map(weight).sum::<f64>() / most
    }

    /// Whether it flaps.
    pub const fn is_flapping(self) -> bool {
        self.flapping
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(results: &str) -> Recent {
        let mut recent = Recent::default();
        results.chars().for_each(|it| recent.push(it == 'x'));
        recent
    }

    #[test]
    fn an_outage_is_no_flapping_and_three_in_a_row_are() {
        assert!(!after(".....xxxxxxxx........").is_flapping());
        assert!(!after("..xx...xx....").is_flapping());
        assert!(after("..xx...xx....xx..").is_flapping());
        assert!(after(".x.x.x.x").is_flapping(), "each second result, which never becomes hard");
    }

    #[test]
    fn it_ends_later_than_it_begins() {
        let mut recent = after(".x.x.x.x");
        let mut calm = 0;
        while recent.is_flapping() {
            assert!(recent.change() >= ENDS);
            recent.push(false);
            calm += 1;
        }
        assert!((10..=20).contains(&calm), "{calm}");
        recent.push(true);
        assert!(!recent.is_flapping());
    }

    #[test]
    fn every_second_result_lost_is_all_change_there_can_be() {
        let recent = after(".x.x.x.x.x.x.x.x.x.x.x.x");
        assert!((recent.change() - 1.0).abs() < 1e-9);
        assert_eq!(after("xxxxxxxxxxxxxxxxxxxxxxxxx").change(), 0.0);
    }

    proptest! {
        #[test]
        fn between_the_limits_it_stays_what_it_was(
            results in proptest::collection::vec(any::<bool>(), 1..80)
        ) {
            let mut recent = Recent::default();
            for lost in results {
                let before = recent.is_flapping();
                recent.push(lost);
                let change = recent.change();
                prop_assert!((0.0..=1.0).contains(&change));
                if (ENDS..BEGINS).contains(&change) {
                    prop_assert_eq!(recent.is_flapping(), before);
                } else {
                    prop_assert_eq!(recent.is_flapping(), change >= BEGINS);
                }
            }
        }
    }
}

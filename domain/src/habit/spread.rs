//! A slow mean and how far single values stray from it.

use serde::{Deserialize, Serialize};

/// Weight of a new value once enough have been seen; fewer weigh equally.
const WEIGHT: f64 = 0.05;
/// Values past this are no measurement.
const LARGEST: f64 = 1e12;

/// Exponentially weighted mean and variance (Finch 2009, §9). Holds three numbers, whatever is fed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spread {
    n: u32,
    mean: f64,
    variance: f64,
}

impl Spread {
    /// Takes a value; what is not a finite number of a sane size is ignored.
    pub fn learn(&mut self, value: f64) {
        if !value.is_finite() || value.abs() > LARGEST {
            return;
        }
        let weight = (1.0 / (f64::from(self.n) + 1.0)).max(WEIGHT);
        let off = value - self.mean;
        self.mean += weight * off;
        self.variance = (1.0 - weight) * (self.variance + weight * off * off);
        self.n = self.n.saturating_add(1);
    }

    /// Values taken.
    pub fn count(&self) -> u32 {
        self.n
    }

    /// The mean; `None` before the first value.
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then_some(self.mean)
    }

    /// Standard deviation; 0 before the second value.
    pub fn deviation(&self) -> f64 {
        self.variance.max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_values_weigh_equally_and_later_ones_little() {
        let mut spread = Spread::default();
        assert_eq!(spread.mean(), None);
        for value in [1.0, 2.0, 3.0] {
            spread.learn(value);
        }
        assert!((spread.mean().unwrap() - 2.0).abs() < 1e-9);
        assert!((spread.deviation() - (2.0f64 / 3.0).sqrt()).abs() < 1e-9);
        for _ in 0..200 {
            spread.learn(2.0);
        }
        spread.learn(102.0);
        assert!((spread.mean().unwrap() - 7.0).abs() < 0.1, "{spread:?}");
    }
}

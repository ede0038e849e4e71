//! Errors of one figure over many runs.

use std::fmt;

/// Errors in the order met.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<f64>);

impl Errors {
    /// Notes how far `measured` is from `truth`.
    pub(crate) fn note(&mut self, measured: f64, truth: f64) -> f64 {
        let error = (measured - truth).abs();
        self.0.push(error);
        error
    }

    /// As [`note`](Self::note), as a share of the truth.
    pub(crate) fn note_share(&mut self, measured: f64, truth: f64) -> f64 {
        self.note(measured / truth, 1.0)
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (sorted.len() * 95).div_ceil(100).saturating_sub(1);
        let (p95, most) = (sorted.get(rank), sorted.last());
        write!(f, "runs {}, p95 {p95:.5?}, largest {most:.5?}", sorted.len())
    }
}

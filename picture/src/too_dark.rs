//! Too dark, 过暗: a scene is there, but nobody can use it.
//!
//! Measured: the 99th percentile of luma; the spread must be small as well, so that a dark street
//! with lit windows is not blamed. A lit night has a 99th percentile of 70 and more.

use crate::finding::{Fault, Finding};
use crate::limits::Limits;
use crate::working::Working;

/// Distance from the limit at which the answer is certain, in luma.
const SPAN: f64 = 25.0;

/// Judges darkness.
pub(crate) fn judge(working: &Working, limits: &Limits) -> Finding {
    let p99 = f64::from(working.percentile(0.99));
    // The spread joins on the same scale: whichever is further from fault decides.
    let by_spread = working.spread() - limits.dark_spread + limits.dark_p99;
    let finding = Finding::below(Fault::TooDark, p99.max(by_spread), limits.dark_p99, SPAN, "luma");
    Finding { measured: Some(p99), ..finding }
}

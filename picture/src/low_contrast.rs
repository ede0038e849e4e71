//! Low contrast, 对比度异常: a gray veil over the whole scene.
//!
//! Measured: 99th minus 1st percentile of luma, overlay text left out. Real fog reaches 62; whether
//! a veil is weather is for the caller to say, who knows the neighbouring cameras.

use crate::finding::{Fault, Finding};
use crate::limits::Limits;
use crate::working::Working;

/// Distance from the limit at which the answer is certain, in luma.
const SPAN: f64 = 30.0;

/// Judges contrast.
pub(crate) fn judge(working: &Working, limits: &Limits) -> Finding {
    Finding::below(Fault::LowContrast, working.spread(), limits.contrast_spread, SPAN, "luma")
}

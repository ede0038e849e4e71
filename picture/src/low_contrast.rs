//! Low contrast, 对比度异常: a gray veil over the whole scene.
//!
//! Measured: 99th minus 1st percentile of luma, overlay text left out; with a reference against the
//! spread that the scene usually has, for a road by night never has much. Real fog reaches 62; whether a veil is weather is for the
//! caller to say, who knows the neighbouring cameras.

use crate::finding::{Fault, Finding};
use crate::limits::Limits;
use crate::reference::Reference;
use crate::working::Working;

/// Distance from the limit at which the answer is certain, in luma.
const SPAN: f64 = 30.0;

/// The least that a reference can bring the limit down to, in parts of the limit without one: a veil
/// that thickens day by day teaches the reference that it is usual.
const FLOOR: f64 = 0.5;

/// Judges contrast.
pub(crate) fn judge(working: &Working, own: Option<&Reference>, limits: &Limits) -> Finding {
    let limit = own.map_or(limits.contrast_spread, |own| {
        let usual = f64::from(own.levels.spread) * limits.contrast_part;
        usual.max(limits.contrast_spread * FLOOR)
    });
    Finding::below(Fault::LowContrast, working.spread(), limit, SPAN, "luma")
}

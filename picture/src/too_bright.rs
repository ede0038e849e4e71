//! Too bright, 过亮: most of the scene is washed out.
//!
//! Measured: the share of pixels at or above [`Limits::bright_luma`]. A backlit window stays below
//! the limit. A dark scene that was over-exposed may stay below it too; only a reference can tell.

use crate::finding::{Fault, Finding};
use crate::limits::Limits;
use crate::working::Working;

/// Distance from the limit at which the answer is certain.
const SPAN: f64 = 0.3;

/// Judges washed-out light.
pub(crate) fn judge(working: &Working, limits: &Limits) -> Finding {
    let share = working.share_from(limits.bright_luma);
    Finding::above(Fault::TooBright, share, limits.bright_share, SPAN, "")
}

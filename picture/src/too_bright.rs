//! Too bright, 过亮: most of the scene is washed out.
//!
//! Measured: the share of pixels at or above [`Limits::bright_luma`]. A backlit window stays below
//! the limit. A dark scene that was over-exposed may stay below it too; its reference tells, by how
//! much more is washed out than usual while all of it has become brighter.

use crate::finding::{Fault, Finding};
use crate::limits::Limits;
use crate::reference::Reference;
use crate::working::Working;

/// Distance from the limit at which the answer is certain.
const SPAN: f64 = 0.3;

/// Judges washed-out light.
pub(crate) fn judge(working: &Working, own: Option<&Reference>, limits: &Limits) -> Finding {
    let share = working.share_from(limits.bright_luma);
    let brighter = own.filter(|own| working.mean() - own.mean() >= limits.bright_rise);
    let usual = brighter.map_or(f64::MAX, |own| f64::from(own.levels.bright) + limits.bright_above);
    let limit = limits.bright_share.min(usual);
    Finding::above(Fault::TooBright, share, limit, SPAN, "ratio")
}

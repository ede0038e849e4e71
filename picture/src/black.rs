//! Black, 黑屏: nothing on the picture but (perhaps) overlay text.
//!
//! Measured: the share of tiles that are dark and flat, overlay tiles left out. A scene that is
//! merely underexposed keeps structure from tile to tile and is [`crate::Fault::TooDark`]
//! instead. A covered lens is black too; a picture does not tell the two apart.

use crate::finding::{Fault, Finding};
use crate::limits::Limits;
use crate::working::Working;

/// Spread of tile means (95th minus 5th percentile, in luma) from which something is still seen.
const STRUCTURE: f32 = 2.5;

/// Judges blackness.
pub(crate) fn judge(working: &Working, limits: &Limits) -> Finding {
    let limit = limits.flat_share;
    let black = f32::from(limits.black_luma);
    let mut means = Vec::with_capacity(working.tiles.len());
    let mut dark = 0_usize;
    for tile in working.tiles.iter().filter(|tile| !tile.overlay) {
        // Mean plus two sigma stands for the tile's 98th percentile; sensor noise stays below.
        dark += usize::from(tile.mean + 2.0 * tile.sigma <= black);
        means.push(tile.mean);
    }
    if means.is_empty() {
        return Finding::unknown(Fault::Black, None, limit, "ratio");
    }
    let share = dark as f64 / means.len() as f64;
    let finding = Finding::above(Fault::Black, share, limit, 1.0 - limit, "ratio");
    if finding.is_fault() && structure(&mut means) >= STRUCTURE {
        return Finding { score: Some(0.25), ..finding };
    }
    finding
}

/// 95th minus 5th percentile of the tile means.
fn structure(means: &mut [f32]) -> f32 {
    means.sort_unstable_by(f32::total_cmp);
    let at = |share: f64| means[((means.len() - 1) as f64 * share).round() as usize];
    at(0.95) - at(0.05)
}

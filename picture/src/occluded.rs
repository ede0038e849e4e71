//! Occluded, 画面遮挡: a hand, a leaf, paint, a bag or a board in front of the lens.
//!
//! Measured: the share of the picture that one connected patch hides, in which the reference's
//! structure is lost ([`crate::comparison`]). Where nothing of the scene is left, a picture that is
//! soft or of one stuff all over is a cover, and any other is another scene. Someone close by or a
//! lorry may hide as much, but leaves: the caller confirms over several rounds. Without a settled
//! reference nothing can be told.

use crate::comparison::Comparison;
use crate::finding::{Fault, Finding};
use crate::limits::Limits;
use crate::place::Place;

/// Judges a cover.
pub(crate) fn judge(compared: Option<&Comparison>, limits: &Limits) -> Finding {
    let limit = limits.occluded;
    let Some(compared) = compared else {
        return Finding::unknown(Fault::Occluded, None, limit, "ratio");
    };
    let hidden = compared.hidden();
    let finding = Finding::above(Fault::Occluded, hidden, limit, limit, "ratio");
    // Where nothing of the scene is left, it is either hidden or elsewhere.
    let elsewhere = compared.likeness < limits.likeness && !compared.is_close;
    if compared.shift.is_some() || elsewhere {
        return finding.withdrawn();
    }
    finding.at(Place::Tiles(compared.heat()))
}

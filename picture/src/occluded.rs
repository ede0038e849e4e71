//! Occluded, 画面遮挡: a hand, a leaf, paint, a bag or a board in front of the lens.
//!
//! Measured: the share of the reference's structure that is lost in one connected patch
//! ([`crate::comparison`]). Where nothing of the scene is left, a picture that is soft or of one stuff
//! all over is a cover, and any other is another scene. Someone who stands in front of the camera hides
//! a tenth of it; a lorry may hide more, but leaves: the caller confirms over several rounds. Without a
//! settled reference nothing can be told.

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
    let lost = compared.largest_loss();
    let finding = Finding::above(Fault::Occluded, lost, limit, limit, "ratio");
    // Where nothing of the scene is left, it is either hidden or elsewhere.
    let elsewhere = compared.likeness < limits.likeness && !compared.is_close;
    if compared.shift.is_some() || elsewhere {
        return finding.withdrawn();
    }
    finding.at(Place::Tiles(compared.heat()))
}

//! Scene changed, 场景变更: the camera was turned, knocked or zoomed.
//!
//! Measured: the likeness to the nearest of the learned scenes, which is the share of the
//! reference's structure that is still at its place ([`crate::comparison`]); a displacement that can
//! be told is added. A patrol (PTZ) has several scenes and is compared with each. What covers the
//! whole lens is out of focus or of one stuff, and no other scene.

use crate::comparison::Comparison;
use crate::finding::{Fault, Finding};
use crate::limits::Limits;
use crate::place::Place;

/// Likeness that a displaced scene may still have, by structure that repeats itself.
const DISPLACED: f64 = 0.5;

/// Judges whether the camera still looks where it did.
pub(crate) fn judge(compared: Option<&Comparison>, limits: &Limits) -> Finding {
    let limit = limits.likeness;
    let Some(compared) = compared else {
        return Finding::unknown(Fault::SceneChanged, None, limit, "ratio");
    };
    if let Some(shift) = compared.shift {
        let likeness = compared.likeness;
        let finding = Finding::below(Fault::SceneChanged, likeness, DISPLACED, DISPLACED, "ratio");
        return if finding.is_fault() { finding.at(Place::Shift(shift)) } else { finding };
    }
    let finding = Finding::below(Fault::SceneChanged, compared.likeness, limit, limit, "ratio");
    if compared.is_close && finding.is_fault() {
        return finding.withdrawn();
    }
    if finding.is_fault() { finding.at(Place::Tiles(compared.heat())) } else { finding }
}

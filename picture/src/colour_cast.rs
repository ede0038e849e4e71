//! Colour cast, 图像偏色: the whole picture leans to one colour.
//!
//! Measured: the distance of mean U and V from neutral. Without a reference a picture of a lawn
//! cannot be told from a green one, so only a strong shift is raised, and towards red and orange,
//! where sodium lamps and sunsets lie, only a stronger one.

use crate::finding::{Fault, Finding, Mode};
use crate::limits::Limits;
use crate::working::Working;

/// Distance from the limit at which the answer is certain, in chroma code values.
const SPAN: f64 = 20.0;

/// Judges the cast; a mono picture has none to judge.
pub(crate) fn judge(working: &Working, mode: Mode, limits: &Limits) -> Finding {
    let colour = match (mode, &working.colour) {
        (Mode::Colour, Some(colour)) => colour,
        _ => return Finding::unknown(Fault::ColourCast, None, limits.cast, "chroma"),
    };
    let (u, v) = colour.mean_shift();
    // Red, orange and yellow: less blue than neutral and more red than green.
    let warm = u < 0.0 && v > 0.0;
    let limit = if warm { limits.cast_warm } else { limits.cast };
    Finding::above(Fault::ColourCast, u.hypot(v), limit, SPAN, "chroma")
}

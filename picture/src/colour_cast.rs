//! Colour cast, 图像偏色: the whole picture leans to one colour.
//!
//! Measured: how far even the most neutral tenth of the picture lies from neutral, along the
//! direction of the mean. A scene has something gray in it (asphalt, walls, sky); a cast leaves
//! nothing gray. Clean scenes measure 1.4 and less, a lawn or a red floor included; a shift of 28
//! code values 15 and more. Towards red and orange, where sodium lamps and sunsets lie, the mean
//! must be far from neutral as well. With a reference the same is asked of the distance from the
//! colours that each part of the scene usually has.

use crate::finding::{Fault, Finding, Mode};
use crate::limits::Limits;
use crate::reference::Reference;
use crate::sample::Sample;
use crate::working::Working;

/// Distance from the limit at which the answer is certain, in chroma code values.
const SPAN: f64 = 12.0;
/// The part of the picture that is nearest to neutral.
const NEUTRAL_PART: f64 = 0.1;

/// Judges the cast; a mono picture has none to judge. `beside` is the picture and the reference it
/// is like.
pub(crate) fn judge(
    working: &Working,
    mode: Mode,
    beside: Option<(&Sample, &Reference)>,
    limits: &Limits,
) -> Finding {
    let colour = match (mode, &working.colour) {
        (Mode::Colour, Some(colour)) => colour,
        _ => return Finding::unknown(Fault::ColourCast, None, limits.cast, "chroma"),
    };
    let alone = cast(colour.shifts().collect(), (limits.cast, limits.cast_warm));
    match beside {
        None => alone,
        Some((sample, own)) => {
            let shifts =
                sample.chroma.iter().zip(own.chroma()).map(|(now, usual)| {
                    (f64::from(now[0] - usual[0]), f64::from(now[1] - usual[1]))
                });
            alone.or_worse(cast(shifts.collect(), (limits.cast_shift, limits.cast_shift_warm)))
        }
    }
}

/// The shift that nearly all have in common, along the mean, against the limit or, towards red and
/// orange, the second limit that the mean must pass as well.
fn cast(shifts: Vec<(f64, f64)>, (limit, warm_limit): (f64, f64)) -> Finding {
    let count = shifts.len().max(1) as f64;
    let u = shifts.iter().map(|shift| shift.0).sum::<f64>() / count;
    let v = shifts.iter().map(|shift| shift.1).sum::<f64>() / count;
    let mean = u.hypot(v).max(f64::EPSILON);
    let mut along: Vec<f64> = shifts.iter().map(|(du, dv)| (du * u + dv * v) / mean).collect();
    let rank = (along.len() as f64 * NEUTRAL_PART) as usize;
    let (_, neutral, _) = along.select_nth_unstable_by(rank, f64::total_cmp);
    // Red, orange and yellow: less blue than neutral and more red than green.
    let warm = u < 0.0 && v > 0.0;
    let measured = if warm { neutral.min(mean - warm_limit + limit) } else { *neutral };
    Finding::above(Fault::ColourCast, measured.max(0.0), limit, SPAN, "chroma")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Frame;

    /// A picture of which `part` (of 120 chroma rows) is shifted, the rest neutral.
    fn cast(part: usize, du: i16, dv: i16) -> Finding {
        let luma = vec![90; 320 * 240];
        let plane = |shift: i16| {
            let value = u8::try_from(128 + shift).unwrap();
            (0..160 * 120).map(|i| if i / 160 < part { value } else { 128 }).collect::<Vec<u8>>()
        };
        let (u, v) = (plane(du), plane(dv));
        let frame = Frame::i420(320, 240, (&luma, 320), (&u, 160), (&v, 160)).unwrap();
        judge(&Working::of(&frame), Mode::Colour, None, &Limits::default())
    }

    #[test]
    fn a_cast_covers_everything_and_a_lawn_does_not() {
        assert!(cast(120, -20, -20).is_fault());
        assert!(cast(120, 28, -28).is_fault());
        assert_eq!(cast(90, -20, -20).score, Some(0.0));
        assert!(!cast(120, 0, 8).is_fault());
    }

    #[test]
    fn sodium_light_needs_more_than_the_rest() {
        assert!(!cast(120, -20, 20).is_fault(), "28 from neutral, towards orange");
        assert!(cast(120, -28, 28).is_fault());
        assert!(cast(120, 20, -20).is_fault(), "28 from neutral, towards blue");
    }

    #[test]
    fn mono_has_no_cast() {
        let luma = vec![90; 320 * 240];
        let working = Working::of(&Frame::gray(320, 240, (&luma, 320)).unwrap());
        assert_eq!(judge(&working, Mode::Mono, None, &Limits::default()).score, None);
    }
}

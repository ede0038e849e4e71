//! Shaking, 视频抖动: the whole picture jumps to and fro.
//!
//! Measured: the median displacement from one frame to the next, in working pixels, over at least
//! [`FRAMES_NEEDED`] frames of one shot, by phase correlation. What moves *in* the picture does not
//! move the picture. A camera that pans keeps its direction and is not shaking; a mast that sways
//! slowly stays below the limit from frame to frame.

use crate::fft::GLIMPSE;
use crate::finding::{Fault, Finding};
use crate::frame::Frame;
use crate::limits::Limits;
use crate::place::{Place, Shift};
use crate::plate::gradients;
use crate::registration::{displacement, spectrum};
use crate::scale::reduce;
use crate::working::WORKING_WIDTH;

/// Columns of a glimpse.
pub(crate) const WIDTH: usize = 320;
/// Rows of a glimpse.
pub(crate) const HEIGHT: usize = 192;
/// Fewest frames for an answer.
pub const FRAMES_NEEDED: usize = 8;
/// Certainty from which a displacement is believed.
const CERTAIN: f32 = 10.0;
/// Distance covered that must lead back, against that which leads away: a pan leads away.
const TO_AND_FRO: f64 = 2.0;

/// What is kept of a frame to see whether the next one is displaced: 60 kB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glimpse {
    luma: Vec<u8>,
    /// Shape of the frame, so that both axes count alike.
    width: usize,
    height: usize,
}

impl Glimpse {
    /// Takes a glimpse of a frame; `None` where it is smaller than a glimpse.
    pub fn of(frame: &Frame<'_>) -> Option<Self> {
        let (width, height) = (frame.width(), frame.height());
        (width >= WIDTH && height >= HEIGHT).then(|| Self {
            luma: reduce(&frame.luma, WIDTH, HEIGHT),
            width,
            height,
        })
    }
}

/// Judges whether a few frames in their order, at most a second from one to the next, shake.
pub fn judge_shaking(glimpses: &[Glimpse], limits: &Limits) -> Finding {
    let unknown = Finding::unknown(Fault::Shaking, None, limits.shake, "pixels");
    let same_size =
        |pair: &[Glimpse]| (pair[0].width, pair[0].height) == (pair[1].width, pair[1].height);
    if glimpses.len() < FRAMES_NEEDED || !glimpses.windows(2).all(same_size) {
        return unknown;
    }
    let spectra: Vec<_> = glimpses
        .iter()
        .map(|glimpse| {
            let luma: Vec<f32> = glimpse.luma.iter().map(|&value| f32::from(value)).collect();
            spectrum(&gradients(&luma, WIDTH), &GLIMPSE)
        })
        .collect();
    // Working pixels to a glimpse pixel.
    let across = WORKING_WIDTH as f64 / WIDTH as f64;
    let down = across * WIDTH as f64 / HEIGHT as f64 * glimpses[0].height as f64
        / glimpses[0].width as f64;
    let steps: Vec<(f64, f64)> = spectra
        .windows(2)
        .map(|pair| displacement(&pair[0], &pair[1], &GLIMPSE))
        .filter(|found| found.certainty >= CERTAIN)
        .map(|found| (f64::from(found.dx) * across, f64::from(found.dy) * down))
        .collect();
    // Scenes without structure, cuts and torn pictures give no certain displacement.
    if steps.len() + 1 < FRAMES_NEEDED {
        return unknown;
    }
    let mut lengths: Vec<f64> = steps.iter().map(|(dx, dy)| dx.hypot(*dy)).collect();
    let path: f64 = lengths.iter().sum();
    let away = steps.iter().fold((0.0, 0.0), |sum, step| (sum.0 + step.0, sum.1 + step.1));
    lengths.sort_unstable_by(f64::total_cmp);
    let median = lengths[lengths.len() / 2];
    let finding = Finding::above(Fault::Shaking, median, limits.shake, limits.shake, "pixels");
    if finding.is_fault() && path < TO_AND_FRO * away.0.hypot(away.1) {
        return finding.withdrawn();
    }
    let largest = steps.iter().copied().max_by(|a, b| a.0.hypot(a.1).total_cmp(&b.0.hypot(b.1)));
    match largest {
        Some((dx, dy)) => {
            let width = WORKING_WIDTH as f64;
            let height = width * glimpses[0].height as f64 / glimpses[0].width as f64;
            finding.at(Place::Shift(Shift { dx: dx / width, dy: dy / height }))
        }
        None => finding,
    }
}

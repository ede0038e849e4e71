//! The limits of judgement as plain data, so that a plan can carry its own.

use std::time::Duration;

/// Where each fault begins. The defaults were found on eight scenes of real CCTV footage at 704
/// columns and checked on seventeen (`testdata/README.md` has the figures). They are starting
/// points, to be tuned per plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Luma at or below which a pixel is black, studio scale.
    pub black_luma: u8,
    /// Standard deviation below which a 16×16 tile is flat, in luma.
    pub flat_sigma: f64,
    /// Share of tiles that must be flat (black, signal lost), 0–1.
    pub flat_share: f64,
    /// 99th percentile of luma below which a scene is too dark.
    pub dark_p99: f64,
    /// Spread (99th minus 1st percentile) that a dark scene must also stay below.
    pub dark_spread: f64,
    /// Luma from which a pixel is washed out.
    pub bright_luma: u8,
    /// Share of washed-out pixels from which a scene is too bright, 0–1.
    pub bright_share: f64,
    /// Spread (99th minus 1st percentile) below which contrast is too low.
    pub contrast_spread: f64,
    /// Sharpness below which a picture is blurred (ratio of fine to medium detail).
    pub sharpness: f64,
    /// Distance from neutral that even the most neutral tenth of the picture must have for a cast,
    /// in chroma code values.
    pub cast: f64,
    /// Mean distance that a cast towards red and orange must have as well, where sodium lamps and
    /// sunsets lie.
    pub cast_warm: f64,
    /// Share of washed-out pixels above the reference's from which a scene is too bright, 0–1.
    pub bright_above: f64,
    /// How much brighter than the reference the whole picture must be as well, in luma: snow that lies or
    /// sun on a road wash out a part.
    pub bright_rise: f64,
    /// Part of the reference's spread below which contrast is too low, 0–1.
    pub contrast_part: f64,
    /// Part of the reference's sharpness below which a picture is blurred, 0–1.
    pub sharpness_part: f64,
    /// Shift against the reference's colours from which there is a cast, in chroma code values.
    pub cast_shift: f64,
    /// The same towards red and orange.
    pub cast_shift_warm: f64,
    /// Deviation from which a picture is noisy, in luma.
    pub noise: f64,
    /// Share of pixels that stand out from their neighbours from which a picture shows snow, 0–1.
    pub snow: f64,
    /// Amplitude from which a pattern is a fault, in luma.
    pub stripe: f64,
    /// The same beside a reference, which knows the scene's own lines: what look-alikes of eleven scenes
    /// still had then was 3.4 and less.
    pub stripe_beside: f64,
    /// Share of the blocks' edges that stand alone on the grid from which a picture is corrupted: what
    /// looks like it in eleven scenes had 0.009 and less.
    pub corrupted: f64,
    /// Share of the picture that one patch must hide for a cover, 0–1. What moves on a motorway hid 0.16 and
    /// less of it, covers of severity 2 0.19 and more.
    pub occluded: f64,
    /// Share of the reference's structure below which the scene is another, 0–1.
    pub likeness: f64,
    /// Median displacement from frame to frame from which a picture shakes, in working pixels: eleven still
    /// scenes, a mast in the wind among them, had 0.7 and less.
    pub shake: f64,
    /// Mean absolute difference up to which a patch is the same, in luma.
    pub frozen_change: f64,
    /// Share of the patches with texture that are the same from which a picture is frozen, 0–1.
    pub frozen_share: f64,
    /// Least time between two keyframes for them to be compared.
    pub frozen_apart: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            black_luma: 27,
            flat_sigma: 2.0,
            flat_share: 0.85,
            dark_p99: 60.0,
            dark_spread: 42.0,
            bright_luma: 230,
            bright_share: 0.42,
            contrast_spread: 50.0,
            sharpness: 0.52,
            cast: 15.0,
            cast_warm: 34.0,
            bright_above: 0.12,
            bright_rise: 30.0,
            contrast_part: 0.42,
            sharpness_part: 0.72,
            cast_shift: 11.0,
            cast_shift_warm: 24.0,
            noise: 6.0,
            snow: 0.02,
            stripe: 10.0,
            stripe_beside: 4.2,
            corrupted: 0.016,
            occluded: 0.175,
            likeness: 0.3,
            shake: 1.7,
            frozen_change: 0.02,
            frozen_share: 0.35,
            frozen_apart: Duration::from_secs(30),
        }
    }
}

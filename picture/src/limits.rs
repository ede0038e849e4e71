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
    /// Mean absolute difference that a still picture may show between keyframes, in luma.
    pub frozen_change: f64,
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
            frozen_change: 0.02,
            frozen_apart: Duration::from_secs(30),
        }
    }
}

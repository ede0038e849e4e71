//! Whether coded bytes are as even as if drawn by chance, which is what a cipher makes of them.
//!
//! No proof by itself: what arithmetic coding (CABAC) leaves is just as even. But bytes that are
//! *not* even (CAVLC, zeros, text, one packet again and again) are surely no cipher text.

use super::keyframe::Keyframe;
use super::nal::split_annex_b;

/// Fewer bytes tell nothing: 4 of each value are expected of as many.
const ENOUGH: u32 = 1_024;

/// Bytes looked at: more tell nothing new, and all of them would cost a hundredth of the decode.
const SAMPLE: usize = 32 * 1024;

/// Bytes at the start of each NAL unit left out: its headers, and what some devices leave clear
/// (EZVIZ and Hikvision encrypt from the 17th byte on).
const CLEAR: usize = 16;

/// Chi-squared of 256 even values has mean 255 and deviation √510 = 22.6; five deviations more come
/// by chance once in some 300 000 (its tail is a little heavier than normal).
const LIMIT: f64 = 255.0 + 5.0 * 22.6;

impl Keyframe {
    /// Whether the coded picture could be cipher text by its bytes (Pearson's chi-squared test
    /// against even chance). `None` where there is too little of it.
    pub fn looks_random(&self) -> Option<bool> {
        let mut counts = [0u32; 256];
        let sample = self.bytes.get(..SAMPLE).unwrap_or(&self.bytes);
        for &byte in split_annex_b(sample).flat_map(|unit| unit.get(CLEAR..).unwrap_or(&[])) {
            counts[usize::from(byte)] += 1;
        }
        let total: u32 = counts.iter().sum();
        if total < ENOUGH {
            return None;
        }
        let expected = f64::from(total) / 256.0;
        let squares = counts.iter().map(|&count| (f64::from(count) - expected).powi(2));
        Some(squares.sum::<f64>() / expected <= LIMIT)
    }
}

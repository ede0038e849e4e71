//! Colour or mono.
//!
//! A camera switched to infrared sends neutral chroma; a coloured overlay or a trace of coding
//! noise does not make it colour. Mode is a state, and no fault hangs on it alone.

use crate::finding::Mode;
use crate::working::Working;

/// Distance of a tile's mean from neutral, in chroma code values, that still counts as gray: real
/// infrared cameras stay within 1.4, the palest colour scene (a car park) has 2.0.
const NEUTRAL: f32 = 1.75;
/// Share of the tiles without overlay that must be neutral.
const NEUTRAL_SHARE: f64 = 0.95;

/// The picture's mode; a gray frame is mono.
pub(crate) fn mode(working: &Working) -> Mode {
    let Some(colour) = &working.colour else {
        return Mode::Mono;
    };
    let (mut gray, mut asked) = (0_usize, 0_usize);
    for index in (0..working.tiles.len()).filter(|&index| !working.tiles[index].overlay) {
        let (u, v) = colour.of_tile(index % working.columns, index / working.columns);
        gray += usize::from((u - 128.0).abs() <= NEUTRAL && (v - 128.0).abs() <= NEUTRAL);
        asked += 1;
    }
    if gray as f64 >= NEUTRAL_SHARE * asked as f64 { Mode::Mono } else { Mode::Colour }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Frame;

    fn mode_with(coloured: usize, shift: u8) -> Mode {
        let luma = vec![90; 320 * 240];
        let mut chroma = vec![128; 160 * 120];
        chroma[..160 * coloured].fill(128 + shift);
        let plane = (chroma.as_slice(), 160);
        mode(&Working::of(&Frame::i420(320, 240, (&luma, 320), plane, plane).unwrap()))
    }

    #[test]
    fn coding_noise_stays_mono_and_a_tint_does_not() {
        assert_eq!(mode_with(120, 1), Mode::Mono);
        assert_eq!(mode_with(120, 3), Mode::Colour);
        assert_eq!(mode_with(40, 20), Mode::Colour);
        let luma = vec![90; 320 * 240];
        let gray = Frame::gray(320, 240, (&luma, 320)).unwrap();
        assert_eq!(mode(&Working::of(&gray)), Mode::Mono);
    }
}

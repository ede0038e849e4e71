//! Colour or mono.
//!
//! A camera switched to infrared sends neutral chroma; a coloured overlay or a trace of coding
//! noise does not make it colour. A colour scene without any colour (fog on concrete) may be called
//! mono: mode is a state, and no fault hangs on it alone.

use crate::finding::Mode;
use crate::working::Working;

/// Distance from neutral, in chroma code values, that still counts as gray.
const NEUTRAL: u8 = 3;
/// Share of the colour map that must be neutral.
const NEUTRAL_SHARE: f64 = 0.97;

/// The picture's mode; a gray frame is mono.
pub(crate) fn mode(working: &Working) -> Mode {
    let Some(colour) = &working.colour else {
        return Mode::Mono;
    };
    let neutral = |value: u8| value.abs_diff(128) <= NEUTRAL;
    let gray = colour.u.iter().zip(&colour.v).filter(|&(&u, &v)| neutral(u) && neutral(v)).count();
    if gray as f64 >= NEUTRAL_SHARE * colour.u.len() as f64 { Mode::Mono } else { Mode::Colour }
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
    fn coding_noise_and_a_coloured_clock_stay_mono() {
        assert_eq!(mode_with(120, 2), Mode::Mono);
        assert_eq!(mode_with(3, 60), Mode::Mono);
        assert_eq!(mode_with(40, 20), Mode::Colour);
        let luma = vec![90; 320 * 240];
        let gray = Frame::gray(320, 240, (&luma, 320)).unwrap();
        assert_eq!(mode(&Working::of(&gray)), Mode::Mono);
    }
}

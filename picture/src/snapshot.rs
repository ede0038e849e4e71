//! A small RGB picture for evidence: at most so many columns, ready for a JPEG encoder.

use crate::frame::{Frame, Matrix, Range, clamp8};
use crate::scale::reduce;

/// Packed 8-bit RGB, rows without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `width * height * 3` bytes, red first.
    pub rgb: Vec<u8>,
}

/// Fixed-point coefficients (16 fraction bits) from Y'CbCr to R'G'B'.
struct Coefficients {
    luma_offset: i32,
    luma: i32,
    v_to_r: i32,
    u_to_g: i32,
    v_to_g: i32,
    u_to_b: i32,
}

impl Coefficients {
    /// ITU-R BT.601-7 and BT.709-6, section 3; the range after ITU-T H.273, 8.3.
    fn of(matrix: Matrix, range: Range) -> Self {
        let (kr, kb) = match matrix {
            Matrix::Bt601 => (0.299, 0.114),
            Matrix::Bt709 => (0.2126, 0.0722),
        };
        let (luma_offset, luma_gain, chroma_gain) = match range {
            Range::Limited => (16, 255.0 / 219.0, 255.0 / 224.0),
            Range::Full => (0, 1.0, 1.0),
        };
        let kg = 1.0 - kr - kb;
        let fixed = |value: f64| (value * 65_536.0).round() as i32;
        Self {
            luma_offset,
            luma: fixed(luma_gain),
            v_to_r: fixed(2.0 * (1.0 - kr) * chroma_gain),
            u_to_g: fixed(-2.0 * (1.0 - kb) * kb / kg * chroma_gain),
            v_to_g: fixed(-2.0 * (1.0 - kr) * kr / kg * chroma_gain),
            u_to_b: fixed(2.0 * (1.0 - kb) * chroma_gain),
        }
    }

    fn rgb(&self, y: u8, u: u8, v: u8) -> [u8; 3] {
        let y = (i32::from(y) - self.luma_offset) * self.luma + 0x8000;
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        [
            clamp8((y + v * self.v_to_r) >> 16),
            clamp8((y + u * self.u_to_g + v * self.v_to_g) >> 16),
            clamp8((y + u * self.u_to_b) >> 16),
        ]
    }
}

/// Scales `frame` to at most `max_width` columns (never up), keeping its proportions, as RGB.
pub fn snapshot(frame: &Frame<'_>, max_width: usize) -> Snapshot {
    let width = frame.width().min(max_width.max(1));
    let height = (frame.height() * width).div_ceil(frame.width()).min(frame.height());
    let luma = reduce(&frame.luma, width, height);
    let coefficients = Coefficients::of(frame.matrix, frame.range);
    let rgb = match &frame.chroma {
        None => luma.iter().flat_map(|&y| coefficients.rgb(y, 128, 128)).collect(),
        Some(chroma) => {
            let chroma_width = width.min(chroma.u.width);
            let chroma_height = height.min(chroma.u.height);
            let u = reduce(&chroma.u, chroma_width, chroma_height);
            let v = reduce(&chroma.v, chroma_width, chroma_height);
            // Chroma columns for each luma column, found once.
            let across: Vec<usize> = (0..width).map(|x| x * chroma_width / width).collect();
            let mut rgb = vec![0; width * height * 3];
            for (row, line) in rgb.chunks_exact_mut(width * 3).enumerate() {
                let at = row * chroma_height / height * chroma_width;
                let luma = &luma[row * width..][..width];
                let pixels = line.chunks_exact_mut(3).zip(luma).zip(&across);
                for ((pixel, &y), &x) in pixels {
                    pixel.copy_from_slice(&coefficients.rgb(y, u[at + x], v[at + x]));
                }
            }
            rgb
        }
    };
    Snapshot { width, height, rgb }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::OwnedFrame;

    #[test]
    fn colours_survive_the_way_there_and_back() {
        for rgb in [[255, 0, 0], [0, 255, 0], [0, 0, 255], [128, 128, 128], [200, 120, 40]] {
            let frame = OwnedFrame::from_rgb8(1280, 720, &rgb.repeat(1280 * 720)).unwrap();
            let small = snapshot(&frame.as_frame(), 704);
            assert_eq!((small.width, small.height, small.rgb.len()), (704, 396, 704 * 396 * 3));
            for (got, want) in small.rgb.iter().zip(rgb.iter().cycle()) {
                assert!(got.abs_diff(*want) <= 3, "{got} for {want} of {rgb:?}");
            }
        }
    }

    #[test]
    fn a_small_gray_frame_keeps_its_size() {
        let luma = vec![235; 65 * 65];
        let small = snapshot(&Frame::gray(65, 65, (&luma, 65)).unwrap(), 704);
        assert_eq!((small.width, small.height), (65, 65));
        assert!(small.rgb.iter().all(|&v| v == 255));
        let full = Frame::gray(65, 65, (&luma, 65)).unwrap().with_range(Range::Full);
        assert!(snapshot(&full, 704).rgb.iter().all(|&v| v == 235));
    }
}

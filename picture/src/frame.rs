//! The picture as the decoder leaves it: a borrowed 8-bit 4:2:0 (or gray) frame, checked once.

use crate::mask::Mask;

/// Smallest side of a frame that can be judged, in pixels. Below this no tile statistics exist.
pub const MIN_SIDE: usize = 64;
/// Largest side of a frame that is accepted, in pixels; bounds the work of one judgement.
pub const MAX_SIDE: usize = 16_384;

/// How code values map to light (ITU-T H.273, `VideoFullRangeFlag`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Range {
    /// Studio range: luma 16–235, chroma 16–240. What H.264 and H.265 cameras send unless flagged.
    #[default]
    Limited,
    /// Luma and chroma 0–255: JPEG, and streams with the full-range flag.
    Full,
}

/// The luma coefficients (ITU-T H.273, `MatrixCoefficients`); only a snapshot's colours need them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matrix {
    /// ITU-R BT.601: standard definition and JPEG.
    Bt601,
    /// ITU-R BT.709: high definition.
    Bt709,
}

/// Why planes do not make a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A side is outside [`MIN_SIDE`]..=[`MAX_SIDE`].
    #[error("accept a frame of {width}x{height} (sides must be {MIN_SIDE} to {MAX_SIDE})")]
    Size {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// A plane's buffer or stride is too short for its size.
    #[error("fit plane {plane}: {len} bytes at stride {stride} for {width}x{height} samples")]
    Plane {
        /// `Y`, `U`, `V` or `RGB`.
        plane: &'static str,
        /// Bytes given.
        len: usize,
        /// Bytes from row to row.
        stride: usize,
        /// Samples per row.
        width: usize,
        /// Rows.
        height: usize,
    },
}

/// One 8-bit plane with its own stride. Its bounds were checked when it was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane<'a> {
    data: &'a [u8],
    stride: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl<'a> Plane<'a> {
    /// Checks that `data` holds `height` rows of `width` samples at `stride`.
    pub(crate) fn new(
        name: &'static str,
        data: &'a [u8],
        stride: usize,
        width: usize,
        height: usize,
    ) -> Result<Self, FrameError> {
        // The last row may be shorter than the stride, as decoders' buffers often are.
        let need = stride.checked_mul(height - 1).and_then(|rows| rows.checked_add(width));
        match need {
            Some(need) if stride >= width && data.len() >= need => {
                Ok(Self { data, stride, width, height })
            }
            _ => Err(FrameError::Plane { plane: name, len: data.len(), stride, width, height }),
        }
    }

    /// Row `y`, exactly `width` samples long.
    pub(crate) fn row(&self, y: usize) -> &'a [u8] {
        &self.data[y * self.stride..][..self.width]
    }
}

/// The two colour planes of a 4:2:0 frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chroma<'a> {
    pub(crate) u: Plane<'a>,
    pub(crate) v: Plane<'a>,
}

/// A borrowed picture: 8-bit luma with optional 4:2:0 colour planes.
///
/// Colour planes are `width.div_ceil(2)` by `height.div_ceil(2)`. The frame is limited-range unless
/// [`Frame::with_range`] says otherwise, and BT.709 from 720 lines up unless
/// [`Frame::with_matrix`] does.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    pub(crate) luma: Plane<'a>,
    pub(crate) chroma: Option<Chroma<'a>>,
    pub(crate) range: Range,
    pub(crate) matrix: Matrix,
    pub(crate) mask: Option<&'a Mask>,
}

impl<'a> Frame<'a> {
    /// A frame from Y, U and V planes (GStreamer `I420`), each given as (bytes, stride).
    ///
    /// # Errors
    /// [`FrameError`] when a side is out of bounds or a plane too short.
    pub fn i420(
        width: usize,
        height: usize,
        y: (&'a [u8], usize),
        u: (&'a [u8], usize),
        v: (&'a [u8], usize),
    ) -> Result<Self, FrameError> {
        let mut frame = Self::gray(width, height, y)?;
        let (chroma_width, chroma_height) = (width.div_ceil(2), height.div_ceil(2));
        frame.chroma = Some(Chroma {
            u: Plane::new("U", u.0, u.1, chroma_width, chroma_height)?,
            v: Plane::new("V", v.0, v.1, chroma_width, chroma_height)?,
        });
        Ok(frame)
    }

    /// A frame of luma alone, given as (bytes, stride). Its mode is always mono.
    ///
    /// # Errors
    /// [`FrameError`] when a side is out of bounds or the plane too short.
    pub fn gray(width: usize, height: usize, y: (&'a [u8], usize)) -> Result<Self, FrameError> {
        let sides = MIN_SIDE..=MAX_SIDE;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(FrameError::Size { width, height });
        }
        let matrix = if height >= 720 { Matrix::Bt709 } else { Matrix::Bt601 };
        Ok(Self {
            luma: Plane::new("Y", y.0, y.1, width, height)?,
            chroma: None,
            range: Range::Limited,
            matrix,
            mask: None,
        })
    }

    /// The same frame with its range stated.
    #[must_use]
    pub fn with_range(mut self, range: Range) -> Self {
        self.range = range;
        self
    }

    /// The same frame with its matrix stated.
    #[must_use]
    pub fn with_matrix(mut self, matrix: Matrix) -> Self {
        self.matrix = matrix;
        self
    }

    /// The same frame with what of it is masked.
    #[must_use]
    pub fn with_mask(mut self, mask: &'a Mask) -> Self {
        self.mask = Some(mask);
        self
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.luma.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.luma.height
    }
}

/// A frame that owns its planes: stills, and tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedFrame {
    width: usize,
    height: usize,
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

impl OwnedFrame {
    /// Converts packed RGB (3 bytes a pixel, rows without padding) to limited-range BT.601 4:2:0,
    /// so that a still goes the very way of a decoded keyframe.
    ///
    /// # Errors
    /// [`FrameError`] when a side is out of bounds or `rgb` is not `width * height * 3` bytes.
    pub fn from_rgb8(width: usize, height: usize, rgb: &[u8]) -> Result<Self, FrameError> {
        let sides = MIN_SIDE..=MAX_SIDE;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(FrameError::Size { width, height });
        }
        let stride = width * 3;
        if rgb.len() != stride * height {
            let len = rgb.len();
            return Err(FrameError::Plane { plane: "RGB", len, stride, width, height });
        }
        let y = rgb.chunks_exact(3).map(|p| luma_of(p[0].into(), p[1].into(), p[2].into()));
        let y = y.collect();
        let (chroma_width, chroma_height) = (width.div_ceil(2), height.div_ceil(2));
        let mut u = Vec::with_capacity(chroma_width * chroma_height);
        let mut v = Vec::with_capacity(chroma_width * chroma_height);
        for row in 0..chroma_height {
            let top = &rgb[row * 2 * stride..][..stride];
            let bottom = &rgb[(row * 2 + 1).min(height - 1) * stride..][..stride];
            for column in 0..chroma_width {
                let left = column * 6;
                let right = (column * 2 + 1).min(width - 1) * 3;
                let mean = |channel: usize| {
                    let sum = i32::from(top[left + channel])
                        + i32::from(top[right + channel])
                        + i32::from(bottom[left + channel])
                        + i32::from(bottom[right + channel]);
                    (sum + 2) / 4
                };
                let (pu, pv) = chroma_of(mean(0), mean(1), mean(2));
                u.push(pu);
                v.push(pv);
            }
        }
        Ok(Self { width, height, y, u, v })
    }

    /// The borrowed view that [`crate::judge`] takes.
    pub fn as_frame(&self) -> Frame<'_> {
        let (chroma_width, chroma_height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let plane = |data, width, height| Plane { data, stride: width, width, height };
        Frame {
            luma: plane(&self.y, self.width, self.height),
            chroma: Some(Chroma {
                u: plane(&self.u, chroma_width, chroma_height),
                v: plane(&self.v, chroma_width, chroma_height),
            }),
            range: Range::Limited,
            matrix: Matrix::Bt601,
            mask: None,
        }
    }
}

/// BT.601 limited-range luma in 8-bit fixed point.
fn luma_of(r: i32, g: i32, b: i32) -> u8 {
    clamp8(16 + ((66 * r + 129 * g + 25 * b + 128) >> 8))
}

/// BT.601 limited-range chroma in 8-bit fixed point.
fn chroma_of(r: i32, g: i32, b: i32) -> (u8, u8) {
    let u = 128 + ((-38 * r - 74 * g + 112 * b + 128) >> 8);
    let v = 128 + ((112 * r - 94 * g - 18 * b + 128) >> 8);
    (clamp8(u), clamp8(v))
}

/// The nearest value of 0–255.
pub(crate) fn clamp8(value: i32) -> u8 {
    u8::try_from(value.clamp(0, 255)).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_that_are_too_short_are_refused() {
        let y = vec![0; 100 * 64];
        assert!(Frame::gray(100, 64, (&y, 100)).is_ok());
        assert!(Frame::gray(96, 64, (&y[..6396], 100)).is_ok(), "last row may be short");
        let error = Frame::gray(100, 65, (&y, 100)).unwrap_err();
        assert!(matches!(error, FrameError::Plane { plane: "Y", len: 6400, .. }), "{error}");
        assert!(matches!(Frame::gray(100, 64, (&y, 99)), Err(FrameError::Plane { .. })));
        assert!(matches!(Frame::gray(63, 64, (&y, 100)), Err(FrameError::Size { .. })));
        assert!(matches!(Frame::gray(100, usize::MAX, (&y, 100)), Err(FrameError::Size { .. })));
        let chroma = vec![128; 50 * 31];
        let error = Frame::i420(100, 64, (&y, 100), (&chroma, 50), (&chroma, 50)).unwrap_err();
        assert!(matches!(error, FrameError::Plane { plane: "U", .. }), "{error}");
    }

    #[test]
    fn a_huge_stride_does_not_overflow() {
        let y = vec![0; 64];
        assert!(matches!(Frame::gray(64, 64, (&y, usize::MAX)), Err(FrameError::Plane { .. })));
    }

    #[test]
    fn rgb_primaries_land_on_bt601_codes() {
        let of = |rgb: [u8; 3]| {
            let frame = OwnedFrame::from_rgb8(65, 65, &rgb.repeat(65 * 65)).unwrap();
            assert_eq!(frame.u.len(), 33 * 33);
            (frame.y[0], frame.u[33 * 33 - 1], frame.v[33 * 33 - 1])
        };
        assert_eq!(of([0, 0, 0]), (16, 128, 128));
        assert_eq!(of([255, 255, 255]), (235, 128, 128));
        assert_eq!(of([0, 0, 255]), (41, 240, 110));
        assert_eq!(of([255, 0, 0]), (82, 90, 240));
        assert!(OwnedFrame::from_rgb8(64, 64, &[0; 64 * 64 * 3 - 1]).is_err());
    }
}

//! A decoded picture: 8-bit 4:2:0 at full size.

use std::fmt;

use gstreamer as gst;
use zhishou_picture::{Frame, FrameError, Glimpse, Matrix, Range};

use super::convert::{Format, Layout};
use super::error::DecodeError;
use super::messages::Complaints;

/// Where the pixels are: in the decoder's buffer, or converted.
enum Pixels {
    Mapped(gst::MappedBuffer<gst::buffer::Readable>),
    Owned(Vec<u8>),
}

/// One keyframe's picture.
pub struct Picture {
    width: u32,
    height: u32,
    layout: Layout,
    pixels: Pixels,
    range: Range,
    matrix: Option<Matrix>,
    complaints: Complaints,
    corrupted: bool,
    glimpses: Vec<Glimpse>,
}

/// What the decoder says about the buffers it gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// Width in pixels.
    pub(super) width: u32,
    /// Height in pixels.
    pub(super) height: u32,
    /// GStreamer's name of the pixel format.
    pub(super) format: String,
    /// GStreamer's colorimetry: a name or `range:matrix:transfer:primaries`.
    pub(super) colorimetry: Option<String>,
}

impl Picture {
    /// Takes a decoder's buffer; pixels are copied only where their format is not 8-bit 4:2:0.
    pub(super) fn new(
        shape: &Shape,
        buffer: gst::Buffer,
        full_range: bool,
        complaints: Complaints,
    ) -> Result<Self, DecodeError> {
        let corrupted = buffer.flags().contains(gst::BufferFlags::CORRUPTED);
        let unknown = || DecodeError::Pixels(shape.format.clone());
        let format = Format::named(&shape.format).ok_or_else(unknown)?;
        let (width, height) = (shape.width as usize, shape.height as usize);
        let layout = format.layout(width, height);
        let mapped = buffer
            .into_mapped_buffer_readable()
            .map_err(|_| DecodeError::Element("buffer cannot be read".to_owned()))?;
        if !format.fits(&layout, &mapped) {
            return Err(unknown());
        }
        let (layout, pixels) = if format.is_i420() {
            (layout, Pixels::Mapped(mapped))
        } else {
            let (layout, pixels) = format.convert(width, height, &mapped);
            (layout, Pixels::Owned(pixels))
        };
        let (range, matrix) = colours(shape.colorimetry.as_deref(), full_range);
        Ok(Picture {
            width: shape.width,
            height: shape.height,
            layout,
            pixels,
            range,
            matrix,
            complaints,
            corrupted,
            glimpses: Vec::new(),
        })
    }

    /// With glimpses of it and the pictures after it, in the order they are shown.
    pub(super) fn with_glimpses(self, glimpses: Vec<Glimpse>) -> Self {
        Picture { glimpses, ..self }
    }

    /// Of it and the pictures after it, in the order they are shown; empty where there are none, or
    /// the decoder complained about them.
    pub fn glimpses(&self) -> &[Glimpse] {
        &self.glimpses
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Errors the decoder told while it made this picture. Above 0, parts of it are made up.
    pub fn errors(&self) -> u32 {
        self.complaints.errors
    }

    /// Share of the macroblocks that the decoder made up, 0 to 1; only H.264 tells.
    pub fn made_up(&self) -> f64 {
        let blocks = u64::from(self.width.div_ceil(16)) * u64::from(self.height.div_ceil(16));
        (f64::from(self.complaints.concealed) / blocks.max(1) as f64).min(1.0)
    }

    /// Whether the decoder flagged the picture, or told errors: what is wrong with it then may be
    /// the stream's fault and not the scene's.
    pub fn is_corrupted(&self) -> bool {
        self.corrupted || self.complaints.errors > 0
    }

    /// Y, U and V: 8-bit samples with the bytes from row to row; colour planes have
    /// `width.div_ceil(2)` columns and `height.div_ceil(2)` rows.
    pub fn planes(&self) -> [(&[u8], usize); 3] {
        let data: &[u8] = match &self.pixels {
            Pixels::Mapped(mapped) => mapped,
            Pixels::Owned(bytes) => bytes,
        };
        self.layout.planes.map(|plane| (&data[plane.offset..], plane.stride))
    }

    /// Whether every sample is that of another.
    pub(super) fn shows_the_same(&self, other: &Picture) -> bool {
        let (width, height) = (self.width as usize, self.height as usize);
        let sizes = [
            (width, height),
            (width.div_ceil(2), height.div_ceil(2)),
            (width.div_ceil(2), height.div_ceil(2)),
        ];
        (self.width, self.height) == (other.width, other.height)
            && self.planes().iter().zip(other.planes()).zip(sizes).all(|((mine, its), size)| {
                (0..size.1)
                    .all(|row| mine.0[row * mine.1..][..size.0] == its.0[row * its.1..][..size.0])
            })
    }

    /// As `picture` judges it.
    ///
    /// # Errors
    /// [`FrameError`] where it is smaller or larger than `picture` judges.
    pub fn frame(&self) -> Result<Frame<'_>, FrameError> {
        let [y, u, v] = self.planes();
        let frame = Frame::i420(self.width as usize, self.height as usize, y, u, v)?;
        let frame = frame.with_range(self.range);
        Ok(match self.matrix {
            Some(matrix) => frame.with_matrix(matrix),
            None => frame,
        })
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture")
            .field("width", &self.width)
            .field("height", &self.height)
            .field("errors", &self.complaints.errors)
            .field("corrupted", &self.corrupted)
            .finish_non_exhaustive()
    }
}

/// Range and matrix of a GStreamer colorimetry: `1:` is full range, `2:` studio; matrix 3 is BT.709
/// and 4 BT.601 (GstVideoColorRange, GstVideoColorMatrix).
fn colours(colorimetry: Option<&str>, full_range: bool) -> (Range, Option<Matrix>) {
    let assumed = if full_range { Range::Full } else { Range::Limited };
    let Some(text) = colorimetry else { return (assumed, None) };
    let mut parts = text.split(':');
    let (range, matrix) = (parts.next(), parts.next());
    let range = match range {
        Some("1" | "sRGB") => Range::Full,
        Some("2" | "bt601" | "bt709") => Range::Limited,
        _ => assumed,
    };
    let matrix = match (text, matrix) {
        ("bt709", _) | (_, Some("3")) => Some(Matrix::Bt709),
        ("bt601", _) | (_, Some("4")) => Some(Matrix::Bt601),
        _ => None,
    };
    (range, matrix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_gstreamers_colorimetries() {
        assert_eq!(colours(Some("1:4:0:0"), false), (Range::Full, Some(Matrix::Bt601)));
        assert_eq!(colours(Some("bt709"), false), (Range::Limited, Some(Matrix::Bt709)));
        assert_eq!(colours(Some("2:3:5:1"), true), (Range::Limited, Some(Matrix::Bt709)));
        assert_eq!(colours(None, true), (Range::Full, None));
    }
}

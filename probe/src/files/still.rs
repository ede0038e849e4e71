//! JPEG and PNG.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::{ImageFormat, ImageReader, Limits};
use zhishou_picture::{Evidence, MAX_SIDE, OwnedFrame, judge};

use super::{FileError, FileJudge, Judged};

/// Largest file read.
pub(super) const MAX_BYTES: u64 = 64 << 20;
/// Most memory that a decoder may ask for: 8 192 × 4 320 in RGB is 106 MB.
const MAX_ALLOCATION: u64 = 256 << 20;
/// First bytes that tell a still.
const MAGIC: u64 = 16;

/// Reads a still; `None` where the first bytes are not those of one.
pub(super) fn open(path: &Path) -> Result<Option<OwnedFrame>, FileError> {
    let read = |error: std::io::Error| FileError::Read(error.to_string());
    let mut file = File::open(path).map_err(read)?;
    let mut bytes = Vec::new();
    file.by_ref().take(MAGIC).read_to_end(&mut bytes).map_err(read)?;
    let format = match image::guess_format(&bytes) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png)) => format,
        _ => return Ok(None),
    };
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(read)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(FileError::TooLarge);
    }
    if format == ImageFormat::Jpeg && breaks_off(&bytes) {
        return Err(FileError::BreaksOff);
    }
    decode(&bytes, format).map(Some)
}

/// Whether a JPEG ends before its end marker (ITU-T T.81, B.1.1.3): decoders fill the rest with gray.
/// No coded data hold either marker, and a thumbnail's end comes before the picture's scan.
fn breaks_off(bytes: &[u8]) -> bool {
    let last = |marker: [u8; 2]| bytes.windows(2).rposition(|pair| pair == marker);
    last([0xff, 0xd9]) < last([0xff, 0xda])
}

fn decode(bytes: &[u8], format: ImageFormat) -> Result<OwnedFrame, FileError> {
    let mut limits = Limits::default();
    let side = u32::try_from(MAX_SIDE).ok();
    (limits.max_image_width, limits.max_image_height) = (side, side);
    limits.max_alloc = Some(MAX_ALLOCATION);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let image = reader.decode().map_err(|error| FileError::Image(error.to_string()))?;
    let rgb = image.into_rgb8();
    let (width, height) = (rgb.width() as usize, rgb.height() as usize);
    Ok(OwnedFrame::from_rgb8(width, height, &rgb)?)
}

impl FileJudge {
    pub(super) fn judge_still(&self, still: &OwnedFrame) -> Judged {
        let frame = still.as_frame();
        let judgement = judge(&frame, &Evidence::Sound, self.reference.as_ref(), &self.limits);
        Judged { thumbnail: self.thumbnail(&frame), ..Judged::of(&frame, &judgement, None) }
    }
}

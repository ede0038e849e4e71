//! A loop on disk, split into access units that are read one at a time.
//!
//! Only the index lives in memory; the page cache holds the bytes, once, however many cameras
//! play them.

use crate::recipe::{Codec, Recipe};
use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// Why a loop cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ReelError {
    /// The file cannot be read.
    #[error("read footage {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what its recipe makes; delete it, and it is made anew.
    #[error("play footage {}: {found} access units where {expected} belong", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Access units found.
        found: usize,
        /// Access units of the recipe.
        expected: u32,
    },
}

/// Where an access unit lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unit {
    /// Bytes from the start of the file.
    offset: u64,
    /// Bytes.
    length: usize,
    keyframe: bool,
}

/// One access unit: a coded picture with its parameter sets.
pub(crate) struct AccessUnit {
    pub(crate) bytes: Vec<u8>,
    pub(crate) keyframe: bool,
}

/// A loop of access units.
#[derive(Debug)]
pub(crate) struct Reel {
    file: File,
    units: Vec<Unit>,
    /// From frame to frame, as it is delivered.
    pub(crate) interval: Duration,
    pub(crate) recipe: Recipe,
}

impl Reel {
    /// Opens and indexes the loop of `recipe` at `path`.
    pub(crate) fn open(path: &Path, recipe: &Recipe) -> Result<Self, ReelError> {
        let read = |source| ReelError::Read { path: path.to_owned(), source };
        let units = split(recipe.codec, &std::fs::read(path).map_err(read)?);
        if units.len() != recipe.frames() as usize || !units[0].keyframe {
            let (found, expected) = (units.len(), recipe.frames());
            return Err(ReelError::Length { path: path.to_owned(), found, expected });
        }
        let file = File::open(path).map_err(read)?;
        let interval = Duration::from_secs(2) / recipe.half_fps;
        Ok(Self { file, units, interval, recipe: *recipe })
    }

    /// The keyframe at or before what a camera that runs for `elapsed` would be sending.
    pub(crate) fn keyframe_at(&self, elapsed: Duration) -> usize {
        let frame = elapsed.as_nanos() / self.interval.as_nanos();
        // The remainder is below the number of units, so the cast keeps its value.
        let mut index = (frame % self.units.len() as u128) as usize;
        while !self.units[index].keyframe {
            index -= 1;
        }
        index
    }

    /// The access unit at `index`, which wraps.
    pub(crate) fn read(&self, index: usize) -> io::Result<AccessUnit> {
        let unit = self.units[index % self.units.len()];
        let mut bytes = vec![0; unit.length];
        self.file.read_exact_at(&mut bytes, unit.offset)?;
        Ok(AccessUnit { bytes, keyframe: unit.keyframe })
    }
}

#[cfg(test)]
impl Reel {
    /// Thirty empty units of 200 ms, each tenth a keyframe.
    pub(crate) fn short() -> Self {
        let unit = |n| Unit { offset: 0, length: 0, keyframe: n % 10 == 0 };
        Self {
            file: tempfile::tempfile().unwrap(),
            units: (0..30).map(unit).collect(),
            interval: Duration::from_millis(200),
            recipe: crate::recipe::RECIPES[0],
        }
    }
}

fn split(codec: Codec, bytes: &[u8]) -> Vec<Unit> {
    let marks = match codec {
        Codec::H264 | Codec::H265 => delimiters(codec, bytes),
        Codec::Mjpeg => images(bytes),
    };
    let ends = marks.iter().skip(1).map(|(start, _)| *start).chain([bytes.len()]);
    let unit = |((start, keyframe), end): (&(usize, bool), usize)| Unit {
        offset: *start as u64,
        length: end - start,
        keyframe: *keyframe,
    };
    marks.iter().zip(ends).map(unit).collect()
}

/// Where access unit delimiters start in an Annex B stream, and whether a random access picture
/// follows (H.264 7.3.1, H.265 7.3.1.2).
fn delimiters(codec: Codec, bytes: &[u8]) -> Vec<(usize, bool)> {
    let mut marks: Vec<(usize, bool)> = Vec::new();
    let mut zeros = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            0 => zeros += 1,
            1 if zeros >= 2 => {
                let (delimiter, random_access) = match (codec, bytes.get(at + 1)) {
                    (_, None) => (false, false),
                    (Codec::H265, Some(head)) => {
                        let kind = (head >> 1) & 0x3f;
                        (kind == 35, (16..=21).contains(&kind))
                    }
                    (_, Some(head)) => (head & 0x1f == 9, head & 0x1f == 5),
                };
                if delimiter {
                    marks.push((at - zeros.min(3), false));
                }
                if let (true, Some(mark)) = (random_access, marks.last_mut()) {
                    mark.1 = true;
                }
                zeros = 0;
            }
            _ => zeros = 0,
        }
    }
    marks
}

/// Where JPEG images start (SOI and the next marker); each is a keyframe. Entropy-coded data
/// cannot hold `FF D8` (ITU-T T.81 B.1.1.5).
fn images(bytes: &[u8]) -> Vec<(usize, bool)> {
    let starts = bytes.windows(3).enumerate().filter(|(_, window)| *window == [0xff, 0xd8, 0xff]);
    starts.map(|(at, _)| (at, true)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELIMITER: [u8; 6] = [0, 0, 0, 1, 9, 0x10];

    #[test]
    fn an_annex_b_stream_splits_at_its_delimiters() {
        let mut bytes = Vec::new();
        bytes.extend(DELIMITER);
        bytes.extend([0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x65, 9, 9]);
        let second = bytes.len();
        bytes.extend(DELIMITER);
        bytes.extend([0, 0, 1, 0x41, 7]);
        let units = split(Codec::H264, &bytes);
        assert_eq!(
            units,
            [
                Unit { offset: 0, length: second, keyframe: true },
                Unit { offset: second as u64, length: bytes.len() - second, keyframe: false },
            ]
        );
    }

    #[test]
    fn an_h265_stream_knows_its_random_access_pictures() {
        let bytes = [0, 0, 0, 1, 35 << 1, 1, 0x50, 0, 0, 1, 19 << 1, 1, 8, 0, 0, 0, 1, 35 << 1, 1];
        let keyframes: Vec<_> = split(Codec::H265, &bytes).iter().map(|u| u.keyframe).collect();
        assert_eq!(keyframes, [true, false]);
    }

    #[test]
    fn an_mjpeg_stream_splits_at_its_images() {
        let bytes = [0xff, 0xd8, 0xff, 0xe0, 1, 0xff, 0xd9, 0xff, 0xd8, 0xff, 0xdb, 2, 0xff, 0xd9];
        let lengths: Vec<_> = split(Codec::Mjpeg, &bytes).iter().map(|u| u.length).collect();
        assert_eq!(lengths, [7, 7]);
    }

    #[test]
    fn a_camera_is_joined_at_the_keyframe_before_now() {
        let reel = Reel::short();
        assert_eq!(reel.keyframe_at(Duration::ZERO), 0);
        assert_eq!(reel.keyframe_at(Duration::from_millis(3900)), 10);
        assert_eq!(reel.keyframe_at(Duration::from_secs(6 + 5)), 20);
    }
}

//! Frozen, 画面冻结: the same picture again after at least 30 seconds.
//!
//! Keyframe is compared with keyframe: consecutive frames of a real infrared camera differ in 1 %
//! of their pixels, its keyframes in more than 70 %. Measured: of the patches with texture, the share
//! that is the same to the pixel. Sensor noise changes every one of them, however coarse the coding: in
//! seventeen real scenes, coded at QP 20 to 44, at most 0.11 stay. A frozen source that is coded anew at
//! the same QP keeps 0.47 and more: a running clock in the corner changes what is predicted from it,
//! to the right and below, and nothing else. The very same coded bytes need no pixels. A frozen source
//! that is coded at another QP each time changes as much as a still scene whose noise the coder takes
//! away, and is not found.
//!
//! What is kept between probes is a [`Signature`]: 64 small patches of luma, about 4 KB. A patch that
//! touches a mask is left empty.

use std::time::Duration;

use crate::finding::{Fault, Finding, Judgement};
use crate::frame::Frame;
use crate::limits::Limits;

/// Patches per side of the sampling grid.
const GRID: usize = 8;
/// Side of a patch, in native pixels.
const PATCH: usize = 8;
/// Bytes of all patches.
const PATCHES_LEN: usize = GRID * GRID * PATCH * PATCH;
/// First byte of the stored form. A change of layout or sampling takes another number.
const VERSION: u8 = 2;
/// Version, flag, width, height.
const HEADER_LEN: usize = 1 + 1 + 4 + 4;
/// Fewest patches with texture for an answer by pixels.
const PATCHES_NEEDED: usize = 12;
/// Variance from which a patch has texture, in luma squared: a coder makes flat ones equal.
const TEXTURE: u32 = 1;
/// Luma outside which a patch is clipped and cannot show noise.
const UNCLIPPED: std::ops::RangeInclusive<u8> = 20..=231;

/// A digest of the coded keyframe, computed by the caller (of 16 bytes).
pub type CodedHash = [u8; 16];

/// Why stored bytes are no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Written by another version; take a new one.
    #[error("read signature of version {0} (this is version {VERSION})")]
    Version(u8),
    /// Not the length of a signature.
    #[error("read signature of {0} bytes")]
    Length(usize),
}

/// What is kept of a keyframe to know it again: about 4 KB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    width: u32,
    height: u32,
    coded: Option<CodedHash>,
    patches: Vec<u8>,
}

impl Signature {
    /// Takes the signature of a frame; `coded` is the digest of its coded bytes, where known.
    pub fn of(frame: &Frame<'_>, coded: Option<CodedHash>) -> Self {
        let mut patches = Vec::with_capacity(PATCHES_LEN);
        for row in 0..GRID {
            for column in 0..GRID {
                sample(frame, column, row, &mut patches);
            }
        }
        // Frame sides are at most MAX_SIDE, so they fit.
        let side = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Self { width: side(frame.width()), height: side(frame.height()), coded, patches }
    }

    /// Whether its coded bytes are those of an earlier one.
    pub fn repeats(&self, earlier: &Self) -> bool {
        self.coded.is_some() && self.coded == earlier.coded
    }

    /// The stored form, version first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_LEN + size_of::<CodedHash>() + PATCHES_LEN);
        bytes.push(VERSION);
        bytes.push(u8::from(self.coded.is_some()));
        bytes.extend(self.width.to_le_bytes());
        bytes.extend(self.height.to_le_bytes());
        bytes.extend(self.coded.unwrap_or_default());
        bytes.extend(&self.patches);
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`SignatureError`] for another version or length; the caller then goes without.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SignatureError> {
        let length = SignatureError::Length(bytes.len());
        match bytes.first() {
            None => return Err(length),
            Some(&VERSION) => {}
            Some(&other) => return Err(SignatureError::Version(other)),
        }
        let (header, rest) = bytes.split_at_checked(HEADER_LEN).ok_or(length)?;
        let (coded, patches) = rest.split_first_chunk().ok_or(length)?;
        if patches.len() != PATCHES_LEN {
            return Err(length);
        }
        let side = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        Ok(Self {
            width: side(2),
            height: side(6),
            coded: (header[1] == 1).then_some(*coded),
            patches: patches.to_vec(),
        })
    }

    /// Share of the patches with texture whose mean absolute difference is at most `change`; `None`
    /// when the sizes differ or too few patches could show a change.
    fn kept(&self, later: &Self, change: f64) -> Option<f64> {
        if (self.width, self.height) != (later.width, later.height) {
            return None;
        }
        let earlier = self.patches.chunks_exact(PATCH * PATCH);
        let pairs = earlier.zip(later.patches.chunks_exact(PATCH * PATCH));
        let (mut asked, mut same) = (0_usize, 0_usize);
        for (a, b) in pairs.filter(|(a, b)| is_textured(a) && is_textured(b)) {
            let sum: u32 = a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
            asked += 1;
            same += usize::from(f64::from(sum) <= change * (PATCH * PATCH) as f64);
        }
        (asked >= PATCHES_NEEDED).then(|| same as f64 / asked as f64)
    }
}

/// Appends the patch at the centre of one grid cell.
fn sample(frame: &Frame<'_>, column: usize, row: usize, out: &mut Vec<u8>) {
    let luma = &frame.luma;
    // MIN_SIDE is GRID * PATCH, so a patch always fits its cell.
    let start = |index: usize, side: usize| (2 * index + 1) * side / (2 * GRID) - PATCH / 2;
    let (left, top) = (start(column, luma.width), start(row, luma.height));
    let across = (left..left + PATCH, luma.width);
    let down = (top..top + PATCH, luma.height);
    if frame.mask.is_some_and(|mask| mask.touches(across, down)) {
        out.extend([0; PATCH * PATCH]);
        return;
    }
    for y in top..top + PATCH {
        out.extend_from_slice(&luma.row(y)[left..left + PATCH]);
    }
}

/// Whether a patch could show sensor noise: not clipped, not flat.
fn is_textured(patch: &[u8]) -> bool {
    let (mut sum, mut squares) = (0_u32, 0_u32);
    for &value in patch {
        if !UNCLIPPED.contains(&value) {
            return false;
        }
        sum += u32::from(value);
        squares += u32::from(value).pow(2);
    }
    let count = (PATCH * PATCH) as u32;
    squares * count >= sum * sum + TEXTURE * count * count
}

/// Judges whether the picture stood still between two keyframes `apart` from each other.
///
/// `judgement` is that of the later one: a black picture or a lost signal cannot freeze.
pub fn judge_frozen(
    earlier: &Signature,
    later: &Signature,
    apart: Duration,
    judgement: &Judgement,
    limits: &Limits,
) -> Finding {
    let limit = limits.frozen_share;
    let no_picture = judgement.has(Fault::Black) || judgement.has(Fault::SignalLost);
    if no_picture || apart < limits.frozen_apart {
        return Finding::unknown(Fault::Frozen, None, limit, "ratio");
    }
    if later.repeats(earlier) {
        return Finding::above(Fault::Frozen, 1.0, limit, limit, "ratio");
    }
    match earlier.kept(later, limits.frozen_change) {
        Some(kept) => Finding::above(Fault::Frozen, kept, limit, limit, "ratio"),
        None => Finding::unknown(Fault::Frozen, None, limit, "ratio"),
    }
}

//! A whole keyframe, ready for a decoder.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::format::{Codec, PictureFormat};

/// Bytes at the start of each slice kept out of the hash: NAL and slice header. An encoder steps
/// `idr_pic_id` or `frame_num` there even when the picture is the same.
const SLICE_HEADER: usize = 16;

/// Slices shorter than this are hashed whole.
const SHORT_SLICE: usize = 64;

/// One complete picture that needs no other.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyframe {
    /// How it is coded: H.264, H.265 or JPEG.
    pub codec: Codec,
    /// Annex B with parameter sets before all slices of the picture, or a JFIF file. At most
    /// [`Receiver::MAX_KEYFRAME`](super::Receiver::MAX_KEYFRAME) and the parameter sets.
    pub bytes: Vec<u8>,
    /// SHA-256 over the coded slices without their headers: the same for the same picture sent
    /// again, for telling a frozen source.
    pub slices_hash: [u8; 32],
    /// Slices of the picture (1 for JPEG).
    pub slices: usize,
    /// Packets were lost inside, or it does not begin with its first slice.
    pub damaged: bool,
    /// RTP timestamp.
    pub timestamp: u32,
    /// When its last packet arrived, since the start of the probe.
    pub arrived: Duration,
    /// Size, profile, level out of its own parameter set or header.
    pub format: Option<PictureFormat>,
}

/// The hash of [`Keyframe::slices_hash`].
pub(super) fn hash_slices<'a>(slices: impl Iterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for slice in slices {
        let from = if slice.len() < SHORT_SLICE { 0 } else { SLICE_HEADER };
        hash.update(&slice[from..]);
    }
    hash.finalize().into()
}

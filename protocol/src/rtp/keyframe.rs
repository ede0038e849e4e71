//! A whole keyframe, ready for a decoder.

use std::time::Duration;

use twox_hash::xxhash3_128::Hasher;

use super::format::{Codec, PictureFormat};
use super::nal::SliceHeader;

/// Bytes at the start of each slice kept out of the hash: NAL and slice header. An encoder steps
/// `idr_pic_id` or `frame_num` there even when the picture is the same.
const SLICE_HEADER: usize = 16;

/// Slices shorter than this are hashed whole.
const SHORT_SLICE: usize = 64;

/// What the slice headers of a keyframe say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Headers {
    /// They read well. The quantiser of the first slice, SliceQPY.
    Sound {
        /// −48 to 51; below 0 only for more than 8 bits.
        qp: i32,
    },
    /// At least half of those that can be read say what no encoder can have meant.
    Absurd,
    /// None could be read, or there are none (JPEG).
    #[default]
    Unread,
}

/// One complete picture that needs no other.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyframe {
    /// How it is coded: H.264, H.265 or JPEG.
    pub codec: Codec,
    /// Annex B with parameter sets before all slices of the picture, or a JFIF file. At most
    /// [`Receiver::MAX_KEYFRAME`](super::Receiver::MAX_KEYFRAME) and the parameter sets.
    pub bytes: Vec<u8>,
    /// XXH3 of 128 bits over the coded slices without their headers: the same for the same picture sent
    /// again, for telling a frozen source.
    pub slices_hash: [u8; 16],
    /// Slices of the picture (1 for JPEG).
    pub slices: usize,
    /// Packets were lost inside, or it does not begin with its first slice.
    pub damaged: bool,
    /// RTP timestamp.
    pub timestamp: u32,
    /// When its last packet arrived, since the start of the probe.
    pub arrived: Duration,
    /// What its slice headers say.
    pub headers: Headers,
    /// Size, profile, level out of its own parameter set or header.
    pub format: Option<PictureFormat>,
    /// The pictures after it in coding order, without a gap: access units in Annex B, or JFIF files.
    /// Empty where none were asked for.
    pub following: Vec<Vec<u8>>,
}

impl Headers {
    /// Of a whole keyframe by those of its slices.
    pub(super) fn of(slices: impl Iterator<Item = SliceHeader>) -> Self {
        let (mut first, mut sound, mut absurd) = (None, 0, 0);
        for slice in slices {
            match slice {
                SliceHeader::Sound { qp } => {
                    first.get_or_insert(qp);
                    sound += 1;
                }
                SliceHeader::Absurd => absurd += 1,
                SliceHeader::Unread => {}
            }
        }
        match first {
            _ if absurd > 0 && absurd >= sound => Headers::Absurd,
            Some(qp) => Headers::Sound { qp },
            None => Headers::Unread,
        }
    }
}

/// The hash of [`Keyframe::slices_hash`].
pub(super) fn hash_slices<'a>(slices: impl Iterator<Item = &'a [u8]>) -> [u8; 16] {
    let mut hash = Hasher::new();
    for slice in slices {
        let from = if slice.len() < SHORT_SLICE { 0 } else { SLICE_HEADER };
        hash.write(&slice[from..]);
    }
    hash.finish_128().to_be_bytes()
}

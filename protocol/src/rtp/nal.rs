//! What a NAL unit of H.264 or H.265 is, read off its first bytes.

use super::bits::BitReader;

/// The Annex B start code written before every NAL unit.
pub(super) const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// Bytes of a NAL unit that suffice to [classify](NalCodec::classify) it.
pub(super) const HEAD: usize = 16;

/// Which of the two standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NalCodec {
    /// ITU-T H.264.
    H264,
    /// ITU-T H.265.
    H265,
}

/// A parameter set's sort, in the order decoders want them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SetKind {
    /// Video parameter set, H.265 only.
    Video,
    /// Sequence parameter set.
    Sequence,
    /// Picture parameter set.
    Picture,
}

/// What a slice refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// Of a picture at which decoding may start: IDR, BLA, CRA.
    RandomAccess,
    /// An I slice of another picture (H.264 cameras that refresh without IDR). A picture of
    /// nothing else is as good as a keyframe.
    Intra,
    /// Needs other pictures.
    Inter,
}

/// A NAL unit's part in an access unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NalKind {
    /// A coded slice; `first` where it is the first of its picture.
    Slice { coding: Coding, first: bool },
    /// A parameter set.
    Set(SetKind),
    /// SEI, delimiters, filler and all the rest.
    Other,
}

/// What the header of a keyframe's slice says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SliceHeader {
    /// It reads well; SliceQPY, −48 to 51 (below 0 for more than 8 bits).
    Sound { qp: i32 },
    /// It says what no encoder can have meant: a slice of a keyframe that needs other pictures,
    /// macroblocks outside the picture, a quantiser out of range, a parameter set that is not there.
    Absurd,
    /// It uses what is not read here, or no parameter sets are known.
    Unread,
}

impl NalCodec {
    /// Length of the NAL header, bytes.
    pub(super) fn header(self) -> usize {
        match self {
            NalCodec::H264 => 1,
            NalCodec::H265 => 2,
        }
    }

    /// What the NAL unit beginning with `head` is, from its header alone (the slice's first bytes
    /// may not be there yet).
    pub(super) fn is_slice(self, head: &[u8]) -> bool {
        match (self, head.first()) {
            (NalCodec::H264, Some(byte)) => matches!(byte & 0x1f, 1 | 2 | 5),
            (NalCodec::H265, Some(byte)) => byte >> 1 & 0x3f < 32,
            (_, None) => false,
        }
    }

    /// What the NAL unit beginning with `head` is.
    pub(super) fn classify(self, head: &[u8]) -> NalKind {
        let Some(&byte) = head.first() else { return NalKind::Other };
        match self {
            NalCodec::H264 => match byte & 0x1f {
                unit @ (1 | 2 | 5) => h264_slice(unit, head),
                7 => NalKind::Set(SetKind::Sequence),
                8 => NalKind::Set(SetKind::Picture),
                _ => NalKind::Other,
            },
            NalCodec::H265 => match byte >> 1 & 0x3f {
                unit @ 0..32 => NalKind::Slice {
                    // Table 7-1: 16 to 23 are intra random access points.
                    coding: match unit {
                        16..24 => Coding::RandomAccess,
                        _ => Coding::Inter,
                    },
                    first: head.get(2).is_some_and(|byte| byte & 0x80 != 0),
                },
                32 => NalKind::Set(SetKind::Video),
                33 => NalKind::Set(SetKind::Sequence),
                34 => NalKind::Set(SetKind::Picture),
                _ => NalKind::Other,
            },
        }
    }
}

/// Slice header of H.264, §7.3.3: first_mb_in_slice, then slice_type (2 and 7 are I, 4 and 9 SI).
fn h264_slice(unit: u8, head: &[u8]) -> NalKind {
    let mut reader = BitReader::new(&head[1..]);
    let first = reader.ue() == Some(0);
    let intra = reader.ue().is_some_and(|kind| matches!(kind % 5, 2 | 4));
    let coding = match (unit, intra) {
        (5, _) => Coding::RandomAccess,
        (_, true) => Coding::Intra,
        (_, false) => Coding::Inter,
    };
    NalKind::Slice { coding, first }
}

/// Splits Annex B bytes into NAL units without their start codes; bytes without any start code are
/// one unit. Zeros before a start code belong to no unit (H.264 B.1).
pub(super) fn split_annex_b(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest?;
        match find_start_code(bytes) {
            Some((end, next)) => {
                rest = Some(&bytes[next..]);
                Some(&bytes[..end])
            }
            None => {
                rest = None;
                Some(bytes)
            }
        }
    })
    .filter(|unit| !unit.is_empty())
}

/// Where a NAL unit ends before a start code, and where the next begins.
pub(super) fn find_start_code(bytes: &[u8]) -> Option<(usize, usize)> {
    let at = bytes.windows(3).position(|window| window == [0, 0, 1])?;
    let end = bytes[..at].iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    Some((end, at + 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_slices_of_h264() {
        // first_mb 0 (1), slice_type 7 (0001000) → I
        assert_eq!(
            NalCodec::H264.classify(&[0x65, 0b1000_1000, 0]),
            NalKind::Slice { coding: Coding::RandomAccess, first: true }
        );
        // first_mb 0, slice_type 5 (00110) → P
        assert_eq!(
            NalCodec::H264.classify(&[0x41, 0b1001_1000, 0]),
            NalKind::Slice { coding: Coding::Inter, first: true }
        );
        // first_mb 1 (010), slice_type 2 (011) → I of a non-IDR picture
        assert_eq!(
            NalCodec::H264.classify(&[0x41, 0b0100_1100, 0]),
            NalKind::Slice { coding: Coding::Intra, first: false }
        );
    }

    #[test]
    fn splits_annex_b_with_either_start_code() {
        let bytes = [0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 0, 1, 0x65];
        let units: Vec<_> = split_annex_b(&bytes).collect();
        assert_eq!(units, [&[0x67, 1][..], &[0x68, 2], &[0x65]]);
        assert_eq!(split_annex_b(&[0x67, 9]).count(), 1);
        assert_eq!(split_annex_b(&[]).count(), 0);
    }
}

//! Parameter sets of a stream: from the SDP as a hint, from the stream itself as the truth.

use super::bits::BitReader;
use super::format::PictureFormat;
use super::nal::{NalCodec, NalKind, START_CODE, SetKind, SliceHeader, split_annex_b};
use super::{h264, h265};

/// Longest parameter set kept. Real ones stay below 200 bytes.
pub(super) const MAX_SET: usize = 4 * 1024;

/// Most parameter sets kept of one kind.
const MAX_PER_KIND: usize = 8;

/// Most bytes all sets together can take.
pub(super) const MAX_SETS: usize = 3 * MAX_PER_KIND * MAX_SET;

/// One parameter set.
#[derive(Debug, Clone)]
struct Set {
    kind: SetKind,
    id: u32,
    bytes: Vec<u8>,
}

/// The sets known so far, sorted as a decoder wants them.
#[derive(Debug, Clone)]
pub(super) struct ParameterSets {
    codec: NalCodec,
    sets: Vec<Set>,
    format: Option<PictureFormat>,
}

impl ParameterSets {
    /// Starts with the SDP's sets; what is no parameter set among them is ignored.
    pub(super) fn new(codec: NalCodec, hints: &[Vec<u8>]) -> Self {
        let mut sets = ParameterSets { codec, sets: Vec::new(), format: None };
        for unit in hints.iter().flat_map(|hint| split_annex_b(hint)) {
            sets.learn(unit);
        }
        sets
    }

    /// Takes a NAL unit; anything but a parameter set is ignored. Answers whether it was one.
    pub(super) fn learn(&mut self, unit: &[u8]) -> bool {
        let end = unit.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let unit = &unit[..end];
        let NalKind::Set(kind) = self.codec.classify(unit) else { return false };
        if unit.len() <= self.codec.header() || unit.len() > MAX_SET {
            return false;
        }
        if kind == SetKind::Sequence
            && let Some(format) = self.read_format(unit)
        {
            self.format = Some(format);
        }
        let id = self.read_id(kind, unit).unwrap_or(0);
        let of_kind = self.sets.iter().filter(|set| set.kind == kind).count();
        let at = self.sets.partition_point(|set| (set.kind, set.id) < (kind, id));
        match self.sets.get_mut(at) {
            Some(set) if (set.kind, set.id) == (kind, id) => {
                set.bytes.clear();
                set.bytes.extend_from_slice(unit);
            }
            _ if of_kind < MAX_PER_KIND => {
                self.sets.insert(at, Set { kind, id, bytes: unit.to_vec() });
            }
            _ => {}
        }
        true
    }

    /// What the last readable sequence parameter set says.
    pub(super) fn format(&self) -> Option<&PictureFormat> {
        self.format.as_ref()
    }

    /// Whether a decoder could start with these.
    pub(super) fn complete(&self) -> bool {
        let has = |kind| self.sets.iter().any(|set| set.kind == kind);
        has(SetKind::Sequence)
            && has(SetKind::Picture)
            && (self.codec == NalCodec::H264 || has(SetKind::Video))
    }

    /// Bytes [`write`](Self::write) will append.
    pub(super) fn len(&self) -> usize {
        self.sets.iter().map(|set| START_CODE.len() + set.bytes.len()).sum()
    }

    /// Appends all sets in Annex B.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for set in &self.sets {
            out.extend_from_slice(&START_CODE);
            out.extend_from_slice(&set.bytes);
        }
    }

    /// Reads the header of a slice of a keyframe, its NAL header included. Unread before a decoder
    /// could start; from then on a set that is not there is absurd.
    pub(super) fn slice_header(&self, slice: &[u8]) -> SliceHeader {
        if !self.complete() {
            return SliceHeader::Unread;
        }
        match self.codec {
            NalCodec::H264 => h264::slice::read(slice, |kind, id| self.find(kind, id)),
            NalCodec::H265 => h265::slice::read(slice, |kind, id| self.find(kind, id)),
        }
    }

    fn find(&self, kind: SetKind, id: u32) -> Option<&[u8]> {
        self.sets.iter().find(|set| set.kind == kind && set.id == id).map(|set| &*set.bytes)
    }

    fn read_format(&self, unit: &[u8]) -> Option<PictureFormat> {
        match self.codec {
            NalCodec::H264 => h264::sps::parse(unit).map(|sps| sps.format),
            NalCodec::H265 => h265::sps::parse(unit).map(|sps| sps.format),
        }
    }

    fn read_id(&self, kind: SetKind, unit: &[u8]) -> Option<u32> {
        let body = unit.get(self.codec.header()..)?;
        match (self.codec, kind) {
            (NalCodec::H264, SetKind::Sequence) => h264::sps::parse(unit).map(|sps| sps.id),
            (NalCodec::H265, SetKind::Sequence) => h265::sps::parse(unit).map(|sps| sps.id),
            (_, SetKind::Picture) => BitReader::new(body).ue(),
            (_, SetKind::Video) => body.first().map(|byte| u32::from(byte >> 4)),
        }
    }
}

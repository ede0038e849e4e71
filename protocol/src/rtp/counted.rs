//! Video that is counted and never assembled: frames by timestamp and marker, and the keyframes of
//! MPEG-4 part 2 by the type of their VOP.

use std::time::Duration;

use super::access_unit::Pictures;
use super::format::Codec;

/// How far into a frame's first packet its VOP is looked for, bytes: the headers of sequence, object
/// and layer come before that of an I-VOP and stay below 100.
const HEADERS: usize = 256;

/// Counts the frames of one stream.
#[derive(Debug)]
pub(super) struct Counted {
    /// Whether the bytes are MPEG-4 part 2 (RFC 6416).
    mpeg4: bool,
    last: Option<u32>,
    marked: bool,
    pictures: Pictures,
    keyframe: Option<Keyframe>,
}

/// A keyframe under way.
#[derive(Debug)]
struct Keyframe {
    last: Duration,
    damaged: bool,
}

impl Counted {
    pub(super) fn new(codec: Codec) -> Self {
        let mpeg4 = codec == Codec::Mpeg4;
        Counted { mpeg4, last: None, marked: false, pictures: Pictures::default(), keyframe: None }
    }

    /// What was counted.
    pub(super) fn pictures(&self) -> &Pictures {
        &self.pictures
    }

    /// Keyframes that ended; `None` where the codec does not tell.
    pub(super) fn keyframes(&self) -> Option<u64> {
        self.mpeg4.then_some(self.pictures.keyframes)
    }

    /// Takes a packet in its order; `gap` where packets before it are missing.
    pub(super) fn packet(
        &mut self,
        now: Duration,
        timestamp: u32,
        marker: bool,
        gap: bool,
        payload: &[u8],
    ) {
        if gap {
            self.pictures.gap();
        }
        if self.marked || self.last != Some(timestamp) {
            if let Some(Keyframe { last, damaged }) = self.keyframe.take() {
                self.pictures.keyframe(self.pictures.frames, last, damaged || gap && !self.marked);
            }
            self.pictures.frames += 1;
            if self.mpeg4 && begins_intra(payload) {
                self.keyframe = Some(Keyframe { last: now, damaged: false });
            }
        } else if let Some(keyframe) = &mut self.keyframe {
            keyframe.last = keyframe.last.max(now);
            keyframe.damaged |= gap;
        }
        self.last = Some(timestamp);
        self.marked = marker;
    }
}

/// Whether the VOP that begins here is intra: `vop_coding_type` 0 behind its start code (ISO/IEC
/// 14496-2, 6.2.5).
fn begins_intra(payload: &[u8]) -> bool {
    const VOP: [u8; 4] = [0, 0, 1, 0xb6];
    let head = &payload[..payload.len().min(HEADERS)];
    let at = head.windows(VOP.len()).position(|window| window == VOP);
    at.and_then(|at| head.get(at + VOP.len())).is_some_and(|byte| byte >> 6 == 0)
}

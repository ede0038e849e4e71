//! Frames at an exact pace and an exact rate, cut into payloads by the RFC of their codec.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How much larger a keyframe is than another frame.
const KEYFRAME_WEIGHT: usize = 8;
/// Baseline H.264 of 640×480, and its picture parameter set.
pub(super) const SPS: &str = "Z0LAHtkDxWhAAAADAEAAAAwDxYuS";
pub(super) const PPS: &str = "aMuMsg==";

/// How pictures are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// H.264 by RFC 6184, parameter sets in band.
    H264,
    /// H.265 by RFC 7798.
    H265,
    /// JPEG by RFC 2435; every frame is a keyframe.
    Jpeg,
    /// MPEG-4 part 2 by RFC 6416.
    Mpeg4,
}

/// Frames per second as a fraction: 30000/1001 is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Frames…
    pub frames: u32,
    /// …in so many seconds.
    pub seconds: u32,
}

impl Rate {
    /// Frames per second.
    pub fn fps(self) -> f64 {
        f64::from(self.frames) / f64::from(self.seconds)
    }

    /// When frame `number` is due, since frame 0.
    pub fn due(self, number: u32) -> Duration {
        let (frames, seconds) = (u64::from(self.frames), u64::from(self.seconds));
        Duration::from_nanos(u64::from(number) * 1_000_000_000 * seconds / frames)
    }
}

/// What a camera makes.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// How it codes.
    pub coding: Coding,
    /// How often.
    pub rate: Rate,
    /// Frames from keyframe to keyframe.
    pub gop: u32,
    /// Bits per second of RTP payload, exact over each GOP.
    pub bitrate_bps: u32,
    /// Most payload bytes of one packet.
    pub mtu: usize,
    /// How many frames it makes.
    pub frames: u32,
    /// Frames before the first keyframe, as where a client joins inside a GOP.
    pub lead: u32,
    /// Frames sent at once on PLAY out of a cache, before live ones follow at their pace.
    pub cached: u32,
    /// Hz of the timestamps; 90 000 by the RFCs.
    pub clock_hz: u32,
}

/// A payload and what it is.
#[derive(Debug, Clone)]
pub(super) struct Payload {
    pub(super) picture: bool,
    pub(super) bytes: Vec<u8>,
}

impl Source {
    /// H.264 at 25 fps and 2 Mbit/s with a keyframe every two seconds, for `seconds`.
    pub fn new(seconds: u32) -> Self {
        Source {
            coding: Coding::H264,
            rate: Rate { frames: 25, seconds: 1 },
            gop: 50,
            bitrate_bps: 2_000_000,
            mtu: 1_400,
            frames: seconds * 25,
            lead: 0,
            cached: 0,
            clock_hz: 90_000,
        }
    }

    /// Lasts for `seconds` at the pace it has.
    #[must_use]
    pub fn lasting(mut self, seconds: u32) -> Self {
        self.frames = seconds * self.rate.frames / self.rate.seconds;
        self
    }

    /// Whether frame `number` is a keyframe.
    pub fn is_keyframe(&self, number: u32) -> bool {
        self.coding == Coding::Jpeg
            || number.checked_sub(self.lead).is_some_and(|since| since.is_multiple_of(self.gop))
    }

    /// When frame `number` is sent, since PLAY.
    pub fn sent_at(&self, number: u32) -> Duration {
        self.rate.due(number.saturating_sub(self.cached))
    }

    /// Its timestamp, from 0.
    pub fn timestamp(&self, number: u32) -> u64 {
        let hz = u64::from(self.clock_hz) * u64::from(self.rate.seconds);
        u64::from(number) * hz / u64::from(self.rate.frames)
    }

    /// Payload bytes of frame `number`: those of a GOP add up to its share of the bit rate.
    fn size(&self, number: u32) -> usize {
        let gop = if self.coding == Coding::Jpeg { 1 } else { self.gop as usize };
        let bits = u64::from(self.bitrate_bps) * gop as u64 * u64::from(self.rate.seconds)
            / u64::from(self.rate.frames);
        let total = (bits / 8) as usize;
        let small = total / (gop - 1 + KEYFRAME_WEIGHT);
        if self.is_keyframe(number) { total - small * (gop - 1) } else { small }
    }

    /// The payloads of frame `number`, in order.
    pub(super) fn payloads(&self, number: u32) -> Vec<Payload> {
        let (size, keyframe) = (self.size(number), self.is_keyframe(number));
        let mut payloads = Vec::new();
        if self.coding == Coding::H264 && keyframe {
            payloads.extend([SPS, PPS].map(|set| Payload {
                picture: false,
                bytes: STANDARD.decode(set).unwrap_or_default(),
            }));
        }
        let sets: usize = payloads.iter().map(|payload| payload.bytes.len()).sum();
        let cut = match self.coding {
            Coding::H264 => nal(size - sets, self.mtu, keyframe, &H264),
            Coding::H265 => nal(size, self.mtu, keyframe, &H265),
            Coding::Jpeg => jpeg(size, self.mtu),
            Coding::Mpeg4 => mpeg4(size, self.mtu, keyframe),
        };
        payloads.extend(cut.into_iter().map(|bytes| Payload { picture: true, bytes }));
        payloads
    }
}

/// The first bytes of slices and fragments of one codec.
struct Heads {
    /// A whole slice: keyframe, other.
    whole: [&'static [u8]; 2],
    /// A fragment's header and slice type, less its start and end bits.
    fragment: [&'static [u8]; 2],
    /// What follows in the first fragment: the slice header.
    slice: [&'static [u8]; 2],
}

/// `first_mb` 0; slice type 7 (I) in an IDR, 5 (P) otherwise. FU-A is 28.
const H264: Heads = Heads {
    whole: [&[0x65, 0x88], &[0x41, 0x9a]],
    fragment: [&[0x60 | 28, 5], &[0x40 | 28, 1]],
    slice: [&[0x88], &[0x9a]],
};

/// IDR_W_RADL is 19, TRAIL_R 1; `first_slice_segment_in_pic_flag` leads the slice. FU is 49.
const H265: Heads = Heads {
    whole: [&[19 << 1, 1, 0xaf], &[1 << 1, 1, 0xd0]],
    fragment: [&[49 << 1, 1, 19], &[49 << 1, 1, 1]],
    slice: [&[0xaf], &[0xd0]],
};

/// One slice of `size` payload bytes, fragmented where it is too long for a packet.
fn nal(size: usize, mtu: usize, keyframe: bool, heads: &Heads) -> Vec<Vec<u8>> {
    let which = usize::from(!keyframe);
    if size <= mtu {
        let mut bytes = heads.whole[which].to_vec();
        bytes.resize(size.max(bytes.len()), 0x5b);
        return vec![bytes];
    }
    let (head, slice) = (heads.fragment[which], heads.slice[which]);
    chunks(size, mtu)
        .map(|(offset, length)| {
            let mut bytes = head.to_vec();
            if let Some(kind) = bytes.last_mut() {
                *kind |= u8::from(offset == 0) << 7;
                *kind |= u8::from(offset + length == size) << 6;
            }
            if offset == 0 {
                bytes.extend(slice);
            }
            bytes.resize(length.max(bytes.len()), 0x5b);
            bytes
        })
        .collect()
}

/// A 640×480 picture of type 1 and quality 50: fragment offset, type, Q, size in eights of pixels.
fn jpeg(size: usize, mtu: usize) -> Vec<Vec<u8>> {
    const HEADER: usize = 8;
    let mut scan = 0u32;
    chunks(size, mtu)
        .map(|(_, length)| {
            let [_, high, middle, low] = scan.to_be_bytes();
            let mut bytes = vec![0, high, middle, low, 1, 50, 80, 60];
            bytes.resize(length.max(HEADER + 1), 0x5b);
            scan += (bytes.len() - HEADER) as u32;
            bytes
        })
        .collect()
}

/// A VOP, cut anywhere: its start code, and coding type 0 (I) or 1 (P).
fn mpeg4(size: usize, mtu: usize, keyframe: bool) -> Vec<Vec<u8>> {
    let vop = [0, 0, 1, 0xb6, if keyframe { 0x10 } else { 0x50 }];
    chunks(size, mtu)
        .map(|(offset, length)| {
            let mut bytes = if offset == 0 { vop.to_vec() } else { Vec::new() };
            bytes.resize(length.max(bytes.len()), 0x5b);
            bytes
        })
        .collect()
}

/// Offsets and lengths of pieces, all but even so that none is tiny.
fn chunks(size: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let pieces = size.div_ceil(most).max(1);
    (0..pieces).map(move |piece| {
        let (from, to) = (size * piece / pieces, size * (piece + 1) / pieces);
        (from, to - from)
    })
}

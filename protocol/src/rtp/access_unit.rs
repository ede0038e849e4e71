//! Puts NAL units together into access units and keeps the keyframes among them.
//!
//! An access unit ends where the timestamp changes, where a new picture begins under the same one,
//! or at a marker that nothing follows for [`SETTLE`]. A marker alone ends nothing: some cameras
//! set it on every packet or slice, or on SEI, or never (FLIR, CostarHD). Bytes are kept only of an access
//! unit that may be a wanted keyframe.

use std::time::Duration;

use super::format::{Codec, PictureFormat};
use super::keyframe::{Headers, Keyframe, hash_slices};
use super::nal::{Coding, HEAD, NalCodec, NalKind, START_CODE, find_start_code, split_annex_b};
use super::parameter_sets::{MAX_SET, ParameterSets};
use super::run::{Keep, Run};

/// How long after a marker another slice of the same picture may still come.
pub(super) const SETTLE: Duration = Duration::from_millis(50);

/// Most coded bytes of one keyframe; a 12-megapixel picture of good quality takes 6 MB.
pub(super) const MAX_KEYFRAME: usize = 8 * 1024 * 1024;

/// Most slices told apart; more are hashed as part of the last.
const MAX_SLICES: usize = 1_024;

/// What an access unit has turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Picture {
    Undecided,
    RandomAccess,
    Intra,
    Inter,
}

/// The access unit being received.
#[derive(Debug)]
struct Unit {
    timestamp: u32,
    picture: Picture,
    slices: usize,
    /// First slices seen: two in an interlaced frame of two fields.
    firsts: usize,
    damaged: bool,
    collecting: bool,
    marked: Option<Duration>,
    last: Duration,
}

/// The NAL unit being received.
#[derive(Debug)]
struct OpenNal {
    slice: bool,
    classified: bool,
    head: [u8; HEAD],
    head_len: usize,
    /// How many of the head's bytes came before those being added.
    taken: usize,
    /// Where its start code stands in the buffer.
    start: usize,
}

/// What was counted of a video stream's pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pictures {
    /// Frames begun.
    pub(super) frames: u64,
    /// Keyframes received to their end.
    pub(super) keyframes: u64,
    /// Of these, with packets missing.
    pub(super) damaged_keyframes: u64,
    /// Frames from the last keyframe but one to the last.
    pub(super) gop_frames: Option<u64>,
    /// When the last packet of the first keyframe came.
    pub(super) first_keyframe_at: Option<Duration>,
    /// A keyframe came before the parameter sets a decoder needs.
    pub(super) sets_missing: bool,
    /// A keyframe larger than the cap was only counted.
    pub(super) oversized: bool,
    /// Payloads that break their RFC and were read all the same.
    pub(super) anomalies: u64,
    /// Number of the last keyframe, counted in frames.
    last_keyframe: Option<u64>,
    /// Packets are missing since that keyframe began.
    gap: bool,
    /// None are in the group that `gop_frames` is of.
    gop_whole: bool,
}

impl Pictures {
    /// Counts a finished keyframe that was frame number `frame` and ended at `at`.
    pub(super) fn keyframe(&mut self, frame: u64, at: Duration, damaged: bool) {
        self.keyframes += 1;
        self.damaged_keyframes += u64::from(damaged);
        self.first_keyframe_at.get_or_insert(at);
        let gap = std::mem::replace(&mut self.gap, damaged);
        if let Some(last) = self.last_keyframe.replace(frame) {
            // Frames that are missing make a group look shorter than it is, and a keyframe that is
            // makes it look longer.
            if !gap || !self.gop_whole {
                self.gop_frames = Some(frame - last);
                self.gop_whole = !gap;
            }
        }
    }

    /// Packets are missing.
    pub(super) fn gap(&mut self) {
        self.gap = true;
    }
}

/// Assembles access units of H.264 or H.265.
#[derive(Debug)]
pub(super) struct Assembler {
    codec: NalCodec,
    wanted: Keep,
    run: Run,
    sets: ParameterSets,
    unit: Option<Unit>,
    nal: Option<OpenNal>,
    /// Slices of the unit in Annex B.
    buffer: Vec<u8>,
    slice_starts: Vec<usize>,
    /// The open NAL unit where it is no slice.
    scratch: Vec<u8>,
    ready: Option<Keyframe>,
    pictures: Pictures,
}

impl Assembler {
    /// Starts with the SDP's parameter sets; keyframes are wanted.
    pub(super) fn new(codec: NalCodec, hints: &[Vec<u8>]) -> Self {
        Assembler {
            codec,
            wanted: Keep::Keyframe,
            run: Run::default(),
            sets: ParameterSets::new(codec, hints),
            unit: None,
            nal: None,
            buffer: Vec::new(),
            slice_starts: Vec::new(),
            scratch: Vec::new(),
            ready: None,
            pictures: Pictures::default(),
        }
    }

    /// Which standard it reads.
    pub(super) fn codec(&self) -> NalCodec {
        self.codec
    }

    /// What is kept.
    pub(super) fn keep(&mut self, wanted: Keep) {
        self.wanted = wanted;
        if wanted == Keep::Nothing {
            self.ready = None;
            self.drop_bytes();
        }
    }

    /// The keyframe that is ready, if any.
    pub(super) fn take(&mut self) -> Option<Keyframe> {
        self.ready.take()
    }

    /// What came after the keyframe.
    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    /// Takes it, which ends it.
    pub(super) fn take_run(&mut self) -> Vec<Vec<u8>> {
        self.run.take()
    }

    /// What was counted.
    pub(super) fn pictures(&self) -> &Pictures {
        &self.pictures
    }

    /// What the parameter sets say.
    pub(super) fn format(&self) -> Option<&PictureFormat> {
        self.sets.format()
    }

    /// Bytes held.
    pub(super) fn memory(&self) -> usize {
        self.buffer.capacity()
            + self.scratch.capacity()
            + self.sets.len()
            + self.slice_starts.capacity() * size_of::<usize>()
            + self.ready.as_ref().map_or(0, |keyframe| keyframe.bytes.capacity())
            + self.run.memory()
    }

    /// When [`settle`](Self::settle) has something to do.
    pub(super) fn settles_at(&self) -> Option<Duration> {
        self.unit.as_ref()?.marked.map(|at| at + SETTLE)
    }

    /// Ends an access unit whose marker nothing has followed.
    pub(super) fn settle(&mut self, now: Duration) {
        if self.settles_at().is_some_and(|at| at <= now) {
            self.finish_unit();
        }
    }

    /// The source began anew: what is open will not be completed.
    pub(super) fn abandon(&mut self) {
        if self.unit.as_ref().is_some_and(|unit| unit.marked.is_some()) {
            self.finish_unit();
        }
        self.run.end();
        self.unit = None;
        self.nal = None;
        self.drop_bytes();
    }

    /// A packet begins; `gap` where packets before it are missing.
    pub(super) fn packet(&mut self, now: Duration, timestamp: u32, gap: bool) {
        if gap {
            self.close_nal();
            self.pictures.gap();
            self.run.end();
        }
        if let Some(unit) = &mut self.unit {
            let same = unit.timestamp == timestamp;
            if gap && (same || unit.marked.is_none()) {
                unit.damaged = true;
            }
            if same {
                unit.last = unit.last.max(now);
                return;
            }
            self.finish_unit();
        }
        self.open_unit(now, timestamp);
    }

    /// The packet ends, with or without the marker.
    pub(super) fn packet_end(&mut self, now: Duration, marker: bool) {
        if !marker {
            return;
        }
        if let Some(unit) = &mut self.unit
            && unit.slices > 0
        {
            unit.marked = Some(now);
        }
    }

    /// Counts a payload that breaks its RFC.
    pub(super) fn anomaly(&mut self) {
        self.pictures.anomalies += 1;
    }

    /// Something of the access unit is missing.
    pub(super) fn damage(&mut self) {
        if let Some(unit) = &mut self.unit {
            unit.damaged = true;
        }
    }

    /// A fragment of the NAL unit with this header, whose beginning is missing. Of its picture
    /// something came, so it counts as a frame.
    pub(super) fn headless(&mut self, header: &[u8]) {
        self.anomaly();
        let Some(unit) = &mut self.unit else { return };
        unit.damaged = true;
        if unit.slices > 0 || !self.codec.is_slice(header) {
            return;
        }
        unit.slices = 1;
        unit.picture = match self.codec.classify(header) {
            NalKind::Slice { coding: Coding::RandomAccess, .. } => Picture::RandomAccess,
            _ => Picture::Inter,
        };
        self.pictures.frames += 1;
    }

    /// Whether a NAL unit is open.
    pub(super) fn is_open(&self) -> bool {
        self.nal.is_some()
    }

    /// Units after their 16-bit lengths: STAP-A (RFC 6184 §5.7.1) and AP (RFC 7798 §4.4.2).
    pub(super) fn aggregate(&mut self, mut rest: &[u8]) {
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            let Some((unit, after)) = after.split_at_checked(length) else {
                self.anomaly();
                self.damage();
                return;
            };
            if !unit.is_empty() {
                self.whole(unit);
            }
            rest = after;
        }
    }

    /// A whole NAL unit; Annex B inside is taken apart.
    pub(super) fn whole(&mut self, unit: &[u8]) {
        if self.nal.is_some() {
            self.anomaly();
            self.close_nal();
        }
        if unit.starts_with(&[0, 0, 1]) || unit.starts_with(&START_CODE) {
            self.anomaly();
            for unit in split_annex_b(unit) {
                self.begin(unit);
                self.close_nal();
            }
            return;
        }
        self.begin(unit);
        self.close_nal();
    }

    /// Opens a NAL unit with its first bytes, its header at least.
    pub(super) fn begin(&mut self, bytes: &[u8]) {
        self.close_nal();
        if self.open_nal(bytes) {
            self.append(bytes);
        }
    }

    /// Opens a NAL unit that starts like `bytes`, none of which are taken yet; `false` where they
    /// are too few for its header.
    fn open_nal(&mut self, bytes: &[u8]) -> bool {
        if bytes.len() < self.codec.header() {
            return false;
        }
        let slice = self.codec.is_slice(bytes);
        self.scratch.clear();
        self.nal = Some(OpenNal {
            slice,
            classified: false,
            head: [0; HEAD],
            head_len: 0,
            taken: 0,
            start: self.buffer.len(),
        });
        if slice && self.collecting() {
            self.buffer.extend_from_slice(&START_CODE);
        }
        true
    }

    /// Adds bytes to the open NAL unit.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        // Each turn ends at a start code inside the bytes, so there are at most as many as bytes.
        while let Some(nal) = &mut self.nal {
            if nal.slice {
                self.append_slice(bytes);
                return;
            }
            let Some((end, next)) = find_start_code(bytes) else {
                let room = MAX_SET.saturating_sub(self.scratch.len());
                self.scratch.extend_from_slice(&bytes[..bytes.len().min(room)]);
                return;
            };
            // Several NAL units in one, parted by start codes (LV-IP22IR40DVBL, Tiandy).
            let room = MAX_SET.saturating_sub(self.scratch.len());
            self.scratch.extend_from_slice(&bytes[..end.min(room)]);
            self.anomaly();
            self.close_nal();
            bytes = &bytes[next..];
            if !self.open_nal(bytes) {
                return;
            }
        }
    }

    /// Ends the open NAL unit, if one is.
    pub(super) fn close_nal(&mut self) {
        let Some(nal) = &mut self.nal else { return };
        nal.taken = nal.head_len;
        if nal.slice {
            self.classify();
        } else if self.scratch.len() < MAX_SET {
            self.sets.learn(&self.scratch);
        }
        self.nal = None;
    }

    fn collecting(&self) -> bool {
        self.unit.as_ref().is_some_and(|unit| unit.collecting)
    }

    fn append_slice(&mut self, bytes: &[u8]) {
        if let Some(nal) = &mut self.nal
            && nal.head_len < HEAD
        {
            nal.taken = nal.head_len;
            let take = bytes.len().min(HEAD - nal.head_len);
            nal.head[nal.head_len..nal.head_len + take].copy_from_slice(&bytes[..take]);
            nal.head_len += take;
            if nal.head_len == HEAD {
                self.classify();
            }
        }
        if !self.collecting() {
            return;
        }
        if self.buffer.len() + bytes.len() > MAX_KEYFRAME {
            self.pictures.oversized = true;
            self.stop_collecting();
            return;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Sorts the open slice into its access unit, once its head is known.
    fn classify(&mut self) {
        let Some(nal) = &mut self.nal else { return };
        if std::mem::replace(&mut nal.classified, true) {
            return;
        }
        let start = nal.start;
        let NalKind::Slice { coding, first } = self.codec.classify(&nal.head[..nal.head_len])
        else {
            return;
        };
        if first && self.begins_new_picture() {
            self.split_unit(start);
        }
        let Some(unit) = &mut self.unit else { return };
        if unit.slices == 0 {
            self.pictures.frames += 1;
            unit.damaged |= !first;
        }
        unit.slices += 1;
        unit.firsts += usize::from(first);
        unit.picture = match (unit.picture, coding) {
            (Picture::RandomAccess, _) | (Picture::Undecided, Coding::RandomAccess) => {
                Picture::RandomAccess
            }
            (Picture::Undecided | Picture::Intra, Coding::Intra) => Picture::Intra,
            (Picture::Intra, Coding::RandomAccess) => Picture::Intra,
            (_, Coding::Inter) | (Picture::Inter, _) => Picture::Inter,
        };
        if unit.picture == Picture::Inter && !self.run.is_open() {
            self.stop_collecting();
        } else if unit.collecting && self.slice_starts.len() < MAX_SLICES {
            let start = self.nal.as_ref().map_or(0, |nal| nal.start);
            self.slice_starts.push(start);
        }
    }

    /// Whether a first slice now begins another picture than the one being received. An interlaced
    /// frame has two, one for each field.
    fn begins_new_picture(&self) -> bool {
        let interlaced = self.codec == NalCodec::H264
            && self.sets.format().is_some_and(|format| !format.progressive);
        let allowed = if interlaced { 2 } else { 1 };
        self.unit.as_ref().is_some_and(|unit| unit.slices > 0 && unit.firsts >= allowed)
    }

    /// Ends the unit before the open slice, which begins the next under the same timestamp.
    fn split_unit(&mut self, start: usize) {
        let Some(unit) = &self.unit else { return };
        let (timestamp, last) = (unit.timestamp, unit.last);
        let mut tail = self.buffer.split_off(start.min(self.buffer.len()));
        let nal = self.nal.take();
        self.finish_unit();
        self.open_unit(last, timestamp);
        if let Some(nal) = &nal
            && tail.is_empty()
        {
            // The picture before was not kept, and so this one's beginning was not.
            tail.extend_from_slice(&START_CODE);
            tail.extend_from_slice(&nal.head[..nal.taken]);
        }
        if self.collecting() {
            self.buffer = tail;
        }
        self.nal = nal.map(|nal| OpenNal { start: 0, ..nal });
    }

    fn open_unit(&mut self, now: Duration, timestamp: u32) {
        self.drop_bytes();
        self.unit = Some(Unit {
            timestamp,
            picture: Picture::Undecided,
            slices: 0,
            firsts: 0,
            damaged: false,
            collecting: self.run.is_open()
                || (self.wanted != Keep::Nothing && !self.run.is_over() && self.lacks_keyframe()),
            marked: None,
            last: now,
        });
    }

    fn finish_unit(&mut self) {
        if self.nal.is_some() {
            self.anomaly();
            self.close_nal();
        }
        let Some(unit) = self.unit.take() else { return };
        let goes_on = self.run.is_open() && unit.slices > 0;
        if goes_on && unit.collecting && !unit.damaged {
            self.run.add(std::mem::take(&mut self.buffer));
        } else if goes_on {
            self.run.end();
        }
        if matches!(unit.picture, Picture::RandomAccess | Picture::Intra) {
            self.pictures.keyframe(self.pictures.frames, unit.last, unit.damaged);
            if unit.collecting && self.wanted != Keep::Nothing && !goes_on {
                self.keep_keyframe(&unit);
            }
        }
        self.drop_bytes();
    }

    fn keep_keyframe(&mut self, unit: &Unit) {
        if !self.sets.complete() {
            self.pictures.sets_missing = true;
            return;
        }
        let mut bytes = Vec::with_capacity(self.sets.len() + self.buffer.len());
        self.sets.write(&mut bytes);
        bytes.extend_from_slice(&self.buffer);
        let ends = self.slice_starts.iter().skip(1).copied().chain([self.buffer.len()]);
        let slices = self
            .slice_starts
            .iter()
            .zip(ends)
            .filter_map(|(&start, end)| self.buffer.get(start + START_CODE.len()..end));
        let headers = Headers::of(slices.clone().map(|slice| self.sets.slice_header(slice)));
        self.ready = Some(Keyframe {
            codec: match self.codec {
                NalCodec::H264 => Codec::H264,
                NalCodec::H265 => Codec::H265,
            },
            slices_hash: hash_slices(slices),
            headers,
            bytes,
            slices: unit.slices,
            damaged: unit.damaged,
            timestamp: unit.timestamp,
            arrived: unit.last,
            format: self.sets.format().cloned(),
            following: Vec::new(),
        });
        if self.wanted == Keep::Run && !unit.damaged {
            self.run.begin();
        }
    }

    fn lacks_keyframe(&self) -> bool {
        self.ready.as_ref().is_none_or(|ready| ready.damaged)
    }

    fn stop_collecting(&mut self) {
        if let Some(unit) = &mut self.unit {
            unit.collecting = false;
        }
        self.drop_bytes();
    }

    /// Frees the slices kept, the room too: a probe needs one keyframe, not a large buffer each.
    fn drop_bytes(&mut self) {
        if self.collecting() || self.buffer.capacity() > MAX_SET {
            self.buffer = Vec::new();
        } else {
            self.buffer.clear();
        }
        self.slice_starts.clear();
    }
}

//! Puts the packets of a JPEG picture together. Every picture is a keyframe.

use std::time::Duration;

use crate::rtp::access_unit::{MAX_KEYFRAME, Pictures};
use crate::rtp::format::{Codec, PictureFormat};
use crate::rtp::keyframe::{Headers, Keyframe, hash_slices};
use crate::rtp::run::{Keep, Run};

use super::jfif::{Layout, MAX_TABLES, Tables, write_headers};
use super::tables::quantization;

/// The profile of ONVIF's header extension for JPEG: the SOI marker.
const ONVIF_JPEG: u16 = 0xffd8;

/// The headers of one RTP payload, RFC 2435 §3.1.
#[derive(Debug)]
struct Fragment<'a> {
    offset: usize,
    q: u8,
    layout: Option<Layout>,
    tables: Option<Tables>,
    scan: &'a [u8],
}

/// The picture being received.
#[derive(Debug)]
struct Unit {
    timestamp: u32,
    layout: Option<Layout>,
    tables: Option<Tables>,
    next_offset: usize,
    damaged: bool,
    collecting: bool,
    last: Duration,
    scan: Vec<u8>,
}

/// Assembles pictures of one stream.
#[derive(Debug)]
pub(in crate::rtp) struct Assembler {
    wanted: Keep,
    run: Run,
    frame_size: Option<(u16, u16)>,
    /// Tables last sent with a Q factor above 127, which later pictures may leave out.
    cached: Option<(u8, Tables)>,
    unit: Option<Unit>,
    ready: Option<Keyframe>,
    format: Option<PictureFormat>,
    pictures: Pictures,
}

impl Assembler {
    /// `frame_size` of the SDP, for pictures whose size does not fit the RTP header.
    pub(in crate::rtp) fn new(frame_size: Option<(u16, u16)>) -> Self {
        Assembler {
            wanted: Keep::Keyframe,
            run: Run::default(),
            frame_size,
            cached: None,
            unit: None,
            ready: None,
            format: None,
            pictures: Pictures::default(),
        }
    }

    /// What is kept.
    pub(in crate::rtp) fn keep(&mut self, wanted: Keep) {
        self.wanted = wanted;
        if wanted == Keep::Nothing {
            self.ready = None;
            if let Some(unit) = &mut self.unit {
                unit.collecting = false;
                unit.scan = Vec::new();
            }
        }
    }

    /// The picture that is ready, if any.
    pub(in crate::rtp) fn take(&mut self) -> Option<Keyframe> {
        self.ready.take()
    }

    /// What came after the picture.
    pub(in crate::rtp) fn run(&self) -> &Run {
        &self.run
    }

    /// Takes it, which ends it.
    pub(in crate::rtp) fn take_run(&mut self) -> Vec<Vec<u8>> {
        self.run.take()
    }

    /// What was counted.
    pub(in crate::rtp) fn pictures(&self) -> &Pictures {
        &self.pictures
    }

    /// What the last picture's header says.
    pub(in crate::rtp) fn format(&self) -> Option<&PictureFormat> {
        self.format.as_ref()
    }

    /// Bytes held.
    pub(in crate::rtp) fn memory(&self) -> usize {
        self.unit.as_ref().map_or(0, |unit| unit.scan.capacity() + MAX_TABLES)
            + self.ready.as_ref().map_or(0, |keyframe| keyframe.bytes.capacity())
            + self.run.memory()
            + MAX_TABLES
    }

    /// The source began anew: what is open will not be completed.
    pub(in crate::rtp) fn abandon(&mut self) {
        self.run.end();
        self.unit = None;
    }

    /// Takes the header extension of a packet: ONVIF cameras put the JPEG headers there that RFC 2435
    /// has no room for (ONVIF Streaming Specification, RTP header extension for JPEG).
    pub(in crate::rtp) fn extension(&mut self, kind: u16, data: &[u8]) {
        if kind == ONVIF_JPEG
            && let Some(size) = size_in_headers(data)
        {
            self.frame_size = Some(size);
        }
    }

    /// Takes one payload; `gap` where packets before it are missing.
    pub(in crate::rtp) fn packet(
        &mut self,
        now: Duration,
        timestamp: u32,
        marker: bool,
        gap: bool,
        payload: &[u8],
    ) {
        let Some(fragment) = parse(payload) else {
            self.pictures.anomalies += 1;
            if let Some(unit) = &mut self.unit {
                unit.damaged = true;
            }
            return;
        };
        let begins = fragment.offset == 0;
        if let Some(unit) = &mut self.unit {
            if gap {
                unit.damaged = true;
                self.pictures.gap();
            }
            if unit.timestamp != timestamp || begins {
                // No marker came; complete all the same unless packets are missing.
                self.finish(false);
            }
        }
        if self.unit.is_none() {
            self.open(now, timestamp, &fragment);
        }
        self.add(now, fragment);
        if marker {
            self.finish(true);
        }
    }

    fn open(&mut self, now: Duration, timestamp: u32, fragment: &Fragment<'_>) {
        self.pictures.frames += 1;
        self.unit = Some(Unit {
            timestamp,
            layout: fragment.layout,
            tables: None,
            next_offset: 0,
            damaged: fragment.offset != 0,
            collecting: fragment.offset == 0 && (self.run.is_open() || self.lacks_picture()),
            last: now,
            scan: Vec::new(),
        });
        if fragment.offset == 0 {
            let tables = self.tables_of(fragment);
            if tables.is_none() {
                self.pictures.sets_missing = true;
            }
            if let Some(unit) = &mut self.unit {
                unit.collecting &= tables.is_some();
                unit.tables = tables;
            }
        }
    }

    /// §3.1.8: tables in the packet, from an earlier one, or by the Q factor.
    fn tables_of(&mut self, fragment: &Fragment<'_>) -> Option<Tables> {
        match fragment.q {
            1..=99 => Some(Tables { precision: 0, bytes: quantization(fragment.q).to_vec() }),
            128.. => match &fragment.tables {
                Some(tables) => {
                    self.cached = Some((fragment.q, tables.clone()));
                    Some(tables.clone())
                }
                None => self
                    .cached
                    .as_ref()
                    .filter(|(q, _)| *q == fragment.q)
                    .map(|(_, tables)| tables.clone()),
            },
            _ => None, // reserved
        }
    }

    fn add(&mut self, now: Duration, fragment: Fragment<'_>) {
        let Some(unit) = &mut self.unit else { return };
        unit.last = unit.last.max(now);
        if fragment.offset != unit.next_offset {
            unit.damaged = true;
        }
        unit.next_offset = fragment.offset + fragment.scan.len();
        if !unit.collecting {
            return;
        }
        if unit.scan.len() + fragment.scan.len() > MAX_KEYFRAME {
            self.pictures.oversized = true;
            unit.collecting = false;
            unit.scan = Vec::new();
            return;
        }
        unit.scan.extend_from_slice(fragment.scan);
    }

    fn finish(&mut self, marked: bool) {
        if !marked {
            self.pictures.anomalies += 1;
        }
        let Some(unit) = self.unit.take() else { return };
        self.pictures.keyframe(self.pictures.frames, unit.last, unit.damaged);
        let Some(layout) = self.sized(unit.layout) else {
            self.pictures.sets_missing = true;
            return;
        };
        let format = PictureFormat {
            width: layout.width.into(),
            height: layout.height.into(),
            profile: None,
            level: None,
            fps: None,
            progressive: true,
        };
        self.format = Some(format.clone());
        if !unit.collecting || self.wanted == Keep::Nothing {
            self.run.end();
            return;
        }
        let Some(tables) = &unit.tables else { return };
        let mut bytes = Vec::with_capacity(1_024 + unit.scan.len());
        if write_headers(layout, tables, &mut bytes).is_none() {
            self.pictures.sets_missing = true;
            return;
        }
        bytes.extend_from_slice(&unit.scan);
        if !bytes.ends_with(&[0xff, 0xd9]) {
            bytes.extend_from_slice(&[0xff, 0xd9]); // EOI
        }
        if self.run.is_open() {
            if unit.damaged {
                self.run.end();
            } else {
                self.run.add(bytes);
            }
            return;
        }
        if self.wanted == Keep::Run && !unit.damaged {
            self.run.begin();
        }
        self.ready = Some(Keyframe {
            codec: Codec::Jpeg,
            bytes,
            headers: Headers::Unread,
            slices_hash: hash_slices(std::iter::once(unit.scan.as_slice())),
            slices: 1,
            damaged: unit.damaged,
            timestamp: unit.timestamp,
            arrived: unit.last,
            format: Some(format),
            following: Vec::new(),
        });
    }

    fn lacks_picture(&self) -> bool {
        self.wanted != Keep::Nothing
            && !self.run.is_over()
            && self.ready.as_ref().is_none_or(|ready| ready.damaged)
    }

    /// A size of 0 stands for one past 2 040 pixels, which the SDP or an extension tells.
    fn sized(&self, layout: Option<Layout>) -> Option<Layout> {
        let layout = layout?;
        if layout.width != 0 && layout.height != 0 {
            return Some(layout);
        }
        let (width, height) = self.frame_size.filter(|&(width, height)| width > 0 && height > 0)?;
        Some(Layout { width, height, ..layout })
    }
}

/// Width and height in the frame header (SOF0, T.81 B.2.2) among marker segments.
fn size_in_headers(mut data: &[u8]) -> Option<(u16, u16)> {
    loop {
        let start = data.iter().position(|&byte| byte != 0xff)?;
        let (&marker, rest) = data[start..].split_first()?;
        // The marker follows its fill bytes; SOI stands alone.
        if marker == 0xd8 {
            data = rest;
            continue;
        }
        let length = usize::from(u16::from_be_bytes(*rest.first_chunk::<2>()?));
        let (segment, after) = rest.split_at_checked(length.max(2))?;
        if marker == 0xc0 {
            let size = segment.get(3..7)?;
            let height = u16::from_be_bytes([size[0], size[1]]);
            let width = u16::from_be_bytes([size[2], size[3]]);
            return Some((width, height));
        }
        data = after;
    }
}

/// Reads the payload's headers; `None` where they are cut short. A layout of a type other than 0,
/// 1, 64, 65 is `None` inside: its picture can be counted but not rebuilt.
fn parse(payload: &[u8]) -> Option<Fragment<'_>> {
    let (main, mut rest) = payload.split_first_chunk::<8>()?;
    let [_, o1, o2, o3, kind, q, width, height] = *main;
    let offset = u32::from_be_bytes([0, o1, o2, o3]) as usize;
    let mut restart = 0;
    if (64..128).contains(&kind) {
        let (header, after) = rest.split_first_chunk::<4>()?;
        restart = u16::from_be_bytes([header[0], header[1]]);
        rest = after;
    }
    let mut tables = None;
    if q >= 128 && offset == 0 {
        let (header, after) = rest.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let (bytes, after) = after.split_at_checked(length)?;
        if (64..=MAX_TABLES).contains(&length) {
            tables = Some(Tables { precision: header[1], bytes: bytes.to_vec() });
        }
        rest = after;
    }
    let layout = matches!(kind, 0 | 1 | 64 | 65).then(|| Layout {
        width: u16::from(width) * 8,
        height: u16::from(height) * 8,
        half_height: kind & 1 == 1,
        restart,
    });
    Some(Fragment { offset, q, layout, tables, scan: rest })
}

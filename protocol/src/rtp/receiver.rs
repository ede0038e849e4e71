//! One stream's packets in, its figures and a keyframe out.

use std::time::Duration;

use rtp_types::RtpPacket;

use super::access_unit::{self, Assembler, Pictures};
use super::arrival::Arrival;
use super::counted::Counted;
use super::format::{Codec, PictureFormat, StreamFormat};
use super::g711::{Law, Level};
use super::jitter::Jitter;
use super::keyframe::Keyframe;
use super::nal::NalCodec;
use super::parameter_sets::MAX_SETS;
use super::reorder::{MAX_HELD_BYTES, Reorder};
use super::reports::{Report, SenderClock};
use super::run::{Keep, MAX_RUN};
use super::sent::Sent;
use super::source::{Admission, MAX_CANDIDATES, MAX_IN_PROBATION, Source, near};
use super::statistics::{AudioStatistics, Statistics, StreamStatistics, VideoStatistics};
use super::{h264, h265, jpeg};

/// How the payloads of a stream are read.
#[derive(Debug)]
enum Media {
    Nal(Assembler),
    Jpeg(jpeg::Assembler),
    Video(Counted),
    Audio(Option<Level>),
}

/// A packet of a source not yet proven, and when it came.
#[derive(Debug)]
struct HeldPacket {
    ssrc: u32,
    sequence: u16,
    at: Duration,
    bytes: Vec<u8>,
}

/// Receives one stream.
///
/// Feed it with [`handle_rtp`](Self::handle_rtp) and [`handle_rtcp`](Self::handle_rtcp), ask for
/// [`take_keyframe`](Self::take_keyframe) after each and at [`next_deadline`](Self::next_deadline).
#[derive(Debug)]
pub struct Receiver {
    payload_type: u8,
    source: Source,
    /// The last packets of sources not yet proven.
    held: Vec<HeldPacket>,
    foreign_payloads: u64,
    malformed: u64,
    jitter: Jitter,
    arrival: Arrival,
    clock: SenderClock,
    sent: Sent,
    reorder: Reorder,
    media: Media,
}

impl Receiver {
    /// Most coded bytes of a keyframe, its parameter sets not counted.
    pub const MAX_KEYFRAME: usize = access_unit::MAX_KEYFRAME;

    /// Most heap bytes of one receiver whatever it is fed: a keyframe being received in a growing
    /// buffer, one ready and one being put together, the pictures after it, parameter sets, packets held for their order.
    /// Without a keyframe under way it is a few kilobytes.
    pub const MEMORY_BOUND: usize =
        4 * (Self::MAX_KEYFRAME + MAX_SETS) + MAX_RUN + 2 * MAX_HELD_BYTES + 1024 * 1024;

    /// A receiver for the stream as its SDP describes it. Keyframes are wanted.
    pub fn new(format: &StreamFormat) -> Self {
        let media = match format.codec {
            Codec::H264 => Media::Nal(Assembler::new(NalCodec::H264, &format.parameter_sets)),
            Codec::H265 => Media::Nal(Assembler::new(NalCodec::H265, &format.parameter_sets)),
            Codec::Jpeg => Media::Jpeg(jpeg::Assembler::new(format.frame_size)),
            Codec::Mpeg4 | Codec::OtherVideo => Media::Video(Counted::new(format.codec)),
            Codec::Pcma => Media::Audio(Some(Level::new(Law::A))),
            Codec::Pcmu => Media::Audio(Some(Level::new(Law::Mu))),
            Codec::OtherAudio => Media::Audio(None),
        };
        Receiver {
            payload_type: format.payload_type,
            source: Source::new(format.ssrc),
            held: Vec::new(),
            foreign_payloads: 0,
            malformed: 0,
            jitter: Jitter::new(format.clock_rate),
            arrival: Arrival::new(),
            clock: SenderClock::default(),
            sent: Sent::default(),
            reorder: Reorder::default(),
            media,
        }
    }

    /// Takes one RTP packet that arrived at `now`, a `Duration` since the start of the probe.
    pub fn handle_rtp(&mut self, now: Duration, data: &[u8]) {
        let Ok(packet) = RtpPacket::parse(data) else {
            self.malformed += 1;
            return;
        };
        if packet.payload_type() != self.payload_type {
            self.foreign_payloads += 1;
            return;
        }
        let sequence = packet.sequence_number();
        match self.source.admit(now, packet.ssrc(), sequence) {
            Admission::Held => self.hold(now, packet.ssrc(), sequence, data),
            Admission::Proven => {
                let held = std::mem::take(&mut self.held);
                let proven = |held: &&HeldPacket| {
                    held.ssrc == packet.ssrc() && near(held.sequence, sequence)
                };
                for first in held.iter().filter(proven) {
                    if let Ok(packet) = RtpPacket::parse(&first.bytes) {
                        self.accept(first.at, &packet, &first.bytes);
                    }
                }
                self.accept(now, &packet, data);
            }
            Admission::InOrder | Admission::Late => self.accept(now, &packet, data),
            Admission::Restarted => {
                self.jitter.forget_last();
                self.sent.forget();
                self.reorder.clear();
                match &mut self.media {
                    Media::Nal(assembler) => assembler.abandon(),
                    Media::Jpeg(assembler) => assembler.abandon(),
                    Media::Video(_) | Media::Audio(_) => {}
                }
                self.accept(now, &packet, data);
            }
            Admission::Duplicate | Admission::Stray | Admission::Foreign => {}
        }
    }

    /// Takes one RTCP compound packet that arrived at `now`, when the prober's wall clock stood at
    /// `wall` since 1970; without it the camera's clock is not judged.
    pub fn handle_rtcp(&mut self, now: Duration, wall: Option<Duration>, data: &[u8]) {
        if let Some(sent) = self.clock.handle(now, wall, data, self.source.ssrc()) {
            let counts = self.source.counts();
            self.sent.note(sent, counts.expected, counts.packets);
        }
    }

    /// The receiver report that is due (RFC 3550 §6.4.2) with `cname` in its SDES, at most 255
    /// bytes; `None` before the stream's source is known. Some cameras stop without it.
    pub fn receiver_report(
        &mut self,
        now: Duration,
        own_ssrc: u32,
        cname: &str,
    ) -> Option<Vec<u8>> {
        let ssrc = self.source.ssrc()?;
        let report = Report {
            own_ssrc,
            ssrc,
            fraction_lost: self.source.fraction_lost(),
            lost: self.source.counts().lost(),
            highest: self.source.extended_highest(),
            jitter: self.jitter.units(),
            last_report: self.clock.last_report(ssrc, now),
        };
        Some(report.to_bytes(cname)).filter(|bytes| !bytes.is_empty())
    }

    /// What is kept of the pictures. Say [`Keep::Nothing`] once it is taken.
    pub fn keep(&mut self, keep: Keep) {
        match &mut self.media {
            Media::Nal(assembler) => assembler.keep(keep),
            Media::Jpeg(assembler) => assembler.keep(keep),
            Media::Video(_) | Media::Audio(_) => {}
        }
    }

    /// Whether nothing more belongs to the [`Keep::Run`] whose keyframe was taken.
    pub fn is_run_over(&self) -> bool {
        match &self.media {
            Media::Nal(assembler) => assembler.run().is_over(),
            Media::Jpeg(assembler) => assembler.run().is_over(),
            Media::Video(_) | Media::Audio(_) => true,
        }
    }

    /// What of the run came after its keyframe, which ends it: see [`Keyframe::following`].
    pub fn take_run(&mut self) -> Vec<Vec<u8>> {
        match &mut self.media {
            Media::Nal(assembler) => assembler.take_run(),
            Media::Jpeg(assembler) => assembler.take_run(),
            Media::Video(_) | Media::Audio(_) => Vec::new(),
        }
    }

    /// The next whole keyframe, if one is there. A damaged one is given as well; the caller may wait
    /// for a better one. A whole one that is not taken is kept and later ones are only counted.
    pub fn take_keyframe(&mut self, now: Duration) -> Option<Keyframe> {
        let Receiver { media, reorder, arrival, .. } = self;
        reorder.expire(now, |at, data, gap| media.deliver(at, arrival, data, gap));
        match &mut self.media {
            Media::Nal(assembler) => {
                assembler.settle(now);
                assembler.take()
            }
            Media::Jpeg(assembler) => assembler.take(),
            Media::Video(_) | Media::Audio(_) => None,
        }
    }

    /// When to ask [`take_keyframe`](Self::take_keyframe) again although no packet came.
    pub fn next_deadline(&self) -> Option<Duration> {
        let settles = match &self.media {
            Media::Nal(assembler) => assembler.settles_at(),
            Media::Jpeg(_) | Media::Video(_) | Media::Audio(_) => None,
        };
        settles.into_iter().chain(self.reorder.expires_at()).min()
    }

    /// Heap bytes held now, below [`MEMORY_BOUND`](Self::MEMORY_BOUND).
    pub fn memory(&self) -> usize {
        let media = match &self.media {
            Media::Nal(assembler) => assembler.memory(),
            Media::Jpeg(assembler) => assembler.memory(),
            Media::Video(_) | Media::Audio(_) => 0,
        };
        let held: usize = self.held.iter().map(|held| held.bytes.capacity()).sum();
        media + held + self.reorder.memory()
    }

    /// The figures at `now`.
    pub fn statistics(&self, now: Duration) -> Statistics {
        let counts = self.source.counts();
        let stream = StreamStatistics {
            packets: counts.packets,
            bytes: self.arrival.bytes(),
            lost: counts.lost(),
            loss_ratio: (counts.expected > 0)
                .then(|| counts.lost() as f64 / counts.expected as f64),
            sender_loss: self.sent.loss(),
            reordered: counts.reordered,
            duplicates: counts.duplicates,
            foreign: counts.foreign + self.foreign_payloads,
            malformed: self.malformed + counts.strays + self.clock.malformed(),
            restarts: counts.restarts,
            jitter_ms: self.jitter.ms(),
            gap_p99_ms: self.arrival.gap_p99_ms(),
            longest_stall_ms: self
                .arrival
                .longest_stall(now)
                .map(|stall| stall.as_secs_f64() * 1e3),
            timestamp_jumps: self.jitter.jumps(),
            bitrate_bps: self.arrival.bitrate_bps(self.media.pictures().gop_frames),
            first_packet_at: self.arrival.first_packet(),
            clock_offset_ms: self.clock.offset_ms(self.source.ssrc()),
            foreign_reports: self.clock.unknown(),
        };
        let (video, audio) = match &self.media {
            Media::Nal(assembler) => {
                (Some(self.video(assembler.pictures(), assembler.format())), None)
            }
            Media::Jpeg(assembler) => {
                (Some(self.video(assembler.pictures(), assembler.format())), None)
            }
            Media::Video(counted) => (
                Some(VideoStatistics {
                    keyframes: counted.keyframes(),
                    ..self.video(counted.pictures(), None)
                }),
                None,
            ),
            Media::Audio(level) => {
                let digital_silence = level.as_ref().is_some_and(Level::is_digital_silence);
                let level_dbfs = level.as_ref().and_then(Level::dbfs);
                (None, Some(AudioStatistics { level_dbfs, digital_silence }))
            }
        };
        Statistics { stream, video, audio }
    }

    fn video(&self, pictures: &Pictures, format: Option<&PictureFormat>) -> VideoStatistics {
        VideoStatistics {
            frames: pictures.frames,
            fps: self.arrival.fps(),
            gop_frames: pictures.gop_frames,
            keyframes: Some(pictures.keyframes),
            damaged_keyframes: pictures.damaged_keyframes,
            first_keyframe_at: pictures.first_keyframe_at,
            picture: format.cloned(),
            parameter_sets_missing: pictures.sets_missing,
            oversized: pictures.oversized,
            anomalies: pictures.anomalies,
        }
    }

    /// Keeps the last packets of a source in probation.
    fn hold(&mut self, now: Duration, ssrc: u32, sequence: u16, data: &[u8]) {
        if self.held.iter().any(|held| held.ssrc == ssrc && held.sequence == sequence) {
            return;
        }
        let of_it = self.held.iter().filter(|held| held.ssrc == ssrc).count();
        if of_it == MAX_IN_PROBATION
            && let Some(oldest) = self.held.iter().position(|held| held.ssrc == ssrc)
        {
            self.held.remove(oldest);
        }
        if self.held.len() == MAX_CANDIDATES + MAX_IN_PROBATION {
            self.held.remove(0);
        }
        self.held.push(HeldPacket { ssrc, sequence, at: now, bytes: data.to_vec() });
    }

    /// A packet that is the stream's.
    fn accept(&mut self, now: Duration, packet: &RtpPacket<'_>, data: &[u8]) {
        self.arrival.packet(now, data.len());
        self.jitter.note(now, packet.timestamp());
        if let Media::Audio(level) = &mut self.media {
            self.arrival.frame(now, 0);
            self.arrival.payload(packet.payload().len());
            if let Some(level) = level {
                level.add(packet.payload());
            }
            return;
        }
        let Receiver { media, reorder, arrival, .. } = self;
        reorder.push(now, packet.sequence_number(), data, |at, data, gap| {
            media.deliver(at, arrival, data, gap);
        });
    }
}

impl Media {
    /// What was counted of the pictures.
    fn pictures(&self) -> Pictures {
        match self {
            Media::Nal(assembler) => *assembler.pictures(),
            Media::Jpeg(assembler) => *assembler.pictures(),
            Media::Video(counted) => *counted.pictures(),
            Media::Audio(_) => Pictures::default(),
        }
    }

    /// Takes a video packet, which arrived at `at`, in its order and notes the frames that begin
    /// with it.
    fn deliver(&mut self, at: Duration, arrival: &mut Arrival, data: &[u8], gap: bool) {
        let Ok(packet) = RtpPacket::parse(data) else { return };
        let before = self.pictures().frames;
        self.packet(at, &packet, gap);
        let after = self.pictures();
        for _ in before..after.frames {
            arrival.frame(at, after.keyframes);
        }
        arrival.payload(packet.payload().len());
    }

    /// Takes a video packet in its order.
    fn packet(&mut self, now: Duration, packet: &RtpPacket<'_>, gap: bool) {
        let (timestamp, marker) = (packet.timestamp(), packet.marker_bit());
        match self {
            Media::Nal(assembler) => {
                assembler.packet(now, timestamp, gap);
                match assembler.codec() {
                    NalCodec::H264 => h264::depacketize(assembler, packet.payload()),
                    NalCodec::H265 => h265::depacketize(assembler, packet.payload()),
                }
                assembler.packet_end(now, marker);
            }
            Media::Jpeg(assembler) => {
                if let Some((kind, data)) = packet.extension() {
                    assembler.extension(kind, data);
                }
                assembler.packet(now, timestamp, marker, gap, packet.payload());
            }
            Media::Video(counted) => {
                counted.packet(now, timestamp, marker, gap, packet.payload());
            }
            Media::Audio(_) => {}
        }
    }
}

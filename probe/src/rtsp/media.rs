//! What a probe does with the packets: receivers, the keyframe, and when it has seen enough.

mod loss;

use std::time::Duration;

use zhishou_domain::habit::{Came, Flow, Form, InVain, Look, Patience, Sighting, Wait};
use zhishou_domain::{
    AudioFacts, Depth, Detail, Fault, FaultCode, Group, Oddities, Stage, Timestamp, Transport,
    VideoFacts,
};
use zhishou_protocol::rtp::{
    Codec, Keep, Keyframe, Receiver, Statistics, StreamFormat, StreamStatistics,
};
use zhishou_protocol::rtsp::{Facts, PacketKind, Track, TransportKind};
use zhishou_protocol::sdp::{self, Description, MediaKind};

use super::datagrams::Datagrams;
use super::faults::{millis, silence};
use crate::Settings;
use crate::look::CodedEvidence;

/// A clock further off than this is none: devices without one count from their start (56 years if
/// they begin at 1970, 126 if at 1900).
const NO_CLOCK_MS: f64 = 60.0 * 365.25 * 86_400_000.0;
/// How long after a keyframe the pictures that follow it are waited for.
const RUN: Duration = Duration::from_secs(1);
/// Our name in receiver reports.
const CNAME: &str = "zhishou";

/// One stream being received.
#[derive(Debug)]
struct Stream {
    receiver: Receiver,
    codec: String,
    declared_fps: Option<f64>,
}

/// What is to be received.
#[derive(Debug, Clone, Copy)]
pub(super) struct MediaOrder {
    pub(super) depth: Depth,
    /// How long to receive.
    pub(super) time: Duration,
    /// How long to wait for a keyframe.
    pub(super) patience: Patience,
    /// Of the pictures, at depth `picture`.
    pub(super) keep: Keep,
    /// Of our receiver reports.
    pub(super) own_ssrc: u32,
}

/// Everything received in one probe.
#[derive(Debug)]
pub(super) struct Media {
    order: MediaOrder,
    /// Until it plays: from then on nothing of it is needed but what the streams took.
    description: Option<Box<Description>>,
    /// Whether its video has pictures that need no other.
    has_keyframes: bool,
    /// Whether the description has parameter sets of the video that cannot be used.
    invalid_sets: bool,
    /// Boxed, as most cameras have one of the two.
    video: Option<Box<Stream>>,
    audio: Option<Box<Stream>>,
    playing_at: Option<Duration>,
    first_packet_at: Option<Duration>,
    last_packet_at: Duration,
    next_report: Option<Duration>,
    keyframe: Option<Keyframe>,
    way: Way,
}

/// How the packets of the video came, which says whose fault it is if some are missing.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    transport: Option<Transport>,
    /// Packets of hosts that have nothing to do with the session.
    strangers: u64,
    /// Packets that arrived and that this machine had no room for.
    dropped_here: u64,
}

impl Way {
    /// Packets that did not arrive, and their share of those expected.
    fn loss(&self, s: &StreamStatistics) -> (u64, Option<f64>) {
        let lost = s.lost.saturating_sub(self.dropped_here);
        let share = if s.lost > 0 { lost as f64 / s.lost as f64 } else { 1.0 };
        (lost, s.loss_ratio.map(|ratio| ratio * share))
    }
}

impl Media {
    pub(super) fn new(order: MediaOrder) -> Self {
        Self {
            order,
            description: None,
            has_keyframes: false,
            invalid_sets: false,
            video: None,
            audio: None,
            playing_at: None,
            first_packet_at: None,
            last_packet_at: Duration::ZERO,
            next_report: None,
            keyframe: None,
            way: Way::default(),
        }
    }

    /// Forgets what was set up: it begins again in another way.
    pub(super) fn start_over(&mut self) {
        *self = Self::new(self.order);
    }

    /// Of our receiver reports.
    pub(super) fn own_ssrc(&self) -> u32 {
        self.order.own_ssrc
    }

    /// How the video came, once it was set up.
    pub(super) fn transport(&self) -> Option<Transport> {
        self.way.transport
    }

    /// What the sockets know of packets that did not make it into the stream.
    pub(super) fn went_astray(&mut self, datagrams: &Datagrams, now: Duration) {
        self.way.strangers = datagrams.strangers();
        let lost = self.video.as_ref().map_or(0, |v| v.receiver.statistics(now).stream.lost);
        if lost > 0 {
            self.way.dropped_here = datagrams.dropped_here();
            if self.way.dropped_here > 0 {
                tracing::warn!(
                    packets = self.way.dropped_here,
                    "the receive buffer was full; raise net.core.rmem_max"
                );
            }
        }
    }

    pub(super) fn described(&mut self, description: Box<Description>) {
        self.has_keyframes = description.video().is_some_and(|v| v.codec.has_keyframes());
        self.invalid_sets = description.video().is_some_and(|v| v.parameter_sets.invalid);
        self.description = Some(description);
    }

    pub(super) fn ready(&mut self, track: Track, ssrc: Option<u32>, kind: TransportKind) {
        if track == Track::Video {
            self.way.transport = Some(match kind {
                TransportKind::Tcp => Transport::Tcp,
                TransportKind::Udp => Transport::Udp,
            });
        }
        let Some(description) = &self.description else { return };
        let (media, slot) = match track {
            Track::Video => (description.video(), &mut self.video),
            Track::Audio => (description.audio(), &mut self.audio),
        };
        let Some(media) = media else { return };
        let mut receiver = Receiver::new(&format(media, ssrc));
        let is_seen = track == Track::Video && self.order.depth == Depth::Picture;
        receiver.keep(if is_seen { self.order.keep } else { Keep::Nothing });
        let (codec, declared_fps) = (media.codec.name(), media.declared_fps);
        *slot = Some(Box::new(Stream { receiver, codec, declared_fps }));
    }

    pub(super) fn playing(&mut self, now: Duration, settings: &Settings) {
        self.playing_at = Some(now);
        self.description = None;
        self.next_report = Some(now + settings.report);
    }

    /// Whether PLAY was answered and nothing at all came.
    pub(super) fn is_silent(&self, now: Duration) -> bool {
        let sound = self.audio.as_ref().map_or(0, |a| a.receiver.statistics(now).stream.packets);
        self.playing_at.is_some() && self.first_packet_at.is_none() && sound == 0
    }

    pub(super) fn packet(
        &mut self,
        track: Track,
        kind: PacketKind,
        payload: &[u8],
        now: Duration,
        wall: Duration,
    ) {
        let stream = match track {
            Track::Video => &mut self.video,
            Track::Audio => &mut self.audio,
        };
        let Some(stream) = stream else { return };
        match kind {
            PacketKind::Rtp => stream.receiver.handle_rtp(now, payload),
            PacketKind::Rtcp => stream.receiver.handle_rtcp(now, Some(wall), payload),
        }
        if track == Track::Video && kind == PacketKind::Rtp {
            self.first_packet_at.get_or_insert(now);
            self.last_packet_at = now;
            self.look_for_keyframe(now);
        }
    }

    fn look_for_keyframe(&mut self, now: Duration) {
        if self.order.depth != Depth::Picture || self.has_whole_keyframe() {
            return;
        }
        let Some(video) = &mut self.video else { return };
        if let Some(keyframe) = video.receiver.take_keyframe(now) {
            if !keyframe.damaged && self.order.keep == Keep::Keyframe {
                video.receiver.keep(Keep::Nothing);
            }
            self.keyframe = Some(keyframe);
        }
    }

    fn has_whole_keyframe(&self) -> bool {
        self.keyframe.as_ref().is_some_and(|k| !k.damaged)
    }

    /// A receiver report, when one is due.
    pub(super) fn report(&mut self, now: Duration, settings: &Settings) -> Option<Vec<u8>> {
        if self.next_report.is_none_or(|next| next > now) {
            return None;
        }
        self.next_report = Some(now + settings.report);
        self.video.as_mut()?.receiver.receiver_report(now, self.order.own_ssrc, CNAME)
    }

    /// When to look again although nothing came; `None` before PLAY was answered.
    pub(super) fn wake_at(&self, settings: &Settings) -> Option<Duration> {
        // Only while a keyframe is looked for does the quiet after a frame mean anything.
        let looking = self.order.depth == Depth::Picture && !self.has_whole_keyframe();
        let video = self.video.as_ref().filter(|_| looking);
        let settle = video.and_then(|v| v.receiver.next_deadline());
        [self.done_at(settings), self.next_report, settle].into_iter().flatten().min()
    }

    /// Whether enough has been seen.
    pub(super) fn is_done(&mut self, now: Duration, settings: &Settings) -> bool {
        if self.playing_at.is_some() {
            self.look_for_keyframe(now);
        }
        self.done_at(settings).is_some_and(|at| at <= now)
    }

    fn done_at(&self, settings: &Settings) -> Option<Duration> {
        let playing = self.playing_at?;
        let Some(first) = self.first_packet_at else {
            return Some(playing + settings.first_packet);
        };
        // Media that came before the answer to PLAY count from that answer.
        let first = first.max(playing);
        let wait = if self.awaits_keyframe(first + self.order.time, settings) {
            self.order.time.max(self.order.patience.wait)
        } else {
            self.order.time
        };
        let end = match self.run_from() {
            Some(keyframe) => (first + wait).max(keyframe + RUN),
            None => first + wait,
        };
        // A stream that has just fallen silent is watched until it is a stall or goes on.
        let stall = settings.limits.stall;
        let silent = end.saturating_sub(self.last_packet_at) >= stall / 3;
        let stalled_at = self.last_packet_at + stall + Duration::from_millis(1);
        Some(if silent { end.max(stalled_at) } else { end })
    }

    /// Whether it is worth receiving on for a keyframe. Where the device loses packets, a whole one
    /// may never come, and the loss is what there is to say.
    fn awaits_keyframe(&self, now: Duration, settings: &Settings) -> bool {
        if self.order.depth != Depth::Picture || self.has_whole_keyframe() || !self.has_keyframes {
            return false;
        }
        self.keyframe.is_none() || !self.is_lossy(now, settings)
    }

    fn is_lossy(&self, now: Duration, settings: &Settings) -> bool {
        self.video.as_ref().is_some_and(|video| {
            let ratio = video.receiver.statistics(now).stream.loss_ratio;
            ratio.is_some_and(|r| r > settings.limits.loss_ratio)
        })
    }

    /// When the keyframe came that is still being followed.
    fn run_from(&self) -> Option<Duration> {
        let keyframe = self.keyframe.as_ref().filter(|keyframe| !keyframe.damaged)?;
        let follows = self.order.keep == Keep::Run
            && self.video.as_ref().is_some_and(|video| !video.receiver.is_run_over());
        follows.then_some(keyframe.arrived)
    }

    /// The one keyframe to be looked at, whole, and what was taken after it.
    pub(super) fn take_keyframe(&mut self) -> Option<Keyframe> {
        let mut keyframe = self.keyframe.take_if(|k| !k.damaged)?;
        if let Some(video) = &mut self.video {
            keyframe.following = video.receiver.take_run();
        }
        Some(keyframe)
    }

    /// Packets of the video, and how long after PLAY the figures were taken.
    pub(super) fn flow(&self, now: Duration) -> (u64, Duration) {
        let packets = self.video.as_ref().map_or(0, |v| v.receiver.statistics(now).stream.packets);
        (packets, now.saturating_sub(self.playing_at.unwrap_or(now)))
    }

    /// The longest time without a packet while the video flowed.
    pub(super) fn longest_pause(&self) -> Option<Duration> {
        let stream = self.video.as_ref()?.receiver.statistics(self.last_packet_at).stream;
        stream.longest_stall_ms.map(|ms| Duration::from_secs_f64(ms / 1e3))
    }

    /// From the answer to PLAY to the first packet, and to the end of the first keyframe.
    pub(super) fn timings(&self, now: Duration) -> (Option<Duration>, Option<Duration>) {
        let (Some(playing), Some(video)) = (self.playing_at, &self.video) else {
            return (None, None);
        };
        let statistics = video.receiver.statistics(now);
        let since = |at: Option<Duration>| at.map(|at| at.saturating_sub(playing));
        let keyframe = statistics.video.and_then(|v| v.first_keyframe_at);
        (since(statistics.stream.first_packet_at), since(keyframe))
    }

    /// What is wrong with the media. `cut` if the connection broke, which explains what is missing;
    /// `stopped` if we did not wait for all of it.
    pub(super) fn faults(
        &self,
        now: Duration,
        cut: bool,
        stopped: bool,
        settings: &Settings,
    ) -> Vec<Fault> {
        let (Some(playing), Some(video)) = (self.playing_at, &self.video) else {
            return Vec::new();
        };
        let statistics = video.receiver.statistics(now);
        if statistics.stream.packets == 0 {
            let waited = silence(now.saturating_sub(playing));
            let fault = Fault::new(FaultCode::NoMedia, Stage::FirstPacket, waited);
            return if cut || stopped { Vec::new() } else { vec![fault] };
        }
        let declared_fps = self.declared_fps(&statistics);
        let mut faults = flow_faults(&statistics, &self.way, declared_fps, settings);
        let missing = self.order.depth == Depth::Picture && !self.has_whole_keyframe();
        if missing && !cut && !stopped {
            faults.extend(self.keyframe_fault(now, &statistics, settings));
        }
        faults
    }

    fn keyframe_fault(
        &self,
        now: Duration,
        statistics: &Statistics,
        settings: &Settings,
    ) -> Option<Fault> {
        if !self.has_keyframes {
            return None;
        }
        let video = statistics.video.as_ref()?;
        let undecodable = |problem: &str| {
            let detail = Detail::Decoder { problem: problem.to_owned() };
            Some(Fault::new(FaultCode::Undecodable, Stage::FirstKeyframe, detail))
        };
        if self.keyframe.is_some() || video.damaged_keyframes > 0 {
            if self.is_lossy(now, settings) {
                return None;
            }
            let evidence = self.keyframe.as_ref().map(CodedEvidence::of);
            if let Some(cipher) = evidence.and_then(|evidence| evidence.cipher(0.0, (0, 0))) {
                return Some(cipher);
            }
            return undecodable("every keyframe came incomplete");
        }
        if video.parameter_sets_missing {
            return undecodable("no parameter sets, neither in the description nor in the stream");
        }
        if video.oversized {
            return undecodable("keyframe larger than we accept");
        }
        if self.order.patience.in_vain == InVain::Expected {
            return None;
        }
        let detail = Detail::Keyframeless { waited_ms: millis(self.waited(now)) };
        Some(Fault::new(FaultCode::NoKeyframe, Stage::FirstKeyframe, detail))
    }

    /// Since the first packet.
    fn waited(&self, now: Duration) -> Duration {
        now.saturating_sub(self.first_packet_at.unwrap_or(now))
    }

    /// Whether no keyframe came and none was to be waited for.
    pub(super) fn goes_without_keyframe(&self) -> bool {
        self.order.depth == Depth::Picture
            && self.order.patience.in_vain == InVain::Expected
            && self.first_packet_at.is_some()
            && self.keyframe.is_none()
    }

    /// Whether media flow of which no picture can be made here, whatever comes.
    pub(super) fn is_not_decodable(&self) -> bool {
        self.order.depth == Depth::Picture && self.first_packet_at.is_some() && !self.has_keyframes
    }

    /// What this probe teaches of the stream, its picture aside. `ended` is when it was over,
    /// `at` the same by the clock; `faults` are those found so far.
    pub(super) fn sighting(&self, ended: Duration, at: Timestamp, faults: &[Fault]) -> Sighting {
        let Some(facts) = self.video_facts(ended, &Facts::default()) else {
            return Sighting { at, ..Sighting::default() };
        };
        let form = facts.codec.zip(facts.width).zip(facts.height);
        let statistics = self.video.as_ref().map(|v| v.receiver.statistics(ended));
        let keyframe_at =
            statistics.and_then(|s| s.video).and_then(|video| video.first_keyframe_at);
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let wait = match keyframe_at {
            _ if self.order.depth != Depth::Picture || !self.has_keyframes => Wait::None,
            Some(at) => Wait::Met(ms(self.waited(at))),
            None => Wait::InVain(ms(self.waited(ended))),
        };
        let is_disturbed = self.first_packet_at.is_none()
            || self.way.dropped_here > 0
            || faults.iter().any(disturbs);
        Sighting {
            at,
            flow: if is_disturbed { Flow::Disturbed } else { Flow::Whole },
            came: Came::Not,
            form: form.map(|((codec, width), height)| Form { codec, width, height }),
            declared_fps: facts.declared_fps,
            bitrate_bps: facts.bitrate_bps,
            gop_ms: facts
                .gop_frames
                .zip(facts.fps.filter(|fps| *fps > 0.0))
                .map(|(frames, fps)| frames * 1e3 / fps),
            wait,
            keyframe: None,
            look: Look::None,
            run: Look::None,
        }
    }

    /// By the description, else by the stream itself.
    fn declared_fps(&self, statistics: &Statistics) -> Option<f64> {
        let own = statistics.video.as_ref().and_then(|v| v.picture.as_ref()).and_then(|p| p.fps);
        self.video.as_ref().and_then(|v| v.declared_fps).or(own)
    }

    /// `session` is what the dialogue knows of what came between the packets.
    pub(super) fn video_facts(&self, now: Duration, session: &Facts) -> Option<VideoFacts> {
        let stream = self.video.as_ref()?;
        let statistics = stream.receiver.statistics(now);
        let declared_fps = self.declared_fps(&statistics);
        let s = statistics.stream;
        let (lost, loss_ratio) = self.way.loss(&s);
        let video = statistics.video?;
        let picture = video.picture.as_ref();
        Some(VideoFacts {
            codec: Some(stream.codec.clone()).filter(|c| !c.is_empty()),
            profile: picture.and_then(|p| p.profile).map(str::to_owned),
            level: picture.and_then(|p| p.level.clone()),
            width: picture.map(|p| p.width),
            height: picture.map(|p| p.height),
            declared_fps,
            fps: video.fps,
            bitrate_bps: s.bitrate_bps,
            gop_frames: video.gop_frames.map(|frames| frames as f64),
            keyframes: video.keyframes.unwrap_or(0),
            packets: s.packets,
            lost,
            loss_ratio,
            reordered: s.reordered,
            duplicates: s.duplicates,
            foreign: s.foreign + self.way.strangers + session.stale_session_frames,
            jitter_ms: s.jitter_ms,
            gap_p99_ms: s.gap_p99_ms,
            longest_stall_ms: s.longest_stall_ms,
            timestamp_jumps: s.timestamp_jumps,
            resync_bytes: session.resync.bytes,
            clock_offset_ms: s.clock_offset_ms.filter(|ms| ms.abs() < NO_CLOCK_MS),
        })
    }

    /// What the device did apart from the rules; `session` is what the dialogue knows of it.
    pub(super) fn oddities(&self, now: Duration, session: &Facts) -> Oddities {
        let statistics = self.video.as_ref().map(|video| video.receiver.statistics(now));
        let stream = statistics.as_ref().map(|statistics| &statistics.stream);
        let count = |of: fn(&StreamStatistics) -> u64| stream.map_or(0, of);
        Oddities {
            foreign_host: session.foreign_host,
            invalid_parameter_sets: self.invalid_sets,
            unset_channel_frames: session.unset_channel_frames,
            stale_session_frames: session.stale_session_frames,
            foreign_packets: count(|stream| stream.foreign) + self.way.strangers,
            foreign_reports: count(|stream| stream.foreign_reports),
            anomalies: statistics
                .as_ref()
                .and_then(|it| it.video.as_ref())
                .map_or(0, |it| it.anomalies),
            malformed: count(|stream| stream.malformed),
            restarts: count(|stream| stream.restarts),
            stray_bytes: session.resync.bytes,
        }
    }

    pub(super) fn audio_facts(&self, now: Duration) -> Option<AudioFacts> {
        let stream = self.audio.as_ref()?;
        let statistics = stream.receiver.statistics(now);
        Some(AudioFacts {
            codec: Some(stream.codec.clone()).filter(|c| !c.is_empty()),
            packets: statistics.stream.packets,
            lost: statistics.stream.lost,
            loss_ratio: statistics.stream.loss_ratio,
            jitter_ms: statistics.stream.jitter_ms,
            level_dbfs: statistics.audio.and_then(|a| a.level_dbfs),
        })
    }
}

/// Whether figures of a stream with this fault are not what the camera usually sends. A clock that
/// is wrong and a frame rate below the declared one are habits too (Q16).
fn disturbs(fault: &Fault) -> bool {
    match fault.code {
        FaultCode::NoKeyframe
        | FaultCode::LowFps
        | FaultCode::CodecMismatch
        | FaultCode::ResolutionMismatch => false,
        code => matches!(code.group(), Group::Reach | Group::Signalling | Group::Media),
    }
}

/// Faults of media that do flow.
fn flow_faults(
    statistics: &Statistics,
    way: &Way,
    declared_fps: Option<f64>,
    settings: &Settings,
) -> Vec<Fault> {
    let limits = &settings.limits;
    let s = &statistics.stream;
    let fault = |code, detail| Fault::new(code, Stage::Receive, detail);
    let mut faults = Vec::new();
    let stall_limit = limits.stall.as_secs_f64() * 1e3;
    if let Some(stall_ms) = s.longest_stall_ms.filter(|ms| *ms > stall_limit) {
        faults.push(fault(FaultCode::Stalled, Detail::Stall { stall_ms }));
    }
    let (lost, loss_ratio) = way.loss(s);
    if loss_ratio.is_some_and(|ratio| ratio > limits.loss_ratio) {
        let expected = s.packets + s.lost;
        let origin = loss::origin(way.transport, s);
        let detail = Detail::Loss { lost, expected, origin };
        faults.push(fault(FaultCode::PacketLoss, detail));
    }
    let fps = statistics.video.as_ref().and_then(|v| v.fps);
    if let (Some(fps), Some(declared_fps)) = (fps, declared_fps)
        && fps < declared_fps * limits.fps_ratio
    {
        faults.push(fault(FaultCode::LowFps, Detail::Fps { fps, declared_fps }));
    }
    let offset_limit = limits.clock_offset.as_secs_f64() * 1e3;
    let off = |ms: &f64| ms.abs() > offset_limit && ms.abs() < NO_CLOCK_MS;
    if let Some(offset_ms) = s.clock_offset_ms.filter(off) {
        faults.push(fault(FaultCode::ClockOffset, Detail::Offset { offset_ms }));
    }
    faults
}

/// What the receiver needs to know of a stream.
fn format(media: &sdp::Media, ssrc: Option<u32>) -> StreamFormat {
    let codec = match (&media.codec, media.kind) {
        (sdp::Codec::H264, _) => Codec::H264,
        (sdp::Codec::H265, _) => Codec::H265,
        (sdp::Codec::Mjpeg, _) => Codec::Jpeg,
        (sdp::Codec::Mpeg4, _) => Codec::Mpeg4,
        (sdp::Codec::Pcma, _) => Codec::Pcma,
        (sdp::Codec::Pcmu, _) => Codec::Pcmu,
        (_, MediaKind::Audio) => Codec::OtherAudio,
        _ => Codec::OtherVideo,
    };
    StreamFormat {
        parameter_sets: media.parameter_sets.nal_units.clone(),
        frame_size: media.frame_size,
        ssrc,
        ..StreamFormat::new(codec, media.payload_type, media.clock_rate_hz)
    }
}

#[cfg(test)]
mod tests;

//! The media of a test call: a tone and a moving picture go out, sound and picture come in.
//!
//! What goes out is paced by the clock and skips what a standing machine missed, so that nothing is
//! ever sent in a burst. It goes to the address of the answer and nowhere else, and stops with the
//! call.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep_until};
use zhishou_domain::{Clock, Timestamp};
use zhishou_protocol::rtp::{
    Codec, Keep, Keyframe, Motion, Receiver, Returned, Sender, StreamFormat, Tone, full_intra,
    h264_payloads, nal_units, picture_loss,
};
use zhishou_protocol::sdp::{self, Description, MediaKind, Offer};

/// A picture of ours that moves: 320 × 180, 15 frames a second, 30 frames with one keyframe, its
/// slices small enough for one packet each, so that either packetization mode may carry them.
static MOVING: &[u8] = include_bytes!("../../assets/moving.h264");
/// Frames of it, each cut to packets.
static FRAMES: LazyLock<Vec<Vec<Vec<u8>>>> = LazyLock::new(frames);
/// Between two of its frames.
const FRAME: Duration = Duration::from_micros(66_667);
/// Of sound in one packet, and samples of it.
const PACKET: Duration = Duration::from_millis(20);
const SAMPLES: usize = 160;
/// Between reports: often enough for a round trip within the shortest call.
const REPORT: Duration = Duration::from_millis(2_500);
/// How long a keyframe is waited for before it is asked for, and between the ways to ask.
const ASK_AFTER: Duration = Duration::from_secs(2);
/// How often a pair of ports is looked for.
const PORT_TRIES: u32 = 16;
/// Longest packet taken.
const PACKET_BYTES: usize = 2_048;
/// What we call ourselves in RTCP.
const CNAME: &str = "zhishou";

/// How a keyframe is asked for, in the order tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Not yet.
    Nothing,
    /// RFC 4585.
    Pli,
    /// RFC 5104.
    Fir,
    /// RFC 5168, by the session.
    Info,
}

/// Ports for one stream: RTP, and RTCP on the next.
#[derive(Debug)]
struct Pair {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    port: u16,
}

/// Ports that were offered.
#[derive(Debug)]
pub(super) struct Ports {
    address: IpAddr,
    audio: Pair,
    video: Pair,
}

/// One stream, both ways.
#[derive(Debug)]
pub(super) struct Stream {
    pair: Pair,
    /// What comes, where the answer says that anything does.
    pub(super) receiver: Option<Receiver>,
    /// Where ours goes, and RTCP; `None` where it is not wanted.
    to: Option<(SocketAddr, SocketAddr)>,
    /// Where RTCP goes, whether or not media do.
    control: Option<SocketAddr>,
    pub(super) sender: Sender,
    pub(super) returned: Returned,
    pub(super) codec: String,
    next: Duration,
    report: Duration,
    /// It came, and that was told.
    pub(super) first: Option<Duration>,
}

/// The media of one call.
pub(crate) struct Media {
    pub(super) audio: Stream,
    pub(super) video: Stream,
    tone: Tone,
    frame: usize,
    pub(super) motion: Motion,
    pub(super) keyframe: Option<Keyframe>,
    asked: Ask,
    /// When the last way to ask was tried.
    asked_at: Duration,
    began: Instant,
    /// When the media began, since then.
    pub(super) start: Duration,
    clock: Arc<dyn Clock>,
    /// Whom media may come from, besides where ours go.
    peer: IpAddr,
}

impl Ports {
    /// Two pairs of free ports on an address of ours.
    pub(super) fn bind(address: IpAddr) -> io::Result<Self> {
        Ok(Self { address, audio: Pair::bind(address)?, video: Pair::bind(address)? })
    }

    pub(super) fn offer(&self, id: u64) -> Vec<u8> {
        let (audio, video) = (self.audio.port, self.video.port);
        Offer { address: self.address, id, audio, video }.to_bytes()
    }
}

impl Pair {
    /// An even port and the one behind it (RFC 3550 §11).
    fn bind(address: IpAddr) -> io::Result<Self> {
        let at = |port| {
            let socket = std::net::UdpSocket::bind(SocketAddr::new(address, port))?;
            socket.set_nonblocking(true)?;
            UdpSocket::from_std(socket)
        };
        let mut problem = io::ErrorKind::AddrInUse.into();
        for _ in 0..PORT_TRIES {
            let rtp = at(0)?;
            let port = rtp.local_addr()?.port();
            if port % 2 == 1 {
                continue;
            }
            match at(port + 1) {
                Ok(rtcp) => return Ok(Self { rtp, rtcp, port }),
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }
}

/// The clip as payloads, a frame each; parameter sets go with their keyframe.
fn frames() -> Vec<Vec<Vec<u8>>> {
    let mut frames: Vec<Vec<Vec<u8>>> = Vec::new();
    for nal in nal_units(MOVING) {
        let begins = match nal {
            [header, first, ..] if matches!(header & 0x1f, 1 | 5) => first & 0x80 != 0,
            [header, ..] => header & 0x1f == 7,
            [] => false,
        };
        // Parameter sets stand before the first slice, whose macroblock is number 0.
        let awaits = frames.last().is_some_and(|it| !it.iter().any(|payload| is_slice(payload)));
        if begins && !awaits {
            frames.push(Vec::new());
        }
        if let Some(frame) = frames.last_mut() {
            frame.extend(h264_payloads(nal));
        }
    }
    frames
}

/// Whether a payload is a slice of its own.
fn is_slice(payload: &[u8]) -> bool {
    payload.first().is_some_and(|header| matches!(header & 0x1f, 1 | 5))
}

impl Stream {
    fn new(
        pair: Pair,
        media: Option<&sdp::Media>,
        fallback: (Codec, u8, u32),
        chance: u64,
        now: Duration,
    ) -> Self {
        let media = media.filter(|media| media.port > 0);
        let (codec, payload_type, clock) = fallback;
        let format = media.map(|media| {
            let codec = match (&media.codec, media.kind) {
                (sdp::Codec::H264, _) => Codec::H264,
                (sdp::Codec::Pcma, _) => Codec::Pcma,
                (sdp::Codec::Pcmu, _) => Codec::Pcmu,
                (_, MediaKind::Audio) => Codec::OtherAudio,
                _ => Codec::OtherVideo,
            };
            StreamFormat {
                parameter_sets: media.parameter_sets.nal_units.clone(),
                ..StreamFormat::new(codec, media.payload_type, media.clock_rate_hz)
            }
        });
        let known = format.as_ref().map_or((codec, payload_type, clock), |format| {
            (format.codec, format.payload_type, format.clock_rate)
        });
        let control = media.and_then(|media| {
            let rtcp = media.rtcp_port.unwrap_or(media.port.saturating_add(1));
            Some(SocketAddr::new(media.address?, rtcp)).filter(|to| is_one(to.ip()))
        });
        // What it cannot take is not sent to it.
        let ours = matches!(known.0, Codec::H264 | Codec::Pcma | Codec::Pcmu);
        let to = media
            .filter(|media| media.direction.receives() && ours)
            .and_then(|media| Some((SocketAddr::new(media.address?, media.port), control?)));
        let receiver =
            media.filter(|media| media.direction.sends()).and(format.as_ref()).map(Receiver::new);
        Self {
            pair,
            receiver,
            to,
            control,
            sender: Sender::new(known.1, known.2, chance),
            returned: Returned::default(),
            codec: media.map(|media| media.codec.name()).unwrap_or_default(),
            next: now,
            report: now + REPORT / 5,
            first: None,
        }
    }

    fn send(&mut self, at: Duration, marker: bool, payload: &[u8]) {
        if let Some((to, _)) = self.to {
            let packet = self.sender.packet(at, marker, payload);
            // A datagram that the system has no room for is one that is lost.
            let _ = self.pair.rtp.try_send_to(&packet, to);
        }
    }

    fn send_control(&self, packet: &[u8]) {
        if let Some(to) = self.control {
            let _ = self.pair.rtcp.try_send_to(packet, to);
        }
    }

    fn report(&mut self, now: Duration, start: Duration, wall: Duration) {
        self.report = now + REPORT;
        if self.to.is_some() && self.sender.packets() > 0 {
            self.send_control(&self.sender.report(now.saturating_sub(start), wall, CNAME));
        }
        let ssrc = self.sender.ssrc();
        let receiver = self.receiver.as_mut();
        if let Some(report) = receiver.and_then(|it| it.receiver_report(now, ssrc, CNAME)) {
            self.send_control(&report);
        }
    }
}

/// Whether an address is that of one device.
fn is_one(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(it) if it.is_broadcast());
    !broadcast && !address.is_multicast() && !address.is_unspecified()
}

/// What a moment brought.
enum Came {
    Audio(usize, SocketAddr),
    AudioControl(usize, SocketAddr),
    Video(usize, SocketAddr),
    VideoControl(usize, SocketAddr),
    Due,
}

impl Media {
    /// Begins to send, and to take what comes.
    pub(super) fn new(
        ports: Ports,
        answer: &Description,
        peer: IpAddr,
        chance: u64,
        (clock, began): (Arc<dyn Clock>, Instant),
    ) -> Self {
        let now = began.elapsed();
        let audio = answer.media.iter().find(|media| media.kind == MediaKind::Audio);
        let video = answer.media.iter().find(|media| media.kind == MediaKind::Video);
        let audio = Stream::new(ports.audio, audio, (Codec::Pcma, 8, 8_000), chance, now);
        let fallback = (Codec::H264, Offer::H264, 90_000);
        let video = Stream::new(ports.video, video, fallback, chance.rotate_left(29), now);
        let law = if audio.codec == "pcmu" { Codec::Pcmu } else { Codec::Pcma };
        Self {
            audio,
            video,
            tone: Tone::new(law),
            frame: 0,
            motion: Motion::default(),
            keyframe: None,
            asked: Ask::Nothing,
            asked_at: now,
            began,
            start: now,
            clock,
            peer,
        }
    }

    /// Does the next thing: takes a packet, or sends what is due. Dropping the future loses nothing.
    pub(super) async fn step(&mut self) {
        let mut buffers = [[0; PACKET_BYTES]; 4];
        let [audio, audio_control, video, video_control] = &mut buffers;
        let due = self.began + self.due();
        let came = tokio::select! {
            biased;
            () = sleep_until(due) => Came::Due,
            Ok((length, from)) = self.audio.pair.rtp.recv_from(audio) => Came::Audio(length, from),
            Ok((length, from)) = self.audio.pair.rtcp.recv_from(audio_control) => {
                Came::AudioControl(length, from)
            }
            Ok((length, from)) = self.video.pair.rtp.recv_from(video) => Came::Video(length, from),
            Ok((length, from)) = self.video.pair.rtcp.recv_from(video_control) => {
                Came::VideoControl(length, from)
            }
            else => Came::Due,
        };
        let now = self.began.elapsed();
        match came {
            Came::Audio(length, from) if self.is_theirs(from) => {
                take(&mut self.audio, now, audio.get(..length));
            }
            Came::Video(length, from) if self.is_theirs(from) => {
                let packet = video.get(..length);
                take(&mut self.video, now, packet);
                self.motion.packet(now, packet.unwrap_or_default());
                self.look(now);
            }
            Came::AudioControl(length, from) if self.is_theirs(from) => {
                let wall = self.wall();
                control(&mut self.audio, now, wall, audio_control.get(..length));
            }
            Came::VideoControl(length, from) if self.is_theirs(from) => {
                let wall = self.wall();
                control(&mut self.video, now, wall, video_control.get(..length));
                if self.video.returned.take_wanted() {
                    // The next frame is a keyframe.
                    self.frame = 0;
                }
            }
            Came::Due => self.send_due(now),
            _ => {}
        }
    }

    /// Whether a packet is of the call: from where ours go, or from whom was called.
    fn is_theirs(&self, from: SocketAddr) -> bool {
        let of = |stream: &Stream| stream.control.is_some_and(|to| to.ip() == from.ip());
        from.ip() == self.peer || of(&self.audio) || of(&self.video)
    }

    fn due(&self) -> Duration {
        let (audio, video) = (&self.audio, &self.video);
        audio.next.min(video.next).min(audio.report).min(video.report)
    }

    fn wall(&self) -> Duration {
        let millis = self.clock.now().since(Timestamp::from_millis(0)).as_millis();
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }

    fn send_due(&mut self, now: Duration) {
        let (start, wall) = (self.start, self.wall());
        if now >= self.audio.next {
            let at = self.audio.next.saturating_sub(start);
            let samples = self.tone.next(SAMPLES);
            self.audio.send(at, at.is_zero(), &samples);
            self.audio.next = later(self.audio.next, PACKET, now);
        }
        if now >= self.video.next {
            let at = self.video.next.saturating_sub(start);
            let frames = &*FRAMES;
            if let Some(packets) = frames.get(self.frame % frames.len().max(1)) {
                for (number, payload) in packets.iter().enumerate() {
                    self.video.send(at, number + 1 == packets.len(), payload);
                }
            }
            self.frame += 1;
            self.video.next = later(self.video.next, FRAME, now);
            self.look(now);
        }
        for stream in [&mut self.audio, &mut self.video] {
            if now >= stream.report {
                stream.report(now, start, wall);
            }
        }
    }

    /// Takes a keyframe that has come, and asks for one where none does.
    fn look(&mut self, now: Duration) {
        let Some(receiver) = &mut self.video.receiver else { return };
        if self.keyframe.is_none() {
            self.keyframe = receiver.take_keyframe(now);
            if self.keyframe.is_some() {
                receiver.keep(Keep::Nothing);
            }
        }
    }

    /// The next way to ask for a keyframe, where one is missing for long enough. Feedback is sent
    /// here; INFO is the session's.
    pub(super) fn ask(&mut self) -> Option<Ask> {
        let now = self.began.elapsed();
        let flows = self.video.first.is_some();
        if self.keyframe.is_some() || !flows || now < self.asked_at + ASK_AFTER {
            return None;
        }
        self.asked_at = now;
        let own = self.video.sender.ssrc();
        let ssrc = self.motion.ssrc().unwrap_or(0);
        self.asked = match self.asked {
            Ask::Nothing => Ask::Pli,
            Ask::Pli => Ask::Fir,
            Ask::Fir => Ask::Info,
            Ask::Info => return None,
        };
        match self.asked {
            Ask::Pli => self.video.send_control(&picture_loss(own, ssrc)),
            Ask::Fir => self.video.send_control(&full_intra(own, ssrc, 1)),
            Ask::Nothing | Ask::Info => {}
        }
        Some(self.asked)
    }
}

fn take(stream: &mut Stream, now: Duration, packet: Option<&[u8]>) {
    let (Some(receiver), Some(packet)) = (&mut stream.receiver, packet) else { return };
    receiver.handle_rtp(now, packet);
    if stream.first.is_none() {
        stream.first = receiver.statistics(now).stream.first_packet_at;
    }
}

fn control(stream: &mut Stream, now: Duration, wall: Duration, packet: Option<&[u8]>) {
    let Some(packet) = packet else { return };
    stream.returned.read(wall, stream.sender.ssrc(), packet);
    if let Some(receiver) = &mut stream.receiver {
        receiver.handle_rtcp(now, Some(wall), packet);
    }
}

/// The next moment of a pace; one that a standing machine has missed is left out.
fn later(last: Duration, pace: Duration, now: Duration) -> Duration {
    let next = last + pace;
    if next + pace * 4 < now { now } else { next }
}

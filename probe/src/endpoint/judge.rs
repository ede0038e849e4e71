//! What the media of a call say: figures, and faults past their limits.

use std::time::Duration;

use zhishou_domain::{AudioFacts, CallFacts, Detail, Fault, FaultCode, Stage, VideoFacts, mos};
use zhishou_protocol::rtp::{Keyframe, PictureFormat, Receiver, Statistics};

use super::call::Called;
use super::media::Stream;
use crate::rtsp::milliseconds;
use crate::settings::CallLimits;

/// What a call brought.
pub(super) struct Judged {
    pub(super) faults: Vec<Fault>,
    pub(super) video: Option<VideoFacts>,
    pub(super) audio: Option<AudioFacts>,
    /// From the answer to the first packet of each.
    pub(super) first_audio: Option<Duration>,
    pub(super) first_video: Option<Duration>,
    pub(super) keyframe: Option<Keyframe>,
    /// Packets of either came.
    pub(super) flowed: bool,
}

impl Judged {
    /// Of a call that was not answered, or not made.
    pub(super) fn nothing() -> Self {
        Self {
            faults: Vec::new(),
            video: None,
            audio: None,
            first_audio: None,
            first_video: None,
            keyframe: None,
            flowed: false,
        }
    }
}

/// Judges what came, and adds figures to `facts`.
pub(super) fn judge(called: &mut Called, limits: &CallLimits, facts: &mut CallFacts) -> Judged {
    let talked = called.talked;
    let Some(media) = &mut called.media else { return Judged::nothing() };
    facts.talked_ms = Some(milliseconds(talked));
    let end = media.start + talked;
    let audio = figures(&media.audio, end);
    let video = figures(&media.video, end);
    let packets = |it: &Option<Statistics>| it.as_ref().map_or(0, |it| it.stream.packets);
    let mut faults = Vec::new();

    // Enough was heard and seen to say that nothing came.
    if talked >= limits.silence {
        let waited_ms = u64::try_from(talked.as_millis()).unwrap_or(u64::MAX);
        let nothing = |stream: &Stream| match stream.receiver {
            Some(_) => Detail::Silence { waited_ms },
            None => Detail::MediaDeclined,
        };
        if packets(&audio) == 0 {
            let detail = nothing(&media.audio);
            faults.push(Fault::new(FaultCode::NoAudio, Stage::FirstAudio, detail));
        }
        if packets(&video) == 0 {
            let detail = nothing(&media.video);
            faults.push(Fault::new(FaultCode::NoVideo, Stage::FirstVideo, detail));
        }
    }
    if let Some(sound) = audio.as_ref().and_then(|it| it.audio.as_ref()) {
        let quiet = sound.level_dbfs.filter(|level| *level < limits.quiet_dbfs);
        let detail = match quiet {
            _ if sound.digital_silence => Some(Detail::DigitalSilence),
            Some(value) => {
                let unit = "dBFS".to_owned();
                Some(Detail::Measure { value, limit: limits.quiet_dbfs, unit })
            }
            None => None,
        };
        let fault = |detail| Fault::new(FaultCode::AudioSilent, Stage::Receive, detail);
        faults.extend(detail.map(fault));
    }
    if media.motion.is_still() == Some(true) {
        faults.push(Fault::new(FaultCode::StillPicture, Stage::Receive, Detail::None));
    }
    let rtt = media.audio.returned.rtt().into_iter().chain(media.video.returned.rtt()).min();
    facts.rtt_ms = rtt.map(milliseconds);
    let sent = |stream: &Stream| (stream.returned.lost(), u64::from(stream.sender.packets()));
    facts.sent_loss_ratio = sent_loss([sent(&media.audio), sent(&media.video)]);
    if packets(&video) > 0 {
        let (freezes, frozen) = media.motion.freezes();
        facts.freezes = Some(freezes);
        facts.frozen_ms = Some(milliseconds(frozen));
    }
    // A short call proves that something lives, not how well (RFC 3611 §4.7 wants more too).
    if talked >= limits.quality_after {
        faults.extend(quality(&[&audio, &video], rtt, limits));
        if let (Some(audio), Some(rtt)) = (&audio, rtt)
            && matches!(media.audio.codec.as_str(), "pcma" | "pcmu")
            && audio.stream.packets > 0
        {
            let loss = audio.stream.loss_ratio.unwrap_or(0.0);
            let jitter = audio.stream.jitter_ms.unwrap_or(0.0);
            let delay_ms = milliseconds(rtt) / 2.0 + mos::G711_PACKET_MS + 2.0 * jitter;
            let rating = mos::g711(loss, delay_ms);
            facts.r_factor = Some(rating.r);
            facts.mos = Some(rating.mos);
        }
    }
    let keyframe = media.keyframe.take();
    if packets(&video) > 0 && keyframe.is_none() && talked >= limits.silence {
        let waited_ms = u64::try_from(talked.as_millis()).unwrap_or(u64::MAX);
        let detail = Detail::Keyframeless { waited_ms };
        faults.push(Fault::new(FaultCode::NoKeyframe, Stage::FirstVideo, detail));
    }
    let since = |stream: &Stream| stream.first.map(|at| at.saturating_sub(media.start));
    Judged {
        faults,
        first_audio: since(&media.audio),
        first_video: since(&media.video),
        flowed: packets(&audio) + packets(&video) > 0,
        audio: audio.map(|it| audio_facts(&media.audio.codec, &it)),
        video: video.map(|it| video_facts(&media.video.codec, &it)),
        keyframe,
    }
}

fn figures(stream: &Stream, end: Duration) -> Option<Statistics> {
    stream.receiver.as_ref().map(|receiver: &Receiver| receiver.statistics(end))
}

/// Loss and jitter of either stream, and the delay, where they pass their limits.
fn quality(
    streams: &[&Option<Statistics>],
    rtt: Option<Duration>,
    limits: &CallLimits,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut over = |code, value: Option<f64>, limit: f64, unit: &str| {
        if let Some(value) = value.filter(|value| *value > limit) {
            let detail = Detail::Measure { value, limit, unit: unit.to_owned() };
            faults.push(Fault::new(code, Stage::Receive, detail));
        }
    };
    let worst = |of: fn(&Statistics) -> Option<f64>| {
        streams.iter().filter_map(|it| of(it.as_ref()?)).reduce(f64::max)
    };
    let loss = worst(|it| it.stream.loss_ratio).map(|ratio| ratio * 100.0);
    over(FaultCode::HighLoss, loss, limits.loss_ratio * 100.0, "%");
    let jitter = worst(|it| it.stream.jitter_ms);
    over(FaultCode::HighJitter, jitter, milliseconds(limits.jitter), "ms");
    let delay = rtt.map(|rtt| milliseconds(rtt) / 2.0);
    over(FaultCode::HighDelay, delay, milliseconds(limits.delay), "ms");
    faults
}

/// Lost there of what was sent, both streams together; `None` where nobody reported.
fn sent_loss(streams: [(Option<u64>, u64); 2]) -> Option<f64> {
    let told = streams.iter().filter_map(|(lost, sent)| Some(((*lost)?, *sent)));
    let (lost, sent) = told.fold((0, 0), |all, it| (all.0 + it.0, all.1 + it.1));
    (sent > 0).then(|| (lost as f64 / sent as f64).min(1.0))
}

fn audio_facts(codec: &str, figures: &Statistics) -> AudioFacts {
    let stream = &figures.stream;
    AudioFacts {
        codec: Some(codec.to_owned()).filter(|it| !it.is_empty()),
        packets: stream.packets,
        lost: stream.lost,
        loss_ratio: stream.loss_ratio,
        jitter_ms: stream.jitter_ms,
        level_dbfs: figures.audio.as_ref().and_then(|it| it.level_dbfs),
    }
}

fn video_facts(codec: &str, figures: &Statistics) -> VideoFacts {
    let stream = &figures.stream;
    let video = figures.video.as_ref();
    let picture: Option<&PictureFormat> = video.and_then(|it| it.picture.as_ref());
    VideoFacts {
        codec: Some(codec.to_owned()).filter(|it| !it.is_empty()),
        profile: picture.and_then(|it| it.profile).map(str::to_owned),
        level: picture.and_then(|it| it.level.clone()),
        width: picture.map(|it| it.width),
        height: picture.map(|it| it.height),
        declared_fps: picture.and_then(|it| it.fps),
        fps: video.and_then(|it| it.fps),
        bitrate_bps: stream.bitrate_bps,
        gop_frames: video.and_then(|it| it.gop_frames).map(|frames| frames as f64),
        keyframes: video.and_then(|it| it.keyframes).unwrap_or(0),
        packets: stream.packets,
        lost: stream.lost,
        loss_ratio: stream.loss_ratio,
        reordered: stream.reordered,
        duplicates: stream.duplicates,
        foreign: stream.foreign,
        jitter_ms: stream.jitter_ms,
        gap_p99_ms: stream.gap_p99_ms,
        longest_stall_ms: stream.longest_stall_ms,
        timestamp_jumps: stream.timestamp_jumps,
        resync_bytes: 0,
        clock_offset_ms: None,
    }
}

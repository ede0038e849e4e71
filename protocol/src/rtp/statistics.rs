//! What a [`Receiver`](super::Receiver) has seen so far. Units are in the names; unknown is `None`.

use std::time::Duration;

use super::format::PictureFormat;
use super::sent::SenderLoss;

/// Everything about one stream at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Figures of any stream.
    pub stream: StreamStatistics,
    /// Figures of a video stream.
    pub video: Option<VideoStatistics>,
    /// Figures of an audio stream.
    pub audio: Option<AudioStatistics>,
}

/// Figures of any stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamStatistics {
    /// Packets of the stream, duplicates not counted.
    pub packets: u64,
    /// Their bytes, RTP headers included.
    pub bytes: u64,
    /// Packets missing between the first and the last (RFC 3550 A.3), wherever they were lost.
    pub lost: u64,
    /// Lost among those expected, 0 to 1.
    pub loss_ratio: Option<f64>,
    /// Where they were lost, as far as the sender's reports tell (RFC 3550 §6.4.1).
    pub sender_loss: Option<SenderLoss>,
    /// Packets that came late, and in time to count.
    pub reordered: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets of another source or payload type: a stale session on the connection (live555 before
    /// 2017), or data beside the picture.
    pub foreign: u64,
    /// Packets that are no RTP, or far out of sequence.
    pub malformed: u64,
    /// How often the source or its numbering began anew.
    pub restarts: u64,
    /// Interarrival jitter (RFC 3550 A.8), once for each timestamp that advances, the opening burst
    /// of a cached GOP left out.
    pub jitter_ms: Option<f64>,
    /// 99th percentile of the gaps between frames (audio: packets), of the last 257.
    pub gap_p99_ms: Option<f64>,
    /// The longest time without a packet, one that still lasts included.
    pub longest_stall_ms: Option<f64>,
    /// Timestamps over two seconds ahead of the time that passed, or over one second back.
    pub timestamp_jumps: u64,
    /// Bits of RTP payload a second, the opening burst of a cached GOP left out: the mean size of a
    /// frame, keyframes weighed by the length of their group, times the rate of frames.
    pub bitrate_bps: Option<f64>,
    /// When the first packet came, since the start of the probe.
    pub first_packet_at: Option<Duration>,
    /// How far the sender's clock is ahead of the prober's, by that of its sender reports which was
    /// least delayed. Short of the truth by the time that one took.
    pub clock_offset_ms: Option<f64>,
    /// Sender reports of sources other than the stream's.
    pub foreign_reports: u64,
}

/// Figures of a video stream.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoStatistics {
    /// Frames of which picture data arrived, whole or not.
    pub frames: u64,
    /// Frames a second by the arrival clock, the opening burst of a cached GOP left out.
    pub fps: Option<f64>,
    /// Frames from one keyframe to the next, of the last group without a loss if there is one.
    pub gop_frames: Option<u64>,
    /// Keyframes received to their end; `None` where the codec does not tell.
    pub keyframes: Option<u64>,
    /// Of these, with packets missing.
    pub damaged_keyframes: u64,
    /// When the last packet of the first keyframe came, since the start of the probe.
    pub first_keyframe_at: Option<Duration>,
    /// Size, profile, level and declared frame rate out of the stream itself.
    pub picture: Option<PictureFormat>,
    /// A keyframe could not be kept because parameter sets (JPEG: tables or size) were not known.
    pub parameter_sets_missing: bool,
    /// A keyframe was larger than [`Receiver::MAX_KEYFRAME`](super::Receiver::MAX_KEYFRAME).
    pub oversized: bool,
    /// Payloads that break their RFC and were read all the same.
    pub anomalies: u64,
}

/// Figures of an audio stream.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioStatistics {
    /// Mean power of G.711 audio against a full-scale square wave, −96 at least; `None` for other
    /// codecs.
    pub level_dbfs: Option<f64>,
    /// G.711 came, and every sample of it was zero: a microphone that is off, for any that is on has
    /// noise.
    pub digital_silence: bool,
}

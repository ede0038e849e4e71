//! What one probe saw. A failed probe is an observation, never an error.

use crate::{
    CallFacts, CertificateTrust, Depth, DeviceKind, EquipmentFacts, Fault, FaultCode, Lang,
    Oddities, PictureLight, PictureShift, PictureStripes, PictureTiles, Reading, Stage, Timestamp,
    TlsFacts, Verdict,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How media travelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// RTP interleaved in the RTSP connection (RFC 2326 §10.12).
    Tcp,
    /// RTP over UDP unicast.
    Udp,
}

/// Time that one stage took. `None` where the stage was not met.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageTiming {
    /// The stage.
    pub name: Stage,
    /// Milliseconds spent in it.
    pub ms: Option<f64>,
}

/// What was measured of the video stream. `None` is "not known", never zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VideoFacts {
    /// `h264`, `h265`, `jpeg`, `mpeg4`, or the encoding name of the SDP in lower case.
    pub codec: Option<String>,
    /// Profile as the standard names it, e.g. `High`.
    pub profile: Option<String>,
    /// Level, e.g. `4.1`.
    pub level: Option<String>,
    /// Coded width after cropping, pixels.
    pub width: Option<u32>,
    /// Coded height after cropping, pixels.
    pub height: Option<u32>,
    /// Frames per second by SDP or SPS.
    pub declared_fps: Option<f64>,
    /// Frames per second by arrival.
    pub fps: Option<f64>,
    /// Bits per second of RTP payload.
    pub bitrate_bps: Option<f64>,
    /// Frames from keyframe to keyframe.
    pub gop_frames: Option<f64>,
    /// Keyframes seen.
    pub keyframes: u64,
    /// RTP packets received, duplicates aside.
    pub packets: u64,
    /// Packets lost (RFC 3550 A.3), never negative.
    pub lost: u64,
    /// Lost over expected, 0–1.
    pub loss_ratio: Option<f64>,
    /// Packets that came out of order.
    pub reordered: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets of another source or payload type.
    pub foreign: u64,
    /// Interarrival jitter (RFC 3550 A.8), ms.
    pub jitter_ms: Option<f64>,
    /// 99th percentile of the gap between frames, ms.
    pub gap_p99_ms: Option<f64>,
    /// Longest gap between packets, ms.
    pub longest_stall_ms: Option<f64>,
    /// Jumps of the RTP timestamp.
    pub timestamp_jumps: u64,
    /// Bytes skipped to find the next frame in the connection.
    pub resync_bytes: u64,
    /// Device clock minus ours by RTCP sender report, ms.
    pub clock_offset_ms: Option<f64>,
}

/// What was measured of the audio stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AudioFacts {
    /// `pcma`, `pcmu`, `aac`, or the encoding name of the SDP in lower case.
    pub codec: Option<String>,
    /// RTP packets received.
    pub packets: u64,
    /// Packets lost.
    pub lost: u64,
    /// Lost over expected, 0–1.
    pub loss_ratio: Option<f64>,
    /// Interarrival jitter (RFC 3550 A.8), ms.
    pub jitter_ms: Option<f64>,
    /// Level of G.711 audio, dB below full scale.
    pub level_dbfs: Option<f64>,
}

/// 日/夜: whether the picture carries colour. Night infrared is a state, not a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureMode {
    /// Colour.
    Colour,
    /// Black and white (infrared).
    Mono,
}

words!(PictureMode {
    Colour = "colour", "彩色", "colour";
    Mono = "mono", "黑白", "mono";
});

/// What was found in the picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PictureFacts {
    /// Decoded width, pixels.
    pub width: u32,
    /// Decoded height, pixels.
    pub height: u32,
    /// Colour or mono.
    pub mode: PictureMode,
    /// By what light it was taken; `None` before that was told.
    #[serde(default)]
    pub light: Option<PictureLight>,
    /// Every picture fault judged: 0 surely absent, 1 surely present, fault from 0.5;
    /// `None` is 无法判定.
    pub scores: BTreeMap<FaultCode, Option<f64>>,
    /// The figures behind the scores.
    #[serde(default)]
    pub readings: BTreeMap<FaultCode, Reading>,
    /// Where what may be a fault shows; beside a reference, what of it is not there.
    #[serde(default)]
    pub tiles: Option<PictureTiles>,
    /// How far the scene moved, where that is a fault.
    #[serde(default)]
    pub shift: Option<PictureShift>,
    /// Which pattern lies over it, where that is a fault.
    #[serde(default)]
    pub stripes: Option<PictureStripes>,
    /// Errors that the decoder met in it.
    #[serde(default)]
    pub decoder_errors: u32,
    /// By which version of the methods and limits it was judged; 0 before they were counted.
    #[serde(default)]
    pub algorithm: u32,
    /// Mean luma, 0–255.
    pub luma_mean: f64,
    /// Where the evidence snapshot lies: a path on the command line, a key of `recordings/` on
    /// the platform.
    pub snapshot: Option<String>,
}

/// Why a probe at depth `picture` did not look at a picture, though nothing was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureSkipped {
    /// The last look was clean and is fresh, and the coded keyframe is within this camera's habit.
    WithinHabit,
    /// The last look was clean and is fresh, and this camera's keyframes are too far apart to wait
    /// for another.
    NotDue,
    /// Of its codec, such as MPEG-4 part 2, no picture is decoded.
    NotDecodable,
    /// This machine has no decoder, or it failed: nothing is said of the device.
    NoDecoder,
}

impl PictureSkipped {
    /// Whether what the last look told still stands.
    #[must_use]
    pub const fn stands(self) -> bool {
        matches!(self, Self::WithinHabit | Self::NotDue)
    }
}

words!(PictureSkipped {
    WithinHabit = "within_habit", "与上次正常画面相符，未解码", "like the last clean picture, not decoded";
    NotDue = "not_due", "未到复查时间，未等关键帧", "not due, no keyframe waited for";
    NotDecodable = "not_decodable", "此编码不作画面判断", "not judged: pictures of this codec are not decoded";
    NoDecoder = "no_decoder", "本机未能解码，画面未判", "not judged: this machine could not decode it";
});

/// What one probe saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// What was opened, without credentials.
    pub target: String,
    /// What kind of device it is.
    pub kind: DeviceKind,
    /// How deep the probe went.
    pub depth: Depth,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, ms.
    pub duration_ms: f64,
    /// The conclusion.
    pub verdict: Verdict,
    /// Whether the device answered at all.
    pub reached: bool,
    /// What was wrong, in the order met.
    pub faults: Vec<Fault>,
    /// Time of each stage, in order.
    pub stages: Vec<StageTiming>,
    /// What the device calls itself (`Server`, `User-Agent`).
    pub server: Option<String>,
    /// How media travelled.
    pub transport: Option<Transport>,
    /// What was seen of TLS, where it was spoken.
    pub tls: Option<TlsFacts>,
    /// Redirects followed.
    pub redirects: u32,
    /// Credentials that were rejected.
    pub rejected_logins: u32,
    /// Video, where a stream was opened.
    pub video: Option<VideoFacts>,
    /// Audio, where a stream was opened.
    pub audio: Option<AudioFacts>,
    /// Picture, where one was decoded.
    pub picture: Option<PictureFacts>,
    /// Why there is none: what the last look found still stands.
    #[serde(default)]
    pub picture_skipped: Option<PictureSkipped>,
    /// What it did apart from the rules; `None` where nothing was.
    #[serde(default)]
    pub oddities: Option<Oddities>,
    /// What was seen of equipment.
    #[serde(default)]
    pub equipment: Option<EquipmentFacts>,
    /// What was seen of an endpoint.
    #[serde(default)]
    pub call: Option<CallFacts>,
}

impl Observation {
    /// A probe that has begun and seen nothing yet: `unknown`, not reached, no time passed.
    pub fn new(target: String, kind: DeviceKind, depth: Depth, started_at: Timestamp) -> Self {
        Self {
            target,
            kind,
            depth,
            started_at,
            duration_ms: 0.0,
            verdict: Verdict::Unknown,
            reached: false,
            faults: Vec::new(),
            stages: Vec::new(),
            server: None,
            transport: None,
            tls: None,
            redirects: 0,
            rejected_logins: 0,
            video: None,
            audio: None,
            picture: None,
            picture_skipped: None,
            oddities: None,
            equipment: None,
            call: None,
        }
    }
}

impl VideoFacts {
    /// Jumps of the timestamp in words, with what to do. No fault: players cope, recordings may not.
    fn jumps_note(&self, lang: Lang) -> Option<String> {
        let jumps = Some(self.timestamp_jumps).filter(|jumps| *jumps > 0)?;
        Some(match lang {
            Lang::Zh => format!(
                "时间戳跳变 {jumps} 次：录像可能断续或时间错乱；请校时并重启编码，仍有则升级固件"
            ),
            Lang::En => format!(
                "timestamps jumped {jumps} ×: recordings may break or be misdated; set the clock and restart the encoder, else update the firmware"
            ),
        })
    }
}

impl Observation {
    /// What of the stream is no fault and yet to be said, a sentence each.
    pub fn remarks(&self, lang: Lang) -> Vec<String> {
        let jumps = self.video.as_ref().and_then(|video| video.jumps_note(lang));
        let odd = self.oddities.as_ref().map(|odd| odd.sentences(lang));
        let tls = self.tls.as_ref().and_then(|tls| tls.remark(self.started_at, lang));
        jumps.into_iter().chain(odd.into_iter().flatten()).chain(tls).collect()
    }

    /// What is no fault and yet to be said, a sentence each.
    pub fn notes(&self, lang: Lang) -> Vec<String> {
        let skipped = self
            .picture_skipped
            .map(|why| format!("{}{}", lang.pick("画面：", "picture: "), why.name(lang)));
        let call = self.call.as_ref().and_then(|call| call.note(lang));
        self.remarks(lang).into_iter().chain(skipped).chain(call).collect()
    }

    /// The JSON of the outside contract: times in RFC 3339 with the offset of `zone`, faults with
    /// group, name and advice in `lang`.
    pub fn to_json(&self, lang: Lang, zone: chrono_tz::Tz) -> Value {
        let mut value = serde_json::to_value(self).unwrap_or(Value::Null);
        value["started_at"] = json!(self.started_at.rfc3339(zone));
        if let Some(tls) = &self.tls {
            let time = |at: Option<Timestamp>| at.map(|at| at.rfc3339(zone));
            value["tls"]["changed"] = json!(tls.trust == CertificateTrust::Changed);
            value["tls"]["valid_from"] = json!(time(tls.valid_from));
            value["tls"]["valid_until"] = json!(time(tls.valid_until));
            value["tls"]["out_of_date"] = json!(tls.is_out_of_date(self.started_at));
        }
        value["faults"] = self.faults.iter().map(|fault| fault.to_json(lang)).collect();
        value
    }
}

impl Fault {
    /// The JSON of the outside contract.
    pub fn to_json(&self, lang: Lang) -> Value {
        json!({
            "code": self.code,
            "group": self.code.group(),
            "stage": self.stage,
            "detail": self.detail.render(lang),
            "name": self.code.name(lang),
            "advice": self.code.advice(lang),
        })
    }
}

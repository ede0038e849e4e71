//! What a tape holds: a header, and moments in the order they happened.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zhishou_domain::{
    CertificateFingerprint, Depth, DeviceKind, Fault, Habit, ProbeRequest, Timestamp,
    TransportPolicy,
};
use zhishou_protocol::rtsp::{PacketKind, Track};

use crate::tls::Shown;

/// Version of the format.
pub(super) const VERSION: u32 = 1;

/// What was asked for. Holds no login; whether one was known is part of the story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    /// Version of the format.
    pub(crate) capture: u32,
    /// Who wrote it.
    pub(crate) made_by: String,
    /// The address, passwords masked.
    pub(crate) target: String,
    pub(crate) kind: DeviceKind,
    pub(crate) depth: Depth,
    /// How long to receive, ms.
    pub(crate) media_ms: u64,
    /// Which ways media might travel.
    #[serde(default)]
    pub(crate) transport: TransportPolicy,
    /// A clean picture is looked at again after so long, ms.
    pub(crate) decode_every_ms: u64,
    /// What was known of the stream.
    pub(crate) habit: Habit,
    /// The certificate on record.
    pub(crate) certificate: Option<CertificateFingerprint>,
    /// When the probe began, ms since 1970.
    pub(crate) started_at: Timestamp,
    /// A credential was known.
    pub(crate) login: bool,
    /// It had been accepted by this device before.
    pub(crate) proven: bool,
}

impl Header {
    /// What `request` asked for at `started_at`; `login` if a credential was known.
    pub(crate) fn of(
        request: &ProbeRequest,
        target: &str,
        started_at: Timestamp,
        login: bool,
    ) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            capture: VERSION,
            made_by: concat!("Zhishou/", env!("CARGO_PKG_VERSION")).to_owned(),
            target: target.to_owned(),
            kind: request.kind,
            depth: request.depth,
            media_ms: millis(request.seconds),
            transport: request.transport,
            decode_every_ms: millis(request.decode_every),
            habit: request.habit.clone(),
            certificate: request.certificate,
            started_at,
            login,
            proven: request.credential_state.proven,
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Nanoseconds since the probe began.
    #[serde(rename = "at_ns")]
    pub(crate) at: u64,
    #[serde(flatten)]
    pub(crate) moment: Moment,
}

impl Entry {
    pub(crate) fn at(&self) -> Duration {
        Duration::from_nanos(self.at)
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum Moment {
    /// A connection is wanted.
    Connecting { host: String, port: u16 },
    /// It is up.
    Connected {
        peer: String,
        resolve_ns: u64,
        connect_ns: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tls: Option<Handshake>,
    },
    /// It could not be made.
    Failed { fault: Fault },
    /// A guard kept the login back.
    Withheld(Withheld),
    /// We wrote this.
    Sent(Octets),
    /// The device wrote this.
    Received(Octets),
    /// A datagram of media came.
    Datagram {
        stream: Stream,
        #[serde(flatten)]
        packet: Octets,
    },
    /// The connection ended, or broke.
    Closed,
    /// Time passed and the driver looked again.
    Woke,
    /// The probe was stopped from outside.
    Cancelled,
    /// From here on media were not kept.
    Cut,
}

/// What a datagram belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stream {
    VideoRtp,
    VideoRtcp,
    AudioRtp,
    AudioRtcp,
}

impl Stream {
    pub(crate) const fn of(track: Track, kind: PacketKind) -> Self {
        match (track, kind) {
            (Track::Video, PacketKind::Rtp) => Self::VideoRtp,
            (Track::Video, PacketKind::Rtcp) => Self::VideoRtcp,
            (Track::Audio, PacketKind::Rtp) => Self::AudioRtp,
            (Track::Audio, PacketKind::Rtcp) => Self::AudioRtcp,
        }
    }

    pub(crate) const fn parts(self) -> (Track, PacketKind) {
        match self {
            Self::VideoRtp => (Track::Video, PacketKind::Rtp),
            Self::VideoRtcp => (Track::Video, PacketKind::Rtcp),
            Self::AudioRtp => (Track::Audio, PacketKind::Rtp),
            Self::AudioRtcp => (Track::Audio, PacketKind::Rtcp),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::VideoRtp => "video RTP/UDP",
            Self::VideoRtcp => "video RTCP/UDP",
            Self::AudioRtp => "audio RTP/UDP",
            Self::AudioRtcp => "audio RTCP/UDP",
        }
    }
}

/// What TLS showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Handshake {
    took_ns: u64,
    /// `1.2` or `1.3`.
    version: String,
    fingerprint: CertificateFingerprint,
    #[serde(default)]
    self_signed: Option<bool>,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
}

impl Handshake {
    pub(crate) fn of(shown: &Shown, took: Duration) -> Self {
        Self {
            took_ns: u64::try_from(took.as_nanos()).unwrap_or(u64::MAX),
            version: shown.version.to_owned(),
            fingerprint: shown.fingerprint,
            self_signed: shown.self_signed,
            valid_from: shown.valid_from,
            valid_until: shown.valid_until,
        }
    }

    pub(crate) fn shown(&self) -> (Shown, Duration) {
        let shown = Shown {
            version: if self.version == "1.3" { "1.3" } else { "1.2" },
            fingerprint: self.fingerprint,
            self_signed: self.self_signed,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
        };
        (shown, Duration::from_nanos(self.took_ns))
    }
}

/// Why a login was kept back: rejected so often, with the next try after so long; neither where
/// others were being tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Withheld {
    pub(crate) failures: Option<u32>,
    pub(crate) retry_after_ms: Option<u64>,
}

/// Bytes; text in a file where they are text, base64 where not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub(crate) struct Octets(pub(crate) Vec<u8>);

#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl From<Octets> for Written {
    fn from(octets: Octets) -> Self {
        let plain = |c: char| !c.is_control() || matches!(c, '\r' | '\n' | '\t');
        match String::from_utf8(octets.0) {
            Ok(text) if text.chars().all(plain) => Self { text: Some(text), base64: None },
            Ok(text) => Self { text: None, base64: Some(STANDARD.encode(text)) },
            Err(error) => Self { text: None, base64: Some(STANDARD.encode(error.as_bytes())) },
        }
    }
}

impl TryFrom<Written> for Octets {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match (written.text, written.base64) {
            (Some(text), None) => Ok(Self(text.into_bytes())),
            (None, Some(code)) => {
                STANDARD.decode(code).map(Self).map_err(|_| "base64 that cannot be read")
            }
            _ => Err("one of text and base64 is wanted"),
        }
    }
}

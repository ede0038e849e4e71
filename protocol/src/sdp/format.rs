//! One media section and the format chosen from it.

use std::net::IpAddr;

use super::{Codec, ParameterSets};

/// Parameters of a format that are kept; those behind are dropped.
const MAX_PARAMETERS: usize = 64;

/// What kind of media a section carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// `m=video`.
    Video,
    /// `m=audio`.
    Audio,
    /// Metadata, vendor media and the like: never set up.
    Other,
}

/// Which ways media go, as the one who describes them sees it (RFC 8866 §6.7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    #[default]
    Both,
    /// It sends and takes nothing.
    SendOnly,
    /// It takes and sends nothing.
    ReceiveOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    /// Whether it sends.
    pub fn sends(self) -> bool {
        matches!(self, Self::Both | Self::SendOnly)
    }

    /// Whether it takes what is sent to it.
    pub fn receives(self) -> bool {
        matches!(self, Self::Both | Self::ReceiveOnly)
    }
}

/// One media section with a usable payload type.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    /// Video, audio or other.
    pub kind: MediaKind,
    /// RTP payload type, 0 to 127.
    pub payload_type: u8,
    /// Port that takes its media; 0 where the section is refused (RFC 3264 §6), and with RTSP.
    pub port: u16,
    /// `c=` of the section or of the session, where it is an address; a call needs it, RTSP not.
    pub address: Option<IpAddr>,
    /// Which ways media go.
    pub direction: Direction,
    /// Port that takes RTCP by `a=rtcp` (RFC 3605); the next one where it is not said.
    pub rtcp_port: Option<u16>,
    /// Codec by rtpmap, else by the static table (Q15).
    pub codec: Codec,
    /// RTP clock, Hz; never 0.
    pub clock_rate_hz: u32,
    /// The media's `a=control`, as sent but for a login in it.
    pub control: Option<String>,
    /// `a=framerate` or `a=x-framerate`, frames per second; `None` where missing or not positive
    /// (Q16).
    pub declared_fps: Option<f64>,
    /// Width and height in pixels by `a=framesize` (RFC 6064) or `a=x-dimensions`.
    pub frame_size: Option<(u16, u16)>,
    /// `fmtp` parameters, names in lower case.
    pub fmtp: Vec<(String, String)>,
    /// An ONVIF back channel: we would send on it. Never set up.
    pub backchannel: bool,
    /// SPS, PPS, VPS from `fmtp`: a hint only (Q13, Q14).
    pub parameter_sets: ParameterSets,
}

impl Media {
    /// A parameter of `fmtp` by its lower-case name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.fmtp.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// A section as it is being read.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub(super) kind: String,
    pub(super) payload_types: Vec<u8>,
    pub(super) rtpmap: Vec<(u8, String, u32)>,
    pub(super) control: Option<String>,
    pub(super) declared_fps: Option<f64>,
    pub(super) frame_size: Option<(u16, u16)>,
    pub(super) port: u16,
    pub(super) address: Option<IpAddr>,
    pub(super) direction: Direction,
    pub(super) rtcp_port: Option<u16>,
    pub(super) attributes: usize,
}

impl Section {
    /// The value of `m=`: `video 0 RTP/AVP 96 97`. Formats that are no payload type are dropped
    /// (Q10).
    pub(super) fn open(value: &str) -> Self {
        let mut words = value.split_ascii_whitespace();
        let kind = words.next().unwrap_or_default().to_ascii_lowercase();
        // `5004/2` has several ports.
        let port = words.next().and_then(|it| it.split('/').next()?.parse().ok()).unwrap_or(0);
        let payload_types =
            words.skip(1).take(16).filter_map(|w| w.parse().ok()).filter(|pt| *pt < 128).collect();
        Self { kind, port, payload_types, ..Self::default() }
    }

    /// `None` if no payload type is usable.
    pub(super) fn finish(self, fmtp: &[(u8, String)]) -> Option<Media> {
        let kind = match self.kind.as_str() {
            "video" => MediaKind::Video,
            "audio" => MediaKind::Audio,
            _ => MediaKind::Other,
        };
        let formats = self.payload_types.iter().map(|pt| (*pt, self.format(*pt)));
        let known = |f: &(u8, (Codec, u32))| !matches!(f.1.0, Codec::Other(_));
        let (payload_type, (codec, clock_rate_hz)) =
            formats.clone().find(known).or_else(|| formats.clone().next())?;
        // The format parameters may stand under another section (Q12).
        let fmtp: Vec<_> = fmtp
            .iter()
            .filter(|(pt, _)| *pt == payload_type)
            .flat_map(|(_, text)| parameters(text))
            .take(MAX_PARAMETERS)
            .collect();
        let parameter_sets = ParameterSets::read(&codec, &fmtp);
        Some(Media {
            kind,
            payload_type,
            port: self.port,
            address: self.address,
            direction: self.direction,
            rtcp_port: self.rtcp_port,
            codec,
            clock_rate_hz,
            control: self.control,
            declared_fps: self.declared_fps,
            frame_size: self.frame_size,
            fmtp,
            backchannel: self.direction == Direction::SendOnly,
            parameter_sets,
        })
    }

    /// Codec and clock of a payload type; rtpmap wins over the static table (Q15).
    fn format(&self, payload_type: u8) -> (Codec, u32) {
        let default_clock = if self.kind == "audio" { 8_000 } else { 90_000 };
        match self.rtpmap.iter().find(|(pt, ..)| *pt == payload_type) {
            Some((_, name, clock)) => {
                (Codec::from_name(name), if *clock == 0 { default_clock } else { *clock })
            }
            None => Codec::from_static(payload_type)
                .unwrap_or((Codec::Other(String::new()), default_clock)),
        }
    }
}

/// `a=1; b=2;c` → pairs; a name without value has an empty one.
fn parameters(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split(';').map(str::trim).filter(|p| !p.is_empty()).map(|p| {
        let (name, value) = p.split_once('=').unwrap_or((p, ""));
        (name.trim().to_ascii_lowercase(), value.trim().to_owned())
    })
}

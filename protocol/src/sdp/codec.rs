//! Codecs by their encoding name (RFC 3551 and the payload formats' RFCs).

/// What a media stream is coded in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codec {
    /// H.264, RFC 6184.
    H264,
    /// H.265, RFC 7798.
    H265,
    /// JPEG, RFC 2435.
    Mjpeg,
    /// MPEG-4 part 2, RFC 6416.
    Mpeg4,
    /// G.711 A-law.
    Pcma,
    /// G.711 µ-law.
    Pcmu,
    /// AAC, RFC 3640 or 6416.
    Aac,
    /// G.726 at any rate.
    G726,
    /// Anything else: the encoding name in upper case, or empty where none is known.
    Other(String),
}

impl Codec {
    /// By encoding name, in any case.
    pub fn from_name(name: &str) -> Self {
        let name = name.trim().to_ascii_uppercase();
        match name.as_str() {
            "H264" => Self::H264,
            "H265" | "HEVC" => Self::H265,
            "JPEG" => Self::Mjpeg,
            "MP4V-ES" => Self::Mpeg4,
            "PCMA" => Self::Pcma,
            "PCMU" => Self::Pcmu,
            "MPEG4-GENERIC" | "MP4A-LATM" => Self::Aac,
            _ if name.starts_with("G726") || name.starts_with("AAL2-G726") => Self::G726,
            _ => Self::Other(name),
        }
    }

    /// The static assignment of a payload type (RFC 3551 §6) with its clock rate in Hz.
    pub(super) fn from_static(payload_type: u8) -> Option<(Self, u32)> {
        let other = |name: &str| Self::Other(name.to_owned());
        Some(match payload_type {
            0 => (Self::Pcmu, 8_000),
            3 => (other("GSM"), 8_000),
            8 => (Self::Pcma, 8_000),
            9 => (other("G722"), 8_000),
            10 | 11 => (other("L16"), 44_100),
            14 => (other("MPA"), 90_000),
            26 => (Self::Mjpeg, 90_000),
            31 => (other("H261"), 90_000),
            32 => (other("MPV"), 90_000),
            33 => (other("MP2T"), 90_000),
            34 => (other("H263"), 90_000),
            _ => return None,
        })
    }

    /// The lower-case name as it stands in JSON: `h264`, `h265`, `mjpeg`, `pcma`, `aac` …
    pub fn name(&self) -> String {
        match self {
            Self::H264 => "h264".to_owned(),
            Self::H265 => "h265".to_owned(),
            Self::Mjpeg => "mjpeg".to_owned(),
            Self::Mpeg4 => "mpeg4".to_owned(),
            Self::Pcma => "pcma".to_owned(),
            Self::Pcmu => "pcmu".to_owned(),
            Self::Aac => "aac".to_owned(),
            Self::G726 => "g726".to_owned(),
            Self::Other(name) => name.to_ascii_lowercase(),
        }
    }

    /// Whether a still picture can be made of one access unit of it here.
    pub fn has_keyframes(&self) -> bool {
        matches!(self, Self::H264 | Self::H265 | Self::Mjpeg)
    }
}

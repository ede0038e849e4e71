//! What a stream carries: as the SDP declares it, and as its own parameter sets say.

/// What the packets of one stream carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// H.264 in RFC 6184 packets; keyframes are assembled.
    H264,
    /// H.265 in RFC 7798 packets; keyframes are assembled.
    H265,
    /// JPEG in RFC 2435 packets; every whole picture is a keyframe.
    Jpeg,
    /// MPEG-4 part 2 (RFC 6416); frames and keyframes are counted, never assembled.
    Mpeg4,
    /// Any other video; counted, never assembled.
    OtherVideo,
    /// G.711 A-law; counted, its level measured.
    Pcma,
    /// G.711 µ-law; counted, its level measured.
    Pcmu,
    /// Any other audio; counted.
    OtherAudio,
}

impl Codec {
    /// Whether this is a video stream.
    pub fn is_video(self) -> bool {
        !matches!(self, Codec::Pcma | Codec::Pcmu | Codec::OtherAudio)
    }
}

/// One stream as its SDP describes it. Everything but the codec and the payload type is a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFormat {
    /// What the packets carry.
    pub codec: Codec,
    /// The payload type of the stream's packets; others on the channel are foreign (Geovision
    /// repeats sequence numbers with payload type 50).
    pub payload_type: u8,
    /// RTP clock, Hz; 90 000 for video. 0 is read as 90 000.
    pub clock_rate: u32,
    /// NAL units out of `sprop-parameter-sets` or `sprop-vps/sps/pps`, decoded from base64, in any
    /// order, with or without Annex B start codes. In-band sets replace them; bad ones are ignored.
    pub parameter_sets: Vec<Vec<u8>>,
    /// Width and height in pixels from `a=framesize` or `a=x-dimensions`; JPEG pictures past 2 040
    /// pixels have no other (RFC 2435 §3.1.5).
    pub frame_size: Option<(u16, u16)>,
    /// SSRC announced by SETUP. Cameras get it wrong (Hikvision, Dahua), so it only helps to choose
    /// between sources that both send.
    pub ssrc: Option<u32>,
}

impl StreamFormat {
    /// A stream without hints.
    pub fn new(codec: Codec, payload_type: u8, clock_rate: u32) -> Self {
        StreamFormat {
            codec,
            payload_type,
            clock_rate,
            parameter_sets: Vec::new(),
            frame_size: None,
            ssrc: None,
        }
    }
}

/// Picture facts out of a sequence parameter set or a JPEG header.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureFormat {
    /// Shown width in pixels, after cropping.
    pub width: u32,
    /// Shown height in pixels, after cropping.
    pub height: u32,
    /// Profile by its usual name: `Baseline`, `Main`, `High`, `Main 10`…; `None` if unnamed.
    pub profile: Option<&'static str>,
    /// Level as written in the standards: `4.1`; `None` for JPEG.
    pub level: Option<String>,
    /// Frames per second by the VUI timing, where it says one between 0.1 and 480.
    pub fps: Option<f64>,
    /// Whether pictures are always whole frames; `false` where fields may be coded apart.
    pub progressive: bool,
}

/// A frame rate the VUI may claim: some cameras write 0 or 90 000.
pub(super) fn plausible_fps(fps: f64) -> Option<f64> {
    (0.1..=480.0).contains(&fps).then_some(fps)
}

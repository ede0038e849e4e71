//! RTP packets (RFC 3550 §5.1) and sender reports (§6.4.1), byte by byte.

use std::time::Duration;

use crate::wire::rtp;

/// Source of the stream.
pub const SSRC: u32 = 0x1234_5678;
/// Payload type of the video.
pub(super) const PAYLOAD_TYPE: u8 = 96;
/// Seconds from 1900, where NTP counts from, to 1970 (RFC 868).
const NTP_TO_UNIX_S: u64 = 2_208_988_800;

/// One RTP packet of the video.
#[derive(Debug, Clone)]
pub struct Packet {
    /// Which frame of the camera's it is of, from 0.
    pub frame: u32,
    /// Whether that is a keyframe.
    pub keyframe: bool,
    /// Whether it carries picture data, and not a parameter set.
    pub picture: bool,
    /// Sequence number, extended beyond its 16 bits.
    pub number: u64,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Marker bit: the last of its frame.
    pub marker: bool,
    /// Payload.
    pub payload: Vec<u8>,
}

impl Packet {
    /// As it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let number = self.number as u16;
        rtp(PAYLOAD_TYPE, SSRC, number, self.timestamp, self.marker, &self.payload)
    }
}

/// What a sender report says.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    /// RTP timestamp of its moment.
    pub timestamp: u32,
    /// Packets the sender counts as sent.
    pub packets: u32,
    /// Their payload bytes.
    pub octets: u32,
    /// How far the camera's clock is ahead, ms; behind where negative.
    pub offset_ms: i64,
}

impl Report {
    /// As it goes over the wire when the true time is `wall` since 1970.
    pub fn bytes(&self, wall: Duration) -> Vec<u8> {
        let ahead = Duration::from_millis(self.offset_ms.unsigned_abs());
        let shown = if self.offset_ms < 0 { wall.saturating_sub(ahead) } else { wall + ahead };
        let fraction = (u64::from(shown.subsec_nanos()) << 32) / 1_000_000_000;
        let mut bytes = vec![0x80, 200, 0, 6];
        bytes.extend(SSRC.to_be_bytes());
        bytes.extend(((shown.as_secs() + NTP_TO_UNIX_S) as u32).to_be_bytes());
        bytes.extend((fraction as u32).to_be_bytes());
        bytes.extend(self.timestamp.to_be_bytes());
        bytes.extend(self.packets.to_be_bytes());
        bytes.extend(self.octets.to_be_bytes());
        bytes
    }
}

//! RTP of our own: what a test call sends, paced by its caller.
//!
//! A [`Sender`] numbers packets and reports what it sent (RFC 3550 §6.4.1); [`h264_payloads`] cuts a
//! NAL unit to packets (RFC 6184 §5.6, §5.8).

use std::time::Duration;

use rtcp_types::{Compound, RtcpPacketWriterExt, Sdes, SdesChunk, SdesItem, SenderReport};

/// Longest payload sent: with all headers below the 1 280 bytes that every link of IPv6 takes.
const MAX_PAYLOAD: usize = 1_200;
/// Seconds from the NTP epoch (1900) to 1970, RFC 868.
const NTP_TO_UNIX_S: u64 = 2_208_988_800;

/// One stream that is sent.
#[derive(Debug, Clone)]
pub struct Sender {
    ssrc: u32,
    payload_type: u8,
    clock_rate: u32,
    sequence: u16,
    /// Timestamp of the time 0.
    base: u32,
    packets: u32,
    octets: u32,
}

impl Sender {
    /// A stream whose SSRC, first number and first timestamp come of `chance`.
    pub fn new(payload_type: u8, clock_rate: u32, chance: u64) -> Self {
        Self {
            ssrc: chance as u32,
            payload_type: payload_type & 0x7f,
            clock_rate,
            sequence: (chance >> 32) as u16,
            base: (chance >> 24) as u32,
            packets: 0,
            octets: 0,
        }
    }

    /// Its SSRC.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Packets sent so far.
    pub fn packets(&self) -> u32 {
        self.packets
    }

    /// The next packet, of a moment `at` of the stream.
    pub fn packet(&mut self, at: Duration, marker: bool, payload: &[u8]) -> Vec<u8> {
        let mut packet = Vec::with_capacity(12 + payload.len());
        packet.extend_from_slice(&[0x80, u8::from(marker) << 7 | self.payload_type]);
        packet.extend_from_slice(&self.sequence.to_be_bytes());
        packet.extend_from_slice(&self.timestamp(at).to_be_bytes());
        packet.extend_from_slice(&self.ssrc.to_be_bytes());
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload.len() as u32);
        packet
    }

    fn timestamp(&self, at: Duration) -> u32 {
        let ticks = at.as_micros() * u128::from(self.clock_rate) / 1_000_000;
        self.base.wrapping_add(ticks as u32)
    }

    /// A sender report with our name, at the moment `at` of the stream and `wall` since 1970.
    pub fn report(&self, at: Duration, wall: Duration, cname: &str) -> Vec<u8> {
        let report = SenderReport::builder(self.ssrc)
            .ntp_timestamp(ntp(wall))
            .rtp_timestamp(self.timestamp(at))
            .packet_count(self.packets)
            .octet_count(self.octets);
        let name = SdesItem::builder(SdesItem::CNAME, cname);
        let compound = Compound::builder()
            .add_packet(report)
            .add_packet(Sdes::builder().add_chunk(SdesChunk::builder(self.ssrc).add_item(name)));
        let mut bytes = vec![0; 512];
        let written = compound.write_into(&mut bytes).unwrap_or(0);
        bytes.truncate(written);
        bytes
    }
}

/// The NTP timestamp of a time since 1970.
pub(super) fn ntp(wall: Duration) -> u64 {
    let fraction = (u64::from(wall.subsec_nanos()) << 32) / 1_000_000_000;
    (wall.as_secs() + NTP_TO_UNIX_S) << 32 | fraction
}

/// The payloads that carry one NAL unit, without start code: itself, or its fragments (FU-A).
pub fn h264_payloads(nal: &[u8]) -> Vec<Vec<u8>> {
    let Some((&header, body)) = nal.split_first() else { return Vec::new() };
    if nal.len() <= MAX_PAYLOAD {
        return vec![nal.to_vec()];
    }
    let pieces: Vec<&[u8]> = body.chunks(MAX_PAYLOAD - 2).collect();
    let last = pieces.len() - 1;
    let fragment = |(number, piece): (usize, &&[u8])| {
        let start = u8::from(number == 0) << 7;
        let end = u8::from(number == last) << 6;
        let mut payload = vec![header & 0xe0 | 28, start | end | header & 0x1f];
        payload.extend_from_slice(piece);
        payload
    };
    pieces.iter().enumerate().map(fragment).collect()
}

/// The NAL units of an Annex B stream, without start codes.
pub fn nal_units(stream: &[u8]) -> Vec<&[u8]> {
    let mut starts: Vec<usize> = stream
        .windows(3)
        .enumerate()
        .filter(|(_, window)| *window == [0, 0, 1])
        .map(|(at, _)| at)
        .collect();
    starts.push(stream.len());
    starts
        .windows(2)
        .filter_map(|pair| stream.get(pair[0] + 3..pair[1]))
        .map(|nal| nal.strip_suffix(&[0]).unwrap_or(nal))
        .filter(|nal| !nal.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::{Codec, Receiver, Returned, StreamFormat};

    #[test]
    fn what_is_sent_is_received_whole() {
        let mut stream = vec![0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x0d, 1, 2, 3, 0, 0, 1, 0x65];
        stream.extend(std::iter::repeat_n(7u8, 3_000));
        let nals = nal_units(&stream);
        assert_eq!(nals.iter().map(|nal| nal.len()).collect::<Vec<_>>(), [7, 3_001]);
        let payloads: Vec<_> = nals.iter().flat_map(|nal| h264_payloads(nal)).collect();
        assert_eq!(payloads.len(), 4);
        assert!(payloads.iter().all(|payload| payload.len() <= MAX_PAYLOAD));
        let mut sender = Sender::new(97, 90_000, 0xffff_ffff_ffff_fff0);
        let mut receiver = Receiver::new(&StreamFormat::new(Codec::H264, 97, 90_000));
        for frame in 0..20u64 {
            let at = Duration::from_millis(frame * 40);
            for (number, payload) in payloads.iter().enumerate() {
                receiver.handle_rtp(at, &sender.packet(at, number == 3, payload));
            }
        }
        let statistics = receiver.statistics(Duration::from_secs(1));
        assert_eq!((statistics.stream.packets, statistics.stream.lost), (80, 0));
        assert_eq!(statistics.video.unwrap().frames, 20);
        assert!(statistics.stream.jitter_ms.unwrap() < 0.1);
    }

    #[test]
    fn a_report_is_answered_by_a_round_trip() {
        let second = Duration::from_secs(1);
        let mut sender = Sender::new(8, 8_000, 0x1234_5678_9abc_def0);
        let mut receiver = Receiver::new(&StreamFormat::new(Codec::Pcma, 8, 8_000));
        for number in 0..50u64 {
            let at = Duration::from_millis(number * 20);
            receiver.handle_rtp(at, &sender.packet(at, false, &[0xd5; 160]));
        }
        let wall = Duration::from_millis(1_795_219_200_250);
        receiver.handle_rtcp(second, None, &sender.report(second, wall, "us"));
        // Half a second later there, 40 ms on the way in all.
        let report = receiver.receiver_report(second * 3 / 2, 7, "peer").unwrap();
        let mut returned = Returned::default();
        returned.read(wall + Duration::from_millis(540), sender.ssrc(), &report);
        let rtt = returned.rtt().unwrap();
        assert!((rtt.as_secs_f64() * 1e3 - 40.0).abs() < 0.1, "{rtt:?}");
        assert_eq!((returned.lost(), returned.wants_keyframe()), (Some(0), false));
    }
}

//! RTCP: the camera's clock out of its sender reports, and the receiver reports it may insist on.
//!
//! Only sender reports are read, each by its own length field, so that a broken SDES beside them
//! (Hanwha omits its terminator) does no harm.

use std::time::Duration;

use rtcp_types::{
    Compound, ReceiverReport, ReportBlock, RtcpPacket, RtcpPacketParser, RtcpPacketWriterExt, Sdes,
    SdesChunk, SdesItem, SenderReport,
};

/// Seconds from the NTP epoch (1900) to 1970, RFC 868.
const NTP_TO_UNIX_S: u64 = 2_208_988_800;

/// Most packets read out of one compound.
const MAX_PACKETS: usize = 32;

/// The last sender report.
#[derive(Debug, Clone, Copy)]
struct Heard {
    ssrc: u32,
    at: Duration,
    /// Middle 32 bits of the NTP timestamp.
    lsr: u32,
    offset_ms: Option<f64>,
}

/// What RTCP told about the sender.
#[derive(Debug, Clone, Default)]
pub(super) struct SenderClock {
    heard: Option<Heard>,
    unknown: u64,
    malformed: u64,
}

impl SenderClock {
    /// Reads a compound packet that came at `now`, when the prober's own wall clock stood `wall`
    /// past 1970. `ssrc` is the stream's source, once known; reports of others are counted only.
    /// Gives the number of packets that the stream's sender counts as sent, if it says so here.
    pub(super) fn handle(
        &mut self,
        now: Duration,
        wall: Option<Duration>,
        data: &[u8],
        ssrc: Option<u32>,
    ) -> Option<u32> {
        let mut rest = data;
        let mut sent = None;
        for _ in 0..MAX_PACKETS {
            if rest.is_empty() {
                return sent;
            }
            let Some((packet, after)) = split(rest) else {
                self.malformed += 1;
                return sent;
            };
            rest = after;
            if packet[1] != SenderReport::PACKET_TYPE {
                continue;
            }
            match SenderReport::parse(packet) {
                Ok(report) if ssrc.is_none_or(|ssrc| ssrc == report.ssrc()) => {
                    let offset = wall.and_then(|wall| offset_ms(report.ntp_timestamp(), wall));
                    // The time on the way, and a wait behind a stalled connection, make the clock
                    // look slow: the report that was least delayed is the nearest to the truth.
                    let before = self.of(Some(report.ssrc())).and_then(|heard| heard.offset_ms);
                    let offset_ms = offset.into_iter().chain(before).reduce(f64::max);
                    let (at, lsr) = (now, (report.ntp_timestamp() >> 16) as u32);
                    self.heard = Some(Heard { ssrc: report.ssrc(), at, lsr, offset_ms });
                    sent = Some(report.packet_count());
                }
                Ok(_) => self.unknown += 1,
                Err(_) => self.malformed += 1,
            }
        }
        sent
    }

    /// How far the camera's clock is ahead of ours, ms; `None` where it sent no report or its
    /// reports carry no date (time since start is allowed, RFC 3550 §6.4.1).
    pub(super) fn offset_ms(&self, ssrc: Option<u32>) -> Option<f64> {
        self.of(ssrc)?.offset_ms
    }

    /// Sender reports of other sources (Tapo C320WS).
    pub(super) fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Packets that were no RTCP.
    pub(super) fn malformed(&self) -> u64 {
        self.malformed
    }

    /// LSR and DLSR of a report block: 0 and 0 before the first sender report.
    pub(super) fn last_report(&self, ssrc: u32, now: Duration) -> (u32, u32) {
        self.of(Some(ssrc)).map_or((0, 0), |heard| {
            let since = now.saturating_sub(heard.at).as_secs_f64() * 65_536.0;
            (heard.lsr, since as u32)
        })
    }

    fn of(&self, ssrc: Option<u32>) -> Option<&Heard> {
        self.heard.as_ref().filter(|heard| Some(heard.ssrc) == ssrc)
    }
}

/// The first packet of a compound by its own length, and what follows.
fn split(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = data.get(2..4).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))?;
    data.split_at_checked((usize::from(length) + 1) * 4)
}

/// NTP time less our wall clock, ms; `None` for a time before 1970, which is no date.
fn offset_ms(ntp: u64, wall: Duration) -> Option<f64> {
    let seconds = (ntp >> 32).checked_sub(NTP_TO_UNIX_S)?;
    let fraction = (ntp & 0xffff_ffff) as f64 / 4_294_967_296.0;
    Some(
        (seconds as f64 - wall.as_secs() as f64 + fraction - f64::from(wall.subsec_nanos()) / 1e9)
            * 1_000.0,
    )
}

/// What a report block says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Report {
    /// Our own SSRC.
    pub(super) own_ssrc: u32,
    /// The stream's SSRC.
    pub(super) ssrc: u32,
    /// Share lost since the last report, 1/256.
    pub(super) fraction_lost: u8,
    /// Lost so far.
    pub(super) lost: u64,
    /// Highest sequence number, extended.
    pub(super) highest: u32,
    /// Jitter in clock units.
    pub(super) jitter: u32,
    /// LSR and DLSR.
    pub(super) last_report: (u32, u32),
}

impl Report {
    /// The bytes of a compound of this receiver report and an SDES with our CNAME.
    pub(super) fn to_bytes(self, cname: &str) -> Vec<u8> {
        let block = ReportBlock::builder(self.ssrc)
            .fraction_lost(self.fraction_lost)
            // 24 bits signed (RFC 3550 §6.4.1)
            .cumulative_lost(self.lost.min(0x7f_ffff) as u32)
            .extended_sequence_number(self.highest)
            .interarrival_jitter(self.jitter)
            .last_sender_report_timestamp(self.last_report.0)
            .delay_since_last_sender_report_timestamp(self.last_report.1);
        let name = SdesItem::builder(SdesItem::CNAME, cname);
        let compound = Compound::builder()
            .add_packet(ReceiverReport::builder(self.own_ssrc).add_report_block(block))
            .add_packet(
                Sdes::builder().add_chunk(SdesChunk::builder(self.own_ssrc).add_item(name)),
            );
        let mut bytes = vec![0; 512];
        let written = compound.write_into(&mut bytes).unwrap_or(0);
        bytes.truncate(written);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SR: SSRC 7, NTP 2026-11-21T00:00:01.5Z, RTP 90 000.
    fn sender_report() -> Vec<u8> {
        let ntp = (NTP_TO_UNIX_S + 1_795_219_201) << 32 | 0x8000_0000;
        let mut bytes = vec![0x80, 200, 0, 6];
        bytes.extend_from_slice(&7u32.to_be_bytes());
        bytes.extend_from_slice(&ntp.to_be_bytes());
        bytes.extend_from_slice(&90_000u32.to_be_bytes());
        bytes.extend_from_slice(&[0; 8]);
        bytes
    }

    #[test]
    fn clock_offset_is_the_cameras_clock_less_ours() {
        let mut clock = SenderClock::default();
        let wall = Duration::from_secs(1_795_219_200);
        clock.handle(Duration::ZERO, Some(wall), &sender_report(), None);
        assert_eq!(clock.offset_ms(Some(7)), Some(1_500.0));
        assert_eq!(clock.offset_ms(Some(8)), None);
    }

    #[test]
    fn a_report_that_was_delayed_does_not_set_the_clock_back() {
        let mut clock = SenderClock::default();
        let wall = Duration::from_secs(1_795_219_200);
        for late in [1_000, 0, 3_000] {
            let wall = wall + Duration::from_millis(late);
            clock.handle(Duration::from_millis(late), Some(wall), &sender_report(), Some(7));
        }
        assert_eq!(clock.offset_ms(Some(7)), Some(1_500.0));
    }

    #[test]
    fn time_since_start_is_no_date() {
        assert_eq!(offset_ms(100 << 32, Duration::from_secs(1_795_219_200)), None);
    }

    #[test]
    fn an_sdes_without_its_terminator_does_no_harm() {
        let mut bytes = sender_report();
        bytes.extend_from_slice(&[0x81, 202, 0, 2, 0, 0, 0, 7, 1, 2, b'a', b'b']);
        let mut clock = SenderClock::default();
        clock.handle(Duration::ZERO, Some(Duration::ZERO), &bytes, Some(7));
        assert!(clock.offset_ms(Some(7)).is_some());
        assert_eq!(clock.malformed(), 0);
    }

    #[test]
    fn a_report_of_another_source_is_counted_only() {
        let mut clock = SenderClock::default();
        clock.handle(Duration::ZERO, None, &sender_report(), Some(8));
        assert_eq!((clock.unknown(), clock.last_report(8, Duration::ZERO)), (1, (0, 0)));
    }

    #[test]
    fn reports_back_what_rfc_3550_asks_for() {
        let mut clock = SenderClock::default();
        clock.handle(Duration::from_secs(1), None, &sender_report(), Some(7));
        let report = Report {
            own_ssrc: 0x0102_0304,
            ssrc: 7,
            fraction_lost: 64,
            lost: 5,
            highest: 0x1_0002,
            jitter: 90,
            last_report: clock.last_report(7, Duration::from_millis(1_500)),
        };
        let bytes = report.to_bytes("zhishou");
        assert_eq!(&bytes[..4], [0x81, 201, 0, 7]);
        assert_eq!(&bytes[4..12], [1, 2, 3, 4, 0, 0, 0, 7]);
        assert_eq!(&bytes[12..24], [64, 0, 0, 5, 0, 1, 0, 2, 0, 0, 0, 90]);
        assert_eq!(
            &bytes[24..28],
            (((1_795_219_201u64 + NTP_TO_UNIX_S) as u32) << 16 | 0x8000).to_be_bytes()
        );
        assert_eq!(&bytes[28..32], 32_768u32.to_be_bytes());
        assert_eq!(bytes[33], 202);
        assert!(bytes.windows(7).any(|window| window == b"zhishou"));
    }
}

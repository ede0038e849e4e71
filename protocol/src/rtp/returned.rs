//! RTCP about what we send: how it arrives there, how long there and back takes, and whether a
//! keyframe is wanted; and the same questions put to the peer.

use std::time::Duration;

use super::sender::ntp;

/// Most packets read out of one compound, and report blocks out of one packet.
const MAX_PACKETS: usize = 32;
/// Sender and receiver report (RFC 3550 §12.1).
const SR: u8 = 200;
const RR: u8 = 201;
/// Payload-specific feedback (RFC 4585 §6.1), and its formats PLI and FIR (RFC 5104 §4.3.1).
const PSFB: u8 = 206;
const PLI: u8 = 1;
const FIR: u8 = 4;
/// A round trip longer than this is a mistake of a clock.
const LONGEST: Duration = Duration::from_secs(30);

/// What the peer reports of one stream of ours.
#[derive(Debug, Clone, Default)]
pub struct Returned {
    /// The shortest round trip: what waited least.
    rtt: Option<Duration>,
    lost: Option<u64>,
    wanted: bool,
}

impl Returned {
    /// Reads a compound packet that came when our wall clock stood at `wall`; `ssrc` is ours.
    pub fn read(&mut self, wall: Duration, ssrc: u32, data: &[u8]) {
        let mut rest = data;
        for _ in 0..MAX_PACKETS {
            let [first, kind, high, low, ..] = rest else { return };
            let length = (usize::from(u16::from_be_bytes([*high, *low])) + 1) * 4;
            let Some((packet, after)) = rest.split_at_checked(length) else { return };
            match *kind {
                SR => self.blocks(wall, ssrc, packet.get(28..).unwrap_or_default()),
                RR => self.blocks(wall, ssrc, packet.get(8..).unwrap_or_default()),
                PSFB if matches!(first & 0x1f, PLI | FIR) => self.wanted = true,
                _ => {}
            }
            rest = after;
        }
    }

    fn blocks(&mut self, wall: Duration, ssrc: u32, blocks: &[u8]) {
        for block in blocks.chunks_exact(24).take(MAX_PACKETS) {
            let word = |at: usize| {
                let bytes = block.get(at..at + 4).and_then(|it| it.try_into().ok());
                u32::from_be_bytes(bytes.unwrap_or_default())
            };
            if word(0) != ssrc {
                continue;
            }
            // 24 bits, signed: duplicates make it negative.
            let lost = (word(4) << 8).cast_signed() >> 8;
            self.lost = Some(u64::try_from(lost).unwrap_or(0));
            let (last, delay) = (word(16), word(20));
            if last == 0 {
                continue;
            }
            let now = (ntp(wall) >> 16) as u32;
            let units = now.wrapping_sub(last).wrapping_sub(delay);
            let rtt = Duration::from_secs_f64(f64::from(units) / 65_536.0);
            if rtt < LONGEST {
                self.rtt = Some(self.rtt.map_or(rtt, |before| before.min(rtt)));
            }
        }
    }

    /// The shortest round trip (RFC 3550 §6.4.1).
    pub fn rtt(&self) -> Option<Duration> {
        self.rtt
    }

    /// Packets of ours that did not arrive there.
    pub fn lost(&self) -> Option<u64> {
        self.lost
    }

    /// Whether a keyframe was asked for since this was asked last.
    pub fn take_wanted(&mut self) -> bool {
        std::mem::take(&mut self.wanted)
    }

    /// Whether a keyframe is asked for.
    pub fn wants_keyframe(&self) -> bool {
        self.wanted
    }
}

/// Asks for a keyframe by Picture Loss Indication (RFC 4585 §6.3.1), behind the report that a
/// compound begins with.
pub fn picture_loss(own: u32, media: u32) -> Vec<u8> {
    let mut bytes = empty_report(own);
    bytes.extend_from_slice(&[0x80 | PLI, PSFB, 0, 2]);
    bytes.extend_from_slice(&own.to_be_bytes());
    bytes.extend_from_slice(&media.to_be_bytes());
    bytes
}

/// Asks for a keyframe by Full Intra Request (RFC 5104 §4.3.1); `number` differs from the last.
pub fn full_intra(own: u32, media: u32, number: u8) -> Vec<u8> {
    let mut bytes = empty_report(own);
    bytes.extend_from_slice(&[0x80 | FIR, PSFB, 0, 4]);
    bytes.extend_from_slice(&own.to_be_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&media.to_be_bytes());
    bytes.extend_from_slice(&[number, 0, 0, 0]);
    bytes
}

/// A receiver report about nobody (RFC 3550 §6.1 wants one first).
fn empty_report(own: u32) -> Vec<u8> {
    let mut bytes = vec![0x80, RR, 0, 1];
    bytes.extend_from_slice(&own.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_for_a_keyframe_reads_back() {
        for bytes in [picture_loss(7, 9), full_intra(7, 9, 3)] {
            assert!(bytes.len().is_multiple_of(4));
            let mut returned = Returned::default();
            returned.read(Duration::ZERO, 9, &bytes);
            assert!(returned.take_wanted() && !returned.take_wanted());
        }
        assert_eq!(picture_loss(7, 9)[8..], [0x81, 206, 0, 2, 0, 0, 0, 7, 0, 0, 0, 9]);
        assert_eq!(full_intra(7, 9, 3)[20..], [0, 0, 0, 0, 9, 3, 0, 0, 0][1..]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 200u8..207) {
            let mut returned = Returned::default();
            returned.read(Duration::from_secs(5), 7, &bytes);
            let words = u16::try_from(bytes.len() / 4).unwrap_or(0);
            let mut packet = vec![0x81, kind];
            packet.extend_from_slice(&words.to_be_bytes());
            packet.extend_from_slice(&bytes);
            returned.read(Duration::from_secs(5), 7, &packet);
            prop_assert!(returned.rtt().is_none_or(|rtt| rtt < LONGEST));
        }
    }
}

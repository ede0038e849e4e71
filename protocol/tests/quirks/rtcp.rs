//! Q61 and Q62: reports.

use std::time::Duration;

use zhishou_protocol::rtp::{Codec, Receiver, StreamFormat};

use super::device::packet;

/// Seconds from 1900 to 2026-11-21T00:00:00Z, and to 1970.
const NTP: u64 = 1_795_219_200 + 2_208_988_800;

/// A sender report (RFC 3550 §6.4.1) of this source, whose clock is half a second ahead.
fn sender_report(ssrc: u32) -> Vec<u8> {
    let mut bytes = vec![0x80, 200, 0, 6];
    bytes.extend_from_slice(&ssrc.to_be_bytes());
    bytes.extend_from_slice(&(NTP << 32 | 0x8000_0000).to_be_bytes());
    bytes.extend_from_slice(&[0; 12]);
    bytes
}

fn receiver() -> Receiver {
    let mut receiver = Receiver::new(&StreamFormat::new(Codec::H264, 96, 90_000));
    receiver.handle_rtp(Duration::ZERO, &packet(1));
    receiver.handle_rtp(Duration::ZERO, &packet(2));
    receiver
}

fn hear(receiver: &mut Receiver, bytes: &[u8]) {
    receiver.handle_rtcp(Duration::ZERO, Some(Duration::from_secs(1_795_219_200)), bytes);
}

#[test]
fn q61_a_report_of_an_unknown_source_is_counted_and_sets_no_clock() {
    let mut receiver = receiver();
    hear(&mut receiver, &sender_report(0x1234));
    let stream = receiver.statistics(Duration::ZERO).stream;
    assert_eq!((stream.foreign_reports, stream.clock_offset_ms), (1, None));
    hear(&mut receiver, &sender_report(7));
    let stream = receiver.statistics(Duration::ZERO).stream;
    assert_eq!((stream.foreign_reports, stream.clock_offset_ms), (1, Some(500.0)));
}

#[test]
fn q62_a_description_without_its_terminator_does_no_harm() {
    let mut receiver = receiver();
    let unterminated = [0x81, 202, 0, 2, 0, 0, 0, 7, 1, 2, b'a', b'b'];
    hear(&mut receiver, &[&unterminated[..], &sender_report(7)].concat());
    let stream = receiver.statistics(Duration::ZERO).stream;
    assert_eq!((stream.clock_offset_ms, stream.malformed), (Some(500.0), 0));
}

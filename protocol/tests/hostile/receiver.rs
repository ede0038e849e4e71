//! Streams that mean harm: pictures without end, storms of fragments, sources and reports.

use std::time::Duration;

use zhishou_protocol::rtp::{Codec, Receiver, Statistics, StreamFormat};

use super::counting::peak;

/// A packet (RFC 3550 §5.1) of payload type 96.
fn rtp(ssrc: u32, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    zhishou_tests::wire::rtp(96, ssrc, sequence, timestamp, false, payload)
}

/// Feeds packets, 1 ms apart, and checks the bound.
#[track_caller]
fn fed(codec: Codec, packets: u32, packet: impl Fn(u32) -> Vec<u8>) -> Statistics {
    let (statistics, peak) = peak(|| {
        let mut receiver = Receiver::new(&StreamFormat::new(codec, 96, 90_000));
        let mut now = Duration::ZERO;
        for index in 0..packets {
            now += Duration::from_millis(1);
            receiver.handle_rtp(now, &packet(index));
            receiver.take_keyframe(now);
            assert!(receiver.memory() <= Receiver::MEMORY_BOUND);
        }
        receiver.statistics(now)
    });
    assert!(peak <= Receiver::MEMORY_BOUND, "{peak} bytes");
    statistics
}

#[test]
fn pictures_without_end_are_given_up() {
    let body = vec![0x5a; 60_000];
    for (codec, start, middle) in [
        (Codec::H264, vec![0x7c, 0x85, 0x88], vec![0x7c, 0x05]),
        (Codec::H265, vec![49 << 1, 1, 0x93, 0x80], vec![49 << 1, 1, 0x13]),
    ] {
        let statistics = fed(codec, 400, |index| {
            let head = if index < 2 { &start } else { &middle };
            rtp(7, index as u16, 0, &[head.as_slice(), &body].concat())
        });
        assert!(statistics.video.unwrap().oversized, "{codec:?}");
    }
    let statistics = fed(Codec::Jpeg, 400, |index| {
        let [_, a, b, c] = (index * 60_000).to_be_bytes();
        rtp(7, index as u16, 0, &[&[0, a, b, c, 1, 50, 40, 30], body.as_slice()].concat())
    });
    assert!(statistics.video.unwrap().oversized);
}

#[test]
fn storms_of_fragments_and_aggregates_hold_nothing() {
    // Begins only, ends only, empty ones; each a slice, a parameter set, or nothing known.
    for codec in [Codec::H264, Codec::H265] {
        let statistics = fed(codec, 20_000, |index| {
            let bits = (index as u8 & 3) << 6;
            let kind = [1, 5, 7, 8, 19, 32, 33, 34][index as usize / 4 % 8];
            let body = vec![0x88; index as usize % 50];
            let head = match codec {
                Codec::H264 => vec![0x7c, bits | kind],
                _ => vec![49 << 1, 1, bits | kind],
            };
            rtp(7, index as u16, index / 1_000, &[head.as_slice(), &body].concat())
        });
        assert!(statistics.video.unwrap().anomalies > 1_000);
        assert_eq!(statistics.stream.lost, 0);
    }
    // 20 000 units in one aggregate, each an SPS of its own.
    let units = [0u8, 3, 0x67, 1, 2].repeat(12_000);
    fed(Codec::H264, 20, |index| rtp(7, index as u16, 0, &[&[24], units.as_slice()].concat()));
}

#[test]
fn modes_no_camera_offers_are_anomalies() {
    // STAP-B, MTAP16, MTAP24, FU-B (RFC 6184 §5.7, §5.8).
    let statistics = fed(Codec::H264, 40, |index| {
        let kind = [25, 26, 27, 29][index as usize % 4];
        rtp(7, index as u16, 0, &[0x60 | kind, 0, 1, 0, 3, 0x65, 0x88, 1])
    });
    let video = statistics.video.unwrap();
    assert_eq!((video.anomalies, video.frames, statistics.stream.lost), (40, 0, 0));
}

#[test]
fn a_new_source_with_every_packet_is_never_ours() {
    let body = vec![0x41; 60_000];
    let statistics = fed(Codec::H264, 2_000, |index| rtp(index, index as u16, 0, &body));
    assert_eq!((statistics.stream.packets, statistics.stream.lost), (0, 0));
    // And around one that is: all of it is foreign, nothing lost.
    let statistics = fed(Codec::H264, 4_000, |index| match index % 2 {
        0 => rtp(7, (index / 2) as u16, index * 3_600, &[0x41, 0x9a, 1]),
        _ => rtp(1_000_000 + index, index as u16, 0, &body),
    });
    let stream = statistics.stream;
    assert!((1_990..=2_000).contains(&stream.packets), "{stream:?}");
    assert_eq!((stream.lost, stream.packets + stream.foreign), (0, 4_000));
}

#[test]
fn numbers_that_jump_hold_little() {
    let body = vec![0x41; 60_000];
    fed(Codec::H264, 4_000, |index| rtp(7, (index * 2) as u16, index * 3_600, &body));
    fed(Codec::H264, 4_000, |index| {
        rtp(7, (index.wrapping_mul(2_654_435_761) >> 16) as u16, index, &body)
    });
}

#[test]
fn parameter_sets_for_ever_are_few() {
    let body = vec![0x5a; 50_000];
    fed(Codec::H265, 2_000, |index| {
        let kind = [32, 33, 34][index as usize % 3];
        rtp(7, index as u16, 0, &[&[kind << 1, 1, index as u8], body.as_slice()].concat())
    });
}

#[test]
fn reports_of_garbage_are_read_to_their_bound() {
    let mut receiver = Receiver::new(&StreamFormat::new(Codec::H264, 96, 90_000));
    for sequence in 0..3 {
        receiver.handle_rtp(Duration::ZERO, &rtp(7, sequence, 0, &[0x41, 0x9a]));
    }
    // A compound of 16 000 empty packets; lengths past the end; zeros; noise.
    let compounds = [
        [0x80, 200, 0, 0].repeat(16_000),
        vec![0x80, 200, 0xff, 0xff, 0, 0, 0, 7],
        vec![0; 60_000],
        (0..60_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
    ];
    let ((), peak) = peak(|| {
        for compound in compounds.iter().cycle().take(400) {
            receiver.handle_rtcp(Duration::ZERO, Some(Duration::ZERO), compound);
        }
    });
    let stream = receiver.statistics(Duration::ZERO).stream;
    assert!(peak < 4_096, "{peak}");
    assert!(stream.malformed > 0 && stream.clock_offset_ms.is_none());
    assert_eq!((stream.packets, stream.lost), (3, 0));
}

//! Whatever arrives: no panic, and memory within its bound.

use std::time::Duration;

use proptest::prelude::*;

use super::packetizer::rtp;
use crate::rtp::{Codec, Receiver, StreamFormat};

fn codec() -> impl Strategy<Value = Codec> {
    prop_oneof![
        Just(Codec::H264),
        Just(Codec::H265),
        Just(Codec::Jpeg),
        Just(Codec::Mpeg4),
        Just(Codec::Pcma),
    ]
}

/// Payloads that look like the real thing often enough to get far.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![
        Just(vec![]),
        Just(vec![0x7c, 0x85, 0x88]),
        Just(vec![0x7c, 0x05]),
        Just(vec![0x7c, 0x45]),
        Just(vec![24, 0, 4]),
        Just(vec![0x67, 0x64, 0]),
        Just(vec![0x68]),
        Just(vec![0x65, 0x88]),
        Just(vec![0, 0, 0, 1, 0x67]),
        Just(vec![49 << 1, 1, 0x93]),
        Just(vec![48 << 1, 1, 0, 3]),
        Just(vec![33 << 1, 1]),
        Just(vec![0, 0, 0, 0, 1, 255, 4, 4, 0, 0, 0, 64]),
        Just(vec![0, 0, 0, 0, 65, 50, 4, 4]),
    ];
    (start, proptest::collection::vec(any::<u8>(), 0..64), 0..2_000usize).prop_map(
        |(mut bytes, tail, fill)| {
            bytes.extend_from_slice(&tail);
            bytes.resize(bytes.len() + fill, 0x5a);
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_input_panics_or_outgrows_the_bound(
        codec in codec(),
        hints in proptest::collection::vec(payload(), 0..4),
        packets in proptest::collection::vec(
            (0..8u16, 0..3u32, any::<bool>(), payload(), 0..60u64),
            0..80,
        ),
        raw in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut format = StreamFormat::new(codec, 96, 90_000);
        format.parameter_sets = hints;
        let mut receiver = Receiver::new(&format);
        let (mut sequence, mut timestamp, mut now) = (65_000u16, 0u32, Duration::ZERO);
        for (skip, ticks, marker, payload, ms) in packets {
            sequence = sequence.wrapping_add(skip).wrapping_sub(1);
            timestamp = timestamp.wrapping_add(ticks * 3_600);
            now += Duration::from_millis(ms);
            receiver.handle_rtp(now, &rtp(96, 1, sequence, timestamp, marker, &payload));
            receiver.take_keyframe(now);
            prop_assert!(receiver.memory() <= Receiver::MEMORY_BOUND);
        }
        receiver.handle_rtp(now, &raw);
        receiver.handle_rtcp(now, Some(now), &raw);
        receiver.receiver_report(now, 1, "zhishou");
        let statistics = receiver.statistics(now);
        prop_assert!(statistics.stream.loss_ratio.is_none_or(|ratio| (0.0..=1.0).contains(&ratio)));
    }

    #[test]
    fn headers_and_reports_of_any_bytes_are_survived(
        data in proptest::collection::vec(any::<u8>(), 0..200),
        first in prop_oneof![Just(0x80u8), Just(0xbf), Just(0x90), any::<u8>()],
        kind in prop_oneof![Just(96u8), Just(200), any::<u8>()],
    ) {
        let mut receiver = Receiver::new(&StreamFormat::new(Codec::H264, 96, 90_000));
        let bytes = [&[first, kind], data.as_slice()].concat();
        for _ in 0..2 {
            receiver.handle_rtp(Duration::ZERO, &bytes);
            receiver.handle_rtcp(Duration::ZERO, None, &bytes);
        }
        receiver.statistics(Duration::ZERO);
    }
}

#[test]
fn a_picture_without_end_stays_within_the_bound() {
    let mut receiver = Receiver::new(&StreamFormat::new(Codec::H264, 96, 90_000));
    let start = [&[0x7c, 0x85, 0x88][..], &[0x5a; 60_000]].concat();
    let middle = [&[0x7c, 0x05][..], &[0x5a; 60_000]].concat();
    let mut highest = 0;
    for sequence in 0..400u16 {
        let payload = if sequence < 2 { &start } else { &middle };
        receiver.handle_rtp(Duration::ZERO, &rtp(96, 1, sequence, 0, false, payload));
        highest = highest.max(receiver.memory());
    }
    assert!(highest > Receiver::MAX_KEYFRAME / 2 && highest <= Receiver::MEMORY_BOUND);
    assert!(receiver.memory() < 64 * 1024, "given up once it is too large");
    let video = receiver.statistics(Duration::ZERO).video.expect("a video stream");
    assert!(video.oversized);
}

//! Exact figures of streams whose faults are known.

use std::time::Duration;

use super::packetizer::rtp;
use crate::rtp::{Codec, Receiver, StreamFormat};

fn receiver(codec: Codec, payload_type: u8, clock_rate: u32) -> Receiver {
    Receiver::new(&StreamFormat::new(codec, payload_type, clock_rate))
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn mpeg4_is_counted_by_marker_and_timestamp() {
    let mut receiver = receiver(Codec::Mpeg4, 96, 90_000);
    for packet in 0..150u16 {
        // three packets a frame, 12.5 fps; no markers in the second half
        let frame = packet / 3;
        let marker = packet % 3 == 2 && packet < 75;
        let data = rtp(96, 1, packet, u32::from(frame) * 7_200, marker, &[0; 88]);
        receiver.handle_rtp(ms(u64::from(frame) * 80), &data);
    }
    let statistics = receiver.statistics(ms(49 * 80));
    let video = statistics.video.expect("a video stream");
    assert_eq!((video.frames, video.keyframes), (50, Some(0)));
    assert_eq!(video.fps, Some(12.5));
    // 264 bytes of payload every 80 ms
    assert_eq!(statistics.stream.bitrate_bps, Some(26_400.0));
    assert_eq!(statistics.stream.jitter_ms, Some(0.0));
    assert_eq!(statistics.stream.gap_p99_ms, Some(80.0));
    assert_eq!(statistics.stream.bytes, 15_000);
    assert_eq!(receiver.take_keyframe(ms(9_999)), None);
}

#[test]
fn keyframes_of_mpeg4_are_its_intra_vops() {
    let mut receiver = receiver(Codec::Mpeg4, 96, 90_000);
    // Sequence, object and layer headers before each I-VOP; P-VOPs between.
    let intra = [&[0, 0, 1, 0xb0, 3, 0, 0, 1, 0xb5, 9, 0, 0, 1, 0xb6, 0x10][..], &[7; 60]].concat();
    let inter = [&[0, 0, 1, 0xb6, 0x56][..], &[7; 60]].concat();
    for frame in 0..50u16 {
        let payload = if frame % 12 == 3 { &intra } else { &inter };
        // The second packet of each frame holds what looks like an I-VOP and begins nothing.
        for (packet, payload) in [payload, &intra].into_iter().enumerate() {
            let sequence = frame * 2 + packet as u16;
            let data = rtp(96, 1, sequence, u32::from(frame) * 3_600, packet == 1, payload);
            receiver.handle_rtp(ms(u64::from(frame) * 40), &data);
        }
    }
    let video = receiver.statistics(ms(2_000)).video.expect("a video stream");
    assert_eq!((video.frames, video.keyframes, video.gop_frames), (50, Some(4), Some(12)));
    assert_eq!(video.first_keyframe_at, Some(ms(120)));
}

#[test]
fn loss_is_counted_across_the_wrap() {
    let mut receiver = receiver(Codec::OtherVideo, 96, 90_000);
    for step in 0..200u16 {
        if step % 20 != 10 {
            let sequence = 65_436u16.wrapping_add(step);
            let data = rtp(96, 1, sequence, u32::from(step) * 3_600, true, &[1]);
            receiver.handle_rtp(ms(u64::from(step) * 40), &data);
        }
    }
    let stream = receiver.statistics(ms(8_000)).stream;
    assert_eq!((stream.packets, stream.lost, stream.loss_ratio), (190, 10, Some(0.05)));
    assert_eq!((stream.duplicates, stream.reordered, stream.restarts), (0, 0, 0));
    assert_eq!(stream.longest_stall_ms, Some(80.0));
}

#[test]
fn other_payload_types_and_sources_are_foreign() {
    let mut receiver = receiver(Codec::OtherVideo, 96, 90_000);
    for sequence in 0..10u16 {
        let timestamp = u32::from(sequence) * 3_600;
        receiver.handle_rtp(ms(0), &rtp(96, 1, sequence, timestamp, true, &[1]));
        // Geovision: the same sequence numbers again with payload type 50.
        receiver.handle_rtp(ms(0), &rtp(50, 1, sequence, timestamp, true, &[1]));
        receiver.handle_rtp(ms(0), &rtp(96, 2, sequence + 700, timestamp, true, &[1]));
    }
    receiver.handle_rtp(ms(0), &[0x80, 96, 0]);
    let stream = receiver.statistics(ms(0)).stream;
    assert_eq!((stream.packets, stream.lost, stream.duplicates), (10, 0, 0));
    assert_eq!((stream.foreign, stream.malformed), (20, 1));
}

#[test]
fn g711_has_a_level() {
    let mut receiver = receiver(Codec::Pcma, 8, 8_000);
    for packet in 0..100u16 {
        let data = rtp(8, 1, packet, u32::from(packet) * 160, false, &[0xaa; 160]);
        receiver.handle_rtp(ms(u64::from(packet) * 20), &data);
    }
    let statistics = receiver.statistics(ms(2_000));
    let level = statistics.audio.and_then(|audio| audio.level_dbfs).expect("G.711 was sent");
    assert!((level - -0.137).abs() < 0.001, "{level}");
    assert_eq!(statistics.video, None);
    assert_eq!((statistics.stream.packets, statistics.stream.jitter_ms), (100, Some(0.0)));
}

#[test]
fn nothing_received_is_unknown_and_not_zero() {
    let mut receiver = receiver(Codec::H264, 96, 90_000);
    let statistics = receiver.statistics(ms(5_000));
    let stream = statistics.stream;
    assert_eq!((stream.packets, stream.loss_ratio, stream.jitter_ms), (0, None, None));
    assert_eq!((stream.longest_stall_ms, stream.bitrate_bps), (None, None));
    assert_eq!(statistics.video.and_then(|video| video.fps), None);
    assert_eq!(receiver.receiver_report(ms(5_000), 9, "zhishou"), None);
}

#[test]
fn a_receiver_report_speaks_of_the_stream() {
    let mut receiver = receiver(Codec::OtherVideo, 96, 90_000);
    for sequence in (0..100u16).filter(|sequence| sequence % 4 != 2) {
        receiver.handle_rtp(ms(0), &rtp(96, 0xabcd, sequence, 0, true, &[1]));
    }
    let report = receiver.receiver_report(ms(0), 9, "zhishou").expect("a source is known");
    assert_eq!(&report[..4], [0x81, 201, 0, 7]);
    assert_eq!(&report[8..20], [0, 0, 0xab, 0xcd, 64, 0, 0, 25, 0, 0, 0, 99]);
}

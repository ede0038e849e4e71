//! Q16, Q55 to Q60, Q68 and Q69: the stream itself.

use std::time::Duration;

use zhishou_protocol::rtp::{Codec, Receiver, Statistics, StreamFormat};

use super::device::rtp;

/// An SPS of 640×480 and a PPS.
const SPS: &[u8] = &[
    0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x03, 0xc5, 0x68, 0x40, 0, 0, 3, 0, 0x40, 0, 0, 0x0c, 3, 0xc5,
    0x8b, 0x92,
];
const PPS: &[u8] = &[0x68, 0xcb, 0x8c, 0xb2];
/// Ticks of a frame at 25 fps.
const FRAME: u32 = 3_600;

fn receiver() -> Receiver {
    Receiver::new(&StreamFormat::new(Codec::H264, 96, 90_000))
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// An IDR slice (first_mb 0, slice_type 7) or a P slice (slice_type 5) of this length.
fn slice(kind: u8, length: usize) -> Vec<u8> {
    let mut nal = vec![kind, if kind == 0x65 { 0x88 } else { 0x9a }];
    nal.extend((2..length).map(|at| (at * 31) as u8 | 1));
    nal
}

/// Feeds one packet after another, a frame each, every `step`, the timestamps as given.
fn frames(receiver: &mut Receiver, step: Duration, timestamps: &[u32]) -> Statistics {
    let mut now = Duration::ZERO;
    for (index, timestamp) in timestamps.iter().enumerate() {
        now = step * index as u32;
        let nal = slice(if index % 25 == 0 { 0x65 } else { 0x41 }, 100);
        receiver.handle_rtp(now, &rtp(96, 7, index as u16, *timestamp, true, &nal));
    }
    receiver.statistics(now)
}

/// Feeds payloads of one picture, then the beginning of the next, and gives what was made of it.
fn picture(payloads: &[Vec<u8>], marker: impl Fn(usize) -> bool) -> (Option<Vec<u8>>, u64) {
    let mut receiver = receiver();
    let sets = [SPS.to_vec(), PPS.to_vec()];
    let first = sets.iter().chain(payloads);
    let mut sequence = 65_530u16;
    for (index, payload) in first.enumerate() {
        receiver.handle_rtp(ms(0), &rtp(96, 7, sequence, 0, marker(index), payload));
        sequence = sequence.wrapping_add(1);
    }
    receiver.handle_rtp(ms(40), &rtp(96, 7, sequence, FRAME, true, &slice(0x41, 100)));
    let keyframe = receiver.take_keyframe(ms(40)).filter(|keyframe| !keyframe.damaged);
    let anomalies = receiver.statistics(ms(40)).video.unwrap().anomalies;
    (keyframe.map(|keyframe| keyframe.bytes), anomalies)
}

fn annex_b(units: &[&[u8]]) -> Vec<u8> {
    units.iter().flat_map(|unit| [&[0, 0, 0, 1], *unit].concat()).collect()
}

/// FU-A of a unit in pieces of this length.
fn fragments(nal: &[u8], length: usize) -> Vec<Vec<u8>> {
    let chunks: Vec<_> = nal[1..].chunks(length).collect();
    let last = chunks.len() - 1;
    let header = |at| u8::from(at == 0) << 7 | u8::from(at == last) << 6 | nal[0] & 0x1f;
    let parts = chunks.iter().enumerate();
    parts.map(|(at, chunk)| [&[nal[0] & 0xe0 | 28, header(at)], *chunk].concat()).collect()
}

#[test]
fn q16_what_is_delivered_is_measured_by_arrival() {
    // Declares 25 by its timestamps, delivers 20.
    let timestamps: Vec<_> = (0..200).map(|index| index * FRAME).collect();
    let statistics = frames(&mut receiver(), ms(50), &timestamps);
    assert_eq!(statistics.video.unwrap().fps, Some(20.0));
}

#[test]
fn q55_first_packets_of_another_source_lock_nothing() {
    let mut receiver = receiver();
    receiver.handle_rtp(ms(0), &rtp(96, 0xAAAA, 9_000, 0, true, &slice(0x41, 50)));
    receiver.handle_rtp(ms(0), &rtp(96, 0xBBBB, 400, 0, true, &slice(0x41, 50)));
    let timestamps: Vec<_> = (0..50).map(|index| index * FRAME).collect();
    let stream = frames(&mut receiver, ms(40), &timestamps).stream;
    assert_eq!((stream.packets, stream.lost, stream.foreign), (50, 0, 2));
    assert_eq!(stream.restarts, 0);
}

#[test]
fn q56_the_same_numbers_under_another_payload_type_are_no_loss() {
    let mut receiver = receiver();
    for sequence in 0..50u16 {
        let timestamp = u32::from(sequence) * FRAME;
        let nal = slice(0x41, 50);
        receiver.handle_rtp(ms(0), &rtp(96, 7, sequence, timestamp, true, &nal));
        receiver.handle_rtp(ms(0), &rtp(50, 7, sequence, timestamp, true, &nal));
        // And a real duplicate.
        receiver.handle_rtp(ms(0), &rtp(96, 7, sequence, timestamp, true, &nal));
    }
    let stream = receiver.statistics(ms(0)).stream;
    assert_eq!((stream.packets, stream.lost), (50, 0));
    // The very first one was still in probation when it came again.
    assert_eq!((stream.foreign, stream.duplicates), (50, 49));
}

#[test]
fn q57_single_frames_hours_away_are_jumps_and_no_jitter() {
    let mut timestamps: Vec<_> = (0..100).map(|index| index * FRAME).collect();
    timestamps[50] = 50 * FRAME + 7 * 3_600 * 90_000;
    let statistics = frames(&mut receiver(), ms(40), &timestamps);
    assert_eq!(statistics.stream.timestamp_jumps, 2);
    assert!(statistics.stream.jitter_ms.unwrap() < 0.001, "{:?}", statistics.stream);
    assert_eq!(statistics.video.unwrap().fps, Some(25.0));
}

#[test]
fn q58_timestamps_that_lie_show_as_jitter_and_the_rate_is_still_right() {
    // A constant step of 25 fps while 10 frames a second come.
    let timestamps: Vec<_> = (0..100).map(|index| index * FRAME).collect();
    let statistics = frames(&mut receiver(), ms(100), &timestamps);
    assert_eq!(statistics.video.unwrap().fps, Some(10.0));
    assert!(statistics.stream.jitter_ms.unwrap() > 50.0);
    // Backwards, for each frame: each second of it is a jump.
    let timestamps: Vec<_> = (0..100u32).map(|index| 0u32.wrapping_sub(index * FRAME)).collect();
    let statistics = frames(&mut receiver(), ms(40), &timestamps);
    assert_eq!(statistics.video.unwrap().fps, Some(25.0));
    assert_eq!(statistics.stream.timestamp_jumps, 3);
    assert_eq!(statistics.stream.lost, 0);
}

#[test]
fn q59_a_whole_unit_in_one_packet_of_64_kilobytes() {
    let nal = slice(0x65, 65_000);
    let (keyframe, anomalies) = picture(std::slice::from_ref(&nal), |index| index == 2);
    assert_eq!((keyframe, anomalies), (Some(annex_b(&[SPS, PPS, &nal])), 0));
    // And through the connection, whose frames have 16 bits of length.
    let mut device = super::device::Device::playing(None);
    let whole = super::device::frame(0, &rtp(96, 7, 1, 0, true, &nal));
    device.bytes(&whole[..30_000]);
    device.bytes(&whole[30_000..]);
    assert_eq!(device.packets[0].2.len(), 65_012);
}

#[test]
fn q60_markers_and_fragments_that_break_the_rfc() {
    let nal = slice(0x65, 1_000);
    let want = Some(annex_b(&[SPS, PPS, &nal]));
    let parts = fragments(&nal, 300);
    // The marker missing, on everything, on the sets alone.
    assert_eq!(picture(&parts, |_| false), (want.clone(), 0));
    assert_eq!(picture(&parts, |_| true), (want.clone(), 0));
    assert_eq!(picture(&parts, |index| index < 2), (want.clone(), 0));
    // An empty fragment in the middle.
    let mut empty = parts.clone();
    empty.insert(1, vec![0x7c, 0x05]);
    assert_eq!(picture(&empty, |_| false), (want.clone(), 1));
    // The type changes after the first; the first is believed.
    let mut changed = parts.clone();
    for part in &mut changed[1..] {
        part[1] = part[1] & 0xe0 | 1;
    }
    assert_eq!(picture(&changed, |_| false).0, want);
    // The reserved bit is set.
    let mut reserved = parts.clone();
    for part in &mut reserved {
        part[1] |= 0x20;
    }
    assert_eq!(picture(&reserved, |_| false).0, want);
    // A whole unit in one fragment, begin and end.
    assert_eq!(picture(&fragments(&nal, 5_000), |_| false), (want.clone(), 0));
    // Annex B inside RTP, as one unit and in fragments.
    let (joined, anomalies) = picture(&[annex_b(&[&nal])], |_| false);
    assert_eq!((joined, anomalies > 0), (want.clone(), true));
    let inside = annex_b(&[SPS, PPS, &nal])[4..].to_vec();
    let (joined, anomalies) = picture(&fragments(&inside, 300), |_| false);
    assert_eq!((joined, anomalies > 0), (want, true));
}

#[test]
fn q68_a_gop_without_end_flows_and_has_no_keyframe() {
    let mut receiver = receiver();
    // Two minutes of an H.264+ camera that has just sent its keyframe.
    for index in 0..3_000u16 {
        let data = rtp(96, 7, index, u32::from(index) * FRAME, true, &slice(0x41, 400));
        receiver.handle_rtp(ms(u64::from(index) * 40), &data);
        assert_eq!(receiver.take_keyframe(ms(u64::from(index) * 40)), None);
    }
    let statistics = receiver.statistics(ms(120_000));
    assert_eq!((statistics.stream.packets, statistics.stream.lost), (3_000, 0));
    let video = statistics.video.unwrap();
    assert_eq!((video.frames, video.keyframes, video.fps), (3_000, Some(0), Some(25.0)));
    assert!(!video.parameter_sets_missing);
}

#[test]
fn q69_an_encrypted_payload_flows_and_its_headers_are_whole() {
    let mut receiver = receiver();
    let mut state = 7u32;
    let mut noise = |nal: Vec<u8>| {
        let (head, body) = nal.split_at(8);
        let body = body.iter().map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        head.iter().copied().chain(body).collect::<Vec<_>>()
    };
    let units = [SPS.to_vec(), PPS.to_vec(), noise(slice(0x65, 1_300)), noise(slice(0x41, 900))];
    for (index, nal) in units.iter().enumerate() {
        let timestamp = if index == 3 { FRAME } else { 0 };
        receiver.handle_rtp(ms(0), &rtp(96, 7, index as u16, timestamp, index >= 2, nal));
    }
    let keyframe = receiver.take_keyframe(ms(0)).unwrap();
    assert_eq!((keyframe.damaged, keyframe.slices), (false, 1));
    let statistics = receiver.statistics(ms(0));
    assert_eq!((statistics.stream.lost, statistics.video.unwrap().anomalies), (0, 0));
}

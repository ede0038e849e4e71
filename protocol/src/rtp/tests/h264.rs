//! H.264 as x264 makes it, and as cameras break it.

use std::time::Duration;

use super::packetizer::{
    FRAME, Packet, annex_b, h264_payloads, keyframes, packets, pictures, units,
};
use crate::rtp::{Codec, Keep, Receiver, StreamFormat};

const FOUR_SLICES: &[u8] = include_bytes!("../../../testdata/rtp/h264_four_slices.h264");
const BASELINE: &[u8] = include_bytes!("../../../testdata/rtp/h264_baseline.h264");
const INTERLACED: &[u8] = include_bytes!("../../../testdata/rtp/h264_interlaced.h264");

type Pictures = Vec<Vec<Vec<u8>>>;

fn kind(unit: &[u8]) -> u8 {
    unit[0] & 0x1f
}

fn is_slice(unit: &[u8]) -> bool {
    matches!(kind(unit), 1 | 5)
}

/// Pictures of a file, SEI left out.
fn read(file: &[u8]) -> Pictures {
    let units = units(file).into_iter().filter(|unit| kind(unit) != 6).collect();
    // first_mb_in_slice 0 is the single bit 1.
    pictures(units, is_slice, |unit| unit[1] & 0x80 != 0)
}

/// What a decoder should get of a keyframe's picture.
fn whole(pictures: &Pictures, index: usize) -> Vec<u8> {
    let sets: Vec<_> = pictures[0].iter().filter(|unit| !is_slice(unit)).cloned().collect();
    let slices: Vec<_> = pictures[index].iter().filter(|unit| is_slice(unit)).cloned().collect();
    annex_b(&[sets, slices].concat())
}

fn receiver() -> Receiver {
    Receiver::new(&StreamFormat::new(Codec::H264, 96, 90_000))
}

fn fragmented(pictures: &Pictures) -> Vec<Packet> {
    packets(pictures, |unit| h264_payloads(unit, 300))
}

#[test]
fn a_keyframe_carries_all_its_slices_and_parameter_sets() {
    let pictures = read(FOUR_SLICES);
    assert_eq!(pictures.len(), 6);
    let mut receiver = receiver();
    let keyframes = keyframes(&mut receiver, &fragmented(&pictures));
    assert_eq!(keyframes.len(), 2);
    for (keyframe, index) in keyframes.iter().zip([0, 3]) {
        assert_eq!((keyframe.slices, keyframe.damaged), (4, false));
        assert_eq!(keyframe.bytes, whole(&pictures, index));
    }
    assert_ne!(keyframes[0].slices_hash, keyframes[1].slices_hash);
    let statistics = receiver.statistics(Duration::from_millis(200));
    let video = statistics.video.expect("a video stream");
    assert_eq!((video.frames, video.keyframes, video.gop_frames), (6, Some(2), Some(3)));
    assert_eq!((video.anomalies, statistics.stream.lost), (0, 0));
    assert_eq!(video.fps, Some(25.0));
    let format = video.picture.expect("an SPS came");
    assert_eq!((format.width, format.height, format.fps), (176, 144, Some(5.0)));
    assert_eq!((format.profile, format.level.as_deref()), (Some("High"), Some("1.0")));
    assert!(format.progressive);
}

#[test]
fn aggregated_units_are_the_same() {
    let pictures = read(FOUR_SLICES);
    let mut sent = fragmented(&pictures);
    let stap: Vec<u8> = pictures[0]
        .iter()
        .take(2)
        .flat_map(|unit| [&(unit.len() as u16).to_be_bytes(), unit.as_slice()].concat())
        .collect();
    sent[1].payload = [&[24], stap.as_slice()].concat();
    sent.remove(0);
    let keyframes = keyframes(&mut receiver(), &sent);
    assert_eq!(keyframes[0].bytes, whole(&pictures, 0));
}

#[test]
fn parameter_sets_may_come_by_sdp_alone() {
    let pictures = read(BASELINE);
    let sets = pictures[0].iter().filter(|unit| !is_slice(unit));
    let mut format = StreamFormat::new(Codec::H264, 96, 90_000);
    format.parameter_sets = vec![vec![], vec![0xff; 9]];
    // Revotech: with Annex B start codes.
    format.parameter_sets.extend(sets.map(|unit| annex_b(std::slice::from_ref(unit))));
    let bare: Pictures = pictures
        .iter()
        .map(|picture| picture.iter().filter(|unit| is_slice(unit)).cloned().collect())
        .collect();
    let mut receiver = Receiver::new(&format);
    assert_eq!(keyframes(&mut receiver, &fragmented(&bare))[0].bytes, whole(&pictures, 0));
    let mut without = super::h264::receiver();
    assert_eq!(keyframes(&mut without, &fragmented(&bare)), []);
    let video = without.statistics(Duration::ZERO).video.expect("a video stream");
    assert!(video.parameter_sets_missing);
    assert_eq!(video.keyframes, Some(2));
}

#[test]
fn a_lost_packet_inside_damages_its_keyframe_only() {
    let pictures = read(FOUR_SLICES);
    for lost in [3, 9] {
        let mut sent = fragmented(&pictures);
        sent.remove(lost);
        let keyframes = keyframes(&mut receiver(), &sent);
        let damage: Vec<_> = keyframes.iter().map(|keyframe| keyframe.damaged).collect();
        assert_eq!(damage, [true, false], "packet {lost}");
    }
}

#[test]
fn a_lost_last_packet_damages_too() {
    let pictures = read(FOUR_SLICES);
    let mut sent = fragmented(&pictures);
    let last = sent.iter().position(|packet| packet.marker).expect("a marker");
    sent.remove(last);
    assert!(keyframes(&mut receiver(), &sent)[0].damaged);
}

#[test]
fn packets_out_of_order_do_no_harm() {
    let pictures = read(FOUR_SLICES);
    let mut sent = fragmented(&pictures);
    sent.swap(4, 6);
    sent.swap(20, 21);
    let mut receiver = receiver();
    let keyframes = keyframes(&mut receiver, &sent);
    assert_eq!(keyframes[0].bytes, whole(&pictures, 0));
    assert!(!keyframes[0].damaged);
    let stream = receiver.statistics(Duration::from_millis(200)).stream;
    assert_eq!((stream.lost, stream.reordered), (0, 3));
}

#[test]
fn a_marker_on_every_slice_or_on_none_changes_nothing() {
    let pictures = read(FOUR_SLICES);
    for marker in [true, false] {
        let mut sent = fragmented(&pictures);
        for packet in &mut sent {
            packet.marker = marker;
        }
        let keyframes = keyframes(&mut receiver(), &sent);
        let bytes: Vec<_> = keyframes.into_iter().map(|keyframe| keyframe.bytes).collect();
        // A marker in mid fragment ends nothing that goes on.
        assert_eq!(bytes, [whole(&pictures, 0), whole(&pictures, 3)], "marker {marker}");
    }
}

#[test]
fn one_timestamp_for_all_pictures_is_told_apart_by_their_first_slices() {
    let pictures = read(FOUR_SLICES);
    let mut sent = fragmented(&pictures);
    for packet in &mut sent {
        packet.timestamp = 7;
    }
    let mut receiver = receiver();
    let keyframes = keyframes(&mut receiver, &sent);
    let bytes: Vec<_> = keyframes.into_iter().map(|keyframe| keyframe.bytes).collect();
    assert_eq!(bytes, [whole(&pictures, 0), whole(&pictures, 3)]);
    let video = receiver.statistics(Duration::from_millis(200)).video.expect("a video stream");
    assert_eq!(video.frames, 6);
}

#[test]
fn annex_b_inside_rtp_is_taken_apart() {
    let pictures = read(BASELINE);
    let expected = whole(&pictures, 0);
    let joined = annex_b(&pictures[0]);
    let inside_single = vec![vec![joined.clone()], vec![vec![0x41, 0x9a, 1]]];
    let sent = packets(&inside_single, |unit| vec![unit.to_vec()]);
    assert_eq!(keyframes(&mut receiver(), &sent)[0].bytes, expected);
    // Tiandy: SPS, PPS and IDR as one fragmented unit of type SPS.
    let inside_fragments = vec![vec![joined[4..].to_vec()], vec![vec![0x41, 0x9a, 1]]];
    let sent = packets(&inside_fragments, |unit| h264_payloads(unit, 400));
    let mut receiver = receiver();
    assert_eq!(keyframes(&mut receiver, &sent)[0].bytes, expected);
    let video = receiver.statistics(Duration::ZERO).video.expect("a video stream");
    assert!(video.anomalies > 0);
}

#[test]
fn fragments_may_lack_their_end_or_be_empty() {
    let pictures = read(BASELINE);
    let mut sent = fragmented(&pictures);
    let starts = sent.iter().position(|packet| packet.payload[0] & 0x1f == 28).expect("an FU-A");
    let marker = sent.iter().position(|packet| packet.marker).expect("a marker");
    sent[marker].payload[1] &= 0x3f;
    let mut empty = sent[starts + 1].clone();
    empty.payload.truncate(2);
    sent.insert(starts + 1, empty);
    for (index, packet) in sent.iter_mut().enumerate() {
        packet.sequence = index as u16;
    }
    let mut receiver = receiver();
    assert_eq!(keyframes(&mut receiver, &sent)[0].bytes, whole(&pictures, 0));
    let video = receiver.statistics(Duration::ZERO).video.expect("a video stream");
    assert_eq!(video.anomalies, 2);
}

#[test]
fn a_keyframe_not_wanted_is_counted_only() {
    let pictures = read(FOUR_SLICES);
    let mut receiver = receiver();
    receiver.keep(Keep::Nothing);
    assert_eq!(keyframes(&mut receiver, &fragmented(&pictures)), []);
    let video = receiver.statistics(Duration::ZERO).video.expect("a video stream");
    assert_eq!(video.keyframes, Some(2));
    assert!(receiver.memory() < 8 * 1024, "{}", receiver.memory());
}

/// The slices of a picture.
fn slices(picture: &[Vec<u8>]) -> Vec<u8> {
    annex_b(&picture.iter().filter(|unit| is_slice(unit)).cloned().collect::<Vec<_>>())
}

#[test]
fn a_run_is_a_keyframe_and_the_pictures_after_it() {
    let pictures = read(FOUR_SLICES);
    let mut receiver = receiver();
    receiver.keep(Keep::Run);
    let taken = keyframes(&mut receiver, &fragmented(&pictures));
    assert_eq!(taken.len(), 1, "later keyframes belong to the run");
    assert_eq!(taken[0].bytes, whole(&pictures, 0));
    assert!(!receiver.is_run_over(), "the stream ended before it");
    let after: Vec<_> = pictures[1..].iter().map(|picture| slices(picture)).collect();
    assert_eq!(receiver.take_run(), after);
    assert!(receiver.is_run_over());
    assert_eq!(receiver.take_run(), Vec::<Vec<u8>>::new());
}

#[test]
fn a_run_ends_where_a_packet_is_missing() {
    let pictures = read(FOUR_SLICES);
    let mut sent = fragmented(&pictures);
    let third = sent[0].timestamp.wrapping_add(2 * FRAME);
    let begins = sent.iter().position(|packet| packet.timestamp == third).unwrap();
    sent.remove(begins + 1);
    let mut receiver = receiver();
    receiver.keep(Keep::Run);
    assert_eq!(keyframes(&mut receiver, &sent).len(), 1);
    assert!(receiver.is_run_over());
    assert_eq!(receiver.take_run(), [slices(&pictures[1])]);
}

#[test]
fn joining_in_the_middle_waits_for_a_keyframe() {
    let pictures = read(FOUR_SLICES);
    let sent = fragmented(&pictures);
    let keyframes = keyframes(&mut receiver(), &sent[8..]);
    // The rest of the first picture is a keyframe that lacks its beginning; without parameter sets
    // it is not given.
    assert_eq!(keyframes.len(), 1);
    assert_eq!(keyframes[0].bytes, whole(&pictures, 3));
}

#[test]
fn the_settling_time_gives_the_last_keyframe_without_another_packet() {
    let pictures = read(BASELINE);
    let sent = fragmented(&pictures[..1].to_vec());
    let mut receiver = receiver();
    for packet in &sent {
        receiver.handle_rtp(packet.at, &packet.bytes());
    }
    assert_eq!(receiver.take_keyframe(Duration::from_millis(10)), None);
    assert_eq!(receiver.next_deadline(), Some(Duration::from_millis(50)));
    assert!(receiver.take_keyframe(Duration::from_millis(50)).is_some());
    assert_eq!(receiver.next_deadline(), None);
}

#[test]
fn the_same_picture_sent_again_hashes_the_same_whatever_its_header_says() {
    let pictures = read(BASELINE);
    let mut again = pictures[0].clone();
    // idr_pic_id lies in the first bytes of the slice header.
    let slice = again.iter_mut().find(|unit| is_slice(unit)).expect("a slice");
    slice[3] ^= 0x10;
    let sent =
        fragmented(&vec![pictures[0].clone(), pictures[1].clone(), again, pictures[2].clone()]);
    let keyframes = keyframes(&mut receiver(), &sent);
    assert_ne!(keyframes[0].bytes, keyframes[1].bytes);
    assert_eq!(keyframes[0].slices_hash, keyframes[1].slices_hash);
}

#[test]
fn interlaced_sets_say_so() {
    let pictures = read(INTERLACED);
    let mut receiver = receiver();
    keyframes(&mut receiver, &fragmented(&pictures));
    let video = receiver.statistics(Duration::ZERO).video.expect("a video stream");
    let format = video.picture.expect("an SPS came");
    assert_eq!((format.width, format.height, format.progressive), (176, 144, false));
    assert_eq!(format.fps, Some(25.0));
}

#[test]
fn two_fields_under_one_timestamp_are_one_picture() {
    let progressive = read(BASELINE);
    let mut pictures = read(INTERLACED);
    // A second IDR field: shown by its first_mb_in_slice of 0 after a whole picture.
    let field = pictures[0].last().expect("a slice").clone();
    pictures[0].push(field);
    let mut sent = fragmented(&pictures);
    for packet in &mut sent {
        packet.timestamp = packet.timestamp.wrapping_add(FRAME);
    }
    assert_eq!(keyframes(&mut receiver(), &sent)[0].slices, 2);
    let mut twice = progressive.clone();
    let slice = twice[0].last().expect("a slice").clone();
    twice[0].push(slice);
    assert_eq!(keyframes(&mut receiver(), &fragmented(&twice))[0].slices, 1);
}

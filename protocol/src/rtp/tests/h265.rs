//! H.265 as x265 makes it.

use std::time::Duration;

use super::packetizer::{Packet, annex_b, h265_payloads, keyframes, packets, pictures, units};
use crate::rtp::{Codec, Receiver, StreamFormat};

const MAIN: &[u8] = include_bytes!("../../../testdata/rtp/h265_main.h265");

type Pictures = Vec<Vec<Vec<u8>>>;

fn kind(unit: &[u8]) -> u8 {
    unit[0] >> 1 & 0x3f
}

fn is_slice(unit: &[u8]) -> bool {
    kind(unit) < 32
}

fn read() -> Pictures {
    let units = units(MAIN).into_iter().filter(|unit| !matches!(kind(unit), 39 | 40)).collect();
    pictures(units, is_slice, |unit| unit[2] & 0x80 != 0)
}

fn whole(pictures: &Pictures, index: usize) -> Vec<u8> {
    let sets: Vec<_> = pictures[0].iter().filter(|unit| !is_slice(unit)).cloned().collect();
    let slices: Vec<_> = pictures[index].iter().filter(|unit| is_slice(unit)).cloned().collect();
    annex_b(&[sets, slices].concat())
}

fn receiver() -> Receiver {
    Receiver::new(&StreamFormat::new(Codec::H265, 96, 90_000))
}

fn fragmented(pictures: &Pictures) -> Vec<Packet> {
    packets(pictures, |unit| h265_payloads(unit, 300))
}

#[test]
fn keyframes_come_out_whole() {
    let pictures = read();
    let expected: Vec<_> = (0..pictures.len())
        .filter(|&index| pictures[index].iter().any(|unit| (16..24).contains(&kind(unit))))
        .map(|index| whole(&pictures, index))
        .collect();
    assert!(expected.len() >= 2);
    let mut receiver = receiver();
    let keyframes = keyframes(&mut receiver, &fragmented(&pictures));
    let bytes: Vec<_> = keyframes.into_iter().map(|keyframe| keyframe.bytes).collect();
    assert_eq!(bytes, expected);
    let video = receiver.statistics(Duration::from_millis(200)).video.expect("a video stream");
    assert_eq!((video.frames, video.anomalies), (pictures.len() as u64, 0));
    let format = video.picture.expect("an SPS came");
    assert_eq!((format.width, format.height, format.fps), (190, 100, Some(5.0)));
    assert_eq!((format.profile, format.level.as_deref()), (Some("Main"), Some("1.0")));
}

#[test]
fn aggregated_units_are_the_same() {
    let pictures = read();
    let mut sent = fragmented(&pictures);
    let units: Vec<u8> = pictures[0]
        .iter()
        .take(3)
        .flat_map(|unit| [&(unit.len() as u16).to_be_bytes(), unit.as_slice()].concat())
        .collect();
    sent[2].payload = [&[48 << 1, 1], units.as_slice()].concat();
    let keyframes = keyframes(&mut receiver(), &sent[2..]);
    assert_eq!(keyframes[0].bytes, whole(&pictures, 0));
    assert!(!keyframes[0].damaged);
}

#[test]
fn a_lost_fragment_damages() {
    let mut sent = fragmented(&read());
    sent.remove(6);
    assert!(keyframes(&mut receiver(), &sent)[0].damaged);
}

#[test]
fn parts_of_the_sets_in_the_sdp_are_not_enough() {
    let pictures = read();
    let bare: Pictures = pictures
        .iter()
        .map(|picture| picture.iter().filter(|unit| is_slice(unit)).cloned().collect())
        .collect();
    let sets: Vec<_> = pictures[0].iter().filter(|unit| !is_slice(unit)).cloned().collect();
    let mut format = StreamFormat::new(Codec::H265, 96, 90_000);
    format.parameter_sets = sets[1..].to_vec();
    assert_eq!(keyframes(&mut Receiver::new(&format), &fragmented(&bare)), []);
    format.parameter_sets = sets;
    let keyframes = keyframes(&mut Receiver::new(&format), &fragmented(&bare));
    assert_eq!(keyframes[0].bytes, whole(&pictures, 0));
}

//! Pictures cut into packets of any size, sent twice and out of order, come out as they went in.

use std::time::Duration;

use proptest::prelude::*;

use super::packetizer::{Packet, annex_b, h264_payloads, h265_payloads, keyframes, packets, units};
use crate::rtp::{Codec, Keyframe, Receiver, StreamFormat};

const H264: &[u8] = include_bytes!("../../../testdata/rtp/h264_baseline.h264");
const H265: &[u8] = include_bytes!("../../../testdata/rtp/h265_main.h265");

/// Bodies of the slices of some pictures, without anything like a start code.
fn bodies() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
    let body = prop::collection::vec(1..=255u8, 20..3_000);
    prop::collection::vec(prop::collection::vec(body, 1..4), 1..5)
}

/// How packets travel: how far each falls behind, and whether it comes twice.
fn journey() -> impl Strategy<Value = Vec<(u8, bool)>> {
    prop::collection::vec((0..8u8, prop::bool::weighted(0.2)), 64)
}

/// The packets as they arrive. The first three prove the source in their order.
fn travel(sent: Vec<Packet>, journey: &[(u8, bool)]) -> (Vec<Packet>, u64) {
    let mut arriving: Vec<(usize, Packet)> = Vec::new();
    let mut twice = 0;
    for (index, mut packet) in sent.into_iter().enumerate() {
        packet.at = Duration::ZERO;
        let (behind, again) = journey[index % journey.len()];
        let behind = if index < 3 { 0 } else { usize::from(behind) };
        if again && index >= 3 {
            twice += 1;
            arriving.push((index + 9, packet.clone()));
        }
        arriving.push((index.max(3) + behind, packet));
    }
    // The second copy follows the first.
    arriving.sort_by_key(|(turn, packet)| (*turn, packet.sequence.wrapping_sub(65_500)));
    (arriving.into_iter().map(|(_, packet)| packet).collect(), twice)
}

fn received(codec: Codec, sent: Vec<Packet>, journey: &[(u8, bool)]) -> Vec<Keyframe> {
    let count = sent.len() as u64;
    let pictures = sent.iter().filter(|packet| packet.marker).count() as u64;
    let mut receiver = Receiver::new(&StreamFormat::new(codec, 96, 90_000));
    let (arriving, twice) = travel(sent, journey);
    let keyframes = keyframes(&mut receiver, &arriving);
    let statistics = receiver.statistics(Duration::from_secs(1));
    let (stream, video) = (statistics.stream, statistics.video.expect("a video stream"));
    assert_eq!((stream.packets, stream.lost, stream.duplicates), (count, 0, twice));
    assert_eq!((video.anomalies, video.damaged_keyframes), (0, 0));
    assert_eq!((video.keyframes, video.frames), (Some(pictures), pictures));
    keyframes
}

/// The parameter sets of a file, which repeats them.
fn sets(file: &[u8], is_set: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let mut sets: Vec<Vec<u8>> = Vec::new();
    for unit in units(file).into_iter().filter(|unit| is_set(unit)) {
        if !sets.contains(&unit) {
            sets.push(unit);
        }
    }
    sets
}

/// Where packets were held, several pictures end at once, and a keyframe not yet taken is kept while
/// those after it are counted: what comes out is the first, and others whole and in order.
fn are_of(got: &[Keyframe], want: impl Iterator<Item = Vec<u8>>) {
    let mut got = got.iter().map(|keyframe| &keyframe.bytes).peekable();
    for (index, want) in want.enumerate() {
        let found = got.next_if(|got| **got == want);
        assert!(index > 0 || found.is_some(), "the first is missing");
    }
    assert_eq!(got.next(), None, "something that was never sent");
}

/// Slices of intra pictures with these bodies, under the headers of first and later ones.
fn slices(bodies: &[Vec<Vec<u8>>], first: &[u8], later: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let slice = |(at, body): (usize, &Vec<u8>)| {
        [if at == 0 { first } else { later }, body.as_slice()].concat()
    };
    bodies.iter().map(|picture| picture.iter().enumerate().map(slice).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn h264(bodies in bodies(), mtu in 40..1_500usize, journey in journey()) {
        let sets = sets(H264, |unit| matches!(unit[0] & 0x1f, 7 | 8));
        // IDR; first_mb_in_slice 0 or 1, slice_type 7.
        let slices = slices(&bodies, &[0x65, 0x88], &[0x65, 0x42, 0x2f]);
        let mut pictures = slices.clone();
        pictures[0].splice(0..0, sets.iter().cloned());
        let sent = packets(&pictures, |unit| h264_payloads(unit, mtu));
        let got = received(Codec::H264, sent, &journey);
        are_of(&got, slices.iter().map(|s| annex_b(&[sets.clone(), s.clone()].concat())));
    }

    #[test]
    fn h265(bodies in bodies(), mtu in 40..1_500usize, journey in journey()) {
        let sets = sets(H265, |unit| matches!(unit[0] >> 1 & 0x3f, 32..=34));
        // IDR_W_RADL; first_slice_segment_in_pic_flag 1 or 0.
        let slices = slices(&bodies, &[19 << 1, 1, 0x80], &[19 << 1, 1, 0x40]);
        let mut pictures = slices.clone();
        pictures[0].splice(0..0, sets.iter().cloned());
        let sent = packets(&pictures, |unit| h265_payloads(unit, mtu));
        let got = received(Codec::H265, sent, &journey);
        are_of(&got, slices.iter().map(|s| annex_b(&[sets.clone(), s.clone()].concat())));
    }

    /// With restart markers (types 64 and up) and tables in band or by their Q factor.
    #[test]
    fn jpeg(
        scans in prop::collection::vec(prop::collection::vec(0..255u8, 20..9_000), 1..5),
        mtu in 40..1_500usize,
        restart in prop::option::of(1..100u16),
        q in prop_oneof![1..=99u8, 128..=254u8],
        journey in journey(),
    ) {
        let payload = |scan: &[u8]| {
            let chunks = scan.chunks(mtu).enumerate();
            let cut = chunks.map(|(index, chunk)| {
                let [_, a, b, c] = ((index * mtu) as u32).to_be_bytes();
                let kind = if restart.is_some() { 65 } else { 1 };
                let mut payload = vec![0, a, b, c, kind, q, 40, 30];
                if let Some(interval) = restart {
                    payload.extend_from_slice(&interval.to_be_bytes());
                    payload.extend_from_slice(&[0xff, 0xff]);
                }
                if q >= 128 && index == 0 {
                    payload.extend_from_slice(&[0, 0, 0, 128]);
                    payload.extend_from_slice(&[9; 128]);
                }
                payload.extend_from_slice(chunk);
                payload
            });
            cut.collect::<Vec<_>>()
        };
        let pictures: Vec<_> = scans.iter().map(|scan| vec![scan.clone()]).collect();
        let sent = packets(&pictures, payload);
        prop_assume!(sent.len() >= 2);
        let keyframes = received(Codec::Jpeg, sent, &journey);
        prop_assert!(!keyframes.is_empty());
        let ends = scans.iter().map(|scan| [scan.as_slice(), &[0xff, 0xd9]].concat());
        let mut ends = ends.collect::<Vec<_>>().into_iter();
        for keyframe in &keyframes {
            let end = ends.find(|end| keyframe.bytes.ends_with(end));
            let end = end.expect("what was sent, in order");
            // DRI (T.81 B.2.4.4) exactly where there are restart markers.
            let head = &keyframe.bytes[..keyframe.bytes.len() - end.len()];
            let dri = restart.map(|interval| [&[0xff, 0xdd, 0, 4][..], &interval.to_be_bytes()].concat());
            let found = head.windows(4).any(|window| window == [0xff, 0xdd, 0, 4]);
            prop_assert_eq!(found, restart.is_some());
            prop_assert!(dri.is_none_or(|dri| head.windows(6).any(|window| window == dri)));
        }
    }
}

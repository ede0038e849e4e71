//! JPEG pictures taken apart as RFC 2435 says, and put together again.

use std::time::Duration;

use super::packetizer::{Packet, keyframes, packets};
use crate::rtp::{Codec, Receiver, StreamFormat};

const PICTURE: &[u8] = include_bytes!("../../../testdata/rtp/jpeg_420.jpg");

/// Marker segments of a JPEG file, and its scan with EOI.
fn segments(file: &[u8]) -> (Vec<(u8, Vec<u8>)>, Vec<u8>) {
    let mut segments = Vec::new();
    let mut at = 2;
    loop {
        let length = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        segments.push((file[at + 1], file[at + 4..at + 2 + length].to_vec()));
        at += 2 + length;
        if segments.last().is_some_and(|(marker, _)| *marker == 0xda) {
            return (segments, file[at..].to_vec());
        }
    }
}

fn of(segments: &[(u8, Vec<u8>)], marker: u8) -> Vec<u8> {
    let mut bodies: Vec<_> =
        segments.iter().filter(|(found, _)| *found == marker).map(|(_, body)| body).collect();
    bodies.sort();
    bodies.into_iter().flatten().copied().collect()
}

/// Payloads of one picture; `tables` are in the first, with Q 255.
fn payloads(q: u8, tables: &[u8], size: [u8; 2]) -> Vec<Vec<u8>> {
    let (_, scan) = segments(PICTURE);
    let mut payloads = Vec::new();
    for (index, chunk) in scan.chunks(1_000).enumerate() {
        let [_, o1, o2, o3] = (index as u32 * 1_000).to_be_bytes();
        let mut payload = vec![0, o1, o2, o3, 1, q, size[0], size[1]];
        if index == 0 && q >= 128 {
            payload.extend_from_slice(&[0, 0]);
            payload.extend_from_slice(&(tables.len() as u16).to_be_bytes());
            payload.extend_from_slice(tables);
        }
        payload.extend_from_slice(chunk);
        payloads.push(payload);
    }
    payloads
}

fn quantization() -> Vec<u8> {
    of(&segments(PICTURE).0, 0xdb)[1..].to_vec()
}

fn sent(pictures: &[Vec<Vec<u8>>]) -> Vec<Packet> {
    packets(pictures, |unit| vec![unit.to_vec()])
}

fn receiver() -> Receiver {
    Receiver::new(&StreamFormat::new(Codec::Jpeg, 96, 90_000))
}

#[test]
fn a_picture_is_rebuilt_with_the_tables_it_was_made_with() {
    let mut receiver = receiver();
    let picture = payloads(255, &quantization(), [22, 18]);
    let keyframes = keyframes(&mut receiver, &sent(&[picture.clone(), picture]));
    assert_eq!(keyframes.len(), 2);
    let (theirs, scan) = segments(PICTURE);
    let (ours, ours_scan) = segments(&keyframes[0].bytes);
    assert_eq!(ours_scan, scan);
    assert_eq!(&of(&ours, 0xdb)[1..65], quantization());
    // The same Huffman tables, in another order of segments.
    let mut theirs_tables = of(&theirs, 0xc4);
    let mut ours_tables = of(&ours, 0xc4);
    theirs_tables.sort_unstable();
    ours_tables.sort_unstable();
    assert_eq!(ours_tables, theirs_tables);
    assert_eq!(of(&ours, 0xc0)[..8], of(&theirs, 0xc0)[..8]);
    assert_eq!(keyframes[0].slices_hash, keyframes[1].slices_hash);
    let video = receiver.statistics(Duration::ZERO).video.expect("a video stream");
    assert_eq!((video.frames, video.keyframes, video.gop_frames), (2, Some(2), Some(1)));
    let format = video.picture.expect("a header came");
    assert_eq!((format.width, format.height), (176, 144));
}

#[test]
fn tables_by_q_factor_are_those_of_the_rfc() {
    let keyframes = keyframes(&mut receiver(), &sent(&[payloads(50, &[], [22, 18])]));
    let (ours, _) = segments(&keyframes[0].bytes);
    // Q 50 is Annex K of T.81 itself.
    assert_eq!(of(&ours, 0xdb)[1..6], [16, 11, 12, 14, 12]);
    assert_eq!(of(&ours, 0xdb)[66..71], [17, 18, 18, 24, 21]);
}

#[test]
fn tables_left_out_are_those_sent_before() {
    let first = payloads(200, &quantization(), [22, 18]);
    let second = payloads(200, &[], [22, 18]);
    let frames = keyframes(&mut receiver(), &sent(&[first, second.clone()]));
    assert_eq!(frames[0].bytes, frames[1].bytes);
    let mut receiver = receiver();
    assert_eq!(keyframes(&mut receiver, &sent(&[second.clone(), second])), []);
    let video = receiver.statistics(Duration::ZERO).video.expect("a video stream");
    assert!(video.parameter_sets_missing);
}

#[test]
fn a_lost_packet_damages_and_a_whole_picture_takes_its_place() {
    let mut packets = sent(&[payloads(50, &[], [22, 18]), payloads(50, &[], [22, 18])]);
    packets.remove(2);
    let first = packets.iter().position(|packet| packet.marker).expect("a marker");
    let alone = keyframes(&mut receiver(), &packets[..=first]);
    assert_eq!(alone.iter().map(|keyframe| keyframe.damaged).collect::<Vec<_>>(), [true]);
    let mut receiver = receiver();
    let both = keyframes(&mut receiver, &packets);
    assert_eq!(both.iter().map(|keyframe| keyframe.damaged).collect::<Vec<_>>(), [false]);
    let video = receiver.statistics(Duration::ZERO).video.expect("a video stream");
    assert_eq!((video.keyframes, video.damaged_keyframes), (Some(2), 1));
}

#[test]
fn a_size_past_the_header_comes_from_the_sdp() {
    let mut format = StreamFormat::new(Codec::Jpeg, 96, 90_000);
    format.frame_size = Some((2_592, 1_944));
    let frames = keyframes(&mut Receiver::new(&format), &sent(&[payloads(50, &[], [0, 0])]));
    let found = frames[0].format.as_ref().map(|format| (format.width, format.height));
    assert_eq!(found, Some((2_592, 1_944)));
}

#[test]
fn a_size_past_the_header_comes_from_onvifs_extension() {
    let mut receiver = receiver();
    for packet in sent(&[payloads(50, &[], [0, 0])]) {
        let mut bytes = packet.bytes();
        if packet.payload[1..4] == [0, 0, 0] {
            // X bit, profile 0xffd8, five words: a DRI, the SOF0 of 2592 x 1944, and fill bytes
            bytes[0] |= 0x10;
            let extension = [
                0xff, 0xd8, 0, 5, 0xff, 0xdd, 0, 4, 0, 0, 0xff, 0xc0, 0, 8, 8, 7, 0x98, 10, 0x20,
                0, 0xff, 0xff, 0xff, 0xff,
            ];
            bytes.splice(12..12, extension);
        }
        receiver.handle_rtp(packet.at, &bytes);
    }
    let frame = receiver.take_keyframe(Duration::ZERO).expect("a picture");
    let found = frame.format.map(|format| (format.width, format.height));
    assert_eq!(found, Some((2_592, 1_944)));
}

//! Slice headers of pictures that x264 and x265 made with a known quantiser (176×144).

use crate::rtp::keyframe::Headers;
use crate::rtp::nal::{NalCodec, SliceHeader};
use crate::rtp::parameter_sets::ParameterSets;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

const VPS: &str = "40010c01ffff016000";
const HIGH: [&str; 2] = ["6764000aacd942c4e84000000300400000030283c4896580", "68ebe1d2c8b0"];
const BASELINE: [&str; 2] = ["6742c00ad902c4e84000000300400000030283c48992", "68cb872c80"];
const INTERLACED: [&str; 2] = ["674d4015eca1657e584000000300400000030287c50a6580", "68fba34b20"];
const OFFSET: [&str; 3] = [
    VPS,
    "42010101600000030090000003000003001ea0162024596566924cae69c20000030002000003000a10",
    "4401c171a312",
];
const NO_OFFSET: [&str; 3] = [
    VPS,
    "42010101600000030090000003000003001ea0162024596566924c2e69c20000030002000003000a10",
    "4401c171a312",
];

fn sets(codec: NalCodec, sets: &[&str]) -> ParameterSets {
    let units: Vec<_> = sets.iter().map(|unit| hex(unit)).collect();
    ParameterSets::new(codec, &units)
}

#[test]
fn the_quantiser_is_the_one_the_encoder_tells() {
    for (codec, units, slice, qp) in [
        (NalCodec::H264, &HIGH[..], "65888400fff641e3aa1bd9cff72e1e50f9c36849", 30),
        (NalCodec::H264, &BASELINE, "6588843fff97f9a0042fdfa57c0a1aafeb5ff97f", 22),
        (NalCodec::H264, &BASELINE, "650442210fc462800768430b9a7fff5f0e0cd23b", 22),
        (NalCodec::H264, &INTERLACED, "6588820b0fffb18d33dd5e90bbe7b82db4d01866", 26),
        (NalCodec::H265, &OFFSET, "2801af258a941028a3252f77eac370d035d99dcf", 28),
        (NalCodec::H265, &NO_OFFSET, "2801ac7d8ba5a9a612de14cb564e3c48cd670a8c", 19),
    ] {
        assert_eq!(
            sets(codec, units).slice_header(&hex(slice)),
            SliceHeader::Sound { qp },
            "{slice}"
        );
    }
}

#[test]
fn without_its_sets_a_header_is_unread_and_not_absurd() {
    let slice = hex("65888400fff641e3aa1bd9cff72e1e50f9c36849");
    let none = ParameterSets::new(NalCodec::H264, &[]);
    assert_eq!(none.slice_header(&slice), SliceHeader::Unread);
    assert_eq!(none.slice_header(&[]), SliceHeader::Unread);
    let none = ParameterSets::new(NalCodec::H265, &[]);
    assert_eq!(none.slice_header(&[0x28]), SliceHeader::Unread);
}

#[test]
fn q69_headers_of_cipher_text_are_absurd_nine_times_in_ten() {
    // What a stream cipher makes of a slice: every value of its first bytes as likely.
    let mut state = 1u64;
    let mut random = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    for (codec, units, nal) in
        [(NalCodec::H264, &HIGH[..], &[0x65][..]), (NalCodec::H265, &OFFSET, &[0x28, 1])]
    {
        let sets = sets(codec, units);
        let mut absurd = 0;
        for _ in 0..1000 {
            let mut slice = nal.to_vec();
            slice.extend((0..40).map(|_| random()));
            // Without this bit it is not the first of its picture, and the keyframe not whole.
            slice[nal.len()] |= 0x80;
            absurd += usize::from(sets.slice_header(&slice) == SliceHeader::Absurd);
        }
        assert!(absurd >= 900, "{codec:?}: {absurd}");
    }
}

#[test]
fn one_absurd_slice_among_sound_ones_is_damage() {
    let sound = SliceHeader::Sound { qp: 30 };
    let of = |slices: &[SliceHeader]| Headers::of(slices.iter().copied());
    assert_eq!(of(&[sound, SliceHeader::Absurd, sound]), Headers::Sound { qp: 30 });
    assert_eq!(of(&[sound, SliceHeader::Absurd]), Headers::Absurd);
    assert_eq!(of(&[SliceHeader::Unread]), Headers::Unread);
}

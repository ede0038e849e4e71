//! Views of a real camera, coded by x264 and x265, then encrypted or broken, through our receiver
//! and the real decoder. Packets are made here from RFC 6184 and RFC 7798.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use zhishou_domain::{FaultCode, Timestamp};
use zhishou_protocol::rtp::{Codec, Headers, Receiver, StreamFormat};

use super::*;
use crate::decode::{Coded, DecoderPool, Hardware};

struct View {
    codec: Codec,
    bytes: &'static [u8],
    qp: i32,
}

const CABAC: View = View {
    codec: Codec::H264,
    bytes: include_bytes!("../../testdata/keyframes/h264_view_cabac_640x360.h264"),
    qp: 23,
};
const CAVLC: View = View {
    codec: Codec::H264,
    bytes: include_bytes!("../../testdata/keyframes/h264_view_cavlc_640x360.h264"),
    qp: 25,
};
const HEVC: View = View {
    codec: Codec::H265,
    bytes: include_bytes!("../../testdata/keyframes/h265_view_640x360.h265"),
    qp: 21,
};

/// What is done to each slice: from this byte on, every byte is xored with the keystream.
#[derive(Clone, Copy)]
enum Where {
    /// All but the NAL header.
    Header,
    /// EZVIZ and Hikvision leave the first 16 bytes clear.
    Sixteen,
    /// An encoder that breaks at this share of the slice.
    Share(f64),
    /// Nothing is done.
    Never,
}

fn units(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut starts: Vec<usize> =
        bytes.windows(3).enumerate().filter(|(_, w)| *w == [0, 0, 1]).map(|(i, _)| i).collect();
    starts.push(bytes.len());
    let unit = |pair: &[usize]| {
        let unit = &bytes[pair[0] + 3..pair[1]];
        let end = unit.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        unit[..end].to_vec()
    };
    starts.windows(2).map(unit).collect()
}

fn spoil(view: &View, from: Where, seed: u64) -> Vec<Vec<u8>> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut units = units(view.bytes);
    for unit in &mut units {
        let (header, is_slice) = match view.codec {
            Codec::H264 => (1, unit[0] & 0x1f == 5),
            _ => (2, unit[0] >> 1 & 0x3f < 32),
        };
        let from = match from {
            _ if !is_slice => continue,
            Where::Header => header,
            Where::Sixteen => 16,
            Where::Share(share) => (unit.len() as f64 * share) as usize,
            Where::Never => unit.len(),
        };
        for byte in &mut unit[from..] {
            *byte ^= random.random::<u8>();
        }
    }
    units
}

/// The payloads of one NAL unit: itself, or fragments (FU-A; FU).
fn payloads(codec: Codec, unit: &[u8]) -> Vec<Vec<u8>> {
    if unit.len() <= 1200 {
        return vec![unit.to_vec()];
    }
    let (header, kind) = match codec {
        Codec::H264 => (vec![unit[0] & 0xe0 | 28], unit[0] & 0x1f),
        _ => (vec![unit[0] & 0x81 | 49 << 1, unit[1]], unit[0] >> 1 & 0x3f),
    };
    let body = &unit[header.len()..];
    let last = body.len().div_ceil(1200) - 1;
    let fragment = |(n, part): (usize, &[u8])| {
        let ends = u8::from(n == 0) << 7 | u8::from(n == last) << 6;
        [&header[..], &[ends | kind], part].concat()
    };
    body.chunks(1200).enumerate().map(fragment).collect()
}

fn receive(view: &View, units: &[Vec<u8>]) -> Keyframe {
    let mut receiver = Receiver::new(&StreamFormat::new(view.codec, 96, 90_000));
    let mut sequence = 0u16;
    let mut send = |payload: &[u8], timestamp: u32, marker: bool| {
        sequence += 1;
        let mut rtp = vec![0x80, 96 | u8::from(marker) << 7];
        rtp.extend(sequence.to_be_bytes());
        rtp.extend(timestamp.to_be_bytes());
        rtp.extend([0, 0, 0, 7]);
        rtp.extend(payload);
        receiver.handle_rtp(Duration::ZERO, &rtp);
    };
    let all: Vec<_> = units.iter().flat_map(|unit| payloads(view.codec, unit)).collect();
    for (n, payload) in all.iter().enumerate() {
        send(payload, 3600, n + 1 == all.len());
    }
    receiver.take_keyframe(Duration::from_secs(1)).expect("no packet is missing")
}

/// What a probe says of the keyframe; `None` where nothing is wrong with its coding.
async fn said(pool: &DecoderPool, view: &View, from: Where, seed: u64) -> Option<FaultCode> {
    let keyframe = receive(view, &spoil(view, from, seed));
    let evidence = CodedEvidence::of(&keyframe);
    if keyframe.damaged {
        let cipher = evidence.cipher(0.0, (0, 0)).map(|fault| fault.code);
        return Some(cipher.unwrap_or(FaultCode::Undecodable));
    }
    match pool.decode(Coded::from(keyframe)).await {
        Ok(picture) => {
            let at = Timestamp::from_millis(0);
            let never = &super::tests::want(Snapshot::Never);
            let seen = look(&picture, evidence, at, None, never, &Settings::default());
            let coding = [FaultCode::EncryptedSuspected, FaultCode::Corrupted];
            seen.faults.iter().map(|fault| fault.code).find(|code| coding.contains(code))
        }
        Err(error) => {
            assert!(!error.is_ours(), "{error}");
            let cipher = evidence.cipher(0.0, (0, 0)).map(|fault| fault.code);
            Some(cipher.unwrap_or(FaultCode::Undecodable))
        }
    }
}

/// How often, of 40 keystreams, encryption is suspected.
async fn suspected(view: &View, from: Where) -> usize {
    let pool = DecoderPool::new(1, Hardware::Off).expect("threads start");
    let mut count = 0;
    for seed in 0..40 {
        let said = said(&pool, view, from, seed).await;
        count += usize::from(said == Some(FaultCode::EncryptedSuspected));
    }
    count
}

#[tokio::test]
async fn a_clear_stream_is_sound_by_its_headers_and_decodes() {
    let pool = DecoderPool::new(1, Hardware::Off).expect("threads start");
    for view in [&CABAC, &CAVLC, &HEVC] {
        let keyframe = receive(view, &spoil(view, Where::Never, 0));
        assert_eq!(keyframe.headers, Headers::Sound { qp: view.qp });
        assert_eq!(said(&pool, view, Where::Never, 0).await, None);
    }
}

#[tokio::test]
async fn q69_slices_encrypted_from_their_header_on_are_suspected() {
    for (view, least) in [(&CABAC, 32), (&CAVLC, 30), (&HEVC, 14)] {
        let count = suspected(view, Where::Header).await;
        assert!(count >= least, "{:?}: {count} of 40", view.codec);
    }
}

#[tokio::test]
async fn q69_slices_with_sixteen_clear_bytes_are_suspected_in_h264() {
    let count = suspected(&CABAC, Where::Sixteen).await;
    assert!(count >= 36, "{count} of 40");
    // Its slices are too small to tell where they went wrong; it stays `corrupted`.
    assert_eq!(suspected(&CAVLC, Where::Sixteen).await, 0);
}

#[tokio::test]
async fn an_encoder_that_breaks_inside_the_picture_is_not_encryption() {
    for view in [&CABAC, &CAVLC, &HEVC] {
        for share in [0.2, 0.5, 0.8] {
            assert_eq!(suspected(view, Where::Share(share)).await, 0, "{share}");
        }
    }
}

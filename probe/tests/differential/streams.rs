//! Whole streams of others' servers, clean and with packets lost.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tempfile::TempDir;
use zhishou_tests::peers::{Peer, ffmpeg, footage, root};

use crate::proxy::{Kept, Proxy, Way};
use crate::seen::{Track, by_retina, by_us, lost_by_retina};

/// Share of the packets that get lost where some do.
const LOSS: f64 = 0.02;

/// Three seconds of the view, with sound where arguments are given for it.
fn clip(folder: &TempDir, from: &str, to: &str, sound: &[&str]) -> PathBuf {
    let (from, to) = (footage().join(from), folder.path().join(to));
    let mut arguments = vec!["-i", from.to_str().unwrap()];
    if !sound.is_empty() {
        arguments.extend(["-f", "lavfi", "-i", "sine=frequency=440"]);
    }
    arguments.extend(["-t", "3", "-c:v", "copy"]);
    arguments.extend(sound);
    ffmpeg(&arguments, &to);
    to
}

fn gstreamer(arguments: &[&str], clip: PathBuf) -> Peer {
    let script = root().join("tests/peers/gst_server.py");
    let arguments = [&[script.to_str().unwrap(), "0"], arguments].concat();
    Peer::start(Path::new("/usr/bin/python3"), &arguments, &[clip])
}

fn live555(clip: PathBuf) -> Peer {
    Peer::start(&root().join("target/peers/live555-server"), &["0"], &[clip])
}

/// How a video was cut into packets, by the NAL unit types of its payloads.
fn kinds(kept: &Kept, kind: impl Fn(&[u8]) -> u8) -> HashSet<u8> {
    kept.packets.iter().filter(|(_, of, _)| *of == 0).map(|(_, _, p)| kind(&p[12..])).collect()
}

/// Frames of a video by their timestamps: how many, and how many of them whole and between whole ones.
fn frames(kept: &Kept, lost: &HashSet<usize>) -> (u64, u64) {
    let mut number = 0;
    let mut whole: BTreeMap<u32, bool> = BTreeMap::new();
    for (_, _, packet) in kept.packets.iter().filter(|(_, of, _)| *of == 0) {
        let timestamp = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        let gap = lost.contains(&number);
        while lost.contains(&number) {
            number += 1;
        }
        number += 1;
        *whole.entry(timestamp).or_insert(true) &= !gap;
    }
    (whole.len() as u64, whole.values().filter(|whole| **whole).count() as u64)
}

/// Opens a stream clean, then twice with loss; gives what the clean one was sent.
async fn compare(way: Way, peer: &Peer, name: &str) -> Kept {
    let clean = Proxy::of(way, peer.url(name), HashSet::new());
    let theirs = by_retina(way, &clean.url).await.unwrap();
    let (kept, mut ours) = (clean.kept(), by_us(&clean.kept()));
    assert!(ours[0].keyframes.len() >= 3);
    // A CRA picture (H.265 type 21) is a keyframe to us: it is decoded by itself.
    ours[0].keyframes.retain(|keyframe| !keyframe[0].starts_with("2a"));
    // Access units, bytes of keyframes, parameter sets, losses: all the same.
    assert_eq!(ours, theirs);
    let video = &theirs[0];
    assert!(video.units > 25 && video.lost == 0 && !video.keyframes.is_empty(), "{video:?}");
    assert!(video.sets.len() >= 2);

    let packets = kept.packets.iter().filter(|(_, of, _)| *of == 0).count();
    for seed in [1, 2] {
        let mut chance = StdRng::seed_from_u64(seed);
        // The first and the last packets stay: what was before and after them nobody can know.
        let lost: HashSet<usize> =
            (10..packets - 10).filter(|_| chance.random_bool(LOSS)).collect();
        let lossy = Proxy::of(way, peer.url(name), lost.clone());
        let theirs = by_retina(way, &lossy.url).await.unwrap();
        let kept = lossy.kept();
        let ours = by_us(&kept);
        let all = lost.len() as u64;
        assert_eq!((ours[0].lost, lost_by_retina(way, &lossy.url).await), (all, all));
        assert!((1..=all).contains(&theirs[0].lost));
        assert_eq!(ours[1..], theirs[1..], "sound is not touched");
        same_but_for_loss(&ours[0], &theirs[0], frames(&kept, &lost));
    }
    kept
}

/// Where packets are missing, retina hands on only what it holds for decodable, and we count what came.
fn same_but_for_loss(ours: &Track, theirs: &Track, (came, whole): (u64, u64)) {
    assert_eq!(ours.units, came, "each frame of which anything came");
    assert!(theirs.units >= whole && theirs.units <= came, "{} {whole} {came}", theirs.units);
    // A keyframe that we give as whole is one of theirs to the byte.
    for keyframe in ours.keyframes.iter().filter(|keyframe| !keyframe[0].starts_with("2a")) {
        assert!(theirs.keyframes.contains(keyframe));
    }
    assert_eq!(ours.sets, theirs.sets);
}

/// NAL unit type of an H.264 payload (RFC 6184 §5.4) and of an H.265 one (RFC 7798 §4.4).
fn h264(payload: &[u8]) -> u8 {
    payload[0] & 0x1f
}

fn h265(payload: &[u8]) -> u8 {
    payload[0] >> 1 & 0x3f
}

#[tokio::test]
async fn h264_of_gstreamer_with_g711() {
    let folder = tempfile::tempdir().unwrap();
    let clip =
        clip(&folder, "view-h264.mp4", "h264-alaw.mov", &["-c:a", "pcm_alaw", "-ar", "8000"]);
    let kept = compare(Way::Tcp, &gstreamer(&[], clip), "h264-alaw.mov").await;
    let kinds = kinds(&kept, h264);
    assert!(kinds.contains(&28) && kinds.contains(&7), "FU-A, and sets by themselves: {kinds:?}");
    assert_eq!(by_us(&kept).len(), 2);
}

#[tokio::test]
async fn h264_of_gstreamer_in_aggregates_with_aac() {
    let folder = tempfile::tempdir().unwrap();
    let clip = clip(&folder, "view-h264.mp4", "h264-aac.mp4", &["-c:a", "aac"]);
    let kept = compare(Way::Tcp, &gstreamer(&["--aggregate"], clip), "h264-aac.mp4").await;
    let kinds = kinds(&kept, h264);
    assert!(kinds.contains(&24) && kinds.contains(&28), "STAP-A and FU-A: {kinds:?}");
    assert!(by_us(&kept)[1].units > 100, "frames of 1 024 samples");
}

#[tokio::test]
async fn h265_of_gstreamer() {
    let folder = tempfile::tempdir().unwrap();
    let clip = clip(&folder, "view-h265.mp4", "h265.mp4", &[]);
    let kept = compare(Way::Tcp, &gstreamer(&[], clip), "h265.mp4").await;
    assert!(kinds(&kept, h265).contains(&49), "FU");
}

#[tokio::test]
async fn both_codecs_of_live555() {
    let folder = tempfile::tempdir().unwrap();
    let raw = clip(&folder, "view.h264", "short.h264", &[]);
    compare(Way::Tcp, &live555(raw), "short.h264").await;
    let raw = clip(&folder, "view.h265", "short.h265", &[]);
    compare(Way::Tcp, &live555(raw), "short.h265").await;
}

/// Datagrams come beside the connection, as they are sent.
#[tokio::test]
async fn both_codecs_of_gstreamer_over_udp() {
    let folder = tempfile::tempdir().unwrap();
    let sound = ["-c:a", "pcm_alaw", "-ar", "8000"];
    let h264 = clip(&folder, "view-h264.mp4", "h264-alaw.mov", &sound);
    let kept = compare(Way::Udp, &gstreamer(&[], h264), "h264-alaw.mov").await;
    assert!(kinds(&kept, self::h264).contains(&28) && by_us(&kept).len() == 2);
    let h265 = clip(&folder, "view-h265.mp4", "h265.mp4", &[]);
    let kept = compare(Way::Udp, &gstreamer(&[], h265), "h265.mp4").await;
    assert!(kinds(&kept, self::h265).contains(&49), "FU");
}

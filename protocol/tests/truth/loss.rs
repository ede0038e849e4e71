//! Loss: packets that were given a number and never came.

use std::time::Duration;

use zhishou_tests::impaired::{Coding, Delay, Impairment, Loss, Rate, Source, Truth};

use crate::errors::Errors;
use crate::{SEEDS, measure};

const RATIOS: [f64; 5] = [0.005, 0.01, 0.02, 0.05, 0.1];
const CODINGS: [Coding; 4] = [Coding::H264, Coding::H265, Coding::Jpeg, Coding::Mpeg4];
const RATES: [Rate; 5] = [
    Rate { frames: 25, seconds: 2 },
    Rate { frames: 15, seconds: 1 },
    Rate { frames: 25, seconds: 1 },
    Rate { frames: 30_000, seconds: 1_001 },
    Rate { frames: 30, seconds: 1 },
];

/// Each seed has another codec, pace, group and jitter; each ratio meets all of them.
fn source(seed: u64, seconds: u32) -> Source {
    let pick = |list: usize| usize::try_from(seed).unwrap() % list;
    let rate = RATES[pick(5)];
    let gop = [25, 50, 100, 12][pick(4)];
    let coding = CODINGS[(pick(20)) / 5];
    Source { coding, rate, gop, mtu: 300, bitrate_bps: 1_000_000, ..Source::new(1) }
        .lasting(seconds)
}

#[test]
fn loss_is_within_a_fifth_of_a_point_of_what_was_injected() {
    let (mut singly, mut in_runs) = (Errors::default(), Errors::default());
    for ratio in RATIOS {
        for seed in 0..SEEDS {
            for (on_the_way, seconds, errors) in [
                (Loss::Single(ratio), 10, &mut singly),
                (Loss::Bursts { ratio, length: 4.0 }, 30, &mut in_runs),
            ] {
                let delay = Delay::Normal(Duration::from_millis(seed));
                let hurt = Impairment { on_the_way, delay, ..Impairment::none(seed) };
                let script = hurt.script(&source(seed, seconds));
                let stream = measure(&script).stream;
                let error = errors.note(stream.loss_ratio.unwrap(), script.loss_ratio());
                assert!(error <= 0.002, "{on_the_way:?}, seed {seed}: {error}");
                // Between the first packet and the last nothing is left to chance.
                let truth = Truth::of(&script);
                assert_eq!(
                    (stream.packets, stream.lost),
                    (truth.packets, truth.lost),
                    "{on_the_way:?}, seed {seed}"
                );
                assert_eq!((stream.reordered, stream.duplicates, stream.malformed), (0, 0, 0));
            }
        }
    }
    println!("loss ratio, single packets: {singly}");
    println!("loss ratio, runs of four: {in_runs}");
}

#[test]
fn doubled_and_swapped_packets_are_no_loss() {
    for seed in 0..SEEDS {
        let hurt = Impairment { doubled: 0.02, swapped: 0.02, ..Impairment::none(seed) };
        let script = hurt.script(&source(seed, 10));
        let stream = measure(&script).stream;
        assert_eq!((stream.lost, stream.loss_ratio), (0, Some(0.0)), "seed {seed}");
        assert_eq!(stream.packets, script.numbered, "seed {seed}");
        assert_eq!(stream.duplicates, script.doubled, "seed {seed}");
        assert!(stream.reordered > 0 && stream.restarts == 0, "seed {seed}");
    }
}

#[test]
fn loss_among_doubled_and_swapped_packets_is_exact() {
    for seed in 0..SEEDS {
        let on_the_way = Loss::Bursts { ratio: 0.05, length: 3.0 };
        let hurt =
            Impairment { on_the_way, doubled: 0.02, swapped: 0.02, ..Impairment::none(seed) };
        let script = hurt.script(&source(seed, 30));
        let (stream, truth) = (measure(&script).stream, Truth::of(&script));
        assert_eq!((stream.packets, stream.lost), (truth.packets, truth.lost), "seed {seed}");
        assert!((stream.loss_ratio.unwrap() - script.loss_ratio()).abs() <= 0.002, "seed {seed}");
    }
}

#[test]
fn frames_the_camera_never_numbered_are_missing_from_the_pace_and_no_loss() {
    for seed in 0..SEEDS {
        let dropped_frames = Loss::Single(0.2);
        let hurt = Impairment { dropped_frames, ..Impairment::none(seed) };
        let source = Source { coding: Coding::H264, ..source(seed, 30) };
        let script = hurt.script(&source);
        let (statistics, truth) = (measure(&script), Truth::of(&script));
        assert_eq!(statistics.stream.lost, 0, "seed {seed}");
        let fps = statistics.video.and_then(|video| video.fps).unwrap();
        assert!((fps / truth.fps - 1.0).abs() <= 0.02, "seed {seed}: {fps} for {}", truth.fps);
        assert!(fps < 0.9 * source.rate.fps(), "seed {seed}: {fps}");
    }
}

#[test]
fn the_senders_own_count_tells_its_drops_from_the_networks() {
    for seed in 0..SEEDS {
        for (device, network) in [(0.05, 0.0), (0.0, 0.05), (0.03, 0.03)] {
            let loss = |ratio| if ratio > 0.0 { Loss::Single(ratio) } else { Loss::None };
            let hurt = Impairment {
                by_device: loss(device),
                on_the_way: loss(network),
                reports: Some(Duration::from_secs(1)),
                ..Impairment::none(seed)
            };
            let script = hurt.script(&source(seed, 10));
            let told = measure(&script).stream.sender_loss.unwrap();
            // What comes after the last report, a second before the end, is in no count.
            let near = |told: u64, truth: u64| {
                told <= truth + 8 && told as f64 >= 0.8 * truth as f64 - 8.0
            };
            assert!(near(told.by_device, script.lost_by_device), "seed {seed}: {told:?}");
            assert!(near(told.on_the_way, script.lost_on_the_way), "seed {seed}: {told:?}");
            let silent = Impairment { reports: None, ..hurt }.script(&source(seed, 10));
            assert_eq!(measure(&silent).stream.sender_loss, None);
        }
    }
}

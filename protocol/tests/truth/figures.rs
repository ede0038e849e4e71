//! Jitter, pace, bit rate, the first keyframe, stalls and jumps.

use std::time::Duration;

use zhishou_tests::impaired::{Coding, Delay, Impairment, Loss, Rate, Source, Truth};

use crate::errors::Errors;
use crate::{SEEDS, measure};

const RATES: [Rate; 5] = [
    Rate { frames: 25, seconds: 2 },
    Rate { frames: 15, seconds: 1 },
    Rate { frames: 25, seconds: 1 },
    Rate { frames: 30_000, seconds: 1_001 },
    Rate { frames: 30, seconds: 1 },
];

const CODINGS: [Coding; 4] = [Coding::H264, Coding::H265, Coding::Jpeg, Coding::Mpeg4];

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn delays() -> [Delay; 5] {
    [
        Delay::Even,
        Delay::Uniform(ms(10)),
        Delay::Normal(ms(5)),
        Delay::Normal(ms(20)),
        Delay::Spikes { one_in: 20, late: ms(120) },
    ]
}

#[test]
fn jitter_is_that_of_rfc_3550_over_the_senders_own_times() {
    let mut errors = Errors::default();
    for (delay, loss) in delays().into_iter().zip([0.0, 0.01, 0.05, 0.1, 0.0]) {
        for rate in RATES {
            for seed in 0..SEEDS {
                let coding = CODINGS[seed as usize % 4];
                let source = Source { bitrate_bps: 500_000, ..Source::new(1) };
                let source = Source { coding, rate, ..source }.lasting(10);
                let on_the_way = if loss > 0.0 { Loss::Single(loss) } else { Loss::None };
                let hurt = Impairment { delay, on_the_way, ..Impairment::none(seed) };
                let script = hurt.script(&source);
                let truth = Truth::of(&script).jitter_ms;
                let jitter = measure(&script).stream.jitter_ms.unwrap();
                let error = errors.note(jitter, truth);
                let bound = (0.15 * truth).max(1.0);
                assert!(error <= bound, "{delay:?}, {source:?}, {seed}: {jitter} for {truth}");
                match delay {
                    Delay::Even => assert!(truth < 0.1),
                    Delay::Spikes { .. } => {}
                    _ => assert!(truth > 1.0, "no trivial truth"),
                }
            }
        }
    }
    println!("jitter, ms: {errors}");
}

#[test]
fn jitter_of_swapped_packets_is_that_of_their_frames() {
    for seed in 0..SEEDS {
        let delay = Delay::Normal(ms(5));
        let hurt = Impairment { delay, swapped: 0.02, ..Impairment::none(seed) };
        let source = Source { bitrate_bps: 4_000_000, ..Source::new(10) };
        let script = hurt.script(&source);
        let (jitter, truth) = (measure(&script).stream.jitter_ms.unwrap(), Truth::of(&script));
        let bound = (0.15 * truth.jitter_ms).max(1.0);
        assert!((jitter - truth.jitter_ms).abs() <= bound, "{seed}: {jitter} for {truth:?}");
    }
}

#[test]
fn pace_and_bit_rate_are_the_cameras() {
    let (mut fps_errors, mut rate_errors) = (Errors::default(), Errors::default());
    for loss in [0.0, 0.01, 0.1] {
        for rate in RATES {
            for seed in 0..SEEDS {
                let coding = CODINGS[seed as usize % 4];
                // Of MPEG-4 a keyframe is not known as one where its first packet is lost.
                let coding = if loss > 0.0 { CODINGS[seed as usize % 3] } else { coding };
                let gop = [25, 50, 30, 12, 45][seed as usize % 5];
                let source = Source { coding, rate, gop, ..Source::new(1) }.lasting(10);
                let source = Source { lead: seed as u32, ..source };
                let on_the_way = if loss > 0.0 { Loss::Single(loss) } else { Loss::None };
                let delay = delays()[(seed / 5) as usize];
                let hurt = Impairment { on_the_way, delay, ..Impairment::none(seed) };
                let script = hurt.script(&source);
                let (measured, truth) = (measure(&script), Truth::of(&script));
                let case = format!("{source:?}, {loss}, {seed}");
                let fps = measured.video.and_then(|video| video.fps).unwrap();
                let error = fps_errors.note_share(fps, truth.fps);
                assert!(error <= 0.02, "{case}: {fps} for {}", truth.fps);
                let bitrate = measured.stream.bitrate_bps.unwrap();
                let error = rate_errors.note_share(bitrate, truth.bitrate_bps);
                assert!(error <= 0.02, "{case}: {bitrate} for {}", truth.bitrate_bps);
            }
        }
    }
    println!("fps, share: {fps_errors}");
    println!("bit rate, share: {rate_errors}");
}

#[test]
fn a_cached_gop_sent_at_once_changes_neither_pace_nor_rate_nor_jitter() {
    for seed in 0..SEEDS {
        let rate = RATES[seed as usize % 5];
        let source = Source { rate, cached: 40, ..Source::new(1) }.lasting(10);
        let hurt = Impairment {
            delay: Delay::Normal(ms(3)),
            spacing: Duration::from_micros(20),
            ..Impairment::none(seed)
        };
        let script = hurt.script(&source);
        let (measured, truth) = (measure(&script), Truth::of(&script));
        let fps = measured.video.and_then(|video| video.fps).unwrap();
        assert!((fps / truth.fps - 1.0).abs() <= 0.02, "{seed}: {fps} for {}", truth.fps);
        let bitrate = measured.stream.bitrate_bps.unwrap();
        assert!((bitrate / 2e6 - 1.0).abs() <= 0.02, "{seed}: {bitrate}");
        let jitter = measured.stream.jitter_ms.unwrap();
        assert!((jitter - truth.jitter_ms).abs() <= 1.0, "{seed}: {jitter} for {truth:?}");
    }
}

#[test]
fn the_first_keyframe_is_timed_by_its_last_packet() {
    let mut errors = Errors::default();
    for lead in [0, 7, 40, 120] {
        for loss in [0.0, 0.1] {
            for seed in 0..SEEDS {
                let coding = CODINGS[seed as usize % 2];
                let source = Source { coding, lead, bitrate_bps: 4_000_000, ..Source::new(8) };
                let on_the_way = if loss > 0.0 { Loss::Single(loss) } else { Loss::None };
                let delay = Delay::Normal(ms(10));
                let hurt = Impairment { on_the_way, delay, ..Impairment::none(seed) };
                let script = hurt.script(&source);
                let truth = Truth::of(&script);
                let video = measure(&script).video.unwrap();
                let at = video.first_keyframe_at.unwrap();
                let error =
                    errors.note(at.as_secs_f64(), truth.first_keyframe_at.unwrap().as_secs_f64());
                assert!(error <= 0.02, "lead {lead}, loss {loss}, seed {seed}: {at:?}");
                assert_eq!(video.keyframes, Some(truth.keyframes), "loss {loss}, seed {seed}");
                assert_eq!(video.frames, truth.frames, "lead {lead}, loss {loss}, seed {seed}");
            }
        }
    }
    println!("first keyframe, s: {errors}");
}

#[test]
fn groups_are_as_long_as_the_camera_makes_them_although_frames_are_lost() {
    for gop in [12, 25, 50, 100] {
        for seed in 0..SEEDS {
            let on_the_way = Loss::Single(0.005);
            let hurt = Impairment { on_the_way, ..Impairment::none(seed) };
            let source = Source { gop, bitrate_bps: 500_000, ..Source::new(40) };
            let measured = measure(&hurt.script(&source)).video.unwrap().gop_frames.unwrap();
            let short = u64::from(gop) - measured;
            assert!(short <= u64::from(gop / 50), "gop {gop}, seed {seed}: {measured}");
        }
    }
}

#[test]
fn a_stall_is_as_long_as_it_was() {
    for length in [300, 1_500, 4_000, 9_000] {
        for seed in 0..SEEDS {
            let stalls = vec![(ms(2_345), ms(length))];
            let hurt = Impairment { stalls, ..Impairment::none(seed) };
            let script = hurt.script(&Source::new(15));
            let truth = Truth::of(&script).longest_stall;
            let stall = measure(&script).stream.longest_stall_ms.unwrap();
            assert!((stall - truth.as_secs_f64() * 1e3).abs() < 1e-3, "{stall} for {truth:?}");
            assert!(stall >= length as f64);
        }
    }
}

#[test]
fn jumps_of_the_timestamp_are_counted_and_are_no_jitter() {
    let hour = 3_600 * 90_000;
    for seed in 0..SEEDS {
        let delay = Delay::Normal(ms(3));
        let jumps = vec![(60, hour), (130, -2 * hour), (200, 5 * 90_000)];
        let outliers = vec![(90, 7 * hour), (160, -hour)];
        let hurt = Impairment { delay, jumps, outliers, ..Impairment::none(seed) };
        let calm = Impairment { delay, ..Impairment::none(seed) };
        let (measured, calm) =
            (measure(&hurt.script(&Source::new(15))), calm.script(&Source::new(15)));
        assert_eq!(measured.stream.timestamp_jumps, 3 + 2 * 2, "seed {seed}");
        let (jitter, truth) = (measured.stream.jitter_ms.unwrap(), Truth::of(&calm).jitter_ms);
        assert!((jitter - truth).abs() <= (0.15 * truth).max(1.0), "{seed}: {jitter} for {truth}");
        assert_eq!(measured.stream.lost, 0);
    }
}

#[test]
fn the_cameras_clock_is_off_by_what_its_reports_say() {
    for offset_ms in [-86_400_000, -12_345, 0, 250, 3_600_000] {
        for seed in 0..SEEDS {
            let reports = Some(Duration::from_secs(2));
            let hurt = Impairment { offset_ms, reports, ..Impairment::none(seed) };
            let offset = measure(&hurt.script(&Source::new(6))).stream.clock_offset_ms.unwrap();
            assert!((offset - offset_ms as f64).abs() < 1.0, "{offset} for {offset_ms}");
        }
    }
}

#[test]
fn a_clock_that_runs_at_another_rate_shows_as_jitter_and_changes_no_other_figure() {
    for (clock_hz, lag_ms) in [(80_000, 40.0 / 9.0), (8_000, 40.0 * 82.0 / 90.0)] {
        let source = Source { clock_hz, ..Source::new(20) };
        let script = Impairment::none(1).script(&source);
        let (measured, truth) = (measure(&script), Truth::of(&script));
        assert_eq!((measured.stream.lost, measured.stream.timestamp_jumps), (0, 0));
        let fps = measured.video.and_then(|video| video.fps).unwrap();
        assert!((fps / truth.fps - 1.0).abs() <= 0.02, "{fps}");
        assert!((measured.stream.bitrate_bps.unwrap() / 2e6 - 1.0).abs() <= 0.02);
        let jitter = measured.stream.jitter_ms.unwrap();
        assert!((jitter - lag_ms).abs() <= 1.0, "{clock_hz}: {jitter}");
    }
}

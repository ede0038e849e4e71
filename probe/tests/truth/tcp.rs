//! Interleaved in the connection.

use std::time::Duration;

use zhishou_domain::TransportPolicy::Tcp;
use zhishou_domain::{Detail, FaultCode, LossOrigin, Stage, Verdict};
use zhishou_tests::impaired::{Delay, Impairment, Loss, Rate, Source};

use crate::{probe, probe_among};

#[tokio::test]
async fn a_camera_that_drops_numbered_packets_is_told_so_in_right_figures() {
    let hurt = Impairment {
        by_device: Loss::Single(0.05),
        delay: Delay::Normal(Duration::from_millis(8)),
        reports: Some(Duration::from_secs(1)),
        offset_ms: 90_000,
        ..Impairment::none(11)
    };
    let source = Source { lead: 30, bitrate_bps: 4_000_000, ..Source::new(9) };
    let seen = probe(Tcp, hurt.script(&source), Some(25.0), 6).await;
    assert_eq!(seen.codes(), [FaultCode::PacketLoss, FaultCode::ClockOffset]);
    assert_eq!(seen.observation.verdict, Verdict::Degraded);
    seen.assert_figures();
    let Detail::Loss { origin, .. } = seen.detail(FaultCode::PacketLoss) else { panic!() };
    assert_eq!(*origin, LossOrigin::Device);
    let Detail::Offset { offset_ms } = seen.detail(FaultCode::ClockOffset) else { panic!() };
    assert!((offset_ms - 90_000.0).abs() <= 20.0, "{offset_ms}");
    // 30 frames without a keyframe lead.
    seen.assert_first_keyframe();
    assert!(seen.stage(Stage::FirstKeyframe) > Duration::from_secs(1));
}

#[tokio::test]
async fn a_camera_that_encodes_fewer_frames_than_it_declares_loses_nothing() {
    let hurt = Impairment { dropped_frames: Loss::Each(3), ..Impairment::none(12) };
    let source = Source { rate: Rate { frames: 25, seconds: 1 }, ..Source::new(9) };
    let seen = probe(Tcp, hurt.script(&source), Some(25.0), 6).await;
    assert_eq!(seen.codes(), [FaultCode::LowFps]);
    seen.assert_figures();
    assert_eq!(seen.video().lost, 0);
    let Detail::Fps { fps, declared_fps } = seen.detail(FaultCode::LowFps) else { panic!() };
    assert!((fps / seen.truth.fps - 1.0).abs() <= 0.02, "{fps}, {:?}", seen.truth);
    assert_eq!(*declared_fps, 25.0);
}

#[tokio::test]
async fn a_camera_that_pauses_is_stalled_for_as_long_and_nothing_else() {
    let stalls = vec![(Duration::from_millis(2_010), Duration::from_millis(1_500))];
    let hurt = Impairment { stalls, ..Impairment::none(13) };
    let seen = probe(Tcp, hurt.script(&Source::new(9)), None, 6).await;
    assert_eq!(seen.codes(), [FaultCode::Stalled]);
    let stall = Duration::from_secs_f64(seen.video().longest_stall_ms.unwrap() / 1e3);
    let off = stall.abs_diff(seen.truth.longest_stall);
    assert!(off <= Duration::from_millis(20), "{stall:?}, {:?}", seen.truth);
    assert_eq!((seen.video().lost, seen.video().timestamp_jumps), (0, 0));
}

#[tokio::test]
async fn timestamps_that_jump_are_counted_and_hurt_no_other_figure() {
    let hour = 3_600 * 90_000;
    let (jumps, outliers) = (vec![(60, hour)], vec![(90, -hour)]);
    let calm =
        Impairment { delay: Delay::Uniform(Duration::from_millis(10)), ..Impairment::none(14) };
    let hurt = Impairment { jumps, outliers, ..calm };
    let seen = probe(Tcp, hurt.script(&Source::new(9)), Some(25.0), 6).await;
    assert_eq!(seen.codes(), []);
    assert_eq!(seen.observation.verdict, Verdict::Online);
    assert_eq!((seen.video().timestamp_jumps, seen.video().lost), (3, 0));
    assert!((seen.video().fps.unwrap() / seen.truth.fps - 1.0).abs() <= 0.02);
    // 10 ms at most, and a third of that on average
    let jitter = seen.video().jitter_ms.unwrap();
    assert!(jitter < 10.0, "{jitter}");
}

/// 30 others are more than 700 frames a second: the thread gathers what comes within a millisecond.
#[tokio::test]
async fn a_thread_with_many_sessions_tells_the_same() {
    let calm =
        Impairment { delay: Delay::Normal(Duration::from_millis(8)), ..Impairment::none(15) };
    let seen = probe_among(30, Tcp, calm.script(&Source::new(9)), Some(25.0), 6).await;
    assert_eq!(seen.codes(), []);
    seen.assert_figures();
}

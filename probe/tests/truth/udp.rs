//! Over UDP, with packets lost before and after the device counts them.

use std::time::Duration;

use zhishou_domain::TransportPolicy::Udp;
use zhishou_domain::{Detail, FaultCode, LossOrigin, Stage, Transport};
use zhishou_tests::impaired::{Delay, Impairment, Loss, Source};

use crate::{Seen, probe};

/// What was seen of a camera at 4 Mbit/s whose frames take up to some milliseconds more.
async fn hurt(seed: u64, by_device: Loss, on_the_way: Loss) -> Seen {
    let hurt = Impairment {
        by_device,
        on_the_way,
        delay: Delay::Normal(Duration::from_millis(6)),
        reports: Some(Duration::from_millis(500)),
        ..Impairment::none(seed)
    };
    let source = Source { lead: 20, bitrate_bps: 4_000_000, ..Source::new(9) };
    let seen = probe(Udp, hurt.script(&source), Some(25.0), 6).await;
    assert_eq!(seen.observation.transport, Some(Transport::Udp));
    seen.assert_figures();
    seen.assert_first_keyframe();
    assert!(seen.stage(Stage::FirstKeyframe) > Duration::from_millis(700));
    seen
}

#[track_caller]
fn is_loss(seen: &Seen, from: LossOrigin, percent: std::ops::RangeInclusive<u64>) {
    assert_eq!(seen.codes(), [FaultCode::PacketLoss], "{:?}", seen.observation.faults);
    let Detail::Loss { origin, lost, expected } = seen.detail(FaultCode::PacketLoss) else {
        panic!()
    };
    assert_eq!(*origin, from, "{:?}", seen.truth);
    assert!(percent.contains(&(100 * lost / expected)), "{lost} of {expected}");
}

#[tokio::test]
async fn half_a_percent_is_measured_and_no_fault() {
    let seen = hurt(31, Loss::None, Loss::Single(0.005)).await;
    assert_eq!(seen.codes(), []);
    assert!((3..30).contains(&seen.truth.lost), "{:?}", seen.truth);
}

#[tokio::test]
async fn two_percent_on_the_way_is_the_networks() {
    is_loss(&hurt(32, Loss::None, Loss::Single(0.02)).await, LossOrigin::Network, 1..=3);
}

#[tokio::test]
async fn five_percent_in_bursts_on_the_way_is_the_networks() {
    let bursts = Loss::Bursts { ratio: 0.05, length: 4.0 };
    is_loss(&hurt(33, Loss::None, bursts).await, LossOrigin::Network, 2..=9);
}

#[tokio::test]
async fn five_percent_that_it_never_counted_is_the_devices() {
    is_loss(&hurt(34, Loss::Single(0.05), Loss::None).await, LossOrigin::Device, 3..=7);
}

#[tokio::test]
async fn ten_percent_of_both_is_blamed_on_neither() {
    let seen = hurt(35, Loss::Single(0.05), Loss::Single(0.05)).await;
    is_loss(&seen, LossOrigin::Unknown, 7..=13);
}

#[tokio::test]
async fn packets_twice_and_out_of_order_are_no_loss() {
    let hurt = Impairment { doubled: 0.03, swapped: 0.03, ..Impairment::none(36) };
    let seen = probe(Udp, hurt.script(&Source::new(6)), Some(25.0), 4).await;
    assert_eq!(seen.codes(), []);
    seen.assert_figures();
    // One that was overtaken may still be on its way when the probe ends.
    assert!(seen.video().lost <= 1, "{:?}", seen.video());
    assert!(seen.video().duplicates > 5 && seen.video().reordered > 5, "{:?}", seen.video());
}

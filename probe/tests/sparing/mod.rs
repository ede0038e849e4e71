//! Which keyframes are decoded, through the whole prober: only what is due or departs from this camera's
//! habit, and no fault is hidden for longer than the plan allows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    Clock, Depth, Detail, FaultCode, Lang, PictureSkipped, ProbeRequest, Snapshot, Timestamp,
    Verdict, habit,
};
use zhishou_picture::OwnedFrame;
use zhishou_probe::decoder::{Decoded, Decoder, Decoding};
use zhishou_probe::guard::{FingerprintKey, Guard};
use zhishou_probe::{Outcome, Prober};
use zhishou_protocol::rtp::Keyframe;
use zhishou_tests::asking::Fixed;

use crate::simulator::{Camera, Habit};
use crate::{GreyPicture, codes, request, settings};

/// A clean picture is looked at again after so long.
const EVERY: Duration = Duration::from_secs(600);

/// Decodes the scene before the camera, and counts.
#[derive(Default)]
struct Scene {
    decoded: AtomicUsize,
    /// Nothing is to be seen.
    dark: AtomicBool,
}

impl Decoder for Scene {
    fn decode(&self, _: Keyframe) -> Decoding<'_> {
        let seed = self.decoded.fetch_add(1, Ordering::Relaxed) as u32;
        let dark = self.dark.load(Ordering::Relaxed);
        // Walls of several shades with edges and a grain of their own.
        let pixels = (0..640 * 480u32).flat_map(|i| {
            let (x, y) = (i % 640, i / 640);
            let shade = 60 + (x / 37 * 53 + y / 29 * 31 + x * y / 4_000) % 130;
            let grain = i.wrapping_add(seed * 7_919).wrapping_mul(2_654_435_761) >> 29;
            [if dark { 0 } else { (shade + grain) as u8 }; 3]
        });
        let frame = OwnedFrame::from_rgb8(640, 480, &pixels.collect::<Vec<_>>()).unwrap();
        Box::pin(std::future::ready(Ok(Box::new(GreyPicture(frame)) as Box<dyn Decoded>)))
    }
}

/// A wall clock that a test sets, s.
struct Set(AtomicI64);

impl Clock for Set {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + self.0.load(Ordering::Relaxed) * 1000)
    }
}

/// One camera's story: its habit and its last picture go from probe to probe, as the store keeps them.
struct Story {
    prober: Prober,
    scene: Arc<Scene>,
    clock: Arc<Set>,
    habit: habit::Habit,
    last_picture: Option<(Timestamp, Vec<u8>)>,
}

impl Story {
    /// A camera whose habit is known, last looked at right now.
    async fn of(camera: &Camera) -> Self {
        let (scene, clock) = (Arc::<Scene>::default(), Arc::new(Set(AtomicI64::new(0))));
        let guard = Guard::new(FingerprintKey::new([7; 32]), Vec::new());
        let decoder = Some(scene.clone() as Arc<dyn Decoder>);
        let prober = Prober::new(settings(), clock.clone(), Arc::new(Fixed), guard, decoder);
        let (habit, last_picture) = (habit::Habit::default(), None);
        let mut story = Self { prober, scene, clock, habit, last_picture };
        for probe in 0..7 {
            let seen = story.probe(camera, EVERY.as_secs()).await;
            assert_eq!((codes(&seen), story.looks()), (vec![], probe + 1), "all are due");
        }
        story
    }

    /// Looks at the picture so far.
    fn looks(&self) -> usize {
        self.scene.decoded.load(Ordering::Relaxed)
    }

    /// A probe that many seconds after the last one. Says what it saw.
    async fn probe(&mut self, camera: &Camera, after: u64) -> Outcome {
        self.clock.0.fetch_add(i64::try_from(after).unwrap(), Ordering::Relaxed);
        let request = ProbeRequest {
            habit: self.habit.clone(),
            last_picture: self.last_picture.clone(),
            decode_every: EVERY,
            snapshot: Snapshot::OnFault,
            ..request(&camera.url(), Depth::Picture)
        };
        let outcome = self.prober.probe(request, CancellationToken::new()).await;
        self.habit = outcome.habit.clone();
        if let Some(signature) = &outcome.signature {
            self.last_picture = Some((outcome.observation.started_at, signature.clone()));
        }
        outcome
    }

    async fn is_spared(&mut self, camera: &Camera, after: u64) {
        let looks = self.looks();
        let seen = self.probe(camera, after).await;
        assert_eq!((codes(&seen), self.looks()), (vec![], looks));
        assert_eq!(seen.observation.picture_skipped, Some(PictureSkipped::WithinHabit));
        assert_eq!(seen.observation.verdict, Verdict::Online);
    }
}

#[tokio::test]
async fn a_keyframe_within_habit_is_decoded_when_due_and_hides_nothing_for_longer() {
    let camera = Camera::start(Habit::Living).await;
    let mut story = Story::of(&camera).await;
    // Something that costs no bits goes wrong, right after the last look.
    story.scene.dark.store(true, Ordering::Relaxed);
    for after in [60, 240, 299] {
        story.is_spared(&camera, after).await;
    }
    let seen = story.probe(&camera, 10).await;
    assert_eq!((codes(&seen), seen.observation.picture_skipped), (vec![FaultCode::Black], None));
    // From then on each is looked at, until one is clean.
    let looks = story.looks();
    assert_eq!(codes(&story.probe(&camera, 10).await), [FaultCode::Black]);
    story.scene.dark.store(false, Ordering::Relaxed);
    assert_eq!(codes(&story.probe(&camera, 10).await), []);
    assert_eq!(story.looks(), looks + 2);
    story.is_spared(&camera, 10).await;
}

#[tokio::test]
async fn a_keyframe_that_departs_is_decoded_at_once() {
    let (camera, covered) =
        (Camera::start(Habit::Living).await, Camera::start(Habit::Covered).await);
    let mut story = Story::of(&camera).await;
    story.is_spared(&camera, 60).await;
    story.scene.dark.store(true, Ordering::Relaxed);
    let looks = story.looks();
    let seen = story.probe(&covered, 60).await;
    assert!(codes(&seen).contains(&FaultCode::Black), "{:?}", seen.observation.faults);
    assert_eq!((story.looks(), seen.observation.picture_skipped), (looks + 1, None));
}

#[tokio::test]
async fn the_same_bytes_again_are_looked_at_and_called_what_they_are() {
    let (camera, server) =
        (Camera::start(Habit::Living).await, Camera::start(Habit::Healthy).await);
    let mut story = Story::of(&camera).await;
    // A server that lost its source sends what it has, as large as ever.
    story.is_spared(&server, 60).await;
    let mut looks = story.looks();
    // Two pictures have to be looked at before they can be compared.
    for codes_then in [vec![], vec![FaultCode::Frozen]] {
        let seen = story.probe(&server, 60).await;
        looks += 1;
        assert_eq!((codes(&seen), story.looks()), (codes_then, looks));
        if let Some(fault) = seen.observation.faults.first() {
            let Detail::Repeated { for_ms } = fault.detail else { panic!("{fault:?}") };
            assert!((50_000..70_000).contains(&for_ms), "{for_ms}");
            let (zh, en) = (fault.detail.render(Lang::Zh), fault.detail.render(Lang::En));
            assert!(zh.contains("同一关键帧") && en.contains("very same coded keyframe"));
        }
    }
}

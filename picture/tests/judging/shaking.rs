//! Shaking, told from a pan, a static camera and a scene in motion.

use crate::scene::{Scene, all, noise::Noise};
use zhishou_picture::{FRAMES_NEEDED, Fault, Finding, Glimpse, Limits, judge_shaking};

/// Frames of a scene displaced frame by frame, in parts of its width, with fresh sensor noise.
fn shot(scene: &Scene, places: impl Iterator<Item = (f64, f64)>) -> Finding {
    let glimpses: Vec<Glimpse> = places
        .enumerate()
        .map(|(seed, (dx, dy))| {
            let seen = scene.clone().moved(dx, dy).noisy(1.5, seed as u64);
            Glimpse::of(&seen.frame()).expect("large enough")
        })
        .collect();
    judge_shaking(&glimpses, &Limits::default())
}

/// Random places within `amplitude` working pixels.
fn jolts(amplitude: f64) -> impl Iterator<Item = (f64, f64)> {
    let mut noise = Noise::seeded(3);
    let mut part = move || 2.0 * noise.uniform() * amplitude / 704.0;
    std::iter::repeat_with(move || (part(), part())).take(10)
}

#[test]
fn jolts_are_shaking() {
    for scene in all() {
        for amplitude in [6.0, 12.0] {
            let finding = shot(&scene, jolts(amplitude));
            assert!(finding.is_fault(), "{} {amplitude}: {finding:?}", scene.name);
        }
    }
}

#[test]
fn standing_still_swaying_and_panning_are_not() {
    for scene in all() {
        let still = shot(&scene, std::iter::repeat_n((0.0, 0.0), 10));
        assert!(still.score.is_some_and(|score| score < 0.1), "{}: {still:?}", scene.name);
        let pan = shot(&scene, (0..10).map(|at| (f64::from(at) * 0.012, 0.0)));
        assert!(!pan.is_fault(), "{}: {pan:?}", scene.name);
        let walker = |at: u32| {
            let left = f64::from(at) * 0.06;
            let seen = scene.clone().fill([left, 0.4, left + 0.2, 1.0], [60, 120, 130]);
            Glimpse::of(&seen.frame()).expect("large enough")
        };
        let glimpses: Vec<Glimpse> = (0..10).map(walker).collect();
        let finding = judge_shaking(&glimpses, &Limits::default());
        assert!(!finding.is_fault(), "{}: {finding:?}", scene.name);
    }
}

#[test]
fn too_few_frames_or_a_blank_wall_cannot_tell() {
    let scene = Scene::load("store");
    let few = shot(&scene, jolts(12.0).take(FRAMES_NEEDED - 1));
    assert_eq!((few.fault, few.score), (Fault::Shaking, None));
    let wall = Scene::flat("wall", 704, 396, [120, 128, 128]);
    assert_eq!(shot(&wall, jolts(12.0)).score, None);
}

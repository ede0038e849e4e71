//! What must *not* be flagged: clean scenes, and what looks like a fault and is none.

use crate::scene::{Scene, all, rgb};
use zhishou_picture::{Evidence, Fault, Frame, Judgement, Limits, Mode, OwnedFrame, Range, judge};

/// No scene may raise anything.
fn none_flagged(what: &str, change: impl Fn(Scene) -> Scene) {
    for clean in all() {
        let name = clean.name;
        let judged = change(clean).judged();
        let faults: Vec<Fault> = judged.faults().collect();
        assert!(faults.is_empty(), "{what} of {name}: {:?}", judged.findings);
    }
}

/// The judgement of a frame without reference.
fn alone(frame: &Frame<'_>) -> Judgement {
    judge(frame, &Evidence::Sound, None, &Limits::default())
}

#[test]
fn clean_scenes_are_clean() {
    none_flagged("clean", |scene| scene);
    for scene in all() {
        let judged = scene.judged();
        assert_eq!(judged.mode, Mode::Colour, "{}", scene.name);
        assert!((40.0..200.0).contains(&judged.luma_mean));
        let untold = judged.findings.iter().filter(|finding| finding.score.is_none());
        let untold: Vec<Fault> = untold.map(|finding| finding.fault).collect();
        let learned = [Fault::Occluded, Fault::SceneChanged];
        assert_eq!(untold, learned, "{}: all can be told but what takes a reference", scene.name);
    }
}

#[test]
fn a_still_goes_the_way_of_a_keyframe() {
    for scene in all() {
        let (width, height, pixels) = rgb(scene.name);
        let still = OwnedFrame::from_rgb8(width, height, &pixels).unwrap();
        let (still, keyframe) = (alone(&still.as_frame()), scene.judged());
        assert_eq!(still.mode, keyframe.mode);
        assert!((still.luma_mean - keyframe.luma_mean).abs() < 1.5, "{}", scene.name);
        assert_eq!(still.faults().count(), 0, "{}", scene.name);
    }
}

#[test]
fn full_range_is_judged_as_limited_range_is() {
    for scene in all() {
        let mut full = scene.clone();
        for value in &mut full.y {
            *value = ((f64::from(*value) - 16.0) * 255.0 / 219.0).clamp(0.0, 255.0) as u8;
        }
        for value in full.u.iter_mut().chain(&mut full.v) {
            *value = ((f64::from(*value) - 128.0) * 255.0 / 224.0 + 128.0) as u8;
        }
        let frame = full.frame().with_range(Range::Full);
        let (full, limited) = (alone(&frame), scene.judged());
        assert!((full.luma_mean - limited.luma_mean).abs() < 1.0, "{}", scene.name);
        assert_eq!(full.faults().count(), 0, "{}", scene.name);
    }
}

#[test]
fn night_infrared_is_a_mode_and_no_fault() {
    let infrared = |mut scene: Scene| {
        scene.u.fill(128);
        scene.v.fill(128);
        scene.luma(|value| (value - 16.0) * 0.6 + 20.0).noisy(3.0, 1)
    };
    none_flagged("infrared", infrared);
    for scene in all() {
        let judged = infrared(scene).judged();
        assert_eq!(judged.mode, Mode::Mono);
        assert_eq!(judged.finding(Fault::ColourCast).unwrap().score, None);
    }
}

#[test]
fn the_gain_of_a_lit_night_is_no_fault() {
    none_flagged("night", |scene| scene.luma(|value| (value - 16.0) * 0.5 + 16.0).noisy(3.9, 2));
}

#[test]
fn fog_is_no_fault() {
    none_flagged("fog", |scene| scene.luma(|value| value * 0.6 + 85.0).noisy(1.5, 3));
}

#[test]
fn overlay_text_is_no_fault() {
    none_flagged("overlay", Scene::with_overlay);
    none_flagged("words", Scene::with_words);
}

#[test]
fn a_window_against_the_light_is_no_fault() {
    none_flagged("backlit", |scene| scene.fill([0.3, 0.1, 0.7, 0.7], [235, 128, 128]));
}

#[test]
fn a_privacy_mask_and_black_rims_are_no_fault() {
    none_flagged("mask", |scene| scene.fill([0.1, 0.4, 0.5, 0.9], [110, 128, 128]));
    let rims = |scene: Scene| {
        scene
            .fill([0.0, 0.0, 0.125, 1.0], [16, 128, 128])
            .fill([0.875, 0.0, 1.0, 1.0], [16, 128, 128])
    };
    none_flagged("4:3 in 16:9", rims);
}

#[test]
fn a_step_of_exposure_is_no_fault() {
    none_flagged("brighter", |scene| scene.luma(|value| (value - 16.0) * 1.2 + 20.0));
    none_flagged("darker", |scene| scene.luma(|value| (value - 16.0) * 0.5 + 16.0));
}

#[test]
fn lamps_and_evening_light_are_no_cast() {
    none_flagged("sodium", |mut scene| {
        scene.u.iter_mut().for_each(|value| *value -= 12);
        scene.v.iter_mut().for_each(|value| *value += 12);
        scene
    });
    none_flagged("lawn", |scene| scene.fill([0.0, 0.2, 1.0, 1.0], [110, 100, 105]).noisy(6.0, 4));
}

#[test]
fn a_blank_wall_is_neither_lost_nor_blurred() {
    let mut wall = Scene::flat("wall", 704, 396, [120, 124, 132]);
    for (index, value) in wall.y.iter_mut().enumerate() {
        *value += ((index % 704) / 10) as u8;
    }
    let judged = wall.noisy(2.0, 6).judged();
    assert_eq!(judged.faults().count(), 0, "{:?}", judged.findings);
    assert_eq!(judged.finding(Fault::Blurred).unwrap().score, None, "no texture, no answer");
}

#[test]
fn an_even_sky_over_a_busy_scene_is_no_lost_signal() {
    none_flagged("sky", |scene| scene.fill([0.0, 0.0, 1.0, 0.5], [170, 132, 126]));
}

#[test]
fn every_size_is_judged_without_a_guess() {
    for (width, height) in [(64, 64), (65, 67), (64, 2000), (2000, 64), (16_384, 64), (703, 397)] {
        let noise = Scene::flat("noise", width, height, [110, 128, 128]).noisy(20.0, 1);
        let judged = noise.judged();
        assert_eq!(judged.findings.len(), Fault::ALL.len() - 2, "{width}x{height}");
        assert!(!judged.has(Fault::Blurred) && !judged.has(Fault::SignalLost));
    }
}

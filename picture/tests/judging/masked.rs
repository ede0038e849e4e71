//! Masks: what they hide is neither judged nor kept.

use crate::scene::{Scene, all};
use zhishou_picture::{
    Evidence, Fault, Judgement, Learned, Light, Limits, Mask, References, Signature, judge,
};

const HOUR: i64 = 3_600_000;

/// The left part of the picture, up to `right` of its width.
fn left(right: f64) -> Mask {
    let mut mask = Mask::default();
    let end = (Mask::COLUMNS as f64 * right) as usize;
    (0..Mask::ROWS).for_each(|row| mask.cover(row, 0..end));
    mask
}

fn judged(scene: &Scene, mask: &Mask, references: &References) -> Judgement {
    let frame = scene.frame().with_mask(mask);
    judge(&frame, &Evidence::Sound, Some(references), &Limits::default())
}

fn learned(scene: &Scene, mask: &Mask) -> References {
    let mut references = References::new();
    for hour in 0..6_i64 {
        let seen = scene.clone().noisy(1.5, hour.unsigned_abs());
        let judgement = judged(&seen, mask, &references);
        let frame = seen.frame().with_mask(mask);
        let became = references.learn(&frame, &judgement, &Limits::default(), hour * HOUR);
        assert_eq!(became, Learned::Yes, "{}", scene.name);
    }
    references
}

/// Something else in the masked part: a textured wall with a colour of its own.
fn other_behind(scene: &Scene, right: f64) -> Scene {
    let mut other = scene.clone().fill([0.0, 0.0, right, 1.0], [60, 190, 60]);
    let end = (scene.width as f64 * right) as usize;
    for (at, luma) in other.y.iter_mut().enumerate() {
        let (x, y) = (at % scene.width, at / scene.width);
        if x < end && (x / 9 + y / 7) % 2 == 0 {
            *luma = 200;
        }
    }
    other
}

#[test]
fn whatever_a_mask_hides_changes_nothing() {
    let mask = left(0.4);
    for scene in all() {
        // A pixel that shares a cell with the mask is masked as well.
        let other = other_behind(&scene, 0.4);
        let (known, blind) = (learned(&scene, &mask), References::new());
        for references in [&known, &blind] {
            let (own, others) =
                (judged(&scene, &mask, references), judged(&other, &mask, references));
            assert_eq!(own.findings, others.findings, "{}", scene.name);
            assert_eq!(
                (own.mode, own.light, own.luma_mean),
                (others.mode, others.light, others.luma_mean)
            );
            assert_eq!(own.faults().count(), 0, "{}: {:?}", scene.name, own.findings);
        }
    }
}

#[test]
fn nothing_that_a_mask_hides_is_kept() {
    let mask = left(0.4);
    let scene = Scene::load("store");
    let other = other_behind(&scene, 0.4);
    let bytes = |scene: &Scene| {
        let signature = Signature::of(&scene.frame().with_mask(&mask), None).to_bytes();
        (signature, learned(scene, &mask).to_bytes(Light::Day))
    };
    assert_eq!(bytes(&scene), bytes(&other));
    let open = Signature::of(&scene.frame(), None);
    assert_ne!(open, Signature::of(&other.frame(), None), "without the mask they differ");
}

#[test]
fn a_cover_beside_the_mask_is_found_and_one_behind_it_is_not() {
    let scene = Scene::load("store");
    let mask = left(0.4);
    let known = learned(&scene, &mask);
    let beside = judged(&scene.clone().covered([0.4, 0.0, 0.9, 0.9]), &mask, &known);
    assert!(beside.has(Fault::Occluded), "{:?}", beside.finding(Fault::Occluded));
    let behind = judged(&scene.clone().covered([-0.1, -0.1, 0.38, 1.1]), &mask, &known);
    assert_eq!(behind.faults().count(), 0);
    let over = judged(&scene.clone().draped(), &mask, &known);
    let told = [Fault::Occluded, Fault::SceneChanged].map(|fault| over.has(fault));
    assert_eq!(told, [true, false], "a cloth over all of it");
    let turned = judged(&scene.clone().moved(0.2, 0.1), &mask, &known);
    assert!(turned.has(Fault::SceneChanged), "{:?}", turned.finding(Fault::SceneChanged));
}

#[test]
fn a_mask_over_nearly_everything_leaves_nothing_to_tell() {
    let scene = Scene::load("store");
    let judgement = judged(&scene, &left(0.95), &References::new());
    let told = judgement.findings.iter().filter(|it| it.score.is_some());
    assert!(told.into_iter().all(|it| it.fault == Fault::Corrupted), "{judgement:?}");
}

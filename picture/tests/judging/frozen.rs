//! Standing still, told from a static scene.

use crate::scene::{SCENES, Scene, all, faults::BLUE};
use std::time::Duration;
use zhishou_picture::{Fault, Finding, Limits, Signature, SignatureError, judge_frozen};

const APART: Duration = Duration::from_secs(60);

fn compared(earlier: &Scene, later: &Scene, apart: Duration) -> Finding {
    let signature = |scene: &Scene| Signature::of(&scene.frame(), None);
    let limits = Limits::default();
    judge_frozen(&signature(earlier), &signature(later), apart, &later.judged(), &limits)
}

#[test]
fn the_same_pixels_are_frozen_and_a_static_scene_is_not() {
    for scene in all() {
        let finding = compared(&scene, &scene, APART);
        assert_eq!((finding.fault, finding.score), (Fault::Frozen, Some(1.0)), "{}", scene.name);
        for sigma in [0.4, 1.0, 4.0] {
            let noisy = |seed| scene.clone().noisy(sigma, seed);
            let finding = compared(&noisy(1), &noisy(2), APART);
            assert_eq!(finding.score, Some(0.0), "{} {sigma}: {finding:?}", scene.name);
        }
    }
}

#[test]
fn a_running_clock_does_not_hide_a_frozen_picture() {
    for scene in all() {
        let clock = scene.clone().fill([0.02, 0.04, 0.35, 0.12], [235, 128, 128]);
        assert!(compared(&scene, &clock, APART).is_fault(), "{}", scene.name);
    }
}

#[test]
fn different_scenes_are_not_frozen() {
    let scenes = all();
    assert_eq!(scenes.len(), SCENES.len());
    let finding = compared(&scenes[0], &scenes[1], APART);
    assert_eq!(finding.score, Some(0.0));
}

#[test]
fn too_soon_too_different_or_no_picture_cannot_be_told() {
    let scene = Scene::load("store");
    assert_eq!(compared(&scene, &scene, Duration::from_millis(29_999)).score, None);
    assert_eq!(compared(&scene, &scene, Duration::from_secs(30)).score, Some(1.0));
    let blue = Scene::flat("blue", 704, 396, BLUE);
    assert_eq!(compared(&blue, &blue, APART).score, None, "a lost signal cannot freeze");
    let black = Scene::flat("black", 704, 396, [16, 128, 128]);
    assert_eq!(compared(&black, &black, APART).score, None);
    let larger = Scene::load("room_table");
    assert_ne!(larger.width, scene.width);
    assert_eq!(compared(&scene, &larger, APART).score, None, "another size");
    // Clipped white cannot show noise, so the same pixels prove nothing.
    let white = scene.clone().fill([0.0, 0.0, 1.0, 0.9], [235, 128, 128]);
    assert_eq!(compared(&white, &white, APART).score, None);
}

#[test]
fn the_same_coded_bytes_are_frozen_whatever_the_pixels() {
    let scene = Scene::load("store");
    let limits = Limits::default();
    let of =
        |seed, hash: [u8; 16]| Signature::of(&scene.clone().noisy(3.0, seed).frame(), Some(hash));
    let judged = |a: &Signature, b: &Signature| {
        judge_frozen(a, b, APART, &scene.judged(), &limits).is_fault()
    };
    assert!(judged(&of(1, [1; 16]), &of(2, [1; 16])));
    assert!(!judged(&of(1, [1; 16]), &of(2, [2; 16])));
    let unhashed = Signature::of(&scene.clone().noisy(3.0, 3).frame(), None);
    assert!(!judged(&unhashed, &of(2, [0; 16])), "no hash is not the hash of zeros");
}

#[test]
fn a_signature_survives_storage_and_refuses_strangers() {
    let frame = Scene::load("people");
    for coded in [None, Some([7; 16])] {
        let signature = Signature::of(&frame.frame(), coded);
        let bytes = signature.to_bytes();
        assert!(bytes.len() < 5_000, "a few kilobytes: {}", bytes.len());
        assert_eq!(Signature::from_bytes(&bytes), Ok(signature));
        for len in 0..bytes.len().min(60) {
            assert_eq!(Signature::from_bytes(&bytes[..len]), Err(SignatureError::Length(len)));
        }
        let mut other = bytes.clone();
        other[0] = 9;
        assert_eq!(Signature::from_bytes(&other), Err(SignatureError::Version(9)));
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(matches!(Signature::from_bytes(&longer), Err(SignatureError::Length(_))));
    }
}

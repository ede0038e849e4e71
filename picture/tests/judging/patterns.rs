//! What is laid over a picture or breaks it: noise, snow, stripes, mosaic, green, decoder errors.

use crate::scene::{SCENES, Scene, all};
use zhishou_picture::{Evidence, Fault, Limits, Place, judge};

const ALL: usize = SCENES.len();

/// How many scenes raise `fault` and nothing else.
fn found(fault: Fault, change: impl Fn(Scene) -> Scene) -> usize {
    let only = |scene: Scene| change(scene).faults() == [fault];
    all().into_iter().filter(|scene| only(scene.clone())).count()
}

#[test]
fn noise_and_snow_are_found_and_night_gain_is_not() {
    for sigma in [8.0, 14.0, 25.0] {
        assert_eq!(found(Fault::Noise, |scene| scene.noisy(sigma, 3)), ALL, "{sigma}");
    }
    for severity in 1..=3 {
        assert_eq!(found(Fault::Noise, |scene| scene.snowed(severity)), ALL, "{severity}");
    }
    assert_eq!(found(Fault::Noise, |scene| scene.noisy(3.9, 3)), 0);
}

#[test]
fn stripes_are_found_whatever_their_direction() {
    for (across, down) in [(60.0, 0.0), (0.0, 33.0), (50.0, 20.0), (50.0, -20.0), (90.0, 0.0)] {
        for severity in 2..=3 {
            let striped = |scene: Scene| scene.striped(severity, across, down);
            let found = found(Fault::Stripes, striped);
            assert!(found >= ALL - 1, "{across} {down} {severity}: {found}");
        }
    }
}

#[test]
fn the_line_of_the_spectrum_tells_the_stripes() {
    for scene in all() {
        let judged = scene.striped(3, 50.0, -20.0).judged();
        let Some(Place::Line(line)) = &judged.finding(Fault::Stripes).unwrap().place else {
            panic!("stripes without a line: {:?}", judged.findings);
        };
        assert!((line.across - 50.0).abs() < 4.0 && (line.down + 20.0).abs() < 4.0, "{line:?}");
    }
}

#[test]
fn a_fence_over_a_part_of_the_picture_is_no_stripe() {
    for scene in all() {
        let striped = scene.clone().striped(3, 60.0, 0.0);
        let mut fence = scene.clone();
        let rows = scene.height / 2;
        let from = rows * scene.width;
        fence.y[from..].copy_from_slice(&striped.y[from..]);
        assert!(!fence.judged().has(Fault::Stripes), "{}", scene.name);
    }
}

#[test]
fn mosaic_is_found_and_its_place_shown() {
    for severity in 1..=3 {
        let mosaic = |scene: Scene| scene.mosaic(severity);
        // Small blocks in a quarter of a plain scene leave few edges.
        let least = if severity == 1 { ALL - 1 } else { ALL - 2 };
        assert!(found(Fault::Corrupted, mosaic) >= least, "{severity}");
    }
    let judged = Scene::load("store").mosaic(2).judged();
    let Some(Place::Tiles(map)) = &judged.finding(Fault::Corrupted).unwrap().place else {
        panic!("corrupted without a map");
    };
    assert!((0.02..0.7).contains(&map.share()), "half of the picture: {}", map.share());
}

#[test]
fn bars_that_keep_to_the_grid_are_no_blocks() {
    for mut scene in all() {
        let width = scene.width;
        for (at, value) in scene.y.iter_mut().enumerate() {
            if at % width % 16 < 8 {
                *value = 60;
            }
        }
        assert!(!scene.judged().has(Fault::Corrupted), "{}", scene.name);
    }
}

#[test]
fn green_of_no_data_is_found_and_a_green_scene_is_none() {
    let torn = |scene: Scene| scene.fill([0.0, 0.5, 1.0, 1.0], [16, 20, 20]);
    assert_eq!(found(Fault::Corrupted, torn), ALL);
    let lawn = |scene: Scene| scene.fill([0.0, 0.4, 1.0, 1.0], [110, 95, 100]);
    assert_eq!(found(Fault::Corrupted, lawn), 0);
}

#[test]
fn a_decoder_that_complains_is_believed_and_nothing_else_is_told() {
    for scene in all() {
        let evidence = Evidence::Damaged { made_up: 0.3 };
        let judged = judge(&scene.frame(), &evidence, None, &Limits::default());
        assert_eq!(judged.faults().collect::<Vec<_>>(), [Fault::Corrupted]);
        assert_eq!(judged.finding(Fault::Corrupted).unwrap().measured, Some(0.3));
        assert_eq!(judged.findings.iter().filter(|finding| finding.score.is_some()).count(), 1);
    }
}

#[test]
fn what_is_our_own_fault_is_no_finding() {
    let gray = Scene::flat("gray", 704, 396, [128, 128, 128]);
    assert!(gray.judged().has(Fault::SignalLost), "as a camera's picture it is one");
    let judged = judge(&gray.frame(), &Evidence::Ours, None, &Limits::default());
    assert!(judged.findings.iter().all(|finding| finding.score.is_none()));
}

//! What must be found: faults made from clean scenes, by severity. Found counts are per scene.

use crate::scene::faults::BLUE;
use crate::scene::{SCENES, Scene, all};
use zhishou_picture::Fault;

/// How many scenes raise `fault`; any other fault fails the test.
fn found(fault: Fault, change: impl Fn(Scene) -> Scene) -> usize {
    all()
        .into_iter()
        .filter(|clean| {
            let judged = change(clean.clone()).judged();
            let other: Vec<Fault> = judged.faults().filter(|&raised| raised != fault).collect();
            assert!(other.is_empty(), "{} {other:?}: {:?}", clean.name, judged.findings);
            judged.has(fault)
        })
        .count()
}

const ALL: usize = SCENES.len();

#[test]
fn overexposure_is_found_when_plain() {
    // Mild over-exposure of a dark scene needs a reference.
    assert!(found(Fault::TooBright, |scene| scene.overexposed(1)) >= 2);
    assert!(found(Fault::TooBright, |scene| scene.overexposed(2)) >= ALL - 1);
    assert_eq!(found(Fault::TooBright, |scene| scene.overexposed(3)), ALL);
}

#[test]
fn underexposure_is_found_at_every_severity() {
    for severity in [1, 2] {
        assert_eq!(found(Fault::TooDark, |scene| scene.underexposed(severity)), ALL);
    }
    // A twentieth of the light may leave nothing at all; then the picture is black.
    for scene in all() {
        let faults = scene.underexposed(3).faults();
        assert!(faults == [Fault::TooDark] || faults == [Fault::Black], "{faults:?}");
    }
}

#[test]
fn a_veil_is_found_when_plain() {
    // A mild veil keeps more contrast than real fog does.
    assert!(found(Fault::LowContrast, |scene| scene.veiled(1)) >= 1);
    assert_eq!(found(Fault::LowContrast, |scene| scene.veiled(2)), ALL);
    assert_eq!(found(Fault::LowContrast, |scene| scene.veiled(3)), ALL);
}

#[test]
fn defocus_is_found_at_every_severity() {
    assert!(found(Fault::Blurred, |scene| scene.defocused(1)) >= ALL - 1);
    for severity in [2, 3] {
        assert_eq!(found(Fault::Blurred, |scene| scene.defocused(severity)), ALL, "{severity}");
    }
}

#[test]
fn defocus_is_found_behind_a_sharp_overlay() {
    let spoiled =
        |severity| found(Fault::Blurred, |scene: Scene| scene.defocused(severity).with_overlay());
    assert!(spoiled(1) >= ALL - 1);
    assert_eq!((spoiled(2), spoiled(3)), (ALL, ALL));
}

#[test]
fn defocus_is_found_in_noise() {
    assert!(found(Fault::Blurred, |scene| scene.defocused(2).noisy(3.0, 9)) >= ALL - 1);
}

#[test]
fn casts_are_found_and_sodium_light_is_given_room() {
    for (u, v) in [(1.0, -1.0), (-1.0, -1.0), (1.0, 1.0)] {
        let tinted = |severity| found(Fault::ColourCast, |scene| scene.tinted(severity, u, v));
        assert!(tinted(2) >= ALL - 1, "{u} {v}");
        assert_eq!(tinted(3), ALL, "{u} {v}");
    }
    assert_eq!(found(Fault::ColourCast, |scene| scene.tinted(3, -1.0, 1.0)), ALL);
}

#[test]
fn a_cast_on_a_mono_picture_is_a_cast() {
    let pink = |mut scene: Scene| {
        scene.u.fill(140);
        scene.v.fill(150);
        scene
    };
    assert_eq!(found(Fault::ColourCast, pink), ALL);
}

#[test]
fn a_lost_signal_is_told_by_its_flat_colour() {
    let gray = [126, 128, 128];
    for (what, yuv) in [("blue", BLUE), ("gray", gray), ("dark gray", [60, 128, 128])] {
        for (width, height) in [(704, 396), (1920, 1080), (352, 288)] {
            let flat = || Scene::flat(what, width, height, yuv);
            let drawn = [flat(), flat().with_overlay(), flat().with_words().with_overlay()];
            for scene in drawn {
                assert_eq!(scene.faults(), [Fault::SignalLost], "{what} {width}x{height}");
                let judged = scene.judged();
                for fault in [Fault::Blurred, Fault::LowContrast, Fault::ColourCast] {
                    assert_eq!(judged.finding(fault).unwrap().score, None, "{what}");
                }
            }
        }
    }
}

#[test]
fn a_lost_signal_is_told_by_colour_bars() {
    // 75 % bars of ITU-R BT.471 in studio-range BT.601.
    const BARS: [[u8; 3]; 8] = [
        [180, 128, 128],
        [162, 44, 142],
        [131, 156, 44],
        [112, 72, 58],
        [84, 184, 198],
        [65, 100, 212],
        [35, 212, 114],
        [16, 128, 128],
    ];
    for count in [7, 8] {
        let step = 1.0 / count as f64;
        let bars = BARS[..count].iter().enumerate().fold(
            Scene::flat("bars", 704, 396, [16, 128, 128]),
            |scene, (index, &bar)| {
                let left = step * index as f64;
                scene.fill([left, 0.0, (left + step).min(1.0), 1.0], bar)
            },
        );
        assert_eq!(bars.faults(), [Fault::SignalLost], "{count} bars");
        assert_eq!(bars.clone().noisy(1.0, 3).faults(), [Fault::SignalLost], "{count} noisy bars");
        // The lower bands of SMPTE bars.
        let smpte = bars.fill([0.0, 0.67, 1.0, 1.0], [16, 128, 128]).with_overlay();
        assert_eq!(smpte.faults(), [Fault::SignalLost], "{count} SMPTE bars");
    }
    // SMPTE RP 219: seven bars between gray wings.
    let wings = Scene::flat("RP 219", 1280, 720, [104, 128, 128]);
    let wide = BARS[..7].iter().enumerate().fold(wings, |scene, (index, &bar)| {
        let left = 0.125 + 3.0 / 28.0 * index as f64;
        scene.fill([left, 0.0, left + 3.0 / 28.0, 0.58], bar)
    });
    assert_eq!(wide.faults(), [Fault::SignalLost]);
}

#[test]
fn black_is_black_with_noise_and_with_a_clock() {
    for (width, height) in [(704, 396), (1920, 1080), (352, 288)] {
        let black = || Scene::flat("black", width, height, [17, 128, 128]);
        for scene in [black(), black().noisy(2.0, 8), black().with_overlay()] {
            let judged = scene.judged();
            let faults: Vec<Fault> = judged.faults().collect();
            assert_eq!(faults, [Fault::Black], "{:?}", judged.findings);
            for fault in [Fault::SignalLost, Fault::TooDark, Fault::Blurred, Fault::LowContrast] {
                assert_eq!(judged.finding(fault).unwrap().score, None);
            }
        }
    }
}

#[test]
fn white_is_too_bright_and_no_lost_signal() {
    let white = Scene::flat("white", 704, 396, [235, 128, 128]).noisy(1.0, 2);
    assert_eq!(white.faults(), [Fault::TooBright]);
}

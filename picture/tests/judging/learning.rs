//! Learned references: covers, displacement, patrols, and what they sharpen.

use crate::scene::{Scene, all};
use zhishou_picture::{
    Fault, Learned, Light, Limits, MAX_SCENES, Place, Reference, ReferenceError, References,
    SETTLED,
};

const HOUR: i64 = 3_600_000;

/// Shows `scene` with fresh sensor noise, judged beside what is known so far.
fn show(references: &mut References, scene: &Scene, hour: i64) -> Learned {
    let seen = scene.clone().noisy(1.5, hour.unsigned_abs());
    let judged = seen.judged_beside(references);
    references.learn(&seen.frame(), &judged, &Limits::default(), hour * HOUR)
}

/// What a camera that always saw `scene` learned.
fn learned(scene: &Scene) -> References {
    let mut references = References::new();
    for hour in 0..6 {
        assert_eq!(show(&mut references, scene, hour), Learned::Yes, "{}", scene.name);
    }
    references
}

fn raised(scene: &Scene, references: &References) -> Vec<Fault> {
    scene.judged_beside(references).faults().collect()
}

#[test]
fn the_scene_itself_is_clean_in_other_light_and_weather() {
    for scene in all() {
        let known = learned(&scene);
        let clean = |what: &str, seen: Scene| {
            let faults = raised(&seen, &known);
            assert!(faults.is_empty(), "{what} of {}: {faults:?}", scene.name);
        };
        clean("noise", scene.clone().noisy(3.0, 77));
        clean("exposure up", scene.clone().luma(|value| (value - 16.0) * 1.1 + 16.0));
        clean("exposure down", scene.clone().luma(|value| (value - 16.0) * 0.6 + 16.0));
        clean("fog", scene.clone().luma(|value| value * 0.6 + 80.0).noisy(1.0, 5));
        clean("a person", scene.clone().fill([0.45, 0.35, 0.6, 0.95], [70, 120, 135]));
        clean("a mast that sways", scene.clone().moved(0.008, 0.005));
    }
}

#[test]
fn nothing_is_told_before_enough_is_learned() {
    let scene = Scene::load("store");
    let mut references = References::new();
    let covered = scene.clone().covered([0.0, 0.0, 0.6, 0.9]);
    for hour in 0..i64::from(SETTLED) {
        let judged = covered.judged_beside(&references);
        assert_eq!(judged.finding(Fault::Occluded).unwrap().score, None);
        assert_eq!(show(&mut references, &scene, hour), Learned::Yes);
    }
    assert!(raised(&covered, &references).contains(&Fault::Occluded));
}

#[test]
fn a_cover_is_found_and_drawn() {
    for (cover, hidden) in [([0.0, 0.0, 0.6, 0.9], 0.35..0.6), ([-0.1, -0.1, 1.1, 1.1], 0.6..1.01)]
    {
        for scene in all() {
            let judged = scene.clone().covered(cover).judged_beside(&learned(&scene));
            assert!(judged.has(Fault::Occluded), "{} {cover:?}", scene.name);
            let measured = judged.finding(Fault::Occluded).and_then(|it| it.measured);
            assert!(
                measured.is_some_and(|it| hidden.contains(&it)),
                "{}: {measured:?}",
                scene.name
            );
        }
    }
    let scene = Scene::load("store");
    let judged = scene.clone().covered([0.0, 0.0, 0.6, 0.9]).judged_beside(&learned(&scene));
    assert!(!judged.has(Fault::SceneChanged));
    let Some(Place::Tiles(map)) = &judged.finding(Fault::Occluded).unwrap().place else {
        panic!("a cover without a map");
    };
    let hot = |columns: std::ops::Range<usize>| {
        let rows = map.scores.chunks_exact(map.columns);
        let scores = rows.flat_map(|row| &row[columns.clone()]).flatten();
        let scores: Vec<u8> = scores.copied().collect();
        scores.iter().filter(|&&score| score >= 128).count() as f64 / scores.len() as f64
    };
    let (covered, open) = (hot(0..map.columns / 2), hot(map.columns * 2 / 3..map.columns));
    assert!(covered > 0.5 && open < covered / 2.0, "{covered} {open}");
}

#[test]
fn a_cloth_over_the_lens_is_a_cover_and_another_place_is_none() {
    let scenes = all();
    for (at, scene) in scenes.iter().enumerate() {
        let known = learned(scene);
        let other = &scenes[(at + 1) % scenes.len()];
        for (shown, is_cover) in [(&scene.clone().draped(), true), (other, false)] {
            let raised = raised(shown, &known);
            let told = [Fault::Occluded, Fault::SceneChanged].map(|fault| raised.contains(&fault));
            assert_eq!(told, [is_cover, !is_cover], "{} {}", scene.name, other.name);
        }
    }
}

/// What another place has of light is not what the own one has too much of.
#[test]
fn a_bright_view_of_another_place_is_another_place() {
    let known = learned(&Scene::load("room_table"));
    let other = Scene::load("store");
    let bright = (0..40)
        .map(|step| other.clone().luma(|value| value * 1.2 + f64::from(step) * 3.0))
        .find(|scene| {
            let share = scene.judged().finding(Fault::TooBright).and_then(|it| it.measured);
            share.is_some_and(|share| (0.3..0.4).contains(&share))
        })
        .expect("some step has so much");
    assert_eq!(raised(&bright, &known), [Fault::SceneChanged]);
}

/// Wet glass takes the structure of a scene and leaves it there.
#[test]
fn a_soft_lens_hides_nothing() {
    for scene in all() {
        let wet = scene.clone().defocused(3).defocused(2).luma(|value| value * 0.5 + 70.0);
        let raised = raised(&wet, &learned(&scene));
        assert!(!raised.contains(&Fault::Occluded), "{}: {raised:?}", scene.name);
    }
}

/// Where a scene has its structure in one half, a board before the other one hides little of it.
#[test]
fn a_cover_of_a_plain_wall_is_found() {
    for name in ["classroom", "people", "room_table", "store", "worker"] {
        let scene = Scene::load(name).fill([0.0, 0.0, 1.0, 0.5], [150, 128, 128]);
        let covered = scene.clone().fill([0.05, 0.0, 0.95, 0.52], [70, 124, 132]);
        assert!(raised(&covered, &learned(&scene)).contains(&Fault::Occluded), "{name}");
    }
}

#[test]
fn a_scene_of_little_contrast_may_have_less_by_night() {
    for scene in all() {
        let dull = scene.luma(|value| 70.0 + (value - 70.0) * 0.6);
        let night = dull.clone().luma(|value| 60.0 + (value - 60.0) * 0.5);
        let known = learned(&dull);
        assert!(!raised(&night, &known).contains(&Fault::LowContrast), "{}", dull.name);
        let veil = dull.clone().luma(|value| 60.0 + (value - 60.0) * 0.3);
        assert!(raised(&veil, &known).contains(&Fault::LowContrast), "{}", dull.name);
    }
}

/// A veil that thickens day by day teaches the reference; below half of the usual limit it is told
/// however dull the scene has become.
#[test]
fn a_veil_that_was_learned_is_told_in_the_end() {
    let scene = Scene::load("store");
    let veiled =
        |spread: f64| scene.clone().luma(move |value| 90.0 + (value - 90.0) * spread / 219.0);
    let spread = |scene: &Scene| scene.judged().finding(Fault::LowContrast)?.measured;
    let full = spread(&veiled(219.0)).expect("it is measured");
    let by = |wanted: f64| veiled(wanted * 219.0 / full);
    let known = learned(&by(56.0));
    let limit = by(56.0).judged_beside(&known).finding(Fault::LowContrast).map(|it| it.limit);
    assert_eq!(limit, Some(25.0), "not 0.42 of what it has");
    assert!(!raised(&by(28.0), &known).contains(&Fault::LowContrast));
    assert!(raised(&by(22.0), &known).contains(&Fault::LowContrast));
}

#[test]
fn a_turned_camera_is_found_with_its_shift() {
    for scene in all() {
        let known = learned(&scene);
        for (dx, dy) in [(0.15, 0.0), (-0.12, 0.1), (0.25, 0.05)] {
            let judged = scene.clone().moved(dx, dy).judged_beside(&known);
            let finding = judged.finding(Fault::SceneChanged).unwrap();
            assert!(finding.is_fault(), "{} {dx} {dy}: {:?}", scene.name, judged.findings);
            assert!(!judged.has(Fault::Occluded));
            if let Some(Place::Shift(shift)) = &finding.place {
                let near = (shift.dx - dx).abs() < 0.02 && (shift.dy - dy).abs() < 0.02;
                assert!(near, "{} {dx} {dy}: {shift:?}", scene.name);
            }
        }
    }
    let scenes = all();
    let known = learned(&scenes[0]);
    assert_eq!(raised(&scenes[4], &known), [Fault::SceneChanged], "another place altogether");
}

#[test]
fn a_moved_camera_never_teaches_itself_and_an_operator_may() {
    let (before, after) = (Scene::load("store"), Scene::load("store").moved(0.25, 0.1));
    let mut references = learned(&before);
    for hour in 10..40 {
        show(&mut references, &after, hour);
    }
    assert!(raised(&after, &references).contains(&Fault::SceneChanged));
    assert!(references.adopt(&after.frame(), &Limits::default(), 50 * HOUR));
    assert!(raised(&after, &references).is_empty());
    assert!(raised(&before, &references).contains(&Fault::SceneChanged));
}

#[test]
fn a_patrol_becomes_known_by_coming_back() {
    let views = [Scene::load("store"), Scene::load("classroom"), Scene::load("room_table")];
    let mut references = learned(&views[0]);
    for hour in 10..40 {
        show(&mut references, &views[hour as usize % 3], hour);
    }
    assert_eq!(references.scenes().count(), 3);
    for view in &views {
        assert!(raised(view, &references).is_empty(), "{}", view.name);
    }
    let elsewhere = Scene::load("worker");
    assert_eq!(raised(&elsewhere, &references), [Fault::SceneChanged]);
}

/// Two presets in turn from the first picture on, and none seen twice in a row.
#[test]
fn a_patrol_that_dwells_nowhere_is_learned_from_the_beginning() {
    let views = [Scene::load("store"), Scene::load("classroom")];
    let mut references = References::new();
    for hour in 0..16 {
        show(&mut references, &views[hour as usize % 2], hour);
    }
    assert_eq!(references.scenes().count(), 2);
    for view in &views {
        assert!(raised(view, &references).is_empty(), "{}", view.name);
        let covered = view.clone().covered([0.0, 0.0, 0.6, 0.9]);
        assert!(raised(&covered, &references).contains(&Fault::Occluded), "{}", view.name);
    }
    let elsewhere = Scene::load("worker");
    assert_eq!(raised(&elsewhere, &references), [Fault::SceneChanged]);
}

/// A picture a minute: the patrol goes on after five, and each view is learned every ten minutes only.
#[test]
fn a_patrol_is_known_however_often_it_is_looked_at() {
    let views = [Scene::load("store"), Scene::load("classroom")];
    let mut references = learned(&views[0]);
    for minute in 0..60 {
        let seen = views[minute / 5 % 2].clone().noisy(1.5, 100 + minute as u64);
        let judged = seen.judged_beside(&references);
        let now = 10 * HOUR + minute as i64 * 60_000;
        references.learn(&seen.frame(), &judged, &Limits::default(), now);
    }
    assert_eq!(references.scenes().count(), 2);
    assert!(views.iter().all(|view| raised(view, &references).is_empty()));
}

#[test]
fn lights_are_learned_apart() {
    let day = Scene::load("classroom");
    let mut infrared = day.clone().luma(|value| (value - 16.0) * 0.7 + 16.0);
    infrared.u.fill(128);
    infrared.v.fill(128);
    let mut references = learned(&day);
    let judged = infrared.judged_beside(&references);
    assert_eq!(judged.light, Light::Ir);
    assert_eq!(judged.finding(Fault::SceneChanged).unwrap().score, None, "no night was learned");
    for hour in 10..16 {
        show(&mut references, &infrared, hour);
    }
    let lights: Vec<Light> = references.scenes().map(Reference::light).collect();
    assert_eq!(lights, [Light::Day, Light::Ir]);
    references.reset(Some(Light::Day));
    assert_eq!(references.scenes().map(Reference::light).collect::<Vec<_>>(), [Light::Ir]);
    references.reset(None);
    assert_eq!(references.scenes().count(), 0);
}

#[test]
fn only_clean_pictures_teach_and_slowly() {
    let scene = Scene::load("people");
    let mut references = learned(&scene);
    let blurred = scene.clone().defocused(2);
    assert_eq!(show(&mut references, &blurred, 10), Learned::NotClean);
    assert_eq!(show(&mut references, &scene, 11), Learned::Yes);
    let again = scene.judged_beside(&references);
    let limits = Limits::default();
    let soon = references.learn(&scene.frame(), &again, &limits, 11 * HOUR + 60_000);
    assert_eq!(soon, Learned::NotDue);
}

#[test]
fn a_reference_sharpens_mild_faults() {
    for scene in all() {
        let known = learned(&scene);
        for (u, v) in [(1.0, -1.0), (-1.0, -1.0), (1.0, 1.0)] {
            let tinted = scene.clone().tinted(1, u, v);
            assert_eq!(raised(&tinted, &known), [Fault::ColourCast], "{} {u} {v}", scene.name);
        }
        let veiled = scene.clone().veiled(1);
        assert!(raised(&veiled, &known).contains(&Fault::LowContrast), "{}", scene.name);
        let bright = scene.clone().overexposed(2);
        assert!(raised(&bright, &known).contains(&Fault::TooBright), "{}", scene.name);
    }
}

#[test]
fn stripes_of_the_scene_itself_are_its_own() {
    // A shutter over everything: without the reference it looks like interference.
    let shutter = Scene::load("worker").striped(2, 0.0, 33.0);
    assert!(shutter.judged().has(Fault::Stripes));
    let mut references = References::new();
    assert!(references.adopt(&shutter.frame(), &Limits::default(), 0));
    assert!(!shutter.judged_beside(&references).has(Fault::Stripes));
    let disturbed = shutter.striped(2, 60.0, 0.0);
    assert!(disturbed.judged_beside(&references).has(Fault::Stripes));
}

#[test]
fn faint_stripes_are_told_where_the_lines_of_the_scene_are_known() {
    for scene in ["store", "classroom", "room_table"] {
        let clean = Scene::load(scene);
        let faint = clean.clone().striped(1, 0.0, 40.0);
        assert!(!faint.judged().has(Fault::Stripes), "{scene}: it may be a shelf");
        let references = learned(&clean);
        assert!(faint.judged_beside(&references).has(Fault::Stripes), "{scene}");
        assert!(!clean.judged_beside(&references).has(Fault::Stripes), "{scene}");
    }
}

#[test]
fn what_was_learned_survives_storage_and_refuses_strangers() {
    let references = learned(&Scene::load("bikecar"));
    let bytes = references.to_bytes(Light::Day);
    assert!(bytes.len() < 32_500, "{}", bytes.len());
    assert!(bytes.len() * Light::ALL.len() * MAX_SCENES < 1_500_000);
    let read = |bytes: &[u8]| {
        let mut read = References::new();
        read.add(bytes).map(|()| read)
    };
    assert_eq!(read(&bytes).as_ref(), Ok(&references));
    assert_eq!(read(&references.to_bytes(Light::Ir)), Ok(References::new()));
    for len in [0, 2, 3, 6, 7, 40, 5_000, bytes.len() - 1] {
        assert!(read(&bytes[..len]).is_err(), "{len}");
    }
    let mut other = bytes.clone();
    other[0] = 9;
    assert_eq!(read(&other), Err(ReferenceError::Version(9)));
    assert!(read(&[bytes.as_slice(), &[0]].concat()).is_err());
    let taught = references.taught(Light::Day).unwrap();
    assert_eq!((taught.scenes, taught.pictures, taught.is_settled), (1, 6, true));
    assert_eq!(taught.learned_ms, (0, 5 * HOUR));
    assert_eq!(references.taught(Light::Ir), None);
    let one = references.scenes().next().unwrap();
    assert_eq!(Reference::from_bytes(&one.to_bytes()).as_ref(), Ok(one));
    assert_eq!(Reference::from_bytes(&[]), Err(ReferenceError::Length(0)));
    let mut countless = one.to_bytes();
    countless[2..6].fill(0xff);
    assert_eq!(Reference::from_bytes(&countless), Err(ReferenceError::Value(2)));
}

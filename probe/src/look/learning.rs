//! Months of one camera in virtual time: what its pictures teach, and what they must not.

use super::{CodedEvidence, Want, look};
use crate::Settings;
use crate::decoder::Decoded;
use std::path::Path;
use std::time::Duration;
use zhishou_domain::{
    ConfirmRule, Depth, DeviceKind, Fault, FaultCode, Feedback, LearnedPicture, Mount, Observation,
    Opinion, OwnLimits, PictureFacts, PictureLight, PictureOrder, Snapshot, Standing, Taught,
    Teaching, Timestamp, Verdict, confirm::Outcome,
};
use zhishou_picture::{Frame, FrameError, OwnedFrame};
use zhishou_protocol::rtp::Headers;

const HOUR: i64 = 3_600_000;

/// A still as a decoder gives it.
#[derive(Clone)]
struct Still(OwnedFrame);

impl Decoded for Still {
    fn size(&self) -> (u32, u32) {
        let frame = self.0.as_frame();
        (frame.width() as u32, frame.height() as u32)
    }
    fn errors(&self) -> u32 {
        0
    }
    fn is_corrupted(&self) -> bool {
        false
    }
    fn made_up(&self) -> f64 {
        0.0
    }
    fn frame(&self) -> Result<Frame<'_>, FrameError> {
        Ok(self.0.as_frame())
    }
}

/// A scene of the picture tests, its pixels changed.
fn scene(name: &str, change: impl Fn(f64, f64, [u8; 3]) -> [u8; 3]) -> Still {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../picture/testdata");
    let mut picture = image::open(folder.join(name).with_extension("jpg")).unwrap().to_rgb8();
    let (width, height) = picture.dimensions();
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let (x, y) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
        pixel.0 = change(x, y, pixel.0);
    }
    let (width, height) = (width as usize, height as usize);
    Still(OwnedFrame::from_rgb8(width, height, picture.as_raw()).unwrap())
}

fn clean(name: &str) -> Still {
    scene(name, |_, _, rgb| rgb)
}

/// A board close to the lens, soft and gray, over the left of the picture.
fn covered(name: &str) -> Still {
    scene(name, |x, y, rgb| if x < 0.6 && y < 0.9 { board(x, y) } else { rgb })
}

fn board(x: f64, y: f64) -> [u8; 3] {
    [(110.0 + 25.0 * (x * 5.0).sin() * (y * 4.0).cos()) as u8; 3]
}

fn infrared(name: &str) -> Still {
    scene(name, |_, _, [r, g, b]| {
        let luma = 0.3 * f64::from(r) + 0.59 * f64::from(g) + 0.11 * f64::from(b);
        [(luma * 0.7) as u8; 3]
    })
}

/// One camera as the platform keeps it.
#[derive(Default)]
struct Camera {
    taught: Taught,
    standing: Standing,
    limits: Vec<Feedback>,
    adopts: bool,
    mount: Mount,
    now: i64,
}

impl Camera {
    /// Looks at a picture `later` milliseconds after the last one.
    fn sees(&mut self, still: &Still, later: i64) -> (PictureFacts, Vec<Fault>) {
        self.now += later;
        self.taught.teaching = Teaching::of(&self.standing, self.adopts);
        let limits = OwnLimits::new(&self.limits, self.standing.faults.iter().copied());
        let (taught, mount) = (self.taught.clone(), self.mount);
        let picture = PictureOrder { limits, taught, mount, ..PictureOrder::default() };
        let want = Want { snapshot: Snapshot::Never, picture };
        let headers = Headers::Sound { qp: 28 };
        let coded = CodedEvidence { hash: [0; 16], headers, slices: 1, looks_random: Some(true) };
        let at = Timestamp::from_millis(self.now);
        let seen = look(still, coded, at, None, &want, &Settings::default());
        if let Some(lesson) = seen.lesson {
            self.adopts = false;
            self.taught.lights.retain(|it| it.light != lesson.learned.light);
            self.taught.lights.push(lesson.learned);
        }
        let observation = Observation {
            verdict: if seen.faults.is_empty() { Verdict::Online } else { Verdict::Degraded },
            reached: true,
            faults: seen.faults.clone(),
            ..Observation::new(String::new(), DeviceKind::Camera, Depth::Picture, at)
        };
        let rule = ConfirmRule { failures: 3, retry: Duration::from_secs(10) };
        let outcome = Outcome::of(&observation);
        self.standing = self.standing.advance(&outcome, rule, Duration::from_secs(86_400)).standing;
        (seen.facts.unwrap(), seen.faults)
    }

    fn finds(&mut self, still: &Still, later: i64) -> Vec<FaultCode> {
        self.sees(still, later).1.iter().map(|fault| fault.code).collect()
    }

    fn learned(&self, light: PictureLight) -> Option<&LearnedPicture> {
        self.taught.lights.iter().find(|it| it.light == light)
    }

    /// A camera that has seen a day of this.
    fn at_home(still: &Still) -> Self {
        let mut camera = Self::default();
        for _ in 0..24 {
            assert_eq!(camera.finds(still, HOUR), []);
        }
        assert_eq!(camera.learned(PictureLight::Day).unwrap().pictures, 24);
        camera
    }
}

use FaultCode::{Occluded, SceneChanged};

#[test]
fn a_cover_cannot_be_told_before_three_clean_pictures_and_is_found_after() {
    let (home, board) = (clean("store"), covered("store"));
    let mut fresh = Camera::default();
    for learned in 0..3 {
        let light = fresh.learned(PictureLight::Day);
        assert_eq!(light.map_or(0, |light| light.pictures), learned);
        assert!(light.is_none_or(|light| !light.is_settled));
        let (facts, faults) = fresh.sees(&home, HOUR);
        assert_eq!((facts.scores[&Occluded], faults), (None, vec![]));
        assert_eq!(facts.light, Some(PictureLight::Day));
    }
    let (facts, faults) = fresh.sees(&board, HOUR);
    assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), [Occluded]);
    let tiles = facts.tiles.unwrap();
    assert_eq!((tiles.fault, tiles.columns), (Occluded, 20));
    // Where it is, by the share of tiles that differ on either side.
    let share = |left: bool| {
        let side = tiles.tiles().filter(|(column, ..)| (*column < 10) == left);
        let told: Vec<f64> = side.filter_map(|(.., score)| score).collect();
        told.iter().filter(|score| **score >= 0.5).count() as f64 / told.len() as f64
    };
    assert!(share(true) > 0.6 && share(false) < 0.4, "{} {}", share(true), share(false));
}

#[test]
fn a_fault_that_lasts_a_week_teaches_nothing() {
    let (home, board) = (clean("store"), covered("store"));
    let mut camera = Camera::at_home(&home);
    let before = camera.taught.lights.clone();
    for _ in 0..7 * 24 {
        assert_eq!(camera.finds(&board, HOUR), [Occluded]);
    }
    assert_eq!(camera.taught.lights, before);
    assert_eq!(camera.finds(&home, HOUR), []);
}

#[test]
fn a_turned_camera_stays_turned_for_a_week_until_an_operator_adopts_it() {
    let (home, elsewhere) = (clean("store"), clean("worker"));
    let mut camera = Camera::at_home(&home);
    for _ in 0..7 * 24 {
        assert_eq!(camera.finds(&elsewhere, HOUR), [SceneChanged]);
    }
    assert_eq!(camera.finds(&home, HOUR), []);
    camera.adopts = true;
    assert_eq!(camera.finds(&elsewhere, 1000), []);
    assert!(!camera.adopts);
    let adopted = camera.learned(PictureLight::Day).unwrap();
    assert!(adopted.is_settled && adopted.scenes == 1 && adopted.pictures == 3);
    assert_eq!(camera.finds(&home, HOUR), [SceneChanged]);
}

#[test]
fn what_is_faulty_is_not_adopted() {
    let mut camera = Camera { adopts: true, ..Camera::default() };
    let black = scene("store", |_, _, _| [2; 3]);
    assert_eq!(camera.finds(&black, HOUR), [FaultCode::Black]);
    assert!(camera.adopts && camera.taught.lights.is_empty(), "the order waits for a picture");
}

#[test]
fn a_fault_called_a_false_alarm_is_not_raised_and_teaches_nothing() {
    let home = clean("store");
    let mut camera = Camera::at_home(&home);
    // A cover near its limit: a limit half as wide again is the most that is to be had.
    let boards = (4..12).map(|size| {
        let size = f64::from(size) / 20.0;
        scene("store", |x, y, rgb| if x < size && y < 0.8 { board(x, y) } else { rgb })
    });
    let excess = |still: &Still| {
        let mut other = Camera { taught: camera.taught.clone(), ..Camera::default() };
        let (facts, faults) = other.sees(still, camera.now + HOUR);
        let reading = facts.readings[&Occluded].clone();
        (reading.excess.is_some_and(|excess| (0.02..0.38).contains(&excess)) && !faults.is_empty())
            .then_some(reading)
    };
    let found = boards.into_iter().find_map(|still| Some((excess(&still)?, still)));
    let (reading, mild) = found.unwrap();
    camera.limits.push(Feedback {
        at: Timestamp::default(),
        login: "duty".to_owned(),
        fault: Occluded,
        opinion: Opinion::FalseAlarm,
        score: Some(0.6),
        reading: Some(reading),
    });
    let before = camera.taught.lights.clone();
    for _ in 0..24 {
        assert_eq!(camera.finds(&mild, HOUR), []);
    }
    assert_eq!(camera.taught.lights, before);
    camera.adopts = true;
    camera.finds(&mild, HOUR);
    assert_ne!(camera.taught.lights, before, "an operator's word alone teaches it");
}

#[test]
fn lights_are_learned_apart() {
    let (day, night) = (clean("store"), infrared("store"));
    let mut camera = Camera::at_home(&day);
    let before = camera.learned(PictureLight::Day).cloned();
    let (facts, _) = camera.sees(&night, HOUR);
    assert_eq!((facts.light, facts.scores[&SceneChanged]), (Some(PictureLight::Ir), None));
    for _ in 0..6 {
        assert_eq!(camera.finds(&night, HOUR), []);
    }
    assert_eq!(camera.learned(PictureLight::Day).cloned(), before);
    assert_eq!(camera.learned(PictureLight::Ir).unwrap().pictures, 7);
    let (facts, _) = camera.sees(&night, HOUR);
    assert!(facts.scores[&Occluded].is_some());
}

#[test]
fn a_patrol_is_learned_scene_by_scene_and_raises_nothing_then() {
    let views = [clean("store"), clean("classroom"), clean("room_table")];
    let mut camera = Camera::at_home(&views[0]);
    let mut raised = 0;
    for round in 0..60 {
        raised += camera.finds(&views[round % 3], 5 * 60_000).len();
    }
    assert_eq!(camera.learned(PictureLight::Day).unwrap().scenes, 3);
    // Until either of the others was come back to three times.
    assert!(raised <= 8, "{raised}");
    for round in 0..12 {
        assert_eq!(camera.finds(&views[round % 3], 5 * 60_000), []);
    }
    let bytes = camera.learned(PictureLight::Day).unwrap().body.len();
    assert!(bytes < 3 * 32_500, "{bytes}");
}

#[test]
fn a_new_preset_of_a_camera_that_turns_is_learned_and_raises_nothing() {
    let views = [clean("store"), clean("classroom"), clean("room_table")];
    let mut camera = Camera { mount: Mount::Turns, ..Camera::at_home(&views[0]) };
    for round in 0..60 {
        let (facts, faults) = camera.sees(&views[round % 3], 5 * 60_000);
        assert_eq!((facts.scores[&SceneChanged], facts.shift, faults), (None, None, vec![]));
    }
    assert_eq!(camera.learned(PictureLight::Day).unwrap().scenes, 3);
    // What covers one of its views is told as of any other camera.
    assert_eq!(camera.finds(&covered("store"), 5 * 60_000), [Occluded]);
    let mut fixed = Camera::at_home(&views[0]);
    assert_eq!(fixed.finds(&views[1], 5 * 60_000), [SceneChanged]);
}

#[test]
fn what_is_damaged_is_dropped_and_learned_anew() {
    let home = clean("store");
    let mut camera = Camera::at_home(&home);
    let body = camera.taught.lights[0].body.clone();
    let version = [&[99], &body[1..]].concat();
    for damaged in [version, body[..body.len() / 2].to_vec(), vec![], vec![1; 7]] {
        camera.taught.lights[0].body = damaged;
        let (facts, faults) = camera.sees(&home, HOUR);
        assert_eq!((facts.scores[&Occluded], faults), (None, vec![]));
        assert_eq!(camera.learned(PictureLight::Day).unwrap().pictures, 1);
        for _ in 0..3 {
            camera.sees(&home, HOUR);
        }
        assert!(camera.sees(&home, HOUR).0.scores[&Occluded].is_some());
    }
}

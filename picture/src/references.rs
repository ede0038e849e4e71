//! All that is learned of one camera: its scenes by light, and how they are learned.
//!
//! # Invariants
//! - Only pictures without a fault teach, `scene_changed` aside, and slowly.
//! - A camera that was moved and stays there never teaches itself out of `scene_changed`; only an
//!   operator ([`References::adopt`]) or a reset does.
//! - Of the views of the beginning the first that is settled is the scene, however many take turns.
//! - A view becomes a further scene of a patrol by coming back: seen [`RETURNS`] times, with another
//!   scene in between each time.
//! - At most [`MAX_SCENES`] scenes a light: with all three lights full, less than 1.3 MB stored.

use crate::comparison::{Comparison, compare};
use crate::finding::{Fault, Judgement, Mode};
use crate::frame::Frame;
use crate::light::Light;
use crate::limits::Limits;
use crate::reference::{Reader, Reference, ReferenceError};
use crate::sample::{Lesson, Sample};
use crate::working::Working;

/// Most scenes of one light, those that may become one included.
pub const MAX_SCENES: usize = 12;
/// Times that a view must be come back to before it counts as a scene of a patrol.
const RETURNS: u8 = 3;
/// Likeness from which two pictures show the same scene, so that the one may teach the other.
const SAME_SCENE: f64 = 0.5;
/// First byte of the stored form.
const VERSION: u8 = 1;

/// A scene, and how often it was come back to.
#[derive(Debug, Clone, PartialEq)]
struct Scene {
    /// Known from [`RETURNS`] on.
    returns: u8,
    /// Not known yet, and the one seen last by its light.
    is_latest: bool,
    reference: Reference,
}

impl Scene {
    fn is_known(&self) -> bool {
        self.returns >= RETURNS
    }
}

/// What became of a picture that was shown to [`References::learn`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// It was learned: store the references.
    Yes,
    /// The same scene was learned a short while ago.
    NotDue,
    /// A fault, or what cannot be told, is in it.
    NotClean,
    /// It is too small or too bare to be known again.
    NotUsable,
}

/// The references of one camera.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct References {
    scenes: Vec<Scene>,
}

/// What was learned by one light, in figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taught {
    /// By which.
    pub light: Light,
    /// Scenes that pictures are compared with.
    pub scenes: u32,
    /// Pictures that taught them.
    pub pictures: u32,
    /// Whether that is enough to judge by one of them.
    pub is_settled: bool,
    /// When the first and the last picture was learned, milliseconds of the caller's clock.
    pub learned_ms: (i64, i64),
}

/// The learned scene that a picture resembles most.
#[derive(Debug)]
pub(crate) struct Match<'a> {
    pub(crate) reference: &'a Reference,
    pub(crate) comparison: Comparison,
}

impl References {
    /// Learns nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The scenes that pictures are compared with, settled or not.
    pub fn scenes(&self) -> impl Iterator<Item = &Reference> {
        self.scenes.iter().filter(|scene| scene.is_known()).map(|scene| &scene.reference)
    }

    /// Forgets what was learned by one light, or everything.
    pub fn reset(&mut self, light: Option<Light>) {
        self.scenes.retain(|scene| light.is_some_and(|light| scene.reference.light() != light));
    }

    /// 更新基准: an operator says that this picture is as it should be. It takes the place of all
    /// scenes by its light and counts at once. `false` where it cannot serve as a reference.
    pub fn adopt(&mut self, frame: &Frame<'_>, limits: &Limits, now_ms: i64) -> bool {
        let working = Working::of(frame);
        let Some(lesson) = Lesson::of(&working, limits) else {
            return false;
        };
        let light = Light::of(&working, crate::mode::mode(&working));
        self.reset(Some(light));
        let mut reference = Reference::first(light, lesson, now_ms);
        reference.settle();
        self.scenes.push(Scene { returns: RETURNS, is_latest: false, reference });
        true
    }

    /// Learns a picture, if `judgement` (that of this very frame, against these references) finds
    /// nothing wrong with it. `now_ms` is any clock that goes on, in milliseconds.
    pub fn learn(
        &mut self,
        frame: &Frame<'_>,
        judgement: &Judgement,
        limits: &Limits,
        now_ms: i64,
    ) -> Learned {
        // Sharpness or contrast that cannot be told would teach nothing worth comparing.
        let told = |fault| judgement.finding(fault).is_some_and(|finding| finding.score.is_some());
        let clean = judgement.faults().all(|fault| fault == Fault::SceneChanged);
        if !clean || !told(Fault::LowContrast) {
            return Learned::NotClean;
        }
        let light = judgement.light;
        if !judgement.has(Fault::SceneChanged) && !self.is_any_due(light, now_ms) {
            return Learned::NotDue;
        }
        let working = Working::of(frame);
        let Some(lesson) = Lesson::of(&working, limits) else {
            return Learned::NotUsable;
        };
        let nearest = self.nearest(light, &lesson.sample);
        if let Some((at, likeness)) = nearest
            && likeness >= SAME_SCENE
        {
            return self.learn_again(at, &lesson, now_ms);
        }
        let reference = Reference::first(light, lesson, now_ms);
        let known = Scene { returns: RETURNS, is_latest: false, reference };
        let of_light = |scene: &Scene| scene.reference.light() == light;
        let settled = |scene: &Scene| scene.is_known() && scene.reference.is_settled();
        if !self.scenes.iter().any(|scene| of_light(scene) && settled(scene)) {
            self.begin(known);
            return Learned::Yes;
        }
        let fresh = Scene { returns: 1, is_latest: true, ..known };
        self.leave_candidate(light);
        if self.scenes.iter().filter(|scene| of_light(scene)).count() < MAX_SCENES {
            self.scenes.push(fresh);
        } else if let Some(oldest) = self.oldest_candidate(light) {
            self.scenes[oldest] = fresh;
        } else {
            return Learned::NotUsable;
        }
        Learned::Yes
    }

    /// Nobody knows yet which view by this light is the scene: each is remembered, and the one that is
    /// settled first is it.
    fn begin(&mut self, scene: Scene) {
        let light = scene.reference.light();
        let of_light = |&at: &usize| self.scenes[at].reference.light() == light;
        let there: Vec<_> = (0..self.scenes.len()).filter(of_light).collect();
        let oldest = there.iter().min_by_key(|&&at| self.scenes[at].reference.learned_ms().1);
        match oldest.filter(|_| there.len() == MAX_SCENES) {
            Some(&oldest) => self.scenes[oldest] = scene,
            None => self.scenes.push(scene),
        }
    }

    /// The scene at `at` is settled: other views of the beginning have come back as often as they were
    /// seen, and have to come back once more at least.
    fn found(&mut self, at: usize) {
        let light = self.scenes[at].reference.light();
        for scene in &mut self.scenes {
            if scene.reference.light() == light && scene.is_known() && !scene.reference.is_settled()
            {
                let seen = u8::try_from(scene.reference.pictures()).unwrap_or(u8::MAX);
                scene.returns = seen.min(RETURNS - 1);
            }
        }
    }

    fn learn_again(&mut self, at: usize, lesson: &Lesson, now_ms: i64) -> Learned {
        let came_back = !self.scenes[at].is_known() && !self.scenes[at].is_latest;
        let mut left = false;
        if came_back || self.scenes[at].is_known() {
            left = self.leave_candidate(self.scenes[at].reference.light());
        }
        let scene = &mut self.scenes[at];
        if came_back {
            scene.returns += 1;
            scene.is_latest = !scene.is_known();
        } else if !scene.reference.is_due(now_ms) {
            // Which view was seen last must be remembered for the next to count as come back to.
            return if left { Learned::Yes } else { Learned::NotDue };
        }
        let was_settled = scene.reference.is_settled();
        scene.reference.learn(lesson, now_ms);
        if !was_settled && scene.is_known() && scene.reference.is_settled() {
            self.found(at);
        }
        Learned::Yes
    }

    /// Another view by this light is seen now; whether that is news.
    fn leave_candidate(&mut self, light: Light) -> bool {
        let mut of_light = self.scenes.iter_mut().filter(|scene| scene.reference.light() == light);
        of_light.any(|scene| std::mem::take(&mut scene.is_latest))
    }

    /// Whether a picture by this light could teach anything now.
    fn is_any_due(&self, light: Light, now_ms: i64) -> bool {
        let mut of_light = self.scenes.iter().filter(|scene| scene.reference.light() == light);
        let due = |scene: &Scene| scene.is_latest || scene.reference.is_due(now_ms);
        of_light.clone().next().is_none() || of_light.any(due)
    }

    /// The scene by this light, known or not, that a picture resembles most, and how much.
    fn nearest(&self, light: Light, sample: &Sample) -> Option<(usize, f64)> {
        self.scenes
            .iter()
            .enumerate()
            .filter(|(_, scene)| scene.reference.light() == light)
            .filter_map(|(at, scene)| {
                let compared = compare(&scene.reference.plate(), sample)?;
                Some((at, if compared.shift.is_some() { 0.0 } else { compared.likeness }))
            })
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn oldest_candidate(&self, light: Light) -> Option<usize> {
        let candidate = |scene: &Scene| !scene.is_known() && scene.reference.light() == light;
        (0..self.scenes.len())
            .filter(|&at| candidate(&self.scenes[at]))
            .min_by_key(|&at| self.scenes[at].reference.learned_ms().1)
    }

    /// The settled scene in the same mode that a picture resembles most; `None` where there is none
    /// or the picture's likeness cannot be told.
    pub(crate) fn best(&self, mode: Mode, sample: &Sample) -> Option<Match<'_>> {
        self.scenes()
            .filter(|reference| reference.is_settled() && reference.light().mode() == mode)
            .filter_map(|reference| {
                let comparison = compare(&reference.plate(), sample)?;
                Some(Match { reference, comparison })
            })
            .max_by(|a, b| a.comparison.likeness.total_cmp(&b.comparison.likeness))
    }

    /// What was learned by one light, in figures; `None` where nothing was.
    pub fn taught(&self, light: Light) -> Option<Taught> {
        let known = || self.scenes().filter(|reference| reference.light() == light);
        Some(Taught {
            light,
            scenes: u32::try_from(known().count()).unwrap_or(u32::MAX),
            pictures: known().map(Reference::pictures).sum(),
            is_settled: known().any(Reference::is_settled),
            learned_ms: (
                known().map(|reference| reference.learned_ms().0).min()?,
                known().map(|reference| reference.learned_ms().1).max()?,
            ),
        })
    }

    /// The stored form of all scenes by one light, version first.
    pub fn to_bytes(&self, light: Light) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        for scene in self.scenes.iter().filter(|scene| scene.reference.light() == light) {
            let reference = scene.reference.to_bytes();
            bytes.extend([scene.returns, u8::from(scene.is_latest)]);
            bytes.extend(u32::try_from(reference.len()).unwrap_or(u32::MAX).to_le_bytes());
            bytes.extend(reference);
        }
        bytes
    }

    /// Adds what was stored of one light.
    ///
    /// # Errors
    /// [`ReferenceError`]; the caller then goes without and learns anew.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), ReferenceError> {
        let mut reader = Reader { bytes, at: 0 };
        let [version] = reader.take::<1>()?;
        if version != VERSION {
            return Err(ReferenceError::Version(version));
        }
        let mut scenes = Vec::new();
        while reader.at < bytes.len() {
            if self.scenes.len() + scenes.len() == Light::ALL.len() * MAX_SCENES {
                return Err(ReferenceError::Length(bytes.len()));
            }
            let [returns, is_latest] = reader.take()?;
            let len = u32::from_le_bytes(reader.take()?);
            let reference = Reference::from_bytes(reader.slice(len as usize)?)?;
            scenes.push(Scene { returns, is_latest: is_latest != 0, reference });
        }
        self.scenes.append(&mut scenes);
        Ok(())
    }
}

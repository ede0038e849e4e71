//! All that is learned of one camera: its scenes by light, and how they are learned.
//!
//! # Invariants
//! - Only pictures without a fault teach, `scene_changed` aside, and slowly.
//! - A camera that was moved and stays there never teaches itself out of `scene_changed`; only an
//!   operator ([`References::adopt`]) or a reset does.
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
/// Stands for "no scene seen yet" in the stored form.
const NO_SCENE: u8 = u8::MAX;

/// A scene, and how often it was come back to.
#[derive(Debug, Clone, PartialEq)]
struct Scene {
    /// Known from [`RETURNS`] on.
    returns: u8,
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
    /// The place among `scenes` of the one seen last.
    last: Option<u8>,
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
        self.last = None;
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
        self.scenes.push(Scene { returns: RETURNS, reference });
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
        let working = Working::of(frame);
        let Some(lesson) = Lesson::of(&working, limits) else {
            return Learned::NotUsable;
        };
        let light = judgement.light;
        let nearest = self.nearest(light, &lesson.sample);
        if let Some((at, likeness)) = nearest
            && likeness >= SAME_SCENE
        {
            return self.learn_again(at, &lesson, now_ms);
        }
        let fresh = Scene { returns: 1, reference: Reference::first(light, lesson, now_ms) };
        let of_light = |scene: &Scene| scene.reference.light() == light;
        let Some(known) = self.scenes.iter().position(|scene| of_light(scene) && scene.is_known())
        else {
            // The first scene by this light is known at once, and used once it is settled.
            self.scenes.retain(|scene| !of_light(scene));
            self.scenes.push(Scene { returns: RETURNS, ..fresh });
            self.last = None;
            return Learned::Yes;
        };
        if !self.scenes[known].reference.is_settled() {
            // Whichever of the two showed the scene, the beginning was no good.
            self.scenes[known] = Scene { returns: RETURNS, ..fresh };
        } else if self.scenes.iter().filter(|scene| of_light(scene)).count() < MAX_SCENES {
            self.last = u8::try_from(self.scenes.len()).ok();
            self.scenes.push(fresh);
        } else if let Some(oldest) = self.oldest_candidate(light) {
            self.last = u8::try_from(oldest).ok();
            self.scenes[oldest] = fresh;
        } else {
            return Learned::NotUsable;
        }
        Learned::Yes
    }

    fn learn_again(&mut self, at: usize, lesson: &Lesson, now_ms: i64) -> Learned {
        let scene = &mut self.scenes[at];
        let seen = u8::try_from(at).ok();
        let came_back = self.last != seen && !scene.is_known();
        self.last = seen;
        if came_back {
            scene.returns += 1;
        }
        if !came_back && !scene.reference.is_due(now_ms) {
            return Learned::NotDue;
        }
        scene.reference.learn(lesson, now_ms);
        Learned::Yes
    }

    /// The scene by this light, known or not, that a picture resembles most, and how much.
    fn nearest(&self, light: Light, sample: &Sample) -> Option<(usize, f64)> {
        self.scenes
            .iter()
            .enumerate()
            .filter(|(_, scene)| scene.reference.light() == light)
            .filter_map(|(at, scene)| {
                let compared = compare(&scene.reference.plate(), &sample.plate)?;
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
                let comparison = compare(&reference.plate(), &sample.plate)?;
                Some(Match { reference, comparison })
            })
            .max_by(|a, b| a.comparison.likeness.total_cmp(&b.comparison.likeness))
    }

    /// The stored form of all scenes, version first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, self.last.unwrap_or(NO_SCENE)];
        for scene in &self.scenes {
            let reference = scene.reference.to_bytes();
            bytes.push(scene.returns);
            bytes.extend(u32::try_from(reference.len()).unwrap_or(u32::MAX).to_le_bytes());
            bytes.extend(reference);
        }
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`ReferenceError`]; the caller then goes without and learns anew.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReferenceError> {
        let mut reader = Reader { bytes, at: 0 };
        let [version, last] = reader.take::<2>()?;
        if version != VERSION {
            return Err(ReferenceError::Version(version));
        }
        let mut scenes = Vec::new();
        while reader.at < bytes.len() {
            if scenes.len() == Light::ALL.len() * MAX_SCENES {
                return Err(ReferenceError::Length(bytes.len()));
            }
            let [returns] = reader.take::<1>()?;
            let len = u32::from_le_bytes(reader.take()?);
            let reference = Reference::from_bytes(reader.slice(len as usize)?)?;
            scenes.push(Scene { returns, reference });
        }
        Ok(Self { scenes, last: (last != NO_SCENE).then_some(last) })
    }
}

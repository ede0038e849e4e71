//! What is learned of a camera's picture: read before it is judged, and taught by it.

use zhishou_domain::{
    LearnedPicture, Lesson, OwnLimits, PictureLight, Taught, Teaching, Timestamp,
};
use zhishou_picture::{
    Evidence, Fault, Frame, Judgement, Learned, Light, Limits, References, judge,
};

use super::fault_of;

/// The references of one camera while a picture of it is looked at.
pub(super) struct School<'a> {
    taught: &'a Taught,
    pub(super) references: References,
    is_adopted: bool,
}

impl<'a> School<'a> {
    /// Reads what was learned. What is damaged or of another version is learned anew.
    pub(super) fn open(taught: &'a Taught) -> Self {
        let mut references = References::new();
        for LearnedPicture { light, body, .. } in &taught.lights {
            if let Err(error) = references.add(body) {
                let light = light.code();
                tracing::warn!(%error, light, "a learned picture is dropped and learned anew");
            }
        }
        Self { taught, references, is_adopted: false }
    }

    /// Takes the picture for the reference of its light where an operator wants that and nothing is
    /// wrong with it. A fault that he said is none does not count.
    pub(super) fn adopt(
        &mut self,
        frame: &Frame<'_>,
        evidence: &Evidence,
        own: &OwnLimits,
        limits: &Limits,
        now: Timestamp,
    ) {
        if self.taught.teaching == Teaching::Adopt && *evidence == Evidence::Sound {
            let alone = judge(frame, evidence, None, limits);
            let is_sound = alone.findings.iter().all(|it| fault_of(it, own, None).is_none());
            self.is_adopted = is_sound && self.references.adopt(frame, limits, now.millis());
        }
    }

    /// What the picture taught, `judgement` being that beside these references. One whose only fault
    /// an operator said to be none teaches nothing: that it is as it should be, only adopting says.
    pub(super) fn lesson(
        mut self,
        frame: &Frame<'_>,
        judgement: &Judgement,
        limits: &Limits,
        now: Timestamp,
    ) -> Option<Lesson> {
        let has_learned = match self.taught.teaching {
            Teaching::Nothing => false,
            Teaching::Adopt => self.is_adopted,
            Teaching::IfClean => {
                self.references.learn(frame, judgement, limits, now.millis()) == Learned::Yes
            }
        };
        let light = Some(judgement.light).filter(|_| has_learned)?;
        let figures = self.references.taught(light)?;
        let (since, last) = figures.learned_ms;
        Some(Lesson {
            learned: LearnedPicture {
                light: light_of(light),
                body: self.references.to_bytes(light),
                scenes: figures.scenes,
                pictures: figures.pictures,
                is_settled: figures.is_settled,
                since: Timestamp::from_millis(since),
                last: Timestamp::from_millis(last),
            },
            generation: self.taught.generation,
            teaching: self.taught.teaching,
        })
    }
}

pub(super) const fn light_of(light: Light) -> PictureLight {
    match light {
        Light::Day => PictureLight::Day,
        Light::Dusk => PictureLight::Dusk,
        Light::Ir => PictureLight::Ir,
    }
}

/// Whether a picture with these faults by the camera's own limits may teach at all. Another scene may
/// be one of a patrol.
pub(super) fn is_clean(faults: &[zhishou_domain::Fault]) -> bool {
    faults.iter().all(|fault| fault.code.code() == Fault::SceneChanged.code())
}

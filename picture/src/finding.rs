//! What a judgement says: the fault, how sure, and the figures behind it.

use crate::light::Light;
use crate::place::Place;

/// A picture fault this crate judges. The codes are stable and shared with the outside contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// No picture behind the picture: one flat colour or colour bars, 信号丢失.
    SignalLost,
    /// Nothing but black, 黑屏.
    Black,
    /// A scene too dark to use, 过暗.
    TooDark,
    /// A scene washed out by light, 过亮.
    TooBright,
    /// Grey veil over the whole scene, 对比度异常.
    LowContrast,
    /// Out of focus or dirty lens, 图像模糊.
    Blurred,
    /// All colours shifted to one side, 图像偏色.
    ColourCast,
    /// Grain or snow over the whole picture, 噪声干扰, 雪花干扰.
    Noise,
    /// A regular pattern over the whole picture, 条纹干扰.
    Stripes,
    /// The same picture for at least 30 seconds, 画面冻结.
    Frozen,
    /// Something close to the lens hides part of the scene or all of it, 画面遮挡.
    Occluded,
    /// The camera looks elsewhere than it did, 场景变更.
    SceneChanged,
    /// The picture jumps to and fro, 画面抖动.
    Shaking,
    /// Mosaic, torn or green blocks, 花屏.
    Corrupted,
}

impl Fault {
    /// Every fault of this crate, in the order of the fault codes.
    pub const ALL: [Self; 14] = [
        Self::SignalLost,
        Self::Black,
        Self::TooDark,
        Self::TooBright,
        Self::LowContrast,
        Self::Blurred,
        Self::ColourCast,
        Self::Noise,
        Self::Stripes,
        Self::Frozen,
        Self::Occluded,
        Self::SceneChanged,
        Self::Shaking,
        Self::Corrupted,
    ];

    /// The fault's code, as it stands in JSON, SQL and URLs.
    pub fn code(self) -> &'static str {
        match self {
            Self::SignalLost => "signal_lost",
            Self::Black => "black",
            Self::TooDark => "too_dark",
            Self::TooBright => "too_bright",
            Self::LowContrast => "low_contrast",
            Self::Blurred => "blurred",
            Self::ColourCast => "colour_cast",
            Self::Noise => "noise",
            Self::Stripes => "stripes",
            Self::Frozen => "frozen",
            Self::Occluded => "occluded",
            Self::SceneChanged => "scene_changed",
            Self::Shaking => "shaking",
            Self::Corrupted => "corrupted",
        }
    }
}

/// Whether the camera sends colour. Mono is a state (night infrared), not a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The picture carries colour.
    Colour,
    /// The picture is gray, as by infrared light.
    Mono,
}

impl Mode {
    /// `colour` or `mono`, as it stands in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Colour => "colour",
            Self::Mono => "mono",
        }
    }
}

/// The answer for one fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The fault asked about.
    pub fault: Fault,
    /// 0 (surely absent) to 1 (surely present); 0.5 lies exactly on the limit. `None`: cannot tell.
    pub score: Option<f64>,
    /// The figure that was compared with the limit, in `unit`; `None` where nothing was measured.
    pub measured: Option<f64>,
    /// The limit it was compared with, in `unit`.
    pub limit: f64,
    /// The unit of both figures, from a closed set: `luma` (studio scale, 16–235), `ratio` (0–1),
    /// `chroma` (distance in code values), `pixels` (of the working picture).
    pub unit: &'static str,
    /// Where it shows, for the page that draws it; kept only of what is raised, but for `occluded`,
    /// whose map is drawn whenever there is a reference.
    pub place: Option<Place>,
}

impl Finding {
    /// A finding that could not be told, with whatever was measured.
    pub(crate) fn unknown(
        fault: Fault,
        measured: Option<f64>,
        limit: f64,
        unit: &'static str,
    ) -> Self {
        Self { fault, score: None, measured: measured.map(thousandths), limit, unit, place: None }
    }

    /// A finding whose score grows as `measured` rises past `limit`; `span` away from it lies
    /// certainty.
    pub(crate) fn above(
        fault: Fault,
        measured: f64,
        limit: f64,
        span: f64,
        unit: &'static str,
    ) -> Self {
        let score = (0.5 + 0.5 * (measured - limit) / span).clamp(0.0, 1.0);
        Self {
            fault,
            score: Some(thousandths(score)),
            measured: Some(thousandths(measured)),
            limit,
            unit,
            place: None,
        }
    }

    /// A finding whose score grows as `measured` falls below `limit`.
    pub(crate) fn below(
        fault: Fault,
        measured: f64,
        limit: f64,
        span: f64,
        unit: &'static str,
    ) -> Self {
        let mirrored = Self::above(fault, -measured, -limit, span, unit);
        Self { measured: Some(thousandths(measured)), limit, ..mirrored }
    }

    /// Whether the fault is raised: a score of at least 0.5.
    pub fn is_fault(&self) -> bool {
        self.score.is_some_and(|score| score >= 0.5)
    }

    /// The same figures with the score withdrawn.
    pub(crate) fn withdrawn(self) -> Self {
        Self { score: None, place: None, ..self }
    }

    /// Whichever of two answers to the same question is nearer to a fault.
    pub(crate) fn or_worse(self, other: Self) -> Self {
        if other.score > self.score { other } else { self }
    }

    /// The same finding with where it shows.
    pub(crate) fn at(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }
}

/// Three decimals: more would claim a precision that the methods do not have.
fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// Everything that one picture told.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Colour or mono.
    pub mode: Mode,
    /// The light it was taken by, which its references are kept for.
    pub light: Light,
    /// Mean luma on the studio scale (16 black, 235 white).
    pub luma_mean: f64,
    /// One finding per fault judged, in the order of [`Fault::ALL`].
    pub findings: Vec<Finding>,
}

impl Judgement {
    /// The finding for `fault`; `None` when it was not judged at all.
    pub fn finding(&self, fault: Fault) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.fault == fault)
    }

    /// Whether `fault` is raised.
    pub fn has(&self, fault: Fault) -> bool {
        self.finding(fault).is_some_and(Finding::is_fault)
    }

    /// The faults raised, in the order judged.
    pub fn faults(&self) -> impl Iterator<Item = Fault> + '_ {
        self.findings.iter().filter(|finding| finding.is_fault()).map(|finding| finding.fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_of_one_half_lies_on_the_limit() {
        let above = |value| Finding::above(Fault::TooBright, value, 0.42, 0.2, "");
        assert_eq!(above(0.42).score, Some(0.5));
        assert!(above(0.42).is_fault());
        assert!(!above(0.419).is_fault());
        assert_eq!(above(0.1).score, Some(0.0));
        assert_eq!(above(0.9).score, Some(1.0));
        let below = |value| Finding::below(Fault::Blurred, value, 0.52, 0.2, "");
        assert_eq!((below(0.52).score, below(0.52).limit), (Some(0.5), 0.52));
        assert_eq!(below(0.42).score, Some(0.75));
        assert_eq!(below(0.42).measured, Some(0.42));
        assert!(!below(0.6).is_fault());
    }

    #[test]
    fn what_cannot_be_told_is_no_fault() {
        let finding = Finding::above(Fault::Blurred, 1.0, 0.5, 0.1, "").withdrawn();
        assert!(!finding.is_fault());
        assert_eq!(finding.measured, Some(1.0));
    }
}

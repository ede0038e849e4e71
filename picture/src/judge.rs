//! One frame through every method, and which answer silences which.

use crate::evidence::Evidence;
use crate::finding::{Fault, Finding, Judgement};
use crate::frame::Frame;
use crate::light::Light;
use crate::limits::Limits;
use crate::mode::mode;
use crate::references::References;
use crate::sample::Sample;
use crate::working::Working;
use crate::{black, blurred, colour_cast, corrupted, low_contrast, noise, occluded};
use crate::{scene_changed, signal_lost, stripes, too_bright, too_dark};

/// Judges one keyframe, beside what is learned of its camera where there is something.
///
/// Every fault of [`Fault::ALL`] gets a finding but [`Fault::Frozen`] and [`Fault::Shaking`], which
/// take more than one frame: see [`crate::judge_frozen`] and [`crate::judge_shaking`]. A graver fault
/// withdraws what it makes untellable: a black picture or a lost signal leaves nothing else to
/// judge; in a broken picture nothing can be told; in one too dark or too bright neither contrast
/// nor sharpness nor colour.
pub fn judge(
    frame: &Frame<'_>,
    evidence: &Evidence,
    references: Option<&References>,
    limits: &Limits,
) -> Judgement {
    let working = Working::of(frame);
    let mode = mode(&working);
    let sample = references.and_then(|_| Sample::of(&working));
    let nearest = references.zip(sample.as_ref()).and_then(|(all, sample)| all.best(mode, sample));
    let compared = nearest.as_ref().map(|nearest| &nearest.comparison);
    let usual = nearest.as_ref().map(|nearest| nearest.reference);
    // Its levels are those of this scene only where the camera still looks at it.
    let here = compared.is_some_and(|compared| compared.likeness >= limits.likeness);
    let own = usual.filter(|_| here);
    let is_washed_out = compared.is_some_and(|compared| compared.is_washed_out);

    let sound = *evidence == Evidence::Sound && working.shows_enough();
    let keep = |known: bool, finding: Finding| {
        if known { finding } else { finding.withdrawn() }
    };
    let black = keep(sound, black::judge(&working, limits));
    let signal_lost = keep(sound && !black.is_fault(), signal_lost::judge(&working, limits));
    // Colour bars have green areas and edges at regular places, and nothing is broken.
    let pictured = !black.is_fault() && !signal_lost.is_fault();
    let corrupted = keep(pictured, corrupted::judge(frame, &working, evidence, limits));
    let shown = sound && pictured && !corrupted.is_fault();
    let too_dark = keep(shown, too_dark::judge(&working, limits));
    let too_bright =
        keep(shown, too_bright::judge(&working, usual.filter(|_| here || is_washed_out), limits));
    let exposed = shown && !too_dark.is_fault() && !too_bright.is_fault();
    let noise = keep(exposed, noise::judge(frame, own, limits));
    let low_contrast = keep(exposed, low_contrast::judge(&working, own, limits));
    let colour_cast = {
        let beside = sample.as_ref().zip(own);
        keep(exposed, colour_cast::judge(&working, mode, beside, limits))
    };
    let patterns = if exposed { stripes::stripes(&working) } else { None };
    let stripes = {
        let own = own.map(|own| own.stripes.as_slice());
        stripes::judge(&working, patterns.as_deref(), own, limits)
    };
    // Noise hides detail and stripes add some.
    let detailed = exposed && !noise.is_fault() && !stripes.is_fault();
    let blurred = if detailed {
        blurred::judge(&working, own, limits)
    } else {
        Finding::unknown(Fault::Blurred, None, limits.sharpness, "ratio")
    };
    // Edges that drown in noise or stripes are not covered, nor those that a soft lens takes from a
    // scene that is still there.
    let compared = compared.filter(|_| detailed && !is_washed_out);
    let occluded = keep(!(blurred.is_fault() && here), occluded::judge(compared, limits));
    let scene_changed = scene_changed::judge(compared, limits);
    // What colours another scene or a cover has by right is not known.
    let seen = !scene_changed.is_fault() && (here || !occluded.is_fault());
    let colour_cast = keep(seen, colour_cast);
    Judgement {
        mode,
        light: Light::of(&working, mode),
        luma_mean: (working.mean() * 10.0).round() / 10.0,
        findings: vec![
            signal_lost,
            black,
            too_dark,
            too_bright,
            low_contrast,
            blurred,
            colour_cast,
            noise,
            stripes,
            occluded,
            scene_changed,
            corrupted,
        ],
    }
}

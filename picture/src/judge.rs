//! One frame through every method, and which answer silences which.

use crate::finding::{Fault, Finding, Judgement};
use crate::frame::Frame;
use crate::limits::Limits;
use crate::mode::mode;
use crate::working::Working;
use crate::{black, blurred, colour_cast, low_contrast, signal_lost, too_bright, too_dark};

/// Judges one keyframe that the decoder did not flag.
///
/// Every fault of [`Fault::ALL`] but [`Fault::Frozen`] gets a finding; see
/// [`crate::judge_frozen`] for that one. A graver fault withdraws what it makes untellable: a black
/// picture or a lost signal leaves nothing else to judge, and in a picture too dark or too bright
/// neither contrast nor sharpness nor colour can be told.
pub fn judge(frame: &Frame<'_>, limits: &Limits) -> Judgement {
    let working = Working::of(frame);
    let mode = mode(&working);
    let black = black::judge(&working, limits);
    let mut signal_lost = signal_lost::judge(&working, limits);
    if black.is_fault() {
        signal_lost = signal_lost.withdrawn();
    }
    let no_picture = black.is_fault() || signal_lost.is_fault();
    let keep = |known: bool, finding: Finding| {
        if known { finding } else { finding.withdrawn() }
    };
    let too_dark = keep(!no_picture, too_dark::judge(&working, limits));
    let too_bright = keep(!no_picture, too_bright::judge(&working, limits));
    let exposed = !no_picture && !too_dark.is_fault() && !too_bright.is_fault();
    let low_contrast = keep(exposed, low_contrast::judge(&working, limits));
    let blurred = if exposed {
        blurred::judge(&working, limits)
    } else {
        Finding::unknown(Fault::Blurred, None, limits.sharpness, "")
    };
    let colour_cast = keep(exposed, colour_cast::judge(&working, mode, limits));
    Judgement {
        mode,
        luma_mean: (working.mean() * 10.0).round() / 10.0,
        findings: vec![
            signal_lost,
            black,
            too_dark,
            too_bright,
            low_contrast,
            blurred,
            colour_cast,
        ],
    }
}

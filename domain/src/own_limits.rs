//! 本机界限: how operators' words and what stands move the limits of one camera's picture faults.
//!
//! Figures are compared as the *excess*: how far a figure lies beyond its limit, as a part of the
//! limit; 0 on it, negative on the good side. A camera's own limit lies its *slack* further out.
//!
//! # Invariants
//! - Slack stays within [`TIGHTEST`]..=[`WIDEST`], and never above 0 for [`is_grave`] faults: what is
//!   far beyond the limit stays a fault, whatever was said, and a black picture always does.
//! - 误报 never tightens, 确认 never widens, and both are pure functions of what was said in order.
//! - A fault that stands is cleared below [`CLEARED`], not just below a half, so that a score near
//!   the limit does not make it come and go.

use crate::{FaultCode, Group, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Slack at most: half the limit further out.
pub const WIDEST: f64 = 0.5;
/// Slack at least: a tenth of the limit nearer.
pub const TIGHTEST: f64 = -0.1;
/// How far from a figure that was spoken of the limit comes to lie.
const MARGIN: f64 = 0.1;
/// Score from which a fault is raised.
pub const RAISED: f64 = 0.5;
/// Score below which a fault that stands is over.
pub const CLEARED: f64 = 0.4;
/// Scores so near a half tell no scale: they are rounded to thousandths.
const TOO_NEAR: f64 = 0.005;
/// Excess between the limit and certainty where a score tells none.
const SCALE: f64 = 0.2;

/// 反馈: what an operator says of a picture fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opinion {
    /// There is no such fault.
    FalseAlarm,
    /// There is.
    Confirmed,
    /// What was said so far counts no longer.
    Reset,
}

words!(Opinion {
    FalseAlarm = "false_alarm", "误报", "false alarm";
    Confirmed = "confirmed", "确认", "confirmed";
    Reset = "reset", "恢复默认界限", "limit reset";
});

/// A measured figure beside its limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// What was measured, in `unit`.
    pub value: f64,
    /// The limit of all cameras, in `unit`.
    pub limit: f64,
    /// `luma`, `ratio`, `chroma` or `pixels`.
    pub unit: String,
    /// How far beyond the limit, as a part of it; `None` where it has no size.
    pub excess: Option<f64>,
}

impl Reading {
    /// Of a figure that scored `score` against `limit`; which side of the limit is the bad one shows
    /// by the score.
    pub fn new(score: f64, value: f64, limit: f64, unit: impl Into<String>) -> Self {
        let distance = (value - limit).abs() / limit.abs();
        let excess = if score >= RAISED { distance } else { -distance };
        Self { value, limit, unit: unit.into(), excess: Some(excess).filter(|it| it.is_finite()) }
    }
}

/// Something said of one fault of one camera.
#[derive(Clone, Debug, PartialEq)]
pub struct Feedback {
    /// When.
    pub at: Timestamp,
    /// By whom, as they log in.
    pub login: String,
    /// Of which fault.
    pub fault: FaultCode,
    /// What.
    pub opinion: Opinion,
    /// The score of the picture it was said of.
    pub score: Option<f64>,
    /// The figure behind the score.
    pub reading: Option<Reading>,
}

/// Faults whose limit no word of an operator widens: nobody sees anything in such a picture.
pub const fn is_grave(fault: FaultCode) -> bool {
    matches!(fault, FaultCode::SignalLost | FaultCode::Black)
}

/// The slack of `fault` after one more opinion about a figure with this excess.
fn after(slack: f64, fault: FaultCode, opinion: Opinion, excess: Option<f64>) -> f64 {
    let widest = if is_grave(fault) { 0.0 } else { WIDEST };
    let moved = match (opinion, excess) {
        (Opinion::Reset, _) => 0.0,
        (Opinion::FalseAlarm, Some(excess)) => slack.max(excess + MARGIN),
        (Opinion::Confirmed, Some(excess)) => slack.min(excess - MARGIN),
        (_, None) => slack,
    };
    // A confirmation takes back, but never farther than the tightest.
    moved.clamp(TIGHTEST, widest)
}

/// What to know of a camera before its picture is judged: its own limits, and what stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnLimits {
    slack: BTreeMap<FaultCode, f64>,
    standing: Vec<FaultCode>,
}

/// What a score comes to by a camera's own limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settled {
    /// The score by its own limit.
    pub score: f64,
    /// Whether the fault is raised.
    pub raised: bool,
    /// Raised only because it stood before and is not far enough from its limit to be over.
    pub lingers: bool,
}

impl OwnLimits {
    /// From all that was said of one camera, in order of time, and the faults that stand.
    pub fn new<'a>(
        said: impl IntoIterator<Item = &'a Feedback>,
        standing: impl IntoIterator<Item = FaultCode>,
    ) -> Self {
        let mut slack = BTreeMap::new();
        for word in said {
            let excess = word.reading.as_ref().and_then(|reading| reading.excess);
            let own = slack.entry(word.fault).or_insert(0.0);
            *own = after(*own, word.fault, word.opinion, excess);
        }
        slack.retain(|_, slack| *slack != 0.0);
        let standing = standing.into_iter().filter(|fault| fault.group() == Group::Picture);
        Self { slack, standing: standing.collect() }
    }

    /// How much further out the camera's own limit of a fault lies, as a part of the limit.
    pub fn slack(&self, fault: FaultCode) -> f64 {
        self.slack.get(&fault).copied().unwrap_or(0.0)
    }

    /// What a score by the limit of all comes to.
    pub fn settle(&self, fault: FaultCode, score: f64, excess: Option<f64>) -> Settled {
        let score = shifted(score, excess, self.slack(fault));
        let lingers = (CLEARED..RAISED).contains(&score) && self.standing.contains(&fault);
        Settled { score, raised: score >= RAISED || lingers, lingers }
    }
}

/// The score of the same figure against a limit `slack` further out, to the thousandth.
fn shifted(score: f64, excess: Option<f64>, slack: f64) -> f64 {
    let Some(excess) = excess.filter(|_| slack != 0.0) else { return score };
    let above = score - RAISED;
    // A score that is clamped tells at least how steep it is.
    let scale = if above.abs() < TOO_NEAR { SCALE } else { excess.abs() / (2.0 * above.abs()) };
    let moved = RAISED + 0.5 * (excess - slack) / scale.max(f64::EPSILON);
    (moved.clamp(0.0, 1.0) * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(fault: FaultCode, opinion: Opinion, excess: f64) -> Feedback {
        let reading = Reading {
            value: 50.0 * (1.0 - excess),
            limit: 50.0,
            unit: "luma".to_owned(),
            excess: Some(excess),
        };
        Feedback {
            at: Timestamp::default(),
            login: "duty".to_owned(),
            fault,
            opinion,
            score: Some(0.5 + excess),
            reading: Some(reading),
        }
    }

    /// As picture faults are scored: certain 0.4 of the limit away from it.
    fn score(excess: f64) -> f64 {
        (0.5 + 0.5 * excess / 0.4).clamp(0.0, 1.0)
    }

    use FaultCode::{Black, LowContrast};
    use Opinion::{Confirmed, FalseAlarm, Reset};

    #[test]
    fn a_false_alarm_moves_the_limit_past_it_and_a_confirmation_takes_that_back() {
        let own = |words: &[Feedback]| OwnLimits::new(words, []);
        let raised =
            |own: &OwnLimits, excess| own.settle(LowContrast, score(excess), Some(excess)).raised;
        let alarm = said(LowContrast, FalseAlarm, 0.1);
        let first = own(std::slice::from_ref(&alarm));
        assert!(!raised(&first, 0.1) && !raised(&first, 0.19) && raised(&first, 0.21));
        let confirmed = own(&[alarm.clone(), said(LowContrast, Confirmed, 0.21)]);
        assert!((confirmed.slack(LowContrast) - 0.11).abs() < 1e-9);
        let reset = own(&[alarm, said(LowContrast, Reset, 0.0)]);
        assert_eq!(reset, OwnLimits::default());
    }

    #[test]
    fn what_is_far_beyond_stays_a_fault_and_black_always_does() {
        let shouted: Vec<_> = [LowContrast, Black].map(|it| said(it, FalseAlarm, 9.0)).to_vec();
        let own = OwnLimits::new(&shouted, []);
        assert_eq!((own.slack(LowContrast), own.slack(Black)), (WIDEST, 0.0));
        assert!(own.settle(LowContrast, 1.0, Some(0.6)).raised);
        assert!(own.settle(Black, 0.5, Some(0.0)).raised);
    }

    #[test]
    fn what_stands_is_over_below_the_lower_limit_only() {
        let calm = OwnLimits::default();
        let stands = OwnLimits::new([], [LowContrast, FaultCode::LowFps]);
        for (score, fresh, standing) in
            [(0.39, false, false), (0.4, false, true), (0.499, false, true), (0.5, true, true)]
        {
            assert_eq!(calm.settle(LowContrast, score, None).raised, fresh, "{score}");
            assert_eq!(stands.settle(LowContrast, score, None).raised, standing, "{score}");
        }
        assert!(stands.settle(LowContrast, 0.45, None).lingers);
        assert!(!stands.settle(LowContrast, 0.5, None).lingers);
        assert!(!stands.settle(Black, 0.45, None).raised, "another fault does not linger");
    }

    #[test]
    fn a_reading_knows_its_bad_side_by_the_score() {
        let below = Reading::new(0.75, 40.0, 50.0, "luma");
        let above = Reading::new(0.75, 60.0, 50.0, "luma");
        assert_eq!((below.excess, above.excess), (Some(0.2), Some(0.2)));
        assert_eq!(Reading::new(0.25, 60.0, 50.0, "luma").excess, Some(-0.2));
        assert_eq!(Reading::new(0.25, 60.0, 0.0, "luma").excess, None);
    }

    fn words() -> impl Strategy<Value = Vec<Feedback>> {
        let word = (0usize..3, 0usize..3, -1.0f64..2.0).prop_map(|(fault, opinion, excess)| {
            let fault = [LowContrast, Black, FaultCode::Occluded][fault];
            said(fault, Opinion::ALL[opinion], excess)
        });
        proptest::collection::vec(word, 0..40)
    }

    proptest! {
        #[test]
        fn whatever_is_said_stays_in_bounds(words in words()) {
            let own = OwnLimits::new(&words, []);
            for &fault in FaultCode::ALL {
                let slack = own.slack(fault);
                prop_assert!((TIGHTEST..=WIDEST).contains(&slack));
                prop_assert!(!is_grave(fault) || slack <= 0.0);
            }
        }

        #[test]
        fn false_alarms_never_tighten_and_confirmations_never_widen(
            words in words(), excess in -1.0f64..2.0
        ) {
            let before = OwnLimits::new(&words, []).slack(LowContrast);
            let with = |opinion| {
                let last = said(LowContrast, opinion, excess);
                OwnLimits::new(words.iter().chain([&last]), []).slack(LowContrast)
            };
            prop_assert!(with(FalseAlarm) >= before);
            prop_assert!(with(Confirmed) <= before);
        }

        #[test]
        fn a_false_alarm_within_bounds_is_not_raised_again(excess in 0.0f64..0.39) {
            let own = OwnLimits::new(&[said(LowContrast, FalseAlarm, excess)], []);
            prop_assert!(!own.settle(LowContrast, score(excess), Some(excess)).raised);
        }

        #[test]
        fn a_wider_limit_never_scores_higher_and_a_worse_figure_never_lower(
            excess in -1.0f64..1.0, more in 0.0f64..0.5, slack in -0.1f64..0.5, wider in 0.0f64..0.3
        ) {
            let at = |excess: f64, slack| shifted(score(excess), Some(excess), slack);
            prop_assert!(at(excess, slack + wider) <= at(excess, slack) + 0.002);
            // Where neither score is clamped, so that both tell the same scale.
            if excess.abs() < 0.39 && (excess + more).abs() < 0.39
                && excess.abs() > 0.01 && (excess + more).abs() > 0.01 {
                prop_assert!(at(excess + more, slack) >= at(excess, slack) - 0.002);
            }
        }
    }
}

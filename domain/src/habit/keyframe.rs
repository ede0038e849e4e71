//! What the coded keyframes of a stream are like, and when one may go without being decoded.
//!
//! A keyframe is compared with the last one that was decoded and found clean, and allowed what this
//! camera's clean keyframes change from one look to the next. So a slow change, as dusk, is followed
//! look by look, and nothing creeps in between two looks. `docs/design/habits.md` has what is seen
//! this way and what is not.

use super::{Habit, Look, Sighting, Spread};
use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Looks that must have been clean before one is spared.
const LEARNED: u32 = 4;
/// In how many deviations a change is usual.
const DEVIATIONS: f64 = 3.0;
/// A change of size (natural logarithm) is usual below the first and never above the second,
/// whatever was learned.
const SIZE: [f64; 2] = [0.03, 0.10];
/// The same of the quantiser, in its own steps.
const QUANTISER: [f64; 2] = [0.5, 1.5];

/// A keyframe by its bytes alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coded {
    /// Size, bytes.
    pub bytes: u32,
    /// Quantiser of its first slice, where it could be read.
    pub qp: Option<i32>,
    /// Eight bytes of the hash of its slices.
    pub hash: u64,
}

/// What clean keyframes are like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Keyframes {
    /// Hash of the last one that came, decoded or not.
    pub last_hash: Option<u64>,
    /// The last one that was decoded and clean.
    pub clean: Option<Coded>,
    /// Natural logarithm of the bytes of clean ones.
    pub ln_bytes: Spread,
    /// Change of that logarithm from one clean one to the next.
    pub ln_step: Spread,
    /// Quantiser of clean ones.
    pub qp: Spread,
    /// Change of the quantiser from one clean one to the next.
    pub qp_step: Spread,
}

/// Whether a keyframe has to be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It has.
    Now,
    /// The last look was clean and is fresh, and this keyframe is like those of that look.
    WithinHabit,
}

impl Keyframes {
    /// Takes the keyframe of a probe.
    pub(super) fn learn(&mut self, coded: Coded, look: Look) {
        self.last_hash = Some(coded.hash);
        if look != Look::Clean || coded.bytes == 0 {
            return;
        }
        let ln_bytes = f64::from(coded.bytes).ln();
        self.ln_bytes.learn(ln_bytes);
        if let Some(qp) = coded.qp {
            self.qp.learn(f64::from(qp));
        }
        if let Some(before) = self.clean.replace(coded) {
            self.ln_step.learn(ln_bytes - f64::from(before.bytes).ln());
            if let (Some(qp), Some(before)) = (coded.qp, before.qp) {
                self.qp_step.learn(f64::from(qp) - f64::from(before));
            }
        }
    }

    fn is_usual(&self, coded: Coded) -> bool {
        let Some(clean) = self.clean.filter(|_| self.ln_step.count() >= LEARNED) else {
            return false;
        };
        // The same bytes again: a picture that stands still, which only a look can tell.
        if coded.bytes == 0 || self.last_hash == Some(coded.hash) || clean.hash == coded.hash {
            return false;
        }
        let usual = |step: &Spread, [least, most]: [f64; 2]| {
            (DEVIATIONS * step.deviation()).clamp(least, most)
        };
        let size = (f64::from(coded.bytes) / f64::from(clean.bytes)).ln().abs();
        let qp = match (coded.qp, clean.qp) {
            (Some(qp), Some(clean)) => f64::from(qp.abs_diff(clean)),
            (None, None) => 0.0,
            _ => return false,
        };
        size <= usual(&self.ln_step, SIZE) && qp <= usual(&self.qp_step, QUANTISER)
    }
}

impl Habit {
    /// Whether the keyframe of a sighting has to be decoded, where a clean picture is looked at
    /// again every `every` at least.
    pub fn look_due(&self, seen: &Sighting, began: Timestamp, every: Duration) -> Due {
        let usual = |coded| self.keyframes.is_usual(coded);
        if self.is_fresh(began, every)
            && self.form.is_some()
            && self.form == seen.form
            && seen.keyframe.is_some_and(usual)
        {
            Due::WithinHabit
        } else {
            Due::Now
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::habit::{Baseline, Flow, Form};

    const EVERY: Duration = Duration::from_secs(600);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + second * 1000)
    }

    fn seen(second: i64, bytes: u32, qp: i32) -> Sighting {
        Sighting {
            at: at(second),
            flow: Flow::Whole,
            form: Some(Form { codec: "h264".into(), width: 1920, height: 1080 }),
            keyframe: Some(Coded { bytes, qp: Some(qp), hash: second.unsigned_abs() }),
            look: Look::Clean,
            ..Sighting::default()
        }
    }

    /// A camera whose keyframes vary by a hundredth.
    fn known() -> Habit {
        (0..8).fold(Habit::default(), |habit, n| {
            let bytes = if n % 2 == 0 { 100_000 } else { 101_000 };
            habit.learn(&seen(n, bytes, 28), Baseline::default())
        })
    }

    fn due(habit: &Habit, seen: &Sighting) -> Due {
        habit.look_due(seen, seen.at, EVERY)
    }

    #[test]
    fn a_usual_keyframe_is_spared_until_the_picture_is_due() {
        let habit = known();
        assert_eq!(due(&habit, &seen(60, 100_500, 28)), Due::WithinHabit);
        assert_eq!(due(&habit, &seen(606, 100_500, 28)), Due::WithinHabit);
        assert_eq!(due(&habit, &seen(607, 100_500, 28)), Due::Now);
        assert_eq!(habit.look_due(&seen(60, 100_500, 28), at(60), Duration::ZERO), Due::Now);
    }

    #[test]
    fn what_departs_is_looked_at() {
        let habit = known();
        let other = |change: fn(&mut Sighting)| {
            let mut other = seen(60, 100_500, 28);
            change(&mut other);
            other
        };
        for departed in [
            seen(60, 95_000, 28),
            seen(60, 106_000, 28),
            seen(60, 100_500, 29),
            other(|seen| seen.keyframe = seen.keyframe.map(|coded| Coded { qp: None, ..coded })),
            other(|seen| seen.form = None),
            other(|seen| seen.form = Some(Form { codec: "h265".into(), width: 1, height: 1 })),
            // The very bytes of the last one, clean or not.
            seen(7, 101_000, 28),
        ] {
            assert_eq!(due(&habit, &departed), Due::Now, "{departed:?}");
        }
        let skipped = Sighting { look: Look::None, ..seen(60, 100_500, 28) };
        let habit = habit.learn(&skipped, Baseline::default());
        assert_eq!(due(&habit, &seen(60, 100_500, 28)), Due::Now);
    }

    #[test]
    fn after_a_fault_every_picture_is_looked_at_until_one_is_clean() {
        let faulty = Sighting { look: Look::Faulty, ..seen(60, 100_500, 28) };
        let habit = known().learn(&faulty, Baseline::default());
        assert_eq!(due(&habit, &seen(90, 100_400, 28)), Due::Now);
        let habit = habit.learn(&seen(90, 100_400, 28), Baseline::default());
        assert_eq!(due(&habit, &seen(120, 100_500, 28)), Due::WithinHabit);
    }

    #[test]
    fn a_camera_nobody_knows_is_looked_at() {
        let mut habit = Habit::default();
        // Three probes make the form, and four changes from there on what is usual.
        for n in 0..7 {
            assert_eq!(due(&habit, &seen(n, 100_000, 28)), Due::Now);
            habit = habit.learn(&seen(n, 100_000, 28), Baseline::default());
        }
        assert_eq!(due(&habit, &seen(7, 100_000, 28)), Due::WithinHabit);
    }

    #[test]
    fn what_was_not_decoded_does_not_move_what_is_usual() {
        // A lens that fogs: each keyframe a little smaller than the one before.
        let mut habit = known();
        let mut bytes = 100_000;
        let first = (0..40).find(|n| {
            bytes -= 500;
            let small = seen(100 + n, bytes, 28);
            let is_due = due(&habit, &small) == Due::Now;
            habit = habit.learn(&Sighting { look: Look::None, ..small }, Baseline::default());
            is_due
        });
        assert_eq!(first, Some(3), "3.0 % below the last look");
    }
}

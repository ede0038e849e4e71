//! 基线: faults that show only beside what this stream usually is.

use super::{ADOPTED_AFTER, AGREEING, Flow, Form, Habit, Keyframes, Look, Sighting, Spread};
use crate::{Detail, Fault, FaultCode, Stage, Timestamp};
use serde::{Deserialize, Serialize};

/// Clean probes after which the bit rate is known.
const KNOWN: u32 = 8;
/// So many deviations below the usual logarithm of the bit rate is unusual, whatever the ratio.
const DEVIATIONS: f64 = 3.0;
/// A keyframe smaller than this share of the usual…
const STARVED_SIZE: f64 = 0.7;
/// …or coarser by so many steps of the quantiser tells that the encoder is short of bits. Six steps
/// double the step size (H.264 §8.5.8).
const STARVED_QP: f64 = 4.0;

/// Where a departure from the usual becomes a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    /// Share of the usual bit rate, 0 to 1, below which it may be `low_bitrate`; 0 never.
    pub bitrate_ratio: f64,
}

impl Default for Baseline {
    /// A quarter: variable rate on a still scene falls to a third or a fifth of its mean, which is
    /// why the rate alone is never enough ([`Habit::departures`]).
    fn default() -> Self {
        Self { bitrate_ratio: 0.25 }
    }
}

/// Probes in a row that found the bit rate low.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Low {
    /// How many.
    pub agreed: u32,
    /// When the first was.
    pub since: Timestamp,
}

impl Habit {
    /// What is wrong with a stream beside what it usually is.
    ///
    /// Another codec or size than the baseline's is told as such. A low bit rate is a fault only
    /// where the encoder shows that it is short of bits: where nothing moves, a variable rate falls
    /// as far, but keyframes stay as large and as fine as ever. Without a keyframe to tell, half of
    /// the limit holds. A picture with a fault explains its bit rate itself.
    pub fn departures(&self, seen: &Sighting, limits: Baseline) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let (Some(usual), Some(now)) = (&self.form, &seen.form)
            && seen.flow == Flow::Whole
        {
            faults.extend(changed(usual, now));
        }
        if let Some((bps, usual_bps)) = self.low_bitrate(seen, limits) {
            let detail = Detail::Bitrate { bps, usual_bps };
            faults.push(Fault::new(FaultCode::LowBitrate, Stage::Receive, detail));
        }
        faults
    }

    /// The bit rate and the usual one, where it is low.
    fn low_bitrate(&self, seen: &Sighting, limits: Baseline) -> Option<(f64, f64)> {
        if seen.flow != Flow::Whole
            || seen.look == Look::Faulty
            || self.form != seen.form
            || self.ln_bitrate.count() < KNOWN
        {
            return None;
        }
        let (bps, usual) = (seen.bitrate_bps.filter(|bps| *bps > 0.0)?, self.bitrate_bps()?);
        let ratio = match seen.keyframe {
            Some(coded) if !self.keyframes.is_starved(coded) => return None,
            Some(_) => limits.bitrate_ratio,
            None => limits.bitrate_ratio / 2.0,
        };
        let unusual = self.ln_bitrate.mean()? - DEVIATIONS * self.ln_bitrate.deviation();
        (bps < ratio * usual && bps.ln() < unusual).then_some((bps, usual))
    }

    /// Takes the bit rate of a whole stream of the expected form.
    pub(super) fn learn_bitrate(&mut self, seen: &Sighting, limits: Baseline) {
        let Some(bps) = seen.bitrate_bps.filter(|bps| *bps > 0.0) else { return };
        if self.low_bitrate(seen, limits).is_none() {
            self.low = None;
            if seen.look != Look::Faulty {
                self.ln_bitrate.learn(bps.ln());
            }
            return;
        }
        let low = self.low.get_or_insert(Low { agreed: 0, since: seen.at });
        low.agreed = low.agreed.saturating_add(1);
        if low.agreed >= AGREEING && seen.at.since(low.since) >= ADOPTED_AFTER {
            // Somebody set it so.
            self.low = None;
            self.ln_bitrate = Spread::default();
            self.keyframes = Keyframes::default();
        }
    }
}

impl Keyframes {
    /// Whether a keyframe is much smaller or coarser than usual.
    fn is_starved(&self, coded: super::Coded) -> bool {
        let small = self
            .ln_bytes
            .mean()
            .is_some_and(|usual| f64::from(coded.bytes.max(1)).ln() < usual + STARVED_SIZE.ln());
        let coarse = self
            .qp
            .mean()
            .zip(coded.qp)
            .is_some_and(|(usual, qp)| f64::from(qp) >= usual + STARVED_QP);
        small || coarse
    }
}

fn changed(usual: &Form, now: &Form) -> Vec<Fault> {
    let fault = |code, usual, now| Fault::new(code, Stage::Receive, Detail::Changed { usual, now });
    let mut faults = Vec::new();
    if usual.codec != now.codec {
        let (usual, now) = (usual.codec.clone(), now.codec.clone());
        faults.push(fault(FaultCode::CodecMismatch, usual, now));
    }
    if (usual.width, usual.height) != (now.width, now.height) {
        let size = |form: &Form| format!("{}×{}", form.width, form.height);
        faults.push(fault(FaultCode::ResolutionMismatch, size(usual), size(now)));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::habit::Coded;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + second * 1000)
    }

    fn seen(second: i64, bps: f64, bytes: u32, qp: i32) -> Sighting {
        Sighting {
            at: at(second),
            flow: Flow::Whole,
            form: Some(Form { codec: "h264".into(), width: 1920, height: 1080 }),
            bitrate_bps: Some(bps),
            keyframe: Some(Coded { bytes, qp: Some(qp), hash: second.unsigned_abs() }),
            look: Look::Clean,
            ..Sighting::default()
        }
    }

    fn known() -> Habit {
        (0..12).fold(Habit::default(), |habit, n| {
            let bps = if n % 2 == 0 { 1.8e6 } else { 2.2e6 };
            habit.learn(&seen(n, bps, 100_000, 28), Baseline::default())
        })
    }

    fn codes(habit: &Habit, seen: &Sighting) -> Vec<FaultCode> {
        habit.departures(seen, Baseline::default()).iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn another_codec_and_size_are_told_until_they_are_the_baseline() {
        let mut habit = known();
        let form = Form { codec: "h265".into(), width: 704, height: 576 };
        let other = |second| Sighting { form: Some(form.clone()), ..seen(second, 5e5, 30_000, 28) };
        let both = [FaultCode::CodecMismatch, FaultCode::ResolutionMismatch];
        for second in [60, 90, 120, 150, 180] {
            assert_eq!(codes(&habit, &other(second)), both);
            habit = habit.learn(&other(second), Baseline::default());
        }
        let day = 60 + 86_400;
        habit = habit.learn(&other(day), Baseline::default());
        assert_eq!(codes(&habit, &other(day + 60)), []);
        let disturbed = Sighting { flow: Flow::Disturbed, ..seen(day + 60, 2e6, 100_000, 28) };
        assert_eq!(codes(&habit, &disturbed), [], "a torn stream tells no form");
    }

    #[test]
    fn a_starved_encoder_has_a_low_bit_rate() {
        let habit = known();
        assert_eq!(codes(&habit, &seen(60, 3e5, 40_000, 28)), [FaultCode::LowBitrate]);
        assert_eq!(codes(&habit, &seen(60, 3e5, 90_000, 40)), [FaultCode::LowBitrate]);
        let fault = &habit.departures(&seen(60, 3e5, 40_000, 28), Baseline::default())[0];
        assert_eq!(fault.detail.render(crate::Lang::En), "0.30 Mbit/s, usually 1.99 Mbit/s");
    }

    #[test]
    fn a_still_scene_at_variable_rate_has_none() {
        let habit = known();
        assert_eq!(codes(&habit, &seen(60, 1e5, 98_000, 28)), []);
        let blind = |bps| Sighting { keyframe: None, ..seen(60, bps, 0, 0) };
        assert_eq!(codes(&habit, &blind(3e5)), [], "without a keyframe half the limit holds");
        assert_eq!(codes(&habit, &blind(1e5)), [FaultCode::LowBitrate]);
    }

    #[test]
    fn a_black_picture_explains_its_bit_rate() {
        let black = Sighting { look: Look::Faulty, ..seen(60, 5e4, 2_000, 20) };
        assert_eq!(codes(&known(), &black), []);
    }

    #[test]
    fn nothing_is_low_before_the_usual_is_known_or_where_the_limit_is_off() {
        let few = (0..KNOWN.into()).fold(Habit::default(), |habit, n| {
            habit.learn(&seen(n, 2e6, 100_000, 28), Baseline::default())
        });
        assert_eq!(codes(&few, &seen(60, 1e5, 20_000, 40)), [], "the form was learned first");
        let off = Baseline { bitrate_ratio: 0.0 };
        assert!(known().departures(&seen(60, 1e3, 2_000, 51), off).is_empty());
    }

    #[test]
    fn a_low_rate_teaches_nothing_for_a_day_and_is_then_what_somebody_set() {
        let low = |second| seen(second, 3e5, 40_000, 28);
        let mut habit = known();
        for second in 60..80 {
            habit = habit.learn(&low(second), Baseline::default());
            assert_eq!(codes(&habit, &low(second)), [FaultCode::LowBitrate]);
        }
        habit = habit.learn(&low(60 + 86_400), Baseline::default());
        assert_eq!((codes(&habit, &low(90_000)), habit.low), (vec![], None));
    }
}

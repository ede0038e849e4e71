//! 设备习惯: what is learned of one stream of one camera, and what follows from it.
//!
//! A [`Habit`] belongs to one address of one device. It is a value: [`Habit::learn`] takes what a
//! probe saw and gives the habit from then on. Only what came whole and clean teaches, so that a
//! fault never becomes what is expected; the one exception is a wait for a keyframe that was in
//! vain, which teaches to wait longer. [`Habit::wait_for_keyframe`] says how long the next probe
//! waits, [`Habit::look_due`] whether its keyframe is decoded, [`Habit::departures`] what is wrong
//! beside what is usual.
//!
//! Invariants: every number is finite and bounded whatever is fed; times never go back; the size
//! does not grow with the number of probes.

mod baseline;
mod keyframe;
mod spread;

pub use baseline::{Baseline, Low};
pub use keyframe::{Coded, Due, Keyframes};
pub use spread::Spread;

use crate::{Timestamp, Transport};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Agreeing probes that make a form the baseline.
pub const AGREEING: u32 = 3;
/// For so long a changed form is told as a fault before it becomes the baseline by itself: a
/// working day and the night after it, so that somebody had the chance to see it.
pub const ADOPTED_AFTER: Duration = Duration::from_secs(86_400);
/// For so long a stream that came over UDP alone is asked for over UDP first. Then TCP has its turn
/// again: it loses nothing, and a device that refused it once may have been busy.
pub const UDP_FIRST_FOR: Duration = Duration::from_secs(86_400);
/// The longest group of pictures believed, ms. Smart codecs reach minutes (Q68).
const LONGEST_GOP_MS: f64 = 3_600_000.0;
/// Weight of a newly measured group of pictures.
const GOP_WEIGHT: f64 = 0.2;
/// One look at a picture in so many also looks at those right after it.
const LOOKS_A_RUN: u32 = 6;
/// For so long a camera that shook is taken to shake on where that could not be told again.
const SHAKES_ON: Duration = Duration::from_secs(3_600);
/// Over the learned group of pictures, how long a keyframe is waited for.
const GOP_MARGIN: f64 = 1.25;

/// The form of a stream: what an encoder keeps until somebody sets it anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// As in [`crate::VideoFacts::codec`].
    pub codec: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// A form that may become the baseline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The form.
    pub form: Form,
    /// Probes in a row that saw it.
    pub agreed: u32,
    /// When the first of them was.
    pub since: Timestamp,
}

/// The last time a keyframe was decoded and judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// When.
    pub at: Timestamp,
    /// Whether anything was wrong with it.
    pub clean: bool,
}

/// Whether the stream came as the camera sends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// Whole: no loss, no stall, no break.
    Whole,
    /// With something missing; figures of it teach nothing.
    #[default]
    Disturbed,
}

/// What became of the keyframe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// It was not decoded.
    #[default]
    None,
    /// Decoded, judged, nothing wrong.
    Clean,
    /// Not decodable, or something wrong with the picture.
    Faulty,
}

/// How a probe waited for a keyframe, ms from the first packet.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Wait {
    /// None was wanted.
    #[default]
    None,
    /// One came after so long.
    Met(f64),
    /// None came in so long.
    InVain(f64),
}

/// How media came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Came {
    /// Not at all.
    #[default]
    Not,
    /// As was asked for first, or over TCP after all.
    By(Transport),
    /// Over UDP, after TCP had been refused or silent.
    ByUdpAlone,
}

/// What one probe saw of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sighting {
    /// When it ended.
    pub at: Timestamp,
    /// Whether it came whole.
    pub flow: Flow,
    /// How media came.
    pub came: Came,
    /// The form, where the stream told it.
    pub form: Option<Form>,
    /// Frames per second by SDP or SPS.
    pub declared_fps: Option<f64>,
    /// Bits per second.
    pub bitrate_bps: Option<f64>,
    /// From keyframe to keyframe, ms, where two came.
    pub gop_ms: Option<f64>,
    /// The wait for a keyframe.
    pub wait: Wait,
    /// The keyframe, where a whole one came.
    pub keyframe: Option<Coded>,
    /// What became of it.
    pub look: Look,
    /// What became of the pictures after it: whether the camera shakes.
    pub run: Look,
}

/// How long a probe waits for a keyframe, and what it means if none comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// From the first packet.
    pub wait: Duration,
    /// What a wait in vain is.
    pub in_vain: InVain,
}

/// What it means when no keyframe came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InVain {
    /// `no_keyframe`.
    Fault,
    /// Nothing: the picture is not due, and this camera is known to send keyframes further apart
    /// than was waited.
    Expected,
}

/// What is learned of one stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Habit {
    /// Since when it is learned, where an operator had it forgotten; what a probe that began before
    /// learned no longer counts.
    pub since: Option<Timestamp>,
    /// The form that is expected.
    pub form: Option<Form>,
    /// Another that was seen lately.
    pub candidate: Option<Candidate>,
    /// Frames per second by SDP or SPS, as last told.
    pub declared_fps: Option<f64>,
    /// From keyframe to keyframe, ms; at least what was waited for one that came.
    pub gop_ms: Option<f64>,
    /// The next wait for a keyframe after one in vain, ms.
    pub patience_ms: Option<f64>,
    /// When a keyframe was last waited for in vain, and how long, ms.
    pub in_vain: Option<(Timestamp, f64)>,
    /// Natural logarithm of the bits per second of clean probes.
    pub ln_bitrate: Spread,
    /// Set while the bit rate is low.
    pub low: Option<Low>,
    /// What keyframes are like.
    pub keyframes: Keyframes,
    /// The last decoded keyframe.
    pub judged: Option<Judged>,
    /// The last time that the pictures after a keyframe told whether it shakes.
    pub shaken: Option<Judged>,
    /// When TCP last failed and media came over UDP; `None` since they came over TCP.
    pub udp_alone: Option<Timestamp>,
}

impl Habit {
    /// The habit after a probe.
    #[must_use]
    pub fn learn(&self, seen: &Sighting, limits: Baseline) -> Self {
        let mut next = self.clone();
        next.judged = judged(self.judged, seen.at, seen.look);
        next.shaken = judged(self.shaken, seen.at, seen.run);
        // Media that came with a fault came all the same.
        match seen.came {
            Came::Not | Came::By(Transport::Udp) => {}
            Came::By(Transport::Tcp) => next.udp_alone = None,
            Came::ByUdpAlone => next.udp_alone = Some(seen.at),
        }
        if seen.flow == Flow::Disturbed {
            return next;
        }
        next.learn_gop(seen);
        next.learn_form(seen);
        if let Some(fps) = seen.declared_fps.filter(|fps| fps.is_finite()) {
            next.declared_fps = Some(fps);
        }
        if seen.form.is_some() && next.form == seen.form {
            next.learn_bitrate(seen, limits);
            if let Some(coded) = seen.keyframe.filter(|_| next.low.is_none()) {
                next.keyframes.learn(coded, seen.look);
            }
        }
        next
    }

    /// How long a probe at `now` waits for a keyframe, where the picture is looked at every
    /// `every` at least. A camera nobody knows is given `usual`; no camera more than `most`, and
    /// that only when its picture is due.
    pub fn wait_for_keyframe(
        &self,
        now: Timestamp,
        every: Duration,
        usual: Duration,
        most: Duration,
    ) -> Patience {
        let long = |ms: Option<f64>, factor: f64| ms.map_or(0.0, |ms| ms * factor / 1e3);
        let learned = long(self.gop_ms, GOP_MARGIN).max(long(self.patience_ms, 1.0));
        let learned = Duration::from_secs_f64(learned.clamp(0.0, 1e6));
        if learned <= usual {
            return Patience { wait: usual, in_vain: InVain::Fault };
        }
        if self.is_fresh(now, every) {
            return Patience { wait: Duration::ZERO, in_vain: InVain::Expected };
        }
        // The longest wait was in vain: not again before its time, and it stays a fault.
        let spent = self.in_vain.is_some_and(|(at, waited)| {
            waited >= most.as_secs_f64() * 1e3 && is_within(at, now, every)
        });
        let wait = if spent { usual } else { learned.min(most).max(usual) };
        Patience { wait, in_vain: InVain::Fault }
    }

    /// Whether the last look was clean and less than `every` ago.
    pub fn is_fresh(&self, now: Timestamp, every: Duration) -> bool {
        self.judged.is_some_and(|judged| judged.clean && is_within(judged.at, now, every))
    }

    /// Whether a probe at `now`, whose picture is due, takes the pictures after the keyframe too: at
    /// every sixth look, and after one that shook until one does not.
    pub fn is_run_due(&self, now: Timestamp, every: Duration) -> bool {
        let length = every * LOOKS_A_RUN;
        let told = |shaken: Judged| shaken.clean && is_within(shaken.at, now, length);
        !self.is_fresh(now, every) && !self.shaken.is_some_and(told)
    }

    /// Whether it shook when that was last told, not long ago.
    pub fn shakes_on(&self, now: Timestamp) -> bool {
        self.shaken.is_some_and(|shaken| !shaken.clean && is_within(shaken.at, now, SHAKES_ON))
    }

    /// What a probe at `now` that may use either transport asks for first.
    pub fn first_transport(&self, now: Timestamp) -> Transport {
        match self.udp_alone {
            Some(at) if is_within(at, now, UDP_FIRST_FOR) => Transport::Udp,
            _ => Transport::Tcp,
        }
    }

    /// Bits per second of this stream on a usual day; `None` before anything was learned.
    pub fn bitrate_bps(&self) -> Option<f64> {
        self.ln_bitrate.mean().map(f64::exp)
    }

    fn learn_gop(&mut self, seen: &Sighting) {
        let sane = |ms: f64| (ms.is_finite() && ms > 0.0).then_some(ms.min(LONGEST_GOP_MS));
        if let Some(measured) = seen.gop_ms.and_then(sane) {
            let known = self.gop_ms.unwrap_or(measured);
            self.gop_ms = Some(known + GOP_WEIGHT * (measured - known));
        }
        let waited = match seen.wait {
            Wait::None => return,
            Wait::Met(ms) => {
                self.patience_ms = None;
                self.in_vain = None;
                ms
            }
            Wait::InVain(ms) => {
                // It says nothing of the distance: the device may have sent none at all.
                if let Some(waited) = sane(ms) {
                    let doubled = (2.0 * waited).min(LONGEST_GOP_MS);
                    self.patience_ms = Some(doubled.max(self.patience_ms.unwrap_or(0.0)));
                    if self.in_vain.is_none_or(|(_, longest)| waited >= longest) {
                        self.in_vain = Some((seen.at, waited));
                    }
                }
                return;
            }
        };
        // Two keyframes tell the distance; one tells only that it is no shorter than the wait.
        if let Some(waited) = sane(waited).filter(|_| seen.gop_ms.is_none()) {
            self.gop_ms = Some(self.gop_ms.unwrap_or(0.0).max(waited));
        }
    }

    fn learn_form(&mut self, seen: &Sighting) {
        let Some(form) = &seen.form else { return };
        if self.form.as_ref() == Some(form) {
            self.candidate = None;
            return;
        }
        let candidate = match self.candidate.take().filter(|known| known.form == *form) {
            Some(known) => Candidate { agreed: known.agreed.saturating_add(1), ..known },
            None => Candidate { form: form.clone(), agreed: 1, since: seen.at },
        };
        let long_enough = self.form.is_none() || seen.at.since(candidate.since) >= ADOPTED_AFTER;
        if candidate.agreed >= AGREEING && long_enough {
            let known = self.form.replace(candidate.form);
            if known.is_some() {
                // Of another form, other figures.
                self.ln_bitrate = Spread::default();
                self.low = None;
                self.keyframes = Keyframes::default();
            }
        } else {
            self.candidate = Some(candidate);
        }
    }
}

/// What is known after a look at `at`.
fn judged(before: Option<Judged>, at: Timestamp, look: Look) -> Option<Judged> {
    if look == Look::None {
        return before;
    }
    let at = before.map_or(at, |before| before.at.max(at));
    Some(Judged { at, clean: look == Look::Clean })
}

/// Whether `at` and `now` are less than `length` apart. A moment far to come was written by a clock
/// that was wrong.
fn is_within(at: Timestamp, now: Timestamp, length: Duration) -> bool {
    now.since(at).max(at.since(now)) < length
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const USUAL: Duration = Duration::from_secs(12);
    const MOST: Duration = Duration::from_secs(150);
    const EVERY: Duration = Duration::from_secs(600);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + second * 1000)
    }

    fn form(codec: &str, width: u32) -> Form {
        Form { codec: codec.to_owned(), width, height: width / 16 * 9 }
    }

    fn clean(second: i64) -> Sighting {
        Sighting {
            at: at(second),
            flow: Flow::Whole,
            form: Some(form("h264", 1920)),
            bitrate_bps: Some(2e6),
            gop_ms: Some(2_000.0),
            wait: Wait::Met(500.0),
            look: Look::Clean,
            ..Sighting::default()
        }
    }

    fn taught(habit: &Habit, seen: &Sighting) -> Habit {
        habit.learn(seen, Baseline::default())
    }

    fn waits(habit: &Habit, second: i64) -> (u64, InVain) {
        let patience = habit.wait_for_keyframe(at(second), EVERY, USUAL, MOST);
        (patience.wait.as_secs(), patience.in_vain)
    }

    #[test]
    fn a_camera_of_short_groups_is_given_the_usual_wait() {
        let habit = Habit::default();
        assert_eq!(waits(&habit, 0), (12, InVain::Fault));
        assert_eq!(waits(&taught(&habit, &clean(0)), 60), (12, InVain::Fault));
    }

    #[test]
    fn q68_each_wait_in_vain_doubles_the_next_up_to_the_cap() {
        let mut habit = Habit::default();
        let mut waited = Vec::new();
        for second in [0, 60, 120, 180, 240] {
            let (wait, in_vain) = waits(&habit, second);
            assert_eq!(in_vain, InVain::Fault);
            waited.push(wait);
            let wait = Wait::InVain(wait as f64 * 1e3);
            let vain = Sighting { wait, gop_ms: None, look: Look::None, ..clean(second) };
            habit = taught(&habit, &vain);
        }
        assert_eq!(waited, [12, 24, 48, 96, 150]);
        // The cap itself was in vain: told on, but not spent again until the picture is due.
        assert_eq!(waits(&habit, 300), (12, InVain::Fault));
        assert_eq!(waits(&habit, 240 + 600), (150, InVain::Fault));
    }

    #[test]
    fn q68_a_long_group_once_learned_is_waited_for_when_due_and_only_then() {
        let long = Sighting { wait: Wait::Met(40_000.0), gop_ms: None, ..clean(0) };
        let habit = taught(&Habit::default(), &long);
        assert_eq!(habit.gop_ms, Some(40_000.0));
        assert_eq!(waits(&habit, 60), (0, InVain::Expected));
        assert_eq!(waits(&habit, 600), (50, InVain::Fault));
        let faulty = taught(&habit, &Sighting { look: Look::Faulty, ..long });
        assert_eq!(waits(&faulty, 60), (50, InVain::Fault), "always until it is clean");
    }

    #[test]
    fn a_camera_is_seen_to_shake_at_every_sixth_look_and_until_it_stands_still() {
        let seen = |second, run| Sighting { run, look: run, ..clean(second) };
        let habit = Habit::default();
        assert!(habit.is_run_due(at(0), EVERY) && !habit.shakes_on(at(0)));
        let still = taught(&habit, &seen(0, Look::Clean));
        assert!(!still.is_run_due(at(3_599), EVERY) && still.is_run_due(at(3_600), EVERY));
        assert!(still.is_run_due(at(0), Duration::ZERO), "each time");
        let looked = taught(&still, &clean(3_590));
        assert!(!looked.is_run_due(at(3_600), EVERY), "with a look that is due");
        let shaken = taught(&still, &seen(60, Look::Faulty));
        assert!(shaken.is_run_due(at(61), EVERY) && shaken.shakes_on(at(61)));
        let untold = taught(&shaken, &seen(120, Look::None));
        assert!(untold.shakes_on(at(60 + 3_599)) && !untold.shakes_on(at(60 + 3_600)));
        assert!(!taught(&untold, &seen(180, Look::Clean)).shakes_on(at(181)));
    }

    #[test]
    fn a_measured_group_corrects_a_wait_that_was_long_by_chance() {
        let mut habit = Habit { gop_ms: Some(60_000.0), ..Habit::default() };
        for second in 0..30 {
            habit = taught(&habit, &clean(second));
        }
        assert!(habit.gop_ms.unwrap() < 2_200.0, "{habit:?}");
    }

    #[test]
    fn three_agreeing_probes_make_a_baseline_and_a_change_needs_a_day_too() {
        let mut habit = Habit::default();
        for second in 0..2 {
            habit = taught(&habit, &clean(second));
            assert_eq!(habit.form, None);
        }
        habit = taught(&habit, &clean(2));
        assert_eq!(habit.form, Some(form("h264", 1920)));
        let small = |second| Sighting { form: Some(form("h264", 704)), ..clean(second) };
        for second in 3..20 {
            habit = taught(&habit, &small(second));
            assert_eq!(habit.form, Some(form("h264", 1920)));
        }
        assert_eq!(taught(&habit, &clean(20)).candidate, None, "back to what it was");
        habit = taught(&habit, &small(3 + 86_400));
        assert_eq!((habit.form, habit.candidate), (Some(form("h264", 704)), None));
    }

    #[test]
    fn what_came_with_a_fault_teaches_nothing() {
        let habit = (0..5).fold(Habit::default(), |habit, second| taught(&habit, &clean(second)));
        let broken = Sighting {
            flow: Flow::Disturbed,
            bitrate_bps: Some(1.0),
            gop_ms: Some(90_000.0),
            form: Some(form("h265", 64)),
            ..clean(9)
        };
        let after = taught(&habit, &Sighting { look: Look::None, ..broken });
        assert_eq!(after, habit);
        let black = Sighting { look: Look::Faulty, bitrate_bps: Some(1.0), ..clean(9) };
        assert_eq!(taught(&habit, &black).ln_bitrate, habit.ln_bitrate);
    }

    #[test]
    fn udp_is_asked_for_first_for_a_day_after_tcp_failed() {
        let came = |second, came| Sighting { at: at(second), came, ..Sighting::default() };
        let habit = taught(&Habit::default(), &came(0, Came::ByUdpAlone));
        assert_eq!(Habit::default().first_transport(at(0)), Transport::Tcp);
        assert_eq!(habit.first_transport(at(60)), Transport::Udp);
        // That it goes on as asked says nothing of TCP, nor does a device that is gone.
        for how in [Came::By(Transport::Udp), Came::Not] {
            let habit = taught(&habit, &came(40_000, how));
            assert_eq!(habit.first_transport(at(86_399)), Transport::Udp);
            assert_eq!(habit.first_transport(at(86_400)), Transport::Tcp);
        }
        let again = taught(&habit, &came(86_400, Came::ByUdpAlone));
        assert_eq!(again.first_transport(at(86_400 + 60)), Transport::Udp);
        assert_eq!(again.first_transport(at(0)), Transport::Tcp, "a clock was wrong");
        let changed = taught(&again, &came(86_500, Came::By(Transport::Tcp)));
        assert_eq!(changed, Habit::default());
    }

    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![
            Just(f64::NAN),
            Just(f64::INFINITY),
            Just(-1.0),
            Just(0.0),
            0.0..1e15f64,
            any::<f64>()
        ]
    }

    fn sighting() -> impl Strategy<Value = Sighting> {
        let figures = (number(), number(), number(), number());
        let coded =
            proptest::option::of((any::<u32>(), proptest::option::of(-48..=51), any::<u64>()));
        (0i64..1_000_000, any::<bool>(), 0u8..4, 0u8..3, 0u8..3, figures, coded).prop_map(
            |(second, whole, size, wait, look, (bitrate, gop, waited, fps), coded)| Sighting {
                at: at(second),
                flow: if whole { Flow::Whole } else { Flow::Disturbed },
                came: [Came::Not, Came::By(Transport::Tcp), Came::ByUdpAlone][usize::from(look)],
                form: (size > 0).then(|| form("h264", u32::from(size) * 640)),
                declared_fps: Some(fps),
                bitrate_bps: Some(bitrate),
                gop_ms: (size > 1).then_some(gop),
                wait: [Wait::None, Wait::Met(waited), Wait::InVain(waited)][usize::from(wait)],
                keyframe: coded.map(|(bytes, qp, hash)| Coded { bytes, qp, hash }),
                look: [Look::None, Look::Clean, Look::Faulty][usize::from(look)],
                run: [Look::Faulty, Look::None, Look::Clean][usize::from(wait)],
            },
        )
    }

    proptest! {
        #[test]
        fn whatever_is_seen_the_habit_stays_finite_small_and_in_time(
            sightings in proptest::collection::vec(sighting(), 1..40)
        ) {
            let mut habit = Habit::default();
            for seen in sightings {
                let next = taught(&habit, &seen);
                prop_assert!(next.judged.map(|j| j.at) >= habit.judged.map(|j| j.at));
                let patience = next.wait_for_keyframe(seen.at, EVERY, USUAL, MOST);
                prop_assert!(patience.wait <= MOST);
                // A number that is none would not come back out of JSON.
                let text = serde_json::to_string(&next).unwrap();
                prop_assert!(text.len() < 2000, "{text}");
                let back: Habit = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(&back.form, &next.form);
                prop_assert!(next.gop_ms.is_none_or(|ms| (0.0..=LONGEST_GOP_MS).contains(&ms)));
                prop_assert!(next.bitrate_bps().is_none_or(f64::is_finite));
                habit = next;
            }
        }
    }
}

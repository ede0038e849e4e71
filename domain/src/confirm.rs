//! Soft and hard: how a row of results becomes a state, and which minutes it paints.
//!
//! Invariants: an unconfirmed failure leaves the state as it was; a confirmed outage counts from
//! its first failed probe; a result stands for its hold and not a moment longer; what was not
//! observed is never up and never down.

use crate::{
    CallSkipped, Depth, DeviceKind, FaultCode, Group, Observation, PictureSkipped, State,
    Timestamp, Verdict,
    incident::{Shown, flapping::Recent},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// When a failure becomes hard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmRule {
    /// Consecutive failed results that make it hard, the first counted in; at least 1.
    pub failures: u32,
    /// Time between results while in doubt.
    pub retry: Duration,
}

/// Whether anybody looks at the picture of a device.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Judging {
    /// Nothing is noted of it: it has no picture, or the row is from before this was noted.
    #[default]
    Untold,
    /// Its pictures are judged.
    Judged,
    /// Media flow, and no picture of them was judged for as long as a result stands.
    Unjudged,
}

words!(Judging {
    Untold = "untold", "未记", "not noted";
    Judged = "judged", "已判", "judged";
    Unjudged = "unjudged", "未判", "not judged";
});

impl Judging {
    /// Of one observation. A picture that was skipped because the last one still stands is judged; one
    /// that cannot be read is too.
    fn of(observation: &Observation) -> Self {
        if observation.kind != DeviceKind::Camera {
            return Self::Untold;
        }
        let is_told = |code: FaultCode| {
            use FaultCode::{EncryptedSuspected, NoKeyframe, Undecodable};
            matches!(code, EncryptedSuspected | NoKeyframe | Undecodable)
        };
        let is_seen = observation.picture.is_some()
            || observation.picture_skipped.is_some_and(PictureSkipped::stands)
            || observation.faults.iter().any(|it| is_told(it.code) && !it.detail.is_ours());
        if is_seen { Self::Judged } else { Self::Unjudged }
    }
}

/// What an answer says of a device where no media were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// That its signalling lives: media are what a camera is for.
    Signals,
    /// That what was known of it goes on: a call was to follow, and could not be made now.
    Confirms,
    /// That it is well, as far as anybody may see: equipment, an endpoint that nobody is to call, one that
    /// is in a call.
    Suffices,
}

impl Answer {
    fn of(observation: &Observation) -> Self {
        use CallSkipped::{Busy, InMeeting, NoRoom, NotPermitted, NotReady};
        let skipped = observation.call.as_ref().and_then(|call| call.skipped);
        match (observation.kind, skipped) {
            (DeviceKind::Camera, _) => Self::Signals,
            (DeviceKind::Endpoint, Some(InMeeting | NoRoom | NotReady)) => Self::Confirms,
            (DeviceKind::Endpoint, Some(Busy | NotPermitted) | None)
            | (DeviceKind::Equipment, _) => Self::Suffices,
        }
    }
}

/// What judgement needs of one observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// When the result was there.
    pub at: Timestamp,
    /// What an answer says, where there was no more than one: depth `reach`.
    pub answer: Option<Answer>,
    /// Its conclusion.
    pub verdict: Verdict,
    /// Whether the device answered at all.
    pub reached: bool,
    /// Its faults, in the order met.
    pub faults: Vec<FaultCode>,
    /// Whether a picture was judged.
    pub is_judged: bool,
    /// What that says of those that were not looked at.
    pub judging: Judging,
}

impl Outcome {
    /// Of an observation, dated by its end.
    pub fn of(observation: &Observation) -> Self {
        let took = Duration::from_secs_f64(observation.duration_ms.max(0.0) / 1000.0);
        Self {
            at: observation.started_at + took,
            answer: (observation.depth == Depth::Reach).then(|| Answer::of(observation)),
            verdict: observation.verdict,
            reached: observation.reached,
            faults: observation.faults.iter().map(|fault| fault.code).collect(),
            is_judged: observation.picture.is_some(),
            judging: Judging::of(observation),
        }
    }
}

/// A failure that is not hard yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// The state it would bring.
    pub state: State,
    /// First result of the unbroken run that says so.
    pub since: Timestamp,
    /// Failed results so far.
    pub count: u32,
    /// What they said last.
    pub faults: Vec<FaultCode>,
    /// The last result before `since`, where it still stood: the failure began between the two.
    #[serde(default)]
    pub after: Option<Timestamp>,
    /// Of [`State::Down`]: the longer run it ends, some results of which said no worse than degraded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesser: Option<Lesser>,
}

/// A run of failed results that agree on degraded at least.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesser {
    /// Its first result.
    pub since: Timestamp,
    /// Failed results so far.
    pub count: u32,
    /// The last result before it, where that still stood.
    pub after: Option<Timestamp>,
    /// What the last of them said that was not down.
    pub faults: Vec<FaultCode>,
}

impl Doubt {
    /// The doubt after a result that would bring `state`; `stood` is the last result where it still stands. A
    /// worse kind counts for itself, and for the lesser one too.
    fn next(
        before: Option<Self>,
        state: State,
        outcome: &Outcome,
        stood: Option<Timestamp>,
    ) -> Self {
        let faults = outcome.faults.clone();
        let new = Self { state, since: outcome.at, count: 1, faults, after: stood, lesser: None };
        let Some(before) = before else { return new };
        match (before.state == state, before.lesser) {
            (true, lesser) => Self {
                since: before.since,
                count: before.count + 1,
                after: before.after,
                lesser: lesser.map(|run| Lesser { count: run.count + 1, ..run }),
                ..new
            },
            (false, Some(run)) => {
                Self { since: run.since, count: run.count + 1, after: run.after, ..new }
            }
            (false, None) => {
                let (since, count, after) = (before.since, before.count + 1, before.after);
                match state {
                    State::Down => {
                        let lesser = Some(Lesser { since, count, after, faults: before.faults });
                        Self { lesser, ..new }
                    }
                    _ => Self { since, count, after, ..new },
                }
            }
        }
    }
}

/// What is known of one device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// Its confirmed state, as of the last result.
    pub state: State,
    /// Since when it is in that state.
    pub since: Timestamp,
    /// The faults of that state.
    pub faults: Vec<FaultCode>,
    /// Whether it answered at all.
    pub reached: bool,
    /// When the last result was there; `None` before the first.
    pub last_result: Option<Timestamp>,
    /// How long that result stands.
    pub hold: Duration,
    /// A failure that is not hard yet.
    pub doubt: Option<Doubt>,
    /// Results so far.
    pub round: u64,
    /// Which of the last results were lost.
    pub recent: Recent,
    /// What the last judged pictures show.
    pub shown: Shown,
    /// Whether anybody looks at its picture.
    pub judging: Judging,
    /// When a picture of it was judged last.
    pub judged_at: Option<Timestamp>,
}

/// A change of state or of its faults: the truth from which figures are recomputed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// From when on.
    pub at: Timestamp,
    /// The state from then on.
    pub state: State,
    /// Whether the device answered.
    pub reached: bool,
    /// The faults of that state.
    pub faults: Vec<FaultCode>,
    /// Whether its picture was judged meanwhile.
    pub judging: Judging,
}

/// A half-open stretch of time in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First moment.
    pub from: Timestamp,
    /// First moment after it.
    pub to: Timestamp,
    /// The state.
    pub state: State,
}

/// What one result changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// What is known from now on.
    pub standing: Standing,
    /// Changes, in order of time.
    pub transitions: Vec<Transition>,
    /// Minutes to raise in the strips.
    pub paint: Vec<Span>,
    /// The last result before a failure that was confirmed by this one.
    pub after: Option<Timestamp>,
    /// Whether incidents have to hear of it.
    pub news: News,
    /// Picture faults that are confirmed, and since when.
    pub shown: Vec<(FaultCode, Timestamp)>,
}

/// Whether a step is told to those who judge incidents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum News {
    /// Nothing that they know of has changed.
    #[default]
    None,
    /// The device stands otherwise, or began or ceased to flap.
    Told,
}

impl Standing {
    /// Whether the last result says anything of `now`: not once its hold is over, and not where it
    /// lies so far ahead that the clock that dated it was wrong.
    pub fn stands(&self, now: Timestamp) -> bool {
        self.last_result.is_some_and(|last| now <= last + self.hold && last <= now + self.hold)
    }

    /// The state at `now`: unknown where the last result does not stand.
    pub fn state_at(&self, now: Timestamp) -> State {
        if self.stands(now) { self.state } else { State::Unknown }
    }

    /// The stretch since the last result, which no strip holds yet.
    pub fn open_span(&self, now: Timestamp) -> Option<Span> {
        let from = self.last_result?;
        let to = now.min(from + self.hold);
        (to > from && self.state != State::Unknown).then_some(Span { from, to, state: self.state })
    }

    /// What the result `outcome` changes. `hold` is how long it stands.
    pub fn advance(&self, outcome: &Outcome, rule: ConfirmRule, hold: Duration) -> Step {
        let mut step = self.expire(outcome.at);
        step.standing.round += 1;
        let stood = (step.standing.state != State::Unknown).then_some(self.last_result).flatten();
        if outcome.verdict != Verdict::Unknown {
            let was_flapping = step.standing.recent.is_flapping();
            step.standing.recent.push(outcome.verdict == Verdict::Offline);
            if step.standing.recent.is_flapping() != was_flapping {
                step.news = News::Told;
            }
        }
        let judging = step.standing.look(outcome, hold);
        let before = step.standing.shown.confirmed(rule.failures);
        if outcome.is_judged {
            let faults = outcome.faults.iter().copied().filter(|it| it.group() == Group::Picture);
            step.standing.shown.push(outcome.at, faults);
        }
        step.shown = step.standing.shown.confirmed(rule.failures);
        if step.shown != before {
            step.news = News::Told;
        }
        if outcome.verdict == Verdict::Online && step.standing.outlasts(outcome.answer) {
            step.answered_only(outcome, judging);
            return step;
        }
        let now = &mut step.standing;
        now.last_result = Some(outcome.at);
        now.hold = hold;
        let target = match outcome.verdict {
            Verdict::Online => State::Up,
            Verdict::Degraded => State::Degraded,
            Verdict::Offline => State::Down,
            Verdict::Unknown => State::Unknown,
        };
        let is_failure = match (now.state, target) {
            (State::Unknown, State::Down) => true,
            (State::Unknown, _) => false,
            (state, target) => target > state,
        };
        if !is_failure {
            now.doubt = None;
            step.enter(outcome.at, target, outcome, judging);
            return step;
        }
        let doubt = Doubt::next(now.doubt.take(), target, outcome, stood);
        if doubt.count >= rule.failures {
            step.harden(doubt.since, doubt.after, (target, judging), outcome);
            return step;
        }
        let (lesser, doubt) = (doubt.lesser.clone(), Doubt { lesser: None, ..doubt });
        match lesser {
            // So many failed, though not so many that they are all down.
            Some(run) if run.count >= rule.failures => {
                let agreed = Outcome { reached: true, faults: run.faults, ..outcome.clone() };
                step.harden(run.since, run.after, (State::Degraded, judging), &agreed);
                step.standing.doubt = Some(doubt);
            }
            lesser => step.standing.doubt = Some(Doubt { lesser, ..doubt }),
        }
        step
    }

    /// Whether an answer leaves open how the device stands: what only media told, they alone take back.
    fn outlasts(&self, answer: Option<Answer>) -> bool {
        let by_media = |code: &FaultCode| match code {
            FaultCode::NotRegistered | FaultCode::Busy => false,
            code => matches!(code.group(), Group::Media | Group::Picture | Group::Call),
        };
        match (answer, self.state) {
            (None, _) => false,
            (Some(Answer::Signals), _) => true,
            (Some(_), State::Up) => false,
            (Some(answer), State::Unknown) => answer == Answer::Confirms,
            (Some(_), State::Down | State::Degraded) => self.faults.iter().any(by_media),
        }
    }

    /// Takes note of whether a picture was judged, and says whether anybody looks: one that could not be
    /// judged now and then is not unseen.
    fn look(&mut self, outcome: &Outcome, hold: Duration) -> Judging {
        match outcome.judging {
            Judging::Untold => Judging::Untold,
            Judging::Judged => {
                self.judged_at = Some(outcome.at);
                Judging::Judged
            }
            Judging::Unjudged => match self.judged_at {
                Some(judged) if outcome.at <= judged + hold => Judging::Judged,
                _ => Judging::Unjudged,
            },
        }
    }

    /// What the mere passing of time to `now` changes: the stretch since the last result is
    /// painted, and where that result no longer stands the state becomes unknown.
    pub fn expire(&self, now: Timestamp) -> Step {
        let mut step = Step { standing: self.clone(), ..Step::default() };
        step.paint.extend(self.open_span(now));
        let Some(end) = self.last_result.map(|last| last + self.hold) else { return step };
        if now > end {
            step.standing.doubt = None;
            (step.standing.recent, step.standing.shown) = Default::default();
            if self.state != State::Unknown {
                step.change(Transition {
                    at: end,
                    state: State::Unknown,
                    reached: false,
                    faults: vec![],
                    judging: Judging::Untold,
                });
            }
        }
        step
    }

    /// The device is no longer probed from `now` on: what was known is painted, then unknown.
    pub fn retire(&self, now: Timestamp) -> Step {
        let mut step = self.expire(now);
        if step.standing.state != State::Unknown {
            step.change(Transition {
                at: now,
                state: State::Unknown,
                reached: false,
                faults: vec![],
                judging: Judging::Untold,
            });
        }
        step.standing.last_result = None;
        step.standing.doubt = None;
        (step.standing.recent, step.standing.shown) = Default::default();
        step.news = News::Told;
        step
    }
}

impl Step {
    /// An answer that settles nothing: nobody saw media, so nothing becomes up; but what was thought
    /// down is only unknown now. The last result with media goes on to stand as long as it did.
    fn answered_only(&mut self, outcome: &Outcome, judging: Judging) {
        self.standing.doubt = None;
        self.standing.reached = true;
        if self.standing.state == State::Down {
            self.enter(outcome.at, State::Unknown, outcome, judging);
        }
        // The stretch up to here is painted; what still stands of the result goes on from here.
        if let Some(last) = self.standing.last_result {
            self.standing.hold = (last + self.standing.hold).since(outcome.at);
            self.standing.last_result = Some(outcome.at);
        }
    }

    /// A failure is confirmed: it counts from its first result.
    fn harden(
        &mut self,
        since: Timestamp,
        after: Option<Timestamp>,
        (state, judging): (State, Judging),
        outcome: &Outcome,
    ) {
        self.after = after;
        self.paint.push(Span { from: since, to: outcome.at, state });
        self.enter(since, state, outcome, judging);
    }

    fn enter(&mut self, at: Timestamp, state: State, outcome: &Outcome, judging: Judging) {
        let now = &self.standing;
        // What is judged counts as what nothing was noted of.
        let is_blinking = (now.judging == Judging::Unjudged) != (judging == Judging::Unjudged);
        if now.state != state
            || now.faults != outcome.faults
            || now.reached != outcome.reached
            || is_blinking
        {
            let (reached, faults) = (outcome.reached, outcome.faults.clone());
            self.change(Transition { at, state, reached, faults, judging });
        }
    }

    fn change(&mut self, transition: Transition) {
        let now = &mut self.standing;
        if now.state != transition.state || now.since == Timestamp::default() {
            now.since = transition.at;
        }
        now.state = transition.state;
        now.reached = transition.reached;
        now.judging = transition.judging;
        now.faults.clone_from(&transition.faults);
        self.transitions.push(transition);
        self.news = News::Told;
    }
}

#[cfg(test)]
mod tests;

//! A device within an incident.

use super::{DeviceEvent, GroupRule, Manner, Seat};
use crate::{FaultCode, State, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where nothing was known before a first failure, the outage may be so much older.
pub(super) const UNSEEN: Duration = Duration::from_secs(10 * 60);

/// How a device of an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// 离线, confirmed.
    Down,
    /// 抖动.
    Flapping,
    /// 画面异常: media flow, and the picture is of no use.
    Faulty,
    /// 待核实: it was down, and cannot be seen now.
    Unsure,
    /// 已恢复.
    Recovered,
    /// 不再探测: it was taken out of use.
    Gone,
    /// 另立故障: it stayed down when its root recovered, and has an incident of its own.
    Parted,
}

words!(MemberState {
    Down = "down", "离线", "offline";
    Flapping = "flapping", "抖动", "flapping";
    Faulty = "faulty", "画面异常", "picture fault";
    Unsure = "unsure", "待核实", "uncertain";
    Recovered = "recovered", "已恢复", "recovered";
    Gone = "gone", "已停用", "not in use";
    Parted = "parted", "另立故障", "incident of its own";
});

impl MemberState {
    /// Whether it still keeps its incident open.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Down | Self::Flapping | Self::Faulty | Self::Unsure)
    }

    /// Whether it is in trouble for certain.
    pub const fn is_certain(self) -> bool {
        matches!(self, Self::Down | Self::Flapping | Self::Faulty)
    }
}

/// A device of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Where it hangs.
    pub seat: Seat,
    /// Its first failure in this incident.
    pub since: Timestamp,
    /// It was well at this time before.
    pub after: Timestamp,
    /// Its last first failure: it may have come and gone.
    pub last: Timestamp,
    /// When it recovered or left.
    pub until: Option<Timestamp>,
    /// How it stands.
    pub state: MemberState,
    /// Whether its host was heard of each time it was down; one that flaps was not at times.
    pub reached: bool,
    /// What was wrong.
    pub faults: Vec<FaultCode>,
}

/// What an event makes of a device under a rule, and the event as far as that is concerned; `None` where
/// it is no trouble.
pub(super) fn trouble(event: &DeviceEvent, rule: GroupRule) -> Option<(MemberState, DeviceEvent)> {
    match (event.manner, event.state) {
        (Manner::Gone, _) => None,
        (_, State::Down) => Some((MemberState::Down, event.clone())),
        (Manner::Flapping, _) => Some((MemberState::Flapping, event.clone())),
        (Manner::Steady, State::Degraded) => {
            let shown = event.shown.iter().filter(|(fault, _)| rule.pictures.contains(*fault));
            let (faults, since): (Vec<_>, Vec<_>) = shown.copied().unzip();
            let at = since.into_iter().min()?;
            let event = DeviceEvent { at, after: None, faults, ..event.clone() };
            Some((MemberState::Faulty, event))
        }
        (Manner::Steady, State::Up | State::Unknown) => None,
    }
}

/// Whether the host of a device was heard of: a refused connection is an answer of it, so its power
/// and its line are there.
fn is_heard(event: &DeviceEvent) -> bool {
    let answers = |fault: &FaultCode| matches!(fault, FaultCode::Refused | FaultCode::TlsFailed);
    event.reached || event.faults.iter().any(answers)
}

/// Whether its power and its line are there, so that it fell for itself.
fn is_told_apart(event: &DeviceEvent, state: MemberState) -> bool {
    match state {
        MemberState::Faulty => true,
        MemberState::Down => is_heard(event),
        _ => false,
    }
}

impl Member {
    pub(super) fn new(event: &DeviceEvent, seat: Seat, state: MemberState) -> Self {
        Self {
            seat,
            since: event.at,
            after: event.after.unwrap_or(event.at - UNSEEN),
            last: event.at,
            until: None,
            state,
            reached: is_told_apart(event, state),
            faults: event.faults.clone(),
        }
    }

    /// It is in trouble (still, or again).
    pub(super) fn worsen(&mut self, event: &DeviceEvent, state: MemberState) {
        if !self.state.is_open() {
            self.last = self.last.max(event.at);
        }
        self.until = None;
        if self.state == MemberState::Faulty && state == MemberState::Down {
            // Its outage is another matter than its picture, and may be that of its street.
            (self.last, self.after) = (event.at, event.after.unwrap_or(event.at - UNSEEN));
        }
        self.reached &= is_told_apart(event, state);
        // Between two falls of a device that flaps what was wrong last stays told.
        if matches!(state, MemberState::Down | MemberState::Faulty) {
            self.faults.clone_from(&event.faults);
        }
        self.state = state;
    }

    /// It is not in trouble any more, or nobody can tell.
    pub(super) fn relieve(&mut self, event: &DeviceEvent) {
        if !self.state.is_open() {
            return;
        }
        (self.state, self.until) = match (event.manner, event.state) {
            (Manner::Gone, _) => (MemberState::Gone, Some(event.at.max(self.since))),
            (_, State::Unknown) => (MemberState::Unsure, None),
            _ => (MemberState::Recovered, Some(event.at.max(self.since))),
        };
    }

    /// Ends here at `now`; what goes on in an incident of its own.
    pub(super) fn part(&mut self, now: Timestamp) -> Self {
        // It was down before, and what may have felled it with others lies between then and now.
        let own = Self { after: now, last: now, ..self.clone() };
        (self.state, self.until) = (MemberState::Parted, Some(now));
        own
    }

    /// Two entries of one device become one; the newer says how it stands.
    pub(super) fn absorb(&mut self, older: &Self) {
        self.since = self.since.min(older.since);
        self.after = self.after.min(older.after);
        self.last = self.last.max(older.last);
        self.reached &= older.reached;
    }
}

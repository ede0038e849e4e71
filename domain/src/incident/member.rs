//! A device within an incident.

use super::{DeviceEvent, Manner, Seat};
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
    /// 待核实: it was down, and cannot be seen now.
    Unsure,
    /// 已恢复.
    Recovered,
    /// 不再探测: it was taken out of use.
    Gone,
}

words!(MemberState {
    Down = "down", "离线", "offline";
    Flapping = "flapping", "抖动", "flapping";
    Unsure = "unsure", "待核实", "uncertain";
    Recovered = "recovered", "已恢复", "recovered";
    Gone = "gone", "已停用", "not in use";
});

impl MemberState {
    /// Whether it still keeps its incident open.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Down | Self::Flapping | Self::Unsure)
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

/// What an event makes of a device; `None` where it is no trouble.
pub(super) fn trouble(event: &DeviceEvent) -> Option<MemberState> {
    match (event.manner, event.state) {
        (Manner::Gone, _) => None,
        (_, State::Down) => Some(MemberState::Down),
        (Manner::Flapping, _) => Some(MemberState::Flapping),
        (Manner::Steady, _) => None,
    }
}

/// Whether the host of a device was heard of: a refused connection is an answer of it, so its power
/// and its line are there.
fn is_heard(event: &DeviceEvent) -> bool {
    let answers = |fault: &FaultCode| matches!(fault, FaultCode::Refused | FaultCode::TlsFailed);
    event.reached || event.faults.iter().any(answers)
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
            reached: is_heard(event) && state == MemberState::Down,
            faults: event.faults.clone(),
        }
    }

    /// It is in trouble (still, or again).
    pub(super) fn worsen(&mut self, event: &DeviceEvent, state: MemberState) {
        if !self.state.is_open() {
            self.last = self.last.max(event.at);
        }
        self.until = None;
        self.reached &= is_heard(event) && state == MemberState::Down;
        // Between two falls of a device that flaps what was wrong last stays told.
        if state == MemberState::Down {
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

    /// Two entries of one device become one; the newer says how it stands.
    pub(super) fn absorb(&mut self, older: &Self) {
        self.since = self.since.min(older.since);
        self.after = self.after.min(older.after);
        self.last = self.last.max(older.last);
        self.reached &= older.reached;
    }
}

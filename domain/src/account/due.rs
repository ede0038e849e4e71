//! What is known of one device over time, and in which minutes it was to be probed (应检).

use crate::{
    DeviceKind, LifeState, PointClass, Timestamp, Transition,
    policy::{OnlineOver, Policy},
    time::MINUTE_MS,
};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What the ledger said of a device from a moment on: what it counts as, and whether there was an
/// address to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// From when on.
    pub from: Timestamp,
    /// Kind.
    pub kind: DeviceKind,
    /// 点位类别.
    pub class: Option<PointClass>,
    /// Whether it had an address; without one it is 未接入探测 and nothing is scheduled.
    pub connected: bool,
}

/// A life state from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifeChange {
    /// From when on.
    pub from: Timestamp,
    /// The state.
    pub state: LifeState,
}

/// One device over time; each list in order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Before the first of them the device is not known and nothing is scheduled.
    pub placements: Vec<Placement>,
    /// Before the first of them the device counts as what that one says; none means in use.
    pub life: Vec<LifeChange>,
    /// From the one that holds at the beginning of the period on.
    pub transitions: Vec<Transition>,
    /// Until when the last of them holds.
    pub known_until: Timestamp,
}

impl History {
    /// The stretches, clipped to `within`, in which it was in one of `states`.
    pub fn living(&self, states: &[LifeState], within: Range<Timestamp>) -> Vec<Range<Timestamp>> {
        if self.life.is_empty() {
            let counts = states.contains(&LifeState::InUse);
            return if counts { vec![within] } else { vec![] };
        }
        let stretch = |(index, change): (usize, &LifeChange)| {
            let from = if index == 0 { within.start } else { change.from };
            let to = self.life.get(index + 1).map_or(within.end, |next| next.from);
            let stretch = clip(from..to, &within)?;
            states.contains(&change.state).then_some(stretch)
        };
        self.life.iter().enumerate().filter_map(stretch).collect()
    }

    /// The minutes of `minutes` that are scheduled under `policy`, by placement: those that any
    /// stretch touches in which the device lived, was in scope and had an address, or needs none
    /// as the policy divides by the ledger. A minute belongs to the placement that held at its end.
    pub fn due(&self, policy: &Policy, minutes: &Range<i64>) -> Vec<Vec<Range<i64>>> {
        let within = moment(minutes.start)..moment(minutes.end);
        let living = self.living(&policy.scope.life, within.clone());
        let needs_none = policy.measure.online_over == OnlineOver::Ledger;
        let connected = self.placements.iter().enumerate().filter_map(|(index, placement)| {
            let to = self.placements.get(index + 1).map_or(within.end, |next| next.from);
            clip(placement.from..to, &within).filter(|_| placement.connected || needs_none)
        });
        let both = connected.flat_map(|connected| {
            living.iter().filter_map(move |living| clip(living.clone(), &connected))
        });
        let touched = merge(both.map(|stretch| touched(&stretch)).collect());
        let of_placement = |(index, placement): (usize, &Placement)| {
            if !policy.covers(placement.kind, placement.class) {
                return vec![];
            }
            let own = self.own(index, minutes);
            intersect(&touched, std::slice::from_ref(&own))
        };
        self.placements.iter().enumerate().map(of_placement).collect()
    }

    /// The minutes of `minutes` that belong to a placement, empty where none do.
    pub fn own(&self, index: usize, minutes: &Range<i64>) -> Range<i64> {
        let from = self.placements.get(index).map_or(minutes.end, |it| it.from.minute());
        let to = self.placements.get(index + 1).map_or(minutes.end, |it| it.from.minute());
        let (from, to) = (from.max(minutes.start), to.min(minutes.end));
        from..to.max(from)
    }

    /// Whether it was in one of `states` at the end of a minute.
    pub fn lived_at(&self, states: &[LifeState], minute: i64) -> bool {
        let end = Timestamp::from_millis((minute + 1) * MINUTE_MS - 1);
        let before = self.life.iter().rev().find(|change| change.from <= end);
        let state = before.or(self.life.first()).map_or(LifeState::InUse, |change| change.state);
        states.contains(&state)
    }
}

fn moment(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute * MINUTE_MS)
}

fn clip(stretch: Range<Timestamp>, within: &Range<Timestamp>) -> Option<Range<Timestamp>> {
    let (from, to) = (stretch.start.max(within.start), stretch.end.min(within.end));
    (from < to).then_some(from..to)
}

/// The minutes that any part of a stretch lies in; the stretch is not empty.
pub fn touched(stretch: &Range<Timestamp>) -> Range<i64> {
    stretch.start.minute()..Timestamp::from_millis(stretch.end.millis() - 1).minute() + 1
}

/// The same minutes as ranges in order, none empty, no two touching.
pub fn merge(mut ranges: Vec<Range<i64>>) -> Vec<Range<i64>> {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<i64>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// The minutes in both; each list in order and disjoint.
pub fn intersect(a: &[Range<i64>], b: &[Range<i64>]) -> Vec<Range<i64>> {
    let (mut i, mut j, mut both) = (0, 0, Vec::new());
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        let (from, to) = (x.start.max(y.start), x.end.min(y.end));
        if from < to {
            both.push(from..to);
        }
        if x.end < y.end {
            i += 1;
        } else {
            j += 1;
        }
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::shipped;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn placement(second: i64, class: Option<PointClass>, connected: bool) -> Placement {
        Placement { from: at(second), kind: DeviceKind::Camera, class, connected }
    }

    fn life(second: i64, state: LifeState) -> LifeChange {
        LifeChange { from: at(second), state }
    }

    #[test]
    fn a_minute_is_due_where_any_part_is_and_belongs_to_what_held_at_its_end() {
        let policy = shipped().remove(0);
        let history = History {
            placements: vec![
                placement(90, Some(PointClass::One), true),
                placement(330, Some(PointClass::Two), true),
                placement(335, None, true),
                placement(450, None, false),
            ],
            life: vec![life(0, LifeState::InUse)],
            ..History::default()
        };
        // Minute 5 saw three placements and belongs to the third; minute 7 lost its address half
        // way: it is due, and belongs to the placement without one.
        let due = history.due(&policy, &(0..10));
        let only = |from, to| Vec::from([Range { start: from, end: to }]);
        assert_eq!(due, [only(1, 5), vec![], only(5, 7), only(7, 8)]);
    }

    #[test]
    fn a_device_is_due_only_while_it_lives_and_has_an_address() {
        let policy = shipped().remove(0);
        let mut history = History {
            placements: vec![placement(0, None, true)],
            life: vec![
                life(0, LifeState::InUse),
                life(121, LifeState::Relocating),
                life(299, LifeState::InUse),
                life(480, LifeState::Removed),
            ],
            ..History::default()
        };
        // Left within minute 2, came back within minute 4, left on the edge of minute 8.
        assert_eq!(history.due(&policy, &(0..10)), [vec![0..3, 4..8]]);
        assert!(
            history.lived_at(&policy.scope.life, 7) && !history.lived_at(&policy.scope.life, 8)
        );
        history.placements[0].connected = false;
        assert_eq!(history.due(&policy, &(0..10)), [vec![]]);
        let mut of_ledger = policy.clone();
        of_ledger.measure.online_over = OnlineOver::Ledger;
        assert_eq!(history.due(&of_ledger, &(0..10)), [vec![0..3, 4..8]]);
    }

    #[test]
    fn what_is_out_of_scope_is_not_due() {
        let mut policy = shipped().remove(0);
        policy.scope.classes.retain(|class| *class != crate::policy::ClassKey::None);
        let history = History { placements: vec![placement(0, None, true)], ..History::default() };
        assert_eq!(history.due(&policy, &(0..10)), [vec![]]);
    }

    #[test]
    fn ranges_merge_and_intersect() {
        assert_eq!(merge(vec![5..7, 1..3, 3..4, 6..6, 2..3]), [1..4, 5..7]);
        assert_eq!(intersect(&[0..5, 8..9], &[2..3, 4..9]), [2..3, 4..5, 8..9]);
    }
}

//! Turns at what several devices share: sessions of a parent, bandwidth of a site's uplink (hard
//! rule 1).
//!
//! Who comes first enters first, so nobody starves; what is larger than the whole enters alone.

use std::collections::{BTreeMap, BTreeSet};

use zhishou_domain::{DeviceId, SiteId};

/// Something shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shared {
    /// Sessions of a parent; each takes 1.
    Parent(DeviceId),
    /// Bits per second of a site's uplink.
    Uplink(SiteId),
}

#[derive(Debug, Default)]
struct Gate {
    taken: u64,
    inside: usize,
    waiting: BTreeSet<u64>,
}

/// All that is shared and in use.
#[derive(Debug, Default)]
pub(super) struct Gates {
    gates: BTreeMap<Shared, Gate>,
    /// The number of the next in a queue.
    next: u64,
}

impl Gates {
    /// Queues; [`Gates::leave`] must follow.
    pub(super) fn join(&mut self, what: Shared) -> u64 {
        self.next += 1;
        self.gates.entry(what).or_default().waiting.insert(self.next);
        self.next
    }

    /// Enters if it is this one's turn and `amount` of `capacity` is left, or nobody is inside.
    pub(super) fn enter(&mut self, what: Shared, number: u64, amount: u64, capacity: u64) -> bool {
        let Some(gate) = self.gates.get_mut(&what) else { return false };
        let fits = gate.taken.checked_add(amount).is_some_and(|sum| sum <= capacity);
        if gate.waiting.first() != Some(&number) || (gate.inside > 0 && !fits) {
            return false;
        }
        gate.waiting.remove(&number);
        gate.taken = gate.taken.saturating_add(amount);
        gate.inside += 1;
        true
    }

    /// Gives back what was entered with, or with `None` the place in the queue.
    pub(super) fn leave(&mut self, what: Shared, number: u64, entered: Option<u64>) {
        let Some(gate) = self.gates.get_mut(&what) else { return };
        gate.waiting.remove(&number);
        if let Some(amount) = entered {
            gate.taken = gate.taken.saturating_sub(amount);
            gate.inside = gate.inside.saturating_sub(1);
        }
        if gate.inside == 0 && gate.waiting.is_empty() {
            self.gates.remove(&what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::{IdSource, Timestamp};

    struct Fixed;
    impl IdSource for Fixed {
        fn random(&self) -> [u8; 10] {
            [3; 10]
        }
    }

    fn uplink() -> Shared {
        Shared::Uplink(SiteId::new(Timestamp::from_millis(0), &Fixed))
    }

    #[test]
    fn the_budget_is_never_passed_and_the_order_kept() {
        let mut gates = Gates::default();
        let what = uplink();
        let (a, b, c) = (gates.join(what), gates.join(what), gates.join(what));
        assert!(gates.enter(what, a, 6, 10));
        assert!(!gates.enter(what, b, 5, 10), "one too many");
        assert!(!gates.enter(what, c, 1, 10), "small ones do not overtake");
        gates.leave(what, a, Some(6));
        assert!(gates.enter(what, b, 5, 10) && gates.enter(what, c, 1, 10));
        gates.leave(what, b, Some(5));
        gates.leave(what, c, Some(1));
        assert!(gates.gates.is_empty(), "nothing is kept of what is not in use");
    }

    #[test]
    fn what_is_larger_than_the_whole_enters_alone() {
        let mut gates = Gates::default();
        let what = uplink();
        let (a, b) = (gates.join(what), gates.join(what));
        assert!(gates.enter(what, a, 40, 10));
        assert!(!gates.enter(what, b, u64::MAX, 10));
        gates.leave(what, a, Some(40));
        assert!(gates.enter(what, b, u64::MAX, 10));
    }

    #[test]
    fn who_gives_up_waiting_holds_nobody_up() {
        let mut gates = Gates::default();
        let what = uplink();
        let (a, b) = (gates.join(what), gates.join(what));
        gates.leave(what, a, None);
        assert!(gates.enter(what, b, 1, 1));
    }
}

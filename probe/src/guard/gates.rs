//! Turns at what several devices share: sessions of a parent, bandwidth of a site's uplink (hard
//! rule 1).
//!
//! Who comes first enters first, so nobody starves; what is larger than the whole enters alone. What
//! goes on although its probe has ended counts until it is surely over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use zhishou_domain::{Bottleneck, DeviceId, SiteId};

/// Something shared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shared {
    /// Sessions of a parent; each takes 1.
    Parent(DeviceId),
    /// Streams of a host and port; each takes 1.
    Host(String),
    /// Bits per second of a site's uplink.
    Uplink(SiteId),
}

impl Shared {
    /// What it is to who waits for it.
    pub(super) const fn bottleneck(&self) -> Bottleneck {
        match self {
            Self::Parent(_) => Bottleneck::Parent,
            Self::Host(_) => Bottleneck::Host,
            Self::Uplink(_) => Bottleneck::Uplink,
        }
    }
}

#[derive(Debug, Default)]
struct Gate {
    taken: u64,
    inside: usize,
    waiting: BTreeSet<u64>,
    /// Of those inside, the ones whose probe has ended: until when they count, and how much.
    lingering: Vec<(Duration, u64)>,
}

impl Gate {
    fn give_back(&mut self, amount: u64) {
        self.taken = self.taken.saturating_sub(amount);
        self.inside = self.inside.saturating_sub(1);
    }

    fn forget_what_is_over(&mut self, now: Duration) {
        for (_, amount) in
            self.lingering.extract_if(.., |(until, _)| *until <= now).collect::<Vec<_>>()
        {
            self.give_back(amount);
        }
    }
}

/// What a place in a gate comes to in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    /// It never entered.
    Queue,
    /// It gives back what it entered with.
    Done(u64),
    /// What it entered with goes on until then.
    Lingering(u64, Duration),
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
    /// Times are durations since the guard was made.
    pub(super) fn enter(
        &mut self,
        what: &Shared,
        number: u64,
        (amount, capacity): (u64, u64),
        now: Duration,
    ) -> bool {
        let Some(gate) = self.gates.get_mut(what) else { return false };
        gate.forget_what_is_over(now);
        let fits = gate.taken.checked_add(amount).is_some_and(|sum| sum <= capacity);
        if gate.waiting.first() != Some(&number) || (gate.inside > 0 && !fits) {
            return false;
        }
        gate.waiting.remove(&number);
        gate.taken = gate.taken.saturating_add(amount);
        gate.inside += 1;
        true
    }

    /// When something that lingers there is over.
    pub(super) fn next_over(&self, what: &Shared) -> Option<Duration> {
        self.gates.get(what)?.lingering.iter().map(|(until, _)| *until).min()
    }

    /// Gives back a place. Gates that nobody uses any more are dropped on the way.
    pub(super) fn leave(&mut self, what: &Shared, number: u64, how: Leaving, now: Duration) {
        if let Some(gate) = self.gates.get_mut(what) {
            gate.waiting.remove(&number);
            match how {
                Leaving::Queue => {}
                Leaving::Done(amount) => gate.give_back(amount),
                Leaving::Lingering(amount, until) => gate.lingering.push((until, amount)),
            }
        }
        self.gates.retain(|_, gate| {
            gate.forget_what_is_over(now);
            gate.inside > 0 || !gate.waiting.is_empty()
        });
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

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn the_budget_is_never_passed_and_the_order_kept() {
        let mut gates = Gates::default();
        let what = uplink();
        let (a, b, c) =
            (gates.join(what.clone()), gates.join(what.clone()), gates.join(what.clone()));
        assert!(gates.enter(&what, a, (6, 10), NOW));
        assert!(!gates.enter(&what, b, (5, 10), NOW), "one too many");
        assert!(!gates.enter(&what, c, (1, 10), NOW), "small ones do not overtake");
        gates.leave(&what, a, Leaving::Done(6), NOW);
        assert!(gates.enter(&what, b, (5, 10), NOW) && gates.enter(&what, c, (1, 10), NOW));
        gates.leave(&what, b, Leaving::Done(5), NOW);
        gates.leave(&what, c, Leaving::Done(1), NOW);
        assert!(gates.gates.is_empty(), "nothing is kept of what is not in use");
    }

    #[test]
    fn what_is_larger_than_the_whole_enters_alone() {
        let mut gates = Gates::default();
        let what = uplink();
        let (a, b) = (gates.join(what.clone()), gates.join(what.clone()));
        assert!(gates.enter(&what, a, (40, 10), NOW));
        assert!(!gates.enter(&what, b, (u64::MAX, 10), NOW));
        gates.leave(&what, a, Leaving::Done(40), NOW);
        assert!(gates.enter(&what, b, (u64::MAX, 10), NOW));
    }

    #[test]
    fn who_gives_up_waiting_holds_nobody_up() {
        let mut gates = Gates::default();
        let what = uplink();
        let (a, b) = (gates.join(what.clone()), gates.join(what.clone()));
        gates.leave(&what, a, Leaving::Queue, NOW);
        assert!(gates.enter(&what, b, (1, 1), NOW));
    }

    #[test]
    fn what_goes_on_after_its_probe_counts_until_it_is_over() {
        let second = Duration::from_secs;
        let mut gates = Gates::default();
        let what = uplink();
        let (a, b) = (gates.join(what.clone()), gates.join(what.clone()));
        assert!(gates.enter(&what, a, (6, 10), NOW));
        gates.leave(&what, a, Leaving::Lingering(6, second(60)), NOW);
        assert!(!gates.enter(&what, b, (5, 10), second(59)));
        assert_eq!(gates.next_over(&what), Some(second(60)));
        assert!(gates.enter(&what, b, (5, 10), second(60)));
        gates.leave(&what, b, Leaving::Done(5), second(61));
        assert!(gates.gates.is_empty());
    }
}

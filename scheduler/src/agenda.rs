//! What is due when, within the limits: a pure queue that never starts a device twice, and never a
//! whole fleet at once.

mod pace;

use pace::Pace;
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
    time::Duration,
};
use zhishou_domain::{DeviceId, SiteId, Timestamp};

/// The time of a device that an operator waits for: before all that is overdue.
const AT_ONCE: Timestamp = Timestamp::from_millis(-1);

/// How many probes are started at once. What a parent and an uplink bear is the prober's to guard;
/// the agenda does not start what would only wait there, so that others have its place meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// In all.
    pub concurrent: usize,
    /// Behind one parent (NVR, switch).
    pub per_parent: usize,
    /// At one host and port, of devices without a parent.
    pub per_host: usize,
    /// Within one site.
    pub per_site: usize,
}

/// What a device is opened through.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Behind {
    /// 上级设备.
    Parent(DeviceId),
    /// Where none is known, a host and port that others may have too.
    Host(Arc<str>),
}

/// A group of devices that share a limit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Group {
    Behind(Behind),
    Site(SiteId),
}

#[derive(Debug)]
struct Slot {
    site: SiteId,
    behind: Option<Behind>,
    due: Timestamp,
    running: bool,
    /// Left the plan while its probe was under way.
    leaving: bool,
}

impl Slot {
    fn groups(&self) -> impl Iterator<Item = Group> + use<> {
        self.behind.clone().map(Group::Behind).into_iter().chain([Group::Site(self.site)])
    }
}

/// The agenda of one agent. Times are those of a clock that only goes forward, from 0.
///
/// Invariants: a device is running at most once; no group ever runs more than its limit; a device
/// held back by its group keeps its place and starts as soon as the group has room.
#[derive(Debug)]
pub struct Agenda {
    limits: Limits,
    pace: Option<Pace>,
    slots: HashMap<DeviceId, Slot>,
    queue: BinaryHeap<Reverse<(Timestamp, DeviceId)>>,
    running: usize,
    load: HashMap<Group, usize>,
    held_back: HashMap<Group, Vec<(Timestamp, DeviceId)>>,
}

impl Agenda {
    /// An empty agenda.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            pace: None,
            slots: HashMap::new(),
            queue: BinaryHeap::new(),
            running: 0,
            load: HashMap::new(),
            held_back: HashMap::new(),
        }
    }

    /// Starts no more than so many devices a second from `now` on, however many are due: after an
    /// outage of ours all of them are. Before this is called there is no such limit.
    pub fn set_pace(&mut self, per_second: f64, now: Timestamp) {
        match &mut self.pace {
            Some(pace) => pace.change(per_second, now),
            None => self.pace = Some(Pace::new(per_second, now)),
        }
    }

    /// Puts a device on the agenda, or takes note of its new place. One that is there already
    /// keeps its time.
    pub fn enlist(
        &mut self,
        device: DeviceId,
        site: SiteId,
        behind: Option<Behind>,
        due: Timestamp,
    ) {
        match self.slots.get_mut(&device) {
            Some(slot) if slot.running => slot.leaving = false,
            Some(slot) => (slot.site, slot.behind) = (site, behind),
            None => {
                let slot = Slot { site, behind, due, running: false, leaving: false };
                self.slots.insert(device, slot);
                self.queue.push(Reverse((due, device)));
            }
        }
    }

    /// Takes every device off that `stays` does not hold; one that is running leaves when it ends.
    pub fn retain(&mut self, stays: impl Fn(DeviceId) -> bool) {
        self.slots.retain(|&device, slot| {
            slot.leaving = !stays(device);
            slot.running || !slot.leaving
        });
    }

    /// Makes a device due at once, ahead of all others. Says whether it is on the agenda; one that
    /// is running already is left to finish.
    pub fn hasten(&mut self, device: DeviceId) -> bool {
        let Some(slot) = self.slots.get_mut(&device) else { return false };
        if !slot.running && slot.due != AT_ONCE {
            slot.due = AT_ONCE;
            self.queue.push(Reverse((AT_ONCE, device)));
        }
        true
    }

    /// The devices to start at `now`. Each counts as running until [`Agenda::finish`].
    pub fn start_due(&mut self, now: Timestamp) -> Vec<DeviceId> {
        let mut started = Vec::new();
        while self.running < self.limits.concurrent {
            let Some(&Reverse((due, device))) = self.queue.peek() else { break };
            if due > now {
                break;
            }
            self.queue.pop();
            let Some(slot) = self.slots.get_mut(&device) else { continue };
            if slot.running || slot.due != due {
                continue; // An entry that was overtaken by a later decision.
            }
            let full = slot.groups().find(|group| {
                self.load.get(group).copied().unwrap_or(0) >= limit_of(self.limits, group)
            });
            if let Some(group) = full {
                self.held_back.entry(group).or_default().push((due, device));
                continue;
            }
            if self.pace.as_mut().is_some_and(|pace| !pace.takes(now)) {
                self.queue.push(Reverse((due, device)));
                break;
            }
            slot.running = true;
            self.running += 1;
            for group in slot.groups() {
                *self.load.entry(group).or_default() += 1;
            }
            started.push(device);
        }
        started
    }

    /// The probe of `device` has ended; it is due again at `next`.
    pub fn finish(&mut self, device: DeviceId, next: Timestamp) {
        let Some(slot) = self.slots.get_mut(&device).filter(|slot| slot.running) else { return };
        slot.running = false;
        slot.due = next;
        self.running -= 1;
        for group in slot.groups() {
            if let Some(load) = self.load.get_mut(&group) {
                *load -= 1;
                if *load == 0 {
                    self.load.remove(&group);
                }
            }
            // All of them: the first may be held back again by its other group.
            self.queue.extend(self.held_back.remove(&group).into_iter().flatten().map(Reverse));
        }
        if slot.leaving {
            self.slots.remove(&device);
        } else {
            self.queue.push(Reverse((next, device)));
        }
    }

    /// When something may be started next; `None` while nothing waits or the agenda is full.
    pub fn next_due(&self) -> Option<Timestamp> {
        if self.running >= self.limits.concurrent {
            return None;
        }
        let Reverse((due, _)) = self.queue.peek()?;
        Some(self.pace.as_ref().map_or(*due, |pace| pace.opens().max(*due)))
    }

    /// How long the device that waits longest is past its time.
    pub fn overdue(&self, now: Timestamp) -> Duration {
        let due = self.queue.peek().map(|Reverse((due, _))| *due);
        due.filter(|due| *due != AT_ONCE).map_or(Duration::ZERO, |due| now.since(due))
    }

    /// Devices on the agenda.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether nothing is on the agenda.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

const fn limit_of(limits: Limits, group: &Group) -> usize {
    match group {
        Group::Behind(Behind::Parent(_)) => limits.per_parent,
        Group::Behind(Behind::Host(_)) => limits.per_host,
        Group::Site(_) => limits.per_site,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use zhishou_domain::IdSource;

    struct Bytes(u8);
    impl IdSource for Bytes {
        fn random(&self) -> [u8; 10] {
            [self.0; 10]
        }
    }

    fn device(n: u8) -> DeviceId {
        DeviceId::new(at(0), &Bytes(n))
    }

    fn site(n: u8) -> SiteId {
        SiteId::new(at(0), &Bytes(n))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn agenda(concurrent: usize, per_parent: usize, per_site: usize) -> Agenda {
        Agenda::new(Limits { concurrent, per_parent, per_host: per_parent, per_site })
    }

    #[test]
    fn a_device_is_started_when_due_and_never_twice() {
        let mut agenda = agenda(8, 8, 8);
        agenda.enlist(device(1), site(1), None, at(10));
        assert_eq!(agenda.start_due(at(9)), []);
        assert_eq!(agenda.start_due(at(10)), [device(1)]);
        assert!(agenda.hasten(device(1)));
        agenda.enlist(device(1), site(1), None, at(0));
        assert_eq!(agenda.start_due(at(11)), []);
        agenda.finish(device(1), at(70));
        assert_eq!(agenda.next_due(), Some(at(70)));
        assert_eq!(agenda.start_due(at(69)), []);
        assert_eq!(agenda.start_due(at(70)), [device(1)]);
    }

    #[test]
    fn hastened_devices_run_once_and_forget_their_old_time() {
        let mut agenda = agenda(8, 8, 8);
        agenda.enlist(device(1), site(1), None, at(100));
        assert!(agenda.hasten(device(1)));
        assert!(!agenda.hasten(device(2)));
        assert_eq!(agenda.start_due(at(5)), [device(1)]);
        agenda.finish(device(1), at(200));
        assert_eq!(agenda.start_due(at(150)), []);
    }

    #[test]
    fn a_parent_never_runs_more_than_its_limit_and_the_rest_follow_in_order() {
        let mut agenda = agenda(10, 2, 10);
        let nvr = device(100);
        for n in 1..=5 {
            agenda.enlist(device(n), site(1), Some(Behind::Parent(nvr)), at(i64::from(n)));
        }
        assert_eq!(agenda.start_due(at(10)), [device(1), device(2)]);
        agenda.finish(device(1), at(100));
        assert_eq!(agenda.start_due(at(10)), [device(3)]);
        agenda.finish(device(2), at(100));
        agenda.finish(device(3), at(100));
        assert_eq!(agenda.start_due(at(10)), [device(4), device(5)]);
    }

    #[test]
    fn an_address_never_runs_more_than_its_limit_in_all_sites_together() {
        let mut agenda = agenda(10, 2, 10);
        let host = |name: &str| Some(Behind::Host(name.into()));
        for n in 1..=4 {
            agenda.enlist(device(n), site(n), host("10.0.0.1"), at(0));
        }
        agenda.enlist(device(5), site(5), host("10.0.0.2"), at(1));
        let started: HashSet<_> = agenda.start_due(at(1)).into_iter().collect();
        assert_eq!(started.len(), 3);
        assert!(started.contains(&device(5)));
    }

    #[test]
    fn one_full_site_does_not_hold_up_the_others() {
        let mut agenda = agenda(10, 10, 1);
        agenda.enlist(device(1), site(1), None, at(0));
        agenda.enlist(device(2), site(1), None, at(0));
        agenda.enlist(device(3), site(2), None, at(1));
        let started: HashSet<_> = agenda.start_due(at(1)).into_iter().collect();
        assert_eq!(started.len(), 2);
        assert!(started.contains(&device(3)));
    }

    #[test]
    fn a_device_that_leaves_while_running_is_not_started_again() {
        let mut agenda = agenda(1, 1, 1);
        agenda.enlist(device(1), site(1), None, at(0));
        assert_eq!(agenda.start_due(at(0)), [device(1)]);
        agenda.retain(|_| false);
        agenda.finish(device(1), at(10));
        assert!(agenda.is_empty());
        assert_eq!(agenda.start_due(at(20)), []);
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(64))]
        #[test]
        fn no_limit_is_ever_broken_and_nobody_starves(
            steps in proptest::collection::vec((0u8..40, 0u8..3), 1..200)
        ) {
            let mut agenda = agenda(6, 2, 3);
            let devices: Vec<_> = (0..40).map(device).collect();
            let parent = |n: usize| (!n.is_multiple_of(3)).then_some(n % 5);
            for (n, &id) in devices.iter().enumerate() {
                let parent = parent(n).map(|p| Behind::Parent(device(200 + p as u8)));
                agenda.enlist(id, site((n % 4) as u8), parent, at(n as i64));
            }
            let mut running: Vec<usize> = vec![];
            let mut ran = HashSet::new();
            let mut now = 40;
            let mut round = |agenda: &mut Agenda, running: &mut Vec<usize>, now: i64| {
                for id in agenda.start_due(at(now)) {
                    let n = devices.iter().position(|&device| device == id).unwrap();
                    assert!(!running.contains(&n));
                    running.push(n);
                    ran.insert(n);
                }
                assert!(running.len() <= 6);
                for group in 0..5 {
                    assert!(running.iter().filter(|&&n| n % 4 == group).count() <= 3);
                    assert!(running.iter().filter(|&&n| parent(n) == Some(group)).count() <= 2);
                }
            };
            for (n, what) in steps {
                now += 1;
                match what {
                    0 => { agenda.hasten(devices[usize::from(n)]); }
                    _ if running.is_empty() => {}
                    _ => {
                        let n = running.swap_remove(usize::from(n) % running.len());
                        agenda.finish(devices[n], at(now + 1000));
                    }
                }
                round(&mut agenda, &mut running, now);
            }
            // Drained, everybody has had a turn.
            for _ in 0..80 {
                now += 1;
                if let Some(n) = running.pop() {
                    agenda.finish(devices[n], at(now + 1000));
                }
                round(&mut agenda, &mut running, now);
            }
            proptest::prop_assert_eq!(ran.len(), 40);
        }
    }
}

//! Ten thousand devices in virtual time: whatever happens to us, they are not started together.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    time::Duration,
};
use zhishou_domain::{
    ConfirmRule, Depth, DeviceId, IdSource, Plan, SiteId, Timestamp, TransportPolicy,
};
use zhishou_scheduler::{Agenda, Limits};

const DEVICES: u32 = 10_000;
/// Probed once a minute, in the mean.
const PER_SECOND: f64 = DEVICES as f64 / 60.0;
/// What the agent lets out at most for such a fleet.
const PACE: f64 = 4.0 * PER_SECOND;

struct Number(u32);

impl IdSource for Number {
    fn random(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[6..].copy_from_slice(&self.0.to_be_bytes());
        bytes
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn plan() -> Plan {
    Plan {
        interval: Duration::from_secs(60),
        depth: Depth::Stream,
        seconds: Duration::from_secs(3),
        decode_every: Duration::ZERO,
        transport: TransportPolicy::Auto,
        jitter: 0.1,
        confirm: ConfirmRule { failures: 3, retry: Duration::from_secs(10) },
    }
}

/// Devices that answer at once or never.
struct Fleet {
    agenda: Agenda,
    now: Timestamp,
    /// Probes under way, by their end.
    probes: BinaryHeap<Reverse<(Timestamp, DeviceId)>>,
    rounds: BTreeMap<DeviceId, u64>,
    fails: bool,
    takes: Duration,
    starts: Vec<(Timestamp, DeviceId)>,
}

impl Fleet {
    /// Whatever could hold them up but the pace is out of the way.
    fn new() -> Self {
        let most = usize::MAX;
        let limits = Limits { concurrent: most, per_parent: most, per_host: most, per_site: most };
        let mut fleet = Self {
            agenda: Agenda::new(limits),
            now: at(0),
            probes: BinaryHeap::new(),
            rounds: BTreeMap::new(),
            fails: false,
            takes: Duration::from_secs(3),
            starts: Vec::new(),
        };
        fleet.enlist(0..DEVICES);
        fleet
    }

    fn enlist(&mut self, which: std::ops::Range<u32>) {
        let site = SiteId::new(at(0), &Number(0));
        for n in which {
            let device = DeviceId::new(at(0), &Number(n));
            self.agenda.enlist(device, site, None, plan().first_due(device, self.now));
        }
        let asked = self.agenda.len() as f64 / plan().interval.as_secs_f64();
        self.agenda.set_pace(4.0 * asked, self.now);
    }

    /// The loop of an agent, for so many seconds.
    fn run(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        self.starts.clear();
        while self.now < end {
            while let Some(&Reverse((ended, device))) = self.probes.peek()
                && ended <= self.now
            {
                self.probes.pop();
                let round = self.rounds.entry(device).or_default();
                *round += 1;
                self.agenda.finish(device, self.now + plan().rest(device, self.fails, *round));
            }
            for device in self.agenda.start_due(self.now) {
                self.starts.push((self.now, device));
                self.probes.push(Reverse((self.now + self.takes, device)));
            }
            let ended = self.probes.peek().map(|Reverse((ended, _))| *ended);
            let next = ended.into_iter().chain(self.agenda.next_due()).min().unwrap_or(end);
            self.now = next.max(self.now + Duration::from_millis(1)).min(end);
        }
    }

    /// Starts within the busiest second.
    fn busiest(&self) -> usize {
        let times: Vec<_> = self.starts.iter().map(|(at, _)| *at).collect();
        let within = |from: usize| {
            times[from..].partition_point(|at| *at < times[from] + Duration::from_secs(1))
        };
        (0..times.len()).map(within).max().unwrap_or(0)
    }

    fn started(&self) -> usize {
        self.starts.iter().map(|(_, device)| device).collect::<BTreeSet<_>>().len()
    }
}

#[track_caller]
fn spread(fleet: &Fleet, pace: f64) {
    let busiest = fleet.busiest();
    assert!(busiest as f64 <= 1.1 * pace + 1.0, "{busiest} in one second, {pace} at most");
}

#[test]
fn a_start_is_spread_over_an_interval_and_stays_spread() {
    let mut fleet = Fleet::new();
    for _ in 0..3 {
        fleet.run(70);
        // Not even near the limit.
        spread(&fleet, 2.0 * PER_SECOND);
        assert_eq!(fleet.started(), DEVICES as usize);
    }
}

#[test]
fn after_an_hour_of_our_own_outage_they_come_one_after_the_other() {
    let mut fleet = Fleet::new();
    fleet.run(70);
    fleet.now = fleet.now + Duration::from_secs(3600);
    // A device that an operator waits for does not wait behind all of them.
    let wanted = DeviceId::new(at(0), &Number(DEVICES - 1));
    fleet.probes.clear();
    for n in 0..DEVICES {
        fleet.agenda.finish(DeviceId::new(at(0), &Number(n)), fleet.now);
    }
    assert!(fleet.agenda.hasten(wanted));
    fleet.run(17);
    assert_eq!(fleet.starts[0].1, wanted);
    spread(&fleet, PACE);
    assert_eq!(fleet.started(), DEVICES as usize, "all of them within a quarter of an interval");
    fleet.run(70);
    spread(&fleet, PACE);
}

#[test]
fn rounds_of_confirmation_of_a_whole_fleet_are_spread_too() {
    let mut fleet = Fleet::new();
    fleet.run(70);
    // Our own line is cut: each probe fails at once.
    (fleet.fails, fleet.takes) = (true, Duration::from_millis(1));
    let before = fleet.rounds.clone();
    fleet.run(120);
    spread(&fleet, PACE);
    for (device, round) in &fleet.rounds {
        let rounds = round - before.get(device).copied().unwrap_or(0);
        assert!(rounds >= 3, "an outage is confirmed in two minutes, {rounds} rounds");
    }
    fleet.fails = false;
    fleet.run(120);
    spread(&fleet, PACE);
}

#[test]
fn a_ledger_that_is_read_anew_starts_nobody_early_and_new_devices_one_after_the_other() {
    let mut fleet = Fleet::new();
    fleet.run(70);
    let mut undisturbed = Fleet::new();
    undisturbed.run(70);
    undisturbed.run(30);
    fleet.agenda.retain(|_| true);
    fleet.enlist(0..DEVICES);
    fleet.run(30);
    assert_eq!(fleet.starts, undisturbed.starts, "whoever was there keeps his time");
    fleet.enlist(DEVICES..2 * DEVICES);
    fleet.run(70);
    spread(&fleet, 4.0 * PER_SECOND);
    assert_eq!(fleet.started(), 2 * DEVICES as usize);
    // All of them gone and back.
    fleet.agenda.retain(|_| false);
    fleet.enlist(0..2 * DEVICES);
    fleet.run(70);
    spread(&fleet, 4.0 * PER_SECOND);
}

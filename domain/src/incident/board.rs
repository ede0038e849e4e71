//! The incidents that are open, and those that closed a little while ago.

use super::{
    DeviceEvent, Event, GroupRule, Member, ObserverEvent, ObserverFault, Root, Seat, grouping,
    left, member, root,
};
use crate::{DeviceId, IncidentId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What an incident is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Devices, by what became of each.
    Devices(BTreeMap<DeviceId, Member>),
    /// Ourselves: an agent, and what is wrong with it.
    Observer {
        /// The agent.
        agent: String,
        /// The worst that was wrong.
        fault: ObserverFault,
    },
}

/// 故障: a confirmed period of trouble of one root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Its number.
    pub id: IncidentId,
    /// What it is about.
    pub subject: Subject,
    /// From when on.
    pub since: Timestamp,
    /// When it ended; `None` while it lasts.
    pub closed: Option<Timestamp>,
}

impl Incident {
    /// Its root; `None` where it is about ourselves.
    pub fn root(&self) -> Option<Root> {
        match &self.subject {
            Subject::Devices(members) => Some(root::of(members)),
            Subject::Observer { .. } => None,
        }
    }

    /// The devices in it.
    pub fn members(&self) -> Option<&BTreeMap<DeviceId, Member>> {
        match &self.subject {
            Subject::Devices(members) => Some(members),
            Subject::Observer { .. } => None,
        }
    }
}

/// What happened to an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentAct {
    /// 发现.
    Open,
    /// 恢复.
    Close,
    /// 再次发生.
    Reopen,
    /// 并入同一根因.
    Merge,
    /// 根因恢复后仍未恢复，另立故障.
    Part,
}

words!(IncidentAct {
    Open = "open", "发现", "opened";
    Close = "close", "恢复", "closed";
    Reopen = "reopen", "再次发生", "reopened";
    Merge = "merge", "并入同一根因", "merged into one root";
    Part = "part", "另立故障", "parted from another";
});

/// A line of what happened to an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncidentStep {
    /// To which.
    pub incident: IncidentId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub act: IncidentAct,
    /// With which other: the one that was merged into it, or that it parted from.
    pub other: Option<IncidentId>,
}

/// What the last steps changed, to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Incidents as they stand now, with those of their devices that changed.
    pub incidents: Vec<(Incident, BTreeSet<DeviceId>)>,
    /// Which became part of which: the first is no incident any more.
    pub merged: Vec<(IncidentId, IncidentId)>,
    /// What happened, in order.
    pub steps: Vec<IncidentStep>,
}

/// The incidents of now.
#[derive(Clone, Debug)]
pub struct Board {
    rule: GroupRule,
    next: i64,
    incidents: BTreeMap<i64, Incident>,
    /// The newest incident of each device.
    holder: BTreeMap<DeviceId, i64>,
    touched: BTreeMap<i64, BTreeSet<DeviceId>>,
    change: Change,
    /// From this number on incidents are of the present step, and nobody has heard of them.
    unheard: i64,
}

impl Board {
    /// A board with what is stored; `next` is the number of the next new incident.
    pub fn new(rule: GroupRule, next: i64, stored: Vec<Incident>) -> Self {
        let incidents: BTreeMap<i64, Incident> =
            stored.into_iter().map(|incident| (incident.id.number(), incident)).collect();
        // The open one, else the one that ended last.
        let mut newest = BTreeMap::new();
        for (&number, incident) in &incidents {
            for (&device, entry) in incident.members().into_iter().flatten() {
                let this = (entry.state.is_open(), entry.until, number);
                let newest = newest.entry(device).or_insert(this);
                *newest = this.max(*newest);
            }
        }
        let holder = newest.into_iter().map(|(device, (.., number))| (device, number)).collect();
        let (touched, change) = Default::default();
        Self { rule, next, incidents, holder, touched, change, unheard: next }
    }

    /// Incidents that are open, by number.
    pub fn open(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values().filter(|incident| incident.closed.is_none())
    }

    /// Takes what was confirmed, in any order, and what has passed by `now`.
    pub fn step(&mut self, mut events: Vec<Event>, now: Timestamp) -> Change {
        events.sort_by_key(Event::order);
        self.unheard = self.next;
        self.part(now);
        for event in events {
            match event {
                Event::Device(event, seat) => self.device(&event, seat),
                Event::Observer(event) => self.observer(event),
            }
        }
        if !self.touched.is_empty() {
            // What is joined only now may long have been left behind.
            self.join(now);
            while self.part(now) {
                self.join(now);
            }
            self.settle(now);
        }
        let (rule, incidents) = (self.rule, &mut self.incidents);
        incidents.retain(|_, incident| {
            incident.closed.is_none_or(|closed| now <= closed + rule.remembered())
        });
        self.holder.retain(|_, number| incidents.contains_key(number));
        std::mem::take(&mut self.change)
    }

    /// Whether time alone has something to change at `now`.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.open()
            .any(|it| it.members().is_some_and(|it| !left::behind(it, self.rule, now).is_empty()))
    }

    /// Gives each device that stayed down though its root recovered an incident of its own; whether
    /// there was one.
    fn part(&mut self, now: Timestamp) -> bool {
        let left: Vec<(i64, DeviceId)> = self
            .open()
            .flat_map(|incident| {
                let members = incident.members().into_iter();
                let left = members.flat_map(|members| left::behind(members, self.rule, now));
                left.map(|device| (incident.id.number(), device))
            })
            .collect();
        let is_any = !left.is_empty();
        for (from, device) in left {
            let Some(Subject::Devices(members)) =
                self.incidents.get_mut(&from).map(|incident| &mut incident.subject)
            else {
                continue;
            };
            let Some(member) = members.get_mut(&device).map(|it| it.part(now)) else { continue };
            let number = self.start(member.since);
            self.log(number, now, IncidentAct::Part, Some(IncidentId::new(from)));
            if let Some(Subject::Devices(members)) =
                self.incidents.get_mut(&number).map(|incident| &mut incident.subject)
            {
                members.insert(device, member);
            }
            self.holder.insert(device, number);
            for incident in [from, number] {
                self.touched.entry(incident).or_default().insert(device);
            }
        }
        is_any
    }

    fn device(&mut self, event: &DeviceEvent, seat: Seat) {
        let trouble = member::trouble(event, self.rule);
        let (trouble, event) = match &trouble {
            Some((state, event)) => (Some(*state), event),
            None => (None, event),
        };
        let held = self.holder.get(&event.device).copied();
        let number = match (trouble, held) {
            (None, None) => return,
            (Some(_), Some(number)) if self.goes_on(number, event) => number,
            (Some(_), _) => self.start(event.at),
            (None, Some(number)) => number,
        };
        let Some(incident) = self.incidents.get_mut(&number) else { return };
        let Subject::Devices(members) = &mut incident.subject else { return };
        match (members.get_mut(&event.device), trouble) {
            (Some(entry), Some(state)) => {
                entry.seat = seat;
                entry.worsen(event, state);
            }
            (Some(entry), None) if entry.state.is_open() => entry.relieve(event),
            (None, Some(state)) => {
                members.insert(event.device, Member::new(event, seat, state));
            }
            (_, None) => return,
        }
        self.holder.insert(event.device, number);
        self.touched.entry(number).or_default().insert(event.device);
    }

    /// Whether a device that falls belongs to the incident it was in before: a matter of its own end
    /// alone, for when others end depends on what was joined by then.
    fn goes_on(&self, number: i64, event: &DeviceEvent) -> bool {
        let members = self.incidents.get(&number).and_then(Incident::members);
        let until = members.and_then(|it| it.get(&event.device)).map(|it| it.until);
        until.is_some_and(|until| self.is_soon(until, event.at))
    }

    /// Whether what begins at `at` goes on with what ended at `until`.
    fn is_soon(&self, until: Option<Timestamp>, at: Timestamp) -> bool {
        until.is_none_or(|until| at <= until + self.rule.reopen)
    }

    fn observer(&mut self, event: ObserverEvent) {
        let of_agent = self.incidents.values().rev().find(
            |it| matches!(&it.subject, Subject::Observer { agent, .. } if *agent == event.agent),
        );
        let held = of_agent.map(|incident| (incident.id.number(), incident.closed));
        match (event.fault, held) {
            (Some(fault), held) => {
                let number = match held {
                    Some((number, closed)) if self.is_soon(closed, event.at) => number,
                    _ => self.start(event.at),
                };
                if let Some(incident) = self.incidents.get_mut(&number) {
                    // What comes after a worse fault is on its way to be well again.
                    let fault = match incident.subject {
                        Subject::Observer { fault: known, .. } => known.min(fault),
                        Subject::Devices(_) => fault,
                    };
                    incident.subject = Subject::Observer { agent: event.agent, fault };
                    if incident.closed.take().is_some() {
                        self.log(number, event.at, IncidentAct::Reopen, None);
                    }
                    self.touched.entry(number).or_default();
                }
            }
            (None, Some((number, None))) => {
                if let Some(incident) = self.incidents.get_mut(&number) {
                    incident.closed = Some(event.at.max(incident.since));
                    self.touched.entry(number).or_default();
                    self.log(number, event.at, IncidentAct::Close, None);
                }
            }
            (None, _) => {}
        }
    }

    fn start(&mut self, since: Timestamp) -> i64 {
        let number = self.next;
        self.next += 1;
        let subject = Subject::Devices(BTreeMap::new());
        let id = IncidentId::new(number);
        self.incidents.insert(number, Incident { id, subject, since, closed: None });
        self.log(number, since, IncidentAct::Open, None);
        number
    }

    /// Makes one of those that have one root: the oldest holds the devices of all.
    fn join(&mut self, now: Timestamp) {
        // A device whose entries became one fell over a longer stretch than either said, and may meet more.
        while self.join_once(now) {}
    }

    fn join_once(&mut self, now: Timestamp) -> bool {
        let members = self.incidents.iter().flat_map(|(&number, incident)| {
            let members = incident.members().into_iter().flatten();
            members.map(move |(&device, entry)| (number, device, entry))
        });
        let mut into: BTreeMap<i64, i64> = BTreeMap::new();
        for (one, other) in grouping::joins(members, self.rule, now) {
            let (one, other) = (oldest(&into, one), oldest(&into, other));
            if one != other {
                into.insert(one.max(other), one.min(other));
            }
        }
        for &number in into.keys() {
            self.merge(number, oldest(&into, number), now);
        }
        !into.is_empty()
    }

    fn merge(&mut self, from: i64, into: i64, now: Timestamp) {
        let Some(part) = self.incidents.remove(&from) else { return };
        let Some(whole) = self.incidents.get_mut(&into) else { return };
        let (Subject::Devices(moved), Subject::Devices(members)) =
            (part.subject, &mut whole.subject)
        else {
            return;
        };
        let touched = self.touched.entry(into).or_default();
        for (device, mut entry) in moved {
            let is_newest = self.holder.get(&device) == Some(&from);
            match members.remove(&device) {
                Some(known) if is_newest => entry.absorb(&known),
                Some(mut known) => {
                    known.absorb(&entry);
                    entry = known;
                }
                None => {}
            }
            members.insert(device, entry);
            touched.insert(device);
            if is_newest {
                self.holder.insert(device, into);
            }
        }
        self.touched.remove(&from);
        self.change.steps.retain(|step| step.incident.number() != from);
        if from < self.unheard {
            self.change.merged.push((IncidentId::new(from), IncidentId::new(into)));
            self.log(into, now, IncidentAct::Merge, Some(IncidentId::new(from)));
        }
    }

    /// Says of each incident that was touched when it began and whether it has ended.
    fn settle(&mut self, now: Timestamp) {
        for (number, devices) in std::mem::take(&mut self.touched) {
            let Some(incident) = self.incidents.get_mut(&number) else { continue };
            let was = incident.closed;
            if let Subject::Devices(members) = &incident.subject {
                let since = members.values().map(|it| it.since).min();
                incident.since = since.map_or(incident.since, |since| since.min(incident.since));
                let is_open = members.values().any(|it| it.state.is_open());
                let ended = members.values().filter_map(|it| it.until).max();
                incident.closed = if is_open { None } else { ended };
            }
            let closed = incident.closed;
            self.change.incidents.push((incident.clone(), devices));
            match (was, closed) {
                (None, Some(at)) => self.log(number, at, IncidentAct::Close, None),
                (Some(_), None) => self.log(number, now, IncidentAct::Reopen, None),
                _ => {}
            }
        }
    }

    fn log(&mut self, number: i64, at: Timestamp, act: IncidentAct, other: Option<IncidentId>) {
        self.change.steps.push(IncidentStep { incident: IncidentId::new(number), at, act, other });
    }
}

/// The oldest incident that a number has become part of.
fn oldest(into: &BTreeMap<i64, i64>, mut number: i64) -> i64 {
    while let Some(&older) = into.get(&number) {
        number = older;
    }
    number
}

//! 告警台: what is to be said of the incidents of now, given what was said before.
//!
//! Pure: [`Desk::look`] is told how incidents stand, what was [`Told`] of each by which rule, and the time;
//! it says what to say. What it says counts as told once that is on disk with the messages, so a crash in
//! between says it once more to the outbox and to nobody else.
//!
//! Invariants: of one incident a rule says that it is there once, that it is over only after that, and in
//! between only that it has come to matter more, or that nobody has taken it on; while an incident grows, or
//! others begin at its street or site and it is not critical, nothing is said, up to a limit; what was told of a part counts for the whole that it was merged into;
//! what is muted is not spoken of. That we did not run can be told only when it is over, and is told once then.

use super::{AlertRule, AlertRules, Manner, Severity};
use crate::{IncidentId, Timestamp};
use chrono_tz::Tz;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How an incident stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its number.
    pub id: IncidentId,
    /// Whether it lasts.
    pub is_open: bool,
    /// Whether it was over before anybody could tell it: we did not run.
    pub is_told_after: bool,
    /// How much it matters.
    pub severity: Severity,
    /// Devices that were ever in it.
    pub devices: u64,
    /// Streets and sites it reaches, by name.
    pub places: BTreeSet<String>,
    /// Somebody has taken it on.
    pub is_acknowledged: bool,
    /// Not spoken of before.
    pub muted_until: Option<Timestamp>,
}

/// What a rule has said of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// How much it mattered then.
    pub severity: Severity,
    /// When.
    pub at: Timestamp,
    /// How often it has begun: it may be over and come again.
    pub round: u32,
    /// Whether it was said to be over.
    pub is_over: bool,
}

/// What rules have said, by incident and rule.
pub type Ledger = BTreeMap<(IncidentId, String), Told>;

/// What is said of one incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Say {
    /// 发生.
    Open,
    /// 扩大: it matters more than when it was said.
    Grown,
    /// 仍未确认.
    Again,
    /// 恢复.
    Over,
}

words!(Say {
    Open = "open", "发生", "new";
    Grown = "grown", "扩大", "grown";
    Again = "again", "仍未确认", "not acknowledged yet";
    Over = "over", "恢复", "recovered";
});

/// Something to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    /// The rule by name.
    pub rule: String,
    /// What.
    pub what: What,
    /// What counts as told with it.
    pub told: Vec<(IncidentId, Told)>,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Of one incident.
    Alone(IncidentId, Say),
    /// Of those that came and went.
    Digest {
        /// Its time.
        slot: Timestamp,
        /// 新增, some of which may be over.
        new: Vec<IncidentId>,
        /// 恢复, of those that an earlier one told.
        over: Vec<IncidentId>,
        /// 仍未恢复, of those.
        lasting: u64,
    },
}

/// So many times as long as an incident is waited for that stands still, those beside it are: about the
/// interval of a plan, in which a street without power goes down camera by camera.
const GATHERED: u32 = 5;

/// How long an incident has stood as it does.
#[derive(Clone, Copy, Debug)]
struct Watch {
    first: Timestamp,
    changed: Timestamp,
    seen: (bool, u64, Severity),
}

/// The desk. It keeps only how long incidents have stood still; after a restart that begins anew.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    watched: BTreeMap<IncidentId, Watch>,
}

impl Desk {
    /// What is to be said now. `slots` are the digests that were made last, by rule.
    pub fn look(
        &mut self,
        rules: &AlertRules,
        cases: &[Case],
        told: &Ledger,
        slots: &BTreeMap<String, Timestamp>,
        (now, zone): (Timestamp, Tz),
    ) -> Vec<Saying> {
        self.watch(cases, now);
        let (still, most) = rules.settle();
        let settled = |case: &&Case| {
            self.watched.get(&case.id).is_some_and(|watch| {
                let is_late = case.is_open && now >= watch.first + most;
                is_late || now >= watch.changed + still
            })
        };
        let speakable = |case: &&Case| case.muted_until.is_none_or(|until| until <= now);
        let mut said = Vec::new();
        let all = cases;
        for rule in &rules.rules {
            let of_rule = cases.iter().filter(|case| rule.is_of(&case.places));
            let cases: Vec<&Case> = of_rule.filter(speakable).filter(settled).collect();
            match rule.manner {
                Manner::Immediate if rule.speaks_at(now, zone) => {
                    let is_new = |case: &&Case| {
                        case.is_open && of(told, case, rule).is_none_or(|it| it.is_over)
                    };
                    let ready = |case: &&&Case| {
                        !is_new(case) || !self.gathers(case, all, rules.settle(), now)
                    };
                    let ready = cases.iter().filter(ready);
                    said.extend(ready.filter_map(|case| alone(rule, case, told, now)));
                }
                Manner::Immediate => {}
                Manner::Digest => {
                    let slot = rule.last_digest(now, zone);
                    let slot = slot.filter(|slot| slots.get(&rule.name).is_none_or(|it| it < slot));
                    said.extend(slot.map(|slot| digest(rule, &cases, told, slot)));
                }
            }
        }
        said
    }

    /// Whether it may yet turn out to be one with others that have begun beside it.
    fn gathers(
        &self,
        case: &Case,
        cases: &[Case],
        (still, most): (Duration, Duration),
        now: Timestamp,
    ) -> bool {
        let first = |case: &Case| self.watched.get(&case.id).map(|watch| watch.first);
        let is_young = |case: &Case, age| first(case).is_some_and(|first| now < first + age);
        let is_beside = |other: &Case| {
            other.id != case.id && other.is_open && !other.places.is_disjoint(&case.places)
        };
        case.severity < Severity::Critical
            && is_young(case, most)
            && cases.iter().any(|other| is_beside(other) && is_young(other, still * GATHERED))
    }

    fn watch(&mut self, cases: &[Case], now: Timestamp) {
        for case in cases {
            let seen = (case.is_open, case.devices, case.severity);
            let new = Watch { first: now, changed: now, seen };
            let watch = self.watched.entry(case.id).or_insert(new);
            if watch.seen != seen {
                // One that comes again is looked at anew.
                let first = if seen.0 && !watch.seen.0 { now } else { watch.first };
                *watch = Watch { first, changed: now, seen };
            }
        }
        let known: BTreeSet<IncidentId> = cases.iter().map(|case| case.id).collect();
        self.watched.retain(|id, _| known.contains(id));
    }
}

fn of<'a>(told: &'a Ledger, case: &Case, rule: &AlertRule) -> Option<&'a Told> {
    told.get(&(case.id, rule.name.clone()))
}

fn alone(rule: &AlertRule, case: &Case, told: &Ledger, now: Timestamp) -> Option<Saying> {
    let before = of(told, case, rule);
    let standing = before.filter(|it| !it.is_over);
    let say = match standing {
        Some(_) if !case.is_open => Say::Over,
        Some(it) if case.severity > it.severity => Say::Grown,
        Some(it) => {
            let wait = std::time::Duration::from_secs(u64::from(rule.again_min) * 60);
            let is_due = rule.again_min > 0 && !case.is_acknowledged && now >= it.at + wait;
            return is_due.then(|| saying(rule, case, Say::Again, before, now));
        }
        None if case.is_open && case.severity >= rule.severity => Say::Open,
        None if case.is_told_after && before.is_none() && case.severity >= rule.severity => {
            Say::Over
        }
        None => return None,
    };
    Some(saying(rule, case, say, before, now))
}

fn saying(
    rule: &AlertRule,
    case: &Case,
    say: Say,
    before: Option<&Told>,
    now: Timestamp,
) -> Saying {
    let round = before.map_or(0, |it| it.round) + u32::from(say == Say::Open);
    let told = Told { severity: case.severity, at: now, round, is_over: say == Say::Over };
    let what = What::Alone(case.id, say);
    Saying { rule: rule.name.clone(), what, told: vec![(case.id, told)] }
}

/// Everything since the last one. Where nothing came or went it says nothing, but its time has passed.
fn digest(rule: &AlertRule, cases: &[&Case], told: &Ledger, slot: Timestamp) -> Saying {
    let (mut new, mut over, mut lasting, mut now_told) = (vec![], vec![], 0, vec![]);
    for case in cases {
        let before = of(told, case, rule);
        match before.filter(|it| !it.is_over) {
            Some(_) if case.is_open => {
                lasting += 1;
                continue;
            }
            Some(_) => over.push(case.id),
            // One that an earlier digest told to be over, and still is.
            None if before.is_some() && !case.is_open => continue,
            None if case.severity < rule.severity => continue,
            None => new.push(case.id),
        }
        let round = before.map_or(0, |it| it.round) + u32::from(new.last() == Some(&case.id));
        let severity = case.severity;
        now_told.push((case.id, Told { severity, at: slot, round, is_over: !case.is_open }));
    }
    let what = What::Digest { slot, new, over, lasting };
    Saying { rule: rule.name.clone(), what, told: now_told }
}

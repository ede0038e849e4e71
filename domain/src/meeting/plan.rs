//! What somebody books: everything about a meeting that is not what was done to it.

use super::{AssuranceGrade, Buffers, Cascade, Convener, LocalSlot, MeetingRank, Slot, VenueRole};
use crate::{ResourceId, Timestamp, VenueId};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, time::Duration};

/// Longest meeting, and longest rehearsal.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);
/// So long before its time a meeting may be begun.
const OPENS: Duration = Duration::from_secs(3600);
/// Longest buffer, minutes.
const LONGEST_BUFFER_MIN: u32 = 24 * 60;
/// Venues and resources of one meeting at most.
const MOST_VENUES: usize = 200;
/// Contacts of one meeting at most.
const MOST_CONTACTS: usize = 500;

/// A venue in a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MeetingVenue {
    /// Which.
    pub venue: VenueId,
    /// What it is there.
    pub role: VenueRole,
}

/// What a contact is in a meeting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactRole {
    /// 主持人: told before it how ready it is.
    Chair,
    /// 技术保障.
    Support,
    /// 参会.
    #[default]
    Other,
}

words!(ContactRole {
    Chair = "chair", "主持人", "chair";
    Support = "support", "技术保障", "support";
    Other = "other", "参会", "takes part";
});

/// Somebody who is told of a meeting (参会联系人).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// 单位.
    pub unit: String,
    /// Telephone; empty where unknown.
    pub phone: String,
    /// Mail address; empty where unknown.
    pub mail: String,
    /// What they are in it.
    pub role: ContactRole,
}

/// What is booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetingPlan {
    /// 会议名称.
    pub title: String,
    /// 会议级别.
    pub rank: MeetingRank,
    /// 保障等级.
    pub assurance: AssuranceGrade,
    /// 召集层级.
    pub convener: Convener,
    /// 主办单位; empty where it is our own.
    pub organiser: String,
    /// 级联方式.
    pub cascade: Cascade,
    /// In which zone its times are.
    pub zone: Tz,
    /// From when to when.
    pub time: LocalSlot,
    /// Before and after.
    pub buffers: Buffers,
    /// 上级联调时间: it reserves the venues too.
    pub rehearsal: Option<LocalSlot>,
    /// Where; the main venue first.
    pub venues: Vec<MeetingVenue>,
    /// On what.
    pub resources: Vec<ResourceId>,
    /// Who is told.
    pub contacts: Vec<Contact>,
    /// 议程及备注.
    pub note: String,
}

/// What is wrong with a plan, before anybody looks whether its rooms are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeetingProblem {
    /// It has no title.
    #[error("book the meeting: it has no title")]
    Title,
    /// It ends before it begins, or is too long.
    #[error("book the meeting: its times are not in order, or it is longer than 7 days")]
    Time,
    /// The rehearsal ends before it begins, is too long, or begins after the meeting.
    #[error("book the meeting: its rehearsal has to be in order and begin before the meeting")]
    Rehearsal,
    /// A buffer is longer than a day.
    #[error("book the meeting: a buffer is longer than 24 hours")]
    Buffer,
    /// It has no venue, or too many.
    #[error("book the meeting: it has 1 to 200 venues and resources")]
    Venues,
    /// A venue or a resource is named twice.
    #[error("book the meeting: a venue or a resource is named twice")]
    Twice,
    /// It has more than one main venue.
    #[error("book the meeting: it has more than one main venue")]
    Main,
    /// It has too many contacts.
    #[error("book the meeting: it has more than 500 contacts")]
    Contacts,
}

impl MeetingPlan {
    /// The meeting itself.
    pub fn slot(&self) -> Slot {
        self.time.in_zone(self.zone)
    }

    /// 主持人, whoever is named as such.
    pub fn chairs(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.iter().filter(|it| it.role == ContactRole::Chair)
    }

    /// From when on a person may begin it: an hour before, or since its rooms are its own where that is longer.
    pub fn opens(&self) -> Timestamp {
        let slot = self.slot();
        (slot.from - OPENS).min(self.buffers.around(slot).from)
    }

    /// The same, ending at another time.
    pub fn ending(&self, to: Timestamp) -> Self {
        let to = to.in_zone(self.zone).naive_local();
        Self { time: LocalSlot { to, ..self.time }, ..self.clone() }
    }

    /// What is reserved of each venue: the meeting with its buffers, and the rehearsal.
    pub fn reserved(&self) -> Vec<Slot> {
        let rehearsal = self.rehearsal.map(|slot| slot.in_zone(self.zone));
        std::iter::once(self.buffers.around(self.slot())).chain(rehearsal).collect()
    }

    /// What is wrong with it.
    pub fn check(&self) -> Result<(), MeetingProblem> {
        let in_order = |slot: Slot| slot.from < slot.to && slot.length() <= LONGEST;
        let Buffers { setup_min, teardown_min } = self.buffers;
        let rehearsal = self.rehearsal.map(|slot| slot.in_zone(self.zone));
        let venues: BTreeSet<_> = self.venues.iter().map(|it| it.venue).collect();
        let resources: BTreeSet<_> = self.resources.iter().collect();
        let mains = self.venues.iter().filter(|it| it.role == VenueRole::Main).count();
        let rules = [
            (!self.title.trim().is_empty(), MeetingProblem::Title),
            (in_order(self.slot()), MeetingProblem::Time),
            (
                rehearsal.is_none_or(|it| in_order(it) && it.from < self.slot().from),
                MeetingProblem::Rehearsal,
            ),
            (setup_min.max(teardown_min) <= LONGEST_BUFFER_MIN, MeetingProblem::Buffer),
            (
                !venues.is_empty() && venues.len() + resources.len() <= MOST_VENUES,
                MeetingProblem::Venues,
            ),
            (
                venues.len() == self.venues.len() && resources.len() == self.resources.len(),
                MeetingProblem::Twice,
            ),
            (mains <= 1, MeetingProblem::Main),
            (self.contacts.len() <= MOST_CONTACTS, MeetingProblem::Contacts),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, problem)| Err(problem))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use chrono::{NaiveDate, NaiveDateTime};

    pub(in crate::meeting) fn at(day: u32, hour: u32, minute: u32) -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2026, 3, day).unwrap().and_hms_opt(hour, minute, 0).unwrap()
    }

    pub(in crate::meeting) fn plan() -> MeetingPlan {
        MeetingPlan {
            title: "防汛调度会".into(),
            rank: MeetingRank::Second,
            assurance: AssuranceGrade::Second,
            convener: Convener::City,
            organiser: "市应急局".into(),
            cascade: Cascade::Mcu,
            zone: chrono_tz::Asia::Shanghai,
            time: LocalSlot { from: at(10, 9, 0), to: at(10, 11, 0) },
            buffers: Buffers { setup_min: 30, teardown_min: 15 },
            rehearsal: Some(LocalSlot { from: at(9, 15, 0), to: at(9, 16, 0) }),
            venues: vec![MeetingVenue { venue: VenueId::new(1), role: VenueRole::Main }],
            resources: vec![ResourceId::new(1)],
            contacts: Vec::new(),
            note: String::new(),
        }
    }

    #[test]
    fn the_rehearsal_reserves_the_venues_too() {
        let zone = chrono_tz::Asia::Shanghai;
        let plan = plan();
        assert_eq!(plan.check(), Ok(()));
        let told: Vec<_> =
            plan.reserved().iter().map(|it| (it.from.rfc3339(zone), it.to.rfc3339(zone))).collect();
        let pair = |from: &str, to: &str| (format!("{from}.000+08:00"), format!("{to}.000+08:00"));
        assert_eq!(
            told,
            [
                pair("2026-03-10T08:30:00", "2026-03-10T11:15:00"),
                pair("2026-03-09T15:00:00", "2026-03-09T16:00:00")
            ]
        );
    }

    #[test]
    fn each_mistake_is_named() {
        let broken = |change: fn(&mut MeetingPlan)| {
            let mut plan = plan();
            change(&mut plan);
            plan.check().unwrap_err()
        };
        assert_eq!(broken(|it| it.title = " ".into()), MeetingProblem::Title);
        assert_eq!(broken(|it| it.time.to = it.time.from), MeetingProblem::Time);
        assert_eq!(broken(|it| it.time.to = at(31, 0, 0)), MeetingProblem::Time);
        assert_eq!(broken(|it| it.rehearsal = Some(it.time)), MeetingProblem::Rehearsal);
        assert_eq!(broken(|it| it.buffers.setup_min = 1441), MeetingProblem::Buffer);
        assert_eq!(broken(|it| it.venues.clear()), MeetingProblem::Venues);
        assert_eq!(broken(|it| it.venues.push(it.venues[0])), MeetingProblem::Twice);
        let second = MeetingVenue { venue: VenueId::new(2), role: VenueRole::Main };
        let mut two = plan();
        two.venues.push(second);
        assert_eq!(two.check(), Err(MeetingProblem::Main));
    }
}

//! The agenda: what is held on a day, as lines to be read down, on the page and on paper.

use crate::{app::App, booking::span, words::Words};
use chrono::{Datelike, NaiveDate};
use std::collections::{BTreeMap, HashMap};
use zhishou_domain::{
    MeetingId, VenueId,
    meeting::{MeetingState, Slot, Venue},
};
use zhishou_storage::{Held, StoredMeeting};

/// A meeting in a list.
pub(super) struct MeetingLine {
    pub(super) id: String,
    pub(super) href: String,
    pub(super) title: String,
    /// `09:00–11:00`.
    pub(super) time: String,
    pub(super) state: &'static str,
    pub(super) code: &'static str,
    /// What its page of checks and watch is for now; none where it has none.
    pub(super) care: Option<&'static str>,
    /// `联调 03-09 15:00–16:00`.
    pub(super) rehearsal: Option<String>,
    /// Each venue with its role, contact and telephone.
    pub(super) venues: Vec<(String, &'static str, String, String)>,
    pub(super) organiser: String,
    pub(super) assurance: &'static str,
    pub(super) note: String,
}

/// A rehearsal in a list.
pub(super) struct RehearsalLine {
    pub(super) href: String,
    /// Of which meeting.
    pub(super) title: String,
    /// `15:00–16:00`.
    pub(super) time: String,
    /// Where.
    pub(super) venues: String,
}

/// A day of the agenda.
pub(super) struct AgendaDay {
    pub(super) label: String,
    pub(super) meetings: Vec<MeetingLine>,
    pub(super) rehearsals: Vec<RehearsalLine>,
}

/// 周几.
pub(super) fn weekday(day: NaiveDate, t: Words) -> &'static str {
    const ZH: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
    const EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let index = day.weekday().num_days_from_monday() as usize;
    t.0.pick(ZH[index], EN[index])
}

/// What the page of a meeting is for while it stands so: its checks, its watch, its record.
pub(super) fn care_word(state: MeetingState, t: Words) -> Option<&'static str> {
    match state {
        MeetingState::Live => Some(t.meeting_watch()),
        MeetingState::Ended | MeetingState::Archived => Some(t.record()),
        state => state.is_due().then(|| t.meeting_checks()),
    }
}

/// A meeting as a line.
pub(super) fn line(
    app: &App,
    stored: &StoredMeeting,
    venues: &HashMap<VenueId, &Venue>,
    t: Words,
) -> MeetingLine {
    let plan = &stored.plan;
    MeetingLine {
        id: stored.id.to_string(),
        href: format!("/bookings/{}", stored.id),
        title: plan.title.clone(),
        time: time(app, plan.slot()),
        state: stored.state.name(t.0),
        code: stored.state.code(),
        care: care_word(stored.state, t),
        rehearsal: plan.rehearsal.map(|it| span(app, it.in_zone(plan.zone))),
        venues: plan
            .venues
            .iter()
            .filter_map(|it| {
                let venue = venues.get(&it.venue)?;
                let (contact, phone) = (venue.contact.clone(), venue.phone.clone());
                Some((venue.name.clone(), it.role.name(t.0), contact, phone))
            })
            .collect(),
        organiser: plan.organiser.clone(),
        assurance: plan.assurance.name(t.0),
        note: plan.note.clone(),
    }
}

/// `09:00–11:00`, or with the day of the end where that is another.
fn time(app: &App, slot: Slot) -> String {
    let told = span(app, slot);
    told.split_once(' ').map(|(_, time)| time.to_owned()).unwrap_or(told)
}

/// What is rehearsed within a slot, of whatever day its meeting is, in order of time.
pub(super) fn rehearsals(
    app: &App,
    held: &[Held],
    slot: Slot,
    venue: Option<VenueId>,
    t: Words,
) -> Vec<RehearsalLine> {
    let mut found: BTreeMap<(Slot, MeetingId), (&str, Vec<&str>)> = BTreeMap::new();
    for it in held.iter().filter(|it| it.is_rehearsal && it.slot.overlaps(slot)) {
        if it.venue().is_some_and(|id| venue.is_none_or(|venue| venue == id)) {
            let (_, venues) = found.entry((it.slot, it.meeting)).or_insert((&it.title, vec![]));
            venues.push(&it.name);
        }
    }
    let lines = found.into_iter().map(|((slot, id), (title, venues))| RehearsalLine {
        href: format!("/bookings/{id}"),
        title: title.to_owned(),
        time: time(app, slot),
        venues: venues.join(t.0.pick("、", ", ")),
    });
    lines.collect()
}

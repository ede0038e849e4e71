//! 会议通知 in words: what a contact is told of a meeting. The address of the answer and the calendar file
//! are added when it is sent.

use super::span;
use crate::{app::App, failure::Failure};
use std::collections::BTreeSet;
use zhishou_domain::{
    Lang, MeetingId,
    alert::{Note, Topic},
    duty::{DutyShift, reachable},
    meeting::{Contact, MeetingAct, MeetingPlan, MeetingState, Venue, VenueRole},
};
use zhishou_storage::{MakesWay, MeetingNotice, StoredMeeting};

/// Marks those that a newer one or a move replaces; `notices` are the newest first.
pub(crate) fn with_age(
    meeting: &StoredMeeting,
    notices: Vec<MeetingNotice>,
) -> Vec<(MeetingNotice, bool)> {
    let mut seen = BTreeSet::new();
    let of = |notice: MeetingNotice| {
        let is_newest = seen.insert((notice.contact.name.clone(), notice.contact.phone.clone()));
        let is_old = !is_newest || notice.revision != meeting.revision;
        (notice, is_old)
    };
    notices.into_iter().map(of).collect()
}

/// What is said where a meeting makes way for `plan`: to those who were told of it and to who is on duty.
pub(super) async fn makes_way(
    app: &App,
    id: MeetingId,
    plan: &MeetingPlan,
    lang: Lang,
) -> Result<MakesWay, Failure> {
    let now = app.clock.now();
    let (stored, notices, duty) =
        tokio::try_join!(app.store.meeting(id), app.store.notices(id), app.store.on_duty(now),)?;
    let stored = stored.ok_or_else(Failure::not_found)?;
    let (title, when) = (&stored.plan.title, span(app, stored.plan.slot()));
    let (subject, lines) = match lang {
        Lang::Zh => (
            format!("【会议让位】{title}"),
            vec![
                format!("原定 {when} 的会议为“{}”让位，届时不召开。", plan.title),
                "另定时间后将重新通知。".to_owned(),
            ],
        ),
        Lang::En => (
            format!("[meeting displaced] {title}"),
            vec![
                format!(
                    "The meeting of {when} makes way for \"{}\" and is not held then.",
                    plan.title
                ),
                "You will be told when it has another time.".to_owned(),
            ],
        ),
    };
    let told = with_age(&stored, notices).into_iter().filter(|(_, is_old)| !is_old);
    let told = told.map(|(notice, _)| {
        let note = Note::new(Topic::Meeting, String::new(), subject.clone());
        (notice.id, Note { lines: lines.clone(), ..note })
    });
    // A meeting that was booked anew since can be displaced once more.
    let key = format!("displaced/{id}/{}/{}", stored.revision, stored.steps.len());
    let duty = Note {
        about: format!("/bookings/{id}"),
        lines: lines.clone(),
        to: reachable(duty.iter().flat_map(DutyShift::people)),
        ..Note::new(Topic::Duty, key, subject.clone())
    };
    Ok(MakesWay { meeting: id, told: told.collect(), duty })
}

/// What `contact` is told; of a meeting that is cancelled, that it is.
pub(crate) fn note(
    app: &App,
    meeting: &StoredMeeting,
    venues: &[Venue],
    contact: &Contact,
    lang: Lang,
) -> Note {
    let plan = &meeting.plan;
    let (name, title, when) = (&contact.name, &plan.title, span(app, plan.slot()));
    let is_cancelled = meeting.state == MeetingState::Cancelled;
    let said = |zh: &str, en: &str, what: &str| match lang {
        Lang::Zh => format!("{zh}：{what}"),
        Lang::En => format!("{en}: {what}"),
    };
    let mut lines = vec![match (lang, is_cancelled) {
        (Lang::Zh, false) => format!("{name}：您好。请按时参会并回执。"),
        (Lang::Zh, true) => format!("{name}：您好。原定会议已取消，不再召开。"),
        (Lang::En, false) => format!("{name}: please attend and acknowledge."),
        (Lang::En, true) => format!("{name}: this meeting is cancelled."),
    }];
    lines.push(said("时间", "time", &when));
    if is_cancelled {
        let cancel = meeting.steps.iter().rev().find(|step| step.act == MeetingAct::Cancel);
        lines.extend(cancel.map(|step| said("原因", "reason", &step.note)));
    } else {
        let places: Vec<_> = plan
            .venues
            .iter()
            .filter_map(|it| {
                let venue = venues.iter().find(|venue| venue.id == it.venue)?;
                let role = it.role.name(lang);
                Some(match it.role {
                    VenueRole::Branch => venue.name.clone(),
                    VenueRole::Main | VenueRole::Speaking => format!("{}（{role}）", venue.name),
                })
            })
            .collect();
        lines.push(said("会场", "venues", &places.join(lang.pick("、", ", "))));
        if !plan.organiser.is_empty() {
            lines.push(said("主办单位", "organiser", &plan.organiser));
        }
        if let Some(rehearsal) = plan.rehearsal {
            let when = span(app, rehearsal.in_zone(plan.zone));
            lines.push(said("联调", "rehearsal", &when));
        }
    }
    let title = match (lang, is_cancelled) {
        (Lang::Zh, false) => format!("【会议通知】{title}"),
        (Lang::Zh, true) => format!("【会议取消】{title}"),
        (Lang::En, false) => format!("[meeting] {title}"),
        (Lang::En, true) => format!("[meeting cancelled] {title}"),
    };
    Note { lines, ..Note::new(Topic::Meeting, String::new(), title) }
}

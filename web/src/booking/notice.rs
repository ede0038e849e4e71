//! 会议通知 in words: what a contact is told of a meeting. The address of the answer and the calendar file
//! are added when it is sent.

use super::span;
use crate::app::App;
use zhishou_domain::{
    Lang,
    alert::{Note, Topic},
    meeting::{Contact, MeetingAct, MeetingState, Venue, VenueRole},
};
use zhishou_storage::StoredMeeting;

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

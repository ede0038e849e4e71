//! 会议通知 in words: what a contact is told of a meeting. The address of the answer and the calendar file
//! are added when it is sent.

use super::span;
use crate::{app::App, failure::Failure};
use std::collections::BTreeSet;
use zhishou_domain::{
    Lang, MeetingId, Timestamp,
    alert::{Note, Topic},
    duty::{DutyShift, reachable},
    meeting::{Contact, MeetingPlan, Venue, VenueRole},
};
use zhishou_storage::{
    MakesWay, MeetingNotice, NoticeOut, Noticed, Store, StoreError, StoredMeeting,
};

/// What a contact is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// To take part.
    Come,
    /// To take part at another time or place than they were told.
    Moved,
    /// 取消, and why.
    Cancelled(&'a str),
    /// 退回: whoever approves sent it back, and why.
    PutOff(&'a str),
    /// Not to take part any more.
    Dropped,
}

/// The newest notice of each contact whom a plan has; `notices` are the newest first. Whoever it has no more was
/// told so.
fn newest(plan: &MeetingPlan, notices: Vec<MeetingNotice>) -> impl Iterator<Item = MeetingNotice> {
    let mut waiting: BTreeSet<_> = plan.contacts.iter().map(person).collect();
    notices.into_iter().filter(move |it| waiting.remove(&person(&it.contact)))
}

fn person(contact: &Contact) -> (String, String) {
    (contact.name.clone(), contact.phone.clone())
}

/// Says to all who were told of a meeting that it is not held so.
pub(super) fn called_off(
    app: &App,
    meeting: &StoredMeeting,
    notices: Vec<MeetingNotice>,
    said: Said<'_>,
    lang: Lang,
) -> Vec<NoticeOut> {
    let told = newest(&meeting.plan, notices).map(|it| NoticeOut {
        meeting: meeting.id,
        to: Noticed::Again(it.id),
        note: note(app, &meeting.plan, &[], &it.contact, said, lang),
    });
    told.collect()
}

/// Says to all contacts of a meeting that moves what is asked of them then; none where nobody was told of it
/// before, or nothing moves.
pub(super) async fn moved(
    app: &App,
    venues: &[Venue],
    (id, before): (MeetingId, &MeetingPlan),
    after: &MeetingPlan,
    lang: Lang,
) -> Result<Vec<NoticeOut>, StoreError> {
    if !before.moves(after) {
        return Ok(Vec::new());
    }
    let notices = app.store.notices(id).await?;
    if notices.is_empty() {
        return Ok(Vec::new());
    }
    let out = |to, contact: &Contact, said| NoticeOut {
        meeting: id,
        to,
        note: note(app, after, venues, contact, said, lang),
    };
    let stay: BTreeSet<_> = after.contacts.iter().map(person).collect();
    let dropped = newest(before, notices).filter(|it| !stay.contains(&person(&it.contact)));
    let dropped = dropped.map(|it| out(Noticed::Again(it.id), &it.contact, Said::Dropped));
    let asked = after.contacts.iter();
    let asked = asked.map(|it| out(Noticed::Anew(it.clone()), it, Said::Moved));
    Ok(asked.chain(dropped).collect())
}

/// Marks those that a newer one or a move replaces; `notices` are the newest first.
pub(crate) fn with_age(
    meeting: &StoredMeeting,
    notices: Vec<MeetingNotice>,
) -> Vec<(MeetingNotice, bool)> {
    let mut seen = BTreeSet::new();
    let of = |notice: MeetingNotice| {
        let is_newest = seen.insert(person(&notice.contact));
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
    let (stored, notices) = tokio::try_join!(app.store.meeting(id), app.store.notices(id))?;
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
    let told = newest(&stored.plan, notices).map(|notice| {
        let note = Note::new(Topic::Meeting, String::new(), subject.clone());
        let note = Note { lines: lines.clone(), ..note };
        NoticeOut { meeting: id, to: Noticed::Again(notice.id), note }
    });
    // A meeting that was booked anew since can be displaced once more.
    let key = format!("displaced/{id}/{}/{}", stored.revision, stored.steps.len());
    let duty = Note {
        about: format!("/bookings/{id}"),
        lines: lines.clone(),
        ..Note::new(Topic::Duty, key, subject.clone())
    };
    let duty = for_duty(&app.store, duty, now).await?;
    Ok(MakesWay { meeting: id, told: told.collect(), duty })
}

/// A note for those on duty at `now` who can be reached.
pub(crate) async fn for_duty(
    store: &Store,
    note: Note,
    now: Timestamp,
) -> Result<Note, StoreError> {
    let shift = store.on_duty(now).await?;
    Ok(Note { to: reachable(shift.iter().flat_map(DutyShift::people)), ..note })
}

/// What `contact` is told of a meeting.
pub(crate) fn note(
    app: &App,
    plan: &MeetingPlan,
    venues: &[Venue],
    contact: &Contact,
    said: Said<'_>,
    lang: Lang,
) -> Note {
    let (name, title, when) = (&contact.name, &plan.title, span(app, plan.slot()));
    let line = |zh: &str, en: &str, what: &str| match lang {
        Lang::Zh => format!("{zh}：{what}"),
        Lang::En => format!("{en}: {what}"),
    };
    let (subject, first) = match said {
        Said::Come => (
            lang.pick("会议通知", "meeting"),
            lang.pick("您好。请按时参会并回执。", "please attend and acknowledge."),
        ),
        Said::Moved => (
            lang.pick("会议变更", "meeting changed"),
            lang.pick(
                "您好。会议安排有变，请按下列时间地点参会并重新回执。",
                "this meeting has changed; please attend as below and acknowledge anew.",
            ),
        ),
        Said::Cancelled(_) => (
            lang.pick("会议取消", "meeting cancelled"),
            lang.pick("您好。原定会议已取消，不再召开。", "this meeting is cancelled."),
        ),
        Said::PutOff(_) => (
            lang.pick("会议暂缓", "meeting put off"),
            lang.pick(
                "您好。原定会议暂缓，确定后将重新通知。",
                "this meeting is put off; you will be told when it is settled.",
            ),
        ),
        Said::Dropped => (
            lang.pick("不再参会", "no need to attend"),
            lang.pick(
                "您好。会议安排有变，您不再需要参会。",
                "this meeting has changed, and you need not attend any more.",
            ),
        ),
    };
    let mut lines = vec![line(name, name, first), line("时间", "time", &when)];
    match said {
        Said::Cancelled(reason) | Said::PutOff(reason) => {
            lines.push(line("原因", "reason", reason));
        }
        Said::Dropped => {}
        Said::Come | Said::Moved => {
            let places = plan.venues.iter().filter_map(|it| {
                let venue = venues.iter().find(|venue| venue.id == it.venue)?;
                let role = it.role.name(lang);
                Some(match it.role {
                    VenueRole::Branch => venue.name.clone(),
                    VenueRole::Main | VenueRole::Speaking => format!("{}（{role}）", venue.name),
                })
            });
            let places = places.collect::<Vec<_>>().join(lang.pick("、", ", "));
            lines.push(line("会场", "venues", &places));
            if !plan.organiser.is_empty() {
                lines.push(line("主办单位", "organiser", &plan.organiser));
            }
            if let Some(rehearsal) = plan.rehearsal {
                let when = span(app, rehearsal.in_zone(plan.zone));
                lines.push(line("联调", "rehearsal", &when));
            }
        }
    }
    let title = match lang {
        Lang::Zh => format!("【{subject}】{title}"),
        Lang::En => format!("[{subject}] {title}"),
    };
    Note { lines, ..Note::new(Topic::Meeting, String::new(), title) }
}

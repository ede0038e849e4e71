//! What persons do to a meeting that is checked, held or over: sign, sign off, begin, end, enter what goes wrong,
//! archive. For its page and for programs.

use super::{Known, not_open, turn};
use crate::{
    app::App,
    booking::By,
    failure::Failure,
    guard::{address, audit_line},
    query::typed,
};
use zhishou_domain::{
    Lang, MeetingId, MeetingIncidentId, Timestamp, VenueId,
    check::{
        AfterRecord, Attendance, CheckItem, Conclusion, Draft, Outcome, Row, TurnTo, held, lost,
        roll_opens,
    },
    duty::watchers,
    meeting::{MeetingAct, MeetingRefusal, MeetingStep},
};
use zhishou_storage::{Archived, Entered, MeetingActed, NewMeetingIncident};

/// Longest words of a field, characters.
const WORDS: usize = 500;
/// Longest record, characters.
const RECORD: usize = 8000;

/// A person says how an item of a venue is.
pub(crate) async fn sign(
    app: &App,
    (user, extensions): By<'_>,
    id: MeetingId,
    (venue, item): (VenueId, CheckItem),
    (outcome, text): (Outcome, &str),
) -> Result<(), Failure> {
    if item == CheckItem::RollCall {
        let stored = app.store.meeting(id).await?.ok_or_else(Failure::not_found)?;
        let opens = roll_opens(stored.plan.slot().from, &stored.steps);
        if app.clock.now() < opens {
            let opens = opens.in_zone(app.zone).format("%m-%d %H:%M");
            return Err(Failure::conflict(
                format!("会前 3 小时内才能点名：{opens} 起"),
                format!("the roll is called from {opens} on"),
            ));
        }
    }
    let said = (outcome, typed("text", text, WORDS)?);
    let line = audit_line(app, user, extensions, "sign_check", String::new());
    match app.store.sign_check(id, venue, item, said, line).await? {
        Entered::Now(()) => Ok(()),
        Entered::NotOpen => Err(not_open()),
        Entered::Missing => {
            Err(Failure::bad_input("此项由平台检查，不能签字", "item: not one for persons"))
        }
    }
}

/// What is done to a meeting as a whole, beside booking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// 签字: somebody answers for it that it may begin.
    SignOff,
    /// 开会.
    Start,
    /// 散会.
    End,
}

impl Step {
    /// As the end of a route says it.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        match code {
            "sign-off" => Some(Self::SignOff),
            "start" => Some(Self::Start),
            "end" => Some(Self::End),
            _ => None,
        }
    }
}

/// Signs a meeting off, begins or ends it. Who signs what is not ready says why.
pub(crate) async fn step(
    app: &App,
    (user, extensions): By<'_>,
    id: MeetingId,
    (what, note): (Step, &str),
) -> Result<(), Failure> {
    let (at, note) = (app.clock.now(), typed("note", note, WORDS)?);
    let known = Known::of(&app.store, id, at).await?.ok_or_else(Failure::not_found)?;
    let acts = match what {
        Step::Start => vec![MeetingAct::Start],
        Step::End => vec![MeetingAct::End],
        Step::SignOff => {
            let verdict = match known.readiness.conclusion {
                Conclusion::Ready => MeetingAct::Ready,
                Conclusion::Risk => MeetingAct::Risk,
                _ if note.is_empty() => {
                    return Err(Failure::bad_input(
                        "尚不具备条件：带风险签字须写明理由",
                        "note: it is not ready; who signs all the same says why",
                    ));
                }
                _ => MeetingAct::Risk,
            };
            vec![MeetingAct::Test, verdict]
        }
    };
    let step = |act| {
        // The reason belongs to the verdict, not to the test before it.
        let note = if act == MeetingAct::Test { String::new() } else { note.clone() };
        MeetingStep { at, login: user.login.clone(), act, note }
    };
    let steps = acts.into_iter().map(step).collect();
    match app.store.act_on_meeting(id, steps, address(extensions), Vec::new()).await? {
        MeetingActed::Now(_) => Ok(()),
        MeetingActed::Refused(MeetingRefusal::Early) => {
            let opens = known.stored.plan.opens().in_zone(app.zone).format("%m-%d %H:%M");
            Err(Failure::conflict(
                format!("还没到开会时间：{opens} 起才能点“开会”"),
                format!("it can be begun from {opens} on"),
            ))
        }
        _ => Err(Failure::conflict(
            "当前状态下不能这样做",
            "it does not stand so that this could be done",
        )),
    }
}

/// Something goes wrong in a venue. With what is turned to, that is from then on what is checked and watched;
/// before the meeting begins nobody lost anything yet, and turning is no incident.
pub(crate) async fn add_incident(
    app: &App,
    (user, extensions): By<'_>,
    (meeting, venue): (MeetingId, VenueId),
    (what, to): (&str, Option<TurnTo>),
    lang: Lang,
) -> Result<(), Failure> {
    let what = typed("what", what, WORDS)?;
    if what.is_empty() {
        return Err(Failure::bad_input("请写明故障现象", "what: words are missing"));
    }
    if let Some(to) = to {
        return turn(app, (user, extensions, lang), (meeting, venue), to, &what).await;
    }
    let line = audit_line(app, user, extensions, "meeting_incident", String::new());
    let new = NewMeetingIncident { meeting, venue, what };
    match app.store.add_meeting_incident(new, line).await? {
        Entered::Now(_) => Ok(()),
        Entered::NotOpen => Err(not_open()),
        Entered::Missing => Err(Failure::not_found()),
    }
}

/// What went wrong is over.
pub(crate) async fn end_incident(
    app: &App,
    (user, extensions): By<'_>,
    meeting: MeetingId,
    incident: MeetingIncidentId,
) -> Result<(), Failure> {
    let line = audit_line(app, user, extensions, "meeting_incident", String::new());
    match app.store.end_meeting_incident(meeting, incident, line).await? {
        Entered::Now(()) => Ok(()),
        Entered::NotOpen => Err(not_open()),
        Entered::Missing => Err(Failure::not_found()),
    }
}

/// The record of a meeting that is over, from what is known of it.
pub(crate) async fn draft(app: &App, known: &Known, lang: Lang) -> Result<AfterRecord, Failure> {
    let (id, slot) = (known.stored.id, known.stored.plan.slot());
    let held = held(&known.stored.steps, slot);
    let store = &app.store;
    let (incidents, noted, duty) = tokio::try_join!(
        store.meeting_incidents(id),
        store.last_readiness(id, slot.from),
        store.duty_shifts(held.from, held.to),
    )?;
    let roll = |row: &Row| {
        let called = row.cells.iter().find(|cell| cell.item == CheckItem::RollCall);
        called.map_or(Outcome::Untested, |cell| cell.outcome)
    };
    let rows = &known.readiness.rows;
    let words: Vec<_> = incidents
        .iter()
        .map(|it| {
            let turned = it.fallback.map(|it| it.name(lang)).unwrap_or_default();
            format!("{} {} {turned}", known.name(it.venue), it.what).trim_end().to_owned()
        })
        .collect();
    let attendance = rows.iter().map(|row| Attendance {
        venue: known.name(row.venue),
        attended: matches!(roll(row), Outcome::Pass | Outcome::Warn),
    });
    let draft = Draft {
        held,
        attendance: attendance.collect(),
        uncalled: rows.iter().filter(|row| roll(row) == Outcome::Untested).count(),
        on_time: noted.is_some_and(Conclusion::may_begin),
        incidents: &words,
        lost: lost(&incidents, held),
        watchers: watchers(&duty, held.to, lang),
    };
    Ok(AfterRecord::draft(draft, lang))
}

/// A record as a person corrected it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Corrected {
    /// When it began and ended; none: as it is known.
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    /// Venues that were there.
    pub(crate) attended: Vec<VenueId>,
    pub(crate) on_time: bool,
    pub(crate) incidents: u32,
    pub(crate) lost_minutes: u32,
    /// Names with 、 or a comma between them.
    pub(crate) watchers: String,
    pub(crate) text: String,
}

/// Archives a meeting that is over with its record.
pub(crate) async fn archive(
    app: &App,
    (user, extensions): By<'_>,
    id: MeetingId,
    corrected: Corrected,
) -> Result<(), Failure> {
    let known = Known::of(&app.store, id, app.clock.now()).await?.ok_or_else(Failure::not_found)?;
    let held = held(&known.stored.steps, known.stored.plan.slot());
    let (from, to) = (corrected.from.unwrap_or(held.from), corrected.to.unwrap_or(held.to));
    if to < from {
        return Err(Failure::bad_input("结束时间早于开始时间", "ended: before it began"));
    }
    let attendance = known.venues.iter().map(|venue| Attendance {
        venue: venue.name.clone(),
        attended: corrected.attended.contains(&venue.id),
    });
    let watchers = typed("watchers", &corrected.watchers, WORDS)?;
    let watchers = watchers.split(['、', ',', '，']).map(|name| name.trim().to_owned());
    let record = AfterRecord {
        from: Some(from),
        to: Some(to),
        attendance: attendance.collect(),
        on_time: corrected.on_time,
        incidents: corrected.incidents,
        lost_minutes: corrected.lost_minutes,
        watchers: watchers.filter(|name| !name.is_empty()).collect(),
        text: typed("text", &corrected.text, RECORD)?,
    };
    let line = audit_line(app, user, extensions, "archive_meeting", String::new());
    match app.store.archive_meeting(id, record, line).await? {
        Archived::Done => Ok(()),
        Archived::Missing => Err(Failure::not_found()),
        Archived::NotEnded => {
            Err(Failure::conflict("会议尚未结束，或已归档", "it is not over, or archived already"))
        }
    }
}

//! 会议通知: sent to each contact over the channels, how each message stands, and what they answered.

use crate::{
    app::App,
    booking::{By, Said, act, notice_note, span, with_age},
    failure::Failure,
    format::Moment,
    guard::{User, address},
    shell::Shell,
    words::Words,
};
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::Extensions,
    response::Redirect,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use zhishou_domain::{
    Lang, MeetingId, Timestamp,
    alert::NoteState,
    meeting::{MeetingAct, MeetingState},
};
use zhishou_storage::{MeetingNotice, Message, NoticeAnswer, StoredMeeting};

/// A notice on the page of its meeting.
pub(super) struct NoticeRow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) phone: String,
    pub(super) mail: String,
    /// What came of it: answered, opened, or nothing yet.
    pub(super) answer: String,
    /// What became of each message, and whether that is a fault.
    pub(super) messages: Vec<(String, bool)>,
    pub(super) link: String,
    /// To be sent, but for the link at its end.
    pub(super) text: String,
    /// The contact has a newer one.
    pub(super) is_old: bool,
}

/// The notices of a meeting, and how they stand together.
pub(super) struct Notices {
    pub(super) rows: Vec<NoticeRow>,
    /// `3 人：参会 1、未回执 2；未送达 1`; empty where there is none.
    pub(super) summary: String,
    pub(super) has_unanswered: bool,
}

/// What the page of a meeting shows.
pub(super) async fn notices(
    app: &App,
    shell: &Shell,
    meeting: &StoredMeeting,
    now: Timestamp,
) -> Result<Notices, Failure> {
    let (made, sent) =
        tokio::try_join!(app.store.notices(meeting.id), app.store.notice_messages(meeting.id))?;
    let mut messages: BTreeMap<i64, Vec<Message>> = BTreeMap::new();
    for (notice, message) in sent {
        messages.entry(notice).or_default().push(message);
    }
    let (t, lang) = (shell.t, shell.t.0);
    let ago = |at: Timestamp| Moment::new(at, now, app.zone, lang).ago;
    let made = with_age(meeting, made);
    let mut rows = Vec::new();
    let (mut attending, mut declined, mut open, mut unsent) = (0u32, 0u32, 0u32, 0u32);
    for (notice, is_old) in made {
        let answer = match (&notice.answer, notice.seen) {
            (Some((at, answer, person)), _) => {
                let word = answer_word(*answer, lang);
                format!("{word} {person} · {}", ago(*at))
            }
            (None, Some(seen)) => {
                format!("{} · {} {}", t.notice_waiting(), t.notice_seen(), ago(seen))
            }
            (None, None) => t.notice_waiting().to_owned(),
        };
        let became = became(t, &notice, messages.remove(&notice.id).unwrap_or_default(), ago);
        if !is_old {
            match notice.answer {
                Some((_, NoticeAnswer::Attending, _)) => attending += 1,
                Some((_, NoticeAnswer::Declined, _)) => declined += 1,
                None => open += 1,
            }
            unsent += u32::from(became.iter().all(|(_, is_bad)| *is_bad));
        }
        rows.push(NoticeRow {
            link: link(app, &notice),
            text: text(app, meeting, &notice, lang),
            id: notice.id,
            is_old,
            answer,
            messages: became,
            name: notice.contact.name,
            unit: notice.contact.unit,
            phone: notice.contact.phone,
            mail: notice.contact.mail,
        });
    }
    let told = attending + declined + open;
    let summary = match lang {
        _ if told == 0 => String::new(),
        Lang::Zh => format!(
            "{told} 人：参会 {attending}、无法参会 {declined}、未回执 {open}；未能送达 {unsent}"
        ),
        Lang::En => format!(
            "{told} contacts: {attending} attend, {declined} declined, {open} did not answer; {unsent} not reached"
        ),
    };
    Ok(Notices { rows, summary, has_unanswered: open > 0 })
}

fn answer_word(answer: NoticeAnswer, lang: Lang) -> &'static str {
    match answer {
        NoticeAnswer::Attending => lang.pick("参会", "attending"),
        NoticeAnswer::Declined => lang.pick("无法参会", "declined"),
    }
}

/// What became of the messages of a notice, and whether that is a fault; where there are none, why.
fn became(
    t: Words,
    notice: &MeetingNotice,
    messages: Vec<Message>,
    ago: impl Fn(Timestamp) -> String,
) -> Vec<(String, bool)> {
    let contact = &notice.contact;
    let none = match notice {
        _ if !messages.is_empty() => None,
        _ if contact.phone.is_empty() && contact.mail.is_empty() => {
            Some((t.notice_no_address(), true))
        }
        it if it.sends == 0 => Some((t.notice_by_hand(), false)),
        it if it.messages == 0 => Some((t.notice_no_channel(), true)),
        _ => Some((t.notice_forgotten(), false)),
    };
    let lang = t.0;
    let told = messages.into_iter().map(|message| {
        let mut words = format!("{}：{}", message.channel, message.state.name(lang));
        if let Some(at) = message.settled {
            words += &format!(" · {}", ago(at));
        }
        if let Some(problem) = message.problem {
            words += &format!(" · {}", problem.name(lang));
            if !message.detail.is_empty() {
                words += &format!("（{}）", message.detail);
            }
            if message.state == NoteState::Dead {
                words += &format!(" · {}", problem.advice(lang));
            }
        }
        (words, message.state == NoteState::Dead)
    });
    none.map(|(words, is_bad)| (words.to_owned(), is_bad)).into_iter().chain(told).collect()
}

pub(super) fn link(app: &App, notice: &MeetingNotice) -> String {
    format!("/ack/{}/{}", notice.id, app.store.notice_token(notice.id))
}

fn text(app: &App, meeting: &StoredMeeting, notice: &MeetingNotice, lang: Lang) -> String {
    let plan = &meeting.plan;
    let (name, title, when) = (&notice.contact.name, &plan.title, span(app, plan.slot()));
    match lang {
        Lang::Zh => format!("{name}：您好。会议通知：{title}，{when}。请点此回执："),
        Lang::En => format!("{name}: meeting notice: {title}, {when}. Please acknowledge: "),
    }
}

/// `POST /bookings/{id}/notify`: to every contact.
pub(crate) async fn make(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Path(id): Path<String>,
) -> Result<Redirect, Failure> {
    let id: MeetingId = id.parse().map_err(|_| Failure::not_found())?;
    let (stored, venues) = tokio::try_join!(app.store.meeting(id), app.store.venues())?;
    let stored = stored.ok_or_else(Failure::not_found)?;
    let by: By<'_> = (&user, &extensions);
    // One that still waits for its approval is told beforehand and keeps its state.
    if stored.state != MeetingState::Submitted {
        act(&app, by, id, (MeetingAct::Notify, "")).await?;
    }
    let told = stored.plan.contacts.iter().map(|contact| {
        let note = notice_note(&app, &stored.plan, &venues, contact, Said::Come, shell.t.0);
        (contact.clone(), note)
    });
    let (at, login) = (app.clock.now(), user.login.clone());
    app.store.make_notices(id, told.collect(), at, login, address(&extensions)).await?;
    Ok(Redirect::to(&format!("/bookings/{id}#notices")))
}

/// Which to send again.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Again {
    /// One; none: those that were not answered.
    notice: Option<i64>,
}

/// `POST /bookings/{id}/notices/send`.
pub(crate) async fn send(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Path(id): Path<String>,
    Form(form): Form<Again>,
) -> Result<Redirect, Failure> {
    let id: MeetingId = id.parse().map_err(|_| Failure::not_found())?;
    let (stored, venues, made) =
        tokio::try_join!(app.store.meeting(id), app.store.venues(), app.store.notices(id))?;
    let stored = stored.ok_or_else(Failure::not_found)?;
    let (at, login) = (app.clock.now(), user.login.clone());
    if stored.plan.slot().to <= at || !stored.state.holds() {
        return Err(Failure::bad_input(
            "会议已结束或尚未确定，不再发送通知",
            "the meeting is over, or not settled yet: nothing is sent",
        ));
    }
    let is_asked = |it: &MeetingNotice| match form.notice {
        Some(notice) => it.id == notice,
        None => it.answer.is_none(),
    };
    let told: Vec<_> = with_age(&stored, made)
        .into_iter()
        .filter(|(notice, is_old)| !is_old && is_asked(notice))
        .map(|(notice, _)| {
            let (plan, to) = (&stored.plan, &notice.contact);
            (notice.id, notice_note(&app, plan, &venues, to, Said::Come, shell.t.0))
        })
        .collect();
    if told.is_empty() {
        return Err(Failure::bad_input(
            "没有要重发的通知：会议改期后请重新通知",
            "there is nothing to send again; after a move notify anew",
        ));
    }
    app.store.send_notices(id, told, at, login, address(&extensions)).await?;
    Ok(Redirect::to(&format!("/bookings/{id}#notices")))
}

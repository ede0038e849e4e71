//! 会议通知: a text with a link for each contact, and what they answered.

use crate::{
    app::App,
    booking::{By, act, span},
    failure::Failure,
    guard::{User, address},
    shell::Shell,
};
use axum::{
    Extension,
    extract::{Path, State},
    http::Extensions,
    response::Redirect,
};
use std::collections::BTreeSet;
use zhishou_domain::{
    Lang, MeetingId, Timestamp,
    meeting::{MeetingAct, MeetingState},
};
use zhishou_storage::{MeetingNotice, NoticeAnswer, StoredMeeting};

/// A notice on the page of its meeting.
pub(super) struct NoticeRow {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) phone: String,
    pub(super) answer: String,
    pub(super) link: String,
    /// To be sent, but for the link at its end.
    pub(super) text: String,
    /// The contact has a newer one.
    pub(super) is_old: bool,
}

/// `notices` are the newest first.
pub(super) fn rows(
    app: &App,
    shell: &Shell,
    meeting: &StoredMeeting,
    notices: Vec<MeetingNotice>,
    now: Timestamp,
) -> Vec<NoticeRow> {
    let t = shell.t;
    let mut seen = BTreeSet::new();
    let rows = notices.into_iter().map(|notice| {
        let who = (notice.contact.name.clone(), notice.contact.phone.clone());
        let answer = match &notice.answer {
            None => t.notice_waiting().to_owned(),
            Some((at, answer, person)) => {
                let word = match answer {
                    NoticeAnswer::Attending => t.0.pick("参会", "attending"),
                    NoticeAnswer::Declined => t.0.pick("无法参会", "declined"),
                };
                let ago = crate::format::Moment::new(*at, now, app.zone, t.0).ago;
                format!("{word} {person} · {ago}")
            }
        };
        NoticeRow {
            link: link(app, &notice),
            text: text(app, meeting, &notice, t.0),
            is_old: !seen.insert(who) || notice.revision != meeting.revision,
            name: notice.contact.name,
            unit: notice.contact.unit,
            phone: notice.contact.phone,
            answer,
        }
    });
    rows.collect()
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

/// `POST /bookings/{id}/notify`.
pub(crate) async fn make(
    State(app): State<App>,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Path(id): Path<String>,
) -> Result<Redirect, Failure> {
    let id: MeetingId = id.parse().map_err(|_| Failure::not_found())?;
    let stored = app.store.meeting(id).await?.ok_or_else(Failure::not_found)?;
    let by: By<'_> = (&user, &extensions);
    // One that still waits for its approval is told beforehand and keeps its state.
    if stored.state != MeetingState::Submitted {
        act(&app, by, id, (MeetingAct::Notify, "")).await?;
    }
    let contacts = stored.plan.contacts;
    let (at, login) = (app.clock.now(), user.login.clone());
    app.store.make_notices(id, contacts, at, login, address(&extensions)).await?;
    Ok(Redirect::to(&format!("/bookings/{id}#notices")))
}

//! `/ack/{id}/{token}`: what a contact is told, and what they answer. It opens without a login, and
//! shows one meeting to whoever has the address.

use crate::{
    app::App,
    booking::{ics, span},
    failure::Failure,
    guard::address,
    query::typed,
    shell::{Shell, page},
};
use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    http::{Extensions, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use zhishou_domain::meeting::MeetingState;
use zhishou_storage::{MeetingNotice, NoticeAnswer};

/// Longest name of who answers, characters.
const PERSON: usize = 100;

#[derive(Template)]
#[template(path = "ack.html")]
struct AckPage {
    shell: Shell,
    district: String,
    contact: String,
    title: String,
    when: String,
    venues: String,
    organiser: String,
    /// It is not held then: why, in words.
    is_off: Option<&'static str>,
    is_over: bool,
    answered: bool,
    person: String,
    action: String,
}

/// Who looks.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LookQuery {
    /// From the page of the meeting: it is not the contact.
    look: String,
}

/// What is answered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AckForm {
    answer: String,
    person: String,
}

async fn find(app: &App, id: &str, token: &str) -> Result<MeetingNotice, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    app.store.notice(id, token).await?.ok_or_else(Failure::not_found)
}

/// `GET /ack/{id}/{token}`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Path((id, token)): Path<(String, String)>,
    Query(query): Query<LookQuery>,
) -> Result<Response, Failure> {
    let notice = find(&app, &id, &token).await?;
    if notice.seen.is_none() && query.look.is_empty() {
        app.store.see_notice(notice.id, app.clock.now()).await?;
    }
    let (stored, all) = tokio::try_join!(app.store.meeting(notice.meeting), app.store.venues())?;
    let stored = stored.ok_or_else(Failure::not_found)?;
    let plan = stored.plan;
    let names: Vec<_> = plan
        .venues
        .iter()
        .filter_map(|it| all.iter().find(|venue| venue.id == it.venue))
        .map(|venue| venue.name.as_str())
        .collect();
    page(&AckPage {
        district: app.settings.district.clone(),
        contact: format!("{} {}", notice.contact.unit, notice.contact.name).trim().to_owned(),
        when: span(&app, plan.slot()),
        is_over: plan.slot().to <= app.clock.now(),
        title: plan.title,
        venues: names.join(shell.t.0.pick("、", ", ")),
        organiser: plan.organiser,
        is_off: match stored.state {
            MeetingState::Cancelled => Some(shell.t.ack_cancelled()),
            state if !state.holds() => Some(shell.t.ack_displaced()),
            _ => None,
        },
        answered: notice.answer.is_some(),
        person: notice.answer.map(|(.., person)| person).unwrap_or_default(),
        action: format!("/ack/{id}/{token}"),
        shell,
    })
}

/// `GET /ack/{id}/{token}/meeting.ics`: for the contact's own calendar.
pub(crate) async fn event(
    State(app): State<App>,
    shell: Shell,
    Path((id, token)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let notice = find(&app, &id, &token).await?;
    let (stored, venues) = tokio::try_join!(app.store.meeting(notice.meeting), app.store.venues())?;
    let stored = stored.ok_or_else(Failure::not_found)?;
    let title = stored.plan.title.clone();
    let text = ics::calendar((&title, shell.t.0), &[stored], &venues, app.clock.now());
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
}

/// `POST /ack/{id}/{token}`.
pub(crate) async fn answer(
    State(app): State<App>,
    extensions: Extensions,
    Path((id, token)): Path<(String, String)>,
    Form(form): Form<AckForm>,
) -> Result<Redirect, Failure> {
    let notice = find(&app, &id, &token).await?;
    let answer = match form.answer.as_str() {
        "attending" => NoticeAnswer::Attending,
        "declined" => NoticeAnswer::Declined,
        _ => return Err(Failure::bad_request("answer: attending or declined")),
    };
    let stored = app.store.meeting(notice.meeting).await?.ok_or_else(Failure::not_found)?;
    let now = app.clock.now();
    if stored.plan.slot().to <= now || !stored.state.holds() {
        return Err(Failure::new(StatusCode::GONE, ""));
    }
    let person = typed("person", &form.person, PERSON)?;
    app.store.answer_notice(notice, answer, person, now, address(&extensions)).await?;
    Ok(Redirect::to(&format!("/ack/{id}/{token}")))
}

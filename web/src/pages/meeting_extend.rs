//! 延长: what a meeting that is held may be extended to, and doing it.

use super::{
    View,
    meeting::{TYPED, back, number},
};
use crate::{
    app::App,
    booking::{held_words, taken},
    failure::Failure,
    guard::{User, address},
    meeting_care::Known,
};
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::{Extensions, StatusCode},
    response::Redirect,
};
use chrono::NaiveDateTime;
use serde::Deserialize;
use zhishou_domain::Timestamp;
use zhishou_storage::MeetingActed;

/// By how much it is offered, minutes.
const BY: [i64; 3] = [15, 30, 60];
/// Ends are offered at such a moment, ms: five minutes.
const ROUND_MS: i64 = 300_000;

/// What a meeting may be extended to.
#[derive(Default)]
pub(super) struct Later {
    /// As a form has it, and as a person reads it.
    pub(super) ends: Vec<(String, String)>,
    /// Who has its rooms then; empty where nobody has.
    pub(super) held: String,
}

/// What is offered for a meeting that is held.
pub(super) async fn later(view: &View<'_>, known: &Known) -> Result<Later, Failure> {
    let (stored, app) = (&known.stored, view.app);
    let so_far = stored.plan.slot().to.max(view.now).millis();
    let so_far = (so_far + ROUND_MS - 1).div_euclid(ROUND_MS) * ROUND_MS;
    let mut later = Later::default();
    for minutes in BY {
        let to = Timestamp::from_millis(so_far + minutes * 60_000);
        let Some(held) = app.store.held_beyond(stored.id, &stored.plan, to).await? else { break };
        if let Some(held) = held.first() {
            later.held = held_words(app, held, view.t.0);
            break;
        }
        let to = to.in_zone(app.zone);
        later.ends.push((to.format(TYPED).to_string(), to.format("%H:%M").to_string()));
    }
    Ok(later)
}

/// When it is to end.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ExtendForm {
    to: String,
}

/// `POST /meetings/{id}/extend`.
pub(crate) async fn extend(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Form(form): Form<ExtendForm>,
) -> Result<Redirect, Failure> {
    let id = number(&id)?;
    let wall = NaiveDateTime::parse_from_str(form.to.trim(), TYPED)
        .map_err(|_| Failure::bad_input("结束须为日期和时间", "to: no time"))?;
    let to = Timestamp::from_local(wall, app.zone);
    let who = (user.login, address(&extensions));
    match app.store.extend_meeting(id, to, app.clock.now(), who).await? {
        MeetingActed::Now(_) => Ok(back(id)),
        MeetingActed::Taken(clash) => Err(taken(&app, &clash)),
        MeetingActed::Missing => Err(Failure::not_found()),
        MeetingActed::Refused(_) => Err(Failure {
            zh: Some("只能把进行中的会议延长到更晚的时间".to_owned()),
            ..Failure::new(StatusCode::CONFLICT, "it is not held, or does not end later by that")
        }),
    }
}

//! What persons do about a meeting that is checked or held: an incident, 启用预案, 延长.

use super::meeting::{TYPED, back};
use crate::{
    app::App,
    failure::Failure,
    guard::User,
    meeting_care::{add_incident as enter, extend, turn_to, undo},
    query::{id as id_of, meeting, word},
    shell::Shell,
};
use axum::{
    Extension, Form,
    extract::{Path, State},
    http::Extensions,
    response::Redirect,
};
use chrono::NaiveDateTime;
use serde::Deserialize;
use zhishou_domain::{Timestamp, check::Fallback};

/// What goes wrong, or what is done about it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct IncidentForm {
    venue: String,
    what: String,
    fallback: String,
    /// Which endpoint, venue or conference, where there is a fallback.
    to: String,
}

/// `POST /meetings/{id}/incidents`: one tap, with what is turned to; that is from then on what is checked and
/// watched. Before it begins nobody lost anything yet, and turning is no incident.
pub(crate) async fn add_incident(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Form(form): Form<IncidentForm>,
) -> Result<Redirect, Failure> {
    let id = meeting(&id)?;
    let venue = id_of("venue", &form.venue)?.ok_or_else(Failure::not_found)?;
    let fallback = word("fallback", &form.fallback, Fallback::from_code)?;
    let to = fallback.map(|fallback| turn_to(fallback, &form.to)).transpose()?;
    let (by, what) = ((&user, &extensions), (form.what.as_str(), to));
    enter(&app, by, (id, venue), what, shell.t.0).await?;
    Ok(back(id))
}

/// `POST /meetings/{id}/turns/{turn}/undo`.
pub(crate) async fn undo_turn(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path((id, turn)): Path<(String, i64)>,
    extensions: Extensions,
) -> Result<Redirect, Failure> {
    let id = meeting(&id)?;
    undo(&app, (&user, &extensions, shell.t.0), id, turn).await?;
    Ok(back(id))
}

/// When it is to end.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ExtendForm {
    to: String,
}

/// `POST /meetings/{id}/extend`.
pub(crate) async fn extend_to(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Form(form): Form<ExtendForm>,
) -> Result<Redirect, Failure> {
    let id = meeting(&id)?;
    let wall = NaiveDateTime::parse_from_str(form.to.trim(), TYPED)
        .map_err(|_| Failure::bad_input("结束须为日期和时间", "to: no time"))?;
    let to = Timestamp::from_local(wall, app.zone);
    extend(&app, (&user, &extensions, shell.t.0), id, to).await?;
    Ok(back(id))
}

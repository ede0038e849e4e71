//! `/api/v1/alerts`: the rules, and what became of each message. Channels are a matter of the pages: what
//! opens them is written and never read.

use super::limit;
use crate::{
    app::App,
    failure::Failure,
    guard::{User, audit_line},
    query::{id, word},
    shell::Shell,
};
use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::{Extensions, StatusCode},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zhishou_domain::alert::{AlertRules, NoteState};
use zhishou_storage::Message;

#[derive(Serialize, ToSchema)]
pub(super) struct AlertRulesJson {
    /// 0: those that are shipped.
    version: u32,
    /// TOML.
    document: String,
}

#[derive(Deserialize, ToSchema)]
pub(super) struct AlertRulesBody {
    /// TOML.
    document: String,
    /// The version that it was made from: another one that came meanwhile is not overwritten.
    after: u32,
}

#[derive(Serialize, ToSchema)]
pub(super) struct MessageJson {
    id: i64,
    channel: String,
    /// mail, dingtalk, feishu, wecom, webhook or sms.
    kind: &'static str,
    /// incident, report, meeting, duty or test.
    topic: &'static str,
    /// Page of what it is about; empty: none.
    about: String,
    title: String,
    /// queued, sent or dead.
    state: &'static str,
    created: String,
    /// When it was taken or given up; null while it waits.
    settled: Option<String>,
    tries: u32,
    /// Why the last try failed.
    problem: Option<&'static str>,
    /// What the other side said.
    detail: String,
    advice: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct MessagesJson {
    /// The newest first.
    items: Vec<MessageJson>,
    /// Cursor of the next page; null at the end.
    next: Option<String>,
}

#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct MessageQuery {
    /// queued, sent or dead; all where not given.
    state: String,
    /// Rows, 1–1000; 100 where not given.
    limit: Option<u32>,
    /// Cursor of a page before.
    next: String,
}

#[utoipa::path(get, path = "/api/v1/alerts/rules", responses((status = 200, body = AlertRulesJson)))]
pub(super) async fn rules(State(app): State<App>) -> Result<Json<AlertRulesJson>, Failure> {
    let stored = app.store.alert_rules().await?;
    Ok(Json(AlertRulesJson { version: stored.version, document: stored.rules.document() }))
}

#[utoipa::path(post, path = "/api/v1/alerts/rules", request_body = AlertRulesBody, responses(
    (status = 201, body = AlertRulesJson), (status = 400, description = "problem+json"),
    (status = 409, description = "another version came meanwhile; problem+json"),
))]
pub(super) async fn save_rules(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Json(body): Json<AlertRulesBody>,
) -> Result<(StatusCode, Json<AlertRulesJson>), Failure> {
    let rules = AlertRules::parse(&body.document)
        .map_err(|problem| Failure::bad_request(problem.words(shell.t.0)))?;
    let (version, document) = (body.after + 1, rules.document());
    let line = audit_line(&app, &user, &extensions, "save_alert_rules", version.to_string());
    if !app.store.add_alert_rules(rules, body.after, line).await? {
        return Err(Failure::new(StatusCode::CONFLICT, "another version came meanwhile"));
    }
    Ok((StatusCode::CREATED, Json(AlertRulesJson { version, document })))
}

#[utoipa::path(get, path = "/api/v1/alerts/messages", params(MessageQuery), responses(
    (status = 200, body = MessagesJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn messages(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<MessageQuery>,
) -> Result<Json<MessagesJson>, Failure> {
    let limit = limit(query.limit)?;
    let state = word("state", &query.state, NoteState::from_code)?;
    let before: Option<i64> = id("next", &query.next)?;
    let mut found = app.store.messages(state, before, limit + 1).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| has_more).map(|it| it.id.to_string());
    let json = |it: Message| MessageJson {
        id: it.id,
        channel: it.channel,
        kind: it.kind.code(),
        topic: it.topic.code(),
        about: it.about,
        title: it.title,
        state: it.state.code(),
        created: it.created.rfc3339(app.zone),
        settled: it.settled.map(|at| at.rfc3339(app.zone)),
        tries: it.tries,
        problem: it.problem.map(|problem| problem.code()),
        advice: it.problem.map(|problem| problem.advice(shell.t.0)),
        detail: it.detail,
    };
    Ok(Json(MessagesJson { items: found.into_iter().map(json).collect(), next }))
}

#[utoipa::path(post, path = "/api/v1/alerts/messages/{id}/again", params(("id" = i64, Path)), responses(
    (status = 204), (status = 409, description = "it was not given up; problem+json"),
))]
pub(super) async fn again(
    State(app): State<App>,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let id: i64 = id.parse().map_err(|_| Failure::not_found())?;
    let line = audit_line(&app, &user, &extensions, "send_message_again", id.to_string());
    if app.store.send_again(id, line).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure::new(StatusCode::CONFLICT, "only what was given up is sent again"))
    }
}

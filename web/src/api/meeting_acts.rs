//! `/api/v1/meetings/{id}/sign`, `/sign-off`, `/start`, `/end`, `/incidents` and `/record`: what persons do on the
//! page of a meeting.

use super::{
    meetings::{MeetingJson, shown},
    time,
};
use crate::{
    app::App,
    failure::Failure,
    guard::User,
    meeting_care::{
        Corrected, Known, Step, add_incident, archive, draft, end_incident, sign, step,
    },
    query::{meeting, word},
    shell::Shell,
};
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{Extensions, StatusCode},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhishou_domain::{
    MeetingId, MeetingIncidentId, VenueId,
    check::{AfterRecord, CheckItem, Fallback, MeetingIncident, Outcome},
    meeting::MeetingState,
};

/// What a person says of an item.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignBody {
    venue: i64,
    /// One for persons: framing, sound, dual_stream, power, roll_call, joint_test.
    item: String,
    /// pass, warn or fail; pass where not given.
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    text: String,
}

#[utoipa::path(post, path = "/api/v1/meetings/{id}/sign", params(("id" = i64, Path)),
    request_body = SignBody, responses(
    (status = 204), (status = 400, description = "the platform checks it itself; problem+json"),
    (status = 404, description = "problem+json"),
    (status = 409, description = "too early, not approved yet, or over; problem+json"),
))]
pub(super) async fn sign_item(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Json(body): Json<SignBody>,
) -> Result<StatusCode, Failure> {
    let item = word("item", &body.item, CheckItem::from_code)?;
    let item = item.ok_or_else(|| Failure::bad_request("item: missing"))?;
    let outcome = word("outcome", &body.outcome, Outcome::from_code)?.unwrap_or(Outcome::Pass);
    let cell = (VenueId::new(body.venue), item);
    sign(&app, (&user, &extensions), meeting(&id)?, cell, (outcome, &body.text)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why; asked for where what is not ready is signed off.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StepBody {
    note: String,
}

#[utoipa::path(post, path = "/api/v1/meetings/{id}/sign-off", params(("id" = i64, Path)),
    request_body = StepBody, responses(
    (status = 200, body = MeetingJson), (status = 404, description = "problem+json"),
    (status = 400, description = "it is not ready, and no reason is given; problem+json"),
    (status = 409, description = "it does not stand so; problem+json"),
))]
pub(super) async fn sign_off(
    app: State<App>,
    shell: Shell,
    user: Extension<User>,
    id: Path<String>,
    extensions: Extensions,
    body: Option<Json<StepBody>>,
) -> Result<Json<MeetingJson>, Failure> {
    stepped((app, shell), (user, extensions), id, (Step::SignOff, body)).await
}

#[utoipa::path(post, path = "/api/v1/meetings/{id}/start", params(("id" = i64, Path)),
    request_body = StepBody, responses(
    (status = 200, body = MeetingJson), (status = 404, description = "problem+json"),
    (status = 409, description = "too early, or it does not stand so; problem+json"),
))]
pub(super) async fn start(
    app: State<App>,
    shell: Shell,
    user: Extension<User>,
    id: Path<String>,
    extensions: Extensions,
    body: Option<Json<StepBody>>,
) -> Result<Json<MeetingJson>, Failure> {
    stepped((app, shell), (user, extensions), id, (Step::Start, body)).await
}

#[utoipa::path(post, path = "/api/v1/meetings/{id}/end", params(("id" = i64, Path)),
    request_body = StepBody, responses(
    (status = 200, body = MeetingJson), (status = 404, description = "problem+json"),
    (status = 409, description = "it does not stand so; problem+json"),
))]
pub(super) async fn end(
    app: State<App>,
    shell: Shell,
    user: Extension<User>,
    id: Path<String>,
    extensions: Extensions,
    body: Option<Json<StepBody>>,
) -> Result<Json<MeetingJson>, Failure> {
    stepped((app, shell), (user, extensions), id, (Step::End, body)).await
}

async fn stepped(
    (State(app), shell): (State<App>, Shell),
    (Extension(user), extensions): (Extension<User>, Extensions),
    Path(id): Path<String>,
    (what, body): (Step, Option<Json<StepBody>>),
) -> Result<Json<MeetingJson>, Failure> {
    let (id, Json(body)) = (meeting(&id)?, body.unwrap_or_default());
    step(&app, (&user, &extensions), id, (what, &body.note)).await?;
    Ok(Json(shown(&app, id, shell.t.0).await?))
}

#[derive(Serialize, ToSchema)]
struct IncidentOf {
    id: i64,
    venue: i64,
    what: String,
    from: String,
    /// Null: it lasts.
    to: Option<String>,
    /// backup_endpoint, nearest_venue or telephone; null: nothing was turned to.
    fallback: Option<&'static str>,
    login: String,
}

impl IncidentOf {
    fn of(app: &App, it: MeetingIncident) -> Self {
        Self {
            id: it.id.number(),
            venue: it.venue.number(),
            what: it.what,
            from: it.from.rfc3339(app.zone),
            to: it.to.map(|at| at.rfc3339(app.zone)),
            fallback: it.fallback.map(Fallback::code),
            login: it.login,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct IncidentsOf {
    /// In order.
    items: Vec<IncidentOf>,
}

#[utoipa::path(get, path = "/api/v1/meetings/{id}/incidents", params(("id" = i64, Path)), responses(
    (status = 200, body = IncidentsOf), (status = 404, description = "problem+json"),
))]
pub(super) async fn incidents(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<IncidentsOf>, Failure> {
    let id = meeting(&id)?;
    app.store.meeting(id).await?.ok_or_else(Failure::not_found)?;
    Ok(Json(all(&app, id).await?))
}

async fn all(app: &App, id: MeetingId) -> Result<IncidentsOf, Failure> {
    let found = app.store.meeting_incidents(id).await?.into_iter();
    Ok(IncidentsOf { items: found.map(|it| IncidentOf::of(app, it)).collect() })
}

/// What goes wrong. What is turned to at once is a turn.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IncidentBody {
    venue: i64,
    what: String,
}

#[utoipa::path(post, path = "/api/v1/meetings/{id}/incidents", params(("id" = i64, Path)),
    request_body = IncidentBody, responses(
    (status = 201, body = IncidentsOf), (status = 400, description = "problem+json"),
    (status = 404, description = "problem+json"),
    (status = 409, description = "not approved yet, or over; problem+json"),
))]
pub(super) async fn add(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Json(body): Json<IncidentBody>,
) -> Result<(StatusCode, Json<IncidentsOf>), Failure> {
    let (id, by) = (meeting(&id)?, (&user, &extensions));
    let place = (id, VenueId::new(body.venue));
    add_incident(&app, by, place, (&body.what, None), shell.t.0).await?;
    Ok((StatusCode::CREATED, Json(all(&app, id).await?)))
}

#[utoipa::path(post, path = "/api/v1/meetings/{id}/incidents/{incident}/over",
    params(("id" = i64, Path), ("incident" = i64, Path)), responses(
    (status = 200, body = IncidentsOf), (status = 404, description = "problem+json"),
    (status = 409, description = "it is over; problem+json"),
))]
pub(super) async fn over(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path((id, incident)): Path<(String, String)>,
    extensions: Extensions,
) -> Result<Json<IncidentsOf>, Failure> {
    let id = meeting(&id)?;
    let incident: MeetingIncidentId = incident.parse().map_err(|_| Failure::not_found())?;
    end_incident(&app, (&user, &extensions), id, incident).await?;
    Ok(Json(all(&app, id).await?))
}

#[derive(Serialize, ToSchema)]
struct AttendanceJson {
    venue: String,
    attended: bool,
}

#[derive(Serialize, ToSchema)]
pub(super) struct RecordJson {
    /// Null: it is a draft, to be corrected and archived.
    archived_at: Option<String>,
    /// Who archived it; empty: a draft.
    login: String,
    from: Option<String>,
    to: Option<String>,
    attendance: Vec<AttendanceJson>,
    on_time: bool,
    incidents: u32,
    lost_minutes: u32,
    watchers: Vec<String>,
    text: String,
}

#[utoipa::path(get, path = "/api/v1/meetings/{id}/record", params(("id" = i64, Path)), responses(
    (status = 200, body = RecordJson),
    (status = 404, description = "there is no such meeting, or it is not over; problem+json"),
))]
pub(super) async fn record(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<String>,
) -> Result<Json<RecordJson>, Failure> {
    Ok(Json(record_of(&app, meeting(&id)?, &shell).await?))
}

async fn record_of(app: &App, id: MeetingId, shell: &Shell) -> Result<RecordJson, Failure> {
    let (known, archived) = tokio::try_join!(
        Known::of(&app.store, id, app.clock.now()),
        app.store.meeting_record(id),
    )?;
    let known = known.ok_or_else(Failure::not_found)?;
    let (record, login, at): (AfterRecord, _, _) = match archived {
        Some((record, login, at)) => (record, login, Some(at)),
        None if known.stored.state == MeetingState::Ended => {
            (draft(app, &known, shell.t.0).await?, String::new(), None)
        }
        None => return Err(Failure::not_found()),
    };
    let attendance = record.attendance.into_iter();
    Ok(RecordJson {
        archived_at: at.map(|at| at.rfc3339(app.zone)),
        login,
        from: record.from.map(|at| at.rfc3339(app.zone)),
        to: record.to.map(|at| at.rfc3339(app.zone)),
        attendance: attendance
            .map(|it| AttendanceJson { venue: it.venue, attended: it.attended })
            .collect(),
        on_time: record.on_time,
        incidents: record.incidents,
        lost_minutes: record.lost_minutes,
        watchers: record.watchers,
        text: record.text,
    })
}

/// The record as a person corrected it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordBody {
    /// RFC 3339; as it is known where not given.
    #[serde(default)]
    from: String,
    /// Likewise.
    #[serde(default)]
    to: String,
    /// Venues that were there.
    attended: Vec<i64>,
    on_time: bool,
    incidents: u32,
    lost_minutes: u32,
    watchers: Vec<String>,
    text: String,
}

#[utoipa::path(post, path = "/api/v1/meetings/{id}/archive", params(("id" = i64, Path)),
    request_body = RecordBody, responses(
    (status = 200, body = RecordJson), (status = 400, description = "problem+json"),
    (status = 404, description = "problem+json"),
    (status = 409, description = "it is not over, or archived already; problem+json"),
))]
pub(super) async fn keep(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Json(body): Json<RecordBody>,
) -> Result<Json<RecordJson>, Failure> {
    let id = meeting(&id)?;
    let corrected = Corrected {
        from: time("from", &body.from)?,
        to: time("to", &body.to)?,
        attended: body.attended.into_iter().map(VenueId::new).collect(),
        on_time: body.on_time,
        incidents: body.incidents,
        lost_minutes: body.lost_minutes,
        watchers: body.watchers.join("、"),
        text: body.text,
    };
    archive(&app, (&user, &extensions), id, corrected).await?;
    Ok(Json(record_of(&app, id, &shell).await?))
}

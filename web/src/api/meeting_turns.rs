//! `/api/v1/meetings/{id}/turns` and `/extend`: 启用预案 and 延长, as on the page of a meeting.

use super::time;
use crate::{
    app::App,
    failure::Failure,
    guard::User,
    meeting_care::{Known, extend, proposals, turn, turn_to, undo},
    query::{meeting, typed, word},
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
    MeetingId, VenueId,
    check::{Fallback, TurnTo},
};

/// Longest reason, characters.
const LONGEST: usize = 500;

/// What is turned to.
#[derive(Serialize, ToSchema)]
struct ToJson {
    /// backup_endpoint, nearest_venue or telephone.
    fallback: &'static str,
    /// The endpoint, the venue or the resource.
    to: String,
    name: String,
}

impl ToJson {
    fn of(to: TurnTo, name: String) -> Self {
        Self { fallback: to.fallback().code(), to: to.id(), name }
    }
}

#[derive(Serialize, ToSchema)]
struct TurnJson {
    id: i64,
    /// The venue that failed.
    venue: i64,
    #[serde(flatten)]
    to: ToJson,
    what: String,
    at: String,
    login: String,
    undone: bool,
}

#[derive(Serialize, ToSchema)]
struct ProposalJson {
    venue: i64,
    #[serde(flatten)]
    to: ToJson,
    /// Empty where unknown.
    phone: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct TurnsJson {
    /// In order, also what was undone.
    turns: Vec<TurnJson>,
    /// What the contingency plan has for each venue that fails, in its order.
    proposals: Vec<ProposalJson>,
}

#[utoipa::path(get, path = "/api/v1/meetings/{id}/turns", params(("id" = i64, Path)), responses(
    (status = 200, body = TurnsJson), (status = 404, description = "problem+json"),
))]
pub(super) async fn list(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<String>,
) -> Result<Json<TurnsJson>, Failure> {
    Ok(Json(shown(&app, meeting(&id)?, &shell).await?))
}

async fn shown(app: &App, id: MeetingId, shell: &Shell) -> Result<TurnsJson, Failure> {
    let known = Known::of(&app.store, id, app.clock.now()).await?.ok_or_else(Failure::not_found)?;
    let mut proposed = Vec::new();
    for row in known.amiss().filter(|_| known.stored.state.is_watched()) {
        let found = proposals(app, &known, row, shell.t.0).await?;
        proposed.extend(found.into_iter().map(|it| ProposalJson {
            venue: row.venue.number(),
            to: ToJson::of(it.to, it.what),
            phone: it.phone,
        }));
    }
    let zone = known.stored.plan.zone;
    let turns = known.turns.into_iter().map(|it| TurnJson {
        id: it.id,
        venue: it.venue.number(),
        to: ToJson::of(it.to, it.to_name),
        what: it.what,
        at: it.at.rfc3339(zone),
        login: it.login,
        undone: it.is_undone,
    });
    Ok(TurnsJson { turns: turns.collect(), proposals: proposed })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TurnBody {
    /// That fails.
    venue: i64,
    /// backup_endpoint, nearest_venue or telephone.
    fallback: String,
    /// Which endpoint, venue or resource.
    to: String,
    /// What fails, in words.
    what: String,
}

#[utoipa::path(post, path = "/api/v1/meetings/{id}/turns", params(("id" = i64, Path)),
    request_body = TurnBody, responses(
    (status = 201, body = TurnsJson), (status = 404, description = "problem+json"),
    (status = 409, description = "held by others, done already, not approved yet or over; problem+json"),
))]
pub(super) async fn add(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Json(body): Json<TurnBody>,
) -> Result<(StatusCode, Json<TurnsJson>), Failure> {
    let id = meeting(&id)?;
    let what = typed("what", &body.what, LONGEST)?;
    let fallback = word("fallback", &body.fallback, Fallback::from_code)?;
    let (Some(fallback), false) = (fallback, what.is_empty()) else {
        return Err(Failure::bad_input("请写明故障现象和改用方式", "what, fallback: missing"));
    };
    let (by, to) = ((&user, &extensions, shell.t.0), turn_to(fallback, &body.to)?);
    turn(&app, by, (id, VenueId::new(body.venue)), to, &what).await?;
    Ok((StatusCode::CREATED, Json(shown(&app, id, &shell).await?)))
}

#[utoipa::path(post, path = "/api/v1/meetings/{id}/turns/{turn}/undo",
    params(("id" = i64, Path), ("turn" = i64, Path)), responses(
    (status = 200, body = TurnsJson), (status = 404, description = "problem+json"),
    (status = 409, description = "others hold what was left, or it is over; problem+json"),
))]
pub(super) async fn take_back(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path((id, turn)): Path<(String, i64)>,
    extensions: Extensions,
) -> Result<Json<TurnsJson>, Failure> {
    let id = meeting(&id)?;
    undo(&app, (&user, &extensions, shell.t.0), id, turn).await?;
    Ok(Json(shown(&app, id, &shell).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtendBody {
    /// RFC 3339; later than it ends so far.
    to: String,
}

#[utoipa::path(post, path = "/api/v1/meetings/{id}/extend", params(("id" = i64, Path)),
    request_body = ExtendBody, responses(
    (status = 204), (status = 404, description = "problem+json"),
    (status = 409, description = "it is not held, or others hold its rooms then; problem+json"),
))]
pub(super) async fn extend_to(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Json(body): Json<ExtendBody>,
) -> Result<StatusCode, Failure> {
    let to = time("to", &body.to)?;
    let to = to.ok_or_else(|| Failure::bad_input("结束须为日期和时间", "to: no time"))?;
    extend(&app, (&user, &extensions, shell.t.0), meeting(&id)?, to).await?;
    Ok(StatusCode::NO_CONTENT)
}

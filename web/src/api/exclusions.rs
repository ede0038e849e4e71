//! `/api/v1/exclusions`: 剔除, filed, approved, confirmed and withdrawn by different people.

use super::{limit, time};
use crate::{
    app::App,
    exclude::{self, Filing},
    failure::Failure,
    guard::User,
    query::{act_of, word},
    shell::Shell,
};
use axum::{
    Extension, Json,
    extract::{MatchedPath, Path, Query, State},
    http::{Extensions, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zhishou_domain::{ExclusionAct, ExclusionId, ExclusionReason, ExclusionState, Lang, Timestamp};
use zhishou_storage::{ExclusionScope, StoredExclusion};

#[derive(Serialize, ToSchema)]
pub(super) struct StepJson {
    at: String,
    login: String,
    /// file, approve, reject, confirm or withdraw.
    act: &'static str,
    note: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ExclusionJson {
    id: String,
    /// device, site or street.
    scope: &'static str,
    scope_id: String,
    /// What that is called, the larger place first.
    name: String,
    /// Only what this one maintains; null for all.
    maintainer_id: Option<String>,
    from: String,
    /// Not included.
    to: String,
    reason: &'static str,
    reason_name: &'static str,
    evidence: String,
    /// filed, approved, confirmed, rejected or withdrawn.
    state: &'static str,
    steps: Vec<StepJson>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ExclusionsJson {
    /// Newest first.
    items: Vec<ExclusionJson>,
    /// Cursor of the next page; null at the end.
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// RFC 3339; only what ends later.
    #[serde(default)]
    from: String,
    /// RFC 3339; only what begins earlier.
    #[serde(default)]
    to: String,
    /// filed, approved, confirmed, rejected or withdrawn; only what stands so.
    #[serde(default)]
    state: String,
    /// Rows, 1–1000; 100 where not given.
    limit: Option<u32>,
    /// Cursor of a page before.
    #[serde(default)]
    next: String,
}

/// What is filed. Of `device`, `site` and `street` exactly one is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileBody {
    device: Option<String>,
    site: Option<String>,
    street: Option<String>,
    /// Only what this one maintains there.
    maintainer: Option<String>,
    /// RFC 3339, a whole minute.
    from: String,
    /// RFC 3339, a whole minute; not included.
    to: String,
    /// power_cut, construction, line_fault, relocation, maintenance, disaster or other.
    reason: String,
    /// What proves it: a notice, its number.
    evidence: String,
    #[serde(default)]
    note: String,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActBody {
    #[serde(default)]
    note: String,
}

impl ExclusionJson {
    fn of(app: &App, lang: Lang, stored: StoredExclusion) -> Self {
        let (scope, scope_id) = match stored.scope {
            ExclusionScope::Device(id) => ("device", id.to_string()),
            ExclusionScope::Site(id) => ("site", id.to_string()),
            ExclusionScope::Street(id) => ("street", id.to_string()),
        };
        let exclusion = stored.exclusion;
        Self {
            id: stored.id.to_string(),
            scope,
            scope_id,
            name: stored.name,
            maintainer_id: stored.maintainer.map(|id| id.to_string()),
            from: exclusion.from.rfc3339(app.zone),
            to: exclusion.to.rfc3339(app.zone),
            reason: exclusion.reason.code(),
            reason_name: exclusion.reason.name(lang),
            evidence: stored.evidence,
            state: exclusion.state().code(),
            steps: exclusion
                .steps
                .into_iter()
                .map(|step| StepJson {
                    at: step.at.rfc3339(app.zone),
                    login: step.login,
                    act: step.act.code(),
                    note: step.note,
                })
                .collect(),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/exclusions", params(ListQuery), responses(
    (status = 200, body = ExclusionsJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn list(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Query(query): Query<ListQuery>,
) -> Result<Json<ExclusionsJson>, Failure> {
    let limit = limit(query.limit)?;
    let from = time("from", &query.from)?.unwrap_or(Timestamp::from_millis(i64::MIN));
    let to = time("to", &query.to)?.unwrap_or(Timestamp::from_millis(i64::MAX));
    let before = match query.next.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| Failure::bad_request("next: not a cursor"))?),
    };
    let state = word("state", &query.state, ExclusionState::from_code)?;
    let mut found =
        app.store.exclusions((from, to), (state, user.maintainer), before, limit + 1).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| has_more).map(|last| last.id.to_string());
    let items = found.into_iter().map(|it| ExclusionJson::of(&app, shell.t.0, it)).collect();
    Ok(Json(ExclusionsJson { items, next }))
}

#[utoipa::path(get, path = "/api/v1/exclusions/{id}", params(("id" = String, Path)), responses(
    (status = 200, body = ExclusionJson), (status = 404, description = "problem+json"),
))]
pub(super) async fn one(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<String>,
) -> Result<Json<ExclusionJson>, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    Ok(Json(shown(&app, shell.t.0, id).await?))
}

#[utoipa::path(post, path = "/api/v1/exclusions", request_body = FileBody, responses(
    (status = 201, body = ExclusionJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn file(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Json(body): Json<FileBody>,
) -> Result<Response, Failure> {
    let scope = match (&body.device, &body.site, &body.street) {
        (Some(id), None, None) => ExclusionScope::Device(identity("device", id)?),
        (None, Some(id), None) => ExclusionScope::Site(identity("site", id)?),
        (None, None, Some(id)) => ExclusionScope::Street(identity("street", id)?),
        _ => return Err(Failure::bad_request("device, site, street: exactly one")),
    };
    let maintainer = body.maintainer.as_deref().map(|id| identity("maintainer", id)).transpose()?;
    let reason = ExclusionReason::from_code(&body.reason).ok_or_else(|| {
        let all: Vec<_> = ExclusionReason::ALL.iter().map(|it| it.code()).collect();
        Failure::bad_request(format!("reason: one of {}", all.join(", ")))
    })?;
    let moment = |name, value: &str| {
        let missing = || Failure::bad_request(format!("{name}: not a time by RFC 3339"));
        time(name, value)?.ok_or_else(missing)
    };
    let (from, to) = (moment("from", &body.from)?, moment("to", &body.to)?);
    let (evidence, note) = (body.evidence, body.note);
    let filing = Filing { scope, maintainer, from, to, reason, evidence, note };
    let id = exclude::file(&app, &user, &extensions, filing).await?;
    let json = Json(shown(&app, shell.t.0, id).await?);
    Ok((StatusCode::CREATED, json).into_response())
}

#[utoipa::path(post, path = "/api/v1/exclusions/{id}/{act}", params(
    ("id" = String, Path),
    ("act" = String, Path, description = "approve, reject, confirm or withdraw"),
), request_body = ActBody, responses(
    (status = 200, body = ExclusionJson), (status = 404, description = "problem+json"),
    (status = 409, description = "it does not stand so, or the same person would judge; problem+json"),
))]
pub(super) async fn act(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    route: MatchedPath,
    extensions: Extensions,
    body: Option<Json<ActBody>>,
) -> Result<Json<ExclusionJson>, Failure> {
    let id: ExclusionId = id.parse().map_err(|_| Failure::not_found())?;
    let act = act_of(&route, ExclusionAct::from_code)?;
    let (lang, note) = (shell.t.0, body.unwrap_or_default().0.note);
    exclude::act(&app, lang, (&user, &extensions), id, (act, &note)).await?;
    Ok(Json(shown(&app, lang, id).await?))
}

async fn shown(app: &App, lang: Lang, id: ExclusionId) -> Result<ExclusionJson, Failure> {
    let stored = app.store.exclusion(id).await?.ok_or_else(Failure::not_found)?;
    Ok(ExclusionJson::of(app, lang, stored))
}

fn identity<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::bad_request(format!("{name}: not an identity")))
}

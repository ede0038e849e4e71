//! `/api/v1/policies`: 口径, their versions, and what a new one would change.

use super::{
    days::DaysQuery,
    figures::{Basis, FiguresJson},
};
use crate::{
    app::App,
    failure::Failure,
    guard::{User, address},
    shell::Shell,
};
use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::{Extensions, HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use zhishou_domain::{Lang, Timestamp, account::Source, policy::Policy};
use zhishou_storage::{Accounted, By, Filter, PolicyAdded, StoredPolicy};

#[derive(Serialize, ToSchema)]
pub(super) struct PolicyJson {
    /// id@version.
    policy: String,
    name: String,
    /// Null for those that came with the platform.
    created_at: Option<String>,
    /// Null for those that came with the platform.
    login: Option<String>,
    #[schema(value_type = Object)]
    document: Policy,
}

#[derive(Serialize, ToSchema)]
pub(super) struct PoliciesJson {
    /// By id, the newest version first.
    items: Vec<PolicyJson>,
    /// The policy of figures that name none.
    default: String,
}

/// What a document would change.
#[derive(Serialize, ToSchema)]
pub(super) struct PreviewJson {
    from: String,
    to: String,
    /// Under the newest version there is; null for a new id.
    now: Option<FiguresJson>,
    /// Under the document.
    then: FiguresJson,
}

impl PolicyJson {
    fn of(app: &App, lang: Lang, stored: StoredPolicy) -> Self {
        let made = stored.created != Timestamp::default();
        Self {
            policy: stored.policy.reference().to_string(),
            name: stored.policy.name(lang).to_owned(),
            created_at: made.then(|| stored.created.rfc3339(app.zone)),
            login: made.then_some(stored.login),
            document: stored.policy,
        }
    }
}

/// The policy a call names: `id@version`, `id` for its newest version, nothing for the default.
pub(crate) async fn policy_of(app: &App, name: &str) -> Result<StoredPolicy, Failure> {
    let name = if name.is_empty() { &app.settings.policy } else { name };
    let found = app.store.policy_named(name).await?;
    found.ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, "policy: no such policy or version"))
}

#[utoipa::path(get, path = "/api/v1/policies", responses((status = 200, body = PoliciesJson)))]
pub(super) async fn list(
    State(app): State<App>,
    shell: Shell,
) -> Result<Json<PoliciesJson>, Failure> {
    let default = policy_of(&app, "").await?.policy.reference().to_string();
    let items = app.store.policies().await?.into_iter();
    let items = items.map(|stored| PolicyJson::of(&app, shell.t.0, stored)).collect();
    Ok(Json(PoliciesJson { items, default }))
}

#[utoipa::path(get, path = "/api/v1/policies/{policy}", params(
    ("policy" = String, Path, description = "`id@version`, or `id` for its newest version"),
), responses(
    (status = 200, body = PolicyJson), (status = 404, description = "problem+json"),
))]
pub(super) async fn one(
    State(app): State<App>,
    shell: Shell,
    Path(policy): Path<String>,
) -> Result<Json<PolicyJson>, Failure> {
    let stored = policy_of(&app, &policy).await?;
    Ok(Json(PolicyJson::of(&app, shell.t.0, stored)))
}

#[utoipa::path(post, path = "/api/v1/policies/preview", params(DaysQuery),
    request_body(content = String, description = "the document, JSON or TOML by its content type"),
    responses(
    (status = 200, body = PreviewJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn preview(
    State(app): State<App>,
    shell: Shell,
    Query(days): Query<DaysQuery>,
    headers: HeaderMap,
    body: String,
) -> Result<Json<PreviewJson>, Failure> {
    let policy = read(&headers, &body, shell.t.0)?;
    let days = days.checked(app.clock.now().local_day(app.zone), Source::Transitions, false)?;
    let figures = |policy: &Policy, account: &Accounted| {
        Basis::of(policy, account).figures(&account.total(), None)
    };
    let (before, after) = compare_policy(&app, &policy, days).await?;
    Ok(Json(PreviewJson {
        from: days.0.to_string(),
        to: days.1.to_string(),
        now: before.map(|(stored, account)| figures(&stored.policy, &account)),
        then: figures(&policy, &after),
    }))
}

/// What the newest version of a policy makes of some days, by street, and what `policy` would.
pub(crate) async fn compare_policy(
    app: &App,
    policy: &Policy,
    days: (NaiveDate, NaiveDate),
) -> Result<(Option<(StoredPolicy, Accounted)>, Accounted), Failure> {
    let now = app.clock.now();
    let account = async |policy: &Policy| {
        let (source, all) = (Source::Transitions, Filter::default());
        app.store.account(policy, source, By::Street, &all, days, now).await
    };
    let before = match app.store.policy(&policy.id, None).await? {
        Some(stored) => {
            let made = account(&stored.policy).await?;
            Some((stored, made))
        }
        None => None,
    };
    Ok((before, account(policy).await?))
}

/// Adds a version in the name of `user`.
pub(crate) async fn save_policy(
    app: &App,
    lang: Lang,
    user: &User,
    extensions: &Extensions,
    policy: Policy,
) -> Result<StoredPolicy, Failure> {
    let (now, login) = (app.clock.now(), user.login.clone());
    let from_where = address(extensions);
    match app.store.add_policy(policy.clone(), login.clone(), now, from_where).await? {
        PolicyAdded::NotNext(next) => {
            let detail = match lang {
                Lang::Zh => format!("版本一经写入不再更改；下一个版本号是 {next}"),
                Lang::En => format!("a version is never changed; the next one is {next}"),
            };
            Err(Failure::new(StatusCode::CONFLICT, detail))
        }
        PolicyAdded::Added => Ok(StoredPolicy { policy, created: now, login }),
    }
}

#[utoipa::path(post, path = "/api/v1/policies",
    request_body(content = String, description = "the document, JSON or TOML by its content type"),
    responses(
    (status = 201, body = PolicyJson), (status = 400, description = "problem+json"),
    (status = 409, description = "not the next version of its id; problem+json"),
))]
pub(super) async fn add(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Failure> {
    let lang = shell.t.0;
    let policy = read(&headers, &body, lang)?;
    let stored = save_policy(&app, lang, &user, &extensions, policy).await?;
    let json = Json(PolicyJson::of(&app, lang, stored));
    Ok((StatusCode::CREATED, json).into_response())
}

/// A document in JSON, or in TOML where the content type says so.
fn read(headers: &HeaderMap, body: &str, lang: Lang) -> Result<Policy, Failure> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let policy = if kind.is_some_and(|kind| kind.contains("toml")) {
        Policy::from_toml(body)
    } else {
        Policy::from_json(body)
    };
    policy.map_err(|problem| Failure::bad_request(problem.words(lang)))
}

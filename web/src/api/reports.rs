//! `/api/v1/reports`: published reports, their files, verify, and publishing.

use super::days::DaysQuery;
use crate::{
    app::App,
    failure::Failure,
    guard::{User, address},
    making::{Making, Progress},
    pages::reports as pages,
    shell::Shell,
    verifying::Verifying,
};
use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::{Extensions, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhishou_report::{Finding, Format, Published, Publisher};

#[derive(Serialize, ToSchema)]
pub(super) struct ReportJson {
    /// The same for the same days, cut-off and policy: 2026-D-0325.
    number: String,
    /// From 1 on; a revision is never changed.
    revision: u32,
    /// day, week, month, quarter, year or range.
    kind: String,
    from: String,
    to: String,
    /// Accounting policy, id@version.
    policy: String,
    published_at: String,
    /// Null for the schedule.
    published_by: Option<String>,
    /// SHA-256 over this one and over the one before.
    digest: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ReportsJson {
    /// By last day, the newest revision first.
    items: Vec<ReportJson>,
    /// The one that is being made or was made last.
    making: Option<MakingJson>,
}

#[derive(Serialize, ToSchema)]
struct MakingJson {
    number: String,
    /// running, done, unchanged or failed.
    state: &'static str,
    step: Option<usize>,
    of: Option<usize>,
}

#[derive(Deserialize, ToSchema)]
pub(super) struct OrderJson {
    /// First day, YYYY-MM-DD.
    from: String,
    /// Last day.
    to: String,
    /// Accounting policy, `id@version` or `id`; that of the configuration where not given.
    #[serde(default)]
    policy: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct VerifyJson {
    number: String,
    revision: u32,
    /// Whether nothing differs.
    holds: bool,
    /// What differs, in words.
    differences: Vec<String>,
}

impl From<Progress> for MakingJson {
    fn from(progress: Progress) -> Self {
        let (number, state, step) = match progress {
            Progress::Running { number, step, of } => (number, "running", Some((step, of))),
            Progress::Done { number, .. } => (number, "done", None),
            Progress::Unchanged { number, .. } => (number, "unchanged", None),
            Progress::Failed { number, .. } => (number, "failed", None),
        };
        Self { number, state, step: step.map(|it| it.0), of: step.map(|it| it.1) }
    }
}

#[utoipa::path(get, path = "/api/v1/reports", params(DaysQuery), responses(
    (status = 200, body = ReportsJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn list(
    State(app): State<App>,
    Extension(making): Extension<Making>,
    Query(days): Query<DaysQuery>,
) -> Result<Json<ReportsJson>, Failure> {
    let today = app.clock.now().local_day(app.zone);
    let (from, to) = days.checked(today, zhishou_domain::account::Source::Strips, true)?;
    let heads = app.store.publications(from, to).await?;
    let items = heads.into_iter().map(|head| ReportJson {
        number: head.number,
        revision: head.revision,
        kind: head.kind,
        from: head.from.to_string(),
        to: head.to.to_string(),
        policy: head.policy,
        published_at: head.published.rfc3339(app.zone),
        published_by: Some(head.login).filter(|login| !login.is_empty()),
        digest: head.digest,
    });
    let making = making.progress().map(MakingJson::from);
    Ok(Json(ReportsJson { items: items.collect(), making }))
}

#[utoipa::path(post, path = "/api/v1/reports", request_body = OrderJson, responses(
    (status = 202, description = "it is being made; the list says how far"),
    (status = 400, description = "problem+json"),
    (status = 409, description = "another one is being made; problem+json"),
))]
pub(super) async fn publish(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Extension(making): Extension<Making>,
    extensions: Extensions,
    Json(order): Json<OrderJson>,
) -> Result<StatusCode, Failure> {
    let by = Publisher { login: user.login, address: address(&extensions) };
    let order = pages::order(&app, &order.from, &order.to, &order.policy, shell.t.0).await?;
    let order = order.map_err(Failure::bad_request)?;
    if making.begin(app, order, by) {
        Ok(StatusCode::ACCEPTED)
    } else {
        Err(Failure::new(StatusCode::CONFLICT, shell.t.report_busy()))
    }
}

#[utoipa::path(get, path = "/api/v1/reports/{number}/{revision}/verify", params(
    ("number" = String, Path), ("revision" = u32, Path),
), responses(
    (status = 200, body = VerifyJson),
    (status = 202, description = "a long period is still being recomputed; ask again"),
    (status = 404, description = "problem+json"),
))]
pub(super) async fn verify(
    State(app): State<App>,
    shell: Shell,
    Extension(verifying): Extension<Verifying>,
    Path((number, revision)): Path<(String, u32)>,
) -> Result<Response, Failure> {
    let found = edition(&app, &number, Some(revision)).await?;
    let Some(findings) = verifying.of(&app, &found).await.transpose()? else {
        return Ok((StatusCode::ACCEPTED, [(header::RETRY_AFTER, "5")]).into_response());
    };
    let differences = findings.iter().flat_map(|it| it.words(shell.t.0)).collect();
    let holds = findings.is_empty();
    Ok(Json(VerifyJson { number, revision, holds, differences }).into_response())
}

#[utoipa::path(get, path = "/api/v1/reports/{number}/{revision}/{format}", params(
    ("number" = String, Path), ("revision" = u32, Path),
    ("format" = String, Path, description = "pdf, xlsx, docx, csv, html or json"),
), responses(
    (status = 200, description = "the file"), (status = 404, description = "problem+json"),
))]
pub(super) async fn file(
    State(app): State<App>,
    shell: Shell,
    Path((number, revision, format)): Path<(String, u32, String)>,
) -> Result<Response, Failure> {
    let format = Format::from_code(&format).ok_or_else(Failure::not_found)?;
    let found = edition(&app, &number, Some(revision)).await?;
    Ok(pages::send(found, format, shell.t.0).await?.into_response())
}

/// A published report.
pub(crate) async fn edition(
    app: &App,
    number: &str,
    revision: Option<u32>,
) -> Result<Published, Failure> {
    let found = zhishou_report::published(&app.store, number, revision, app.zone).await;
    found.map_err(Failure::internal)?.ok_or_else(Failure::not_found)
}

/// What is wrong with one.
pub(crate) async fn findings(app: &App, found: &Published) -> Result<Vec<Finding>, Failure> {
    let json = zhishou_report::to_json(&found.document, Some(&found.edition));
    let file = json.and_then(|it| serde_json::to_vec(&it)).map_err(Failure::internal)?;
    zhishou_report::verify(&app.store, &file).await.map_err(Failure::internal)
}

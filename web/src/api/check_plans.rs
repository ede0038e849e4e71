//! `/api/v1/check-plans`: 检查方案 and their versions.

use crate::{
    app::App,
    failure::Failure,
    guard::{User, audit_line},
    query::named,
    shell::Shell,
};
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{Extensions, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhishou_domain::{
    check::{CheckPlan, DocumentProblem},
    meeting::AssuranceGrade,
};
use zhishou_storage::{PlanSaved, StoredPlan};

#[derive(Serialize, ToSchema)]
pub(super) struct PlanJson {
    /// 保障等级.
    grade: &'static str,
    /// 0: the shipped one.
    version: i64,
    /// Null of the shipped one.
    created_at: Option<String>,
    /// Null of the shipped one.
    login: Option<String>,
    #[schema(value_type = Object)]
    document: CheckPlan,
}

/// The next version.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanBody {
    /// The version that was seen; another newest one answers 409.
    version: i64,
    #[schema(value_type = Object)]
    document: CheckPlan,
}

fn json(app: &App, grade: AssuranceGrade, it: StoredPlan) -> PlanJson {
    let (at, login) = it.saved.unzip();
    PlanJson {
        grade: grade.code(),
        version: it.version,
        created_at: at.map(|at| at.rfc3339(app.zone)),
        login,
        document: it.plan,
    }
}

#[utoipa::path(get, path = "/api/v1/check-plans", responses((status = 200, body = [PlanJson])))]
pub(super) async fn list(State(app): State<App>) -> Result<Json<Vec<PlanJson>>, Failure> {
    let mut found = Vec::new();
    for grade in AssuranceGrade::ALL {
        let versions = app.store.check_plan_versions(*grade).await?;
        found.extend(versions.into_iter().take(1).map(|it| json(&app, *grade, it)));
    }
    Ok(Json(found))
}

#[utoipa::path(get, path = "/api/v1/check-plans/{grade}", params(("grade" = String, Path)), responses(
    (status = 200, body = [PlanJson], description = "the newest first"),
    (status = 404, description = "problem+json"),
))]
pub(super) async fn versions(
    State(app): State<App>,
    Path(grade): Path<String>,
) -> Result<Json<Vec<PlanJson>>, Failure> {
    let grade = named(&grade, AssuranceGrade::from_code)?;
    let versions = app.store.check_plan_versions(grade).await?.into_iter();
    Ok(Json(versions.map(|it| json(&app, grade, it)).collect()))
}

#[utoipa::path(post, path = "/api/v1/check-plans/{grade}", params(("grade" = String, Path)),
    request_body = PlanBody, responses(
    (status = 201, description = "saved; the number of the version"),
    (status = 400, description = "problem+json"),
    (status = 409, description = "there is a newer version; problem+json"),
))]
pub(super) async fn save(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(grade): Path<String>,
    extensions: Extensions,
    Json(body): Json<PlanBody>,
) -> Result<Response, Failure> {
    let grade = named(&grade, AssuranceGrade::from_code)?;
    body.document
        .check()
        .map_err(|problem| Failure::bad_request(DocumentProblem::from(problem).words(shell.t.0)))?;
    let line = audit_line(&app, &user, &extensions, "check_plan", String::new());
    match app.store.save_check_plan(grade, &body.document, body.version, line).await? {
        PlanSaved::Now(version) => Ok((StatusCode::CREATED, Json(version)).into_response()),
        PlanSaved::NotNewest(newest) => {
            Err(Failure::new(StatusCode::CONFLICT, format!("version: {newest} is the newest")))
        }
    }
}

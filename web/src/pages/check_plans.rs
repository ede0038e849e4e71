//! `/admin/plans`: 检查方案 per 保障等级, in words and as documents; a new version is told in words beside
//! the one that holds before it is saved.

use super::View;
use crate::{
    app::App,
    failure::Failure,
    format::Moment,
    guard::{User, audit_line},
    query::named,
    shell::{Nav, Shell, page},
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    http::{Extensions, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use zhishou_domain::{check::CheckPlan, meeting::AssuranceGrade};
use zhishou_storage::{PlanSaved, StoredPlan};

/// A version in one line.
struct VersionRow {
    version: i64,
    /// When and by whom; none of the shipped one.
    saved: Option<(Moment, String)>,
}

/// The plan of a grade.
struct PlanRow {
    grade: &'static str,
    name: &'static str,
    newest: VersionRow,
    older: Vec<VersionRow>,
    words: Vec<String>,
}

#[derive(Template)]
#[template(path = "check_plans.html")]
struct PlansPage {
    shell: Shell,
    notice: Option<&'static str>,
    rows: Vec<PlanRow>,
}

/// What was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DoneQuery {
    done: String,
}

fn version_row(view: &View<'_>, it: &StoredPlan) -> VersionRow {
    let saved = it.saved.as_ref().map(|(at, login)| (view.moment(*at), login.clone()));
    VersionRow { version: it.version, saved }
}

/// `GET /admin/plans`.
pub(crate) async fn list(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::None);
    let view = View::new(&app, shell.t);
    let mut rows = Vec::new();
    for grade in AssuranceGrade::ALL {
        let versions = app.store.check_plan_versions(*grade).await?;
        let Some((newest, older)) = versions.split_first() else { continue };
        rows.push(PlanRow {
            grade: grade.code(),
            name: grade.name(shell.t.0),
            words: newest.plan.words(shell.t.0),
            newest: version_row(&view, newest),
            older: older.iter().map(|it| version_row(&view, it)).collect(),
        });
    }
    let notice = (query.done == "saved").then(|| shell.t.plan_saved());
    page(&PlansPage { notice, rows, shell })
}

#[derive(Template)]
#[template(path = "check_plan.html")]
struct PlanPage {
    shell: Shell,
    grade: &'static str,
    name: &'static str,
    version: i64,
    words: Vec<String>,
    document: String,
}

fn document(plan: &CheckPlan) -> Result<String, Failure> {
    plan.to_toml().map_err(Failure::internal)
}

/// `GET /admin/plans/{grade}/{version}`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Path((grade, version)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let grade = named(&grade, AssuranceGrade::from_code)?;
    let version: i64 = version.parse().map_err(|_| Failure::not_found())?;
    let versions = app.store.check_plan_versions(grade).await?;
    let stored = versions.into_iter().find(|it| it.version == version);
    let stored = stored.ok_or_else(Failure::not_found)?;
    page(&PlanPage {
        grade: grade.code(),
        name: grade.name(shell.t.0),
        version,
        words: stored.plan.words(shell.t.0),
        document: document(&stored.plan)?,
        shell: shell.at(Nav::None),
    })
}

#[derive(Template)]
#[template(path = "check_plan_edit.html")]
struct EditPage {
    shell: Shell,
    grade: &'static str,
    name: &'static str,
    problem: Option<String>,
    form: PlanForm,
    preview: Option<Vec<PreviewRow>>,
}

/// A sentence of the plan that holds and of the new one.
struct PreviewRow {
    now: String,
    then: String,
}

/// What is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PlanForm {
    /// TOML.
    document: String,
    /// The version that was seen.
    version: i64,
    /// `save`; else it is only shown what it would mean.
    act: String,
}

fn edit_page(
    shell: Shell,
    grade: AssuranceGrade,
    problem: Option<String>,
    form: PlanForm,
    preview: Option<Vec<PreviewRow>>,
) -> Result<Response, Failure> {
    let (grade, name) = (grade.code(), grade.name(shell.t.0));
    page(&EditPage { shell: shell.at(Nav::None), grade, name, problem, form, preview })
}

/// `GET /admin/plans/{grade}/edit`: the document of its next version.
pub(crate) async fn edit(
    State(app): State<App>,
    shell: Shell,
    Path(grade): Path<String>,
) -> Result<Response, Failure> {
    let grade = named(&grade, AssuranceGrade::from_code)?;
    let (version, plan) = app.store.check_plan(grade).await?;
    let form = PlanForm { document: document(&plan)?, version, act: String::new() };
    edit_page(shell, grade, None, form, None)
}

/// `POST /admin/plans/{grade}`: shown in words, or saved. What is refused is shown again as typed.
pub(crate) async fn save(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(grade): Path<String>,
    extensions: Extensions,
    Form(form): Form<PlanForm>,
) -> Result<Response, Failure> {
    let (grade, lang) = (named(&grade, AssuranceGrade::from_code)?, shell.t.0);
    let refused = |shell, form, problem| {
        let page = edit_page(shell, grade, Some(problem), form, None)?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let plan = match CheckPlan::from_toml(&form.document) {
        Ok(plan) => plan,
        Err(problem) => return refused(shell, form, problem.words(lang)),
    };
    if form.act != "save" {
        let (_, present) = app.store.check_plan(grade).await?;
        let both = present.words(lang).into_iter().zip(plan.words(lang));
        let rows = both.map(|(now, then)| PreviewRow { now, then }).collect();
        return edit_page(shell, grade, None, form, Some(rows));
    }
    let line = audit_line(&app, &user, &extensions, "check_plan", String::new());
    match app.store.save_check_plan(grade, &plan, form.version, line).await? {
        PlanSaved::Now(_) => Ok(Redirect::to("/admin/plans?done=saved").into_response()),
        PlanSaved::NotNewest(newest) => {
            let problem = format!("{} {newest}", shell.t.plan_not_newest());
            refused(shell, form, problem)
        }
    }
}

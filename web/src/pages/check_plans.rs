//! `/admin/plans`: 检查方案 per 保障等级, in words, in fields and as documents; what a new version changes, also
//! for the meetings ahead, is told before it is saved.

use super::{
    View,
    check_plan_form::{ItemWeight, PlanFields, Unit},
};
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
use std::time::Duration;
use zhishou_domain::{
    Lang, Timestamp,
    check::{CheckDepth, CheckItem, CheckPlan, Fallback, ItemKind, PointChange},
    meeting::{AssuranceGrade, MeetingState},
};
use zhishou_storage::{MeetingFilter, PlanSaved, StoredPlan};

/// Meetings ahead that are looked through, and listed in a preview.
const AHEAD: u32 = 500;
const LISTED: usize = 12;

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

/// How the next version is written.
enum Editing {
    /// In fields.
    Fields(Box<PlanFields>),
    /// As the document itself, by those who know it.
    Document(String),
}

#[derive(Template)]
#[template(path = "check_plan_edit.html")]
struct EditPage {
    shell: Shell,
    grade: &'static str,
    name: &'static str,
    problem: Option<String>,
    /// The version that was seen.
    version: i64,
    editing: Editing,
    preview: Option<Preview>,
}

impl EditPage {
    /// Items by who can tell.
    fn groups(&self) -> [(ItemKind, &'static str); 3] {
        let t = self.shell.t;
        [
            (ItemKind::Liveness, t.plan_items_liveness()),
            (ItemKind::Media, t.plan_items_media()),
            (ItemKind::Human, t.plan_items_human()),
        ]
    }

    fn view(&self) -> &'static str {
        match self.editing {
            Editing::Fields(_) => "fields",
            Editing::Document(_) => "document",
        }
    }
}

/// What a version would change.
struct Preview {
    document: String,
    rows: Vec<PreviewRow>,
    effects: Effects,
}

/// A sentence of the plan that holds and of the new one.
struct PreviewRow {
    now: String,
    then: String,
}

/// What it changes for the meetings ahead.
struct Effects {
    /// `3 场会议将按新方案检查。新增检查项：供电。`
    sentence: String,
    rows: Vec<EffectRow>,
    /// Meetings that are not listed.
    more: usize,
}

/// A meeting ahead.
struct EffectRow {
    href: String,
    when: String,
    title: String,
    /// Checks that come, go, or look to another depth, with their times.
    changes: Vec<String>,
}

/// The checks of the meetings ahead that a new plan changes.
async fn effects(
    view: &View<'_>,
    grade: AssuranceGrade,
    (present, next): (&CheckPlan, &CheckPlan),
) -> Result<Effects, Failure> {
    let (app, lang, now) = (view.app, view.t.0, view.now);
    let states = MeetingState::ALL.iter().copied();
    let filter = MeetingFilter {
        from: Some(now),
        states: states.filter(|it| it.is_due() || *it == MeetingState::Submitted).collect(),
        ..MeetingFilter::default()
    };
    let mut ahead = app.store.meetings(&filter, AHEAD).await?;
    ahead.retain(|it| it.plan.assurance == grade && it.plan.slot().from > now);
    let points = present.point_changes(next);
    let local = |at: Timestamp| at.in_zone(app.zone).format("%m-%d %H:%M").to_string();
    let change = |from: Timestamp, point: &PointChange| {
        let at = from - Duration::from_secs(u64::from(point.before_min) * 60);
        let passed = lang.pick("（时间已过）", " (its time has passed)");
        let passed = if at <= now { passed } else { "" };
        format!("{} {}{passed}", local(at), point.words(lang))
    };
    let rows = ahead.iter().take(LISTED).map(|it| {
        let from = it.plan.slot().from;
        EffectRow {
            href: format!("/meetings/{}", it.id),
            when: local(from),
            title: it.plan.title.clone(),
            changes: points.iter().map(|point| change(from, point)).collect(),
        }
    });
    let (come, go) = present.item_changes(next);
    let names = |items: &[CheckItem]| {
        let names: Vec<_> = items.iter().map(|item| item.name(lang)).collect();
        names.join(lang.pick("、", ", "))
    };
    let count = ahead.len();
    let mut sentence = match (lang, points.is_empty()) {
        (Lang::Zh, true) => format!("{count} 场已预约的会议将按新方案检查，检查时间不变。"),
        (Lang::Zh, false) => format!("{count} 场已预约的会议将按新方案检查，检查时间有变。"),
        (Lang::En, true) => {
            format!("{count} meetings ahead go by the new plan; the times of their checks stay. ")
        }
        (Lang::En, false) => {
            format!("{count} meetings ahead go by the new plan; the times of their checks change. ")
        }
    };
    for (items, zh, en) in
        [(come, "新增检查项", "checked in addition"), (go, "不再检查", "not checked any more")]
    {
        if !items.is_empty() {
            sentence += &match lang {
                Lang::Zh => format!("{zh}：{}。", names(&items)),
                Lang::En => format!("{en}: {}. ", names(&items)),
            };
        }
    }
    Ok(Effects { sentence, rows: rows.collect(), more: count.saturating_sub(LISTED) })
}

fn edit_page(
    shell: Shell,
    grade: AssuranceGrade,
    problem: Option<String>,
    (version, editing): (i64, Editing),
    preview: Option<Preview>,
) -> Result<Response, Failure> {
    let (grade, name) = (grade.code(), grade.name(shell.t.0));
    page(&EditPage { shell: shell.at(Nav::None), grade, name, problem, version, editing, preview })
}

/// `GET /admin/plans/{grade}/edit`: the next version, in fields.
pub(crate) async fn edit(
    State(app): State<App>,
    shell: Shell,
    Path(grade): Path<String>,
) -> Result<Response, Failure> {
    let grade = named(&grade, AssuranceGrade::from_code)?;
    let (version, plan) = app.store.check_plan(grade).await?;
    edit_page(shell, grade, None, (version, Editing::Fields(Box::new(PlanFields::of(&plan)))), None)
}

/// `POST /admin/plans/{grade}`: shown what it would change, saved, or shown the other way. What is refused is
/// shown again as typed.
pub(crate) async fn save(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(grade): Path<String>,
    extensions: Extensions,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let (grade, lang) = (named(&grade, AssuranceGrade::from_code)?, shell.t.0);
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, it)| it.as_str());
    let version = field("version").and_then(|it| it.parse().ok()).unwrap_or(0);
    let is_fields = field("view") == Some("fields");
    let refused = |shell, editing, problem| {
        let page = edit_page(shell, grade, Some(problem), (version, editing), None)?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let plan = match field("document") {
        Some(text) => CheckPlan::from_toml(text)
            .map_err(|problem| (Editing::Document(text.to_owned()), problem.words(lang))),
        None => {
            let typed = PlanFields::typed(&fields);
            typed.read(lang).map_err(|problem| (Editing::Fields(Box::new(typed)), problem))
        }
    };
    let plan = match plan {
        Ok(plan) => plan,
        Err((editing, problem)) => return refused(shell, editing, problem),
    };
    let editing = |is_fields: bool| {
        Ok::<_, Failure>(match is_fields {
            true => Editing::Fields(Box::new(PlanFields::of(&plan))),
            false => Editing::Document(document(&plan)?),
        })
    };
    match field("act") {
        Some("save") => {
            let line = audit_line(&app, &user, &extensions, "check_plan", String::new());
            match app.store.save_check_plan(grade, &plan, version, line).await? {
                PlanSaved::Now(_) => Ok(Redirect::to("/admin/plans?done=saved").into_response()),
                PlanSaved::NotNewest(newest) => {
                    let problem = format!("{} {newest}", shell.t.plan_not_newest());
                    refused(shell, editing(is_fields)?, problem)
                }
            }
        }
        // The other way to write it.
        Some("turn") => edit_page(shell, grade, None, (version, editing(!is_fields)?), None),
        _ => {
            let (_, present) = app.store.check_plan(grade).await?;
            let both = present.words(lang).into_iter().zip(plan.words(lang));
            let preview = Preview {
                document: document(&plan)?,
                rows: both.map(|(now, then)| PreviewRow { now, then }).collect(),
                effects: effects(&View::new(&app, shell.t), grade, (&present, &plan)).await?,
            };
            edit_page(shell, grade, None, (version, editing(is_fields)?), Some(preview))
        }
    }
}

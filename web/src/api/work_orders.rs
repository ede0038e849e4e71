//! `/api/v1/work-orders`: 工单 of those whom the user belongs to.

use super::{limit, time};
use crate::{
    app::App,
    failure::Failure,
    guard::User,
    query::{act_of, id, word},
    shell::Shell,
    work::{self, Deed, Report},
};
use axum::{
    Extension, Json,
    extract::{MatchedPath, Path, Query, State},
    http::{Extensions, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zhishou_domain::{
    IncidentId, Lang, WorkOrderId,
    work_order::{StopReason, WorkAct, WorkCategory},
};
use zhishou_storage::{StoredWorkOrder, WorkFilter};

#[derive(Serialize, ToSchema)]
pub(super) struct WorkStepJson {
    at: String,
    /// Empty: the platform.
    login: String,
    /// open, assign, stop, resume, note, recover, relapse, prove, finish or cancel.
    act: &'static str,
    /// Of a stop why.
    reason: Option<&'static str>,
    maintainer_id: Option<String>,
    note: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct WorkOrderJson {
    id: i64,
    incident_id: Option<i64>,
    /// terminal, network, video or meeting.
    category: &'static str,
    title: String,
    place: String,
    caller: String,
    unit: String,
    phone: String,
    maintainer_id: Option<String>,
    maintainer: Option<String>,
    /// unassigned, working, stopped, proving, done or cancelled.
    state: &'static str,
    state_name: &'static str,
    opened: String,
    /// When it was repaired; null before that is proven or finished.
    done: Option<String>,
    /// always or working.
    calendar: &'static str,
    limit_ms: u64,
    /// Time of its calendar that its clock has run.
    spent_ms: u64,
    is_late: bool,
    steps: Vec<WorkStepJson>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct WorkOrdersJson {
    /// Newest first.
    items: Vec<WorkOrderJson>,
    /// Cursor of the next page; null at the end.
    next: Option<String>,
}

#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct WorkQuery {
    /// open or closed; both where not given.
    state: String,
    /// terminal, network, video or meeting.
    category: String,
    maintainer: String,
    /// Opened at or after, RFC 3339.
    from: String,
    /// Opened before, RFC 3339.
    to: String,
    /// Rows, 1–1000; 100 where not given.
    limit: Option<u32>,
    /// Cursor of a page before.
    next: String,
}

/// What is reported; of an incident nothing else has to be given.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct OpenBody {
    incident: Option<i64>,
    category: String,
    title: String,
    place: String,
    caller: String,
    unit: String,
    phone: String,
    maintainer: String,
    note: String,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WorkActBody {
    /// Of a stop: power_cut, carrier, no_access, spare_part, customer or weather.
    reason: String,
    /// Of an assignment to whom.
    maintainer: String,
    note: String,
}

impl WorkOrderJson {
    fn of(app: &App, lang: Lang, stored: StoredWorkOrder) -> Self {
        let spent = stored.order.spent(&app.settings.repair.calendar, app.clock.now());
        let state = stored.order.state();
        let (maintainer_id, maintainer) = match stored.maintainer {
            Some((id, name, _)) => (Some(id.to_string()), Some(name)),
            None => (None, None),
        };
        let millis =
            |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self {
            id: stored.id.number(),
            incident_id: stored.incident.map(IncidentId::number),
            category: stored.category.code(),
            title: stored.title,
            place: stored.place,
            caller: stored.caller,
            unit: stored.unit,
            phone: stored.phone,
            maintainer_id,
            maintainer,
            state: state.code(),
            state_name: state.name(lang),
            opened: stored.opened.rfc3339(app.zone),
            done: stored.order.done().map(|at| at.rfc3339(app.zone)),
            calendar: stored.order.calendar.code(),
            limit_ms: millis(spent.limit),
            spent_ms: millis(spent.spent),
            is_late: spent.is_late(),
            steps: stored
                .order
                .steps
                .into_iter()
                .map(|step| WorkStepJson {
                    at: step.at.rfc3339(app.zone),
                    login: step.login,
                    act: step.act.code(),
                    reason: step.reason.map(|reason| reason.code()),
                    maintainer_id: step.maintainer.map(|id| id.to_string()),
                    note: step.note,
                })
                .collect(),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/work-orders", params(WorkQuery), responses(
    (status = 200, body = WorkOrdersJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn list(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Query(query): Query<WorkQuery>,
) -> Result<Json<WorkOrdersJson>, Failure> {
    let limit = limit(query.limit)?;
    let filter = WorkFilter {
        open: match query.state.as_str() {
            "" => None,
            "open" => Some(true),
            "closed" => Some(false),
            _ => return Err(Failure::bad_request("state: open or closed")),
        },
        category: word("category", &query.category, WorkCategory::from_code)?,
        maintainer: id("maintainer", &query.maintainer)?,
        from: time("from", &query.from)?,
        to: time("to", &query.to)?,
    };
    let before: Option<WorkOrderId> = id("next", &query.next)?;
    let mut found = app.store.work_orders(filter, work::scope(&user), before, limit + 1).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| has_more).map(|it| it.id.to_string());
    let items = found.into_iter().map(|it| WorkOrderJson::of(&app, shell.t.0, it)).collect();
    Ok(Json(WorkOrdersJson { items, next }))
}

#[utoipa::path(get, path = "/api/v1/work-orders/{id}", params(("id" = i64, Path)), responses(
    (status = 200, body = WorkOrderJson), (status = 404, description = "problem+json"),
))]
pub(super) async fn one(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
) -> Result<Json<WorkOrderJson>, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    Ok(Json(shown(&app, shell.t.0, &user, id).await?))
}

#[utoipa::path(post, path = "/api/v1/work-orders", request_body = OpenBody, responses(
    (status = 201, body = WorkOrderJson, description = "of an incident that has one, that one"),
    (status = 400, description = "problem+json"),
))]
pub(super) async fn open(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Json(body): Json<OpenBody>,
) -> Result<Response, Failure> {
    let report = Report {
        incident: body.incident.map(IncidentId::new),
        category: word("category", &body.category, WorkCategory::from_code)?,
        maintainer: id("maintainer", &body.maintainer)?,
        title: body.title,
        place: body.place,
        caller: body.caller,
        unit: body.unit,
        phone: body.phone,
        note: body.note,
    };
    let id = work::open(&app, shell.t.0, (&user, &extensions), report).await?;
    let json = Json(shown(&app, shell.t.0, &user, id).await?);
    Ok((StatusCode::CREATED, json).into_response())
}

#[utoipa::path(post, path = "/api/v1/work-orders/{id}/{act}", params(
    ("id" = i64, Path),
    ("act" = String, Path, description = "assign, stop, resume, note, finish or cancel"),
), request_body = WorkActBody, responses(
    (status = 200, body = WorkOrderJson), (status = 404, description = "problem+json"),
    (status = 409, description = "it does not stand so, or something is missing; problem+json"),
))]
pub(super) async fn act(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(order): Path<String>,
    route: MatchedPath,
    extensions: Extensions,
    body: Option<Json<WorkActBody>>,
) -> Result<Json<WorkOrderJson>, Failure> {
    let order: WorkOrderId = order.parse().map_err(|_| Failure::not_found())?;
    let body = body.unwrap_or_default().0;
    let deed = Deed {
        act: act_of(&route, WorkAct::from_code)?,
        reason: word("reason", &body.reason, StopReason::from_code)?,
        maintainer: id("maintainer", &body.maintainer)?,
        note: body.note,
    };
    work::act(&app, shell.t.0, (&user, &extensions), order, deed).await?;
    Ok(Json(shown(&app, shell.t.0, &user, order).await?))
}

async fn shown(
    app: &App,
    lang: Lang,
    user: &User,
    id: WorkOrderId,
) -> Result<WorkOrderJson, Failure> {
    let stored = app.store.work_order(id, work::scope(user)).await?;
    Ok(WorkOrderJson::of(app, lang, stored.ok_or_else(Failure::not_found)?))
}

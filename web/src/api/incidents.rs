//! `/api/v1/incidents`: 故障, those to be worked on first.

use super::limit;
use crate::{
    app::App,
    cursor,
    failure::Failure,
    guard::User,
    handling::{self, Deed},
    incident_words,
    query::{act_of, id},
    shell::Shell,
};
use axum::{
    Extension, Json,
    extract::{MatchedPath, Path, Query, State},
    http::{Extensions, StatusCode},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zhishou_domain::{IncidentId, Lang, alert::HandlingAct, incident::Root};
use zhishou_storage::{IncidentDevice, IncidentFilter, IncidentRow, IncidentState, RootName};

#[derive(Serialize, ToSchema)]
pub(super) struct IncidentJson {
    /// 故障号.
    id: i64,
    /// new, unsure (open, but nothing of it can be seen now), dispatched or closed.
    state: &'static str,
    /// device, site, street, maintainer, district, or observer: our own probing.
    root: &'static str,
    /// What lies at the root; null for the district and for ourselves.
    root_id: Option<String>,
    /// Its name; of ourselves the agent.
    root_name: String,
    /// Of a device: probed, or inferred from what hangs behind it.
    seen: Option<&'static str>,
    /// In one line.
    cause: String,
    advice: String,
    /// Fault codes of the root, or of the first device that fell.
    faults: Vec<&'static str>,
    since: String,
    /// Null while it lasts.
    closed: Option<String>,
    /// The incident that it turned out to be part of.
    merged_into: Option<i64>,
    devices: u64,
    open_devices: u64,
    /// Confirmed down, flapping, or with a picture of no use.
    down_devices: u64,
    sites: u64,
    maintainer_id: Option<String>,
    maintainer: Option<String>,
    phone: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct IncidentsJson {
    /// New ones, uncertain ones, closed ones; the newest first in each.
    items: Vec<IncidentJson>,
    /// Cursor of the next page; null at the end.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct MemberJson {
    device_id: String,
    name: String,
    site: String,
    /// down, flapping, faulty, unsure, recovered or gone.
    state: &'static str,
    since: String,
    /// Null while it lasts.
    until: Option<String>,
    faults: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct MembersJson {
    /// Those still in it first, then by when they fell.
    items: Vec<MemberJson>,
    /// Cursor of the next page; null at the end.
    next: Option<String>,
}

#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct IncidentQuery {
    /// open or closed; both where not given.
    state: String,
    /// With a device at this site, in this street, of this maintainer; with this device.
    site: String,
    street: String,
    maintainer: String,
    device: String,
    /// Rows, 1–1000; 100 where not given.
    limit: Option<u32>,
    /// Cursor of a page before.
    next: String,
}

#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct MemberQuery {
    /// Rows, 1–1000; 100 where not given.
    limit: Option<u32>,
    /// Cursor of a page before.
    next: String,
}

const fn state_code(state: IncidentState) -> &'static str {
    match state {
        IncidentState::New => "new",
        IncidentState::Dispatched => "dispatched",
        IncidentState::Unsure => "unsure",
        IncidentState::Closed => "closed",
    }
}

impl IncidentJson {
    fn of(app: &App, lang: Lang, row: IncidentRow) -> Self {
        let (cause, advice) =
            (incident_words::cause(&row, lang), incident_words::advice(&row, lang));
        let (root, root_id, root_name, seen) = match row.root {
            RootName::Observer { agent, .. } => ("observer", None, agent, None),
            RootName::Root { root, name, .. } => {
                let (kind, id, seen) = match root {
                    Root::Device(id, seen) => ("device", Some(id.to_string()), Some(seen.code())),
                    Root::Site(id) => ("site", Some(id.to_string()), None),
                    Root::Street(id) => ("street", Some(id.to_string()), None),
                    Root::Maintainer(id) => ("maintainer", Some(id.to_string()), None),
                    Root::District => ("district", None, None),
                };
                (kind, id, name, seen)
            }
        };
        let (maintainer_id, maintainer, phone) = match row.maintainer {
            Some((id, name, phone)) => (Some(id.to_string()), Some(name), phone),
            None => (None, None, None),
        };
        Self {
            id: row.id.number(),
            state: state_code(row.state),
            root,
            root_id,
            root_name,
            seen,
            cause,
            advice,
            faults: row.faults.iter().map(|fault| fault.code()).collect(),
            since: row.since.rfc3339(app.zone),
            closed: row.closed.map(|at| at.rfc3339(app.zone)),
            merged_into: row.merged_into.map(IncidentId::number),
            devices: row.devices,
            open_devices: row.open_devices,
            down_devices: row.down_devices,
            sites: row.sites,
            maintainer_id,
            maintainer,
            phone,
        }
    }
}

#[utoipa::path(get, path = "/api/v1/incidents", params(IncidentQuery), responses(
    (status = 200, body = IncidentsJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn list(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<IncidentQuery>,
) -> Result<Json<IncidentsJson>, Failure> {
    let limit = limit(query.limit)?;
    let open = match query.state.as_str() {
        "" => None,
        "open" => Some(true),
        "closed" => Some(false),
        _ => return Err(Failure::bad_request("state: open or closed")),
    };
    let filter = IncidentFilter {
        open,
        site: id("site", &query.site)?,
        street: id("street", &query.street)?,
        maintainer: id("maintainer", &query.maintainer)?,
        device: id("device", &query.device)?,
    };
    let after = match query.next.as_str() {
        "" => None,
        text => Some(cursor::to_incident(text)?),
    };
    let mut found = app.store.incidents(&filter, after, limit + 1).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| has_more).map(cursor::of_incident);
    let items = found.into_iter().map(|it| IncidentJson::of(&app, shell.t.0, it)).collect();
    Ok(Json(IncidentsJson { items, next }))
}

#[utoipa::path(get, path = "/api/v1/incidents/{id}", params(("id" = i64, Path)), responses(
    (status = 200, body = IncidentJson), (status = 404, description = "problem+json"),
))]
pub(super) async fn one(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<String>,
) -> Result<Json<IncidentJson>, Failure> {
    let id: IncidentId = id.parse().map_err(|_| Failure::not_found())?;
    let row = app.store.incident(id).await?.ok_or_else(Failure::not_found)?;
    Ok(Json(IncidentJson::of(&app, shell.t.0, row)))
}

#[utoipa::path(get, path = "/api/v1/incidents/{id}/devices", params(("id" = i64, Path), MemberQuery),
    responses((status = 200, body = MembersJson), (status = 404, description = "problem+json")),
)]
pub(super) async fn devices(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    Query(query): Query<MemberQuery>,
) -> Result<Json<MembersJson>, Failure> {
    let id: IncidentId = id.parse().map_err(|_| Failure::not_found())?;
    let limit = limit(query.limit)?;
    let skip = match query.next.as_str() {
        "" => 0,
        text => u32::try_from(cursor::to_number(text)?).map_err(|_| cursor::BadCursor)?,
    };
    app.store.incident(id).await?.ok_or_else(Failure::not_found)?;
    let part = (skip, limit + 1);
    let mut found = app.store.incident_devices(id, user.maintainer, part).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = has_more.then(|| cursor::of_number(i64::from(skip + limit)));
    let member = |it: IncidentDevice| MemberJson {
        device_id: it.device.to_string(),
        name: it.name,
        site: it.site,
        state: it.state.code(),
        since: it.since.rfc3339(app.zone),
        until: it.until.map(|at| at.rfc3339(app.zone)),
        faults: it.faults.iter().map(|fault| fault.code()).collect(),
    };
    Ok(Json(MembersJson { items: found.into_iter().map(member).collect(), next }))
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct HandlingBody {
    /// Of a mute: for how many hours, 1–720.
    hours: Option<u32>,
    /// Why; a mute needs it.
    note: String,
}

#[utoipa::path(post, path = "/api/v1/incidents/{id}/{act}", params(
    ("id" = i64, Path),
    ("act" = String, Path, description = "acknowledge, mute or unmute"),
), request_body = HandlingBody, responses(
    (status = 204), (status = 400, description = "problem+json"),
    (status = 404, description = "problem+json"),
))]
pub(super) async fn handle(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(incident): Path<String>,
    route: MatchedPath,
    extensions: Extensions,
    body: Option<Json<HandlingBody>>,
) -> Result<StatusCode, Failure> {
    let incident: IncidentId = incident.parse().map_err(|_| Failure::not_found())?;
    let HandlingBody { hours, note } = body.unwrap_or_default().0;
    let deed = Deed { act: act_of(&route, HandlingAct::from_code)?, hours, note };
    handling::handle(&app, shell.t.0, (&user, &extensions), incident, deed).await?;
    Ok(StatusCode::NO_CONTENT)
}

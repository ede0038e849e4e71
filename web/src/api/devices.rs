//! `/api/v1/devices`.

use super::{PageQuery, limit, time};
use crate::{
    app::{App, OutOfTurn},
    cursor,
    failure::Failure,
    guard::User,
    pages::device::{Answer, probe_for},
    query::FilterQuery,
    shell::Shell,
};
use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::Extensions,
    response::Response,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use zhishou_domain::{DeviceId, FaultCode, Lang, Standing, Timestamp};
use zhishou_storage::Present;

/// Changes of state in one answer.
const TRANSITIONS: u32 = 1000;

#[derive(Serialize, ToSchema)]
pub(super) struct FaultJson {
    code: &'static str,
    name: &'static str,
    advice: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(super) struct DoubtJson {
    /// State it would bring.
    state: &'static str,
    /// Failed results so far.
    count: u32,
    /// Failed results that make it hard.
    of: u32,
    since: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct DeviceJson {
    id: String,
    kind: &'static str,
    name: String,
    site_id: String,
    site: String,
    street: String,
    class: Option<&'static str>,
    /// online, degraded, offline, unknown, unconnected or out_of_use.
    state: &'static str,
    since: Option<String>,
    reached: Option<bool>,
    faults: Vec<FaultJson>,
    doubt: Option<DoubtJson>,
    last_result_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct DevicesJson {
    items: Vec<DeviceJson>,
    /// Cursor of the next page; null at the end.
    next: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/devices", params(PageQuery), responses(
    (status = 200, body = DevicesJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn list(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<FilterQuery>,
    Query(paging): Query<PageQuery>,
) -> Result<Json<DevicesJson>, Failure> {
    let (now, limit) = (app.clock.now(), limit(paging.limit)?);
    let after = match paging.next.as_str() {
        "" => None,
        text => Some(cursor::to_fleet(text)?),
    };
    let mut rows = app.store.fleet(&query.filter()?, after.as_ref(), limit + 1, now).await?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|row| cursor::of_fleet(&row.cursor()));
    let items = rows.into_iter().map(|row| {
        let known = Known::of(&app, &row.standing, row.present, now, shell.t.0);
        DeviceJson {
            id: row.id.to_string(),
            kind: row.kind.code(),
            name: row.name,
            site_id: row.site.to_string(),
            site: row.site_name,
            street: row.street_name,
            class: row.class.map(|class| class.code()),
            state: known.state,
            since: known.since,
            reached: known.reached,
            faults: known.faults,
            doubt: known.doubt,
            last_result_at: row.seen.map(|at| at.rfc3339(app.zone)),
        }
    });
    Ok(Json(DevicesJson { items: items.collect(), next }))
}

/// What is known of a device at present, in the words of the contract.
struct Known {
    state: &'static str,
    since: Option<String>,
    reached: Option<bool>,
    faults: Vec<FaultJson>,
    doubt: Option<DoubtJson>,
}

impl Known {
    fn of(app: &App, standing: &Standing, present: Present, now: Timestamp, lang: Lang) -> Self {
        let stands = standing.last_result.is_some_and(|last| now <= last + standing.hold);
        let faults: &[FaultCode] = if stands { &standing.faults } else { &[] };
        Self {
            state: present.code(),
            since: stands.then(|| standing.since.rfc3339(app.zone)),
            reached: stands.then_some(standing.reached),
            faults: faults
                .iter()
                .map(|code| FaultJson {
                    code: code.code(),
                    name: code.name(lang),
                    advice: code.advice(lang),
                })
                .collect(),
            doubt: standing.doubt.as_ref().map(|doubt| DoubtJson {
                state: doubt.state.code(),
                count: doubt.count,
                of: app.settings.confirm_failures,
                since: doubt.since.rfc3339(app.zone),
            }),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct OneDevice {
    #[serde(flatten)]
    device: DeviceJson,
    national_code: Option<String>,
    department: Option<String>,
    maintainer: Option<String>,
    phone: Option<String>,
    parent_id: Option<String>,
    police_station: Option<String>,
    life: &'static str,
    address: Option<String>,
    vendor: Option<String>,
    model: Option<String>,
    ip: Option<String>,
    /// The address that is opened, without credentials.
    url: Option<String>,
    tags: Vec<String>,
    note: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/devices/{id}", params(("id" = String, Path)), responses(
    (status = 200, body = OneDevice), (status = 404, description = "problem+json"),
))]
pub(super) async fn one(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<String>,
) -> Result<Json<OneDevice>, Failure> {
    let id: DeviceId = id.parse().map_err(|_| Failure::not_found())?;
    let now = app.clock.now();
    let device = app.store.device_page(id).await?.ok_or_else(Failure::not_found)?;
    let present = device.present(now);
    let known = Known::of(&app, &device.standing, present, now, shell.t.0);
    Ok(Json(OneDevice {
        device: DeviceJson {
            id: id.to_string(),
            kind: device.kind.code(),
            name: device.name,
            site_id: device.site.to_string(),
            site: device.site_name,
            street: device.street_name,
            class: device.class.map(|class| class.code()),
            state: known.state,
            since: known.since,
            reached: known.reached,
            faults: known.faults,
            doubt: known.doubt,
            last_result_at: device.seen.map(|at| at.rfc3339(app.zone)),
        },
        national_code: device.national_code,
        department: device.department,
        maintainer: device.maintainer,
        phone: device.phone,
        parent_id: device.parent.map(|(id, _)| id.to_string()),
        police_station: device.police_station,
        life: device.life.code(),
        address: device.address,
        vendor: device.vendor,
        model: device.model,
        ip: device.ip,
        url: device.url,
        tags: device.tags,
        note: device.note,
    }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// RFC 3339; a day ago where not given.
    #[serde(default)]
    from: String,
    /// RFC 3339, not included; now where not given.
    #[serde(default)]
    to: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct TransitionJson {
    at: String,
    state: &'static str,
    reached: bool,
    faults: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct HistoryJson {
    from: String,
    to: String,
    /// Newest first; at most 1000.
    items: Vec<TransitionJson>,
}

#[utoipa::path(get, path = "/api/v1/devices/{id}/history",
    params(("id" = String, Path), HistoryQuery), responses(
    (status = 200, body = HistoryJson), (status = 404, description = "problem+json"),
))]
pub(super) async fn history(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<HistoryJson>, Failure> {
    let id: DeviceId = id.parse().map_err(|_| Failure::not_found())?;
    let now = app.clock.now();
    let to = time("to", &query.to)?.unwrap_or(now + Duration::from_millis(1));
    let from = time("from", &query.from)?.unwrap_or(to - Duration::from_secs(86_400));
    app.store.device_page(id).await?.ok_or_else(Failure::not_found)?;
    let items = app.store.latest_transitions(id, from, to, TRANSITIONS).await?;
    let items = items.into_iter().map(|it| TransitionJson {
        at: it.at.rfc3339(app.zone),
        state: it.state.code(),
        reached: it.reached,
        faults: it.faults.iter().map(|code| code.code()).collect(),
    });
    Ok(Json(HistoryJson {
        from: from.rfc3339(app.zone),
        to: to.rfc3339(app.zone),
        items: items.collect(),
    }))
}

#[utoipa::path(post, path = "/api/v1/devices/{id}/probe", params(("id" = String, Path)), responses(
    (status = 200, description = "the observation, as `zhishou probe --json` prints it"),
    (status = 404, description = "no such device; problem+json"),
    (status = 409, description = "it is being probed, or is not probed at all; problem+json"),
))]
pub(super) async fn probe(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    probe_for(&app, shell.t, &user, &extensions, id, OutOfTurn::Look, Answer::Json).await
}

#[utoipa::path(post, path = "/api/v1/devices/{id}/test-call", params(("id" = String, Path)), responses(
    (status = 200, description = "the observation, as `zhishou probe --json` prints it"),
    (status = 404, description = "no such device; problem+json"),
    (status = 409, description = "no call is permitted, or something was against it; problem+json"),
))]
pub(super) async fn test_call(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    probe_for(&app, shell.t, &user, &extensions, id, OutOfTurn::TestCall, Answer::Json).await
}

//! `/api/v1/street-events`: 环境事件, what many cameras of a street show together.

use super::limit;
use crate::{app::App, failure::Failure, query::id};
use axum::{
    Json,
    extract::{Query, State},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zhishou_storage::{EventCamera, IncidentFilter, StreetEvent};

/// Cameras listed of one event.
const CAMERAS: u32 = 500;

#[derive(Serialize, ToSchema)]
pub(super) struct StreetEventJson {
    id: i64,
    street_id: String,
    street: String,
    /// dark, veil (fog, rain, haze) or glare.
    weather: &'static str,
    since: String,
    /// Null while it lasts.
    ended: Option<String>,
    /// Cameras that showed it, those that show it still, and those of the street that are watched.
    cameras: u64,
    open_cameras: u64,
    watched: u64,
    /// At most 500; those that show it still first.
    devices: Vec<EventCameraJson>,
}

#[derive(Serialize, ToSchema)]
struct EventCameraJson {
    device_id: String,
    name: String,
    site: String,
    since: String,
    /// Null while it shows it.
    until: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct StreetEventsJson {
    /// Those that last first, the newest first in each.
    items: Vec<StreetEventJson>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct StreetEventQuery {
    /// open or closed; both where it is left out.
    state: String,
    street: String,
    /// With a camera of this maintainer.
    maintainer: String,
    /// With this camera.
    device: String,
    /// 1–1000, 100 unless given.
    limit: Option<u32>,
}

#[utoipa::path(get, path = "/api/v1/street-events", params(StreetEventQuery), responses(
    (status = 200, body = StreetEventsJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn list(
    State(app): State<App>,
    Query(query): Query<StreetEventQuery>,
) -> Result<Json<StreetEventsJson>, Failure> {
    let filter = IncidentFilter {
        open: match query.state.as_str() {
            "" => None,
            "open" => Some(true),
            "closed" => Some(false),
            _ => return Err(Failure::bad_request("state: open or closed")),
        },
        street: id("street", &query.street)?,
        maintainer: id("maintainer", &query.maintainer)?,
        device: id("device", &query.device)?,
        site: None,
    };
    let now = app.clock.now();
    let mut items = Vec::new();
    for event in app.store.street_events(&filter, now, limit(query.limit)?).await? {
        let cameras = app.store.street_event_cameras(event.id, &filter, now, CAMERAS).await?;
        items.push(of(&app, event, cameras));
    }
    Ok(Json(StreetEventsJson { items }))
}

fn of(app: &App, event: StreetEvent, cameras: Vec<EventCamera>) -> StreetEventJson {
    let camera = |it: EventCamera| EventCameraJson {
        device_id: it.device.to_string(),
        name: it.name,
        site: it.site,
        since: it.since.rfc3339(app.zone),
        until: it.until.map(|at| at.rfc3339(app.zone)),
    };
    StreetEventJson {
        id: event.id,
        street_id: event.street.to_string(),
        street: event.street_name,
        weather: event.weather.code(),
        since: event.since.rfc3339(app.zone),
        ended: event.ended.map(|at| at.rfc3339(app.zone)),
        cameras: event.cameras,
        open_cameras: event.open_cameras,
        watched: event.watched,
        devices: cameras.into_iter().map(camera).collect(),
    }
}

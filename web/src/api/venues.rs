//! `/api/v1/venues` and endpoints, and what is free in a window.

use super::meetings::{HeldJson, SpanJson, local};
use crate::{app::App, failure::Failure, query, shell::Shell};
use axum::{
    Json,
    extract::{Query, State},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zhishou_domain::{
    MeetingId,
    meeting::{Buffers, Subject},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ConflictsQuery {
    /// RFC 3339, or a local time of the house.
    from: String,
    /// Likewise; not included.
    to: String,
    /// Minutes before; those of the house where not given.
    setup: Option<u32>,
    /// Minutes after; those of the house where not given.
    teardown: Option<u32>,
    /// A meeting that is not in its own way.
    #[serde(default)]
    except: String,
}

/// A venue or a resource in a window.
#[derive(Serialize, ToSchema)]
pub(super) struct FreeJson {
    id: i64,
    name: String,
    free: bool,
    held: Vec<HeldJson>,
}

/// What is free in a window, buffers included.
#[derive(Serialize, ToSchema)]
pub(super) struct WindowJson {
    reserved: SpanJson,
    venues: Vec<FreeJson>,
    resources: Vec<FreeJson>,
}

#[utoipa::path(get, path = "/api/v1/bookings/conflicts", params(ConflictsQuery), responses(
    (status = 200, body = WindowJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn conflicts(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<ConflictsQuery>,
) -> Result<Json<WindowJson>, Failure> {
    let wanted = local(&SpanJson { from: query.from, to: query.to }, app.zone)?.in_zone(app.zone);
    if wanted.from >= wanted.to || wanted.length() > std::time::Duration::from_secs(7 * 86_400) {
        return Err(Failure::bad_input(
            "起止时间须先后有序，且不超过 7 天",
            "from, to: in order, at most 7 days",
        ));
    }
    let least = app.settings.booking.least;
    let minutes = |asked: Option<u32>, least: u32| asked.unwrap_or(0).clamp(least, 1440);
    let buffers = Buffers {
        setup_min: minutes(query.setup, least.setup_min),
        teardown_min: minutes(query.teardown, least.teardown_min),
    };
    let slot = buffers.around(wanted);
    let except: Option<MeetingId> = query::id("except", &query.except)?;
    let (venues, resources, mut held) = tokio::try_join!(
        app.store.venues(),
        app.store.platform_resources(),
        app.store.held_within(slot),
    )?;
    held.retain(|it| Some(it.meeting) != except);
    let of = |id: i64, name: String, is_of: &dyn Fn(Subject) -> bool| {
        let of: Vec<_> = held.iter().filter(|it| is_of(it.subject)).collect();
        FreeJson {
            id,
            name,
            free: of.is_empty(),
            held: of.into_iter().map(|it| HeldJson::of(&app, it, shell.t.0)).collect(),
        }
    };
    Ok(Json(WindowJson {
        reserved: SpanJson::of(slot, app.zone),
        venues: venues
            .into_iter()
            .filter(|it| it.in_use)
            .map(|venue| {
                let stands_there = |subject: Subject| match subject {
                    Subject::Venue(id) => id == venue.id,
                    Subject::Device(id) => venue.devices.iter().any(|it| it.id == id),
                    Subject::Resource(_) => false,
                };
                of(venue.id.number(), venue.name.clone(), &stands_there)
            })
            .collect(),
        resources: resources
            .into_iter()
            .filter(|it| it.in_use)
            .map(|it| of(it.id.number(), it.name, &|subject| subject == Subject::Resource(it.id)))
            .collect(),
    }))
}

#[derive(Serialize, ToSchema)]
pub(super) struct VenueDeviceJson {
    id: String,
    name: String,
    /// primary, backup or camera.
    role: &'static str,
    /// Where it stands.
    venue: i64,
}

#[derive(Serialize, ToSchema)]
pub(super) struct VenueJson {
    id: i64,
    name: String,
    site_id: Option<String>,
    seats: Option<u32>,
    contact: String,
    phone: String,
    in_use: bool,
    devices: Vec<VenueDeviceJson>,
}

async fn all_venues(app: &App) -> Result<Vec<VenueJson>, Failure> {
    let venues = app.store.venues().await?.into_iter().map(|venue| VenueJson {
        id: venue.id.number(),
        devices: venue
            .devices
            .into_iter()
            .map(|it| VenueDeviceJson {
                id: it.id.to_string(),
                name: it.name,
                role: it.role.code(),
                venue: venue.id.number(),
            })
            .collect(),
        name: venue.name,
        site_id: venue.site.map(|id| id.to_string()),
        seats: venue.seats,
        contact: venue.contact,
        phone: venue.phone,
        in_use: venue.in_use,
    });
    Ok(venues.collect())
}

#[utoipa::path(get, path = "/api/v1/venues", responses((status = 200, body = [VenueJson])))]
pub(super) async fn list(State(app): State<App>) -> Result<Json<Vec<VenueJson>>, Failure> {
    Ok(Json(all_venues(&app).await?))
}

#[utoipa::path(get, path = "/api/v1/endpoints", responses((status = 200, body = [VenueDeviceJson])))]
pub(super) async fn endpoints(
    State(app): State<App>,
) -> Result<Json<Vec<VenueDeviceJson>>, Failure> {
    let devices = all_venues(&app).await?.into_iter().flat_map(|it| it.devices);
    Ok(Json(devices.filter(|it| it.role != "camera").collect()))
}

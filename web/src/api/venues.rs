//! `/api/v1/venues` and endpoints, and what is free in a window.

use super::{
    PageQuery, limit,
    meetings::{HeldJson, SpanJson, local},
};
use crate::{app::App, booking::zone_of, cursor, failure::Failure, query, shell::Shell};
use axum::{
    Json,
    extract::{Query, State},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zhishou_domain::{
    DeviceId, DeviceKind, MeetingId,
    meeting::{Buffers, Subject, Venue},
};
use zhishou_storage::Filter;

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
    /// IANA name of the zone that local times are in; that of the house where not given.
    #[serde(default)]
    zone: String,
    /// Likewise: the rehearsal, where there is one.
    #[serde(default)]
    rehearsal_from: String,
    /// Likewise; not included.
    #[serde(default)]
    rehearsal_to: String,
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
    let zone = zone_of(&app, &query.zone)?;
    let wanted = local(&SpanJson { from: query.from, to: query.to }, zone)?.in_zone(zone);
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
    if !query.rehearsal_from.is_empty() && !query.rehearsal_to.is_empty() {
        let span = SpanJson { from: query.rehearsal_from, to: query.rehearsal_to };
        let also = app.store.held_within(local(&span, zone)?.in_zone(zone)).await?;
        let also: Vec<_> = also.into_iter().filter(|it| !held.contains(it)).collect();
        held.extend(also);
    }
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

impl VenueJson {
    fn of(venue: Venue) -> Self {
        let devices = venue.devices.into_iter().map(|it| VenueDeviceJson {
            id: it.id.to_string(),
            name: it.name,
            role: it.role.code(),
        });
        Self {
            id: venue.id.number(),
            devices: devices.collect(),
            name: venue.name,
            site_id: venue.site.map(|id| id.to_string()),
            seats: venue.seats,
            contact: venue.contact,
            phone: venue.phone,
            in_use: venue.in_use,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct VenuesJson {
    /// By number.
    items: Vec<VenueJson>,
    /// Cursor of the next page; null at the end.
    next: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/venues", params(PageQuery), responses(
    (status = 200, body = VenuesJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn list(
    State(app): State<App>,
    Query(paging): Query<PageQuery>,
) -> Result<Json<VenuesJson>, Failure> {
    let limit = limit(paging.limit)? as usize;
    let after = match paging.next.as_str() {
        "" => i64::MIN,
        text => cursor::to_number(text)?,
    };
    let mut venues = app.store.venues().await?;
    venues.retain(|it| it.id.number() > after);
    venues.sort_by_key(|it| it.id);
    let has_more = venues.len() > limit;
    venues.truncate(limit);
    let next = venues.last().filter(|_| has_more).map(|it| cursor::of_number(it.id.number()));
    Ok(Json(VenuesJson { items: venues.into_iter().map(VenueJson::of).collect(), next }))
}

/// Where an endpoint stands.
#[derive(Serialize, ToSchema)]
pub(super) struct PlaceJson {
    venue: i64,
    /// primary or backup.
    role: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(super) struct EndpointJson {
    id: String,
    name: String,
    site_id: String,
    site: String,
    /// As of a device.
    state: &'static str,
    /// The venues it stands in; none where it stands in none yet.
    places: Vec<PlaceJson>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct EndpointsJson {
    /// In the order of the list of devices.
    items: Vec<EndpointJson>,
    /// Cursor of the next page; null at the end.
    next: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/endpoints", params(PageQuery), responses(
    (status = 200, body = EndpointsJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn endpoints(
    State(app): State<App>,
    Query(paging): Query<PageQuery>,
) -> Result<Json<EndpointsJson>, Failure> {
    let limit = limit(paging.limit)?;
    let after = match paging.next.as_str() {
        "" => None,
        text => Some(cursor::to_fleet(text)?),
    };
    let filter = Filter { kind: Some(DeviceKind::Endpoint), ..Filter::default() };
    let (mut rows, venues) = tokio::try_join!(
        app.store.fleet(&filter, after.as_ref(), limit + 1, app.clock.now()),
        app.store.venues(),
    )?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|row| cursor::of_fleet(&row.cursor()));
    let places = |id: DeviceId| {
        let in_venue = |venue: &Venue| {
            let device = venue.devices.iter().find(|it| it.id == id)?;
            Some(PlaceJson { venue: venue.id.number(), role: device.role.code() })
        };
        venues.iter().filter_map(in_venue).collect()
    };
    let items = rows.into_iter().map(|row| EndpointJson {
        id: row.id.to_string(),
        places: places(row.id),
        name: row.name,
        site_id: row.site.to_string(),
        site: row.site_name,
        state: row.present.code(),
    });
    Ok(Json(EndpointsJson { items: items.collect(), next }))
}

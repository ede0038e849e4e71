//! `/api/v1/duty`: who has the watch when.

use super::time;
use crate::{app::App, failure::Failure};
use axum::{
    Json,
    extract::{Query, State},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use zhishou_domain::duty::{DutyShift, Watcher};

/// Days asked for at once.
const DAYS: u64 = 62;

#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct DutyQuery {
    /// Shifts that end later, RFC 3339; now where not given.
    from: String,
    /// Shifts that begin earlier, RFC 3339; a week later where not given.
    to: String,
}

#[derive(Serialize, ToSchema)]
struct WatcherJson {
    name: String,
    phone: String,
    mail: String,
}

#[derive(Serialize, ToSchema)]
struct HandOverJson {
    at: String,
    login: String,
    text: String,
}

#[derive(Serialize, ToSchema)]
struct ShiftJson {
    id: i64,
    from: String,
    /// Not included.
    to: String,
    lead: WatcherJson,
    backup: Option<WatcherJson>,
    /// When the first of it signed in.
    signed_in: Option<String>,
    hand_overs: Vec<HandOverJson>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct DutyJson {
    /// Who has it now; null: nobody.
    on_duty: Option<ShiftJson>,
    /// In order.
    items: Vec<ShiftJson>,
}

fn watcher(it: Watcher) -> WatcherJson {
    WatcherJson { name: it.name, phone: it.phone, mail: it.mail }
}

fn shift(app: &App, it: DutyShift) -> ShiftJson {
    let at = |at: zhishou_domain::Timestamp| at.rfc3339(app.zone);
    ShiftJson {
        id: it.id.number(),
        from: at(it.from),
        to: at(it.to),
        signed_in: it.signed_in().map(|it| at(it.at)),
        lead: watcher(it.lead),
        backup: it.backup.map(watcher),
        hand_overs: it
            .hand_overs
            .into_iter()
            .map(|it| HandOverJson { at: at(it.at), login: it.login, text: it.text })
            .collect(),
    }
}

#[utoipa::path(get, path = "/api/v1/duty", params(DutyQuery), responses(
    (status = 200, body = DutyJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn list(
    State(app): State<App>,
    Query(query): Query<DutyQuery>,
) -> Result<Json<DutyJson>, Failure> {
    let now = app.clock.now();
    let from = time("from", &query.from)?.unwrap_or(now);
    let to = time("to", &query.to)?.unwrap_or(from + Duration::from_secs(7 * 86_400));
    if to <= from || to.since(from) > Duration::from_secs(DAYS * 86_400) {
        return Err(Failure::bad_request("from, to: in order, at most 62 days"));
    }
    let (on_duty, shifts) =
        tokio::try_join!(app.store.on_duty(now), app.store.duty_shifts(from, to))?;
    Ok(Json(DutyJson {
        on_duty: on_duty.map(|it| shift(&app, it)),
        items: shifts.into_iter().map(|it| shift(&app, it)).collect(),
    }))
}

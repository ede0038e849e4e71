//! `/api/v1/observations`: raw observations of the last days, newest first.

use super::{limit, time};
use crate::{app::App, cursor, failure::Failure, shell::Shell};
use axum::{
    Json,
    extract::{Query, State},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zhishou_domain::Verdict;
use zhishou_storage::ObservationFilter;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
#[derive(Default)]
pub(super) struct ObservationQuery {
    /// Of one device.
    device: String,
    /// online, degraded, offline or unknown.
    verdict: String,
    /// Begun at or after, RFC 3339.
    from: String,
    /// Begun before, RFC 3339.
    to: String,
    /// Rows, 1–1000; 100 where not given.
    limit: Option<u32>,
    /// Cursor of a page before.
    next: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ObservationsJson {
    /// Each as `zhishou probe --json` prints it, with `device_id`.
    #[schema(value_type = Vec<Object>)]
    items: Vec<serde_json::Value>,
    /// Cursor of the next page; null at the end.
    next: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/observations", params(ObservationQuery), responses(
    (status = 200, body = ObservationsJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn list(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<ObservationQuery>,
) -> Result<Json<ObservationsJson>, Failure> {
    let limit = limit(query.limit)?;
    let device = match query.device.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| Failure::bad_request("device: not an identity"))?),
    };
    let verdict = match query.verdict.as_str() {
        "" => None,
        text => Some(
            Verdict::from_code(text)
                .ok_or_else(|| Failure::bad_request("verdict: unknown value"))?,
        ),
    };
    let before = match query.next.as_str() {
        "" => None,
        text => Some(cursor::to_number(text)?),
    };
    let filter = ObservationFilter {
        device,
        verdict,
        from: time("from", &query.from)?,
        to: time("to", &query.to)?,
    };
    let mut seen = app.store.observation_page(&filter, before, limit + 1).await?;
    let has_more = seen.len() > limit as usize;
    seen.truncate(limit as usize);
    let next = seen.last().filter(|_| has_more).map(|it| cursor::of_number(it.id));
    let items = seen.into_iter().map(|it| {
        let mut value = it.observation.to_json(shell.t.0, app.zone);
        value["device_id"] = serde_json::json!(it.device);
        value
    });
    Ok(Json(ObservationsJson { items: items.collect(), next }))
}

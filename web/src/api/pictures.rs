//! `/api/v1/devices/{id}/reference` and `…/feedback`: what is learned of a camera's picture, and what operators
//! say of its faults.

use super::time;
use crate::{
    app::App,
    failure::Failure,
    guard::User,
    pages::{
        picture::{Word, say_of},
        reference::{action_of, decide_for},
    },
};
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{Extensions, StatusCode},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhishou_domain::{DeviceId, OwnLimits, Timestamp};

/// What an operator decides of what is learned of a camera's picture.
#[derive(Deserialize, ToSchema)]
pub(super) struct ReferenceBody {
    /// `adopt`: the next picture without another fault becomes the reference of its light; `relearn`:
    /// all lights are forgotten; `restore`: the last of these is taken back.
    action: String,
}

/// What is learned of a camera's picture by one light.
#[derive(Serialize, ToSchema)]
pub(super) struct ReferenceJson {
    /// day, dusk or ir.
    light: &'static str,
    /// Whether pictures are judged by it.
    settled: bool,
    pictures: u32,
    /// More than one of a camera on patrol.
    scenes: u32,
    since: String,
    last: String,
    /// When an operator's word made it; null where it was learned.
    adopted: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ReferencesJson {
    /// Whether the request changed anything.
    changed: bool,
    /// Since when the next picture is to be the reference; null: it is not.
    adopt_since: Option<String>,
    can_restore: bool,
    items: Vec<ReferenceJson>,
}

#[utoipa::path(get, path = "/api/v1/devices/{id}/reference", params(("id" = String, Path)), responses(
    (status = 200, body = ReferencesJson), (status = 404, description = "problem+json"),
))]
pub(super) async fn references(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<ReferencesJson>, Failure> {
    let id = device(&app, &id).await?;
    Ok(Json(read(&app, id, false).await?))
}

#[utoipa::path(post, path = "/api/v1/devices/{id}/reference", params(("id" = String, Path)),
    request_body = ReferenceBody, responses(
    (status = 200, body = ReferencesJson), (status = 400, description = "problem+json"),
    (status = 404, description = "problem+json"),
))]
pub(super) async fn decide(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Json(body): Json<ReferenceBody>,
) -> Result<Json<ReferencesJson>, Failure> {
    let id: DeviceId = id.parse().map_err(|_| Failure::not_found())?;
    let action = action_of(&body.action)?;
    let changed = decide_for(&app, &user, &extensions, id, action).await?;
    Ok(Json(read(&app, id, changed).await?))
}

async fn read(app: &App, id: DeviceId, changed: bool) -> Result<ReferencesJson, Failure> {
    let known = app.store.picture_references(id).await?;
    let time = |at: Timestamp| at.rfc3339(app.zone);
    let items = known.lights.into_iter().map(|it| ReferenceJson {
        light: it.learned.light.code(),
        settled: it.learned.is_settled,
        pictures: it.learned.pictures,
        scenes: it.learned.scenes,
        since: time(it.learned.since),
        last: time(it.learned.last),
        adopted: it.adopted.map(time),
    });
    Ok(ReferencesJson {
        changed,
        adopt_since: known.adopt_since.map(time),
        can_restore: known.can_restore,
        items: items.collect(),
    })
}

/// A word of an operator about one fault of one picture.
#[derive(Deserialize, ToSchema)]
pub(super) struct FeedbackBody {
    /// Of a picture: `blurred`, `occluded` and so on.
    fault: String,
    /// `false_alarm`, `confirmed`, or `reset`: back to the limit of all.
    opinion: String,
    /// `started_at` of the observation whose picture it is.
    started_at: String,
}

/// What was said of one fault.
#[derive(Serialize, ToSchema)]
pub(super) struct FeedbackJson {
    at: String,
    login: String,
    fault: &'static str,
    opinion: &'static str,
    /// The score of that picture.
    score: Option<f64>,
    /// The figure of that picture and its limit.
    value: Option<f64>,
    limit: Option<f64>,
    /// How much further out the camera's own limit of that fault lies now, as a part of it: −0.1 to 0.5.
    slack: f64,
}

#[derive(Serialize, ToSchema)]
pub(super) struct FeedbacksJson {
    /// In the order in which it was said.
    items: Vec<FeedbackJson>,
}

#[utoipa::path(get, path = "/api/v1/devices/{id}/feedback", params(("id" = String, Path)), responses(
    (status = 200, body = FeedbacksJson), (status = 404, description = "problem+json"),
))]
pub(super) async fn feedback(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<FeedbacksJson>, Failure> {
    let id = device(&app, &id).await?;
    let said = app.store.feedback(id).await?;
    let own = OwnLimits::new(&said, []);
    let items = said.into_iter().map(|it| FeedbackJson {
        at: it.at.rfc3339(app.zone),
        slack: own.slack(it.fault),
        login: it.login,
        fault: it.fault.code(),
        opinion: it.opinion.code(),
        score: it.score,
        value: it.reading.as_ref().map(|reading| reading.value),
        limit: it.reading.as_ref().map(|reading| reading.limit),
    });
    Ok(Json(FeedbacksJson { items: items.collect() }))
}

#[utoipa::path(post, path = "/api/v1/devices/{id}/feedback", params(("id" = String, Path)),
    request_body = FeedbackBody, responses(
    (status = 204), (status = 400, description = "problem+json"),
    (status = 404, description = "No such device, or its picture of then is not kept: problem+json"),
))]
pub(super) async fn say(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Json(body): Json<FeedbackBody>,
) -> Result<StatusCode, Failure> {
    let id: DeviceId = id.parse().map_err(|_| Failure::not_found())?;
    let at = time("started_at", &body.started_at)?;
    let at = at.ok_or_else(|| Failure::bad_request("started_at: is missing"))?;
    let word = Word::of(&body.fault, &body.opinion, at)?;
    if say_of(&app, &user, &extensions, id, word).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure::not_found())
    }
}

/// A device that is known.
async fn device(app: &App, id: &str) -> Result<DeviceId, Failure> {
    let id: DeviceId = id.parse().map_err(|_| Failure::not_found())?;
    app.store.device_page(id).await?.ok_or_else(Failure::not_found)?;
    Ok(id)
}

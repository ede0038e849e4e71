//! `/api/…`: the same figures for programs. Lists are paged by cursor; a ratio is 0–1 and `null`
//! where nothing counts; times carry an offset.

mod alerts;
mod check_plans;
mod checks;
mod days;
mod devices;
mod duty;
mod exclusions;
mod figures;
mod incidents;
mod inspections;
mod meeting_acts;
mod meeting_turns;
mod meetings;
mod minutes;
mod observations;
mod pictures;
mod policies;
mod rates;
mod reports;
mod session;
mod street_events;
mod venues;
mod work_orders;

pub(crate) use policies::{compare_policy, policy_of, save_policy};
pub(crate) use reports::{edition, findings};

use crate::{app::App, failure::Failure};
use axum::{
    Json, Router,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use utoipa::{IntoParams, OpenApi, ToSchema};
use zhishou_domain::{Counts, Timestamp};

/// Rows of a page where the caller does not say, and at most.
const LIMIT: u32 = 100;
const MOST: u32 = 1000;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Zhishou 值守",
        description = "Operations assurance: cameras and video meetings."
    ),
    paths(
        session::open,
        rates::sites,
        rates::rates,
        devices::list,
        devices::one,
        devices::history,
        devices::probe,
        devices::test_call,
        minutes::of_day,
        pictures::references,
        pictures::decide,
        pictures::feedback,
        pictures::say,
        duty::list,
        inspections::list,
        inspections::show,
        checks::checks,
        checks::readiness,
        checks::run_check,
        checks::of_year,
        observations::list,
        check_plans::list,
        check_plans::versions,
        check_plans::save,
        policies::list,
        policies::one,
        policies::preview,
        policies::add,
        incidents::list,
        incidents::one,
        incidents::devices,
        incidents::handle,
        street_events::list,
        alerts::rules,
        alerts::save_rules,
        alerts::messages,
        alerts::again,
        work_orders::list,
        work_orders::open,
        work_orders::one,
        work_orders::act,
        reports::list,
        reports::publish,
        reports::verify,
        reports::file,
        exclusions::list,
        exclusions::file,
        exclusions::one,
        exclusions::act,
        meetings::list,
        meetings::book,
        meetings::one,
        meetings::reschedule,
        meetings::act,
        meeting_acts::sign_item,
        meeting_acts::sign_off,
        meeting_acts::start,
        meeting_acts::end,
        meeting_acts::incidents,
        meeting_acts::add,
        meeting_acts::over,
        meeting_acts::record,
        meeting_acts::keep,
        meeting_turns::list,
        meeting_turns::add,
        meeting_turns::take_back,
        meeting_turns::extend_to,
        venues::conflicts,
        venues::list,
        venues::endpoints,
    )
)]
struct Document;

static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(Document::openapi);

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/openapi.json", get(|| async { Json(DOCUMENT.clone()) }))
        .route("/v1/session", post(session::open))
        .route("/v1/sites", get(rates::sites))
        .route("/v1/rates", get(rates::rates))
        .route("/v1/devices", get(devices::list))
        .route("/v1/devices/{id}", get(devices::one))
        .route("/v1/devices/{id}/history", get(devices::history))
        .route("/v1/devices/{id}/probe", post(devices::probe))
        .route("/v1/devices/{id}/test-call", post(devices::test_call))
        .route("/v1/devices/{id}/minutes", get(minutes::of_day))
        .route("/v1/devices/{id}/reference", get(pictures::references).post(pictures::decide))
        .route("/v1/devices/{id}/feedback", get(pictures::feedback).post(pictures::say))
        .route("/v1/duty", get(duty::list))
        .route("/v1/inspections", get(inspections::list))
        .route("/v1/inspections/{day}", get(inspections::show))
        .route("/v1/meetings/{id}/checks", get(checks::checks))
        .route("/v1/meetings/{id}/readiness", get(checks::readiness))
        .route("/v1/meetings/{id}/run-check", post(checks::run_check))
        .route("/v1/meeting-figures", get(checks::of_year))
        .route("/v1/observations", get(observations::list))
        .route("/v1/check-plans", get(check_plans::list))
        .route("/v1/check-plans/{grade}", get(check_plans::versions).post(check_plans::save))
        .route("/v1/policies", get(policies::list).post(policies::add))
        .route("/v1/policies/preview", post(policies::preview))
        .route("/v1/policies/{policy}", get(policies::one))
        .route("/v1/incidents", get(incidents::list))
        .route("/v1/incidents/{id}", get(incidents::one))
        .route("/v1/incidents/{id}/devices", get(incidents::devices))
        .route("/v1/incidents/{id}/acknowledge", post(incidents::handle))
        .route("/v1/incidents/{id}/mute", post(incidents::handle))
        .route("/v1/incidents/{id}/unmute", post(incidents::handle))
        .route("/v1/street-events", get(street_events::list))
        .route("/v1/alerts/rules", get(alerts::rules).post(alerts::save_rules))
        .route("/v1/alerts/messages", get(alerts::messages))
        .route("/v1/alerts/messages/{id}/again", post(alerts::again))
        .route("/v1/work-orders", get(work_orders::list).post(work_orders::open))
        .route("/v1/work-orders/{id}", get(work_orders::one))
        .route("/v1/work-orders/{id}/assign", post(work_orders::act))
        .route("/v1/work-orders/{id}/stop", post(work_orders::act))
        .route("/v1/work-orders/{id}/resume", post(work_orders::act))
        .route("/v1/work-orders/{id}/note", post(work_orders::act))
        .route("/v1/work-orders/{id}/finish", post(work_orders::act))
        .route("/v1/work-orders/{id}/cancel", post(work_orders::act))
        .route("/v1/reports", get(reports::list).post(reports::publish))
        .route("/v1/reports/{number}/{revision}/verify", get(reports::verify))
        .route("/v1/reports/{number}/{revision}/{format}", get(reports::file))
        .route("/v1/exclusions", get(exclusions::list).post(exclusions::file))
        .route("/v1/exclusions/{id}", get(exclusions::one))
        .route("/v1/exclusions/{id}/approve", post(exclusions::act))
        .route("/v1/exclusions/{id}/reject", post(exclusions::act))
        .route("/v1/exclusions/{id}/confirm", post(exclusions::act))
        .route("/v1/exclusions/{id}/withdraw", post(exclusions::act))
        .route("/v1/meetings", get(meetings::list).post(meetings::book))
        .route("/v1/meetings/{id}", get(meetings::one))
        .route("/v1/meetings/{id}/reschedule", post(meetings::reschedule))
        .route("/v1/meetings/{id}/sign", post(meeting_acts::sign_item))
        .route("/v1/meetings/{id}/sign-off", post(meeting_acts::sign_off))
        .route("/v1/meetings/{id}/start", post(meeting_acts::start))
        .route("/v1/meetings/{id}/end", post(meeting_acts::end))
        .route("/v1/meetings/{id}/incidents", get(meeting_acts::incidents).post(meeting_acts::add))
        .route("/v1/meetings/{id}/incidents/{incident}/over", post(meeting_acts::over))
        .route("/v1/meetings/{id}/record", get(meeting_acts::record))
        .route("/v1/meetings/{id}/archive", post(meeting_acts::keep))
        .route("/v1/meetings/{id}/turns", get(meeting_turns::list).post(meeting_turns::add))
        .route("/v1/meetings/{id}/turns/{turn}/undo", post(meeting_turns::take_back))
        .route("/v1/meetings/{id}/extend", post(meeting_turns::extend_to))
        .route("/v1/meetings/{id}/submit", post(meetings::act))
        .route("/v1/meetings/{id}/approve", post(meetings::act))
        .route("/v1/meetings/{id}/reject", post(meetings::act))
        .route("/v1/meetings/{id}/cancel", post(meetings::act))
        .route("/v1/bookings/conflicts", get(venues::conflicts))
        .route("/v1/venues", get(venues::list))
        .route("/v1/endpoints", get(venues::endpoints))
        .route("/v1/calendar.ics", get(crate::pages::bookings::calendar))
}

/// Devices by present state.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct CountsJson {
    online: u64,
    degraded: u64,
    offline: u64,
    unknown: u64,
    /// In use, without an address to open.
    unconnected: u64,
}

impl From<Counts> for CountsJson {
    fn from(counts: Counts) -> Self {
        let Counts { online, degraded, offline, unknown, unconnected } = counts;
        Self { online, degraded, offline, unknown, unconnected }
    }
}

/// Which page of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// Rows, 1–1000; 100 where not given.
    limit: Option<u32>,
    /// Cursor of a page before.
    #[serde(default)]
    next: String,
}

fn limit(asked: Option<u32>) -> Result<u32, Failure> {
    match asked {
        None => Ok(LIMIT),
        Some(limit @ 1..=MOST) => Ok(limit),
        Some(_) => Err(Failure::bad_request(format!("limit: 1 to {MOST}"))),
    }
}

fn time(name: &str, text: &str) -> Result<Option<Timestamp>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    chrono::DateTime::parse_from_rfc3339(text)
        .map(|at| Some(Timestamp::from_millis(at.timestamp_millis())))
        .map_err(|_| Failure::bad_request(format!("{name}: not a time by RFC 3339")))
}

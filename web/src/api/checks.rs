//! `/api/v1/meetings/{id}/checks`, `/readiness`, `/run-check`, and the figures of a year.

use crate::{
    app::App,
    failure::Failure,
    guard::User,
    meeting_care::{Known, ask},
    pages::meeting_view::picture_href,
    query::{id as id_of, meeting, word},
    shell::Shell,
};
use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::{Extensions, StatusCode},
};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zhishou_domain::{
    Lang, MeetingId, Timestamp, VenueId,
    check::{Cause, CellResult, CheckItem, MeetingFigures, Until, Weight},
};
use zhishou_storage::RunState;

#[derive(Serialize, ToSchema)]
struct RunJson {
    id: i64,
    /// point, booked or asked.
    cause: &'static str,
    /// Of a point: minutes before the meeting.
    before_min: Option<u32>,
    /// liveness, failures or full.
    depth: &'static str,
    /// Version of the check plan it went by; 0: the shipped one.
    plan_version: i64,
    /// running, done, missed or interrupted.
    state: &'static str,
    started: String,
    ended: Option<String>,
    /// Who asked; empty: the platform.
    login: String,
}

#[derive(Serialize, ToSchema)]
struct WaitingJson {
    /// Null: all.
    venue_id: Option<i64>,
    /// Null: all.
    item: Option<&'static str>,
    login: String,
    since: String,
}

#[derive(Serialize, ToSchema)]
struct ResultJson {
    item: &'static str,
    name: &'static str,
    /// pass, warn, fail or untested.
    outcome: &'static str,
    evidence: String,
    /// When it was first found so.
    measured_at: String,
    /// When it was last seen to be so.
    confirmed_at: String,
    device_id: Option<String>,
    /// Who signed; empty: the platform.
    login: String,
    /// Where the received keyframe lies that it was judged by (JPEG); null where none is kept.
    picture: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct VenueResultsJson {
    venue_id: i64,
    result: ResultJson,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ChecksJson {
    /// In order.
    runs: Vec<RunJson>,
    /// Asked for while one is under way, in order of their turns.
    waiting: Vec<WaitingJson>,
    /// The last that is known of each cell.
    results: Vec<VenueResultsJson>,
}

#[derive(Serialize, ToSchema)]
struct CellJson {
    item: &'static str,
    /// What it says now: a pass that is too old is untested.
    outcome: &'static str,
    /// required, optional or excused.
    weight: &'static str,
    is_stale: bool,
    last: Option<ResultJson>,
}

#[derive(Serialize, ToSchema)]
struct VenueJson {
    venue_id: i64,
    venue: String,
    /// main, speaking or branch.
    role: &'static str,
    /// not_ready, unconfirmed, risk or ready.
    conclusion: &'static str,
    cells: Vec<CellJson>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ReadinessJson {
    conclusion: &'static str,
    may_begin: bool,
    sentence: String,
    ready: usize,
    venues: usize,
    /// Since then every venue was seen again; null where one never was.
    confirmed_at: Option<String>,
    /// Until then it holds by itself.
    until: Option<String>,
    /// Version of the check plan; 0: the shipped one.
    plan_version: i64,
    /// The worst first.
    items: Vec<VenueJson>,
}

/// What is to be checked; all where nothing is given.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CheckBody {
    venue: String,
    item: String,
}

#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct YearQuery {
    /// The present one where not given.
    year: Option<i32>,
}

#[derive(Serialize, ToSchema)]
struct FiguresJson {
    meetings: u64,
    on_time: u64,
    /// 0–1; null where no meeting was held.
    on_time_ratio: Option<f64>,
    venue_meetings: u64,
    incidents: u64,
    with_incidents: u64,
    /// null where no meeting was held.
    incidents_per_100: Option<String>,
    lost_minutes: u64,
}

#[derive(Serialize, ToSchema)]
struct MonthJson {
    month: u32,
    figures: FiguresJson,
}

#[derive(Serialize, ToSchema)]
pub(super) struct YearJson {
    year: i32,
    figures: FiguresJson,
    /// To the end of the last month of that year that has begun.
    sentence: String,
    /// Months in which a meeting was held.
    months: Vec<MonthJson>,
}

fn result(
    app: &App,
    (meeting, venue): (MeetingId, VenueId),
    it: CellResult,
    lang: Lang,
) -> ResultJson {
    ResultJson {
        picture: picture_href(meeting, venue, &it),
        item: it.item.code(),
        name: it.item.name(lang),
        outcome: it.outcome.code(),
        evidence: it.evidence.render(lang),
        measured_at: it.at.rfc3339(app.zone),
        confirmed_at: it.confirmed.rfc3339(app.zone),
        device_id: it.device.map(|id| id.to_string()),
        login: it.login,
    }
}

#[utoipa::path(get, path = "/api/v1/meetings/{id}/checks", params(("id" = i64, Path)), responses(
    (status = 200, body = ChecksJson), (status = 404, description = "problem+json"),
))]
pub(super) async fn checks(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<String>,
) -> Result<Json<ChecksJson>, Failure> {
    let id = meeting(&id)?;
    app.store.meeting(id).await?.ok_or_else(Failure::not_found)?;
    let store = &app.store;
    let (runs, waiting, cells) =
        tokio::try_join!(store.check_runs(id), store.waiting_checks(id), store.check_cells(id))?;
    let runs = runs.into_iter().map(|run| {
        let (cause, before_min) = match run.cause {
            Cause::Point(before) => ("point", Some(before)),
            Cause::Booked => ("booked", None),
            Cause::Asked => ("asked", None),
        };
        RunJson {
            id: run.id.number(),
            cause,
            before_min,
            depth: run.depth.code(),
            plan_version: run.plan_version,
            state: match run.state {
                RunState::Running => "running",
                RunState::Done => "done",
                RunState::Missed => "missed",
                RunState::Interrupted => "interrupted",
            },
            started: run.started.rfc3339(app.zone),
            ended: run.ended.map(|at| at.rfc3339(app.zone)),
            login: run.login,
        }
    });
    Ok(Json(ChecksJson {
        runs: runs.collect(),
        waiting: waiting
            .into_iter()
            .map(|it| WaitingJson {
                venue_id: it.venue.map(VenueId::number),
                item: it.item.map(CheckItem::code),
                login: it.login,
                since: it.at.rfc3339(app.zone),
            })
            .collect(),
        results: cells
            .into_iter()
            .map(|cell| VenueResultsJson {
                venue_id: cell.venue.number(),
                result: result(&app, (id, cell.venue), cell.result, shell.t.0),
            })
            .collect(),
    }))
}

#[utoipa::path(get, path = "/api/v1/meetings/{id}/readiness", params(("id" = i64, Path)), responses(
    (status = 200, body = ReadinessJson), (status = 404, description = "problem+json"),
))]
pub(super) async fn readiness(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<String>,
) -> Result<Json<ReadinessJson>, Failure> {
    let (now, lang) = (app.clock.now(), shell.t.0);
    let id = meeting(&id)?;
    let known = Known::of(&app.store, id, now).await?.ok_or_else(Failure::not_found)?;
    let sentence = known.sentence(app.zone, lang);
    let names: Vec<_> = known.readiness.rows.iter().map(|row| known.name(row.venue)).collect();
    let conclusion = known.conclusion();
    let it = known.readiness;
    let at = |at: Option<Timestamp>| at.map(|at| at.rfc3339(app.zone));
    Ok(Json(ReadinessJson {
        conclusion: conclusion.code(),
        may_begin: conclusion.may_begin(),
        sentence,
        ready: it.ready,
        venues: it.rows.len(),
        confirmed_at: at(it.confirmed),
        until: at(it.until),
        plan_version: known.plan_version,
        items: it
            .rows
            .into_iter()
            .zip(names)
            .map(|(row, venue)| VenueJson {
                venue_id: row.venue.number(),
                venue,
                role: row.role.code(),
                conclusion: row.conclusion.code(),
                cells: row
                    .cells
                    .into_iter()
                    .map(|cell| CellJson {
                        item: cell.item.code(),
                        outcome: cell.outcome.code(),
                        weight: match cell.weight {
                            Weight::Required => "required",
                            Weight::Optional => "optional",
                            Weight::Excused => "excused",
                        },
                        is_stale: cell.is_stale(),
                        last: cell.last.map(|last| result(&app, (id, row.venue), last, lang)),
                    })
                    .collect(),
            })
            .collect(),
    }))
}

#[utoipa::path(post, path = "/api/v1/meetings/{id}/run-check", params(("id" = i64, Path)),
    request_body = CheckBody, responses(
    (status = 202, description = "it begins, or waits for the one under way"),
    (status = 404, description = "problem+json"),
    (status = 409, description = "it is not approved yet, or over; problem+json"),
))]
pub(super) async fn run_check(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    body: Option<Json<CheckBody>>,
) -> Result<StatusCode, Failure> {
    let Json(body) = body.unwrap_or_default();
    let cell = (id_of("venue", &body.venue)?, word("item", &body.item, CheckItem::from_code)?);
    ask(&app, (&user, &extensions), meeting(&id)?, cell).await?;
    Ok(StatusCode::ACCEPTED)
}

fn figures(it: &MeetingFigures) -> FiguresJson {
    FiguresJson {
        meetings: it.meetings,
        on_time: it.on_time,
        on_time_ratio: it.readiness().value(),
        venue_meetings: it.venue_meetings,
        incidents: it.incidents,
        with_incidents: it.with_incidents,
        incidents_per_100: it.per_hundred(),
        lost_minutes: it.lost_minutes,
    }
}

#[utoipa::path(get, path = "/api/v1/meeting-figures", params(YearQuery), responses(
    (status = 200, body = YearJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn of_year(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<YearQuery>,
) -> Result<Json<YearJson>, Failure> {
    let today = app.clock.now().local_day(app.zone);
    let year = query.year.unwrap_or_else(|| today.year());
    let new_year = |year| {
        NaiveDate::from_ymd_opt(year, 1, 1)
            .filter(|_| (1970..9999).contains(&year))
            .map(|day| Timestamp::start_of_day(day, app.zone))
            .ok_or_else(|| Failure::bad_request("year: 1970 to 9998"))
    };
    let span = (new_year(year)?, new_year(year + 1)?);
    let months = app.store.meeting_figures(span, app.clock.now()).await?;
    let mut sum = MeetingFigures::default();
    months.iter().for_each(|month| sum.join(month.figures));
    let until = if year == today.year() { today.month() } else { 12 };
    Ok(Json(YearJson {
        year,
        figures: figures(&sum),
        sentence: sum.sentence(Until::Month(until), shell.t.0),
        months: months
            .iter()
            .map(|it| MonthJson { month: it.month.1, figures: figures(&it.figures) })
            .collect(),
    }))
}

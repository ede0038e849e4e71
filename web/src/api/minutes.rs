//! `/api/v1/devices/{id}/minutes`: the minutes and transitions that the figures of one device-day
//! are made of.

use super::{
    figures::{Basis, FiguresJson},
    policies::policy_of,
};
use crate::{app::App, failure::Failure};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use utoipa::{IntoParams, ToSchema};
use zhishou_domain::{
    DeviceId, Timestamp,
    account::Source,
    policy::{Picture, Reach, Reading},
};
use zhishou_storage::DeviceAccount;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DayQuery {
    /// Local day, YYYY-MM-DD; today where not given.
    #[param(value_type = Option<String>)]
    day: Option<NaiveDate>,
    /// Accounting policy, `id@version` or `id` for its newest version; the default one where not
    /// given.
    #[serde(default)]
    policy: String,
}

/// Minutes that are alike.
#[derive(Serialize, ToSchema)]
pub(super) struct RunJson {
    from: String,
    /// Not included.
    to: String,
    minutes: u64,
    /// up, degraded, down or unknown, as the policy counts them.
    state: &'static str,
    /// Whether the device answered; null where unknown.
    reached: Option<bool>,
    /// Whether the picture was usable; null where nothing is said of it.
    intact: Option<bool>,
    /// Scheduled; minutes that are not count in no figure.
    due: bool,
    /// Left out by an exclusion that counts under the policy.
    excluded: bool,
}

#[derive(Serialize, ToSchema)]
pub(super) struct ChangeJson {
    at: String,
    state: &'static str,
    reached: bool,
    faults: Vec<&'static str>,
    /// What the policy makes of it.
    counts_as: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(super) struct MinutesJson {
    device_id: String,
    day: String,
    figures: FiguresJson,
    runs: Vec<RunJson>,
    /// From the one that holds at the beginning of the day on.
    transitions: Vec<ChangeJson>,
    /// Until when the last of them holds.
    known_until: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/devices/{id}/minutes",
    params(("id" = String, Path), DayQuery), responses(
    (status = 200, body = MinutesJson), (status = 404, description = "problem+json"),
))]
pub(super) async fn of_day(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<DayQuery>,
) -> Result<Json<MinutesJson>, Failure> {
    let id: DeviceId = id.parse().map_err(|_| Failure::not_found())?;
    let now = app.clock.now();
    let day = query.day.unwrap_or_else(|| now.local_day(app.zone));
    let policy = policy_of(&app, &query.policy).await?.policy;
    let account = app.store.device_account(&policy, id, (day, day), now).await?;
    let account = account.ok_or_else(Failure::not_found)?;
    let basis = Basis::over(&policy, &account.window, Source::Transitions);
    let history = &account.history;
    let transitions = history.transitions.iter().map(|it| ChangeJson {
        at: it.at.rfc3339(app.zone),
        state: it.state.code(),
        reached: it.reached,
        faults: it.faults.iter().map(|fault| fault.code()).collect(),
        counts_as: policy.read(it).media.code(),
    });
    let known = history.known_until;
    Ok(Json(MinutesJson {
        device_id: id.to_string(),
        day: day.to_string(),
        figures: basis.figures(&account.tally, None),
        runs: runs(&app, &account),
        transitions: transitions.collect(),
        known_until: (known != Timestamp::default()).then(|| known.rfc3339(app.zone)),
    }))
}

/// What makes minutes alike.
#[derive(Clone, Copy, PartialEq)]
struct Alike {
    reading: Reading,
    due: bool,
    excluded: bool,
}

fn runs(app: &App, account: &DeviceAccount) -> Vec<RunJson> {
    let holds = |ranges: &[Range<i64>], minute| ranges.iter().any(|range| range.contains(&minute));
    let mut runs: Vec<(Range<i64>, Alike)> = Vec::new();
    for minute in account.window.minutes.clone() {
        let alike = Alike {
            reading: account.layers.get(minute),
            due: holds(&account.due, minute),
            excluded: holds(&account.excluded, minute),
        };
        match runs.last_mut() {
            Some((range, before)) if *before == alike => range.end = minute + 1,
            _ => runs.push((minute..minute + 1, alike)),
        }
    }
    let moment = |minute: i64| Timestamp::from_millis(minute * 60_000).rfc3339(app.zone);
    let run = |(range, alike): (Range<i64>, Alike)| RunJson {
        from: moment(range.start),
        to: moment(range.end),
        minutes: (range.end - range.start).unsigned_abs(),
        state: alike.reading.media.code(),
        reached: match alike.reading.reach {
            Reach::Unknown => None,
            reach => Some(reach == Reach::Reached),
        },
        intact: match alike.reading.picture {
            Picture::Unsaid | Picture::Unjudged => None,
            picture => Some(picture == Picture::Intact),
        },
        due: alike.due,
        excluded: alike.excluded,
    };
    runs.into_iter().map(run).collect()
}

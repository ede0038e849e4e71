//! `/api/v1/inspections`: the record of a day (巡检). It is read here; a person signs it on its page.

use crate::{app::App, failure::Failure, pages::inspection};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zhishou_report::{InspectionSheet, SheetSignature};
use zhishou_storage::{InspectedDevice, InspectedGroup};

/// Days asked for at once.
const DAYS: i64 = 92;

#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct SpanQuery {
    /// First local day, YYYY-MM-DD; today where not given.
    #[param(value_type = Option<String>)]
    from: Option<NaiveDate>,
    /// Last local day, YYYY-MM-DD; today where not given. At most 92 days.
    #[param(value_type = Option<String>)]
    to: Option<NaiveDate>,
}

#[derive(Serialize, ToSchema)]
struct DayJson {
    /// Local day, YYYY-MM-DD.
    day: String,
    /// When it was written, RFC 3339; null: it was signed without.
    written: Option<String>,
    /// Who signed it, by name; null: nobody yet.
    signer: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct DaysJson {
    /// In order.
    items: Vec<DayJson>,
}

#[derive(Serialize, ToSchema)]
struct GroupJson {
    kind: &'static str,
    street: String,
    due: u64,
    online: u64,
    degraded: u64,
    down: u64,
    /// The newest probe of any of them, RFC 3339.
    last: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ToldJson {
    id: String,
    name: String,
    street: String,
    site: String,
    maintainer: Option<String>,
    /// RFC 3339.
    since: String,
    faults: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct ItemJson {
    name: String,
    /// `good`, `bad` or `not_checked`; null: nobody looked yet.
    result: Option<&'static str>,
    note: String,
}

#[derive(Serialize, ToSchema)]
struct SignedJson {
    signer: String,
    login: String,
    /// RFC 3339.
    at: String,
    note: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct InspectionJson {
    /// Local day, YYYY-MM-DD.
    day: String,
    /// Of which moment it tells, RFC 3339.
    at: String,
    /// What changed since then is told, RFC 3339.
    since: String,
    groups: Vec<GroupJson>,
    /// Newly down; 500 at most, `counts` has how many there were.
    fell: Vec<ToldJson>,
    /// Still down.
    still: Vec<ToldJson>,
    /// Well again.
    recovered: Vec<ToldJson>,
    /// Of `fell`, `still`, `recovered`.
    #[schema(value_type = Vec<u64>)]
    counts: [u64; 3],
    items: Vec<ItemJson>,
    /// null: nobody signed it yet.
    signed: Option<SignedJson>,
    additions: Vec<SignedJson>,
}

/// Records that were written or signed, by day.
#[utoipa::path(get, path = "/api/v1/inspections", params(SpanQuery), responses((status = 200, body = DaysJson)))]
pub(super) async fn list(
    State(app): State<App>,
    Query(query): Query<SpanQuery>,
) -> Result<Json<DaysJson>, Failure> {
    let today = app.clock.now().local_day(app.zone);
    let (from, to) = (query.from.unwrap_or(today), query.to.unwrap_or(today));
    if from > to || (to - from).num_days() >= DAYS {
        return Err(Failure::bad_input(
            "from、to：先后有序，至多 92 天",
            "from, to: at most 92 days",
        ));
    }
    let (mornings, signed) =
        tokio::try_join!(app.store.mornings(from, to), app.store.signed_days(from, to))?;
    let items = from.iter_days().take_while(|day| *day <= to).filter_map(|day| {
        let written = mornings.iter().find(|it| it.day == day).map(|it| it.seen.at);
        let signer = signed.iter().find(|it| it.0 == day).map(|it| it.1.clone());
        (written.is_some() || signer.is_some()).then(|| DayJson {
            day: day.to_string(),
            written: written.map(|at| at.rfc3339(app.zone)),
            signer,
        })
    });
    Ok(Json(DaysJson { items: items.collect() }))
}

/// The record of a day as it was signed; else as it was written in the morning; else as the probes have it.
#[utoipa::path(
    get,
    path = "/api/v1/inspections/{day}",
    params(("day" = String, Path, description = "local day, YYYY-MM-DD")),
    responses((status = 200, body = InspectionJson))
)]
pub(super) async fn show(
    State(app): State<App>,
    Path(day): Path<String>,
) -> Result<Json<InspectionJson>, Failure> {
    let day = inspection::day_of(&day)?;
    Ok(Json(of(&app, inspection::sheet(&app, day, None).await?)))
}

fn of(app: &App, sheet: InspectionSheet) -> InspectionJson {
    let group = |it: InspectedGroup| GroupJson {
        kind: it.kind.code(),
        street: it.street,
        due: it.due,
        online: it.online,
        degraded: it.degraded,
        down: it.down,
        last: it.last.map(|at| at.rfc3339(app.zone)),
    };
    let told = |it: InspectedDevice| ToldJson {
        id: it.id,
        name: it.name,
        street: it.street,
        site: it.site,
        maintainer: it.maintainer,
        since: it.since.rfc3339(app.zone),
        faults: it.faults.iter().map(|fault| fault.code()).collect(),
    };
    let signature = |it: SheetSignature| SignedJson {
        signer: it.signer,
        login: it.login,
        at: it.at.rfc3339(app.zone),
        note: it.note,
    };
    let seen = sheet.seen;
    InspectionJson {
        day: sheet.day.to_string(),
        at: seen.at.rfc3339(app.zone),
        since: seen.since.rfc3339(app.zone),
        groups: seen.groups.into_iter().map(group).collect(),
        fell: seen.fell.into_iter().map(told).collect(),
        still: seen.still.into_iter().map(told).collect(),
        recovered: seen.recovered.into_iter().map(told).collect(),
        counts: seen.counts,
        items: sheet
            .items
            .into_iter()
            .map(|it| ItemJson {
                name: it.name,
                result: it.result.map(zhishou_domain::inspection::ItemResult::code),
                note: it.note,
            })
            .collect(),
        signed: sheet.signed.map(signature),
        additions: sheet.additions.into_iter().map(signature).collect(),
    }
}

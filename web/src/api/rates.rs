//! `/api/v1/sites` and `/api/v1/rates`.

use super::{CountsJson, LIMIT, RateJson, limit};
use crate::{app::App, cursor, failure::Failure, query::FilterQuery};
use axum::{
    Json,
    extract::{Query, State},
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use zhishou_domain::PointClass;
use zhishou_storage::{By, Period};

/// Days that one call may span.
const DAYS: i64 = 400;

#[derive(Serialize, ToSchema)]
pub(super) struct SiteJson {
    id: String,
    name: String,
    street: String,
    counts: CountsJson,
    /// Today so far.
    rate: RateJson,
    last_result_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct SitesJson {
    items: Vec<SiteJson>,
    /// Cursor of the next page; null at the end.
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// Rows, 1–1000; 100 where not given.
    limit: Option<u32>,
    /// Cursor of a page before.
    #[serde(default)]
    next: String,
}

#[utoipa::path(get, path = "/api/v1/sites", params(PageQuery), responses(
    (status = 200, body = SitesJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn sites(
    State(app): State<App>,
    Query(query): Query<FilterQuery>,
    Query(paging): Query<PageQuery>,
) -> Result<Json<SitesJson>, Failure> {
    let period = Period::today(app.clock.now(), app.zone);
    let limit = limit(paging.limit)? as usize;
    let start = match paging.next.as_str() {
        "" => 0,
        text => usize::try_from(cursor::to_number(text)?).map_err(|_| cursor::BadCursor)?,
    };
    let figures = app.store.figures(By::Site, &query.filter()?, period).await?;
    let mut figures: HashMap<String, _> =
        figures.into_iter().filter_map(|it| Some((it.key.clone()?, it))).collect();
    // The order of names does not move while someone pages through it.
    let mut names = app.store.site_names().await?;
    names.retain(|site| figures.contains_key(&site.id.to_string()));
    names.sort_by(|a, b| (&a.street_name, &a.name, a.id).cmp(&(&b.street_name, &b.name, b.id)));
    let has_more = names.len() > start.saturating_add(limit);
    let items = names.into_iter().skip(start).take(limit).filter_map(|site| {
        let figures = figures.remove(&site.id.to_string())?;
        Some(SiteJson {
            id: site.id.to_string(),
            name: site.name,
            street: site.street_name,
            counts: figures.counts.into(),
            rate: RateJson::new(figures.minutes, &app),
            last_result_at: figures.last_result.map(|at| at.rfc3339(app.zone)),
        })
    });
    let items = items.collect();
    let next =
        has_more.then(|| cursor::of_number(i64::try_from(start + limit).unwrap_or(i64::MAX)));
    Ok(Json(SitesJson { items, next }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RatesQuery {
    /// site, street, department, class, maintainer, police_station or parent.
    by: String,
    /// First local day, YYYY-MM-DD; today where not given.
    #[param(value_type = Option<String>)]
    from: Option<NaiveDate>,
    /// Last local day, YYYY-MM-DD; today where not given.
    #[param(value_type = Option<String>)]
    to: Option<NaiveDate>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct RateRow {
    /// Identity of the group; null for devices that have none.
    id: Option<String>,
    name: Option<String>,
    counts: CountsJson,
    #[serde(flatten)]
    rate: RateJson,
}

#[derive(Serialize, ToSchema)]
pub(super) struct RatesJson {
    by: &'static str,
    from: String,
    to: String,
    items: Vec<RateRow>,
}

#[utoipa::path(get, path = "/api/v1/rates", params(RatesQuery), responses(
    (status = 200, body = RatesJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn rates(
    State(app): State<App>,
    Query(filter): Query<FilterQuery>,
    Query(query): Query<RatesQuery>,
) -> Result<Json<RatesJson>, Failure> {
    let by = By::from_code(&query.by).ok_or_else(|| {
        let all: Vec<_> = By::ALL.into_iter().map(By::code).collect();
        Failure::bad_request(format!("by: one of {}", all.join(", ")))
    })?;
    let now = app.clock.now();
    let today = now.local_day(app.zone);
    let (from, to) = (query.from.unwrap_or(today), query.to.unwrap_or(today));
    if from > to || (to - from).num_days() > DAYS {
        return Err(Failure::bad_request(format!(
            "from, to: in order and at most {DAYS} days apart"
        )));
    }
    let figures =
        app.store.figures(by, &filter.filter()?, Period::days(from, to, now, app.zone)).await?;
    let mut items: Vec<RateRow> = figures
        .into_iter()
        .map(|it| RateRow {
            name: match by {
                By::Class => it
                    .name
                    .and_then(|code| PointClass::from_code(&code))
                    .map(|class| class.name(zhishou_domain::Lang::Zh).to_owned()),
                _ => it.name,
            },
            id: it.key,
            counts: it.counts.into(),
            rate: RateJson::new(it.minutes, &app),
        })
        .collect();
    items.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    items.truncate(LIMIT as usize * 100);
    Ok(Json(RatesJson { by: by.code(), from: from.to_string(), to: to.to_string(), items }))
}

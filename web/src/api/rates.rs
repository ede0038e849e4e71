//! `/api/v1/sites` and `/api/v1/rates`.

use super::{
    CountsJson, PageQuery,
    days::DaysQuery,
    figures::{Basis, FigureJson, FiguresJson},
    limit,
    policies::policy_of,
};
use crate::{
    app::App,
    cursor,
    failure::Failure,
    pages::basis::{Basis as PageBasis, BasisQuery},
    query::FilterQuery,
    shell::Shell,
};
use axum::{
    Json,
    extract::{Query, State},
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use zhishou_domain::{PointClass, account::Source, policy::ClassKey};
use zhishou_storage::{By, Grouping};

#[derive(Serialize, ToSchema)]
pub(super) struct SiteJson {
    id: String,
    name: String,
    street: String,
    /// Devices of the kinds that the policy counts.
    counts: CountsJson,
    /// 在线率 of today so far, after exclusion, under the default policy.
    rate: FigureJson,
    last_result_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct SitesJson {
    items: Vec<SiteJson>,
    /// Cursor of the next page; null at the end.
    next: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/sites", params(PageQuery), responses(
    (status = 200, body = SitesJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn sites(
    State(app): State<App>,
    Query(query): Query<FilterQuery>,
    Query(paging): Query<PageQuery>,
) -> Result<Json<SitesJson>, Failure> {
    let (now, filter) = (app.clock.now(), query.filter()?);
    let basis = PageBasis::today(&app, &BasisQuery::default(), now).await?;
    let kinds = basis.kinds(&filter);
    let limit = limit(paging.limit)? as usize;
    let start = start_of(&paging)?;
    let mut standings = app.store.site_standings(&filter, now).await?;
    let account = basis.kept_today(&app, Grouping::By(By::Site), &filter, now).await?;
    let rows = account.rows.into_iter().filter_map(|row| Some((row.key?, row.period)));
    let tallies: HashMap<String, _> = rows.collect();
    // The order of names does not move while someone pages through it.
    let mut names = app.store.site_names().await?;
    names.retain(|site| standings.contains_key(&site.id));
    names.sort_by(|a, b| (&a.street_name, &a.name, a.id).cmp(&(&b.street_name, &b.name, b.id)));
    let has_more = names.len() > start.saturating_add(limit);
    let items = names.into_iter().skip(start).take(limit).filter_map(|site| {
        let standing = standings.remove(&site.id)?;
        let tally = tallies.get(&site.id.to_string()).copied().unwrap_or_default();
        Some(SiteJson {
            id: site.id.to_string(),
            name: site.name,
            street: site.street_name,
            counts: standing.counts.sum(&kinds).into(),
            rate: (&basis.figures(&tally).online).into(),
            last_result_at: standing.last_result.map(|at| at.rfc3339(app.zone)),
        })
    });
    let items = items.collect();
    Ok(Json(SitesJson { items, next: next_of(has_more, start + limit) }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RatesQuery {
    /// site, street, department, class, maintainer, police_station or parent.
    by: String,
    /// Accounting policy, `id@version` or `id` for its newest version; the default one where not
    /// given.
    #[serde(default)]
    policy: String,
    /// transitions (the truth; all figures; at most 92 days) or strips (在线率 alone, where the
    /// policy allows it; at most 400 days).
    #[serde(default)]
    source: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct RateRow {
    /// Identity of the group; null for devices that have none.
    id: Option<String>,
    name: Option<String>,
    #[serde(flatten)]
    figures: FiguresJson,
}

#[derive(Serialize, ToSchema)]
pub(super) struct RatesJson {
    by: &'static str,
    from: String,
    to: String,
    /// Accounting policy, id@version.
    policy: String,
    /// transitions or strips.
    source: &'static str,
    items: Vec<RateRow>,
    total: FiguresJson,
    /// Cursor of the next page; null at the end.
    next: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/rates", params(RatesQuery, DaysQuery, PageQuery), responses(
    (status = 200, body = RatesJson), (status = 400, description = "problem+json"),
    (status = 404, description = "no such policy; problem+json"),
))]
pub(super) async fn rates(
    State(app): State<App>,
    shell: Shell,
    Query(filter): Query<FilterQuery>,
    Query(paging): Query<PageQuery>,
    Query(days): Query<DaysQuery>,
    Query(query): Query<RatesQuery>,
) -> Result<Json<RatesJson>, Failure> {
    let by = by_of(&query.by)?;
    let source = match query.source.as_str() {
        "" => Source::Transitions,
        code => Source::from_code(code)
            .ok_or_else(|| Failure::bad_request("source: transitions or strips"))?,
    };
    let limit = limit(paging.limit)? as usize;
    let start = start_of(&paging)?;
    let now = app.clock.now();
    let policy = policy_of(&app, &query.policy).await?.policy;
    let may_take_strips = policy.reads_as_strips();
    let source = if may_take_strips { source } else { Source::Transitions };
    let days = days.checked(now.local_day(app.zone), source, may_take_strips)?;
    let account = app.store.account(&policy, source, by, &filter.filter()?, days, now).await?;
    let basis = Basis::of(&policy, &account);
    let total = basis.figures(&account.total(), None);
    let mut items: Vec<RateRow> = account
        .rows
        .iter()
        .map(|row| {
            let class = row.key.as_deref().and_then(PointClass::from_code);
            let class = (by == By::Class).then_some(class);
            RateRow {
                id: row.key.clone(),
                name: match class {
                    Some(class) => class.map(|class| class.name(shell.t.0).to_owned()),
                    None => row.name.clone(),
                },
                figures: basis.figures(&row.tally, class.map(ClassKey::from)),
            }
        })
        .collect();
    items.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    let has_more = items.len() > start.saturating_add(limit);
    let items = items.into_iter().skip(start).take(limit).collect();
    Ok(Json(RatesJson {
        by: by.code(),
        from: days.0.to_string(),
        to: days.1.to_string(),
        policy: policy.reference().to_string(),
        source: account.source.code(),
        items,
        total,
        next: next_of(has_more, start + limit),
    }))
}

/// The grouping of a stable word.
pub(super) fn by_of(code: &str) -> Result<By, Failure> {
    By::from_code(code).ok_or_else(|| {
        let all: Vec<_> = By::ALL.into_iter().map(By::code).collect();
        Failure::bad_request(format!("by: one of {}", all.join(", ")))
    })
}

fn start_of(paging: &PageQuery) -> Result<usize, Failure> {
    match paging.next.as_str() {
        "" => Ok(0),
        text => Ok(usize::try_from(cursor::to_number(text)?).map_err(|_| cursor::BadCursor)?),
    }
}

fn next_of(has_more: bool, next: usize) -> Option<String> {
    has_more.then(|| cursor::of_number(i64::try_from(next).unwrap_or(i64::MAX)))
}

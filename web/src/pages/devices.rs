//! `/devices` and `/sites/{id}`: devices worst first, each with its day; page by page.

use super::{
    Beside, Count, FilterBar, Pager, View,
    bar::States,
    basis::{Basis, BasisQuery, Counted},
    beside, count_links, doubt_words, fault_names, present_word,
};
use crate::{
    app::App,
    cursor,
    draw::{self, Strip},
    failure::Failure,
    format::{Figure, Moment},
    query::FilterQuery,
    shell::{Nav, Shell, page},
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use std::ops::Range;
use zhishou_domain::{DeviceId, DeviceKind, SiteId};
use zhishou_storage::{By, FleetRow, Grouping, Present, SiteName, Strips};

/// Devices on one page.
const SHOWN: u32 = 50;

#[derive(Template)]
#[template(path = "devices.html")]
pub(crate) struct DevicesPage {
    shell: Shell,
    title: String,
    site: Option<SiteHead>,
    counts: Vec<Count>,
    beside: Vec<Beside>,
    bar: FilterBar,
    rows: Vec<DeviceRow>,
    length: u64,
    pager: Pager,
}

/// The first lines of a site's page.
struct SiteHead {
    name: String,
    street: String,
    street_href: String,
    figure: Figure,
    target: String,
    policy: String,
    counted: Counted,
    strip: Strip,
}

struct DeviceRow {
    id: DeviceId,
    name: String,
    place: String,
    href: String,
    state: Present,
    word: &'static str,
    since: Option<Moment>,
    strip: Strip,
    reason: String,
    doubt: Option<String>,
    last: Option<Moment>,
}

/// `GET /devices`.
pub(crate) async fn all(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<FilterQuery>,
) -> Result<Response, Failure> {
    list(app, shell, query, None, BasisQuery::default()).await
}

/// `GET /sites/{id}`.
pub(crate) async fn of_site(
    State(app): State<App>,
    shell: Shell,
    Path(site): Path<String>,
    Query(query): Query<FilterQuery>,
    Query(chosen): Query<BasisQuery>,
) -> Result<Response, Failure> {
    let site: SiteId = site.parse().map_err(|_| Failure::not_found())?;
    let site = app.store.site_name(site).await?.ok_or_else(Failure::not_found)?;
    list(app, shell, FilterQuery { site: String::new(), ..query }, Some(site), chosen).await
}

async fn list(
    app: App,
    shell: Shell,
    query: FilterQuery,
    site: Option<SiteName>,
    chosen: BasisQuery,
) -> Result<Response, Failure> {
    let (path, nav, events) = match &site {
        Some(site) => {
            (format!("/sites/{}", site.id), Nav::Sites, format!("/events?site={}", site.id))
        }
        None => ("/devices".to_owned(), Nav::Devices, "/events".to_owned()),
    };
    let shell = shell.at(nav).live(events);
    let t = shell.t;
    let view = View::new(&app, t);
    let mut filter = query.filter()?;
    filter.site = site.as_ref().map(|site| site.id).or(filter.site);
    let after = match query.after.as_str() {
        "" => None,
        text => Some(cursor::to_fleet(text)?),
    };
    let link = |more: &[(&str, &str)]| query.link(&path, &[&chosen.pairs()[..], more].concat());
    let mut rows = app.store.fleet(&filter, after.as_ref(), SHOWN + 1, view.now).await?;
    let has_more = rows.len() > SHOWN as usize;
    rows.truncate(SHOWN as usize);
    let next = rows
        .last()
        .filter(|_| has_more)
        .map(|last| link(&[("after", &cursor::of_fleet(&last.cursor()))]));
    let ids: Vec<DeviceId> = rows.iter().map(|row| row.id).collect();
    let strips = app.store.fleet_strips(&ids, view.today).await?;
    let basis = Basis::today(&app, &chosen, view.now).await?;
    let left_out = app.store.left_out(&basis.policy, &ids, (view.today.start, view.now)).await?;
    let (counts, _) = app.store.counts(&filter, view.now).await?;
    let head = match &site {
        Some(site) => Some(head(&view, site, &filter, &basis).await?),
        None => None,
    };
    let is_site = site.is_some();
    let kinds = basis.kinds(&filter);
    let kind = filter.clone().within(&basis.policy).kind.map_or("", DeviceKind::code);
    let mut bar = FilterBar::new(&path, &query, choices(&app, is_site).await?, States::Offered, t);
    if is_site {
        bar.is_set = bar.is_set || chosen != BasisQuery::default();
        bar.choices.extend(basis.selects(&app.store.newest_policies().await?, t));
    }
    let template = DevicesPage {
        title: site.map_or_else(|| t.devices().to_owned(), |site| site.name),
        site: head,
        counts: count_links(counts.sum(&kinds), t, |state| {
            link(&[("state", state.code()), ("kind", kind)])
        }),
        beside: beside(&counts, &kinds, (&path, &query), t),
        bar,
        rows: rows
            .iter()
            .map(|row| {
                let excluded = left_out.get(&row.id).map_or(&[][..], Vec::as_slice);
                device_row(&view, row, device_strip(&view, row, &strips, excluded), is_site)
            })
            .collect(),
        length: view.day_minutes(),
        pager: Pager { first: after.map(|_| link(&[])), next },
        shell,
    };
    page(&template)
}

/// Within a site its street is given.
async fn choices(app: &App, is_site: bool) -> Result<zhishou_storage::Choices, Failure> {
    let mut choices = app.store.choices().await?;
    if is_site {
        choices.streets.clear();
        choices.police_stations.clear();
    }
    Ok(choices)
}

async fn head(
    view: &View<'_>,
    site: &SiteName,
    filter: &zhishou_storage::Filter,
    basis: &Basis,
) -> Result<SiteHead, Failure> {
    let store = &view.app.store;
    let account = basis.kept_today(view.app, Grouping::By(By::Site), filter, view.now).await?;
    let target = basis.target(filter);
    let rated = filter.clone().within(&basis.policy);
    let quarters = store.site_quarters(&[site.id], &rated, view.today).await?;
    let so_far = (view.today.start, view.now);
    let left_out =
        store.left_out_of_sites(&basis.policy, (&[site.id], filter.maintainer), so_far).await?;
    let excluded = left_out.get(&site.id).map_or(&[][..], Vec::as_slice);
    Ok(SiteHead {
        name: site.name.clone(),
        street: site.street_name.clone(),
        street_href: format!("/?street={}", site.street),
        figure: basis.online(&account.period, target, view.t),
        target: format!("{:.0}", target * 100.0),
        policy: basis.name(view.t),
        counted: Counted::today(view, &account),
        strip: view.site_strip(quarters.get(&site.id), excluded),
    })
}

fn device_strip(
    view: &View<'_>,
    row: &FleetRow,
    strips: &Strips,
    excluded: &[Range<i64>],
) -> Strip {
    let days = strips.get(&row.id).map(Vec::as_slice).unwrap_or_default();
    let open = row.standing.open_span(view.now);
    view.strip(&draw::of_device(days, open, view.today.start, view.today.until()), excluded)
}

fn device_row(view: &View<'_>, row: &FleetRow, strip: Strip, is_site: bool) -> DeviceRow {
    let class = row.class.map(|class| class.name(view.t.0)).unwrap_or_default();
    let place = match (is_site, class.is_empty()) {
        (true, _) => class.to_owned(),
        (false, true) => format!("{} {}", row.street_name, row.site_name),
        (false, false) => format!("{} {} · {class}", row.street_name, row.site_name),
    };
    let known = row.standing.state_at(view.now) == row.standing.state;
    let since = row.standing.since;
    DeviceRow {
        id: row.id,
        name: row.name.clone(),
        place,
        href: format!("/devices/{}", row.id),
        state: row.present,
        word: present_word(row.present, view.t),
        since: (known && since.millis() > 0).then(|| view.moment(since)),
        strip,
        reason: fault_names(row.faults(view.now), view.t.0),
        doubt: doubt_words(&row.standing, view.app, view.t),
        last: row.seen.map(|at| view.moment(at)),
    }
}

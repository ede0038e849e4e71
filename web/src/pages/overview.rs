//! `/`: availability by site, worst first. Sites that are fully online fold into one line per
//! street; strips are drawn only for the sites shown.

use super::{
    Beside, Count, FilterBar, Pager, View,
    bar::States,
    basis::{Basis, BasisQuery, Counted},
    beside, count_links, present_word,
};
use crate::{
    app::App,
    cursor::{self, SitePlace},
    draw::Strip,
    failure::Failure,
    format::{Figure, Moment, grouped},
    incident_words,
    query::FilterQuery,
    shell::{Nav, Shell, page},
};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use std::{cmp::Reverse, collections::BTreeMap, collections::HashMap};
use zhishou_domain::{Counts, DeviceKind, IncidentId, KindCounts, SiteId, account::Tally};
use zhishou_storage::{
    By, Grouping, IncidentRow, KeptAccount, Present, Reason, SiteName, SiteStanding,
};

/// Sites with a strip on one page.
const SHOWN: usize = 30;

#[derive(Template)]
#[template(path = "overview.html")]
pub(crate) struct OverviewPage {
    shell: Shell,
    empty: bool,
    figure: Figure,
    target: String,
    policy: String,
    counted: Counted,
    counts: Vec<Count>,
    beside: Vec<Beside>,
    last_update: Option<Moment>,
    bar: FilterBar,
    heads: [(&'static str, &'static str); 4],
    rows: Vec<SiteRow>,
    folds: Vec<Fold>,
    length: u64,
    pager: Pager,
}

/// Reasons shown of a site, worst first.
const REASONS: usize = 3;

struct SiteRow {
    id: SiteId,
    name: String,
    street: String,
    href: String,
    figure: Figure,
    counts: Vec<Count>,
    strip: Strip,
    reasons: Vec<ReasonView>,
    /// Reasons beyond those shown.
    more: String,
}

struct ReasonView {
    text: String,
    extent: String,
    href: String,
    since: Option<Moment>,
}

/// The sites of a street with nothing wrong.
struct Fold {
    street: String,
    text: String,
    sites: Vec<FoldedSite>,
}

struct FoldedSite {
    name: String,
    href: String,
    devices: u64,
}

/// A site with its figures and its place in the list.
struct Ranked {
    site: SiteName,
    /// Its devices of the kinds that are counted.
    counts: Counts,
    devices: u64,
    tally: Tally,
    /// Nothing is or was wrong today, with any device of any kind.
    is_well: bool,
    place: SitePlace,
}

/// `GET /`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<FilterQuery>,
    Query(chosen): Query<BasisQuery>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Sites).live("/events");
    let view = View::new(&app, shell.t);
    let filter = query.filter()?;
    let basis = Basis::today(&app, &chosen, view.now).await?;
    let (kinds, target) = (basis.kinds(&filter), basis.target(&filter));
    // What is counted has no rows of other kinds; what stands beside has its own filter.
    let rated = filter.clone().within(&basis.policy);
    let after = match query.after.as_str() {
        "" => None,
        text => Some(cursor::to_site(text)?),
    };
    let (standings, names, choices, policies) = tokio::try_join!(
        app.store.site_standings(&filter, view.now),
        app.store.site_names(),
        app.store.choices(),
        app.store.newest_policies(),
    )?;
    let account = basis.kept_today(&app, Grouping::By(By::Site), &filter, view.now).await?;
    let empty = standings.is_empty() && !app.store.has_devices().await?;
    let mut counts = KindCounts::default();
    standings.values().for_each(|site| counts += site.counts);
    let last_update =
        standings.values().filter_map(|it| it.last_result).max().map(|at| view.moment(at));
    let counted = Counted::today(&view, &account);
    let figure = basis.online(&account.period, target, shell.t);

    let (well, mut ill): (Vec<_>, Vec<_>) =
        ranked(standings, account, names, (&basis, &kinds)).into_iter().partition(|it| it.is_well);
    ill.sort_by(|a, b| a.place.cmp(&b.place));
    let start = after.as_ref().map_or(0, |after| ill.partition_point(|it| it.place <= *after));
    let end = (start + SHOWN).min(ill.len());
    let has_more = end < ill.len();
    let shown = ill.get(start..end).unwrap_or_default();
    let ids: Vec<SiteId> = shown.iter().map(|it| it.site.id).collect();
    let (reasons, quarters, left_out) = if ids.is_empty() {
        (HashMap::new(), HashMap::new(), HashMap::new())
    } else {
        let theirs = (&ids[..], filter.maintainer);
        tokio::try_join!(
            app.store.reasons(&ids, &filter, view.now),
            app.store.site_quarters(&ids, &rated, view.today),
            app.store.left_out_of_sites(&basis.policy, theirs, (view.today.start, view.now)),
        )?
    };
    let roots = roots(&app, &reasons).await?;
    let link =
        |path: &str, more: &[(&str, &str)]| query.link(path, &[&chosen.pairs()[..], more].concat());
    let next = shown
        .last()
        .filter(|_| has_more)
        .map(|last| link("/", &[("after", &cursor::of_site(&last.place))]));
    let rows = shown
        .iter()
        .map(|it| {
            let reasons = reasons.get(&it.site.id).map_or(&[][..], Vec::as_slice);
            let excluded = left_out.get(&it.site.id).map_or(&[][..], Vec::as_slice);
            let strip = view.site_strip(quarters.get(&it.site.id), excluded);
            let href = link(&site_path(it), &[("street", ""), ("trouble", "")]);
            let figure = basis.online(&it.tally, target, view.t);
            site_row(&view, it, (reasons, &roots), (href, figure, strip))
        })
        .collect();
    // The folded sites close the list, so they stand on its last page.
    let folds = if has_more || filter.trouble { Vec::new() } else { folds(&view, &link, well) };
    let t = shell.t;
    let own = counts.sum(&kinds);
    let kind = rated.kind.map_or("", DeviceKind::code);
    let list = |state: Present| {
        query.link("/devices", &[("state", state.code()), ("kind", kind), ("trouble", "")])
    };
    let mut bar = FilterBar::new("/", &query, choices, States::Hidden, t);
    bar.is_set = bar.is_set || chosen != BasisQuery::default();
    bar.choices.extend(basis.selects(&policies, t));
    let template = OverviewPage {
        empty,
        figure,
        target: format!("{:.0}", target * 100.0),
        policy: basis.name(t),
        counted,
        counts: count_links(own, t, list),
        beside: beside(&counts, &kinds, ("/devices", &query), t),
        last_update,
        bar,
        heads: [
            ("online", t.online()),
            ("degraded", t.degraded()),
            ("offline", t.offline()),
            ("unknown", t.unknown()),
        ],
        rows,
        folds,
        length: view.day_minutes(),
        pager: Pager { first: after.map(|_| link("/", &[])), next },
        shell,
    };
    page(&template)
}

/// Every site that has devices in use, or had minutes today.
fn ranked(
    mut standings: HashMap<SiteId, SiteStanding>,
    account: KeptAccount,
    names: Vec<SiteName>,
    (basis, kinds): (&Basis, &[DeviceKind]),
) -> Vec<Ranked> {
    let tallies = account.rows.into_iter().filter_map(|row| Some((row.key?, row.period)));
    let mut tallies: HashMap<String, Tally> = tallies.collect();
    let ranked = names.into_iter().filter_map(|site| {
        let (standing, tally) = (standings.remove(&site.id), tallies.remove(&site.id.to_string()));
        if standing.is_none() && tally.is_none() {
            return None;
        }
        let (standing, tally) = (standing.unwrap_or_default(), tally.unwrap_or_default());
        let counts = standing.counts.sum(kinds);
        let all = standing.counts.sum(DeviceKind::ALL);
        let rate = basis.figures(&tally).online.rate.value().unwrap_or(1.0);
        let place = SitePlace {
            rate: (rate * 10_000.0) as u32,
            offline: Reverse(counts.offline),
            degraded: Reverse(counts.degraded),
            unknown: Reverse(counts.unknown),
            name: site.name.clone(),
            id: site.id.to_string(),
        };
        let (before, troubled) = (tally.before, all.offline + all.degraded + all.unknown);
        Some(Ranked {
            site,
            counts,
            devices: all.ledger(),
            tally,
            is_well: troubled + before.down + before.degraded == 0,
            place,
        })
    });
    ranked.collect()
}

fn site_row(
    view: &View<'_>,
    it: &Ranked,
    (reasons, roots): (&[Reason], &Roots),
    (href, figure, strip): (String, Figure, Strip),
) -> SiteRow {
    let counts = it.counts;
    let numbers = [
        (Present::Online, counts.online),
        (Present::Degraded, counts.degraded),
        (Present::Offline, counts.offline),
        (Present::Unknown, counts.unknown),
    ];
    let counts = numbers.into_iter().map(|(state, number)| Count {
        state,
        word: present_word(state, view.t),
        number,
        text: grouped(number),
        href: String::new(),
    });
    SiteRow {
        id: it.site.id,
        name: it.site.name.clone(),
        street: it.site.street_name.clone(),
        figure,
        counts: counts.collect(),
        strip,
        more: match reasons.len().saturating_sub(REASONS) {
            0 => String::new(),
            more => format!("+{more} {}", view.t.more_reasons()),
        },
        reasons: reasons
            .iter()
            .take(REASONS)
            .map(|it| reason_view(view, it, (&href, roots)))
            .collect(),
        href,
    }
}

/// Open incidents that are the cause of what several devices show.
type Roots = HashMap<IncidentId, IncidentRow>;

async fn roots(app: &App, reasons: &HashMap<SiteId, Vec<Reason>>) -> Result<Roots, Failure> {
    let mut ids: Vec<_> = reasons.values().flatten().filter_map(|it| it.incident).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Roots::new());
    }
    let rows = app.store.incidents_of(&ids).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// A cause in words; it leads to the incident of several devices, to the device where it is one, else to
/// the site.
fn reason_view(view: &View<'_>, reason: &Reason, (site_href, roots): (&str, &Roots)) -> ReasonView {
    let t = view.t;
    if let Some(root) = reason.incident.and_then(|id| roots.get(&id)) {
        return ReasonView {
            text: incident_words::cause(root, t.0),
            extent: format!("{} {}", grouped(reason.devices), t.affected()),
            href: format!("/incidents/{}", root.id),
            since: Some(view.moment(root.since)),
        };
    }
    let what = match reason.fault {
        Some(fault) => fault.name(t.0),
        None if reason.present == Present::Unknown => t.no_valid_result(),
        None => present_word(reason.present, t),
    };
    let one = reason.devices == 1;
    let state = present_word(reason.present, t);
    ReasonView {
        text: if one { format!("{} · {what}", reason.name) } else { what.to_owned() },
        extent: if one {
            state.to_owned()
        } else {
            format!("{state} · {} {}", grouped(reason.devices), t.affected())
        },
        href: if one { format!("/devices/{}", reason.device) } else { site_href.to_owned() },
        since: reason.since.map(|at| view.moment(at)),
    }
}

fn site_path(it: &Ranked) -> String {
    format!("/sites/{}", it.site.id)
}

fn folds(
    view: &View<'_>,
    link: &impl Fn(&str, &[(&str, &str)]) -> String,
    well: Vec<Ranked>,
) -> Vec<Fold> {
    let mut streets: BTreeMap<String, Vec<FoldedSite>> = BTreeMap::new();
    for it in well {
        let href = link(&site_path(&it), &[("street", "")]);
        let site = FoldedSite { name: it.site.name, href, devices: it.devices };
        streets.entry(it.site.street_name).or_default().push(site);
    }
    let folds = streets.into_iter().map(|(street, mut sites)| {
        sites.sort_by(|a, b| a.name.cmp(&b.name));
        let devices: u64 = sites.iter().map(|site| site.devices).sum();
        let text = match view.t.0 {
            zhishou_domain::Lang::Zh => {
                format!("{} {} · {} 台", sites.len(), view.t.all_online(), grouped(devices))
            }
            zhishou_domain::Lang::En => {
                format!("{} {} · {} devices", sites.len(), view.t.all_online(), grouped(devices))
            }
        };
        Fold { street, text, sites }
    });
    folds.collect()
}

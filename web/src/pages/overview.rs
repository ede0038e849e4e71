//! `/`: availability by site, worst first. Sites that are fully online fold into one line per
//! street; strips are drawn only for the sites shown.

use super::{Count, FilterBar, Pager, View, bar::States, count_links, present_word};
use crate::{
    api::policy_of,
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
use zhishou_domain::{Counts, IncidentId, Minutes, SiteId};
use zhishou_storage::{By, Figures, IncidentRow, Present, Reason, SiteName};

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
    counts: Vec<Count>,
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
    figures: Figures,
    place: SitePlace,
}

impl Ranked {
    fn is_well(&self) -> bool {
        let counts = self.figures.counts;
        let minutes = self.figures.minutes;
        counts.offline + counts.degraded + counts.unknown == 0
            && minutes.down + minutes.degraded == 0
    }
}

/// `GET /`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<FilterQuery>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Sites).live("/events");
    let view = View::new(&app, shell.t);
    let filter = query.filter()?;
    let after = match query.after.as_str() {
        "" => None,
        text => Some(cursor::to_site(text)?),
    };
    let (figures, names, choices) = tokio::try_join!(
        app.store.figures(By::Site, &filter, view.today),
        app.store.site_names(),
        app.store.choices(),
    )?;
    let empty = figures.is_empty() && !app.store.has_devices().await?;
    let (counts, minutes) = sums(&figures);
    let last_update =
        figures.iter().filter_map(|it| it.last_result).max().map(|at| view.moment(at));

    let (well, mut ill): (Vec<_>, Vec<_>) =
        ranked(figures, names).into_iter().partition(Ranked::is_well);
    ill.sort_by(|a, b| a.place.cmp(&b.place));
    let start = after.as_ref().map_or(0, |after| ill.partition_point(|it| it.place <= *after));
    let end = (start + SHOWN).min(ill.len());
    let has_more = end < ill.len();
    let shown = ill.get(start..end).unwrap_or_default();
    let ids: Vec<SiteId> = shown.iter().map(|it| it.site.id).collect();
    let (reasons, quarters, left_out) = if ids.is_empty() {
        (HashMap::new(), HashMap::new(), HashMap::new())
    } else {
        let policy = policy_of(&app, "").await?.policy;
        let sites: Vec<_> = shown.iter().map(|it| (it.site.id, it.site.street)).collect();
        tokio::try_join!(
            app.store.reasons(&ids, &filter, view.now),
            app.store.site_quarters(&ids, &filter, view.today),
            app.store.left_out_of_sites(&policy, &sites, (view.today.start, view.now)),
        )?
    };
    let roots = roots(&app, &reasons).await?;
    let next = shown
        .last()
        .filter(|_| has_more)
        .map(|last| query.link("/", &[("after", &cursor::of_site(&last.place))]));
    let rows = shown
        .iter()
        .map(|it| {
            let reasons = reasons.get(&it.site.id).map_or(&[][..], Vec::as_slice);
            let excluded = left_out.get(&it.site.id).map_or(&[][..], Vec::as_slice);
            let strip = view.site_strip(quarters.get(&it.site.id), excluded);
            site_row((&view, &query), it, (reasons, &roots), strip)
        })
        .collect();
    // The folded sites close the list, so they stand on its last page.
    let folds = if has_more || filter.trouble { Vec::new() } else { folds(&view, &query, well) };
    let t = shell.t;
    let link = |state: Present| query.link("/devices", &[("state", state.code()), ("trouble", "")]);
    let template = OverviewPage {
        empty,
        figure: Figure::new(minutes, app.settings.target, app.settings.coverage_floor, view.t.0),
        target: view.target(),
        policy: app.settings.policy.clone(),
        counts: count_links(counts, t, link),
        last_update,
        bar: FilterBar::new("/", &query, choices, States::Hidden, t),
        heads: [
            ("online", t.online()),
            ("degraded", t.degraded()),
            ("offline", t.offline()),
            ("unknown", t.unknown()),
        ],
        rows,
        folds,
        length: view.day_minutes(),
        pager: Pager { first: after.map(|_| query.link("/", &[])), next },
        shell,
    };
    page(&template)
}

fn sums(figures: &[Figures]) -> (Counts, Minutes) {
    let (mut counts, mut minutes) = (Counts::default(), Minutes::default());
    for site in figures {
        counts += site.counts;
        minutes += site.minutes;
    }
    (counts, minutes)
}

fn ranked(figures: Vec<Figures>, names: Vec<SiteName>) -> Vec<Ranked> {
    let mut names: HashMap<String, SiteName> =
        names.into_iter().map(|site| (site.id.to_string(), site)).collect();
    let ranked = figures.into_iter().filter_map(|figures| {
        let site = names.remove(figures.key.as_deref()?)?;
        let rate = figures.minutes.online().value().unwrap_or(1.0);
        let counts = figures.counts;
        let place = SitePlace {
            rate: (rate * 10_000.0) as u32,
            offline: Reverse(counts.offline),
            degraded: Reverse(counts.degraded),
            unknown: Reverse(counts.unknown),
            name: site.name.clone(),
            id: site.id.to_string(),
        };
        Some(Ranked { site, figures, place })
    });
    ranked.collect()
}

fn site_row(
    (view, query): (&View<'_>, &FilterQuery),
    it: &Ranked,
    (reasons, roots): (&[Reason], &Roots),
    strip: Strip,
) -> SiteRow {
    let settings = &view.app.settings;
    let href = query.link(&format!("/sites/{}", it.site.id), &[("street", ""), ("trouble", "")]);
    let counts = it.figures.counts;
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
        figure: Figure::new(it.figures.minutes, settings.target, settings.coverage_floor, view.t.0),
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

fn folds(view: &View<'_>, query: &FilterQuery, well: Vec<Ranked>) -> Vec<Fold> {
    let mut streets: BTreeMap<String, Vec<FoldedSite>> = BTreeMap::new();
    for it in well {
        let counts = it.figures.counts;
        let href = query.link(&format!("/sites/{}", it.site.id), &[("street", "")]);
        let site =
            FoldedSite { name: it.site.name, href, devices: counts.probed() + counts.unconnected };
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

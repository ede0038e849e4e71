//! `/dashboard`: for the liaison of the police: the rate of a period against the target, who falls
//! short and by how many devices, when, and what is down now. All figures come from the days that are
//! kept; the page says up to when these reach and how many of them wait to be counted again.

mod export;
mod ledger;
mod query;
mod view;

pub(crate) use export::{offline, ranking};

use super::{
    View,
    bar::{FilterBar, States},
    basis::{Basis, Counted, own},
};
use crate::{
    app::App,
    failure::Failure,
    format::{Figure, Moment, grouped},
    query::FilterQuery,
    shell::{Nav, Shell, page},
    words::Words,
};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use chrono::{Days, NaiveDate};
use query::{BoardQuery, Chosen, GROUPINGS, Span, grouping_code, grouping_word};
use view::{Chart, Unit, Year};
use zhishou_domain::{Timestamp, account::Told, policy::Policy};
use zhishou_storage::{
    Asked, By, Choices, Filter, Grouping, KeptAccount, Outage, OutageOrder, Period,
};

/// Days of the small line of a unit.
const SPARK_DAYS: u64 = 29;
/// Days of the calendar, back from the end of the period.
const YEAR_DAYS: u64 = 364;
/// Days of the trend at least.
const TREND_DAYS: u64 = 30;
/// Days of the trend at most; a longer period is told by months.
const DAYS_DRAWN: u64 = 92;
/// Outages shown; the export has all.
const OUTAGES: u32 = 50;

#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage {
    shell: Shell,
    empty: bool,
    sentence: String,
    title: String,
    figure: Figure,
    target: String,
    policy: String,
    short: String,
    rates: Vec<Rated>,
    score: Option<Scored>,
    ledger: Vec<ledger::LedgerRate>,
    heads: Vec<(&'static str, String)>,
    bar: FilterBar,
    by_word: &'static str,
    range: Option<(NaiveDate, NaiveDate)>,
    counted: Counted,
    /// Days of the period that are not counted, or wait to be counted again.
    waiting: usize,
    /// From where to where the bars of the units reach.
    scale: String,
    units: Vec<UnitView>,
    charts: Vec<Chart>,
    year: Option<Year>,
    outages: Vec<OutageView>,
    outages_more: u64,
    outages_href: String,
    exports: [(&'static str, String); 4],
}

/// 完好率, 可达率 and the like.
struct Rated {
    word: &'static str,
    figure: Figure,
}

/// 考核得分 under a policy that weighs figures.
struct Scored {
    /// `93.42`; `None` where one of its figures is no number.
    value: Option<String>,
    /// Worst and best that what is unknown leaves open.
    interval: String,
    /// Which figures weigh how much.
    weights: String,
}

struct UnitView {
    unit: Unit,
    href: String,
}

struct OutageView {
    href: String,
    name: String,
    place: String,
    since: Moment,
    reason: String,
    maintainer: String,
    /// Its open work order: where it is, its number and how it stands.
    order: Option<(String, String)>,
}

/// What the page and its exports rest on.
struct Board {
    basis: Basis,
    span: Span,
    by: Grouping,
    filter: Filter,
    target: f64,
    account: KeptAccount,
    choices: Choices,
}

/// Days of a year are folded only where they are drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Year,
    Period,
}

impl Board {
    async fn load(
        app: &App,
        filters: &FilterQuery,
        query: &BoardQuery,
        (now, extent): (Timestamp, Extent),
    ) -> Result<Self, Failure> {
        let filter = filters.filter()?;
        let span = Span::of(query, now.local_day(app.zone))?;
        let basis = Basis::of(app, (&query.policy, &query.exclusion), span.period, now).await?;
        let choices = app.store.choices().await?;
        let by = match query.by.as_str() {
            "" if choices.police_stations.is_empty() => Grouping::By(By::Street),
            "" => Grouping::By(By::PoliceStation),
            code => GROUPINGS
                .into_iter()
                .find(|by| grouping_code(*by) == code)
                .ok_or_else(|| Failure::bad_input("by：没有这种分组", "by: unknown grouping"))?,
        };
        if by == Grouping::Device && filter.site.is_none() {
            return Err(Failure::bad_input(
                "by=device：须先选定站点",
                "by=device: within one site",
            ));
        }
        let last = span.period.1;
        let asked = Asked {
            policy: &basis.policy,
            by,
            filter: &filter,
            period: span.period,
            earlier: span.earlier,
            since: match extent {
                Extent::Year => span.period.0.min(last - Days::new(YEAR_DAYS)),
                Extent::Period => span.period.0,
            },
            recent: last - Days::new(SPARK_DAYS),
        };
        let account = app.store.kept_account(asked).await?;
        let target = basis.target(&filter);
        let filter = filter.within(&basis.policy);
        Ok(Self { basis, span, by, filter, target, account, choices })
    }

    /// Days of the period, so far, that are not counted or wait to be counted again; and up to when
    /// the last of them reaches.
    fn standing(&self, app: &App, now: Timestamp) -> (usize, Option<Timestamp>) {
        let (from, to) = self.span.period;
        let today = now.local_day(app.zone);
        let of_period: Vec<_> =
            self.account.days.iter().filter(|day| from <= day.day && day.day <= to).collect();
        let is_whole = |day: &zhishou_storage::KeptDay| {
            let end = Timestamp::start_of_day(day.day + Days::new(1), app.zone);
            !day.is_stale && (day.until == end || day.day == today)
        };
        let ready = of_period.iter().filter(|day| is_whole(day)).count();
        let all = usize::try_from((to - from).num_days() + 1).unwrap_or(0);
        (all.saturating_sub(ready), of_period.last().map(|day| day.until))
    }
}

/// `GET /dashboard`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Query(filters): Query<FilterQuery>,
    Query(query): Query<BoardQuery>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Dashboard);
    let t = shell.t;
    let view = View::new(&app, t);
    let board = Board::load(&app, &filters, &query, (view.now, Extent::Year)).await?;
    let Board { basis, span, by, filter, target, account, .. } = &board;
    let day = Period::days(span.period.1, span.period.1, view.now, app.zone);
    let hours = async {
        Ok(if span.is_one_day() { app.store.hours(filter, day).await? } else { Vec::new() })
    };
    let place = async {
        match filter.site {
            Some(site) => app.store.site_name(site).await,
            None => Ok(None),
        }
    };
    let (hours, place, outages, (counts, _), policies, has_devices) = tokio::try_join!(
        hours,
        place,
        app.store.outages(filter, OutageOrder::Longest, OUTAGES, view.now),
        app.store.counts(filter, view.now),
        app.store.newest_policies(),
        app.store.has_devices(),
    )?;
    let offline = counts.sum(&basis.kinds(filter)).offline;
    let kind = filter.kind.map_or("", zhishou_domain::DeviceKind::code);
    let (waiting, until) = board.standing(&app, view.now);
    let (units, base) = view::units(basis, account, *by, t);
    let figures = basis.figures(&account.period);
    let heads = account.period.heads;
    let (from, to) = span.period;
    let in_trend = |day: &&zhishou_storage::KeptDay| {
        let first = from.min(to - Days::new(TREND_DAYS - 1)).max(to - Days::new(DAYS_DRAWN - 1));
        first <= day.day
    };
    let trend: Vec<_> = account.days.iter().filter(in_trend).cloned().collect();
    let mut charts = Vec::new();
    if !hours.is_empty() {
        charts.push(view::by_hour(&hours, *target, t));
    }
    charts.push(view::by_day(basis, &trend, *target, t));
    charts.push(view::by_month(basis, &account.days, *target, t));
    let sentence = view::sentence(basis, account, (span, None), &units, t);
    let need = match figures.online.told() {
        Told::Number(rate) => view::short(rate, *target, heads.due),
        Told::TooLittle { .. } | Told::Nothing => 0,
    };
    let others = [(t.intact_rate(), &figures.intact), (t.reach_rate(), &figures.reach)];
    let rates = others.into_iter().filter_map(|(word, figure)| {
        Some(Rated { word, figure: Figure::of(figure.as_ref()?, 0.0, t.0) })
    });
    let score = basis.policy.score.zip(figures.score).map(|(by, score)| Scored {
        value: score.value.map(|value| format!("{value:.2}")),
        interval: format!("{:.2}–{:.2}", score.lowest, score.highest),
        weights: by.weights.name(t.0),
    });
    let template = DashboardPage {
        empty: !has_devices,
        sentence,
        title: {
            let place = place.map(|it| format!("{} {} · ", it.street_name, it.name));
            let place = place.unwrap_or_default();
            format!("{place}{} {}", span.chosen.word(t), t.online_rate())
        },
        figure: Figure::of(&figures.online, *target, t.0),
        target: format!("{:.0}", target * 100.0),
        policy: basis.name(t),
        short: if need == 0 {
            String::new()
        } else {
            format!("{} {} {}", t.short_of_target(), grouped(need), t.unit_devices())
        },
        rates: rates.collect(),
        score,
        ledger: ledger::rates(&figures, &filters, &query.policy, t),
        heads: vec![
            (t.in_ledger(), grouped(heads.ledger)),
            (t.due_devices(), grouped(heads.due)),
            (t.checked_devices(), grouped(heads.checked)),
            (t.online(), grouped(heads.online)),
        ],
        bar: bar(&filters, &query, &board, &policies, t),
        by_word: grouping_word(*by, t),
        range: (span.chosen == Chosen::Range).then_some(span.period),
        counted: Counted::new(&view, until, view.today.until().min(day.end)),
        waiting,
        scale: format!("{:.0} %–100 %", base * 100.0),
        units: units
            .into_iter()
            .map(|unit| UnitView {
                href: href(&filters, &query, (*by, span.period.1), &unit),
                unit,
            })
            .collect(),
        charts,
        year: view::year(basis, &account.days, *target),
        outages_more: offline.saturating_sub(outages.len() as u64),
        outages_href: filters.link("/devices", &[("state", "offline"), ("kind", kind)]),
        outages: outages.iter().map(|outage| outage_view(&view, outage)).collect(),
        exports: [
            ("Excel", query.link(&filters, "/dashboard/ranking.xlsx", &[])),
            ("CSV", query.link(&filters, "/dashboard/ranking.csv", &[])),
            ("Excel", query.link(&filters, "/dashboard/offline.xlsx", &[])),
            ("CSV", query.link(&filters, "/dashboard/offline.csv", &[])),
        ],
        shell,
    };
    page(&template)
}

/// The page about this unit alone; of a device the last day of the period, minute by minute.
fn href(
    filters: &FilterQuery,
    query: &BoardQuery,
    (by, last): (Grouping, NaiveDate),
    unit: &Unit,
) -> String {
    if unit.key.is_empty() {
        return String::new();
    }
    // What is left to rank within a unit are its sites, and within a site its devices.
    let inner = match by {
        Grouping::Device => {
            let mut pairs = url::form_urlencoded::Serializer::new(String::new());
            pairs.append_pair("day", &last.to_string());
            if !query.policy.is_empty() {
                pairs.append_pair("policy", &query.policy);
            }
            return format!("/devices/{}?{}#counted", unit.key, pairs.finish());
        }
        Grouping::By(By::Site) => "device",
        Grouping::By(_) | Grouping::Tag => "site",
    };
    query.link(filters, "/dashboard", &[(grouping_code(by), unit.key.as_str()), ("by", inner)])
}

fn outage_view(view: &View<'_>, outage: &Outage) -> OutageView {
    OutageView {
        href: format!("/devices/{}", outage.device),
        name: outage.name.clone(),
        place: format!("{} · {}", outage.street, outage.site),
        since: view.moment(outage.since),
        reason: super::fault_names(&outage.faults, view.t.0),
        maintainer: outage.maintainer.clone().unwrap_or_default(),
        order: outage.order.map(|(id, state)| {
            (format!("/work-orders/{id}"), format!("#{id} {}", state.name(view.t.0)))
        }),
    }
}

/// The filters of the page: those of every list, and its own before them.
fn bar(
    filters: &FilterQuery,
    query: &BoardQuery,
    board: &Board,
    policies: &[Policy],
    t: Words,
) -> FilterBar {
    let words = |code: &str, word: &str| (code.to_owned(), word.to_owned());
    let mut own = vec![
        own(
            "period",
            t.period(),
            Chosen::ALL.into_iter().map(|it| words(it.code(), it.word(t))),
            board.span.chosen.code(),
        ),
        own(
            "by",
            t.ranked_by(),
            GROUPINGS
                .into_iter()
                .filter(|by| *by != Grouping::Device || !filters.site.is_empty())
                .map(|by| words(grouping_code(by), grouping_word(by, t))),
            grouping_code(board.by),
        ),
    ];
    own.extend(board.basis.selects(policies, t));
    let mut bar = FilterBar::new("/dashboard", filters, board.choices.clone(), States::Hidden, t);
    own.append(&mut bar.choices);
    bar.choices = own;
    bar.is_set = bar.is_set || *query != BoardQuery::default();
    bar
}

//! `/wall`: a board that hangs on a wall for weeks. The page is loaded once; its script asks for
//! [`board`] again and again and puts it in the place of the last one, so that nothing grows. When data
//! is older than two minutes, or nobody answers, the frame turns grey and shows a clock. It opens with a
//! login, or with a token that opens nothing else.

mod tokens;

pub(crate) use tokens::{create, list, opens, revoke};

use super::{View, basis::Counted, meeting_view::glyph, present_word};
use crate::{
    api::policy_of,
    app::App,
    booking::span,
    draw::ratio::Axis,
    failure::Failure,
    format::{Figure, grouped},
    meeting_care::Known,
    shell::{Shell, page},
};
use askama::Template;
use axum::{extract::State, response::Response};
use chrono::Days;
use std::{collections::BTreeMap, time::Duration};
use zhishou_domain::{
    Counts, DeviceKind, KindCounts, Timestamp,
    account::{Figures, Source, Tally},
};
use zhishou_storage::{Asked, By, Filter, Grouping, KeptDay, OutageOrder, Present};

/// Data that is older is stale.
const STALE: Duration = Duration::from_secs(120);
/// Outages shown.
const OUTAGES: u32 = 12;
/// Meetings shown, and how far ahead.
const MEETINGS: u32 = 4;
const AHEAD: Duration = Duration::from_secs(24 * 3600);
/// Days of the trend, today's included.
const TREND_DAYS: u64 = 30;
/// From so many devices on a cell is larger, and again.
const LARGER: [u64; 2] = [40, 120];

#[derive(Template)]
#[template(path = "wall.html")]
struct WallPage {
    shell: Shell,
    board: BoardPart,
}

/// What is replaced.
#[derive(Template)]
#[template(path = "wall_board.html")]
struct BoardPart {
    shell: Shell,
    /// Seconds since the newest result, or since figures were counted where that is late; it is stale from `limit_s` on.
    age_s: u64,
    limit_s: u64,
    at: String,
    figure: Figure,
    target: String,
    policy: String,
    trend: String,
    scale: String,
    counts: Vec<(&'static str, &'static str, String)>,
    streets: Vec<Street>,
    meetings: Vec<MeetingRow>,
    outages: Vec<OutageRow>,
}

struct Street {
    name: String,
    cells: Vec<Cell>,
}

/// A site.
struct Cell {
    state: Present,
    word: &'static str,
    name: String,
    /// 1–3.
    size: usize,
    /// Devices that are down, where there are some.
    down: String,
}

/// A meeting that runs or is ahead.
struct MeetingRow {
    glyph: &'static str,
    title: String,
    when: String,
    /// `不具备 · 1/3 会场就绪`.
    readiness: String,
}

struct OutageRow {
    name: String,
    place: String,
    since: String,
    span: String,
    reason: String,
}

/// `GET /wall`.
pub(crate) async fn show(State(app): State<App>, shell: Shell) -> Result<Response, Failure> {
    let board = make(&app, shell.clone()).await?;
    page(&WallPage { board, shell })
}

/// `GET /wall/board`: what is put in the place of the last one.
pub(crate) async fn board(State(app): State<App>, shell: Shell) -> Result<Response, Failure> {
    page(&make(&app, shell).await?)
}

async fn make(app: &App, shell: Shell) -> Result<BoardPart, Failure> {
    let t = shell.t;
    let view = View::new(app, t);
    let policy = policy_of(app, "").await?.policy;
    let (now, all) = (view.now, Filter::default().within(&policy));
    let today = now.local_day(app.zone);
    let first = today - Days::new(TREND_DAYS - 1);
    let asked = Asked {
        policy: &policy,
        by: Grouping::By(By::Street),
        filter: &all,
        period: (today, today),
        earlier: (today - Days::new(1), today - Days::new(1)),
        since: first,
        recent: today,
    };
    let (account, sites, names, outages) = tokio::try_join!(
        app.store.kept_account(asked),
        app.store.site_standings(&all, now),
        app.store.site_names(),
        app.store.outages(&all, OutageOrder::Newest, OUTAGES, now),
    )?;
    let target = policy.target(None);
    let figures = |tally: &Tally| Figures::after(&policy, 1, tally, Source::Transitions).online;
    let rate = |day: &KeptDay| figures(&day.total).value();
    let values: Vec<_> = first
        .iter_days()
        .take_while(|day| *day <= today)
        .map(|day| account.days.iter().find(|kept| kept.day == day).and_then(rate))
        .collect();
    let axis = Axis::over(values.iter().flatten().copied(), target);
    let newest = sites.values().filter_map(|site| site.last_result).max();
    // The large number is old where it is counted no more, however fresh the results are.
    let counted = account.days.last().map(|day| day.until);
    let counted = counted.filter(|_| Counted::today(&view, &account).is_late);
    let age = |at: Option<Timestamp>| at.map(|at| now.since(at).as_secs());
    let mut counts = KindCounts::default();
    sites.values().for_each(|site| counts += site.counts);
    let counts = counts.sum(DeviceKind::ALL);
    let numbers = [
        (Present::Online, counts.online),
        (Present::Degraded, counts.degraded),
        (Present::Offline, counts.offline),
        (Present::Unknown, counts.unknown),
    ];
    let mut streets: BTreeMap<String, Vec<Cell>> = BTreeMap::new();
    for site in names {
        let Some(standing) = sites.get(&site.id) else { continue };
        let cell = cell(site.name, standing.counts.sum(DeviceKind::ALL), t);
        streets.entry(site.street_name).or_default().push(cell);
    }
    Ok(BoardPart {
        age_s: age(newest).unwrap_or(STALE.as_secs() + 1).max(age(counted).unwrap_or_default()),
        limit_s: STALE.as_secs(),
        at: now.in_zone(app.zone).format("%m-%d %H:%M:%S").to_string(),
        figure: Figure::of(&figures(&account.period), target, t.0),
        target: format!("{:.0}", target * 100.0),
        policy: policy.reference().to_string(),
        trend: axis.bars(&values),
        scale: format!("{:.0} %–100 %", axis.base * 100.0),
        counts: numbers
            .map(|(state, number)| (state.code(), present_word(state, t), grouped(number)))
            .into(),
        streets: streets.into_iter().map(|(name, cells)| Street { name, cells }).collect(),
        outages: outages
            .into_iter()
            .map(|outage| {
                let since = view.moment(outage.since);
                OutageRow {
                    reason: super::fault_names(outage.faults.get(..1).unwrap_or_default(), t.0),
                    place: format!("{} · {}", outage.street, outage.site),
                    name: outage.name,
                    since: since.short,
                    span: since.span,
                }
            })
            .collect(),
        meetings: meetings(&view).await?,
        shell,
    })
}

/// The meetings that run or are ahead, and how ready each is.
async fn meetings(view: &View<'_>) -> Result<Vec<MeetingRow>, Failure> {
    let (app, lang, now) = (view.app, view.t.0, view.now);
    let held = Known::held(&app.store, (now, now + AHEAD), now, MEETINGS).await?;
    let row = |known: Known| MeetingRow {
        glyph: glyph(known.conclusion()),
        when: span(app, known.stored.plan.slot()),
        readiness: known.brief(lang),
        title: known.stored.plan.title,
    };
    Ok(held.into_iter().map(row).collect())
}

/// How a site stands: whole where nothing is wrong; the worst that any of its devices is, else.
fn cell(name: String, counts: Counts, t: crate::words::Words) -> Cell {
    let state = [
        (Present::Offline, counts.offline),
        (Present::Degraded, counts.degraded),
        (Present::Unknown, counts.unknown),
        (Present::Online, counts.online),
    ];
    let worst = state.into_iter().find(|(_, number)| *number > 0);
    let state = worst.map_or(Present::Unconnected, |(state, _)| state);
    let devices = counts.probed() + counts.unconnected;
    Cell {
        state,
        word: present_word(state, t),
        name,
        size: 1 + LARGER.iter().filter(|from| devices >= **from).count(),
        down: if counts.offline > 0 { grouped(counts.offline) } else { String::new() },
    }
}

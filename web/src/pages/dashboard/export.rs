//! The ranking and the offline list as files, in the order shown.

use super::{Board, BoardQuery, Extent, Unit, grouping_word, view};
use crate::{
    api::policy_of,
    app::App,
    failure::Failure,
    pages::{basis::Side, fault_names, file_of},
    query::FilterQuery,
    shell::Shell,
};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use zhishou_domain::Rate;
use zhishou_report::{Cell, Sheet};
use zhishou_storage::OutageOrder;

/// Rows of a list at most: what one person may still go through.
const MOST: u32 = 20_000;

/// `GET /dashboard/ranking.{format}`.
pub(crate) async fn ranking(
    State(app): State<App>,
    shell: Shell,
    Path(file): Path<String>,
    Query(filters): Query<FilterQuery>,
    Query(query): Query<BoardQuery>,
) -> Result<Response, Failure> {
    let t = shell.t;
    let now = app.clock.now();
    let board = Board::load(&app, &filters, &query, (now, Extent::Period)).await?;
    let (units, _) = view::units(&board.basis, &board.account, board.by, t);
    let (from, to) = board.span.period;
    let side = match board.basis.side {
        Side::After => t.after_exclusion(),
        Side::Before => t.before_exclusion(),
    };
    let (waiting, until) = board.standing(&app, now);
    let mut footnote = format!(
        "{} {} {} · {from} – {to} · {side}",
        t.policy(),
        board.basis.policy.name(t.0),
        board.basis.policy.reference(),
    );
    if let Some(until) = until {
        footnote += &format!(" · {} {}", t.counted_until(), until.rfc3339(app.zone));
    }
    if waiting > 0 {
        footnote += &format!(" · {waiting} {}", t.days_waiting());
    }
    let sheet = Sheet {
        name: t.ranking().to_owned(),
        headings: [
            grouping_word(board.by, t),
            t.online_rate(),
            t.numerator(),
            t.denominator(),
            t.target(),
            t.change_points(),
            t.intact_rate(),
            t.data_coverage(),
            t.due_devices(),
            t.online(),
            t.short_of_target(),
            t.assessed(),
        ]
        .map(str::to_owned)
        .into(),
        rows: units.iter().map(row).collect(),
        footnote,
    };
    file_of(&sheet, &file, "zhishou-ranking")
}

fn row(unit: &Unit) -> Vec<Cell> {
    let share = |rate: Rate| Cell::Share(rate);
    let target = Rate { numerator: (unit.target * 10_000.0).round() as u64, denominator: 10_000 };
    vec![
        Cell::Text(unit.name.clone()),
        unit.value.map_or(Cell::Empty, |_| share(unit.online)),
        Cell::Count(unit.online.numerator),
        Cell::Count(unit.online.denominator),
        share(target),
        unit.points.map_or(Cell::Empty, Cell::Points),
        unit.intact.map_or(Cell::Empty, share),
        share(unit.coverage),
        Cell::Count(unit.due),
        Cell::Count(unit.now_online),
        Cell::Count(unit.short),
        unit.score.map_or(Cell::Empty, Cell::Decimal),
    ]
}

/// `GET /dashboard/offline.{format}`.
pub(crate) async fn offline(
    State(app): State<App>,
    shell: Shell,
    Path(file): Path<String>,
    Query(filters): Query<FilterQuery>,
    Query(query): Query<BoardQuery>,
) -> Result<Response, Failure> {
    let t = shell.t;
    let now = app.clock.now();
    let filter = filters.filter()?.within(&policy_of(&app, &query.policy).await?.policy);
    let outages = app.store.outages(&filter, OutageOrder::Longest, MOST, now).await?;
    let rows = outages.iter().map(|outage| {
        let text = |text: &Option<String>| text.clone().map_or(Cell::Empty, Cell::Text);
        vec![
            Cell::Text(outage.name.clone()),
            Cell::Text(outage.street.clone()),
            Cell::Text(outage.site.clone()),
            text(&outage.police_station),
            text(&outage.ip),
            Cell::Moment(outage.since.in_zone(app.zone).naive_local()),
            Cell::Count(now.since(outage.since).as_secs() / 60),
            Cell::Text(fault_names(&outage.faults, t.0)),
            text(&outage.maintainer),
            outage.order.map_or(Cell::Empty, |(id, state)| {
                Cell::Text(format!("#{id} {}", state.name(t.0)))
            }),
        ]
    });
    let sheet = Sheet {
        name: t.offline_list().to_owned(),
        headings: [
            t.device(),
            t.street(),
            t.site(),
            t.police_station(),
            t.ip(),
            t.down_since(),
            t.minutes_down(),
            t.reason(),
            t.maintainer(),
            t.work_orders(),
        ]
        .map(str::to_owned)
        .into(),
        rows: rows.collect(),
        footnote: format!("{} {}", t.counted_until(), now.rfc3339(app.zone)),
    };
    file_of(&sheet, &file, "zhishou-offline")
}

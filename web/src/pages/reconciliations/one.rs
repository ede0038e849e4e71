//! One reconciliation: its counts, its rows by outcome, and those rows as a file.

use super::{OutcomeLink, outcome_links, sentence};
use crate::{
    app::App,
    cursor,
    failure::Failure,
    format::Moment,
    pages::{Pager, View, fault_names, file_of},
    query::word,
    shell::{Nav, Shell, page},
    words::Words,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use serde::Deserialize;
use zhishou_domain::{Timestamp, reconcile::ReconcileOutcome};
use zhishou_report::{Cell, Sheet};
use zhishou_storage::{ListedRow, StoredReconciliation};

/// Rows on a page.
const SHOWN: u32 = 100;
/// Rows of a file at most: those of an export and of a ledger.
const MOST: u32 = 400_000;

#[derive(Template)]
#[template(path = "reconciliation.html")]
struct ReconciliationPage {
    shell: Shell,
    file_name: String,
    sentence: String,
    login: String,
    made: Moment,
    as_of: Moment,
    columns: String,
    sha256: String,
    path: String,
    is_all: bool,
    outcomes: Vec<OutcomeLink>,
    exports: [(&'static str, String); 2],
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    href: Option<String>,
    name: String,
    place: String,
    outcome: &'static str,
    is_difference: bool,
    claim: String,
    measured: String,
    why: String,
    at: Moment,
    file_row: String,
}

/// Which rows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RowQuery {
    outcome: String,
    after: String,
}

/// `GET /reconciliations/{id}`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<i64>,
    Query(query): Query<RowQuery>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Ledger);
    let view = View::new(&app, shell.t);
    let lang = shell.t.0;
    let outcome = word("outcome", &query.outcome, ReconcileOutcome::from_code)?;
    let after = match query.after.as_str() {
        "" => None,
        text => Some(cursor::to_number(text)?),
    };
    let stored = app.store.reconciliation(id).await?.ok_or_else(Failure::not_found)?;
    let mut found = app.store.reconciliation_rows(id, outcome, after, SHOWN + 1).await?;
    let has_more = found.len() > SHOWN as usize;
    found.truncate(SHOWN as usize);
    let path = format!("/reconciliations/{id}");
    let only = outcome.map(|it| format!("outcome={}", it.code())).unwrap_or_default();
    let pager = Pager {
        first: after.map(|_| format!("{path}?{only}")),
        next: found
            .last()
            .filter(|_| has_more)
            .map(|last| format!("{path}?{only}&after={}", cursor::of_number(last.position))),
    };
    let export = |format: &'static str| (format, format!("{path}/rows.{format}?{only}"));
    page(&ReconciliationPage {
        sentence: sentence(&stored.counts, lang),
        outcomes: outcome_links(&stored.counts, stored.cameras, outcome, lang, &path),
        is_all: outcome.is_none(),
        columns: columns(&stored, shell.t),
        made: view.moment(stored.made),
        as_of: view.moment(stored.as_of),
        exports: [export("xlsx"), export("csv")],
        rows: found.iter().map(|row| shown(row, &view)).collect(),
        file_name: stored.file_name,
        login: stored.login,
        sha256: stored.sha256,
        path,
        pager,
        shell,
    })
}

/// `国标编码 ← 设备编码、状态 ← 在线状态`.
fn columns(stored: &StoredReconciliation, t: Words) -> String {
    let of =
        stored.columns.iter().map(|(column, heading)| format!("{} ← {heading}", column.name(t.0)));
    of.collect::<Vec<_>>().join(t.0.pick("，", ", "))
}

fn shown(row: &ListedRow, view: &View<'_>) -> Row {
    let lang = view.t.0;
    let named = [&row.name, &row.code, &row.ip];
    let from_file = named.into_iter().flatten().next().cloned();
    let (href, name) = match &row.device {
        Some((id, name)) => (Some(format!("/devices/{id}")), name.clone()),
        None => (None, from_file.unwrap_or_else(|| "–".to_owned())),
    };
    let claim = row.claim.map_or_else(|| row.said.clone(), |it| it.name(lang).to_owned());
    let mut why = Vec::new();
    if !row.faults.is_empty() {
        why.push(fault_names(&row.faults, lang));
    }
    if let Some(since) = row.since {
        why.push(format!("{} {}", view.t.since(), view.moment(since).short));
    }
    why.extend(row.doubt.map(|it| it.name(lang).to_owned()));
    Row {
        href,
        name,
        place: [row.place.clone(), row.maintainer.clone()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · "),
        outcome: row.outcome.name(lang),
        is_difference: matches!(
            row.outcome,
            ReconcileOutcome::OnlyPlatform | ReconcileOutcome::OnlyProbe
        ),
        claim,
        measured: row.measured.map_or("–", |it| it.name(lang)).to_owned(),
        why: why.join(lang.pick("，", ", ")),
        at: view.moment(row.at),
        file_row: row.file_row.map_or_else(|| "–".to_owned(), |row| row.to_string()),
    }
}

/// `GET /reconciliations/{id}/rows.{format}`: the rows in the order shown.
pub(crate) async fn export(
    State(app): State<App>,
    shell: Shell,
    Path((id, format)): Path<(i64, String)>,
    Query(query): Query<RowQuery>,
) -> Result<Response, Failure> {
    let t = shell.t;
    let outcome = word("outcome", &query.outcome, ReconcileOutcome::from_code)?;
    let stored = app.store.reconciliation(id).await?.ok_or_else(Failure::not_found)?;
    let rows = app.store.reconciliation_rows(id, outcome, None, MOST).await?;
    let at = |at: Timestamp| at.in_zone(app.zone).format("%Y-%m-%d %H:%M:%S").to_string();
    let sheet = Sheet {
        name: t.reconciliations().to_owned(),
        headings: [
            t.reconcile_outcome(),
            t.reconcile_file_row(),
            t.national_code(),
            t.ip(),
            t.reconcile_named(),
            t.reconcile_claim(),
            t.reconcile_at(),
            t.device(),
            t.site(),
            t.maintainer(),
            t.reconcile_measured(),
            t.down_since(),
            t.reason(),
            t.reconcile_matched(),
            t.reconcile_doubt(),
        ]
        .map(str::to_owned)
        .into(),
        rows: rows.iter().map(|row| cells(row, t, at)).collect(),
        footnote: format!(
            "{} · {} {} · {} · {} {} · SHA-256 {}",
            stored.file_name,
            t.reconcile_as_of(),
            at(stored.as_of),
            columns(&stored, t),
            t.made_by(),
            stored.login,
            stored.sha256
        ),
    };
    file_of(&sheet, &format, &format!("zhishou-reconciliation-{id}"))
}

fn cells(row: &ListedRow, t: Words, at: impl Fn(Timestamp) -> String) -> Vec<Cell> {
    let text = |text: Option<String>| text.map_or(Cell::Empty, Cell::Text);
    let word =
        |word: Option<&'static str>| word.map_or(Cell::Empty, |it| Cell::Text(it.to_owned()));
    vec![
        Cell::Text(row.outcome.name(t.0).to_owned()),
        row.file_row.map_or(Cell::Empty, |row| Cell::Count(row.into())),
        text(row.code.clone()),
        text(row.ip.clone()),
        text(row.name.clone()),
        Cell::Text(row.said.clone()),
        Cell::Text(at(row.at)),
        text(row.device.as_ref().map(|(_, name)| name.clone())),
        text(row.place.clone()),
        text(row.maintainer.clone()),
        word(row.measured.map(|it| it.name(t.0))),
        text(row.since.map(at)),
        text((!row.faults.is_empty()).then(|| fault_names(&row.faults, t.0))),
        word(row.matched_by.map(|it| it.name(t.0))),
        word(row.doubt.map(|it| it.name(t.0))),
    ]
}

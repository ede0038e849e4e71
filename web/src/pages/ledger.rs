//! `/ledger`: how complete the ledger is: 接入率, 档案完整率, which fields are missing how often, and the
//! records that keep devices from being probed.

use super::{FilterBar, Pager, View, bar::States, file_of};
use crate::{
    api::policy_of,
    app::App,
    cursor,
    failure::Failure,
    format::grouped,
    query::FilterQuery,
    shell::{Nav, Shell, page},
    words::Words,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use serde::Deserialize;
use zhishou_domain::{LedgerColumn, Rate, account::FigureKind, policy::Policy};
use zhishou_report::{Cell, Sheet};
use zhishou_storage::{GapRow, LedgerGap};

/// Records on a page.
const SHOWN: u32 = 50;
/// Records of a file at most.
const MOST: u32 = 200_000;

#[derive(Template)]
#[template(path = "ledger.html")]
struct LedgerPage {
    shell: Shell,
    figures: Vec<Share>,
    policy: String,
    gaps: Vec<GapLink>,
    bar: FilterBar,
    all: String,
    is_all: bool,
    exports: [(&'static str, String); 2],
    rows: Vec<Record>,
    pager: Pager,
}

/// A rate of records.
struct Share {
    name: &'static str,
    percent: Option<String>,
    fraction: String,
}

struct GapLink {
    name: String,
    number: String,
    of: String,
    is_zero: bool,
    href: String,
    is_chosen: bool,
}

struct Record {
    href: String,
    name: String,
    place: String,
    lacks: String,
    maintainer: String,
}

/// Which gap, under which policy.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct GapQuery {
    gap: String,
    policy: String,
}

impl GapQuery {
    fn only(&self, policy: &Policy) -> Result<Option<LedgerGap>, Failure> {
        if self.gap.is_empty() {
            return Ok(None);
        }
        let found = LedgerGap::under(policy).into_iter().find(|it| it.code() == self.gap);
        let unknown = || Failure::bad_input("gap：没有这个取值", "gap: unknown value");
        found.map(Some).ok_or_else(unknown)
    }

    fn link(&self, filters: &FilterQuery, path: &str, more: &[(&str, &str)]) -> String {
        let own = [("gap", self.gap.as_str()), ("policy", self.policy.as_str())];
        let kept = own.into_iter().filter(|(name, _)| more.iter().all(|(it, _)| it != name));
        let all: Vec<_> = kept.chain(more.iter().copied()).collect();
        filters.link(path, &all)
    }
}

/// `GET /ledger`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Query(filters): Query<FilterQuery>,
    Query(query): Query<GapQuery>,
) -> Result<Response, Failure> {
    const PATH: &str = "/ledger";
    let shell = shell.at(Nav::Ledger);
    let view = View::new(&app, shell.t);
    let t = shell.t;
    let policy = policy_of(&app, &query.policy).await?.policy;
    let (filter, only) = (filters.filter()?, query.only(&policy)?);
    let after = match filters.after.as_str() {
        "" => None,
        text => Some(cursor::to_gap(text)?),
    };
    let (state, mut found, choices) = tokio::try_join!(
        app.store.ledger_state(&policy, &filter),
        app.store.ledger_gaps(&policy, &filter, only, after.as_ref(), SHOWN + 1),
        app.store.choices(),
    )?;
    let has_more = found.len() > SHOWN as usize;
    found.truncate(SHOWN as usize);
    let next = found.last().filter(|_| has_more).map(GapRow::cursor);
    let share = |kind: FigureKind, numerator| {
        let rate = Rate { numerator, denominator: state.records };
        Share {
            name: kind.name(t.0),
            percent: rate.value().map(|_| rate.percent()),
            fraction: format!("{}/{}", grouped(numerator), grouped(state.records)),
        }
    };
    let gaps = LedgerGap::under(&policy).into_iter().zip(&state.gaps);
    let gaps = gaps.map(|(gap, number)| GapLink {
        name: gap_word(gap, t),
        number: grouped(*number),
        of: grouped(state.records),
        is_zero: *number == 0,
        href: query.link(&filters, PATH, &[("gap", gap.code())]),
        is_chosen: only == Some(gap),
    });
    let mut bar = FilterBar::new(PATH, &filters, choices, States::Hidden, t);
    for (name, value) in [("gap", &query.gap), ("policy", &query.policy)] {
        if !value.is_empty() {
            bar.kept.push((name, value.clone()));
        }
    }
    page(&LedgerPage {
        figures: vec![
            share(FigureKind::Connected, state.connected),
            share(FigureKind::Ledger, state.complete),
        ],
        policy: format!("{} {}", policy.name(t.0), policy.reference()),
        gaps: gaps.collect(),
        all: query.link(&filters, PATH, &[("gap", "")]),
        is_all: only.is_none(),
        exports: [
            ("Excel", query.link(&filters, "/ledger/gaps.xlsx", &[])),
            ("CSV", query.link(&filters, "/ledger/gaps.csv", &[])),
        ],
        rows: found.iter().map(|row| record(row, &view)).collect(),
        pager: Pager {
            first: after.map(|_| query.link(&filters, PATH, &[])),
            next: next.map(|it| query.link(&filters, PATH, &[("after", &cursor::of_gap(&it))])),
        },
        bar,
        shell,
    })
}

/// What a record lacks, in a word.
fn gap_word(gap: LedgerGap, t: Words) -> String {
    match gap {
        LedgerGap::Address => t.gap_address().to_owned(),
        LedgerGap::Login => t.gap_login().to_owned(),
        LedgerGap::Field(field) => {
            format!("{}{}", t.gap_lacks(), LedgerColumn::name(field.column(), t.0))
        }
    }
}

fn lacks(row: &GapRow, t: Words) -> String {
    let words: Vec<_> = row.gaps.iter().map(|gap| gap_word(*gap, t)).collect();
    words.join(t.0.pick("、", ", "))
}

fn record(row: &GapRow, view: &View<'_>) -> Record {
    let maintainer = row.maintainer.as_ref();
    Record {
        href: format!("/devices/{}", row.device),
        name: row.name.clone(),
        place: format!("{} · {}", row.street, row.site),
        lacks: lacks(row, view.t),
        maintainer: maintainer.map_or_else(String::new, |(name, phone)| {
            format!("{name} {}", phone.as_deref().unwrap_or_default()).trim_end().to_owned()
        }),
    }
}

/// `GET /ledger/gaps.{format}`: the records in the order shown.
pub(crate) async fn export(
    State(app): State<App>,
    shell: Shell,
    Path(format): Path<String>,
    Query(filters): Query<FilterQuery>,
    Query(query): Query<GapQuery>,
) -> Result<Response, Failure> {
    let t = shell.t;
    let policy = policy_of(&app, &query.policy).await?.policy;
    let only = query.only(&policy)?;
    let rows = app.store.ledger_gaps(&policy, &filters.filter()?, only, None, MOST).await?;
    let text = |text: Option<String>| text.map_or(Cell::Empty, Cell::Text);
    let rows = rows.into_iter().map(|row| {
        let lacks = lacks(&row, t);
        let (maintainer, phone) = row.maintainer.unzip();
        vec![
            Cell::Text(row.name),
            Cell::Text(row.street),
            Cell::Text(row.site),
            text(row.national_code),
            text(row.ip),
            Cell::Text(lacks),
            text(maintainer),
            text(phone.flatten()),
        ]
    });
    let sheet = Sheet {
        name: t.gaps().to_owned(),
        headings: [
            t.device(),
            t.street(),
            t.site(),
            t.national_code(),
            t.ip(),
            t.gaps(),
            t.maintainer(),
            LedgerColumn::Phone.name(t.0),
        ]
        .map(str::to_owned)
        .into(),
        rows: rows.collect(),
        footnote: format!(
            "{} {} {} · {}",
            t.policy(),
            policy.name(t.0),
            policy.reference(),
            app.clock.now().rfc3339(app.zone)
        ),
    };
    file_of(&sheet, &format, "zhishou-ledger-gaps")
}

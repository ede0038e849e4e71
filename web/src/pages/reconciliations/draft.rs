//! A file that is being tried: what its columns seem to mean, its first rows, and what would come of it.

use super::{OutcomeLink, outcome_links, sentence};
use crate::{
    app::App,
    drafts::{Draft, Drafts},
    failure::Failure,
    guard::User,
    reconcile,
    shell::{Nav, Shell, page},
    words::Words,
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    http::{Extensions, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use chrono::NaiveDateTime;
use serde::Deserialize;
use zhishou_domain::{
    Timestamp,
    reconcile::{ReconcileOutcome, StatusColumn},
};
use zhishou_ledger::StatusColumns;

/// Rows of the file that are shown as they stand.
const SAMPLE: usize = 5;
/// A moment as a field of a form has it.
const FIELD: &str = "%Y-%m-%dT%H:%M";

#[derive(Template)]
#[template(path = "reconciliation_draft.html")]
struct DraftPage {
    shell: Shell,
    path: String,
    file_name: String,
    columns: Vec<ColumnChoice>,
    as_of: String,
    headings: Vec<String>,
    sample: Vec<(u32, Vec<String>)>,
    /// What would come of it; none where the columns do not suffice.
    result: Option<DryRun>,
}

struct DryRun {
    sentence: String,
    outcomes: Vec<OutcomeLink>,
}

/// Which column a meaning is taken from.
struct ColumnChoice {
    name: &'static str,
    label: &'static str,
    /// Number of the column, its heading, whether it is chosen.
    options: Vec<(usize, String, bool)>,
}

/// What the columns mean, as the form sends it: numbers of columns, nothing where there is none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Meaning {
    code: String,
    ip: String,
    name: String,
    status: String,
    time: String,
    as_of: String,
    /// Whether a person has looked at it; else it is guessed.
    mapped: String,
}

impl Meaning {
    fn column(&self, column: StatusColumn) -> &str {
        match column {
            StatusColumn::Code => &self.code,
            StatusColumn::Ip => &self.ip,
            StatusColumn::Name => &self.name,
            StatusColumn::Status => &self.status,
            StatusColumn::Time => &self.time,
        }
    }

    fn columns(&self, draft: &Draft) -> StatusColumns {
        if self.mapped.is_empty() {
            return draft.file.guess();
        }
        let all = StatusColumn::ALL.iter();
        all.filter_map(|column| Some((*column, self.column(*column).parse().ok()?))).collect()
    }

    fn as_of(&self, app: &App, draft: &Draft) -> Result<Timestamp, Failure> {
        if self.as_of.is_empty() {
            return Ok(draft.at);
        }
        let wall = NaiveDateTime::parse_from_str(&self.as_of, FIELD).map_err(|_| {
            Failure::bad_input("核对时刻：年-月-日T时:分", "as_of: as in 2026-03-25T08:00")
        })?;
        Ok(Timestamp::from_local(wall, app.zone))
    }
}

/// `GET /reconciliations/draft/{token}`.
pub(crate) async fn draft(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Extension(drafts): Extension<Drafts>,
    Path(token): Path<String>,
    Query(meaning): Query<Meaning>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Ledger);
    let t = shell.t;
    let Some(draft) = drafts.get(&token, &user.login) else { return gone(&app, &token, t).await };
    let (columns, as_of) = (meaning.columns(&draft), meaning.as_of(&app, &draft)?);
    let path = format!("/reconciliations/draft/{token}");
    let result = if reconcile::is_enough(&columns) {
        let made = reconcile::compare(&app, &draft, columns.clone(), as_of).await?;
        Some(DryRun {
            sentence: sentence(&made.counts, t.0),
            outcomes: outcome_links(&made.counts, made.cameras, None, t.0, &path),
        })
    } else {
        None
    };
    let choice = |column: &StatusColumn| ColumnChoice {
        name: column.code(),
        label: column.name(t.0),
        options: draft
            .file
            .headings()
            .iter()
            .enumerate()
            .map(|(at, heading)| (at, heading.clone(), columns.get(column) == Some(&at)))
            .collect(),
    };
    page(&DraftPage {
        path,
        file_name: draft.file_name.clone(),
        columns: StatusColumn::ALL.iter().map(choice).collect(),
        as_of: as_of.in_zone(app.zone).format(FIELD).to_string(),
        headings: draft.file.headings().to_vec(),
        sample: draft.file.sample(SAMPLE),
        result,
        shell,
    })
}

/// `POST /reconciliations/draft/{token}`: keeps what would come of it.
pub(crate) async fn keep(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Extension(drafts): Extension<Drafts>,
    extensions: Extensions,
    Path(token): Path<String>,
    Form(meaning): Form<Meaning>,
) -> Result<Response, Failure> {
    let t = shell.t;
    let Some(draft) = drafts.get(&token, &user.login) else { return gone(&app, &token, t).await };
    let (columns, as_of) = (meaning.columns(&draft), meaning.as_of(&app, &draft)?);
    if !reconcile::is_enough(&columns) {
        return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, t.reconcile_need()));
    }
    let id = reconcile::keep(&app, (&user, &extensions), &draft, columns, as_of).await?;
    drafts.drop(&token);
    let only = ReconcileOutcome::OnlyPlatform;
    let first = app.store.reconciliation_rows(id, Some(only), None, 1).await?;
    let chosen = if first.is_empty() { String::new() } else { format!("?outcome={}", only.code()) };
    Ok(Redirect::to(&format!("/reconciliations/{id}{chosen}")).into_response())
}

/// A draft that is not there: it was kept, or it is gone.
async fn gone(app: &App, token: &str, t: Words) -> Result<Response, Failure> {
    match app.store.reconciliation_of(token).await? {
        Some(id) => Ok(Redirect::to(&format!("/reconciliations/{id}")).into_response()),
        None => Err(Failure::new(StatusCode::NOT_FOUND, t.reconcile_gone())),
    }
}

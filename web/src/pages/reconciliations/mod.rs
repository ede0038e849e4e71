//! `/reconciliations`: what another platform exported of its devices beside what the probes had found:
//! a file is tried first, and kept when its columns are right.

mod draft;
mod one;

pub(crate) use draft::{draft, keep};
pub(crate) use one::{export, show};

use super::{Pager, View};
use crate::{
    app::App,
    cursor,
    drafts::Drafts,
    failure::Failure,
    format::{Moment, grouped},
    guard::User,
    reconcile,
    shell::{Nav, Shell, page},
    token,
    upload::file_of,
};
use askama::Template;
use axum::{
    Extension,
    extract::{Multipart, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use zhishou_domain::{Lang, Rate, reconcile::ReconcileOutcome};
use zhishou_storage::{OutcomeCounts, StoredReconciliation};

/// Reconciliations on a page.
const SHOWN: u32 = 50;

#[derive(Template)]
#[template(path = "reconciliations.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<ListRow>,
    pager: Pager,
    problem: Option<String>,
}

struct ListRow {
    href: String,
    file_name: String,
    sentence: String,
    as_of: Moment,
    made: Moment,
    login: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ListQuery {
    after: String,
}

/// `GET /reconciliations`.
pub(crate) async fn list(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<ListQuery>,
) -> Result<Response, Failure> {
    let before = match query.after.as_str() {
        "" => None,
        text => Some(cursor::to_number(text)?),
    };
    render(&app, shell, before, None).await
}

async fn render(
    app: &App,
    shell: Shell,
    before: Option<i64>,
    problem: Option<String>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Ledger);
    let view = View::new(app, shell.t);
    let mut found = app.store.reconciliations(before, SHOWN + 1).await?;
    let has_more = found.len() > SHOWN as usize;
    found.truncate(SHOWN as usize);
    let last = found.last().filter(|_| has_more);
    let pager = Pager {
        first: before.map(|_| "/reconciliations".to_owned()),
        next: last.map(|it| format!("/reconciliations?after={}", cursor::of_number(it.id))),
    };
    let row = |it: StoredReconciliation| ListRow {
        href: format!("/reconciliations/{}", it.id),
        sentence: sentence(&it.counts, view.t.0),
        as_of: view.moment(it.as_of),
        made: view.moment(it.made),
        file_name: it.file_name,
        login: it.login,
    };
    let rows = found.into_iter().map(row).collect();
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, page(&ListPage { shell, rows, pager, problem })?).into_response())
}

/// `POST /reconciliations`: reads the file and shows what would come of it.
pub(crate) async fn upload(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Extension(drafts): Extension<Drafts>,
    form: Multipart,
) -> Result<Response, Failure> {
    let lang = shell.t.0;
    let Some((name, bytes)) = file_of(form).await? else {
        let problem = shell.t.reconcile_no_file().to_owned();
        return render(&app, shell, None, Some(problem)).await;
    };
    let token = token::draw()?;
    match reconcile::read(&app, &user, shell.t, (token, name), bytes).await {
        Ok(draft) => {
            let address = format!("/reconciliations/draft/{}", draft.token);
            drafts.put(draft);
            Ok(Redirect::to(&address).into_response())
        }
        Err(failure) if failure.status == StatusCode::UNPROCESSABLE_ENTITY => {
            let problem = failure.words(lang).to_owned();
            render(&app, shell, None, Some(problem)).await
        }
        Err(failure) => Err(failure),
    }
}

/// An outcome with how many rows came to it, and of how many.
struct OutcomeLink {
    name: &'static str,
    number: String,
    of: String,
    is_zero: bool,
    href: String,
    is_chosen: bool,
}

fn outcome_links(
    counts: &OutcomeCounts,
    cameras: u64,
    chosen: Option<ReconcileOutcome>,
    lang: Lang,
    path: &str,
) -> Vec<OutcomeLink> {
    let link = |outcome: &ReconcileOutcome| {
        let number = counts.of(*outcome);
        let of = match outcome {
            ReconcileOutcome::NotInPlatform => cameras,
            _ => counts.rows(),
        };
        OutcomeLink {
            name: outcome.name(lang),
            number: grouped(number),
            of: grouped(of),
            is_zero: number == 0,
            href: format!("{path}?outcome={}", outcome.code()),
            is_chosen: chosen == Some(*outcome),
        }
    };
    ReconcileOutcome::ALL.iter().map(link).collect()
}

/// What a reconciliation says in one line.
fn sentence(counts: &OutcomeCounts, lang: Lang) -> String {
    use ReconcileOutcome as O;
    let compared = counts.compared();
    let (gone, hidden) = (counts.of(O::OnlyPlatform), counts.of(O::OnlyProbe));
    let share = |number: u64| {
        let rate = Rate { numerator: number, denominator: compared };
        format!("{}/{} = {} %", grouped(number), grouped(compared), rate.percent())
    };
    let both = counts.of(O::BothOnline);
    let (claimed, measured) = (share(both + gone), share(both + hidden));
    let rows = grouped(counts.rows());
    match (compared, lang) {
        (0, Lang::Zh) => format!("共 {rows} 行，没有一行能与实测对照。"),
        (0, Lang::En) => format!("{rows} rows, none of which can be compared."),
        (_, Lang::Zh) => format!(
            "共 {rows} 行，可对照 {} 台：平台称在线 {claimed}，实测在线 {measured}；平台在线而实测离线 {} 台，反之 {} 台。",
            grouped(compared),
            grouped(gone),
            grouped(hidden)
        ),
        (_, Lang::En) => format!(
            "{rows} rows, {} compared: the platform says online {claimed}, measured online {measured}; {} online there and measured offline, {} the reverse.",
            grouped(compared),
            grouped(gone),
            grouped(hidden)
        ),
    }
}

//! `/admin/policies`: 口径, in words and as documents; a new version shows what it would change
//! before it is saved.

use super::View;
use crate::{
    api::{compare_policy, policy_of, save_policy},
    app::App,
    failure::Failure,
    format::{Figure, Moment},
    guard::User,
    shell::{Nav, Shell, page},
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    http::{Extensions, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use std::collections::BTreeMap;
use zhishou_domain::{
    Lang, Timestamp,
    account::{self, Figures, Source, Tally},
    policy::Policy,
};
use zhishou_report::policy_words;
use zhishou_storage::Accounted;

/// Days that a preview spans at most, and where nothing is asked for.
const MOST_DAYS: i64 = 31;
const DAYS: u64 = 7;

#[derive(Template)]
#[template(path = "policies.html")]
struct PoliciesPage {
    shell: Shell,
    notice: Option<&'static str>,
    rows: Vec<PolicyRow>,
}

/// The newest version of a policy, and those before.
struct PolicyRow {
    name: String,
    newest: VersionRow,
    older: Vec<VersionRow>,
    is_default: bool,
}

struct VersionRow {
    policy: String,
    made: Option<(Moment, String)>,
}

/// What was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DoneQuery {
    done: String,
}

/// `GET /admin/policies`.
pub(crate) async fn list(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Policies);
    let view = View::new(&app, shell.t);
    let mut rows: Vec<PolicyRow> = Vec::new();
    let mut id = String::new();
    for stored in app.store.policies().await? {
        let version = VersionRow {
            policy: stored.policy.reference().to_string(),
            made: (stored.created != Timestamp::default())
                .then(|| (view.moment(stored.created), stored.login.clone())),
        };
        match rows.last_mut() {
            Some(row) if id == stored.policy.id => row.older.push(version),
            _ => rows.push(PolicyRow {
                name: stored.policy.name(view.t.0).to_owned(),
                newest: version,
                older: Vec::new(),
                is_default: stored.policy.id == app.settings.policy,
            }),
        }
        id = stored.policy.id;
    }
    let notice = (query.done == "saved").then(|| shell.t.policy_saved());
    page(&PoliciesPage { notice, rows, shell })
}

#[derive(Template)]
#[template(path = "policy.html")]
struct PolicyPage {
    shell: Shell,
    name: String,
    policy: String,
    words: Vec<String>,
    document: String,
}

/// `GET /admin/policies/{policy}`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Policies);
    let policy = policy_of(&app, &name).await?.policy;
    page(&PolicyPage {
        name: policy.name(shell.t.0).to_owned(),
        policy: policy.reference().to_string(),
        words: policy_words(&policy, shell.t.0),
        document: document(&policy)?,
        shell,
    })
}

fn document(policy: &Policy) -> Result<String, Failure> {
    policy.to_toml().map_err(Failure::internal)
}

#[derive(Template)]
#[template(path = "policy_edit.html")]
struct EditPage {
    shell: Shell,
    problem: Option<String>,
    form: PolicyForm,
    preview: Option<Preview>,
}

/// What is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PolicyForm {
    /// TOML.
    document: String,
    /// First and last local day of the preview, YYYY-MM-DD.
    from: String,
    to: String,
}

/// What a document would change.
struct Preview {
    policy: String,
    words: Vec<String>,
    /// The version it is compared with; `None` for a new id.
    beside: Option<String>,
    rows: Vec<PreviewRow>,
    streets: Vec<PreviewRow>,
    /// Streets whose 在线率 stays as it is.
    same: usize,
}

/// A figure as it is and as it would be.
struct PreviewRow {
    name: String,
    now: Option<Figure>,
    then: Figure,
}

impl PreviewRow {
    fn differs(&self) -> bool {
        self.now.as_ref() != Some(&self.then)
    }
}

/// `GET /admin/policies/{policy}/edit`: the document of its next version.
pub(crate) async fn edit(
    State(app): State<App>,
    shell: Shell,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let policy = policy_of(&app, &name).await?.policy;
    let newest = policy_of(&app, &policy.id).await?.policy.version;
    let next = Policy { version: newest + 1, ..policy };
    let to = app.clock.now().local_day(app.zone);
    let from = to.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(to);
    let (from, to) = (from.to_string(), to.to_string());
    let form = PolicyForm { document: document(&next)?, from, to };
    let shell = shell.at(Nav::Policies);
    page(&EditPage { problem: None, form, preview: None, shell })
}

/// `POST /admin/policies/preview`: the figures of some days as they are and as they would be.
pub(crate) async fn preview(
    State(app): State<App>,
    shell: Shell,
    Form(form): Form<PolicyForm>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Policies);
    match previewed(&app, shell.t.0, &form).await? {
        Ok(preview) => page(&EditPage { problem: None, form, preview: Some(preview), shell }),
        Err(problem) => refused(shell, form, problem),
    }
}

/// `POST /admin/policies`.
pub(crate) async fn save(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Form(form): Form<PolicyForm>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Policies);
    let lang = shell.t.0;
    let policy = match Policy::from_text(&form.document) {
        Ok(policy) => policy,
        Err(problem) => return refused(shell, form, problem.words(lang)),
    };
    match save_policy(&app, lang, &user, &extensions, policy).await {
        Ok(_) => Ok(Redirect::to("/admin/policies?done=saved").into_response()),
        Err(failure) if failure.status == StatusCode::CONFLICT => {
            let problem = failure.words(lang).to_owned();
            refused(shell, form, problem)
        }
        Err(failure) => Err(failure),
    }
}

fn refused(shell: Shell, form: PolicyForm, problem: String) -> Result<Response, Failure> {
    let page = page(&EditPage { problem: Some(problem), form, preview: None, shell })?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// The preview, or what is wrong with what was typed.
async fn previewed(
    app: &App,
    lang: Lang,
    form: &PolicyForm,
) -> Result<Result<Preview, String>, Failure> {
    let policy = match Policy::from_text(&form.document) {
        Ok(policy) => policy,
        Err(problem) => return Ok(Err(problem.words(lang))),
    };
    let day = |text: &str| text.parse::<NaiveDate>();
    let days = match (day(&form.from), day(&form.to)) {
        (Ok(from), Ok(to)) if from <= to && (to - from).num_days() < MOST_DAYS => (from, to),
        _ => {
            let said = match lang {
                Lang::Zh => format!("预览日期须先后有序，最多 {MOST_DAYS} 天"),
                Lang::En => format!("the days of the preview: in order, at most {MOST_DAYS}"),
            };
            return Ok(Err(said));
        }
    };
    let (before, after) = compare_policy(app, &policy, days).await?;
    let before = before.as_ref().map(|(stored, account)| (&stored.policy, account));
    let now = before.map(|(policy, account)| figures(policy, account, &account.total()));
    let then = figures(&policy, &after, &after.total());
    let target = policy.target(None);
    let row = |name: &str, now: Option<&account::Figure>, then: &account::Figure| PreviewRow {
        name: name.to_owned(),
        now: now.map(|figure| Figure::of(figure, target, lang)),
        then: Figure::of(then, target, lang),
    };
    let mut rows =
        vec![row(then.online.kind.name(lang), now.as_ref().map(|it| &it.online), &then.online)];
    for (now, then) in [
        (now.as_ref().and_then(|it| it.reach.as_ref()), then.reach.as_ref()),
        (now.as_ref().and_then(|it| it.intact.as_ref()), then.intact.as_ref()),
        (now.as_ref().map(|it| &it.connected), Some(&then.connected)),
        (now.as_ref().map(|it| &it.ledger), Some(&then.ledger)),
    ] {
        if let Some(then) = then {
            rows.push(row(then.kind.name(lang), now, then));
        }
    }
    let mut present: BTreeMap<Option<&str>, Figures> = BTreeMap::new();
    if let Some((policy, account)) = before {
        for row in &account.rows {
            present.insert(row.key.as_deref(), figures(policy, account, &row.tally));
        }
    }
    let streets = after.rows.iter().map(|street| {
        let then = figures(&policy, &after, &street.tally);
        let now = present.get(&street.key.as_deref()).map(|it| &it.online);
        row(street.name.as_deref().unwrap_or("–"), now, &then.online)
    });
    let (streets, same): (Vec<_>, Vec<_>) = streets.partition(PreviewRow::differs);
    Ok(Ok(Preview {
        policy: policy.reference().to_string(),
        words: policy_words(&policy, lang),
        beside: before.map(|(policy, _)| policy.reference().to_string()),
        rows,
        streets,
        same: same.len(),
    }))
}

fn figures(policy: &Policy, account: &Accounted, tally: &Tally) -> Figures {
    Figures::after(policy, account.window.counted.len(), tally, Source::Transitions)
}

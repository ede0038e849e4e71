//! `/exclusions`: 剔除, what waits for somebody first in the counts, newest first in the list; and the
//! form that files one.

use super::{Pager, View, exclusion::Extent};
use crate::{
    app::App,
    exclude::{self, Filing, LONGEST},
    failure::Failure,
    format::Moment,
    guard::User,
    query::word,
    shell::{Nav, Shell, page},
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Query, State},
    http::{Extensions, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use chrono::NaiveDateTime;
use serde::Deserialize;
use zhishou_domain::{
    DeviceId, ExclusionId, ExclusionReason, ExclusionState, State as Media, Timestamp,
};
use zhishou_storage::{ExclusionScope, StoredExclusion};

/// Exclusions on one page.
const SHOWN: u32 = 50;
/// A moment as a field of a form has it.
const FIELD: &str = "%Y-%m-%dT%H:%M";

#[derive(Template)]
#[template(path = "exclusions.html")]
struct ExclusionsPage {
    shell: Shell,
    counts: Vec<StateCount>,
    all: bool,
    rows: Vec<ExclusionRow>,
    pager: Pager,
}

/// How many stand so.
struct StateCount {
    name: &'static str,
    number: u64,
    href: String,
    chosen: bool,
}

struct ExclusionRow {
    href: String,
    name: String,
    maintainer: Option<String>,
    reason: &'static str,
    extent: Extent,
    state: &'static str,
    /// Who did the last act, and when.
    by: String,
    at: Moment,
}

/// Which exclusions.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ListQuery {
    state: String,
    after: String,
}

/// `GET /exclusions`.
pub(crate) async fn list(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Exclusions);
    let view = View::new(&app, shell.t);
    let state = word("state", &query.state, ExclusionState::from_code)?;
    let after: Option<ExclusionId> = match query.after.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| crate::cursor::BadCursor)?),
    };
    let always = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
    let (mut found, counts) = tokio::try_join!(
        app.store.exclusions(always, (state, user.maintainer), after, SHOWN + 1),
        app.store.exclusion_counts(user.maintainer),
    )?;
    let has_more = found.len() > SHOWN as usize;
    found.truncate(SHOWN as usize);
    let here = |state: &str, after: &str| match (state, after) {
        ("", "") => "/exclusions".to_owned(),
        ("", after) => format!("/exclusions?after={after}"),
        (state, "") => format!("/exclusions?state={state}"),
        (state, after) => format!("/exclusions?state={state}&after={after}"),
    };
    let next = found.last().filter(|_| has_more).map(|it| here(&query.state, &it.id.to_string()));
    let counts = ExclusionState::ALL.iter().map(|it| StateCount {
        name: it.name(view.t.0),
        number: counts.get(it).copied().unwrap_or(0),
        href: here(it.code(), ""),
        chosen: state == Some(*it),
    });
    page(&ExclusionsPage {
        counts: counts.collect(),
        all: state.is_none(),
        rows: found.into_iter().filter_map(|it| row(&view, it)).collect(),
        pager: Pager { first: after.map(|_| here(&query.state, "")), next },
        shell,
    })
}

fn row(view: &View<'_>, stored: StoredExclusion) -> Option<ExclusionRow> {
    let exclusion = stored.exclusion;
    let last = exclusion.steps.last()?;
    Some(ExclusionRow {
        href: format!("/exclusions/{}", stored.id),
        name: stored.name,
        maintainer: stored.maintainer_name,
        reason: exclusion.reason.name(view.t.0),
        extent: Extent::of(view, &exclusion),
        state: exclusion.state().name(view.t.0),
        by: last.login.clone(),
        at: view.moment(last.at),
    })
}

#[derive(Template)]
#[template(path = "exclusion_new.html")]
struct NewPage {
    shell: Shell,
    problem: Option<String>,
    form: FilingForm,
    /// The device that it is about, where the form was opened from one.
    device: Option<(String, String)>,
    streets: Vec<(String, String)>,
    sites: Vec<(String, String)>,
    maintainers: Vec<(String, String)>,
    reasons: Vec<(&'static str, &'static str)>,
    longest: usize,
}

/// What is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FilingForm {
    /// `device:ID`, `site:ID` or `street:ID`.
    about: String,
    maintainer: String,
    /// Local time of the platform.
    from: String,
    to: String,
    reason: String,
    evidence: String,
    note: String,
}

/// `GET /exclusions/new`. From the page of a device that is down, its outage so far is filled in.
pub(crate) async fn form(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Query(mut form): Query<FilingForm>,
) -> Result<Response, Failure> {
    if form.from.is_empty()
        && let Some(id) = form.about.strip_prefix("device:")
        && let id = id.parse().map_err(|_| Failure::not_found())?
        && is_theirs(&app, &user, id).await?
        && let Some(device) = app.store.device_page(id).await?
        && device.standing.state == Media::Down
    {
        let field = |at: Timestamp| at.in_zone(app.zone).format(FIELD).to_string();
        (form.from, form.to) = (field(device.standing.since), field(app.clock.now()));
    }
    show(&app, (shell, &user), form, None).await
}

/// `POST /exclusions`. What is refused is shown again as it was typed.
pub(crate) async fn file(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Form(form): Form<FilingForm>,
) -> Result<Response, Failure> {
    let filed = match filing(&app, &form) {
        Ok(filing) => exclude::file(&app, &user, &extensions, filing).await,
        Err(failure) => Err(failure),
    };
    match filed {
        Ok(id) => Ok(Redirect::to(&format!("/exclusions/{id}?done=file")).into_response()),
        Err(failure) if failure.status == StatusCode::BAD_REQUEST => {
            let problem = failure.words(shell.t.0).to_owned();
            let page = show(&app, (shell, &user), form, Some(problem)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(failure) => Err(failure),
    }
}

fn filing(app: &App, form: &FilingForm) -> Result<Filing, Failure> {
    let scope = scope_of(&form.about).ok_or_else(|| {
        Failure::bad_input("请选择剔除的对象", "choose what the exclusion is about")
    })?;
    let maintainer = match form.maintainer.as_str() {
        "" => None,
        id => Some(
            id.parse().map_err(|_| Failure::bad_input("没有这个运维单位", "no such maintainer"))?,
        ),
    };
    let reason = ExclusionReason::from_code(&form.reason)
        .ok_or_else(|| Failure::bad_input("请选择事由", "choose a reason"))?;
    let moment = |text: &str| {
        let wall = NaiveDateTime::parse_from_str(text, FIELD);
        wall.map(|wall| Timestamp::from_local(wall, app.zone))
            .map_err(|_| Failure::bad_input("请填写起止时间", "give the beginning and the end"))
    };
    let (from, to) = (moment(&form.from)?, moment(&form.to)?);
    let (evidence, note) = (form.evidence.clone(), form.note.clone());
    Ok(Filing { scope, maintainer, from, to, reason, evidence, note })
}

fn scope_of(about: &str) -> Option<ExclusionScope> {
    let (kind, id) = about.split_once(':')?;
    match kind {
        "device" => id.parse().ok().map(ExclusionScope::Device),
        "site" => id.parse().ok().map(ExclusionScope::Site),
        "street" => id.parse().ok().map(ExclusionScope::Street),
        _ => None,
    }
}

/// Whether they may know of a device: whoever belongs to a maintainer knows what that one keeps.
async fn is_theirs(app: &App, user: &User, device: DeviceId) -> Result<bool, Failure> {
    match user.maintainer {
        Some(keeper) => Ok(app.store.keeps_device(keeper, device).await?),
        None => Ok(true),
    }
}

async fn show(
    app: &App,
    (shell, user): (Shell, &User),
    form: FilingForm,
    problem: Option<String>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Exclusions);
    let (mut choices, mut sites) = tokio::try_join!(app.store.choices(), app.store.site_names())?;
    if let Some(keeper) = user.maintainer {
        let kept = app.store.kept_sites(keeper).await?;
        sites.retain(|site| kept.contains(&site.id));
        choices.streets.retain(|(id, _)| sites.iter().any(|site| site.street == *id));
        // Theirs is filled in.
        choices.maintainers.clear();
    }
    let device = match form.about.strip_prefix("device:").map(str::parse::<DeviceId>) {
        Some(Ok(id)) if is_theirs(app, user, id).await? => {
            app.store.device_page(id).await?.map(|device| {
                let name = format!("{} {} {}", device.street_name, device.site_name, device.name);
                (form.about.clone(), name)
            })
        }
        _ => None,
    };
    let mut sites: Vec<_> = sites
        .into_iter()
        .map(|site| (format!("site:{}", site.id), format!("{} {}", site.street_name, site.name)))
        .collect();
    sites.sort_by(|a, b| a.1.cmp(&b.1));
    let streets = choices.streets.into_iter();
    let maintainers = choices.maintainers.into_iter();
    let lang = shell.t.0;
    page(&NewPage {
        problem,
        form,
        device,
        streets: streets.map(|(id, name)| (format!("street:{id}"), name)).collect(),
        sites,
        maintainers: maintainers.map(|(id, name)| (id.to_string(), name)).collect(),
        reasons: ExclusionReason::ALL.iter().map(|it| (it.code(), it.name(lang))).collect(),
        longest: LONGEST,
        shell,
    })
}

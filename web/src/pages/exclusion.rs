//! `/exclusions/{id}`: how one exclusion stands, what it changes under which policy, who did what, and
//! what may be done next.

use super::{View, exclusion_files};
use crate::{
    app::App,
    exclude,
    failure::Failure,
    format::{Figure, Moment, duration},
    guard::User,
    query::act_of,
    shell::{Nav, Shell, page},
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{MatchedPath, Path, Query, State},
    http::Extensions,
    response::{Redirect, Response},
};
use serde::Deserialize;
use zhishou_domain::{
    Exclusion, ExclusionAct, ExclusionId, ExclusionState,
    account::{Figures, Source, Tally},
    policy::Policy,
};
use zhishou_storage::{AttachedFile, By, ExclusionScope, Filter, StoredExclusion};

/// Days over which the effect is computed while the page waits.
const DAYS: i64 = 31;

/// From when to when.
pub(super) struct Extent {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) length: String,
}

impl Extent {
    pub(super) fn of(view: &View<'_>, exclusion: &Exclusion) -> Self {
        let (from, to) = (exclusion.from, exclusion.to);
        let local = |at: zhishou_domain::Timestamp, format: &str| {
            at.in_zone(view.app.zone).format(format).to_string()
        };
        let same_day = from.local_day(view.app.zone) == to.local_day(view.app.zone);
        Self {
            from: local(from, "%Y-%m-%d %H:%M"),
            to: local(to, if same_day { "%H:%M" } else { "%Y-%m-%d %H:%M" }),
            length: duration(to.since(from), view.t.0),
        }
    }
}

#[derive(Template)]
#[template(path = "exclusion.html")]
struct ExclusionPage {
    shell: Shell,
    id: ExclusionId,
    name: String,
    href: Option<String>,
    maintainer: Option<String>,
    state: &'static str,
    is_over: bool,
    reason: &'static str,
    evidence: String,
    extent: Extent,
    notice: Option<&'static str>,
    may_add: bool,
    files: Vec<FileView>,
    acts: Vec<ActView>,
    /// Why who looks cannot go on with it.
    barred: Option<&'static str>,
    effects: Vec<Effect>,
    figures: Option<Change>,
    steps: Vec<StepRow>,
}

/// A photo or a document that proves it.
struct FileView {
    href: String,
    is_picture: bool,
    sha256: String,
    at: Moment,
    by: String,
    kilobytes: u64,
}

impl FileView {
    fn of(view: &View<'_>, id: ExclusionId, file: AttachedFile) -> Self {
        Self {
            href: format!("/exclusions/{id}/files/{}", file.id),
            is_picture: exclusion_files::is_picture(&file.key),
            at: view.moment(file.at),
            by: file.login,
            kilobytes: file.bytes.div_ceil(1000),
            sha256: file.sha256,
        }
    }
}

/// Something that may be done next.
struct ActView {
    code: &'static str,
    name: &'static str,
    is_main: bool,
    /// Whether a word on why is asked for.
    wants_note: bool,
}

/// What it is under one policy.
struct Effect {
    policy: String,
    name: String,
    /// Why it changes nothing; `None` where it counts.
    hindrance: Option<&'static str>,
}

/// 在线率 of what it is about, over the days it touches.
struct Change {
    from: String,
    to: String,
    policy: String,
    before: Figure,
    after: Figure,
    /// 剔除后, or 若批准 while it waits.
    after_word: &'static str,
    excluded: String,
}

struct StepRow {
    at: Moment,
    login: String,
    act: &'static str,
    note: String,
}

/// What was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DoneQuery {
    done: String,
}

/// `GET /exclusions/{id}`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Exclusions);
    let (t, view) = (shell.t, View::new(&app, shell.t));
    let id: ExclusionId = id.parse().map_err(|_| Failure::not_found())?;
    let stored = app.store.exclusion(id).await?.ok_or_else(Failure::not_found)?;
    let policies = app.store.newest_policies().await?;
    let default = policies.iter().find(|it| it.id == app.settings.policy);
    let figures = match default {
        Some(default) => change(&view, &stored, default).await?,
        None => None,
    };
    let exclusion = &stored.exclusion;
    let state = exclusion.state();
    let (acts, barred) = next_acts(&shell, exclusion, &user);
    let files = app.store.exclusion_files(id).await?;
    let is_over = matches!(state, ExclusionState::Rejected | ExclusionState::Withdrawn);
    page(&ExclusionPage {
        id,
        href: match stored.scope {
            ExclusionScope::Device(id) => Some(format!("/devices/{id}")),
            ExclusionScope::Site(id) => Some(format!("/sites/{id}")),
            ExclusionScope::Street(id) => Some(format!("/?street={id}")),
        },
        name: stored.name.clone(),
        maintainer: stored.maintainer_name.clone(),
        state: state.name(t.0),
        is_over,
        may_add: shell.may_operate() && !is_over,
        files: files.into_iter().map(|file| FileView::of(&view, id, file)).collect(),
        reason: exclusion.reason.name(t.0),
        evidence: stored.evidence.clone(),
        extent: Extent::of(&view, exclusion),
        notice: ExclusionAct::from_code(&query.done).map(|act| match act {
            ExclusionAct::File => t.exclusion_filed(),
            ExclusionAct::Approve => t.exclusion_approved(),
            ExclusionAct::Confirm => t.exclusion_confirmed(),
            ExclusionAct::Reject | ExclusionAct::Withdraw => t.exclusion_over(),
        }),
        acts,
        barred,
        effects: policies
            .iter()
            .map(|it| Effect {
                policy: it.reference().to_string(),
                name: it.name(t.0).to_owned(),
                hindrance: exclusion.hindrance(it).map(|why| why.name(t.0)),
            })
            .collect(),
        figures,
        steps: exclusion
            .steps
            .iter()
            .map(|step| StepRow {
                at: view.moment(step.at),
                login: step.login.clone(),
                act: step.act.name(t.0),
                note: step.note.clone(),
            })
            .collect(),
        shell,
    })
}

/// What who looks may do with it; where that is nothing though it waits, why.
fn next_acts(
    shell: &Shell,
    exclusion: &Exclusion,
    user: &User,
) -> (Vec<ActView>, Option<&'static str>) {
    let lang = shell.t.0;
    let (mut acts, mut barred) = (Vec::new(), None);
    for act in
        [ExclusionAct::Approve, ExclusionAct::Confirm, ExclusionAct::Reject, ExclusionAct::Withdraw]
    {
        let permitted = match act {
            ExclusionAct::Approve | ExclusionAct::Reject => shell.may_administer(),
            ExclusionAct::Confirm => user.is_liaison,
            ExclusionAct::Withdraw => user.is_liaison || shell.may_operate(),
            ExclusionAct::File => shell.may_operate(),
        };
        let outcome = exclusion.allow(act, &user.login);
        if user.maintainer.is_some() && exclude::judges(act) {
            if outcome != Err(zhishou_domain::ExclusionRefusal::Order) {
                barred = Some(exclude::not_theirs(lang));
            }
            continue;
        }
        if !permitted {
            if act == ExclusionAct::Confirm
                && outcome != Err(zhishou_domain::ExclusionRefusal::Order)
            {
                barred = Some(exclude::liaison_alone(lang));
            }
            continue;
        }
        let is_main = matches!(act, ExclusionAct::Approve | ExclusionAct::Confirm);
        match outcome {
            Ok(_) => acts.push(ActView {
                code: act.code(),
                name: act.name(lang),
                is_main,
                wants_note: !is_main,
            }),
            Err(zhishou_domain::ExclusionRefusal::SamePerson) if is_main => {
                let refusal = zhishou_domain::ExclusionRefusal::SamePerson;
                barred = Some(exclude::refusal_words(refusal, lang));
            }
            Err(_) => {}
        }
    }
    (acts, barred)
}

/// The figures before and after exclusion over the days it touches, with all other exclusions in
/// force; after, as if it were approved where it waits for that. `None` where it lies ahead or is too
/// long.
async fn change(
    view: &View<'_>,
    stored: &StoredExclusion,
    policy: &Policy,
) -> Result<Option<Change>, Failure> {
    let (zone, now) = (view.app.zone, view.now);
    let exclusion = &stored.exclusion;
    let store = &view.app.store.assuming(stored.id);
    let waits = exclusion.may_count_under(policy) && !exclusion.counts_under(policy);
    let last = exclusion.to - std::time::Duration::from_millis(1);
    let days = (exclusion.from.local_day(zone), last.min(now).local_day(zone));
    if exclusion.from >= now || (days.1 - days.0).num_days() >= DAYS {
        return Ok(None);
    }
    let filter = Filter { maintainer: stored.maintainer, ..Filter::default() };
    let filter = match stored.scope {
        ExclusionScope::Device(_) => filter,
        ExclusionScope::Site(id) => Filter { site: Some(id), ..filter },
        ExclusionScope::Street(id) => Filter { street: Some(id), ..filter },
    };
    let (window, tally): (_, Tally) = match stored.scope {
        ExclusionScope::Device(id) => {
            let Some(it) = store.device_account(policy, id, days, now).await? else {
                return Ok(None);
            };
            (it.window, it.tally)
        }
        ExclusionScope::Site(_) | ExclusionScope::Street(_) => {
            let source = Source::Transitions;
            let it = store.account(policy, source, By::Street, &filter, days, now).await?;
            (it.window.clone(), it.total())
        }
    };
    let moments = window.counted.len();
    let target = policy.target(None);
    let before = Figures::before(policy, moments, &tally, Source::Transitions).online;
    let after = Figures::after(policy, moments, &tally, Source::Transitions).online;
    let excluded = tally.before.due - tally.after.due;
    Ok(Some(Change {
        from: days.0.to_string(),
        to: days.1.to_string(),
        policy: policy.reference().to_string(),
        before: Figure::of(&before, target, view.t.0),
        after: Figure::of(&after, target, view.t.0),
        after_word: if waits { view.t.exclusion_as_if() } else { view.t.exclusion_after() },
        excluded: format!("{} {}", crate::format::grouped(excluded), after.unit.name(view.t.0)),
    }))
}

/// Why it is done.
#[derive(Debug, Deserialize)]
pub(crate) struct ActForm {
    #[serde(default)]
    note: String,
}

/// `POST /exclusions/{id}/{act}`; each act has a route of its own, for each asks for a role.
pub(crate) async fn act(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    route: MatchedPath,
    extensions: Extensions,
    Form(form): Form<ActForm>,
) -> Result<Redirect, Failure> {
    let id: ExclusionId = id.parse().map_err(|_| Failure::not_found())?;
    let act = act_of(&route, ExclusionAct::from_code)?;
    exclude::act(&app, shell.t.0, (&user, &extensions), id, (act, &form.note)).await?;
    Ok(Redirect::to(&format!("/exclusions/{id}?done={}", act.code())))
}

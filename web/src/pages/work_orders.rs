//! `/work-orders`: 工单, those past their limit first; the form that takes a report; one order with its
//! clock, and its sheet to be printed and signed (派工单).

use super::{Pager, View};
use crate::{
    app::App,
    cursor::{self, WorkPlace},
    failure::Failure,
    format::{Moment, duration},
    guard::User,
    query::{act_of, day, id, word},
    shell::{Nav, Shell, page},
    work::{self, Deed, LONGEST, Report},
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{MatchedPath, Path, Query, State},
    http::Extensions,
    response::{Redirect, Response},
};
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use std::cmp::Reverse;
use zhishou_domain::{
    Rate, Timestamp, WorkOrderId,
    work_order::{Performance, StopReason, WorkAct, WorkCategory, WorkState, WorkSubject},
};
use zhishou_storage::{StoredWorkOrder, WorkFilter, WorkScope};

/// Orders on one page.
const SHOWN: usize = 50;
/// Open orders that are sorted by their clocks, at most; the newest.
const OPEN: u32 = 5000;
/// Days that the figures are over where none are chosen, and at most.
const DAYS: u64 = 30;
const LONGEST_PERIOD: i64 = 366;
/// Orders read at once for the figures.
const COUNTED: u32 = 1000;

/// Which work orders. Without a state those that are open.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WorkQuery {
    state: String,
    category: String,
    maintainer: String,
    /// First and last day of the figures, and of those that are over.
    from: String,
    to: String,
    after: String,
}

impl WorkQuery {
    fn link(&self, state: &str, after: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let all = [
            ("state", state),
            ("category", &self.category),
            ("maintainer", &self.maintainer),
            ("from", &self.from),
            ("to", &self.to),
            ("after", after),
        ];
        for (name, value) in all.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() { "/work-orders".to_owned() } else { format!("/work-orders?{query}") }
    }

    /// The days that are chosen; the last thirty where none are.
    fn period(&self, today: NaiveDate) -> Result<(NaiveDate, NaiveDate), Failure> {
        let to = day("to", &self.to)?.unwrap_or(today);
        let from = day("from", &self.from)?.unwrap_or(to - Days::new(DAYS - 1));
        if !(0..LONGEST_PERIOD).contains(&(to - from).num_days()) {
            return Err(Failure::bad_input(
                format!("from、to：先后相续，至多 {LONGEST_PERIOD} 天"),
                format!("from, to: in order, at most {LONGEST_PERIOD} days"),
            ));
        }
        Ok((from, to))
    }

    fn has_period(&self) -> bool {
        !self.from.is_empty() || !self.to.is_empty()
    }
}

/// One order in one line, with its clock.
struct WorkLine {
    id: WorkOrderId,
    href: String,
    title: String,
    place: String,
    category: &'static str,
    state: &'static str,
    maintainer: String,
    phone: Option<String>,
    opened: Moment,
    /// `1 小时 20 分 / 4 小时 0 分`.
    clock: String,
    /// How full the bar is, 0–100.
    bar: u32,
    is_late: bool,
    is_over: bool,
}

impl WorkLine {
    fn new(view: &View<'_>, stored: &StoredWorkOrder) -> Self {
        let lang = view.t.0;
        let spent = stored.order.spent(&view.app.settings.repair.calendar, view.now);
        let state = stored.order.state();
        let (maintainer, phone) = match &stored.maintainer {
            Some((_, name, phone)) => (name.clone(), phone.clone()),
            None => (String::new(), None),
        };
        Self {
            id: stored.id,
            href: format!("/work-orders/{}", stored.id),
            title: stored.title.clone(),
            place: stored.place.clone(),
            category: stored.category.name(lang),
            state: state.name(lang),
            maintainer,
            phone,
            opened: view.moment(stored.opened),
            clock: format!("{} / {}", duration(spent.spent, lang), duration(spent.limit, lang)),
            bar: (spent.share().min(1.0) * 100.0) as u32,
            is_late: spent.is_late() && state != WorkState::Cancelled,
            is_over: state.is_over(),
        }
    }
}

struct Line {
    name: &'static str,
    accepted: u64,
    done: u64,
    cancelled: u64,
    done_rate: String,
    timely: String,
    mean: String,
}

impl Line {
    fn new(view: &View<'_>, name: &'static str, it: Performance) -> Self {
        let percent = |numerator, denominator| {
            let rate = Rate { numerator, denominator };
            match denominator {
                0 => "–".to_owned(),
                _ => format!("{} % ({numerator}/{denominator})", rate.percent()),
            }
        };
        Self {
            name,
            accepted: it.accepted,
            done: it.done,
            cancelled: it.cancelled,
            done_rate: percent(it.done, it.accepted),
            timely: percent(it.judged - it.late, it.judged),
            mean: it.mean().map_or_else(|| "–".to_owned(), |mean| duration(mean, view.t.0)),
        }
    }
}

/// One choice of a filter: value, name, whether it is chosen.
type Choices = Vec<(String, String, bool)>;

#[derive(Template)]
#[template(path = "work_orders.html")]
struct WorkOrdersPage {
    shell: Shell,
    open: usize,
    late: usize,
    is_cut: bool,
    is_open: bool,
    is_closed: bool,
    links: [String; 2],
    may_report: bool,
    query: WorkQuery,
    categories: Choices,
    maintainers: Choices,
    rows: Vec<WorkLine>,
    period: (NaiveDate, NaiveDate),
    figures: Vec<Line>,
    repeats: Vec<(String, String, u64)>,
    pager: Pager,
}

/// `GET /work-orders`.
pub(crate) async fn list(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Query(query): Query<WorkQuery>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::WorkOrders).live("/events?about=incidents");
    let view = View::new(&app, shell.t);
    let scope = work::scope(&user);
    let is_closed = query.state == "closed";
    let filter = WorkFilter {
        open: Some(!is_closed),
        category: word("category", &query.category, WorkCategory::from_code)?,
        maintainer: id("maintainer", &query.maintainer)?,
        ..WorkFilter::default()
    };
    let period = query.period(view.now.local_day(app.zone))?;
    let (from, to) = (
        Timestamp::start_of_day(period.0, app.zone),
        Timestamp::start_of_day(period.1 + Days::new(1), app.zone),
    );
    let in_period = WorkFilter { open: None, from: Some(from), to: Some(to), ..filter };
    let shown = async {
        if is_closed {
            let of_period = WorkFilter { open: Some(false), ..in_period };
            let filter = if query.has_period() { of_period } else { filter };
            closed(&view, filter, scope, &query).await
        } else {
            open_ones(&view, filter, scope, &query).await
        }
    };
    let (shown, figures, choices, repeats) = tokio::try_join!(
        shown,
        figures(&view, in_period, scope),
        async { Ok(app.store.choices().await?) },
        async { Ok(app.store.repeat_offenders(from, scope).await?) },
    )?;
    let Shown { rows, next, open, late } = shown;
    let t = shell.t;
    page(&WorkOrdersPage {
        open,
        late,
        is_cut: open >= OPEN as usize,
        is_open: !is_closed,
        is_closed,
        links: [query.link("", ""), query.link("closed", "")],
        may_report: shell.may_operate() && user.maintainer.is_none(),
        categories: WorkCategory::ALL
            .iter()
            .map(|it| (it.code().to_owned(), it.name(t.0).to_owned(), it.code() == query.category))
            .collect(),
        maintainers: match user.maintainer {
            Some(_) => Vec::new(),
            None => choices
                .maintainers
                .into_iter()
                .map(|(id, name)| {
                    let id = id.to_string();
                    let is_chosen = id == query.maintainer;
                    (id, name, is_chosen)
                })
                .collect(),
        },
        period,
        figures,
        repeats: repeats
            .into_iter()
            .map(|(device, name, times)| (format!("/devices/{device}"), name, times))
            .collect(),
        pager: Pager {
            first: (!query.after.is_empty()).then(|| query.link(&query.state, "")),
            next,
        },
        rows,
        query,
        shell,
    })
}

/// One page of orders, and how many are open and late in all.
struct Shown {
    rows: Vec<WorkLine>,
    next: Option<String>,
    open: usize,
    late: usize,
}

/// Those that are over, the newest first.
async fn closed(
    view: &View<'_>,
    filter: WorkFilter,
    scope: WorkScope,
    query: &WorkQuery,
) -> Result<Shown, Failure> {
    let before: Option<WorkOrderId> = id("after", &query.after)?;
    let most = SHOWN as u32 + 1;
    let mut found = view.app.store.work_orders(filter, scope, before, most).await?;
    let has_more = found.len() > SHOWN;
    found.truncate(SHOWN);
    let next = found.last().filter(|_| has_more).map(|it| query.link("closed", &it.id.to_string()));
    let rows = found.iter().map(|it| WorkLine::new(view, it)).collect();
    Ok(Shown { rows, next, open: 0, late: 0 })
}

/// Open ones by their clocks, the fullest first. A page after the first sees the clocks of the moment
/// that the first was made, so that none is passed over or shown twice.
async fn open_ones(
    view: &View<'_>,
    filter: WorkFilter,
    scope: WorkScope,
    query: &WorkQuery,
) -> Result<Shown, Failure> {
    let after = match query.after.as_str() {
        "" => None,
        text => Some(cursor::to_work(text)?),
    };
    let at = after.as_ref().map_or(view.now, |after| after.at);
    let calendar = &view.app.settings.repair.calendar;
    let found = view.app.store.work_orders(filter, scope, None, OPEN).await?;
    let mut placed: Vec<(WorkPlace, &StoredWorkOrder)> = found
        .iter()
        .map(|it| {
            let spent = it.order.spent(calendar, at);
            let share = Reverse((spent.share() * 1e6) as u64);
            (WorkPlace { at, share, id: it.id.number() }, it)
        })
        .collect();
    placed.sort_by_key(|(place, _)| *place);
    let start = after.map_or(0, |after| placed.partition_point(|(place, _)| *place <= after));
    let end = (start + SHOWN).min(placed.len());
    let shown = placed.get(start..end).unwrap_or_default();
    let last = shown.last().filter(|_| end < placed.len());
    Ok(Shown {
        next: last.map(|(place, _)| query.link("", &cursor::of_work(place))),
        rows: shown.iter().map(|(_, it)| WorkLine::new(view, it)).collect(),
        open: found.len(),
        late: found.iter().filter(|it| it.order.spent(calendar, view.now).is_late()).count(),
    })
}

/// By category, and all.
async fn figures(
    view: &View<'_>,
    filter: WorkFilter,
    scope: WorkScope,
) -> Result<Vec<Line>, Failure> {
    let calendar = &view.app.settings.repair.calendar;
    let mut sums = vec![Performance::default(); WorkCategory::ALL.len() + 1];
    let mut before = None;
    loop {
        let orders = view.app.store.work_orders(filter, scope, before, COUNTED).await?;
        for stored in &orders {
            let of = WorkCategory::ALL.iter().position(|it| *it == stored.category);
            for place in of.into_iter().chain([WorkCategory::ALL.len()]) {
                if let Some(sums) = sums.get_mut(place) {
                    sums.add(&stored.order, calendar, view.now);
                }
            }
        }
        before = orders.last().map(|it| it.id);
        if orders.len() < COUNTED as usize {
            break;
        }
    }
    let names = WorkCategory::ALL.iter().map(|it| it.name(view.t.0)).chain([view.t.all()]);
    let lines = names.zip(sums).filter(|(_, sums)| sums.accepted + sums.cancelled > 0);
    Ok(lines.map(|(name, sums)| Line::new(view, name, sums)).collect())
}

/// What is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ReportForm {
    incident: String,
    category: String,
    title: String,
    place: String,
    caller: String,
    unit: String,
    phone: String,
    maintainer: String,
    note: String,
}

#[derive(Template)]
#[template(path = "work_order_new.html")]
struct NewPage {
    shell: Shell,
    categories: Vec<(&'static str, &'static str)>,
    maintainers: Vec<(String, String)>,
    longest: usize,
}

/// `GET /work-orders/new`.
pub(crate) async fn form(State(app): State<App>, shell: Shell) -> Result<Response, Failure> {
    let choices = app.store.choices().await?;
    let shell = shell.at(Nav::WorkOrders);
    page(&NewPage {
        categories: WorkCategory::ALL.iter().map(|it| (it.code(), it.name(shell.t.0))).collect(),
        maintainers: choices
            .maintainers
            .into_iter()
            .map(|(id, name)| (id.to_string(), name))
            .collect(),
        longest: LONGEST,
        shell,
    })
}

/// `POST /work-orders`.
pub(crate) async fn open(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Form(form): Form<ReportForm>,
) -> Result<Redirect, Failure> {
    let report = Report {
        incident: id("incident", &form.incident)?,
        category: word("category", &form.category, WorkCategory::from_code)?,
        maintainer: id("maintainer", &form.maintainer)?,
        title: form.title,
        place: form.place,
        caller: form.caller,
        unit: form.unit,
        phone: form.phone,
        note: form.note,
    };
    let id = work::open(&app, shell.t.0, (&user, &extensions), report).await?;
    Ok(Redirect::to(&format!("/work-orders/{id}")))
}

/// A photo of the repair.
struct Photo {
    href: String,
    at: Moment,
    by: String,
    sha256: String,
}

struct StepLine {
    at: Moment,
    act: &'static str,
    more: String,
    by: String,
    href: String,
}

#[derive(Template)]
#[template(path = "work_order.html")]
struct WorkOrderPage {
    shell: Shell,
    line: WorkLine,
    facts: Vec<(&'static str, String)>,
    caller_phone: String,
    incident: Option<String>,
    proof: String,
    is_probed: bool,
    may_steer: bool,
    may_note: bool,
    is_stopped: bool,
    can_stop: bool,
    maintainers: Vec<(String, String)>,
    reasons: Vec<(&'static str, &'static str)>,
    steps: Vec<StepLine>,
    photos: Vec<Photo>,
    longest: usize,
    printed: Moment,
}

/// `GET /work-orders/{id}`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: WorkOrderId = id.parse().map_err(|_| Failure::not_found())?;
    let stored = app.store.work_order(id, work::scope(&user)).await?;
    let stored = stored.ok_or_else(Failure::not_found)?;
    let photos = app.store.work_photos(id, work::scope(&user)).await?;
    let choices = app.store.choices().await?;
    let shell = shell.at(Nav::WorkOrders);
    let view = View::new(&app, shell.t);
    let (t, lang) = (shell.t, shell.t.0);
    let state = stored.order.state();
    let names: Vec<(String, String)> =
        choices.maintainers.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
    let steps = stored.order.steps.iter().map(|step| {
        let to = step.maintainer.map(|id| id.to_string());
        let to = to.and_then(|to| names.iter().find(|(id, _)| *id == to));
        let reason = step.reason.map(|reason| reason.name(lang).to_owned());
        let parts = [to.map(|(_, name)| name.clone()), reason, Some(step.note.clone())];
        let parts: Vec<String> = parts.into_iter().flatten().filter(|it| !it.is_empty()).collect();
        StepLine {
            at: view.moment(step.at),
            act: step.act.name(lang),
            more: parts.join(" · "),
            href: String::new(),
            by: match step.login.as_str() {
                "" => t.work_platform().to_owned(),
                login => login.to_owned(),
            },
        }
    });
    // Excuses stand among the steps by their beginning.
    let excuses = stored.order.excuses.iter().map(|excuse| {
        let line = StepLine {
            at: view.moment(excuse.from),
            act: t.work_excused(),
            more: format!("{} – {}", excuse.reason.name(lang), view.moment(excuse.to).exact),
            by: String::new(),
            href: format!("/exclusions/{}", excuse.exclusion),
        };
        (excuse.from, line)
    });
    let done = stored.order.steps.iter().map(|step| step.at);
    let mut steps: Vec<(Timestamp, StepLine)> = done.zip(steps).chain(excuses).collect();
    steps.sort_by_key(|(at, _)| *at);
    let repair = &app.settings.repair;
    let facts = [
        (t.work_category(), stored.category.name(lang).to_owned()),
        (t.site(), stored.place.clone()),
        (t.work_caller(), stored.caller.clone()),
        (t.work_unit(), stored.unit.clone()),
        (t.work_calendar(), stored.order.calendar.name(lang).to_owned()),
    ];
    let is_centre = shell.may_operate() && user.maintainer.is_none();
    page(&WorkOrderPage {
        line: WorkLine::new(&view, &stored),
        facts: facts.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
        caller_phone: stored.phone.clone(),
        incident: stored.incident.map(|id| id.to_string()),
        proof: duration(repair.proof, lang),
        is_probed: stored.order.subject == WorkSubject::Probed,
        may_steer: is_centre && !state.is_over(),
        may_note: stored.order.takes_more(view.now) && (is_centre || user.maintainer.is_some()),
        is_stopped: state == WorkState::Stopped,
        can_stop: matches!(state, WorkState::Unassigned | WorkState::Working),
        steps: steps.into_iter().map(|(_, line)| line).collect(),
        reasons: StopReason::ALL.iter().map(|it| (it.code(), it.name(lang))).collect(),
        photos: photos
            .into_iter()
            .map(|photo| Photo {
                href: format!("/work-orders/{id}/photos/{}", photo.id),
                at: view.moment(photo.at),
                by: photo.login,
                sha256: photo.sha256,
            })
            .collect(),
        longest: LONGEST,
        printed: view.moment(view.now),
        maintainers: names,
        shell,
    })
}

/// What is done, as the form sends it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ActForm {
    reason: String,
    maintainer: String,
    note: String,
}

/// `POST /work-orders/{id}/{act}`.
pub(crate) async fn act(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    route: MatchedPath,
    extensions: Extensions,
    Form(form): Form<ActForm>,
) -> Result<Redirect, Failure> {
    let order: WorkOrderId = id.parse().map_err(|_| Failure::not_found())?;
    let deed = Deed {
        act: act_of(&route, WorkAct::from_code)?,
        reason: word("reason", &form.reason, StopReason::from_code)?,
        maintainer: crate::query::id("maintainer", &form.maintainer)?,
        note: form.note,
    };
    work::act(&app, shell.t.0, (&user, &extensions), order, deed).await?;
    Ok(Redirect::to(&format!("/work-orders/{order}")))
}

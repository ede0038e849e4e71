//! `/incidents`: 故障 by root, those to be worked on first; and `/incidents/{id}`.

use super::{
    Pager, View,
    alerts::MessageLine,
    fault_names, incident_evidence,
    street_events::{self, EventLine},
};
use crate::{
    app::App,
    cursor,
    failure::Failure,
    format::{Moment, duration},
    guard::User,
    handling::{self, Deed},
    incident_words,
    query::{act_of, id},
    shell::{Nav, Shell, page},
    words::Words,
    work,
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{MatchedPath, Path, Query, State},
    http::Extensions,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use zhishou_domain::{
    DeviceId, IncidentId, Lang, Timestamp,
    alert::{Handling, HandlingAct},
    incident::{IncidentAct, IncidentStep, MemberState, Root},
};
use zhishou_storage::{IncidentDevice, IncidentFilter, IncidentRow, IncidentState, RootName};

/// Incidents on one page, and devices of one.
const SHOWN: u32 = 50;
const DEVICES: u32 = 100;
/// Lines of what happened.
const STEPS: u32 = 60;
/// Messages about it.
const MESSAGES: u32 = 20;

/// Which incidents. Without a state those that are open.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct IncidentQuery {
    state: String,
    street: String,
    site: String,
    maintainer: String,
    device: String,
    after: String,
}

impl IncidentQuery {
    fn filter(&self) -> Result<IncidentFilter, Failure> {
        Ok(IncidentFilter {
            open: match self.state.as_str() {
                "closed" => Some(false),
                "all" => None,
                _ => Some(true),
            },
            site: id("site", &self.site)?,
            street: id("street", &self.street)?,
            maintainer: id("maintainer", &self.maintainer)?,
            device: id("device", &self.device)?,
        })
    }

    fn link(&self, state: &str, after: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("state", state),
            ("street", &self.street),
            ("site", &self.site),
            ("maintainer", &self.maintainer),
            ("device", &self.device),
            ("after", after),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { "/incidents".to_owned() } else { format!("/incidents?{query}") }
    }
}

/// One incident in one line.
pub(crate) struct IncidentLine {
    pub(crate) id: IncidentId,
    pub(crate) href: String,
    pub(crate) cause: String,
    pub(crate) place: String,
    pub(crate) extent: String,
    pub(crate) state: &'static str,
    pub(crate) glyph: &'static str,
    pub(crate) since: Moment,
    pub(crate) lasted: String,
    pub(crate) maintainer: String,
    pub(crate) phone: Option<String>,
}

impl IncidentLine {
    pub(crate) fn new(view: &View<'_>, row: &IncidentRow) -> Self {
        let lang = view.t.0;
        let end = row.closed.unwrap_or(view.now);
        let place = match &row.root {
            RootName::Root { site: Some(site), .. } => site.clone(),
            _ => String::new(),
        };
        let (maintainer, phone) = match &row.maintainer {
            Some((_, name, phone)) => (name.clone(), phone.clone()),
            None => (String::new(), None),
        };
        Self {
            id: row.id,
            href: format!("/incidents/{}", row.id),
            cause: incident_words::cause(row, lang),
            place,
            extent: incident_words::extent(row, lang),
            state: incident_words::state(row.state, lang),
            glyph: glyph(row),
            since: view.moment(row.since),
            lasted: duration(end.since(row.since), lang),
            maintainer,
            phone,
        }
    }
}

/// Red is for confirmed outages; our own trouble is nobody's outage.
fn glyph(row: &IncidentRow) -> &'static str {
    match (row.state, &row.root) {
        (IncidentState::Closed, _) => "up",
        (IncidentState::Unsure, _) | (_, RootName::Observer { .. }) => "unknown",
        _ if row.is_picture => "degraded",
        (IncidentState::New | IncidentState::Dispatched, _) => "down",
    }
}

struct Tab {
    name: &'static str,
    number: Option<u64>,
    href: String,
    is_here: bool,
}

/// One choice of a filter: value, name, whether it is chosen.
type Choices = Vec<(String, String, bool)>;

#[derive(Template)]
#[template(path = "incidents.html")]
struct IncidentsPage {
    shell: Shell,
    new: u64,
    unsure: u64,
    tabs: Vec<Tab>,
    query: IncidentQuery,
    streets: Choices,
    maintainers: Choices,
    rows: Vec<IncidentLine>,
    events: Vec<EventLine>,
    is_open: bool,
    is_narrowed: bool,
    pager: Pager,
}

/// `GET /incidents`.
pub(crate) async fn list(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Query(query): Query<IncidentQuery>,
) -> Result<Response, Failure> {
    let shell = shell.at(Nav::Incidents).live("/events?about=incidents");
    let view = View::new(&app, shell.t);
    let filter = query.filter()?;
    let after = match query.after.as_str() {
        "" => None,
        text => Some(cursor::to_incident(text)?),
    };
    let (mut found, (new, unsure), choices) = tokio::try_join!(
        app.store.incidents(&filter, after, SHOWN + 1),
        app.store.incident_counts(user.maintainer),
        app.store.choices(),
    )?;
    let events = match after {
        None => street_events::lines(&view, &filter).await?,
        Some(_) => Vec::new(),
    };
    let has_more = found.len() > SHOWN as usize;
    found.truncate(SHOWN as usize);
    let state = query.state.as_str();
    let next = found.last().filter(|_| has_more).map(cursor::of_incident);
    let t = shell.t;
    let tab = |code: &str, name, number| Tab {
        name,
        number,
        href: query.link(code, ""),
        is_here: match code {
            "" => filter.open == Some(true),
            "closed" => filter.open == Some(false),
            _ => filter.open.is_none(),
        },
    };
    let choose = |rows: Vec<(String, String)>, chosen: &str| {
        rows.into_iter().map(|(id, name)| (id.clone(), name, id == chosen)).collect()
    };
    let named = |(id, name): (zhishou_domain::StreetId, String)| (id.to_string(), name);
    let kept = |(id, name): (zhishou_domain::MaintainerId, String)| (id.to_string(), name);
    page(&IncidentsPage {
        new,
        unsure,
        tabs: vec![
            tab("", t.incidents_open(), Some(new + unsure)),
            tab("closed", t.incidents_closed(), None),
            tab("all", t.all(), None),
        ],
        streets: choose(choices.streets.into_iter().map(named).collect(), &query.street),
        maintainers: choose(choices.maintainers.into_iter().map(kept).collect(), &query.maintainer),
        rows: found.iter().map(|row| IncidentLine::new(&view, row)).collect(),
        events,
        is_open: filter.open == Some(true),
        is_narrowed: filter != IncidentFilter { open: filter.open, ..IncidentFilter::default() },
        pager: Pager {
            first: after.map(|_| query.link(state, "")),
            next: next.map(|next| query.link(state, &next)),
        },
        query,
        shell,
    })
}

struct DeviceLine {
    id: DeviceId,
    href: String,
    name: String,
    site: String,
    state: &'static str,
    glyph: &'static str,
    under: bool,
    since: Moment,
    lasted: String,
    faults: String,
}

struct StepLine {
    at: Moment,
    text: String,
    href: Option<String>,
    by: String,
}

/// What people did about it, as it stands.
struct Handled {
    /// By whom and when.
    acknowledged: Option<(String, Moment)>,
    /// Until when it is not spoken of, and why.
    muted: Option<(Moment, String)>,
}

impl Handled {
    fn of(view: &View<'_>, handlings: &[Handling]) -> Self {
        let newest = |acts: &[HandlingAct]| handlings.iter().rfind(|it| acts.contains(&it.act));
        let muted = newest(&[HandlingAct::Mute, HandlingAct::Unmute]);
        let until = muted.and_then(|it| it.until.filter(|until| *until > view.now));
        Self {
            acknowledged: newest(&[HandlingAct::Acknowledge])
                .map(|it| (it.login.clone(), view.moment(it.at))),
            muted: until.zip(muted).map(|(until, it)| (view.moment(until), it.note.clone())),
        }
    }
}

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentPage {
    shell: Shell,
    line: IncidentLine,
    closed: Option<Moment>,
    merged: Option<String>,
    advice: String,
    root_href: Option<String>,
    is_ours: bool,
    order: Option<String>,
    may_dispatch: bool,
    may_handle: bool,
    handled: Handled,
    /// Rules that had to speak of it, where no channel took it, and since when.
    unheard: Vec<(String, Moment)>,
    messages: Vec<MessageLine>,
    devices: Vec<DeviceLine>,
    evidence: Vec<incident_evidence::Kept>,
    steps: Vec<StepLine>,
    pager: Pager,
}

/// Which part of its devices.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PartQuery {
    after: String,
}

/// `GET /incidents/{id}`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    Query(query): Query<PartQuery>,
) -> Result<Response, Failure> {
    let id: IncidentId = id.parse().map_err(|_| Failure::not_found())?;
    let shell = shell.at(Nav::Incidents).live("/events?about=incidents");
    let view = View::new(&app, shell.t);
    let skip = match query.after.as_str() {
        "" => 0,
        text => u32::try_from(cursor::to_number(text)?).map_err(|_| cursor::BadCursor)?,
    };
    let row = app.store.incident(id).await?.ok_or_else(Failure::not_found)?;
    let about = format!("/incidents/{id}");
    let (mut devices, steps, order, handlings, messages, unheard) = tokio::try_join!(
        app.store.incident_devices(id, user.maintainer, (skip, DEVICES + 1)),
        app.store.incident_steps(id, STEPS),
        app.store.work_order_of(id, work::scope(&user)),
        app.store.incident_handlings(id, STEPS),
        app.store.messages_about(&about, MESSAGES),
        app.store.unheard_of(id),
    )?;
    let has_more = devices.len() > DEVICES as usize;
    devices.truncate(DEVICES as usize);
    let here = |skip: u32| format!("/incidents/{id}?after={}", cursor::of_number(skip.into()));
    let (root_href, root_device) = match &row.root {
        RootName::Root { root: Root::Device(id, _), .. } => {
            (Some(format!("/devices/{id}")), Some(*id))
        }
        RootName::Root { root: Root::Site(id), .. } => (Some(format!("/sites/{id}")), None),
        RootName::Root { root: Root::Street(id), .. } => (Some(format!("/?street={id}")), None),
        _ => (None, None),
    };
    let lang = shell.t.0;
    let evidence = incident_evidence::of(&view, root_device, &devices).await?;
    let lines = timeline(&view, &steps, &handlings, &devices);
    let device = |it: IncidentDevice| DeviceLine {
        id: it.device,
        href: format!("/devices/{}", it.device),
        state: it.state.name(lang),
        glyph: match it.state {
            MemberState::Down => "down",
            MemberState::Flapping | MemberState::Faulty => "degraded",
            MemberState::Unsure => "unknown",
            MemberState::Recovered => "up",
            MemberState::Gone => "out_of_use",
            MemberState::Parted => "down",
        },
        under: root_device.is_some_and(|root| root != it.device),
        since: view.moment(it.since),
        lasted: duration(it.until.unwrap_or(view.now).since(it.since), lang),
        faults: fault_names(&it.faults, lang),
        name: it.name,
        site: it.site,
    };
    page(&IncidentPage {
        line: IncidentLine::new(&view, &row),
        closed: row.closed.map(|at| view.moment(at)),
        merged: row.merged_into.map(|into| into.to_string()),
        advice: incident_words::advice(&row, lang),
        root_href,
        may_dispatch: shell.may_operate()
            && user.maintainer.is_none()
            && order.is_none_or(|(_, state)| state.is_over())
            && row.closed.is_none()
            && !matches!(row.root, RootName::Observer { .. }),
        order: order.map(|(id, _)| id.to_string()),
        may_handle: shell.may_operate() && user.maintainer.is_none() && row.closed.is_none(),
        handled: Handled::of(&view, &handlings),
        unheard: unheard.into_iter().map(|(rule, at)| (rule, view.moment(at))).collect(),
        messages: messages.into_iter().map(|it| MessageLine::new(&view, it)).collect(),
        is_ours: matches!(row.root, RootName::Observer { .. }),
        devices: devices.into_iter().map(device).collect(),
        evidence,
        steps: lines,
        pager: Pager {
            first: (skip > 0).then(|| format!("/incidents/{id}")),
            next: has_more.then(|| here(skip + DEVICES)),
        },
        shell,
    })
}

/// What the form of an incident sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HandlingForm {
    hours: Option<u32>,
    note: String,
}

/// `POST /incidents/{id}/acknowledge`, `…/mute` and `…/unmute`.
pub(crate) async fn handle(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    route: MatchedPath,
    extensions: Extensions,
    Form(form): Form<HandlingForm>,
) -> Result<Response, Failure> {
    let id: IncidentId = id.parse().map_err(|_| Failure::not_found())?;
    let HandlingForm { hours, note } = form;
    let deed = Deed { act: act_of(&route, HandlingAct::from_code)?, hours, note };
    handling::handle(&app, shell.t.0, (&user, &extensions), id, deed).await?;
    Ok(Redirect::to(&format!("/incidents/{id}")).into_response())
}

/// What happened to it and to the devices shown, and what people did, in order.
fn timeline(
    view: &View<'_>,
    steps: &[IncidentStep],
    handlings: &[Handling],
    devices: &[IncidentDevice],
) -> Vec<StepLine> {
    let steps = steps.iter().map(|step| (step.at, step_line(view, step)));
    let handled = handlings.iter().map(|it| (it.at, handling_line(view, it)));
    let fallen = devices.iter().flat_map(|it| device_lines(view, it));
    let mut lines: Vec<_> = steps.chain(handled).chain(fallen).collect();
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().map(|(_, line)| line).collect()
}

fn handling_line(view: &View<'_>, handling: &Handling) -> StepLine {
    let mut text = handling.act.name(view.t.0).to_owned();
    if let Some(until) = handling.until {
        text = format!("{} {}", view.t.incident_muted(), view.moment(until).exact);
    }
    if !handling.note.is_empty() {
        text = format!("{text}: {}", handling.note);
    }
    StepLine { at: view.moment(handling.at), text, href: None, by: handling.login.clone() }
}

/// When a device fell, and when it recovered or left.
fn device_lines(view: &View<'_>, it: &IncidentDevice) -> Vec<(Timestamp, StepLine)> {
    let lang = view.t.0;
    let line = |at, what: &str| {
        let (text, href) = (format!("{} {what}", it.name), Some(format!("/devices/{}", it.device)));
        (at, StepLine { at: view.moment(at), text, href, by: String::new() })
    };
    let fell = match it.state {
        state @ (MemberState::Flapping | MemberState::Faulty) => state,
        _ => MemberState::Down,
    };
    let faults = fault_names(&it.faults, lang);
    let mut lines = vec![line(it.since, &format!("{} {faults}", fell.name(lang)))];
    lines.extend(it.until.map(|until| line(until, it.state.name(lang))));
    lines
}

fn step_line(view: &View<'_>, step: &IncidentStep) -> StepLine {
    let Words(lang) = view.t;
    let text = match (step.act, step.other) {
        (IncidentAct::Merge, Some(other)) => match lang {
            Lang::Zh => format!("并入同一根因的故障 #{other}"),
            Lang::En => format!("incident #{other} turned out to be part of it"),
        },
        (IncidentAct::Part, Some(other)) => match lang {
            Lang::Zh => format!("故障 #{other} 的根因恢复后仍未恢复，另立故障"),
            Lang::En => format!("still down after the root of incident #{other} recovered"),
        },
        (act, _) => act.name(lang).to_owned(),
    };
    let href = step.other.map(|other| format!("/incidents/{other}"));
    StepLine { at: view.moment(step.at), text, href, by: String::new() }
}

//! `/meetings/{id}`: whether to begin and what to mend first; venue by venue what was checked and signed;
//! the watch; the record.

use super::{
    View,
    device::serve_picture,
    duty::span,
    meeting_view::{EventView, VenueView, glyph, timeline, venue_view},
};
use crate::{
    app::App,
    failure::Failure,
    guard::User,
    meeting_care::{
        Corrected, Known, Later, Step, archive as keep, ask, draft, end_incident as over, later,
        sign as sign_item, step,
    },
    query::{act_of, id as id_of, meeting, word},
    shell::{Nav, Shell, page},
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{MatchedPath, Path, Query, State},
    http::Extensions,
    response::{Redirect, Response},
};
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use serde::Deserialize;
use zhishou_domain::{
    Lang, MeetingId, MeetingIncidentId, Timestamp, VenueId,
    check::{AfterRecord, CheckItem, Conclusion, Outcome},
    duty::{DutyRefusal, Watcher},
    meeting::{MeetingState, ResourceKind},
};
use zhishou_storage::RunState;

/// How a form has a date and time.
pub(super) const TYPED: &str = "%Y-%m-%dT%H:%M";

/// An incident that lasts.
struct IncidentView {
    id: String,
    text: String,
    since: String,
}

struct DutyView {
    lead: Watcher,
    backup: Option<Watcher>,
    /// Signing in is open, and nobody has.
    is_unsigned: bool,
}

/// Whoever chairs it.
struct ChairView {
    name: String,
    phone: String,
}

/// A telephone conference that the meeting has.
pub(super) struct TelephoneView {
    pub(super) name: String,
    pub(super) dial: String,
    /// Empty where there is none, or for whom it is not.
    pub(super) code: String,
}

/// A record to correct, or as it was archived.
struct RecordView {
    record: AfterRecord,
    /// When it began and ended, as a form has it.
    times: [String; 2],
    /// The same in words, and how long it was; empty where that was not kept.
    span: String,
    watchers: String,
    /// Who archived it and when; empty: it is a draft.
    by: String,
}

#[derive(Template)]
#[template(path = "meeting.html")]
struct MeetingPage {
    shell: Shell,
    id: MeetingId,
    title: String,
    sentence: String,
    glyph: &'static str,
    facts: String,
    /// Grade and version of the check plan.
    plan: (&'static str, i64),
    state: &'static str,
    is_due: bool,
    may_start: bool,
    is_live: bool,
    may_check: bool,
    is_checking: bool,
    /// Checks that wait for the one under way.
    waiting: usize,
    wants_reason: bool,
    signed_off: bool,
    duty: Option<DutyView>,
    chairs: Vec<ChairView>,
    /// What became of 就绪报告 to them, and whether it reached nobody.
    report: Option<(String, bool)>,
    telephones: Vec<TelephoneView>,
    later: LaterView,
    incidents: Vec<IncidentView>,
    venues: Vec<VenueView>,
    events: Vec<EventView>,
    record: Option<RecordView>,
}

/// To what it may be extended.
struct LaterView {
    /// As a form has it, and as a person reads it.
    ends: Vec<(String, String)>,
    /// Who has its rooms then; empty where nobody has.
    held: String,
}

impl LaterView {
    fn of(later: Later, zone: Tz) -> Self {
        let end = |to: Timestamp| {
            let to = to.in_zone(zone);
            (to.format(TYPED).to_string(), to.format("%H:%M").to_string())
        };
        Self { ends: later.ends.into_iter().map(end).collect(), held: later.held }
    }
}

/// `GET /meetings/{id}`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: MeetingId = id.parse().map_err(|_| Failure::not_found())?;
    let shell = shell.at(Nav::None).live("/events?about=meetings");
    let view = View::new(&app, shell.t);
    let (lang, zone) = (shell.t.0, app.zone);
    let known = Known::of(&app.store, id, view.now).await?.ok_or_else(Failure::not_found)?;
    let (state, slot) = (known.stored.state, known.stored.plan.slot());
    // Whoever stands for it: then, and while it is held, now.
    let watched = match state {
        MeetingState::Live => view.now,
        MeetingState::Ended | MeetingState::Archived | MeetingState::Cancelled => slot.from,
        _ => view.now.max(slot.from),
    };
    let (runs, waiting, changes, incidents, duty, resources, reports) = tokio::try_join!(
        app.store.check_runs(id),
        app.store.waiting_checks(id),
        app.store.check_changes(id),
        app.store.meeting_incidents(id),
        app.store.on_duty(watched),
        app.store.platform_resources(),
        app.store.readiness_reports(id),
    )?;
    let telephones = resources.into_iter().filter(|it| {
        it.kind == ResourceKind::Telephone && known.stored.plan.resources.contains(&it.id)
    });
    let may_know = shell.may_operate();
    let telephones = telephones.map(|it| TelephoneView {
        name: it.name,
        dial: it.dial,
        code: if may_know { it.pass_code } else { String::new() },
    });
    let mut venues = Vec::new();
    for row in &known.readiness.rows {
        venues.push(venue_view(&view, &known, row, &waiting, &incidents).await?);
    }
    let record = match state {
        MeetingState::Ended => {
            let draft = draft(&app, &known, lang).await?;
            Some(RecordView::of(&view, draft, String::new()))
        }
        MeetingState::Archived => RecordView::archived(&view, id).await?,
        _ => None,
    };
    let later = match state {
        MeetingState::Live => later(&app, &known, lang).await?,
        _ => Later::default(),
    };
    let is_over = record.is_some();
    let from = slot.from.in_zone(zone).format("%Y-%m-%d %H:%M");
    let plan = &known.stored.plan;
    page(&MeetingPage {
        id,
        title: plan.title.clone(),
        sentence: if is_over { state.name(lang).to_owned() } else { known.sentence(zone, lang) },
        glyph: if is_over { "out_of_use" } else { glyph(known.conclusion()) },
        facts: format!(
            "{from}–{} · {} · {}",
            slot.to.in_zone(zone).format("%H:%M"),
            plan.rank.name(lang),
            plan.assurance.name(lang),
        ),
        plan: (plan.assurance.code(), known.plan_version),
        state: state.name(lang),
        is_due: state.is_due(),
        may_start: state.is_due() && view.now >= plan.opens(),
        is_live: state == MeetingState::Live,
        may_check: state.is_watched() && shell.may_operate(),
        is_checking: runs.last().is_some_and(|run| run.state == RunState::Running),
        waiting: waiting.len(),
        wants_reason: !known.readiness.conclusion.may_begin(),
        // What was signed with a risk is signed anew where there is none any more.
        signed_off: state == MeetingState::Ready
            || (state == MeetingState::ReadyWithRisk && known.conclusion() != Conclusion::Ready),
        duty: duty.map(|shift| DutyView {
            is_unsigned: shift.signed_for(watched).is_none()
                && shift.allow_sign_in(view.now) != Err(DutyRefusal::Early),
            lead: shift.lead,
            backup: shift.backup,
        }),
        chairs: plan
            .chairs()
            .map(|it| ChairView { name: it.name.clone(), phone: it.phone.clone() })
            .collect(),
        report: reports.iter().rfind(|it| it.from == slot.from && !it.told.is_empty()).map(|it| {
            let at = view.moment(it.at).short;
            match it.messages {
                0 => (view.t.meeting_untold_chair().to_owned(), true),
                _ => (format!("{} {at}", view.t.meeting_told_chair()), false),
            }
        }),
        telephones: telephones.collect(),
        events: timeline(&view, &known, &runs, &changes, (&incidents, &reports)),
        incidents: incidents
            .iter()
            .filter(|it| it.to.is_none() && !is_over)
            .map(|it| IncidentView {
                id: it.id.to_string(),
                text: format!("{} {}", known.name(it.venue), it.what),
                since: view.moment(it.from).short,
            })
            .collect(),
        later: LaterView::of(later, zone),
        venues,
        record,
        shell,
    })
}

impl RecordView {
    async fn archived(view: &View<'_>, id: MeetingId) -> Result<Option<Self>, Failure> {
        let found = view.app.store.meeting_record(id).await?;
        Ok(found.map(|(record, login, at)| {
            Self::of(view, record, format!("{login} {}", view.moment(at).exact))
        }))
    }

    fn of(view: &View<'_>, record: AfterRecord, by: String) -> Self {
        let (zone, lang) = (view.app.zone, view.t.0);
        let typed = |at: Option<Timestamp>| {
            at.map_or_else(String::new, |at| at.in_zone(zone).format(TYPED).to_string())
        };
        let span = match (record.from, record.to, record.minutes()) {
            (Some(from), Some(to), Some(minutes)) => {
                let minutes = match lang {
                    Lang::Zh => format!("历时 {minutes} 分钟"),
                    Lang::En => format!("{minutes} minutes"),
                };
                format!("{} · {minutes}", span(view, from, to))
            }
            _ => String::new(),
        };
        let times = [typed(record.from), typed(record.to)];
        Self { watchers: record.watchers.join("、"), times, span, record, by }
    }
}

pub(super) fn back(id: MeetingId) -> Redirect {
    Redirect::to(&format!("/meetings/{id}"))
}

/// Which cell; all where nothing is given.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CellForm {
    venue: String,
    item: String,
    outcome: String,
    text: String,
}

impl CellForm {
    fn venue(&self) -> Result<Option<VenueId>, Failure> {
        id_of("venue", &self.venue)
    }

    fn item(&self) -> Result<Option<CheckItem>, Failure> {
        word("item", &self.item, CheckItem::from_code)
    }
}

/// `POST /meetings/{id}/run-check`.
pub(crate) async fn run_check(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Form(form): Form<CellForm>,
) -> Result<Redirect, Failure> {
    let id = meeting(&id)?;
    ask(&app, (&user, &extensions), id, (form.venue()?, form.item()?)).await?;
    Ok(back(id))
}

/// Which check of a venue.
#[derive(Debug, Deserialize)]
pub(crate) struct PictureQuery {
    /// When it was made, ms.
    at: i64,
}

/// `GET /meetings/{id}/venues/{venue}/picture?at=`: the keyframe that a check went by; every view is logged
/// before it is served, and nothing on the way may keep it.
pub(crate) async fn picture(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path((id, venue)): Path<(String, String)>,
    Query(query): Query<PictureQuery>,
    extensions: Extensions,
) -> Result<Response, Failure> {
    let venue: VenueId = venue.parse().map_err(|_| Failure::not_found())?;
    let at = Timestamp::from_millis(query.at);
    let row = app.store.check_picture(meeting(&id)?, venue, at).await?;
    serve_picture(&app, &user, &extensions, row.ok_or_else(Failure::not_found)?).await
}

/// `POST /meetings/{id}/sign`: a person says how an item is.
pub(crate) async fn sign(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Form(form): Form<CellForm>,
) -> Result<Redirect, Failure> {
    let id = meeting(&id)?;
    let (Some(venue), Some(item)) = (form.venue()?, form.item()?) else {
        return Err(Failure::bad_request("venue, item: missing"));
    };
    let outcome = word("outcome", &form.outcome, Outcome::from_code)?.unwrap_or(Outcome::Pass);
    let said = (outcome, form.text.as_str());
    sign_item(&app, (&user, &extensions), id, (venue, item), said).await?;
    Ok(back(id))
}

/// Why, in words.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NoteForm {
    note: String,
}

/// `POST /meetings/{id}/sign-off`, `/start`, `/end`.
pub(crate) async fn act(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    route: MatchedPath,
    extensions: Extensions,
    Form(form): Form<NoteForm>,
) -> Result<Redirect, Failure> {
    let id = meeting(&id)?;
    let what = act_of(&route, Step::from_code)?;
    step(&app, (&user, &extensions), id, (what, &form.note)).await?;
    Ok(back(id))
}

/// `POST /meetings/{id}/incidents/{incident}/over`.
pub(crate) async fn end_incident(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path((id, incident)): Path<(String, String)>,
    extensions: Extensions,
) -> Result<Redirect, Failure> {
    let id = meeting(&id)?;
    let incident: MeetingIncidentId = incident.parse().map_err(|_| Failure::not_found())?;
    over(&app, (&user, &extensions), id, incident).await?;
    Ok(back(id))
}

/// `POST /meetings/{id}/archive`: the record as it was corrected.
pub(crate) async fn archive(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Redirect, Failure> {
    let id = meeting(&id)?;
    let field = |name: &str| {
        fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    };
    let count = |name: &'static str| {
        field(name).trim().parse::<u32>().map_err(|_| {
            Failure::bad_input(format!("{name}：须为不小于 0 的整数"), format!("{name}: a count"))
        })
    };
    let moment = |name: &'static str| match field(name).trim() {
        "" => Ok(None),
        text => NaiveDateTime::parse_from_str(text, TYPED)
            .map(|wall| Some(Timestamp::from_local(wall, app.zone)))
            .map_err(|_| {
                Failure::bad_input("开始和结束须为日期和时间", format!("{name}: no time"))
            }),
    };
    let attended = fields.iter().filter(|(name, _)| name == "attended");
    let corrected = Corrected {
        from: moment("began")?,
        to: moment("ended")?,
        attended: attended.filter_map(|(_, venue)| venue.parse().ok()).collect(),
        on_time: field("on_time") == "1",
        incidents: count("incidents")?,
        lost_minutes: count("lost_minutes")?,
        watchers: field("watchers").to_owned(),
        text: field("text").to_owned(),
    };
    keep(&app, (&user, &extensions), id, corrected).await?;
    Ok(back(id))
}

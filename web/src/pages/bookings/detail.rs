//! `/bookings/{id}`: what was booked, how it stands, who did what, who was told; and what may be done.

use super::{
    super::meeting_view::glyph,
    care_word,
    notices::{Notices, notices},
    programme::ProgrammeLines,
};
use crate::{
    app::App,
    booking::{self, acts_of, span},
    failure::Failure,
    format::Moment,
    guard::User,
    meeting_care::Known,
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
use std::collections::HashMap;
use zhishou_domain::{
    Lang, MeetingId, Role,
    meeting::{MeetingAct, MeetingState, was_displaced},
};
use zhishou_storage::StoredMeeting;

/// An act that may be done.
struct ActForm {
    code: &'static str,
    name: &'static str,
    wants_reason: bool,
    is_main: bool,
}

struct StepRow {
    at: Moment,
    act: &'static str,
    login: String,
    note: String,
}

/// How ready it is, and the way to where that is told.
struct ReadinessView {
    glyph: &'static str,
    /// Empty once it is over.
    sentence: String,
    word: &'static str,
}

#[derive(Template)]
#[template(path = "booking.html")]
struct BookingPage {
    shell: Shell,
    id: String,
    title: String,
    state: &'static str,
    code: &'static str,
    when: String,
    zone: &'static str,
    day: String,
    notice: Option<&'static str>,
    was_displaced: bool,
    readiness: Option<ReadinessView>,
    facts: Vec<(&'static str, String)>,
    /// Name, role, contact, telephone, endpoints.
    venues: Vec<(String, &'static str, String, String, String)>,
    may_edit: bool,
    acts: Vec<ActForm>,
    /// The rule, and the others of the series.
    series: Option<(String, Vec<(String, String)>)>,
    may_cancel_series: bool,
    programme: ProgrammeLines,
    notices: Notices,
    has_contacts: bool,
    may_notify: bool,
    /// Messages have a link to acknowledge by.
    has_link: bool,
    steps: Vec<StepRow>,
}

/// What was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DoneQuery {
    done: String,
}

/// `GET /bookings/{id}`.
pub(crate) async fn show(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Failure> {
    let id: MeetingId = id.parse().map_err(|_| Failure::not_found())?;
    let (stored, all, resources, series) = tokio::try_join!(
        app.store.meeting(id),
        app.store.venues(),
        app.store.platform_resources(),
        app.store.series_of(id),
    )?;
    let stored = stored.ok_or_else(Failure::not_found)?;
    let shell = shell.at(Nav::Bookings).live("/events?about=meetings");
    let (t, plan, now) = (shell.t, &stored.plan, app.clock.now());
    let by_id: HashMap<_, _> = all.iter().map(|it| (it.id, it)).collect();
    let used: Vec<_> = resources
        .iter()
        .filter(|it| plan.resources.contains(&it.id))
        .map(|it| it.name.as_str())
        .collect();
    let minutes = t.0.pick("分钟", "min");
    let chairs: Vec<_> = plan.chairs().map(|it| it.name.as_str()).collect();
    let mut facts = vec![
        (t.booking_rank(), plan.rank.name(t.0).to_owned()),
        (t.booking_assurance(), plan.assurance.name(t.0).to_owned()),
        (t.booking_convener(), plan.convener.name(t.0).to_owned()),
        (t.booking_organiser(), plan.organiser.clone()),
        (t.booking_cascade(), plan.cascade.name(t.0).to_owned()),
        (
            t.booking_rehearsal(),
            plan.rehearsal.map(|it| span(&app, it.in_zone(plan.zone))).unwrap_or_default(),
        ),
        (t.booking_chair(), chairs.join(t.0.pick("、", ", "))),
        (t.booking_resources(), used.join(t.0.pick("、", ", "))),
        (t.booking_setup(), format!("{} {minutes}", plan.buffers.setup_min)),
        (t.booking_teardown(), format!("{} {minutes}", plan.buffers.teardown_min)),
        (t.booking_note(), plan.note.clone()),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    let may_change = stored.state.may_change() && plan.slot().from > now && shell.may_operate();
    let acts = acts_of(stored.state).into_iter().filter(|act| match act {
        MeetingAct::Approve => user.role >= Role::Admin && plan.slot().from > now,
        MeetingAct::Reject => user.role >= Role::Admin,
        MeetingAct::Submit => shell.may_operate() && plan.slot().from > now,
        _ => shell.may_operate(),
    });
    let was_begun = matches!(stored.state, MeetingState::Live | MeetingState::Ended);
    let acts = acts.map(|act| ActForm {
        code: act.code(),
        name: match act {
            MeetingAct::Cancel if was_begun => t.booking_not_held(),
            MeetingAct::Cancel => t.booking_cancel(),
            act => act_word(act, t.0),
        },
        wants_reason: act.wants_reason(),
        is_main: matches!(act, MeetingAct::Submit | MeetingAct::Approve),
    });
    let readiness = match care_word(stored.state, t) {
        Some(word) => Some(readiness(&app, &stored, word, shell.t.0).await?),
        None => None,
    };
    let series = match series {
        Some((rule, ids)) => {
            let mut others = Vec::new();
            for other in ids {
                if let Some(it) = app.store.meeting(other).await? {
                    let words = format!("{} {}", span(&app, it.plan.slot()), it.state.name(t.0));
                    others.push((format!("/bookings/{other}"), words));
                }
            }
            Some((rule, others))
        }
        None => None,
    };
    let notices = notices(&app, &shell, &stored, now).await?;
    let programme = app.store.programmes(&[id]).await?.into_iter().next();
    let is_ahead = plan.slot().to > now && shell.may_operate();
    page(&BookingPage {
        id: id.to_string(),
        title: plan.title.clone(),
        state: stored.state.name(t.0),
        code: stored.state.code(),
        when: span(&app, plan.slot()),
        zone: plan.zone.name(),
        day: plan.slot().from.local_day(app.zone).to_string(),
        notice: match query.done.as_str() {
            "booked" => Some(t.booking_booked()),
            "changed" => Some(t.booking_changed()),
            _ => None,
        },
        was_displaced: was_displaced(&stored.steps),
        readiness,
        facts,
        venues: plan
            .venues
            .iter()
            .filter_map(|it| {
                let venue = by_id.get(&it.venue)?;
                let devices: Vec<_> = venue
                    .devices
                    .iter()
                    .map(|device| format!("{} {}", device.role.name(t.0), device.name))
                    .collect();
                let (contact, phone) = (venue.contact.clone(), venue.phone.clone());
                let devices = devices.join(t.0.pick("、", ", "));
                Some((venue.name.clone(), it.role.name(t.0), contact, phone, devices))
            })
            .collect(),
        may_edit: may_change,
        acts: acts.collect(),
        may_cancel_series: may_change && series.is_some(),
        series,
        may_notify: is_ahead && stored.state.holds(),
        programme: programme.map(|(_, it)| ProgrammeLines::new(&it, &by_id)).unwrap_or_default(),
        notices,
        has_contacts: !plan.contacts.is_empty(),
        has_link: !app.settings.base_url.is_empty(),
        steps: stored
            .steps
            .into_iter()
            .rev()
            .map(|step| StepRow {
                at: Moment::new(step.at, now, app.zone, t.0),
                act: step.act.name(t.0),
                login: if step.login.is_empty() {
                    t.booking_platform().to_owned()
                } else {
                    step.login
                },
                note: step.note,
            })
            .collect(),
        shell,
    })
}

async fn readiness(
    app: &App,
    stored: &StoredMeeting,
    word: &'static str,
    lang: Lang,
) -> Result<ReadinessView, Failure> {
    if !stored.state.is_due() && stored.state != MeetingState::Live {
        return Ok(ReadinessView { glyph: "out_of_use", sentence: String::new(), word });
    }
    let known = Known::about(&app.store, stored.clone(), app.clock.now()).await?;
    Ok(ReadinessView {
        glyph: glyph(known.conclusion()),
        sentence: known.sentence(app.zone, lang),
        word,
    })
}

/// The word of a button.
fn act_word(act: MeetingAct, lang: Lang) -> &'static str {
    match act {
        MeetingAct::Submit => lang.pick("提交", "Submit"),
        MeetingAct::Approve => lang.pick("批准", "Approve"),
        MeetingAct::Reject => lang.pick("退回", "Send back"),
        act => act.name(lang),
    }
}

/// What is typed with an act.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reason {
    note: String,
}

/// `POST /bookings/{id}/{act}`.
pub(crate) async fn act(
    State(app): State<App>,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    route: MatchedPath,
    extensions: Extensions,
    Form(form): Form<Reason>,
) -> Result<Redirect, Failure> {
    let id: MeetingId = id.parse().map_err(|_| Failure::not_found())?;
    let word = route.as_str().rsplit('/').next().unwrap_or_default();
    if word == "cancel-series" {
        booking::cancel_series(&app, (&user, &extensions), id, &form.note).await?;
    } else {
        let act = MeetingAct::from_code(word).ok_or_else(Failure::not_found)?;
        booking::act(&app, (&user, &extensions), id, (act, &form.note)).await?;
    }
    Ok(Redirect::to(&format!("/bookings/{id}")))
}

//! The form of a meeting: five fields, and the rest folded. What is refused is shown again as it was
//! typed, with who holds what and when there is room.

use crate::{
    app::App,
    booking::{
        self, BookingForm, Filing, Outcome, Scope, could_yield, held_words, series_rule, span,
    },
    failure::Failure,
    guard::User,
    meeting_care::{endpoint_history, history_words},
    repeat::RequestKey,
    shell::{Nav, Shell, page},
    token,
};
use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    http::{Extensions, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use zhishou_domain::{
    MeetingId,
    meeting::{
        AssuranceGrade, Cascade, Convener, MeetingApproval, MeetingPlan, MeetingRank, Slot,
        VenueRole,
    },
};
use zhishou_storage::Clash;

type Fields = Vec<(String, String)>;
/// Value, label, whether it is chosen.
type Options = Vec<(&'static str, &'static str, bool)>;

/// A venue in the form.
struct VenueChoice {
    id: String,
    name: String,
    devices: usize,
    /// `近 5 次检查 3 次未通过`, of the room and of its endpoint: known before it is booked. Empty where there is
    /// nothing to say.
    history: String,
    roles: Options,
}

/// Why it was not booked.
struct ClashPart {
    /// The times that collide, and what holds each.
    taken: Vec<(String, Vec<String>)>,
    is_series: bool,
    /// The nearest free time, and the day and times to type for it.
    nearest: Option<(String, String, String, String, String)>,
    /// Meetings that could make way: number and words.
    could_yield: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "booking_form.html")]
struct FormPage {
    shell: Shell,
    /// The meeting that is changed; none where a new one is made.
    id: Option<String>,
    action: String,
    problem: Option<String>,
    clash: Option<ClashPart>,
    form: BookingForm,
    venues: Vec<VenueChoice>,
    ranks: Options,
    assurances: Options,
    conveners: Options,
    cascades: Options,
    repeats: Options,
    /// Its times are not those of the house.
    is_elsewhere: bool,
    /// Meetings of its series after the one that is changed.
    following: usize,
    resources: Vec<(String, String, bool)>,
    needs_approval: bool,
    /// Somebody was told of it.
    was_told: bool,
    is_open: bool,
}

/// `GET /bookings/new`, with whatever is known in the address.
pub(crate) async fn form(
    State(app): State<App>,
    shell: Shell,
    Query(fields): Query<Fields>,
) -> Result<Response, Failure> {
    let mut form = BookingForm::of(fields);
    let now = app.clock.now().in_zone(app.zone);
    if form.day.is_empty() {
        form.day = now.date_naive().to_string();
    }
    let least = app.settings.booking.least;
    if form.setup.is_empty() {
        (form.setup, form.teardown) = (least.setup_min.to_string(), least.teardown_min.to_string());
    }
    form.key = token::draw()?;
    show(&app, shell, None, form, None, None).await
}

/// `GET /bookings/{id}/edit`.
pub(crate) async fn edit(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: MeetingId = id.parse().map_err(|_| Failure::not_found())?;
    let stored = app.store.meeting(id).await?.ok_or_else(Failure::not_found)?;
    let form = BookingForm::of_plan(&stored.plan, stored.revision);
    show(&app, shell, Some(id), form, None, None).await
}

/// `POST /bookings`.
pub(crate) async fn create(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Form(fields): Form<Fields>,
) -> Result<Response, Failure> {
    let key = RequestKey::of_form(&user, &fields);
    let form = BookingForm::of(fields);
    let filing = match form.filing.as_str() {
        "draft" => Filing::Draft,
        "emergency" => Filing::Emergency,
        _ => Filing::Book,
    };
    let by = (&user, &extensions);
    let planned = form.plan(&app).and_then(|plan| Ok((plan, series_rule(&form)?)));
    let key = (!form.key.is_empty()).then_some(key);
    let booked = match &planned {
        Ok((plan, Some(rule))) => {
            let rule = (rule.as_str(), form.skip);
            booking::book_series(&app, by, (plan.clone(), filing), rule, key).await
        }
        Ok((plan, None)) => {
            booking::book(&app, by, plan.clone(), filing, form.displace.clone(), key).await
        }
        Err(failure) => Err(failure.clone()),
    };
    let plan = planned.as_ref().ok().map(|(plan, _)| plan);
    answer(&app, shell, None, form.clone(), plan, booked, "booked").await
}

/// `POST /bookings/{id}`.
pub(crate) async fn change(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Failure> {
    let id: MeetingId = id.parse().map_err(|_| Failure::not_found())?;
    let form = BookingForm::of(fields);
    let revision = form.revision.parse().map_err(|_| Failure::bad_request("revision"))?;
    let planned = form.plan(&app).and_then(|it| Ok((it, Scope::of(&form.scope, form.skip)?)));
    let booked = match &planned {
        Ok((plan, scope)) => {
            let (displace, by) = (form.displace.clone(), (&user, &extensions));
            let which = (id, revision, *scope);
            booking::rebook(&app, by, which, plan.clone(), displace, (&form.reason, form.notify))
                .await
        }
        Err(failure) => Err(failure.clone()),
    };
    let plan = planned.as_ref().ok().map(|(plan, _)| plan);
    answer(&app, shell, Some(id), form.clone(), plan, booked, "changed").await
}

async fn answer(
    app: &App,
    shell: Shell,
    id: Option<MeetingId>,
    form: BookingForm,
    plan: Option<&MeetingPlan>,
    booked: Result<Outcome, Failure>,
    done: &str,
) -> Result<Response, Failure> {
    let (problem, clash) = match booked {
        Ok(Outcome::Booked(id)) => {
            return Ok(Redirect::to(&format!("/bookings/{id}?done={done}")).into_response());
        }
        Ok(Outcome::Clash(clashes)) => {
            (None, plan.map(|plan| clash_part(app, &shell, plan, &form, &clashes)))
        }
        Err(failure)
            if matches!(failure.status, StatusCode::BAD_REQUEST | StatusCode::CONFLICT) =>
        {
            (Some(failure.words(shell.t.0).to_owned()), None)
        }
        Err(failure) => return Err(failure),
    };
    let status =
        if clash.is_some() { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = show(app, shell, id, form, problem, clash).await?;
    Ok((status, page).into_response())
}

fn clash_part(
    app: &App,
    shell: &Shell,
    plan: &MeetingPlan,
    form: &BookingForm,
    clashes: &[(Slot, Clash)],
) -> ClashPart {
    let lang = shell.t.0;
    let taken = clashes.iter().map(|(slot, clash)| {
        let held = clash.held.iter().map(|it| held_words(app, it, lang)).collect();
        (span(app, *slot), held)
    });
    let is_series = !form.repeat.is_empty() || form.scope == "following";
    let nearest = clashes.first().and_then(|(_, clash)| clash.free).filter(|_| !is_series);
    let mut yielding: Vec<(String, String)> = Vec::new();
    if !is_series && could_yield(app, plan, clashes, app.clock.now()) {
        for held in clashes.iter().flat_map(|(_, clash)| &clash.held) {
            let id = held.meeting.to_string();
            if !yielding.iter().any(|(other, _)| *other == id) {
                let words = format!("#{id} {} · {}", held.title, held.rank.name(lang));
                yielding.push((id, words));
            }
        }
    }
    ClashPart {
        taken: taken.collect(),
        is_series,
        nearest: nearest.map(|slot| {
            let form = BookingForm::of_times(slot, plan.zone);
            (span(app, slot), form.day, form.from, form.to, form.last)
        }),
        could_yield: yielding,
    }
}

async fn show(
    app: &App,
    shell: Shell,
    id: Option<MeetingId>,
    form: BookingForm,
    problem: Option<String>,
    clash: Option<ClashPart>,
) -> Result<Response, Failure> {
    let lang = shell.t.0;
    let (venues, resources) = tokio::try_join!(app.store.venues(), app.store.platform_resources())?;
    let shown = venues.into_iter().filter(|it| it.in_use || form.venues.contains_key(&it.id));
    let mut venues = Vec::new();
    for venue in shown {
        let role = form.venues.get(&venue.id).map(String::as_str);
        let room = app.store.venue_history(venue.id).await?;
        let endpoint = endpoint_history(&app.store, &venue, room, lang).await?;
        let past: Vec<_> = history_words(room, lang).into_iter().chain(endpoint).collect();
        venues.push(VenueChoice {
            id: venue.id.to_string(),
            history: past.join(lang.pick("；", "; ")),
            devices: venue.devices.len(),
            roles: VenueRole::ALL
                .iter()
                .map(|it| (it.code(), it.name(lang), Some(it.code()) == role))
                .collect(),
            name: venue.name,
        });
    }
    let following = match id {
        Some(id) => app.store.series_of(id).await?.map_or(0, |(_, all)| {
            all.iter().rev().position(|other| *other == id).unwrap_or_default()
        }),
        None => 0,
    };
    let was_told = match id {
        Some(id) => !app.store.notices(id).await?.is_empty(),
        None => false,
    };
    macro_rules! options {
        ($all:ident, $chosen:expr, $otherwise:ident) => {{
            let chosen = $all::from_code($chosen).unwrap_or($all::$otherwise);
            $all::ALL.iter().map(|it| (it.code(), it.name(lang), *it == chosen)).collect()
        }};
    }
    let t = shell.t;
    let repeats = [
        ("", t.booking_once()),
        ("daily", t.booking_daily()),
        ("workdays", t.booking_workdays()),
        ("weekly", t.booking_weekly()),
        ("fortnightly", t.booking_fortnightly()),
        ("monthly", t.booking_monthly()),
    ];
    page(&FormPage {
        action: id.map_or("/bookings".to_owned(), |id| format!("/bookings/{id}")),
        id: id.map(|id| id.to_string()),
        venues,
        ranks: options!(MeetingRank, &form.rank, Third),
        assurances: options!(AssuranceGrade, &form.assurance, Third),
        conveners: options!(Convener, &form.convener, District),
        cascades: options!(Cascade, &form.cascade, Own),
        is_elsewhere: !form.zone.is_empty() && form.zone != app.zone.name(),
        following,
        repeats: repeats.map(|(code, name)| (code, name, code == form.repeat)).into(),
        resources: resources
            .into_iter()
            .filter(|it| it.in_use || form.resources.contains(&it.id))
            .map(|it| (it.id.to_string(), it.name, form.resources.contains(&it.id)))
            .collect(),
        needs_approval: app.settings.booking.approval == MeetingApproval::Required,
        was_told,
        is_open: id.is_some() || problem.is_some() || !form.rehearsal_from.is_empty(),
        problem,
        clash,
        form,
        shell: shell.at(Nav::Bookings),
    })
}

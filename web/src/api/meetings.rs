//! `/api/v1/meetings` and what they are held in: booked, moved, approved and cancelled as on the pages.

use super::{limit, time};
use crate::{
    app::App,
    booking::{self, Filing, Outcome, Scope, held_words, zone_of},
    cursor,
    failure::Failure,
    guard::User,
    query::{self, act_of, typed, word},
    repeat::RequestKey,
    shell::Shell,
};
use axum::{
    Extension, Json,
    extract::{MatchedPath, Path, Query, State},
    http::{Extensions, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use zhishou_domain::{
    Lang, MeetingId, ResourceId, Timestamp, VenueId,
    meeting::{
        AssuranceGrade, Buffers, Cascade, Contact, ContactRole, Convener, LocalSlot, MeetingAct,
        MeetingPlan, MeetingRank, MeetingState, MeetingVenue, Slot, VenueRole,
    },
};
use zhishou_storage::{Clash, Held, MeetingFilter, StoredMeeting};

/// From when to when, half-open.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SpanJson {
    /// RFC 3339; in a request also a local time of the zone, `2026-03-10T09:00`.
    pub(super) from: String,
    /// Not included.
    pub(super) to: String,
}

impl SpanJson {
    pub(super) fn of(slot: Slot, zone: Tz) -> Self {
        Self { from: slot.from.rfc3339(zone), to: slot.to.rfc3339(zone) }
    }
}

/// A venue in a meeting.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VenueOf {
    venue: i64,
    /// main, speaking or branch.
    #[serde(default = "branch")]
    role: String,
}

fn branch() -> String {
    VenueRole::Branch.code().to_owned()
}

/// Who is told.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ContactJson {
    name: String,
    unit: String,
    phone: String,
    mail: String,
    /// chair, support or other; empty: other.
    role: String,
}

impl ContactJson {
    fn of(it: Contact) -> Self {
        let Contact { name, unit, phone, mail, role } = it;
        Self { name, unit, phone, mail, role: role.code().to_owned() }
    }

    fn contact(self) -> Result<Contact, Failure> {
        let Self { name, unit, phone, mail, role } = self;
        let role = word("role", &role, ContactRole::from_code)?.unwrap_or_default();
        Ok(Contact { name, unit, phone, mail, role })
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct MeetingStepJson {
    at: String,
    /// Empty: the platform.
    login: String,
    act: &'static str,
    note: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct MeetingJson {
    id: i64,
    title: String,
    /// first, second or third.
    rank: &'static str,
    /// first, second or third.
    assurance: &'static str,
    /// nation, province, city, district or street.
    convener: &'static str,
    organiser: String,
    /// own, mcu, terminal, back_to_back or telephone.
    cascade: &'static str,
    /// IANA name; its clock is what was booked.
    zone: String,
    from: String,
    /// Not included.
    to: String,
    /// With set-up and tear-down.
    reserved: SpanJson,
    rehearsal: Option<SpanJson>,
    setup_min: u32,
    teardown_min: u32,
    venues: Vec<VenueOf>,
    resources: Vec<i64>,
    contacts: Vec<ContactJson>,
    note: String,
    state: &'static str,
    state_name: &'static str,
    /// To be sent back with a change.
    revision: u32,
    steps: Vec<MeetingStepJson>,
}

impl MeetingJson {
    fn of(stored: StoredMeeting, lang: Lang) -> Self {
        let plan = stored.plan;
        let (slot, zone) = (plan.slot(), plan.zone);
        Self {
            id: stored.id.number(),
            title: plan.title,
            rank: plan.rank.code(),
            assurance: plan.assurance.code(),
            convener: plan.convener.code(),
            organiser: plan.organiser,
            cascade: plan.cascade.code(),
            zone: zone.name().to_owned(),
            from: slot.from.rfc3339(zone),
            to: slot.to.rfc3339(zone),
            reserved: SpanJson::of(plan.buffers.around(slot), zone),
            rehearsal: plan.rehearsal.map(|it| SpanJson::of(it.in_zone(zone), zone)),
            setup_min: plan.buffers.setup_min,
            teardown_min: plan.buffers.teardown_min,
            venues: plan
                .venues
                .iter()
                .map(|it| VenueOf { venue: it.venue.number(), role: it.role.code().to_owned() })
                .collect(),
            resources: plan.resources.iter().map(|id| id.number()).collect(),
            contacts: plan.contacts.into_iter().map(ContactJson::of).collect(),
            note: plan.note,
            state: stored.state.code(),
            state_name: stored.state.name(lang),
            revision: stored.revision,
            steps: stored
                .steps
                .into_iter()
                .map(|step| MeetingStepJson {
                    at: step.at.rfc3339(zone),
                    login: step.login,
                    act: step.act.code(),
                    note: step.note,
                })
                .collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct MeetingsJson {
    /// In order of their begin.
    items: Vec<MeetingJson>,
    /// Cursor of the next page; null at the end.
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MeetingsQuery {
    /// RFC 3339; only those that end later.
    #[serde(default)]
    from: String,
    /// RFC 3339; only those that begin earlier.
    #[serde(default)]
    to: String,
    /// Only those in this venue.
    #[serde(default)]
    venue: String,
    /// Only those that stand so.
    #[serde(default)]
    state: String,
    /// Rows, 1–1000; 100 where not given.
    limit: Option<u32>,
    /// Cursor of a page before.
    #[serde(default)]
    next: String,
}

#[utoipa::path(get, path = "/api/v1/meetings", params(MeetingsQuery), responses(
    (status = 200, body = MeetingsJson), (status = 400, description = "problem+json"),
))]
pub(super) async fn list(
    State(app): State<App>,
    shell: Shell,
    Query(query): Query<MeetingsQuery>,
) -> Result<Json<MeetingsJson>, Failure> {
    let limit = limit(query.limit)?;
    let after = match query.next.split_once('-') {
        None if query.next.is_empty() => None,
        Some((at, id)) => match (at.parse(), id.parse()) {
            (Ok(at), Ok(id)) => Some((Timestamp::from_millis(at), id)),
            _ => return Err(cursor::BadCursor.into()),
        },
        None => return Err(cursor::BadCursor.into()),
    };
    let filter = MeetingFilter {
        from: time("from", &query.from)?,
        to: time("to", &query.to)?,
        venue: query::id("venue", &query.venue)?,
        states: word("state", &query.state, MeetingState::from_code)?.into_iter().collect(),
        after,
    };
    let mut found = app.store.meetings(&filter, limit + 1).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| has_more);
    let next = next.map(|it| format!("{}-{}", it.plan.slot().from.millis(), it.id));
    let items = found.into_iter().map(|it| MeetingJson::of(it, shell.t.0)).collect();
    Ok(Json(MeetingsJson { items, next }))
}

#[utoipa::path(get, path = "/api/v1/meetings/{id}", params(("id" = i64, Path)), responses(
    (status = 200, body = MeetingJson), (status = 404, description = "problem+json"),
))]
pub(super) async fn one(
    State(app): State<App>,
    shell: Shell,
    Path(id): Path<String>,
) -> Result<Json<MeetingJson>, Failure> {
    let id = id.parse().map_err(|_| Failure::not_found())?;
    Ok(Json(shown(&app, id, shell.t.0).await?))
}

pub(super) async fn shown(app: &App, id: MeetingId, lang: Lang) -> Result<MeetingJson, Failure> {
    let stored = app.store.meeting(id).await?.ok_or_else(Failure::not_found)?;
    Ok(MeetingJson::of(stored, lang))
}

/// A meeting to be booked. What is left out is as the house has it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BookBody {
    title: String,
    /// RFC 3339, or a local time of the zone, `2026-03-10T09:00`.
    from: String,
    /// Likewise; not included.
    to: String,
    #[serde(default)]
    zone: String,
    venues: Vec<VenueOf>,
    #[serde(default)]
    resources: Vec<i64>,
    #[serde(default)]
    contacts: Vec<ContactJson>,
    rehearsal: Option<SpanJson>,
    #[serde(default)]
    rank: String,
    #[serde(default)]
    assurance: String,
    #[serde(default)]
    convener: String,
    #[serde(default)]
    organiser: String,
    #[serde(default)]
    cascade: String,
    setup_min: Option<u32>,
    teardown_min: Option<u32>,
    #[serde(default)]
    note: String,
    /// book, draft or emergency.
    #[serde(default)]
    filing: String,
    /// RFC 5545, with COUNT or UNTIL, on the clock of the zone; lines of EXDATE leave out days.
    #[serde(default)]
    rrule: String,
    /// Whether occurrences that collide are left out.
    #[serde(default)]
    skip: bool,
    /// Meetings of a lower rank that make way, where the house allows it.
    #[serde(default)]
    displace: Vec<i64>,
}

fn wall(name: &str, text: &str, zone: Tz) -> Result<NaiveDateTime, Failure> {
    if let Ok(Some(at)) = time(name, text) {
        return Ok(at.in_zone(zone).naive_local());
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
        .map_err(|_| Failure::bad_request(format!("{name}: not a time")))
}

pub(super) fn local(span: &SpanJson, zone: Tz) -> Result<LocalSlot, Failure> {
    Ok(LocalSlot { from: wall("from", &span.from, zone)?, to: wall("to", &span.to, zone)? })
}

fn venues(given: &[VenueOf]) -> Result<Vec<MeetingVenue>, Failure> {
    let venues = given.iter().map(|it| {
        let role = VenueRole::from_code(&it.role);
        let role = role.ok_or_else(|| Failure::bad_request("role: main, speaking or branch"))?;
        Ok(MeetingVenue { venue: VenueId::new(it.venue), role })
    });
    venues.collect()
}

impl BookBody {
    fn plan(self, app: &App) -> Result<MeetingPlan, Failure> {
        let zone = zone_of(app, &self.zone)?;
        let least = app.settings.booking.least;
        Ok(MeetingPlan {
            title: typed("title", &self.title, booking::LONGEST)?,
            rank: word("rank", &self.rank, MeetingRank::from_code)?.unwrap_or(MeetingRank::Third),
            assurance: word("assurance", &self.assurance, AssuranceGrade::from_code)?
                .unwrap_or(AssuranceGrade::Third),
            convener: word("convener", &self.convener, Convener::from_code)?
                .unwrap_or(Convener::District),
            organiser: typed("organiser", &self.organiser, booking::LONGEST)?,
            cascade: word("cascade", &self.cascade, Cascade::from_code)?.unwrap_or(Cascade::Own),
            zone,
            time: local(&SpanJson { from: self.from, to: self.to }, zone)?,
            buffers: Buffers {
                setup_min: self.setup_min.unwrap_or(least.setup_min),
                teardown_min: self.teardown_min.unwrap_or(least.teardown_min),
            },
            rehearsal: self.rehearsal.map(|it| local(&it, zone)).transpose()?,
            venues: venues(&self.venues)?,
            resources: self.resources.into_iter().map(ResourceId::new).collect(),
            contacts: self
                .contacts
                .into_iter()
                .map(ContactJson::contact)
                .collect::<Result<_, _>>()?,
            note: typed("note", &self.note, booking::LONGEST)?,
        })
    }
}

#[utoipa::path(post, path = "/api/v1/meetings", request_body = BookBody, responses(
    (status = 201, body = MeetingJson, description = "of a series the first; Idempotency-Key books once"),
    (status = 400, description = "problem+json"),
    (status = 422, description = "Idempotency-Key of another request: problem+json"),
    (status = 409, description = "held by others: problem+json with `conflicts`"),
))]
pub(super) async fn book(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    extensions: Extensions,
    Json(body): Json<BookBody>,
) -> Result<Response, Failure> {
    let filing = match body.filing.as_str() {
        "" | "book" => Filing::Book,
        "draft" => Filing::Draft,
        "emergency" => Filing::Emergency,
        _ => return Err(Failure::bad_request("filing: book, draft or emergency")),
    };
    let displace = body.displace.iter().copied().map(MeetingId::new).collect();
    let (rule, skip) = (body.rrule.clone(), body.skip);
    let key = extensions.get::<RequestKey>().cloned();
    let plan = body.plan(&app)?;
    let by = (&user, &extensions);
    let outcome = if rule.is_empty() {
        booking::book(&app, by, plan, filing, displace, key).await?
    } else {
        booking::book_series(&app, by, (plan, filing), (&rule, skip), key).await?
    };
    answer(&app, outcome, StatusCode::CREATED, shell.t.0).await
}

/// A meeting to be moved: what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MoveBody {
    /// The one that was seen.
    revision: u32,
    from: String,
    to: String,
    venues: Option<Vec<VenueOf>>,
    /// A venue of it and the one that takes its place.
    replace_venue: Option<[i64; 2]>,
    /// Where left out it keeps its distance to the meeting, unless that would lie in the past.
    rehearsal: Option<SpanJson>,
    reason: String,
    #[serde(default)]
    displace: Vec<i64>,
    /// this, or following: also those of its series after it.
    #[serde(default)]
    scope: String,
    /// Whether those that would collide stay as they are.
    #[serde(default)]
    skip: bool,
    /// Whether contacts who were told of it are told of the change.
    #[serde(default)]
    notify: bool,
}

#[utoipa::path(post, path = "/api/v1/meetings/{id}/reschedule", params(("id" = i64, Path)),
    request_body = MoveBody, responses(
    (status = 200, body = MeetingJson), (status = 404, description = "problem+json"),
    (status = 409, description = "held by others, changed meanwhile, or has begun; problem+json"),
))]
pub(super) async fn reschedule(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    extensions: Extensions,
    Json(body): Json<MoveBody>,
) -> Result<Response, Failure> {
    let id: MeetingId = id.parse().map_err(|_| Failure::not_found())?;
    let mut plan = app.store.meeting(id).await?.ok_or_else(Failure::not_found)?.plan;
    let stood = plan.rehearsal;
    plan = plan.moved_to(local(&SpanJson { from: body.from, to: body.to }, plan.zone)?);
    if let Some(given) = &body.rehearsal {
        plan.rehearsal = Some(local(given, plan.zone)?);
    } else if let (Some(stood), Some(moved)) = (stood, plan.rehearsal) {
        let lies_behind = |it: LocalSlot| it.in_zone(plan.zone).from < app.clock.now();
        plan.rehearsal = Some(if lies_behind(stood) || lies_behind(moved) { stood } else { moved });
    }
    if let Some(given) = &body.venues {
        plan.venues = venues(given)?;
    }
    if let Some([old, new]) = body.replace_venue {
        for venue in plan.venues.iter_mut().filter(|it| it.venue.number() == old) {
            venue.venue = VenueId::new(new);
        }
    }
    let displace = body.displace.into_iter().map(MeetingId::new).collect();
    let which = (id, body.revision, Scope::of(&body.scope, body.skip)?);
    let by = (&user, &extensions);
    let outcome =
        booking::rebook(&app, by, which, plan, displace, (&body.reason, body.notify)).await?;
    answer(&app, outcome, StatusCode::OK, shell.t.0).await
}

async fn answer(
    app: &App,
    outcome: Outcome,
    status: StatusCode,
    lang: Lang,
) -> Result<Response, Failure> {
    let clashes = match outcome {
        Outcome::Booked(id) => {
            return Ok((status, Json(shown(app, id, lang).await?)).into_response());
        }
        Outcome::Clash(clashes) => clashes,
    };
    let words: Vec<_> = clashes
        .iter()
        .flat_map(|(_, clash)| &clash.held)
        .map(|held| held_words(app, held, lang))
        .collect();
    let conflicts: Vec<_> = clashes.iter().map(|it| ClashJson::of(app, it, lang)).collect();
    let body = json!({
        "type": "about:blank", "status": 409,
        "title": lang.pick("会场、终端或资源已被占用", "held by others"),
        "detail": words.join(lang.pick("；", "; ")),
        "conflicts": conflicts,
    });
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    Ok((StatusCode::CONFLICT, kind, body.to_string()).into_response())
}

#[derive(Serialize, ToSchema)]
pub(super) struct HeldJson {
    meeting: i64,
    title: String,
    /// Who booked it.
    by: String,
    /// venue:1, device:… or resource:2.
    subject: String,
    name: String,
    from: String,
    to: String,
    rehearsal: bool,
    /// All of it, to be shown.
    words: String,
}

impl HeldJson {
    pub(super) fn of(app: &App, held: &Held, lang: Lang) -> Self {
        Self {
            meeting: held.meeting.number(),
            title: held.title.clone(),
            by: held.by.clone(),
            subject: held.subject.key(),
            name: held.name.clone(),
            from: held.slot.from.rfc3339(app.zone),
            to: held.slot.to.rfc3339(app.zone),
            rehearsal: held.is_rehearsal,
            words: held_words(app, held, lang),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct ClashJson {
    /// When it would be.
    at: SpanJson,
    held: Vec<HeldJson>,
    /// The nearest time at which all of it is free; null where there is none within two weeks.
    free: Option<SpanJson>,
}

impl ClashJson {
    fn of(app: &App, (slot, clash): &(Slot, Clash), lang: Lang) -> Self {
        Self {
            at: SpanJson::of(*slot, app.zone),
            held: clash.held.iter().map(|it| HeldJson::of(app, it, lang)).collect(),
            free: clash.free.map(|it| SpanJson::of(it, app.zone)),
        }
    }
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct MeetingActBody {
    note: String,
}

#[utoipa::path(post, path = "/api/v1/meetings/{id}/{act}", params(
    ("id" = i64, Path),
    ("act" = String, Path, description = "submit, approve, reject or cancel"),
), request_body = MeetingActBody, responses(
    (status = 200, body = MeetingJson), (status = 404, description = "problem+json"),
    (status = 409, description = "it does not stand so; problem+json"),
))]
pub(super) async fn act(
    State(app): State<App>,
    shell: Shell,
    Extension(user): Extension<User>,
    Path(id): Path<String>,
    route: MatchedPath,
    extensions: Extensions,
    body: Option<Json<MeetingActBody>>,
) -> Result<Json<MeetingJson>, Failure> {
    let id: MeetingId = id.parse().map_err(|_| Failure::not_found())?;
    let act = act_of(&route, MeetingAct::from_code)?;
    let note = body.unwrap_or_default().0.note;
    booking::act(&app, (&user, &extensions), id, (act, &note)).await?;
    Ok(Json(shown(&app, id, shell.t.0).await?))
}

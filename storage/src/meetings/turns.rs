//! 启用预案: a venue of a meeting goes to its backup endpoint, to another venue or to a telephone conference; and
//! back.
//!
//! Invariants: what is turned to is reserved for what is left of the time, or nothing changes; a venue that is
//! left stays reserved, so that the way back is open while the meeting lasts and nobody books what just
//! failed; what was held before now stays on record; the act, its step, its audit line, its incident and
//! whoever is told of it are one transaction.

use super::{
    Held,
    acts::{add_step, set_state},
    clash::{endpoints, held, subjects},
    list,
    reservations::{ahead, begin, finish, reserve, shorten},
};
use crate::{AuditLine, Change, Route, Store, StoreError, audit, checks, decode, outbox};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use zhishou_domain::{
    DeviceId, MeetingId, ResourceId, Timestamp, VenueId,
    alert::Note,
    check::TurnTo,
    meeting::{
        MeetingAct, MeetingPlan, MeetingState, MeetingStep, MeetingVenue, Subject, VenueRole,
    },
};

/// What a meeting turns to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTurn {
    /// Which.
    pub meeting: MeetingId,
    /// The venue that fails.
    pub venue: VenueId,
    /// To what.
    pub to: TurnTo,
    /// What fails, in words.
    pub what: String,
    /// What is written down of it.
    pub note: String,
    /// Who is told, and over which channels.
    pub told: Vec<(Note, Route)>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnActed {
    /// It is done.
    Done,
    /// Others hold what is wanted, and nothing changed.
    Taken(Vec<Held>),
    /// The meeting is not approved yet or is over; or it is there already.
    Refused,
    /// There is no such meeting, venue, endpoint or resource, it is out of use, or it was undone already.
    Missing,
}

/// Something that a meeting turned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetingTurn {
    /// Number.
    pub id: i64,
    /// The venue that failed.
    pub venue: VenueId,
    /// What that is called.
    pub name: String,
    /// What was turned to.
    pub to: TurnTo,
    /// What that is called.
    pub to_name: String,
    /// What failed, in words.
    pub what: String,
    /// When.
    pub at: Timestamp,
    /// Who did it, as they logged in.
    pub login: String,
    /// Whether it was undone.
    pub is_undone: bool,
}

impl Store {
    /// Turns a meeting to something else where a venue of it fails, in the name of whom the line names.
    pub async fn turn_meeting(
        &self,
        turn: NewTurn,
        line: AuditLine,
    ) -> Result<TurnActed, StoreError> {
        let acted = self.write(move |connection| Box::pin(do_turn(connection, turn, line))).await?;
        self.announce(Change::Meetings);
        Ok(acted)
    }

    /// Takes back what a meeting turned to: the venue that was left is held still, or again.
    pub async fn undo_turn(
        &self,
        meeting: MeetingId,
        id: i64,
        (note, told): (String, Vec<(Note, Route)>),
        line: AuditLine,
    ) -> Result<TurnActed, StoreError> {
        let acted = self
            .write(move |connection| Box::pin(undo(connection, meeting, id, (note, told), line)))
            .await?;
        self.announce(Change::Meetings);
        Ok(acted)
    }

    /// What a meeting turned to, in order, also what was undone.
    pub async fn meeting_turns(&self, meeting: MeetingId) -> Result<Vec<MeetingTurn>, StoreError> {
        turns_of(&mut *self.reader().acquire().await?, meeting).await
    }
}

async fn turns_of(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
) -> Result<Vec<MeetingTurn>, StoreError> {
    let rows = sqlx::query(
        "SELECT t.*, v.name, coalesce(d.name, o.name, r.name) AS to_name FROM meeting_turns t
         JOIN venues v ON v.id = t.venue_id LEFT JOIN venues o ON o.id = t.to_venue_id
         LEFT JOIN platform_resources r ON r.id = t.resource_id
         LEFT JOIN devices d ON d.id = t.device_id
         WHERE t.meeting_id = ? ORDER BY t.id",
    )
    .bind(meeting.number())
    .fetch_all(connection)
    .await?;
    rows.iter().map(turn_of).collect()
}

/// The endpoint that a venue is held on where that is not its primary one.
pub(crate) fn endpoint_of(turns: &[MeetingTurn], venue: VenueId) -> Option<DeviceId> {
    let of = turns.iter().rev().filter(|it| it.venue == venue && !it.is_undone);
    of.filter_map(|it| it.to.endpoint()).next()
}

fn to_of(row: &SqliteRow) -> Result<TurnTo, StoreError> {
    if let Some(device) = row.try_get("device_id")? {
        return decode::id("meeting_turns.device_id", device).map(TurnTo::Endpoint);
    }
    Ok(match row.try_get::<Option<i64>, _>("to_venue_id")? {
        Some(venue) => TurnTo::Venue(VenueId::new(venue)),
        None => TurnTo::Telephone(ResourceId::new(row.try_get("resource_id")?)),
    })
}

fn turn_of(row: &SqliteRow) -> Result<MeetingTurn, StoreError> {
    Ok(MeetingTurn {
        id: row.try_get("id")?,
        venue: VenueId::new(row.try_get("venue_id")?),
        name: row.try_get("name")?,
        to: to_of(row)?,
        to_name: row.try_get("to_name")?,
        what: row.try_get("what")?,
        at: Timestamp::from_millis(row.try_get("at_ms")?),
        login: row.try_get("login")?,
        is_undone: row.try_get::<Option<i64>, _>("undone_ms")?.is_some(),
    })
}

/// What is reserved of this alone; `None` where it does not exist or is out of use.
async fn subjects_of(
    connection: &mut SqliteConnection,
    (meeting, plan): (MeetingId, &MeetingPlan),
    to: TurnTo,
) -> Result<Option<Vec<Subject>>, StoreError> {
    let mut alone = MeetingPlan { venues: Vec::new(), resources: Vec::new(), ..plan.clone() };
    match to {
        TurnTo::Endpoint(device) => return Ok(Some(vec![Subject::Device(device)])),
        TurnTo::Venue(venue) => alone.venues.push(MeetingVenue { venue, role: VenueRole::Branch }),
        TurnTo::Telephone(resource) => alone.resources.push(resource),
    }
    subjects(connection, &alone, Some(meeting)).await
}

async fn do_turn(
    connection: &mut SqliteConnection,
    turn: NewTurn,
    line: AuditLine,
) -> Result<TurnActed, StoreError> {
    let NewTurn { meeting, venue, to, what, note, told } = turn;
    let Some(stored) = list::read(connection, meeting).await? else {
        return Ok(TurnActed::Missing);
    };
    let plan = &stored.plan;
    let takes_part = |id: VenueId| plan.venues.iter().any(|it| it.venue == id);
    if !takes_part(venue) {
        return Ok(TurnActed::Missing);
    }
    let step = MeetingStep { at: line.at, login: line.login.clone(), act: MeetingAct::Turn, note };
    let Ok(state) = stored.state.allow(&step, &stored.steps) else {
        return Ok(TurnActed::Refused);
    };
    let is_there = match to {
        TurnTo::Endpoint(device) => {
            if !endpoints(connection, &[venue]).await?.contains(&device) {
                return Ok(TurnActed::Missing);
            }
            held_on(connection, meeting, venue).await? == Some(device)
        }
        TurnTo::Venue(other) => takes_part(other),
        TurnTo::Telephone(resource) => is_on(connection, meeting, venue, resource).await?,
    };
    if is_there {
        return Ok(TurnActed::Refused);
    }
    let Some(wanted) = subjects_of(connection, (meeting, plan), to).await? else {
        return Ok(TurnActed::Missing);
    };
    if !hold_left(connection, meeting, plan, &wanted, line.at).await? {
        let held = in_the_way(connection, meeting, plan, &wanted, line.at).await?;
        return Ok(TurnActed::Taken(held));
    }
    // What was booked with it is not let go with the turn.
    let taken = to.telephone().is_some_and(|it| !plan.resources.contains(&it));
    if state == MeetingState::Live {
        checks::turn_incident(connection, (meeting, venue), to.fallback(), &what, &line).await?;
    }
    sqlx::query(
        "INSERT INTO meeting_turns (meeting_id, venue_id, device_id, to_venue_id, resource_id, taken, what,
             at_ms, login) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(meeting.number())
    .bind(venue.number())
    .bind(to.endpoint().map(|it| it.to_string()))
    .bind(to.venue().map(VenueId::number))
    .bind(to.telephone().map(ResourceId::number))
    .bind(taken)
    .bind(what)
    .bind(line.at.millis())
    .bind(&line.login)
    .execute(&mut *connection)
    .await?;
    match to {
        TurnTo::Endpoint(_) => {}
        TurnTo::Venue(other) => change_venue(connection, meeting, venue, other).await?,
        TurnTo::Telephone(resource) => {
            sqlx::query(
                "INSERT OR IGNORE INTO meeting_resources (meeting_id, resource_id) VALUES (?, ?)",
            )
            .bind(meeting.number())
            .bind(resource.number())
            .execute(&mut *connection)
            .await?;
        }
    }
    close(connection, (meeting, state), step, told, line).await?;
    Ok(TurnActed::Done)
}

async fn undo(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    id: i64,
    (note, told): (String, Vec<(Note, Route)>),
    line: AuditLine,
) -> Result<TurnActed, StoreError> {
    let row = sqlx::query(
        "SELECT * FROM meeting_turns WHERE id = ? AND meeting_id = ? AND undone_ms IS NULL",
    )
    .bind(id)
    .bind(meeting.number())
    .fetch_optional(&mut *connection)
    .await?;
    let (Some(row), Some(stored)) = (row, list::read(connection, meeting).await?) else {
        return Ok(TurnActed::Missing);
    };
    let (plan, to) = (&stored.plan, to_of(&row)?);
    let venue = VenueId::new(row.try_get("venue_id")?);
    let step = MeetingStep { at: line.at, login: line.login.clone(), act: MeetingAct::Turn, note };
    let Ok(state) = stored.state.allow(&step, &stored.steps) else {
        return Ok(TurnActed::Refused);
    };
    if let TurnTo::Venue(other) = to {
        let takes_part = |id: VenueId| plan.venues.iter().any(|it| it.venue == id);
        if !takes_part(other) || takes_part(venue) {
            return Ok(TurnActed::Refused);
        }
        let Some(wanted) = subjects_of(connection, (meeting, plan), TurnTo::Venue(venue)).await?
        else {
            return Ok(TurnActed::Missing);
        };
        if !hold_left(connection, meeting, plan, &wanted, line.at).await? {
            let held = in_the_way(connection, meeting, plan, &wanted, line.at).await?;
            return Ok(TurnActed::Taken(held));
        }
        change_venue(connection, meeting, other, venue).await?;
    }
    sqlx::query("UPDATE meeting_turns SET undone_ms = ?2, undone_login = ?3 WHERE id = ?1")
        .bind(id)
        .bind(line.at.millis())
        .bind(&line.login)
        .execute(&mut *connection)
        .await?;
    match to {
        // It stands in the venue, and is held with it.
        TurnTo::Endpoint(_) => {}
        TurnTo::Venue(other) => {
            let mut new = plan.clone();
            let place = new.venues.iter_mut().find(|it| it.venue == other);
            place.into_iter().for_each(|it| it.venue = venue);
            let_go(connection, meeting, (plan, &new), line.at).await?;
        }
        TurnTo::Telephone(resource) => {
            // Another venue may be on it, or it was booked with the meeting.
            let is_ours: bool = sqlx::query_scalar(
                "SELECT max(taken) AND NOT max(undone_ms IS NULL) FROM meeting_turns
                 WHERE meeting_id = ? AND resource_id = ?",
            )
            .bind(meeting.number())
            .bind(resource.number())
            .fetch_one(&mut *connection)
            .await?;
            if is_ours {
                sqlx::query(
                    "DELETE FROM meeting_resources WHERE meeting_id = ? AND resource_id = ?",
                )
                .bind(meeting.number())
                .bind(resource.number())
                .execute(&mut *connection)
                .await?;
                let mut new = plan.clone();
                new.resources.retain(|it| *it != resource);
                let_go(connection, meeting, (plan, &new), line.at).await?;
            }
        }
    }
    close(connection, (meeting, state), step, told, line).await?;
    Ok(TurnActed::Done)
}

/// The endpoint that a meeting has in a venue now.
async fn held_on(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    venue: VenueId,
) -> Result<Option<DeviceId>, StoreError> {
    if let Some(device) = endpoint_of(&turns_of(connection, meeting).await?, venue) {
        return Ok(Some(device));
    }
    let primary: Option<String> = sqlx::query_scalar(
        "SELECT device_id FROM venue_devices WHERE venue_id = ? AND role = 'primary'",
    )
    .bind(venue.number())
    .fetch_optional(connection)
    .await?;
    primary.map(|id| decode::id("venue_devices.device_id", &id)).transpose()
}

/// Whether a venue is on a telephone conference already.
async fn is_on(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    venue: VenueId,
    resource: ResourceId,
) -> Result<bool, StoreError> {
    let is_on = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM meeting_turns WHERE meeting_id = ? AND venue_id = ?
             AND resource_id = ? AND undone_ms IS NULL)",
    );
    let is_on = is_on.bind(meeting.number()).bind(venue.number()).bind(resource.number());
    Ok(is_on.fetch_one(connection).await?)
}

/// Reserves for a meeting what it does not hold yet of these, for what is left of its time; `false` where
/// others hold some of it, and then nothing changed.
async fn hold_left(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    plan: &MeetingPlan,
    subjects: &[Subject],
    now: Timestamp,
) -> Result<bool, StoreError> {
    begin(connection).await?;
    let held = reserve(connection, meeting, plan, subjects, now).await?;
    finish(connection, held).await?;
    Ok(held)
}

/// Who holds some of these in what is left of a meeting's time.
async fn in_the_way(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    plan: &MeetingPlan,
    subjects: &[Subject],
    now: Timestamp,
) -> Result<Vec<Held>, StoreError> {
    let mut all = Vec::new();
    for (slot, _) in ahead(plan, now) {
        all.extend(held(connection, Some(subjects), slot, Some(meeting)).await?);
    }
    Ok(all)
}

/// From now on a meeting no longer holds what only its old plan needs.
async fn let_go(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    (old, new): (&MeetingPlan, &MeetingPlan),
    now: Timestamp,
) -> Result<(), StoreError> {
    let (going, stays) = (
        subjects(connection, old, Some(meeting)).await?,
        subjects(connection, new, Some(meeting)).await?,
    );
    // Of a venue that was taken out of use meanwhile it is not known what stood there.
    let (Some(going), Some(stays)) = (going, stays) else { return Ok(()) };
    for subject in going.into_iter().filter(|it| !stays.contains(it)) {
        shorten(connection, meeting, subject, now).await?;
    }
    Ok(())
}

/// A venue takes the place of another in a meeting, as what that was there.
async fn change_venue(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    leave: VenueId,
    enter: VenueId,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE meeting_venues SET venue_id = ?3 WHERE meeting_id = ?1 AND venue_id = ?2")
        .bind(meeting.number())
        .bind(leave.number())
        .bind(enter.number())
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes what was done, and tells it.
async fn close(
    connection: &mut SqliteConnection,
    (meeting, state): (MeetingId, MeetingState),
    step: MeetingStep,
    told: Vec<(Note, Route)>,
    mut line: AuditLine,
) -> Result<(), StoreError> {
    // Whoever has the form of the booking open saw another place.
    sqlx::query("UPDATE meetings SET revision = revision + 1 WHERE id = ?")
        .bind(meeting.number())
        .execute(&mut *connection)
        .await?;
    add_step(connection, meeting, &step).await?;
    set_state(connection, meeting, state).await?;
    for (note, route) in &told {
        outbox::put(connection, note, route, line.at).await?;
    }
    line.action = "turn_meeting";
    line.subject = format!("meeting {meeting}: {}", step.note);
    audit::insert(connection, line).await
}

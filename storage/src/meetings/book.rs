//! Booking a meeting, and booking it anew at another time or place.

use super::{
    Clash,
    acts::{add_step, set_state},
    clash::{self, find, held},
    list::{self, LOCAL},
};
use crate::{AuditLine, Change, Store, StoreError, audit, decode};
use sqlx::SqliteConnection;
use zhishou_domain::{
    MeetingId, Timestamp,
    meeting::{
        MeetingAct, MeetingPlan, MeetingProblem, MeetingRefusal, MeetingState, MeetingStep,
        Subject, state_of,
    },
};

/// How far a new meeting goes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookingWay {
    /// 草稿: it holds nothing.
    Draft,
    /// It holds what it needs and waits for an approval.
    Submit,
    /// No approval is asked for.
    Approved,
    /// 应急: no approval, and it may have begun.
    Emergency,
}

/// A meeting to be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMeeting {
    /// What.
    pub plan: MeetingPlan,
    /// How far.
    pub way: BookingWay,
    /// Meetings of a lower rank that the person saw and confirmed to make way.
    pub displace: Vec<MeetingId>,
    /// When.
    pub at: Timestamp,
    /// By whom, as they logged in.
    pub login: String,
    /// From where.
    pub address: String,
    /// Who asks and their Idempotency-Key: asked again, the answer is the meeting that was booked.
    pub request_key: Option<String>,
}

/// A meeting to be booked anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebooking {
    /// Which.
    pub id: MeetingId,
    /// The one that the person saw; another is refused.
    pub revision: u32,
    /// What.
    pub plan: MeetingPlan,
    /// Where its approval has to be given again.
    pub way: BookingWay,
    /// Meetings that make way, as in [`NewMeeting`].
    pub displace: Vec<MeetingId>,
    /// When, by whom, and why. [`MeetingAct::Reschedule`], or [`MeetingAct::Note`] where nothing moves.
    pub step: MeetingStep,
    /// From where.
    pub address: String,
}

/// What became of a booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Booked {
    /// It is booked, and stands so.
    Now(MeetingId, MeetingState),
    /// It was booked before by the same request.
    Already(MeetingId),
    /// Something is held by others, and nothing changed.
    Taken(Clash),
    /// It would begin before now.
    Past,
    /// Somebody else changed it meanwhile.
    Stale,
    /// The plan is not sound.
    Unsound(MeetingProblem),
    /// It does not stand so, or has begun, or a reason is missing.
    Refused(MeetingRefusal),
    /// There is no such meeting; or a venue or a resource does not exist or is out of use.
    Missing,
}

impl Store {
    /// Books a meeting with all that it needs, or nothing of it.
    pub async fn book_meeting(&self, new: NewMeeting) -> Result<Booked, StoreError> {
        let booked = self.write(move |connection| Box::pin(book(connection, new))).await?;
        self.tell(&booked);
        Ok(booked)
    }

    /// Books a meeting anew: time, places or words. What it held it keeps where it cannot have the new.
    pub async fn rebook_meeting(&self, change: Rebooking) -> Result<Booked, StoreError> {
        let booked = self.write(move |connection| Box::pin(rebook(connection, change))).await?;
        self.tell(&booked);
        Ok(booked)
    }

    fn tell(&self, booked: &Booked) {
        if matches!(booked, Booked::Now(..)) {
            self.announce(Change::Meetings);
        }
    }
}

async fn book(connection: &mut SqliteConnection, new: NewMeeting) -> Result<Booked, StoreError> {
    if let Some(key) = &new.request_key {
        let before: Option<i64> =
            sqlx::query_scalar("SELECT id FROM meetings WHERE request_key = ?")
                .bind(key)
                .fetch_optional(&mut *connection)
                .await?;
        if let Some(id) = before {
            return Ok(Booked::Already(MeetingId::new(id)));
        }
    }
    if let Err(problem) = new.plan.check() {
        return Ok(Booked::Unsound(problem));
    }
    let slot = new.plan.slot();
    let earliest = if new.way == BookingWay::Emergency { slot.to } else { slot.from };
    if earliest < new.at {
        return Ok(Booked::Past);
    }
    let Some(subjects) = clash::subjects(connection, &new.plan).await? else {
        return Ok(Booked::Missing);
    };
    let steps = steps_of(new.way, new.at, &new.login);
    let state = state_of(&steps);
    begin(connection).await?;
    let id = insert(connection, &new.plan, state, new.request_key).await?;
    let who = (new.login.as_str(), new.address.as_str());
    let is_free = !state.holds()
        || take(connection, id, &new.plan, &subjects, &new.displace, new.at, who).await?;
    finish(connection, is_free).await?;
    if !is_free {
        let clash = find(connection, &new.plan, &subjects, None, new.at).await?;
        return Ok(Booked::Taken(clash));
    }
    for step in &steps {
        add_step(connection, id, step).await?;
    }
    audit_line(connection, "book_meeting", id, new.at, who).await?;
    Ok(Booked::Now(id, state))
}

/// What is done to a new meeting at once.
pub(super) fn steps_of(way: BookingWay, at: Timestamp, login: &str) -> Vec<MeetingStep> {
    let acts: &[MeetingAct] = match way {
        BookingWay::Draft => &[MeetingAct::Draft],
        BookingWay::Submit => &[MeetingAct::Draft, MeetingAct::Submit],
        BookingWay::Approved => &[MeetingAct::Draft, MeetingAct::Submit, MeetingAct::Approve],
        BookingWay::Emergency => &[MeetingAct::Draft, MeetingAct::Emergency],
    };
    let step = |act: &MeetingAct| MeetingStep {
        at,
        // That no approval is asked for is the rule of the house, not somebody's word.
        login: if *act == MeetingAct::Approve { String::new() } else { login.to_owned() },
        act: *act,
        note: String::new(),
    };
    acts.iter().map(step).collect()
}

async fn rebook(
    connection: &mut SqliteConnection,
    change: Rebooking,
) -> Result<Booked, StoreError> {
    let (id, at) = (change.id, change.step.at);
    let Some(stored) = list::read(connection, id).await? else { return Ok(Booked::Missing) };
    if stored.revision != change.revision {
        return Ok(Booked::Stale);
    }
    let moves = moves(&stored.plan, &change.plan);
    let act = if moves { MeetingAct::Reschedule } else { MeetingAct::Note };
    let step = MeetingStep { act, ..change.step };
    // What has begun is not rewritten.
    if stored.plan.slot().from <= at || !stored.state.may_change() {
        return Ok(Booked::Refused(MeetingRefusal::Order));
    }
    if let Err(problem) = change.plan.check() {
        return Ok(Booked::Unsound(problem));
    }
    if change.plan.slot().from < at {
        return Ok(Booked::Past);
    }
    let mut state = match stored.state.allow(&step, &stored.steps) {
        Ok(state) => state,
        Err(refusal) => return Ok(Booked::Refused(refusal)),
    };
    let mut steps = vec![step];
    if state == MeetingState::Rescheduled && change.way == BookingWay::Submit {
        let login = steps[0].login.clone();
        steps.push(MeetingStep { at, login, act: MeetingAct::Submit, note: String::new() });
        state = MeetingState::Submitted;
    }
    let Some(subjects) = clash::subjects(connection, &change.plan).await? else {
        return Ok(Booked::Missing);
    };
    let login = steps[0].login.clone();
    let who = (login.as_str(), change.address.as_str());
    begin(connection).await?;
    release(connection, id).await?;
    update(connection, id, &change.plan).await?;
    let is_free = !state.holds()
        || take(connection, id, &change.plan, &subjects, &change.displace, at, who).await?;
    finish(connection, is_free).await?;
    if !is_free {
        let clash = find(connection, &change.plan, &subjects, Some(id), at).await?;
        return Ok(Booked::Taken(clash));
    }
    for step in &steps {
        add_step(connection, id, step).await?;
    }
    set_state(connection, id, state).await?;
    let action = if moves { "reschedule_meeting" } else { "edit_meeting" };
    audit_line(connection, action, id, at, who).await?;
    Ok(Booked::Now(id, state))
}

/// Whether a plan asks for other times, places or resources than another.
fn moves(one: &MeetingPlan, other: &MeetingPlan) -> bool {
    let held = |it: &MeetingPlan| {
        let mut venues: Vec<_> = it.venues.iter().map(|it| (it.venue, it.role)).collect();
        let mut resources = it.resources.clone();
        venues.sort();
        resources.sort();
        (it.time, it.zone, it.buffers, it.rehearsal, venues, resources)
    };
    held(one) != held(other)
}

pub(super) async fn begin(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("SAVEPOINT booking").execute(connection).await?;
    Ok(())
}

/// Keeps what was done since [`begin`], or takes it back.
pub(super) async fn finish(
    connection: &mut SqliteConnection,
    keep: bool,
) -> Result<(), StoreError> {
    if !keep {
        sqlx::query("ROLLBACK TO booking").execute(&mut *connection).await?;
    }
    sqlx::query("RELEASE booking").execute(connection).await?;
    Ok(())
}

/// Displaces what was confirmed to make way, and reserves; `false` where the schema refuses.
async fn take(
    connection: &mut SqliteConnection,
    id: MeetingId,
    plan: &MeetingPlan,
    subjects: &[Subject],
    displace: &[MeetingId],
    at: Timestamp,
    who: (&str, &str),
) -> Result<bool, StoreError> {
    if !displace.is_empty() {
        for slot in plan.reserved() {
            for held in held(connection, Some(subjects), slot, Some(id)).await? {
                let yields = displace.contains(&held.meeting) && plan.rank.outranks(held.rank);
                if yields && !make_way(connection, held.meeting, (id, plan), at, who).await? {
                    return Ok(false);
                }
            }
        }
    }
    reserve(connection, id, plan, subjects).await
}

/// Takes a meeting's place; `false` where it cannot be displaced any more.
async fn make_way(
    connection: &mut SqliteConnection,
    id: MeetingId,
    (by, plan): (MeetingId, &MeetingPlan),
    at: Timestamp,
    (login, address): (&str, &str),
) -> Result<bool, StoreError> {
    let Some(stored) = list::read(connection, id).await? else { return Ok(false) };
    // It holds several things of what is wanted, and has made way already.
    if !stored.state.holds() {
        return Ok(true);
    }
    let note = format!("#{by} {}", plan.title);
    let step = MeetingStep { at, login: login.to_owned(), act: MeetingAct::Displace, note };
    let has_begun = stored.plan.slot().from <= at;
    let Ok(state) = stored.state.allow(&step, &stored.steps) else { return Ok(false) };
    if has_begun {
        return Ok(false);
    }
    release(connection, id).await?;
    add_step(connection, id, &step).await?;
    set_state(connection, id, state).await?;
    audit_line(connection, "displace_meeting", id, at, (login, address)).await?;
    Ok(true)
}

/// Reserves all that a plan needs; `false` where the schema refuses a part of it, and then whatever was
/// done has to be taken back.
pub(super) async fn reserve(
    connection: &mut SqliteConnection,
    id: MeetingId,
    plan: &MeetingPlan,
    subjects: &[Subject],
) -> Result<bool, StoreError> {
    for (slot, purpose) in plan.reserved().into_iter().zip(["meeting", "rehearsal"]) {
        for subject in subjects {
            let inserted = sqlx::query(
                "INSERT INTO reservations (meeting_id, subject, from_ms, to_ms, purpose)
                 VALUES (?, ?, ?, ?, ?)",
            )
            .bind(id.number())
            .bind(subject.key())
            .bind(slot.from.millis())
            .bind(slot.to.millis())
            .bind(purpose)
            .execute(&mut *connection)
            .await;
            match inserted {
                Ok(_) => {}
                Err(error) if is_overlap(&error) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(true)
}

/// Whether the schema refuses a reservation because others hold it.
pub(super) fn is_overlap(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(it) if it.message().contains("reservation overlaps"))
}

/// Lets go of all that a meeting holds.
pub(super) async fn release(
    connection: &mut SqliteConnection,
    id: MeetingId,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM reservations WHERE meeting_id = ?")
        .bind(id.number())
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    plan: &MeetingPlan,
    state: MeetingState,
    request_key: Option<String>,
) -> Result<MeetingId, StoreError> {
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO meetings (title, rank, assurance, convener, organiser, cascade, zone, local_from,
             local_to, from_ms, to_ms, setup_min, teardown_min, contacts, note, state, revision,
             request_key)
         VALUES (?, '', '', '', '', '', '', '', '', 0, 1, 0, 0, '[]', '', ?, 0, ?) RETURNING id",
    )
    .bind(&plan.title)
    .bind(state.code())
    .bind(request_key)
    .fetch_one(&mut *connection)
    .await?;
    let id = MeetingId::new(id);
    write(connection, id, plan).await?;
    Ok(id)
}

async fn update(
    connection: &mut SqliteConnection,
    id: MeetingId,
    plan: &MeetingPlan,
) -> Result<(), StoreError> {
    for table in [
        "DELETE FROM meeting_venues WHERE meeting_id = ?",
        "DELETE FROM meeting_resources WHERE meeting_id = ?",
        "UPDATE meetings SET revision = revision + 1 WHERE id = ?",
    ] {
        sqlx::query(table).bind(id.number()).execute(&mut *connection).await?;
    }
    write(connection, id, plan).await
}

/// Writes down what was booked.
async fn write(
    connection: &mut SqliteConnection,
    id: MeetingId,
    plan: &MeetingPlan,
) -> Result<(), StoreError> {
    let slot = plan.slot();
    let local = |at: chrono::NaiveDateTime| at.format(LOCAL).to_string();
    sqlx::query(
        "UPDATE meetings SET title = ?2, rank = ?3, assurance = ?4, convener = ?5, organiser = ?6,
             cascade = ?7, zone = ?8, local_from = ?9, local_to = ?10, rehearsal_from = ?11,
             rehearsal_to = ?12, from_ms = ?13, to_ms = ?14, setup_min = ?15, teardown_min = ?16,
             contacts = ?17, note = ?18 WHERE id = ?1",
    )
    .bind(id.number())
    .bind(plan.title.trim())
    .bind(plan.rank.code())
    .bind(plan.assurance.code())
    .bind(plan.convener.code())
    .bind(&plan.organiser)
    .bind(plan.cascade.code())
    .bind(plan.zone.name())
    .bind(local(plan.time.from))
    .bind(local(plan.time.to))
    .bind(plan.rehearsal.map(|it| local(it.from)))
    .bind(plan.rehearsal.map(|it| local(it.to)))
    .bind(slot.from.millis())
    .bind(slot.to.millis())
    .bind(plan.buffers.setup_min)
    .bind(plan.buffers.teardown_min)
    .bind(decode::to_json("meetings.contacts", &plan.contacts)?)
    .bind(&plan.note)
    .execute(&mut *connection)
    .await?;
    for venue in &plan.venues {
        sqlx::query("INSERT INTO meeting_venues (meeting_id, venue_id, role) VALUES (?, ?, ?)")
            .bind(id.number())
            .bind(venue.venue.number())
            .bind(venue.role.code())
            .execute(&mut *connection)
            .await?;
    }
    for resource in &plan.resources {
        sqlx::query("INSERT INTO meeting_resources (meeting_id, resource_id) VALUES (?, ?)")
            .bind(id.number())
            .bind(resource.number())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn audit_line(
    connection: &mut SqliteConnection,
    action: &'static str,
    id: MeetingId,
    at: Timestamp,
    (login, address): (&str, &str),
) -> Result<(), StoreError> {
    let (login, address) = (login.to_owned(), address.to_owned());
    let subject = format!("meeting {id}");
    audit::insert(connection, AuditLine { at, login, action, subject, address }).await
}

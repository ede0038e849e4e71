//! Booking a meeting, and booking it anew at another time or place.

use super::{
    Clash,
    acts::{add_step, set_state},
    clash::{self, find, held},
    list::{self, LOCAL, StoredMeeting},
    notices::{self, NoticeOut, Noticed},
    reservations::{ahead, begin, finish, release, reserve},
};
use crate::{AuditLine, Change, Route, Store, StoreError, audit, decode, outbox::put};
use sqlx::SqliteConnection;
use zhishou_domain::{
    MeetingId, Timestamp,
    alert::Note,
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

/// A meeting of a lower rank that the person saw and confirmed to make way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakesWay {
    /// Which.
    pub meeting: MeetingId,
    /// What is said to those who were told of it.
    pub told: Vec<NoticeOut>,
    /// What the person on duty is told.
    pub duty: Note,
}

/// A meeting to be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMeeting {
    /// What.
    pub plan: MeetingPlan,
    /// How far.
    pub way: BookingWay,
    /// What makes way where it clashes, and is told so.
    pub displace: Vec<MakesWay>,
    /// When.
    pub at: Timestamp,
    /// By whom, as they logged in.
    pub login: String,
    /// From where.
    pub address: String,
    /// Who asks, their Idempotency-Key and all that is asked, as a digest: asked again, the answer is the meeting
    /// that was booked.
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
    /// What makes way, as in [`NewMeeting`].
    pub displace: Vec<MakesWay>,
    /// When, by whom, and why. [`MeetingAct::Reschedule`], or [`MeetingAct::Note`] where nothing moves.
    pub step: MeetingStep,
    /// From where.
    pub address: String,
    /// What is said of it, or of those of its series that change with it.
    pub told: Vec<NoticeOut>,
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
    if let Some(before) = booked_before(connection, new.request_key.as_deref()).await? {
        return Ok(Booked::Already(before));
    }
    if let Err(problem) = new.plan.check() {
        return Ok(Booked::Unsound(problem));
    }
    let slot = new.plan.slot();
    let earliest = if new.way == BookingWay::Emergency { slot.to } else { slot.from };
    if earliest < new.at {
        return Ok(Booked::Past);
    }
    let Some(subjects) = clash::subjects(connection, &new.plan, None).await? else {
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
    let action = match new.way {
        BookingWay::Emergency => "emergency_meeting",
        BookingWay::Draft | BookingWay::Submit | BookingWay::Approved => "book_meeting",
    };
    audit_line(connection, action, id, new.at, who).await?;
    Ok(Booked::Now(id, state))
}

/// The meeting that the same request booked.
pub(super) async fn booked_before(
    connection: &mut SqliteConnection,
    key: Option<&str>,
) -> Result<Option<MeetingId>, StoreError> {
    let id: Option<i64> = sqlx::query_scalar("SELECT id FROM meetings WHERE request_key = ?")
        .bind(key)
        .fetch_optional(connection)
        .await?;
    Ok(id.map(MeetingId::new))
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
    let (way, address) = (change.way, change.address);
    let anew = match Anew::of(&stored, change.plan, change.step, way, address, &change.told) {
        Ok(anew) => anew,
        Err(refused) => return Ok(refused),
    };
    let Some(subjects) = clash::subjects(connection, &anew.plan, Some(id)).await? else {
        return Ok(Booked::Missing);
    };
    begin(connection).await?;
    release(connection, id, at).await?;
    update(connection, id, &anew.plan).await?;
    let is_free = !anew.state.holds()
        || take(connection, id, &anew.plan, &subjects, &change.displace, at, anew.who()).await?;
    finish(connection, is_free).await?;
    if !is_free {
        let clash = find(connection, &anew.plan, &subjects, Some(id), at).await?;
        return Ok(Booked::Taken(clash));
    }
    anew.written(connection, &change.told).await?;
    Ok(Booked::Now(id, anew.state))
}

/// A change of a meeting that its state allows, before anybody looks whether its rooms are free.
pub(super) struct Anew {
    pub(super) id: MeetingId,
    pub(super) plan: MeetingPlan,
    /// How it stands then.
    pub(super) state: MeetingState,
    /// What is done to it: one step at least.
    steps: Vec<MeetingStep>,
    action: &'static str,
    address: String,
}

impl Anew {
    /// The change, or why it is refused.
    pub(super) fn of(
        stored: &StoredMeeting,
        plan: MeetingPlan,
        step: MeetingStep,
        way: BookingWay,
        address: String,
        told: &[NoticeOut],
    ) -> Result<Self, Booked> {
        let at = step.at;
        let (act, action) = if stored.plan.moves(&plan) {
            (MeetingAct::Reschedule, "reschedule_meeting")
        } else {
            (MeetingAct::Note, "edit_meeting")
        };
        let step = MeetingStep { act, ..step };
        // What has begun is not rewritten.
        if stored.plan.slot().from <= at || !stored.state.may_change() {
            return Err(Booked::Refused(MeetingRefusal::Order));
        }
        plan.check().map_err(Booked::Unsound)?;
        if plan.slot().from < at {
            return Err(Booked::Past);
        }
        let mut state = stored.state.allow(&step, &stored.steps).map_err(Booked::Refused)?;
        let mut steps = vec![step];
        if state == MeetingState::Rescheduled && way == BookingWay::Submit {
            let login = steps[0].login.clone();
            steps.push(MeetingStep { at, login, act: MeetingAct::Submit, note: String::new() });
            state = MeetingState::Submitted;
        }
        let invites = |it: &NoticeOut| it.meeting == stored.id && matches!(it.to, Noticed::Anew(_));
        if told.iter().any(invites) {
            let (login, note) = (steps[0].login.clone(), String::new());
            let notify = MeetingStep { at, login, act: MeetingAct::Notify, note };
            // One that waits for its approval is told beforehand and keeps its state.
            if let Ok(told) = state.allow(&notify, &stored.steps) {
                state = told;
                steps.push(notify);
            }
        }
        Ok(Self { id: stored.id, plan, state, steps, action, address })
    }

    fn who(&self) -> (&str, &str) {
        (&self.steps[0].login, &self.address)
    }

    /// Writes down what was done.
    pub(super) async fn written(
        &self,
        connection: &mut SqliteConnection,
        told: &[NoticeOut],
    ) -> Result<(), StoreError> {
        for step in &self.steps {
            add_step(connection, self.id, step).await?;
        }
        set_state(connection, self.id, self.state).await?;
        let (login, _) = self.who();
        notices::tell(connection, self.id, told, (login, self.steps[0].at)).await?;
        audit_line(connection, self.action, self.id, self.steps[0].at, self.who()).await
    }
}

/// Displaces what was confirmed to make way, and reserves; `false` where the schema refuses.
async fn take(
    connection: &mut SqliteConnection,
    id: MeetingId,
    plan: &MeetingPlan,
    subjects: &[Subject],
    displace: &[MakesWay],
    at: Timestamp,
    who: (&str, &str),
) -> Result<bool, StoreError> {
    if !displace.is_empty() {
        for (slot, _) in ahead(plan, at) {
            for held in held(connection, Some(subjects), slot, Some(id)).await? {
                let named = displace.iter().find(|it| it.meeting == held.meeting);
                if let Some(lower) = named.filter(|_| plan.rank.outranks(held.rank))
                    && !make_way(connection, lower, (id, plan), at, who).await?
                {
                    return Ok(false);
                }
            }
        }
    }
    reserve(connection, id, plan, subjects, at).await
}

/// Takes a meeting's place and tells of it; `false` where it cannot be displaced any more.
async fn make_way(
    connection: &mut SqliteConnection,
    lower: &MakesWay,
    (by, plan): (MeetingId, &MeetingPlan),
    at: Timestamp,
    (login, address): (&str, &str),
) -> Result<bool, StoreError> {
    let id = lower.meeting;
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
    release(connection, id, at).await?;
    add_step(connection, id, &step).await?;
    set_state(connection, id, state).await?;
    audit_line(connection, "displace_meeting", id, at, (login, address)).await?;
    notices::tell(connection, id, &lower.told, (login, at)).await?;
    put(connection, &lower.duty, &Route::Topic, at).await?;
    Ok(true)
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

pub(super) async fn update(
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

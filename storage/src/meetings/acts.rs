//! What is done to a meeting that moves nothing.

use super::{
    Clash,
    book::audit_line,
    clash::{find, subjects},
    list,
    notices::{self, NoticeOut},
    reservations::{begin, finish, release, reserve},
};
use crate::{Change, Store, StoreError};
use sqlx::SqliteConnection;
use zhishou_domain::{
    MeetingId,
    meeting::{MeetingAct, MeetingRefusal, MeetingState, MeetingStep, Slot},
};

/// What became of acts on a meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MeetingActed {
    /// It stands so now.
    Now(MeetingState),
    /// It would hold what others hold, and nothing changed.
    Taken(Clash),
    /// It was refused, and nothing changed.
    Refused(MeetingRefusal),
    /// There is no such meeting.
    Missing,
}

impl Store {
    /// Does these things to a meeting in their order, or none of them; `address` is from where. What it
    /// holds follows how it stands.
    pub async fn act_on_meeting(
        &self,
        id: MeetingId,
        steps: Vec<MeetingStep>,
        address: String,
        told: Vec<NoticeOut>,
    ) -> Result<MeetingActed, StoreError> {
        let acted = self
            .write(move |connection| {
                Box::pin(async move { act(connection, id, steps, address, &told).await })
            })
            .await?;
        if matches!(acted, MeetingActed::Now(_)) {
            self.announce(Change::Meetings);
        }
        Ok(acted)
    }
}

pub(super) async fn act(
    connection: &mut SqliteConnection,
    id: MeetingId,
    steps: Vec<MeetingStep>,
    address: String,
    told: &[NoticeOut],
) -> Result<MeetingActed, StoreError> {
    let Some(mut stored) = list::read(connection, id).await? else {
        return Ok(MeetingActed::Missing);
    };
    let before = stored.state;
    for step in &steps {
        match stored.state.allow(step, &stored.steps) {
            Ok(state) => stored.state = state,
            Err(refusal) => return Ok(MeetingActed::Refused(refusal)),
        }
        if step.act == MeetingAct::Start && step.at < stored.plan.opens() {
            return Ok(MeetingActed::Refused(MeetingRefusal::Early));
        }
        stored.steps.push(step.clone());
    }
    let (Some(last), state) = (steps.last(), stored.state) else {
        return Ok(MeetingActed::Now(before));
    };
    let plan = &stored.plan;
    if state.holds() && !before.holds() {
        // What is over is not booked after the fact.
        if plan.slot().from < last.at && state != MeetingState::Emergency {
            return Ok(MeetingActed::Refused(MeetingRefusal::Order));
        }
        let Some(subjects) = subjects(connection, plan, Some(id)).await? else {
            return Ok(MeetingActed::Missing);
        };
        begin(connection).await?;
        let is_free = reserve(connection, id, plan, &subjects, last.at).await?;
        finish(connection, is_free).await?;
        if !is_free {
            let clash = find(connection, plan, &subjects, Some(id), last.at).await?;
            return Ok(MeetingActed::Taken(clash));
        }
    } else if before == MeetingState::Submitted && state.is_due() && plan.slot().from < last.at {
        // Nobody approves after the fact either.
        return Ok(MeetingActed::Refused(MeetingRefusal::Order));
    } else if before.holds() && !state.holds() {
        // What nobody looked at while it lasted is not rewritten.
        if before.is_due() && plan.slot().to <= last.at {
            return Ok(MeetingActed::Refused(MeetingRefusal::Order));
        }
        release(connection, id, last.at).await?;
    } else if state == MeetingState::Ended {
        let cleared = Slot { to: last.at, ..plan.slot() };
        release(connection, id, plan.buffers.around(cleared).to).await?;
    }
    for step in &steps {
        add_step(connection, id, step).await?;
        let who = (step.login.as_str(), address.as_str());
        audit_line(connection, action(step.act), id, step.at, who).await?;
    }
    set_state(connection, id, state).await?;
    notices::tell(connection, id, told, (&last.login, last.at)).await?;
    Ok(MeetingActed::Now(state))
}

/// The word of the audit log.
const fn action(act: MeetingAct) -> &'static str {
    match act {
        MeetingAct::Draft => "draft_meeting",
        MeetingAct::Submit => "submit_meeting",
        MeetingAct::Approve => "approve_meeting",
        MeetingAct::Reject => "reject_meeting",
        MeetingAct::Notify => "notify_meeting",
        MeetingAct::Reschedule => "reschedule_meeting",
        MeetingAct::Emergency => "emergency_meeting",
        MeetingAct::Test => "test_meeting",
        MeetingAct::Ready => "ready_meeting",
        MeetingAct::Risk => "risk_meeting",
        MeetingAct::Start => "start_meeting",
        MeetingAct::Extend => "extend_meeting",
        MeetingAct::End => "end_meeting",
        MeetingAct::Archive => "archive_meeting",
        MeetingAct::Cancel => "cancel_meeting",
        MeetingAct::Turn => "turn_meeting",
        MeetingAct::Displace => "displace_meeting",
        MeetingAct::Note => "note_meeting",
    }
}

pub(super) async fn add_step(
    connection: &mut SqliteConnection,
    id: MeetingId,
    step: &MeetingStep,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO meeting_steps (meeting_id, at_ms, login, act, note) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(id.number())
    .bind(step.at.millis())
    .bind(&step.login)
    .bind(step.act.code())
    .bind(&step.note)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn set_state(
    connection: &mut SqliteConnection,
    id: MeetingId,
    state: MeetingState,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE meetings SET state = ? WHERE id = ?")
        .bind(state.code())
        .bind(id.number())
        .execute(connection)
        .await?;
    Ok(())
}

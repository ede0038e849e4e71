//! 延长: a meeting that is held ends later than was booked, where what it holds is free.

use super::{
    Clash, Held, MeetingActed,
    acts::add_step,
    book::audit_line,
    clash::{held, subjects},
    list,
    reservations::{begin, finish, hold},
};
use crate::{Change, Route, Store, StoreError, outbox};
use sqlx::SqliteConnection;
use zhishou_domain::{
    MeetingId, Timestamp,
    alert::Note,
    meeting::{MeetingAct, MeetingPlan, MeetingRefusal, MeetingStep, Slot},
};

impl Store {
    /// Who else holds what a meeting would need to end at `to`. None where a venue of it is gone.
    pub async fn held_beyond(
        &self,
        id: MeetingId,
        plan: &MeetingPlan,
        to: Timestamp,
    ) -> Result<Option<Vec<Held>>, StoreError> {
        let mut connection = self.reader().acquire().await?;
        let Some(subjects) = subjects(&mut connection, plan, Some(id)).await? else {
            return Ok(None);
        };
        held(&mut connection, Some(&subjects), beyond(plan, to), Some(id)).await.map(Some)
    }

    /// Has a meeting that is held end at `to`, which lies after its end so far, and holds what it needs until
    /// then; or nothing changes. `who` did it, from where; `told` is said of it in the same transaction.
    pub async fn extend_meeting(
        &self,
        id: MeetingId,
        to: Timestamp,
        at: Timestamp,
        who: (String, String),
        told: Vec<(Note, Route)>,
    ) -> Result<MeetingActed, StoreError> {
        let extended = self
            .write(move |connection| Box::pin(extend(connection, id, to, at, who, told)))
            .await?;
        if matches!(extended, MeetingActed::Now(_)) {
            self.announce(Change::Meetings);
        }
        Ok(extended)
    }
}

/// What has to be held more where a meeting ends at `to`. What it held before is not asked for again: of a
/// venue that it turned to it holds but the rest.
fn beyond(plan: &MeetingPlan, to: Timestamp) -> Slot {
    let end = |plan: &MeetingPlan| plan.buffers.around(plan.slot()).to;
    Slot { from: end(plan), to: end(&plan.ending(to)) }
}

async fn extend(
    connection: &mut SqliteConnection,
    id: MeetingId,
    to: Timestamp,
    at: Timestamp,
    (login, address): (String, String),
    told: Vec<(Note, Route)>,
) -> Result<MeetingActed, StoreError> {
    let Some(stored) = list::read(connection, id).await? else {
        return Ok(MeetingActed::Missing);
    };
    let (plan, beyond) = (stored.plan.ending(to), beyond(&stored.plan, to));
    let note = plan.time.to.format("%m-%d %H:%M").to_string();
    let step = MeetingStep { at, login, act: MeetingAct::Extend, note };
    let state = match stored.state.allow(&step, &stored.steps) {
        Ok(state) => state,
        Err(refusal) => return Ok(MeetingActed::Refused(refusal)),
    };
    // Asked for twice it is extended once.
    if beyond.to <= beyond.from || plan.check().is_err() {
        return Ok(MeetingActed::Refused(MeetingRefusal::Order));
    }
    let Some(subjects) = subjects(connection, &plan, Some(id)).await? else {
        return Ok(MeetingActed::Missing);
    };
    begin(connection).await?;
    for subject in &subjects {
        if !hold(connection, id, *subject, beyond, "meeting").await? {
            finish(connection, false).await?;
            let held = held(connection, Some(&subjects), beyond, Some(id)).await?;
            return Ok(MeetingActed::Taken(Clash { held, free: None }));
        }
    }
    finish(connection, true).await?;
    sqlx::query(
        "UPDATE meetings SET local_to = ?2, to_ms = ?3, revision = revision + 1 WHERE id = ?1",
    )
    .bind(id.number())
    .bind(plan.time.to.format(list::LOCAL).to_string())
    .bind(plan.slot().to.millis())
    .execute(&mut *connection)
    .await?;
    add_step(connection, id, &step).await?;
    for (note, route) in &told {
        outbox::put(connection, note, route, at).await?;
    }
    audit_line(connection, "extend_meeting", id, at, (&step.login, &address)).await?;
    Ok(MeetingActed::Now(state))
}

//! "This one and those after it" of a series: changed together, or cancelled.

use super::{
    Booked, Clash, MeetingActed, Rebooking, SeriesBooked,
    acts::act,
    book::{Anew, update},
    clash::{find, subjects},
    list::{self, StoredMeeting},
    notices::NoticeOut,
    reservations::{begin, finish, release, reserve},
};
use crate::{Change, Store, StoreError};
use sqlx::SqliteConnection;
use zhishou_domain::{
    MeetingId, Timestamp,
    meeting::{MeetingRefusal, MeetingStep, Slot, Subject},
};

impl Store {
    /// Changes a meeting, and those of its series after it in the same way, or nothing of it: each keeps
    /// its own day and what was changed of it alone. What has begun or is cancelled stays. With `skip`
    /// those that would collide stay as they are. Nothing makes way for a series.
    pub async fn rebook_series_from(
        &self,
        change: Rebooking,
        skip: bool,
    ) -> Result<SeriesBooked, StoreError> {
        let booked =
            self.write(move |connection| Box::pin(rebook(connection, change, skip))).await?;
        if matches!(booked, SeriesBooked::Now(..)) {
            self.announce(Change::Meetings);
        }
        Ok(booked)
    }

    /// Cancels a meeting and those of its series after it that can still be cancelled, and says so of them; how
    /// many.
    pub async fn cancel_series_from(
        &self,
        id: MeetingId,
        step: MeetingStep,
        address: String,
        told: Vec<NoticeOut>,
    ) -> Result<u32, StoreError> {
        let cancelled = self
            .write(move |connection| {
                Box::pin(async move {
                    let mut cancelled = 0;
                    for id in following(connection, id).await? {
                        let stored = list::read(connection, id).await?;
                        if !stored.is_some_and(|it| it.state.may_change()) {
                            continue;
                        }
                        let acted =
                            act(connection, id, vec![step.clone()], address.clone(), &told).await?;
                        cancelled += u32::from(matches!(acted, MeetingActed::Now(_)));
                    }
                    Ok(cancelled)
                })
            })
            .await?;
        self.announce(Change::Meetings);
        Ok(cancelled)
    }
}

/// A meeting and those of its series after it, in order of time; none where it is in no series.
async fn following(
    connection: &mut SqliteConnection,
    id: MeetingId,
) -> Result<Vec<MeetingId>, StoreError> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "SELECT m.id FROM meetings m JOIN meetings this ON this.id = ?
         WHERE m.series_id = this.series_id AND m.from_ms >= this.from_ms
         ORDER BY m.from_ms, m.id <> this.id, m.id",
    )
    .bind(id.number())
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(MeetingId::new).collect())
}

async fn rebook(
    connection: &mut SqliteConnection,
    change: Rebooking,
    skip: bool,
) -> Result<SeriesBooked, StoreError> {
    let ids = following(connection, change.id).await?;
    let mut all = Vec::new();
    for id in ids {
        all.extend(list::read(connection, id).await?);
    }
    let Some(first) = all.first().cloned() else { return Ok(SeriesBooked::Not(Booked::Missing)) };
    if first.revision != change.revision {
        return Ok(SeriesBooked::Not(Booked::Stale));
    }
    let at = change.step.at;
    let may_change = |it: &StoredMeeting| it.state.may_change() && it.plan.slot().from > at;
    if !may_change(&first) {
        return Ok(SeriesBooked::Not(Booked::Refused(MeetingRefusal::Order)));
    }
    let mut changes: Vec<(Anew, Vec<Subject>)> = Vec::new();
    for stored in all.iter().filter(|it| may_change(it)) {
        let plan = stored.plan.changed_as(&first.plan, &change.plan);
        let (step, address) = (change.step.clone(), change.address.clone());
        let anew = match Anew::of(stored, plan, step, change.way, address, &change.told) {
            Ok(anew) => anew,
            Err(refused) => return Ok(SeriesBooked::Not(refused)),
        };
        let Some(subjects) = subjects(connection, &anew.plan, Some(anew.id)).await? else {
            return Ok(SeriesBooked::Not(Booked::Missing));
        };
        changes.push((anew, subjects));
    }
    // One that stays where it was may then be in the way of another of the series: so all is tried
    // again, with at least one less each time.
    loop {
        let colliding = tried(connection, &changes, &change.told, at).await?;
        if colliding.is_empty() {
            return Ok(SeriesBooked::Now(changes.iter().map(|(anew, _)| anew.id).collect()));
        }
        if !skip || colliding.len() == changes.len() {
            let taken = colliding.into_iter().map(|(_, slot, clash)| (slot, clash));
            return Ok(SeriesBooked::Taken(taken.collect()));
        }
        changes.retain(|(anew, _)| colliding.iter().all(|(id, ..)| *id != anew.id));
    }
}

/// Makes all these changes, or none of them and says which collide.
async fn tried(
    connection: &mut SqliteConnection,
    changes: &[(Anew, Vec<Subject>)],
    told: &[NoticeOut],
    at: Timestamp,
) -> Result<Vec<(MeetingId, Slot, Clash)>, StoreError> {
    begin(connection).await?;
    for (anew, _) in changes {
        release(connection, anew.id, at).await?;
    }
    let mut colliding = Vec::new();
    for (anew, subjects) in changes {
        let (id, plan) = (anew.id, &anew.plan);
        begin(connection).await?;
        update(connection, id, plan).await?;
        let is_free = !anew.state.holds() || reserve(connection, id, plan, subjects, at).await?;
        finish(connection, is_free).await?;
        if is_free {
            anew.written(connection, told).await?;
        } else {
            let clash = find(connection, plan, subjects, Some(id), at).await?;
            colliding.push((id, plan.slot(), clash));
        }
    }
    finish(connection, colliding.is_empty()).await?;
    Ok(colliding)
}

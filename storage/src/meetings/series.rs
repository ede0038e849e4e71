//! Meetings that repeat: booked at once or not at all, and from then on each by itself.

use super::{
    Booked, Clash,
    acts::add_step,
    book::{audit_line, booked_before, insert, steps_of},
    clash::{self, find},
    reservations::{begin, finish, reserve},
};
use crate::{Change, Store, StoreError};
use sqlx::SqliteConnection;
use zhishou_domain::{
    MeetingId, Timestamp,
    meeting::{LocalSlot, MeetingPlan, Slot, state_of},
};

use super::BookingWay;

/// A series to be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSeries {
    /// What, at its first time.
    pub plan: MeetingPlan,
    /// The rule it repeats by, to be kept.
    pub rule: String,
    /// When it is held.
    pub occurrences: Vec<LocalSlot>,
    /// Whether occurrences that collide are left out; else nothing is booked where one does.
    pub skip: bool,
    /// How far each goes at once.
    pub way: BookingWay,
    /// When.
    pub at: Timestamp,
    /// By whom, as they logged in.
    pub login: String,
    /// From where.
    pub address: String,
    /// As in [`crate::NewMeeting`].
    pub request_key: Option<String>,
}

/// What became of booking a series, or of changing the rest of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeriesBooked {
    /// These are booked, in order; what collides is left out where that was asked, so it may be none.
    Now(Vec<MeetingId>),
    /// These occurrences collide, with when each would be, and nothing changed.
    Taken(Vec<(Slot, Clash)>),
    /// Nothing changed, for what one meeting would be refused for.
    Not(Booked),
}

impl Store {
    /// Books every occurrence of a series, or nothing of it.
    pub async fn book_series(&self, new: NewSeries) -> Result<SeriesBooked, StoreError> {
        let booked = self.write(move |connection| Box::pin(book(connection, new))).await?;
        if matches!(booked, SeriesBooked::Now(..)) {
            self.announce(Change::Meetings);
        }
        Ok(booked)
    }

    /// The series that a meeting belongs to: its rule, and its meetings in order of time.
    pub async fn series_of(
        &self,
        id: MeetingId,
    ) -> Result<Option<(String, Vec<MeetingId>)>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT s.rule, m.id FROM meetings m JOIN meeting_series s ON s.id = m.series_id
             WHERE m.series_id = (SELECT series_id FROM meetings WHERE id = ?) ORDER BY m.from_ms",
        )
        .bind(id.number())
        .fetch_all(self.reader())
        .await?;
        let Some((rule, _)) = rows.first().cloned() else { return Ok(None) };
        Ok(Some((rule, rows.into_iter().map(|(_, id)| MeetingId::new(id)).collect())))
    }
}

async fn book(
    connection: &mut SqliteConnection,
    new: NewSeries,
) -> Result<SeriesBooked, StoreError> {
    if let Some(before) = booked_before(connection, new.request_key.as_deref()).await? {
        return Ok(SeriesBooked::Not(Booked::Already(before)));
    }
    let plans: Vec<_> = new.occurrences.iter().map(|time| new.plan.moved_to(*time)).collect();
    if let Some(Err(problem)) = plans.iter().map(MeetingPlan::check).find(Result::is_err) {
        return Ok(SeriesBooked::Not(Booked::Unsound(problem)));
    }
    if plans.first().is_some_and(|plan| plan.slot().from < new.at) {
        return Ok(SeriesBooked::Not(Booked::Past));
    }
    let Some(subjects) = clash::subjects(connection, &new.plan, None).await? else {
        return Ok(SeriesBooked::Not(Booked::Missing));
    };
    let steps = steps_of(new.way, new.at, &new.login);
    let state = state_of(&steps);
    begin(connection).await?;
    let series: i64 = sqlx::query_scalar(
        "INSERT INTO meeting_series (rule, at_ms, login) VALUES (?, ?, ?) RETURNING id",
    )
    .bind(&new.rule)
    .bind(new.at.millis())
    .bind(&new.login)
    .fetch_one(&mut *connection)
    .await?;
    let (mut booked, mut taken) = (Vec::new(), Vec::new());
    for plan in &plans {
        begin(connection).await?;
        // The first that is booked stands for all.
        let key = new.request_key.clone().filter(|_| booked.is_empty());
        let id = insert(connection, plan, state, key).await?;
        let is_free = !state.holds() || reserve(connection, id, plan, &subjects, new.at).await?;
        finish(connection, is_free).await?;
        if is_free {
            sqlx::query("UPDATE meetings SET series_id = ? WHERE id = ?")
                .bind(series)
                .bind(id.number())
                .execute(&mut *connection)
                .await?;
            for step in &steps {
                add_step(connection, id, step).await?;
            }
            let who = (new.login.as_str(), new.address.as_str());
            audit_line(connection, "book_meeting", id, new.at, who).await?;
            booked.push(id);
        } else {
            let clash = find(connection, plan, &subjects, None, new.at).await?;
            taken.push((plan.slot(), clash));
        }
    }
    let keep = taken.is_empty() || new.skip;
    finish(connection, keep).await?;
    Ok(if keep { SeriesBooked::Now(booked) } else { SeriesBooked::Taken(taken) })
}

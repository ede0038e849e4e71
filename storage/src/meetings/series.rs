//! Meetings that repeat: booked at once or not at all, and from then on each by itself.

use super::{
    Clash,
    acts::{act, add_step},
    book::{audit_line, begin, finish, insert, reserve, steps_of},
    clash::{self, find},
};
use crate::{Change, MeetingActed, Store, StoreError};
use sqlx::SqliteConnection;
use zhishou_domain::{
    MeetingId, SeriesId, Timestamp,
    meeting::{LocalSlot, MeetingPlan, MeetingProblem, MeetingStep, Slot, state_of},
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
}

/// What became of booking a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeriesBooked {
    /// These are booked, in order; none where each collides and is skipped.
    Now(SeriesId, Vec<MeetingId>),
    /// These occurrences collide, and nothing changed.
    Taken(Vec<(Slot, Clash)>),
    /// The first would begin before now.
    Past,
    /// The plan is not sound.
    Unsound(MeetingProblem),
    /// A venue or a resource does not exist or is out of use.
    Missing,
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

    /// Cancels a meeting and those of its series after it that can still be cancelled; how many.
    pub async fn cancel_series_from(
        &self,
        id: MeetingId,
        step: MeetingStep,
        address: String,
    ) -> Result<u32, StoreError> {
        let cancelled = self
            .write(move |connection| {
                Box::pin(async move {
                    let ids: Vec<i64> = sqlx::query_scalar(
                        "SELECT m.id FROM meetings m JOIN meetings this ON this.id = ?
                         WHERE m.series_id = this.series_id AND m.from_ms >= this.from_ms
                         ORDER BY m.from_ms",
                    )
                    .bind(id.number())
                    .fetch_all(&mut *connection)
                    .await?;
                    let mut cancelled = 0;
                    for id in ids {
                        let id = MeetingId::new(id);
                        let acted =
                            act(connection, id, vec![step.clone()], address.clone()).await?;
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

async fn book(
    connection: &mut SqliteConnection,
    new: NewSeries,
) -> Result<SeriesBooked, StoreError> {
    let plans: Vec<_> = new.occurrences.iter().map(|time| at_time(&new.plan, *time)).collect();
    if let Some(Err(problem)) = plans.iter().map(MeetingPlan::check).find(Result::is_err) {
        return Ok(SeriesBooked::Unsound(problem));
    }
    if plans.first().is_some_and(|plan| plan.slot().from < new.at) {
        return Ok(SeriesBooked::Past);
    }
    let Some(subjects) = clash::subjects(connection, &new.plan).await? else {
        return Ok(SeriesBooked::Missing);
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
        sqlx::query("SAVEPOINT occurrence").execute(&mut *connection).await?;
        let id = insert(connection, plan, state, None).await?;
        let is_free = !state.holds() || reserve(connection, id, plan, &subjects).await?;
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
            sqlx::query("ROLLBACK TO occurrence").execute(&mut *connection).await?;
            let clash = find(connection, plan, &subjects, None, new.at).await?;
            taken.push((plan.slot(), clash));
        }
        sqlx::query("RELEASE occurrence").execute(&mut *connection).await?;
    }
    let keep = taken.is_empty() || new.skip;
    finish(connection, keep).await?;
    Ok(if keep {
        SeriesBooked::Now(SeriesId::new(series), booked)
    } else {
        SeriesBooked::Taken(taken)
    })
}

/// A plan at another time; its rehearsal keeps its distance on the wall.
fn at_time(plan: &MeetingPlan, time: LocalSlot) -> MeetingPlan {
    let away = time.from - plan.time.from;
    let rehearsal = plan.rehearsal.map(|it| it.moved_to(it.from + away));
    MeetingPlan { time, rehearsal, ..plan.clone() }
}

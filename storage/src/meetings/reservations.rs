//! What meetings hold: the one place that writes reservations.
//!
//! Invariants: the schema refuses what overlaps another meeting's, whoever asks; a reservation never changes,
//! it ends where its meeting lets go.

use crate::StoreError;
use sqlx::SqliteConnection;
use zhishou_domain::{
    MeetingId, Timestamp,
    meeting::{MeetingPlan, Slot, Subject},
};

/// What became of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holding {
    /// It is held from now on.
    New,
    /// The meeting held all of it already.
    Already,
    /// Another meeting holds some of it, and nothing changed.
    Taken,
}

/// Begins what [`finish`] keeps or takes back; they nest.
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

/// Reserves one thing for a meeting, where it does not hold it all that time already.
pub(super) async fn hold(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    subject: Subject,
    slot: Slot,
    purpose: &str,
) -> Result<Holding, StoreError> {
    let added = sqlx::query(
        "INSERT INTO reservations (meeting_id, subject, from_ms, to_ms, purpose)
         SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM reservations
             WHERE meeting_id = ?1 AND subject = ?2 AND from_ms <= ?3 AND to_ms >= ?4)",
    )
    .bind(meeting.number())
    .bind(subject.key())
    .bind(slot.from.millis())
    .bind(slot.to.millis())
    .bind(purpose)
    .execute(connection)
    .await;
    match added {
        Ok(added) if added.rows_affected() == 0 => Ok(Holding::Already),
        Ok(_) => Ok(Holding::New),
        Err(sqlx::Error::Database(it)) if it.message().contains("reservation overlaps") => {
            Ok(Holding::Taken)
        }
        Err(error) => Err(error.into()),
    }
}

/// Reserves all that a plan needs; `false` where others hold a part of it, and then whatever was done has to
/// be taken back.
pub(super) async fn reserve(
    connection: &mut SqliteConnection,
    id: MeetingId,
    plan: &MeetingPlan,
    subjects: &[Subject],
) -> Result<bool, StoreError> {
    for (slot, purpose) in plan.reserved().into_iter().zip(["meeting", "rehearsal"]) {
        for subject in subjects {
            if hold(connection, id, *subject, slot, purpose).await? == Holding::Taken {
                return Ok(false);
            }
        }
    }
    Ok(true)
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

/// From now on a meeting no longer holds something; what it held before stays on record.
pub(super) async fn shorten(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    subject: Subject,
    now: Timestamp,
) -> Result<(), StoreError> {
    let gone: Vec<(i64, String)> = sqlx::query_as(
        "DELETE FROM reservations WHERE meeting_id = ? AND subject = ? AND to_ms > ?
         RETURNING from_ms, purpose",
    )
    .bind(meeting.number())
    .bind(subject.key())
    .bind(now.millis())
    .fetch_all(&mut *connection)
    .await?;
    for (from, purpose) in gone.into_iter().filter(|(from, _)| *from < now.millis()) {
        let slot = Slot { from: Timestamp::from_millis(from), to: now };
        hold(connection, meeting, subject, slot, &purpose).await?;
    }
    Ok(())
}

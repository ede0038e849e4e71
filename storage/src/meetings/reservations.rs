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

/// Reserves one thing for a meeting, where it does not hold it all that time already; `false` where another meeting
/// holds some of it, and then nothing changed.
pub(super) async fn hold(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    subject: Subject,
    slot: Slot,
    purpose: &str,
) -> Result<bool, StoreError> {
    match insert(connection, meeting, &subject.key(), slot, purpose).await {
        Ok(()) => Ok(true),
        Err(sqlx::Error::Database(it)) if it.message().contains("reservation overlaps") => {
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes nothing where a row of this purpose covers it. A rehearsal within the set-up is written down beside it.
async fn insert(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    subject: &str,
    slot: Slot,
    purpose: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO reservations (meeting_id, subject, from_ms, to_ms, purpose)
         SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM reservations WHERE meeting_id = ?1
             AND subject = ?2 AND from_ms <= ?3 AND to_ms >= ?4 AND purpose = ?5)",
    )
    .bind(meeting.number())
    .bind(subject)
    .bind(slot.from.millis())
    .bind(slot.to.millis())
    .bind(purpose)
    .execute(connection)
    .await?;
    Ok(())
}

/// What a plan asks to be reserved from `now` on, and for what. What has passed nobody can hold any more: who
/// books at short notice has less time to set up.
pub(super) fn ahead(plan: &MeetingPlan, now: Timestamp) -> Vec<(Slot, &'static str)> {
    let slots = plan.reserved().into_iter().zip(["meeting", "rehearsal"]);
    let ahead = slots.filter(|(slot, _)| slot.to > now);
    ahead.map(|(slot, purpose)| (Slot { from: slot.from.max(now), ..slot }, purpose)).collect()
}

/// Reserves all that a plan needs from `now` on; `false` where others hold a part of it, and then whatever was
/// done has to be taken back.
pub(super) async fn reserve(
    connection: &mut SqliteConnection,
    id: MeetingId,
    plan: &MeetingPlan,
    subjects: &[Subject],
    now: Timestamp,
) -> Result<bool, StoreError> {
    for (slot, purpose) in ahead(plan, now) {
        for subject in subjects {
            if !hold(connection, id, *subject, slot, purpose).await? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// From `at` on a meeting holds nothing; what it held before stays on record.
pub(super) async fn release(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    at: Timestamp,
) -> Result<(), StoreError> {
    cut(connection, meeting, None, at).await
}

/// From `at` on a meeting no longer holds one thing; what it held before stays on record.
pub(super) async fn shorten(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    subject: Subject,
    at: Timestamp,
) -> Result<(), StoreError> {
    cut(connection, meeting, Some(subject), at).await
}

async fn cut(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    subject: Option<Subject>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let gone: Vec<(String, i64, String)> = sqlx::query_as(
        "DELETE FROM reservations WHERE meeting_id = ? AND subject = coalesce(?, subject) AND to_ms > ?
         RETURNING subject, from_ms, purpose",
    )
    .bind(meeting.number())
    .bind(subject.map(|it| it.key()))
    .bind(at.millis())
    .fetch_all(&mut *connection)
    .await?;
    for (subject, from, purpose) in gone.into_iter().filter(|(_, from, _)| *from < at.millis()) {
        let slot = Slot { from: Timestamp::from_millis(from), to: at };
        insert(connection, meeting, &subject, slot, &purpose).await?;
    }
    Ok(())
}

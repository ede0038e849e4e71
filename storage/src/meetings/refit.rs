//! What stands in a venue changed: the meetings ahead that have it hold what stands there now.
//!
//! Invariants: a meeting holds each endpoint of each of its venues, or somebody decided that it does without;
//! what was held before now stays on record.

use super::{
    Held,
    clash::{LONGEST_MS, endpoints, held},
    reservations::{hold, shorten},
};
use crate::StoreError;
use sqlx::SqliteConnection;
use zhishou_domain::{
    DeviceId, MeetingId, Timestamp, VenueId,
    meeting::{Slot, Subject},
};

/// What is done where an endpoint that is added is held by another meeting already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnClash {
    /// Nothing changes.
    Refuse,
    /// Those meetings do without it.
    LeaveOut,
}

/// Reserves what was added for each meeting ahead that holds the venue, and lets go of what was taken away,
/// where no other venue of the meeting has it. Gives what is in the way; the caller takes all back then,
/// unless those meetings do without.
pub(super) async fn refit(
    connection: &mut SqliteConnection,
    venue: VenueId,
    (was, is): (&[DeviceId], &[DeviceId]),
    now: Timestamp,
) -> Result<Vec<Held>, StoreError> {
    let ahead: Vec<(i64, i64, i64, String)> = sqlx::query_as(
        "SELECT meeting_id, from_ms, to_ms, purpose FROM reservations
         WHERE subject = ?1 AND from_ms > ?2 - ?3 AND to_ms > ?2 ORDER BY from_ms, id",
    )
    .bind(Subject::Venue(venue).key())
    .bind(now.millis())
    .bind(LONGEST_MS)
    .fetch_all(&mut *connection)
    .await?;
    let mut clashes = Vec::new();
    for (meeting, from, to, purpose) in ahead {
        let meeting = MeetingId::new(meeting);
        let venues: Vec<i64> =
            sqlx::query_scalar("SELECT venue_id FROM meeting_venues WHERE meeting_id = ?")
                .bind(meeting.number())
                .fetch_all(&mut *connection)
                .await?;
        let venues: Vec<_> = venues.into_iter().map(VenueId::new).collect();
        let elsewhere = endpoints(connection, &venues).await?;
        for device in was.iter().filter(|it| !is.contains(it) && !elsewhere.contains(it)) {
            shorten(connection, meeting, Subject::Device(*device), now).await?;
        }
        let slot =
            Slot { from: Timestamp::from_millis(from).max(now), to: Timestamp::from_millis(to) };
        for device in is.iter().filter(|it| !was.contains(it)) {
            let subject = Subject::Device(*device);
            if !hold(connection, meeting, subject, slot, &purpose).await? {
                clashes.extend(held(connection, Some(&[subject]), slot, Some(meeting)).await?);
            }
        }
    }
    Ok(clashes)
}

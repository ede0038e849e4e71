//! What stands in a venue changed: the meetings ahead that have it hold what stands there now.
//!
//! Invariants: a meeting holds each endpoint of each of its venues, or somebody decided that it does without;
//! what was held before now stays on record.

use super::{
    Held,
    book::{is_overlap, shorten},
    clash::{LONGEST_MS, held},
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

/// Endpoints that meetings hold because they stand in a venue, before and after it changed.
pub(super) async fn endpoints(
    connection: &mut SqliteConnection,
    venue: VenueId,
) -> Result<Vec<DeviceId>, StoreError> {
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT device_id FROM venue_devices WHERE venue_id = ? AND role <> 'camera'",
    )
    .bind(venue.number())
    .fetch_all(connection)
    .await?;
    found.iter().map(|id| crate::decode::id("venue_devices.device_id", id)).collect()
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
        for device in was.iter().filter(|it| !is.contains(it)) {
            let still: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM meeting_venues m
                     JOIN venue_devices v ON v.venue_id = m.venue_id
                     WHERE m.meeting_id = ? AND v.device_id = ? AND v.role <> 'camera')",
            )
            .bind(meeting.number())
            .bind(device.to_string())
            .fetch_one(&mut *connection)
            .await?;
            if !still {
                shorten(connection, meeting, Subject::Device(*device), now).await?;
            }
        }
        let slot =
            Slot { from: Timestamp::from_millis(from).max(now), to: Timestamp::from_millis(to) };
        for device in is.iter().filter(|it| !was.contains(it)) {
            let subject = Subject::Device(*device);
            let added = sqlx::query(
                "INSERT INTO reservations (meeting_id, subject, from_ms, to_ms, purpose)
                 SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM reservations
                     WHERE meeting_id = ?1 AND subject = ?2 AND from_ms <= ?3 AND to_ms >= ?4)",
            )
            .bind(meeting.number())
            .bind(subject.key())
            .bind(slot.from.millis())
            .bind(slot.to.millis())
            .bind(&purpose)
            .execute(&mut *connection)
            .await;
            match added {
                Ok(_) => {}
                Err(error) if is_overlap(&error) => {
                    clashes.extend(held(connection, Some(&[subject]), slot, Some(meeting)).await?);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(clashes)
}

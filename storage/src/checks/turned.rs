//! Endpoints that meetings turned to.

use super::{Entered, place};
use crate::{AuditLine, Change, Store, StoreError, audit, decode};
use zhishou_domain::{DeviceId, MeetingId, Timestamp, VenueId};

/// A meeting turned to another endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// In which venue.
    pub venue: VenueId,
    /// To which.
    pub device: DeviceId,
    /// What that is called.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// Who did it, as they logged in.
    pub login: String,
}

impl Store {
    /// From now on a meeting is held on this endpoint of a venue, in the name of whom the line names. `Missing`
    /// also where the venue has no such endpoint.
    pub async fn turn_to_endpoint(
        &self,
        meeting: MeetingId,
        venue: VenueId,
        device: DeviceId,
        mut line: AuditLine,
    ) -> Result<Entered<()>, StoreError> {
        let turned = self
            .write(move |connection| {
                Box::pin(async move {
                    let entered = place(connection, meeting, venue).await?;
                    if entered != Entered::Now(()) {
                        return Ok(entered);
                    }
                    let turned = sqlx::query(
                        "INSERT INTO meeting_endpoints (meeting_id, venue_id, device_id, at_ms, login)
                         SELECT v.meeting_id, v.venue_id, d.device_id, ?4, ?5 FROM meeting_venues v
                         JOIN venue_devices d ON d.venue_id = v.venue_id
                         WHERE v.meeting_id = ?1 AND v.venue_id = ?2 AND d.device_id = ?3
                           AND d.role IN ('primary', 'backup')",
                    )
                    .bind(meeting.number())
                    .bind(venue.number())
                    .bind(device.to_string())
                    .bind(line.at.millis())
                    .bind(&line.login)
                    .execute(&mut *connection)
                    .await?
                    .rows_affected()
                        > 0;
                    if !turned {
                        return Ok(Entered::Missing);
                    }
                    line.action = "meeting_endpoint";
                    line.subject = format!("{meeting} {venue} {device}");
                    audit::insert(connection, line).await?;
                    Ok(entered)
                })
            })
            .await?;
        self.announce(Change::Meetings);
        Ok(turned)
    }

    /// What a meeting turned to, in order: the last of a venue holds.
    pub async fn turned_endpoints(&self, meeting: MeetingId) -> Result<Vec<Turned>, StoreError> {
        let rows: Vec<(i64, String, String, i64, String)> = sqlx::query_as(
            "SELECT m.venue_id, m.device_id, d.name, m.at_ms, m.login FROM meeting_endpoints m
             JOIN devices d ON d.id = m.device_id WHERE m.meeting_id = ? ORDER BY m.id",
        )
        .bind(meeting.number())
        .fetch_all(self.reader())
        .await?;
        let turned = rows.into_iter().map(|(venue, device, name, at, login)| {
            Ok(Turned {
                venue: VenueId::new(venue),
                device: decode::id("meeting_endpoints.device_id", &device)?,
                name,
                at: Timestamp::from_millis(at),
                login,
            })
        });
        turned.collect()
    }
}

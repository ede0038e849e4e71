//! What went wrong while a meeting ran.

use super::{Entered, place};
use crate::{AuditLine, Change, Store, StoreError, audit, decode, meetings};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use zhishou_domain::{
    MeetingId, MeetingIncidentId, Timestamp, VenueId,
    check::{Fallback, MeetingIncident},
};

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMeetingIncident {
    /// In which meeting.
    pub meeting: MeetingId,
    /// In which venue.
    pub venue: VenueId,
    /// What, in words.
    pub what: String,
}

impl Store {
    /// Enters an incident in the name of whom the line names, at its time.
    pub async fn add_meeting_incident(
        &self,
        new: NewMeetingIncident,
        mut line: AuditLine,
    ) -> Result<Entered<MeetingIncidentId>, StoreError> {
        let added = self
            .write(move |connection| {
                Box::pin(async move {
                    match place(connection, new.meeting, new.venue).await? {
                        Entered::Now(()) => {}
                        Entered::NotOpen => return Ok(Entered::NotOpen),
                        Entered::Missing => return Ok(Entered::Missing),
                    }
                    let added: i64 = sqlx::query_scalar(
                        "INSERT INTO meeting_incidents (meeting_id, venue_id, from_ms, what, login)
                         VALUES (?, ?, ?, ?, ?) RETURNING id",
                    )
                    .bind(new.meeting.number())
                    .bind(new.venue.number())
                    .bind(line.at.millis())
                    .bind(new.what)
                    .bind(&line.login)
                    .fetch_one(&mut *connection)
                    .await?;
                    line.action = "meeting_incident";
                    line.subject = format!("{} {}", new.meeting, new.venue);
                    audit::insert(connection, line).await?;
                    Ok(Entered::Now(MeetingIncidentId::new(added)))
                })
            })
            .await?;
        self.announce(Change::Meetings);
        Ok(added)
    }

    /// An incident of a meeting that is held is over, in the name of whom the line names; `NotOpen` once the meeting
    /// is, when its record says how long it lasted.
    pub async fn end_meeting_incident(
        &self,
        meeting: MeetingId,
        id: MeetingIncidentId,
        line: AuditLine,
    ) -> Result<Entered<()>, StoreError> {
        let ended =
            self.write(move |connection| Box::pin(end(connection, meeting, id, line))).await?;
        self.announce(Change::Meetings);
        Ok(ended)
    }

    /// The incidents of a meeting, in order.
    pub async fn meeting_incidents(
        &self,
        meeting: MeetingId,
    ) -> Result<Vec<MeetingIncident>, StoreError> {
        let rows = sqlx::query("SELECT * FROM meeting_incidents WHERE meeting_id = ? ORDER BY id")
            .bind(meeting.number())
            .fetch_all(self.reader())
            .await?;
        rows.iter().map(incident_of).collect()
    }
}

async fn end(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    id: MeetingIncidentId,
    mut line: AuditLine,
) -> Result<Entered<()>, StoreError> {
    let lasting: Option<i64> = sqlx::query_scalar(
        "SELECT id FROM meeting_incidents WHERE id = ? AND meeting_id = ? AND to_ms IS NULL",
    )
    .bind(id.number())
    .bind(meeting.number())
    .fetch_optional(&mut *connection)
    .await?;
    let state = meetings::read(connection, meeting).await?.map(|it| it.state);
    match (lasting, state) {
        (None, _) | (_, None) => return Ok(Entered::Missing),
        (Some(_), Some(state)) if state.is_watched() => {}
        (Some(_), Some(_)) => return Ok(Entered::NotOpen),
    }
    sqlx::query("UPDATE meeting_incidents SET to_ms = max(?2, from_ms) WHERE id = ?1")
        .bind(id.number())
        .bind(line.at.millis())
        .execute(&mut *connection)
        .await?;
    line.action = "meeting_incident";
    line.subject = format!("{meeting} {id} over");
    audit::insert(connection, line).await?;
    Ok(Entered::Now(()))
}

/// What a venue turned to belongs to the incident of it that lasts; where there is none, it is one.
pub(crate) async fn turn_incident(
    connection: &mut SqliteConnection,
    (meeting, venue): (MeetingId, VenueId),
    fallback: Fallback,
    what: &str,
    line: &AuditLine,
) -> Result<(), StoreError> {
    let lasting = sqlx::query(
        "UPDATE meeting_incidents SET fallback = ?3 WHERE id =
             (SELECT max(id) FROM meeting_incidents
              WHERE meeting_id = ?1 AND venue_id = ?2 AND to_ms IS NULL)",
    )
    .bind(meeting.number())
    .bind(venue.number())
    .bind(fallback.code())
    .execute(&mut *connection)
    .await?;
    if lasting.rows_affected() == 0 {
        sqlx::query(
            "INSERT INTO meeting_incidents (meeting_id, venue_id, from_ms, what, fallback, login)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(meeting.number())
        .bind(venue.number())
        .bind(line.at.millis())
        .bind(what)
        .bind(fallback.code())
        .bind(&line.login)
        .execute(connection)
        .await?;
    }
    Ok(())
}

fn incident_of(row: &SqliteRow) -> Result<MeetingIncident, StoreError> {
    let fallback: Option<&str> = row.try_get("fallback")?;
    let word = |code| decode::word("meeting_incidents.fallback", code, Fallback::from_code);
    let to: Option<i64> = row.try_get("to_ms")?;
    Ok(MeetingIncident {
        id: MeetingIncidentId::new(row.try_get("id")?),
        venue: VenueId::new(row.try_get("venue_id")?),
        from: Timestamp::from_millis(row.try_get("from_ms")?),
        to: to.map(Timestamp::from_millis),
        what: row.try_get("what")?,
        fallback: fallback.map(word).transpose()?,
        login: row.try_get("login")?,
    })
}

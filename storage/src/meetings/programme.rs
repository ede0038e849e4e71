//! 议程 and 参会名单 of meetings.

use super::book::audit_line;
use crate::{Change, Store, StoreError, decode};
use zhishou_domain::{MeetingId, Timestamp, meeting::Programme};

impl Store {
    /// Keeps the programme of a meeting in place of the one before, with a line of the audit log. `false`
    /// where there is no such meeting.
    pub async fn save_programme(
        &self,
        meeting: MeetingId,
        programme: &Programme,
        at: Timestamp,
        login: String,
        address: String,
    ) -> Result<bool, StoreError> {
        let document = decode::to_json("meeting_programmes.document", programme)?;
        let saved = self
            .write(move |connection| {
                Box::pin(async move {
                    let saved = sqlx::query(
                        "INSERT INTO meeting_programmes (meeting_id, document)
                         SELECT id, ?2 FROM meetings WHERE id = ?1
                         ON CONFLICT (meeting_id) DO UPDATE SET document = excluded.document",
                    )
                    .bind(meeting.number())
                    .bind(document)
                    .execute(&mut *connection)
                    .await?;
                    if saved.rows_affected() == 0 {
                        return Ok(false);
                    }
                    audit_line(connection, "save_programme", meeting, at, (&login, &address))
                        .await?;
                    Ok(true)
                })
            })
            .await?;
        self.announce(Change::Meetings);
        Ok(saved)
    }

    /// The programmes of these meetings, of those that have one.
    pub async fn programmes(
        &self,
        meetings: &[MeetingId],
    ) -> Result<Vec<(MeetingId, Programme)>, StoreError> {
        let ids: Vec<i64> = meetings.iter().map(|id| id.number()).collect();
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT p.meeting_id, p.document FROM json_each(?) asked
             JOIN meeting_programmes p ON p.meeting_id = asked.value ORDER BY p.meeting_id",
        )
        .bind(decode::to_json("meeting_programmes.meeting_id", &ids)?)
        .fetch_all(self.reader())
        .await?;
        let row = |(id, document): (i64, String)| {
            let programme = decode::json("meeting_programmes.document", &document)?;
            Ok((MeetingId::new(id), programme))
        };
        rows.into_iter().map(row).collect()
    }
}

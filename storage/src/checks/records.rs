//! 会后记录 as archived, and the figures made of them.

use crate::{AuditLine, Change, Store, StoreError, audit, decode};
use chrono::Datelike;
use zhishou_domain::{
    MeetingId, Timestamp,
    check::{AfterRecord, Assured, MeetingFigures},
    meeting::MeetingState,
};

/// What became of archiving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Archived {
    /// It is archived.
    Done,
    /// The meeting is not over, or archived already.
    NotEnded,
    /// There is no such meeting.
    Missing,
}

/// Figures of one month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthFigures {
    /// Year and month, as the zone of the store has them.
    pub month: (i32, u32),
    /// Of it alone.
    pub figures: MeetingFigures,
}

/// A meeting that is over and whose record nobody has archived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unarchived {
    /// 会议号.
    pub id: MeetingId,
    /// What it is called.
    pub title: String,
    /// When it was to begin.
    pub from: Timestamp,
    /// When it was to end.
    pub to: Timestamp,
}

impl Store {
    /// Meetings whose record is owed, the oldest first, `limit` at most.
    pub async fn unarchived_meetings(&self, limit: u32) -> Result<Vec<Unarchived>, StoreError> {
        let rows: Vec<(i64, String, i64, i64)> = sqlx::query_as(
            "SELECT id, title, from_ms, to_ms FROM meetings WHERE state = 'ended'
             ORDER BY from_ms LIMIT ?",
        )
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        let owed = rows.into_iter().map(|(id, title, from, to)| Unarchived {
            id: MeetingId::new(id),
            title,
            from: Timestamp::from_millis(from),
            to: Timestamp::from_millis(to),
        });
        Ok(owed.collect())
    }

    /// Meetings that began in `[from, to)`, had ended by `known`, and were neither archived nor
    /// found not to have been held (未召开) by then.
    pub async fn unarchived_count(
        &self,
        (from, to): (Timestamp, Timestamp),
        known: Timestamp,
    ) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM meetings m WHERE m.from_ms >= ?1 AND m.from_ms < ?2
               AND EXISTS (SELECT 1 FROM meeting_steps s
                   WHERE s.meeting_id = m.id AND s.act = 'end' AND s.at_ms <= ?3)
               AND NOT EXISTS (SELECT 1 FROM meeting_steps s
                   WHERE s.meeting_id = m.id AND s.act = 'cancel' AND s.at_ms <= ?3)
               AND NOT EXISTS (SELECT 1 FROM meeting_records r
                   WHERE r.meeting_id = m.id AND r.at_ms <= ?3)",
        )
        .bind(from.millis())
        .bind(to.millis())
        .bind(known.millis())
        .fetch_one(self.reader())
        .await?;
        decode::unsigned("meetings", count)
    }

    /// Archives the record of a meeting that is over, in the name of whom the line names.
    pub async fn archive_meeting(
        &self,
        meeting: MeetingId,
        record: AfterRecord,
        mut line: AuditLine,
    ) -> Result<Archived, StoreError> {
        let document = decode::to_json("meeting_records.document", &record)?;
        let archived = self
            .write(move |connection| {
                Box::pin(async move {
                    let found: Option<(i64, String, i64)> = sqlx::query_as(
                        "SELECT from_ms, state, (SELECT count(*) FROM meeting_venues v
                             WHERE v.meeting_id = m.id) FROM meetings m WHERE id = ?",
                    )
                    .bind(meeting.number())
                    .fetch_optional(&mut *connection)
                    .await?;
                    let Some((from, state, venues)) = found else { return Ok(Archived::Missing) };
                    if MeetingState::from_code(&state) != Some(MeetingState::Ended) {
                        return Ok(Archived::NotEnded);
                    }
                    sqlx::query(
                        "INSERT INTO meeting_records (meeting_id, from_ms, venues, on_time, incidents,
                             lost_minutes, document, at_ms, login)
                         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    )
                    .bind(meeting.number())
                    .bind(from)
                    .bind(venues)
                    .bind(record.on_time)
                    .bind(record.incidents)
                    .bind(record.lost_minutes)
                    .bind(document)
                    .bind(line.at.millis())
                    .bind(&line.login)
                    .execute(&mut *connection)
                    .await?;
                    sqlx::query(
                        "INSERT INTO meeting_steps (meeting_id, at_ms, login, act, note)
                         VALUES (?, ?, ?, 'archive', '')",
                    )
                    .bind(meeting.number())
                    .bind(line.at.millis())
                    .bind(&line.login)
                    .execute(&mut *connection)
                    .await?;
                    sqlx::query("UPDATE meetings SET state = 'archived' WHERE id = ?")
                        .bind(meeting.number())
                        .execute(&mut *connection)
                        .await?;
                    line.action = "archive_meeting";
                    line.subject = meeting.to_string();
                    audit::insert(connection, line).await?;
                    Ok(Archived::Done)
                })
            })
            .await?;
        self.announce(Change::Meetings);
        Ok(archived)
    }

    /// The archived record of a meeting, by whom and when.
    pub async fn meeting_record(
        &self,
        meeting: MeetingId,
    ) -> Result<Option<(AfterRecord, String, Timestamp)>, StoreError> {
        let found: Option<(String, String, i64)> = sqlx::query_as(
            "SELECT document, login, at_ms FROM meeting_records WHERE meeting_id = ?",
        )
        .bind(meeting.number())
        .fetch_optional(self.reader())
        .await?;
        let row = |(document, login, at): (String, String, i64)| {
            let record = decode::json("meeting_records.document", &document)?;
            Ok((record, login, Timestamp::from_millis(at)))
        };
        found.map(row).transpose()
    }

    /// Figures of the meetings that began in `[from, to)` and were archived by `known`, by month, in order.
    pub async fn meeting_figures(
        &self,
        (from, to): (Timestamp, Timestamp),
        known: Timestamp,
    ) -> Result<Vec<MonthFigures>, StoreError> {
        let rows: Vec<(i64, u32, bool, u32, u32)> = sqlx::query_as(
            "SELECT from_ms, venues, on_time, incidents, lost_minutes FROM meeting_records
             WHERE from_ms >= ? AND from_ms < ? AND at_ms <= ? ORDER BY from_ms",
        )
        .bind(from.millis())
        .bind(to.millis())
        .bind(known.millis())
        .fetch_all(self.reader())
        .await?;
        let mut months: Vec<MonthFigures> = Vec::new();
        for (at, venues, on_time, incidents, lost_minutes) in rows {
            let day = Timestamp::from_millis(at).local_day(self.zone);
            let month = (day.year(), day.month());
            if months.last().is_none_or(|last| last.month != month) {
                months.push(MonthFigures { month, figures: MeetingFigures::default() });
            }
            if let Some(last) = months.last_mut() {
                last.figures.add(Assured { venues, on_time, incidents, lost_minutes });
            }
        }
        Ok(months)
    }
}

//! 就绪报告 to the chair of a meeting.

use crate::{Change, Route, Store, StoreError, decode, outbox::put};
use zhishou_domain::{MeetingId, Timestamp, alert::Note};

/// What was told of how ready a meeting was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadinessReport {
    /// When the meeting was to begin.
    pub from: Timestamp,
    /// When it was told.
    pub at: Timestamp,
    /// To whom, by name; empty where nobody was named as chair.
    pub told: Vec<String>,
    /// Messages that came of it; none where nobody could be reached.
    pub messages: u32,
    /// The sentence.
    pub sentence: String,
}

impl Store {
    /// Keeps that a report was made and puts it into the outbox, in one transaction; once for each begin of a
    /// meeting, however often this is asked.
    pub async fn report_readiness(
        &self,
        meeting: MeetingId,
        report: ReadinessReport,
        note: Option<Note>,
    ) -> Result<(), StoreError> {
        let told = decode::to_json("meeting_reports.told", &report.told)?;
        self.write(move |connection| {
            Box::pin(async move {
                let added = sqlx::query(
                    "INSERT INTO meeting_reports (meeting_id, from_ms, at_ms, told, messages, sentence)
                     VALUES (?, ?, ?, ?, 0, ?) ON CONFLICT (meeting_id, from_ms) DO NOTHING",
                )
                .bind(meeting.number())
                .bind(report.from.millis())
                .bind(report.at.millis())
                .bind(told)
                .bind(report.sentence)
                .execute(&mut *connection)
                .await?;
                let Some(note) = note.filter(|_| added.rows_affected() > 0) else { return Ok(()) };
                let messages = put(connection, &note, &Route::Addressed, report.at).await?;
                sqlx::query(
                    "UPDATE meeting_reports SET messages = ? WHERE meeting_id = ? AND from_ms = ?",
                )
                .bind(i64::try_from(messages).unwrap_or(i64::MAX))
                .bind(meeting.number())
                .bind(report.from.millis())
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await?;
        self.announce(Change::Meetings);
        Ok(())
    }

    /// What was told of how ready a meeting was, in order.
    pub async fn readiness_reports(
        &self,
        meeting: MeetingId,
    ) -> Result<Vec<ReadinessReport>, StoreError> {
        let rows: Vec<(i64, i64, String, u32, String)> = sqlx::query_as(
            "SELECT from_ms, at_ms, told, messages, sentence FROM meeting_reports
             WHERE meeting_id = ? ORDER BY at_ms",
        )
        .bind(meeting.number())
        .fetch_all(self.reader())
        .await?;
        let report = |(from, at, told, messages, sentence): (_, _, String, _, _)| {
            Ok(ReadinessReport {
                from: Timestamp::from_millis(from),
                at: Timestamp::from_millis(at),
                told: decode::json("meeting_reports.told", &told)?,
                messages,
                sentence,
            })
        };
        rows.into_iter().map(report).collect()
    }
}

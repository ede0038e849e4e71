//! 就绪报告 to the chair of a meeting.

use crate::{Change, Route, Store, StoreError, decode, outbox::put};
use sqlx::SqliteConnection;
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
    /// Keeps that a report was made and puts it into the outbox, in one transaction. It is kept once for each begin
    /// of a meeting, however often this is asked; whoever was not told before is added to it and gets it.
    pub async fn report_readiness(
        &self,
        meeting: MeetingId,
        report: ReadinessReport,
        note: Option<Note>,
    ) -> Result<(), StoreError> {
        self.write(move |connection| Box::pin(keep(connection, meeting, report, note))).await?;
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

async fn keep(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    report: ReadinessReport,
    note: Option<Note>,
) -> Result<(), StoreError> {
    let before: Option<String> =
        sqlx::query_scalar("SELECT told FROM meeting_reports WHERE meeting_id = ? AND from_ms = ?")
            .bind(meeting.number())
            .bind(report.from.millis())
            .fetch_optional(&mut *connection)
            .await?;
    let before = before.map(|told| decode::json("meeting_reports.told", &told)).transpose()?;
    let mut told: Vec<String> = before.unwrap_or_default();
    let fresh: Vec<_> = report.told.into_iter().filter(|name| !told.contains(name)).collect();
    told.extend(fresh);
    // Who has it already has it under the same key and does not get it again.
    let messages = match note {
        Some(note) => put(connection, &note, &Route::Addressed, report.at).await?,
        None => 0,
    };
    sqlx::query(
        "INSERT INTO meeting_reports (meeting_id, from_ms, at_ms, told, messages, sentence)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (meeting_id, from_ms) DO UPDATE
         SET told = excluded.told, messages = messages + excluded.messages",
    )
    .bind(meeting.number())
    .bind(report.from.millis())
    .bind(report.at.millis())
    .bind(decode::to_json("meeting_reports.told", &told)?)
    .bind(i64::try_from(messages).unwrap_or(i64::MAX))
    .bind(report.sentence)
    .execute(connection)
    .await?;
    Ok(())
}

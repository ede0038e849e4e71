//! What operators said of picture faults, and the trend of their scores.

use crate::{Store, StoreError, decode};
use sqlx::{Row, SqliteConnection};
use zhishou_domain::{DeviceId, FaultCode, Feedback, Observation, Opinion, Timestamp};

/// Opinions that a camera's limits are made of: the newest so many.
const REMEMBERED: u32 = 500;

/// The scores of one picture fault of one day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreDay {
    /// Which fault.
    pub fault: FaultCode,
    /// Days since 1970-01-01, UTC.
    pub day: i64,
    /// Mean score, 0–1.
    pub mean: f64,
    /// Highest score.
    pub max: f64,
}

/// Adds the scores of a picture to their day.
pub(crate) async fn add_scores(
    connection: &mut SqliteConnection,
    device: &str,
    observation: &Observation,
) -> Result<(), StoreError> {
    let Some(picture) = &observation.picture else { return Ok(()) };
    let scores: Vec<(&str, f64)> = picture
        .scores
        .iter()
        .filter_map(|(fault, score)| Some((fault.code(), (*score)?)))
        .collect();
    if scores.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO score_days (device_id, fault, utc_day, n, sum, max)
         SELECT ?1, v.value ->> 0, ?2, 1, v.value ->> 1, v.value ->> 1
         FROM json_each(?3) v WHERE true
         ON CONFLICT (device_id, fault, utc_day) DO UPDATE SET
             n = n + 1, sum = sum + excluded.sum, max = max(max, excluded.max)",
    )
    .bind(device)
    .bind(observation.started_at.utc_day())
    .bind(decode::to_json("score_days", &scores)?)
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// Keeps what was said of a fault of a device.
    pub async fn add_feedback(
        &self,
        device: DeviceId,
        feedback: Feedback,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let reading = feedback.reading.as_ref();
                let reading = reading
                    .map(|it| decode::to_json("picture_feedback.reading", it))
                    .transpose()?;
                sqlx::query(
                    "INSERT INTO picture_feedback
                         (device_id, at_ms, login, fault, opinion, score, reading)
                     VALUES (?, ?, ?, ?, ?, ?, ?)",
                )
                .bind(device.to_string())
                .bind(feedback.at.millis())
                .bind(feedback.login)
                .bind(feedback.fault.code())
                .bind(feedback.opinion.code())
                .bind(feedback.score)
                .bind(reading)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// What was said of the picture faults of a device, in order of time.
    pub async fn feedback(&self, device: DeviceId) -> Result<Vec<Feedback>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM (SELECT * FROM picture_feedback WHERE device_id = ?
                            ORDER BY id DESC LIMIT ?) ORDER BY id",
        )
        .bind(device.to_string())
        .bind(REMEMBERED)
        .fetch_all(self.reader())
        .await?;
        let said = rows.iter().map(|row| {
            let reading: Option<&str> = row.try_get("reading")?;
            Ok(Feedback {
                at: Timestamp::from_millis(row.try_get("at_ms")?),
                login: row.try_get("login")?,
                fault: decode::word(
                    "picture_feedback.fault",
                    row.try_get("fault")?,
                    FaultCode::from_code,
                )?,
                opinion: decode::word(
                    "picture_feedback.opinion",
                    row.try_get("opinion")?,
                    Opinion::from_code,
                )?,
                score: row.try_get("score")?,
                reading: reading
                    .map(|it| decode::json("picture_feedback.reading", it))
                    .transpose()?,
            })
        });
        said.collect()
    }

    /// The scores of a device by day, from the UTC day `from` on, in order of time.
    pub async fn score_days(
        &self,
        device: DeviceId,
        from: i64,
    ) -> Result<Vec<ScoreDay>, StoreError> {
        let rows: Vec<(String, i64, i64, f64, f64)> = sqlx::query_as(
            "SELECT fault, utc_day, n, sum, max FROM score_days
             WHERE device_id = ? AND utc_day >= ? ORDER BY fault, utc_day",
        )
        .bind(device.to_string())
        .bind(from)
        .fetch_all(self.reader())
        .await?;
        let days = rows.into_iter().map(|(fault, day, n, sum, max)| {
            let fault = decode::word("score_days.fault", &fault, FaultCode::from_code)?;
            Ok(ScoreDay { fault, day, mean: sum / n as f64, max })
        });
        days.collect()
    }

    /// The newest observation of a device that looked at its picture, while it is kept.
    pub async fn latest_picture(
        &self,
        device: DeviceId,
    ) -> Result<Option<Observation>, StoreError> {
        let body: Option<String> = sqlx::query_scalar(
            "SELECT o.body FROM pictures p JOIN observations o ON o.id = p.judged_id
             WHERE p.device_id = ?",
        )
        .bind(device.to_string())
        .fetch_optional(self.reader())
        .await?;
        body.map(|body| decode::json("observations.body", &body)).transpose()
    }
}

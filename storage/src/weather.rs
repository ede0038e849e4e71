//! Which cameras show a weather now, and whether a street shows it together.

use crate::{Store, StoreError, decode};
use sqlx::SqliteConnection;
use std::{collections::BTreeSet, time::Duration};
use zhishou_domain::{
    DeviceId, Observation, Timestamp, Verdict, Weather,
    confirm::Outcome,
    weather::{Together, WINDOW, together},
};

/// Takes from an outcome what is one event of its street: it stays in the observation, and is no
/// fault of the camera. Notes what the camera shows on the way.
pub(crate) async fn excuse(
    connection: &mut SqliteConnection,
    device: &str,
    observation: &Observation,
    hold: Duration,
    outcome: &mut Outcome,
) -> Result<(), StoreError> {
    if observation.picture.is_none() {
        return Ok(());
    }
    let shown: BTreeSet<Weather> =
        outcome.faults.iter().filter_map(|&fault| Weather::behind(fault)).collect();
    let codes: Vec<&str> = shown.iter().map(|weather| weather.code()).collect();
    let codes = decode::to_json("weather_shown.weather", &codes)?;
    sqlx::query(
        "DELETE FROM weather_shown WHERE device_id = ?1 AND (until_ms < ?2 OR weather NOT IN
             (SELECT value FROM json_each(?3)))",
    )
    .bind(device)
    .bind(outcome.at.millis())
    .bind(&codes)
    .execute(&mut *connection)
    .await?;
    if shown.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO weather_shown (device_id, weather, street_id, since_ms, until_ms)
         SELECT d.id, value, si.street_id, ?2, ?3 FROM json_each(?4), devices d
         JOIN sites si ON si.id = d.site_id WHERE d.id = ?1
         ON CONFLICT (device_id, weather) DO UPDATE SET
             street_id = excluded.street_id, until_ms = excluded.until_ms",
    )
    .bind(device)
    .bind(outcome.at.millis())
    .bind((outcome.at + hold).millis())
    .bind(&codes)
    .execute(&mut *connection)
    .await?;
    for weather in shown {
        if event(&mut *connection, device, weather, outcome.at).await?.is_some() {
            outcome.faults.retain(|&fault| Weather::behind(fault) != Some(weather));
        }
    }
    if outcome.faults.is_empty() && outcome.verdict == Verdict::Degraded {
        outcome.verdict = Verdict::Online;
    }
    Ok(())
}

/// The event of its street that a camera is part of, if it is of one.
async fn event(
    connection: &mut SqliteConnection,
    device: &str,
    weather: Weather,
    now: Timestamp,
) -> Result<Option<Together>, StoreError> {
    let own: Option<(String, i64)> = sqlx::query_as(
        "SELECT street_id, since_ms FROM weather_shown
         WHERE device_id = ? AND weather = ? AND until_ms >= ?",
    )
    .bind(device)
    .bind(weather.code())
    .bind(now.millis())
    .fetch_optional(&mut *connection)
    .await?;
    let Some((street, own)) = own else { return Ok(None) };
    let own = Timestamp::from_millis(own);
    let began: Vec<i64> = sqlx::query_scalar(
        "SELECT since_ms FROM weather_shown
         WHERE street_id = ? AND weather = ? AND since_ms BETWEEN ? AND ? AND until_ms >= ?",
    )
    .bind(&street)
    .bind(weather.code())
    .bind((own - WINDOW).millis())
    .bind((own + WINDOW).millis())
    .bind(now.millis())
    .fetch_all(&mut *connection)
    .await?;
    let began: Vec<Timestamp> = began.into_iter().map(Timestamp::from_millis).collect();
    let watched: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sites si JOIN devices d ON d.site_id = si.id
         WHERE si.street_id = ? AND d.probed_since_ms IS NOT NULL AND d.kind = 'camera'",
    )
    .bind(&street)
    .fetch_one(connection)
    .await?;
    Ok(together(own, &began, usize::try_from(watched).unwrap_or(0)))
}

impl Store {
    /// The events of its street that a camera is part of at `now`.
    pub async fn weather_of(
        &self,
        device: DeviceId,
        now: Timestamp,
    ) -> Result<Vec<(Weather, Together)>, StoreError> {
        let mut connection = self.reader().acquire().await?;
        let mut events = Vec::new();
        for &weather in Weather::ALL {
            if let Some(found) = event(&mut connection, &device.to_string(), weather, now).await? {
                events.push((weather, found));
            }
        }
        Ok(events)
    }
}

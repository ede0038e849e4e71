//! Which cameras show a weather now, and the events of streets that show it together.
//!
//! Invariants: a street has at most one event of a weather that stands; it is begun, widened and ended in
//! the transaction of the result that shows so; no result of a camera that shows none reads more than a row
//! unless an event of its street stands or ended a moment ago.

use crate::{Store, StoreError, decode};
use sqlx::SqliteConnection;
use std::{collections::BTreeSet, time::Duration};
use zhishou_domain::{
    DeviceId, Observation, Timestamp, Verdict, Weather,
    confirm::Outcome,
    weather::{Together, WINDOW, largest, together},
};

/// Takes from an outcome what is one event of its street: it stays in the observation, and is no
/// fault of the camera. Notes what the camera shows on the way, and what becomes of the event; whether an
/// event began or ended.
pub(crate) async fn excuse(
    connection: &mut SqliteConnection,
    device: &str,
    observation: &Observation,
    hold: Duration,
    outcome: &mut Outcome,
) -> Result<bool, StoreError> {
    if observation.picture.is_none() {
        return Ok(false);
    }
    let shown: BTreeSet<Weather> =
        outcome.faults.iter().filter_map(|&fault| Weather::behind(fault)).collect();
    note(connection, device, &shown, outcome.at, hold).await?;
    let street = street_of(connection, device).await?;
    let recent = recent(connection, &street, outcome.at).await?;
    let mut is_news = false;
    for &weather in Weather::ALL {
        let known = recent.iter().find(|event| event.weather == weather);
        if known.is_none() && !shown.contains(&weather) {
            continue;
        }
        let seen = Seen::of(connection, &street, weather, outcome.at).await?;
        if seen.event_of(device).is_some() {
            outcome.faults.retain(|&fault| Weather::behind(fault) != Some(weather));
        }
        is_news |= seen.keep(connection, known, device, outcome.at).await?;
    }
    if outcome.faults.is_empty() && outcome.verdict == Verdict::Degraded {
        outcome.verdict = Verdict::Online;
    }
    Ok(is_news)
}

/// Notes what a camera shows at `at`, and until when that stands.
async fn note(
    connection: &mut SqliteConnection,
    device: &str,
    shown: &BTreeSet<Weather>,
    at: Timestamp,
    hold: Duration,
) -> Result<(), StoreError> {
    let codes: Vec<&str> = shown.iter().map(|weather| weather.code()).collect();
    let codes = decode::to_json("weather_shown.weather", &codes)?;
    sqlx::query(
        "DELETE FROM weather_shown WHERE device_id = ?1 AND (until_ms < ?2 OR weather NOT IN
             (SELECT value FROM json_each(?3)))",
    )
    .bind(device)
    .bind(at.millis())
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
    .bind(at.millis())
    .bind((at + hold).millis())
    .bind(&codes)
    .execute(connection)
    .await?;
    Ok(())
}

async fn street_of(connection: &mut SqliteConnection, device: &str) -> Result<String, StoreError> {
    let sql =
        "SELECT si.street_id FROM devices d JOIN sites si ON si.id = d.site_id WHERE d.id = ?";
    Ok(sqlx::query_scalar(sql).bind(device).fetch_one(connection).await?)
}

/// An event that stands, or ended so short a while ago that what begins now goes on with it.
struct Recent {
    id: i64,
    weather: Weather,
    until: Timestamp,
}

async fn recent(
    connection: &mut SqliteConnection,
    street: &str,
    now: Timestamp,
) -> Result<Vec<Recent>, StoreError> {
    let rows: Vec<(i64, String, i64)> = sqlx::query_as(
        "SELECT id, weather, until_ms FROM street_events
         WHERE street_id = ? AND until_ms >= ? ORDER BY id DESC",
    )
    .bind(street)
    .bind((now - WINDOW).millis())
    .fetch_all(connection)
    .await?;
    let recent = rows.into_iter().map(|(id, weather, until)| {
        let weather = decode::word("street_events.weather", &weather, Weather::from_code)?;
        Ok(Recent { id, weather, until: Timestamp::from_millis(until) })
    });
    recent.collect()
}

/// A camera that shows a weather now.
struct Camera {
    device: String,
    since: Timestamp,
    until: Timestamp,
}

/// What a street shows of a weather now.
struct Seen<'a> {
    street: &'a str,
    weather: Weather,
    cameras: Vec<Camera>,
    began: Vec<Timestamp>,
    /// Cameras that are watched there.
    watched: usize,
}

impl<'a> Seen<'a> {
    async fn of(
        connection: &mut SqliteConnection,
        street: &'a str,
        weather: Weather,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT device_id, since_ms, until_ms FROM weather_shown
             WHERE street_id = ? AND weather = ? AND until_ms >= ?",
        )
        .bind(street)
        .bind(weather.code())
        .bind(now.millis())
        .fetch_all(&mut *connection)
        .await?;
        let cameras: Vec<Camera> = rows
            .into_iter()
            .map(|(device, since, until)| Camera {
                device,
                since: Timestamp::from_millis(since),
                until: Timestamp::from_millis(until),
            })
            .collect();
        let watched: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM sites si JOIN devices d ON d.site_id = si.id
             WHERE si.street_id = ? AND d.probed_since_ms IS NOT NULL AND d.kind = 'camera'",
        )
        .bind(street)
        .fetch_one(connection)
        .await?;
        let began = cameras.iter().map(|camera| camera.since).collect();
        let watched = usize::try_from(watched).unwrap_or(0);
        Ok(Self { street, weather, cameras, began, watched })
    }

    /// The event that a camera is part of, if it is of one.
    fn event_of(&self, device: &str) -> Option<Together> {
        let own = self.cameras.iter().find(|camera| camera.device == device)?;
        together(own.since, &self.began, self.watched)
    }

    /// Begins the event of the street, widens it by a camera, or ends it; whether it began or ended.
    async fn keep(
        &self,
        connection: &mut SqliteConnection,
        known: Option<&Recent>,
        device: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let stood = known.filter(|event| event.until > at);
        if let Some(event) = stood {
            leave(connection, event.id, device, at).await?;
        }
        let own = self.event_of(device);
        let Some(event) = own.or_else(|| largest(&self.began, self.watched)) else {
            let Some(event) = stood else { return Ok(false) };
            end(connection, event.id, at).await?;
            return Ok(true);
        };
        let id = match known {
            Some(event) => event.id,
            None => self.begin(connection, event).await?,
        };
        for camera in &self.cameras {
            let is_told = stood.is_some() && camera.device != device;
            if !is_told && together(camera.since, &self.began, self.watched).is_some() {
                enter(connection, id, camera).await?;
            }
        }
        widen(connection, id, event).await?;
        Ok(stood.is_none())
    }

    async fn begin(
        &self,
        connection: &mut SqliteConnection,
        event: Together,
    ) -> Result<i64, StoreError> {
        let done = sqlx::query(
            "INSERT INTO street_events (street_id, weather, since_ms, until_ms, watched)
             VALUES (?1, ?2, ?3, ?3, ?4)",
        )
        .bind(self.street)
        .bind(self.weather.code())
        .bind(event.since.millis())
        .bind(i64::try_from(event.of).unwrap_or(i64::MAX))
        .execute(connection)
        .await?;
        Ok(done.last_insert_rowid())
    }
}

async fn enter(
    connection: &mut SqliteConnection,
    event: i64,
    camera: &Camera,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO street_event_cameras (event_id, device_id, since_ms, until_ms)
         VALUES (?, ?, ?, ?) ON CONFLICT (event_id, device_id) DO UPDATE SET
             since_ms = min(since_ms, excluded.since_ms), until_ms = excluded.until_ms",
    )
    .bind(event)
    .bind(&camera.device)
    .bind(camera.since.millis())
    .bind(camera.until.millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// The event stands as long as one of its cameras does.
async fn widen(
    connection: &mut SqliteConnection,
    event: i64,
    seen: Together,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE street_events SET since_ms = min(since_ms, ?2), watched = max(watched, ?3),
             until_ms = (SELECT max(until_ms) FROM street_event_cameras WHERE event_id = ?1)
         WHERE id = ?1",
    )
    .bind(event)
    .bind(seen.since.millis())
    .bind(i64::try_from(seen.of).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(())
}

/// A camera was looked at; it is entered again where it still shows it.
async fn leave(
    connection: &mut SqliteConnection,
    event: i64,
    device: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE street_event_cameras SET until_ms = ?3
         WHERE event_id = ?1 AND device_id = ?2 AND until_ms > ?3",
    )
    .bind(event)
    .bind(device)
    .bind(at.millis())
    .execute(connection)
    .await?;
    Ok(())
}

async fn end(
    connection: &mut SqliteConnection,
    event: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    for sql in [
        "UPDATE street_events SET until_ms = min(until_ms, ?2) WHERE id = ?1",
        "UPDATE street_event_cameras SET until_ms = min(until_ms, ?2) WHERE event_id = ?1",
    ] {
        sqlx::query(sql).bind(event).bind(at.millis()).execute(&mut *connection).await?;
    }
    Ok(())
}

impl Store {
    /// The events of its street that a camera is part of at `now`.
    pub async fn weather_of(
        &self,
        device: DeviceId,
        now: Timestamp,
    ) -> Result<Vec<(Weather, Together)>, StoreError> {
        let mut connection = self.reader().acquire().await?;
        let device = device.to_string();
        let street = street_of(&mut connection, &device).await?;
        let mut events = Vec::new();
        for &weather in Weather::ALL {
            let seen = Seen::of(&mut connection, &street, weather, now).await?;
            events.extend(seen.event_of(&device).map(|event| (weather, event)));
        }
        Ok(events)
    }
}

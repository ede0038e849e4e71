//! 环境事件 as pages and programs list them.

use crate::{IncidentFilter, Store, StoreError, decode};
use sqlx::{Row, sqlite::SqliteRow};
use zhishou_domain::{DeviceId, StreetId, Timestamp, Weather};

/// One event of a street.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreetEvent {
    /// Its number.
    pub id: i64,
    /// 街道.
    pub street: StreetId,
    /// What it is called.
    pub street_name: String,
    /// What its cameras show.
    pub weather: Weather,
    /// When the first of them began to.
    pub since: Timestamp,
    /// When it ended; `None` while it lasts.
    pub ended: Option<Timestamp>,
    /// Cameras that showed it.
    pub cameras: u64,
    /// Those of them that show it still.
    pub open_cameras: u64,
    /// Cameras of the street that are watched.
    pub watched: u64,
}

/// One camera of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventCamera {
    /// The camera.
    pub device: DeviceId,
    /// Its name.
    pub name: String,
    /// That of its site.
    pub site: String,
    /// Since when it showed it.
    pub since: Timestamp,
    /// Until when; `None` while it does.
    pub until: Option<Timestamp>,
}

impl Store {
    /// The newest events, those that last before those that are over.
    pub async fn street_events(
        &self,
        filter: &IncidentFilter,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<StreetEvent>, StoreError> {
        let rows = sqlx::query(
            "SELECT e.*, st.name,
                 (SELECT count(*) FROM street_event_cameras c WHERE c.event_id = e.id) AS cameras,
                 (SELECT count(*) FROM street_event_cameras c
                  WHERE c.event_id = e.id AND c.until_ms > ?1) AS open_cameras
             FROM street_events e JOIN streets st ON st.id = e.street_id
             WHERE (?2 IS NULL OR (e.until_ms > ?1) = ?2) AND (?3 IS NULL OR e.street_id = ?3)
                 AND ((?4 IS NULL AND ?5 IS NULL AND ?6 IS NULL) OR EXISTS (
                     SELECT 1 FROM street_event_cameras c JOIN devices d ON d.id = c.device_id
                     WHERE c.event_id = e.id AND (?4 IS NULL OR d.site_id = ?4)
                         AND (?5 IS NULL OR d.maintainer_id = ?5) AND (?6 IS NULL OR d.id = ?6)))
             ORDER BY e.until_ms > ?1 DESC, e.since_ms DESC, e.id DESC LIMIT ?7",
        )
        .bind(now.millis())
        .bind(filter.open)
        .bind(filter.street.map(|id| id.to_string()))
        .bind(filter.site.map(|id| id.to_string()))
        .bind(filter.maintainer.map(|id| id.to_string()))
        .bind(filter.device.map(|id| id.to_string()))
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(|row| event(row, now)).collect()
    }

    /// The cameras of an event, at most `limit`: those that show it still before the others. Of those that a
    /// maintainer keeps, where one is given.
    pub async fn street_event_cameras(
        &self,
        event: i64,
        filter: &IncidentFilter,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<EventCamera>, StoreError> {
        let rows = sqlx::query(
            "SELECT c.device_id, d.name, si.name AS site, c.since_ms, c.until_ms
             FROM street_event_cameras c JOIN devices d ON d.id = c.device_id
             JOIN sites si ON si.id = d.site_id
             WHERE c.event_id = ?1 AND (?3 IS NULL OR d.maintainer_id = ?3)
             ORDER BY c.until_ms > ?2 DESC, c.since_ms, c.device_id LIMIT ?4",
        )
        .bind(event)
        .bind(now.millis())
        .bind(filter.maintainer.map(|id| id.to_string()))
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        let camera = |row: &SqliteRow| {
            let device: String = row.try_get("device_id")?;
            Ok(EventCamera {
                device: decode::id("street_event_cameras.device_id", &device)?,
                name: row.try_get("name")?,
                site: row.try_get("site")?,
                since: Timestamp::from_millis(row.try_get("since_ms")?),
                until: ended(row, now)?,
            })
        };
        rows.iter().map(camera).collect()
    }
}

/// What stands until a time that has passed ended then.
fn ended(row: &SqliteRow, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let until = Timestamp::from_millis(row.try_get("until_ms")?);
    Ok((until <= now).then_some(until))
}

fn event(row: &SqliteRow, now: Timestamp) -> Result<StreetEvent, StoreError> {
    let street: String = row.try_get("street_id")?;
    let count = |column: &str| {
        row.try_get::<i64, _>(column).map(|number| u64::try_from(number).unwrap_or(0))
    };
    Ok(StreetEvent {
        id: row.try_get("id")?,
        street: decode::id("street_events.street_id", &street)?,
        street_name: row.try_get("name")?,
        weather: decode::word(
            "street_events.weather",
            row.try_get("weather")?,
            Weather::from_code,
        )?,
        since: Timestamp::from_millis(row.try_get("since_ms")?),
        ended: ended(row, now)?,
        cameras: count("cameras")?,
        open_cameras: count("open_cameras")?,
        watched: count("watched")?,
    })
}

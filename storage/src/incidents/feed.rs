//! What was confirmed and is not judged yet.

use crate::{Store, StoreError, decode};
use sqlx::{Row, SqliteConnection};
use std::collections::HashMap;
use zhishou_domain::{
    DeviceId, State, Step, Timestamp,
    incident::{Crowd, DeviceEvent, Event, Manner, ObserverEvent, Parent, Seat, Sight},
};

/// Events that wait, in the order in which they were confirmed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The last of them in the feed.
    pub through: i64,
    /// What was confirmed.
    pub events: Vec<Event>,
}

/// Tells of a device what a step confirmed, where that is trouble or may end some.
pub(crate) async fn hear(
    connection: &mut SqliteConnection,
    device: &str,
    step: &Step,
) -> Result<(), StoreError> {
    let id: DeviceId = decode::id("standings.device_id", device)?;
    let Some(event) = DeviceEvent::of(id, step) else { return Ok(()) };
    let is_trouble =
        event.state == State::Down || event.manner == Manner::Flapping || !event.shown.is_empty();
    sqlx::query(
        "INSERT INTO incident_feed (device_id, body) SELECT ?1, ?2 WHERE ?3
             OR EXISTS (SELECT 1 FROM incident_members WHERE device_id = ?1 AND until_ms IS NULL)
             OR EXISTS (SELECT 1 FROM incident_feed WHERE device_id = ?1)",
    )
    .bind(device)
    .bind(decode::to_json("incident_feed.body", &event)?)
    .bind(is_trouble)
    .execute(connection)
    .await?;
    Ok(())
}

/// A column of devices by which they are counted.
const COUNTED: [&str; 4] = [
    "SELECT d.parent_id, count(*) FROM devices d
     WHERE d.parent_id IN (SELECT value FROM json_each(?)) AND d.probed_since_ms IS NOT NULL GROUP BY 1",
    "SELECT d.site_id, count(*) FROM devices d
     WHERE d.site_id IN (SELECT value FROM json_each(?)) AND d.probed_since_ms IS NOT NULL GROUP BY 1",
    "SELECT p.street_id, count(*) FROM sites p JOIN devices d ON d.site_id = p.id
     WHERE p.street_id IN (SELECT value FROM json_each(?)) AND d.probed_since_ms IS NOT NULL GROUP BY 1",
    "SELECT d.maintainer_id, count(*) FROM devices d
     WHERE d.maintainer_id IN (SELECT value FROM json_each(?)) AND d.probed_since_ms IS NOT NULL GROUP BY 1",
];

/// Where devices hang, and how many are probed beside each.
pub(super) async fn seats(
    connection: &mut SqliteConnection,
    devices: &[String],
) -> Result<HashMap<String, Seat>, StoreError> {
    let rows = sqlx::query(
        "SELECT d.id, d.parent_id, d.site_id, p.street_id, d.maintainer_id,
                parent.probed_since_ms IS NOT NULL AS parent_probed
         FROM devices d JOIN sites p ON p.id = d.site_id
         LEFT JOIN devices parent ON parent.id = d.parent_id
         WHERE d.id IN (SELECT value FROM json_each(?))",
    )
    .bind(decode::to_json("devices.id", &devices)?)
    .fetch_all(&mut *connection)
    .await?;
    let mut wanted: [Vec<String>; 4] = Default::default();
    let columns = ["parent_id", "site_id", "street_id", "maintainer_id"];
    for row in &rows {
        for (wanted, column) in wanted.iter_mut().zip(columns) {
            wanted.extend(row.try_get::<Option<String>, _>(column)?);
        }
    }
    let mut counts: HashMap<String, u64> = HashMap::new();
    for (mut ids, sql) in wanted.into_iter().zip(COUNTED) {
        ids.sort_unstable();
        ids.dedup();
        let counted: Vec<(String, i64)> = sqlx::query_as(sql)
            .bind(decode::to_json("devices.id", &ids)?)
            .fetch_all(&mut *connection)
            .await?;
        for (id, count) in counted {
            counts.insert(id, decode::unsigned("devices", count)?);
        }
    }
    let seat = |row: &sqlx::sqlite::SqliteRow| {
        let texts = columns.map(|column| row.try_get::<Option<String>, _>(column));
        let [parent, site, street, maintainer] = texts;
        let (parent, maintainer) = (parent?, maintainer?);
        let (site, street) = (site?.unwrap_or_default(), street?.unwrap_or_default());
        let count =
            |id: Option<&String>| id.and_then(|id| counts.get(id)).copied().unwrap_or_default();
        let sight = if row.try_get("parent_probed")? { Sight::Probed } else { Sight::Inferred };
        let crowd = Crowd {
            parent: count(parent.as_ref()),
            site: count(Some(&site)),
            street: count(Some(&street)),
            maintainer: count(maintainer.as_ref()),
        };
        let parent = parent.map(|id| decode::id("devices.parent_id", &id)).transpose()?;
        let maintainer =
            maintainer.map(|id| decode::id("devices.maintainer_id", &id)).transpose()?;
        let seat = Seat {
            site: decode::id("devices.site_id", &site)?,
            street: decode::id("sites.street_id", &street)?,
            maintainer,
            parent: parent.map(|device| Parent { device, sight }),
            crowd,
        };
        Ok((row.try_get("id")?, seat))
    };
    rows.iter().map(seat).collect()
}

/// The key of when an agent was last at work.
fn at_work(agent: &str) -> String {
    format!("at_work/{agent}")
}

impl Store {
    /// What was confirmed and is not judged yet, the oldest `limit` of it.
    pub async fn incident_events(&self, limit: u32) -> Result<Heard, StoreError> {
        let mut connection = self.reader().acquire().await?;
        let rows: Vec<(i64, Option<String>, String)> =
            sqlx::query_as("SELECT id, device_id, body FROM incident_feed ORDER BY id LIMIT ?")
                .bind(limit)
                .fetch_all(&mut *connection)
                .await?;
        let devices: Vec<String> =
            rows.iter().filter_map(|(_, device, _)| device.clone()).collect();
        let seats = match devices.is_empty() {
            true => HashMap::new(),
            false => seats(&mut connection, &devices).await?,
        };
        let mut heard = Heard::default();
        for (id, device, body) in rows {
            heard.through = id;
            let seat = device.as_ref().map(|device| seats.get(device));
            match seat {
                None => {
                    let event: ObserverEvent = decode::json("incident_feed.body", &body)?;
                    heard.events.push(Event::Observer(event));
                }
                Some(Some(&seat)) => {
                    let event: DeviceEvent = decode::json("incident_feed.body", &body)?;
                    heard.events.push(Event::Device(event, seat));
                }
                Some(None) => {}
            }
        }
        Ok(heard)
    }

    /// Notes that an agent is at work.
    pub async fn note_at_work(&self, agent: &str, at: Timestamp) -> Result<(), StoreError> {
        self.set(at_work(agent), &at.millis().to_string()).await
    }

    /// When an agent was last noted to be at work; `None` where it never was.
    pub async fn last_at_work(&self, agent: &str) -> Result<Option<Timestamp>, StoreError> {
        let value = self.setting(&at_work(agent)).await?;
        let millis = value.map(|value| decode::id("settings.value", &value)).transpose()?;
        Ok(millis.map(Timestamp::from_millis))
    }

    /// Tells how an agent sees.
    pub async fn tell_observer(&self, event: ObserverEvent) -> Result<(), StoreError> {
        let body = decode::to_json("incident_feed.body", &event)?;
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query("INSERT INTO incident_feed (device_id, body) VALUES (NULL, ?)")
                    .bind(body)
                    .execute(connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }
}

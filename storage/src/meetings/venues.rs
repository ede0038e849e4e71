//! Venues and what stands in them. There are some hundreds of them, so they are read whole.

use super::{
    Held,
    clash::{endpoints, held},
    refit::{OnClash, refit},
    reservations::{begin, finish},
};
use crate::{AuditLine, Store, StoreError, audit, decode};
use sqlx::{Row, SqliteConnection};
use std::collections::HashMap;
use zhishou_domain::{
    DeviceId, DeviceKind, SiteId, Timestamp, VenueId,
    endpoint::Signalling,
    meeting::{DeviceRole, Slot, Subject, Venue, VenueDevice},
};

/// What is kept of a venue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VenueWords {
    /// Name, unique.
    pub name: String,
    /// The site it lies in.
    pub site: Option<SiteId>,
    /// Seats.
    pub seats: Option<u32>,
    /// 会场联系人.
    pub contact: String,
    /// Of the contact.
    pub phone: String,
    /// In words.
    pub note: String,
    /// Whether it can be booked.
    pub in_use: bool,
    /// What stands in it.
    pub devices: Vec<(DeviceId, DeviceRole)>,
}

/// A device that could stand in a venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevicePlace {
    /// Identity.
    pub id: DeviceId,
    /// Name.
    pub name: String,
    /// An endpoint, or a camera.
    pub kind: DeviceKind,
    /// What its site is called.
    pub site: String,
}

/// What became of saving a venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VenueSaved {
    /// It is saved.
    Now(VenueId),
    /// There is no such venue, site or device, or a device is not of the kind its role asks for.
    Missing,
    /// Another has the name.
    NameTaken,
    /// Meetings ahead in this venue would need an endpoint that these hold, and nothing changed.
    Taken(Vec<Held>),
    /// It would be out of use while these are ahead in it, and nothing changed.
    Booked(Vec<Held>),
}

impl Store {
    /// Adds a venue, or changes the one of `id`, with its line of the audit log, whose subject becomes
    /// the venue. Meetings ahead in it hold the endpoints that stand there from now on, or nothing changes.
    pub async fn save_venue(
        &self,
        id: Option<VenueId>,
        words: VenueWords,
        line: AuditLine,
    ) -> Result<VenueSaved, StoreError> {
        self.change_venue(id, words, OnClash::Refuse, line).await
    }

    /// The same, where somebody decided what becomes of meetings that cannot have an endpoint.
    pub async fn change_venue(
        &self,
        id: Option<VenueId>,
        words: VenueWords,
        on_clash: OnClash,
        line: AuditLine,
    ) -> Result<VenueSaved, StoreError> {
        let saved = self
            .write(move |connection| Box::pin(save(connection, id, words, on_clash, line)))
            .await?;
        if matches!(saved, VenueSaved::Now(_)) {
            self.announce(crate::Change::Meetings);
        }
        Ok(saved)
    }

    /// Every venue by name, those out of use among them.
    pub async fn venues(&self) -> Result<Vec<Venue>, StoreError> {
        read(&mut *self.reader().acquire().await?, None).await
    }

    /// One venue.
    pub async fn venue(&self, id: VenueId) -> Result<Option<Venue>, StoreError> {
        Ok(read(&mut *self.reader().acquire().await?, Some(id)).await?.pop())
    }

    /// What could stand in a venue at a site: the endpoints in use that stand in none, wherever they are,
    /// and the cameras and the equipment of the site; `limit` at most of each.
    pub async fn meeting_devices(
        &self,
        site: Option<SiteId>,
        limit: u32,
    ) -> Result<Vec<DevicePlace>, StoreError> {
        let mut found: Vec<_> = self
            .endpoints_without_venue(limit)
            .await?
            .into_iter()
            .map(|(id, name, _, site)| DevicePlace { id, name, kind: DeviceKind::Endpoint, site })
            .collect();
        for kind in [DeviceKind::Camera, DeviceKind::Equipment] {
            let of_site: Vec<(String, String, String)> = sqlx::query_as(
                "SELECT d.id, d.name, s.name FROM devices d JOIN sites s ON s.id = d.site_id
                 WHERE d.site_id = ? AND d.kind = ? AND d.life = 'in_use' ORDER BY d.name LIMIT ?",
            )
            .bind(site.map(|id| id.to_string()))
            .bind(kind.code())
            .bind(limit)
            .fetch_all(self.reader())
            .await?;
            for (id, name, site) in of_site {
                let id = decode::id("devices.id", &id)?;
                found.push(DevicePlace { id, name, kind, site });
            }
        }
        Ok(found)
    }

    /// Endpoints in use that stand in no venue yet, by site and name: id, name, site; `limit` at most.
    pub async fn endpoints_without_venue(
        &self,
        limit: u32,
    ) -> Result<Vec<(DeviceId, String, SiteId, String)>, StoreError> {
        let rows: Vec<(String, String, String, String)> = sqlx::query_as(
            "SELECT d.id, d.name, s.id, s.name FROM devices d JOIN sites s ON s.id = d.site_id
             WHERE d.kind = 'endpoint' AND d.life = 'in_use'
               AND NOT EXISTS (SELECT 1 FROM venue_devices v WHERE v.device_id = d.id)
             ORDER BY s.name, d.name LIMIT ?",
        )
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        rows.into_iter()
            .map(|(id, name, site, site_name)| {
                let id = decode::id("devices.id", &id)?;
                Ok((id, name, decode::id("sites.id", &site)?, site_name))
            })
            .collect()
    }
}

async fn save(
    connection: &mut SqliteConnection,
    id: Option<VenueId>,
    words: VenueWords,
    on_clash: OnClash,
    mut line: AuditLine,
) -> Result<VenueSaved, StoreError> {
    let holder: Option<i64> = sqlx::query_scalar("SELECT id FROM venues WHERE name = ?")
        .bind(&words.name)
        .fetch_optional(&mut *connection)
        .await?;
    if holder.is_some() && holder != id.map(VenueId::number) {
        return Ok(VenueSaved::NameTaken);
    }
    if let Some(site) = words.site {
        let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sites WHERE id = ?)")
            .bind(site.to_string())
            .fetch_one(&mut *connection)
            .await?;
        if !known {
            return Ok(VenueSaved::Missing);
        }
    }
    for (device, role) in &words.devices {
        let kind: Option<String> = sqlx::query_scalar("SELECT kind FROM devices WHERE id = ?")
            .bind(device.to_string())
            .fetch_optional(&mut *connection)
            .await?;
        if kind.as_deref() != Some(role.kind().code()) {
            return Ok(VenueSaved::Missing);
        }
    }
    if let Some(id) = id.filter(|_| !words.in_use && on_clash == OnClash::Refuse) {
        let booked = booked_ahead(connection, id, line.at).await?;
        if !booked.is_empty() {
            return Ok(VenueSaved::Booked(booked));
        }
    }
    let was = match id {
        Some(id) => endpoints(connection, &[id]).await?,
        None => Vec::new(),
    };
    begin(connection).await?;
    let saved: Option<i64> = sqlx::query_scalar(match id {
        None => {
            "INSERT INTO venues (name, site_id, seats, contact, phone, note, in_use)
             VALUES (?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id"
        }
        Some(_) => {
            "UPDATE venues SET name = ?2, site_id = ?3, seats = ?4, contact = ?5, phone = ?6,
                 note = ?7, in_use = ?8 WHERE id = ?1 RETURNING id"
        }
    })
    .bind(id.map(VenueId::number))
    .bind(words.name)
    .bind(words.site.map(|id| id.to_string()))
    .bind(words.seats)
    .bind(words.contact)
    .bind(words.phone)
    .bind(words.note)
    .bind(words.in_use)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(saved) = saved else {
        finish(connection, false).await?;
        return Ok(VenueSaved::Missing);
    };
    let first_was = first_endpoint(connection, saved).await?;
    sqlx::query("DELETE FROM venue_devices WHERE venue_id = ?")
        .bind(saved)
        .execute(&mut *connection)
        .await?;
    for (device, role) in words.devices {
        sqlx::query(
            "INSERT OR REPLACE INTO venue_devices (venue_id, device_id, role) VALUES (?, ?, ?)",
        )
        .bind(saved)
        .bind(device.to_string())
        .bind(role.code())
        .execute(&mut *connection)
        .await?;
    }
    if first_endpoint(connection, saved).await? != first_was {
        sqlx::query("UPDATE venues SET endpoint_since_ms = ? WHERE id = ?")
            .bind(line.at.millis())
            .bind(saved)
            .execute(&mut *connection)
            .await?;
    }
    let saved = VenueId::new(saved);
    let is = endpoints(connection, &[saved]).await?;
    let clashes = refit(connection, saved, (&was, &is), line.at).await?;
    let keep = clashes.is_empty() || on_clash == OnClash::LeaveOut;
    finish(connection, keep).await?;
    if !keep {
        return Ok(VenueSaved::Taken(clashes));
    }
    line.subject = format!("venue {saved}");
    audit::insert(connection, line).await?;
    Ok(VenueSaved::Now(saved))
}

/// On which a venue's meetings are held.
async fn first_endpoint(
    connection: &mut SqliteConnection,
    venue: i64,
) -> Result<Option<String>, StoreError> {
    let first = "SELECT device_id FROM venue_devices WHERE venue_id = ? AND role = 'primary'";
    Ok(sqlx::query_scalar(first).bind(venue).fetch_optional(connection).await?)
}

/// The meetings ahead in a venue that is in use.
async fn booked_ahead(
    connection: &mut SqliteConnection,
    id: VenueId,
    now: Timestamp,
) -> Result<Vec<Held>, StoreError> {
    let in_use: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM venues WHERE id = ? AND in_use)")
            .bind(id.number())
            .fetch_one(&mut *connection)
            .await?;
    let ahead = Slot { from: now, to: Timestamp::from_millis(i64::MAX) };
    match in_use {
        true => held(connection, Some(&[Subject::Venue(id)]), ahead, None).await,
        false => Ok(Vec::new()),
    }
}

async fn read(
    connection: &mut SqliteConnection,
    id: Option<VenueId>,
) -> Result<Vec<Venue>, StoreError> {
    let number = id.map(VenueId::number);
    let devices: Vec<(i64, String, String, String, Option<String>)> = sqlx::query_as(
        "SELECT v.venue_id, d.id, d.name, v.role, d.url FROM venue_devices v
         JOIN devices d ON d.id = v.device_id WHERE ?1 IS NULL OR v.venue_id = ?1
         ORDER BY CASE v.role WHEN 'primary' THEN 0 WHEN 'backup' THEN 1 WHEN 'camera' THEN 2 ELSE 3 END,
             d.name",
    )
    .bind(number)
    .fetch_all(&mut *connection)
    .await?;
    let mut by_venue: HashMap<i64, Vec<VenueDevice>> = HashMap::new();
    for (venue, id, name, role, url) in devices {
        let role = decode::word("venue_devices.role", &role, DeviceRole::from_code)?;
        let id = decode::id("venue_devices.device_id", &id)?;
        let signalling = Signalling::of(url.as_deref().unwrap_or_default());
        by_venue.entry(venue).or_default().push(VenueDevice { id, name, role, signalling });
    }
    let rows = sqlx::query("SELECT * FROM venues WHERE ?1 IS NULL OR id = ?1 ORDER BY name")
        .bind(number)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let id: i64 = row.try_get("id")?;
            let site: Option<&str> = row.try_get("site_id")?;
            Ok(Venue {
                id: VenueId::new(id),
                name: row.try_get("name")?,
                site: site.map(|site| decode::id("venues.site_id", site)).transpose()?,
                seats: row.try_get("seats")?,
                contact: row.try_get("contact")?,
                phone: row.try_get("phone")?,
                note: row.try_get("note")?,
                in_use: row.try_get("in_use")?,
                devices: by_venue.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

//! The row of a device: finding it again, making it, changing it.

use super::life::Life;
use crate::{StoreError, decode, habits, references};
use sqlx::{SqliteConnection, sqlite::SqliteArguments};
use zhishou_domain::{
    DeviceKind, LedgerColumn, LedgerRow, LifeState, RowError, RowProblem, Timestamp,
};

/// What a row of the ledger says of a device, but for its state, parent, tags and login.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(super) struct Fields {
    kind: String,
    name: String,
    national_code: Option<String>,
    site_id: String,
    department_id: Option<String>,
    maintainer_id: Option<String>,
    police_station: Option<String>,
    class: Option<String>,
    address: Option<String>,
    vendor: Option<String>,
    model: Option<String>,
    ip: Option<String>,
    mac: Option<String>,
    pub(super) url: Option<String>,
    sub_url: Option<String>,
    longitude: Option<f64>,
    latitude: Option<f64>,
    retention_days: Option<i64>,
    note: Option<String>,
    checks: Option<String>,
    test_call: Option<String>,
}

/// A device as it is stored.
pub(super) struct Stored {
    pub(super) id: String,
    pub(super) fields: Fields,
    pub(super) life: LifeState,
    pub(super) life_since: Timestamp,
    pub(super) probed_since: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct StoredRow {
    id: String,
    #[sqlx(flatten)]
    fields: Fields,
    life: String,
    life_since_ms: i64,
    probed_since_ms: Option<i64>,
}

impl Fields {
    /// What the row says, and where it says nothing, what is stored.
    pub(super) fn merged(row: &LedgerRow, stored: Option<&Self>, site_id: String) -> Self {
        fn or<T: Clone>(
            given: Option<T>,
            stored: Option<&Fields>,
            of: fn(&Fields) -> &Option<T>,
        ) -> Option<T> {
            given.or_else(|| stored.and_then(|fields| of(fields).clone()))
        }
        let text = |given: &Option<String>, of| or(given.clone(), stored, of);
        let kind = row.kind.map(|kind| kind.code().to_owned());
        let url = text(&row.url, |fields| &fields.url);
        Self {
            kind: kind
                .or_else(|| stored.map(|fields| fields.kind.clone()))
                .unwrap_or_else(|| DeviceKind::Camera.code().to_owned()),
            name: row.name.clone(),
            national_code: text(&row.national_code, |fields| &fields.national_code),
            site_id,
            department_id: stored.and_then(|fields| fields.department_id.clone()),
            maintainer_id: stored.and_then(|fields| fields.maintainer_id.clone()),
            police_station: text(&row.police_station, |fields| &fields.police_station),
            class: text(&row.class.map(|class| class.code().to_owned()), |fields| &fields.class),
            address: text(&row.address, |fields| &fields.address),
            vendor: text(&row.vendor, |fields| &fields.vendor),
            model: text(&row.model, |fields| &fields.model),
            ip: text(&row.ip, |fields| &fields.ip),
            mac: text(&row.mac, |fields| &fields.mac),
            url,
            sub_url: text(&row.sub_url, |fields| &fields.sub_url),
            longitude: or(row.longitude, stored, |fields| &fields.longitude),
            latitude: or(row.latitude, stored, |fields| &fields.latitude),
            retention_days: or(row.retention_days.map(i64::from), stored, |fields| {
                &fields.retention_days
            }),
            note: text(&row.note, |fields| &fields.note),
            checks: text(&row.checks.as_ref().map(ToString::to_string), |fields| &fields.checks),
            test_call: text(&row.test_call.map(|leave| leave.code().to_owned()), |fields| {
                &fields.test_call
            }),
        }
    }

    /// The same with the parties a row names; `None` leaves what is stored.
    pub(super) fn owned_by(
        mut self,
        department: Option<String>,
        maintainer: Option<String>,
    ) -> Self {
        self.department_id = department.or(self.department_id);
        self.maintainer_id = maintainer.or(self.maintainer_id);
        self
    }

    /// Binds every field in the order of [`insert`] and [`update`].
    fn bind<'q>(
        &'q self,
        query: sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments>,
    ) -> sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments> {
        query
            .bind(&self.kind)
            .bind(&self.name)
            .bind(&self.national_code)
            .bind(&self.site_id)
            .bind(&self.department_id)
            .bind(&self.maintainer_id)
            .bind(&self.police_station)
            .bind(&self.class)
            .bind(&self.address)
            .bind(&self.vendor)
            .bind(&self.model)
            .bind(&self.ip)
            .bind(&self.mac)
            .bind(&self.url)
            .bind(&self.sub_url)
            .bind(self.longitude)
            .bind(self.latitude)
            .bind(self.retention_days)
            .bind(&self.note)
            .bind(&self.checks)
            .bind(&self.test_call)
    }
}

/// Finds the device of a row: by its national code, else by site and name.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    row: &LedgerRow,
    site: Option<&str>,
) -> Result<Result<Option<Stored>, RowError>, StoreError> {
    if let Some(code) = &row.national_code {
        let found: Option<StoredRow> =
            sqlx::query_as("SELECT * FROM devices WHERE national_code = ?")
                .bind(code)
                .fetch_optional(&mut *connection)
                .await?;
        if let Some(found) = found {
            return Ok(Ok(Some(found.decode()?)));
        }
    }
    let Some(site) = site else { return Ok(Ok(None)) };
    // A device with another code is another device, whatever its name.
    let mut found: Vec<StoredRow> = sqlx::query_as(
        "SELECT * FROM devices
         WHERE site_id = ?1 AND name = ?2 AND (?3 IS NULL OR national_code IS NULL) LIMIT 2",
    )
    .bind(site)
    .bind(&row.name)
    .bind(&row.national_code)
    .fetch_all(connection)
    .await?;
    if found.len() > 1 {
        let problem = RowProblem::AmbiguousDevice;
        return Ok(Err(RowError::new(row.row, LedgerColumn::Name, &row.name, problem)));
    }
    Ok(Ok(found.pop().map(StoredRow::decode).transpose()?))
}

impl StoredRow {
    fn decode(self) -> Result<Stored, StoreError> {
        Ok(Stored {
            life: decode::word("devices.life", &self.life, LifeState::from_code)?,
            life_since: Timestamp::from_millis(self.life_since_ms),
            probed_since: self.probed_since_ms.map(Timestamp::from_millis),
            id: self.id,
            fields: self.fields,
        })
    }
}

/// From when on the minutes of a device are scheduled; `None` where it is not probed.
fn probed_since(
    fields: &Fields,
    life: &Life,
    before: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    let is_probed = life.state == LifeState::InUse && fields.url.is_some();
    is_probed.then(|| before.unwrap_or(now).max(life.since))
}

/// Makes a device.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    id: &str,
    fields: &Fields,
    life: &Life,
    now: Timestamp,
) -> Result<(), StoreError> {
    let query = sqlx::query(
        "INSERT INTO devices (kind, name, national_code, site_id, department_id, maintainer_id,
             police_station, class, address, vendor, model, ip, mac, url, sub_url, longitude,
             latitude, retention_days, note, checks, test_call, life, life_since_ms,
             probed_since_ms, changed_ms, created_ms, id)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    fields
        .bind(query)
        .bind(life.state.code())
        .bind(life.since.millis())
        .bind(probed_since(fields, life, None, now).map(Timestamp::millis))
        .bind(now.millis())
        .bind(now.millis())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Changes a device where anything differs, and says whether it did.
pub(super) async fn update(
    connection: &mut SqliteConnection,
    stored: &Stored,
    fields: &Fields,
    life: &Life,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let probed = probed_since(fields, life, stored.probed_since, now);
    let same_life = (stored.life, stored.life_since) == (life.state, life.since);
    if stored.fields == *fields && same_life && probed == stored.probed_since {
        return Ok(false);
    }
    let query = sqlx::query(
        "UPDATE devices SET kind = ?, name = ?, national_code = ?, site_id = ?, department_id = ?,
             maintainer_id = ?, police_station = ?, class = ?, address = ?, vendor = ?, model = ?,
             ip = ?, mac = ?, url = ?, sub_url = ?, longitude = ?, latitude = ?,
             retention_days = ?, note = ?, checks = ?, test_call = ?, life = ?, life_since_ms = ?, probed_since_ms = ?,
             changed_ms = ?
         WHERE id = ?",
    );
    fields
        .bind(query)
        .bind(life.state.code())
        .bind(life.since.millis())
        .bind(probed.map(Timestamp::millis))
        .bind(now.millis())
        .bind(&stored.id)
        .execute(&mut *connection)
        .await?;
    let left = |of: fn(&Fields) -> &Option<String>| of(&stored.fields) != of(fields);
    if left(|it| &it.url) || left(|it| &it.sub_url) {
        habits::forget_left(connection, &stored.id).await?;
    }
    // A sub-stream that comes or goes shows the same scene.
    let has_both = stored.fields.sub_url.is_some() && fields.sub_url.is_some();
    if left(|it| &it.url) || has_both && left(|it| &it.sub_url) {
        references::forget(connection, &stored.id).await?;
    }
    Ok(true)
}

/// Gives a device its tags, and says whether they differ. No tags leave the stored ones.
pub(super) async fn tag(
    connection: &mut SqliteConnection,
    id: &str,
    tags: &[String],
) -> Result<bool, StoreError> {
    if tags.is_empty() {
        return Ok(false);
    }
    let stored: Vec<String> =
        sqlx::query_scalar("SELECT tag FROM device_tags WHERE device_id = ? ORDER BY tag")
            .bind(id)
            .fetch_all(&mut *connection)
            .await?;
    let mut wanted = tags.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    if stored == wanted {
        return Ok(false);
    }
    sqlx::query("DELETE FROM device_tags WHERE device_id = ?")
        .bind(id)
        .execute(&mut *connection)
        .await?;
    for tag in wanted {
        sqlx::query("INSERT INTO device_tags (device_id, tag) VALUES (?, ?)")
            .bind(id)
            .bind(tag)
            .execute(&mut *connection)
            .await?;
    }
    Ok(true)
}

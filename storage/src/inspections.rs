//! 巡检: what the probes had found of every device at a moment, what changed in the day before it, and the
//! records that people signed.

use crate::{AuditLine, Store, StoreError, audit, decode};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sqlx::{Row, sqlite::SqliteRow};
use zhishou_domain::{DeviceKind, FaultCode, Timestamp, inspection::InspectedItem};

/// Devices told of by name at most, in each list.
const TOLD: usize = 500;
/// How far back what changed is looked for: a day, in ms.
const BACK_MS: i64 = 86_400_000;

/// Devices of a kind in a street at a moment, by what was known of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectedGroup {
    /// Camera, endpoint or equipment.
    pub kind: DeviceKind,
    /// 街道.
    pub street: String,
    /// 应检: with an address, in use.
    pub due: u64,
    /// Without a fault.
    pub online: u64,
    /// With faults.
    pub degraded: u64,
    /// Confirmed down.
    pub down: u64,
    /// The newest probe of any of them, up to then.
    pub last: Option<Timestamp>,
}

impl InspectedGroup {
    /// 已检: of which something was known.
    pub const fn checked(&self) -> u64 {
        self.online + self.degraded + self.down
    }
}

/// A device of which something is to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectedDevice {
    /// Identity.
    pub id: String,
    /// Its name.
    pub name: String,
    /// 街道.
    pub street: String,
    /// 站点.
    pub site: String,
    /// 运维单位.
    pub maintainer: Option<String>,
    /// Since when it is as it is.
    pub since: Timestamp,
    /// Why it is down.
    pub faults: Vec<FaultCode>,
}

/// What the probes had found at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspected {
    /// The moment.
    pub at: Timestamp,
    /// What changed since then is told.
    pub since: Timestamp,
    /// By street and kind.
    pub groups: Vec<InspectedGroup>,
    /// Down now and not at `since`.
    pub fell: Vec<InspectedDevice>,
    /// Down at both.
    pub still: Vec<InspectedDevice>,
    /// Down at `since` and well now.
    pub recovered: Vec<InspectedDevice>,
    /// How many of each there were: only so many are told by name.
    pub counts: [u64; 3],
}

/// The record of a day as the timetable wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Morning {
    /// Local day.
    pub day: NaiveDate,
    /// What the probes had found then.
    pub seen: Inspected,
    /// What a person is to look at.
    pub items: Vec<InspectedItem>,
}

/// A record that somebody signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedInspection {
    /// Local day.
    pub day: NaiveDate,
    /// What the probes had found.
    pub seen: Inspected,
    /// What a person looked at.
    pub items: Vec<InspectedItem>,
    /// When it was signed.
    pub signed: Timestamp,
    /// As they logged in.
    pub login: String,
    /// By name.
    pub signer: String,
    /// What was added since.
    pub additions: Vec<InspectionAddition>,
}

/// What was added to a signed record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectionAddition {
    /// When.
    pub at: Timestamp,
    /// As they logged in.
    pub login: String,
    /// By name.
    pub signer: String,
    /// What.
    pub note: String,
}

/// Who acts on a record, when and from where.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Local day of the record.
    pub day: NaiveDate,
    /// When.
    pub at: Timestamp,
    /// As they logged in.
    pub login: String,
    /// By name.
    pub signer: String,
    /// From where, for the audit log.
    pub address: String,
}

impl Signature {
    fn line(&self, action: &'static str) -> AuditLine {
        AuditLine {
            at: self.at,
            login: self.login.clone(),
            action,
            subject: self.day.to_string(),
            address: self.address.clone(),
        }
    }
}

/// Every device that is probed, with what was known at two moments. What stood at the last result
/// stands no longer than that; a standing that was retired has said so in a transition.
const SEEN: &str = "WITH seen AS (
    SELECT d.id, d.name, d.kind, d.site_id, d.maintainer_id, min(s.last_result_ms, ?1) AS last_ms,
        s.stands_until_ms, s.state AS stands, s.since_ms AS stands_since_ms,
        (SELECT id FROM transitions WHERE device_id = d.id AND at_ms <= ?1
         ORDER BY at_ms DESC, id DESC LIMIT 1) AS now_id,
        (SELECT state FROM transitions WHERE device_id = d.id AND at_ms <= ?2
         ORDER BY at_ms DESC, id DESC LIMIT 1) AS state_then
    FROM devices d LEFT JOIN standings s ON s.device_id = d.id WHERE d.probed_since_ms <= ?1),
 stated AS (
    SELECT seen.*, t.faults,
        iif(seen.stands = 'down' AND t.state = 'down' AND seen.stands_since_ms <= ?1,
            seen.stands_since_ms, t.at_ms) AS since_ms,
        iif(t.state IS NULL OR ?1 > seen.stands_until_ms, 'unknown', t.state) AS state_now
    FROM seen LEFT JOIN transitions t ON t.id = seen.now_id) ";

impl Store {
    /// What the probes had found at a moment, of the devices that are probed today.
    pub async fn inspect(&self, at: Timestamp) -> Result<Inspected, StoreError> {
        let since = Timestamp::from_millis(at.millis() - BACK_MS);
        let query = |rest: &str| sqlx::AssertSqlSafe(format!("{SEEN}{rest}"));
        let groups = sqlx::query(query(
            "SELECT n.kind, st.name AS street, count(*) AS due, sum(n.state_now = 'up') AS up,
                 sum(n.state_now = 'degraded') AS degraded, sum(n.state_now = 'down') AS down,
                 max(n.last_ms) AS last_ms
             FROM stated n JOIN sites si ON si.id = n.site_id JOIN streets st ON st.id = si.street_id
             GROUP BY st.name, n.kind ORDER BY st.name, n.kind",
        ))
        .bind(at.millis())
        .bind(since.millis())
        .fetch_all(self.reader())
        .await?;
        let changed = sqlx::query(query(
            "SELECT n.id, n.name, n.since_ms, n.faults, n.state_now = 'down' AS is_down,
                 ifnull(n.state_then, '') = 'down' AS was_down, si.name AS site, st.name AS street,
                 m.name AS maintainer
             FROM stated n JOIN sites si ON si.id = n.site_id JOIN streets st ON st.id = si.street_id
             LEFT JOIN maintainers m ON m.id = n.maintainer_id
             WHERE n.state_now = 'down' OR (n.state_then = 'down' AND n.state_now IN ('up', 'degraded'))
             ORDER BY st.name, si.name, n.name, n.id",
        ))
        .bind(at.millis())
        .bind(since.millis())
        .fetch_all(self.reader())
        .await?;
        let mut seen = Inspected {
            at,
            since,
            groups: groups.iter().map(group).collect::<Result<_, StoreError>>()?,
            fell: Vec::new(),
            still: Vec::new(),
            recovered: Vec::new(),
            counts: [0; 3],
        };
        for row in &changed {
            let (place, list) = match (row.try_get("is_down")?, row.try_get("was_down")?) {
                (true, false) => (0, &mut seen.fell),
                (true, true) => (1, &mut seen.still),
                (false, _) => (2, &mut seen.recovered),
            };
            if let Some(count) = seen.counts.get_mut(place) {
                *count += 1;
            }
            if list.len() < TOLD {
                list.push(device(row)?);
            }
        }
        Ok(seen)
    }

    /// Keeps the record of a day as it stands; `false` where it was written before, or signed.
    pub async fn write_morning(&self, morning: Morning) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let added = sqlx::query(
                    "INSERT INTO inspection_mornings (day, seen, items) SELECT ?1, ?2, ?3
                     WHERE NOT EXISTS (SELECT 1 FROM inspections WHERE day = ?1)
                     ON CONFLICT (day) DO NOTHING",
                )
                .bind(morning.day.to_string())
                .bind(decode::to_json("inspection_mornings.seen", &morning.seen)?)
                .bind(decode::to_json("inspection_mornings.items", &morning.items)?)
                .execute(connection)
                .await?;
                Ok(added.rows_affected() == 1)
            })
        })
        .await
    }

    /// The records that the timetable wrote of the days from `from` to `to`, oldest first.
    pub async fn mornings(
        &self,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<Morning>, StoreError> {
        let rows: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT day, seen, items FROM inspection_mornings WHERE day BETWEEN ? AND ? ORDER BY day",
        )
        .bind(from.to_string())
        .bind(to.to_string())
        .fetch_all(self.reader())
        .await?;
        let row = |(day, seen, items): (String, String, String)| {
            Ok(Morning {
                day: decode::id("inspection_mornings.day", &day)?,
                seen: decode::json("inspection_mornings.seen", &seen)?,
                items: decode::json("inspection_mornings.items", &items)?,
            })
        };
        rows.into_iter().map(row).collect()
    }

    /// Formats of a day's record that a folder has.
    pub async fn inspection_files(
        &self,
        day: NaiveDate,
        folder: &str,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT format FROM inspection_files WHERE day = ? AND folder = ?";
        let query = sqlx::query_scalar(sql).bind(day.to_string()).bind(folder);
        Ok(query.fetch_all(self.reader()).await?)
    }

    /// Notes that a folder has a day's record in a format.
    pub async fn note_inspection_file(
        &self,
        day: NaiveDate,
        (folder, format): (String, String),
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO inspection_files (day, folder, format, at_ms)
                     VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                )
                .bind(day.to_string())
                .bind(folder)
                .bind(format)
                .bind(at.millis())
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// The record of a day, where somebody signed it.
    pub async fn inspection(&self, day: NaiveDate) -> Result<Option<SignedInspection>, StoreError> {
        let found = sqlx::query("SELECT * FROM inspections WHERE day = ?")
            .bind(day.to_string())
            .fetch_optional(self.reader())
            .await?;
        let Some(row) = found else { return Ok(None) };
        let additions = sqlx::query("SELECT * FROM inspection_additions WHERE day = ? ORDER BY id")
            .bind(day.to_string())
            .fetch_all(self.reader())
            .await?;
        let addition = |row: &SqliteRow| {
            Ok(InspectionAddition {
                at: Timestamp::from_millis(row.try_get("at_ms")?),
                login: row.try_get("login")?,
                signer: row.try_get("signer")?,
                note: row.try_get("note")?,
            })
        };
        Ok(Some(SignedInspection {
            day,
            seen: decode::json("inspections.seen", row.try_get("seen")?)?,
            items: decode::json("inspections.items", row.try_get("items")?)?,
            signed: Timestamp::from_millis(row.try_get("signed_ms")?),
            login: row.try_get("login")?,
            signer: row.try_get("signer")?,
            additions: additions.iter().map(addition).collect::<Result<_, StoreError>>()?,
        }))
    }

    /// The days from `from` to `to` that were signed, with the name, oldest first.
    pub async fn signed_days(
        &self,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<(NaiveDate, String)>, StoreError> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT day, signer FROM inspections WHERE day BETWEEN ? AND ? ORDER BY day",
        )
        .bind(from.to_string())
        .bind(to.to_string())
        .fetch_all(self.reader())
        .await?;
        let row =
            |(day, signer): (String, String)| Ok((decode::id("inspections.day", &day)?, signer));
        rows.into_iter().map(row).collect()
    }

    /// Keeps a record with its audit line; `false` where the day was signed already.
    pub async fn sign_inspection(
        &self,
        by: Signature,
        seen: Inspected,
        items: Vec<InspectedItem>,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let added = sqlx::query(
                    "INSERT INTO inspections (day, seen, items, signed_ms, login, signer)
                     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (day) DO NOTHING",
                )
                .bind(by.day.to_string())
                .bind(decode::to_json("inspections.seen", &seen)?)
                .bind(decode::to_json("inspections.items", &items)?)
                .bind(by.at.millis())
                .bind(&by.login)
                .bind(&by.signer)
                .execute(&mut *connection)
                .await?;
                if added.rows_affected() == 0 {
                    return Ok(false);
                }
                audit::insert(connection, by.line("sign_inspection")).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Adds to a signed record, with its audit line; `false` where the day was not signed.
    pub async fn add_to_inspection(&self, by: Signature, note: String) -> Result<bool, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let added = sqlx::query(
                    "INSERT INTO inspection_additions (day, at_ms, login, signer, note)
                     SELECT day, ?2, ?3, ?4, ?5 FROM inspections WHERE day = ?1",
                )
                .bind(by.day.to_string())
                .bind(by.at.millis())
                .bind(&by.login)
                .bind(&by.signer)
                .bind(note)
                .execute(&mut *connection)
                .await?;
                if added.rows_affected() == 0 {
                    return Ok(false);
                }
                audit::insert(connection, by.line("add_to_inspection")).await?;
                Ok(true)
            })
        })
        .await
    }
}

fn group(row: &SqliteRow) -> Result<InspectedGroup, StoreError> {
    let number = |column: &str| decode::unsigned("standings", row.try_get(column)?);
    let last: Option<i64> = row.try_get("last_ms")?;
    Ok(InspectedGroup {
        kind: decode::word("devices.kind", row.try_get("kind")?, DeviceKind::from_code)?,
        street: row.try_get("street")?,
        due: number("due")?,
        online: number("up")?,
        degraded: number("degraded")?,
        down: number("down")?,
        last: last.map(Timestamp::from_millis),
    })
}

fn device(row: &SqliteRow) -> Result<InspectedDevice, StoreError> {
    Ok(InspectedDevice {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        street: row.try_get("street")?,
        site: row.try_get("site")?,
        maintainer: row.try_get("maintainer")?,
        since: Timestamp::from_millis(row.try_get("since_ms")?),
        faults: decode::json("transitions.faults", row.try_get("faults")?)?,
    })
}

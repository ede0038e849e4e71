//! What is to be probed.

use crate::{Store, StoreError, decode};
use sqlx::{Row, sqlite::SqliteRow};
use zhishou_domain::{Checks, DeviceId, DeviceKind, LifeState, PointClass, SiteId, Timestamp};

/// A device that can be opened, as a scheduler needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The device.
    pub device: DeviceId,
    /// What it is.
    pub kind: DeviceKind,
    /// 点位类别, which selects the plan.
    pub class: Option<PointClass>,
    /// 站点, whose uplink it shares.
    pub site: SiteId,
    /// Name of the site.
    pub site_name: String,
    /// 上级设备, whose sessions it shares.
    pub parent: Option<DeviceId>,
    /// 状态.
    pub life: LifeState,
    /// Address to open, without credentials.
    pub url: String,
    /// Sub-stream, without credentials; to be preferred.
    pub sub_url: Option<String>,
    /// 监控项.
    pub checks: Checks,
    /// 用户名.
    pub username: Option<String>,
    /// When its last result was there.
    pub last_result: Option<Timestamp>,
    /// Whether a failure waits for confirmation.
    pub in_doubt: bool,
    /// Results so far.
    pub round: u64,
}

fn decode_row(row: &SqliteRow) -> Result<Target, StoreError> {
    let class: Option<String> = row.try_get("class")?;
    let parent: Option<String> = row.try_get("parent_id")?;
    let last_result: Option<i64> = row.try_get("last_result_ms")?;
    let checks: Option<String> = row.try_get("checks")?;
    Ok(Target {
        device: decode::id("devices.id", row.try_get("id")?)?,
        kind: decode::word("devices.kind", row.try_get("kind")?, DeviceKind::from_code)?,
        class: class
            .map(|code| decode::word("devices.class", &code, PointClass::from_code))
            .transpose()?,
        site: decode::id("devices.site_id", row.try_get("site_id")?)?,
        site_name: row.try_get("site_name")?,
        parent: parent.map(|id| decode::id("devices.parent_id", &id)).transpose()?,
        life: decode::word("devices.life", row.try_get("life")?, LifeState::from_code)?,
        url: row.try_get("url")?,
        sub_url: row.try_get("sub_url")?,
        checks: checks
            .map(|text| decode::word("devices.checks", &text, |text| text.parse().ok()))
            .transpose()?
            .unwrap_or_default(),
        username: row.try_get("username")?,
        last_result: last_result.map(Timestamp::from_millis),
        in_doubt: row.try_get("in_doubt")?,
        round: decode::unsigned("standings.round", row.try_get("round")?)?,
    })
}

macro_rules! target {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.kind, d.class, d.site_id, p.name AS site_name, d.parent_id, d.life, d.url, d.sub_url, d.checks,
                    c.username, s.last_result_ms, s.doubt IS NOT NULL AS in_doubt,
                    ifnull(s.round, 0) AS round
             FROM devices d JOIN sites p ON p.id = d.site_id
             LEFT JOIN credentials c ON c.device_id = d.id
             LEFT JOIN standings s ON s.device_id = d.id ",
            $rest
        )
    };
}

impl Store {
    /// A value that changes with the ledger, also when another process changed it.
    pub async fn ledger_revision(&self) -> Result<(i64, i64), StoreError> {
        let revision = sqlx::query_as("SELECT count(*), ifnull(max(changed_ms), 0) FROM devices")
            .fetch_one(self.reader());
        Ok(revision.await?)
    }

    /// Devices in use with an address, in order of identity, `limit` at most, after `after`.
    pub async fn probe_targets(
        &self,
        after: Option<DeviceId>,
        limit: i64,
    ) -> Result<Vec<Target>, StoreError> {
        let rows = sqlx::query(target!(
            "WHERE d.probed_since_ms IS NOT NULL AND d.id > ? ORDER BY d.id LIMIT ?"
        ))
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .bind(limit.max(0))
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(decode_row).collect()
    }

    /// One device, where it has an address, whether in use or not.
    pub async fn target(&self, device: DeviceId) -> Result<Option<Target>, StoreError> {
        let row = sqlx::query(target!("WHERE d.id = ? AND d.url IS NOT NULL"))
            .bind(device.to_string())
            .fetch_optional(self.reader())
            .await?;
        row.as_ref().map(decode_row).transpose()
    }
}

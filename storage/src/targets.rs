//! What is to be probed.

use crate::{Store, StoreError, decode};
use sqlx::{Row, sqlite::SqliteRow};
use zhishou_domain::{
    Checks, DeviceId, DeviceKind, LifeState, Mount, PointClass, SiteId, TestCall, Timestamp,
    meeting::Subject,
};

/// Before a meeting nothing is changed any more, and nobody is called, ms.
const FREEZE_MS: i64 = 10 * 60 * 1000;

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
    /// 允许测试呼叫, as the ledger has it.
    pub test_call: TestCall,
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
    let test_call: Option<String> = row.try_get("test_call")?;
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
        test_call: test_call
            .map(|code| decode::word("devices.test_call", &code, TestCall::from_code))
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
                    d.test_call,
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

    /// What a camera stands on, by its tags.
    pub async fn mount(&self, device: DeviceId) -> Result<Mount, StoreError> {
        let tags: Vec<String> =
            sqlx::query_scalar("SELECT tag FROM device_tags WHERE device_id = ?")
                .bind(device.to_string())
                .fetch_all(self.reader())
                .await?;
        Ok(Mount::of_tags(tags.iter().map(String::as_str)))
    }

    /// Whether a meeting has the device: one that is on, or begins within ten minutes, in a venue where
    /// it stands, or one that rehearses (上级联调), or will within ten minutes. Nobody calls it then.
    pub async fn is_in_meeting(&self, device: DeviceId, at: Timestamp) -> Result<bool, StoreError> {
        let found: bool = sqlx::query_scalar(
            "SELECT EXISTS (
                 SELECT 1 FROM venue_devices d
                 JOIN meeting_venues v ON v.venue_id = d.venue_id
                 JOIN meetings m ON m.id = v.meeting_id
                 WHERE d.device_id = ?1 AND (m.state = 'live' OR
                     m.state NOT IN ('draft', 'ended', 'archived', 'cancelled')
                     AND m.from_ms - ?3 <= ?2 AND ?2 < m.to_ms))
             OR EXISTS (
                 SELECT 1 FROM reservations r WHERE r.subject = ?4 AND r.purpose = 'rehearsal'
                     AND r.from_ms - ?3 <= ?2 AND ?2 < r.to_ms)",
        )
        .bind(device.to_string())
        .bind(at.millis())
        .bind(FREEZE_MS)
        .bind(Subject::Device(device).key())
        .fetch_one(self.reader())
        .await?;
        Ok(found)
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

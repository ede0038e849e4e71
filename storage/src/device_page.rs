//! What the page of one device shows, and the histories behind it.

use crate::{
    Present, Store, StoreError, StoredCertificate, decode, fleet::standing_of, history,
    overview::id,
};
use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};
use zhishou_domain::{
    CredentialState, DeviceId, DeviceKind, LifeState, Observation, PointClass, SiteId, Standing,
    State, StreetId, TestCall, Timestamp, Transition, Verdict, endpoint::is_sip,
};

/// One device with the names of what it belongs to. No secret: of the credential only the user
/// name and how it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct DevicePage {
    /// Identity.
    pub id: DeviceId,
    /// What it is.
    pub kind: DeviceKind,
    /// Name.
    pub name: String,
    /// 国标编码.
    pub national_code: Option<String>,
    /// Its site.
    pub site: SiteId,
    /// Name of that.
    pub site_name: String,
    /// Its street.
    pub street: StreetId,
    /// Name of that.
    pub street_name: String,
    /// 所属单位.
    pub department: Option<String>,
    /// 运维单位.
    pub maintainer: Option<String>,
    /// 联系电话.
    pub phone: Option<String>,
    /// 上级设备.
    pub parent: Option<(DeviceId, String)>,
    /// 辖区派出所.
    pub police_station: Option<String>,
    /// 点位类别.
    pub class: Option<PointClass>,
    /// 状态.
    pub life: LifeState,
    /// Since when.
    pub life_since: Timestamp,
    /// 安装地址.
    pub address: Option<String>,
    /// 厂商.
    pub vendor: Option<String>,
    /// 型号.
    pub model: Option<String>,
    /// IP.
    pub ip: Option<String>,
    /// The address that is opened, without credentials.
    pub url: Option<String>,
    /// 监控项, as the ledger has them.
    pub checks: Option<String>,
    /// 允许测试呼叫, as the ledger has it; `None` of what nobody calls.
    pub test_call: Option<TestCall>,
    /// 标签.
    pub tags: Vec<String>,
    /// 备注.
    pub note: Option<String>,
    /// From when on its minutes are scheduled; `None` where it is not probed.
    pub probed_since: Option<Timestamp>,
    /// What is known of it; default before the first result.
    pub standing: Standing,
    /// When the last probe ended.
    pub seen: Option<Timestamp>,
    /// User name and state of its credential, where one is on record.
    pub credential: Option<(String, CredentialState)>,
    /// Its TLS certificate, where it speaks TLS.
    pub certificate: Option<StoredCertificate>,
    /// The last good and the last fault picture: key and when taken.
    pub good_picture: Option<(String, Timestamp)>,
    /// As above, of a fault.
    pub fault_picture: Option<(String, Timestamp)>,
}

impl DevicePage {
    /// Whether the last result still stands.
    pub fn stands(&self, now: Timestamp) -> bool {
        self.standing.stands(now)
    }

    /// Whether the ledger lets it be called to test it.
    pub fn may_be_called(&self) -> bool {
        self.life == LifeState::InUse
            && self.test_call == Some(TestCall::Permitted)
            && self.url.as_deref().is_some_and(is_sip)
    }

    /// What it is at present.
    pub fn present(&self, now: Timestamp) -> Present {
        if self.life != LifeState::InUse {
            return Present::OutOfUse;
        }
        if self.url.is_none() {
            return Present::Unconnected;
        }
        match self.standing.state_at(now) {
            State::Up => Present::Online,
            State::Degraded => Present::Degraded,
            State::Down => Present::Offline,
            State::Unknown => Present::Unknown,
        }
    }
}

/// An observation as kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Place in the order of arrival, the cursor of lists.
    pub id: i64,
    /// The device.
    pub device: DeviceId,
    /// What was seen.
    pub observation: Observation,
}

/// Which observations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservationFilter {
    /// Of one device.
    pub device: Option<DeviceId>,
    /// With one verdict.
    pub verdict: Option<Verdict>,
    /// Begun at or after.
    pub from: Option<Timestamp>,
    /// Begun before.
    pub to: Option<Timestamp>,
}

impl Store {
    /// One device for its page.
    pub async fn device_page(&self, device: DeviceId) -> Result<Option<DevicePage>, StoreError> {
        let row = sqlx::query(
            "SELECT d.id, d.site_id, si.street_id, d.parent_id, d.kind, d.name, d.national_code,
                 si.name AS site_name, st.name AS street_name, de.name AS department,
                 ma.name AS maintainer, ma.phone, pa.name AS parent_name, d.police_station, d.class,
                 d.life, d.life_since_ms, d.address, d.vendor, d.model, d.ip, d.url, d.checks, d.test_call, d.note,
                 d.probed_since_ms, s.state, s.since_ms, s.reached, s.faults, s.last_result_ms,
                 s.hold_ms, s.doubt, s.round, s.recent, s.shown, s.judging, s.judged_ms, s.seen_ms, cr.username, cr.state AS credential_state,
                 pi.good_key, eg.taken_ms AS good_ms, pi.fault_key, ef.taken_ms AS fault_ms
             FROM devices d JOIN sites si ON si.id = d.site_id JOIN streets st ON st.id = si.street_id
             LEFT JOIN departments de ON de.id = d.department_id
             LEFT JOIN maintainers ma ON ma.id = d.maintainer_id
             LEFT JOIN devices pa ON pa.id = d.parent_id
             LEFT JOIN standings s ON s.device_id = d.id
             LEFT JOIN credentials cr ON cr.device_id = d.id
             LEFT JOIN pictures pi ON pi.device_id = d.id
             LEFT JOIN evidence eg ON eg.key = pi.good_key
             LEFT JOIN evidence ef ON ef.key = pi.fault_key
             WHERE d.id = ?",
        )
        .bind(device.to_string())
        .fetch_optional(self.reader())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut page = page_of(&row)?;
        page.tags =
            sqlx::query_scalar("SELECT tag FROM device_tags WHERE device_id = ? ORDER BY tag")
                .bind(device.to_string())
                .fetch_all(self.reader())
                .await?;
        page.certificate = self.certificate(device).await?;
        Ok(Some(page))
    }

    /// Observations, newest first, at most `limit`, older than `before`.
    pub async fn observation_page(
        &self,
        filter: &ObservationFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Seen>, StoreError> {
        let mut query =
            QueryBuilder::<Sqlite>::new("SELECT id, device_id, body FROM observations WHERE 1");
        if let Some(device) = filter.device {
            query.push(" AND device_id = ").push_bind(device.to_string());
        }
        if let Some(verdict) = filter.verdict {
            query.push(" AND verdict = ").push_bind(verdict.code());
        }
        if let Some(from) = filter.from {
            query.push(" AND started_ms >= ").push(from.millis());
        }
        if let Some(to) = filter.to {
            query.push(" AND started_ms < ").push(to.millis());
        }
        if let Some(before) = before {
            // The place of the last row shown, in both orders: rows may arrive late.
            query.push(
                " AND (started_ms, id) < (SELECT started_ms, id FROM observations WHERE id = ",
            );
            query.push(before).push(")");
        }
        query.push(" ORDER BY started_ms DESC, id DESC LIMIT ").push(i64::from(limit));
        let rows = query.build().fetch_all(self.reader()).await?;
        let seen = rows.iter().map(|row| {
            Ok(Seen {
                id: row.try_get(0)?,
                device: id(row, 1, "observations.device_id")?,
                observation: decode::json("observations.body", row.try_get(2)?)?,
            })
        });
        seen.collect()
    }

    /// Changes of state of a device, newest first, within `from..to`, at most `limit`.
    pub async fn latest_transitions(
        &self,
        device: DeviceId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<Transition>, StoreError> {
        let rows = sqlx::query(
            "SELECT at_ms, state, reached, faults, judging FROM transitions
             WHERE device_id = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms DESC, id DESC LIMIT ?",
        )
        .bind(device.to_string())
        .bind(from.millis())
        .bind(to.millis())
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(history::transition).collect()
    }
}

fn page_of(row: &SqliteRow) -> Result<DevicePage, StoreError> {
    let time = |column: &str| -> Result<Option<Timestamp>, StoreError> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis))
    };
    let parent: Option<&str> = row.try_get("parent_id")?;
    let parent_name: Option<String> = row.try_get("parent_name")?;
    let username: Option<String> = row.try_get("username")?;
    let credential_state: Option<&str> = row.try_get("credential_state")?;
    let good: Option<String> = row.try_get("good_key")?;
    let fault: Option<String> = row.try_get("fault_key")?;
    Ok(DevicePage {
        id: id(row, 0, "devices.id")?,
        site: id(row, 1, "devices.site_id")?,
        street: id(row, 2, "sites.street_id")?,
        parent: parent
            .zip(parent_name)
            .map(|(id, name)| Ok::<_, StoreError>((decode::id("devices.parent_id", id)?, name)))
            .transpose()?,
        kind: decode::word("devices.kind", row.try_get("kind")?, DeviceKind::from_code)?,
        name: row.try_get("name")?,
        national_code: row.try_get("national_code")?,
        site_name: row.try_get("site_name")?,
        street_name: row.try_get("street_name")?,
        department: row.try_get("department")?,
        maintainer: row.try_get("maintainer")?,
        phone: row.try_get("phone")?,
        police_station: row.try_get("police_station")?,
        class: row.try_get::<Option<&str>, _>("class")?.and_then(PointClass::from_code),
        life: decode::word("devices.life", row.try_get("life")?, LifeState::from_code)?,
        life_since: Timestamp::from_millis(row.try_get("life_since_ms")?),
        address: row.try_get("address")?,
        vendor: row.try_get("vendor")?,
        model: row.try_get("model")?,
        ip: row.try_get("ip")?,
        url: row.try_get("url")?,
        checks: row.try_get("checks")?,
        test_call: row.try_get::<Option<&str>, _>("test_call")?.and_then(TestCall::from_code),
        tags: Vec::new(),
        note: row.try_get("note")?,
        probed_since: time("probed_since_ms")?,
        standing: standing_of(row)?,
        seen: time("seen_ms")?,
        credential: username
            .zip(credential_state)
            .map(|(name, state)| {
                Ok::<_, StoreError>((name, decode::json("credentials.state", state)?))
            })
            .transpose()?,
        certificate: None,
        good_picture: good.zip(time("good_ms")?),
        fault_picture: fault.zip(time("fault_ms")?),
    })
}

//! The list of devices, worst first, page by page.

use crate::{
    Store, StoreError, decode,
    filter::{Filter, Present, push_rank},
    overview::{Period, count_of, id, number},
    standings,
};
use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};
use std::collections::HashMap;
use zhishou_domain::{
    DayStrip, DeviceId, DeviceKind, FaultCode, KindCounts, PointClass, SiteId, Standing, Timestamp,
};

/// The place in the list after which the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetCursor {
    /// Place of the present state in [`Present::ALL`].
    pub rank: u8,
    /// Name of the last device shown.
    pub name: String,
    /// Its identity.
    pub id: DeviceId,
}

/// One device in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetRow {
    /// Identity.
    pub id: DeviceId,
    /// What it is.
    pub kind: DeviceKind,
    /// Name.
    pub name: String,
    /// Its site.
    pub site: SiteId,
    /// Name of that.
    pub site_name: String,
    /// Name of the street.
    pub street_name: String,
    /// 点位类别.
    pub class: Option<PointClass>,
    /// What it is at present.
    pub present: Present,
    /// What is known of it; default before the first result.
    pub standing: Standing,
    /// When the last probe ended.
    pub seen: Option<Timestamp>,
}

impl FleetRow {
    /// Where the page after this row begins.
    pub fn cursor(&self) -> FleetCursor {
        let rank = Present::ALL.iter().position(|value| *value == self.present).unwrap_or(0);
        FleetCursor { rank: u8::try_from(rank).unwrap_or(0), name: self.name.clone(), id: self.id }
    }

    /// The faults of its present state; none once the result no longer stands.
    pub fn faults(&self, now: Timestamp) -> &[FaultCode] {
        match self.standing.last_result {
            Some(last) if now <= last + self.standing.hold => &self.standing.faults,
            _ => &[],
        }
    }
}

/// The strips of some devices: by device, the UTC days stored.
pub type Strips = HashMap<DeviceId, Vec<(i64, DayStrip)>>;

impl Store {
    /// Devices worst first, at most `limit`, after `after`.
    pub async fn fleet(
        &self,
        filter: &Filter,
        after: Option<&FleetCursor>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<FleetRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT p.*, si.name AS site_name, st.name AS street_name FROM (SELECT d.id, d.kind, d.name, d.site_id, d.class, ",
        );
        push_rank(&mut query, now);
        query.push(
            " AS rank, s.seen_ms, s.state, s.since_ms, s.faults, s.reached, s.last_result_ms,
              s.hold_ms, s.doubt, s.round, s.recent, s.shown, s.judging, s.judged_ms
              FROM devices d LEFT JOIN standings s ON s.device_id = d.id WHERE ",
        );
        // Gone devices appear only when they are asked for.
        query.push(if filter.present == Some(Present::OutOfUse) {
            "1"
        } else {
            "d.life = 'in_use'"
        });
        filter.push(&mut query);
        query.push(") p JOIN sites si ON si.id = p.site_id JOIN streets st ON st.id = si.street_id WHERE 1");
        filter.push_present(&mut query);
        if let Some(after) = after {
            query.push(" AND (rank, p.name, p.id) > (").push(i64::from(after.rank)).push(", ");
            query.push_bind(after.name.clone()).push(", ");
            query.push_bind(after.id.to_string()).push(")");
        }
        query.push(" ORDER BY rank, p.name, p.id LIMIT ").push(i64::from(limit));
        let rows = query.build().fetch_all(self.reader()).await?;
        rows.iter().map(fleet_row_of).collect()
    }

    /// Devices by kind and present state, and how many are out of use.
    pub async fn counts(
        &self,
        filter: &Filter,
        now: Timestamp,
    ) -> Result<(KindCounts, u64), StoreError> {
        let mut query =
            QueryBuilder::<Sqlite>::new("SELECT kind, rank, count(*) FROM (SELECT d.kind, ");
        push_rank(&mut query, now);
        query.push(" AS rank FROM devices d LEFT JOIN standings s ON s.device_id = d.id WHERE 1");
        filter.push(&mut query);
        query.push(") GROUP BY kind, rank");
        let (mut counts, mut gone) = (KindCounts::default(), 0);
        for row in &query.build().fetch_all(self.reader()).await? {
            let kind = decode::word("devices.kind", row.try_get(0)?, DeviceKind::from_code)?;
            let present = Present::from_rank(row.try_get(1)?);
            *count_of(counts.of_mut(kind), present).unwrap_or(&mut gone) += number(row, 2)?;
        }
        Ok((counts, gone))
    }

    /// The strips of `devices` over the UTC days of a period.
    pub async fn fleet_strips(
        &self,
        devices: &[DeviceId],
        period: Period,
    ) -> Result<Strips, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT device_id, utc_day, minutes FROM strips WHERE utc_day BETWEEN ",
        );
        let last = Timestamp::from_millis(period.end.millis() - 1).utc_day();
        query.push(period.start.utc_day()).push(" AND ").push(last).push(" AND device_id IN (");
        let mut list = query.separated(", ");
        for device in devices {
            list.push_bind(device.to_string());
        }
        query.push(")");
        let mut strips = Strips::new();
        for row in query.build().fetch_all(self.reader()).await? {
            let bytes: &[u8] = row.try_get(2)?;
            let strip = DayStrip::from_bytes(bytes).unwrap_or_default();
            let device = id(&row, 0, "strips.device_id")?;
            strips.entry(device).or_default().push((row.try_get(1)?, strip));
        }
        Ok(strips)
    }
}

fn fleet_row_of(row: &SqliteRow) -> Result<FleetRow, StoreError> {
    let class: Option<&str> = row.try_get(4)?;
    let seen: Option<i64> = row.try_get("seen_ms")?;
    Ok(FleetRow {
        id: id(row, 0, "devices.id")?,
        kind: decode::word("devices.kind", row.try_get(1)?, DeviceKind::from_code)?,
        name: row.try_get(2)?,
        site: id(row, 3, "devices.site_id")?,
        site_name: row.try_get("site_name")?,
        street_name: row.try_get("street_name")?,
        class: class.and_then(PointClass::from_code),
        present: Present::from_rank(row.try_get(5)?),
        standing: standing_of(row)?,
        seen: seen.map(Timestamp::from_millis),
    })
}

/// The standing in the columns of `standings`, found by name; default where there is no row.
pub(crate) fn standing_of(row: &SqliteRow) -> Result<Standing, StoreError> {
    match row.try_get::<Option<&str>, _>("state")? {
        Some(_) => standings::decode_row(row),
        None => Ok(Standing::default()),
    }
}

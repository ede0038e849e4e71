//! What is confirmed to be down now, with since when, why and who repairs it; and the hours of a day.

use crate::{
    Period, Store, StoreError, decode,
    filter::{Filter, push_rank},
};
use sqlx::{QueryBuilder, Row, Sqlite};
use zhishou_domain::{
    DayStrip, DeviceId, FaultCode, Timestamp, WorkOrderId, strip, work_order::WorkState,
};

/// A device that is down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Identity.
    pub device: DeviceId,
    /// Its name.
    pub name: String,
    /// 站点.
    pub site: String,
    /// 街道.
    pub street: String,
    /// 辖区派出所.
    pub police_station: Option<String>,
    /// 运维单位.
    pub maintainer: Option<String>,
    /// IP address.
    pub ip: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Why; the first is the main one.
    pub faults: Vec<FaultCode>,
    /// The open work order of its incident, and how that stands.
    pub order: Option<(WorkOrderId, WorkState)>,
}

/// In which order outages are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutageOrder {
    /// The longest first.
    Longest,
    /// The newest first.
    Newest,
}

/// Devices whose strips are read at once: half a megabyte a day.
const PAGE: i64 = 700;

impl Store {
    /// Devices that are down at `now`, at most `limit`.
    pub async fn outages(
        &self,
        filter: &Filter,
        order: OutageOrder,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Outage>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT d.id, d.name, si.name AS site, st.name AS street, d.police_station,
                 m.name AS maintainer, d.ip, s.since_ms, s.faults, w.id AS work_order, w.state AS work_state
             FROM standings s JOIN devices d ON d.id = s.device_id
             JOIN sites si ON si.id = d.site_id JOIN streets st ON st.id = si.street_id
             LEFT JOIN maintainers m ON m.id = d.maintainer_id
             LEFT JOIN incident_members im ON im.device_id = d.id AND im.until_ms IS NULL
             LEFT JOIN work_orders w ON w.incident_id = im.incident_id
                 AND w.state NOT IN ('done', 'cancelled')
             WHERE s.state = 'down' AND 0 = ",
        );
        push_rank(&mut query, now);
        filter.push(&mut query);
        query.push(match order {
            OutageOrder::Longest => " ORDER BY s.since_ms, d.name, d.id LIMIT ",
            OutageOrder::Newest => " ORDER BY s.since_ms DESC, d.name, d.id LIMIT ",
        });
        query.push(limit);
        let rows = query.build().fetch_all(self.reader()).await?;
        let outage = |row: &sqlx::sqlite::SqliteRow| {
            let order: Option<i64> = row.try_get("work_order")?;
            let state: Option<&str> = row.try_get("work_state")?;
            let state = state
                .map(|state| decode::word("work_orders.state", state, WorkState::from_code))
                .transpose()?;
            Ok(Outage {
                order: order.map(WorkOrderId::new).zip(state),
                device: decode::id("devices.id", row.try_get("id")?)?,
                name: row.try_get("name")?,
                site: row.try_get("site")?,
                street: row.try_get("street")?,
                police_station: row.try_get("police_station")?,
                maintainer: row.try_get("maintainer")?,
                ip: row.try_get("ip")?,
                since: Timestamp::from_millis(row.try_get("since_ms")?),
                faults: decode::json("standings.faults", row.try_get("faults")?)?,
            })
        };
        rows.iter().map(outage).collect()
    }

    /// Minutes of each hour of a local day by state, indexed by [`zhishou_domain::State`], of the
    /// devices that match today: as the probes concluded, from the strips.
    pub async fn hours(
        &self,
        filter: &Filter,
        period: Period,
    ) -> Result<Vec<[u64; 4]>, StoreError> {
        let (first, end) = (period.start.minute(), period.end.minute());
        let mut hours = vec![[0_u64; 4]; usize::try_from((end - first + 59) / 60).unwrap_or(0)];
        let last = Timestamp::from_millis(period.end.millis() - 1).utc_day();
        let starts = self.page_starts(PAGE).await?;
        for (page, from) in starts.iter().enumerate() {
            // A row is a day of a page: one for each strip costs more in handing it over than in reading it.
            let mut query = QueryBuilder::<Sqlite>::new("WITH RECURSIVE days (day) AS (SELECT ");
            query.push_bind(period.start.utc_day());
            query.push(" UNION ALL SELECT day + 1 FROM days WHERE day < ").push_bind(last);
            query.push(
                ") SELECT days.day, (SELECT group_concat(hex(s.minutes)) FROM strips s
                     JOIN devices d ON d.id = s.device_id
                     WHERE s.utc_day = days.day AND s.device_id >= ",
            );
            query.push_bind(from).push(" AND s.device_id < ");
            // Every identity is below this.
            query.push_bind(starts.get(page + 1).map_or("~", String::as_str));
            filter.push(&mut query);
            query.push(") AS strips FROM days");
            for row in query.build().fetch_all(self.reader()).await? {
                let day = row.try_get::<i64, _>("day")? * strip::MINUTES as i64;
                let strips: Option<&str> = row.try_get("strips")?;
                for strip in strips.into_iter().flat_map(|strips| strips.split(',')) {
                    add(&mut hours, (first, end), day, &crate::strips::of_hex(strip)?);
                }
            }
        }
        Ok(hours)
    }
}

/// Adds the minutes of a strip whose day begins with the minute `day` to the hours from `first` to `end`.
fn add(hours: &mut [[u64; 4]], (first, end): (i64, i64), day: i64, strip: &DayStrip) {
    for (from, to, state) in strip.runs() {
        let (mut from, to) = ((day + from as i64).max(first), (day + to as i64).min(end));
        while from < to {
            let hour = (from - first) / 60;
            let until = to.min(first + (hour + 1) * 60);
            if let Some(minutes) = usize::try_from(hour).ok().and_then(|it| hours.get_mut(it)) {
                minutes[state as usize] += (until - from).unsigned_abs();
            }
            from = until;
        }
    }
}

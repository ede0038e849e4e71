//! Many devices at a look: how those of each site stand, the reasons behind it, and the day of a site
//! as shares. Everything is summed in SQL over standings; strips are read only for the sites that a
//! page shows. Rates are made by policy alone ([`crate::account`]).

use crate::{
    Store, StoreError, decode,
    filter::{Filter, Present, push_rank},
};
use chrono::NaiveDate;
use chrono_tz::Tz;
use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};
use std::{collections::HashMap, str::FromStr};
use zhishou_domain::{
    Counts, DayStrip, DepartmentId, DeviceId, DeviceKind, FaultCode, IncidentId, KindCounts,
    MaintainerId, PointClass, SiteId, State, StreetId, Timestamp,
};

/// Local days, both included, seen at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First local day.
    pub from: NaiveDate,
    /// Last local day.
    pub to: NaiveDate,
    /// First moment of the first day.
    pub start: Timestamp,
    /// First moment after the last day.
    pub end: Timestamp,
    /// When it is looked at.
    pub now: Timestamp,
}

impl Period {
    /// Days `from` to `to` in `zone`, looked at `now`.
    pub fn days(from: NaiveDate, to: NaiveDate, now: Timestamp, zone: Tz) -> Self {
        let after = to.succ_opt().unwrap_or(to);
        let (start, end) =
            (Timestamp::start_of_day(from, zone), Timestamp::start_of_day(after, zone));
        Self { from, to, start, end, now }
    }

    /// The local day of `now`.
    pub fn today(now: Timestamp, zone: Tz) -> Self {
        let day = now.local_day(zone);
        Self::days(day, day, now, zone)
    }

    /// Up to when minutes can have passed.
    pub fn until(&self) -> Timestamp {
        self.end.min(self.now).max(self.start)
    }

    fn utc_days(&self) -> std::ops::RangeInclusive<i64> {
        self.start.utc_day()..=Timestamp::from_millis(self.end.millis() - 1).utc_day()
    }
}

/// Whose minutes are in a rate where no kind is asked for.
const RATED: &str = " AND d.kind = 'camera'";

/// By what figures are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// 站点.
    Site,
    /// 街道.
    Street,
    /// 部门.
    Department,
    /// 点位类别.
    Class,
    /// 运维单位.
    Maintainer,
    /// 辖区派出所.
    PoliceStation,
    /// 上级设备.
    Parent,
}

impl By {
    /// Every grouping.
    pub const ALL: [Self; 7] = [
        Self::Site,
        Self::Street,
        Self::Department,
        Self::Class,
        Self::Maintainer,
        Self::PoliceStation,
        Self::Parent,
    ];

    /// The stable word of URLs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Street => "street",
            Self::Department => "department",
            Self::Class => "class",
            Self::Maintainer => "maintainer",
            Self::PoliceStation => "police_station",
            Self::Parent => "parent",
        }
    }

    /// The value of a stable word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.code() == code)
    }

    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Site => "d.site_id",
            Self::Street => "(SELECT street_id FROM sites WHERE id = d.site_id)",
            Self::Department => "d.department_id",
            Self::Class => "d.class",
            Self::Maintainer => "d.maintainer_id",
            Self::PoliceStation => "d.police_station",
            Self::Parent => "d.parent_id",
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            // Unique within its street only.
            Self::Site => {
                "(SELECT st.name || ' ' || s.name FROM sites s JOIN streets st
                  ON st.id = s.street_id WHERE s.id = g.key)"
            }
            Self::Street => "(SELECT name FROM streets WHERE id = g.key)",
            Self::Department => "(SELECT name FROM departments WHERE id = g.key)",
            Self::Maintainer => "(SELECT name FROM maintainers WHERE id = g.key)",
            Self::Parent => "(SELECT name FROM devices WHERE id = g.key)",
            Self::Class | Self::PoliceStation => "g.key",
        }
    }
}

/// How the devices of a site stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SiteStanding {
    /// Devices by kind and present state.
    pub counts: KindCounts,
    /// The newest result of any.
    pub last_result: Option<Timestamp>,
}

/// A site with its street.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteName {
    /// The site.
    pub id: SiteId,
    /// Its name.
    pub name: String,
    /// Its street.
    pub street: StreetId,
    /// The name of that.
    pub street_name: String,
}

/// Why devices of a site are not well: one group of equal cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What the devices are.
    pub present: Present,
    /// The first fault they have in common, where one is known.
    pub fault: Option<FaultCode>,
    /// How many.
    pub devices: u64,
    /// Since when the first of them.
    pub since: Option<Timestamp>,
    /// One of them.
    pub device: DeviceId,
    /// Its name.
    pub name: String,
    /// The open incident of several devices that they are in.
    pub incident: Option<IncidentId>,
}

/// What the filters of a page offer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// 街道.
    pub streets: Vec<(StreetId, String)>,
    /// 部门.
    pub departments: Vec<(DepartmentId, String)>,
    /// 点位类别 in use.
    pub classes: Vec<PointClass>,
    /// 运维单位.
    pub maintainers: Vec<(MaintainerId, String)>,
    /// 辖区派出所.
    pub police_stations: Vec<String>,
    /// 标签.
    pub tags: Vec<String>,
}

impl Store {
    /// Whether the ledger has any device at all.
    pub async fn has_devices(&self) -> Result<bool, StoreError> {
        let any: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM devices)")
            .fetch_one(self.reader())
            .await?;
        Ok(any)
    }

    /// How the devices of each site stand at `now`; sites without any in use are left out.
    pub async fn site_standings(
        &self,
        filter: &Filter,
        now: Timestamp,
    ) -> Result<HashMap<SiteId, SiteStanding>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT site_id, kind, rank, count(*), max(last_result_ms)
             FROM (SELECT d.site_id, d.kind, s.last_result_ms, ",
        );
        push_rank(&mut query, now);
        query.push(
            " AS rank FROM devices d LEFT JOIN standings s ON s.device_id = d.id
             WHERE d.life = 'in_use'",
        );
        filter.push(&mut query);
        query.push(") GROUP BY site_id, kind, rank");
        let mut sites: HashMap<SiteId, SiteStanding> = HashMap::new();
        for row in &query.build().fetch_all(self.reader()).await? {
            let site = sites.entry(id(row, 0, "devices.site_id")?).or_default();
            let kind = decode::word("devices.kind", row.try_get(1)?, DeviceKind::from_code)?;
            let many = number(row, 3)?;
            if let Some(count) =
                count_of(site.counts.of_mut(kind), Present::from_rank(row.try_get(2)?))
            {
                *count += many;
            }
            let last: Option<i64> = row.try_get(4)?;
            site.last_result = site.last_result.max(last.map(Timestamp::from_millis));
        }
        Ok(sites)
    }

    /// Names of all sites.
    pub async fn site_names(&self) -> Result<Vec<SiteName>, StoreError> {
        let rows = sqlx::query(
            "SELECT si.id, si.name, st.id, st.name FROM sites si JOIN streets st ON st.id = si.street_id",
        )
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(site_name_of).collect()
    }

    /// The name of one site.
    pub async fn site_name(&self, site: SiteId) -> Result<Option<SiteName>, StoreError> {
        let row = sqlx::query(
            "SELECT si.id, si.name, st.id, st.name FROM sites si
             JOIN streets st ON st.id = si.street_id WHERE si.id = ?",
        )
        .bind(site.to_string())
        .fetch_optional(self.reader())
        .await?;
        row.as_ref().map(site_name_of).transpose()
    }

    /// What is wrong at `sites` now: for each site its groups of equal cause, worst first.
    pub async fn reasons(
        &self,
        sites: &[SiteId],
        filter: &Filter,
        now: Timestamp,
    ) -> Result<HashMap<SiteId, Vec<Reason>>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT site_id, min(rank) AS rank, iif(incident IS NULL, fault, NULL), count(*),
                 min(since_ms), id, name, incident
             FROM (SELECT d.site_id, d.id, d.name, s.since_ms,
                 (SELECT im.incident_id FROM incident_members im
                  JOIN incidents i ON i.id = im.incident_id
                  WHERE im.device_id = d.id AND im.until_ms IS NULL AND i.devices > 1) AS incident, ",
        );
        push_rank(&mut query, now);
        query.push(" AS rank, CASE WHEN s.stands_until_ms < ").push(now.millis());
        query.push(" OR s.last_result_ms - s.hold_ms > ").push(now.millis()).push(
            " THEN NULL ELSE json_extract(s.faults, '$[0]') END AS fault
             FROM devices d LEFT JOIN standings s ON s.device_id = d.id
             WHERE d.life = 'in_use' AND d.url IS NOT NULL",
        );
        push_sites(&mut query, sites);
        filter.push(&mut query);
        query.push(
            ") WHERE rank <= 2
             GROUP BY site_id, incident, iif(incident IS NULL, rank, 0), iif(incident IS NULL, fault, 0)
             ORDER BY rank, count(*) DESC, min(since_ms)",
        );
        let rows = query.build().fetch_all(self.reader()).await?;
        let mut found: HashMap<SiteId, Vec<Reason>> = HashMap::new();
        for row in &rows {
            let since: Option<i64> = row.try_get(4)?;
            let reason = Reason {
                present: Present::from_rank(row.try_get(1)?),
                fault: row.try_get::<Option<&str>, _>(2)?.and_then(FaultCode::from_code),
                devices: number(row, 3)?,
                since: since.filter(|&ms| ms > 0).map(Timestamp::from_millis),
                device: id(row, 5, "devices.id")?,
                name: row.try_get(6)?,
                incident: row.try_get::<Option<i64>, _>(7)?.map(IncidentId::new),
            };
            found.entry(id(row, 0, "devices.site_id")?).or_default().push(reason);
        }
        Ok(found)
    }

    /// The day of each of `sites` by quarter hours: device-minutes by [`State`] (index), up to
    /// the moment of the period. Minutes of devices that nothing is known of are unknown.
    pub async fn site_quarters(
        &self,
        sites: &[SiteId],
        filter: &Filter,
        period: Period,
    ) -> Result<HashMap<SiteId, Vec<[u32; 4]>>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT d.site_id, d.id, d.probed_since_ms, s.state, s.last_result_ms, s.stands_until_ms",
        );
        for day in period.utc_days() {
            query.push(", (SELECT minutes FROM strips WHERE utc_day = ").push(day);
            query.push(" AND device_id = d.id)");
        }
        query.push(
            " FROM devices d LEFT JOIN standings s ON s.device_id = d.id
              WHERE d.probed_since_ms IS NOT NULL",
        );
        if filter.kind.is_none() {
            query.push(RATED);
        }
        push_sites(&mut query, sites);
        filter.push(&mut query);
        let rows = query.build().fetch_all(self.reader()).await?;
        let (first, last) = (period.start.minute(), period.until().minute());
        let columns = usize::try_from((last - first) / 15 + 1).unwrap_or(0);
        let mut found: HashMap<SiteId, Vec<[u32; 4]>> = HashMap::new();
        let first_day = period.start.utc_day();
        for row in &rows {
            let quarters = found
                .entry(id(row, 0, "devices.site_id")?)
                .or_insert_with(|| vec![[0; 4]; columns]);
            let since = Timestamp::from_millis(row.try_get(2)?).minute();
            let open = open_minutes(row, period.now)?;
            let mut days = Vec::with_capacity(3);
            for (index, _) in period.utc_days().enumerate() {
                let bytes: Option<&[u8]> = row.try_get(6 + index)?;
                days.push(bytes.and_then(DayStrip::from_bytes));
            }
            for (column, quarter) in quarters.iter_mut().enumerate() {
                let begin = first + 15 * i64::try_from(column).unwrap_or(0);
                let (mut minute, end) = (begin.max(since), (begin + 14).min(last));
                while minute <= end {
                    // Up to the end of the quarter or of the UTC day, whichever comes first.
                    let day = minute.div_euclid(1440);
                    let stop = end.min(day * 1440 + 1439);
                    let strip = usize::try_from(day - first_day).ok().and_then(|day| days.get(day));
                    let strip = strip.and_then(Option::as_ref);
                    let index = usize::try_from(minute - day * 1440).unwrap_or(0);
                    for (offset, minute) in (minute..=stop).enumerate() {
                        let known = strip.map_or(State::Unknown, |strip| strip.get(index + offset));
                        let state = match open {
                            Some((from, to, now)) if from <= minute && minute <= to => {
                                known.max(now)
                            }
                            _ => known,
                        };
                        quarter[state as usize] += 1;
                    }
                    minute = stop + 1;
                }
            }
        }
        Ok(found)
    }

    /// What the filters offer.
    pub async fn choices(&self) -> Result<Choices, StoreError> {
        let reader = self.reader();
        let streets =
            sqlx::query_as("SELECT id, name FROM streets ORDER BY name").fetch_all(reader).await?;
        let departments = sqlx::query_as("SELECT id, name FROM departments ORDER BY name")
            .fetch_all(reader)
            .await?;
        let maintainers = sqlx::query_as("SELECT id, name FROM maintainers ORDER BY name")
            .fetch_all(reader)
            .await?;
        let classes: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT class FROM devices WHERE class IS NOT NULL ORDER BY class",
        )
        .fetch_all(reader)
        .await?;
        let police_stations = sqlx::query_scalar(
            "SELECT DISTINCT police_station FROM devices WHERE police_station IS NOT NULL
             ORDER BY police_station",
        )
        .fetch_all(reader)
        .await?;
        let tags = sqlx::query_scalar("SELECT DISTINCT tag FROM device_tags ORDER BY tag")
            .fetch_all(reader)
            .await?;
        Ok(Choices {
            streets: named(streets, "streets.id")?,
            departments: named(departments, "departments.id")?,
            classes: classes.iter().filter_map(|class| PointClass::from_code(class)).collect(),
            maintainers: named(maintainers, "maintainers.id")?,
            police_stations,
            tags,
        })
    }
}

/// The minutes since the last result, as long as it stands: first, last, state.
fn open_minutes(row: &SqliteRow, now: Timestamp) -> Result<Option<(i64, i64, State)>, StoreError> {
    let state: Option<&str> = row.try_get(3)?;
    let from: Option<i64> = row.try_get(4)?;
    let until: Option<i64> = row.try_get(5)?;
    let state = state.and_then(State::from_code).unwrap_or_default();
    Ok(match (from, until) {
        (Some(from), Some(until)) if state != State::Unknown => {
            let to = Timestamp::from_millis(until).min(now);
            Some((Timestamp::from_millis(from).minute(), to.minute(), state))
        }
        _ => None,
    })
}

fn push_sites(query: &mut QueryBuilder<Sqlite>, sites: &[SiteId]) {
    query.push(" AND d.site_id IN (");
    let mut list = query.separated(", ");
    for site in sites {
        list.push_bind(site.to_string());
    }
    query.push(")");
}

/// Where devices of a present state are counted; out of use they are in no count.
pub(crate) fn count_of(counts: &mut Counts, present: Present) -> Option<&mut u64> {
    match present {
        Present::Online => Some(&mut counts.online),
        Present::Degraded => Some(&mut counts.degraded),
        Present::Offline => Some(&mut counts.offline),
        Present::Unknown => Some(&mut counts.unknown),
        Present::Unconnected => Some(&mut counts.unconnected),
        Present::OutOfUse => None,
    }
}

fn site_name_of(row: &SqliteRow) -> Result<SiteName, StoreError> {
    Ok(SiteName {
        id: id(row, 0, "sites.id")?,
        name: row.try_get(1)?,
        street: id(row, 2, "streets.id")?,
        street_name: row.try_get(3)?,
    })
}

fn named<T: FromStr>(
    rows: Vec<(String, String)>,
    column: &'static str,
) -> Result<Vec<(T, String)>, StoreError> {
    rows.into_iter().map(|(id, name)| Ok((decode::id(column, &id)?, name))).collect()
}

/// A count: never negative, whatever stands there.
pub(crate) fn number(row: &SqliteRow, column: usize) -> Result<u64, StoreError> {
    Ok(u64::try_from(row.try_get::<Option<i64>, _>(column)?.unwrap_or(0)).unwrap_or(0))
}

/// An identity column.
pub(crate) fn id<T: FromStr>(
    row: &SqliteRow,
    index: usize,
    column: &'static str,
) -> Result<T, StoreError> {
    decode::id(column, row.try_get(index)?)
}

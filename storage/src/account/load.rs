//! One page of devices with all that their figures are made of.

use super::{Job, Place};
use crate::{Store, StoreError, decode, history, ledger_gaps};
use futures_util::TryStreamExt;
use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};
use std::{collections::HashMap, time::Duration};
use zhishou_domain::{
    DayStrip, DeviceKind, LifeState, PointClass, Span, State, Timestamp,
    account::{History, LifeChange, Placement, Source},
    policy::Policy,
};

/// A device of a page.
pub(super) struct Loaded {
    pub(super) id: String,
    /// Its place among the entries of a kept day.
    pub(super) number: u32,
    pub(super) history: History,
    /// Beside each placement.
    pub(super) places: Vec<Placed>,
    /// 档案完整.
    pub(super) complete: bool,
    /// UTC days; for [`Source::Strips`] only.
    pub(super) strips: Vec<(i64, DayStrip)>,
    /// What stands since the last result; for [`Source::Strips`] only.
    pub(super) open: Option<Span>,
}

/// Where a device stood.
pub(super) struct Placed {
    pub(super) place: Place,
    /// The group it counted in.
    pub(super) group: Option<String>,
    /// Whether the filter lets it through.
    pub(super) matches: bool,
}

/// The devices whose identity is `from` or later, and before `to`.
pub(super) async fn page(
    store: &Store,
    job: &Job,
    from: &str,
    to: Option<&str>,
) -> Result<Vec<Loaded>, StoreError> {
    // Every identity is below this.
    let bounds = (from, to.unwrap_or("~"));
    let mut page = Page { store, job, bounds, devices: Vec::new(), places: HashMap::new() };
    page.placements().await?;
    page.life().await?;
    page.standings().await?;
    match job.source {
        Source::Transitions => page.transitions().await?,
        Source::Strips => page.strips().await?,
    }
    Ok(page.devices)
}

struct Page<'a> {
    store: &'a Store,
    job: &'a Job,
    bounds: (&'a str, &'a str),
    devices: Vec<Loaded>,
    places: HashMap<String, usize>,
}

impl Page<'_> {
    fn device(&mut self, row: &SqliteRow) -> Result<Option<&mut Loaded>, StoreError> {
        let place = self.places.get(row.try_get::<&str, _>("device_id")?).copied();
        Ok(place.and_then(|place| self.devices.get_mut(place)))
    }

    async fn placements(&mut self) -> Result<(), StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT d.id AS device_id, n.number, d.from_ms, d.kind, d.class, d.connected, d.site_id,
                 si.street_id, d.maintainer_id, d.department_id, d.police_station, d.complete, ",
        );
        query.push(self.job.by.key()).push(" AS grouped, (1");
        self.job.filter.push(&mut query);
        query
            .push(") AS matches FROM (")
            .push(placed(&self.job.policy))
            .push(" WHERE p.device_id >= ");
        query.push_bind(self.bounds.0).push(" AND p.device_id < ").push_bind(self.bounds.1);
        query.push(
            ") d JOIN sites si ON si.id = d.site_id JOIN device_numbers n ON n.device_id = d.id
             ORDER BY d.id, d.from_ms",
        );
        for row in query.build().fetch_all(self.store.reader()).await? {
            let id: &str = row.try_get("device_id")?;
            if self.devices.last().is_none_or(|device| device.id != id) {
                self.places.insert(id.to_owned(), self.devices.len());
                self.devices.push(Loaded {
                    id: id.to_owned(),
                    number: row.try_get("number")?,
                    history: History::default(),
                    places: Vec::new(),
                    complete: row.try_get("complete")?,
                    strips: Vec::new(),
                    open: None,
                });
            }
            let Some(device) = self.devices.last_mut() else { continue };
            let kind = row.try_get("kind")?;
            let class: Option<&str> = row.try_get("class")?;
            device.history.placements.push(Placement {
                from: Timestamp::from_millis(row.try_get("from_ms")?),
                kind: decode::word("placements.kind", kind, DeviceKind::from_code)?,
                class: class
                    .map(|class| decode::word("placements.class", class, PointClass::from_code))
                    .transpose()?,
                connected: row.try_get("connected")?,
            });
            device.places.push(Placed {
                place: Place {
                    site: row.try_get("site_id")?,
                    street: row.try_get("street_id")?,
                    maintainer: row.try_get("maintainer_id")?,
                    department: row.try_get("department_id")?,
                    police_station: row.try_get("police_station")?,
                },
                group: row.try_get("grouped")?,
                matches: row.try_get("matches")?,
            });
        }
        Ok(())
    }

    async fn life(&mut self) -> Result<(), StoreError> {
        let rows = sqlx::query(
            "SELECT device_id, from_ms, state FROM life_states
             WHERE device_id >= ? AND device_id < ? ORDER BY device_id, from_ms",
        )
        .bind(self.bounds.0)
        .bind(self.bounds.1)
        .fetch_all(self.store.reader())
        .await?;
        for row in &rows {
            let state = row.try_get("state")?;
            let state = decode::word("life_states.state", state, LifeState::from_code)?;
            let from = Timestamp::from_millis(row.try_get("from_ms")?);
            if let Some(device) = self.device(row)? {
                device.history.life.push(LifeChange { from, state });
            }
        }
        Ok(())
    }

    /// Until when what is known holds: to the end of the window where something came later, else
    /// as long as the last result stands.
    async fn standings(&mut self) -> Result<(), StoreError> {
        let (end, now) = (self.job.window.end(), self.job.now);
        let rows = sqlx::query(
            "SELECT d.id AS device_id, s.state, s.last_result_ms, s.hold_ms, EXISTS (
                 SELECT 1 FROM transitions t WHERE t.device_id = d.id AND t.at_ms >= ?) AS later
             FROM devices d JOIN standings s ON s.device_id = d.id WHERE d.id >= ? AND d.id < ?",
        )
        .bind(end.millis())
        .bind(self.bounds.0)
        .bind(self.bounds.1)
        .fetch_all(self.store.reader())
        .await?;
        for row in &rows {
            let last: Option<i64> = row.try_get("last_result_ms")?;
            let hold = decode::unsigned("standings.hold_ms", row.try_get("hold_ms")?)?;
            let state = decode::word("standings.state", row.try_get("state")?, State::from_code)?;
            let later: bool = row.try_get("later")?;
            let Some(device) = self.device(row)? else { continue };
            let stands = last.map(|last| {
                let last = Timestamp::from_millis(last);
                Span { from: last, to: now.min(last + Duration::from_millis(hold)), state }
            });
            device.open = stands;
            device.history.known_until = match stands {
                _ if later => end,
                Some(span) => span.to,
                None => Timestamp::default(),
            };
        }
        Ok(())
    }

    async fn transitions(&mut self) -> Result<(), StoreError> {
        let (store, window) = (self.store, &self.job.window);
        // From the one that holds at the beginning on. Devices first, so that each is two seeks in
        // the index whatever lies years back, and rows come in order without being sorted.
        let mut rows = sqlx::query(
            "SELECT t.device_id, t.at_ms, t.state, t.reached, t.faults, t.judging
             FROM devices d CROSS JOIN transitions t
             WHERE d.id >= ?3 AND d.id < ?4 AND t.device_id = d.id AND t.at_ms < ?2
                 AND t.at_ms >= ifnull((SELECT max(x.at_ms) FROM transitions x
                     WHERE x.device_id = d.id AND x.at_ms < ?1), ?1)
             ORDER BY d.id, t.at_ms, t.id",
        )
        .bind(window.start().millis())
        .bind(window.end().millis())
        .bind(self.bounds.0)
        .bind(self.bounds.1)
        .fetch(store.reader());
        while let Some(row) = rows.try_next().await? {
            let transition = history::transition(&row)?;
            if let Some(device) = self.device(&row)? {
                device.history.transitions.push(transition);
            }
        }
        Ok(())
    }

    async fn strips(&mut self) -> Result<(), StoreError> {
        let (store, window) = (self.store, &self.job.window);
        let last = Timestamp::from_millis(window.end().millis() - 1).utc_day();
        // Day by day: their key begins with the day, so each is one run through the file. A row is a day
        // of all devices: one for each strip costs more in handing it over than in reading it.
        let mut rows = sqlx::query(
            "WITH RECURSIVE days (day) AS (
                 SELECT ?1 UNION ALL SELECT day + 1 FROM days WHERE day < ?2)
             SELECT days.day, (
                 SELECT group_concat(s.device_id || ':' || hex(s.minutes)) FROM strips s
                 WHERE s.utc_day = days.day AND s.device_id >= ?3 AND s.device_id < ?4) AS strips
             FROM days",
        )
        .bind(window.start().utc_day())
        .bind(last)
        .bind(self.bounds.0)
        .bind(self.bounds.1)
        .fetch(store.reader());
        while let Some(row) = rows.try_next().await? {
            let day = row.try_get("day")?;
            let strips: Option<&str> = row.try_get("strips")?;
            for strip in strips.into_iter().flat_map(|strips| strips.split(',')) {
                let (id, minutes) = strip.split_once(':').unwrap_or((strip, ""));
                let strip = crate::strips::of_hex(minutes)?;
                if let Some(device) = self.places.get(id).and_then(|it| self.devices.get_mut(*it)) {
                    device.strips.push((day, strip));
                }
            }
        }
        Ok(())
    }
}

/// Placements as a filter knows devices, as SQL: what is dated from the placement, the rest from the
/// device.
pub(super) fn placed(policy: &Policy) -> String {
    format!(
        "SELECT p.device_id AS id, p.from_ms, p.kind, p.class, p.connected, p.site_id,
             p.department_id, p.maintainer_id, p.parent_id, p.police_station, v.name, v.ip,
             v.address, v.national_code, ({}) AS complete
         FROM placements p JOIN devices v ON v.id = p.device_id",
        ledger_gaps::complete(policy)
    )
}

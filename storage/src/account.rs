//! Figures by policy: histories page by page through `domain::account`, summed by group.
//!
//! One computation runs at a time, and holds two pages of devices and the groups; no fleet is loaded.
//! A page has fewer devices the more days are asked for. Groupings and filters are those of each
//! minute ([`zhishou_domain::account::Placement`]), not of today.

mod code;
mod keep;
mod kept;
mod known;
mod load;
mod statement;

pub use keep::Keeping;
pub use kept::{Asked, Grouping, KeptAccount, KeptDay, KeptRow};
pub use statement::{DeviceWords, Lost, StatedDevice, StatedGroup, StatedOutage, Statement};

use crate::{By, Filter, Store, StoreError, exclusions::InForce};
use chrono::NaiveDate;
use load::Loaded;
use std::{
    collections::HashMap,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::task::JoinSet;
use zhishou_domain::{
    DeviceId, Timestamp,
    account::{Days, History, MinuteLayers, Source, Tally, Window},
    policy::Policy,
};

/// Devices of a page of [`PAGE_DAYS`] or fewer: their strips are about 6 MB.
const PAGE: i64 = 500;
/// Days over which a page has as many.
const PAGE_DAYS: i64 = 31;
/// Devices of a page at least.
const LEAST: i64 = 20;
/// Pages worked on at once.
const WORKERS: usize = 2;

/// The tally of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Identity of the group; `None` for devices that have none.
    pub key: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// What its figures are made of.
    pub tally: Tally,
}

/// Tallies of all groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accounted {
    /// Which minutes were looked at.
    pub window: Window,
    /// From what they were taken.
    pub source: Source,
    /// Groups that any device belonged to at any of those minutes, in order of their keys.
    pub rows: Vec<AccountRow>,
}

impl Accounted {
    /// The sum over all groups: each minute and each device counts in exactly one.
    pub fn total(&self) -> Tally {
        self.rows.iter().fold(Tally::default(), |mut total, row| {
            total += row.tally;
            total
        })
    }
}

/// Where a device stood in the ledger, beside each placement of its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// 站点, as stored.
    pub site: String,
    /// 街道, as stored.
    pub street: String,
    /// 运维单位, as stored.
    pub maintainer: Option<String>,
    /// 部门, as stored.
    pub department: Option<String>,
    /// 辖区派出所.
    pub police_station: Option<String>,
}

/// All that the figures of one device are made of.
#[derive(Clone, Debug)]
pub struct DeviceAccount {
    /// Which minutes were looked at.
    pub window: Window,
    /// Placements, life states and transitions.
    pub history: History,
    /// Beside each placement.
    pub places: Vec<Place>,
    /// What each minute was.
    pub layers: MinuteLayers,
    /// Scheduled minutes in order, all placements taken together.
    pub due: Vec<Range<i64>>,
    /// Minutes left out, in order.
    pub excluded: Vec<Range<i64>>,
    /// What its figures are made of.
    pub tally: Tally,
}

/// What all pages of one question share.
struct Job {
    policy: Policy,
    window: Window,
    in_force: InForce,
    by: By,
    filter: Filter,
    source: Source,
    now: Timestamp,
    /// Each day by itself, where that is wanted.
    days: Vec<Window>,
}

impl Store {
    /// Tallies over whole local days, both included, under a policy. Strips are used where
    /// `source` asks for them and the policy reads minutes as they hold them. Waits until those
    /// asked for before are done: they are made one after the other.
    pub async fn account(
        &self,
        policy: &Policy,
        source: Source,
        by: By,
        filter: &Filter,
        (from, to): (NaiveDate, NaiveDate),
        now: Timestamp,
    ) -> Result<Accounted, StoreError> {
        let _turn = self.accounting.acquire().await.map_err(|_| StoreError::Closed)?;
        let source = if policy.reads_as_strips() { source } else { Source::Transitions };
        let days = (from, to).into();
        let job = Arc::new(self.job(policy, source, by, filter, days, now).await?);
        let parts = self.pages(&job, WORKERS, count).await?;
        let mut groups: HashMap<Option<String>, Tally> = HashMap::new();
        for (key, tally) in parts.into_iter().flatten() {
            *groups.entry(key).or_default() += tally;
        }
        let names = self.group_names(by, groups.keys().flatten()).await?;
        let mut rows: Vec<AccountRow> = groups
            .into_iter()
            .map(|(key, tally)| AccountRow {
                name: key.as_ref().and_then(|key| names.get(key).cloned()),
                key,
                tally,
            })
            .collect();
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Accounted { window: job.window.clone(), source, rows })
    }

    /// What the figures of one device are made of, from the truth. `None` where there is no such
    /// device.
    pub async fn device_account(
        &self,
        policy: &Policy,
        device: DeviceId,
        (from, to): (NaiveDate, NaiveDate),
        now: Timestamp,
    ) -> Result<Option<DeviceAccount>, StoreError> {
        let filter = Filter::default();
        let (source, days) = (Source::Transitions, (from, to).into());
        let job = self.job(policy, source, By::Site, &filter, days, now).await?;
        let first = device.to_string();
        // No identity lies between one and itself with something after it.
        let after = format!("{first}!");
        let loaded = load::page(self, &job, &first, Some(&after)).await?;
        let Some(loaded) = loaded.into_iter().next() else { return Ok(None) };
        let (mut layers, mut groups) = (MinuteLayers::default(), HashMap::new());
        count(&job, &loaded, &mut layers, &mut groups);
        let mut tally = Tally::default();
        groups.into_values().for_each(|part| tally += part);
        let due = loaded.history.due(policy, &job.window.minutes);
        let excluded = (0..loaded.places.len()).flat_map(|index| {
            let own = loaded.history.own(index, &job.window.minutes);
            excluded(&job.in_force, &loaded, index)
                .into_iter()
                .map(move |range| range.start.max(own.start)..range.end.min(own.end))
        });
        Ok(Some(DeviceAccount {
            due: zhishou_domain::account::merge(due.into_iter().flatten().collect()),
            excluded: zhishou_domain::account::merge(excluded.collect()),
            window: job.window.clone(),
            history: loaded.history,
            places: loaded.places.into_iter().map(|placed| placed.place).collect(),
            layers,
            tally,
        }))
    }

    /// Counts every device, page by page, into as many parts as there are workers.
    async fn pages<T: Default + Send + 'static>(
        &self,
        job: &Arc<Job>,
        workers: usize,
        count: impl Fn(&Job, &Loaded, &mut MinuteLayers, &mut T) + Clone + Send + 'static,
    ) -> Result<Vec<T>, StoreError> {
        let starts = Arc::new(self.page_starts(page_of(&job.window)).await?);
        let next = Arc::new(AtomicUsize::new(0));
        let mut set = JoinSet::new();
        for _ in 0..workers {
            let (store, job, count) = (self.clone(), Arc::clone(job), count.clone());
            let (starts, next) = (Arc::clone(&starts), Arc::clone(&next));
            set.spawn(async move {
                let (mut part, mut layers) = (T::default(), MinuteLayers::default());
                loop {
                    let page = next.fetch_add(1, Ordering::Relaxed);
                    let Some(from) = starts.get(page) else { return Ok(part) };
                    let to = starts.get(page + 1).map(String::as_str);
                    for device in load::page(&store, &job, from, to).await? {
                        count(&job, &device, &mut layers, &mut part);
                        // A year of one device takes milliseconds; others run in between.
                        tokio::task::yield_now().await;
                    }
                }
            });
        }
        let mut parts = Vec::with_capacity(workers);
        while let Some(done) = set.join_next().await {
            let part: Result<T, StoreError> = done.map_err(|_| StoreError::Closed)?;
            parts.push(part?);
        }
        Ok(parts)
    }

    /// With which device each page of so many, two at least, begins, in order of their identities.
    pub(crate) async fn page_starts(&self, devices: i64) -> Result<Vec<String>, StoreError> {
        let starts = sqlx::query_scalar(
            "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM devices)
             WHERE n % ? = 1 ORDER BY id",
        );
        Ok(starts.bind(devices).fetch_all(self.reader()).await?)
    }

    async fn job(
        &self,
        policy: &Policy,
        source: Source,
        by: By,
        filter: &Filter,
        days: Days,
        now: Timestamp,
    ) -> Result<Job, StoreError> {
        let window = Window::of(policy, days, self.zone, now);
        let in_force = self.exclusions_in_force(policy, window.start(), window.end()).await?;
        let (policy, filter) = (policy.clone(), filter.clone());
        Ok(Job { policy, window, in_force, by, filter, source, now, days: Vec::new() })
    }

    async fn group_names(
        &self,
        by: By,
        keys: impl Iterator<Item = &String>,
    ) -> Result<HashMap<String, String>, StoreError> {
        let keys: Vec<&String> = keys.collect();
        let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new("SELECT g.key, ");
        query.push(by.name()).push(" FROM (SELECT value AS key FROM json_each(");
        query.push_bind(crate::decode::to_json("groups", &keys)?).push(")) g");
        let rows: Vec<(String, Option<String>)> =
            query.build_query_as().fetch_all(self.reader()).await?;
        Ok(rows.into_iter().filter_map(|(key, name)| Some((key, name?))).collect())
    }
}

/// Devices of a page, so that it holds about as much whatever the window.
fn page_of(window: &Window) -> i64 {
    let days = (window.minutes.end - window.minutes.start) / (24 * 60);
    (PAGE * PAGE_DAYS / days.max(1)).clamp(LEAST, PAGE)
}

/// What each minute of the window was for one device.
fn paint(job: &Job, device: &Loaded, layers: &mut MinuteLayers) {
    layers.reset(&job.window.minutes);
    match job.source {
        Source::Transitions => layers.paint_history(&job.policy, &device.history),
        Source::Strips => {
            for (day, strip) in &device.strips {
                layers.add_strip(*day, strip);
            }
            if let Some(open) = &device.open {
                layers.add_open(open);
            }
        }
    }
}

/// Counts one device into the groups it belonged to.
fn count(
    job: &Job,
    device: &Loaded,
    layers: &mut MinuteLayers,
    groups: &mut HashMap<Option<String>, Tally>,
) {
    let (policy, window, history) = (&job.policy, &job.window, &device.history);
    paint(job, device, layers);
    for (index, due) in history.due(policy, &window.minutes).iter().enumerate() {
        let Some(placed) = device.places.get(index).filter(|placed| placed.matches) else {
            continue;
        };
        let mut tally = Tally::of(layers, window, due, &excluded(&job.in_force, device, index));
        if tally.add_head(layers, window, policy, history, (index, due)) {
            tally.heads.complete += u64::from(device.complete);
        }
        if tally != Tally::default() {
            *groups.entry(placed.group.clone()).or_default() += tally;
        }
    }
}

/// The minutes left out of one placement of a device.
fn excluded(in_force: &InForce, device: &Loaded, index: usize) -> Vec<Range<i64>> {
    let Some(placed) = device.places.get(index) else { return vec![] };
    let place = &placed.place;
    in_force.minutes([&device.id, &place.site, &place.street], place.maintainer.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ImportMode, MasterKey};
    use std::time::Duration;
    use zhishou_domain::{IdSource, LedgerRow, policy::shipped};

    struct Zeros;

    impl IdSource for Zeros {
        fn random(&self) -> [u8; 10] {
            [0; 10]
        }
    }

    #[test]
    fn a_page_shrinks_as_the_window_grows() {
        let page = |days: i64| page_of(&Window { minutes: 7..7 + days * 1440, counted: vec![] });
        assert_eq!([0, 1, 31, 62, 92, 400, 4000].map(page), [500, 500, 500, 250, 168, 38, 20]);
    }

    #[tokio::test]
    async fn a_second_computation_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("zhishou.db"), MasterKey::from_bytes([7; 32]));
        let zone = chrono_tz::Asia::Shanghai;
        let store = Store::open(&path, key, zone, Arc::new(Zeros)).await.unwrap();
        // 2026-03-10T00:00:00 in Shanghai.
        let start = Timestamp::from_millis(1_773_072_000_000);
        let row = LedgerRow {
            street: Some("人民路".into()),
            url: Some("rtsp://10.0.0.2/1".into()),
            ..LedgerRow::new(2, "一号", "东门")
        };
        store.import(vec![row], start, ImportMode::AllOrNothing).await.unwrap();
        let (policy, all, day) = (&shipped()[0], Filter::default(), start.local_day(zone));
        let now = start + Duration::from_secs(3600);
        let made = || store.account(policy, Source::Transitions, By::Site, &all, (day, day), now);
        let turn = store.accounting.acquire().await.unwrap();
        let waited = tokio::time::timeout(Duration::from_millis(300), made()).await;
        assert!(waited.is_err(), "{waited:?}");
        drop(turn);
        assert_eq!(made().await.unwrap().total().before.due, 60);
        assert_eq!(store.accounting.available_permits(), 1);
    }
}

//! Day accounts are kept: what each device counts on each local day, under the newest version of
//! every policy, so that a page need not make it again.
//!
//! Invariants: what is kept is what [`Store::account`] makes of that day as seen at the moment beside it,
//! or it is marked stale, or what made it different stands in `account_changes`: the engine writes
//! that down for every write that reaches back before the present day (migration 0035). One step is
//! bounded work: the day under way, or a few days that are over.

use super::{Job, Loaded, code, excluded};
use crate::{By, Filter, Store, StoreError, decode, exclusions::InForce};
use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use sqlx::SqliteConnection;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
    sync::Arc,
    time::Duration,
};
use zhishou_domain::{
    Timestamp,
    account::{MinuteLayers, Source, Tally, Window},
    policy::Policy,
};

/// The day under way is counted again when it is older.
const OPEN: Duration = Duration::from_secs(50);
/// Days of one step: some two seconds of work at 10 000 devices.
const STEP_DAYS: u64 = 8;
/// Days that are kept, back from today: a year beside the one before, and room to look back from.
const KEPT_DAYS: u64 = 800;

/// What a step leaves to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// So many days under one policy each wait to be counted.
    Behind(u64),
    /// All that is over is counted, and the day under way was a moment ago.
    UpToDate,
}

/// A row of what is kept, without its body.
struct Standing {
    made: Timestamp,
    is_stale: bool,
}

/// Days to count, by place of their policy.
type Work = BTreeMap<usize, BTreeSet<NaiveDate>>;

/// What all devices are counted by in one step.
#[derive(Default)]
struct Plan(Vec<Counting>);

/// One policy and its days.
struct Counting {
    policy: Policy,
    in_force: InForce,
    days: Vec<(NaiveDate, Window)>,
}

/// Entries of one policy and day: their bytes, and where that of each device begins and ends.
#[derive(Default)]
struct Entries {
    bytes: Vec<u8>,
    places: Vec<(u32, Range<usize>)>,
}

impl Store {
    /// Does one step of keeping day accounts: takes note of what changed, then counts the day under
    /// way where that is due, else the newest of the days that are over and not counted. Waits its
    /// turn as [`Store::account`] does.
    pub async fn keep_accounts(&self, now: Timestamp) -> Result<Keeping, StoreError> {
        let _turn = self.accounting.acquire().await.map_err(|_| StoreError::Closed)?;
        let policies = self.newest_policies().await?;
        let Some(first) = self.first_day(now).await? else { return Ok(Keeping::UpToDate) };
        let today = now.local_day(self.zone);
        self.take_note(&policies, first, now).await?;
        let (mut open, mut over) = (Work::new(), Vec::new());
        for (index, policy) in policies.iter().enumerate() {
            let kept = self.kept_days(policy).await?;
            let fresh = |row: &Standing| !row.is_stale && row.made <= now && now < row.made + OPEN;
            if !kept.get(&today).is_some_and(fresh) {
                open.entry(index).or_default().insert(today);
            }
            for day in first.iter_days().take_while(|day| *day < today) {
                let end = Timestamp::start_of_day(day + Days::new(1), self.zone);
                if !kept.get(&day).is_some_and(|row| !row.is_stale && row.made >= end) {
                    over.push((day, index));
                }
            }
        }
        let waiting = over.len() as u64;
        if !open.is_empty() {
            self.count_days(&policies, open, now).await?;
            return Ok(if waiting == 0 { Keeping::UpToDate } else { Keeping::Behind(waiting) });
        }
        let Some(newest) = over.iter().map(|(day, _)| *day).max() else {
            return Ok(Keeping::UpToDate);
        };
        let mut work = Work::new();
        for (day, index) in over.into_iter().filter(|(day, _)| *day + Days::new(STEP_DAYS) > newest)
        {
            work.entry(index).or_default().insert(day);
        }
        let done: usize = work.values().map(BTreeSet::len).sum();
        self.count_days(&policies, work, now).await?;
        let left = waiting - done as u64;
        Ok(if left == 0 { Keeping::UpToDate } else { Keeping::Behind(left) })
    }

    /// The first day that is kept; `None` while no device is known.
    async fn first_day(&self, now: Timestamp) -> Result<Option<NaiveDate>, StoreError> {
        let known: Option<i64> = sqlx::query_scalar("SELECT min(from_ms) FROM placements")
            .fetch_one(self.reader())
            .await?;
        let earliest = now.local_day(self.zone) - Days::new(KEPT_DAYS);
        Ok(known.map(|ms| Timestamp::from_millis(ms).local_day(self.zone).max(earliest)))
    }

    async fn kept_days(&self, policy: &Policy) -> Result<HashMap<NaiveDate, Standing>, StoreError> {
        let rows: Vec<(String, i64, bool)> = sqlx::query_as(
            "SELECT local_day, made_ms, stale FROM day_accounts WHERE policy = ? AND version = ?",
        )
        .bind(&policy.id)
        .bind(policy.version)
        .fetch_all(self.reader())
        .await?;
        let row = |(day, made, is_stale): (String, i64, bool)| {
            let day = decode::id("day_accounts.local_day", &day)?;
            Ok((day, Standing { made: Timestamp::from_millis(made), is_stale }))
        };
        rows.into_iter().map(row).collect()
    }

    /// Marks the days that changed, raises the horizon to the beginning of the present day, and drops
    /// what is kept of older versions, of days long past, and of days that have not come.
    async fn take_note(
        &self,
        policies: &[Policy],
        first: NaiveDate,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (zone, today) = (self.zone, now.local_day(self.zone));
        let newest: Vec<(String, u32)> =
            policies.iter().map(|policy| (policy.id.clone(), policy.version)).collect();
        let newest = decode::to_json("policies", &newest)?;
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query("UPDATE day_horizon SET until_ms = max(until_ms, ?)")
                    .bind(Timestamp::start_of_day(today, zone).millis())
                    .execute(&mut *connection)
                    .await?;
                mark_stale(connection, zone).await?;
                sqlx::query(
                    "DELETE FROM day_accounts WHERE local_day < ? OR local_day > ?
                         OR (policy, version) NOT IN (
                             SELECT value ->> 0, value ->> 1 FROM json_each(?))",
                )
                .bind(first.to_string())
                .bind(today.to_string())
                .bind(newest)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// Counts days under policies and keeps them.
    async fn count_days(
        &self,
        policies: &[Policy],
        work: Work,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let days = || work.values().flatten().copied();
        let (Some(from), Some(to), Some(any)) = (days().min(), days().max(), policies.first())
        else {
            return Ok(());
        };
        let all = Filter::default();
        let job =
            self.job(any, Source::Transitions, By::Site, &all, (from, to).into(), now).await?;
        let job = Arc::new(job);
        let mut plan = Plan::default();
        for (index, days) in work {
            let Some(policy) = policies.get(index) else { continue };
            let span = (job.window.start(), job.window.end());
            let in_force = self.exclusions_in_force(policy, span.0, span.1).await?;
            let window = |day| (day, Window::new(policy, day, day, self.zone, now));
            let days = days.into_iter().map(window).collect();
            plan.0.push(Counting { policy: policy.clone(), in_force, days });
        }
        let plan = Arc::new(plan);
        let counting = Arc::clone(&plan);
        let each = move |job: &Job,
                         device: &Loaded,
                         layers: &mut MinuteLayers,
                         made: &mut Vec<Entries>| {
            counting.count(job, device, layers, made);
        };
        // One worker: pages keep the other processor.
        let mut made: Vec<Vec<Entries>> = self.pages(&job, 1, each).await?;
        let bodies = made.pop().unwrap_or_default().into_iter().map(Entries::body);
        let bodies: Vec<Vec<u8>> = bodies.collect();
        self.write(move |connection| {
            Box::pin(async move {
                let mut bodies = bodies.into_iter();
                for Counting { policy, days, .. } in &plan.0 {
                    for (day, window) in days {
                        sqlx::query(
                            "INSERT OR REPLACE INTO day_accounts VALUES (?, ?, ?, ?, 0, ?, ?)",
                        )
                        .bind(&policy.id)
                        .bind(policy.version)
                        .bind(day.to_string())
                        .bind(now.millis())
                        .bind(counted(window))
                        .bind(bodies.next().unwrap_or_default())
                        .execute(&mut *connection)
                        .await?;
                    }
                }
                Ok(())
            })
        })
        .await
    }
}

impl Plan {
    /// Adds the entries of one device, for each policy and each of its days in turn.
    fn count(
        &self,
        job: &Job,
        device: &Loaded,
        layers: &mut MinuteLayers,
        made: &mut Vec<Entries>,
    ) {
        let history = &device.history;
        let mut place = 0;
        let mut parts = Vec::new();
        for Counting { policy, in_force, days } in &self.0 {
            layers.reset(&job.window.minutes);
            layers.paint_history(policy, history);
            let due = history.due(policy, &job.window.minutes);
            let left_out: Vec<_> =
                (0..due.len()).map(|index| excluded(in_force, device, index)).collect();
            for (_, window) in days {
                parts.clear();
                for (index, (due, left_out)) in due.iter().zip(&left_out).enumerate() {
                    if history.own(index, &window.minutes).is_empty() {
                        continue;
                    }
                    let mut tally = Tally::of(layers, window, due, left_out);
                    tally.add_head(layers, window, policy, history, (index, due));
                    parts.push(tally);
                }
                if made.len() <= place {
                    made.push(Entries::default());
                }
                if let Some(entries) = made.get_mut(place) {
                    let from = entries.bytes.len();
                    code::write(&mut entries.bytes, counted(window).unsigned_abs(), &parts);
                    entries.places.push((device.number, from..entries.bytes.len()));
                }
                place += 1;
            }
        }
    }
}

impl Entries {
    /// All entries in order of their numbers, from 1 on.
    fn body(mut self) -> Vec<u8> {
        self.places.sort_unstable_by_key(|(number, _)| *number);
        let (mut body, mut next) = (Vec::with_capacity(self.bytes.len()), 1);
        for (number, place) in self.places {
            // A number without a device has an empty entry.
            body.resize(body.len() + (number - next) as usize, 0);
            body.extend_from_slice(self.bytes.get(place).unwrap_or_default());
            next = number + 1;
        }
        body
    }
}

/// Minutes that count of each device.
fn counted(window: &Window) -> i64 {
    window.counted.iter().map(|range| range.end - range.start).sum()
}

/// Marks the days of what changed, and forgets the changes.
async fn mark_stale(connection: &mut SqliteConnection, zone: Tz) -> Result<(), StoreError> {
    let changes: Vec<(i64, i64)> = sqlx::query_as("SELECT from_ms, to_ms FROM account_changes")
        .fetch_all(&mut *connection)
        .await?;
    for minutes in spans(changes) {
        let day = |minute: i64| Timestamp::from_millis(minute * 60_000).local_day(zone).to_string();
        sqlx::query("UPDATE day_accounts SET stale = 1 WHERE local_day BETWEEN ? AND ?")
            .bind(day(minutes.start))
            .bind(day(minutes.end - 1))
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("DELETE FROM account_changes").execute(connection).await?;
    Ok(())
}

/// The minutes that changes touch, in order and disjoint.
pub(super) fn spans(changes: Vec<(i64, i64)>) -> Vec<Range<i64>> {
    // Nothing is kept of days before the epoch.
    let minute = |ms: i64| Timestamp::from_millis(ms.max(0)).minute();
    let touched = changes.into_iter().map(|(from, to)| minute(from)..minute(to - 1) + 1);
    zhishou_domain::account::merge(touched.collect())
}

//! Figures of any period and filter from the days that are kept ([`super::keep`]).
//!
//! What a device was on a day is read as it was counted; to which group it belonged and whether the
//! filter lets it through is read from the ledger, dated as in [`Store::account`]. Tags are those of
//! today: they have no dates.

use super::{code, keep::spans, load::placed};
use crate::{By, Filter, Store, StoreError, decode};
use chrono::{Days, NaiveDate};
use futures_util::TryStreamExt;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use std::{collections::HashMap, ops::Range};
use zhishou_domain::{
    Timestamp,
    account::{Heads, Tally, Window},
    policy::Policy,
};

/// By what kept figures are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Each minute belongs to one group.
    By(By),
    /// Each of the devices asked for by itself.
    Device,
    /// 标签: a device counts in each of its tags, so that groups do not add up.
    Tag,
}

/// What is asked of the days that are kept.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Under which policy; its newest version is kept.
    pub policy: &'a Policy,
    /// By what to group.
    pub by: Grouping,
    /// Of which devices.
    pub filter: &'a Filter,
    /// First and last day of the period.
    pub period: (NaiveDate, NaiveDate),
    /// First and last day of the period it is compared with.
    pub earlier: (NaiveDate, NaiveDate),
    /// From which day on, to the end of the period, each day is asked for.
    pub since: NaiveDate,
    /// From which day on, to the end of the period, each day of each group is asked for.
    pub recent: NaiveDate,
}

/// A day that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDay {
    /// The local day.
    pub day: NaiveDate,
    /// Up to when it is counted: its end, where it was over.
    pub until: Timestamp,
    /// Something changed since, and it will be counted again.
    pub is_stale: bool,
    /// Minutes that count of each device.
    pub counted: u64,
    /// All groups together.
    pub total: Tally,
}

/// A group of the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRow {
    /// Identity of the group; `None` for devices that have none.
    pub key: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Over the period.
    pub period: Tally,
    /// Over the period it is compared with.
    pub earlier: Tally,
    /// Day by day from [`Asked::recent`] on; empty tallies where a day is not kept.
    pub recent: Vec<Tally>,
}

/// The figures of a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptAccount {
    /// Days that are kept, in order.
    pub days: Vec<KeptDay>,
    /// Groups that any device belonged to in the period, in order of their keys.
    pub rows: Vec<KeptRow>,
    /// All groups together.
    pub period: Tally,
    /// All groups together, over the period it is compared with.
    pub earlier: Tally,
}

impl Store {
    /// Figures of whole local days from those that are kept. Days that are not kept are left out.
    pub async fn kept_account(&self, asked: Asked<'_>) -> Result<KeptAccount, StoreError> {
        // One look at the database: what changes meanwhile is not half seen.
        let mut read = self.reader().begin().await?;
        let ledger = Ledger::read(&mut read, &asked).await?;
        let changes: Vec<(i64, i64)> = sqlx::query_as("SELECT from_ms, to_ms FROM account_changes")
            .fetch_all(&mut *read)
            .await?;
        let changed = spans(changes);
        let first = asked.since.min(asked.recent).min(asked.period.0).min(asked.earlier.0);
        let mut account = Folding::new(&asked, ledger.groups.len());
        let mut rows = sqlx::query(
            "SELECT local_day, made_ms, stale, counted, body FROM day_accounts
             WHERE policy = ? AND version = ? AND local_day BETWEEN ? AND ? ORDER BY local_day",
        )
        .bind(&asked.policy.id)
        .bind(asked.policy.version)
        .bind(first.to_string())
        .bind(asked.period.1.to_string())
        .fetch(&mut *read);
        while let Some(row) = rows.try_next().await? {
            let day: NaiveDate = decode::id("day_accounts.local_day", row.try_get("local_day")?)?;
            let made = Timestamp::from_millis(row.try_get("made_ms")?);
            let minutes = Window::new(asked.policy, day, day, self.zone, made).minutes;
            let counted = decode::unsigned("day_accounts.counted", row.try_get("counted")?)?;
            let total = ledger
                .fold(row.try_get("body")?, counted, &minutes, &mut account.today)
                .ok_or_else(|| StoreError::Corrupt {
                    column: "day_accounts.body",
                    value: format!("{} of {day}", asked.policy.reference()),
                })?;
            let end = Timestamp::start_of_day(day + Days::new(1), self.zone);
            let is_changed =
                changed.iter().any(|it| it.start < minutes.end && minutes.start < it.end);
            account.add(KeptDay {
                day,
                until: made.min(end),
                is_stale: row.try_get::<bool, _>("stale")? || is_changed,
                counted,
                total,
            });
        }
        drop(rows);
        drop(read);
        let names = match asked.by {
            Grouping::By(by) => self.group_names(by, ledger.groups.iter().flatten()).await?,
            Grouping::Device => self.device_names(ledger.groups.iter().flatten()).await?,
            Grouping::Tag => {
                ledger.groups.iter().flatten().map(|tag| (tag.clone(), tag.clone())).collect()
            }
        };
        let mut made = account.made;
        for (row, key) in made.rows.iter_mut().zip(ledger.groups) {
            row.name = key.as_ref().and_then(|key| names.get(key).cloned());
            row.key = key;
        }
        made.rows.retain(|row| row.period != Tally::default());
        made.rows.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(made)
    }
}

impl Store {
    /// Names of devices by their identities.
    async fn device_names(
        &self,
        ids: impl Iterator<Item = &String>,
    ) -> Result<HashMap<String, String>, StoreError> {
        let ids: Vec<&String> = ids.collect();
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT id, name FROM devices WHERE id IN (SELECT value FROM json_each(?))",
        )
        .bind(decode::to_json("devices.id", &ids)?)
        .fetch_all(self.reader())
        .await?;
        Ok(rows.into_iter().collect())
    }
}

/// The sums that grow day by day.
struct Folding<'a> {
    asked: &'a Asked<'a>,
    /// Groups of the day at hand.
    today: Vec<Tally>,
    made: KeptAccount,
}

impl<'a> Folding<'a> {
    fn new(asked: &'a Asked<'a>, groups: usize) -> Self {
        let recent = (asked.period.1 - asked.recent).num_days().saturating_add(1).clamp(0, 400);
        let row = || KeptRow {
            key: None,
            name: None,
            period: Tally::default(),
            earlier: Tally::default(),
            recent: vec![Tally::default(); usize::try_from(recent).unwrap_or(0)],
        };
        let rows = (0..groups).map(|_| row()).collect();
        let made = KeptAccount { rows, ..KeptAccount::default() };
        Self { asked, today: vec![Tally::default(); groups], made }
    }

    /// Adds a day and clears the groups for the next one.
    fn add(&mut self, kept: KeptDay) {
        let within = |(from, to): (NaiveDate, NaiveDate)| from <= kept.day && kept.day <= to;
        let (in_period, is_earlier) = (within(self.asked.period), within(self.asked.earlier));
        let recent = usize::try_from((kept.day - self.asked.recent).num_days()).ok();
        if in_period {
            join(&mut self.made.period, &kept.total, kept.counted);
        }
        if is_earlier {
            join(&mut self.made.earlier, &kept.total, kept.counted);
        }
        for (row, day) in self.made.rows.iter_mut().zip(&mut self.today) {
            let day = std::mem::take(day);
            if in_period {
                join(&mut row.period, &day, kept.counted);
            }
            if is_earlier {
                join(&mut row.earlier, &day, kept.counted);
            }
            if let Some(recent) = recent.and_then(|index| row.recent.get_mut(index)) {
                *recent = day;
            }
        }
        if kept.day >= self.asked.since {
            self.made.days.push(kept);
        }
    }
}

/// Adds a later day: minutes add up, devices are those of the last minute that counts.
fn join(sum: &mut Tally, day: &Tally, counted: u64) {
    sum.before += day.before;
    sum.after += day.after;
    if counted > 0 {
        sum.heads = day.heads;
    }
}

/// Where devices stood when, by their numbers.
struct Ledger {
    /// Identities of the groups.
    groups: Vec<Option<String>>,
    /// Placements in order of device and time.
    placed: Vec<Placed>,
    /// Where those of each number begin; one more at the end.
    starts: Vec<usize>,
    /// Groups that a device counts in instead of that of its placement, by number.
    tags: HashMap<usize, Vec<usize>>,
}

struct Placed {
    number: usize,
    /// First minute that it owns.
    from: i64,
    group: usize,
    matches: bool,
    complete: bool,
}

impl Ledger {
    async fn read(read: &mut SqliteConnection, asked: &Asked<'_>) -> Result<Self, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT n.number, d.from_ms, d.complete, ");
        query.push(match asked.by {
            Grouping::By(by) => by.key(),
            Grouping::Device => "d.id",
            Grouping::Tag => "NULL",
        });
        query.push(" AS grouped, (1");
        asked.filter.push(&mut query);
        query
            .push(") AS matches FROM (")
            .push(placed(asked.policy))
            .push(") d JOIN device_numbers n ON n.device_id = d.id");
        let mut groups = Groups::default();
        let mut placed = Vec::new();
        let mut rows = query.build().fetch(&mut *read);
        while let Some(row) = rows.try_next().await? {
            let matches = row.try_get("matches")?;
            // Devices that nobody asked for need no group of their own.
            let is_grouped = asked.by != Grouping::Device || matches;
            let group = if is_grouped { row.try_get("grouped")? } else { None };
            placed.push(Placed {
                number: row.try_get::<u32, _>("number")? as usize,
                from: Timestamp::from_millis(row.try_get("from_ms")?).minute(),
                group: groups.place(group),
                matches,
                complete: row.try_get("complete")?,
            });
        }
        drop(rows);
        // Those of one device come in order of time.
        placed.sort_by_key(|placed| placed.number);
        let most = placed.last().map_or(0, |placed| placed.number);
        let mut starts = Vec::with_capacity(most + 2);
        for (index, placed) in placed.iter().enumerate() {
            starts.resize((placed.number + 1).max(starts.len()), index);
        }
        starts.push(placed.len());
        let mut tags: HashMap<usize, Vec<usize>> = HashMap::new();
        if asked.by == Grouping::Tag {
            let rows: Vec<(u32, String)> = sqlx::query_as(
                "SELECT n.number, t.tag FROM device_tags t
                 JOIN device_numbers n ON n.device_id = t.device_id",
            )
            .fetch_all(read)
            .await?;
            for (number, tag) in rows {
                tags.entry(number as usize).or_default().push(groups.place(Some(&tag)));
            }
        }
        Ok(Self { groups: groups.keys, placed, starts, tags })
    }

    /// Adds a day to `groups`, of which it was counted in `minutes`, and returns all of it; `None`
    /// where the body cannot be read.
    fn fold(
        &self,
        body: &[u8],
        counted: u64,
        minutes: &Range<i64>,
        groups: &mut [Tally],
    ) -> Option<Tally> {
        let mut reader = code::Reader::new(body, counted);
        // Most entries are alike, and are counted before they are multiplied.
        let mut perfect = vec![[0_u64; 2]; groups.len()];
        let mut total = Tally::default();
        for number in 1.. {
            if reader.is_done() {
                break;
            }
            let range = match (self.starts.get(number), self.starts.get(number + 1)) {
                (Some(from), Some(to)) => *from..*to,
                _ => 0..0,
            };
            let places = self.placed.get(range).unwrap_or_default();
            let tags = self.tags.get(&number).map_or(&[][..], Vec::as_slice);
            if let [only] = places
                && tags.is_empty()
                && reader.take_perfect()
            {
                if only.matches
                    && let Some(count) = perfect.get_mut(only.group)
                {
                    count[usize::from(only.complete)] += 1;
                }
                continue;
            }
            let mut owners = places.iter().enumerate().filter(|(index, placed)| {
                let to = places.get(index + 1).map_or(minutes.end, |next| next.from);
                placed.from.max(minutes.start) < to.min(minutes.end)
            });
            loop {
                let (mut tally, more) = reader.part()?;
                if let Some((_, owner)) = owners.next().filter(|(_, owner)| owner.matches) {
                    tally.heads.complete = tally.heads.ledger * u64::from(owner.complete);
                    let own = std::slice::from_ref(&owner.group);
                    for group in if tags.is_empty() { own } else { tags } {
                        if let Some(sum) = groups.get_mut(*group) {
                            *sum += tally;
                        }
                    }
                    total += tally;
                }
                if !more {
                    break;
                }
            }
        }
        let well = code::all_well(counted);
        for (sum, [bare, complete]) in groups.iter_mut().zip(perfect) {
            let many = bare + complete;
            let times = |it: u64| it * many;
            let sums = zhishou_domain::account::Sums {
                due: times(well.due),
                up: times(well.up),
                reached: times(well.reached),
                intact: times(well.intact),
                ..well
            };
            let heads = Heads {
                ledger: many,
                due: many,
                checked: many,
                online: many,
                degraded: 0,
                complete,
            };
            let tally = Tally { before: sums, after: sums, heads };
            *sum += tally;
            total += tally;
        }
        Some(total)
    }
}

/// Places of identities.
#[derive(Default)]
struct Groups {
    keys: Vec<Option<String>>,
    places: HashMap<Option<String>, usize>,
}

impl Groups {
    fn place(&mut self, key: Option<&str>) -> usize {
        let key = key.map(str::to_owned);
        if let Some(place) = self.places.get(&key) {
            return *place;
        }
        self.keys.push(key.clone());
        self.places.insert(key, self.keys.len() - 1);
        self.keys.len() - 1
    }
}

//! All that a report says of a period, in one pass over the devices: tallies by every grouping and
//! by day, what was lost to which fault, the worst devices and the longest outages.
//!
//! The minutes are those of [`super`]; nothing is counted in another way here.

use super::{Job, Loaded, WORKERS, excluded, paint};
use crate::{By, Filter, Store, StoreError, StoredExclusion, decode};
use chrono::NaiveDate;
use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::Arc,
};
use zhishou_domain::{
    FaultCode, State, Timestamp,
    account::{Days, MinuteLayers, Source, Sums, Tally, Window, intersect, merge, touched},
    policy::Policy,
};

/// By what a report groups.
const STATED: [By; 6] =
    [By::Street, By::PoliceStation, By::Department, By::Class, By::Maintainer, By::Site];
/// Devices told of at most, most minutes lost first.
const DEVICES: usize = 20;
/// Outages told of at most, most minutes lost first.
const OUTAGES: usize = 40;

/// What was lost: minutes down that no exclusion covers, or checks under a snapshot policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// By fault.
    pub by_fault: BTreeMap<FaultCode, u64>,
    /// Devices that were down at the last minute that counts.
    pub down: u64,
    /// Since when the first of those.
    pub since: Option<Timestamp>,
}

impl Lost {
    /// The fault that took most.
    pub fn main_fault(&self) -> Option<FaultCode> {
        self.by_fault.iter().max_by_key(|(_, lost)| **lost).map(|(fault, _)| *fault)
    }

    fn add(&mut self, other: &Self) {
        for (fault, lost) in &other.by_fault {
            *self.by_fault.entry(*fault).or_default() += lost;
        }
        self.down += other.down;
        self.since = self.since.into_iter().chain(other.since).min();
    }
}

/// One group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedGroup {
    /// By what.
    pub by: By,
    /// Identity; `None` for devices that have none.
    pub key: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// What its figures are made of.
    pub tally: Tally,
    /// After exclusion, beside [`Statement::days`].
    pub days: Vec<Sums>,
    /// What was lost and why.
    pub lost: Lost,
}

/// A device that lost minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedDevice {
    /// Identity.
    pub id: String,
    /// As the ledger has them today.
    pub words: DeviceWords,
    /// Its sums after exclusion.
    pub after: Sums,
    /// Outages that cost it something.
    pub outages: u64,
    /// What was lost and why.
    pub lost: Lost,
}

/// An outage that no exclusion covers altogether.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedOutage {
    /// The device.
    pub id: String,
    /// As the ledger has them today.
    pub words: DeviceWords,
    /// From the first failed probe on; may lie before the period.
    pub from: Timestamp,
    /// Until when; `None` where it lasted at the end of the period.
    pub to: Option<Timestamp>,
    /// The fault that took most of it.
    pub fault: Option<FaultCode>,
    /// What it cost within the period.
    pub lost: u64,
}

/// Names of a device and of where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceWords {
    /// Of the device.
    pub name: String,
    /// 站点.
    pub site: String,
    /// 街道.
    pub street: String,
    /// 运维单位.
    pub maintainer: Option<String>,
}

/// All that is said of a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Which minutes were looked at.
    pub window: Window,
    /// The sum over all devices.
    pub total: Tally,
    /// What was lost and why.
    pub lost: Lost,
    /// Each day by itself; without devices counted.
    pub days: Vec<(NaiveDate, Tally)>,
    /// By each grouping, in order of its keys.
    pub groups: Vec<StatedGroup>,
    /// Most lost first.
    pub devices: Vec<StatedDevice>,
    /// Most lost first.
    pub outages: Vec<StatedOutage>,
    /// How many outages there were.
    pub outage_count: u64,
    /// What was left out.
    pub exclusions: Vec<StoredExclusion>,
}

impl Store {
    /// What is to be said of `days` under `policy`. Waits its turn as [`Store::account`] does.
    pub async fn statement(
        &self,
        policy: &Policy,
        days: Days,
        now: Timestamp,
    ) -> Result<Statement, StoreError> {
        let _turn = self.accounting.acquire().await.map_err(|_| StoreError::Closed)?;
        let (source, filter) = (Source::Transitions, Filter::default());
        let mut job = self.job(policy, source, By::Site, &filter, days, now).await?;
        job.days = days.each().map(|day| Window::of(policy, day, self.zone, now)).collect();
        let job = Arc::new(job);
        let mut all = Part::default();
        for part in self.pages(&job, WORKERS, Part::count).await? {
            all.add(part);
        }
        all.trim(1);
        let mut groups = Vec::with_capacity(all.groups.len());
        for by in STATED {
            let of = all.groups.iter().filter(|((grouped, _), _)| *grouped == by.code());
            let names = self.group_names(by, of.clone().filter_map(|((_, key), _)| key.as_ref()));
            let names = names.await?;
            let mut rows: Vec<_> = of
                .map(|((_, key), group)| StatedGroup {
                    by,
                    key: key.clone(),
                    name: key.as_ref().and_then(|key| names.get(key).cloned()),
                    tally: group.tally,
                    days: group.days.iter().map(|day| day.after).collect(),
                    lost: group.lost.clone(),
                })
                .collect();
            rows.sort_by(|a, b| a.key.cmp(&b.key));
            groups.append(&mut rows);
        }
        let told = all.devices.iter().map(|it| &it.id).chain(all.outages.iter().map(|it| &it.id));
        let words = self.device_words(told).await?;
        let word = |id: &str| words.get(id).cloned().unwrap_or_default();
        all.devices.iter_mut().for_each(|it| it.words = word(&it.id));
        all.outages.iter_mut().for_each(|it| it.words = word(&it.id));
        let in_days = days.each().map(|day| day.from).zip(all.total.days);
        Ok(Statement {
            window: job.window.clone(),
            total: all.total.tally,
            lost: all.total.lost,
            days: in_days.collect(),
            groups,
            devices: all.devices,
            outages: all.outages,
            outage_count: all.outage_count,
            exclusions: self.stated_exclusions(policy, &job.window).await?,
        })
    }

    async fn device_words(
        &self,
        ids: impl Iterator<Item = &String>,
    ) -> Result<HashMap<String, DeviceWords>, StoreError> {
        let ids: Vec<&String> = ids.collect();
        let rows: Vec<(String, String, String, String, Option<String>)> = sqlx::query_as(
            "SELECT d.id, d.name, si.name, st.name, m.name
             FROM devices d JOIN sites si ON si.id = d.site_id JOIN streets st ON st.id = si.street_id
             LEFT JOIN maintainers m ON m.id = d.maintainer_id
             WHERE d.id IN (SELECT value FROM json_each(?))",
        )
        .bind(decode::to_json("devices.id", &ids)?)
        .fetch_all(self.reader())
        .await?;
        let of = |(id, name, site, street, maintainer)| {
            (id, DeviceWords { name, site, street, maintainer })
        };
        Ok(rows.into_iter().map(of).collect())
    }

    async fn stated_exclusions(
        &self,
        policy: &Policy,
        window: &Window,
    ) -> Result<Vec<StoredExclusion>, StoreError> {
        let all =
            self.exclusions((window.start(), window.end()), (None, None), None, u32::MAX).await?;
        let counting = all.into_iter().filter(|it| it.exclusion.counts_under(policy));
        let mut stated: Vec<StoredExclusion> = counting.collect();
        stated.sort_by_key(|it| (it.exclusion.from, it.id));
        Ok(stated)
    }
}

/// Sums of one group, or of all.
#[derive(Default)]
struct Group {
    tally: Tally,
    days: Vec<Tally>,
    lost: Lost,
}

impl Group {
    fn add(&mut self, other: &Self) {
        self.tally += other.tally;
        self.lost.add(&other.lost);
        self.days.resize(other.days.len().max(self.days.len()), Tally::default());
        for (mine, its) in self.days.iter_mut().zip(&other.days) {
            *mine += *its;
        }
    }
}

/// What one worker found.
#[derive(Default)]
struct Part {
    total: Group,
    groups: HashMap<(&'static str, Option<String>), Group>,
    devices: Vec<StatedDevice>,
    outages: Vec<StatedOutage>,
    outage_count: u64,
}

impl Part {
    fn count(job: &Job, device: &Loaded, layers: &mut MinuteLayers, part: &mut Self) {
        let (policy, window, history) = (&job.policy, &job.window, &device.history);
        paint(job, device, layers);
        let runs = runs(job, device);
        let mut cost = vec![0; runs.len()];
        let mut own = Group::default();
        for (index, due) in history.due(policy, &window.minutes).iter().enumerate() {
            let left_out = excluded(&job.in_force, device, index);
            let lost_in = |minutes: &[Range<i64>]| {
                Tally::of(layers, window, &intersect(due, minutes), &left_out).after.down
            };
            let mut placed =
                Group { tally: Tally::of(layers, window, due, &left_out), ..Group::default() };
            if placed.tally.add_head(layers, window, policy, history, (index, due)) {
                placed.tally.heads.complete += u64::from(device.complete);
            }
            if placed.tally == Tally::default() {
                continue;
            }
            let of_day = |day: &Window| Tally::of(layers, day, due, &left_out);
            placed.days = job.days.iter().map(of_day).collect();
            for (run, cost) in runs.iter().zip(&mut cost) {
                *cost += lost_in(std::slice::from_ref(&run.minutes));
                for (fault, minutes) in &run.faults {
                    let lost = lost_in(minutes);
                    if lost > 0 {
                        *placed.lost.by_fault.entry(*fault).or_default() += lost;
                    }
                }
            }
            let contains =
                |ranges: &[Range<i64>], minute| ranges.iter().any(|it| it.contains(&minute));
            if let Some(last) = window.last()
                && contains(due, last)
                && !contains(&left_out, last)
                && layers.get(last).media == State::Down
            {
                let run = runs.iter().find(|run| run.minutes.contains(&last));
                placed.lost.down = 1;
                placed.lost.since = run.map(|run| run.from);
            }
            if let Some(place) = device.places.get(index).map(|placed| &placed.place) {
                let class = history.placements.get(index).and_then(|it| it.class);
                for by in STATED {
                    let key = match by {
                        By::Street => Some(place.street.clone()),
                        By::PoliceStation => place.police_station.clone(),
                        By::Department => place.department.clone(),
                        By::Class => class.map(|class| class.code().to_owned()),
                        By::Maintainer => place.maintainer.clone(),
                        By::Site | By::Parent => Some(place.site.clone()),
                    };
                    part.groups.entry((by.code(), key)).or_default().add(&placed);
                }
            }
            own.add(&placed);
        }
        part.total.add(&own);
        part.tell(device, &own, &runs, &cost, window);
        part.trim(2);
    }

    /// Keeps what may be told of a device.
    fn tell(&mut self, device: &Loaded, own: &Group, runs: &[Run], cost: &[u64], window: &Window) {
        let costly = runs.iter().zip(cost).filter(|(_, cost)| **cost > 0);
        self.outage_count += costly.clone().count() as u64;
        self.outages.extend(costly.clone().map(|(run, cost)| StatedOutage {
            id: device.id.clone(),
            words: DeviceWords::default(),
            from: run.from,
            to: (run.to < window.end()).then_some(run.to),
            fault: run.main_fault(),
            lost: *cost,
        }));
        if own.tally.after.down > 0 {
            self.devices.push(StatedDevice {
                id: device.id.clone(),
                words: DeviceWords::default(),
                after: own.tally.after,
                outages: costly.count() as u64,
                lost: own.lost.clone(),
            });
        }
    }

    fn add(&mut self, other: Self) {
        self.total.add(&other.total);
        for (key, group) in other.groups {
            self.groups.entry(key).or_default().add(&group);
        }
        self.devices.extend(other.devices);
        self.outages.extend(other.outages);
        self.outage_count += other.outage_count;
    }

    /// Forgets what will not be told, where there is more than `slack` times as much.
    fn trim(&mut self, slack: usize) {
        if self.devices.len() > (slack - 1) * DEVICES {
            self.devices.sort_by(|a, b| (b.after.down, &a.id).cmp(&(a.after.down, &b.id)));
            self.devices.truncate(DEVICES);
        }
        if self.outages.len() > (slack - 1) * OUTAGES {
            let order = |it: &StatedOutage| (std::cmp::Reverse(it.lost), it.from, it.id.clone());
            self.outages.sort_by_key(order);
            self.outages.truncate(OUTAGES);
        }
    }
}

/// A stretch in which a device counted as down.
struct Run {
    from: Timestamp,
    to: Timestamp,
    minutes: Range<i64>,
    /// The minutes of each fault.
    faults: Vec<(FaultCode, Vec<Range<i64>>)>,
}

impl Run {
    fn main_fault(&self) -> Option<FaultCode> {
        let length =
            |ranges: &[Range<i64>]| -> i64 { ranges.iter().map(|it| it.end - it.start).sum() };
        self.faults.iter().max_by_key(|(_, minutes)| length(minutes)).map(|(fault, _)| *fault)
    }
}

fn runs(job: &Job, device: &Loaded) -> Vec<Run> {
    let (history, window) = (&device.history, &job.window.minutes);
    let mut runs: Vec<Run> = Vec::new();
    for (index, transition) in history.transitions.iter().enumerate() {
        let to = history.transitions.get(index + 1).map_or(history.known_until, |next| next.at);
        let reading = job.policy.read(transition);
        if reading.media != State::Down || to <= transition.at {
            continue;
        }
        let minutes = touched(&(transition.at..to));
        let minutes = minutes.start.max(window.start)..minutes.end.min(window.end);
        if minutes.is_empty() {
            continue;
        }
        let run = match runs.last_mut() {
            Some(run) if run.to == transition.at => {
                run.to = to;
                run.minutes.end = minutes.end;
                run
            }
            _ => {
                let from = transition.at;
                runs.push(Run { from, to, minutes: minutes.clone(), faults: Vec::new() });
                let Some(run) = runs.last_mut() else { continue };
                run
            }
        };
        if let Some(fault) = transition.faults.first() {
            match run.faults.iter_mut().find(|(code, _)| code == fault) {
                Some((_, all)) => {
                    all.push(minutes);
                    *all = merge(std::mem::take(all));
                }
                None => run.faults.push((*fault, vec![minutes])),
            }
        }
    }
    runs
}

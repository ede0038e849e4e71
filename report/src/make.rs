//! Makes a document of what the store has. Every figure is that of [`Store::statement`].

use crate::{
    Document, Period, PeriodKind,
    document::{Compared, DayRow, DeviceRow, ExclusionRow, Group, Loss, OutageRow, Row, Under},
    meetings, upkeep,
};
use chrono::{Days as Count, NaiveDate};
use chrono_tz::Tz;
use std::collections::HashMap;
use zhishou_domain::{
    Timestamp,
    account::{Days, Sums},
    policy::Policy,
    work_order::Calendar,
};
use zhishou_storage::{By, ExclusionScope, Lost, StatedGroup, Statement, Store, StoreError};

/// Days that a report tells one by one at most: a quarter.
const DAYS: usize = 92;
/// Days looked at for a report of a single day.
const TREND: u64 = 7;

/// What a report is made for.
#[derive(Clone, Debug)]
pub struct Order {
    /// Name of the district.
    pub district: String,
    /// Zone of its days.
    pub zone: Tz,
    /// Which days.
    pub period: Period,
    /// 口径.
    pub policy: Policy,
    /// When repair clocks run.
    pub calendar: Calendar,
}

/// Makes the document of an order, as of `now`. `step` hears which computation begins, of how many.
pub async fn make(
    store: &Store,
    order: &Order,
    now: Timestamp,
    step: impl Fn(usize, usize) + Send,
) -> Result<Document, StoreError> {
    const STEPS: usize = 3;
    let Order { zone, period, policy, .. } = order;
    let days = period.days;
    // Of a time before anything was known nothing has to be made.
    let known_since = store.known_since().await?;
    let is_known = |earlier: &Period| known_since.is_some_and(|it| it < earlier.days.end(*zone));
    step(1, STEPS);
    let stated = store.statement(policy, days, now).await?;
    step(2, STEPS);
    let before = match (period.kind, period.before().filter(is_known)) {
        // The week of a single day holds the day before.
        (PeriodKind::Day, _) | (_, None) => None,
        (_, Some(before)) => Some(store.statement(policy, before.days, now).await?),
    };
    let trend = match period.kind {
        PeriodKind::Day => {
            let from = days.from.checked_sub_days(Count::new(TREND - 1)).unwrap_or(days.from);
            Some(store.statement(policy, Days { from, ..days }, now).await?)
        }
        _ => None,
    };
    step(3, STEPS);
    let year_before = match period.year_before().filter(is_known) {
        None => None,
        Some(earlier) => match &before {
            // The period before a year is the year before.
            Some(before) if period.before() == Some(earlier) => compared(earlier, before),
            _ => compared(earlier, &store.statement(policy, earlier.days, now).await?),
        },
    };
    let parts = Parts { before, trend, year_before };
    let mut document = document(order, &stated, &parts, now);
    let span = (days.start(*zone), days.end(*zone).min(now));
    let (incidents, repairs) = upkeep::stated(store, span, &order.calendar, *zone).await?;
    document.incidents = Some(incidents);
    document.repairs = Some(repairs);
    document.meetings = Some(meetings::stated(store, period, *zone, now).await?);
    Ok(document)
}

/// The figures of an order alone, without other periods and what became of repairs: what can be verified.
pub(crate) async fn make_figures(
    store: &Store,
    order: &Order,
    now: Timestamp,
) -> Result<Document, StoreError> {
    let stated = store.statement(&order.policy, order.period.days, now).await?;
    let mut document = document(order, &stated, &Parts::default(), now);
    document.meetings = Some(meetings::stated(store, &order.period, order.zone, now).await?);
    Ok(document)
}

/// What a document says beside its own period.
#[derive(Default)]
struct Parts {
    before: Option<Statement>,
    /// The days up to the one of a daily report.
    trend: Option<Statement>,
    year_before: Option<Compared>,
}

fn document(order: &Order, stated: &Statement, parts: &Parts, now: Timestamp) -> Document {
    let Order { zone, period, policy, .. } = order;
    let days = period.days;
    let maker = Maker { order, stated, before: parts.before.as_ref(), trend: parts.trend.as_ref() };
    let moment = |at: Timestamp| at.rfc3339(*zone);
    Document {
        district: order.district.clone(),
        period: *period,
        starts_at: moment(days.start(*zone)),
        ends_at: moment(days.end(*zone)),
        time_zone: zone.name().to_owned(),
        made_at: moment(now),
        policy: policy.clone(),
        moments: stated.window.counted.len(),
        total: stated.total,
        lost: loss(&stated.lost),
        before: maker.compared_before(),
        year_before: parts.year_before.clone(),
        groups: maker.groups(),
        days: maker.days(),
        devices: stated.devices.iter().map(device).collect(),
        outages: stated.outages.iter().map(|it| outage(it, *zone)).collect(),
        outage_count: stated.outage_count,
        exclusions: stated.exclusions.iter().map(|it| exclusion(it, *zone)).collect(),
        incidents: None,
        repairs: None,
        meetings: None,
    }
}

fn compared(period: Period, statement: &Statement) -> Option<Compared> {
    let total = statement.total;
    (total.before.due > 0).then_some(Compared { period, total })
}

fn loss(lost: &Lost) -> Loss {
    Loss { fault: lost.main_fault(), down: lost.down }
}

struct Maker<'a> {
    order: &'a Order,
    stated: &'a Statement,
    before: Option<&'a Statement>,
    /// The days up to the one of a daily report.
    trend: Option<&'a Statement>,
}

impl Maker<'_> {
    fn compared_before(&self) -> Option<Compared> {
        let period = self.order.period.before()?;
        match (self.before, self.trend) {
            (Some(before), _) => compared(period, before),
            (None, Some(trend)) => {
                let (_, total) = *trend.days.iter().rev().nth(1)?;
                (total.before.due > 0).then_some(Compared { period, total })
            }
            (None, None) => None,
        }
    }

    /// The days to tell, of all devices.
    fn days(&self) -> Vec<DayRow> {
        let days = &self.trend.unwrap_or(self.stated).days;
        if days.len() > DAYS {
            return Vec::new();
        }
        let row = |(day, tally): &(NaiveDate, zhishou_domain::account::Tally)| DayRow {
            day: *day,
            before: tally.before,
            after: tally.after,
        };
        days.iter().map(row).collect()
    }

    fn groups(&self) -> Vec<Group> {
        let key = |group: &'_ StatedGroup| (group.by.code(), group.key.clone());
        let index = |of: Option<&Statement>| -> HashMap<_, StatedGroup> {
            let groups = of.into_iter().flat_map(|it| &it.groups);
            groups.map(|group| (key(group), group.clone())).collect()
        };
        let (before, trend) = (index(self.before), index(self.trend));
        let mut groups: Vec<Group> = Vec::new();
        for stated in &self.stated.groups {
            let key = key(stated);
            let earlier = match (before.get(&key), trend.get(&key)) {
                (Some(before), _) => Some(before.tally.after),
                (None, Some(trend)) => trend.days.iter().rev().nth(1).copied(),
                (None, None) => None,
            };
            let looked_at = trend.get(&key).unwrap_or(stated);
            let row = self.row(stated, earlier.filter(|sums| sums.due > 0), &looked_at.days);
            match groups.last_mut().filter(|group| group.by == stated.by.code()) {
                Some(group) => group.rows.push(row),
                None => {
                    groups.push(Group { by: stated.by.code().to_owned(), rows: vec![row] });
                }
            }
        }
        for group in &mut groups {
            group.rows.sort_by(|a, b| {
                self.value(&a.tally.after)
                    .total_cmp(&self.value(&b.tally.after))
                    .then_with(|| (&a.name, &a.key).cmp(&(&b.name, &b.key)))
            });
        }
        groups
    }

    fn row(&self, stated: &StatedGroup, before: Option<Sums>, days: &[Sums]) -> Row {
        let policy = &self.order.policy;
        let target = match stated.by {
            By::Class => Document::class_target(policy, stated.key.as_deref()),
            _ => policy.target(None),
        };
        let misses = |sums: &Sums| Document::misses(&self.online(sums), target);
        let under = misses(&stated.tally.after).then(|| {
            let run = days.iter().rev().take_while(|sums| misses(sums)).count();
            let run_days = u32::try_from(run).unwrap_or(u32::MAX);
            let back = Count::new(u64::from(run_days).saturating_sub(1));
            let since = self.order.period.days.to.checked_sub_days(back);
            Under {
                since: since.filter(|_| run > 0),
                days: run_days,
                or_more: run > 0 && run == days.len(),
            }
        });
        Row {
            key: stated.key.clone(),
            name: stated.name.clone(),
            tally: stated.tally,
            target,
            before,
            lost: loss(&stated.lost),
            down_since: stated.lost.since.map(|at| at.rfc3339(self.order.zone)),
            under,
        }
    }

    fn online(&self, sums: &Sums) -> zhishou_domain::account::Figure {
        use zhishou_domain::account::{Figures, Heads, Source};
        Figures::of(&self.order.policy, 1, sums, &Heads::default(), Source::Transitions).online
    }

    /// For the order: what has no number comes last.
    fn value(&self, sums: &Sums) -> f64 {
        self.online(sums).value().unwrap_or(2.0)
    }
}

fn device(stated: &zhishou_storage::StatedDevice) -> DeviceRow {
    let words = stated.words.clone();
    DeviceRow {
        id: stated.id.clone(),
        name: words.name,
        site: words.site,
        street: words.street,
        maintainer: words.maintainer,
        after: stated.after,
        outages: stated.outages,
        fault: stated.lost.main_fault(),
    }
}

fn outage(stated: &zhishou_storage::StatedOutage, zone: Tz) -> OutageRow {
    let words = stated.words.clone();
    OutageRow {
        id: stated.id.clone(),
        name: words.name,
        site: words.site,
        street: words.street,
        maintainer: words.maintainer,
        from: stated.from.rfc3339(zone),
        to: stated.to.map(|at| at.rfc3339(zone)),
        fault: stated.fault,
        lost: stated.lost,
    }
}

fn exclusion(stored: &zhishou_storage::StoredExclusion, zone: Tz) -> ExclusionRow {
    let exclusion = &stored.exclusion;
    ExclusionRow {
        id: stored.id.to_string(),
        scope: match stored.scope {
            ExclusionScope::Device(_) => "device",
            ExclusionScope::Site(_) => "site",
            ExclusionScope::Street(_) => "street",
        }
        .to_owned(),
        about: stored.name.clone(),
        maintainer: stored.maintainer_name.clone(),
        from: exclusion.from.rfc3339(zone),
        to: exclusion.to.rfc3339(zone),
        reason: exclusion.reason,
        evidence: stored.evidence.clone(),
    }
}

//! What is to be published of its own accord: each day that is over, the weeks, months, quarters and
//! years that end with it, and revisions of what late data reaches.

use crate::{
    Order, Outcome, Period, PeriodKind, PressError, Publisher, number, publish, published,
};
use chrono::{Days as Count, NaiveDate};
use chrono_tz::Tz;
use std::collections::BTreeSet;
use zhishou_domain::{
    Timestamp,
    account::Days,
    policy::{LocalTime, Policy},
    work_order::Calendar,
};
use zhishou_storage::{LateChange, Store};

/// Days that daily reports are made up for at most, and those that longer ones end on; what was missed before
/// is published by hand.
const MOST_DAYS: u64 = 31;
const MOST_OF_LONGER: u64 = 366;

/// How reports are published of their own accord.
#[derive(Clone, Debug)]
pub struct Night {
    /// Name of the district.
    pub district: String,
    /// Zone of its days.
    pub zone: Tz,
    /// When a day ends.
    pub cut_off: LocalTime,
    /// 口径.
    pub policy: Policy,
    /// Days back whose daily reports are made anew each night, changed or not.
    pub recheck_days: u32,
    /// When repair clocks run.
    pub calendar: Calendar,
}

impl Night {
    /// Publishes what is due at `now` and was not published yet, oldest first; `is_due` says whether
    /// the time for what ended at a moment has come. Safe to repeat. Says what is new.
    pub async fn publish(
        &self,
        store: &Store,
        now: Timestamp,
        is_due: impl Fn(Timestamp) -> bool,
    ) -> Result<Vec<Outcome>, PressError> {
        let mut new = Vec::new();
        for period in self.missing(store, now).await? {
            if !is_due(period.days.end(self.zone)) {
                break;
            }
            new.extend(self.publish_one(store, period, self.policy.clone(), now).await?);
        }
        let changes = store.late_changes().await?;
        for number in self.to_revise(store, &changes, now).await? {
            // By the policy it was published under: a new version changes no past report.
            if let Some(kept) = published(store, &number, None, self.zone).await? {
                let (period, policy) = (kept.document.period, kept.document.policy);
                new.extend(self.publish_one(store, period, policy, now).await?);
            }
        }
        store.settle_late_changes(changes).await?;
        Ok(new)
    }

    /// Numbers that may say something else now: those that overlap what changed since, whoever published
    /// them and for however long a period, and those of the last days, which tell more than minutes.
    async fn to_revise(
        &self,
        store: &Store,
        changes: &[LateChange],
        now: Timestamp,
    ) -> Result<Vec<String>, PressError> {
        let today = Days::day_of(now, self.cut_off, self.zone);
        let days = (1..=u64::from(self.recheck_days)).rev();
        let days = days.filter_map(|back| today.checked_sub_days(Count::new(back)));
        let mut numbers: Vec<String> =
            days.map(|day| number(&self.day(day), &self.policy.id)).collect();
        for change in changes {
            numbers.extend(store.published_before(*change).await?);
        }
        let mut known = BTreeSet::new();
        numbers.retain(|number| known.insert(number.clone()));
        Ok(numbers)
    }

    fn day(&self, day: NaiveDate) -> Period {
        Period::around(PeriodKind::Day, day, self.cut_off)
    }

    /// What is over and has no edition yet, by its last day. Each kind goes on after the last of it that was
    /// published of its own accord, so that neither what somebody published by hand nor a night that broke off
    /// leaves a gap. A kind of which there is none yet begins with the daily reports, and where there are
    /// none of those with the last day that is over.
    async fn missing(&self, store: &Store, now: Timestamp) -> Result<Vec<Period>, PressError> {
        let Some(over) = Days::day_of(now, self.cut_off, self.zone).pred_opt() else {
            return Ok(Vec::new());
        };
        let (policy, cut_off) = (&self.policy.id, String::from(self.cut_off));
        let of_days = store.scheduled(PeriodKind::Day.code(), policy, &cut_off).await?;
        let begun = of_days.map_or(over, |(first, _)| first);
        let mut missing = Vec::new();
        for kind in PeriodKind::ALL.into_iter().filter(|kind| *kind != PeriodKind::Range) {
            let last = store.scheduled(kind.code(), policy, &cut_off).await?.map(|(_, last)| last);
            let most = if kind == PeriodKind::Day { MOST_DAYS } else { MOST_OF_LONGER };
            let earliest = over.checked_sub_days(Count::new(most - 1)).unwrap_or(over);
            let from = last.and_then(|last| last.succ_opt()).unwrap_or(begun).max(earliest);
            for day in from.iter_days().take_while(|day| *day <= over) {
                let period = Period::around(kind, day, self.cut_off);
                let number = number(&period, policy);
                if period.days.to == day && store.publication(&number, None).await?.is_none() {
                    missing.push(period);
                }
            }
        }
        missing.sort_by_key(|period| period.days.to);
        Ok(missing)
    }

    async fn publish_one(
        &self,
        store: &Store,
        period: Period,
        policy: Policy,
        now: Timestamp,
    ) -> Result<Option<Outcome>, PressError> {
        let order = Order {
            district: self.district.clone(),
            zone: self.zone,
            period,
            policy,
            calendar: self.calendar.clone(),
        };
        match publish(store, &order, &Publisher::default(), now, |_, _| {}).await {
            Ok(Outcome::Unchanged(_)) | Err(PressError::Nothing(_)) => Ok(None),
            other => other.map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{at, district, night};
    use zhishou_domain::{Exclusion, ExclusionAct, ExclusionReason, ExclusionStep};
    use zhishou_storage::ExclusionScope;

    const DAY: i64 = 86_400;

    fn numbers(outcomes: Vec<Outcome>) -> Vec<String> {
        let of = |it: Outcome| {
            let edition = it.published().edition;
            format!("{} v{}", edition.number, edition.revision)
        };
        outcomes.into_iter().map(of).collect()
    }

    /// What is published by a night at `second`, all of it due by then.
    async fn published(night: &Night, store: &Store, second: i64) -> Vec<String> {
        numbers(night.publish(store, at(second), |end| end <= at(second)).await.unwrap())
    }

    #[tokio::test]
    async fn missed_nights_are_made_up_for_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = district(folder.path()).await;
        let night = night();
        let publish = async |second| published(&night, &store, second).await;
        // Tuesday 2026-03-10 is the first day; nobody watched before.
        assert!(publish(1800).await.is_empty(), "the day before had nothing to check");
        assert_eq!(publish(DAY + 1800).await, ["2026-D-0310 v1"]);
        assert!(publish(DAY + 3600).await.is_empty());
        // Down for some days: Sunday ends a week.
        let made_up = publish(6 * DAY + 1800).await;
        let expected = [
            "2026-D-0311 v1",
            "2026-D-0312 v1",
            "2026-D-0313 v1",
            "2026-D-0314 v1",
            "2026-D-0315 v1",
            "2026-W-11 v1",
        ];
        assert_eq!(made_up, expected);
        assert!(publish(6 * DAY + 1900).await.is_empty());
    }

    #[tokio::test]
    async fn what_somebody_published_by_hand_leaves_no_night_out() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = district(folder.path()).await;
        let night = night();
        let publish = async |second| published(&night, &store, second).await;
        assert_eq!(publish(DAY + 1800).await, ["2026-D-0310 v1"]);
        // Down until Monday; somebody publishes Sunday's before the others are made up for.
        let now = at(6 * DAY + 600);
        let sunday = Days::day_of(now, night.cut_off, night.zone).pred_opt().unwrap();
        let order = Order {
            district: night.district.clone(),
            zone: night.zone,
            period: night.day(sunday),
            policy: night.policy.clone(),
            calendar: night.calendar.clone(),
        };
        let by = Publisher { login: "ops".into(), address: String::new() };
        crate::publish(&store, &order, &by, now, |_, _| {}).await.unwrap();
        let expected = [
            "2026-D-0311 v1",
            "2026-D-0312 v1",
            "2026-D-0313 v1",
            "2026-D-0314 v1",
            "2026-W-11 v1",
        ];
        assert_eq!(publish(6 * DAY + 1800).await, expected);
    }

    #[tokio::test]
    async fn a_night_that_broke_off_before_the_week_makes_up_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = district(folder.path()).await;
        let night = night();
        let publish = async |second| published(&night, &store, second).await;
        assert_eq!(publish(DAY + 1800).await, ["2026-D-0310 v1"]);
        let now = at(6 * DAY + 1800);
        // As far as it came: the days, and not the week that ends with the last of them.
        for day in NaiveDate::from_ymd_opt(2026, 3, 11).unwrap().iter_days().take(5) {
            let made =
                night.publish_one(&store, night.day(day), night.policy.clone(), now).await.unwrap();
            assert!(made.is_some(), "{day}");
        }
        assert_eq!(publish(7 * DAY + 1800).await, ["2026-W-11 v1", "2026-D-0316 v1"]);
    }

    #[tokio::test]
    async fn what_is_excluded_weeks_later_revises_every_report_that_it_reaches() {
        let folder = tempfile::tempdir().unwrap();
        let (store, device) = district(folder.path()).await;
        let night = night();
        let publish = async |second| published(&night, &store, second).await;
        let step = |second, login: &str, act| ExclusionStep {
            at: at(second),
            login: login.into(),
            act,
            note: String::new(),
        };
        publish(DAY + 1800).await;
        let exclusion = Exclusion {
            from: at(8 * 3600),
            to: at(12 * 3600),
            reason: ExclusionReason::PowerCut,
            steps: vec![step(DAY + 3600, "maintainer", ExclusionAct::File)],
        };
        let about = ExclusionScope::Device(device);
        let filed = store.file_exclusion(about, None, "通知".into(), exclusion, String::new());
        let id = filed.await.unwrap().unwrap();
        for day in 2..=20 {
            store.keep_accounts(at(day * DAY + 1000)).await.unwrap();
            publish(day * DAY + 1800).await;
        }
        // Neither has a daily report of the last days anything to do with it.
        let now = 20 * DAY + 7200;
        let approved = step(now, "centre", ExclusionAct::Approve);
        store.act_on_exclusion(id, approved, String::new()).await.unwrap();
        let revised = publish(21 * DAY + 1800).await;
        assert_eq!(revised, ["2026-D-0330 v1", "2026-D-0310 v2", "2026-W-11 v2"]);
        assert!(publish(21 * DAY + 3600).await.is_empty());
        assert!(store.late_changes().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn nothing_is_published_before_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = district(folder.path()).await;
        let made = night().publish(&store, at(DAY + 1800), |_| false).await.unwrap();
        assert!(made.is_empty());
    }
}

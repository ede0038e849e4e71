//! How repair goes over a period: 受理, 完成, 完成率, 修复及时率 and the mean time to repair.

use super::{Calendar, WorkOrder, WorkState};
use crate::Timestamp;
use std::time::Duration;

/// What became of the work orders of a period. Cancelled ones count in no rate; how many they are is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Performance {
    /// 受理: opened.
    pub accepted: u64,
    /// 完成: of these, done by now.
    pub done: u64,
    /// 撤销: opened, and cancelled by now; not among the accepted.
    pub cancelled: u64,
    /// Done or open, and past the limit.
    pub late: u64,
    /// Judged for timeliness: done, or open past the limit. Those still within it are neither.
    pub judged: u64,
    /// Repair time of those that are done, summed, as their clocks counted it.
    pub spent: Duration,
}

impl Performance {
    /// One more work order, as it stands at `now`.
    pub fn add(&mut self, order: &WorkOrder, calendar: &Calendar, now: Timestamp) {
        let state = order.state();
        if state == WorkState::Cancelled {
            self.cancelled += 1;
            return;
        }
        let spent = order.spent(calendar, now);
        let is_done = state == WorkState::Done;
        self.accepted += 1;
        self.done += u64::from(is_done);
        self.late += u64::from(spent.is_late());
        self.judged += u64::from(is_done || spent.is_late());
        if is_done {
            self.spent += spent.spent;
        }
    }

    /// MTTR; none where nothing is done.
    pub fn mean(&self) -> Option<Duration> {
        let done = u32::try_from(self.done).ok().filter(|done| *done > 0)?;
        Some(self.spent / done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work_order::{RepairCalendar, RepairRules, WorkAct, WorkStep, WorkSubject};
    use WorkAct::{Cancel, Finish, Open};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + minute * 60_000)
    }

    fn order(steps: &[(i64, WorkAct)]) -> WorkOrder {
        let step = |&(minute, act): &(i64, WorkAct)| WorkStep {
            at: at(minute),
            login: String::new(),
            act,
            reason: None,
            maintainer: None,
            note: String::new(),
        };
        WorkOrder {
            subject: WorkSubject::Reported,
            limit: Duration::from_secs(3600),
            calendar: RepairCalendar::Always,
            hours: None,
            excuses: Vec::new(),
            steps: steps.iter().map(step).collect(),
        }
    }

    #[test]
    fn what_is_open_within_its_limit_is_neither_late_nor_in_time() {
        let calendar = RepairRules::default().calendar;
        let mut all = Performance::default();
        for steps in [
            &[(0, Open), (30, Finish)][..],
            &[(0, Open), (90, Finish)],
            &[(60, Open)],
            &[(0, Open)],
            &[(0, Open), (5, Cancel)],
        ] {
            all.add(&order(steps), &calendar, at(100));
        }
        assert_eq!((all.accepted, all.done, all.late, all.judged), (4, 2, 2, 3));
        assert_eq!(all.cancelled, 1);
        assert_eq!(all.mean(), Some(Duration::from_secs(3600)));
        assert_eq!(Performance::default().mean(), None);
    }
}

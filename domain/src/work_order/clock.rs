//! The repair clock.

use super::{Calendar, Excuse, WorkAct, WorkOrder, WorkState};
use crate::{Timestamp, account::merge};
use std::time::Duration;

/// What a repair clock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Time of its calendar in which it ran.
    pub spent: Duration,
    /// What it may take.
    pub limit: Duration,
}

impl Spent {
    /// Whether the limit has passed.
    pub fn is_late(&self) -> bool {
        self.spent > self.limit
    }

    /// Share of the limit that is gone, above 1 where it is late.
    pub fn share(&self) -> f64 {
        self.spent.as_secs_f64() / self.limit.as_secs_f64().max(1.0)
    }
}

impl WorkOrder {
    /// When it was repaired, where that is proven or somebody finished it.
    pub fn done(&self) -> Option<Timestamp> {
        let last = |act| self.steps.iter().rev().find(|step| step.act == act).map(|step| step.at);
        match self.state() {
            WorkState::Done => last(WorkAct::Finish).or_else(|| last(WorkAct::Recover)),
            _ => None,
        }
    }

    /// The clock at `now`. It runs from the opening on while nobody has stopped it for a reason and our
    /// probes do not see the device well, but for what an approved exclusion excuses; a repair that is
    /// proven counts from when it was first seen. `calendar` are the working hours of an order that was
    /// opened before its own were kept.
    pub fn spent(&self, calendar: &Calendar, now: Timestamp) -> Spent {
        let (mut running, mut spent) = (None, Duration::ZERO);
        for (step, state) in self.course() {
            let runs = matches!(state, WorkState::Unassigned | WorkState::Working);
            match (running, runs) {
                (None, true) => running = Some(step.at),
                (Some(from), false) => {
                    spent += self.counted(calendar, from, step.at.max(from));
                    running = None;
                }
                _ => {}
            }
        }
        if let Some(from) = running {
            spent += self.counted(calendar, from, now.max(from));
        }
        Spent { spent, limit: self.limit }
    }

    /// How much of `from`..`to` counts.
    fn counted(&self, calendar: &Calendar, from: Timestamp, to: Timestamp) -> Duration {
        let calendar = self.hours.as_ref().unwrap_or(calendar);
        let of = |from, to| calendar.counted(self.calendar, from, to);
        let within = |it: &Excuse| it.from.max(from).millis()..it.to.min(to).millis();
        let excused = merge(self.excuses.iter().map(within).collect());
        let moment = Timestamp::from_millis;
        let excused: Duration =
            excused.into_iter().map(|span| of(moment(span.start), moment(span.end))).sum();
        of(from, to).saturating_sub(excused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work_order::{RepairCalendar, StopReason, WorkRefusal, WorkStep, WorkSubject};
    use crate::{ExclusionId, ExclusionReason, IdSource, MaintainerId, policy::LocalTime};
    use WorkAct::{Assign, Cancel, Finish, Note, Open, Prove, Recover, Relapse, Resume, Stop};
    use proptest::prelude::*;

    struct Seven;
    impl IdSource for Seven {
        fn random(&self) -> [u8; 10] {
            [7; 10]
        }
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + minute * 60_000)
    }

    fn step(minute: i64, act: WorkAct) -> WorkStep {
        WorkStep {
            at: at(minute),
            login: "ops".into(),
            act,
            reason: (act == Stop).then_some(StopReason::PowerCut),
            maintainer: (act == Assign).then(|| MaintainerId::new(at(0), &Seven)),
            note: if matches!(act, Note | Cancel) { "到场".into() } else { String::new() },
        }
    }

    fn order(subject: WorkSubject, steps: &[(i64, WorkAct)]) -> WorkOrder {
        WorkOrder {
            subject,
            limit: Duration::from_secs(3600),
            calendar: RepairCalendar::Always,
            hours: None,
            steps: steps.iter().map(|&(minute, act)| step(minute, act)).collect(),
            excuses: Vec::new(),
        }
    }

    fn clock(text: &str) -> LocalTime {
        LocalTime::try_from(text.to_owned()).unwrap()
    }

    fn calendar() -> Calendar {
        Calendar {
            zone: chrono_tz::Asia::Shanghai,
            hours: (clock("09:00"), clock("17:00")),
            holidays: [].into(),
            workdays: [].into(),
        }
    }

    fn minutes(order: &WorkOrder, now: i64) -> u64 {
        order.spent(&calendar(), at(now)).spent.as_secs() / 60
    }

    #[test]
    fn the_clock_stands_only_for_a_reason_and_while_the_repair_is_proven() {
        let steps = [(0, Open), (5, Assign), (20, Stop), (50, Resume), (60, Recover)];
        let proving = order(WorkSubject::Probed, &steps);
        assert_eq!((proving.state(), minutes(&proving, 500)), (WorkState::Proving, 30));
        let mut again = proving.clone();
        again.steps.push(step(65, Relapse));
        assert_eq!((again.state(), minutes(&again, 75)), (WorkState::Working, 40));
        again.steps.extend([step(80, Recover), step(90, Prove)]);
        let spent = again.spent(&calendar(), at(9999));
        assert_eq!((again.state(), again.done()), (WorkState::Done, Some(at(80))));
        assert_eq!((spent.spent.as_secs() / 60, spent.is_late()), (45, false));
    }

    #[test]
    fn an_order_keeps_the_working_hours_it_was_opened_under() {
        let day = 24 * 60;
        let mut it = order(WorkSubject::Reported, &[(0, Open)]);
        it.calendar = RepairCalendar::Working;
        // A day and a night of a working week, and that day a holiday since.
        let mut today = calendar();
        let opened = at(0).local_day(today.zone);
        assert!(today.is_working_day(opened));
        today.holidays.extend([opened, opened + chrono::Duration::days(1)]);
        assert_eq!(it.spent(&today, at(day)).spent, Duration::ZERO);
        it.hours = Some(calendar());
        let spent = it.spent(&today, at(day)).spent;
        assert_eq!(spent, calendar().counted(RepairCalendar::Working, at(0), at(day)));
        assert_eq!(spent.as_secs() / 3600, 1);
    }

    fn excuse(from: i64, to: i64) -> Excuse {
        Excuse {
            exclusion: ExclusionId::new(at(0), &Seven),
            reason: ExclusionReason::PowerCut,
            from: at(from),
            to: at(to),
        }
    }

    #[test]
    fn what_an_approved_exclusion_covers_is_not_counted_and_never_twice() {
        let mut it =
            order(WorkSubject::Probed, &[(0, Open), (20, Stop), (50, Resume), (100, Recover)]);
        assert_eq!(minutes(&it, 500), 70);
        // Before the order, across the stop, overlapping, and after it was over.
        it.excuses = vec![excuse(-60, 5), excuse(15, 55), excuse(40, 60), excuse(90, 300)];
        assert_eq!(minutes(&it, 500), 40);
    }

    #[test]
    fn past_its_limit_it_is_late_and_stays_so() {
        let late = order(WorkSubject::Probed, &[(0, Open), (61, Recover), (71, Prove)]);
        let spent = late.spent(&calendar(), at(100));
        assert!(spent.is_late() && spent.share() > 1.0);
    }

    #[test]
    fn what_we_probe_is_not_done_by_a_word() {
        let probed = order(WorkSubject::Probed, &[(0, Open), (1, Assign)]);
        assert_eq!(probed.allow(&step(2, Finish)), Err(WorkRefusal::Unproven));
        assert_eq!(probed.allow(&step(2, Prove)), Err(WorkRefusal::Order));
        let reported = order(WorkSubject::Reported, &[(0, Open), (1, Assign)]);
        assert_eq!(reported.allow(&step(2, Finish)), Ok(WorkState::Done));
        assert!(reported.maintainer().is_some());
    }

    #[test]
    fn a_stop_without_reason_an_assignment_to_nobody_and_an_empty_note_are_refused() {
        let it = order(WorkSubject::Reported, &[(0, Open)]);
        let bare =
            |act| WorkStep { reason: None, maintainer: None, note: String::new(), ..step(1, act) };
        for act in [Stop, Assign, Note, Cancel] {
            assert_eq!(it.allow(&bare(act)), Err(WorkRefusal::Incomplete));
            assert!(it.allow(&step(1, act)).is_ok());
        }
        for over in [Finish, Cancel] {
            let over = order(WorkSubject::Reported, &[(0, Open), (1, over)]);
            for act in WorkAct::ALL.iter().filter(|act| **act != Note) {
                assert_eq!(over.allow(&step(2, *act)), Err(WorkRefusal::Order), "{act:?}");
            }
        }
    }

    #[test]
    fn notes_follow_for_some_days_after_it_is_done_and_change_nothing() {
        let week = 7 * 24 * 60;
        let mut it = order(WorkSubject::Probed, &[(0, Open), (60, Recover), (70, Prove)]);
        assert_eq!(it.allow(&step(71 + week, Note)), Err(WorkRefusal::Order));
        assert_eq!(it.allow(&step(70 + week, Note)), Ok(WorkState::Done));
        it.steps.push(step(70 + week, Note));
        assert_eq!((it.done(), minutes(&it, 99_999)), (Some(at(60)), 60));
        assert!(!it.takes_more(at(71 + week)), "a note does not prolong it");
        let cancelled = order(WorkSubject::Probed, &[(0, Open), (1, Cancel)]);
        assert_eq!(cancelled.allow(&step(2, Note)), Err(WorkRefusal::Order));
    }

    #[test]
    fn a_clock_that_was_stopped_stands_still_after_a_relapse() {
        let steps = [(0, Open), (20, Stop), (30, Recover), (35, Relapse)];
        let mut it = order(WorkSubject::Probed, &steps);
        assert_eq!((it.state(), minutes(&it, 500)), (WorkState::Stopped, 20));
        it.steps.push(step(500, Resume));
        assert_eq!(minutes(&it, 510), 30);
        it.steps.extend([step(510, Recover), step(515, Relapse)]);
        assert_eq!((it.state(), minutes(&it, 520)), (WorkState::Working, 35));
    }

    proptest! {
        #[test]
        fn the_clock_never_runs_back_and_never_faster_than_time(
            acts in proptest::collection::vec((0usize..WorkAct::ALL.len(), 0i64..50), 0..20),
            more in 0i64..500,
            excused in proptest::collection::vec((0i64..600, 0i64..100), 0..4),
        ) {
            let mut it = order(WorkSubject::Probed, &[(0, Open)]);
            it.excuses = excused.into_iter().map(|(from, long)| excuse(from, from + long)).collect();
            let mut minute = 0;
            for (act, gap) in acts {
                minute += gap;
                let step = step(minute, WorkAct::ALL[act]);
                if it.allow(&step).is_ok() {
                    let before = minutes(&it, minute);
                    it.steps.push(step);
                    prop_assert_eq!(minutes(&it, minute), before, "a step takes no time");
                }
            }
            let (now, later) = (minutes(&it, minute), minutes(&it, minute + more));
            prop_assert!(now <= later && later <= now + more as u64);
            prop_assert!(now <= minute as u64);
            if it.state().is_over() {
                prop_assert_eq!(now, later);
            }
        }
    }
}

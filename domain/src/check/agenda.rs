//! Which run of a plan is due, and which was missed.

use super::{CheckDepth, CheckPlan, plan::FREEZE_MIN};
use crate::{
    Timestamp,
    meeting::{MeetingState, Slot},
};
use std::time::Duration;

/// Why a run is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A point of the plan, so many minutes before.
    Point(u32),
    /// It was booked, or moved, when points had passed already: it is checked at once.
    Booked,
    /// Somebody asked.
    Asked,
}

/// What is to be done for a meeting now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agenda {
    /// The run that is due.
    pub run: Option<Cause>,
    /// Points whose time passed without a run, the earliest first.
    pub missed: Vec<u32>,
    /// When there is something to do again.
    pub next: Option<Timestamp>,
}

const fn minutes(count: u32) -> Duration {
    Duration::from_secs(count as u64 * 60)
}

/// What is to be done at `now` for a meeting whose times and places stand since `settled`, where these runs
/// are `done` or noted as missed, each with when it began. A run that is late is made while no later point has
/// come; one for a booking that was changed since is made again.
pub fn agenda(
    plan: &CheckPlan,
    slot: Slot,
    settled: Timestamp,
    done: &[(Cause, Timestamp)],
    now: Timestamp,
) -> Agenda {
    let time = |before: u32| slot.from - minutes(before);
    let is_done = |cause: Cause| {
        done.iter().any(|&(it, began)| it == cause && (cause != Cause::Booked || began >= settled))
    };
    let (mut found, mut passed) = (Agenda::default(), None);
    for before in plan.points.iter().map(|point| point.before_min) {
        let at = time(before);
        if at > now {
            found.next = Some(at);
            break;
        }
        if at >= settled
            && let Some(earlier) = passed.replace(before)
        {
            found.missed.push(earlier);
        }
    }
    let came_late = plan.points.first().is_some_and(|point| time(point.before_min) < settled);
    if now >= slot.from {
        found.missed.extend(passed);
        // What had begun when it was booked is looked at once all the same.
        if settled >= slot.from {
            found.run = Some(Cause::Booked).filter(|cause| !is_done(*cause));
        }
    } else if let Some(before) = passed {
        found.run = Some(Cause::Point(before)).filter(|cause| !is_done(*cause));
    } else if came_late {
        found.run = Some(Cause::Booked).filter(|cause| !is_done(*cause));
    }
    found.missed.retain(|before| !is_done(Cause::Point(*before)));
    found
}

/// How deep a run may look at `now`, whatever was planned, for a meeting in that state that begins at `from`:
/// nothing is called from ten minutes before it on, nor while it runs, however early it was begun.
pub fn depth_at(
    plan: &CheckPlan,
    cause: Cause,
    (state, from): (MeetingState, Timestamp),
    now: Timestamp,
) -> CheckDepth {
    if state == MeetingState::Live || now >= from - minutes(FREEZE_MIN) {
        return CheckDepth::Liveness;
    }
    match cause {
        Cause::Point(before) => plan
            .points
            .iter()
            .find(|point| point.before_min == before)
            .map_or(CheckDepth::Liveness, |point| point.depth),
        Cause::Booked | Cause::Asked => CheckDepth::Full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meeting::AssuranceGrade;
    use proptest::prelude::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + minute * 60_000)
    }

    /// A meeting at minute 0, an hour long.
    const fn slot() -> Slot {
        let start = 1_800_000_000_000;
        Slot { from: Timestamp::from_millis(start), to: Timestamp::from_millis(start + 3_600_000) }
    }

    fn plan() -> CheckPlan {
        CheckPlan::of_grade(AssuranceGrade::First)
    }

    #[test]
    fn what_had_begun_when_it_was_booked_is_looked_at_once_without_a_call() {
        let (settled, now) = (at(2), at(3));
        let due = agenda(&plan(), slot(), settled, &[], now);
        assert_eq!((due.run, due.missed.len()), (Some(Cause::Booked), 0));
        let begun = (MeetingState::Emergency, slot().from);
        assert_eq!(depth_at(&plan(), Cause::Booked, begun, now), CheckDepth::Liveness);
        let done = [(Cause::Booked, at(3))];
        assert_eq!(agenda(&plan(), slot(), settled, &done, at(4)).run, None);
        // One that was booked in time and was not begun by us is not.
        assert_eq!(agenda(&plan(), slot(), at(-5000), &[], now).run, None);
    }

    #[test]
    fn each_point_is_run_once_at_its_time() {
        let mut done = Vec::new();
        let mut times = Vec::new();
        for minute in -3000..60 {
            let it = agenda(&plan(), slot(), at(-3000), &done, at(minute));
            assert_eq!(it.missed, [] as [u32; 0]);
            if let Some(cause) = it.run {
                times.push((minute, cause));
                done.push((cause, at(minute)));
            }
        }
        let points = [1440, 120, 60, 30, 15, 10];
        assert_eq!(times, points.map(|before| (-i64::from(before), Cause::Point(before))));
    }

    #[test]
    fn after_a_stop_the_last_point_is_made_up_and_those_before_are_missed() {
        let done = [(Cause::Point(1440), at(-1440))];
        let it = agenda(&plan(), slot(), at(-3000), &done, at(-50));
        assert_eq!((it.run, it.missed), (Some(Cause::Point(60)), vec![120]));
        assert_eq!(it.next, Some(at(-30)));
        let late = agenda(&plan(), slot(), at(-3000), &done, at(1));
        assert_eq!((late.run, late.missed), (None, vec![120, 60, 30, 15, 10]));
    }

    #[test]
    fn what_is_booked_for_now_is_checked_at_once_and_nothing_of_it_is_missed() {
        let booked = at(-20);
        let first = agenda(&plan(), slot(), booked, &[], booked);
        assert_eq!((first.run, first.missed.len()), (Some(Cause::Booked), 0));
        let done = [(Cause::Booked, booked)];
        assert_eq!(agenda(&plan(), slot(), booked, &done, at(-19)).run, None);
        assert_eq!(agenda(&plan(), slot(), booked, &done, at(-15)).run, Some(Cause::Point(15)));
    }

    #[test]
    fn each_change_after_points_passed_is_checked_at_once() {
        let done = [(Cause::Point(1440), at(-1440)), (Cause::Booked, at(-20))];
        let again = agenda(&plan(), slot(), at(-18), &done, at(-18));
        assert_eq!((again.run, again.missed), (Some(Cause::Booked), vec![]), "a venue was changed");
        let done = [done[0], done[1], (Cause::Booked, at(-18))];
        assert_eq!(agenda(&plan(), slot(), at(-18), &done, at(-17)).run, None);
    }

    #[test]
    fn nothing_is_called_in_the_last_ten_minutes_and_while_it_runs() {
        let ahead = MeetingState::Testing;
        let depth =
            |state, cause, minute| depth_at(&plan(), cause, (state, slot().from), at(minute));
        assert_eq!(depth(ahead, Cause::Asked, -11), CheckDepth::Full);
        assert_eq!(depth(ahead, Cause::Point(30), -30), CheckDepth::Failures);
        // One that was begun early, and one that overruns.
        let live = [-50, -30, 60, 90].map(|minute| (MeetingState::Live, minute));
        let frozen = [-10, -1, 0, 59, 60].map(|minute| (ahead, minute));
        for (state, minute) in frozen.into_iter().chain(live) {
            for cause in [Cause::Asked, Cause::Booked, Cause::Point(60)] {
                assert_eq!(depth(state, cause, minute), CheckDepth::Liveness, "{minute}");
            }
        }
    }

    proptest! {
        /// Whenever we are down, each point is run or told missed, never both and never twice.
        #[test]
        fn no_point_is_lost(awake in proptest::collection::vec(any::<bool>(), 160), settled in -150i64..5) {
            let mut done: Vec<(Cause, Timestamp)> = Vec::new();
            for (minute, awake) in (-150i64..10).zip(awake.into_iter().chain([true; 10])) {
                if !awake || minute < settled {
                    continue;
                }
                let it = agenda(&plan(), slot(), at(settled), &done, at(minute));
                for cause in it.missed.into_iter().map(Cause::Point).chain(it.run) {
                    prop_assert!(done.iter().all(|it| it.0 != cause));
                    done.push((cause, at(minute)));
                }
            }
            let last = agenda(&plan(), slot(), at(settled), &done, at(10));
            done.extend(last.missed.into_iter().map(|before| (Cause::Point(before), at(10))));
            for before in [120u32, 60, 30, 15, 10] {
                let applies = -i64::from(before) >= settled;
                prop_assert_eq!(done.iter().any(|it| it.0 == Cause::Point(before)), applies, "{}", before);
            }
        }
    }
}

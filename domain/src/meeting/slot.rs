//! Half-open stretches of time: `from` belongs to it, `to` does not.

use crate::{Timestamp, time::MINUTE_MS};
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// First moment.
    pub from: Timestamp,
    /// First moment after it.
    pub to: Timestamp,
}

impl Slot {
    /// Whether a moment lies in both. What ends when the other begins does not overlap it.
    pub fn overlaps(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// How long it is.
    pub fn length(self) -> Duration {
        self.to.since(self.from)
    }
}

/// A stretch as the clock on the wall shows it. It is what was booked: where the zone changes its
/// offset, the moments move and this stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LocalSlot {
    /// Begin.
    pub from: NaiveDateTime,
    /// End, not included.
    pub to: NaiveDateTime,
}

impl LocalSlot {
    /// The moments it means in `zone`.
    pub fn in_zone(self, zone: Tz) -> Slot {
        Slot {
            from: Timestamp::from_local(self.from, zone),
            to: Timestamp::from_local(self.to, zone),
        }
    }

    /// The same stretch on the wall, begun at another time.
    pub fn moved_to(self, from: NaiveDateTime) -> Self {
        Self { from, to: from + (self.to - self.from) }
    }
}

/// Time before and after a meeting in which its rooms are its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Buffers {
    /// 会前准备, minutes.
    pub setup_min: u32,
    /// 会后恢复, minutes.
    pub teardown_min: u32,
}

impl Buffers {
    /// A slot with its buffers.
    pub fn around(self, slot: Slot) -> Slot {
        let minutes = |count: u32| Duration::from_secs(u64::from(count) * 60);
        Slot { from: slot.from - minutes(self.setup_min), to: slot.to + minutes(self.teardown_min) }
    }
}

/// The free slot of the same length nearest to the wanted one that `fits`, not before `earliest` and not
/// more than `within` away; the earlier one of two that are equally near. `taken` is in no order. Where
/// what touches the taken does not fit, such as the middle of the night, the same time of another day may.
pub fn nearest_free(
    taken: &[Slot],
    wanted: Slot,
    earliest: Timestamp,
    within: Duration,
    fits: impl Fn(Slot) -> bool,
) -> Option<Slot> {
    let length = wanted.length();
    // A nearest slot touches something that is taken, or is the wanted one itself.
    let after = taken.iter().map(|it| it.to);
    let before = taken.iter().map(|it| it.from - length);
    let whole = |at: Timestamp| at.millis().rem_euclid(MINUTE_MS) == 0;
    let days = (0..=within.as_secs() / 86_400).map(|day| Duration::from_secs(day * 86_400));
    let same_time = days.flat_map(|away| [wanted.from - away, wanted.from + away]);
    let starts = same_time.chain(before).chain(after);
    let free = starts.map(|from| Slot { from, to: from + length }).filter(|slot| {
        slot.from >= earliest
            && whole(slot.from)
            && distance(*slot, wanted) <= within
            && fits(*slot)
            && !taken.iter().any(|it| it.overlaps(*slot))
    });
    free.min_by_key(|slot| (distance(*slot, wanted), slot.from))
}

fn distance(one: Slot, other: Slot) -> Duration {
    one.from.since(other.from).max(other.from.since(one.from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use proptest::prelude::*;

    fn slot(from: i64, to: i64) -> Slot {
        let at = |minute: i64| Timestamp::from_millis(minute * MINUTE_MS);
        Slot { from: at(from), to: at(to) }
    }

    #[test]
    fn an_end_is_no_clash_with_a_beginning() {
        assert!(!slot(0, 60).overlaps(slot(60, 120)));
        assert!(!slot(60, 120).overlaps(slot(0, 60)));
        assert!(slot(0, 61).overlaps(slot(60, 120)));
        assert!(slot(0, 120).overlaps(slot(30, 40)));
    }

    #[test]
    fn buffers_lie_around() {
        let buffers = Buffers { setup_min: 30, teardown_min: 15 };
        assert_eq!(buffers.around(slot(60, 120)), slot(30, 135));
    }

    #[test]
    fn a_local_time_means_other_moments_in_summer_and_stays_what_it_is() {
        let zone = chrono_tz::Europe::Berlin;
        let at = |month, day| {
            NaiveDate::from_ymd_opt(2026, month, day).unwrap().and_hms_opt(9, 0, 0).unwrap()
        };
        let winter = LocalSlot { from: at(1, 12), to: at(1, 12) + chrono::Duration::hours(2) };
        let summer = winter.moved_to(at(7, 13));
        assert_eq!(winter.in_zone(zone).from.rfc3339(zone), "2026-01-12T09:00:00.000+01:00");
        assert_eq!(summer.in_zone(zone).from.rfc3339(zone), "2026-07-13T09:00:00.000+02:00");
        assert_eq!(summer.in_zone(zone).length(), Duration::from_secs(7200));
    }

    #[test]
    fn the_nearest_free_slot_touches_what_is_taken() {
        let taken = [slot(60, 120), slot(130, 200)];
        let day = Duration::from_secs(86_400);
        let near = |wanted, earliest: i64| {
            nearest_free(&taken, wanted, slot(earliest, earliest).from, day, |_| true)
        };
        assert_eq!(near(slot(70, 100), 0), Some(slot(30, 60)));
        assert_eq!(near(slot(70, 100), 50), Some(slot(200, 230)), "too late for the earlier one");
        assert_eq!(near(slot(110, 120), 0), Some(slot(120, 130)), "it just fits between");
        assert_eq!(near(slot(0, 60), 0), Some(slot(0, 60)), "it is free itself");
        let start = slot(50, 50).from;
        assert_eq!(nearest_free(&taken, slot(70, 100), start, Duration::ZERO, |_| true), None);
        let tomorrow = |it: Slot| it.from >= slot(1000, 1000).from;
        assert_eq!(
            nearest_free(&taken, slot(70, 100), start, day, tomorrow),
            Some(slot(1510, 1540)),
            "the same time of the next day"
        );
    }

    proptest! {
        #[test]
        fn what_is_proposed_is_free_and_nothing_nearer_is(
            taken in proptest::collection::vec((0_i64..300, 1_i64..60), 0..8),
            from in 0_i64..300, length in 1_i64..60,
        ) {
            let taken: Vec<_> = taken.into_iter().map(|(at, long)| slot(at, at + long)).collect();
            let wanted = slot(from, from + length);
            let day = Duration::from_secs(86_400);
            let found = nearest_free(&taken, wanted, slot(0, 0).from, day, |_| true).unwrap();
            prop_assert!(!taken.iter().any(|it| it.overlaps(found)));
            prop_assert_eq!(found.length(), wanted.length());
            let best = (0..700).map(|at| slot(at, at + length))
                .filter(|it| !taken.iter().any(|held| held.overlaps(*it)))
                .map(|it| distance(it, wanted)).min().unwrap();
            prop_assert_eq!(distance(found, wanted), best);
        }
    }
}

//! Minutes and devices counted.

use super::{History, MinuteLayers, Window, due::intersect};
use crate::{State, policy::Policy};
use serde::{Deserialize, Serialize};
use std::ops::{AddAssign, Range, SubAssign};

/// Device-minutes that count, by what they were. For a snapshot policy each moment's minute of a
/// device is one check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// 应检.
    pub due: u64,
    /// 在线, nothing wrong.
    pub up: u64,
    /// 降级: online, with faults.
    pub degraded: u64,
    /// 离线.
    pub down: u64,
    /// The device answered; 0 where made from strips.
    pub reached: u64,
    /// It did not; 0 where made from strips.
    pub unreached: u64,
    /// Online with a usable picture; 0 where made from strips.
    pub intact: u64,
    /// Online with a picture that nobody judged; 0 where made from strips.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unjudged: u64,
}

/// What was published before this was counted has no such number, and is compared as it stands.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Sums {
    /// 在线.
    pub fn online(&self) -> u64 {
        self.up + self.degraded
    }

    /// 已检: known to be online or down.
    pub fn checked(&self) -> u64 {
        self.online() + self.down
    }

    /// What is left of it without `other`; `None` where that is no part of it.
    pub fn checked_sub(mut self, mut other: Self) -> Option<Self> {
        for (mine, its) in self.parts().into_iter().zip(other.parts()) {
            *mine = mine.checked_sub(*its)?;
        }
        Some(self)
    }

    fn parts(&mut self) -> [&mut u64; 8] {
        let Self { due, up, degraded, down, reached, unreached, intact, unjudged } = self;
        [due, up, degraded, down, reached, unreached, intact, unjudged]
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, mut other: Self) {
        for (mine, its) in self.parts().into_iter().zip(other.parts()) {
            *mine += *its;
        }
    }
}

impl SubAssign for Sums {
    fn sub_assign(&mut self, mut other: Self) {
        for (mine, its) in self.parts().into_iter().zip(other.parts()) {
            *mine -= *its;
        }
    }
}

/// Devices (台) as of the last minute that counts. Each is part of the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// 台账: in scope and in a life state that counts.
    pub ledger: u64,
    /// 应检: of those, with an address to open.
    pub due: u64,
    /// 已检: of those, known to be online or down.
    pub checked: u64,
    /// 在线: of those, online.
    pub online: u64,
    /// 降级: of those, with faults.
    pub degraded: u64,
    /// Of `ledger`, with a complete record (档案完整).
    pub complete: u64,
}

impl AddAssign for Heads {
    fn add_assign(&mut self, other: Self) {
        self.ledger += other.ledger;
        self.due += other.due;
        self.checked += other.checked;
        self.online += other.online;
        self.degraded += other.degraded;
        self.complete += other.complete;
    }
}

/// All that figures are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// With excluded minutes counted in.
    pub before: Sums,
    /// Without them.
    pub after: Sums,
    /// Devices; exclusions do not change them.
    pub heads: Heads,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.before += other.before;
        self.after += other.after;
        self.heads += other.heads;
    }
}

impl Tally {
    /// Counts one placement of a device: `due` are its scheduled minutes, `excluded` those under an
    /// exclusion that counts; both in order and disjoint.
    pub fn of(
        layers: &MinuteLayers,
        window: &Window,
        due: &[Range<i64>],
        excluded: &[Range<i64>],
    ) -> Self {
        let before = layers.sum(due, &window.counted);
        let mut after = before;
        if !excluded.is_empty() {
            after -= layers.sum(&intersect(due, excluded), &window.counted);
        }
        Self { before, after, heads: Heads::default() }
    }

    /// Counts the device into the heads of the placement that holds at the last minute.
    pub fn add_head(
        &mut self,
        layers: &MinuteLayers,
        window: &Window,
        policy: &Policy,
        history: &History,
        (index, due): (usize, &[Range<i64>]),
    ) -> bool {
        let Some(last) = window.last() else { return false };
        let Some(placement) = history.placements.get(index) else { return false };
        let counts = history.own(index, &window.minutes).contains(&last)
            && policy.covers(placement.kind, placement.class)
            && history.lived_at(&policy.scope.life, last);
        if counts {
            let is_due = placement.connected && due.iter().any(|range| range.contains(&last));
            let media = layers.get(last).media;
            let is_checked = is_due && media != State::Unknown;
            self.heads.ledger += 1;
            self.heads.due += u64::from(is_due);
            self.heads.checked += u64::from(is_checked);
            self.heads.online += u64::from(is_checked && media != State::Down);
            self.heads.degraded += u64::from(is_checked && media == State::Degraded);
        }
        counts
    }
}

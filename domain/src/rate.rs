//! Rates with their numerators and denominators. A figure never travels without them.

use serde::{Deserialize, Serialize};

/// The accounting policy (口径) by which these figures are made, id and version; printed beside them.
pub const POLICY: &str = "online-time v1";

/// Device-minutes by state (台·分钟), over minutes that do not lie under an exclusion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minutes {
    /// Media flowed, nothing wrong.
    pub up: u64,
    /// Media flowed, with faults.
    pub degraded: u64,
    /// Confirmed down.
    pub down: u64,
    /// Minutes in which the devices were to be probed; what is known of them is the rest's sum.
    pub scheduled: u64,
}

impl Minutes {
    /// 在线率, time-weighted: (up + degraded) / (up + degraded + down).
    pub fn online(&self) -> Rate {
        let good = self.up + self.degraded;
        Rate { numerator: good, denominator: good + self.down }
    }

    /// 数据覆盖率: known / scheduled. Never above 1: a minute known before its schedule was
    /// counted is not counted twice.
    pub fn coverage(&self) -> Rate {
        let known = self.up + self.degraded + self.down;
        Rate { numerator: known.min(self.scheduled), denominator: self.scheduled }
    }

    /// The lowest and highest 在线率 that the unknown minutes leave open.
    pub fn interval(&self) -> (Rate, Rate) {
        let good = self.up + self.degraded;
        let all = self.scheduled.max(good + self.down);
        (
            Rate { numerator: good, denominator: all },
            Rate { numerator: all - self.down, denominator: all },
        )
    }
}

impl std::ops::AddAssign for Minutes {
    fn add_assign(&mut self, other: Self) {
        self.up += other.up;
        self.degraded += other.degraded;
        self.down += other.down;
        self.scheduled += other.scheduled;
    }
}

/// A ratio that remembers what it was made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// What counts as good.
    pub numerator: u64,
    /// What counts at all.
    pub denominator: u64,
}

impl Rate {
    /// 0–1, or `None` where nothing counts.
    pub fn value(&self) -> Option<f64> {
        (self.denominator > 0).then(|| self.numerator as f64 / self.denominator as f64)
    }

    /// Two decimals of a percentage, rounded down, so that 99.999 % is never printed as 100;
    /// `–` where nothing counts.
    pub fn percent(&self) -> String {
        if self.denominator == 0 {
            return "–".to_owned();
        }
        let hundredths = u128::from(self.numerator) * 10_000 / u128::from(self.denominator);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

/// Devices by present state (台).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// 在线.
    pub online: u64,
    /// 降级.
    pub degraded: u64,
    /// 离线.
    pub offline: u64,
    /// 未知.
    pub unknown: u64,
    /// 未接入探测: in use, without an address to open.
    pub unconnected: u64,
}

impl Counts {
    /// 应检: devices with an address to open.
    pub fn probed(&self) -> u64 {
        self.online + self.degraded + self.offline + self.unknown
    }

    /// 台账: every device in use.
    pub fn ledger(&self) -> u64 {
        self.probed() + self.unconnected
    }

    /// 在线率, snapshot: online devices / checked devices (online + degraded + offline).
    pub fn online_rate(&self) -> Rate {
        let good = self.online + self.degraded;
        Rate { numerator: good, denominator: good + self.offline }
    }

    /// 接入率: probed / ledger.
    pub fn connected_rate(&self) -> Rate {
        Rate { numerator: self.probed(), denominator: self.ledger() }
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.online += other.online;
        self.degraded += other.degraded;
        self.offline += other.offline;
        self.unknown += other.unknown;
        self.unconnected += other.unconnected;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_rounded_down_and_nothing_is_not_zero() {
        assert_eq!(Rate { numerator: 1183, denominator: 1200 }.percent(), "98.58");
        assert_eq!(Rate { numerator: 99_999, denominator: 100_000 }.percent(), "99.99");
        assert_eq!(Rate { numerator: 5, denominator: 5 }.percent(), "100.00");
        assert_eq!(Rate::default().percent(), "–");
        assert_eq!(Rate::default().value(), None);
    }

    #[test]
    fn unknown_minutes_are_neither_up_nor_down() {
        let minutes = Minutes { up: 80, degraded: 10, down: 5, scheduled: 100 };
        assert_eq!(minutes.online(), Rate { numerator: 90, denominator: 95 });
        assert_eq!(minutes.coverage(), Rate { numerator: 95, denominator: 100 });
        let (worst, best) = minutes.interval();
        assert_eq!((worst.numerator, best.numerator), (90, 95));
    }
}

//! Rates with their numerators and denominators. A figure never travels without them.

use crate::DeviceKind;
use serde::{Deserialize, Serialize};

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

/// Devices by kind and present state: what hangs on a camera is never in the cameras' figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindCounts([Counts; 3]);

impl KindCounts {
    /// Those of one kind.
    pub fn of(&self, kind: DeviceKind) -> Counts {
        self.0[kind as usize]
    }

    /// Those of one kind, to count in.
    pub fn of_mut(&mut self, kind: DeviceKind) -> &mut Counts {
        &mut self.0[kind as usize]
    }

    /// Those of `kinds` together.
    pub fn sum(&self, kinds: &[DeviceKind]) -> Counts {
        let mut sum = Counts::default();
        kinds.iter().for_each(|kind| sum += self.of(*kind));
        sum
    }

    /// The kinds that are not among `kinds`, where there are devices of them.
    pub fn beside(&self, kinds: &[DeviceKind]) -> Vec<(DeviceKind, Counts)> {
        let others = DeviceKind::ALL.iter().filter(|kind| !kinds.contains(kind));
        let others = others.map(|kind| (*kind, self.of(*kind)));
        others.filter(|(_, counts)| counts.ledger() > 0).collect()
    }
}

impl std::ops::AddAssign for KindCounts {
    fn add_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, counts)| *sum += counts);
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
    fn each_kind_is_counted_apart() {
        let mut counts = KindCounts::default();
        counts.of_mut(DeviceKind::Camera).online = 3;
        counts.of_mut(DeviceKind::Equipment).offline = 1;
        assert_eq!(counts.sum(&[DeviceKind::Camera]), Counts { online: 3, ..Counts::default() });
        assert_eq!(counts.sum(DeviceKind::ALL).ledger(), 4);
        let beside = counts.beside(&[DeviceKind::Camera]);
        assert_eq!(beside, [(DeviceKind::Equipment, Counts { offline: 1, ..Counts::default() })]);
    }
}

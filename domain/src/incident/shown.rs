//! 画面故障 that are no outage: which faults several judged pictures in a row have shown. A fault that
//! flickers around its limit is confirmed no sooner than an outage is.

use crate::{FaultCode, Timestamp};
use serde::{Deserialize, Serialize};

/// A set of faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultSet(u128);

impl FaultSet {
    /// Whether a fault is in it.
    pub const fn contains(self, fault: FaultCode) -> bool {
        self.0 >> fault as u32 & 1 == 1
    }
}

impl FromIterator<FaultCode> for FaultSet {
    fn from_iter<T: IntoIterator<Item = FaultCode>>(faults: T) -> Self {
        Self(faults.into_iter().fold(0, |set, fault| set | 1 << fault as u32))
    }
}

/// A fault that the last judged picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sign {
    fault: FaultCode,
    /// The first picture of the unbroken row.
    since: Timestamp,
    /// Pictures in that row.
    pictures: u32,
}

/// What the last judged pictures of a device show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shown(Vec<Sign>);

impl Shown {
    /// One more picture was judged, and has these faults.
    pub fn push(&mut self, at: Timestamp, faults: impl Iterator<Item = FaultCode>) {
        let before = std::mem::take(&mut self.0);
        self.0.extend(faults.map(|fault| match before.iter().find(|sign| sign.fault == fault) {
            Some(sign) => Sign { pictures: sign.pictures.saturating_add(1), ..*sign },
            None => Sign { fault, since: at, pictures: 1 },
        }));
    }

    /// What so many pictures in a row have shown, and since when.
    pub fn confirmed(&self, pictures: u32) -> Vec<(FaultCode, Timestamp)> {
        let signs = self.0.iter().filter(|sign| sign.pictures >= pictures);
        signs.map(|sign| (sign.fault, sign.since)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FaultCode::{Black, Frozen, Shaking};

    #[test]
    fn only_an_unbroken_row_confirms_and_dates_from_its_first_picture() {
        let mut shown = Shown::default();
        let at = |second: i64| Timestamp::from_millis(second * 1000);
        let rows: [&[FaultCode]; 6] =
            [&[Black], &[], &[Black], &[Black, Frozen], &[Frozen, Black], &[Frozen]];
        let mut confirmed = Vec::new();
        for (second, faults) in (0..).zip(rows) {
            shown.push(at(second), faults.iter().copied());
            confirmed.push(shown.confirmed(3));
        }
        assert_eq!(confirmed[..4], [vec![], vec![], vec![], vec![]]);
        assert_eq!(confirmed[4], [(Black, at(2))]);
        assert_eq!(confirmed[5], [(Frozen, at(3))], "the black is over");
    }

    #[test]
    fn every_fault_has_a_place_of_its_own_in_a_set() {
        for fault in FaultCode::ALL {
            let set = FaultSet::from_iter([*fault]);
            let found: Vec<_> = FaultCode::ALL.iter().filter(|it| set.contains(**it)).collect();
            assert_eq!(found, [fault]);
        }
        assert!(!FaultSet::from_iter([Black, Frozen]).contains(Shaking));
    }
}

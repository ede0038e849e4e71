//! 画面故障 that are no outage: which faults several judged pictures in a row have shown. A fault that
//! flickers around its limit is confirmed no sooner than an outage is. What may pass by itself has to stand for
//! as long as a street takes to show a weather together, so that neither a fog, nor a lorry that stops before a
//! lens, nor somebody at the controls of a camera, nor a line that loses packets for a while is an incident.

use crate::{FaultCode, Timestamp, Weather, weather::WINDOW};
use serde::{Deserialize, Serialize};
use std::time::Duration;

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
    /// The last.
    #[serde(default)]
    last: Option<Timestamp>,
    /// Pictures in that row.
    pictures: u32,
}

impl Sign {
    fn is_confirmed(&self, pictures: u32) -> bool {
        let stood = self.last.map_or(Duration::ZERO, |last| last.since(self.since));
        self.pictures >= pictures && (!may_pass(self.fault) || stood > WINDOW)
    }
}

/// Whether a fault may pass by itself.
const fn may_pass(fault: FaultCode) -> bool {
    let passes =
        matches!(fault, FaultCode::Occluded | FaultCode::SceneChanged | FaultCode::Corrupted);
    passes || Weather::behind(fault).is_some()
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
            Some(sign) => {
                Sign { pictures: sign.pictures.saturating_add(1), last: Some(at), ..*sign }
            }
            None => Sign { fault, since: at, last: Some(at), pictures: 1 },
        }));
    }

    /// What so many pictures in a row have shown, and since when; what may pass by itself, only once it
    /// has outlasted [`WINDOW`].
    pub fn confirmed(&self, pictures: u32) -> Vec<(FaultCode, Timestamp)> {
        let signs = self.0.iter().filter(|sign| sign.is_confirmed(pictures));
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
    fn what_may_pass_is_confirmed_once_it_did_not() {
        let mut shown = Shown::default();
        let at = |minute: i64| Timestamp::from_millis(minute * 60_000);
        let confirmed: Vec<_> = (0..=40)
            .step_by(10)
            .map(|minute| {
                shown.push(at(minute), [FaultCode::Blurred, FaultCode::Stripes].into_iter());
                shown.confirmed(3).into_iter().map(|(fault, _)| fault).collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(confirmed[2..4], [[FaultCode::Stripes], [FaultCode::Stripes]]);
        assert_eq!(confirmed[4], [FaultCode::Blurred, FaultCode::Stripes]);
        assert_eq!(shown.confirmed(3)[0], (FaultCode::Blurred, at(0)), "from its first picture on");
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

//! 环境事件: many cameras of a street that darken, fog over or glare together are one event of
//! weather or power, not as many faults of cameras.
//!
//! Invariants: the answer depends on when each camera began to show it and on nothing else; more
//! cameras that show it never turn one event back into faults; fewer than [`FEWEST`] cameras, or a
//! smaller part than [`SHARE`] of the street, are never one.

use crate::{FaultCode, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Cameras at least.
pub const FEWEST: usize = 5;
/// Part of the cameras of the street at least, 0–1.
pub const SHARE: f64 = 0.3;
/// Cameras that begin to show it so far apart at most belong together: fog and dusk take their time,
/// and pictures are looked at once in a while.
pub const WINDOW: Duration = Duration::from_secs(30 * 60);

/// What weather or light does to the whole picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weather {
    /// Street lights out, a storm.
    Dark,
    /// Fog, rain, haze: low contrast and blur.
    Veil,
    /// Low sun, snow.
    Glare,
}

words!(Weather {
    Dark = "dark", "变暗", "dark";
    Veil = "veil", "变模糊（雾、雨、霾）", "veiled (fog, rain, haze)";
    Glare = "glare", "过亮", "too bright";
});

impl Weather {
    /// The weather that may be behind a fault.
    pub const fn behind(fault: FaultCode) -> Option<Self> {
        match fault {
            FaultCode::TooDark => Some(Self::Dark),
            FaultCode::LowContrast | FaultCode::Blurred => Some(Self::Veil),
            FaultCode::TooBright => Some(Self::Glare),
            _ => None,
        }
    }
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Together {
    /// Cameras that show it, the one asked about counted in.
    pub cameras: usize,
    /// Cameras of the street that are watched.
    pub of: usize,
    /// When the first of them began.
    pub since: Timestamp,
}

/// Whether a camera that shows a weather since `own` shows it together with others: `began` is when
/// each camera of the street that shows it now began to, itself counted in, and `watched` how many
/// cameras of the street are watched.
pub fn together(own: Timestamp, began: &[Timestamp], watched: usize) -> Option<Together> {
    let near = began.iter().filter(|&&since| {
        let apart = if since < own { own.since(since) } else { since.since(own) };
        apart <= WINDOW
    });
    let cameras = near.clone().count();
    let is_one = cameras >= FEWEST && cameras as f64 >= SHARE * watched as f64;
    let since = near.min().copied()?;
    is_one.then_some(Together { cameras, of: watched.max(cameras), since })
}

/// The largest such event of a street: `began` and `watched` as above.
pub fn largest(began: &[Timestamp], watched: usize) -> Option<Together> {
    let events = began.iter().filter_map(|&own| together(own, began, watched));
    events.max_by_key(|event| event.cameras)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + minute * 60_000)
    }

    #[test]
    fn a_street_that_fogs_over_is_one_event_and_two_dirty_lenses_are_not() {
        let fog: Vec<_> = (0..12).map(at).collect();
        let event = together(at(3), &fog, 30).unwrap();
        assert_eq!((event.cameras, event.of, event.since), (12, 30, at(0)));
        assert_eq!(together(at(0), &[at(0), at(1)], 3), None, "too few");
        assert_eq!(together(at(0), &fog, 100), None, "too small a part of the street");
    }

    #[test]
    fn a_lens_that_was_dirty_before_the_fog_is_no_part_of_it() {
        let mut began: Vec<_> = (0..12).map(at).collect();
        began.push(at(-600));
        assert_eq!(together(at(-600), &began, 30), None);
        assert_eq!(together(at(0), &began, 30).unwrap().cameras, 12);
    }

    #[test]
    fn a_street_has_an_event_as_soon_as_one_of_its_cameras_is_part_of_one() {
        let mut began: Vec<_> = (0..6).map(at).collect();
        began.push(at(-600));
        assert_eq!(largest(&began, 12).unwrap().cameras, 6);
        assert_eq!((largest(&began[3..], 12), largest(&[], 12)), (None, None));
    }

    #[test]
    fn only_faults_of_the_whole_scene_are_weather() {
        let behind = |fault| Weather::behind(fault).is_some();
        assert!(behind(FaultCode::TooDark) && behind(FaultCode::Blurred));
        for fault in [FaultCode::Black, FaultCode::SignalLost, FaultCode::Occluded] {
            assert!(!behind(fault), "{fault:?}");
        }
    }

    proptest! {
        #[test]
        fn more_cameras_that_show_it_never_end_an_event(
            began in proptest::collection::vec(-60i64..60, 1..60), more in -60i64..60, watched in 1usize..90
        ) {
            let mut times: Vec<_> = began.iter().map(|&it| at(it)).collect();
            let before = together(times[0], &times, watched);
            times.push(at(more));
            let after = together(times[0], &times, watched);
            prop_assert!(before.is_none() || after.is_some());
            if let Some(event) = after {
                prop_assert!(event.cameras >= FEWEST && event.cameras <= event.of);
                prop_assert!(event.since <= times[0]);
            }
        }

        #[test]
        fn the_order_of_the_cameras_does_not_matter(
            began in proptest::collection::vec(-60i64..60, 1..40), watched in 1usize..60
        ) {
            let times: Vec<_> = began.iter().map(|&it| at(it)).collect();
            let mut sorted = times.clone();
            sorted.sort_unstable();
            prop_assert_eq!(together(times[0], &times, watched), together(times[0], &sorted, watched));
        }
    }
}

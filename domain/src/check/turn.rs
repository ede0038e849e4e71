//! 启用预案: what a meeting turns to where a venue of it fails, and what is known of a venue that could be
//! turned to. A venue that is known to fail itself is never proposed; one that nobody tested says so.

use super::{CheckItem, CheckPlan, Fallback, ItemKind, Outcome};
use crate::{DeviceId, Lang, ResourceId, State, Timestamp, VenueId};
use chrono_tz::Tz;

/// What is turned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TurnTo {
    /// 启用备用终端: another endpoint of the same venue.
    Endpoint(DeviceId),
    /// 改用会场.
    Venue(VenueId),
    /// 电话会议, a platform resource.
    Telephone(ResourceId),
}

impl TurnTo {
    /// Which part of the contingency plan that is.
    pub const fn fallback(self) -> Fallback {
        match self {
            Self::Endpoint(_) => Fallback::BackupEndpoint,
            Self::Venue(_) => Fallback::NearestVenue,
            Self::Telephone(_) => Fallback::Telephone,
        }
    }

    /// Which one, as a form or a program names it.
    pub fn id(self) -> String {
        match self {
            Self::Endpoint(id) => id.to_string(),
            Self::Venue(id) => id.to_string(),
            Self::Telephone(id) => id.to_string(),
        }
    }

    /// The endpoint, where it is one.
    pub const fn endpoint(self) -> Option<DeviceId> {
        if let Self::Endpoint(device) = self { Some(device) } else { None }
    }

    /// The venue, where it is another.
    pub const fn venue(self) -> Option<VenueId> {
        if let Self::Venue(venue) = self { Some(venue) } else { None }
    }

    /// The conference, where it is one.
    pub const fn telephone(self) -> Option<ResourceId> {
        if let Self::Telephone(resource) = self { Some(resource) } else { None }
    }
}

/// The last that any meeting showed of an item in a venue; what was not tested tells nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastShown {
    /// Of what.
    pub item: CheckItem,
    /// What.
    pub outcome: Outcome,
    /// When it was last confirmed.
    pub confirmed: Timestamp,
}

/// What is known of a venue that is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standby {
    /// A call to it was well, last then.
    Good(Timestamp),
    /// Nobody called it, or only its liveness was looked at.
    Untested,
}

impl Standby {
    /// What is known of a venue whose primary endpoint stands so (none: it has none). `None` where it is known
    /// to fail something that `plan` needs.
    pub fn of(plan: &CheckPlan, endpoint: Option<State>, shown: &[LastShown]) -> Option<Self> {
        let is_needed = |it: &&LastShown| {
            !it.item.is_human()
                && plan.items.contains(&it.item)
                && !plan.optional.contains(&it.item)
        };
        let fails = shown.iter().filter(is_needed).any(|it| it.outcome == Outcome::Fail);
        if fails || endpoint == Some(State::Down) {
            return None;
        }
        let called = shown
            .iter()
            .filter(is_needed)
            .filter(|it| it.item.kind() == ItemKind::Media && it.outcome >= Outcome::Warn);
        let last = called.map(|it| it.confirmed).max().filter(|_| endpoint.is_some());
        Some(last.map_or(Self::Untested, Self::Good))
    }

    /// `03-10 09:40 检查正常`.
    pub fn words(self, zone: Tz, lang: Lang) -> String {
        match self {
            Self::Good(at) => {
                let at = at.in_zone(zone).format("%m-%d %H:%M");
                format!("{at} {}", lang.pick("检查正常", "found well"))
            }
            Self::Untested => lang.pick("未测", "untested").to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meeting::AssuranceGrade;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    fn shown(item: CheckItem, outcome: Outcome, minute: i64) -> LastShown {
        LastShown { item, outcome, confirmed: at(minute) }
    }

    #[test]
    fn what_fails_is_no_standby_and_what_was_not_called_is_untested() {
        use CheckItem as I;
        let plan = CheckPlan::of_grade(AssuranceGrade::Third);
        let of = |endpoint, all: &[LastShown]| Standby::of(&plan, endpoint, all);
        let well = [shown(I::Reachable, Outcome::Pass, 9), shown(I::Video, Outcome::Pass, 5)];
        assert_eq!(of(Some(State::Up), &well), Some(Standby::Good(at(5))));
        assert_eq!(of(Some(State::Unknown), &well), Some(Standby::Good(at(5))));
        assert_eq!(of(Some(State::Down), &well), None, "it is down now");
        assert_eq!(of(None, &well), Some(Standby::Untested), "its endpoint was taken away");
        assert_eq!(of(Some(State::Up), &well[..1]), Some(Standby::Untested));
        let silent = [well[1], shown(I::Audio, Outcome::Fail, 5)];
        assert_eq!(of(Some(State::Up), &silent), None);
        let late = [well[1], shown(I::Delay, Outcome::Fail, 5)];
        assert_eq!(of(Some(State::Up), &late), Some(Standby::Good(at(5))), "it is optional");
        let unheard = [well[1], shown(I::Sound, Outcome::Fail, 5)];
        assert_eq!(of(Some(State::Up), &unheard), Some(Standby::Good(at(5))), "of one meeting");
    }

    #[test]
    fn it_is_told_when_it_was_well() {
        let zone = chrono_tz::Asia::Shanghai;
        assert_eq!(Standby::Good(at(0)).words(zone, Lang::Zh), "01-01 08:00 检查正常");
        assert_eq!(Standby::Untested.words(zone, Lang::En), "untested");
    }
}

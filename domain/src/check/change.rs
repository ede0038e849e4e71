//! What a new version of a plan changes for the meetings ahead.

use super::{CheckDepth, CheckItem, CheckPlan};
use crate::Lang;
use std::collections::BTreeSet;

/// A point that comes, goes, or looks to another depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointChange {
    /// Minutes before the meeting.
    pub before_min: u32,
    /// How deep it looked; none: there was no such point.
    pub was: Option<CheckDepth>,
    /// How deep it will look; none: it goes.
    pub is: Option<CheckDepth>,
}

impl PointChange {
    /// What changes, behind the time: `新增 全面检查`.
    pub fn words(self, lang: Lang) -> String {
        let name = |depth: CheckDepth| depth.name(lang);
        match (self.was, self.is) {
            (None, Some(is)) => format!("{} {}", lang.pick("新增", "added:"), name(is)),
            (Some(was), None) => format!("{} {}", lang.pick("取消", "removed:"), name(was)),
            (Some(was), Some(is)) => format!("{} → {}", name(was), name(is)),
            (None, None) => String::new(),
        }
    }
}

impl CheckPlan {
    /// The points in which `next` differs, the earliest first.
    pub fn point_changes(&self, next: &Self) -> Vec<PointChange> {
        let depth = |plan: &Self, before: u32| {
            plan.points.iter().find(|it| it.before_min == before).map(|it| it.depth)
        };
        let all: BTreeSet<u32> =
            self.points.iter().chain(&next.points).map(|it| it.before_min).collect();
        let change = |before_min: u32| PointChange {
            before_min,
            was: depth(self, before_min),
            is: depth(next, before_min),
        };
        all.into_iter().rev().map(change).filter(|it| it.was != it.is).collect()
    }

    /// The items that `next` checks in addition, and those that it leaves out.
    pub fn item_changes(&self, next: &Self) -> (Vec<CheckItem>, Vec<CheckItem>) {
        let but = |these: &Self, those: &Self| {
            let these = these.items.iter().copied();
            these.filter(|item| !those.items.contains(item)).collect()
        };
        (but(next, self), but(self, next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::CheckPoint, meeting::AssuranceGrade};

    #[test]
    fn points_come_go_and_change_and_what_is_the_same_is_not_told() {
        let plan = CheckPlan::of_grade(AssuranceGrade::Third);
        assert_eq!(plan.point_changes(&plan), []);
        let mut next = plan.clone();
        next.points[0].depth = CheckDepth::Liveness;
        next.points.remove(1);
        next.points.insert(0, CheckPoint { before_min: 180, depth: CheckDepth::Full });
        let told: Vec<_> = plan
            .point_changes(&next)
            .iter()
            .map(|it| (it.before_min, it.words(Lang::Zh)))
            .collect();
        let expected = [(180, "新增 全面检查"), (60, "全面检查 → 只查在线"), (15, "取消 复查异常")];
        assert_eq!(told, expected.map(|(at, words)| (at, words.to_owned())));
        next.items.retain(|item| *item != CheckItem::Delay);
        next.items.push(CheckItem::Power);
        let changes = plan.item_changes(&next);
        assert_eq!(changes, (vec![CheckItem::Power], vec![CheckItem::Delay]));
    }
}

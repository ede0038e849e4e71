//! 检查方案: what is checked when, per 保障等级, as data that is edited.

use super::{CheckItem, ItemKind};
use crate::meeting::AssuranceGrade;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Nothing is called in so many minutes before the begin: what works is left alone.
pub(super) const FREEZE_MIN: u32 = 10;
/// Points of a plan at most, and how far before a meeting the first may lie: four weeks.
const POINTS: usize = 12;
const EARLIEST_MIN: u32 = 28 * 24 * 60;

/// How deep a run looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckDepth {
    /// 只查在线: no test call.
    Liveness,
    /// 复查: a test call to what is not well, the rest only for liveness.
    Failures,
    /// 全面: a test call to each.
    Full,
}

words!(CheckDepth {
    Liveness = "liveness", "只查在线", "liveness only";
    Failures = "failures", "复查异常", "what is not well again";
    Full = "full", "全面检查", "full";
});

/// 检查点.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckPoint {
    /// Minutes before the meeting.
    pub before_min: u32,
    /// How deep.
    pub depth: CheckDepth,
}

/// What a call may be like. Defaults are public acceptance figures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallLimits {
    /// Packets lost, of 100.
    pub loss_percent: f64,
    /// ms.
    pub jitter_ms: f64,
    /// ms.
    pub delay_ms: f64,
}

/// 应急预案: what is turned to where a venue fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// 启用备用终端.
    BackupEndpoint,
    /// 改用邻近会场.
    NearestVenue,
    /// 启用电话会议.
    Telephone,
}

words!(Fallback {
    BackupEndpoint = "backup_endpoint", "启用备用终端", "use the backup endpoint";
    NearestVenue = "nearest_venue", "改用邻近会场", "move to the nearest venue";
    Telephone = "telephone", "启用电话会议", "open the telephone conference";
});

/// A check plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckPlan {
    /// When, the earliest first.
    pub points: Vec<CheckPoint>,
    /// What.
    pub items: Vec<CheckItem>,
    /// Of these, what is a risk and no obstacle where it is not well.
    pub optional: Vec<CheckItem>,
    /// What a call may be like.
    pub limits: CallLimits,
    /// So long what was seen without a call is believed, minutes.
    pub liveness_holds_min: u32,
    /// So long what a call showed is believed, minutes.
    pub media_holds_min: u32,
    /// So long what a person signed is believed, minutes.
    pub human_holds_min: u32,
    /// What is turned to where a venue fails, in order.
    pub fallbacks: Vec<Fallback>,
}

/// What is wrong with a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanProblem {
    /// It has no points or too many.
    #[error("a check plan has 1 to 12 points")]
    Points,
    /// Points are not in order or lie too far ahead.
    #[error("points go from the earliest to the latest, none earlier than 28 days")]
    Order,
    /// A call in the last ten minutes.
    #[error("no test call is made in the last 10 minutes")]
    Freeze,
    /// There is nothing to check, something twice, or what is optional is not checked at all.
    #[error("items are named once, at least one, and what is optional is among them")]
    Items,
    /// Something is turned to twice.
    #[error("what is turned to is named once")]
    Fallbacks,
    /// A limit or a time is not above 0.
    #[error("limits and times are above 0")]
    Limits,
}

impl CheckPlan {
    /// What is done where nobody changed it.
    pub fn of_grade(grade: AssuranceGrade) -> Self {
        use CheckDepth::{Failures, Full, Liveness};
        use CheckItem as I;
        let points: &[(u32, CheckDepth)] = match grade {
            AssuranceGrade::First => &[
                (1440, Full),
                (120, Full),
                (60, Full),
                (30, Failures),
                (15, Failures),
                (10, Liveness),
            ],
            AssuranceGrade::Second => {
                &[(1440, Full), (60, Full), (30, Failures), (15, Failures), (10, Liveness)]
            }
            AssuranceGrade::Third => &[(60, Full), (15, Failures), (10, Liveness)],
        };
        let human: &[CheckItem] = match grade {
            AssuranceGrade::First => &[I::Framing, I::Sound, I::DualStream, I::Power, I::RollCall],
            AssuranceGrade::Second => &[I::Framing, I::Sound, I::DualStream, I::RollCall],
            AssuranceGrade::Third => &[I::Sound, I::RollCall],
        };
        let automatic = CheckItem::ALL.iter().copied().filter(|item| !item.is_human());
        // A long way is a nuisance and keeps nobody from meeting.
        let mut optional = vec![I::Delay, I::BackupCall, I::Cameras, I::Status, I::Clock];
        if grade != AssuranceGrade::First {
            optional.push(I::BackupLine);
        }
        Self {
            points: points
                .iter()
                .map(|&(before_min, depth)| CheckPoint { before_min, depth })
                .collect(),
            items: automatic.chain(human.iter().copied()).collect(),
            optional,
            limits: CallLimits { loss_percent: 1.0, jitter_ms: 30.0, delay_ms: 100.0 },
            liveness_holds_min: 30,
            media_holds_min: 180,
            human_holds_min: 26 * 60,
            fallbacks: Fallback::ALL.to_vec(),
        }
    }

    /// What is wrong with it.
    pub fn check(&self) -> Result<(), PlanProblem> {
        let points = &self.points;
        if points.is_empty() || points.len() > POINTS {
            return Err(PlanProblem::Points);
        }
        let falls = points.windows(2).all(|pair| pair[0].before_min > pair[1].before_min);
        if !falls || points[0].before_min > EARLIEST_MIN {
            return Err(PlanProblem::Order);
        }
        let calls = |point: &CheckPoint| point.depth != CheckDepth::Liveness;
        if points.iter().any(|point| calls(point) && point.before_min <= FREEZE_MIN) {
            return Err(PlanProblem::Freeze);
        }
        let is_twice = |items: &[CheckItem]| {
            let mut sorted = items.to_vec();
            sorted.sort();
            sorted.windows(2).any(|pair| pair[0] == pair[1])
        };
        let strays = self.optional.iter().any(|item| !self.items.contains(item));
        if self.items.is_empty() || strays || is_twice(&self.items) || is_twice(&self.optional) {
            return Err(PlanProblem::Items);
        }
        let turned = &self.fallbacks;
        if turned.iter().enumerate().any(|(place, it)| turned[..place].contains(it)) {
            return Err(PlanProblem::Fallbacks);
        }
        let CallLimits { loss_percent, jitter_ms, delay_ms } = self.limits;
        let times = [self.liveness_holds_min, self.media_holds_min, self.human_holds_min];
        let is_above = |it: &f64| it.is_finite() && *it > 0.0;
        if ![loss_percent, jitter_ms, delay_ms].iter().all(is_above) || times.contains(&0) {
            return Err(PlanProblem::Limits);
        }
        Ok(())
    }

    /// How long what was found of an item is believed.
    pub fn holds(&self, item: CheckItem) -> Duration {
        let minutes = match item.kind() {
            ItemKind::Liveness => self.liveness_holds_min,
            ItemKind::Media => self.media_holds_min,
            ItemKind::Human => self.human_holds_min,
        };
        Duration::from_secs(u64::from(minutes) * 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_plans_are_sound_and_a_higher_grade_checks_no_less() {
        let plans = AssuranceGrade::ALL.iter().map(|grade| CheckPlan::of_grade(*grade));
        let plans: Vec<_> = plans.collect();
        for plan in &plans {
            assert_eq!(plan.check(), Ok(()));
            let text = serde_json::to_string(plan).unwrap();
            assert_eq!(&serde_json::from_str::<CheckPlan>(&text).unwrap(), plan);
        }
        for pair in plans.windows(2) {
            assert!(pair[0].points.len() > pair[1].points.len());
            assert!(pair[1].items.iter().all(|item| pair[0].items.contains(item)));
        }
    }

    #[test]
    fn each_mistake_is_named() {
        let broken = |change: fn(&mut CheckPlan)| {
            let mut plan = CheckPlan::of_grade(AssuranceGrade::First);
            change(&mut plan);
            plan.check().unwrap_err()
        };
        assert_eq!(broken(|it| it.points.clear()), PlanProblem::Points);
        assert_eq!(broken(|it| it.points.reverse()), PlanProblem::Order);
        assert_eq!(broken(|it| it.points[5].depth = CheckDepth::Full), PlanProblem::Freeze);
        assert_eq!(broken(|it| it.items.push(CheckItem::Sound)), PlanProblem::Items);
        assert_eq!(broken(|it| it.optional.push(CheckItem::JointTest)), PlanProblem::Items);
        assert_eq!(broken(|it| it.limits.delay_ms = f64::NAN), PlanProblem::Limits);
        let twice = |it: &mut CheckPlan| it.fallbacks.push(Fallback::Telephone);
        assert_eq!(broken(twice), PlanProblem::Fallbacks);
        assert_eq!(broken(|it| it.media_holds_min = 0), PlanProblem::Limits);
    }
}

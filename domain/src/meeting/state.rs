//! How a meeting stands, and what can be done to it in which order.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// How a meeting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingState {
    /// 草稿: it holds nothing.
    Draft,
    /// 待审批: it holds what it needs.
    Submitted,
    /// 已批准.
    Approved,
    /// 已通知.
    Notified,
    /// 已改期: those who were told have to be told again.
    Rescheduled,
    /// 应急: booked to be checked at once.
    Emergency,
    /// 测试中.
    Testing,
    /// 就绪.
    Ready,
    /// 带风险就绪.
    ReadyWithRisk,
    /// 进行中.
    Live,
    /// 已结束.
    Ended,
    /// 已归档.
    Archived,
    /// 已取消: it holds nothing.
    Cancelled,
}

words!(MeetingState {
    Draft = "draft", "草稿", "draft";
    Submitted = "submitted", "待审批", "waits for approval";
    Approved = "approved", "已批准", "approved";
    Notified = "notified", "已通知", "notified";
    Rescheduled = "rescheduled", "已改期", "rescheduled";
    Emergency = "emergency", "应急", "emergency";
    Testing = "testing", "测试中", "testing";
    Ready = "ready", "就绪", "ready";
    ReadyWithRisk = "ready_with_risk", "带风险就绪", "ready with risk";
    Live = "live", "进行中", "live";
    Ended = "ended", "已结束", "ended";
    Archived = "archived", "已归档", "archived";
    Cancelled = "cancelled", "已取消", "cancelled";
});

impl MeetingState {
    /// Whether it holds its venues.
    pub const fn holds(self) -> bool {
        !matches!(self, Self::Draft | Self::Cancelled)
    }

    /// Whether it is still to be held: from its approval to its begin.
    pub const fn is_due(self) -> bool {
        matches!(
            self,
            Self::Approved
                | Self::Notified
                | Self::Rescheduled
                | Self::Emergency
                | Self::Testing
                | Self::Ready
                | Self::ReadyWithRisk
        )
    }

    /// Whether somebody stands for it: from its approval to its end.
    pub const fn is_watched(self) -> bool {
        self.is_due() || matches!(self, Self::Live)
    }

    /// Whether time, place and words may still be changed.
    pub const fn may_change(self) -> bool {
        self.is_due() || matches!(self, Self::Draft | Self::Submitted)
    }
}

/// What can be done to a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingAct {
    /// 拟稿.
    Draft,
    /// 提交.
    Submit,
    /// 批准, by a person, or by the rule that none is needed.
    Approve,
    /// 退回: back to a draft.
    Reject,
    /// 发通知.
    Notify,
    /// 改期, or another place.
    Reschedule,
    /// 应急启用: without an approval.
    Emergency,
    /// 开始测试.
    Test,
    /// 判定就绪.
    Ready,
    /// 判定带风险就绪.
    Risk,
    /// 开会.
    Start,
    /// 延长: it ends later than was booked.
    Extend,
    /// 散会.
    End,
    /// 归档.
    Archive,
    /// 取消.
    Cancel,
    /// 启用预案: another venue, or a telephone conference, also while it runs; or that is undone.
    Turn,
    /// 被让位: a meeting that ranks higher took its place.
    Displace,
    /// 备注, also a change of words that moves nothing.
    Note,
}

words!(MeetingAct {
    Draft = "draft", "拟稿", "drafted";
    Submit = "submit", "提交", "submitted";
    Approve = "approve", "批准", "approved";
    Reject = "reject", "退回", "sent back";
    Notify = "notify", "发通知", "notified";
    Reschedule = "reschedule", "改期", "rescheduled";
    Emergency = "emergency", "应急启用", "emergency";
    Test = "test", "开始测试", "test begun";
    Ready = "ready", "判定就绪", "found ready";
    Risk = "risk", "判定带风险就绪", "found ready with risk";
    Start = "start", "开会", "begun";
    Extend = "extend", "延长", "extended";
    End = "end", "散会", "ended";
    Archive = "archive", "归档", "archived";
    Cancel = "cancel", "取消", "cancelled";
    Turn = "turn", "启用预案", "fallback";
    Displace = "displace", "被让位", "displaced";
    Note = "note", "备注", "note";
});

impl MeetingAct {
    /// Whether it is refused without a reason in words.
    pub const fn wants_reason(self) -> bool {
        matches!(
            self,
            Self::Reject
                | Self::Reschedule
                | Self::Cancel
                | Self::Turn
                | Self::Displace
                | Self::Note
        )
    }
}

/// Something that was done to a meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetingStep {
    /// When.
    pub at: Timestamp,
    /// Who, as they logged in; empty: the platform, by its rules.
    pub login: String,
    /// What.
    pub act: MeetingAct,
    /// Why, in words.
    pub note: String,
}

/// Why an act is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeetingRefusal {
    /// It does not stand so that this could be done.
    #[error("change the meeting: it does not stand so")]
    Order,
    /// It asks for a reason.
    #[error("change the meeting: a reason is missing")]
    Reason,
    /// It is too long before it is to begin.
    #[error("begin the meeting: it is too early")]
    Early,
    /// Nobody approves what they submitted.
    #[error("approve the meeting: another person has to do it")]
    SamePerson,
}

/// How a meeting stands after these steps.
pub fn state_of(steps: &[MeetingStep]) -> MeetingState {
    let begun = MeetingState::Draft;
    steps.iter().fold(begun, |state, step| after(state, step.act).unwrap_or(state))
}

/// Whether a meeting made way and was not submitted since.
pub fn was_displaced(steps: &[MeetingStep]) -> bool {
    let last = steps.iter().rev().find(|it| {
        matches!(it.act, MeetingAct::Displace | MeetingAct::Submit | MeetingAct::Cancel)
    });
    last.is_some_and(|it| it.act == MeetingAct::Displace)
}

impl MeetingState {
    /// How it would stand after a step; `steps` are those before it.
    pub fn allow(self, step: &MeetingStep, steps: &[MeetingStep]) -> Result<Self, MeetingRefusal> {
        let next = after(self, step.act).ok_or(MeetingRefusal::Order)?;
        if step.act.wants_reason() && step.note.is_empty() {
            return Err(MeetingRefusal::Reason);
        }
        let submitted = steps.iter().rev().find(|it| it.act == MeetingAct::Submit);
        let is_own = submitted.is_some_and(|it| it.login == step.login);
        if step.act == MeetingAct::Approve && is_own && !step.login.is_empty() {
            return Err(MeetingRefusal::SamePerson);
        }
        Ok(next)
    }
}

/// The state after an act; `None` where it cannot be done.
fn after(state: MeetingState, act: MeetingAct) -> Option<MeetingState> {
    use MeetingAct as A;
    use MeetingState as S;
    match (state, act) {
        (state, A::Note) => Some(state),
        (S::Draft, A::Draft) => Some(S::Draft),
        (S::Draft | S::Rescheduled, A::Submit) => Some(S::Submitted),
        (S::Submitted, A::Approve) => Some(S::Approved),
        (S::Submitted, A::Reject) => Some(S::Draft),
        (S::Draft, A::Emergency) => Some(S::Emergency),
        (S::Draft | S::Submitted, A::Reschedule) => Some(state),
        (state, A::Reschedule) if state.is_due() => Some(S::Rescheduled),
        (S::Approved | S::Notified | S::Rescheduled | S::Emergency, A::Notify) => {
            Some(match state {
                S::Emergency => S::Emergency,
                _ => S::Notified,
            })
        }
        // Those who were told once may be told again while it is tested.
        (S::Testing | S::Ready | S::ReadyWithRisk, A::Notify) => Some(state),
        (state, A::Test) if state.is_due() => Some(S::Testing),
        (S::Testing | S::Ready | S::ReadyWithRisk, A::Ready) => Some(S::Ready),
        (S::Testing | S::Ready | S::ReadyWithRisk, A::Risk) => Some(S::ReadyWithRisk),
        // What was signed was another venue.
        (S::Ready | S::ReadyWithRisk, A::Turn) => Some(S::Testing),
        (state, A::Turn) if state.is_due() || state == S::Live => Some(state),
        (state, A::Start) if state.is_due() => Some(S::Live),
        (S::Live, A::Extend) => Some(S::Live),
        (S::Live, A::End) => Some(S::Ended),
        (S::Ended, A::Archive) => Some(S::Archived),
        (state, A::Cancel) if state.may_change() => Some(S::Cancelled),
        // 未召开: the clock began it, and nobody came.
        (S::Live | S::Ended, A::Cancel) => Some(S::Cancelled),
        (state, A::Displace) if state.may_change() && state.holds() => Some(S::Draft),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MeetingAct as A;
    use MeetingState as S;

    fn step(login: &str, act: A, note: &str) -> MeetingStep {
        MeetingStep {
            at: Timestamp::from_millis(0),
            login: login.to_owned(),
            act,
            note: note.to_owned(),
        }
    }

    fn steps(acts: &[A]) -> Vec<MeetingStep> {
        acts.iter().map(|act| step("a", *act, "")).collect()
    }

    #[test]
    fn a_meeting_goes_its_way() {
        let way = [
            (A::Draft, S::Draft),
            (A::Submit, S::Submitted),
            (A::Approve, S::Approved),
            (A::Notify, S::Notified),
            (A::Test, S::Testing),
            (A::Risk, S::ReadyWithRisk),
            (A::Test, S::Testing),
            (A::Ready, S::Ready),
            (A::Start, S::Live),
            (A::Extend, S::Live),
            (A::End, S::Ended),
            (A::Archive, S::Archived),
        ];
        for until in 1..=way.len() {
            let acts: Vec<_> = way[..until].iter().map(|(act, _)| *act).collect();
            assert_eq!(state_of(&steps(&acts)), way[until - 1].1);
        }
    }

    #[test]
    fn what_is_over_is_never_changed() {
        assert_eq!(after(S::Ended, A::Extend), None);
        for over in [S::Ended, S::Archived, S::Cancelled, S::Live] {
            for act in [A::Reschedule, A::Displace, A::Submit, A::Test, A::Emergency] {
                assert_eq!(after(over, act), None, "{over:?} {act:?}");
            }
            assert!(!over.may_change());
        }
        // That it was never held can be said until it is archived.
        assert_eq!(after(S::Live, A::Cancel), Some(S::Cancelled));
        assert_eq!(after(S::Ended, A::Cancel), Some(S::Cancelled));
        assert_eq!(after(S::Archived, A::Cancel), None);
    }

    #[test]
    fn what_is_turned_to_has_to_be_signed_anew_and_what_is_over_turns_to_nothing() {
        assert_eq!(after(S::Ready, A::Turn), Some(S::Testing));
        assert_eq!(after(S::ReadyWithRisk, A::Turn), Some(S::Testing));
        assert_eq!(after(S::Emergency, A::Turn), Some(S::Emergency));
        assert_eq!(after(S::Live, A::Turn), Some(S::Live));
        for state in [S::Draft, S::Submitted, S::Ended, S::Archived, S::Cancelled] {
            assert_eq!(after(state, A::Turn), None, "{state:?}");
        }
    }

    #[test]
    fn nobody_approves_what_they_submitted_and_the_rule_may() {
        let done = steps(&[A::Draft, A::Submit]);
        let approve = |login: &str| S::Submitted.allow(&step(login, A::Approve, ""), &done);
        assert_eq!(approve("a"), Err(MeetingRefusal::SamePerson));
        assert_eq!(approve("b"), Ok(S::Approved));
        let ruled = vec![step("", A::Submit, "")];
        assert_eq!(S::Submitted.allow(&step("", A::Approve, ""), &ruled), Ok(S::Approved));
    }

    #[test]
    fn a_reason_is_asked_for_where_others_are_let_down() {
        let cancel = |note: &str| S::Notified.allow(&step("a", A::Cancel, note), &[]);
        assert_eq!(cancel(""), Err(MeetingRefusal::Reason));
        assert_eq!(cancel("领导另有安排"), Ok(S::Cancelled));
    }

    #[test]
    fn what_was_displaced_holds_nothing_and_can_be_submitted_again() {
        assert_eq!(after(S::Notified, A::Displace), Some(S::Draft));
        assert!(!S::Draft.holds() && S::Submitted.holds() && S::Ended.holds());
        assert_eq!(after(S::Draft, A::Displace), None);
        assert_eq!(after(S::Draft, A::Submit), Some(S::Submitted));
    }
}

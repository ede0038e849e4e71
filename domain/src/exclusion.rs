//! 剔除: periods that do not count, with reason, evidence and the people who stand for them.
//!
//! Invariants: what was done to an exclusion is only ever added; nobody approves what they filed
//! and nobody confirms what they filed or approved; an exclusion covers whole minutes.

use crate::{
    Timestamp,
    policy::{Confirmation, Policy},
    time::MINUTE_MS,
};
use serde::{Deserialize, Serialize};
use std::{ops::Range, time::Duration};

/// Why a period does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExclusionReason {
    /// 停电.
    PowerCut,
    /// 施工.
    Construction,
    /// 运营商线路故障.
    LineFault,
    /// 迁改.
    Relocation,
    /// 报备检修: maintenance announced and accepted beforehand.
    Maintenance,
    /// 自然灾害等不可抗力.
    Disaster,
    /// 其他.
    Other,
}

words!(ExclusionReason {
    PowerCut = "power_cut", "停电", "power cut";
    Construction = "construction", "施工", "construction";
    LineFault = "line_fault", "运营商线路故障", "carrier line fault";
    Relocation = "relocation", "迁改", "relocation";
    Maintenance = "maintenance", "报备检修", "announced maintenance";
    Disaster = "disaster", "不可抗力", "force majeure";
    Other = "other", "其他", "other";
});

impl ExclusionReason {
    /// Whether nobody can repair meanwhile, so that the clock of a work order stands.
    pub const fn stops_repairs(self) -> bool {
        match self {
            Self::PowerCut
            | Self::Construction
            | Self::LineFault
            | Self::Relocation
            | Self::Disaster => true,
            // Who maintains has time of their own choosing, or the reason does not say.
            Self::Maintenance | Self::Other => false,
        }
    }
}

/// What can be done to an exclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExclusionAct {
    /// 申报, by the maintainer.
    File,
    /// 批准, by the centre.
    Approve,
    /// 驳回, by the centre.
    Reject,
    /// 确认, by the liaison.
    Confirm,
    /// 撤回, by one who filed, approved or confirmed it.
    Withdraw,
}

words!(ExclusionAct {
    File = "file", "申报", "file";
    Approve = "approve", "批准", "approve";
    Reject = "reject", "驳回", "reject";
    Confirm = "confirm", "确认", "confirm";
    Withdraw = "withdraw", "撤回", "withdraw";
});

/// How an exclusion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExclusionState {
    /// 待批.
    Filed,
    /// 已批准.
    Approved,
    /// 已确认.
    Confirmed,
    /// 已驳回.
    Rejected,
    /// 已撤回.
    Withdrawn,
}

words!(ExclusionState {
    Filed = "filed", "待批", "filed";
    Approved = "approved", "已批准", "approved";
    Confirmed = "confirmed", "已确认", "confirmed";
    Rejected = "rejected", "已驳回", "rejected";
    Withdrawn = "withdrawn", "已撤回", "withdrawn";
});

impl ExclusionState {
    /// What was done last to an exclusion that stands so.
    pub const fn made_by(self) -> ExclusionAct {
        match self {
            Self::Filed => ExclusionAct::File,
            Self::Approved => ExclusionAct::Approve,
            Self::Confirmed => ExclusionAct::Confirm,
            Self::Rejected => ExclusionAct::Reject,
            Self::Withdrawn => ExclusionAct::Withdraw,
        }
    }
}

/// Why an exclusion changes no figure under a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExclusionHindrance {
    /// It was rejected or withdrawn.
    Over,
    /// The policy does not allow its reason.
    Reason,
    /// It was filed after the deadline of the policy.
    Late,
    /// The centre has not approved it yet.
    NotApproved,
    /// The liaison has not confirmed it yet.
    NotConfirmed,
}

words!(ExclusionHindrance {
    Over = "over", "已驳回或撤回", "rejected or withdrawn";
    Reason = "reason", "此口径不认可该事由", "this policy does not allow the reason";
    Late = "late", "申报超过此口径的时限", "filed after the deadline of this policy";
    NotApproved = "not_approved", "待数据中心批准", "waits for the centre's approval";
    NotConfirmed = "not_confirmed", "待公安联络员确认", "waits for the liaison's confirmation";
});

/// Something that was done to an exclusion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExclusionStep {
    /// When.
    pub at: Timestamp,
    /// Who, as they logged in.
    pub login: String,
    /// What.
    pub act: ExclusionAct,
    /// Why, or what with.
    pub note: String,
}

/// Why an act on an exclusion is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExclusionRefusal {
    /// It does not stand so that this could be done.
    #[error("change the exclusion: it does not stand so")]
    Order,
    /// The same person already stands for it in another part.
    #[error("change the exclusion: another person has to do it")]
    SamePerson,
    /// Only who filed, approved or confirmed it takes it back.
    #[error("withdraw the exclusion: it is not theirs")]
    NotTheirs,
}

/// An exclusion with all that was done to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// First moment; a whole minute.
    pub from: Timestamp,
    /// First moment after it; a whole minute.
    pub to: Timestamp,
    /// Why.
    pub reason: ExclusionReason,
    /// What was done, in order; begins with [`ExclusionAct::File`].
    pub steps: Vec<ExclusionStep>,
}

impl Exclusion {
    /// The minutes since the epoch it covers; `None` where its ends are no whole minutes or out of
    /// order. A minute is never excluded for a part of it.
    pub fn minutes_between(from: Timestamp, to: Timestamp) -> Option<Range<i64>> {
        let whole = [from, to].iter().all(|at| at.millis().rem_euclid(MINUTE_MS) == 0);
        (whole && from < to).then(|| from.minute()..to.minute())
    }

    /// Likewise, of this one; empty where it has no sound ends.
    pub fn minutes(&self) -> Range<i64> {
        Self::minutes_between(self.from, self.to).unwrap_or(0..0)
    }

    /// How it stands.
    pub fn state(&self) -> ExclusionState {
        let mut state = ExclusionState::Filed;
        for step in &self.steps {
            if let Some(next) = after(state, step.act) {
                state = next;
            }
        }
        state
    }

    /// How it would stand after `login` did `act`.
    pub fn allow(
        &self,
        act: ExclusionAct,
        login: &str,
    ) -> Result<ExclusionState, ExclusionRefusal> {
        let next = after(self.state(), act).ok_or(ExclusionRefusal::Order)?;
        let judges = matches!(act, ExclusionAct::Approve | ExclusionAct::Confirm);
        let stands = |step: &ExclusionStep| {
            step.login == login && matches!(step.act, ExclusionAct::File | ExclusionAct::Approve)
        };
        if judges && self.steps.iter().any(stands) {
            return Err(ExclusionRefusal::SamePerson);
        }
        if act == ExclusionAct::Withdraw && !self.steps.iter().any(|step| step.login == login) {
            return Err(ExclusionRefusal::NotTheirs);
        }
        Ok(next)
    }

    /// Whether figures under `policy` leave its minutes out.
    pub fn counts_under(&self, policy: &Policy) -> bool {
        self.hindrance(policy).is_none()
    }

    /// Whether figures under `policy` leave its minutes out, or will once those agree whom it waits for.
    pub fn may_count_under(&self, policy: &Policy) -> bool {
        use ExclusionHindrance::{NotApproved, NotConfirmed};
        matches!(self.hindrance(policy), None | Some(NotApproved | NotConfirmed))
    }

    /// Why figures under `policy` do not leave its minutes out; what nobody can mend any more
    /// first.
    pub fn hindrance(&self, policy: &Policy) -> Option<ExclusionHindrance> {
        let rules = &policy.exclusions;
        let deadline = rules.filed_within_hours.map(|it| Duration::from_secs(u64::from(it) * 3600));
        let late = |filed: &ExclusionStep| deadline.is_some_and(|it| filed.at > self.to + it);
        let state = self.state();
        if matches!(state, ExclusionState::Rejected | ExclusionState::Withdrawn) {
            Some(ExclusionHindrance::Over)
        } else if !rules.reasons.contains(&self.reason) {
            Some(ExclusionHindrance::Reason)
        } else if self.steps.first().is_none_or(late) {
            Some(ExclusionHindrance::Late)
        } else if state == ExclusionState::Filed {
            Some(ExclusionHindrance::NotApproved)
        } else if state == ExclusionState::Approved && rules.confirmation == Confirmation::Required
        {
            Some(ExclusionHindrance::NotConfirmed)
        } else {
            None
        }
    }
}

fn after(state: ExclusionState, act: ExclusionAct) -> Option<ExclusionState> {
    use ExclusionState::{Approved, Confirmed, Filed, Rejected, Withdrawn};
    match (state, act) {
        (Filed, ExclusionAct::Approve) => Some(Approved),
        (Filed, ExclusionAct::Reject) => Some(Rejected),
        (Approved, ExclusionAct::Confirm) => Some(Confirmed),
        (Filed | Approved | Confirmed, ExclusionAct::Withdraw) => Some(Withdrawn),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::shipped;
    use ExclusionAct::{Approve, Confirm, File, Reject, Withdraw};

    const HOUR: i64 = 3_600_000;

    fn exclusion(filed: i64, acts: &[(ExclusionAct, &str)]) -> Exclusion {
        let step = |(act, login): (ExclusionAct, &str)| ExclusionStep {
            at: Timestamp::from_millis(filed),
            login: login.into(),
            act,
            note: String::new(),
        };
        Exclusion {
            from: Timestamp::from_millis(0),
            to: Timestamp::from_millis(HOUR),
            reason: ExclusionReason::PowerCut,
            steps: [(File, "maintainer")].iter().chain(acts).copied().map(step).collect(),
        }
    }

    #[test]
    fn it_counts_once_those_who_must_have_agreed() {
        let (plain, confirmed) = (shipped().remove(0), shipped().remove(1));
        let filed = exclusion(0, &[]);
        let approved = exclusion(0, &[(Approve, "centre")]);
        let agreed = exclusion(0, &[(Approve, "centre"), (Confirm, "liaison")]);
        let withdrawn =
            exclusion(0, &[(Approve, "centre"), (Confirm, "liaison"), (Withdraw, "centre")]);
        let counts = |it: &Exclusion| (it.counts_under(&plain), it.counts_under(&confirmed));
        assert_eq!(counts(&filed), (false, false));
        assert_eq!(counts(&approved), (true, false));
        assert_eq!(counts(&agreed), (true, true));
        assert_eq!(counts(&withdrawn), (false, false));
        assert_eq!(counts(&exclusion(0, &[(Reject, "centre")])), (false, false));
    }

    #[test]
    fn filed_after_the_deadline_or_for_another_reason_it_changes_nothing() {
        let policy = shipped().remove(0);
        let hours = i64::from(policy.exclusions.filed_within_hours.unwrap());
        let acts = [(Approve, "centre")];
        assert!(exclusion(HOUR + hours * HOUR, &acts).counts_under(&policy));
        assert!(!exclusion(HOUR + hours * HOUR + 1, &acts).counts_under(&policy));
        let other = Exclusion { reason: ExclusionReason::Other, ..exclusion(0, &acts) };
        assert!(!other.counts_under(&policy));
    }

    #[test]
    fn it_says_what_it_waits_for_and_what_cannot_be_mended_first() {
        use ExclusionHindrance::{Late, NotApproved, NotConfirmed, Over, Reason};
        let policies = shipped();
        let why = |it: &Exclusion| [it.hindrance(&policies[0]), it.hindrance(&policies[1])];
        let approved = [(Approve, "centre")];
        assert_eq!(why(&exclusion(0, &[])), [Some(NotApproved); 2]);
        assert_eq!(why(&exclusion(0, &approved)), [None, Some(NotConfirmed)]);
        assert_eq!(why(&exclusion(0, &[(Reject, "centre")])), [Some(Over); 2]);
        assert_eq!(exclusion(1000 * HOUR, &[]).hindrance(&policies[0]), Some(Late));
        let other = Exclusion { reason: ExclusionReason::Other, ..exclusion(1000 * HOUR, &[]) };
        assert_eq!(other.hindrance(&policies[0]), Some(Reason));
    }

    #[test]
    fn a_state_is_named_by_what_was_done_last() {
        for acts in [
            &[][..],
            &[(Approve, "centre")],
            &[(Reject, "centre")],
            &[(Approve, "centre"), (Confirm, "liaison")],
            &[(Approve, "centre"), (Withdraw, "centre")],
        ] {
            let it = exclusion(0, acts);
            assert_eq!(it.state().made_by(), it.steps.last().unwrap().act);
        }
    }

    #[test]
    fn nobody_judges_what_they_stand_for_and_nothing_is_done_out_of_order() {
        let filed = exclusion(0, &[]);
        assert_eq!(filed.allow(Approve, "maintainer"), Err(ExclusionRefusal::SamePerson));
        assert_eq!(filed.allow(Confirm, "liaison"), Err(ExclusionRefusal::Order));
        assert_eq!(filed.allow(Withdraw, "maintainer"), Ok(ExclusionState::Withdrawn));
        assert_eq!(filed.allow(Withdraw, "rival"), Err(ExclusionRefusal::NotTheirs));
        let approved = exclusion(0, &[(Approve, "centre")]);
        for login in ["centre", "maintainer"] {
            assert_eq!(approved.allow(Confirm, login), Err(ExclusionRefusal::SamePerson));
        }
        assert_eq!(approved.allow(Confirm, "liaison"), Ok(ExclusionState::Confirmed));
        let rejected = exclusion(0, &[(Reject, "centre")]);
        for act in [Approve, Confirm, Withdraw, File] {
            assert_eq!(rejected.allow(act, "x"), Err(ExclusionRefusal::Order));
        }
    }

    #[test]
    fn it_covers_whole_minutes_only() {
        let at = Timestamp::from_millis;
        assert_eq!(Exclusion::minutes_between(at(60_000), at(180_000)), Some(1..3));
        for (from, to) in
            [(60_001, 180_000), (60_000, 180_001), (60_000, 60_000), (120_000, 60_000)]
        {
            assert_eq!(Exclusion::minutes_between(at(from), at(to)), None);
        }
    }
}

//! What can be done to a work order, by whom, in which order.

use super::{Calendar, RepairCalendar};
use crate::{ExclusionId, ExclusionReason, MaintainerId, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// 报修类别.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkCategory {
    /// 终端.
    Terminal,
    /// 网络.
    Network,
    /// 视频.
    Video,
    /// 会议.
    Meeting,
}

words!(WorkCategory {
    Terminal = "terminal", "终端", "terminal";
    Network = "network", "网络", "network";
    Video = "video", "视频", "video";
    Meeting = "meeting", "会议", "meeting";
});

/// Why a repair clock stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// 停电.
    PowerCut,
    /// 运营商线路.
    Carrier,
    /// 道路或施工受限.
    NoAccess,
    /// 等待备件.
    SparePart,
    /// 等待用户配合.
    Customer,
    /// 恶劣天气.
    Weather,
}

words!(StopReason {
    PowerCut = "power_cut", "停电", "power cut";
    Carrier = "carrier", "运营商线路故障", "carrier line fault";
    NoAccess = "no_access", "现场受限（施工、封路）", "no access";
    SparePart = "spare_part", "等待备件", "waiting for a spare part";
    Customer = "customer", "等待用户配合", "waiting for the customer";
    Weather = "weather", "恶劣天气", "severe weather";
});

/// What can be done to a work order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkAct {
    /// 受理.
    Open,
    /// 派单, also to another maintainer.
    Assign,
    /// 停表.
    Stop,
    /// 恢复计时.
    Resume,
    /// 备注.
    Note,
    /// 探测到恢复: by our own probes.
    Recover,
    /// 再次故障: by our own probes.
    Relapse,
    /// 探测证实: it held for the time of proof.
    Prove,
    /// 停用未证实: all it is about was taken out of use, and nobody knows whether it was repaired.
    Retire,
    /// 办结, by hand: only of what we do not probe.
    Finish,
    /// 撤销.
    Cancel,
}

words!(WorkAct {
    Open = "open", "受理", "opened";
    Assign = "assign", "派单", "assigned";
    Stop = "stop", "停表", "clock stopped";
    Resume = "resume", "恢复计时", "clock resumed";
    Note = "note", "备注", "note";
    Recover = "recover", "探测到恢复", "seen to be well";
    Relapse = "relapse", "再次故障", "fell again";
    Prove = "prove", "探测证实修复", "repair proven";
    Retire = "retire", "设备已停用，未经证实", "not in use any more, not proven";
    Finish = "finish", "办结", "finished";
    Cancel = "cancel", "撤销", "cancelled";
});

/// How a work order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkState {
    /// 待派单.
    Unassigned,
    /// 处理中.
    Working,
    /// 已停表.
    Stopped,
    /// 待证实: it is well again, not long enough yet.
    Proving,
    /// 已完成.
    Done,
    /// 已撤销.
    Cancelled,
}

words!(WorkState {
    Unassigned = "unassigned", "待派单", "not assigned";
    Working = "working", "处理中", "in work";
    Stopped = "stopped", "已停表", "clock stopped";
    Proving = "proving", "待证实", "being proven";
    Done = "done", "已完成", "done";
    Cancelled = "cancelled", "已撤销", "cancelled";
});

impl WorkState {
    /// Whether nothing is left to do.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

/// Whether our own probes can prove the repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkSubject {
    /// It is about an incident: they do, and nobody else.
    Probed,
    /// It was reported, of something that is not probed.
    Reported,
}

/// Something that was done to a work order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkStep {
    /// When.
    pub at: Timestamp,
    /// Who, as they logged in; empty: the platform.
    pub login: String,
    /// What.
    pub act: WorkAct,
    /// Of [`WorkAct::Stop`] why.
    pub reason: Option<StopReason>,
    /// Of [`WorkAct::Assign`] to whom.
    pub maintainer: Option<MaintainerId>,
    /// In words.
    pub note: String,
}

/// A period in which a repair clock stands by an exclusion that was approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excuse {
    /// Which exclusion.
    pub exclusion: ExclusionId,
    /// Why; one that [`ExclusionReason::stops_repairs`].
    pub reason: ExclusionReason,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

/// Why an act is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkRefusal {
    /// It does not stand so that this could be done.
    #[error("change the work order: it does not stand so")]
    Order,
    /// A clock is stopped only by reason, an assignment names a maintainer, and a note or a cancellation says
    /// something.
    #[error("change the work order: a reason, a maintainer or words are missing")]
    Incomplete,
    /// What we probe is proven by our probes.
    #[error("finish the work order: our own probe has to prove the repair")]
    Unproven,
}

/// A work order as far as it is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkOrder {
    /// Whether our probes prove the repair.
    pub subject: WorkSubject,
    /// 修复时限, in time of its calendar.
    pub limit: Duration,
    /// When its clock runs.
    pub calendar: RepairCalendar,
    /// Working hours as they stood when it was opened; none where its clock runs around the clock, and
    /// for orders from before they were kept.
    pub hours: Option<Calendar>,
    /// What was done, in order; begins with [`WorkAct::Open`].
    pub steps: Vec<WorkStep>,
    /// Approved exclusions that cover all that is to be repaired; they may overlap.
    pub excuses: Vec<Excuse>,
}

/// How long after an order is done its notes and photos may follow: the man on the pole comes home first.
const AFTERWARDS: Duration = Duration::from_secs(7 * 86_400);

/// How an order stands, and what it falls back to where the repair does not hold.
#[derive(Clone, Copy)]
struct Standing {
    state: WorkState,
    relapses_to: WorkState,
}

const OPENED: Standing = Standing { state: WorkState::Unassigned, relapses_to: WorkState::Working };

impl WorkOrder {
    /// How it stands.
    pub fn state(&self) -> WorkState {
        self.standing().state
    }

    /// How it stood after each step.
    pub(super) fn course(&self) -> impl Iterator<Item = (&WorkStep, WorkState)> {
        self.steps.iter().scan(OPENED, |standing, step| {
            *standing = after(*standing, step.act).unwrap_or(*standing);
            Some((step, standing.state))
        })
    }

    fn standing(&self) -> Standing {
        self.steps
            .iter()
            .fold(OPENED, |standing, step| after(standing, step.act).unwrap_or(standing))
    }

    /// Whether notes and photos are taken at `at`: until it is over, and of one that is done for seven days
    /// more.
    pub fn takes_more(&self, at: Timestamp) -> bool {
        match self.state() {
            WorkState::Cancelled => false,
            WorkState::Done => {
                let ended = |step: &&WorkStep| matches!(step.act, WorkAct::Prove | WorkAct::Finish);
                self.steps.iter().rfind(ended).is_some_and(|step| at <= step.at + AFTERWARDS)
            }
            _ => true,
        }
    }

    /// How it would stand after a step.
    pub fn allow(&self, step: &WorkStep) -> Result<WorkState, WorkRefusal> {
        if step.act == WorkAct::Finish && self.subject == WorkSubject::Probed {
            return Err(WorkRefusal::Unproven);
        }
        let is_complete = match step.act {
            WorkAct::Stop => step.reason.is_some(),
            WorkAct::Assign => step.maintainer.is_some(),
            WorkAct::Note | WorkAct::Cancel => !step.note.trim().is_empty(),
            _ => true,
        };
        if !is_complete {
            return Err(WorkRefusal::Incomplete);
        }
        if step.act == WorkAct::Note && !self.takes_more(step.at) {
            return Err(WorkRefusal::Order);
        }
        after(self.standing(), step.act).map(|it| it.state).ok_or(WorkRefusal::Order)
    }

    /// Who has it.
    pub fn maintainer(&self) -> Option<MaintainerId> {
        self.steps.iter().rev().find_map(|step| step.maintainer)
    }
}

/// How it stands after an act; `None` where it cannot be done. A clock that somebody stopped stands still
/// again after a relapse: only a person lets it run.
fn after(standing: Standing, act: WorkAct) -> Option<Standing> {
    use WorkState::{Cancelled, Done, Proving, Stopped, Unassigned, Working};
    let Standing { state, relapses_to } = standing;
    let to = |state| Some(Standing { state, relapses_to });
    match (state, act) {
        (Done, WorkAct::Note) => to(Done),
        (Done | Cancelled, _) | (_, WorkAct::Open) => None,
        (state, WorkAct::Note) => to(state),
        (_, WorkAct::Cancel | WorkAct::Retire) => to(Cancelled),
        (Unassigned | Working, WorkAct::Assign) => to(Working),
        (Stopped | Proving, WorkAct::Assign) => to(state),
        (Unassigned | Working, WorkAct::Stop) => {
            Some(Standing { state: Stopped, relapses_to: Stopped })
        }
        (Stopped, WorkAct::Resume) => Some(Standing { state: Working, relapses_to: Working }),
        (Unassigned | Working | Stopped, WorkAct::Recover) => to(Proving),
        (Proving, WorkAct::Relapse) => to(relapses_to),
        (Proving, WorkAct::Prove) => to(Done),
        (Unassigned | Working | Stopped, WorkAct::Finish) => to(Done),
        _ => None,
    }
}

//! 会前检查: what is looked at before a meeting, what that says, and whether the meeting may begin.
//!
//! Invariants: what could not be tested is 未测 and never passes; a pass is only as good as its age;
//! automation never signs what a person has to see or hear; nothing calls an endpoint in the last ten
//! minutes or while the meeting runs.

mod agenda;
mod backup;
mod change;
mod document;
mod evidence;
mod figures;
mod item;
mod judge;
mod plan;
mod readiness;
mod record;
mod turn;

pub use agenda::{Agenda, Cause, agenda, depth_at};
pub use backup::judge_backup_call;
pub use change::PointChange;
pub use document::DocumentProblem;
pub use evidence::{Evidence, MeasureUnit, NotRun};
pub use figures::{Assured, MeetingFigures, Until};
pub use item::{CheckItem, ItemKind, Outcome};
pub use judge::{Finding, judge, judge_backup, judge_cameras, judge_status};
pub use plan::{CallLimits, CheckDepth, CheckPlan, CheckPoint, Fallback, PlanProblem};
pub use readiness::{
    Cell, CellResult, Conclusion, Readiness, Row, VenueCells, Weight, begun, items_of, readiness,
    roll_opens,
};
pub use record::{AfterRecord, Attendance, Draft, MeetingIncident, held, lost};
pub use turn::{LastShown, Standby, TurnTo};

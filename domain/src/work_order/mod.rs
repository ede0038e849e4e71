//! 工单: the repair of an incident, or what somebody reported by telephone (报修).
//!
//! A work order is what was done to it: a list of steps that only grows. How it stands and what its clock
//! says are functions of that list and of the exclusions that were approved meanwhile. Invariants: the clock runs only in its calendar and stands only for a
//! reason; an order about what we probe ends only by our own probes, never by a word; nothing that is over
//! begins again but by a relapse within the time of proof.

mod calendar;
mod clock;
mod performance;
mod rules;
mod steps;

pub use calendar::{Calendar, RepairCalendar};
pub use clock::Spent;
pub use performance::Performance;
pub use rules::RepairRules;
pub use steps::{
    Excuse, StopReason, WorkAct, WorkCategory, WorkOrder, WorkRefusal, WorkState, WorkStep,
    WorkSubject,
};

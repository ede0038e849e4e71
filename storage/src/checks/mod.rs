//! 会前检查: plans, runs, cells, incidents of meetings and what is archived of them.
//!
//! Invariants: what a check said and what a person signed is only added to, the schema keeps it so; a run
//! that was broken off says so and its point is due again; what a person does and its audit line are one
//! transaction.

mod asked;
mod cells;
mod incidents;
mod plans;
mod records;
mod runs;
mod standby;
mod turned;

pub use asked::WaitingCheck;
pub use cells::{CellOf, NewCell, VenueHistory};
pub use incidents::{IncidentActed, NewMeetingIncident};
pub use plans::{PlanSaved, StoredPlan};
pub use records::{Archived, MonthFigures};
pub use runs::{CheckRun, NewRun, RunState};
pub use standby::VenueShown;
pub use turned::Turned;

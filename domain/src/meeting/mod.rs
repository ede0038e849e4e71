//! 会议: what is booked, where, for when, and how it stands.
//!
//! A meeting is what was done to it, as a work order is: [`MeetingState`] is a function of its steps.
//! Invariants: what people booked is kept as the clock on the wall showed it, with its zone, and becomes
//! moments only when it is reserved; intervals are half-open, so an end is no clash with a beginning; what
//! is over is never changed.

mod change;
mod grade;
mod plan;
mod programme;
mod rules;
mod series;
mod slot;
mod state;
mod venue;

pub use grade::{AssuranceGrade, Cascade, Convener, MeetingRank};
pub use plan::{Contact, ContactRole, MeetingPlan, MeetingProblem, MeetingVenue};
pub use programme::{
    AgendaItem, Attendee, Programme, ProgrammeFault, ProgrammePart, ProgrammeProblem, ProgrammeRow,
    read_agenda, read_attendance,
};
pub use rules::{BookingRules, Displacing, MeetingApproval};
pub use series::{MOST_OCCURRENCES, SeriesProblem, occurrences};
pub use slot::{Buffers, LocalSlot, Slot, nearest_free};
pub use state::{MeetingAct, MeetingRefusal, MeetingState, MeetingStep, state_of, was_displaced};
pub use venue::{
    DeviceRole, PlatformResource, ResourceKind, Subject, Venue, VenueDevice, VenueRole,
};

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

use crate::{StoreError, decode};
use sqlx::SqliteConnection;
use zhishou_domain::{MeetingId, VenueId, meeting::MeetingState};

pub use asked::WaitingCheck;
pub use cells::{CellOf, NewCell, VenueHistory};
pub use incidents::NewMeetingIncident;
pub(crate) use incidents::turn_incident;
pub use plans::{PlanSaved, StoredPlan};
pub use records::{Archived, MonthFigures, Unarchived};
pub use runs::{CheckRun, NewRun, RunState};
pub use standby::VenueShown;

/// What became of what a person enters about a venue of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered<T> {
    /// It is kept.
    Now(T),
    /// The meeting is not approved, or is over or cancelled: nobody checks or watches it.
    NotOpen,
    /// The meeting has no such venue, or the venue nothing of the kind.
    Missing,
}

/// Whether persons enter anything about a venue of a meeting: while it is to be held, and while it is held.
async fn place(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    venue: VenueId,
) -> Result<Entered<()>, StoreError> {
    let state: Option<String> = sqlx::query_scalar(
        "SELECT m.state FROM meetings m JOIN meeting_venues v ON v.meeting_id = m.id
         WHERE m.id = ? AND v.venue_id = ?",
    )
    .bind(meeting.number())
    .bind(venue.number())
    .fetch_optional(connection)
    .await?;
    let Some(state) = state else { return Ok(Entered::Missing) };
    let state = decode::word("meetings.state", &state, MeetingState::from_code)?;
    Ok(if state.is_watched() { Entered::Now(()) } else { Entered::NotOpen })
}

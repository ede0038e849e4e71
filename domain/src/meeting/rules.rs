//! What this house asks of a booking.

use super::Buffers;

/// Whether somebody else has to approve a meeting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MeetingApproval {
    /// Nobody has to.
    #[default]
    None,
    /// Somebody who did not submit it.
    Required,
}

/// Whether a meeting may take the place of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Displacing {
    /// Never.
    #[default]
    Never,
    /// Of one that ranks lower, by a named person who confirms it.
    LowerRank,
}

/// What this house asks of a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookingRules {
    /// Who approves.
    pub approval: MeetingApproval,
    /// Who makes way.
    pub displacing: Displacing,
    /// Least time before and after, but for an emergency.
    pub least: Buffers,
}

impl Default for BookingRules {
    fn default() -> Self {
        Self {
            approval: MeetingApproval::None,
            displacing: Displacing::Never,
            least: Buffers { setup_min: 30, teardown_min: 15 },
        }
    }
}

use crate::{ConfigError, Rule, Unit, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zhishou_domain::meeting::{self, BookingRules, Buffers};

/// What this house asks of a booking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bookings {
    /// Whether somebody who did not submit a meeting has to approve it.
    pub approval: Approval,
    /// Whether a meeting may take the place of one that ranks lower, when a person confirms it.
    pub displace: Displace,
    /// Least time before a meeting in which its rooms are its own, minutes, 0 to 1440.
    pub setup_min: u32,
    /// Least time after it, minutes, 0 to 1440.
    pub teardown_min: u32,
}

/// Whether somebody has to approve a meeting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Nobody has to.
    #[default]
    None,
    /// An administrator who did not submit it.
    Required,
}

/// Whether a meeting may take the place of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Displace {
    /// Never.
    #[default]
    Never,
    /// Of one that ranks lower.
    LowerRank,
}

impl Default for Bookings {
    fn default() -> Self {
        let Buffers { setup_min, teardown_min } = BookingRules::default().least;
        Self { approval: Approval::None, displace: Displace::Never, setup_min, teardown_min }
    }
}

impl Bookings {
    /// As the pages keep them.
    pub fn rules(&self) -> BookingRules {
        BookingRules {
            approval: match self.approval {
                Approval::None => meeting::MeetingApproval::None,
                Approval::Required => meeting::MeetingApproval::Required,
            },
            displacing: match self.displace {
                Displace::Never => meeting::Displacing::Never,
                Displace::LowerRank => meeting::Displacing::LowerRank,
            },
            least: Buffers { setup_min: self.setup_min, teardown_min: self.teardown_min },
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        for (key, value) in
            [("bookings.setup_min", self.setup_min), ("bookings.teardown_min", self.teardown_min)]
        {
            require(value <= 1440, key, value, Rule::within(0.0, 1440.0, Unit::Minutes))?;
        }
        Ok(())
    }
}

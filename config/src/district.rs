use crate::{ConfigError, Rule, require};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who we are and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct District {
    /// Name shown on pages and reports.
    pub name: String,
    /// IANA time zone of days, schedules and reports.
    pub time_zone: String,
}

impl Default for District {
    fn default() -> Self {
        Self { name: "本区".to_owned(), time_zone: "Asia/Shanghai".to_owned() }
    }
}

impl District {
    /// The time zone; UTC where the name is none (refused by `check`).
    pub fn zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(Tz::UTC)
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        require(!self.name.trim().is_empty(), "district.name", &self.name, Rule::NotEmpty)?;
        require(
            self.time_zone.parse::<Tz>().is_ok(),
            "district.time_zone",
            &self.time_zone,
            Rule::TimeZone,
        )
    }
}

use crate::{ConfigError, Rule, Unit, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// Days raw observations are kept, 1 to 366. Figures never read them.
    pub raw_days: u32,
    /// Days hourly measures (frame rate, loss, jitter) are kept, 2 to 3660.
    pub measure_days: u32,
}

impl Default for Storage {
    fn default() -> Self {
        Self { raw_days: 7, measure_days: 60 }
    }
}

impl Storage {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        require(
            (1..=366).contains(&self.raw_days),
            "storage.raw_days",
            self.raw_days,
            Rule::within(1.0, 366.0, Unit::Days),
        )?;
        require(
            (2..=3660).contains(&self.measure_days),
            "storage.measure_days",
            self.measure_days,
            Rule::within(2.0, 3660.0, Unit::Days),
        )
    }
}

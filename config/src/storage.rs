use crate::{ConfigError, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// Days raw observations are kept, 1 to 366. Figures never read them.
    pub raw_days: u32,
}

impl Default for Storage {
    fn default() -> Self {
        Self { raw_days: 7 }
    }
}

impl Storage {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        require(
            (1..=366).contains(&self.raw_days),
            "storage.raw_days",
            self.raw_days,
            "must be 1 to 366",
        )
    }
}

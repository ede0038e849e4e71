use crate::{ConfigError, Rule, Unit, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Targets and floors of the figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Accounting {
    /// Target of the online rate, 0 to 1. The national figure for key public areas is 0.98.
    pub online_target: f64,
    /// Coverage below which a page gives an interval instead of a number, 0 to 1.
    pub coverage_floor: f64,
}

impl Default for Accounting {
    fn default() -> Self {
        Self { online_target: 0.98, coverage_floor: 0.90 }
    }
}

impl Accounting {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let share = 0.0..=1.0;
        let rule = || Rule::within(0.0, 1.0, Unit::Share);
        require(
            share.contains(&self.online_target),
            "accounting.online_target",
            self.online_target,
            rule(),
        )?;
        require(
            share.contains(&self.coverage_floor),
            "accounting.coverage_floor",
            self.coverage_floor,
            rule(),
        )
    }
}

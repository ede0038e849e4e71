use crate::{ConfigError, Rule, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zhishou_domain::policy::{DEFAULT_POLICY, PolicyRef};

/// How figures are made where a page or call names nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Accounting {
    /// Accounting policy (口径) by its id; its newest version counts. Targets and the coverage floor are
    /// part of it.
    pub policy: String,
}

impl Default for Accounting {
    fn default() -> Self {
        Self { policy: DEFAULT_POLICY.to_owned() }
    }
}

impl Accounting {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let is_id = format!("{}@1", self.policy).parse::<PolicyRef>().is_ok();
        require(is_id, "accounting.policy", &self.policy, Rule::PolicyId)
    }
}

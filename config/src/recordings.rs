use crate::{ConfigError, Rule, Unit, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Evidence files: few, small, deleted on schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Recordings {
    /// Most megabytes (10⁶ bytes) kept; the oldest go first. At least 10.
    pub quota_mb: u64,
    /// Days the picture of a fault is kept, 1 to 3650.
    pub retention_days: u32,
    /// Days a picture without a fault is kept, 1 to 3650.
    pub good_days: u32,
    /// Days a dialogue is kept, 1 to 3650.
    pub dialogue_days: u32,
    /// Free megabytes below which the disk is reported as nearly full and nothing more is kept.
    pub min_free_mb: u64,
    /// Which dialogues with devices are kept beside pictures.
    pub dialogues: KeepDialogues,
}

/// Which dialogues are kept, the last ten of each device for each of both reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeepDialogues {
    /// Those that somebody asks for on the page of a device.
    Asked,
    /// Beside these the one that makes an outage hard, once per outage.
    #[default]
    Outages,
}

impl Default for Recordings {
    fn default() -> Self {
        Self {
            quota_mb: 2_000,
            retention_days: 30,
            good_days: 30,
            dialogue_days: 30,
            min_free_mb: 500,
            dialogues: KeepDialogues::Outages,
        }
    }
}

impl Recordings {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        require(
            self.quota_mb >= 10,
            "recordings.quota_mb",
            self.quota_mb,
            Rule::AtLeast { least: 10.0, unit: Unit::Megabytes },
        )?;
        let days = [
            ("recordings.retention_days", self.retention_days),
            ("recordings.good_days", self.good_days),
            ("recordings.dialogue_days", self.dialogue_days),
        ];
        days.into_iter().try_for_each(|(name, days)| {
            require((1..=3650).contains(&days), name, days, Rule::within(1.0, 3650.0, Unit::Days))
        })
    }
}

use crate::{ConfigError, Rule, Unit, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where media become a fault, for all plans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Share of packets lost past which it is `packet_loss`, 0 to 1.
    pub packet_loss: f64,
    /// Share of the declared frame rate below which it is `low_fps`, 0 (never) to 1.
    pub low_fps: f64,
    /// Share of the usual bit rate below which a stream whose keyframes are starved too is
    /// `low_bitrate`, 0 (never) to 1.
    pub low_bitrate: f64,
    /// Seconds of silence within a stream past which it is `stalled`, 0.5 to 60.
    pub stalled_s: f64,
    /// Seconds between the clocks past which it is `clock_offset`, 0.1 to 86 400.
    pub clock_offset_s: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            packet_loss: 0.01,
            low_fps: 0.8,
            low_bitrate: 0.25,
            stalled_s: 3.0,
            clock_offset_s: 10.0,
        }
    }
}

impl Limits {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let shares = [
            ("limits.packet_loss", self.packet_loss),
            ("limits.low_fps", self.low_fps),
            ("limits.low_bitrate", self.low_bitrate),
        ];
        for (key, share) in shares {
            require((0.0..=1.0).contains(&share), key, share, Rule::within(0.0, 1.0, Unit::Share))?;
        }
        require(
            (0.5..=60.0).contains(&self.stalled_s),
            "limits.stalled_s",
            self.stalled_s,
            Rule::within(0.5, 60.0, Unit::Seconds),
        )?;
        require(
            (0.1..=86_400.0).contains(&self.clock_offset_s),
            "limits.clock_offset_s",
            self.clock_offset_s,
            Rule::within(0.1, 86_400.0, Unit::Seconds),
        )
    }
}

//! What people do about an incident.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A mute lasts so long at most.
pub const LONGEST_MUTE: Duration = Duration::from_secs(30 * 86_400);

/// What somebody does about an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandlingAct {
    /// 确认: somebody has taken it on, and it is not said again that nobody has.
    Acknowledge,
    /// 静默: it is not spoken of for a while. It counts all the same.
    Mute,
    /// 解除静默.
    Unmute,
}

words!(HandlingAct {
    Acknowledge = "acknowledge", "确认", "acknowledged";
    Mute = "mute", "静默", "muted";
    Unmute = "unmute", "解除静默", "unmuted";
});

/// A line of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handling {
    /// When.
    pub at: Timestamp,
    /// Who, as they logged in.
    pub login: String,
    /// What.
    pub act: HandlingAct,
    /// Of a mute: until when.
    pub until: Option<Timestamp>,
    /// Why.
    pub note: String,
}

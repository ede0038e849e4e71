//! Why a message was not taken, without anything that opens a channel.

use std::time::Duration;
use zhishou_domain::alert::{ChannelAccess, SendProblem, cut_characters};

/// Characters kept of what the other side said.
const SAID: usize = 200;
/// A part of an address that is this long or longer may be a token.
const TOKEN: usize = 6;

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("send a message: {problem:?}: {detail}")]
pub struct SendError {
    /// What kind of trouble.
    pub problem: SendProblem,
    /// What the other side said.
    pub detail: String,
    /// It asks not to be tried before so long.
    pub after: Option<Duration>,
}

impl SendError {
    pub(crate) fn new(problem: SendProblem, detail: impl AsRef<str>) -> Self {
        let line: String =
            detail.as_ref().chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
        let detail = cut_characters(line.trim(), SAID, "…");
        Self { problem, detail, after: None }
    }

    pub(crate) fn timed_out() -> Self {
        Self::new(SendProblem::Unreachable, "no answer in time")
    }

    /// Without the address, its parts and the secret, wherever the other side or a library said them.
    pub(crate) fn redacted(mut self, access: &ChannelAccess) -> Self {
        let host = access.host();
        let parts = access.address.split(['/', '?', '&', '=', '#', '@', ':']);
        let tokens = parts.filter(|it| it.len() >= TOKEN && !host.contains(it));
        for secret in [access.secret.as_str()].into_iter().chain(tokens) {
            if !secret.is_empty() {
                self.detail = self.detail.replace(secret, "…");
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_a_channel_is_taken_out_of_what_others_say() {
        let access = ChannelAccess {
            address: "https://oapi.dingtalk.com/robot/send?access_token=abcdef0123".into(),
            secret: "SECxyz".into(),
        };
        let said = "token abcdef0123 of https://oapi.dingtalk.com\nwith SECxyz is not known";
        let error = SendError::new(SendProblem::NotPermitted, said).redacted(&access);
        assert_eq!(error.detail, "token … of https://oapi.dingtalk.com with … is not known");
        assert_eq!(SendError::new(SendProblem::Busy, "x".repeat(1000)).detail.chars().count(), 200);
    }
}

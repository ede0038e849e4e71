//! Messages out: mail, robots of DingTalk, Feishu and WeCom, signed webhooks, SMS gateways.
//!
//! What goes over the wire is made by pure functions, one module a kind, and so is what an answer means;
//! [`Notifier`] moves the bytes. It keeps nothing, tries once and does not sleep: when a message is tried
//! again is the outbox's.
//!
//! Invariants: every wait has a deadline and every answer a cap; no redirect is followed, for a secret goes
//! where it was meant to; no error holds an address or a secret of a channel.

#![cfg_attr(not(test), warn(clippy::expect_used))]

mod answer;
mod error;
mod http;
mod mail;
mod robot;
mod sms;
mod text;
mod trust;
mod webhook;

pub use error::SendError;
pub use trust::{Trust, TrustError};

use std::time::Duration;
use zhishou_domain::{
    Lang, Timestamp,
    alert::{Channel, ChannelAccess, ChannelKind, Note},
};

/// How long one try may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// A file that goes along with mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A message on its way over one channel.
#[derive(Clone, Debug)]
pub struct Letter<'a> {
    /// What tells it apart, for a receiver that gets it twice.
    pub key: &'a str,
    /// What it says.
    pub note: &'a Note,
    /// Mail addresses or telephones.
    pub recipients: &'a [String],
    /// Address of the page it is about; `None` where nobody said how we are reached.
    pub link: Option<String>,
    /// What goes along with mail.
    pub files: Vec<File>,
    /// The present: robots compare it with their clock.
    pub now: Timestamp,
    /// In which language.
    pub lang: Lang,
}

/// Sends messages.
#[derive(Clone, Debug)]
pub struct Notifier {
    trust: Trust,
}

impl Notifier {
    /// One that trusts these roots.
    pub fn new(trust: Trust) -> Self {
        Self { trust }
    }

    /// Tries once to send a message. `Ok` where the other side took it.
    pub async fn send(
        &self,
        channel: &Channel,
        access: &ChannelAccess,
        letter: &Letter<'_>,
    ) -> Result<(), SendError> {
        let sent = async {
            match channel.kind {
                ChannelKind::Mail => mail::send(&self.trust, channel, access, letter).await,
                kind => {
                    let request = match kind {
                        ChannelKind::Webhook => webhook::request(access, letter),
                        ChannelKind::Sms => sms::request(channel, access, letter)?,
                        _ => robot::request(kind, access, letter),
                    };
                    let relay = &channel.settings.relay;
                    let answer = http::ask(&self.trust, relay, request).await?;
                    answer::judge(kind, &channel.settings, &answer)
                }
            }
        };
        let sent = tokio::time::timeout(DEADLINE, sent).await;
        sent.unwrap_or_else(|_| Err(SendError::timed_out())).map_err(|error| error.redacted(access))
    }
}

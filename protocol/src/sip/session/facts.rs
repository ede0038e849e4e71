//! What a session learned.

use std::net::SocketAddr;

use crate::sdp::Description;
use crate::sip::Timings;

/// How a call was ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Teardown {
    /// There was no call.
    #[default]
    NotNeeded,
    /// CANCEL or BYE was confirmed, or the call was refused.
    Confirmed,
    /// The peer hung up.
    ByPeer,
    /// BYE or CANCEL went out, and nothing came back.
    Unanswered,
    /// It could not be sent: there was no connection any more.
    NotSent,
}

/// What is known of the session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// `Server` or `User-Agent`.
    pub server: Option<String>,
    /// `Allow`, in upper case.
    pub methods: Vec<String>,
    /// Status of the last final answer to OPTIONS.
    pub options_status: Option<u16>,
    /// How long things took.
    pub timings: Timings,
    /// How the call was ended.
    pub teardown: Teardown,
    /// Answers of other forks, each acknowledged and hung up.
    pub forks: u32,
    /// The refresh interval that was agreed on, seconds (RFC 4028).
    pub session_expires_s: Option<u64>,
    /// Our address, as the peer sees it.
    pub seen_as: Option<SocketAddr>,
    /// Logins refused: 0 or 1.
    pub rejected_logins: u32,
    /// The login has left this machine.
    pub login_sent: bool,
    /// It was accepted.
    pub login_proven: bool,
    /// It was sent and not answered.
    pub login_in_doubt: bool,
}

/// The final answer to OPTIONS.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// 200 to 699.
    pub status: u16,
    /// Its words.
    pub reason: String,
    /// What it could receive (RFC 3261 §11.2), where it says so.
    pub description: Option<Description>,
}

/// The answer to a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Where media go, and in what.
    pub description: Description,
}

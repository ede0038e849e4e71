//! What a session is asked to do, and how long each part may take.

use std::time::Duration;

use super::Target;
use crate::auth::Credential;

/// How far a session goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// To the answer to DESCRIBE: nothing is set up.
    Describe,
    /// Until media flow and the caller has had enough.
    Play,
}

/// How media travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    /// Inside the RTSP connection (RFC 2326 §10.12).
    Tcp,
    /// As datagrams of their own, unicast (RFC 3550 §11).
    Udp,
}

/// Which ways are tried, in this order. The second is tried once, on a new connection with a
/// DESCRIBE of its own, where the device refuses the first or sends nothing (Q48).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transports {
    /// Asked for first.
    pub first: TransportKind,
    /// Asked for if that fails.
    pub spare: Option<TransportKind>,
}

impl Transports {
    /// TCP passes NAT and firewalls; UDP where TCP fails.
    pub const AUTO: Self = Self { first: TransportKind::Tcp, spare: Some(TransportKind::Udp) };
    /// The same the other way round, for a device that has UDP alone.
    pub const AUTO_BY_UDP: Self =
        Self { first: TransportKind::Udp, spare: Some(TransportKind::Tcp) };
    /// TCP and nothing else.
    pub const TCP: Self = Self { first: TransportKind::Tcp, spare: None };
    /// UDP and nothing else.
    pub const UDP: Self = Self { first: TransportKind::Udp, spare: None };

    /// Whether media may travel that way.
    pub fn allows(self, kind: TransportKind) -> bool {
        self.first == kind || self.spare == Some(kind)
    }
}

/// How long to wait for each answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// OPTIONS.
    pub options: Duration,
    /// DESCRIBE: recorders ask the camera behind them first.
    pub describe: Duration,
    /// Each SETUP.
    pub setup: Duration,
    /// PLAY.
    pub play: Duration,
    /// TEARDOWN: after this the session counts as open until its timeout.
    pub teardown: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            options: seconds(5),
            describe: seconds(8),
            setup: seconds(5),
            play: seconds(5),
            teardown: seconds(2),
        }
    }
}

/// What a session is asked to do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The stream.
    pub target: Target,
    /// The login, if one is known and may be sent.
    pub credential: Option<Credential>,
    /// How far to go.
    pub depth: Depth,
    /// How media may travel.
    pub transports: Transports,
    /// The `User-Agent` of every request.
    pub user_agent: String,
    /// How long to wait.
    pub deadlines: Deadlines,
    /// Chance for client nonces; must differ from probe to probe.
    pub entropy: u64,
}

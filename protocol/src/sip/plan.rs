//! What a session is to do and how long it may take.

use std::net::SocketAddr;
use std::time::Duration;

use super::Target;
use crate::auth::Credential;

/// How long the peer has for each answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// OPTIONS, from the first of its repetitions: at 0, 0.5, 1.5, 3.5 and 7.5 s over datagrams.
    pub options: Duration,
    /// INVITE until anything is heard of it.
    pub trying: Duration,
    /// INVITE until it is answered; then it is cancelled.
    pub ringing: Duration,
    /// The end of a call: CANCEL and what follows, or BYE. Past it the end is unconfirmed.
    pub ending: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            options: Duration::from_secs(8),
            trying: Duration::from_secs(8),
            ringing: Duration::from_secs(20),
            ending: Duration::from_secs(8),
        }
    }
}

/// What a session is to do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Whom to ask.
    pub target: Target,
    /// Our end of the socket that carries it: what `Via` and `Contact` say.
    pub local: SocketAddr,
    /// What to log in with.
    pub credential: Option<Credential>,
    /// Chance for tags, branches and nonces; differs from session to session.
    pub entropy: u64,
    /// `User-Agent`.
    pub user_agent: String,
    /// How long answers may take.
    pub deadlines: Deadlines,
}

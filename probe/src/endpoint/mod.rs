//! The driver of [`zhishou_protocol::sip`]: it asks endpoints, moves bytes, sleeps, and reports.
//!
//! Invariants: an endpoint is opened under the same guards as a camera, and its login leaves with a
//! ticket of them; a call is made only where it is permitted and OPTIONS says nothing against it; what
//! was begun is ended on every way out, also when the caller goes away.

mod call;
mod judge;
mod meaning;
mod media;
mod report;
mod visit;
mod wire;

use std::net::SocketAddr;
use std::time::Duration;

use zhishou_domain::{
    CallFacts, CertificateFingerprint, Credential, CredentialState, Fault, LoginResult, Stage,
};
use zhishou_protocol::sip::{Facts, Target};

use crate::rtsp::Met;
pub use call::{CallLog, Noting};
use call::{Called, Calling};

/// What a visit needs to know.
pub(crate) struct Order {
    target: Target,
    credential: Option<Credential>,
    credential_state: CredentialState,
    /// The certificate on record.
    certificate: Option<CertificateFingerprint>,
    entropy: u64,
    /// How to call it; `None` where only signalling is asked for.
    calling: Option<Calling>,
}

/// What a visit brought.
#[derive(Default)]
pub(crate) struct Seen {
    faults: Vec<Fault>,
    /// What was met before anything was asked.
    reached: Vec<(Stage, Duration)>,
    /// What the sessions learned, the last one's.
    facts: Facts,
    call: CallFacts,
    /// A call was tried.
    called: Option<Called>,
    tls: Option<Met>,
    /// What became of the login.
    login: Option<LoginResult>,
    login_in_doubt: bool,
    ended: Duration,
}

impl Seen {
    fn met(&mut self, peer: SocketAddr) {
        self.call.peer = Some(peer.to_string());
    }
}

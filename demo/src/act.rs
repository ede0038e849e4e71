//! What each camera of the cast does when it is opened, right or wrong.

use std::net::Ipv4Addr;
use zhishou_domain::{Credential, FaultCode, Verdict};

use crate::district::Expected;

/// What a camera does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Plays a loop.
    Plays(&'static str),
    /// Plays a loop and loses packets on the way.
    Loses(&'static str),
    /// Plays a loop for [`UP_S`], is gone for [`DOWN_S`], and so on.
    ComesAndGoes(&'static str),
    /// Plays a loop, at a path the ledger does not have.
    PlaysElsewhere(&'static str),
    /// Accepts the connection and never says a word.
    KeepsSilent,
    /// Its network is gone: who calls gets no answer at all.
    IsCutOff,
}

/// How long a camera that comes and goes is up, seconds.
pub(crate) const UP_S: u32 = 150;
/// How long it is then gone, seconds.
pub(crate) const DOWN_S: u32 = 90;

/// How a camera asks for its credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// It does not.
    Open,
    /// RFC 7617.
    Basic,
    /// RFC 2617, MD5.
    Digest,
}

/// One camera as it stands on the network.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) host: Ipv4Addr,
    /// With its leading slash.
    pub(crate) path: String,
    pub(crate) act: Act,
    pub(crate) login: Login,
    /// What the camera accepts, where it asks.
    pub(crate) credential: Credential,
    /// Whether the ledger knows that password.
    pub(crate) password_known: bool,
    /// The fault of the loop it plays, or of its delivery.
    pub(crate) fault: Option<FaultCode>,
}

impl Scene {
    /// What a truthful probe says.
    pub(crate) fn expected(&self) -> Expected {
        let steady = |verdict, faults: Vec<FaultCode>| Expected::Steady { verdict, faults };
        if !self.password_known {
            return steady(Verdict::Unknown, vec![FaultCode::AuthRejected]);
        }
        match (self.act, self.fault) {
            (Act::ComesAndGoes(_), _) => Expected::Alternating { down: FaultCode::Refused },
            (Act::PlaysElsewhere(_), _) => steady(Verdict::Offline, vec![FaultCode::NotFound]),
            (Act::KeepsSilent, _) => steady(Verdict::Offline, vec![FaultCode::NoResponse]),
            (Act::IsCutOff, _) => steady(Verdict::Offline, vec![FaultCode::ConnectTimeout]),
            (Act::Plays(_) | Act::Loses(_), Some(fault)) => steady(Verdict::Degraded, vec![fault]),
            (Act::Plays(_) | Act::Loses(_), None) => steady(Verdict::Online, Vec::new()),
        }
    }
}

//! How an RTSP session ends badly, in terms that map one to one to fault codes.

use std::time::Duration;

use thiserror::Error;

use super::FrameError;
use crate::sdp::SdpError;

/// The part of a session something happened in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// OPTIONS.
    Options,
    /// DESCRIBE.
    Describe,
    /// SETUP of the video or the sound.
    Setup,
    /// PLAY.
    Play,
    /// Media are flowing.
    Receive,
    /// TEARDOWN.
    Teardown,
}

/// Time spent per stage, from its first request to its last answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// OPTIONS.
    pub options: Option<Duration>,
    /// DESCRIBE, with the answer to a challenge and redirects in it.
    pub describe: Option<Duration>,
    /// All SETUPs.
    pub setup: Option<Duration>,
    /// PLAY.
    pub play: Option<Duration>,
    /// TEARDOWN; `None` too if its answer never came.
    pub teardown: Option<Duration>,
}

/// A session that did not do what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{stage:?}: {cause}")]
pub struct Failure {
    /// Where.
    pub stage: Stage,
    /// Why.
    pub cause: Cause,
}

/// Why a session failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Cause {
    /// What answers is no RTSP server.
    #[error("peer does not speak RTSP, it begins with {sample:?}")]
    NotRtsp {
        /// Its first bytes, printable, at most 32.
        sample: String,
    },
    /// Connected, and no answer came.
    #[error("no answer within {} ms (closed by peer: {closed})", waited.as_millis())]
    NoResponse {
        /// How long we waited.
        waited: Duration,
        /// The peer closed the connection instead of answering.
        closed: bool,
    },
    /// An answer that makes no sense.
    #[error("unusable answer: {0}")]
    BadFrame(FrameError),
    /// A status that has no meaning of its own here.
    #[error("unexpected status {status} {reason}")]
    BadStatus {
        /// The status code.
        status: u16,
        /// The reason phrase, at most 64 characters.
        reason: String,
    },
    /// A redirect that cannot be followed.
    #[error("redirect {status} cannot be followed: {problem}")]
    BadRedirect {
        /// The status code.
        status: u16,
        /// What is wrong with it.
        problem: RedirectProblem,
    },
    /// 401, and no login is known.
    #[error("login required ({offered})")]
    AuthRequired {
        /// The schemes offered, comma-separated; empty if the device named none.
        offered: String,
        /// A login is known but was withheld: a redirect led to another host, or a guard forbade it.
        withheld: bool,
    },
    /// The login was refused.
    #[error("login refused ({offered})")]
    AuthRejected {
        /// The schemes offered, comma-separated.
        offered: String,
    },
    /// 401 with no scheme that we have.
    #[error("no supported login scheme among {offered}")]
    AuthUnsupported {
        /// The schemes offered, comma-separated.
        offered: String,
    },
    /// 403, 453, 503, or a 401 after the login had worked: too many viewers.
    #[error("device is full, status {status}")]
    SessionLimit {
        /// The status code.
        status: u16,
    },
    /// 404 or 410.
    #[error("no such stream, status {status}")]
    NotFound {
        /// The status code.
        status: u16,
    },
    /// 5xx, or a session that the device forgot (454).
    #[error("device error, status {status} {reason}")]
    ServerError {
        /// The status code.
        status: u16,
        /// The reason phrase, at most 64 characters.
        reason: String,
    },
    /// The session description is of no use.
    #[error("{0}")]
    BadSdp(#[from] SdpError),
    /// The description offers no video.
    #[error("no video among {media} media")]
    NoVideo {
        /// How many media there are.
        media: usize,
    },
    /// The device refuses the transport, or answers with another.
    #[error("transport not possible, status {status}")]
    TransportUnsupported {
        /// 461, or 200 if it answered with another.
        status: u16,
    },
    /// This machine has no UDP ports left.
    #[error("no pair of UDP ports to be had")]
    NoPorts,
    /// The connection ended while it was needed.
    #[error("connection lost")]
    ConnectionLost,
}

/// What is wrong with a redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RedirectProblem {
    /// There is no usable `Location`.
    #[error("no usable location")]
    NoLocation,
    /// More than three in one probe.
    #[error("too many redirects")]
    TooMany,
}

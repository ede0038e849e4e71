//! Why a question or a call came to nothing, and how long its parts took.

use std::time::Duration;

use super::MessageError;
use crate::sdp::SdpError;

/// Where a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// OPTIONS is to be answered.
    Options,
    /// INVITE is out, nothing is heard of it.
    Invite,
    /// A provisional answer came.
    Ringing,
    /// The call is answered.
    Answer,
    /// BYE or CANCEL is out.
    Bye,
}

/// Why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Nothing came.
    Silent {
        /// For so long.
        waited: Duration,
    },
    /// It rang, and nobody took the call.
    Unanswered {
        /// For so long.
        rang: Duration,
    },
    /// A final answer that is no success.
    Status {
        /// 300 to 699.
        status: u16,
        /// Its words.
        reason: String,
    },
    /// A login is asked for and none is known, or it may not be sent.
    AuthRequired {
        /// Schemes, for people.
        offered: String,
        /// One is known, and was held back.
        withheld: bool,
    },
    /// The login was refused.
    AuthRejected {
        /// Schemes, for people.
        offered: String,
    },
    /// Only schemes are offered that we do not have.
    AuthUnsupported {
        /// Schemes, for people.
        offered: String,
    },
    /// The connection carries something that cannot be read.
    BadMessage(MessageError),
    /// The call was answered with a description that is of no use.
    BadSdp(SdpError),
    /// The call was answered without any description.
    NoSdp,
    /// The peer closed the connection.
    ConnectionLost,
    /// The peer hung up.
    HungUp,
}

/// What failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Where.
    pub stage: Stage,
    /// Why.
    pub cause: Cause,
}

/// How long the parts took; `None` where one was not met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// OPTIONS to its final answer.
    pub options: Option<Duration>,
    /// INVITE to the first provisional answer.
    pub invite: Option<Duration>,
    /// The first provisional answer past 100 to the final one.
    pub ringing: Option<Duration>,
    /// INVITE to the final answer.
    pub answer: Option<Duration>,
    /// BYE, or CANCEL, to its answer.
    pub bye: Option<Duration>,
}

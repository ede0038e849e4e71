//! RTSP 1.0 (RFC 2326) as a viewer speaks it, and as cameras answer it.
//!
//! [`Framer`] cuts the byte stream into messages and interleaved frames and survives what devices
//! put between them. [`Session`] is the viewer: a state machine that takes bytes and time and says
//! what to send and until when to wait. It opens no socket and knows no clock.
//!
//! Messages are read and written here as bytes rather than with a library's types: a realm in GBK
//! must be echoed as it came, a request URI must leave exactly as it was hashed, and a missing
//! reason phrase must not be an error.

mod control;
mod failure;
mod framer;
mod message;
mod plan;
mod session;
mod target;
mod transport;

pub use control::{BaseUrl, resolve_control};
pub use failure::{Cause, Failure, RedirectProblem, Stage, Timings};
pub use framer::{Frame, FrameError, Framer, Resync};
pub use message::{Headers, Request, Response, ServerRequest};
pub use plan::{Deadlines, Depth, Plan, TransportKind, Transports};
pub use session::{Event, Facts, Input, Output, PacketKind, Session, TeardownState, Track};
pub use target::{Scheme, Target, TargetError};
pub use transport::{Asked, DatagramRoute, Route, SessionHeader, TransportHeader};

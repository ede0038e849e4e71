//! SIP (RFC 3261) as a caller speaks it, and as conference endpoints and their registrars answer it.
//!
//! [`Session`] is the caller: a state machine that takes bytes and time and says what to send and
//! until when to wait. It asks for OPTIONS first and calls only when it is told to; a call that was
//! begun is ended on every way out, by CANCEL before it is answered and by BYE after. It opens no
//! socket and knows no clock. [`Framer`] cuts a connection into messages; over UDP each datagram is
//! one.
//!
//! It is no registrar, no proxy and no gateway, takes no calls (486), and speaks neither reliable
//! provisional responses (RFC 3262) nor SRTP.

mod dialog;
mod failure;
mod framer;
mod message;
mod plan;
mod session;
mod target;
mod transaction;
mod write;

pub use failure::{Cause, Failure, Stage, Timings};
pub use framer::Framer;
pub use message::{Message, MessageError, Request, Response};
pub use plan::{Deadlines, Plan};
pub use session::{Answer, Event, Facts, Input, Options, Output, Session, Teardown};
pub use target::{Target, TargetError, Transport};

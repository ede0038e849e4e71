//! The deviations of real cameras (`docs/reference/quirks.md`), each as it comes over the wire.
//!
//! A test's name begins with the number of its quirk; `tests/integration/quirks.rs` compares the
//! names with the table. The devices here are scripts of bytes in virtual time, not simulators.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod auth;
mod connection;
mod device;
mod keepalive;
mod message;
mod play;
mod rtcp;
mod rtp;
mod sdp;
mod setup;
mod url;

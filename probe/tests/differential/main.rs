//! Beside retina, an RTSP client that somebody else wrote (`retina`): the same bytes of the
//! same servers, and the same broken dialogues. Where the two differ, the test says how and why.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod broken;
mod proxy;
mod relay;
mod seen;
mod streams;

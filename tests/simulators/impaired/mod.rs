//! A camera whose faults are known to the packet: it codes at an exact pace and rate, a seeded stage
//! drops, delays, doubles and swaps what it sends, and the truth about what was sent is worked out
//! here, from the sender's own times.
//!
//! Written from RFC 3550 (headers, sender reports, A.8), RFC 6184, RFC 7798, RFC 2435 and RFC 2326,
//! byte by byte, and sharing nothing with `protocol/`: one mistake must not pass both ends.
//!
//! - [`Source`] makes the frames and cuts them into payloads.
//! - [`Impairment`] numbers them, and hurts them before or after that, into a [`Script`]: what is
//!   sent when.
//! - [`Truth`] says what a faultless observer of a script, or of the times at which it was really
//!   sent, must find.
//! - [`Server`] plays a script to an RTSP client over TCP or UDP and keeps those times.

mod impairment;
mod packet;
mod script;
mod server;
mod source;
mod truth;

pub use impairment::{Delay, Impairment, Loss};
pub use packet::{Packet, Report, SSRC};
pub use script::{Script, Sending, What};
pub use server::{Played, Server};
pub use source::{Coding, Rate, Source};
pub use truth::Truth;

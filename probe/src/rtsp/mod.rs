//! The driver of [`zhishou_protocol::rtsp`]: it moves bytes, sleeps, and reports.

mod certificate;
mod connect;
mod datagrams;
mod faults;
mod link;
mod media;
mod prober;
mod tunnel;
mod visit;

pub use prober::{Outcome, Prober, check_address};

//! The driver of [`zhishou_protocol::rtsp`]: it moves bytes, sleeps, and reports.

mod certificate;
mod connect;
mod datagrams;
mod faults;
pub(crate) mod link;
mod media;
mod prober;
mod taught;
mod tunnel;
mod visit;

pub(crate) use certificate::Met;
pub(crate) use faults::{login_held_back, millis, milliseconds, silence};
pub(crate) use prober::Start;
pub use prober::{Outcome, Prober, check_address};
pub(crate) use visit::cancelled;

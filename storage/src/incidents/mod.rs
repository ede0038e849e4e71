//! 故障: what was confirmed on its way to judgement, the incidents that came of it, and how they are
//! listed.
//!
//! Invariants: what is confirmed is on disk with the result that confirmed it, and leaves the feed in the
//! transaction that writes what it led to; so a crash in between judges it once more and loses nothing.

mod feed;
mod keep;
mod list;
mod statement;

pub use feed::Heard;
pub use list::{IncidentDevice, IncidentFilter, IncidentRow, IncidentState, RootName};
pub use statement::{IncidentGroup, IncidentStatement};

pub(crate) use feed::hear;

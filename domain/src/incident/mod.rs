//! 故障: from what single devices confirmed to one incident for each root.
//!
//! [`Board::step`] takes events in any order and a time, and holds the incidents that are open or closed
//! a little while ago. It knows no device that is well.
//!
//! Invariants: no device is in two open incidents, and every device that is confirmed down is in exactly
//! one; the order in which events of one second come does not change who is with whom, for grouping only
//! ever joins and what is joined stays so; a closed incident has nobody left in it; what we could not see
//! opens an incident about ourselves and none about a device.

mod board;
mod event;
pub mod flapping;
mod grouping;
mod left;
mod member;
mod observer;
mod root;
mod shown;
#[cfg(test)]
pub(crate) mod tests;

pub use board::{Board, Change, Incident, IncidentAct, IncidentStep, Subject};
pub use event::{Crowd, DeviceEvent, Event, Manner, ObserverEvent, Parent, Seat, Sight};
pub use grouping::GroupRule;
pub use member::{Member, MemberState};
pub use observer::{Canaries, Observer, ObserverFault, ObserverRule, Trial};
pub use root::{Root, Seen};
pub use shown::{FaultSet, Shown};

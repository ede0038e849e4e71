//! What keeps a probe from harming what it watches (hard rules 1 and 2), in one place.
//!
//! [`Logins`] and [`Leases`] are pure: time is an argument, nothing waits. [`Guard`] puts them behind
//! locks and lets probes wait their turn. Every probe asks here before it connects; there is no other
//! way to send a login or to open a device.

mod leases;
mod logins;
mod turn;

pub use leases::{Lease, Leases};
pub use logins::{Admission, LoginOutcome, Logins};
pub use turn::{Guard, Held, Refusal, Ticket};

//! What keeps a probe from harming what it watches (hard rules 1 and 2), in one place.
//!
//! [`Guard`] is the only way to a device: a probe takes its [share](Guard::share) of what devices have
//! in common, [holds](Guard::open) the device before it connects, and asks what it
//! [holds](Held::login) before it sends a login. The rules themselves are pure: time is an
//! argument, nothing waits. `docs/design/guards.md` says which test proves what.

mod fingerprint;
mod gates;
mod leases;
mod logins;
mod turn;

pub use fingerprint::FingerprintKey;
use leases::{Lease, Leases};
pub use turn::{Guard, Held, Refusal, Remains, Share, Ticket};

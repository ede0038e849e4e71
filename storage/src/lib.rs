//! The store: functions per noun over SQLite.
//!
//! Invariants: there is one writer, and a write returns only after its commit; nothing here reads
//! a clock; no password leaves this crate but inside a [`zhishou_domain::Credential`]; no function
//! for a page loads a fleet.

#![cfg_attr(not(test), warn(clippy::expect_used))]

mod credentials;
mod decode;
mod error;
mod evidence;
mod history;
mod key;
mod measures;
mod prune;
mod record;
mod standings;
mod store;
mod strips;
mod targets;
mod writer;

pub use credentials::{LoginOutcome, LoginUse, StoredCredential};
pub use error::{KeyError, StoreError};
pub use evidence::{EvidenceKind, EvidenceRow, EvidenceTotal, Pictures};
pub use key::MasterKey;
pub use measures::{Measure, Rollup};
pub use record::{Fate, Record, Recorded};
pub use store::{Change, Health, Store};
pub use targets::Target;

//! The store: functions per noun over SQLite.
//!
//! Invariants: there is one writer, and a write returns only after its commit; nothing here reads
//! a clock; no password leaves this crate but inside a [`zhishou_domain::Credential`]; no function
//! for a page loads a fleet.

#![cfg_attr(not(test), warn(clippy::expect_used))]

mod error;
mod key;
mod store;
mod writer;

pub use error::{KeyError, StoreError};
pub use key::MasterKey;
pub use store::{Change, Health, Store};

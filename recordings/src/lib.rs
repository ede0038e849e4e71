//! Evidence files: the snapshots and dialogues that prove a fault, or its repair.
//!
//! A [`Store`] owns one directory. [`Store::put`] writes a file atomically and returns its key,
//! size and hash; [`Store::open_file`] gives it back; [`Store::sweep`] deletes what is too old or
//! too much and says what, so that the database can follow; [`Store::fsck`] compares the directory
//! with the database's rows; [`Store::space`] reports a disk that fills *before* it is full.
//!
//! What this crate does not do: decide when a file is worth keeping (once per change, not per
//! probe: the caller), encode pictures, or remember anything outside the directory. It does not
//! guard access; the web layer does, and logs each view.
//!
//! # Invariants
//! - A path is made from a [`Key`] alone, and a key has a closed grammar: no input names a file
//!   outside the directory.
//! - A file under its final name is complete and on disk; a crash leaves at most a `.part-` file,
//!   which is never listed or served, and is swept.
//! - Evidence is never overwritten.
//! - Time is an argument. All calls block; asynchronous callers use a blocking thread.

mod fsck;
mod key;
mod space;
mod store;
mod sweep;

pub use fsck::{Depth, Fsck, Known};
pub use key::{Key, KeyError, Kind};
pub use space::Space;
pub use store::{Evidence, Store, StoreError};
pub use sweep::{Keep, Swept};

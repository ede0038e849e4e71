//! Devices that mean harm: whatever they send, a session ends in its time, with the right fault, and
//! the heap it takes stays below the bound that `docs/reference/bounds.md` states.
//!
//! The heap is counted by the allocator of this binary, so tests run one after another.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bounds;
mod counting;
mod device;
mod receiver;
mod session;

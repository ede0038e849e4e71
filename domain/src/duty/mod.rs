//! 值班: who watches when, who was there, and what the next has to know.
//!
//! Invariants: shifts are half-open and never overlap, so that one moment has one shift; what was signed
//! and what was handed over is only added to; a shift that is over is never changed.

mod roster;
mod shift;
mod tell;

pub use roster::{Roster, RosterProblem, gaps};
pub use shift::{DutyRefusal, DutyShift, HandOver, SignIn, Watcher, watchers};
pub use tell::{Ahead, reachable};

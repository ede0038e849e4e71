//! 口径: accounting policies. A policy is a versioned document that says how observations become
//! rates; China's own documents disagree, so the formula is data and is printed beside each figure.
//!
//! Invariants: a document that says anything unknown is refused; a policy may take knowledge away
//! (count a minute as unknown) but never adds any, so that an unknown minute is neither up nor down
//! under any policy.

mod document;
mod problem;
mod reading;
mod shipped;

pub use document::{
    ClassKey, Confirmation, CountsAs, Exclusions, FaultRule, IntactOver, Ledger, LedgerField,
    LocalTime, Measure, Method, Name, OnlineOver, PictureAs, Policy, PolicyRef, Scope, Score,
    Targets, Weights,
};
pub use problem::PolicyProblem;
pub use reading::{Picture, Reach, Reading};
pub use shipped::{DEFAULT_POLICY, shipped};

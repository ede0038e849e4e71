//! What is due when.

mod agenda;

pub use agenda::{Agenda, Limits};

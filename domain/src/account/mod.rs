//! How histories become figures. Pure: a history, a policy and a window in, numbers out.
//!
//! Invariants: the grain is the minute, and a minute belongs to exactly one placement of a device;
//! it is scheduled where any part of it is; it takes its worst known state; numerators never exceed
//! denominators, and sums over disjoint devices or periods add up.

mod due;
mod figure;
#[cfg(test)]
mod laws;
mod layers;
mod tally;
mod window;

pub use due::{History, LifeChange, Placement, intersect, merge, touched};
pub use figure::{Figure, FigureKind, Figures, Score, Source, Told, Unit};
pub use layers::MinuteLayers;
pub use tally::{Heads, Sums, Tally};
pub use window::{Days, Window};

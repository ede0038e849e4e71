//! Server-made SVG: strips and sparklines. Numbers and our own words only; nothing that came from
//! a device or a ledger is ever written into a drawing.

pub(crate) mod calendar;
pub(crate) mod heat;
pub(crate) mod ratio;
mod spark;
mod strip;
pub(crate) mod stripes;
pub(crate) mod trend;

pub(crate) use spark::{Point, Spark};
pub(crate) use strip::{Segment, Shares, Strip, of_device, of_site};

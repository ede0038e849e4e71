//! The dialogue of one probe, kept for a person to read and for a replay.
//!
//! A probe that is given a [`Tape`] notes on it what crosses the wire, with times; one without pays
//! nothing. A [`Capture`] is what may be written or shown: every credential has been removed from
//! it. A `Player` gives a capture back to the very driver that made it, in virtual time and without
//! a network, so that a dialogue that failed once can be looked at for ever.
//!
//! **Bounds:** the first 2 MiB of a dialogue are kept whole; past them messages only, 512 KiB of
//! them. A file is read up to 16 MiB.

mod capture;
mod explain;
mod moment;
mod player;
mod record;
mod secrets;
mod sieve;

pub use capture::{Capture, CaptureError};
pub(crate) use moment::{Handshake, Header, Moment, Stream, Withheld};
pub(crate) use player::{Next, Player};
pub use record::Tape;

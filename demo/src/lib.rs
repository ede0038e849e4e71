//! A made-up district of real RTSP cameras and SIP endpoints on loopback, some of them faulty.
//!
//! [`Demo::start`] encodes a few loops of real camera views once ([`FootageError`] where it
//! cannot), then serves them from GStreamer's RTSP server on addresses of 127.0.0.0/8, and tells
//! by [`Demo::district`] what a ledger would hold of these cameras and what a truthful probe must
//! say of each. Nothing here knows how a camera is probed: the demo is a peer, not a simulator
//! built on our own protocol code.
//!
//! Invariants: it listens on loopback only; it ends with the [`Demo`] value; every place, person
//! and number in it is invented.

mod act;
mod agent;
mod bake;
mod cast;
mod crew;
mod dark;
mod district;
mod house;
mod ledger;
mod loss;
mod mute;
mod player;
mod recipe;
mod reel;
mod rooms;
mod stage;

pub use bake::{FootageError, Progress};
pub use cast::{BASE_CAMERAS, district};
pub use district::{DemoCamera, District, Expected, Maintainer, Room, Site};
pub use ledger::write_ledger_csv;
pub use reel::ReelError;
pub use stage::{Demo, DemoError, MAX_CAMERAS, Options};

//! RTP and RTCP of one stream: how well it arrives, and one whole keyframe out of it.
//!
//! A [`Receiver`] takes packets and the time they arrived and keeps the figures of RFC 3550
//! (validity A.1, loss A.3, jitter A.8), the frame rate by the arrival clock, stalls, jumps of the
//! timestamp, groups of pictures and the camera's clock. While a keyframe is wanted it also
//! assembles one: every slice of the picture, in Annex B with its parameter sets (H.264, H.265),
//! or as a JFIF file (RFC 2435); where a [`Keep::Run`] is asked for, the pictures after
//! it too. It decodes nothing, opens nothing and knows no clock.
//!
//! For test calls there is the other side too: a [`Sender`] of a [`Tone`] and of coded pictures, and
//! what comes back of it ([`Returned`]).
//!
//! Invariants
//! - Time is a `Duration` since the start of the probe and never runs backwards here: an earlier
//!   time is read as no time passed.
//! - Nothing is allocated per packet, except to hold packets that arrived out of order.
//! - Memory of one receiver stays below [`Receiver::MEMORY_BOUND`], whatever arrives.
//! - No input panics (property tests, fuzzing).

mod access_unit;
mod arrival;
mod bits;
mod counted;
mod format;
mod g711;
mod h264;
mod h265;
mod jitter;
mod jpeg;
mod keyframe;
mod motion;
mod nal;
mod parameter_sets;
mod punch;
mod random;
mod receiver;
mod reorder;
mod reports;
mod returned;
mod run;
mod sender;
mod sent;
mod source;
mod statistics;
mod tone;

pub use format::{Codec, PictureFormat, StreamFormat};
pub use keyframe::{Headers, Keyframe};
pub use motion::Motion;
pub use punch::Punch;
pub use receiver::Receiver;
pub use returned::{Returned, full_intra, picture_loss};
pub use run::Keep;
pub use sender::{Sender, h264_payloads, nal_units};
pub use sent::SenderLoss;
pub use statistics::{AudioStatistics, Statistics, StreamStatistics, VideoStatistics};
pub use tone::Tone;

#[cfg(test)]
mod tests;

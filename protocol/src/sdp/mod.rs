//! A lenient reader of session descriptions (RFC 8866) for what a probe needs of them.
//!
//! Only media, their formats, their control URLs and, for calls, their addresses matter; `v=`, `o=`,
//! `s=`, `t=` and everything else are never looked at, because cameras get them wrong (Q01 to Q09) and
//! a picture flows all the same. [`Offer`] writes the one description that we make. Bounds: 32 media, 128 attributes each, lines past 4 KiB are dropped, 4 lines
//! of `fmtp` for a payload type and 64 parameters out of them; the whole text is capped by the
//! framer's body limit.

mod codec;
mod description;
mod format;
mod offer;
mod parameter_sets;

pub use codec::Codec;
pub use description::{Description, SdpError};
pub use format::{Direction, Media, MediaKind};
pub use offer::Offer;
pub use parameter_sets::ParameterSets;

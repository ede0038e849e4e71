//! A lenient reader of session descriptions (RFC 8866) for what a probe needs of them.
//!
//! Only media, their formats and their control URLs matter; `v=`, `o=`, `s=`, `c=`, `t=` and
//! everything else are never looked at, because cameras get them wrong (Q01 to Q09) and a picture
//! flows all the same. Bounds: 32 media, 128 attributes each, lines past 4 KiB are dropped, 4 lines
//! of `fmtp` for a payload type and 64 parameters out of them; the whole text is capped by the
//! framer's body limit.

mod codec;
mod description;
mod format;
mod parameter_sets;

pub use codec::Codec;
pub use description::{Description, SdpError};
pub use format::{Media, MediaKind};
pub use parameter_sets::ParameterSets;

//! Decodes keyframes in a small pool of warm GStreamer decoders.
//!
//! A [`DecoderPool`] owns a few threads; each keeps one single-threaded libav decoder per codec
//! alive, and one of the hardware where GStreamer finds any, with pads of our own around it and no
//! pipeline. One coded keyframe goes in, its picture
//! comes out as 8-bit 4:2:0 with the decoder's complaints counted. It decodes keyframes only, scales
//! nothing and judges nothing. A [`Clip`] reads a video file, all of its pictures, beside the pool.
//!
//! Invariants
//! - A picture is of the keyframe it was asked for: each goes through segment, buffer, EOS and
//!   flush, so that no decoder lags, and carries a serial number that is compared on the way out.
//! - Whether a failure is the camera's or ours is told by [`DecodeError::is_ours`]. A decoder that
//!   hangs or dies is replaced and is always ours.
//! - Hardware is believed as far as software confirms it ([`Hardware`]); what it fails at, software
//!   decodes.
//! - At most [`DecoderPool::queue`] keyframes wait; a picture has at most [`MAX_PIXELS`].

mod clip;
mod convert;
mod element;
mod error;
mod hardware;
mod messages;
mod picture;
mod pool;
mod warm;

pub use clip::{Clip, ClipPicture};
pub use element::MAX_PIXELS;
pub use error::{ClipError, DecodeError, PoolError};
pub use hardware::{Found, Hardware, hardware_decoders};
pub use picture::Picture;
pub use pool::{Coded, DecoderPool};

#[cfg(test)]
mod tests;

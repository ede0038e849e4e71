//! The port through which a keyframe becomes pixels.
//!
//! The driver knows no decoder: with the feature `gst` the pool of [`crate::decode`] is one, tests
//! have their own, and without any a probe reports media and no picture.

use std::future::Future;
use std::pin::Pin;

use thiserror::Error;
use zhishou_picture::{Frame, FrameError, Glimpse};
use zhishou_protocol::rtp::Keyframe;

/// What a decoder answers with.
pub type Decoding<'a> =
    Pin<Box<dyn Future<Output = Result<Box<dyn Decoded>, DecodeFailure>> + Send + 'a>>;

/// Turns one keyframe into pixels.
pub trait Decoder: Send + Sync + 'static {
    /// Decodes a whole keyframe, and what follows it.
    fn decode(&self, keyframe: Keyframe) -> Decoding<'_>;
}

/// A decoded keyframe.
pub trait Decoded: Send {
    /// Width and height, pixels.
    fn size(&self) -> (u32, u32);
    /// Errors the decoder met on the way: above 0, parts of the picture are made up.
    fn errors(&self) -> u32;
    /// The decoder met errors, or says itself that the picture is not whole.
    fn is_corrupted(&self) -> bool;
    /// Share of the picture that the decoder made up, 0 to 1; 0 where it cannot tell.
    fn made_up(&self) -> f64;
    /// The picture as it is judged.
    ///
    /// # Errors
    /// If it is smaller or larger than what can be judged.
    fn frame(&self) -> Result<Frame<'_>, FrameError>;
    /// Glimpses of it and of the pictures after it, where these came and were sound.
    fn glimpses(&self) -> &[Glimpse] {
        &[]
    }
}

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeFailure {
    /// The stream cannot be decoded.
    #[error("{0}")]
    Stream(String),
    /// Our decoder failed; the device is not to blame.
    #[error("{0}")]
    Ours(String),
}

#[cfg(feature = "gst")]
mod gst {
    use super::{DecodeFailure, Decoded, Decoder, Decoding, Frame, FrameError, Glimpse, Keyframe};
    use crate::decode::{Coded, DecoderPool, Picture};

    impl Decoder for DecoderPool {
        fn decode(&self, keyframe: Keyframe) -> Decoding<'_> {
            Box::pin(async move {
                match DecoderPool::decode(self, Coded::from(keyframe)).await {
                    Ok(picture) => Ok(Box::new(picture) as Box<dyn Decoded>),
                    Err(error) if error.is_ours() => Err(DecodeFailure::Ours(error.to_string())),
                    Err(error) => Err(DecodeFailure::Stream(error.to_string())),
                }
            })
        }
    }

    impl Decoded for Picture {
        fn size(&self) -> (u32, u32) {
            (self.width(), self.height())
        }

        fn errors(&self) -> u32 {
            Picture::errors(self)
        }

        fn is_corrupted(&self) -> bool {
            Picture::is_corrupted(self)
        }

        fn made_up(&self) -> f64 {
            Picture::made_up(self)
        }

        fn frame(&self) -> Result<Frame<'_>, FrameError> {
            Picture::frame(self)
        }

        fn glimpses(&self) -> &[Glimpse] {
            Picture::glimpses(self)
        }
    }
}

//! Why there is no picture, and whose fault that is.

use std::time::Duration;

/// Why a keyframe gave no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The decoder read it to the end and gave nothing.
    #[error("decode: no picture came out, {errors} errors")]
    NoPicture {
        /// Errors the decoder told.
        errors: u32,
    },
    /// The picture is larger than [`MAX_PIXELS`](super::MAX_PIXELS).
    #[error("decode a picture of {width}x{height}: too large")]
    TooLarge {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// Coded in a way that this pool has no decoder for.
    #[error("decode {0}: no decoder for it")]
    Codec(String),
    /// The decoder gave pixels of a format that this pool cannot convert.
    #[error("convert pixels of format {0}")]
    Pixels(String),
    /// The decoder took longer than allowed and was replaced.
    #[error("decode within {0:?}: decoder hangs")]
    Hung(Duration),
    /// The decoder's thread ended in the middle.
    #[error("decode: decoder died")]
    Died,
    /// A picture of another keyframe came out; it was thrown away and the decoder replaced.
    #[error("decode: decoder gave the picture of another keyframe")]
    Mixed,
    /// GStreamer refused.
    #[error("decode: {0}")]
    Element(String),
    /// The pool is being shut down, or too many of its decoders hang.
    #[error("decode: no decoder is left")]
    Stopped,
}

impl DecodeError {
    /// Whether the fault is ours, so that the camera must not be blamed. Our bound on the size of a picture
    /// is no fault of a camera with twelve thousand columns.
    pub fn is_ours(&self) -> bool {
        !matches!(self, DecodeError::NoPicture { .. })
    }
}

/// Why there is no pool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// GStreamer does not start.
    #[error("start GStreamer: {0}")]
    Init(String),
    /// A plugin is not installed.
    #[error("find the decoder {element} (package {package})")]
    Missing {
        /// Element's name.
        element: &'static str,
        /// Debian's package with it.
        package: &'static str,
    },
    /// An element does not start.
    #[error("start the decoder {element}: {problem}")]
    Element {
        /// Element's name.
        element: &'static str,
        /// What GStreamer says.
        problem: String,
    },
    /// The system refuses a thread.
    #[error("start a decoder's thread: {0}")]
    Thread(String),
}

/// Why a video file gives no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClipError {
    /// The file cannot be read.
    #[error("read: {0}")]
    Read(String),
    /// Neither a still nor a video of a kind that we open.
    #[error("open: neither JPEG nor PNG, nor a video we know")]
    Container,
    /// It holds no video that can be decoded.
    #[error("decode: no picture came out")]
    NoPicture,
    /// Its pictures are larger than [`MAX_PIXELS`](super::MAX_PIXELS).
    #[error("decode pictures of {width}x{height}: too large")]
    TooLarge {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// No picture came in time.
    #[error("decode: no picture came in time")]
    Slow,
    /// GStreamer gave up.
    #[error("decode: {0}")]
    Pipeline(String),
    /// A decoded picture cannot be taken.
    #[error(transparent)]
    Picture(#[from] DecodeError),
    /// GStreamer is not there.
    #[error(transparent)]
    Start(#[from] PoolError),
}

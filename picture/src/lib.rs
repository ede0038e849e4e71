//! Judges a camera's picture: pixels in, findings out.
//!
//! Give [`judge`] one decoded keyframe as a [`Frame`]; it returns a [`Judgement`] with the
//! picture's mode and one [`Finding`] per fault. Give [`judge_frozen`] the [`Signature`] of this
//! keyframe and of one at least 30 seconds older to learn whether the picture stands still.
//!
//! What this crate does not do: decode, encode, read files, keep state, read a clock, or look for
//! people, vehicles or events. It knows no other crate of ours.
//!
//! # Invariants
//! - The same pixels and limits always give the same judgement.
//! - A finding that cannot be told has score `None`; it is never guessed as 0 or 1.
//! - All luma values are on the studio scale (16 black, 235 white); full-range input is converted.
//! - What is masked ([`Frame::with_mask`]) is neither judged nor kept.
//! - Work is bounded by the frame's size, which [`Frame`] caps.
//!
//! # Scales
//! The *working picture* is the luma plane averaged down to at most [`WORKING_WIDTH`] columns; the
//! limits were found at that size, so that a limit means the same for a 4K and a D1 camera. A
//! smaller picture is judged at its own size. `testdata/README.md` has what was measured.

mod black;
mod blurred;
mod colour_cast;
mod comparison;
mod corrupted;
mod evidence;
mod fft;
mod finding;
mod frame;
mod frozen;
mod gaussian;
mod grain;
mod judge;
mod light;
mod limits;
mod low_contrast;
mod mask;
mod mode;
mod noise;
mod occluded;
mod place;
mod plate;
mod reference;
mod references;
mod registration;
mod sample;
mod scale;
mod scene_changed;
mod shaking;
mod signal_lost;
mod snapshot;
mod stripes;
mod too_bright;
mod too_dark;
mod working;

pub use corrupted::judge_damage;
pub use evidence::Evidence;
pub use finding::{Fault, Finding, Judgement, Mode};
pub use frame::{Frame, FrameError, MAX_SIDE, MIN_SIDE, Matrix, OwnedFrame, Range};
pub use frozen::{CodedHash, Signature, SignatureError, judge_frozen};
pub use judge::judge;
pub use light::Light;
pub use limits::Limits;
pub use mask::Mask;
pub use place::{Line, Place, Shift, TileMap};
pub use reference::{Reference, ReferenceError, SETTLED};
pub use references::{Learned, MAX_SCENES, References, Taught};
pub use shaking::{FRAMES_NEEDED, Glimpse, judge_shaking};
pub use snapshot::{Snapshot, snapshot};
pub use working::WORKING_WIDTH;

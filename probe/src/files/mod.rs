//! Still pictures and video files, judged as a probe judges what a camera sends.
//!
//! A still is one keyframe. A clip is read as probes would see it: looks of [`FRAMES_A_LOOK`] pictures,
//! each beginning with a keyframe and at least as far apart as `frozen` needs. What most of the looks
//! raise, the clip has; what one look has and the others have not was somebody who passed by. No file,
//! whatever is in it, may cost more than the caps below or make us panic.

#[cfg(feature = "gst")]
mod clip;
mod still;

use std::collections::BTreeMap;
use std::path::Path;

use zhishou_domain::{Detail, Fault, FaultCode, OwnLimits};
use zhishou_picture::{Finding, Frame, Judgement, Limits, Mode, References, Snapshot, snapshot};

use crate::look::{code_of, fault_of};

/// Pictures of one look.
pub const FRAMES_A_LOOK: usize = 12;

/// Most looks at one clip, spread over its length.
pub const LOOKS: u32 = 5;

/// What a file showed.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Width, pixels.
    pub width: usize,
    /// Height, pixels.
    pub height: usize,
    /// Colour or mono.
    pub mode: Mode,
    /// Every fault: 0 surely absent, 1 surely present, fault from 0.5; `None` is 无法判定.
    pub scores: BTreeMap<FaultCode, Option<f64>>,
    /// Mean luma, studio scale.
    pub luma_mean: f64,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// The figures behind the scores.
    pub findings: Vec<(FaultCode, Finding)>,
    /// The picture, small; of a clip, its first.
    pub thumbnail: Option<Snapshot>,
}

/// Why a file could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("read: {0}")]
    Read(String),
    /// It is too large.
    #[error("read: more than {} MB", still::MAX_BYTES >> 20)]
    TooLarge,
    /// A JPEG without its end.
    #[error("decode: the file breaks off")]
    BreaksOff,
    /// It is no picture that we can decode.
    #[error("decode: {0}")]
    Image(String),
    /// Its picture is too small or too large to be judged.
    #[error(transparent)]
    Frame(#[from] zhishou_picture::FrameError),
    /// It is no video that we can decode.
    #[cfg(feature = "gst")]
    #[error(transparent)]
    Clip(#[from] crate::decode::ClipError),
    /// A video, and this program was built without a decoder.
    #[cfg(not(feature = "gst"))]
    #[error("decode: built without a decoder for video")]
    NoDecoder,
    /// A reference without enough structure to compare with.
    #[error("compare with it: too little to see")]
    Bare,
}

/// Judges files, one at a time, on any thread.
#[derive(Debug, Clone, Default)]
pub struct FileJudge {
    limits: Limits,
    reference: Option<References>,
    thumbnail_width: usize,
}

impl FileJudge {
    /// With these limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Compares with this still, or the first picture of this video, of the same camera without fault.
    ///
    /// # Errors
    /// [`FileError`] where it cannot be read, or shows too little to compare with.
    pub fn with_reference(mut self, path: &Path) -> Result<Self, FileError> {
        let mut references = References::new();
        let mut adopt = |frame: Frame<'_>| references.adopt(&frame, &self.limits, 0);
        let adopted = match still::open(path)? {
            Some(still) => adopt(still.as_frame()),
            #[cfg(feature = "gst")]
            None => match crate::decode::Clip::open(path)?.picture()? {
                Some(first) => adopt(first.picture.frame()?),
                None => false,
            },
            #[cfg(not(feature = "gst"))]
            None => return Err(FileError::NoDecoder),
        };
        if !adopted {
            return Err(FileError::Bare);
        }
        self.reference = Some(references);
        Ok(self)
    }

    /// Also gives a small picture of each file, at most `width` pixels wide.
    #[must_use]
    pub fn with_thumbnails(mut self, width: usize) -> Self {
        self.thumbnail_width = width;
        self
    }

    /// Judges one file: JPEG and PNG by their first bytes, all else as video.
    ///
    /// # Errors
    /// [`FileError`] where there is no picture to judge.
    pub fn judge(&self, path: &Path) -> Result<Judged, FileError> {
        match still::open(path)? {
            Some(still) => Ok(self.judge_still(&still)),
            None => self.judge_clip(path),
        }
    }

    fn thumbnail(&self, frame: &Frame<'_>) -> Option<Snapshot> {
        (self.thumbnail_width > 0).then(|| snapshot(frame, self.thumbnail_width))
    }

    #[cfg(not(feature = "gst"))]
    fn judge_clip(&self, _path: &Path) -> Result<Judged, FileError> {
        Err(FileError::NoDecoder)
    }
}

impl Judged {
    /// Of what was found in `frame`; `still_for` is how long a frozen picture stood, ms.
    fn of(frame: &Frame<'_>, judgement: &Judgement, still_for: Option<u64>) -> Self {
        let findings: Vec<_> = judgement
            .findings
            .iter()
            .filter_map(|finding| Some((code_of(finding)?, finding.clone())))
            .collect();
        // No operator has judged a file's camera.
        let own = OwnLimits::default();
        let still = still_for.map(|for_ms| Detail::Frozen { for_ms });
        let raised = findings.iter().filter_map(|(_, it)| fault_of(it, &own, still.as_ref()));
        Self {
            width: frame.width(),
            height: frame.height(),
            mode: judgement.mode,
            scores: untold().chain(findings.iter().map(|(code, it)| (*code, it.score))).collect(),
            luma_mean: judgement.luma_mean,
            faults: raised.collect(),
            findings,
            thumbnail: None,
        }
    }
}

/// Every picture fault, told of none.
fn untold() -> impl Iterator<Item = (FaultCode, Option<f64>)> {
    let all = zhishou_picture::Fault::ALL.into_iter();
    all.filter_map(|fault| Some((FaultCode::from_code(fault.code())?, None)))
}

//! 画面基准: how a camera's picture looks by each light when nothing is wrong, as far as the platform
//! has to know it. What is learned is the prober's; here it is bytes with figures.

use crate::{FaultCode, Group, Standing, Timestamp};
use serde::{Deserialize, Serialize};

/// 光照: what a camera's references are kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureLight {
    /// By day, or well lit.
    Day,
    /// Little light, in colour.
    Dusk,
    /// Infrared.
    Ir,
}

words!(PictureLight {
    Day = "day", "白天", "day";
    Dusk = "dusk", "昏暗", "dusk";
    Ir = "ir", "红外", "infrared";
});

/// What is learned of a camera by one light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnedPicture {
    /// By which.
    pub light: PictureLight,
    /// In the form that the prober stores it in, 32 kB a scene.
    pub body: Vec<u8>,
    /// Scenes that pictures are compared with; several of a camera on patrol.
    pub scenes: u32,
    /// Pictures that taught them.
    pub pictures: u32,
    /// Whether that is enough to judge by it.
    pub is_settled: bool,
    /// When the first picture was learned.
    pub since: Timestamp,
    /// When the last picture was learned.
    pub last: Timestamp,
}

/// What a picture may teach of how its camera's pictures should look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Teaching {
    /// Nothing: something is wrong with the camera's picture, or in doubt.
    #[default]
    Nothing,
    /// Slowly, if nothing is found wrong with it.
    IfClean,
    /// An operator says that it is as it should be (更新基准).
    Adopt,
}

impl Teaching {
    /// What the picture of a camera that stands like this may teach. Another scene does not stop it: a
    /// patrol is learned scene by scene, and what comes but once never is.
    pub fn of(standing: &Standing, is_to_adopt: bool) -> Self {
        if is_to_adopt {
            return Self::Adopt;
        }
        let doubted = standing.doubt.iter().flat_map(|doubt| &doubt.faults);
        let is_spoilt = standing
            .faults
            .iter()
            .chain(doubted)
            .any(|&fault| fault.group() == Group::Picture && fault != FaultCode::SceneChanged);
        if is_spoilt { Self::Nothing } else { Self::IfClean }
    }
}

/// What is learned of a camera before a probe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taught {
    /// By each light.
    pub lights: Vec<LearnedPicture>,
    /// Counts what operators decided of it: what was learned before the last decision is void.
    pub generation: i64,
    /// What the picture of this probe may teach.
    pub teaching: Teaching,
}

/// What one picture taught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// What is learned by its light from now on.
    pub learned: LearnedPicture,
    /// [`Taught::generation`] that it was learned by.
    pub generation: i64,
    /// Never [`Teaching::Nothing`].
    pub teaching: Teaching,
}

/// What an operator decides of what is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceAction {
    /// The next picture is as it should be.
    Adopt,
    /// All that was learned counts no longer.
    Relearn,
    /// The last of these is taken back.
    Restore,
}

words!(ReferenceAction {
    Adopt = "adopt", "更新基准", "adopt the present picture";
    Relearn = "relearn", "重新学习", "learn anew";
    Restore = "restore", "恢复上次基准", "restore the previous one";
});

/// How faulty each tile of a picture is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureTiles {
    /// Of which fault.
    pub fault: FaultCode,
    /// Tiles across.
    pub columns: u16,
    /// A hexadecimal digit for each tile by rows, 0 (as it should be) to f; `-` cannot tell.
    pub scores: String,
}

impl PictureTiles {
    /// Each tile's column, row and score, 0–1; `None` cannot tell.
    pub fn tiles(&self) -> impl Iterator<Item = (usize, usize, Option<f64>)> + '_ {
        let columns = usize::from(self.columns).max(1);
        self.scores.chars().enumerate().map(move |(at, digit)| {
            (at % columns, at / columns, digit.to_digit(16).map(|score| f64::from(score) / 15.0))
        })
    }
}

/// The regular pattern of `stripes`: one line of the spectrum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PictureStripes {
    /// Cycles across the width of the picture, not negative.
    pub across: f64,
    /// Cycles down its height; negative where the stripes fall to the right.
    pub down: f64,
    /// Amplitude, in luma.
    pub amplitude: f64,
}

/// How far the scene moved, in parts of the picture's sides; positive is to the right and down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PictureShift {
    /// Across, −0.5 to 0.5.
    pub dx: f64,
    /// Down, −0.5 to 0.5.
    pub dy: f64,
}

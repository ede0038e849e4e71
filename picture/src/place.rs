//! Where in the picture a finding lies, for the page that shows it.

/// A score for each tile of an even grid over the whole picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileMap {
    /// Tiles across.
    pub columns: usize,
    /// Tiles down.
    pub rows: usize,
    /// `columns * rows` scores by rows, 0 (as it should be) to 255 (surely faulty); `None` where a
    /// tile cannot tell.
    pub scores: Vec<Option<u8>>,
}

impl TileMap {
    /// Share of all tiles that score at least one half, 0–1.
    pub fn share(&self) -> f64 {
        let faulty = self.scores.iter().flatten().filter(|&&score| score >= 128).count();
        faulty as f64 / self.scores.len().max(1) as f64
    }
}

/// How far the scene moved, in parts of the picture's width and height; positive is to the right
/// and down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// Across, in parts of the width (−0.5 to 0.5).
    pub dx: f64,
    /// Down, in parts of the height (−0.5 to 0.5).
    pub dy: f64,
}

/// A regular pattern of stripes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Cycles across the width of the picture (0 for horizontal stripes); never negative.
    pub across: f64,
    /// Cycles down its height; negative where the stripes rise to the right.
    pub down: f64,
    /// Amplitude of the pattern, in luma.
    pub amplitude: f64,
}

/// Where and how a fault shows, where that can be drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// Tiles (occluded, corrupted, a scene_changed whose displacement cannot be told).
    Tiles(TileMap),
    /// A displacement (scene_changed, shaking).
    Shift(Shift),
    /// A line of the spectrum (stripes).
    Line(Line),
}

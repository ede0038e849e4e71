//! What of a picture is nobody's business: it is neither judged nor kept.
//!
//! Kept by the cells of a plate. A pixel that shares a cell with a mask counts as masked, so nothing
//! of what a mask hides is in a reference or a [`crate::Signature`].

use crate::plate;
use std::ops::Range;

/// The masked cells of a picture; none at first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    cells: Vec<bool>,
}

impl Default for Mask {
    fn default() -> Self {
        Self { cells: vec![false; plate::LEN] }
    }
}

impl Mask {
    /// Cells across.
    pub const COLUMNS: usize = plate::WIDTH;
    /// Cells down.
    pub const ROWS: usize = plate::HEIGHT;

    /// Masks cells of one row; what lies outside is left out.
    pub fn cover(&mut self, row: usize, columns: Range<usize>) {
        if row < Self::ROWS {
            let end = columns.end.min(Self::COLUMNS);
            self.cells[row * Self::COLUMNS..][columns.start.min(end)..end].fill(true);
        }
    }

    /// Which pixels of a picture of this size touch a masked cell, by rows.
    pub(crate) fn pixels(&self, width: usize, height: usize) -> Vec<bool> {
        let mut pixels = Vec::with_capacity(width * height);
        let (mut above, mut row) = (0..0, vec![false; width]);
        for y in 0..height {
            let rows = cells_of(y..y + 1, height, Self::ROWS);
            if rows != above {
                for (x, pixel) in row.iter_mut().enumerate() {
                    *pixel = self.any(cells_of(x..x + 1, width, Self::COLUMNS), rows.clone());
                }
                above = rows;
            }
            pixels.extend_from_slice(&row);
        }
        pixels
    }

    /// Whether a rectangle of a picture of this size touches a masked cell.
    pub(crate) fn touches(
        &self,
        (across, width): (Range<usize>, usize),
        (down, height): (Range<usize>, usize),
    ) -> bool {
        self.any(cells_of(across, width, Self::COLUMNS), cells_of(down, height, Self::ROWS))
    }

    /// The plate's pixels that are masked or lie beside one that is: no gradient is taken there.
    pub(crate) fn with_rim(&self) -> Vec<bool> {
        let around = |at: usize, side: usize| at.saturating_sub(1)..(at + 2).min(side);
        let cell = |at: usize| {
            let (x, y) = (at % Self::COLUMNS, at / Self::COLUMNS);
            self.any(around(x, Self::COLUMNS), around(y, Self::ROWS))
        };
        (0..plate::LEN).map(cell).collect()
    }

    fn any(&self, columns: Range<usize>, mut rows: Range<usize>) -> bool {
        rows.any(|row| self.cells[row * Self::COLUMNS..][columns.clone()].contains(&true))
    }
}

/// The cells, `cells` to a side of `side` pixels, that a range of pixels touches.
fn cells_of(pixels: Range<usize>, side: usize, cells: usize) -> Range<usize> {
    pixels.start * cells / side..(pixels.end * cells).div_ceil(side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_touches_a_masked_cell_is_masked_at_every_size() {
        let mut mask = Mask::default();
        mask.cover(48, 80..81);
        mask.cover(500, 0..3);
        for (width, height) in [(64, 64), (160, 96), (704, 396), (1919, 1079)] {
            let pixels = mask.pixels(width, height);
            let (x, y) = (width / 2, height / 2);
            assert!(pixels[y * width + x], "{width}x{height}");
            let least = (width * height).div_ceil(plate::LEN);
            let masked = pixels.iter().filter(|&&masked| masked).count();
            assert!((least..=least * 2 + 4).contains(&masked), "{width}x{height}: {masked}");
            assert!(mask.touches((x..x + 1, width), (y..y + 1, height)));
            assert!(!mask.touches((0..width / 3, width), (0..height, height)));
        }
        assert_eq!(mask.with_rim().iter().filter(|&&near| near).count(), 9);
    }
}

//! The working picture: what every method looks at, computed once per frame.

use crate::frame::{Frame, Range};
use crate::mask::Mask;
use crate::scale::reduce;

/// Most columns of the working luma.
pub const WORKING_WIDTH: usize = 704;
/// Side of a statistics tile, in working pixels.
pub(crate) const TILE: usize = 16;
/// Working pixels per sample of the colour map, each way; two samples to a tile.
const CHROMA_STEP: usize = TILE / 2;
/// Part of the height, at the top and at the bottom, in which cameras write their overlay text.
const OVERLAY_BAND: f64 = 0.16;
/// Share of the tiles that masks must leave, 0–1.
const SEEN_LEAST: f64 = 0.1;
/// Darkest to brightest pixel of a tile from which it may hold overlay text, in luma: writing is
/// made to be read on any ground.
const STARK_CONTRAST: u8 = 90;

/// Statistics of one 16×16 tile of luma.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tile {
    /// Mean luma.
    pub(crate) mean: f32,
    /// Standard deviation of luma.
    pub(crate) sigma: f32,
    /// Of such contrast as writing has.
    pub(crate) stark: bool,
    /// May hold overlay text, stark and in the top or bottom band; or is masked.
    pub(crate) overlay: bool,
    /// Touches a mask.
    pub(crate) masked: bool,
}

/// The colour planes reduced to one sample for 8×8 working pixels; 128 is neutral.
#[derive(Debug)]
pub(crate) struct ColourMap {
    pub(crate) width: usize,
    pub(crate) u: Vec<u8>,
    pub(crate) v: Vec<u8>,
    /// Samples that are masked; empty where none is.
    masked: Vec<bool>,
}

/// The reduced picture and its tile statistics, on the studio scale. What is masked has the mean of the
/// rest.
#[derive(Debug)]
pub(crate) struct Working {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// `width * height` luma samples.
    pub(crate) luma: Vec<u8>,
    /// `columns * rows` tiles; a rest narrower than a tile at the right and bottom is left out.
    pub(crate) tiles: Vec<Tile>,
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    /// Colour; `None` for a gray frame.
    pub(crate) colour: Option<ColourMap>,
    pub(crate) mask: Option<Mask>,
    /// How many pixels of the tiles without overlay have each luma.
    histogram: [u32; 256],
}

impl Working {
    /// Reduces `frame` and measures its tiles.
    pub(crate) fn of(frame: &Frame<'_>) -> Self {
        let width = frame.width().min(WORKING_WIDTH);
        let height = (frame.height() * width / frame.width()).max(TILE).min(frame.height());
        let mut luma = reduce(&frame.luma, width, height);
        if frame.range == Range::Full {
            let to_studio = |value: u8| studio(value, 16, 219);
            luma.iter_mut().for_each(|value| *value = to_studio(*value));
        }
        let masked = frame.mask.map_or_else(Vec::new, |mask| mask.pixels(width, height));
        fill(&mut luma, &masked);
        let (columns, rows) = (width / TILE, height / TILE);
        let mut working = Self {
            width,
            height,
            luma,
            tiles: Vec::with_capacity(columns * rows),
            columns,
            rows,
            colour: colour_map(frame, width, height),
            mask: frame.mask.cloned(),
            histogram: [0; 256],
        };
        working.measure_tiles();
        working
    }

    fn measure_tiles(&mut self) {
        let band = (self.height as f64 * OVERLAY_BAND) as usize;
        // Neighbours are alike, and a count that was just written must not be waited for.
        let mut counts = [[0_u32; 256]; 4];
        for row in 0..self.rows {
            let in_band = row * TILE < band || (row + 1) * TILE + band > self.height;
            for column in 0..self.columns {
                let tile = self.measure_tile(column, row, in_band);
                if !tile.overlay {
                    for line in tile_lines(&self.luma, self.width, column, row) {
                        for four in line.as_chunks::<4>().0 {
                            for (counts, &value) in counts.iter_mut().zip(four) {
                                counts[usize::from(value)] += 1;
                            }
                        }
                    }
                }
                self.tiles.push(tile);
            }
        }
        for (value, count) in self.histogram.iter_mut().enumerate() {
            *count = counts.iter().map(|counts| counts[value]).sum();
        }
    }

    fn measure_tile(&self, column: usize, row: usize, in_band: bool) -> Tile {
        let (mut sum, mut squares, mut low, mut high) = (0_u32, 0_u32, u8::MAX, 0);
        for line in tile_lines(&self.luma, self.width, column, row) {
            for &value in line {
                sum += u32::from(value);
                squares += u32::from(value) * u32::from(value);
                low = low.min(value);
                high = high.max(value);
            }
        }
        let count = (TILE * TILE) as f32;
        let mean = sum as f32 / count;
        let sigma = (squares as f32 / count - mean * mean).max(0.0).sqrt();
        let masked = self.mask.as_ref().is_some_and(|mask| {
            let side = |tile: usize| tile * TILE..(tile + 1) * TILE;
            mask.touches((side(column), self.width), (side(row), self.height))
        });
        let stark = high - low >= STARK_CONTRAST && !masked;
        Tile { mean, sigma, stark, overlay: in_band && stark || masked, masked }
    }

    /// Whether masks leave enough of the picture to judge it.
    pub(crate) fn shows_enough(&self) -> bool {
        let seen = self.tiles.iter().filter(|tile| !tile.masked).count();
        seen as f64 >= SEEN_LEAST * self.tiles.len() as f64
    }

    /// Pixels counted by the percentiles: those of tiles without overlay.
    pub(crate) fn counted(&self) -> u32 {
        self.histogram.iter().sum()
    }

    /// The luma that `share` (0–1) of the counted pixels do not exceed; 0 when none is counted.
    pub(crate) fn percentile(&self, share: f64) -> u8 {
        let wanted = (share * f64::from(self.counted())).ceil() as u32;
        let mut seen = 0;
        for (value, &count) in (0..=u8::MAX).zip(&self.histogram) {
            seen += count;
            if seen >= wanted.max(1) {
                return value;
            }
        }
        0
    }

    /// 99th minus 1st percentile of luma.
    pub(crate) fn spread(&self) -> f64 {
        f64::from(self.percentile(0.99)) - f64::from(self.percentile(0.01))
    }

    /// Share (0–1) of the counted pixels whose luma is at least `luma`.
    pub(crate) fn share_from(&self, luma: u8) -> f64 {
        let bright: u32 = self.histogram[usize::from(luma)..].iter().sum();
        f64::from(bright) / f64::from(self.counted().max(1))
    }

    /// Mean luma of the whole working picture.
    pub(crate) fn mean(&self) -> f64 {
        let sum: u64 = self.luma.iter().map(|&value| u64::from(value)).sum();
        sum as f64 / self.luma.len() as f64
    }
}

/// The sixteen pixel rows of one tile.
fn tile_lines(luma: &[u8], width: usize, column: usize, row: usize) -> impl Iterator<Item = &[u8]> {
    let first = row * TILE * width + column * TILE;
    (0..TILE).map(move |line| &luma[first + line * width..][..TILE])
}

/// A full-range code value on the studio scale (ITU-T H.273, 8.3).
fn studio(value: u8, offset: u16, span: u16) -> u8 {
    let scaled = (u16::from(value) * span + 127) / 255 + offset;
    u8::try_from(scaled).unwrap_or(u8::MAX)
}

/// Gives what is masked the mean of the rest: its content is gone, and no mean changes.
fn fill(values: &mut [u8], masked: &[bool]) {
    if masked.is_empty() {
        return;
    }
    let seen = values.iter().zip(masked).filter(|(_, masked)| !**masked);
    let (sum, count) =
        seen.fold((0, 0), |(sum, count), (&value, _)| (sum + u64::from(value), count + 1));
    let mean = u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX);
    values
        .iter_mut()
        .zip(masked)
        .filter(|(_, masked)| **masked)
        .for_each(|(value, _)| *value = mean);
}

fn colour_map(frame: &Frame<'_>, width: usize, height: usize) -> Option<ColourMap> {
    let chroma = frame.chroma.as_ref()?;
    let (width, height) = (width / CHROMA_STEP, height / CHROMA_STEP);
    let mut u = reduce(&chroma.u, width, height);
    let mut v = reduce(&chroma.v, width, height);
    if frame.range == Range::Full {
        u.iter_mut().chain(&mut v).for_each(|value| *value = studio(*value, 16, 224));
    }
    let masked = frame.mask.map_or_else(Vec::new, |mask| mask.pixels(width, height));
    fill(&mut u, &masked);
    fill(&mut v, &masked);
    Some(ColourMap { width, u, v, masked })
}

impl ColourMap {
    /// Every sample that is not masked as (U, V), less neutral.
    pub(crate) fn shifts(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let shift = |value: u8| f64::from(value) - 128.0;
        let is_seen = |at: usize| self.masked.get(at).is_none_or(|masked| !masked);
        let samples = self.u.iter().zip(&self.v).enumerate().filter(move |(at, _)| is_seen(*at));
        samples.map(move |(_, (&u, &v))| (shift(u), shift(v)))
    }

    /// Mean U and V of the statistics tile at (`column`, `row`).
    pub(crate) fn of_tile(&self, column: usize, row: usize) -> (f32, f32) {
        let step = TILE / CHROMA_STEP;
        let (mut u, mut v) = (0.0, 0.0);
        for line in 0..step {
            for offset in 0..step {
                let at = (row * step + line) * self.width + column * step + offset;
                u += f32::from(self.u[at]);
                v += f32::from(self.v[at]);
            }
        }
        let count = (step * step) as f32;
        (u / count, v / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_range_input_lands_on_the_studio_scale() {
        let luma: Vec<u8> = (0..64 * 64).map(|i| if i % 64 < 32 { 0 } else { 255 }).collect();
        let frame = Frame::gray(64, 64, (&luma, 64)).unwrap().with_range(Range::Full);
        let working = Working::of(&frame);
        assert_eq!((working.percentile(0.0), working.percentile(1.0)), (16, 235));
        assert_eq!(working.spread(), 219.0);
        assert!((working.share_from(230) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn text_at_the_rim_is_left_out_of_the_percentiles() {
        let mut luma = vec![30; 320 * 240];
        for x in (16..200).step_by(3) {
            (4..14).for_each(|y| luma[y * 320 + x] = 235);
        }
        let working = Working::of(&Frame::gray(320, 240, (&luma, 320)).unwrap());
        assert_eq!(working.percentile(1.0), 30);
        assert_eq!((working.columns, working.rows), (20, 15));
        assert!(working.tiles[1].overlay && !working.tiles[100].overlay);
        let middle: Vec<u8> = luma.iter().copied().cycle().skip(320 * 120).take(76_800).collect();
        let working = Working::of(&Frame::gray(320, 240, (&middle, 320)).unwrap());
        assert_eq!(working.percentile(1.0), 235, "the middle of a picture is never overlay");
    }

    #[test]
    fn odd_and_tall_frames_are_within_bounds() {
        for (width, height) in [(65, 999), (999, 65), (1919, 1079), (64, 64), (2000, 64)] {
            let luma = vec![90; width * height];
            let chroma = vec![128; width.div_ceil(2) * height.div_ceil(2)];
            let plane = (chroma.as_slice(), width.div_ceil(2));
            let frame = Frame::i420(width, height, (&luma, width), plane, plane).unwrap();
            let working = Working::of(&frame);
            assert!(working.columns >= 1 && working.rows >= 1, "{width}x{height}");
            let colour = working.colour.as_ref().unwrap();
            let last = colour.of_tile(working.columns - 1, working.rows - 1);
            assert_eq!(last, (128.0, 128.0));
        }
    }
}

//! Signal lost, 信号丢失: an encoder's placeholder instead of a picture.
//!
//! Two forms: one flat colour over (nearly) the whole picture, usually blue or gray and often with
//! the words NO SIGNAL or 无视频信号; and colour bars. Measured for the first: the share of tiles
//! that are flat *and* of one and the same colour. A blank wall is flat, but its shading makes its
//! tiles differ. Tiles at writing are left out. A gray picture after a decoding error looks the same and is *our* fault: callers
//! must not judge a frame that the decoder flagged.

use crate::finding::{Fault, Finding};
use crate::limits::Limits;
use crate::working::{ColourMap, TILE, Working};

/// How far a tile's luma may lie from the dominant one: a placeholder has no shading at all.
const SAME_LUMA: f32 = 1.0;
/// The same for chroma, in code values, which coarse coding smears further.
const SAME_CHROMA: f32 = 3.0;
/// Share of all tiles, those with writing included, that the placeholder's colour must fill.
const LEAST_SHARE: f64 = 0.6;
/// Hues of colour bars from left to right, by the signs of U and V less neutral
/// (ITU-R BT.471: white, yellow, cyan, green, magenta, red, blue).
const BARS: [(i8, i8); 7] = [(0, 0), (-1, 1), (1, -1), (-1, -1), (1, 1), (-1, 1), (1, -1)];
/// Chroma distance from which a sign counts, in code values; 75 % bars have 12 at the least.
const SIGN: f32 = 6.0;
/// Standard deviation of luma below which a tile within a bar is flat: coding and a little noise.
const BAR_SIGMA: f32 = 3.0;
/// Bars of seven that must agree; one may hide behind text.
const BARS_AGREE: usize = 6;

/// Judges whether there is a picture at all. Black and burnt-out white are other faults.
pub(crate) fn judge(working: &Working, limits: &Limits) -> Finding {
    let limit = limits.flat_share;
    let found = |share| Finding::above(Fault::SignalLost, share, limit, 1.0 - limit, "ratio");
    if shows_bars(working) {
        return found(1.0);
    }
    let mut colours = Vec::with_capacity(working.tiles.len());
    let mut plain = 0_usize;
    let seen = || working.tiles.iter().enumerate().filter(|(_, tile)| !tile.masked);
    for (index, tile) in seen() {
        let is_plain = !near_writing(working, index);
        plain += usize::from(is_plain);
        if f64::from(tile.sigma) < limits.flat_sigma {
            let (u, v) = tile_colour(working.colour.as_ref(), index, working.columns);
            colours.push(Flat { colour: [tile.mean, u, v], is_plain });
        }
    }
    let dominant = [0, 1, 2].map(|channel| median(&colours, channel));
    let clipped =
        dominant[0] <= f32::from(limits.black_luma) || dominant[0] >= f32::from(limits.bright_luma);
    let neutral = dominant[1..].iter().all(|chroma| (chroma - 128.0).abs() < SIGN);
    if colours.is_empty() || (clipped && neutral) {
        return found(0.0);
    }
    let same: Vec<&Flat> = colours.iter().filter(|tile| near(&tile.colour, &dominant)).collect();
    // Writing is left out, but most of the picture must be the placeholder itself.
    let same_plain = same.iter().filter(|tile| tile.is_plain).count();
    let share = same_plain as f64 / plain.max(1) as f64;
    let of_all = same.len() as f64 / seen().count().max(1) as f64;
    found(if of_all < LEAST_SHARE { share.min(of_all) } else { share })
}

/// A tile without texture.
struct Flat {
    /// Mean luma, U, V.
    colour: [f32; 3],
    /// Neither holds writing nor lies beside it.
    is_plain: bool,
}

/// Whether a tile or one beside it holds writing: coarse coding smears its rims.
fn near_writing(working: &Working, index: usize) -> bool {
    let (column, row) = (index % working.columns, index / working.columns);
    let columns = column.saturating_sub(1)..=(column + 1).min(working.columns - 1);
    let mut rows = row.saturating_sub(1)..=(row + 1).min(working.rows - 1);
    rows.any(|row| {
        columns.clone().any(|column| working.tiles[row * working.columns + column].stark)
    })
}

fn tile_colour(colour: Option<&ColourMap>, index: usize, columns: usize) -> (f32, f32) {
    colour.map_or((128.0, 128.0), |map| map.of_tile(index % columns, index / columns))
}

fn near(colour: &[f32; 3], dominant: &[f32; 3]) -> bool {
    let [luma, u, v] = [0, 1, 2].map(|channel| (colour[channel] - dominant[channel]).abs());
    luma <= SAME_LUMA && u.max(v) <= SAME_CHROMA
}

/// The median of one channel; the dominant colour of a placeholder fills far more than half.
fn median(tiles: &[Flat], channel: usize) -> f32 {
    let mut values: Vec<f32> = tiles.iter().map(|tile| tile.colour[channel]).collect();
    values.sort_unstable_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Whether the upper half shows colour bars: seven, eight with black last, or seven between gray
/// wings (SMPTE RP 219, one eighth of the width each).
fn shows_bars(working: &Working) -> bool {
    let Some(colour) = &working.colour else {
        return false;
    };
    let layouts = [(0.0, 1.0 / 7.0), (0.0, 1.0 / 8.0), (1.0 / 8.0, 3.0 / 28.0)];
    layouts.into_iter().any(|layout| bars_agreeing(working, colour, layout) >= BARS_AGREE)
}

/// How many of seven bars have their hue; `first` is where they begin and `each` how wide they are,
/// in parts of the width.
fn bars_agreeing(working: &Working, colour: &ColourMap, (first, each): (f64, f64)) -> usize {
    // Rows of tiles at a fifth and at two fifths of the height: above the lower bands of SMPTE bars.
    let rows = [working.rows / 5, working.rows * 2 / 5];
    let agrees = |index: usize, (u_sign, v_sign): (i8, i8)| {
        let centre = (first + (index as f64 + 0.5) * each) * working.width as f64;
        let column = (centre as usize / TILE).min(working.columns - 1);
        rows.iter().all(|&row| {
            let flat = working.tiles[row * working.columns + column].sigma < BAR_SIGMA;
            let (u, v) = colour.of_tile(column, row);
            flat && sign(u) == u_sign && sign(v) == v_sign
        })
    };
    BARS.iter().enumerate().filter(|&(index, &signs)| agrees(index, signs)).count()
}

/// The sign of a chroma value's distance from neutral.
fn sign(chroma: f32) -> i8 {
    match chroma - 128.0 {
        shift if shift > SIGN => 1,
        shift if shift < -SIGN => -1,
        _ => 0,
    }
}

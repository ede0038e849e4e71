//! Signal lost, 信号丢失: an encoder's placeholder instead of a picture.
//!
//! Two forms: one flat colour over (nearly) the whole picture, usually blue or gray and often with
//! the words NO SIGNAL or 无视频信号; and colour bars. Measured for the first: the share of tiles
//! that are flat *and* of one and the same colour. A blank wall is flat, but its shading makes its
//! tiles differ. Tiles with writing are left out. A gray picture after a decoding error looks the same and is *our* fault: callers
//! must not judge a frame that the decoder flagged.

use crate::finding::{Fault, Finding};
use crate::limits::Limits;
use crate::working::{ColourMap, TILE, Working};

/// How far a tile may lie from the dominant colour, in luma and in chroma code values.
const SAME: f32 = 1.25;
/// Share of all tiles, those with writing included, that the placeholder's colour must fill.
const LEAST_SHARE: f64 = 0.6;
/// Hues of colour bars from left to right, by the signs of U and V less neutral
/// (ITU-R BT.471: white, yellow, cyan, green, magenta, red, blue).
const BARS: [(i8, i8); 7] = [(0, 0), (-1, 1), (1, -1), (-1, -1), (1, 1), (-1, 1), (1, -1)];
/// Chroma distance from which a sign counts, in code values; 75 % bars have 12 at the least.
const SIGN: f32 = 6.0;
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
    for (index, tile) in working.tiles.iter().enumerate().filter(|(_, tile)| !tile.stark) {
        plain += 1;
        if f64::from(tile.sigma) < limits.flat_sigma {
            let (u, v) = tile_colour(working.colour.as_ref(), index, working.columns);
            colours.push([tile.mean, u, v]);
        }
    }
    let dominant = [0, 1, 2].map(|channel| median(&colours, channel));
    let clipped =
        dominant[0] <= f32::from(limits.black_luma) || dominant[0] >= f32::from(limits.bright_luma);
    let neutral = dominant[1..].iter().all(|chroma| (chroma - 128.0).abs() < SIGN);
    if colours.is_empty() || (clipped && neutral) {
        return found(0.0);
    }
    let same = colours.iter().filter(|colour| near(colour, &dominant)).count();
    // Writing is left out, but most of the picture must be the placeholder itself.
    let share = same as f64 / plain as f64;
    let of_all = same as f64 / working.tiles.len() as f64;
    found(if of_all < LEAST_SHARE { share.min(of_all) } else { share })
}

fn tile_colour(colour: Option<&ColourMap>, index: usize, columns: usize) -> (f32, f32) {
    colour.map_or((128.0, 128.0), |map| map.of_tile(index % columns, index / columns))
}

fn near(colour: &[f32; 3], dominant: &[f32; 3]) -> bool {
    colour.iter().zip(dominant).all(|(a, b)| (a - b).abs() <= SAME)
}

/// The median of one channel; the dominant colour of a placeholder fills far more than half.
fn median(colours: &[[f32; 3]], channel: usize) -> f32 {
    let mut values: Vec<f32> = colours.iter().map(|colour| colour[channel]).collect();
    values.sort_unstable_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Whether the upper half shows seven bars, or eight with black last, in the standard order.
fn shows_bars(working: &Working) -> bool {
    let Some(colour) = &working.colour else {
        return false;
    };
    [7, 8].into_iter().any(|bars| bars_agreeing(working, colour, bars) >= BARS_AGREE)
}

fn bars_agreeing(working: &Working, colour: &ColourMap, bars: usize) -> usize {
    // Rows of tiles at a fifth and at two fifths of the height: above the lower bands of SMPTE bars.
    let rows = [working.rows / 5, working.rows * 2 / 5];
    let agrees = |index: usize, (u_sign, v_sign): (i8, i8)| {
        let centre = (2 * index + 1) * working.width / (2 * bars);
        let column = (centre / TILE).min(working.columns - 1);
        rows.iter().all(|&row| {
            let flat = working.tiles[row * working.columns + column].sigma < 3.0;
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

//! Noise, 噪声干扰, and snow, 雪花干扰: what a failing sensor, a bad cable or a lost analogue signal
//! lays over the picture.
//!
//! Measured on tiles of the picture as it came (scaling would average noise away): Immerkær's
//! deviation ([`crate::grain`]) of the quiet tiles, and for snow the share of pixels far from the
//! middle of their four neighbours, in a quiet tile too, because snow falls everywhere and texture
//! does not. The gain of a night stays below: 3.9 and less in real night scenes.

use crate::finding::{Fault, Finding};
use crate::frame::{Frame, Range};
use crate::grain::{self, magnitude};
use crate::limits::Limits;
use crate::reference::Reference;
use crate::working::TILE;

/// Tiles asked, across and down.
const GRID: (usize, usize) = (16, 12);
/// Distance from the middle of its neighbours from which a pixel is a flake, in luma.
const FLAKE: u8 = 35;
/// Rank of the tile that speaks for snow.
const SNOW_RANK: f64 = 0.3;
/// Luma of a tile outside which it is clipped and noise does not show.
const UNCLIPPED: std::ops::RangeInclusive<f32> = 20.0..=231.0;
/// What a scene's own noise may grow by, in parts of what its reference has.
const OWN_NOISE: f64 = 1.6;

/// Judges noise and snow.
pub(crate) fn judge(frame: &Frame<'_>, own: Option<&Reference>, limits: &Limits) -> Finding {
    let (mut magnitudes, mut flakes) = (Vec::new(), Vec::new());
    let (width, height) = (frame.luma.width, frame.luma.height);
    for index in 0..GRID.0 * GRID.1 {
        let left = (width - TILE) * (index % GRID.0) / (GRID.0 - 1);
        let top = (height - TILE) * (index / GRID.0) / (GRID.1 - 1);
        let side = |from: usize| from..from + TILE;
        if frame.mask.is_some_and(|mask| mask.touches((side(left), width), (side(top), height))) {
            continue;
        }
        let row = |y: usize| &frame.luma.row(top + y)[left..left + TILE];
        let sum: u32 = (0..TILE).flat_map(row).map(|&value| u32::from(value)).sum();
        if UNCLIPPED.contains(&(sum as f32 / (TILE * TILE) as f32)) {
            magnitudes.push(magnitude(row));
            flakes.push(flake_share(row));
        }
    }
    if magnitudes.len() < GRID.0 {
        return Finding::unknown(Fault::Noise, None, limits.noise, "luma");
    }
    // On the studio scale.
    let scale = if frame.range == Range::Full { 219.0 / 255.0 } else { 1.0 };
    let sigma = f64::from(grain::quiet_sigma(&mut magnitudes)) * scale;
    let limit =
        own.map_or(limits.noise, |own| limits.noise.max(OWN_NOISE * f64::from(own.levels.noise)));
    let grain = Finding::above(Fault::Noise, sigma, limit, limit, "luma");
    let rank = (flakes.len() as f64 * SNOW_RANK) as usize;
    let (_, &mut snow, _) = flakes.select_nth_unstable_by(rank, f64::total_cmp);
    let snow = Finding::above(Fault::Noise, snow, limits.snow, limits.snow, "ratio");
    grain.or_worse(snow)
}

/// Share of a tile's inner pixels that stand out from all around.
fn flake_share<'a>(row: impl Fn(usize) -> &'a [u8]) -> f64 {
    let mut flakes = 0_u32;
    for y in 1..TILE - 1 {
        let [above, middle, below] = [y - 1, y, y + 1].map(&row);
        for x in 1..TILE - 1 {
            // The mean of the middle two of four, without sorting them.
            let (a, b, c, d) = (above[x], below[x], middle[x - 1], middle[x + 1]);
            let inner = (a.min(b).max(c.min(d)), a.max(b).min(c.max(d)));
            let centre = u8::midpoint(inner.0, inner.1);
            flakes += u32::from(middle[x].abs_diff(centre) > FLAKE);
        }
    }
    f64::from(flakes) / ((TILE - 2) * (TILE - 2)) as f64
}

//! One picture beside its reference: how much of the reference's structure is still there, where,
//! and how far it moved.
//!
//! Compared are gradients and not light, tile by tile (8×8 plate pixels). A tile is *kept* by the
//! better of two figures. The projection ⟨g, h⟩ / ⟨g, g⟩ of the picture's gradients h on the
//! reference's g, divided by what the best tiles of the picture have, does not mind what is added
//! (noise, rain, stripes) nor fog, which takes from all tiles alike; the correlation
//! ⟨g, h⟩ / √(⟨g, g⟩⟨h, h⟩) does not mind light that fell unevenly. A tile in which the reference has
//! no structure cannot tell, nor one that is washed out now.

use crate::fft::{Complex, PLATE};
use crate::place::{Shift, TileMap};
use crate::plate::{HEIGHT, LEN, WIDTH, gradients};
use crate::registration::{displacement, spectrum};
use crate::sample::Sample;

/// Side of a tile, in plate pixels.
pub(crate) const TILE: usize = 8;
/// Tiles across a plate.
pub(crate) const COLUMNS: usize = WIDTH / TILE;
/// Tiles down a plate.
pub(crate) const ROWS: usize = HEIGHT / TILE;
/// Tiles of a plate.
pub(crate) const TILES: usize = COLUMNS * ROWS;

/// Root mean square gradient (luma over two plate pixels) from which a tile has structure.
const STRUCTURE: f32 = 5.0;
/// Mean luma from which a tile is washed out, and whatever structure it has lost says nothing.
const WASHED_OUT: f32 = 225.0;
/// Distance from the light expected from which a tile shows something else, in luma.
const RELIT: f32 = 10.0;
/// How much more of the picture than of its structure a patch may hide.
const BEYOND_STRUCTURE: f64 = 1.5;
/// Fewest tiles with structure for an answer: a tenth of the picture.
const TILES_NEEDED: usize = TILES / 10;
/// How much of its structure a tile must keep, 0–1.
const KEPT: f32 = 0.4;
/// Correlation below which a tile shows something else, however strong its gradients are.
const ALIKE: f32 = 0.3;
/// Rank of the tile that says how much a picture under this light keeps where nothing covers it.
const BEST_RANK: f64 = 0.85;
/// What the best tiles keep at the least: below it not even they are the same scene.
const BEST_LEAST: f32 = 0.25;
/// Kept share above which nobody asks whether the picture moved.
const SURELY_SAME: f64 = 0.75;
/// Certainty from which a displacement is believed.
const CERTAIN: f32 = 14.0;
/// Gradient energy, in parts of the reference's, below which a picture unlike it shows something out
/// of focus and close.
const NEAR_AND_SOFT: f64 = 0.45;
/// Ratio of a busy tile's gradients to a quiet tile's below which a soft picture is no scene: covers out
/// of focus have 2.8 and less, scenes with so little structure 6.5 and more.
const SOFT_STUFF: f64 = 5.0;
/// Ratio of a busy tile's gradients to a quiet tile's below which a picture shows one stuff all over:
/// cloth, paper and leaves have 1.6 and less, seventeen real scenes 3.0 and more.
const ONE_STUFF: f64 = 2.2;
/// Ranks of the quiet and of the busy tile.
const QUIET_AND_BUSY: (f64, f64) = (0.1, 0.9);
/// Displacement that a mast in the wind or a change of lens by heat may have, in parts of a side.
const SWAY: f64 = 0.03;

/// What became of the reference's structure.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    /// Share of the tiles with structure that keep it, 0–1.
    pub(crate) likeness: f64,
    /// How much each tile keeps, 0–1; `None` without structure.
    pub(crate) kept: Vec<Option<f32>>,
    /// Tiles whose light is not what that of the kept ones lets expect.
    relit: Vec<bool>,
    /// So much is washed out that the rest cannot tell.
    pub(crate) is_washed_out: bool,
    /// The picture looks like something close to the lens rather than like a scene: soft, or of one
    /// stuff all over. Says something only where it is unlike the reference.
    pub(crate) is_close: bool,
    /// A displacement beyond sway that is certain.
    pub(crate) shift: Option<Shift>,
}

/// Compares a picture with a reference's plate; `None` where the reference has too little structure
/// outside the masks.
pub(crate) fn compare(reference: &[f32], sample: &Sample) -> Option<Comparison> {
    debug_assert_eq!((reference.len(), sample.plate.len()), (LEN, LEN));
    let (mut before, mut after) = (gradients(reference, WIDTH), gradients(&sample.plate, WIDTH));
    for (at, _) in sample.masked.iter().enumerate().filter(|(_, masked)| **masked) {
        (before[at], after[at]) = (Complex::default(), Complex::default());
    }
    let energies: Vec<f32> = (0..TILES).map(|tile| energy_of(&before, tile)).collect();
    let least = STRUCTURE * STRUCTURE * (TILE * TILE) as f32;
    if energies.iter().filter(|&&energy| energy >= least).count() < TILES_NEEDED {
        return None;
    }
    let light: Vec<(f32, f32)> =
        (0..TILES).map(|tile| (mean_of(reference, tile), mean_of(&sample.plate, tile))).collect();
    let structured = |tile: usize| energies[tile] >= least && light[tile].1 < WASHED_OUT;
    let is_washed_out = (0..TILES).filter(|&tile| structured(tile)).count() < TILES_NEEDED;
    let total = |field: &[Complex<f32>]| field.iter().map(|g| f64::from(g.norm_sqr())).sum::<f64>();
    let energy = (total(&after) / total(&before)).sqrt();
    let is_soft = energy < NEAR_AND_SOFT;
    let is_close =
        unevenness(&after, &sample.masked) < if is_soft { SOFT_STUFF } else { ONE_STUFF };
    let compare_at = |(dx, dy): (isize, isize)| {
        let kept = kept(&before, &after, &energies, structured, (dx, dy));
        let asked = kept.iter().flatten().count().max(1);
        let same = kept.iter().flatten().filter(|&&kept| kept >= KEPT).count();
        Comparison {
            likeness: same as f64 / asked as f64,
            relit: relit(&light, &kept),
            kept,
            is_washed_out,
            is_close,
            shift: None,
        }
    };
    let here = compare_at((0, 0));
    if here.likeness >= SURELY_SAME {
        return Some(here);
    }
    let moved = displacement(&spectrum(&before, &PLATE), &spectrum(&after, &PLATE), &PLATE);
    if moved.certainty < CERTAIN {
        return Some(here);
    }
    let shift =
        Shift { dx: f64::from(moved.dx) / WIDTH as f64, dy: f64::from(moved.dy) / HEIGHT as f64 };
    if shift.dx.abs() >= SWAY || shift.dy.abs() >= SWAY {
        return Some(Comparison { shift: Some(shift), ..here });
    }
    let there = compare_at((moved.dx.round() as isize, moved.dy.round() as isize));
    Some(if there.likeness > here.likeness { there } else { here })
}

/// The rows of one tile.
fn rows_of(tile: usize) -> impl Iterator<Item = usize> {
    let first = tile / COLUMNS * TILE * WIDTH + tile % COLUMNS * TILE;
    (0..TILE).map(move |line| first + line * WIDTH)
}

fn energy_of(field: &[Complex<f32>], tile: usize) -> f32 {
    rows_of(tile).flat_map(|at| &field[at..at + TILE]).map(|g| g.norm_sqr()).sum()
}

fn mean_of(plate: &[f32], tile: usize) -> f32 {
    rows_of(tile).flat_map(|at| &plate[at..at + TILE]).sum::<f32>() / (TILE * TILE) as f32
}

/// Of (reference's, picture's) mean luma of each tile, which are off the line through the kept tiles:
/// light and exposure move all of them along one (least squares).
fn relit(light: &[(f32, f32)], kept: &[Option<f32>]) -> Vec<bool> {
    let steady = || {
        let tiles = light.iter().zip(kept);
        tiles.filter(|(_, kept)| kept.is_some_and(|kept| kept >= KEPT)).map(|(&means, _)| means)
    };
    let count = steady().count().max(1) as f32;
    let sum = steady().fold((0.0, 0.0), |sum, means| (sum.0 + means.0, sum.1 + means.1));
    let centre = (sum.0 / count, sum.1 / count);
    let (spread, common) = steady().fold((f32::EPSILON, 0.0), |(spread, common), means| {
        let (x, y) = (means.0 - centre.0, means.1 - centre.1);
        (spread + x * x, common + x * y)
    });
    let gain = common / spread;
    let off = |&(x, y): &(f32, f32)| (y - centre.1 - gain * (x - centre.0)).abs();
    light.iter().map(|means| off(means) >= RELIT).collect()
}

/// Gradients of a busy tile, in parts of a quiet one's; masked tiles, whose gradients are gone, are
/// neither. 1, as of one stuff, where all are.
fn unevenness(field: &[Complex<f32>], masked: &[bool]) -> f64 {
    let is_masked = |at: usize| masked[at..].iter().take(TILE).any(|&masked| masked);
    let seen = (0..TILES).filter(|&tile| masked.is_empty() || !rows_of(tile).any(is_masked));
    let mut energies: Vec<f32> = seen.map(|tile| energy_of(field, tile)).collect();
    energies.sort_unstable_by(f32::total_cmp);
    let Some(last) = energies.len().checked_sub(1) else { return 1.0 };
    let at = |rank: f64| f64::from(energies[(last as f64 * rank) as usize]);
    let (quiet, busy) = QUIET_AND_BUSY;
    (at(busy) / at(quiet).max(f64::from(f32::EPSILON))).sqrt()
}

/// How much of its structure each tile keeps where the picture moved by whole pixels.
fn kept(
    before: &[Complex<f32>],
    after: &[Complex<f32>],
    energies: &[f32],
    structured: impl Fn(usize) -> bool,
    (dx, dy): (isize, isize),
) -> Vec<Option<f32>> {
    let offset = dy * WIDTH as isize + dx;
    let mut figures: Vec<Option<(f32, f32)>> = Vec::with_capacity(TILES);
    for (tile, &own) in energies.iter().enumerate() {
        // A row that leaves at one side must not come back at the other.
        let across = (tile % COLUMNS * TILE).checked_add_signed(dx);
        let stays = across.is_some_and(|across| across + TILE <= WIDTH);
        let rows = rows_of(tile).map(|at| (at, at.checked_add_signed(offset).filter(|_| stays)));
        let (mut product, mut energy, mut inside) = (0.0, 0.0, true);
        for (from, to) in rows {
            let Some(there) = to.and_then(|to| after.get(to..to + TILE)) else {
                inside = false;
                break;
            };
            for (g, h) in before[from..from + TILE].iter().zip(there) {
                product += g.re * h.re + g.im * h.im;
                energy += h.norm_sqr();
            }
        }
        figures.push(
            (inside && structured(tile))
                .then(|| (product / own, product / (own * energy).sqrt().max(f32::EPSILON))),
        );
    }
    let mut projections: Vec<f32> = figures.iter().flatten().map(|&(p, _)| p).collect();
    projections.sort_unstable_by(f32::total_cmp);
    let rank = (projections.len().saturating_sub(1) as f64 * BEST_RANK) as usize;
    let best = projections.get(rank).copied().unwrap_or(1.0).clamp(BEST_LEAST, 1.0);
    figures
        .into_iter()
        .map(|figure| {
            figure.map(|(projection, same)| {
                let kept = if same < ALIKE { same } else { same.max(projection / best) };
                kept.clamp(0.0, 1.0)
            })
        })
        .collect()
}

impl Comparison {
    /// The tiles as a heat map: what lost its structure is hot.
    pub(crate) fn heat(&self) -> TileMap {
        let score = |kept: f32| (255.0 * (1.0 - kept / (2.0 * KEPT)).clamp(0.0, 1.0)) as u8;
        let scores = self.kept.iter().map(|kept| kept.map(score)).collect();
        TileMap { columns: COLUMNS, rows: ROWS, scores }
    }

    /// Share of the picture that the largest patch hides, 0–1: connected tiles that lost their
    /// structure, or have none and another light than the kept ones let expect. Light alone hides
    /// nothing: at most [`BEYOND_STRUCTURE`] times the share of all structure that is lost there.
    pub(crate) fn hidden(&self) -> f64 {
        let lost = |tile: usize| self.kept[tile].is_some_and(|kept| kept < KEPT);
        let open = |tile: usize| self.kept[tile].map_or(self.relit[tile], |kept| kept < KEPT);
        let asked = self.kept.iter().flatten().count().max(1) as f64;
        let mut seen = vec![false; TILES];
        let mut largest = 0.0_f64;
        for start in 0..TILES {
            if seen[start] || !lost(start) {
                continue;
            }
            let (mut tiles, mut structured, mut border) = (0, 0, vec![start]);
            seen[start] = true;
            while let Some(tile) = border.pop() {
                tiles += 1;
                structured += usize::from(lost(tile));
                for next in beside(tile).filter(|&next| open(next)) {
                    if !std::mem::replace(&mut seen[next], true) {
                        border.push(next);
                    }
                }
            }
            let hidden = f64::from(tiles) / TILES as f64;
            largest = largest.max(hidden.min(BEYOND_STRUCTURE * structured as f64 / asked));
        }
        largest
    }
}

/// The four neighbours of a tile.
fn beside(tile: usize) -> impl Iterator<Item = usize> {
    let (column, row) = (tile % COLUMNS, tile / COLUMNS);
    let left = (column > 0).then(|| tile - 1);
    let right = (column + 1 < COLUMNS).then(|| tile + 1);
    let above = (row > 0).then(|| tile - COLUMNS);
    let below = (row + 1 < ROWS).then(|| tile + COLUMNS);
    [left, right, above, below].into_iter().flatten()
}

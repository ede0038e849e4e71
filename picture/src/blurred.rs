//! Blurred, 图像模糊: out of focus, dirty or fogged lens.
//!
//! Measured: sharpness S, the median over textured tiles of √(fine detail / medium detail), where
//! detail is the energy of a difference of Gaussians (σ 0.7 − 1.4 and 1.4 − 2.8 working pixels) and
//! the share of sensor noise in both is taken off. A ratio, it does not depend on contrast; fog
//! lowers both bands alike. Without texture nothing can be told.
//!
//! S is measured at the working size, where clean scenes and fog gave 0.58 and more (0.54 where a
//! small picture had been enlarged and coded coarsely) and a box blur of radius 2 gave 0.51 and
//! less. Strong noise over a blurred scene may hide the blur. What is lost between the native and
//! the working size is below what a viewer of a 704-pixel wall tile sees, and differs by lens and
//! coder even between healthy cameras.

use crate::finding::{Fault, Finding};
use crate::gaussian::{kernel, smooth};
use crate::grain;
use crate::limits::Limits;
use crate::reference::Reference;
use crate::working::{TILE, Working};

/// Side of a tile of detail, in working pixels: enough for the larger Gaussian.
const BLOCK: usize = 2 * TILE;
/// Sums kept side by side in [`Energies::add`].
const LANES: usize = 8;
/// Distance from the limit at which the answer is certain.
const SPAN: f64 = 0.2;
/// Medium detail (root mean square, in luma) from which a tile has texture.
const TEXTURE: f32 = 1.0;
/// Of the textured tiles, the part with the most texture that is asked: there the least of what is
/// measured is noise, which coding leaves in texture and takes from the quiet tiles it is known by.
const ASKED: f64 = 0.2;
/// Fewest textured tiles for an answer.
const TILES_NEEDED: usize = 6;
/// White noise of variance 1 leaves this energy in σ 0.7 − 1.4: the squared norm of the kernel.
const NOISE_IN_FINE: f32 = 0.0779;
/// The same in σ 1.4 − 2.8.
const NOISE_IN_MEDIUM: f32 = 0.0183;

/// Judges sharpness.
pub(crate) fn judge(working: &Working, own: Option<&Reference>, limits: &Limits) -> Finding {
    let usual = own.map_or(0.0, |own| f64::from(own.levels.sharpness) * limits.sharpness_part);
    let limit = limits.sharpness.max(usual);
    match sharpness(working) {
        Some(s) => Finding::below(Fault::Blurred, s, limit, SPAN, "ratio"),
        None => Finding::unknown(Fault::Blurred, None, limit, "ratio"),
    }
}

/// Energies of fine and medium detail in one block.
struct Detail {
    fine: f32,
    medium: f32,
}

/// Sharpness S; `None` without texture.
pub(crate) fn sharpness(working: &Working) -> Option<f64> {
    let noise = grain::sigma(working).powi(2);
    let mut textured: Vec<Detail> = detail(working)
        .into_iter()
        .map(|raw| Detail {
            fine: (raw.fine - noise * NOISE_IN_FINE).max(0.0),
            medium: raw.medium - noise * NOISE_IN_MEDIUM,
        })
        .filter(|detail| detail.medium >= TEXTURE * TEXTURE)
        .collect();
    if textured.len() < TILES_NEEDED {
        return None;
    }
    textured.sort_unstable_by(|a, b| b.medium.total_cmp(&a.medium));
    let asked = ((textured.len() as f64 * ASKED) as usize).max(TILES_NEEDED);
    let mut ratios: Vec<f32> =
        textured[..asked].iter().map(|detail| (detail.fine / detail.medium).sqrt()).collect();
    let middle = ratios.len() / 2;
    let (_, median, _) = ratios.select_nth_unstable_by(middle, f32::total_cmp);
    Some(f64::from(*median))
}

/// Fine and medium detail of every block without overlay.
fn detail(working: &Working) -> Vec<Detail> {
    let (width, height) = (working.width, working.height);
    let (columns, rows) = (width / BLOCK, height / BLOCK);
    // Variances of Gaussians add: √(1.4² − 0.7²) takes σ 0.7 to 1.4.
    let step = kernel::<5>((1.4_f32 * 1.4 - 0.7 * 0.7).sqrt());
    let mut small = Vec::with_capacity(width * height);
    smooth(&working.luma, width, &kernel::<4>(0.7), |_, row| small.extend_from_slice(row));
    // σ 1.4 leaves little above half the sampling rate, so the larger one is taken on every second
    // pixel, where √(2.8² − 1.4²) is √(1.4² − 0.7²).
    let half_width = width / 2;
    let mut half = Vec::with_capacity(half_width * height.div_ceil(2));
    let mut fine = Energies::new(columns, rows, BLOCK);
    smooth(&small, width, &step, |y, medium| {
        fine.add(y, &small[y * width..][..width], medium);
        if y % 2 == 0 {
            half.extend(medium.chunks_exact(2).map(|pair| pair[0]));
        }
    });
    let mut coarse = Energies::new(columns, rows, BLOCK / 2);
    smooth(&half, half_width, &step, |y, large| {
        coarse.add(y, &half[y * half_width..][..half_width], large);
    });
    (0..columns * rows)
        .filter(|block| {
            let tile = block / columns * 2 * working.columns + block % columns * 2;
            let below = tile + working.columns;
            [tile, tile + 1, below, below + 1].iter().all(|&tile| !working.tiles[tile].overlay)
        })
        .map(|block| Detail { fine: fine.mean(block), medium: coarse.mean(block) })
        .collect()
}

/// Squared differences of two fields, summed up per block.
struct Energies {
    columns: usize,
    /// Side of a block, a multiple of [`LANES`].
    side: usize,
    sums: Vec<f32>,
}

impl Energies {
    fn new(columns: usize, rows: usize, side: usize) -> Self {
        Self { columns, side, sums: vec![0.0; columns * rows] }
    }

    /// Adds row `y` of both fields; a rest beyond the last whole block is left out.
    fn add(&mut self, y: usize, a: &[f32], b: &[f32]) {
        let first = y / self.side * self.columns;
        let Some(sums) = self.sums.get_mut(first..first + self.columns) else {
            return;
        };
        let blocks = a.chunks_exact(self.side).zip(b.chunks_exact(self.side));
        for (sum, (a, b)) in sums.iter_mut().zip(blocks) {
            // Separate sums, so that the compiler may use vector registers.
            let mut lanes = [0.0_f32; LANES];
            for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
                for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
                    *lane += (a - b) * (a - b);
                }
            }
            *sum += lanes.iter().sum::<f32>();
        }
    }

    fn mean(&self, block: usize) -> f32 {
        self.sums[block] / (self.side * self.side) as f32
    }
}

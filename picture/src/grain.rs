//! How strong the sensor noise is, so that it is not taken for detail.
//!
//! J. Immerkær, "Fast Noise Variance Estimation", Computer Vision and Image Understanding 64 (2),
//! 1996: the mask below is blind to flat areas and slopes; the mean of its magnitude gives sigma.
//! Texture answers too, so the estimate is taken from the quiet tiles of the picture.

use crate::working::{TILE, Working};

/// Of all tiles, the one at this rank speaks for the noise.
const QUIET_RANK: f64 = 0.15;

/// Standard deviation of white noise in the working luma; 0 where no tile can tell.
pub(crate) fn sigma(working: &Working) -> f32 {
    let width = working.width;
    let mut tiles: Vec<f32> = Vec::with_capacity(working.tiles.len());
    let row_of = |y: usize| &working.luma[y * width..][..width];
    for (index, tile) in working.tiles.iter().enumerate() {
        // Clipped to black or white, noise does not show.
        if tile.overlay || tile.mean < 20.0 || tile.mean > 231.0 {
            continue;
        }
        let (left, top) = (index % working.columns * TILE, index / working.columns * TILE);
        tiles.push(magnitude(|y| &row_of(top + y)[left..left + TILE]));
    }
    quiet_sigma(&mut tiles)
}

/// Mean magnitude of the mask over one 16×16 tile, given by its rows.
pub(crate) fn magnitude<'a>(row: impl Fn(usize) -> &'a [u8]) -> f32 {
    let mut sum = 0_u32;
    for y in 1..TILE - 1 {
        // The mask is (1 −2 1) downwards times (1 −2 1) across.
        let lines = [y - 1, y, y + 1].map(&row);
        let mut down = [0_i16; TILE];
        for (x, value) in down.iter_mut().enumerate() {
            let [above, middle, below] = lines.map(|line| i16::from(line[x]));
            *value = above - 2 * middle + below;
        }
        let across = down.windows(3).map(|w| (w[0] - 2 * w[1] + w[2]).unsigned_abs());
        sum += across.map(u32::from).sum::<u32>();
    }
    sum as f32 / ((TILE - 2) * (TILE - 2)) as f32
}

/// The deviation that the quiet tiles' magnitudes stand for; 0 without tiles.
pub(crate) fn quiet_sigma(magnitudes: &mut [f32]) -> f32 {
    if magnitudes.is_empty() {
        return 0.0;
    }
    let rank = (magnitudes.len() as f64 * QUIET_RANK) as usize;
    let (_, quiet, _) = magnitudes.select_nth_unstable_by(rank, f32::total_cmp);
    // E|mask * n| = 6 σ √(2/π) for white noise.
    *quiet * (std::f32::consts::PI / 2.0).sqrt() / 6.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Frame;

    /// Seeded noise, roughly normal: the sum of four uniform values.
    fn noisy(sigma: f64) -> Vec<u8> {
        let mut state = 7_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
        };
        let mut normal = || (0..4).map(|_| uniform()).sum::<f64>() * 3.0_f64.sqrt();
        (0..320 * 240)
            .map(|i| (100.0 + f64::from(i % 320) / 8.0 + sigma * normal()) as u8)
            .collect()
    }

    #[test]
    fn known_noise_is_found_again() {
        for sigma in [2.0, 4.0, 8.0] {
            let luma = noisy(sigma);
            let working = Working::of(&Frame::gray(320, 240, (&luma, 320)).unwrap());
            let found = f64::from(super::sigma(&working));
            assert!((found - sigma).abs() < 0.25 * sigma, "{found} for {sigma}");
        }
    }

    #[test]
    fn a_slope_is_no_noise() {
        let luma: Vec<u8> = (0..320 * 240).map(|i| (40 + (i % 320) / 2) as u8).collect();
        let working = Working::of(&Frame::gray(320, 240, (&luma, 320)).unwrap());
        assert!(sigma(&working) < 0.5);
    }
}

//! Area-averaging reduction of one plane: every source sample counts, by the part of it covered.
//!
//! Averaging (and not picking) keeps sensor noise and detail honest at the working size, which the
//! limits of sharpness depend on.

use crate::frame::Plane;

/// Weights of one output sample add up to this; a row of weighted sums then fits 16 bits.
const ONE: usize = 256;

/// Where an output sample takes its input from, and how much of each.
struct Taps {
    first: usize,
    weights: Vec<u16>,
}

/// The taps of every output position along one axis, `from` samples reduced to `to`.
fn taps(from: usize, to: usize) -> Vec<Taps> {
    (0..to)
        .map(|index| {
            // Positions in 1/ONE of an input sample.
            let begin = index * from * ONE / to;
            let end = (index + 1) * from * ONE / to;
            let (first, last) = (begin / ONE, (end - 1) / ONE);
            let mut spent = 0;
            let weights = (first..=last)
                .map(|sample| {
                    // Rounding the running total keeps the sum exactly ONE.
                    let covered = ((sample + 1) * ONE).min(end) - begin;
                    let upto = (covered * ONE + (end - begin) / 2) / (end - begin);
                    let weight = upto - spent;
                    spent = upto;
                    u16::try_from(weight).unwrap_or(u16::MAX)
                })
                .collect();
            Taps { first, weights }
        })
        .collect()
}

/// Reduces `plane` to `width` × `height` by area averaging, rows without padding.
///
/// Neither side may grow; equal sides copy.
pub(crate) fn reduce(plane: &Plane<'_>, width: usize, height: usize) -> Vec<u8> {
    debug_assert!(width <= plane.width && height <= plane.height);
    let mut out = Vec::with_capacity(width * height);
    if (width, height) == (plane.width, plane.height) {
        (0..height).for_each(|y| out.extend_from_slice(plane.row(y)));
        return out;
    }
    let columns = taps(plane.width, width);
    let mut sums = vec![0_u16; plane.width];
    for row in taps(plane.height, height) {
        sums.fill(0);
        for (offset, &weight) in row.weights.iter().enumerate() {
            for (sum, &sample) in sums.iter_mut().zip(plane.row(row.first + offset)) {
                *sum += weight * u16::from(sample);
            }
        }
        out.extend(columns.iter().map(|column| {
            let inputs = &sums[column.first..][..column.weights.len()];
            let total: u32 = inputs
                .iter()
                .zip(&column.weights)
                .map(|(&sum, &weight)| u32::from(sum) * u32::from(weight))
                .sum();
            // total ≤ 255 · ONE · ONE, so the shifted value fits a byte.
            u8::try_from((total + 0x8000) >> 16).unwrap_or(u8::MAX)
        }));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_always_add_up() {
        for (from, to) in [(1920, 704), (1080, 396), (705, 704), (64, 64), (16_384, 704), (7, 3)] {
            for tap in taps(from, to) {
                let sum: u16 = tap.weights.iter().sum();
                assert_eq!(usize::from(sum), ONE, "{from} to {to}");
                assert!(tap.first + tap.weights.len() <= from);
            }
        }
    }

    #[test]
    fn a_flat_plane_stays_flat_and_a_mean_is_kept() {
        let white = vec![255; 1920 * 3];
        let plane = Plane::new("Y", &white, 1920, 1920, 3).unwrap();
        assert!(reduce(&plane, 704, 2).iter().all(|&v| v == 255));
        let stripes: Vec<u8> = (0..1200).map(|i| if i % 2 == 0 { 0 } else { 200 }).collect();
        let plane = Plane::new("Y", &stripes, 120, 120, 10).unwrap();
        assert!(reduce(&plane, 60, 5).iter().all(|&v| v == 100));
    }
}

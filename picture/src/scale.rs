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
    if (width, height) == (plane.width, plane.height) {
        let mut out = Vec::with_capacity(width * height);
        (0..height).for_each(|y| out.extend_from_slice(plane.row(y)));
        return out;
    }
    let columns = taps(plane.width, width);
    let most = columns.iter().map(|column| column.weights.len()).max().unwrap_or(1);
    // A constant number of taps lets the compiler unroll the loop that runs for every pixel.
    match most {
        ..=2 => reduce_rows(plane, &columns, height, 2),
        3..=4 => reduce_rows(plane, &columns, height, 4),
        5..=8 => reduce_rows(plane, &columns, height, 8),
        9..=16 => reduce_rows(plane, &columns, height, 16),
        _ => reduce_rows(plane, &columns, height, most),
    }
}

/// [`reduce`] where no output sample has more than `most` taps.
#[inline(always)]
fn reduce_rows(plane: &Plane<'_>, columns: &[Taps], height: usize, most: usize) -> Vec<u8> {
    let mut weights = vec![0_u16; columns.len() * most];
    for (padded, column) in weights.chunks_exact_mut(most).zip(columns) {
        padded[..column.weights.len()].copy_from_slice(&column.weights);
    }
    let mut out = vec![0; columns.len() * height];
    // Room behind the row for the taps that are padded with weight 0.
    let mut sums = vec![0_u16; plane.width + most];
    for (row, target) in taps(plane.height, height).iter().zip(out.chunks_exact_mut(columns.len()))
    {
        sums.fill(0);
        for (offset, &weight) in row.weights.iter().enumerate() {
            for (sum, &sample) in sums.iter_mut().zip(plane.row(row.first + offset)) {
                *sum += weight * u16::from(sample);
            }
        }
        let columns = columns.iter().zip(weights.chunks_exact(most));
        for (value, (column, weights)) in target.iter_mut().zip(columns) {
            let inputs = &sums[column.first..column.first + most];
            let mut total = 0x8000;
            for (&sum, &weight) in inputs.iter().zip(weights) {
                total += u32::from(sum) * u32::from(weight);
            }
            // total ≤ 255 · ONE · ONE + 0x8000, so the third byte holds the rounded mean.
            *value = total.to_le_bytes()[2];
        }
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

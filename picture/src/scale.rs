//! Area-averaging reduction of one plane: every source sample counts, by the part of it covered.
//!
//! Averaging (and not picking) keeps sensor noise and detail honest at the working size, which the
//! limits of sharpness depend on.

use crate::frame::Plane;

/// Weights of the columns of one output sample add up to this.
const ONE: usize = 256;
/// Weights of its rows: a weighted sum of theirs fits `i16`, which processors multiply and add in
/// pairs.
const ONE_ROW: usize = 128;

/// Most taps that are padded to a constant number.
const PADDED_MOST: usize = 16;

/// Where an output sample takes its input from, and how much of each.
struct Taps {
    first: usize,
    weights: Vec<i16>,
}

/// The taps of every output position along one axis, `from` samples reduced to `to`; the weights of
/// each add up to `one`.
fn taps(from: usize, to: usize, one: usize) -> Vec<Taps> {
    (0..to)
        .map(|index| {
            // Positions in 1/ONE of an input sample.
            let begin = index * from * ONE / to;
            let end = (index + 1) * from * ONE / to;
            let (first, last) = (begin / ONE, (end - 1) / ONE);
            let mut spent = 0;
            let weights = (first..=last)
                .map(|sample| {
                    // Rounding the running total keeps the sum exactly `one`.
                    let covered = ((sample + 1) * ONE).min(end) - begin;
                    let upto = (covered * one + (end - begin) / 2) / (end - begin);
                    let weight = upto - spent;
                    spent = upto;
                    i16::try_from(weight).unwrap_or(i16::MAX)
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
    let columns = taps(plane.width, width, ONE);
    let most = columns.iter().map(|column| column.weights.len()).max().unwrap_or(1);
    // A constant number of taps, a register full, lets the compiler multiply and add them at once.
    match most {
        ..=8 => reduce_padded::<8>(plane, &columns, height),
        9..=PADDED_MOST => reduce_padded::<PADDED_MOST>(plane, &columns, height),
        _ => reduce_rows(plane, &columns, height, |sums, column| {
            weigh(&sums[column.first..], &column.weights)
        }),
    }
}

/// [`reduce`] where no output sample has more than `MOST` columns.
fn reduce_padded<const MOST: usize>(plane: &Plane<'_>, columns: &[Taps], height: usize) -> Vec<u8> {
    let padded: Vec<(usize, [i16; MOST])> = columns
        .iter()
        .map(|column| {
            let mut weights = [0; MOST];
            weights[..column.weights.len()].copy_from_slice(&column.weights);
            (column.first, weights)
        })
        .collect();
    reduce_rows(plane, &padded, height, |sums, (first, weights)| {
        weigh(&sums[*first..][..MOST], weights)
    })
}

/// [`reduce`] by a function that weighs a row of sums for one output column.
#[inline(always)]
fn reduce_rows<Column>(
    plane: &Plane<'_>,
    columns: &[Column],
    height: usize,
    weigh_at: impl Fn(&[i16], &Column) -> i32,
) -> Vec<u8> {
    let mut out = vec![0; columns.len() * height];
    // Room behind the row for taps that are padded with weight 0.
    let mut sums = vec![0_i16; plane.width + PADDED_MOST];
    let rows = taps(plane.height, height, ONE_ROW);
    for (row, target) in rows.iter().zip(out.chunks_exact_mut(columns.len())) {
        sums.fill(0);
        for (offset, &weight) in row.weights.iter().enumerate() {
            for (sum, &sample) in sums.iter_mut().zip(plane.row(row.first + offset)) {
                *sum += weight * i16::from(sample);
            }
        }
        for (value, column) in target.iter_mut().zip(columns) {
            let total = weigh_at(&sums, column).cast_unsigned() + (ONE * ONE_ROW / 2) as u32;
            // At most 255.5 · ONE · ONE_ROW.
            *value = (total / (ONE * ONE_ROW) as u32) as u8;
        }
    }
    out
}

/// The weighted sum; 255 · [`ONE`] · [`ONE_ROW`] at the most.
#[inline(always)]
fn weigh(sums: &[i16], weights: &[i16]) -> i32 {
    sums.iter().zip(weights).map(|(&sum, &weight)| i32::from(sum) * i32::from(weight)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_always_add_up() {
        for (from, to) in [(1920, 704), (1080, 396), (705, 704), (64, 64), (16_384, 704), (7, 3)] {
            for (one, tap) in [ONE, ONE_ROW]
                .into_iter()
                .flat_map(|one| taps(from, to, one).into_iter().map(move |tap| (one, tap)))
            {
                let sum: i16 = tap.weights.iter().sum();
                assert_eq!(usize::try_from(sum), Ok(one), "{from} to {to}");
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

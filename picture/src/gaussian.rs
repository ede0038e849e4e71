//! Separable Gaussian smoothing of a field of `f32`, edges repeated.

/// The right half of a normalised kernel of so many weights: the centre's, then outwards.
pub(crate) type HalfKernel<const WEIGHTS: usize> = [f32; WEIGHTS];

/// Sampled Gaussian of `sigma` pixels; `WEIGHTS` is to reach to three sigma.
pub(crate) fn kernel<const WEIGHTS: usize>(sigma: f32) -> HalfKernel<WEIGHTS> {
    debug_assert_eq!(WEIGHTS, (3.0 * sigma).ceil() as usize + 1);
    let raw: HalfKernel<WEIGHTS> =
        std::array::from_fn(|i| (-0.5 * (i as f32 / sigma) * (i as f32 / sigma)).exp());
    let sum = raw[0] + 2.0 * raw[1..].iter().sum::<f32>();
    raw.map(|weight| weight / sum)
}

/// Smooths `field` (`width` columns) with `kernel` both ways, and hands each row to `take` as it is
/// done. The number of weights is a constant, so that all of them are taken in one vectorised pass.
pub(crate) fn smooth<T: Copy + Into<f32>, const WEIGHTS: usize>(
    field: &[T],
    width: usize,
    kernel: &HalfKernel<WEIGHTS>,
    mut take: impl FnMut(usize, &[f32]),
) {
    let height = field.len() / width;
    let radius = WEIGHTS - 1;
    let row_of = |y: usize| &field[y * width..][..width];
    let mut done = vec![0.0; width];
    let mut padded = vec![0.0; width + 2 * radius];
    for y in 0..height {
        let above: [&[T]; WEIGHTS] = std::array::from_fn(|i| row_of(y.saturating_sub(i)));
        let below: [&[T]; WEIGHTS] = std::array::from_fn(|i| row_of((y + i).min(height - 1)));
        weigh(&mut padded[radius..radius + width], above, below, kernel);
        let (left, right) = (padded[radius], padded[radius + width - 1]);
        padded[..radius].fill(left);
        padded[radius + width..].fill(right);
        let before: [&[f32]; WEIGHTS] = std::array::from_fn(|i| &padded[radius - i..][..width]);
        let after: [&[f32]; WEIGHTS] = std::array::from_fn(|i| &padded[radius + i..][..width]);
        weigh(&mut done, before, after, kernel);
        take(y, &done);
    }
}

/// Each sample's weighted sum of those on either side.
#[inline(always)]
fn weigh<T: Copy + Into<f32>, const WEIGHTS: usize>(
    out: &mut [f32],
    before: [&[T]; WEIGHTS],
    after: [&[T]; WEIGHTS],
    kernel: &HalfKernel<WEIGHTS>,
) {
    let (before, after) = (before.map(|row| &row[..out.len()]), after.map(|row| &row[..out.len()]));
    for (x, out) in out.iter_mut().enumerate() {
        let mut sum = before[0][x].into() * kernel[0];
        for i in 1..WEIGHTS {
            sum += (before[i][x].into() + after[i][x].into()) * kernel[i];
        }
        *out = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_keeps_the_sum_and_the_shape() {
        let mut field = vec![0.0_f32; 41 * 41];
        field[20 * 41 + 20] = 1.0;
        let mut out = Vec::new();
        smooth(&field, 41, &kernel::<6>(1.4), |_, row| out.extend_from_slice(row));
        assert!((out.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        // Peak of a unit Gaussian in two dimensions: 1 / (2 π σ²).
        let peak = 1.0 / (2.0 * std::f32::consts::PI * 1.4 * 1.4);
        assert!((out[20 * 41 + 20] - peak).abs() < 0.002);
        assert_eq!(out[20 * 41 + 23], out[23 * 41 + 20]);
    }

    #[test]
    fn a_flat_field_has_no_edges() {
        let mut rows = 0;
        smooth(&[7_u8; 20 * 9], 20, &kernel::<10>(2.8), |y, row| {
            assert_eq!(y, rows);
            assert!(row.iter().all(|value| (value - 7.0).abs() < 1e-4));
            rows += 1;
        });
        assert_eq!(rows, 9);
    }
}

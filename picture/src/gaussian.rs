//! Separable Gaussian smoothing of a field of `f32`, edges repeated.

/// The right half of a normalised kernel: the centre weight, then outwards.
pub(crate) type HalfKernel = Vec<f32>;

/// Sampled Gaussian of `sigma` pixels, cut at three sigma.
pub(crate) fn kernel(sigma: f32) -> HalfKernel {
    let radius = (3.0 * sigma).ceil() as usize;
    let raw: Vec<f32> =
        (0..=radius).map(|i| (-0.5 * (i as f32 / sigma) * (i as f32 / sigma)).exp()).collect();
    let sum = raw[0] + 2.0 * raw[1..].iter().sum::<f32>();
    raw.into_iter().map(|weight| weight / sum).collect()
}

/// Smooths `field` (`width` columns) with `kernel` both ways, and hands each row to `take` as it is
/// done, so that a field which is only summed up is never kept.
pub(crate) fn smooth<T: Copy + Into<f32>>(
    field: &[T],
    width: usize,
    kernel: &[f32],
    mut take: impl FnMut(usize, &[f32]),
) {
    let height = field.len() / width;
    let radius = kernel.len() - 1;
    let row_of = |y: usize| &field[y * width..][..width];
    let mut done = vec![0.0; width];
    let mut padded = vec![0.0; width + 2 * radius];
    for y in 0..height {
        let middle = &mut padded[radius..radius + width];
        for (value, &centre) in middle.iter_mut().zip(row_of(y)) {
            *value = centre.into() * kernel[0];
        }
        for (i, &weight) in kernel.iter().enumerate().skip(1) {
            let above = row_of(y.saturating_sub(i));
            let below = row_of((y + i).min(height - 1));
            for ((value, &a), &b) in middle.iter_mut().zip(above).zip(below) {
                *value += weight * (a.into() + b.into());
            }
        }
        let (left, right) = (padded[radius], padded[radius + width - 1]);
        padded[..radius].fill(left);
        padded[radius + width..].fill(right);
        for (value, &centre) in done.iter_mut().zip(&padded[radius..]) {
            *value = centre * kernel[0];
        }
        for (i, &weight) in kernel.iter().enumerate().skip(1) {
            let (before, after) = (&padded[radius - i..], &padded[radius + i..]);
            for ((value, &a), &b) in done.iter_mut().zip(before).zip(after) {
                *value += weight * (a + b);
            }
        }
        take(y, &done);
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
        smooth(&field, 41, &kernel(1.4), |_, row| out.extend_from_slice(row));
        assert!((out.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        // Peak of a unit Gaussian in two dimensions: 1 / (2 π σ²).
        let peak = 1.0 / (2.0 * std::f32::consts::PI * 1.4 * 1.4);
        assert!((out[20 * 41 + 20] - peak).abs() < 0.002);
        assert_eq!(out[20 * 41 + 23], out[23 * 41 + 20]);
    }

    #[test]
    fn a_flat_field_has_no_edges() {
        let mut rows = 0;
        smooth(&[7_u8; 20 * 9], 20, &kernel(2.8), |y, row| {
            assert_eq!(y, rows);
            assert!(row.iter().all(|value| (value - 7.0).abs() < 1e-4));
            rows += 1;
        });
        assert_eq!(rows, 9);
    }
}

//! By how much one picture is displaced against another: phase correlation.
//!
//! C. D. Kuglin, D. C. Hines, "The Phase Correlation Image Alignment Method", Proc. IEEE Int. Conf.
//! on Cybernetics and Society, 1975; on gradients, so that a change of light does not lead
//! (V. Argyriou, T. Vlachos, "Estimation of sub-pixel motion using gradient cross-correlation",
//! Electronics Letters 39, 2003). The peak is refined by a parabola in each axis.

use crate::fft::{Complex, Pair};

/// Pixels around the peak that belong to it.
const PEAK_RADIUS: isize = 4;

/// The displacement found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Displacement {
    /// Pixels to the right.
    pub(crate) dx: f32,
    /// Pixels down.
    pub(crate) dy: f32,
    /// Height of the peak over the rest, in standard deviations of the rest (peak to sidelobe
    /// ratio). Unrelated pictures stay below about 8.
    pub(crate) certainty: f32,
}

/// Transforms gradients for [`displacement`], their rims faded out.
pub(crate) fn spectrum(gradients: &[Complex<f32>], pair: &Pair) -> Vec<Complex<f32>> {
    let (across, down) = (fade(pair.width), fade(pair.height));
    let mut field: Vec<Complex<f32>> = gradients
        .chunks_exact(pair.width)
        .zip(&down)
        .flat_map(|(row, &down)| {
            row.iter().zip(&across).map(move |(&g, &across)| g * across * down)
        })
        .collect();
    pair.forward.apply(&mut field);
    field
}

/// A raised cosine over the outer eighth at either end.
fn fade(len: usize) -> Vec<f32> {
    let rim = (len / 8) as f32;
    let weight = |index: usize| {
        let inside = (index.min(len - 1 - index) as f32 + 0.5) / rim;
        if inside >= 1.0 { 1.0 } else { 0.5 - 0.5 * (std::f32::consts::PI * inside).cos() }
    };
    (0..len).map(weight).collect()
}

/// The displacement of `later` against `earlier`, both by [`spectrum`].
pub(crate) fn displacement(
    earlier: &[Complex<f32>],
    later: &[Complex<f32>],
    pair: &Pair,
) -> Displacement {
    let mut cross: Vec<Complex<f32>> = earlier
        .iter()
        .zip(later)
        .map(|(a, b)| {
            let product = b * a.conj();
            // Dividing by the root of the magnitude keeps strong detail in front of noise.
            product / (product.norm_sqr().sqrt().sqrt() + f32::EPSILON)
        })
        .collect();
    pair.inverse.apply_transposed(&mut cross);
    let surface: Vec<f32> = cross.iter().map(|value| value.re).collect();
    let (width, height) = (pair.width as isize, pair.height as isize);
    let peak = (0..surface.len()).max_by(|&a, &b| surface[a].total_cmp(&surface[b])).unwrap_or(0);
    let (x, y) = ((peak % pair.width) as isize, (peak / pair.width) as isize);
    let at = |x: isize, y: isize| {
        surface[(y.rem_euclid(height) * width + x.rem_euclid(width)).unsigned_abs()]
    };
    let (mut sum, mut squares, mut count) = (0.0_f64, 0.0_f64, 0.0_f64);
    for (index, &value) in surface.iter().enumerate() {
        let (px, py) = ((index % pair.width) as isize, (index / pair.width) as isize);
        let apart = |a: isize, b: isize, side: isize| {
            let distance = (a - b).abs();
            distance.min(side - distance)
        };
        if apart(px, x, width) > PEAK_RADIUS || apart(py, y, height) > PEAK_RADIUS {
            sum += f64::from(value);
            squares += f64::from(value) * f64::from(value);
            count += 1.0;
        }
    }
    let mean = sum / count;
    let deviation = (squares / count - mean * mean).max(f64::MIN_POSITIVE).sqrt();
    let signed = |value: isize, side: isize| if value > side / 2 { value - side } else { value };
    Displacement {
        dx: signed(x, width) as f32 + vertex(at(x - 1, y), at(x, y), at(x + 1, y)),
        dy: signed(y, height) as f32 + vertex(at(x, y - 1), at(x, y), at(x, y + 1)),
        certainty: ((f64::from(at(x, y)) - mean) / deviation) as f32,
    }
}

/// Where a parabola through three neighbours peaks, from the middle one; −0.5 to 0.5.
fn vertex(before: f32, middle: f32, after: f32) -> f32 {
    let curve = before - 2.0 * middle + after;
    if curve >= 0.0 { 0.0 } else { (0.5 * (before - after) / curve).clamp(-0.5, 0.5) }
}

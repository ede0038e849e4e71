//! A plate: the luma of a whole picture at one small, fixed size, and its gradients.
//!
//! A fixed size makes the main stream and the sub-stream of a camera comparable and bounds the work
//! whatever the picture's shape. One plate pixel is 4.4 working pixels across.

use crate::fft::Complex;

/// Columns of a plate.
pub(crate) const WIDTH: usize = 160;
/// Rows of a plate.
pub(crate) const HEIGHT: usize = 96;
/// Pixels of a plate.
pub(crate) const LEN: usize = WIDTH * HEIGHT;

/// Both gradients of a plate as one complex number a pixel (across + i · down), by central
/// differences; 0 at the rim.
pub(crate) fn gradients(plate: &[f32], width: usize) -> Vec<Complex<f32>> {
    let height = plate.len() / width;
    let mut out = vec![Complex::new(0.0, 0.0); plate.len()];
    for y in 1..height - 1 {
        let above = &plate[(y - 1) * width..][..width];
        let row = &plate[y * width..][..width];
        let below = &plate[(y + 1) * width..][..width];
        for x in 1..width - 1 {
            out[y * width + x] = Complex::new(row[x + 1] - row[x - 1], below[x] - above[x]);
        }
    }
    out
}

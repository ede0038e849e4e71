//! Two-dimensional Fourier transforms of the few sizes that the methods use.

pub(crate) use rustfft::num_complex::Complex;
use rustfft::{Fft, FftDirection, FftPlanner};
use std::sync::{Arc, LazyLock};

/// Both axes of one size and direction. Planning costs more than transforming, so each size is
/// planned once in a process; a plan holds tables of sines and nothing of a picture.
pub(crate) struct Transform {
    across: Arc<dyn Fft<f32>>,
    down: Arc<dyn Fft<f32>>,
}

/// A transform and its inverse.
pub(crate) struct Pair {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) forward: Transform,
    pub(crate) inverse: Transform,
}

impl Pair {
    fn new(width: usize, height: usize) -> Self {
        let mut planner = FftPlanner::new();
        let mut plan = |direction| Transform {
            across: planner.plan_fft(width, direction),
            down: planner.plan_fft(height, direction),
        };
        let (forward, inverse) = (plan(FftDirection::Forward), plan(FftDirection::Inverse));
        Self { width, height, forward, inverse }
    }
}

/// For plates.
pub(crate) static PLATE: LazyLock<Pair> =
    LazyLock::new(|| Pair::new(crate::plate::WIDTH, crate::plate::HEIGHT));
/// For the glimpses of `shaking`.
pub(crate) static GLIMPSE: LazyLock<Pair> =
    LazyLock::new(|| Pair::new(crate::shaking::WIDTH, crate::shaking::HEIGHT));
/// For the windows of `stripes`.
pub(crate) static WINDOW: LazyLock<Pair> =
    LazyLock::new(|| Pair::new(crate::stripes::WIDTH, crate::stripes::HEIGHT));

impl Transform {
    /// Transforms `field` and leaves it transposed (columns as rows), which is where a second
    /// transform, that of the other size, takes it up; not normalised.
    pub(crate) fn apply(&self, field: &mut Vec<Complex<f32>>) {
        let (width, height) = (self.across.len(), self.down.len());
        self.across.process(field);
        let mut turned = vec![Complex::new(0.0, 0.0); field.len()];
        transpose(field, width, &mut turned);
        self.down.process(&mut turned);
        *field = turned;
        debug_assert_eq!(field.len(), width * height);
    }

    /// Undoes [`Transform::apply`] of the other direction: takes a transposed field.
    pub(crate) fn apply_transposed(&self, field: &mut Vec<Complex<f32>>) {
        self.down.process(field);
        let mut turned = vec![Complex::new(0.0, 0.0); field.len()];
        transpose(field, self.down.len(), &mut turned);
        self.across.process(&mut turned);
        *field = turned;
    }
}

fn transpose(from: &[Complex<f32>], width: usize, to: &mut [Complex<f32>]) {
    let height = from.len() / width;
    for (y, row) in from.chunks_exact(width).enumerate() {
        for (x, &value) in row.iter().enumerate() {
            to[x * height + y] = value;
        }
    }
}

//! Faults made from clean scenes, in three severities: 1 mild, 2 plain, 3 grave.

use crate::scene::{Scene, noise::Noise};

/// Studio-range blue, as encoders show without a signal.
pub(crate) const BLUE: [u8; 3] = [41, 240, 110];
const WHITE: [u8; 3] = [235, 128, 128];

fn of(severity: usize, values: [f64; 3]) -> f64 {
    values[severity - 1]
}

impl Scene {
    /// Gain and offset, clipped to white.
    pub(crate) fn overexposed(self, severity: usize) -> Self {
        let (gain, offset) = (of(severity, [1.5, 2.0, 3.0]), of(severity, [40.0, 60.0, 90.0]));
        self.luma(|value| (value - 16.0) * gain + offset)
    }

    /// A dark scene with the noise of its gain.
    pub(crate) fn underexposed(self, severity: usize) -> Self {
        let gain = of(severity, [0.16, 0.10, 0.05]);
        self.luma(|value| (value - 16.0) * gain + 16.0).noisy(1.2, 5)
    }

    /// A veil around mid gray.
    pub(crate) fn veiled(self, severity: usize) -> Self {
        let gain = of(severity, [0.35, 0.22, 0.12]);
        self.luma(|value| (value - 120.0) * gain + 120.0)
    }

    /// Defocus; boxes of radius 2, 4, 8 have these sigmas, in pixels.
    pub(crate) fn defocused(mut self, severity: usize) -> Self {
        let sigma = of(severity, [1.41, 2.58, 4.90]);
        let radius = (3.0 * sigma) as isize;
        let weights: Vec<f64> =
            (-radius..=radius).map(|i| (-0.5 * (i as f64 / sigma).powi(2)).exp()).collect();
        let total: f64 = weights.iter().sum();
        let mut plane: Vec<f64> = self.y.iter().map(|&value| f64::from(value)).collect();
        for (step, side) in [(1, self.width), (self.width, self.height)] {
            plane = (0..plane.len())
                .map(|at| {
                    let place = (at / step % side) as isize;
                    let sum: f64 = (-radius..=radius)
                        .zip(&weights)
                        .map(|(i, weight)| {
                            let inside = (place + i).clamp(0, side as isize - 1) - place;
                            weight * plane[at.wrapping_add_signed(inside * step as isize)]
                        })
                        .sum();
                    sum / total
                })
                .collect();
        }
        self.y = plane.into_iter().map(|value| value.round() as u8).collect();
        self
    }

    /// A shift of both chroma planes along (`u`, `v`), each −1, 0 or 1.
    pub(crate) fn tinted(mut self, severity: usize, u: f64, v: f64) -> Self {
        let shift = of(severity, [16.0, 28.0, 45.0]);
        for (plane, direction) in [(&mut self.u, u), (&mut self.v, v)] {
            for value in plane {
                *value = (f64::from(*value) + shift * direction).clamp(16.0, 240.0) as u8;
            }
        }
        self
    }

    /// Snow: a share of the pixels takes any luma.
    pub(crate) fn snowed(mut self, severity: usize) -> Self {
        let share = of(severity, [0.05, 0.15, 0.4]);
        let mut noise = Noise::seeded(11);
        for value in &mut self.y {
            let (falls, luma) = (noise.uniform() + 0.5, noise.uniform() + 0.5);
            if falls < share {
                *value = (16.0 + 219.0 * luma) as u8;
            }
        }
        self
    }

    /// A sine of `across` and `down` cycles over the picture.
    pub(crate) fn striped(mut self, severity: usize, across: f64, down: f64) -> Self {
        let amplitude = of(severity, [10.0, 20.0, 40.0]);
        let (width, height) = (self.width as f64, self.height as f64);
        for (at, value) in self.y.iter_mut().enumerate() {
            let (x, y) = ((at % self.width) as f64, (at / self.width) as f64);
            let turn = across * x / width + down * y / height;
            let wave = amplitude * (std::f64::consts::TAU * turn).sin();
            *value = (f64::from(*value) + wave).clamp(16.0, 235.0) as u8;
        }
        self
    }

    /// Blocks of one colour in a band of the picture, as from lost transform coefficients.
    pub(crate) fn mosaic(mut self, severity: usize) -> Self {
        let (side, share) = ([8, 16, 32][severity - 1], of(severity, [0.25, 0.5, 0.8]));
        let rows = (self.height as f64 * share) as usize / side;
        let first = (self.height - rows * side) / 2 / side;
        for row in first..first + rows {
            for column in 0..self.width / side {
                let pixels = || (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
                let at = |(x, y): (usize, usize)| (row * side + y) * self.width + column * side + x;
                let sum: usize = pixels().map(|pixel| usize::from(self.y[at(pixel)])).sum();
                let places: Vec<usize> = pixels().map(at).collect();
                places.into_iter().for_each(|at| self.y[at] = (sum / (side * side)) as u8);
            }
        }
        self
    }

    /// Something close to the lens over a part of the picture: soft shading, no detail.
    pub(crate) fn covered(mut self, [left, top, right, bottom]: [f64; 4]) -> Self {
        let (width, height) = (self.width as f64, self.height as f64);
        for (at, value) in self.y.iter_mut().enumerate() {
            let (x, y) = ((at % self.width) as f64 / width, (at / self.width) as f64 / height);
            // The rim is out of focus: it fades over a fiftieth of the picture.
            let inside = (x - left).min(right - x).min(y - top).min(bottom - y) / 0.02;
            let cover = 90.0 + 25.0 * (x * 9.0).sin() * (y * 7.0).cos();
            let part = inside.clamp(0.0, 1.0);
            *value = (f64::from(*value) * (1.0 - part) + cover * part) as u8;
        }
        self
    }

    /// A cloth over the whole lens: sharp folds and threads, the same stuff all over.
    pub(crate) fn draped(mut self) -> Self {
        let mut noise = Noise::seeded(17);
        let mut uniform = move || noise.uniform();
        // Waves of 9 to 130 pixels in all directions, the longer the stronger.
        let waves: Vec<[f64; 4]> = (0..40)
            .map(|at| {
                let length = 9.0 * 1.07_f64.powi(at);
                let (sin, cos) = (std::f64::consts::TAU * uniform()).sin_cos();
                [cos / length, sin / length, uniform(), 2.0 * length.sqrt()]
            })
            .collect();
        for (at, value) in self.y.iter_mut().enumerate() {
            let (x, y) = ((at % self.width) as f64, (at / self.width) as f64);
            let sum: f64 = waves
                .iter()
                .map(|[across, down, phase, amplitude]| {
                    let turn = across * x + down * y + phase;
                    amplitude * (std::f64::consts::TAU * turn).sin()
                })
                .sum();
            *value = (110.0 + 0.6 * sum).clamp(16.0, 235.0) as u8;
        }
        self.u.fill(120);
        self.v.fill(130);
        self
    }

    /// The scene as seen by a camera that was turned: moved by parts of the width and height, what
    /// comes in from beyond mirrored.
    pub(crate) fn moved(self, dx: f64, dy: f64) -> Self {
        let mut moved = self.clone();
        let (dx, dy) = ((dx * self.width as f64) as isize, (dy * self.height as f64) as isize);
        let mirrored = |at: isize, side: usize| {
            let side = side as isize;
            let at = if at < 0 { -1 - at } else { at };
            (if at < side { at } else { 2 * side - 1 - at }) as usize
        };
        for y in 0..self.height {
            for x in 0..self.width {
                let from_x = mirrored(x as isize - dx, self.width);
                let from_y = mirrored(y as isize - dy, self.height);
                moved.y[y * self.width + x] = self.y[from_y * self.width + from_x];
            }
        }
        moved
    }

    /// Something like the overlay of a camera: a line of characters at the top left and at the
    /// bottom right, white with black rims.
    pub(crate) fn with_overlay(self) -> Self {
        self.written([0.02, 0.04], 20, 0.06).written([0.60, 0.90], 12, 0.05)
    }

    /// Big words in the middle, as `NO SIGNAL`.
    pub(crate) fn with_words(self) -> Self {
        self.written([0.25, 0.42], 9, 0.16)
    }

    /// `count` characters of height `size` from (`left`, `top`), all in parts of the picture.
    fn written(self, [left, top]: [f64; 2], count: usize, size: f64) -> Self {
        let advance = size * self.height as f64 / self.width as f64 * 0.6;
        (0..count).fold(self, |scene, index| {
            let x = left + advance * index as f64;
            let stroke = advance * 0.2;
            // An outlined letter L with a bar: strokes and gaps as writing has them.
            scene
                .fill([x, top, x + advance * 0.8, top + size], [16, 128, 128])
                .fill([x + stroke * 0.5, top, x + stroke * 1.5, top + size], WHITE)
                .fill([x, top + size * 0.8, x + advance * 0.7, top + size], WHITE)
                .fill([x, top + size * 0.4, x + advance * 0.5, top + size * 0.5], WHITE)
        })
    }
}

//! Seeded sensor noise.

use crate::scene::Scene;

/// A small generator (Knuth's MMIX constants), so that every run sees the same noise.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1))
    }

    /// Uniform in −0.5..0.5.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
    }

    /// Roughly normal, of standard deviation 1: the sum of four uniform values.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..4).map(|_| self.uniform()).sum::<f64>() * 3.0_f64.sqrt()
    }
}

impl Scene {
    /// Adds noise of the given standard deviation to luma.
    pub(crate) fn noisy(mut self, sigma: f64, seed: u64) -> Self {
        let mut noise = Noise::seeded(seed);
        for value in &mut self.y {
            let noisy = f64::from(*value) + sigma * noise.normal();
            *value = noisy.round().clamp(16.0, 235.0) as u8;
        }
        self
    }
}

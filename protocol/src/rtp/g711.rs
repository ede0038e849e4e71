//! Loudness of G.711 audio (ITU-T G.711), so that a dead microphone shows without a decoder.

/// The quietest level told, dBFS; 16-bit silence.
const FLOOR_DBFS: f64 = -96.0;

/// Which of the two laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Law {
    /// A-law, PCMA.
    A,
    /// µ-law, PCMU.
    Mu,
}

/// Sums the power of the samples it is shown.
#[derive(Debug, Clone)]
pub(super) struct Level {
    law: Law,
    samples: u64,
    power: f64,
    /// A sample came that is not zero.
    sounds: bool,
}

impl Level {
    /// No samples yet.
    pub(super) fn new(law: Law) -> Self {
        Level { law, samples: 0, power: 0.0, sounds: false }
    }

    /// Adds one packet's payload, one byte a sample.
    pub(super) fn add(&mut self, payload: &[u8]) {
        for &code in payload {
            let sample = f64::from(match self.law {
                Law::A => expand_a(code),
                Law::Mu => expand_mu(code),
            });
            self.power += sample * sample;
        }
        // The two codes of zero, as they are on the wire.
        let zeros = match self.law {
            Law::A => [0xd5, 0x55],
            Law::Mu => [0xff, 0x7f],
        };
        self.sounds |= payload.iter().any(|code| !zeros.contains(code));
        self.samples += payload.len() as u64;
    }

    /// Whether samples came, and all of them were zero.
    pub(super) fn is_digital_silence(&self) -> bool {
        self.samples > 0 && !self.sounds
    }

    /// Mean power against a full-scale square wave, dBFS, never under −96; `None` before the first
    /// sample.
    pub(super) fn dbfs(&self) -> Option<f64> {
        (self.samples > 0).then(|| {
            let rms = (self.power / self.samples as f64).sqrt();
            (20.0 * (rms / 32_768.0).log10()).max(FLOOR_DBFS)
        })
    }
}

/// A-law to 16-bit linear (G.711 table 1, scaled by 8).
fn expand_a(code: u8) -> i32 {
    let code = code ^ 0x55;
    let mantissa = i32::from(code & 0x0f) << 4;
    let value = match (code >> 4) & 7 {
        0 => mantissa + 8,
        segment => (mantissa + 0x108) << (segment - 1),
    };
    if code & 0x80 != 0 { value } else { -value }
}

/// µ-law to 16-bit linear (G.711 table 2, scaled by 4).
fn expand_mu(code: u8) -> i32 {
    let code = !code;
    let value = (((i32::from(code & 0x0f) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84;
    if code & 0x80 != 0 { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_the_corners_of_both_laws() {
        assert_eq!((expand_a(0xd5), expand_a(0x55)), (8, -8));
        assert_eq!((expand_a(0xaa), expand_a(0x2a)), (32_256, -32_256));
        assert_eq!((expand_mu(0xff), expand_mu(0x7f)), (0, 0));
        assert_eq!((expand_mu(0x80), expand_mu(0x00)), (32_124, -32_124));
    }

    #[test]
    fn silence_is_the_floor_and_nothing_is_unknown() {
        let mut level = Level::new(Law::Mu);
        assert_eq!(level.dbfs(), None);
        level.add(&[0xff; 160]);
        assert_eq!(level.dbfs(), Some(-96.0));
    }

    #[test]
    fn a_full_square_wave_is_nearly_zero() {
        let mut level = Level::new(Law::A);
        level.add(&[0xaa, 0x2a].repeat(80));
        let dbfs = level.dbfs().expect("samples were added");
        assert!((dbfs - -0.136_8).abs() < 0.001, "{dbfs}");
    }
}

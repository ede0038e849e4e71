//! A tone in G.711, for a test call.

use super::Codec;

/// 440 Hz at 8 000 samples a second repeats after 200 samples.
const PERIOD: usize = 200;
/// Turns of the tone in one period.
const TURNS: f64 = 11.0;
/// −20 dB below full scale: heard, and no alarm.
const AMPLITUDE: f64 = 3_277.0;

/// A tone of 440 Hz at −20 dBFS.
#[derive(Debug, Clone)]
pub struct Tone {
    period: Vec<u8>,
    at: usize,
}

impl Tone {
    /// In that law; anything but PCMU is A-law.
    pub fn new(codec: Codec) -> Self {
        let sample = |number: usize| {
            let angle = std::f64::consts::TAU * TURNS * number as f64 / PERIOD as f64;
            (AMPLITUDE * angle.sin()).round() as i32
        };
        let encode = if codec == Codec::Pcmu { mu_law } else { a_law };
        Self { period: (0..PERIOD).map(sample).map(encode).collect(), at: 0 }
    }

    /// The next samples, one byte each.
    pub fn next(&mut self, samples: usize) -> Vec<u8> {
        let start = self.at;
        self.at = (start + samples) % PERIOD;
        self.period.iter().cycle().skip(start).take(samples).copied().collect()
    }
}

/// 16-bit linear to A-law (G.711 table 1).
fn a_law(sample: i32) -> u8 {
    let (sign, magnitude) = if sample >= 0 { (0x80, sample) } else { (0, -sample - 1) };
    let magnitude = magnitude.clamp(0, 32_767) >> 4;
    let code = match magnitude {
        0..=31 => magnitude >> 1 & 0x0f | (magnitude >> 5) << 4 | (magnitude >> 4 & 1) << 4,
        _ => {
            let segment = 27 - magnitude.leading_zeros().cast_signed();
            (segment + 1) << 4 | magnitude >> segment & 0x0f
        }
    };
    (code as u8 | sign) ^ 0x55
}

/// 16-bit linear to µ-law (G.711 table 2).
fn mu_law(sample: i32) -> u8 {
    let (sign, magnitude) = if sample >= 0 { (0, sample) } else { (0x80, -sample) };
    let biased = magnitude.min(32_635) + 0x84;
    let segment = 24 - biased.leading_zeros().cast_signed();
    let code = segment << 4 | biased >> (segment + 3) & 0x0f;
    !(code as u8 | sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::{Receiver, Sender, StreamFormat};
    use std::time::Duration;

    #[test]
    fn both_laws_arrive_at_the_level_they_were_sent_at() {
        for (codec, payload_type) in [(Codec::Pcma, 8), (Codec::Pcmu, 0)] {
            let mut tone = Tone::new(codec);
            let mut sender = Sender::new(payload_type, 8_000, 99);
            let mut receiver = Receiver::new(&StreamFormat::new(codec, payload_type, 8_000));
            for number in 0..50u64 {
                let at = Duration::from_millis(20 * number);
                receiver.handle_rtp(at, &sender.packet(at, false, &tone.next(160)));
            }
            let audio = receiver.statistics(Duration::from_secs(1)).audio.unwrap();
            let level = audio.level_dbfs.unwrap();
            // A sine has 3 dB less power than its amplitude.
            assert!((level - -23.0).abs() < 0.2, "{codec:?}: {level}");
            assert!(!audio.digital_silence);
        }
    }
}

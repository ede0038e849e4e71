//! How good speech over a line is, by the E-model (ITU-T G.107, 06/2015), for G.711.
//!
//! An estimate: of loss it knows how much, not in which bursts (BurstR = 1), and the endpoint is
//! taken to conceal it (G.113 appendix I: Ie 0, Bpl 25.1).

/// Default rating less the impairments that no measure here tells (G.107 §7).
const R_DEFAULT: f64 = 93.2;
/// G.711 with packet loss concealment (G.113 table I.2).
const BPL: f64 = 25.1;
/// Delay past which it is heard at all, ms (G.107 §7.4).
const UNHEARD_MS: f64 = 100.0;
/// What making one packet takes at the sender, ms.
pub const G711_PACKET_MS: f64 = 20.0;

/// A rating.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rating {
    /// 0 to 100.
    pub r: f64,
    /// Mean opinion score, 1 to 4.5.
    pub mos: f64,
}

/// The rating of G.711 with `loss` (0–1) of its packets lost and `delay_ms` from mouth to ear.
pub fn g711(loss: f64, delay_ms: f64) -> Rating {
    let percent = loss.clamp(0.0, 1.0) * 100.0;
    let equipment = 95.0 * percent / (percent + BPL);
    let r = (R_DEFAULT - delay_impairment(delay_ms) - equipment).clamp(0.0, 100.0);
    Rating { r, mos: mos_of(r) }
}

/// Idd (G.107 equations 7-27, 7-28).
fn delay_impairment(delay_ms: f64) -> f64 {
    if delay_ms <= UNHEARD_MS {
        return 0.0;
    }
    let x = (delay_ms / UNHEARD_MS).log2();
    let sixth = |value: f64| (1.0 + value.powi(6)).powf(1.0 / 6.0);
    25.0 * (sixth(x) - 3.0 * sixth(x / 3.0) + 2.0)
}

/// Annex B, equation B-4.
fn mos_of(r: f64) -> f64 {
    match r {
        r if r <= 0.0 => 1.0,
        r if r >= 100.0 => 4.5,
        r => (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).max(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_as_the_standard_gives_them() {
        // G.107 annex B table B.1: R against MOS.
        for (r, mos) in [(90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58)] {
            assert!((mos_of(r) - mos).abs() < 0.01, "{r}: {}", mos_of(r));
        }
        let perfect = g711(0.0, 50.0);
        assert!((perfect.r - 93.2).abs() < 1e-9 && (perfect.mos - 4.41).abs() < 0.01);
    }

    #[test]
    fn delay_costs_nothing_up_to_a_tenth_of_a_second() {
        for (delay, cost, within) in [(100.0, 0.0, 1e-9), (150.0, 0.03, 0.3), (200.0, 3.0, 1.0)] {
            let found = delay_impairment(delay);
            assert!((found - cost).abs() <= within, "{delay}: {found}");
        }
        assert!(delay_impairment(400.0) > 15.0);
    }

    #[test]
    fn loss_costs_and_nothing_leaves_the_scale() {
        let lossy = g711(0.05, 50.0);
        assert!((lossy.r - (93.2 - 95.0 * 5.0 / 30.1)).abs() < 1e-9);
        let mut last = 5.0;
        for percent in 0..=100 {
            let mos = g711(f64::from(percent) / 100.0, 0.0).mos;
            assert!((1.0..=4.5).contains(&mos) && mos <= last);
            last = mos;
        }
        assert_eq!(g711(1.0, 5_000.0).r, 0.0);
        assert_eq!(g711(1.0, 5_000.0).mos, 1.0);
    }
}

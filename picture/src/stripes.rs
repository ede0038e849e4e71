//! Stripes, 条纹干扰: a regular pattern laid over the whole picture by interference.
//!
//! Measured: the amplitude of one and the same line of the spectrum in nine windows, three by
//! three, of the working luma at half size; the second lowest of the nine speaks, so that a fence
//! or a shelf that fills part of the picture does not. Lines that the reference has are the scene's
//! own and are left out; what is left need not be as strong for a fault.

use crate::fft::{Complex, WINDOW};
use crate::finding::{Fault, Finding};
use crate::limits::Limits;
use crate::place::{Line, Place};
use crate::working::Working;

/// Columns of a window, in half working pixels.
pub(crate) const WIDTH: usize = 96;
/// Rows of a window.
pub(crate) const HEIGHT: usize = 64;
/// Windows each way.
const WINDOWS: usize = 3;
/// Cycles in a window below which a line is shading and not a stripe.
const CYCLES_LEAST: usize = 4;
/// How near two lines lie, in cycles per window, to be one and the same.
const SAME_LINE: i16 = 1;
/// How much stronger than in the reference the scene's own line may be, by light that has changed.
const OWN_GROWTH: f32 = 3.0;
/// Strongest lines that a reference keeps.
const LINES_KEPT: usize = 8;
/// Amplitude from which a line of the scene's own is worth keeping, in luma.
const WORTH: f32 = 1.5;

/// A line of the spectrum, in cycles per window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stripe {
    pub(crate) across: i16,
    pub(crate) down: i16,
    pub(crate) amplitude: f32,
}

impl Stripe {
    pub(crate) fn is_near(&self, other: &Self) -> bool {
        let near = |sign: i16| {
            (self.across - sign * other.across).abs() <= SAME_LINE
                && (self.down - sign * other.down).abs() <= SAME_LINE
        };
        near(1) || near(-1)
    }
}

/// The strongest lines that run through the whole picture; `None` where it is smaller than the
/// windows.
pub(crate) fn stripes(working: &Working) -> Option<Vec<Stripe>> {
    let (half, width) = halved(working);
    let height = half.len() / width;
    if width < WIDTH || height < HEIGHT {
        return None;
    }
    // Squared amplitudes by window and frequency. Two real windows go through one complex transform.
    let origins: Vec<(usize, usize)> = (0..WINDOWS * WINDOWS)
        .map(|index| {
            let (column, row) = (index % WINDOWS, index / WINDOWS);
            ((width - WIDTH) * column / (WINDOWS - 1), (height - HEIGHT) * row / (WINDOWS - 1))
        })
        .collect();
    let (across, down) = (hann(WIDTH), hann(HEIGHT));
    let gain = 2.0 / (across.iter().sum::<f32>() * down.iter().sum::<f32>());
    let mut powers: Vec<Vec<f32>> = Vec::with_capacity(origins.len() + 1);
    for pair in origins.chunks(2) {
        let (first, second) = (pair[0], *pair.last().unwrap_or(&pair[0]));
        let mut field = Vec::with_capacity(WIDTH * HEIGHT);
        for y in 0..HEIGHT {
            let row = |origin: (usize, usize)| &half[(origin.1 + y) * width + origin.0..][..WIDTH];
            let lines = row(first).iter().zip(row(second)).zip(&across);
            field.extend(lines.map(|((&a, &b), &w)| Complex::new(a, b) * (w * down[y])));
        }
        WINDOW.forward.apply(&mut field);
        let (a, b) = apart(&field, gain);
        powers.push(a);
        powers.push(b);
    }
    powers.truncate(origins.len());
    Some(strongest(&powers))
}

/// Luma at half the working size, less its mean.
fn halved(working: &Working) -> (Vec<f32>, usize) {
    let (width, height) = (working.width / 2, working.height / 2);
    let mut half = Vec::with_capacity(width * height);
    for y in 0..height {
        let [upper, lower] =
            [2 * y, 2 * y + 1].map(|y| &working.luma[y * working.width..][..2 * width]);
        half.extend(upper.chunks_exact(2).zip(lower.chunks_exact(2)).map(|(a, b)| {
            let sum = u16::from(a[0]) + u16::from(a[1]) + u16::from(b[0]) + u16::from(b[1]);
            f32::from(sum) * 0.25 - 128.0
        }));
    }
    (half, width)
}

fn hann(len: usize) -> Vec<f32> {
    let step = 2.0 * std::f32::consts::PI / len as f32;
    (0..len).map(|index| 0.5 - 0.5 * ((index as f32 + 0.5) * step).cos()).collect()
}

/// The squared amplitudes of both windows of one (transposed) transform, for across ≥ 0.
fn apart(field: &[Complex<f32>], gain: f32) -> (Vec<f32>, Vec<f32>) {
    let scale = 0.25 * gain * gain;
    let mut out = (Vec::with_capacity(LINES), Vec::with_capacity(LINES));
    for across in 0..=WIDTH / 2 {
        for down in 0..HEIGHT {
            let value = field[across * HEIGHT + down];
            let mirrored =
                field[(WIDTH - across) % WIDTH * HEIGHT + (HEIGHT - down) % HEIGHT].conj();
            // Squared: only what is kept is worth a root.
            out.0.push((value + mirrored).norm_sqr() * scale);
            out.1.push((value - mirrored).norm_sqr() * scale);
        }
    }
    out
}

/// Frequencies with across ≥ 0.
const LINES: usize = (WIDTH / 2 + 1) * HEIGHT;

fn strongest(powers: &[Vec<f32>]) -> Vec<Stripe> {
    let mut found: Vec<Stripe> = Vec::with_capacity(LINES_KEPT);
    for index in 0..LINES {
        let (across, down) = (index / HEIGHT, index % HEIGHT);
        let down_signed = if down > HEIGHT / 2 { down as i16 - HEIGHT as i16 } else { down as i16 };
        let cycles = across.max(usize::from(down_signed.unsigned_abs()));
        if cycles < CYCLES_LEAST {
            continue;
        }
        let (mut lowest, mut second) = (f32::MAX, f32::MAX);
        for window in powers {
            let value = window[index];
            if value < lowest {
                second = lowest;
                lowest = value;
            } else if value < second {
                second = value;
            }
        }
        if second < WORTH * WORTH {
            continue;
        }
        let second = second.sqrt();
        let weakest = found.last().map_or(WORTH, |last| last.amplitude);
        if found.len() == LINES_KEPT && second <= weakest {
            continue;
        }
        let stripe = Stripe { across: across as i16, down: down_signed, amplitude: second };
        // A line leaks into its neighbours: only the strongest of them is kept.
        match found.iter().position(|other| other.is_near(&stripe)) {
            Some(at) if found[at].amplitude >= second => continue,
            Some(at) => drop(found.remove(at)),
            None => {}
        }
        found.push(stripe);
        found.sort_unstable_by(|a, b| b.amplitude.total_cmp(&a.amplitude));
        found.truncate(LINES_KEPT);
    }
    found
}

/// Judges stripes, those of `own` (the scene's) left out.
pub(crate) fn judge(
    working: &Working,
    found: Option<&[Stripe]>,
    own: Option<&[Stripe]>,
    limits: &Limits,
) -> Finding {
    let limit = if own.is_some() { limits.stripe_beside } else { limits.stripe };
    let Some(found) = found else {
        return Finding::unknown(Fault::Stripes, None, limit, "luma");
    };
    let is_own = |stripe: &Stripe| {
        let grown = |o: &Stripe| o.is_near(stripe) && stripe.amplitude <= OWN_GROWTH * o.amplitude;
        own.is_some_and(|own| own.iter().any(grown))
    };
    let strongest = found.iter().find(|stripe| !is_own(stripe));
    let amplitude = strongest.map_or(0.0, |stripe| f64::from(stripe.amplitude));
    let finding = Finding::above(Fault::Stripes, amplitude, limit, limit, "luma");
    match strongest {
        Some(stripe) if finding.is_fault() => {
            let per = |cycles: i16, window: usize, side: usize| {
                f64::from(cycles) * side as f64 / (2 * window) as f64
            };
            finding.at(Place::Line(Line {
                across: per(stripe.across, WIDTH, working.width),
                down: per(stripe.down, HEIGHT, working.height),
                amplitude,
            }))
        }
        _ => finding,
    }
}

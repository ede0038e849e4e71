//! The pattern of stripes that lies over a picture, to lay over it again.

use std::fmt::Write as _;
use zhishou_domain::PictureStripes;

/// Lines drawn at most: more than that are no lines to the eye.
const MOST: f64 = 200.0;

/// Draws a line for each stripe, at its slant; where it begins is not known.
pub(crate) fn draw(stripes: PictureStripes) -> String {
    let PictureStripes { across, down, .. } = stripes;
    let mut svg = String::from(
        r#"<svg class="heat lines" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">"#,
    );
    let corners = [0.0, across, down, across + down];
    let first = corners.iter().copied().fold(f64::INFINITY, f64::min).ceil();
    let last = corners.iter().copied().fold(f64::NEG_INFINITY, f64::max).floor();
    let mut number = first;
    while number <= last.min(first + MOST) && across.abs().max(down.abs()) > 0.0 {
        // Where the phase is a whole number: across · x + down · y = number.
        let (x1, y1, x2, y2) = if down.abs() > across.abs() {
            (0.0, number / down, 1.0, (number - across) / down)
        } else {
            (number / across, 0.0, (number - down) / across, 1.0)
        };
        let _ = write!(svg, r#"<line x1="{x1:.3}" y1="{y1:.3}" x2="{x2:.3}" y2="{y2:.3}"/>"#);
        number += 1.0;
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_drawn_for_each_stripe_at_its_slant() {
        let of = |across, down| draw(PictureStripes { across, down, amplitude: 12.0 });
        let level = of(0.0, 20.0);
        assert_eq!(level.matches("<line").count(), 21);
        assert!(level.contains(r#"x1="0.000" y1="0.500" x2="1.000" y2="0.500""#), "{level}");
        let upright = of(8.0, 0.0);
        assert!(upright.contains(r#"x1="0.500" y1="0.000" x2="0.500" y2="1.000""#), "{upright}");
        assert_eq!(of(10.0, -10.0).matches("<line").count(), 21);
        assert_eq!(of(0.0, 0.0).matches("<line").count(), 0);
        assert!(of(0.0, 9000.0).matches("<line").count() < 300);
    }
}

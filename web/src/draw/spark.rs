//! The sparkline: one measure over a day, hour by hour, as a band from lowest to highest with the
//! mean drawn through it. Hours without a value are gaps, never zeros.

use std::fmt::Write as _;

const HEIGHT: f64 = 28.0;
const HOURS: usize = 24;
const STEP: f64 = 5.0;

/// One hour of one measure, in the measure's own unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// Hours since the left edge, 0–24.
    pub(crate) hour: usize,
    /// Mean of the hour.
    pub(crate) mean: f64,
    /// Lowest.
    pub(crate) min: f64,
    /// Highest.
    pub(crate) max: f64,
}

/// A drawn sparkline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spark {
    /// Markup, safe to print as it is.
    pub(crate) svg: String,
}

impl Spark {
    /// Draws points that are in order of time. The scale begins at zero, so that heights compare.
    pub(crate) fn draw(points: &[Point]) -> Self {
        let top = points.iter().map(|point| point.max).fold(0.0, f64::max);
        let top = if top > 0.0 { top } else { 1.0 };
        let x = |hour: usize| hour as f64 * STEP;
        let y = |value: f64| HEIGHT - 1.0 - value.clamp(0.0, top) / top * (HEIGHT - 3.0);
        let (mut band, mut line) = (String::new(), String::new());
        for run in points.chunk_by(|a, b| b.hour == a.hour + 1) {
            for (index, point) in run.iter().enumerate() {
                let command = if index == 0 { 'M' } else { 'L' };
                let _ = write!(line, "{command}{:.1} {:.1}", x(point.hour), y(point.mean));
                let _ = write!(band, "{command}{:.1} {:.1}", x(point.hour), y(point.max));
            }
            if let [only] = run {
                // A lone hour has no line to draw: a short dash stands for it.
                let _ = write!(line, "h{:.1}", STEP / 2.0);
                let _ = write!(band, "h{:.1}V{:.1}h-{:.1}z", STEP / 2.0, y(only.min), STEP / 2.0);
                continue;
            }
            for point in run.iter().rev() {
                let _ = write!(band, "L{:.1} {:.1}", x(point.hour), y(point.min));
            }
            band.push('z');
        }
        let width = HOURS as f64 * STEP;
        Self {
            svg: format!(
                r#"<svg class="spark" viewBox="0 0 {width} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true"><path class="base" d="M0 {base}h{width}"/><path class="band" d="{band}"/><path class="mean" d="{line}"/></svg>"#,
                base = HEIGHT - 0.5,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_in_time_is_a_gap_in_the_line() {
        let point = |hour, mean| Point { hour, mean, min: mean - 1.0, max: mean + 1.0 };
        let spark = Spark::draw(&[point(0, 5.0), point(1, 6.0), point(5, 6.0), point(6, 7.0)]);
        let line = spark.svg.split(r#"class="mean" d=""#).nth(1).unwrap();
        assert_eq!(line.matches('M').count(), 2);
    }

    #[test]
    fn nothing_and_one_hour_draw_without_nan() {
        for points in [vec![], vec![Point { hour: 3, mean: 0.0, min: 0.0, max: 0.0 }]] {
            let svg = Spark::draw(&points).svg;
            assert!(!svg.contains("NaN") && svg.ends_with("</svg>"), "{svg}");
        }
    }
}

//! The trend of a score: the highest of each day over a month, against the limit. Days without a
//! picture are gaps, never zeros.

use std::fmt::Write as _;

/// Days drawn.
pub(crate) const DAYS: i64 = 30;
const STEP: f64 = 4.0;
const HEIGHT: f64 = 28.0;
/// Where a score becomes a fault.
const LIMIT: f64 = 0.5;

/// Draws the highest score of each day; days count from the left edge, 0 to 29, in order of time.
pub(crate) fn draw(days: &[(i64, f64)]) -> String {
    let y = |score: f64| HEIGHT - 2.0 - score.clamp(0.0, 1.0) * (HEIGHT - 4.0);
    let mut line = String::new();
    for run in days.chunk_by(|a, b| b.0 == a.0 + 1) {
        for (index, &(day, score)) in run.iter().enumerate() {
            let command = if index == 0 { 'M' } else { 'L' };
            let _ = write!(line, "{command}{:.1} {:.1}", day as f64 * STEP, y(score));
        }
        if run.len() == 1 {
            let _ = write!(line, "h{:.1}", STEP / 2.0);
        }
    }
    let width = DAYS as f64 * STEP;
    format!(
        r#"<svg class="spark" viewBox="0 0 {width} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true"><path class="limit" d="M0 {limit:.1}h{width}"/><path class="mean" d="{line}"/></svg>"#,
        limit = y(LIMIT),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_without_a_picture_are_gaps() {
        let svg = draw(&[(0, 0.2), (1, 0.3), (5, f64::NAN), (6, 2.0), (20, 0.1)]);
        let line = svg.split(r#"class="mean" d=""#).nth(1).unwrap();
        assert_eq!(line.matches('M').count(), 3);
        assert!(svg.ends_with("</svg>") && draw(&[]).ends_with("</svg>"));
    }
}

//! Rates drawn: bars over time, a bar and a small line of one unit, each against the target. What is
//! no number is a gap, never a zero. The axis begins at the step below the lowest value, which the
//! page prints.

use std::fmt::Write as _;

/// Where an axis may begin, 0–1.
const STEPS: [f64; 6] = [0.99, 0.95, 0.9, 0.8, 0.5, 0.0];
/// Height of a drawing, user units.
const HEIGHT: f64 = 60.0;

/// From where to where rates are drawn, and what they stand against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    /// Its lower end, 0–1; the upper one is 1.
    pub(crate) base: f64,
    /// 目标, 0–1.
    pub(crate) target: f64,
}

impl Axis {
    /// An axis on which all of `values` and the target lie.
    pub(crate) fn over(values: impl Iterator<Item = f64>, target: f64) -> Self {
        let least = values.fold(target, f64::min);
        let base = STEPS.into_iter().find(|step| *step < least).unwrap_or(0.0);
        Self { base, target }
    }

    /// Place on the axis, 0–1.
    fn place(self, value: f64) -> f64 {
        ((value - self.base) / (1.0 - self.base)).clamp(0.0, 1.0)
    }

    /// Bars side by side, one for each value.
    pub(crate) fn bars(self, values: &[Option<f64>]) -> String {
        let (mut well, mut short) = (String::new(), String::new());
        for (index, value) in values.iter().enumerate() {
            let Some(value) = *value else { continue };
            // What is there is seen, however low it is.
            let height = (self.place(value) * HEIGHT).max(1.5);
            let path = if value < self.target { &mut short } else { &mut well };
            let _ = write!(path, "M{}.1 {HEIGHT}v-{height:.1}h.8v{height:.1}z", index);
        }
        self.svg("bars", values.len().max(1) as f64, HEIGHT, &format!(
            r#"<path class="well" d="{well}"/><path class="short" d="{short}"/><path class="limit" d="M0 {:.1}h{}"/>"#,
            HEIGHT * (1.0 - self.place(self.target)),
            values.len().max(1),
        ))
    }

    /// One lying bar with the target as a line across it.
    pub(crate) fn bar(self, value: Option<f64>) -> String {
        let drawn = value.map_or(String::new(), |value| {
            let class = if value < self.target { "short" } else { "well" };
            let width = (self.place(value) * 100.0).max(0.8);
            format!(r#"<path class="{class}" d="M0 2h{width:.1}v8h-{width:.1}z"/>"#)
        });
        let target = self.place(self.target) * 100.0;
        self.svg("level", 100.0, 12.0, &format!(
            r#"<path class="room" d="M0 2h100v8h-100z"/>{drawn}<path class="mark" d="M{target:.1} 0v12"/>"#
        ))
    }

    /// A small line of daily values.
    pub(crate) fn line(self, values: &[Option<f64>]) -> String {
        let height = 24.0;
        let y = |value: f64| 1.0 + (1.0 - self.place(value)) * (height - 2.0);
        let mut line = String::new();
        let mut is_open = false;
        for (index, value) in values.iter().enumerate() {
            match *value {
                Some(value) => {
                    let command = if is_open { 'L' } else { 'M' };
                    let _ = write!(line, "{command}{index} {:.1}h.5", y(value));
                    is_open = true;
                }
                None => is_open = false,
            }
        }
        self.svg(
            "spark",
            values.len().max(1) as f64,
            height,
            &format!(
                r#"<path class="limit" d="M0 {:.1}h{}"/><path class="mean" d="{line}"/>"#,
                y(self.target),
                values.len().max(1),
            ),
        )
    }

    fn svg(self, class: &str, width: f64, height: f64, inner: &str) -> String {
        format!(
            r#"<svg class="{class}" viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true">{inner}</svg>"#
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_begins_below_all_it_shows() {
        let base = |values: &[f64], target| Axis::over(values.iter().copied(), target).base;
        assert_eq!(base(&[0.999], 0.995), 0.99);
        assert_eq!(base(&[0.999], 0.98), 0.95);
        assert_eq!(base(&[0.999, 0.4], 0.98), 0.0);
        assert_eq!(base(&[], 0.95), 0.9);
    }

    #[test]
    fn what_is_no_number_is_a_gap_and_what_is_short_is_told_apart() {
        let axis = Axis { base: 0.9, target: 0.98 };
        let values = [Some(0.99), None, Some(0.97), Some(0.2)];
        let bars = axis.bars(&values);
        let path = |class: &str| {
            let from = bars.split(&format!(r#"class="{class}" d=""#)).nth(1).unwrap();
            from.split('"').next().unwrap().matches('M').count()
        };
        assert_eq!((path("well"), path("short")), (1, 2));
        let line = axis.line(&values);
        assert_eq!(line.split("mean").nth(1).unwrap().matches('M').count(), 2);
        assert!(!axis.bar(None).contains("short") && axis.bar(Some(0.2)).contains("short"));
        for svg in [bars, line, axis.bar(None), axis.bars(&[])] {
            assert!(!svg.contains("NaN") && svg.ends_with("</svg>"), "{svg}");
        }
    }
}

//! A year of days as a calendar: a column a week, Monday at the top; how far each day fell short of the
//! target is told by shade and by the size of the mark, and the page has the same as a table.

use chrono::{Datelike, NaiveDate};
use std::fmt::Write as _;

/// How a day stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum DayMark {
    /// A rate, 0–1.
    Rate(f64),
    /// 数据不足.
    TooLittle,
    /// Nothing was scheduled, or it is not counted.
    Nothing,
}

/// Below the target by more than so much a day looks worse, 0–1.
const STEPS: [f64; 3] = [0.0, 0.01, 0.03];

/// How far below the target: 0 reaches it, 3 is the worst.
pub(crate) fn level(rate: f64, target: f64) -> usize {
    STEPS.iter().filter(|step| target - rate > **step).count()
}

/// Draws days in order of time.
pub(crate) fn draw(days: &[(NaiveDate, DayMark)], target: f64) -> String {
    let Some((first, _)) = days.first() else {
        return String::new();
    };
    let monday = i64::from(first.weekday().num_days_from_monday());
    let (mut marks, mut months, mut weeks) = (String::new(), String::new(), 0);
    for (day, mark) in days {
        let index = (*day - *first).num_days() + monday;
        let (week, row) = (index / 7, index % 7);
        weeks = weeks.max(week + 1);
        let (class, size) = match mark {
            DayMark::Rate(rate) => match level(*rate, target) {
                0 => ("c0", 4.0),
                1 => ("c1", 6.0),
                2 => ("c2", 8.0),
                _ => ("c3", 10.0),
            },
            DayMark::TooLittle => ("cu", 8.0),
            DayMark::Nothing => ("cn", 2.0),
        };
        let inset = (10.0 - size) / 2.0;
        let (x, y) = (week as f64 * 10.0 + inset, row as f64 * 10.0 + inset);
        let _ = write!(
            marks,
            r#"<rect class="{class}" x="{x}" y="{y}" width="{size}" height="{size}"/>"#
        );
        if day.day() == 1 {
            let x = week * 10;
            let _ = write!(months, r#"<path class="m" d="M{x} 0v70"/>"#);
        }
    }
    format!(
        r#"<svg class="calendar" viewBox="0 0 {} 70" aria-hidden="true">{marks}{months}</svg>"#,
        weeks * 10
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_stand_in_their_weeks_and_levels_by_what_is_missing() {
        // 2026-03-11 is a Wednesday.
        let first = NaiveDate::from_ymd_opt(2026, 3, 11).unwrap();
        let marks = [
            DayMark::Rate(0.99),
            DayMark::Rate(0.975),
            DayMark::Rate(0.9),
            DayMark::TooLittle,
            DayMark::Nothing,
            DayMark::Rate(0.98),
        ];
        let days: Vec<_> = first.iter_days().zip(marks).collect();
        let svg = draw(&days, 0.98);
        assert!(svg.contains("0 0 20 70"));
        assert_eq!((svg.matches("c0").count(), svg.matches("c1").count()), (2, 1));
        assert!(svg.contains(r#"class="c0" x="3" y="23""#));
        assert!(svg.contains(r#"class="c0" x="13" y="3""#));
        assert_eq!([0.99, 0.98, 0.979, 0.965, 0.9].map(|rate| level(rate, 0.98)), [0, 0, 1, 2, 3]);
        assert_eq!(draw(&[], 0.98), "");
    }
}

//! Tables as every format writes them: headings, cells that know what they are, no layout.

use zhishou_domain::{
    Rate,
    account::{Figure, Told},
};

/// A table.
pub(crate) struct Table {
    /// Short title; also the name of its sheet, so at most 31 characters without `[]:*?/\`.
    pub(crate) title: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// What to know of it.
    pub(crate) note: Option<String>,
    /// Rows that paper shows at most; sheets have all.
    pub(crate) on_paper: usize,
}

/// A column.
pub(crate) struct Column {
    pub(crate) head: String,
    /// Share of the width, in letters of Chinese.
    pub(crate) width: f32,
    pub(crate) place: Place,
}

/// Where a column is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Everywhere.
    All,
    /// Everywhere, with bars on paper.
    Bar,
    /// On sheets only: paper is narrow.
    Sheet,
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// Nothing: not measured, or nothing to say.
    None,
    Text(String),
    Number(u64),
    /// Hundredths of a percent, rounded down, so that 99.999 % is never printed as 100.
    Percent {
        hundredths: u64,
        tone: Tone,
    },
    /// Hundredths of a percentage point.
    Points(i64),
}

/// How a percentage stands against its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It has none, or reaches it.
    Plain,
    /// It misses it: drawn with its bar in another tone, and told in words elsewhere.
    Under,
}

impl Table {
    pub(crate) fn new(title: impl Into<String>, columns: Vec<Column>) -> Self {
        let title = title.into();
        Self { title, columns, rows: Vec::new(), note: None, on_paper: usize::MAX }
    }

    /// Columns that paper shows, by their places.
    pub(crate) fn on_paper(&self) -> impl Iterator<Item = (usize, &Column)> {
        self.columns.iter().enumerate().filter(|(_, column)| column.place != Place::Sheet)
    }
}

/// A column that is shown everywhere.
pub(crate) fn column(head: impl Into<String>, width: f32) -> Column {
    Column { head: head.into(), width, place: Place::All }
}

/// A column of rates that paper shows with bars.
pub(crate) fn bar_column(head: impl Into<String>, width: f32) -> Column {
    Column { head: head.into(), width, place: Place::Bar }
}

/// A column of sheets only.
pub(crate) fn sheet_column(head: impl Into<String>) -> Column {
    Column { head: head.into(), width: 8.0, place: Place::Sheet }
}

/// Text, or nothing.
pub(crate) fn text(text: impl Into<Option<String>>) -> Cell {
    text.into().map_or(Cell::None, Cell::Text)
}

/// Hundredths of a percent, rounded down; `None` where nothing counts.
pub(crate) fn hundredths(rate: Rate) -> Option<u64> {
    let Rate { numerator, denominator } = rate;
    let whole = (u128::from(numerator) * 10_000).checked_div(u128::from(denominator))?;
    u64::try_from(whole).ok()
}

/// A rate as it is.
pub(crate) fn percent(rate: Rate) -> Cell {
    let tone = Tone::Plain;
    hundredths(rate).map_or(Cell::None, |hundredths| Cell::Percent { hundredths, tone })
}

/// What may be said of a figure; `few` are the words for 数据不足.
pub(crate) fn figure(figure: &Figure, target: Option<f64>, few: &str) -> Cell {
    match figure.told() {
        Told::Nothing => Cell::None,
        Told::TooLittle { lowest, highest } => {
            Cell::Text(format!("{few} {}–{}", lowest.percent(), highest.percent()))
        }
        Told::Number(rate) => {
            let misses = target.is_some_and(|target| crate::Document::misses(figure, target));
            let tone = if misses { Tone::Under } else { Tone::Plain };
            hundredths(rate).map_or(Cell::None, |hundredths| Cell::Percent { hundredths, tone })
        }
    }
}

/// How a figure differs from an earlier one, where both are numbers.
pub(crate) fn change(now: &Figure, then: &Figure) -> Option<i64> {
    let number = |figure: &Figure| match figure.told() {
        Told::Number(rate) => i64::try_from(hundredths(rate)?).ok(),
        Told::TooLittle { .. } | Told::Nothing => None,
    };
    Some(number(now)? - number(then)?)
}

impl Cell {
    /// As people read it; the unit of a percentage stands in its heading.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::None => "–".to_owned(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => grouped(*number),
            Self::Percent { hundredths, .. } => {
                format!("{}.{:02}", hundredths / 100, hundredths % 100)
            }
            Self::Points(points) => signed(*points),
        }
    }

    /// Whether it stands to the right.
    pub(crate) fn is_figure(&self) -> bool {
        !matches!(self, Self::Text(_))
    }
}

/// Hundredths of a percentage point with their sign.
pub(crate) fn signed(points: i64) -> String {
    let sign = match points {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    let points = points.unsigned_abs();
    format!("{sign}{}.{:02}", points / 100, points % 100)
}

/// Thousands apart, by narrow spaces that do not break.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_down_and_read_with_their_sign() {
        let rate = |numerator, denominator| percent(Rate { numerator, denominator }).words();
        assert_eq!(rate(99_999, 100_000), "99.99");
        assert_eq!(rate(5, 5), "100.00");
        assert_eq!(rate(0, 0), "–");
        assert_eq!([0, 20, -305].map(signed), ["0.00", "+0.20", "−3.05"]);
        assert_eq!(
            [0, 999, 1000, 1_728_000].map(grouped),
            ["0", "999", "1\u{a0}000", "1\u{a0}728\u{a0}000"]
        );
    }
}

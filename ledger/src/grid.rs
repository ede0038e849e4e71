//! A sheet as rows of cells, whatever file it came from.

use chrono::{NaiveDateTime, NaiveTime};

/// Columns looked at; whatever stands further right is ignored.
pub(crate) const MAX_COLUMNS: usize = 256;

/// One cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Text, as it stands there.
    Text(String),
    /// A number.
    Number(f64),
    /// A date, at midnight where it has no time.
    Date(NaiveDateTime),
    /// A formula that failed.
    Error(String),
}

impl Cell {
    /// Nothing, or blank text.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// As text: numbers without a needless fraction, dates as in ISO 8601.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) | Self::Error(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Date(at) if at.time() == NaiveTime::MIN => at.date().to_string(),
            Self::Date(at) => at.to_string(),
        }
    }
}

/// One row that is not blank.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GridRow {
    /// Its number as a spreadsheet shows it, from 1.
    pub(crate) number: u32,
    /// Its cells from the first column on.
    pub(crate) cells: Vec<Cell>,
}

impl GridRow {
    pub(crate) fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Empty)
    }
}

/// A sheet: its rows in order, blank ones left out.
pub(crate) type Grid = Vec<GridRow>;

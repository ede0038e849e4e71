//! Figures in, report files out: what is to be said of a period, as data, and that data as CSV,
//! XLSX, HTML and JSON.
//!
//! Invariants: every figure is of `storage::account` and stands beside its numerator, denominator
//! and coverage; what is not measured is left out and never zero; all formats say what the one
//! [`Document`] says.

mod csv;
mod document;
mod html;
mod json;
mod make;
mod period;
#[cfg(test)]
mod sample;
mod table;
mod tables;
mod words;
mod xlsx;

pub use csv::to_csv;
pub use document::{
    Compared, DayRow, DeviceRow, Document, ExclusionRow, Group, Loss, OutageRow, Row, Under,
};
pub use html::to_html;
pub use json::to_json;
pub use make::{Order, make};
pub use period::{Period, PeriodError, PeriodKind};
pub use words::{paragraph, policy_words};
pub use xlsx::to_xlsx;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The CSV writer failed.
    #[error("write csv")]
    Csv(#[from] ::csv::Error),
    /// The spreadsheet writer failed.
    #[error("write xlsx")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    /// The JSON writer failed.
    #[error("write json")]
    Json(#[from] serde_json::Error),
}

//! Rates in, report files out: the availability of sites over a period as CSV, XLSX and JSON.
//!
//! Every figure stands beside its numerator, denominator and coverage. Nothing here reads the
//! database; what a report says is in the [`Availability`] it was made from.

mod availability;
mod csv;
mod json;
mod xlsx;

pub use availability::{Availability, SiteRow};
pub use csv::to_csv;
pub use json::to_json;
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

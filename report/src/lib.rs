//! Figures in, report files out: what is to be said of a period, as data, and that data as CSV,
//! XLSX, PDF, HTML and JSON; and its publication.
//!
//! Invariants: every figure is of `storage::account` and stands beside its numerator, denominator
//! and coverage; what is not measured is left out and never zero; all formats say what the one
//! [`Document`] says.

mod compare;
mod csv;
mod digest;
mod document;
mod docx;
mod font;
#[cfg(test)]
mod foreign;
mod format;
mod html;
mod inspection;
mod json;
mod make;
mod meeting_words;
#[cfg(test)]
mod meeting_year;
mod meetings;
mod night;
mod paper;
mod pdf;
mod period;
mod press;
#[cfg(test)]
mod sample;
mod sheet;
mod table;
mod tables;
mod upkeep;
mod upkeep_tables;
mod verify;
mod words;
mod xlsx;

pub use compare::{Change, compare};
pub use csv::to_csv;
pub use document::{
    Compared, DayRow, DeviceRow, Document, ExclusionRow, Group, Loss, OutageRow, Row, Under,
};
pub use docx::to_docx;
pub use font::{FontFile, FontFiles, NoFont};
pub use format::{Format, file_name, write};
pub use html::to_html;
pub use inspection::{InspectionSheet, SheetSignature, ShownRow, ShownTable, write_inspection};
pub use json::to_json;
pub use make::{Order, make};
pub use meetings::{MeetingMonth, Meetings};
pub use night::Night;
pub use pdf::to_pdf;
pub use period::{Period, PeriodError, PeriodKind};
pub use press::{
    Edition, Outcome, PressError, Published, Publisher, head, number, publish, published,
};
pub use sheet::{Cell, Sheet};
pub use upkeep::{IncidentGroup, Incidents, OpenIncident, OpenRepair, RepairRow, Repairs, Repeat};
pub use verify::{Finding, VerifyError, verify};
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
    /// No font with Chinese is installed.
    #[error(transparent)]
    NoFont(#[from] NoFont),
    /// A font cannot be read.
    #[error("read the font {path}")]
    Font {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The PDF writer refused something.
    #[error("write pdf: {0}")]
    Pdf(&'static str),
    /// The DOCX writer failed.
    #[error("write docx")]
    Docx(#[from] zip::result::ZipError),
    /// The JSON writer failed.
    #[error("write json")]
    Json(#[from] serde_json::Error),
}

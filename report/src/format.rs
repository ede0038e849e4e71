//! Files that a report can be written to.

use crate::{
    Document, Edition, FontFiles, ReportError, head, to_csv, to_docx, to_html, to_json, to_pdf,
    to_xlsx,
};
use zhishou_domain::Lang;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// PDF on A4.
    Pdf,
    /// Excel workbook.
    Xlsx,
    /// A document to be edited in Word or WPS.
    Docx,
    /// CSV for spreadsheets.
    Csv,
    /// A page that needs no other file and prints.
    Html,
    /// The document with exact figures, as `verify` reads it.
    Json,
}

impl Format {
    /// Every kind, the one to forward first.
    pub const ALL: [Self; 6] =
        [Self::Pdf, Self::Xlsx, Self::Docx, Self::Csv, Self::Html, Self::Json];

    /// The stable word; also the ending of a file's name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Xlsx => "xlsx",
            Self::Docx => "docx",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Json => "json",
        }
    }

    /// The kind of a stable word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.code() == code)
    }

    /// The media type (IANA).
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// The name of a file: `availability-2026-D-0325-v2.pdf`.
pub fn file_name(document: &Document, edition: Option<&Edition>, format: Format) -> String {
    let ending = format.code();
    match edition {
        Some(it) => format!("availability-{}-v{}.{ending}", it.number, it.revision),
        None => format!("availability-{}.{ending}", document.number()),
    }
}

/// Writes a report, published or not. Takes up to a second: not for a thread that others wait for.
pub fn write(
    document: &Document,
    edition: Option<&Edition>,
    format: Format,
    lang: Lang,
) -> Result<Vec<u8>, ReportError> {
    let head = head(document, edition, lang);
    match format {
        Format::Pdf => to_pdf(document, &head, &FontFiles::find()?, lang),
        Format::Xlsx => to_xlsx(document, lang),
        Format::Docx => to_docx(document, &head, lang),
        Format::Csv => to_csv(document, lang),
        Format::Html => Ok(to_html(document, &head, lang).into_bytes()),
        Format::Json => Ok(serde_json::to_vec_pretty(&to_json(document, edition)?)?),
    }
}

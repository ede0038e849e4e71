//! Why a file as a whole could not be read.

use zhishou_domain::{Lang, LedgerColumn};

/// A file that is no ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// A file beyond the limit.
    #[error("read the ledger: {bytes} bytes, {limit} at most")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// More rows than the limit.
    #[error("read the ledger: more than {limit} rows")]
    TooManyRows {
        /// The limit.
        limit: usize,
    },
    /// A compound file: `.xls`, or `.xlsx` under a password.
    #[error("read the ledger: an old .xls or a file under a password")]
    OldOrEncrypted,
    /// A workbook that cannot be read.
    #[error("read the workbook: {problem}")]
    Workbook {
        /// What the reader says.
        problem: String,
    },
    /// Bytes that are no text in a known encoding.
    #[error("read the ledger: neither a workbook nor text in UTF-8 or GBK")]
    NotText,
    /// Text that is no table.
    #[error("read the ledger as CSV: line {line}: {problem}")]
    Csv {
        /// Line, from 1.
        line: u64,
        /// What the reader says.
        problem: String,
    },
    /// No row of headings.
    #[error("find the headings: no row among the first {looked_at} names a column of the ledger")]
    NoHeadings {
        /// Rows looked at.
        looked_at: usize,
    },
    /// A column without which no row means anything.
    #[error("find the column {}", .column.name(Lang::En))]
    NoColumn {
        /// The column.
        column: LedgerColumn,
    },
}

impl LedgerError {
    /// The words for a person, with what to do.
    pub fn render(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        match self {
            Self::TooLarge { limit, .. } => {
                let limit = limit >> 20;
                if zh {
                    format!("文件超过 {limit} MiB，请分成几个文件")
                } else {
                    format!("the file is larger than {limit} MiB; split it")
                }
            }
            Self::TooManyRows { limit } => {
                if zh {
                    format!("超过 {limit} 行，请分成几个文件")
                } else {
                    format!("more than {limit} rows; split the file")
                }
            }
            Self::OldOrEncrypted => lang
                .pick(
                    "这是旧的 .xls 或带密码的文件，请另存为不带密码的 .xlsx",
                    "this is an old .xls or a file under a password; save it as .xlsx without one",
                )
                .to_owned(),
            Self::Workbook { problem } => {
                if zh {
                    format!("不是完好的 .xlsx 文件（{problem}），请用表格软件打开后另存")
                } else {
                    format!(
                        "not a sound .xlsx file ({problem}); open it in a spreadsheet and save it again"
                    )
                }
            }
            Self::NotText => lang
                .pick(
                    "既不是 .xlsx，也不是 UTF-8 或 GBK 文本",
                    "neither .xlsx nor text in UTF-8 or GBK",
                )
                .to_owned(),
            Self::Csv { line, problem } => {
                if zh {
                    format!("CSV 第 {line} 行读不下去：{problem}")
                } else {
                    format!("CSV cannot be read at line {line}: {problem}")
                }
            }
            Self::NoHeadings { looked_at } => {
                if zh {
                    format!("前 {looked_at} 行里没有表头，请使用模板的表头")
                } else {
                    format!("no headings in the first {looked_at} rows; use those of the template")
                }
            }
            Self::NoColumn { column } => {
                let name = column.name(lang);
                if zh {
                    format!("缺少“{name}”列，请使用模板的表头")
                } else {
                    format!("the column “{name}” is missing; use the headings of the template")
                }
            }
        }
    }
}

//! A table as a page shows it, in the same order, as CSV and as an Excel sheet.

use crate::{ReportError, csv::neutral};
use rust_xlsxwriter::{Format, Workbook};
use zhishou_domain::Rate;

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Text; never run as a formula.
    Text(String),
    /// A whole number.
    Count(u64),
    /// Shown as a percentage of two decimals.
    Share(Rate),
    /// Nothing is known.
    Empty,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Name of the sheet; spreadsheets take 31 characters.
    pub name: String,
    /// Headings of the columns.
    pub headings: Vec<String>,
    /// Rows in the order shown.
    pub rows: Vec<Vec<Cell>>,
    /// What the figures rest on: a line of its own below the table.
    pub footnote: String,
}

impl Sheet {
    /// As CSV: UTF-8 with a byte order mark, so that Excel reads it; no cell is a formula.
    pub fn to_csv(&self) -> Result<Vec<u8>, ReportError> {
        let mut out = "\u{feff}".as_bytes().to_vec();
        let mut writer = ::csv::WriterBuilder::new().flexible(true).from_writer(&mut out);
        writer.write_record(&self.headings)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| match cell {
                Cell::Text(text) => neutral(text),
                Cell::Count(number) => number.to_string(),
                Cell::Share(rate) => rate.percent(),
                Cell::Empty => String::new(),
            }))?;
        }
        writer.write_record([neutral(&self.footnote)])?;
        writer.flush().map_err(::csv::Error::from)?;
        drop(writer);
        Ok(out)
    }

    /// As an Excel workbook: numbers as numbers, the headings frozen.
    pub fn to_xlsx(&self) -> Result<Vec<u8>, ReportError> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.set_name(&self.name)?;
        let (bold, percent) = (Format::new().set_bold(), Format::new().set_num_format("0.00%"));
        for (column, heading) in (0u16..).zip(&self.headings) {
            sheet.write_with_format(0, column, heading, &bold)?;
            sheet.set_column_width(column, 18)?;
        }
        for (line, row) in (1u32..).zip(&self.rows) {
            for (column, cell) in (0u16..).zip(row) {
                match cell {
                    Cell::Text(text) => sheet.write_string(line, column, text)?,
                    Cell::Count(number) => sheet.write_number(line, column, *number as f64)?,
                    Cell::Share(rate) => match rate.value() {
                        Some(share) => {
                            sheet.write_number_with_format(line, column, share, &percent)?
                        }
                        None => continue,
                    },
                    Cell::Empty => continue,
                };
            }
        }
        let last = u32::try_from(self.rows.len()).unwrap_or(u32::MAX).saturating_add(2);
        sheet.write_string(last, 0, &self.footnote)?;
        sheet.set_freeze_panes(1, 1)?;
        Ok(workbook.save_to_buffer()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{Data, Reader, Xlsx};

    fn sheet() -> Sheet {
        let rate = Rate { numerator: 99_999, denominator: 100_000 };
        Sheet {
            name: "排名".into(),
            headings: vec!["单位".into(), "在线率".into(), "差".into()],
            rows: vec![
                vec![Cell::Text("=1+1".into()), Cell::Share(rate), Cell::Count(3)],
                vec![Cell::Text("东街".into()), Cell::Empty, Cell::Count(0)],
            ],
            footnote: "口径 time-weighted@1".into(),
        }
    }

    #[test]
    fn csv_keeps_the_order_and_runs_nothing() {
        let text = String::from_utf8(sheet().to_csv().unwrap()).unwrap();
        assert_eq!(text, "\u{feff}单位,在线率,差\n'=1+1,99.99,3\n东街,,0\n口径 time-weighted@1\n");
    }

    #[test]
    fn excel_gets_numbers() {
        let bytes = sheet().to_xlsx().unwrap();
        let mut book: Xlsx<_> =
            calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
        let range = book.worksheet_range("排名").unwrap();
        assert_eq!(range.get_value((1, 0)), Some(&Data::String("=1+1".into())));
        assert_eq!(range.get_value((1, 1)), Some(&Data::Float(0.999_99)));
        assert_eq!(range.get_value((1, 2)), Some(&Data::Float(3.0)));
        assert_eq!(range.get_value((4, 0)), Some(&Data::String("口径 time-weighted@1".into())));
    }
}

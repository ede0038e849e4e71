//! A table as a page shows it, in the same order, as CSV and as an Excel sheet.

use crate::{ReportError, csv::neutral, xlsx::A4};
use chrono::{Datelike, NaiveDateTime, Timelike};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
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
    /// A difference in percentage points: two decimals and its sign.
    Points(f64),
    /// A number of two decimals.
    Decimal(f64),
    /// A moment on the wall, shown to the minute.
    Moment(NaiveDateTime),
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
                Cell::Points(points) => format!("{points:+.2}"),
                Cell::Decimal(number) => format!("{number:.2}"),
                Cell::Moment(at) => at.format("%Y-%m-%d %H:%M").to_string(),
                Cell::Empty => String::new(),
            }))?;
        }
        writer.write_record([neutral(&self.footnote)])?;
        writer.flush().map_err(::csv::Error::from)?;
        drop(writer);
        Ok(out)
    }

    /// As an Excel workbook: numbers as numbers and dates as dates, the headings frozen and on each printed
    /// page, as wide as a page.
    pub fn to_xlsx(&self) -> Result<Vec<u8>, ReportError> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.set_name(&self.name)?;
        let bold = Format::new().set_bold();
        let [percent, points, decimal, moment] =
            ["0.00%", "+0.00;-0.00;0.00", "0.00", "yyyy-mm-dd hh:mm"]
                .map(|it| Format::new().set_num_format(it));
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
                    Cell::Points(it) => {
                        sheet.write_number_with_format(line, column, *it, &points)?
                    }
                    Cell::Decimal(it) => {
                        sheet.write_number_with_format(line, column, *it, &decimal)?
                    }
                    Cell::Moment(at) => {
                        sheet.write_datetime_with_format(line, column, excel(*at)?, &moment)?
                    }
                    Cell::Empty => continue,
                };
            }
        }
        let last = u32::try_from(self.rows.len()).unwrap_or(u32::MAX).saturating_add(2);
        sheet.write_string(last, 0, &self.footnote)?;
        sheet.set_freeze_panes(1, 1)?;
        let columns = u16::try_from(self.headings.len()).unwrap_or(u16::MAX);
        sheet.set_print_area(0, 0, last, columns.saturating_sub(1))?;
        sheet.set_repeat_rows(0, 0)?;
        sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
        Ok(workbook.save_to_buffer()?)
    }
}

fn excel(at: NaiveDateTime) -> Result<ExcelDateTime, ReportError> {
    let part = |number: u32| u8::try_from(number).unwrap_or_default();
    let day = ExcelDateTime::from_ymd(
        u16::try_from(at.year()).unwrap_or_default(),
        part(at.month()),
        part(at.day()),
    )?;
    Ok(day.and_hms(u16::from(part(at.hour())), part(at.minute()), f64::from(at.second()))?)
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
    fn differences_scores_and_moments_are_numbers_and_dates() {
        let at = chrono::NaiveDate::from_ymd_opt(2026, 3, 10).unwrap().and_hms_opt(8, 30, 0);
        let cells = vec![Cell::Points(-0.5), Cell::Decimal(93.1), Cell::Moment(at.unwrap())];
        let sheet = Sheet { rows: vec![cells], ..sheet() };
        let text = String::from_utf8(sheet.to_csv().unwrap()).unwrap();
        assert!(text.contains("\n-0.50,93.10,2026-03-10 08:30\n"), "{text}");
        let bytes = sheet.to_xlsx().unwrap();
        let mut book: Xlsx<_> =
            calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
        let range = book.worksheet_range("排名").unwrap();
        assert_eq!(range.get_value((1, 0)), Some(&Data::Float(-0.5)));
        assert_eq!(range.get_value((1, 1)), Some(&Data::Float(93.1)));
        assert!(matches!(range.get_value((1, 2)), Some(Data::DateTime(_))));
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

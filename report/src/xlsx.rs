//! XLSX: one sheet, numbers as numbers, text as text.

use crate::{Availability, ReportError, availability};
use rust_xlsxwriter::{Format, Workbook};
use zhishou_domain::Lang;

/// Writes the report as an Excel workbook.
pub fn to_xlsx(report: &Availability, lang: Lang) -> Result<Vec<u8>, ReportError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name(lang.pick("在线率", "availability"))?;
    let bold = Format::new().set_bold();
    sheet.write_with_format(0, 0, &report.district, &bold)?;
    for (column, heading) in (0u16..).zip(availability::headings(lang)) {
        sheet.write_with_format(1, column, heading, &bold)?;
    }
    let rows = report.rows(lang);
    for (line, row) in (2u32..).zip(&rows) {
        let minutes = &row.minutes;
        let online = minutes.online();
        sheet.write_string(line, 0, &row.street)?;
        sheet.write_string(line, 1, &row.site)?;
        sheet.write(line, 2, row.devices as f64)?;
        sheet.write_string(line, 3, report.rate_text(minutes, lang))?;
        let figures = [
            online.numerator,
            online.denominator,
            minutes.degraded,
            minutes.down,
            minutes.scheduled,
        ];
        for (column, figure) in (4u16..).zip(figures) {
            sheet.write(line, column, figure as f64)?;
        }
        sheet.write_string(line, 9, minutes.coverage().percent())?;
    }
    let last = u32::try_from(rows.len()).unwrap_or(u32::MAX).saturating_add(3);
    sheet.write_string(last, 0, availability::footnote(report, lang))?;
    sheet.set_freeze_panes(2, 2)?;
    Ok(workbook.save_to_buffer()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{Reader, Xlsx};

    #[test]
    fn the_sheet_reads_back() {
        let bytes = to_xlsx(&availability::sample(), Lang::Zh).unwrap();
        let mut book: Xlsx<_> =
            calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
        let range = book.worksheet_range("在线率").unwrap();
        assert_eq!(range.get_value((2, 1)).unwrap().to_string(), "=1+1");
        assert_eq!(range.get_value((2, 4)).unwrap().to_string(), "2000");
        assert_eq!(range.get_value((4, 0)).unwrap().to_string(), "总计");
    }
}

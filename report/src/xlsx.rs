//! XLSX: a sheet with the words, then a sheet a table; numbers as numbers, text as text.

use crate::{
    Document, ReportError,
    paper::{Paper, of_document},
    table::{Cell, Place, Table},
};
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook, Worksheet};
use zhishou_domain::Lang;

/// A4, as Excel counts papers.
pub(crate) const A4: u8 = 9;
/// Width of the words, in letters of Excel.
const WORDS: f64 = 96.0;
/// Letters of Excel that a Chinese letter takes.
const LETTER: f64 = 2.1;

/// Writes a report as an Excel workbook.
pub fn to_xlsx(document: &Document, lang: Lang) -> Result<Vec<u8>, ReportError> {
    of_paper(&of_document(document, "", lang), lang)
}

pub(crate) fn of_paper(paper: &Paper, lang: Lang) -> Result<Vec<u8>, ReportError> {
    let mut workbook = Workbook::new();
    words_sheet(workbook.add_worksheet(), paper, lang)?;
    for table in &paper.tables {
        table_sheet(workbook.add_worksheet(), table, &paper.about)?;
    }
    Ok(workbook.save_to_buffer()?)
}

fn words_sheet(sheet: &mut Worksheet, paper: &Paper, lang: Lang) -> Result<(), ReportError> {
    sheet.set_name(lang.pick("摘要", "summary"))?;
    sheet.set_column_width(0, WORDS)?;
    let title = Format::new().set_bold().set_font_size(16).set_align(FormatAlign::Center);
    let centre = Format::new().set_align(FormatAlign::Center);
    let body = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    sheet.write_with_format(0, 0, &paper.title, &title)?;
    sheet.write_with_format(1, 0, &paper.about, &centre)?;
    let mut line = 3;
    let below = paper.close.iter().flat_map(|(_, sentences)| sentences);
    for paragraph in paper.paragraphs.iter().chain(below) {
        sheet.write_with_format(line, 0, paragraph, &body)?;
        let letters = paragraph.chars().map(|c| if c.is_ascii() { 1.0 } else { 2.0 }).sum::<f64>();
        sheet.set_row_height(line, 16.0 * (letters / (WORDS - 4.0)).ceil().max(1.0))?;
        line += 1;
    }
    sheet.set_paper_size(A4).set_print_fit_to_pages(1, 0);
    sheet.set_print_area(0, 0, line - 1, 0)?;
    Ok(())
}

fn table_sheet(sheet: &mut Worksheet, table: &Table, about: &str) -> Result<(), ReportError> {
    sheet.set_name(&table.title)?;
    let boxed = || Format::new().set_border(FormatBorder::Thin);
    let head = boxed().set_bold().set_text_wrap().set_align(FormatAlign::Center);
    let (plain, count) = (boxed(), boxed().set_num_format("#,##0"));
    let percent = boxed().set_num_format("0.00");
    let under = boxed().set_num_format("0.00").set_bold();
    let points = boxed().set_num_format("+0.00;-0.00;0.00");
    let title = format!("{} · {about}", table.title);
    sheet.write_with_format(0, 0, title, &Format::new().set_bold().set_font_size(13))?;
    let mut last = 0;
    for (number, column) in (0u16..).zip(&table.columns) {
        sheet.write_with_format(1, number, &column.head, &head)?;
        let width = f64::from(column.width.max(column.head.chars().count() as f32 / 2.0));
        sheet.set_column_width(number, width * LETTER + 1.0)?;
        if column.place != Place::Sheet {
            last = number;
        }
    }
    let mut line = 2u32;
    for row in &table.rows {
        for (number, cell) in (0u16..).zip(row) {
            match cell {
                Cell::None => sheet.write_blank(line, number, &plain)?,
                Cell::Text(text) => sheet.write_string_with_format(line, number, text, &plain)?,
                Cell::Number(value) => {
                    sheet.write_number_with_format(line, number, *value as f64, &count)?
                }
                Cell::Percent { hundredths, tone } => {
                    let format = if *tone == crate::table::Tone::Under { &under } else { &percent };
                    sheet.write_number_with_format(
                        line,
                        number,
                        *hundredths as f64 / 100.0,
                        format,
                    )?
                }
                Cell::Points(value) => {
                    sheet.write_number_with_format(line, number, *value as f64 / 100.0, &points)?
                }
            };
        }
        line += 1;
    }
    if let Some(note) = &table.note {
        sheet.write(line, 0, note)?;
        line += 1;
    }
    sheet.set_freeze_panes(2, 2)?;
    sheet.set_repeat_rows(0, 1)?;
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    // Paper gets what paper holds; the rest stays to the right.
    sheet.set_print_area(0, 0, line - 1, last)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use calamine::{Data, Reader, Xlsx};

    #[test]
    fn figures_are_numbers_and_names_are_text() {
        let bytes = to_xlsx(&sample::document(), Lang::Zh).unwrap();
        let mut book: Xlsx<_> =
            calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
        let range = book.worksheet_range("按站点").unwrap();
        let cell = |row, column| range.get_value((row, column)).unwrap().clone();
        assert_eq!(cell(2, 1), Data::String("=1+1".into()));
        assert_eq!(cell(2, 6), Data::Float(69.44));
        assert_eq!(cell(2, 8), Data::Float(-20.56));
        let words = book.worksheet_range("摘要").unwrap();
        assert!(words.get_value((3, 0)).unwrap().to_string().starts_with("截至3月25日24时"));
    }
}

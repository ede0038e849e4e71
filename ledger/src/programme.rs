//! 议程 and 参会名单 of a meeting: two sheets of a workbook, or one file of text each; and their template.
//! What the cells mean is judged by `domain::meeting`.

use crate::{
    LedgerError,
    grid::{Cell, Grid, GridRow},
    grid_of,
    heading::plain,
};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use zhishou_domain::meeting::{ProgrammePart, ProgrammeRow};

/// Rows among which headings are looked for.
const LOOKED_AT: usize = 20;

/// What headings are called, the first as in the template.
const fn names(part: ProgrammePart) -> &'static [&'static [&'static str]] {
    match part {
        ProgrammePart::Agenda => &[
            &["时间", "起止时间", "time"],
            &["议题", "内容", "议程", "事项", "title", "item"],
            &["发言会场", "会场", "发言单位会场", "venue"],
        ],
        ProgrammePart::Attendance => &[
            &["单位", "参会单位", "unit"],
            &["姓名", "参会人员", "参会人", "name"],
            &["职务", "职位", "role"],
            &["会场", "参会会场", "venue"],
        ],
    }
}

/// The columns of a part in a row of headings; the second one is what makes it that part.
fn columns(row: &GridRow, part: ProgrammePart) -> Option<Vec<Option<usize>>> {
    let headings: Vec<String> = row.cells.iter().map(|cell| plain(&cell.text())).collect();
    let column = |names: &&[&str]| {
        names.iter().find_map(|name| headings.iter().position(|it| *it == plain(name)))
    };
    let found: Vec<_> = names(part).iter().map(column).collect();
    (found.get(1).copied().flatten().is_some() && found.iter().flatten().count() >= 2)
        .then_some(found)
}

fn headings(grid: &Grid, part: ProgrammePart) -> Option<(usize, Vec<Option<usize>>)> {
    let rows = grid.iter().take(LOOKED_AT).enumerate();
    rows.into_iter().find_map(|(at, row)| Some((at, columns(row, part)?)))
}

/// A cell as it was typed; a time of day that a spreadsheet keeps as a number is one again.
fn text(cell: &Cell, is_time: bool) -> String {
    match cell {
        Cell::Number(share) if is_time && (0.0..1.0).contains(share) => {
            // A day has 1440 minutes, so it fits.
            let minutes = (share * 1440.0).round() as u32;
            format!("{:02}:{:02}", minutes / 60, minutes % 60)
        }
        Cell::Date(at) if is_time => at.format("%H:%M").to_string(),
        cell => cell.text(),
    }
}

/// The rows of a part that a file has; none where it has no such part.
pub fn programme(
    bytes: &[u8],
    part: ProgrammePart,
) -> Result<Option<Vec<ProgrammeRow>>, LedgerError> {
    let is_it: fn(&Grid) -> bool = match part {
        ProgrammePart::Agenda => |grid| headings(grid, ProgrammePart::Agenda).is_some(),
        ProgrammePart::Attendance => |grid| headings(grid, ProgrammePart::Attendance).is_some(),
    };
    let grid = grid_of(bytes, is_it)?;
    let Some((at, columns)) = headings(&grid, part) else { return Ok(None) };
    let rows = grid.iter().skip(at + 1).map(|row| {
        let cell = |(place, column): (usize, &Option<usize>)| {
            let is_time = part == ProgrammePart::Agenda && place == 0;
            column.map(|column| text(row.cell(column), is_time)).unwrap_or_default()
        };
        (row.number, columns.iter().enumerate().map(cell).collect())
    });
    let is_blank = |cells: &Vec<String>| cells.iter().all(|it| it.trim().is_empty());
    Ok(Some(rows.filter(|(_, cells)| !is_blank(cells)).collect()))
}

/// A workbook to fill in, with these venues to choose from.
pub fn programme_template(venues: &[String]) -> Result<Vec<u8>, LedgerError> {
    template(venues).map_err(|error| LedgerError::Workbook { problem: error.to_string() })
}

fn template(venues: &[String]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let as_text = Format::new().set_num_format("@");
    let venue = venues.first().map_or("", String::as_str);
    for (part, name, example) in [
        (ProgrammePart::Agenda, "议程", ["09:00-09:10", "宣布开会", venue, ""]),
        (ProgrammePart::Attendance, "参会名单", ["应急管理局", "张三", "科长", venue]),
    ] {
        let sheet = book.add_worksheet();
        sheet.set_name(name)?;
        for ((at, names), example) in (0u16..).zip(names(part)).zip(example) {
            sheet.set_column_format(at, &as_text)?;
            sheet.set_column_width(at, 24)?;
            sheet.write_string_with_format(
                0,
                at,
                names.first().copied().unwrap_or_default(),
                &bold,
            )?;
            sheet.write_string_with_format(1, at, example, &as_text)?;
        }
        sheet.set_freeze_panes(1, 0)?;
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &[u8], part: ProgrammePart) -> Option<Vec<ProgrammeRow>> {
        programme(bytes, part).unwrap()
    }

    fn row(number: u32, cells: &[&str]) -> ProgrammeRow {
        (number, cells.iter().map(|it| (*it).to_owned()).collect())
    }

    #[test]
    fn the_template_is_read_as_both_parts() {
        let bytes = programme_template(&["一楼会议室".to_owned()]).unwrap();
        let agenda = rows(&bytes, ProgrammePart::Agenda).unwrap();
        assert_eq!(agenda, [row(2, &["09:00-09:10", "宣布开会", "一楼会议室"])]);
        let attendance = rows(&bytes, ProgrammePart::Attendance).unwrap();
        assert_eq!(attendance, [row(2, &["应急管理局", "张三", "科长", "一楼会议室"])]);
    }

    #[test]
    fn text_in_gbk_has_one_part_and_a_title_above_it() {
        let text = "防汛会议名单\r\n序号,姓名（必填）,单位\r\n1,张三,应急局\r\n,,\r\n2,李四,\r\n";
        let (bytes, ..) = encoding_rs::GBK.encode(text);
        assert_eq!(rows(&bytes, ProgrammePart::Agenda), None);
        let found = rows(&bytes, ProgrammePart::Attendance).unwrap();
        assert_eq!(found, [row(3, &["应急局", "张三", "", ""]), row(5, &["", "李四", "", ""])]);
    }

    #[test]
    fn a_time_that_a_spreadsheet_keeps_as_a_number_is_a_time() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write_string(0, 0, "时间").unwrap();
        sheet.write_string(0, 1, "议题").unwrap();
        let clock = Format::new().set_num_format("hh:mm");
        sheet.write_number_with_format(1, 0, 0.395_833_333, &clock).unwrap();
        sheet.write_string(1, 1, "发言").unwrap();
        let bytes = book.save_to_buffer().unwrap();
        let found = rows(&bytes, ProgrammePart::Agenda).unwrap();
        assert_eq!(found, [row(2, &["09:30", "发言", ""])]);
        assert!(programme(b"PK\x03\x04rubbish", ProgrammePart::Agenda).is_err());
    }
}

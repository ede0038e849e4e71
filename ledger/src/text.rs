//! CSV (RFC 4180, read leniently) in UTF-8 with or without a mark, UTF-16 with one, or GBK, which
//! is what a Chinese spreadsheet writes.

use crate::{
    LedgerError, MAX_ROWS,
    grid::{Cell, Grid, GridRow, MAX_COLUMNS},
};
use encoding_rs::{Encoding, GB18030};
use std::borrow::Cow;

/// Rows that may stand above the headings.
const SPARE_ROWS: usize = 100;

pub(crate) fn read(bytes: &[u8]) -> Result<Grid, LedgerError> {
    let text = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut rows = Grid::new();
    let mut record = csv::StringRecord::new();
    // Line breaks inside quotes make lines of the file, but no rows of the sheet.
    let mut inner_breaks = 0u64;
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(rows),
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                return Err(LedgerError::Csv { line, problem: error.to_string() });
            }
        }
        let number = start_line(&text, record.position()).saturating_sub(inner_breaks);
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        inner_breaks += record.iter().map(|field| field.matches('\n').count() as u64).sum::<u64>();
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let cells = record.iter().take(MAX_COLUMNS).map(|field| match field {
            "" => Cell::Empty,
            field => Cell::Text(field.to_owned()),
        });
        rows.push(GridRow { number, cells: cells.collect() });
        if rows.len() > MAX_ROWS + SPARE_ROWS {
            return Err(LedgerError::TooManyRows { limit: MAX_ROWS });
        }
    }
}

/// The line on which a record begins. Its position is where the one before ended: blank lines
/// between them are skipped by the reader, but are rows of the sheet.
fn start_line(text: &str, position: Option<&csv::Position>) -> u64 {
    let Some(position) = position else { return 0 };
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(from..).unwrap_or(&[]);
    let breaks = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + breaks.filter(|byte| **byte == b'\n').count() as u64
}

fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, LedgerError> {
    let text = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => encoding
            .decode_without_bom_handling_and_without_replacement(bytes.get(mark..).unwrap_or(&[])),
        None => match std::str::from_utf8(bytes) {
            Ok(text) => Some(Cow::Borrowed(text)),
            Err(_) => GB18030.decode_without_bom_handling_and_without_replacement(bytes),
        },
    };
    text.filter(|text| !text.contains('\0')).ok_or(LedgerError::NotText)
}

/// Comma, semicolon or tab: whichever the first line that is not blank has most of.
fn delimiter(text: &str) -> u8 {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let count = |delimiter: &u8| line.bytes().filter(|byte| byte == delimiter).count();
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> Vec<(u32, Vec<String>)> {
        let rows = read(bytes).unwrap();
        rows.iter().map(|row| (row.number, row.cells.iter().map(Cell::text).collect())).collect()
    }

    #[test]
    fn utf8_with_and_without_a_mark_and_gbk_say_the_same() {
        let plain = "名称,站点\n东门,人民路\n";
        let expected = texts(plain.as_bytes());
        assert_eq!(expected[1], (2, vec!["东门".to_owned(), "人民路".to_owned()]));
        assert_eq!(texts(&[b"\xef\xbb\xbf", plain.as_bytes()].concat()), expected);
        let (gbk, _, _) = encoding_rs::GBK.encode(plain);
        assert_ne!(&*gbk, plain.as_bytes());
        assert_eq!(texts(&gbk), expected);
        let utf16: Vec<u8> =
            [0xfeff].into_iter().chain(plain.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(texts(&utf16), expected);
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_shows_them() {
        let rows = texts("名称,备注\n\na,\"两\n行\"\nb,x\n".as_bytes());
        let numbers: Vec<_> = rows.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 3, 4]);
    }

    #[test]
    fn semicolons_and_tabs_separate_too() {
        assert_eq!(texts(b"a;b,c;d\n")[0].1, ["a", "b,c", "d"]);
        assert_eq!(texts(b"a\tb\n")[0].1, ["a", "b"]);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        assert_eq!(read(&[0xff, 0x00, 0x81, 0xff, 0xff]), Err(LedgerError::NotText));
        assert_eq!(read(b"a,b\0c\n"), Err(LedgerError::NotText));
    }
}

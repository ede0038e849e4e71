//! `.xlsx` workbooks (ECMA-376), read by `calamine` cell by cell: a single cell far out in the
//! sheet must not make a table of a billion cells in memory.

use crate::{
    LedgerError, MAX_ROWS,
    grid::{Cell, Grid, GridRow, MAX_COLUMNS},
};
use calamine::{DataRef, Dimensions, Reader, Xlsx};
use std::{
    collections::BTreeMap,
    io::Cursor,
    panic::{self, AssertUnwindSafe},
};

/// Sheets looked at for headings.
const MAX_SHEETS: usize = 32;
/// Cells filled from merged ones at most; regions may overlap in a made-up file.
const FILLED: usize = 10 * MAX_ROWS;
/// Rows that may stand above the headings.
const SPARE_ROWS: usize = 100;

/// Reads the first sheet that `is_it` takes; where it takes none, the first one.
pub(crate) fn read(bytes: &[u8], is_it: fn(&Grid) -> bool) -> Result<Grid, LedgerError> {
    guarded(|| first_sheet(bytes, is_it))
}

/// `calamine` expects some things of a package that a made-up one need not keep ("should be in a
/// folder"); its panic becomes the error of a broken workbook.
fn guarded(read: impl FnOnce() -> Result<Grid, LedgerError>) -> Result<Grid, LedgerError> {
    panic::catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(LedgerError::Workbook { problem: "the package is inconsistent".to_owned() })
    })
}

fn first_sheet(bytes: &[u8], is_it: fn(&Grid) -> bool) -> Result<Grid, LedgerError> {
    let mut book: Xlsx<_> =
        calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(unreadable)?;
    let mut first = None;
    for name in book.sheet_names().into_iter().take(MAX_SHEETS) {
        // A chart or a macro sheet has no cells to read.
        let Ok(grid) = sheet(&mut book, &name) else { continue };
        if is_it(&grid) {
            return Ok(grid);
        }
        first.get_or_insert(grid);
    }
    match first {
        Some(grid) => Ok(grid),
        None => Err(LedgerError::Workbook { problem: "no sheet".to_owned() }),
    }
}

fn unreadable(error: calamine::XlsxError) -> LedgerError {
    LedgerError::Workbook { problem: error.to_string() }
}

fn sheet(book: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<Grid, LedgerError> {
    let mut rows: BTreeMap<u32, Vec<Cell>> = BTreeMap::new();
    let mut reader = book.worksheet_cells_reader(name).map_err(unreadable)?;
    while let Some(found) = reader.next_cell().map_err(unreadable)? {
        let (row, column) = found.get_position();
        let (column, cell) = (column as usize, of_data(found.get_value()));
        if column >= MAX_COLUMNS || cell.is_blank() {
            continue;
        }
        let cells = rows.entry(row).or_default();
        if cells.len() <= column {
            cells.resize(column + 1, Cell::Empty);
        }
        cells[column] = cell;
        if rows.len() > MAX_ROWS + SPARE_ROWS {
            return Err(LedgerError::TooManyRows { limit: MAX_ROWS });
        }
    }
    drop(reader);
    let merged = book.merge_cells_by_sheet_name(name).map_err(unreadable)?;
    let mut budget = FILLED;
    for region in &merged {
        fill_down(&mut rows, region, &mut budget);
    }
    Ok(rows
        .into_iter()
        .map(|(number, cells)| GridRow { number: number.saturating_add(1), cells })
        .collect())
}

/// A cell merged over several rows holds for each of them. What it spans to the right belongs to
/// other columns and stays empty; rows without any cell of their own stay blank.
fn fill_down(rows: &mut BTreeMap<u32, Vec<Cell>>, region: &Dimensions, budget: &mut usize) {
    let ((top, column), (bottom, _)) = (region.start, region.end);
    let column = column as usize;
    let value = rows.get(&top).and_then(|cells| cells.get(column)).cloned().unwrap_or_default();
    if value.is_blank() || bottom <= top || column >= MAX_COLUMNS {
        return;
    }
    for (_, cells) in rows.range_mut(top + 1..=bottom).take(*budget) {
        *budget -= 1;
        if cells.len() <= column {
            cells.resize(column + 1, Cell::Empty);
        }
        cells[column] = value.clone();
    }
}

fn of_data(data: &DataRef<'_>) -> Cell {
    match data {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) => Cell::Text(text.clone()),
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::Text(text.clone()),
        #[expect(clippy::cast_precision_loss, reason = "a spreadsheet keeps doubles anyway")]
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::Bool(truth) => Cell::Text(truth.to_string()),
        DataRef::DateTime(moment) => match moment.as_datetime() {
            Some(at) if moment.is_datetime() => Cell::Date(at),
            _ => Cell::Number(moment.as_f64()),
        },
        DataRef::Error(error) => Cell::Error(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_reader_is_a_broken_workbook() {
        let result = guarded(|| panic!("should be in a folder"));
        assert!(matches!(result, Err(LedgerError::Workbook { .. })));
    }
}

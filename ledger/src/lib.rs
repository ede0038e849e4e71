//! The camera ledger (一机一档): reads `.xlsx` and `.csv` into typed rows, and writes a template. Likewise
//! the states of devices as another platform exports them ([`StatusFile`]), and the agenda and attendance of
//! a meeting ([`programme()`]).
//!
//! It reads; it does not know what is stored. Every problem of a cell is a
//! [`RowError`] with row, column and what to do; a file that cannot be
//! read at all is a [`LedgerError`].
//!
//! Invariants: nothing here panics on foreign bytes; every size is bounded; no error holds a
//! password; text stays text, whatever it begins with.

#![cfg_attr(not(test), warn(clippy::expect_used))]

mod cell;
mod error;
mod grid;
mod heading;
mod login;
mod programme;
mod row;
mod status;
mod template;
mod text;
mod workbook;

pub use error::LedgerError;
pub use heading::aliases;
pub use programme::{programme, programme_template};
pub use status::{StatusColumns, StatusFile};
pub use template::template;

use grid::Grid;
use zhishou_domain::{LedgerRow, RowError};

/// Largest file, bytes.
pub const MAX_BYTES: usize = 64 << 20;
/// Rows of one file at most, the headings aside.
pub const MAX_ROWS: usize = 200_000;
/// Characters of one cell at most.
pub const MAX_CELL: usize = 10_000;
/// Errors listed at most; the rest is counted.
pub const MAX_ERRORS: usize = 10_000;

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// Rows without an error.
    pub rows: Vec<LedgerRow>,
    /// What is wrong, in order of rows; [`MAX_ERRORS`] at most.
    pub errors: Vec<RowError>,
    /// Errors beyond those listed.
    pub more_errors: usize,
    /// Headings that mean nothing here, or a column that is there already; they were ignored.
    pub ignored: Vec<String>,
}

/// Reads the bytes of a ledger file. What it is shows in its bytes, not in its name.
pub fn read(bytes: &[u8]) -> Result<Ledger, LedgerError> {
    let grid = grid_of(bytes, |grid| heading::find(grid).is_ok())?;
    let headings = heading::find(&grid)?;
    Ok(row::read_all(&grid, headings))
}

/// The sheet of a file that `is_it` takes, or the first one.
fn grid_of(bytes: &[u8], is_it: fn(&Grid) -> bool) -> Result<Grid, LedgerError> {
    const ZIP: &[u8] = b"PK\x03\x04";
    const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    if bytes.len() > MAX_BYTES {
        return Err(LedgerError::TooLarge { bytes: bytes.len(), limit: MAX_BYTES });
    }
    match bytes {
        bytes if bytes.starts_with(ZIP) => workbook::read(bytes, is_it),
        bytes if bytes.starts_with(COMPOUND) => Err(LedgerError::OldOrEncrypted),
        bytes => text::read(bytes),
    }
}

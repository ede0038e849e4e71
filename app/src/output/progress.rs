//! Progress of a long run, on a terminal only.

use std::io::{IsTerminal, Write};

/// One line on standard error that is rewritten as results come.
pub(crate) struct Progress {
    total: usize,
    done: usize,
    shown: bool,
}

impl Progress {
    /// Progress over `total` results; shown where there is more than one and a person looks on.
    pub(crate) fn new(total: usize, for_people: bool) -> Self {
        let shown = for_people && total > 1 && std::io::stderr().is_terminal();
        Self { total, done: 0, shown }
    }

    /// Prints a result on standard output, the line of progress below it.
    ///
    /// # Errors
    /// If the result could not be written.
    pub(crate) fn step(&mut self, result: &str) -> std::io::Result<()> {
        self.clear();
        super::result(result)?;
        self.done += 1;
        if self.shown {
            let width = 30 * self.done / self.total.max(1);
            let bar = "█".repeat(width) + &"░".repeat(30 - width.min(30));
            let mut err = std::io::stderr().lock();
            let _closed =
                write!(err, "{bar} {}/{}", self.done, self.total).and_then(|()| err.flush());
        }
        Ok(())
    }

    /// Takes the line away.
    pub(crate) fn end(&mut self) {
        self.clear();
    }

    fn clear(&self) {
        if self.shown {
            let _closed = write!(std::io::stderr().lock(), "\r\x1b[2K");
        }
    }
}

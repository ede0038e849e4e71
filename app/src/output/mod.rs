//! What a person or a program reads on the terminal.

pub(crate) mod log;
pub(crate) mod picture;
pub(crate) mod progress;
pub(crate) mod sheet;
pub(crate) mod table;

use crate::command::Failure;
use zhishou_domain::Lang;

/// One line on standard output, for people. A reader that went away is no failure of ours.
pub(crate) fn line(text: &str) {
    let _closed = result(text);
}

/// One line of results on standard output.
///
/// # Errors
/// If it could not be written: a result that nobody can read is a job not done.
pub(crate) fn result(text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush())
}

/// One line on standard error.
pub(crate) fn note(text: &str) {
    use std::io::Write;
    let _closed = writeln!(std::io::stderr().lock(), "{text}");
}

/// Why a command could not do its work, and what to do about it.
pub(crate) fn failure(failure: &Failure, lang: Lang) {
    note(&format!("{}: {failure}", lang.pick("错误", "error")));
}

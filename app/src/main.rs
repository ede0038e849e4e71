//! The `zhishou` binary: parse, inject clock and chance, wire, run.
//!
//! The only place that knows concrete backends. Exit codes are those of the outside contract:
//! 0 fine, 1 bad news, 2 usage or configuration, 3 we could not do our job.

mod ambient;
mod cli;
mod command;
mod output;
mod wiring;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    output::log::start();
    let lang = cli.lang();
    match command::run(cli, lang) {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            output::failure(&failure, lang);
            failure.exit_code()
        }
    }
}

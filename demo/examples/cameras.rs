//! Starts the demo's cameras alone and writes their ledger to standard output, to try other
//! viewers on them: `cargo run -p zhishou-demo --example cameras -- CACHE-DIRECTORY [CAMERAS]`.
//! Runs until it is interrupted.

#![expect(clippy::print_stderr, reason = "an example talks to the terminal")]

use std::{env, error::Error, io};
use zhishou_demo::{BASE_CAMERAS, Demo, Options, write_ledger_csv};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let cache = arguments.next().ok_or("name a cache directory")?.into();
    let cameras = arguments.next().map_or(Ok(BASE_CAMERAS), |number| number.parse())?;
    let demo = Demo::start(&Options { cameras, cache }, &|progress| {
        eprintln!("{progress}");
    })?;
    write_ledger_csv(demo.district(), io::stdout().lock())?;
    loop {
        std::thread::park();
    }
}

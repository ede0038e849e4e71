//! Prints `docs/reference/faults.md`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(zhishou_domain::fault_reference().as_bytes())
}

//! The `zhishou` binary.
fn main() {}

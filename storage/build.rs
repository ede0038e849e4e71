//! Builds the crate anew when a migration is added: `sqlx::migrate!` reads the folder.

#[expect(clippy::print_stdout, reason = "how a build script speaks to cargo")]
fn main() {
    println!("cargo:rerun-if-changed=migrations");
}

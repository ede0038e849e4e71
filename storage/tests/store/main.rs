//! The store on real database files.

mod credentials;
mod import;
mod record;
mod support;
mod tallies;
mod upkeep;

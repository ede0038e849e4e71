//! One binary for all scenarios, one file per scenario.

mod demo;
mod dependencies;
mod foreign_servers;
mod kill;
mod platform;

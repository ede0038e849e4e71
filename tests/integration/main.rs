//! One binary for all scenarios, one file per scenario.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a scenario fails where it stands, and waits for processes in real time"
)]

mod alerts;
mod calls;
mod clocks;
mod demo;
mod dependencies;
mod endpoints;
mod evidence;
mod foreign_servers;
mod harm;
mod kill;
mod ledger;
mod notices;
mod pictures;
mod platform;
mod quirks;

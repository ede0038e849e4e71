//! The store on real database files.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod account;
mod alerts;
mod certificates;
mod checks;
mod clock;
mod credentials;
mod duty;
mod endpoints;
mod equipment;
mod habits;
mod import;
mod incidents;
mod inspections;
mod kept;
mod meetings;
mod notices;
mod outbox;
mod pictures;
mod publications;
mod reconciliations;
mod record;
mod references;
mod reservations;
mod series;
mod statement;
mod strips;
mod support;
mod turns;
mod upkeep;
mod venues;
mod wall_clock;
mod work_orders;

//! One binary for all scenarios, one file per scenario.

mod dependencies;

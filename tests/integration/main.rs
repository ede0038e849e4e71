//! One binary for all scenarios.

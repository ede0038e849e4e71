//! Typed configuration: one file per section, defaults that work, a schema made from the code.
//!
//! Configuration is read once at start. It holds no secret: camera credentials live encrypted in
//! the store and their key in a file of its own. Every mistake is refused with the place and what
//! to write instead; `testdata/invalid-*.toml` has one of each.

mod accounting;
mod alerts;
mod bookings;
mod district;
mod error;
mod incidents;
mod inspection;
mod limits;
mod plans;
mod probing;
mod recordings;
mod repair;
mod report;
mod rule;
mod server;
mod storage;

pub use accounting::Accounting;
pub use alerts::{Alerts, MessageLanguage};
pub use bookings::{Approval, Bookings, Displace};
pub use district::District;
pub use error::{ConfigError, Problem};
pub use incidents::Incidents;
pub use inspection::Inspection;
pub use limits::Limits;
pub use plans::{EndpointSection, PlanSection, Plans};
pub use probing::{Certificates, HardwareDecoders, Probing, StreamKind};
pub use recordings::{KeepDialogues, Recordings};
pub use repair::{Repair, RepairClock};
pub use report::Report;
pub use rule::{Note, Rule, Unit};
pub use server::Server;
pub use storage::Storage;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The whole configuration file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Who we are and where.
    pub district: District,
    /// Where the pages are served.
    pub server: Server,
    /// How often and how deep devices are probed.
    pub plans: Plans,
    /// Limits that keep probing from harming what is watched.
    pub probing: Probing,
    /// Where media become a fault.
    pub limits: Limits,
    /// When outages are one incident, and when we do not believe ourselves.
    pub incidents: Incidents,
    /// How long repairs may take, and when they are proven.
    pub repair: Repair,
    /// The daily inspection record.
    pub inspection: Inspection,
    /// What is asked of a booking.
    pub bookings: Bookings,
    /// Targets and floors of the figures.
    pub accounting: Accounting,
    /// The nightly report.
    pub report: Report,
    /// Messages to people outside of the pages.
    pub alerts: Alerts,
    /// Evidence files.
    pub recordings: Recordings,
    /// The database.
    pub storage: Storage,
}

impl Config {
    /// Reads and checks the text of a configuration file.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| ConfigError::of(&error, text))?;
        config.check()?;
        Ok(config)
    }

    /// The commented example: every key with its default.
    pub const fn example() -> &'static str {
        include_str!("../example.toml")
    }

    /// The JSON schema of the file.
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.district.check()?;
        self.server.check()?;
        self.plans.check()?;
        self.probing.check()?;
        self.limits.check()?;
        self.incidents.check()?;
        self.repair.check()?;
        self.inspection.check()?;
        self.bookings.check()?;
        self.accounting.check()?;
        self.report.check()?;
        self.alerts.check()?;
        self.recordings.check()?;
        self.storage.check()
    }
}

/// Refuses `key = value` unless `holds`.
fn require(
    holds: bool,
    key: impl Into<String>,
    value: impl ToString,
    rule: Rule,
) -> Result<(), ConfigError> {
    if holds {
        Ok(())
    } else {
        Err(ConfigError::Value { key: key.into(), value: value.to_string(), rule })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};
    use zhishou_domain::Lang;

    fn testdata(prefix: &str) -> Vec<(String, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix))
            .map(|path| {
                (
                    path.file_name().unwrap().to_str().unwrap().to_owned(),
                    fs::read_to_string(path).unwrap(),
                )
            })
            .collect();
        files.sort();
        files
    }

    #[test]
    fn the_example_is_exactly_the_defaults() {
        assert_eq!(Config::parse(Config::example()).unwrap(), Config::default());
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn every_key_stands_in_the_example() {
        let defaults = toml::Table::try_from(Config::default()).unwrap();
        let example: toml::Table = Config::example().parse().unwrap();
        for (section, keys) in defaults {
            for key in keys.as_table().unwrap().keys() {
                assert!(example[&section].get(key).is_some(), "{section}.{key}");
            }
        }
    }

    #[test]
    fn valid_files_are_read() {
        let files = testdata("valid-");
        assert!(!files.is_empty());
        for (name, text) in files {
            Config::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }

    #[test]
    fn each_mistake_is_refused_with_its_message() {
        let files = testdata("invalid-");
        assert!(files.len() >= 20, "{}", files.len());
        let mut wrong = Vec::new();
        for (name, text) in files {
            let error = Config::parse(&text).expect_err(&name);
            let mut lines = text.lines();
            for (lang, before) in [(Lang::En, "# refused: "), (Lang::Zh, "# 拒绝: ")] {
                let message = format!("{before}{}", error.render(lang));
                if lines.next() != Some(&message) {
                    wrong.push(format!("{name}: {message}"));
                }
            }
        }
        assert!(wrong.is_empty(), "these do not say their messages:\n{}", wrong.join("\n"));
    }

    #[test]
    fn the_schema_in_the_repository_is_the_one_of_the_code() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.json");
        let text = serde_json::to_string_pretty(&Config::schema()).unwrap() + "\n";
        let kept = fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == text,
            "config/schema.json is stale: run `zhishou config schema > config/schema.json`"
        );
    }
}

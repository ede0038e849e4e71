use crate::{ConfigError, Rule, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use zhishou_domain::policy::{DEFAULT_POLICY, LocalTime, PolicyRef};

/// The nightly report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Report {
    /// When it is made, as a cron expression of six fields (second minute hour day month weekday) in
    /// the zone of the district. Empty: never.
    pub schedule: String,
    /// When a day ends, HH:MM. 00:00 is midnight; a day of 17:00 began at 17:00 the day before.
    pub cut_off: String,
    /// Accounting policy: `id` for its newest version, or `id@version`.
    pub policy: String,
    /// Further policies that each period is published under too, as "equipment"; each has numbers and
    /// files of its own.
    pub more_policies: Vec<String>,
    /// Folder that each published report is written to. Empty: none.
    pub folder: String,
    /// Files written there: pdf, xlsx, docx, csv, html, json.
    pub formats: Vec<String>,
    /// Days back whose reports are made anew each night: what changed since becomes a revision.
    pub recheck_days: u32,
}

/// Kinds of files, as `zhishou_report::Format` has them.
const FORMATS: &[&str] = &["pdf", "xlsx", "docx", "csv", "html", "json"];

impl Default for Report {
    fn default() -> Self {
        Self {
            schedule: "0 30 0 * * *".to_owned(),
            cut_off: "00:00".to_owned(),
            policy: DEFAULT_POLICY.to_owned(),
            more_policies: Vec::new(),
            folder: String::new(),
            formats: vec!["pdf".to_owned(), "xlsx".to_owned()],
            recheck_days: 7,
        }
    }
}

/// Whether it names a policy, or one version of it.
fn is_policy(text: &str) -> bool {
    let id = text.split('@').next().unwrap_or_default();
    format!("{id}@1").parse::<PolicyRef>().is_ok()
        && (id == text || text.parse::<PolicyRef>().is_ok())
}

impl Report {
    /// When a day ends; midnight where that is none (refused by `check`).
    pub fn cut_off(&self) -> LocalTime {
        LocalTime::try_from(self.cut_off.clone()).unwrap_or_default()
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let schedule = self.schedule.trim();
        require(
            schedule.is_empty() || cron::Schedule::from_str(schedule).is_ok(),
            "report.schedule",
            format!("{:?}", self.schedule),
            Rule::Cron,
        )?;
        require(
            LocalTime::try_from(self.cut_off.clone()).is_ok(),
            "report.cut_off",
            &self.cut_off,
            Rule::TimeOfDay,
        )?;
        require(is_policy(&self.policy), "report.policy", &self.policy, Rule::Policy)?;
        for policy in &self.more_policies {
            require(is_policy(policy), "report.more_policies", policy, Rule::Policy)?;
        }
        for format in &self.formats {
            require(
                FORMATS.contains(&format.as_str()),
                "report.formats",
                format,
                Rule::OneOf(FORMATS),
            )?;
        }
        require(
            (0..=31).contains(&self.recheck_days),
            "report.recheck_days",
            self.recheck_days,
            Rule::within(0.0, 31.0, crate::Unit::Days),
        )
    }
}

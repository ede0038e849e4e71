//! 告警规则, as data: what is told, when, over which channels.

use crate::{Lang, Timestamp, incident::ObserverFault, policy::LocalTime};
use chrono::{Datelike, Timelike};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Most rules of a document.
const RULES: usize = 50;
/// Longest name of a rule, characters.
const NAME: usize = 60;

/// How much an incident matters.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// 一般: one device, or a few.
    #[default]
    Minor,
    /// 较大: several devices, or one of point class 1; our own probing is late.
    Major,
    /// 重大: a mass outage, equipment of a meeting venue, or we see nothing ourselves.
    Critical,
}

words!(Severity {
    Minor = "minor", "一般", "minor";
    Major = "major", "较大", "major";
    Critical = "critical", "重大", "critical";
});

/// How far an incident reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Devices that were ever in it.
    pub devices: u64,
    /// Those of them that meetings need: endpoints, and what stands in a meeting venue.
    pub venue_devices: u64,
    /// Those of point class 1.
    pub class_one: u64,
    /// What is wrong with ourselves, where it is about that.
    pub ours: Option<ObserverFault>,
}

impl Extent {
    /// How much that matters, where `mass` devices are a mass outage.
    pub const fn severity(&self, mass: u64) -> Severity {
        match self.ours {
            Some(ObserverFault::Blind | ObserverFault::Lost | ObserverFault::Stopped) => {
                return Severity::Critical;
            }
            Some(ObserverFault::Late) => return Severity::Major,
            None => {}
        }
        if self.venue_devices > 0 || self.devices >= mass {
            Severity::Critical
        } else if self.class_one > 0 || self.devices >= SEVERAL {
            Severity::Major
        } else {
            Severity::Minor
        }
    }
}

/// So many devices are several.
const SEVERAL: u64 = 3;

/// When a rule speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// 即时: as soon as the incident has settled.
    Immediate,
    /// 汇总: what came and went since the last time, in one message.
    Digest,
}

/// Whether whoever is on duty is told too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDuty {
    /// The channel alone decides whom it reaches.
    #[default]
    Apart,
    /// 值班人: robots mention them, SMS and mail go to them.
    Told,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRule {
    /// What it is called.
    pub name: String,
    /// When it speaks.
    pub manner: Manner,
    /// Incidents that matter at least so much.
    #[serde(default)]
    pub severity: Severity,
    /// Streets and sites by name; empty: everywhere.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub places: BTreeSet<String>,
    /// Channels by name.
    #[serde(default)]
    pub channels: BTreeSet<String>,
    /// Whether whoever is on duty is told.
    #[serde(default)]
    pub on_duty: OnDuty,
    /// Of an immediate rule: from when to when of the local day; what happens at other times waits.
    /// The same twice: the whole day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<(LocalTime, LocalTime)>,
    /// Of an immediate rule: weekdays, Monday is 1; empty: every day.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub weekdays: BTreeSet<u32>,
    /// Of an immediate rule: it speaks again after so many minutes while nobody has acknowledged; 0: never.
    #[serde(default)]
    pub again_min: u32,
    /// Of a digest: when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<LocalTime>,
}

impl AlertRule {
    /// Whether it speaks of what happens there.
    pub fn is_of(&self, places: &BTreeSet<String>) -> bool {
        self.places.is_empty() || !self.places.is_disjoint(places)
    }

    /// Whether an immediate rule may speak now. Hours that end before they begin last past midnight and
    /// belong to the day that they began on.
    pub fn speaks_at(&self, now: Timestamp, zone: Tz) -> bool {
        let local = now.in_zone(zone);
        let time = local.time().with_nanosecond(0).unwrap_or_default();
        let yesterday = || local.date_naive().pred_opt().unwrap_or(local.date_naive());
        let day = match self.hours.map(|(from, to)| (from.on_the_wall(), to.on_the_wall())) {
            Some((from, to)) if from < to => {
                (from <= time && time < to).then(|| local.date_naive())
            }
            Some((from, to)) if from > to => {
                let begun = (time >= from).then(|| local.date_naive());
                begun.or_else(|| (time < to).then(yesterday))
            }
            _ => Some(local.date_naive()),
        };
        let is_on = |day: chrono::NaiveDate| {
            self.weekdays.is_empty() || self.weekdays.contains(&day.weekday().number_from_monday())
        };
        day.is_some_and(is_on)
    }

    /// The last time of a digest that is not after `now`; `None` for a rule that makes none.
    pub fn last_digest(&self, now: Timestamp, zone: Tz) -> Option<Timestamp> {
        let today = now.local_day(zone);
        let days = [Some(today), today.pred_opt()];
        let times = days.into_iter().flatten().flat_map(|day| {
            self.at
                .iter()
                .map(move |at| Timestamp::from_local(day.and_time(at.on_the_wall()), zone))
        });
        times.filter(|at| *at <= now).max()
    }
}

/// All rules, and what they have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRules {
    /// So many devices are a mass outage.
    pub mass: u64,
    /// An incident is told when it has not grown for so many seconds: what has one root comes together
    /// first.
    pub settle_s: u64,
    /// But it is told so many seconds after it was first seen, at the latest.
    pub settle_most_s: u64,
    /// The rules.
    #[serde(default, rename = "rule")]
    pub rules: Vec<AlertRule>,
}

/// What is wrong with a document of rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesProblem {
    /// It is no such document; what the reader says of it.
    #[error("{0}")]
    Unreadable(String),
    /// A number out of its range.
    #[error(
        "mass 2 to 100000, settle_s 0 to 600, settle_most_s settle_s to 3600, again_min to 10080"
    )]
    Number,
    /// Too many rules, or one without a name, or two of one name.
    #[error("each rule has a name of its own, 1 to 60 characters; 50 rules at most")]
    Name,
    /// A rule that makes digests without times, or the other way round.
    #[error("rule {0}: a digest says when (at), an immediate rule does not")]
    Times(String),
    /// A weekday that is none.
    #[error("rule {0}: weekdays are 1 (Monday) to 7")]
    Weekday(String),
}

impl RulesProblem {
    /// In one language.
    pub fn words(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Unreadable(said), Lang::Zh) => format!("无法读取：{said}"),
            (Self::Number, Lang::Zh) => {
                "mass 为 2 至 100000，settle_s 为 0 至 600，settle_most_s 为 settle_s 至 3600，again_min 不超过 10080"
                    .to_owned()
            }
            (Self::Name, Lang::Zh) => "规则须有各不相同的名称（1 至 60 字），至多 50 条".to_owned(),
            (Self::Times(rule), Lang::Zh) => {
                format!("规则“{rule}”：汇总须写明时刻 at，即时规则不写")
            }
            (Self::Weekday(rule), Lang::Zh) => format!("规则“{rule}”：weekdays 为 1（周一）至 7"),
            (_, Lang::En) => self.to_string(),
        }
    }
}

impl AlertRules {
    /// The rules that are there before anybody writes others: what matters most at once, with recovery; all
    /// of it in a digest four times a day. They name no channel: they speak over those that carry incidents.
    pub fn shipped() -> Self {
        let text = include_str!("../../alerts/shipped.toml");
        Self::parse(text).unwrap_or_else(|_| Self {
            mass: 10,
            settle_s: 60,
            settle_most_s: 600,
            rules: Vec::new(),
        })
    }

    /// Reads and checks a document.
    pub fn parse(text: &str) -> Result<Self, RulesProblem> {
        let rules: Self =
            toml::from_str(text).map_err(|error| RulesProblem::Unreadable(error.to_string()))?;
        rules.check()?;
        Ok(rules)
    }

    /// As a document.
    pub fn document(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    fn check(&self) -> Result<(), RulesProblem> {
        let numbers = (2..=100_000).contains(&self.mass)
            && self.settle_s <= 600
            && (self.settle_s..=3600).contains(&self.settle_most_s)
            && self.rules.iter().all(|it| it.again_min <= 10_080);
        if !numbers {
            return Err(RulesProblem::Number);
        }
        let mut names = BTreeMap::new();
        for rule in &self.rules {
            let length = rule.name.chars().count();
            if !(1..=NAME).contains(&length) || names.insert(&rule.name, ()).is_some() {
                return Err(RulesProblem::Name);
            }
            if rule.at.is_empty() == (rule.manner == Manner::Digest) {
                return Err(RulesProblem::Times(rule.name.clone()));
            }
            if rule.weekdays.iter().any(|day| !(1..=7).contains(day)) {
                return Err(RulesProblem::Weekday(rule.name.clone()));
            }
        }
        if self.rules.len() > RULES { Err(RulesProblem::Name) } else { Ok(()) }
    }

    /// How long an incident is left alone while it grows, and at most.
    pub const fn settle(&self) -> (Duration, Duration) {
        (Duration::from_secs(self.settle_s), Duration::from_secs(self.settle_most_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Asia::Shanghai;

    fn rule(extra: &str) -> Result<AlertRule, RulesProblem> {
        let text = format!(
            "mass = 10\nsettle_s = 60\nsettle_most_s = 600\n[[rule]]\nname = \"一\"\n{extra}"
        );
        AlertRules::parse(&text).map(|it| it.rules[0].clone())
    }

    fn at(text: &str) -> Timestamp {
        let wall = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        Timestamp::from_local(wall, Shanghai)
    }

    #[test]
    fn what_is_shipped_is_sound_and_written_as_it_is_read() {
        let shipped = AlertRules::shipped();
        assert_eq!(shipped.rules.len(), 2);
        assert_eq!(AlertRules::parse(&shipped.document()).unwrap(), shipped);
    }

    #[test]
    fn each_mistake_is_named() {
        assert!(matches!(rule("manner = \"loud\""), Err(RulesProblem::Unreadable(_))));
        assert!(matches!(rule("manner = \"digest\""), Err(RulesProblem::Times(_))));
        assert!(matches!(
            rule("manner = \"immediate\"\nat = [\"08:30\"]"),
            Err(RulesProblem::Times(_))
        ));
        assert!(matches!(
            rule("manner = \"immediate\"\nweekdays = [8]"),
            Err(RulesProblem::Weekday(_))
        ));
        assert_eq!(rule("manner = \"immediate\"\nagain_min = 99999"), Err(RulesProblem::Number));
        let twice = "manner = \"immediate\"\n[[rule]]\nname = \"一\"\nmanner = \"immediate\"";
        assert_eq!(rule(twice), Err(RulesProblem::Name));
    }

    #[test]
    fn hours_past_midnight_belong_to_the_day_they_began_on() {
        let night = "manner = \"immediate\"\nhours = [\"22:00\", \"06:00\"]\nweekdays = [5]";
        let night = rule(night).unwrap();
        // 2026-11-20 is a Friday.
        for (time, speaks) in [
            ("2026-11-20 21:59", false),
            ("2026-11-20 22:00", true),
            ("2026-11-21 05:59", true),
            ("2026-11-21 06:00", false),
            ("2026-11-21 23:00", false),
            ("2026-11-20 05:00", false),
        ] {
            assert_eq!(night.speaks_at(at(time), Shanghai), speaks, "{time}");
        }
        let always = rule("manner = \"immediate\"\nhours = [\"00:00\", \"00:00\"]").unwrap();
        assert!(always.speaks_at(at("2026-11-20 03:00"), Shanghai));
    }

    #[test]
    fn a_digest_has_a_last_time_also_before_the_first_of_the_day() {
        let digest = rule("manner = \"digest\"\nat = [\"08:30\", \"17:30\"]").unwrap();
        let last = |now| digest.last_digest(at(now), Shanghai).unwrap();
        assert_eq!(last("2026-11-20 08:30"), at("2026-11-20 08:30"));
        assert_eq!(last("2026-11-20 08:29"), at("2026-11-19 17:30"));
        assert_eq!(last("2026-11-20 23:59"), at("2026-11-20 17:30"));
    }

    #[test]
    fn a_venue_and_a_mass_outage_matter_most() {
        let of = |devices, venue_devices, class_one| {
            Extent { devices, venue_devices, class_one, ours: None }.severity(10)
        };
        assert_eq!(of(1, 0, 0), Severity::Minor);
        assert_eq!(of(1, 0, 1), Severity::Major);
        assert_eq!(of(3, 0, 0), Severity::Major);
        assert_eq!(of(10, 0, 0), Severity::Critical);
        assert_eq!(of(1, 1, 0), Severity::Critical);
    }
}

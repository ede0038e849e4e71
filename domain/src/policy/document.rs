//! The document: what a policy may say, and the checks beyond its syntax.

use super::PolicyProblem;
use crate::{
    DeviceKind, ExclusionReason, FaultCode, Lang, LedgerColumn, LifeState, PointClass,
    account::FigureKind, line::line_of,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// Longest id, bytes.
const LONGEST_ID: usize = 40;
/// Moments of a day at most.
const MOMENTS: usize = 24;

/// Which policy, and which version of it: `id@version`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PolicyRef {
    /// Lower-case ASCII letters, digits and hyphens, 1–40.
    pub id: String,
    /// From 1 on; a version is never changed.
    pub version: u32,
}

impl fmt::Display for PolicyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.version)
    }
}

impl FromStr for PolicyRef {
    type Err = PolicyProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.split_once('@').and_then(|(id, version)| {
            let version = version.parse().ok().filter(|version| *version > 0)?;
            Some(Self { id: id.to_owned(), version })
        });
        parsed.filter(|it| is_id(&it.id)).ok_or_else(|| PolicyProblem::Id(text.to_owned()))
    }
}

fn is_id(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// An accounting policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its id; see [`PolicyRef`].
    pub id: String,
    /// Its version, from 1 on.
    pub version: u32,
    /// What people call it.
    pub name: Name,
    /// On what it rests: the document, its clause, or the agreement.
    pub basis: String,
    /// Which devices count.
    pub scope: Scope,
    /// How rates are made.
    pub measure: Measure,
    /// What a minute with a fault counts as, where that is not what the probes concluded.
    #[serde(default)]
    pub faults: BTreeMap<FaultCode, FaultRule>,
    /// Which exclusions (剔除) it allows.
    pub exclusions: Exclusions,
    /// 目标.
    pub targets: Targets,
    /// Which fields make a record of the ledger complete (档案完整).
    pub ledger: Ledger,
    /// 考核得分; no score where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
}

/// A name in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Name {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// Which devices count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Kinds of device.
    pub kinds: Vec<DeviceKind>,
    /// Point classes, as they were at each minute.
    pub classes: Vec<ClassKey>,
    /// Life states whose minutes are scheduled; must hold `in_use`. Devices in another state are
    /// not probed, so their minutes are unknown and lower the coverage.
    pub life: Vec<LifeState>,
}

/// A point class, or none given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ClassKey {
    /// 一类点.
    #[serde(rename = "1")]
    One,
    /// 二类点.
    #[serde(rename = "2")]
    Two,
    /// 三类点.
    #[serde(rename = "3")]
    Three,
    /// The ledger gives none.
    #[serde(rename = "none")]
    None,
}

impl From<Option<PointClass>> for ClassKey {
    fn from(class: Option<PointClass>) -> Self {
        match class {
            Some(PointClass::One) => Self::One,
            Some(PointClass::Two) => Self::Two,
            Some(PointClass::Three) => Self::Three,
            None => Self::None,
        }
    }
}

/// How rates are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// All minutes, or stated moments.
    pub method: Method,
    /// Moments of the local day; for [`Method::Snapshot`] only, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<LocalTime>,
    /// The denominator of 在线率.
    #[serde(default, skip_serializing_if = "OnlineOver::is_default")]
    pub online_over: OnlineOver,
    /// The denominator of 图像完好率.
    pub intact_over: IntactOver,
    /// Coverage, 0–100 percent, below which the page says 数据不足 instead of a number.
    pub coverage_floor_percent: f64,
}

/// How time is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// 按时长: every minute counts.
    TimeWeighted,
    /// 定时轮巡: only the minutes at the stated moments count.
    Snapshot,
}

/// The denominator of 在线率.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnlineOver {
    /// 在线数 / 已检数: what is unknown is neither.
    #[default]
    Checked,
    /// 在线数 / 应检数: what is unknown is not online.
    Due,
    /// 在线数 / 台账数: likewise, and what has no address is due, though nobody can open it.
    Ledger,
}

impl OnlineOver {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The denominator of 图像完好率.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntactOver {
    /// 完好数 / 在线数.
    Online,
    /// 完好数 / 已诊断数: what is down is not intact either.
    Checked,
}

/// A time of the local day, `HH:MM`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct LocalTime {
    /// 0–23.
    hour: u8,
    /// 0–59.
    minute: u8,
}

impl LocalTime {
    /// As the clock on the wall shows it.
    pub fn on_the_wall(self) -> chrono::NaiveTime {
        chrono::NaiveTime::from_hms_opt(self.hour.into(), self.minute.into(), 0).unwrap_or_default()
    }
}

impl TryFrom<String> for LocalTime {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = |text: &str, below: u8| {
            let number = text.parse().ok().filter(|number: &u8| *number < below);
            number.filter(|_| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()))
        };
        let time = text
            .split_once(':')
            .and_then(|(h, m)| Some(Self { hour: number(h, 24)?, minute: number(m, 60)? }));
        time.ok_or_else(|| format!("{text:?} is no time of day as 08:30"))
    }
}

impl From<LocalTime> for String {
    fn from(time: LocalTime) -> Self {
        format!("{:02}:{:02}", time.hour, time.minute)
    }
}

/// What a minute with a fault counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// For 在线率.
    #[serde(default)]
    pub online: CountsAs,
    /// For 图像完好率; where it is left out, picture faults and what keeps a picture from being
    /// decoded harm it, the rest does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<PictureAs>,
}

/// What a known minute with a fault counts as for 在线率.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountsAs {
    /// What the probes concluded.
    #[default]
    AsSeen,
    /// 在线.
    Up,
    /// 降级, which is online too.
    Degraded,
    /// 离线.
    Down,
    /// Nothing: it lowers the coverage.
    Unknown,
}

/// What a fault means for the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureAs {
    /// 完好 all the same.
    Intact,
    /// 不完好.
    Harmed,
}

/// Which exclusions a policy allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusions {
    /// Reasons; an exclusion with another one changes no figure under this policy.
    pub reasons: Vec<ExclusionReason>,
    /// Whether the liaison has to confirm what the centre approved.
    pub confirmation: Confirmation,
    /// An exclusion filed later than so many hours after its end changes no figure; any where it
    /// is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filed_within_hours: Option<u32>,
}

/// Whether the liaison has to confirm an exclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// Yes.
    Required,
    /// The centre's approval is enough.
    NotRequired,
}

/// 目标 in percent, 0–100.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// Where nothing is said of a class, and of groups of mixed classes.
    pub default: f64,
    /// By point class.
    #[serde(default)]
    pub by_class: BTreeMap<ClassKey, f64>,
}

/// 档案完整率.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// What must be filled in; at least one.
    pub required: Vec<LedgerField>,
}

/// A field of the ledger that may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the columns of the ledger, documented there")]
pub enum LedgerField {
    NationalCode,
    Department,
    Maintainer,
    PoliceStation,
    Class,
    Address,
    Vendor,
    Model,
    Ip,
    Mac,
    Longitude,
    Latitude,
    RetentionDays,
}

impl LedgerField {
    /// The column of the ledger that fills it in.
    pub const fn column(self) -> LedgerColumn {
        match self {
            Self::NationalCode => LedgerColumn::NationalCode,
            Self::Department => LedgerColumn::Department,
            Self::Maintainer => LedgerColumn::Maintainer,
            Self::PoliceStation => LedgerColumn::PoliceStation,
            Self::Class => LedgerColumn::Class,
            Self::Address => LedgerColumn::Address,
            Self::Vendor => LedgerColumn::Vendor,
            Self::Model => LedgerColumn::Model,
            Self::Ip => LedgerColumn::Ip,
            Self::Mac => LedgerColumn::Mac,
            Self::Longitude => LedgerColumn::Longitude,
            Self::Latitude => LedgerColumn::Latitude,
            Self::RetentionDays => LedgerColumn::RetentionDays,
        }
    }
}

/// 考核得分 = Σ (rate × weight) × 100.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// They add up to 1.
    pub weights: Weights,
}

/// Weights, 0–1; what is left out weighs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weights {
    /// 接入率.
    pub connected: f64,
    /// 设备可达率.
    pub reach: f64,
    /// 在线率.
    pub online: f64,
    /// 图像完好率.
    pub intact: f64,
    /// 档案完整率.
    pub ledger: f64,
}

impl Weights {
    /// `在线率 40 %、图像完好率 60 %`: what weighs anything, heaviest first.
    pub fn name(&self, lang: Lang) -> String {
        let mut parts: Vec<_> =
            FigureKind::ALL.iter().map(|kind| (*kind, kind.weight(self))).collect();
        parts.retain(|(_, weight)| *weight > 0.0);
        parts.sort_by(|a, b| b.1.total_cmp(&a.1));
        let name = |(kind, weight): &(FigureKind, f64)| {
            format!("{} {} %", kind.name(lang), (weight * 1e4).round() / 1e2)
        };
        parts.iter().map(name).collect::<Vec<_>>().join(lang.pick("、", ", "))
    }
}

impl Policy {
    /// Reads a document in JSON, which begins with a brace, or in TOML.
    pub fn from_text(text: &str) -> Result<Self, PolicyProblem> {
        if text.trim_start().starts_with('{') {
            Self::from_json(text)
        } else {
            Self::from_toml(text)
        }
    }

    /// Reads a document in TOML.
    pub fn from_toml(text: &str) -> Result<Self, PolicyProblem> {
        let policy: Self = toml::from_str(text).map_err(|error| {
            PolicyProblem::unreadable(error.message(), line_of(text, error.span()))
        })?;
        policy.checked()
    }

    /// Reads a document in JSON.
    pub fn from_json(text: &str) -> Result<Self, PolicyProblem> {
        let policy: Self = serde_json::from_str(text)
            .map_err(|error| PolicyProblem::unreadable(&error.to_string(), error.line()))?;
        policy.checked()
    }

    /// The document in TOML.
    ///
    /// # Errors
    /// Never of a document that was read: all it holds has a form in TOML.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// Its id and version.
    pub fn reference(&self) -> PolicyRef {
        PolicyRef { id: self.id.clone(), version: self.version }
    }

    /// Its name in a language.
    pub fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.name.zh,
            Lang::En => &self.name.en,
        }
    }

    /// 目标 of a class, 0–1; `None` asks for groups of mixed classes.
    pub fn target(&self, class: Option<ClassKey>) -> f64 {
        let of_class = class.and_then(|class| self.targets.by_class.get(&class));
        of_class.copied().unwrap_or(self.targets.default) / 100.0
    }

    /// Whether a device of this kind and class counts.
    pub fn covers(&self, kind: DeviceKind, class: Option<PointClass>) -> bool {
        self.scope.kinds.contains(&kind) && self.scope.classes.contains(&class.into())
    }

    /// Whether anything that counts can show a picture; equipment cannot.
    pub fn has_pictures(&self) -> bool {
        self.scope.kinds.iter().any(|kind| *kind != DeviceKind::Equipment)
    }

    /// Refuses what no figure can be made of.
    fn checked(self) -> Result<Self, PolicyProblem> {
        let percent = |value: f64| (0.0..=100.0).contains(&value);
        if !is_id(&self.id) || self.version == 0 {
            return Err(PolicyProblem::Id(self.reference().to_string()));
        }
        if self.name.zh.trim().is_empty()
            || self.name.en.trim().is_empty()
            || self.basis.trim().is_empty()
        {
            return Err(PolicyProblem::Nameless);
        }
        let scope = &self.scope;
        if scope.kinds.is_empty()
            || scope.classes.is_empty()
            || !scope.life.contains(&LifeState::InUse)
        {
            return Err(PolicyProblem::Scope);
        }
        let at = &self.measure.at;
        let in_order = at.len() <= MOMENTS && at.windows(2).all(|pair| pair[0] < pair[1]);
        if at.is_empty() != (self.measure.method == Method::TimeWeighted) || !in_order {
            return Err(PolicyProblem::Moments);
        }
        let targets = self.targets.by_class.values().copied();
        if !targets.chain([self.targets.default, self.measure.coverage_floor_percent]).all(percent)
        {
            return Err(PolicyProblem::Percent);
        }
        if self.ledger.required.is_empty() {
            return Err(PolicyProblem::Ledger);
        }
        if let Some(score) = &self.score {
            let weights: Vec<f64> =
                FigureKind::ALL.iter().map(|kind| kind.weight(&score.weights)).collect();
            let sum: f64 = weights.iter().sum();
            if !weights.iter().all(|weight| (0.0..=1.0).contains(weight))
                || (sum - 1.0).abs() > 1e-9
            {
                return Err(PolicyProblem::Weights);
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::shipped;

    fn changed(from: &str, to: &str) -> Result<Policy, PolicyProblem> {
        let text = include_str!("../../policies/time-weighted.toml");
        assert!(text.contains(from), "{from}");
        Policy::from_toml(&text.replacen(from, to, 1))
    }

    #[test]
    fn a_document_survives_both_formats() {
        for policy in shipped() {
            let json = serde_json::to_string(&policy).unwrap();
            assert_eq!(Policy::from_json(&json), Ok(policy.clone()));
            assert_eq!(Policy::from_toml(&policy.to_toml().unwrap()), Ok(policy));
        }
    }

    #[test]
    fn what_is_unknown_is_refused_with_its_name_and_line() {
        let problem = changed("[scope]", "[scope]\ncolour = 1").unwrap_err();
        assert!(
            matches!(&problem, PolicyProblem::UnknownKey { key, line } if key == "colour" && *line > 1)
        );
        assert!(problem.words(Lang::Zh).contains("colour"));
        assert!(matches!(
            changed("\"in_use\"", "\"asleep\""),
            Err(PolicyProblem::Unreadable { .. })
        ));
        assert!(Policy::from_json("{\"id\": 1}").is_err());
    }

    #[test]
    fn what_no_figure_can_be_made_of_is_refused() {
        for (from, to, problem) in [
            ("version = 1", "version = 0", PolicyProblem::Id("time-weighted@0".into())),
            ("\"in_use\"", "\"removed\"", PolicyProblem::Scope),
            ("\"time_weighted\"", "\"snapshot\"", PolicyProblem::Moments),
            ("coverage_floor_percent = 90", "coverage_floor_percent = 101", PolicyProblem::Percent),
            ("coverage_floor_percent = 90", "coverage_floor_percent = nan", PolicyProblem::Percent),
        ] {
            assert_eq!(changed(from, to), Err(problem), "{to}");
        }
        let weights = "[score.weights]\nonline = 0.5\nintact = 0.4\n[targets]";
        assert_eq!(changed("[targets]", weights), Err(PolicyProblem::Weights));
        let at = "\"snapshot\"\nat = [\"10:00\", \"09:00\"]";
        assert_eq!(changed("\"time_weighted\"", at), Err(PolicyProblem::Moments));
        let at = "\"snapshot\"\nat = [\"9:00\"]";
        assert!(changed("\"time_weighted\"", at).is_err());
    }

    #[test]
    fn a_reference_reads_back_and_nonsense_does_not() {
        let reference: PolicyRef = "time-weighted@3".parse().unwrap();
        assert_eq!((reference.id.as_str(), reference.version), ("time-weighted", 3));
        assert_eq!(reference.to_string(), "time-weighted@3");
        for bad in ["", "x", "x@", "x@0", "X@1", "x y@1", "@1", "x@-1"] {
            assert!(bad.parse::<PolicyRef>().is_err(), "{bad}");
        }
    }

    #[test]
    fn targets_are_by_class_and_else_the_default() {
        let policy = changed("\"1\" = 98", "\"1\" = 99.5").unwrap();
        assert!((policy.target(Some(ClassKey::One)) - 0.995).abs() < 1e-12);
        assert!((policy.target(Some(ClassKey::Three)) - policy.target(None)).abs() < 1e-12);
    }
}

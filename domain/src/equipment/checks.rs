//! 监控项: what is expected of equipment, as people write it into the ledger.
//!
//! Entries are separated by `;` or stand one a line. `名称=OID` with what is known of it after commas
//! (`单位=`, `下限=`, `上限=`, `等于=`, `倍率=`) is an item of SNMP; `状态=200-399,401`, `文本=…` and
//! `证书天数=14` are of HTTP; `丢包=20` (percent) and `时延=100` (ms) of ICMP. Each key has an English name too.

use super::Service;
use crate::Lang;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Items of one device at most.
const MAX_ITEMS: usize = 32;
/// Characters of a name, a unit or an expected text at most.
const LONGEST: usize = 60;
/// Arcs of an OID: RFC 3416 §4.1 allows 128.
const ARCS: std::ops::RangeInclusive<usize> = 2..=128;

/// The name of an object: arcs, the first two within what X.690 §8.19 can write.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Oid(Vec<u32>);

impl Oid {
    /// Its arcs, 2 to 128.
    pub fn arcs(&self) -> &[u32] {
        &self.0
    }
}

impl FromStr for Oid {
    type Err = ChecksProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ChecksProblem::NotAnOid(text.chars().take(LONGEST).collect());
        let arcs =
            text.strip_prefix('.').unwrap_or(text).split('.').map(|arc| {
                arc.parse().ok().filter(|_| arc.bytes().all(|byte| byte.is_ascii_digit()))
            });
        let arcs: Vec<u32> = arcs.collect::<Option<_>>().ok_or_else(wrong)?;
        let sound = match arcs[..] {
            [0 | 1, second, ..] => second < 40,
            [2, second, ..] => second <= u32::MAX - 80,
            _ => false,
        };
        if sound && ARCS.contains(&arcs.len()) { Ok(Self(arcs)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arcs: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&arcs.join("."))
    }
}

impl TryFrom<String> for Oid {
    type Error = ChecksProblem;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Oid> for String {
    fn from(oid: Oid) -> Self {
        oid.to_string()
    }
}

/// Where a value is as it should be; nothing set is anywhere.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Not below.
    pub low: Option<f64>,
    /// Not above.
    pub high: Option<f64>,
    /// Exactly this: a number where both are, else a text.
    pub equals: Option<String>,
}

impl Bounds {
    /// Whether a value is within. Text is within no limits of a number.
    pub(super) fn hold(&self, value: Option<f64>, text: Option<&str>) -> bool {
        let limited = self.low.is_some() || self.high.is_some();
        let within = value.is_some_and(|value| {
            self.low.is_none_or(|low| value >= low) && self.high.is_none_or(|high| value <= high)
        });
        let same = self.equals.as_ref().is_none_or(|wanted| match value {
            Some(value) => wanted.parse() == Ok(value),
            None => text.is_some_and(|text| text.trim() == wanted),
        });
        (!limited || within) && same
    }
}

/// One 监控项 of SNMP.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What people call it.
    pub name: String,
    /// What is asked for.
    pub oid: Oid,
    /// Its unit, after scaling.
    pub unit: Option<String>,
    /// Times what the device says; 1 where it says what is meant.
    pub scale: f64,
    /// Where it is as it should be.
    pub bounds: Bounds,
}

/// All that is expected of one device; nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Checks {
    /// What is asked for by SNMP.
    pub items: Vec<Item>,
    /// Ranges of status, ends counted in, that an answer of HTTP may have. None: 200–399 and 401,
    /// for a page that asks for a login is there.
    pub status: Vec<(u16, u16)>,
    /// What the page must hold.
    pub text: Option<String>,
    /// Days that the certificate must be valid from now on.
    pub certificate_days: Option<u32>,
    /// Share of pings, 0–1, that may be lost; `None` as the plan has it.
    pub loss_ratio: Option<f64>,
    /// Milliseconds that a ping may take on average.
    pub rtt_ms: Option<f64>,
}

/// Why a text is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "what", content = "of", rename_all = "snake_case")]
#[error("{}", self.render(Lang::En))]
pub enum ChecksProblem {
    /// No `key=value`.
    NotAnEntry(String),
    /// No OID such as 1.3.6.1.2.1.1.3.0.
    NotAnOid(String),
    /// No number where one must be.
    NotANumber(String),
    /// No range of status.
    NotAStatus(String),
    /// A word after the OID that is none of ours.
    UnknownKey(String),
    /// Longer than 60 characters.
    TooLong(String),
    /// Two items of one name.
    Twice(String),
    /// The lower limit is above the upper one.
    Crossed(String),
    /// More than 32 items.
    TooMany,
    /// The address is none of equipment.
    NoEquipment,
    /// Something that this address is not asked for.
    NotHere(&'static str),
}

impl ChecksProblem {
    /// The words for a person.
    pub fn render(&self, lang: Lang) -> String {
        let (zh, en, of) = match self {
            Self::NotAnEntry(text) => {
                ("应写成 名称=OID 或 状态=200", "write name=OID or status=200", text.as_str())
            }
            Self::NotAnOid(text) => (
                "不是 OID，例如 1.3.6.1.2.1.1.3.0",
                "no OID such as 1.3.6.1.2.1.1.3.0",
                text.as_str(),
            ),
            Self::NotANumber(text) => {
                ("不是数字，或超出范围", "no number, or out of its range", text.as_str())
            }
            Self::NotAStatus(text) => (
                "不是状态码，例如 200 或 200-399",
                "no status such as 200 or 200-399",
                text.as_str(),
            ),
            Self::UnknownKey(text) => (
                "只能是 单位、下限、上限、等于、倍率",
                "must be unit, min, max, equals or scale",
                text.as_str(),
            ),
            Self::TooLong(text) => {
                ("超过 60 个字符，或为空", "longer than 60 characters, or empty", text.as_str())
            }
            Self::Twice(text) => ("名称重复", "two of this name", text.as_str()),
            Self::Crossed(text) => {
                ("下限高于上限", "the lower limit is above the upper one", text.as_str())
            }
            Self::TooMany => ("监控项多于 32 个", "more than 32 items", ""),
            Self::NoEquipment => (
                "只用于 icmp://、tcp://、http(s):// 和 snmp:// 地址",
                "only for icmp://, tcp://, http(s):// and snmp:// addresses",
                "",
            ),
            Self::NotHere(key) => ("此地址没有这一项", "not of an address like this", *key),
        };
        match (lang, of.is_empty()) {
            (_, true) => lang.pick(zh, en).to_owned(),
            (Lang::Zh, false) => format!("“{of}”：{zh}"),
            (Lang::En, false) => format!("“{of}”: {en}"),
        }
    }
}

/// A key of an entry, or of what follows an OID, and its name in both languages.
const STATUS: [&str; 2] = ["状态", "status"];
const TEXT: [&str; 2] = ["文本", "text"];
const DAYS: [&str; 2] = ["证书天数", "certificate_days"];
const LOSS: [&str; 2] = ["丢包", "loss"];
const RTT: [&str; 2] = ["时延", "rtt"];
const UNIT: [&str; 2] = ["单位", "unit"];
const LOW: [&str; 2] = ["下限", "min"];
const HIGH: [&str; 2] = ["上限", "max"];
const EQUALS: [&str; 2] = ["等于", "equals"];
const SCALE: [&str; 2] = ["倍率", "scale"];

impl Checks {
    /// Whether nothing is expected.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an answer of HTTP may have this status.
    pub fn expects_status(&self, status: u16) -> bool {
        match &self.status[..] {
            [] => (200..400).contains(&status) || status == 401,
            ranges => ranges.iter().any(|(from, to)| (*from..=*to).contains(&status)),
        }
    }

    /// Whether an address of this service can be asked for all of it.
    ///
    /// # Errors
    /// What it cannot be asked for.
    pub fn fit(&self, service: Service) -> Result<(), ChecksProblem> {
        let (web, secure) =
            (matches!(service, Service::Http | Service::Https), service == Service::Https);
        let ping = service == Service::Icmp;
        let asked = [
            (!self.items.is_empty() && service != Service::Snmp, "OID"),
            (!self.status.is_empty() && !web, STATUS[0]),
            (self.text.is_some() && !web, TEXT[0]),
            (self.certificate_days.is_some() && !secure, DAYS[0]),
            (self.loss_ratio.is_some() && !ping, LOSS[0]),
            (self.rtt_ms.is_some() && !ping, RTT[0]),
        ];
        let wrong = asked.into_iter().find_map(|(wrong, key)| wrong.then_some(key));
        wrong.map_or(Ok(()), |key| Err(ChecksProblem::NotHere(key)))
    }

    fn take(&mut self, entry: &str) -> Result<(), ChecksProblem> {
        let not_an_entry = || ChecksProblem::NotAnEntry(short(entry));
        let (key, value) = entry.split_once('=').ok_or_else(not_an_entry)?;
        let (key, value) = (key.trim(), value.trim());
        let is = |names: [&str; 2]| names.iter().any(|name| name.eq_ignore_ascii_case(key));
        if is(STATUS) {
            self.status = value.split(',').map(status).collect::<Result<_, _>>()?;
        } else if is(TEXT) {
            self.text = Some(bounded(value)?);
        } else if is(DAYS) {
            self.certificate_days = Some(within(value, 0.0, 3650.0)? as u32);
        } else if is(LOSS) {
            self.loss_ratio = Some(within(value.trim_end_matches('%'), 0.0, 100.0)? / 100.0);
        } else if is(RTT) {
            self.rtt_ms = Some(within(value, 0.0, 60_000.0)?);
        } else {
            let item = item(key, value)?;
            if self.items.iter().any(|known| known.name == item.name) {
                return Err(ChecksProblem::Twice(item.name));
            }
            if self.items.len() == MAX_ITEMS {
                return Err(ChecksProblem::TooMany);
            }
            self.items.push(item);
        }
        Ok(())
    }
}

fn item(name: &str, text: &str) -> Result<Item, ChecksProblem> {
    let mut parts = text.split(',');
    let oid = parts.next().unwrap_or_default().trim().parse()?;
    let bounds = Bounds::default();
    let mut item = Item { name: bounded(name)?, oid, unit: None, scale: 1.0, bounds };
    for part in parts {
        let unknown = || ChecksProblem::UnknownKey(short(part));
        let (key, value) = part.split_once('=').ok_or_else(unknown)?;
        let (key, value) = (key.trim(), value.trim());
        let is = |names: [&str; 2]| names.iter().any(|name| name.eq_ignore_ascii_case(key));
        if is(UNIT) {
            item.unit = Some(bounded(value)?);
        } else if is(LOW) {
            item.bounds.low = Some(within(value, f64::MIN, f64::MAX)?);
        } else if is(HIGH) {
            item.bounds.high = Some(within(value, f64::MIN, f64::MAX)?);
        } else if is(EQUALS) {
            item.bounds.equals = Some(bounded(value)?);
        } else if is(SCALE) {
            item.scale = within(value, f64::MIN, f64::MAX)?;
        } else {
            return Err(unknown());
        }
    }
    if item.bounds.low.zip(item.bounds.high).is_some_and(|(low, high)| low > high) {
        return Err(ChecksProblem::Crossed(item.name));
    }
    Ok(item)
}

fn status(text: &str) -> Result<(u16, u16), ChecksProblem> {
    let wrong = || ChecksProblem::NotAStatus(short(text));
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.trim().parse().ok().filter(|it| (100..=599).contains(it));
    let (from, to) = (number(from).ok_or_else(wrong)?, number(to).ok_or_else(wrong)?);
    if from <= to { Ok((from, to)) } else { Err(wrong()) }
}

fn within(text: &str, least: f64, most: f64) -> Result<f64, ChecksProblem> {
    let value = text.trim().parse().ok().filter(|value| (least..=most).contains(value));
    value.ok_or_else(|| ChecksProblem::NotANumber(short(text)))
}

/// A word that is there and not too long, without what separates entries.
fn bounded(text: &str) -> Result<String, ChecksProblem> {
    let sound = (1..=LONGEST).contains(&text.chars().count()) && !text.contains(char::is_control);
    if sound { Ok(text.to_owned()) } else { Err(ChecksProblem::TooLong(short(text))) }
}

fn short(text: &str) -> String {
    text.trim().chars().take(LONGEST).collect()
}

/// A number as people write it, no digit more than it has.
pub(super) fn number(value: f64) -> String {
    // Sums and products of decimal fractions end in dust.
    let rounded = (value * 1e6).round() / 1e6;
    if rounded.is_finite() { rounded.to_string() } else { value.to_string() }
}

impl FromStr for Checks {
    type Err = ChecksProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut checks = Self::default();
        let text = text.replace(['；', '\n', '\r'], ";");
        for entry in text.split(';').map(str::trim).filter(|entry| !entry.is_empty()) {
            // Full-width commas and equals signs are what an input method types.
            let is_text = TEXT.iter().any(|key| entry.starts_with(key));
            let entry = if is_text { entry.to_owned() } else { entry.replace('，', ",") };
            checks.take(&entry.replacen('＝', "=", if is_text { 1 } else { usize::MAX }))?;
        }
        Ok(checks)
    }
}

/// As it is written into the ledger; reads back as it was.
impl fmt::Display for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut entries = Vec::new();
        if !self.status.is_empty() {
            let range = |(from, to): &(u16, u16)| match from == to {
                true => from.to_string(),
                false => format!("{from}-{to}"),
            };
            let ranges: Vec<String> = self.status.iter().map(range).collect();
            entries.push(format!("{}={}", STATUS[0], ranges.join(",")));
        }
        let text = self.text.as_ref().map(|text| format!("{}={text}", TEXT[0]));
        let days = self.certificate_days.map(|days| format!("{}={days}", DAYS[0]));
        let loss = self.loss_ratio.map(|share| format!("{}={}", LOSS[0], number(share * 100.0)));
        let rtt = self.rtt_ms.map(|ms| format!("{}={ms}", RTT[0]));
        entries.extend([text, days, loss, rtt].into_iter().flatten());
        entries.extend(self.items.iter().map(Item::to_string));
        f.write_str(&entries.join("; "))
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.oid)?;
        let word =
            |f: &mut fmt::Formatter<'_>, key: [&str; 2], value: Option<&dyn fmt::Display>| {
                value.map_or(Ok(()), |value| write!(f, ",{}={value}", key[0]))
            };
        word(f, UNIT, self.unit.as_ref().map(|it| it as _))?;
        word(f, SCALE, Some(&self.scale as _).filter(|_| self.scale != 1.0))?;
        word(f, LOW, self.bounds.low.as_ref().map(|it| it as _))?;
        word(f, HIGH, self.bounds.high.as_ref().map(|it| it as _))?;
        word(f, EQUALS, self.bounds.equals.as_ref().map(|it| it as _))
    }
}

impl TryFrom<String> for Checks {
    type Error = ChecksProblem;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Checks> for String {
    fn from(checks: Checks) -> Self {
        checks.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_write_is_understood_and_shown_alike() {
        let written = "状态=200-299,401； 文本=登录，请；证书天数=14";
        let checks: Checks = written.parse().unwrap();
        assert_eq!(checks.to_string(), "状态=200-299,401; 文本=登录，请; 证书天数=14");
        assert!(checks.expects_status(401) && !checks.expects_status(302));
        let items =
            "CPU=1.3.6.1.4.1.9.1，unit=%，max=80\n上联口 = .1.3.6.1.2.1.2.2.1.8.1, equals = 1";
        let checks: Checks = items.parse().unwrap();
        assert_eq!(
            checks.to_string(),
            "CPU=1.3.6.1.4.1.9.1,单位=%,上限=80; 上联口=1.3.6.1.2.1.2.2.1.8.1,等于=1"
        );
        let ping: Checks = "loss=20%; RTT=100".parse().unwrap();
        assert_eq!((ping.loss_ratio, ping.rtt_ms), (Some(0.2), Some(100.0)));
        assert!(Checks::default().expects_status(401) && !Checks::default().expects_status(403));
    }

    #[test]
    fn each_mistake_is_told() {
        use ChecksProblem as P;
        let said = |text: &str| text.parse::<Checks>().unwrap_err();
        assert_eq!(said("温度"), P::NotAnEntry("温度".to_owned()));
        assert_eq!(said("温度=四十"), P::NotAnOid("四十".to_owned()));
        assert_eq!(said("温度=1.40.1"), P::NotAnOid("1.40.1".to_owned()));
        assert_eq!(said("温度=1.3.6,上限=x"), P::NotANumber("x".to_owned()));
        assert_eq!(said("温度=1.3.6,上线=1"), P::UnknownKey("上线=1".to_owned()));
        assert_eq!(said("温度=1.3.6,下限=2,上限=1"), P::Crossed("温度".to_owned()));
        assert_eq!(said("a=1.3.6;a=1.3.7"), P::Twice("a".to_owned()));
        assert_eq!(said("状态=99"), P::NotAStatus("99".to_owned()));
        assert_eq!(said("证书天数=-1"), P::NotANumber("-1".to_owned()));
        assert_eq!(said("文本="), P::TooLong(String::new()));
        let many: String = (0..33).map(|n| format!("n{n}=1.3.{n};")).collect();
        assert_eq!(said(&many), P::TooMany);
        let items: Checks = "a=1.3.6".parse().unwrap();
        assert_eq!(items.fit(Service::Icmp), Err(P::NotHere("OID")));
        assert_eq!(items.fit(Service::Snmp), Ok(()));
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(
            names in proptest::collection::btree_set("[a-z温度]{1,8}", 0..5),
            arcs in proptest::collection::vec(any::<u32>(), 0..10),
            low in proptest::option::of(-1e9f64..1e9), scale in 0.001f64..1000.0,
            equals in proptest::option::of("[a-z0-9]{1,10}"),
        ) {
            let words = [STATUS, TEXT, DAYS, LOSS, RTT];
            let reserved = |name: &String| words.iter().any(|key| key.contains(&name.as_str()));
            let arcs: String = arcs.iter().map(|arc| format!(".{arc}")).collect();
            let items = names.into_iter().filter(|name| !reserved(name)).map(|name| Item {
                name,
                oid: format!("1.3{arcs}").parse().unwrap(),
                unit: Some("°C".to_owned()),
                scale,
                bounds: Bounds { low, high: low, equals: equals.clone() },
            });
            let checks = Checks { items: items.collect(), ..Checks::default() };
            prop_assert_eq!(checks.to_string().parse::<Checks>().unwrap(), checks);
        }

        #[test]
        fn no_text_breaks_it(text in "\\PC{0,200}") {
            if let Ok(checks) = text.parse::<Checks>() {
                prop_assert!(checks.items.len() <= MAX_ITEMS);
            }
        }
    }
}

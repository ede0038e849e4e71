//! Numbers and times as people read them. Units are in the function names; nothing here decides.

use chrono_tz::Tz;
use std::time::Duration;
use zhishou_domain::{
    Lang, Rate, Timestamp,
    account::{self, Told},
};

/// A whole number with thin spaces between groups of three: `1 183`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push('\u{2009}');
        }
        out.push(digit);
    }
    out
}

/// A length of time in its one or two largest units.
pub(crate) fn duration(span: Duration, lang: Lang) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let zh = lang == Lang::Zh;
    match seconds {
        0..60 if zh => format!("{seconds} 秒"),
        0..60 => format!("{seconds} s"),
        60..3600 if zh => format!("{minutes} 分钟"),
        60..3600 => format!("{minutes} min"),
        3600..172_800 if zh => format!("{hours} 小时 {} 分", minutes % 60),
        3600..172_800 => format!("{hours} h {} min", minutes % 60),
        _ if zh => format!("{days} 天"),
        _ => format!("{days} days"),
    }
}

/// Milliseconds to three significant places: `0.1 ms`, `312 ms`, `4.2 s`.
pub(crate) fn millis(ms: f64) -> String {
    if ms >= 1000.0 {
        format!("{:.1} s", ms / 1000.0)
    } else if ms >= 10.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{ms:.1} ms")
    }
}

/// Bits per second: `2.01 Mbit/s`, `512 kbit/s`.
pub(crate) fn bitrate(bps: f64) -> String {
    if bps >= 1_000_000.0 {
        format!("{:.2} Mbit/s", bps / 1_000_000.0)
    } else {
        format!("{:.0} kbit/s", bps / 1000.0)
    }
}

/// A moment, said twice: how long ago and exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// `47 分钟前`.
    pub(crate) ago: String,
    /// `47 分钟`.
    pub(crate) span: String,
    /// Local date and time to the second.
    pub(crate) exact: String,
    /// RFC 3339, for `datetime`.
    pub(crate) machine: String,
    /// `14:02` today, `11-20 14:02` on another day.
    pub(crate) short: String,
}

impl Moment {
    /// `at`, seen at `now` in `zone`.
    pub(crate) fn new(at: Timestamp, now: Timestamp, zone: Tz, lang: Lang) -> Self {
        let span = duration(now.since(at), lang);
        let local = at.in_zone(zone);
        let today = at.local_day(zone) == now.local_day(zone);
        Self {
            ago: match lang {
                Lang::Zh => format!("{span}前"),
                Lang::En => format!("{span} ago"),
            },
            span,
            exact: local.format("%Y-%m-%d %H:%M:%S").to_string(),
            machine: at.rfc3339(zone),
            short: local.format(if today { "%H:%M" } else { "%m-%d %H:%M" }).to_string(),
        }
    }
}

/// A rate as it is always printed: value, numerator and denominator, coverage; or, below the
/// coverage floor, the interval that the unknown minutes leave open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    /// `98.60`, or nothing below the floor.
    pub(crate) percent: Option<String>,
    /// `1 183/1 200`.
    pub(crate) fraction: String,
    /// 台·分钟, 台 or 台次.
    pub(crate) unit: &'static str,
    /// `99.8`.
    pub(crate) coverage: String,
    /// `(91.20, 99.05)` below the floor.
    pub(crate) interval: Option<(String, String)>,
    /// The value lies below the target.
    pub(crate) below_target: bool,
}

impl Figure {
    /// A figure of a policy against a target, 0–1.
    pub(crate) fn of(figure: &account::Figure, target: f64, lang: Lang) -> Self {
        let told = figure.told();
        let Rate { numerator, denominator } = figure.rate;
        Self {
            percent: match told {
                Told::Number(rate) => Some(rate.percent()),
                Told::TooLittle { .. } | Told::Nothing => None,
            },
            fraction: format!("{}/{}", grouped(numerator), grouped(denominator)),
            unit: figure.unit.name(lang),
            coverage: one_decimal(figure.coverage),
            interval: match told {
                Told::TooLittle { lowest, highest } => Some((lowest.percent(), highest.percent())),
                Told::Number(_) | Told::Nothing => None,
            },
            below_target: figure.value().is_some_and(|value| value < target),
        }
    }
}

/// One decimal of a percentage, rounded down; `–` where nothing counts.
fn one_decimal(rate: Rate) -> String {
    let two = rate.percent();
    if two.contains('.') { two[..two.len() - 1].to_owned() } else { two }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::account::{Figures, Source, Sums, Tally};

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_183), "1\u{2009}183");
        assert_eq!(grouped(12_345_678), "12\u{2009}345\u{2009}678");
    }

    #[test]
    fn a_moment_is_said_relatively_and_exactly() {
        let zone = chrono_tz::Asia::Shanghai;
        let now = Timestamp::from_millis(1_800_000_000_000);
        let at = now - Duration::from_secs(47 * 60);
        let moment = Moment::new(at, now, zone, Lang::Zh);
        assert_eq!(moment.ago, "47 分钟前");
        assert_eq!(moment.exact, "2027-01-15 15:13:00");
        assert_eq!(moment.short, "15:13");
        let moment = Moment::new(now - Duration::from_secs(90_000), now, zone, Lang::En);
        assert_eq!((moment.ago.as_str(), moment.short.as_str()), ("25 h 0 min ago", "01-14 15:00"));
    }

    #[test]
    fn below_the_floor_there_is_no_number_but_an_interval() {
        let policy = zhishou_domain::policy::shipped().remove(0);
        let told = |up, down, due| {
            let sums = Sums { due, up, down, ..Sums::default() };
            let tally = Tally { before: sums, after: sums, heads: Default::default() };
            let figures = Figures::after(&policy, 1, &tally, Source::Transitions);
            Figure::of(&figures.online, 0.98, Lang::Zh)
        };
        let figure = told(980, 20, 1000);
        assert_eq!(figure.percent.as_deref(), Some("98.00"));
        assert_eq!((figure.coverage.as_str(), figure.below_target), ("100.0", false));
        let figure = told(500, 100, 1000);
        assert_eq!(figure.percent, None);
        assert_eq!(figure.interval, Some(("50.00".into(), "90.00".into())));
        assert!(!figure.below_target, "too little data is not blamed");
        assert_eq!(told(0, 0, 0).interval, None);
    }
}

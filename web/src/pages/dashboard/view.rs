//! What `/dashboard` shows of the figures: units in order, days, months, and the sentence.

use super::query::{Chosen, Span};
use crate::pages::basis::Basis;
use crate::{
    draw::{
        calendar::{self, DayMark},
        ratio::Axis,
    },
    format::{Figure, grouped},
    words::Words,
};
use chrono::{Datelike, NaiveDate};
use std::cmp::Ordering;
use zhishou_domain::{
    Lang, PointClass, Rate,
    account::{Tally, Told},
    policy::ClassKey,
};
use zhishou_storage::{By, Grouping, KeptAccount, KeptDay, KeptRow};

/// Units named in the sentence.
const NAMED: usize = 3;

/// A unit of the ranking.
pub(super) struct Unit {
    pub(super) key: String,
    pub(super) name: String,
    /// 在线率.
    pub(super) online: Rate,
    /// 0–1; `None` where no number may be given.
    pub(super) value: Option<f64>,
    pub(super) figure: Figure,
    pub(super) target: f64,
    /// 图像完好率, `98.60 %`.
    pub(super) intact: Option<Rate>,
    pub(super) coverage: Rate,
    /// 考核得分.
    pub(super) score: Option<f64>,
    /// Percentage points more than in the period before.
    pub(super) points: Option<f64>,
    /// 应检 and 在线 at the last minute that counts.
    pub(super) due: u64,
    pub(super) now_online: u64,
    /// Devices that would have to be online all the time for the target to be reached.
    pub(super) short: u64,
    pub(super) bar: String,
    pub(super) spark: String,
}

impl Unit {
    pub(super) fn is_short(&self) -> bool {
        self.value.is_some_and(|value| value < self.target)
    }

    /// `+0.20`; empty without.
    pub(super) fn delta(&self) -> String {
        self.points.map(signed).unwrap_or_default()
    }

    /// `93.10`; empty without.
    pub(super) fn score(&self) -> String {
        self.score.map(|score| format!("{score:.2}")).unwrap_or_default()
    }
}

/// How many more devices would have to be online all the time for `target` to be reached.
pub(super) fn short(rate: Rate, target: f64, devices: u64) -> u64 {
    match rate.value() {
        // What chance of floating point adds is no device.
        Some(value) if value < target => {
            (((target - value) * devices as f64) - 1e-9).ceil().max(1.0) as u64
        }
        _ => 0,
    }
}

/// Percentage points between two rates, to two decimals.
fn points(now: Option<f64>, earlier: Option<f64>) -> Option<f64> {
    let (now, earlier) = now.zip(earlier)?;
    // A minus of zero is none.
    Some(((now - earlier) * 1e4).round() / 1e2 + 0.0)
}

/// Percentage points with their sign.
fn signed(points: f64) -> String {
    format!("{points:+.2}")
}

/// The units of a period, worst first, those without a number last; and where their bars begin, 0–1.
pub(super) fn units(
    basis: &Basis,
    account: &KeptAccount,
    by: Grouping,
    t: Words,
) -> (Vec<Unit>, f64) {
    let made: Vec<_> = account
        .rows
        .iter()
        .map(|row| {
            let class = (by == Grouping::By(By::Class))
                .then(|| row.key.as_deref().and_then(PointClass::from_code));
            (row, basis.figures(&row.period), basis.policy.target(class.map(ClassKey::from)), class)
        })
        .collect();
    let most = made.iter().map(|(_, _, target, _)| *target).fold(0.0, f64::max);
    let axis = Axis::over(
        made.iter().filter_map(|(_, it, ..)| it.online.value()),
        most.min(basis.policy.target(None)),
    );
    let mut units: Vec<Unit> = made
        .into_iter()
        .map(|(row, figures, target, class)| {
            let axis = Axis { target, ..axis };
            let value = figures.online.value();
            let earlier = basis.figures(&row.earlier).online.value();
            let recent: Vec<_> =
                row.recent.iter().map(|it| basis.figures(it).online.value()).collect();
            let around = Axis::over(recent.iter().flatten().copied(), target);
            Unit {
                key: row.key.clone().unwrap_or_default(),
                name: name_of(row, class, t),
                online: figures.online.rate,
                value,
                figure: Figure::of(&figures.online, target, t.0),
                target,
                intact: figures.intact.as_ref().and_then(|it| match it.told() {
                    Told::Number(rate) => Some(rate),
                    Told::TooLittle { .. } | Told::Nothing => None,
                }),
                coverage: figures.online.coverage,
                score: figures.score.and_then(|it| it.value),
                points: points(value, earlier),
                due: row.period.heads.due,
                now_online: row.period.heads.online,
                short: value
                    .map_or(0, |_| short(figures.online.rate, target, row.period.heads.due)),
                bar: axis.bar(value),
                spark: around.line(&recent),
            }
        })
        .collect();
    units.sort_by(|a, b| {
        let worse = match (a.value, b.value) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        worse.then_with(|| a.name.cmp(&b.name))
    });
    (units, axis.base)
}

fn name_of(row: &KeptRow, class: Option<Option<PointClass>>, t: Words) -> String {
    match class {
        Some(Some(class)) => class.name(t.0).to_owned(),
        _ => row.name.clone().unwrap_or_else(|| t.none_of_these().to_owned()),
    }
}

/// `近 7 天在线率 98.60 %，较前 7 天 +0.20；低于目标的单位 3 个：…`.
pub(super) fn sentence(
    basis: &Basis,
    account: &KeptAccount,
    (span, whose): (&Span, Option<&str>),
    units: &[Unit],
    t: Words,
) -> String {
    let zh = t.0 == Lang::Zh;
    let online = basis.figures(&account.period).online;
    let period = match span.chosen {
        Chosen::Range if span.is_one_day() => span.period.0.to_string(),
        Chosen::Range => format!("{} – {}", span.period.0, span.period.1),
        chosen => chosen.word(t).to_owned(),
    };
    let whose = whose.unwrap_or_default();
    let mut text = match online.told() {
        Told::Number(rate) if zh => format!("{whose}{period}在线率 {} %", rate.percent()),
        Told::Number(rate) => format!("{period}: online rate {} %", rate.percent()),
        Told::TooLittle { lowest, highest } => {
            let (lowest, highest) = (lowest.percent(), highest.percent());
            if zh {
                format!("{whose}{period}在线率数据不足，介于 {lowest} % 与 {highest} % 之间")
            } else {
                format!("{period}: too little data, online rate between {lowest} and {highest} %")
            }
        }
        Told::Nothing => return t.nothing_scheduled().to_owned(),
    };
    let change = points(online.value(), basis.figures(&account.earlier).online.value());
    if let Some(change) = change.map(signed) {
        let earlier = span.chosen.earlier_word(t);
        text += &if zh {
            format!("，较{earlier} {change}")
        } else {
            format!(", {change} against {earlier}")
        };
    }
    let below: Vec<&Unit> = units.iter().filter(|unit| unit.is_short()).collect();
    text += &match below.len() {
        // Of what has no number nothing is claimed.
        0 if units.iter().all(|unit| unit.value.is_none()) => String::new(),
        0 if zh => "；没有低于目标的单位".to_owned(),
        0 => "; no unit is below target".to_owned(),
        count if zh => format!("；低于目标的单位 {count} 个："),
        count => format!("; {count} below target: "),
    };
    let named = below.iter().take(NAMED).map(|unit| {
        let devices = grouped(unit.short);
        if zh {
            format!("{}（差 {devices} 台）", unit.name)
        } else {
            format!("{} ({devices} devices short)", unit.name)
        }
    });
    text += &named.collect::<Vec<_>>().join(t.0.pick("、", ", "));
    if below.len() > NAMED {
        text += t.0.pick(" 等", ", …");
    }
    text + t.0.pick("。", ".")
}

/// A line of a table behind a chart.
pub(super) struct TimeRow {
    pub(super) label: String,
    pub(super) percent: String,
    pub(super) fraction: String,
    pub(super) coverage: String,
    pub(super) is_short: bool,
}

/// A chart over time with the table behind it.
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) note: String,
    pub(super) svg: String,
    pub(super) first: String,
    pub(super) last: String,
    pub(super) rows: Vec<TimeRow>,
}

impl Chart {
    fn new(
        title: &'static str,
        rows: Vec<(TimeRow, Option<f64>)>,
        target: f64,
        note: String,
        t: Words,
    ) -> Self {
        let (rows, values): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let axis = Axis::over(values.iter().flatten().copied(), target);
        let scale = format!("{} {:.0} %–100 %", t.axis(), axis.base * 100.0);
        Self {
            title,
            note: if note.is_empty() { scale } else { format!("{scale} · {note}") },
            svg: axis.bars(&values),
            first: rows.first().map(|row: &TimeRow| row.label.clone()).unwrap_or_default(),
            last: rows.last().map(|row| row.label.clone()).unwrap_or_default(),
            rows,
        }
    }
}

fn time_row(basis: &Basis, label: String, tally: &Tally, target: f64) -> (TimeRow, Option<f64>) {
    let online = basis.figures(tally).online;
    let value = online.value();
    let row = TimeRow {
        label,
        percent: match online.told() {
            Told::Number(rate) => format!("{} %", rate.percent()),
            Told::TooLittle { lowest, highest } => {
                format!("{}–{} %", lowest.percent(), highest.percent())
            }
            Told::Nothing => "–".to_owned(),
        },
        fraction: format!(
            "{}/{}",
            grouped(online.rate.numerator),
            grouped(online.rate.denominator)
        ),
        coverage: format!("{} %", online.coverage.percent()),
        is_short: value.is_some_and(|value| value < target),
    };
    (row, value)
}

/// Day by day, at most `most` of them, the newest ones.
pub(super) fn by_day(basis: &Basis, days: &[KeptDay], target: f64, t: Words) -> Chart {
    let rows = days
        .iter()
        .map(|day| time_row(basis, day.day.format("%m-%d").to_string(), &day.total, target));
    Chart::new(t.by_day(), rows.collect(), target, String::new(), t)
}

/// Month by month.
pub(super) fn by_month(basis: &Basis, days: &[KeptDay], target: f64, t: Words) -> Chart {
    let month = |day: &KeptDay| (day.day.year(), day.day.month());
    let rows = days.chunk_by(|a, b| month(a) == month(b)).filter_map(|days| {
        let mut tally = Tally::default();
        days.iter().for_each(|day| tally += day.total);
        let first = days.first()?;
        Some(time_row(basis, first.day.format("%Y-%m").to_string(), &tally, target))
    });
    Chart::new(t.by_month(), rows.collect(), target, String::new(), t)
}

/// Hour by hour of one day, from minutes by [`zhishou_domain::State`].
pub(super) fn by_hour(hours: &[[u64; 4]], target: f64, t: Words) -> Chart {
    let rows = hours.iter().enumerate().map(|(hour, [_, up, degraded, down])| {
        let rate = Rate { numerator: up + degraded, denominator: up + degraded + down };
        let value = rate.value();
        let row = TimeRow {
            label: format!("{hour}:00"),
            percent: value.map_or("–".to_owned(), |_| format!("{} %", rate.percent())),
            fraction: format!("{}/{}", grouped(rate.numerator), grouped(rate.denominator)),
            coverage: String::new(),
            is_short: value.is_some_and(|value| value < target),
        };
        (row, value)
    });
    Chart::new(t.by_hour(), rows.collect(), target, t.hours_note().to_owned(), t)
}

/// The calendar of a year, and the days that fell short, worst first.
pub(super) struct Year {
    pub(super) svg: String,
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
    pub(super) rows: Vec<TimeRow>,
}

/// The calendar of days that are kept.
pub(super) fn year(basis: &Basis, days: &[KeptDay], target: f64) -> Option<Year> {
    let marks: Vec<_> = days
        .iter()
        .map(|day| {
            let mark = match basis.figures(&day.total).online.told() {
                Told::Number(rate) => rate.value().map_or(DayMark::Nothing, DayMark::Rate),
                Told::TooLittle { .. } => DayMark::TooLittle,
                Told::Nothing => DayMark::Nothing,
            };
            (day.day, mark)
        })
        .collect();
    let rows =
        days.iter().rev().map(|day| time_row(basis, day.day.to_string(), &day.total, target).0);
    Some(Year {
        svg: calendar::draw(&marks, target),
        from: days.first()?.day,
        to: days.last()?.day,
        rows: rows.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_is_told_in_whole_devices() {
        let of = |numerator, denominator, target, devices| {
            short(Rate { numerator, denominator }, target, devices)
        };
        // 96 of 100 for 98: two more; a hair below is one more, on it none.
        assert_eq!(of(96, 100, 0.98, 100), 2);
        assert_eq!(of(9799, 10_000, 0.98, 100), 1);
        assert_eq!(of(98, 100, 0.98, 100), 0);
        assert_eq!(of(960, 1000, 0.98, 33), 1);
        assert_eq!(of(0, 0, 0.98, 33), 0);
    }

    #[test]
    fn a_change_has_its_sign_and_needs_both_ends() {
        assert_eq!(points(Some(0.986), Some(0.984)).map(signed).unwrap(), "+0.20");
        assert_eq!(points(Some(0.98), Some(0.985)).map(signed).unwrap(), "-0.50");
        assert_eq!(points(Some(0.98), Some(0.980_000_1)).map(signed).unwrap(), "+0.00");
        assert_eq!(points(None, Some(0.98)), None);
    }
}

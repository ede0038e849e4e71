//! Over which days a report goes, what it is compared with, and its number.

use chrono::{Datelike, Days as Count, Months, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use zhishou_domain::{Lang, account::Days, policy::LocalTime};

/// What kind of period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodKind {
    /// 日.
    Day,
    /// ISO 周, Monday to Sunday.
    Week,
    /// 月.
    Month,
    /// 季.
    Quarter,
    /// 年.
    Year,
    /// Any days.
    Range,
}

impl PeriodKind {
    /// Every kind, the shortest first.
    pub const ALL: [Self; 6] =
        [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year, Self::Range];

    /// The stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Range => "range",
        }
    }

    /// The kind of a stable word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The word people read.
    pub const fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Day => lang.pick("日报", "daily"),
            Self::Week => lang.pick("周报", "weekly"),
            Self::Month => lang.pick("月报", "monthly"),
            Self::Quarter => lang.pick("季报", "quarterly"),
            Self::Year => lang.pick("年报", "yearly"),
            Self::Range => lang.pick("专报", "special"),
        }
    }
}

/// Days of the longest report: a leap year and a month.
const LONGEST: i64 = 400;

/// Why no report is made of some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// The first day comes after the last.
    #[error("read the period: its days run backwards")]
    Backwards,
    /// It has not begun.
    #[error("read the period: it lies in the future")]
    Future,
    /// Too many days.
    #[error("read the period: it is longer than {LONGEST} days")]
    TooLong,
}

impl PeriodError {
    /// For people.
    pub fn words(self, lang: Lang) -> String {
        match self {
            Self::Backwards => lang.pick("起止日期颠倒", "the days run backwards").to_owned(),
            Self::Future => lang.pick("时段尚未开始", "the period lies in the future").to_owned(),
            Self::TooLong => match lang {
                Lang::Zh => format!("时段最长 {LONGEST} 天"),
                Lang::En => format!("at most {LONGEST} days"),
            },
        }
    }
}

/// A period of whole local days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// What kind.
    pub kind: PeriodKind,
    /// Its days.
    #[serde(flatten)]
    pub days: Days,
}

impl Period {
    /// The period of a kind that `day` lies in; of a range, that day.
    pub fn around(kind: PeriodKind, day: NaiveDate, cut_off: LocalTime) -> Self {
        let first_of = |month: u32| NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day);
        let months = |from: NaiveDate, count: u32| {
            let next = from.checked_add_months(Months::new(count));
            (from, next.and_then(|next| next.pred_opt()).unwrap_or(from))
        };
        let (from, to) = match kind {
            PeriodKind::Day | PeriodKind::Range => (day, day),
            PeriodKind::Week => {
                let week = day.week(Weekday::Mon);
                (week.first_day(), week.last_day())
            }
            PeriodKind::Month => months(first_of(day.month()), 1),
            PeriodKind::Quarter => months(first_of(day.month0() / 3 * 3 + 1), 3),
            PeriodKind::Year => months(first_of(1), 12),
        };
        Self { kind, days: Days { from, to, cut_off } }
    }

    /// Days from one to another; the day, week, month, quarter or year they make up where they do.
    pub fn between(from: NaiveDate, to: NaiveDate, cut_off: LocalTime) -> Self {
        let days = Days { from, to, cut_off };
        let whole = PeriodKind::ALL.into_iter().map(|kind| Self::around(kind, from, cut_off));
        let whole = whole.filter(|period| period.kind != PeriodKind::Range);
        let found = whole.into_iter().find(|period| period.days == days);
        found.unwrap_or(Self { kind: PeriodKind::Range, days })
    }

    /// Refuses what no report can be made of; a range ends `today` at the latest.
    pub fn checked(mut self, today: NaiveDate) -> Result<Self, PeriodError> {
        if self.days.from > self.days.to {
            return Err(PeriodError::Backwards);
        }
        if self.days.from > today {
            return Err(PeriodError::Future);
        }
        if self.kind == PeriodKind::Range {
            self.days.to = self.days.to.min(today);
        }
        let length = (self.days.to - self.days.from).num_days() + 1;
        if length > LONGEST { Err(PeriodError::TooLong) } else { Ok(self) }
    }

    /// What 环比 compares with: the period of the kind before; of a range, as many days before it.
    pub fn before(self) -> Option<Self> {
        let Days { from, to, cut_off } = self.days;
        let last = from.pred_opt()?;
        match self.kind {
            PeriodKind::Range => {
                let length = u64::try_from((to - from).num_days()).ok()?;
                let first = last.checked_sub_days(Count::new(length))?;
                Some(Self { days: Days { from: first, to: last, cut_off }, ..self })
            }
            kind => Some(Self::around(kind, last, cut_off)),
        }
    }

    /// What 同比 compares with: the same a year before; of a week, the week 52 before.
    pub fn year_before(self) -> Option<Self> {
        let Days { from, to, cut_off } = self.days;
        let earlier = |day: NaiveDate| match self.kind {
            PeriodKind::Week => day.checked_sub_days(Count::new(364)),
            _ => day.checked_sub_months(Months::new(12)),
        };
        let from = earlier(from)?;
        match self.kind {
            PeriodKind::Range => {
                Some(Self { days: Days { from, to: earlier(to)?, cut_off }, ..self })
            }
            kind => Some(Self::around(kind, from, cut_off)),
        }
    }

    /// Its number, the same for the same days: `2026-D-0325`, `2026-W-13`, `2026-M-03`, `2026-Q-1`,
    /// `2026-Y`, `2026-R-0301-0325` (the later year where it differs), with the cut-off behind it
    /// where that is not midnight.
    pub fn number(&self) -> String {
        let Days { from, to, cut_off } = self.days;
        let mut number = match self.kind {
            PeriodKind::Day => from.format("%Y-D-%m%d").to_string(),
            PeriodKind::Week => from.format("%G-W-%V").to_string(),
            PeriodKind::Month => from.format("%Y-M-%m").to_string(),
            PeriodKind::Quarter => format!("{}-Q-{}", from.year(), from.month0() / 3 + 1),
            PeriodKind::Year => from.format("%Y-Y").to_string(),
            PeriodKind::Range => {
                let end = if from.year() == to.year() { "%m%d" } else { "%Y%m%d" };
                format!("{}-{}", from.format("%Y-R-%m%d"), to.format(end))
            }
        };
        if cut_off != LocalTime::default() {
            number += &format!("-{}", cut_off.on_the_wall().format("%H%M"));
        }
        number
    }

    /// What it is called: `2026年3月25日`, `2026年第13周`, `2026年3月`, …
    pub fn name(&self, lang: Lang) -> String {
        let Days { from, to, .. } = self.days;
        let day = |day: NaiveDate| match lang {
            Lang::Zh => day.format("%Y年%-m月%-d日").to_string(),
            Lang::En => day.format("%-d %B %Y").to_string(),
        };
        match (self.kind, lang) {
            (PeriodKind::Day, _) => day(from),
            (PeriodKind::Week, Lang::Zh) => from.format("%G年第%-V周").to_string(),
            (PeriodKind::Week, Lang::En) => from.format("week %-V of %G").to_string(),
            (PeriodKind::Month, Lang::Zh) => from.format("%Y年%-m月").to_string(),
            (PeriodKind::Month, Lang::En) => from.format("%B %Y").to_string(),
            (PeriodKind::Quarter, Lang::Zh) => {
                format!("{}年第{}季度", from.year(), from.month0() / 3 + 1)
            }
            (PeriodKind::Quarter, Lang::En) => {
                format!("quarter {} of {}", from.month0() / 3 + 1, from.year())
            }
            (PeriodKind::Year, Lang::Zh) => format!("{}年", from.year()),
            (PeriodKind::Year, Lang::En) => from.year().to_string(),
            (PeriodKind::Range, _) => {
                format!("{}{}{}", day(from), lang.pick("至", " to "), day(to))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn midnight() -> LocalTime {
        LocalTime::default()
    }

    #[test]
    fn days_that_make_up_a_calendar_period_are_that_period() {
        let number = |from, to| Period::between(from, to, midnight()).number();
        assert_eq!(number(day(2026, 3, 25), day(2026, 3, 25)), "2026-D-0325");
        assert_eq!(number(day(2026, 3, 23), day(2026, 3, 29)), "2026-W-13");
        assert_eq!(number(day(2026, 2, 1), day(2026, 2, 28)), "2026-M-02");
        assert_eq!(number(day(2026, 4, 1), day(2026, 6, 30)), "2026-Q-2");
        assert_eq!(number(day(2026, 1, 1), day(2026, 12, 31)), "2026-Y");
        assert_eq!(number(day(2026, 3, 1), day(2026, 3, 25)), "2026-R-0301-0325");
        assert_eq!(number(day(2026, 12, 30), day(2027, 1, 2)), "2026-R-1230-20270102");
        // The first days of a year may belong to a week of the year before.
        assert_eq!(number(day(2026, 12, 28), day(2027, 1, 3)), "2026-W-53");
        let evening = LocalTime::try_from("17:00".to_owned()).unwrap();
        let cut = Period::around(PeriodKind::Day, day(2026, 3, 25), evening);
        assert_eq!(cut.number(), "2026-D-0325-1700");
    }

    #[test]
    fn a_range_ends_today_and_what_makes_no_report_is_refused() {
        let today = day(2026, 3, 25);
        let checked = |from, to| Period::between(from, to, midnight()).checked(today);
        let number = |from, to| checked(from, to).unwrap().number();
        assert_eq!(number(day(2026, 3, 2), day(2999, 1, 1)), "2026-R-0302-0325");
        assert_eq!(number(day(2026, 3, 1), day(2026, 3, 31)), "2026-M-03");
        assert_eq!(checked(today, day(2026, 3, 1)), Err(PeriodError::Backwards));
        assert_eq!(checked(day(2026, 3, 26), day(2026, 3, 26)), Err(PeriodError::Future));
        assert_eq!(checked(day(2025, 1, 1), today), Err(PeriodError::TooLong));
    }

    #[test]
    fn each_kind_has_one_before_it_and_one_a_year_before() {
        let around = |kind, at| {
            let period = Period::around(kind, at, midnight());
            let number = |period: Option<Period>| period.unwrap().number();
            (number(period.before()), number(period.year_before()))
        };
        let of = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(around(PeriodKind::Day, day(2026, 3, 1)), of("2026-D-0228", "2025-D-0301"));
        assert_eq!(around(PeriodKind::Day, day(2028, 2, 29)), of("2028-D-0228", "2027-D-0228"));
        assert_eq!(around(PeriodKind::Week, day(2026, 3, 25)), of("2026-W-12", "2025-W-13"));
        assert_eq!(around(PeriodKind::Month, day(2026, 1, 31)), of("2025-M-12", "2025-M-01"));
        assert_eq!(around(PeriodKind::Quarter, day(2026, 2, 3)), of("2025-Q-4", "2025-Q-1"));
        assert_eq!(around(PeriodKind::Year, day(2026, 2, 3)), of("2025-Y", "2025-Y"));
        let range = Period::between(day(2026, 3, 10), day(2026, 3, 12), midnight());
        assert_eq!(range.before().unwrap().number(), "2026-R-0307-0309");
        assert_eq!(range.year_before().unwrap().number(), "2025-R-0310-0312");
    }
}

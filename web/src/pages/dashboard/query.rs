//! What `/dashboard` is asked: everything stands in the URL.

use crate::{
    failure::Failure,
    query::{FilterQuery, day},
    words::Words,
};
use chrono::{Datelike, Days, Months, NaiveDate};
use serde::Deserialize;
use zhishou_storage::{By, Grouping};

/// Longest period, days.
const LONGEST: i64 = 366;

/// The parameters beside the filters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct BoardQuery {
    pub(crate) period: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) by: String,
    pub(crate) policy: String,
    pub(crate) exclusion: String,
}

impl BoardQuery {
    /// `path` with the filters, these parameters and `more`; those in `more` replace, empty ones
    /// remove.
    pub(crate) fn link(&self, filter: &FilterQuery, path: &str, more: &[(&str, &str)]) -> String {
        let own = [
            ("period", &self.period),
            ("from", &self.from),
            ("to", &self.to),
            ("by", &self.by),
            ("policy", &self.policy),
            ("exclusion", &self.exclusion),
        ];
        let kept = own.into_iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
        let kept = kept.map(|(name, value)| (name, value.as_str()));
        filter.link(path, &kept.chain(more.iter().copied()).collect::<Vec<_>>())
    }
}

/// Which days, as people choose them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    Today,
    Yesterday,
    Week,
    Month,
    Range,
}

impl Chosen {
    pub(crate) const ALL: [Self; 5] =
        [Self::Today, Self::Yesterday, Self::Week, Self::Month, Self::Range];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Yesterday => "yesterday",
            Self::Week => "week",
            Self::Month => "month",
            Self::Range => "range",
        }
    }

    pub(crate) const fn word(self, t: Words) -> &'static str {
        match self {
            Self::Today => t.today(),
            Self::Yesterday => t.yesterday(),
            Self::Week => t.seven_days(),
            Self::Month => t.this_month(),
            Self::Range => t.any_days(),
        }
    }

    /// What it is compared with.
    pub(crate) const fn earlier_word(self, t: Words) -> &'static str {
        match self {
            Self::Today => t.yesterday(),
            Self::Yesterday => t.day_before(),
            Self::Week => t.seven_days_before(),
            Self::Month => t.same_days_last_month(),
            Self::Range => t.period_before(),
        }
    }
}

/// A period with the one before it, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) chosen: Chosen,
    pub(crate) period: (NaiveDate, NaiveDate),
    pub(crate) earlier: (NaiveDate, NaiveDate),
}

impl Span {
    /// The days a query names, seen on `today`.
    pub(crate) fn of(query: &BoardQuery, today: NaiveDate) -> Result<Self, Failure> {
        let chosen = match query.period.as_str() {
            "" if query.from.is_empty() && query.to.is_empty() => Chosen::Today,
            "" => Chosen::Range,
            code => Chosen::ALL.into_iter().find(|it| it.code() == code).ok_or_else(|| {
                Failure::bad_input("period：没有这个取值", "period: unknown value")
            })?,
        };
        let back = |day: NaiveDate, days| day - Days::new(days);
        let period = match chosen {
            Chosen::Today => (today, today),
            Chosen::Yesterday => (back(today, 1), back(today, 1)),
            Chosen::Week => (back(today, 6), today),
            Chosen::Month => (today.with_day(1).unwrap_or(today), today),
            Chosen::Range => {
                let to = day("to", &query.to)?.unwrap_or(today);
                (day("from", &query.from)?.unwrap_or(to), to)
            }
        };
        let (from, to) = period;
        let length = (to - from).num_days() + 1;
        if !(1..=LONGEST).contains(&length) || to > today {
            return Err(Failure::bad_input(
                format!("from、to：先后相续，不晚于今天，至多 {LONGEST} 天"),
                format!("from, to: in order, not after today, at most {LONGEST} days"),
            ));
        }
        let earlier = match chosen {
            Chosen::Month => (from - Months::new(1), to - Months::new(1)),
            _ => (back(from, length.unsigned_abs()), back(from, 1)),
        };
        Ok(Self { chosen, period, earlier })
    }

    pub(crate) fn is_one_day(&self) -> bool {
        self.period.0 == self.period.1
    }
}

/// The groupings offered; [`Grouping::Device`] within one site.
pub(crate) const GROUPINGS: [Grouping; 8] = [
    Grouping::By(By::PoliceStation),
    Grouping::By(By::Department),
    Grouping::By(By::Street),
    Grouping::By(By::Class),
    Grouping::By(By::Maintainer),
    Grouping::Tag,
    Grouping::By(By::Site),
    Grouping::Device,
];

pub(crate) const fn grouping_code(by: Grouping) -> &'static str {
    match by {
        Grouping::By(by) => by.code(),
        Grouping::Device => "device",
        Grouping::Tag => "tag",
    }
}

pub(crate) const fn grouping_word(by: Grouping, t: Words) -> &'static str {
    match by {
        Grouping::By(By::Site) => t.site(),
        Grouping::By(By::Street) => t.street(),
        Grouping::By(By::Department) => t.department(),
        Grouping::By(By::Class) => t.class(),
        Grouping::By(By::Maintainer) => t.maintainer(),
        Grouping::By(By::PoliceStation) => t.police_station(),
        Grouping::By(By::Parent) => t.parent(),
        Grouping::Device => t.device(),
        Grouping::Tag => t.tag(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(period: &str, from: &str, to: &str) -> Result<Span, Failure> {
        let query = BoardQuery {
            period: period.into(),
            from: from.into(),
            to: to.into(),
            ..BoardQuery::default()
        };
        Span::of(&query, NaiveDate::from_ymd_opt(2026, 3, 31).unwrap())
    }

    #[test]
    fn each_period_stands_beside_one_like_it() {
        let told = |days: Span| {
            let ((a, b), (c, d)) = (days.period, days.earlier);
            [a, b, c, d].map(|day| day.format("%m-%d").to_string())
        };
        let of = |period| told(days(period, "", "").unwrap());
        assert_eq!(of(""), ["03-31", "03-31", "03-30", "03-30"]);
        assert_eq!(of("yesterday"), ["03-30", "03-30", "03-29", "03-29"]);
        assert_eq!(of("week"), ["03-25", "03-31", "03-18", "03-24"]);
        // February is shorter.
        assert_eq!(of("month"), ["03-01", "03-31", "02-01", "02-28"]);
        let range = days("", "2026-03-05", "2026-03-06").unwrap();
        assert_eq!(
            (range.chosen, told(range)),
            (Chosen::Range, ["03-05", "03-06", "03-03", "03-04"].map(String::from))
        );
        assert_eq!(told(days("range", "2025-03-31", "").unwrap())[0], "03-31");
    }

    #[test]
    fn what_is_no_period_is_refused_by_name() {
        for (period, from, to) in [
            ("decade", "", ""),
            ("range", "2026-03-05", "2026-03-04"),
            ("range", "2026-03-05", "2026-04-01"),
            ("range", "2025-03-30", ""),
            ("range", "gestern", ""),
            ("range", "-9999-01-01", ""),
        ] {
            assert!(days(period, from, to).is_err(), "{period} {from} {to}");
        }
    }

    #[test]
    fn links_keep_filters_and_what_was_chosen() {
        let filter = FilterQuery { class: "1".into(), ..FilterQuery::default() };
        let query =
            BoardQuery { period: "week".into(), by: "street".into(), ..BoardQuery::default() };
        assert_eq!(
            query.link(&filter, "/dashboard", &[("by", "class")]),
            "/dashboard?class=1&period=week&by=class"
        );
    }
}

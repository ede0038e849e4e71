//! A series: the clock on the wall by a rule of RFC 5545, occurrence by occurrence.
//!
//! The rule is expanded on wall-clock times alone, as though there were no zones, and each occurrence
//! becomes moments by itself: so a meeting at nine stays at nine when the clocks change.

use super::LocalSlot;
use chrono::{NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use rrule::{RRule, RRuleSet, Unvalidated};

/// Occurrences of one series at most.
pub const MOST_OCCURRENCES: u16 = 200;
/// How long a series goes on at most, days.
const LONGEST_DAYS: i64 = 2 * 366;

/// Why a rule cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeriesProblem {
    /// It is no rule, or repeats too often.
    #[error("read the rule of the series: {0}")]
    Rule(String),
    /// Nothing says when it ends.
    #[error("read the rule of the series: it has neither COUNT nor UNTIL")]
    Endless,
    /// It has too many occurrences, or goes on too long.
    #[error("read the rule of the series: more than {MOST_OCCURRENCES} occurrences or two years")]
    TooLong,
    /// No occurrence is left.
    #[error("read the rule of the series: no occurrence is left")]
    Empty,
}

/// The occurrences of a rule (`FREQ=WEEKLY;BYDAY=MO;COUNT=10`) whose first is `first`, in order. UNTIL is
/// a time on the wall, or with a Z a moment in `zone`; on a date alone the whole day belongs to it. Lines
/// of `EXDATE;VALUE=DATE:20261001,20261008` (RFC 5545, 3.8.5.1) leave out days; COUNT counts those too.
pub fn occurrences(
    rule: &str,
    first: LocalSlot,
    zone: Tz,
) -> Result<Vec<LocalSlot>, SeriesProblem> {
    let rule = rule.trim().to_ascii_uppercase();
    let (exceptions, rules): (Vec<_>, Vec<_>) =
        rule.lines().map(str::trim).partition(|line| line.starts_with("EXDATE"));
    let except = excepted(&exceptions)?;
    let rule = rules.concat();
    let rule = rule.trim_start_matches("RRULE:");
    let mut parts: Vec<(String, String)> = Vec::new();
    for part in rule.split(';').filter(|part| !part.is_empty()) {
        let (name, value) =
            part.split_once('=').ok_or_else(|| SeriesProblem::Rule(part.to_owned()))?;
        let value = if name == "UNTIL" { on_the_wall(value, zone)? } else { value.to_owned() };
        parts.push((name.to_owned(), value));
    }
    if !parts.iter().any(|(name, _)| name == "COUNT" || name == "UNTIL") {
        return Err(SeriesProblem::Endless);
    }
    // A meeting that is held every hour is a mistake of whoever wrote the rule.
    let is_slow = |value: &str| matches!(value, "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY");
    if !parts.iter().any(|(name, value)| name == "FREQ" && is_slow(value)) {
        return Err(SeriesProblem::Rule("FREQ".to_owned()));
    }
    let text: Vec<_> = parts.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let bad = |error: rrule::RRuleError| SeriesProblem::Rule(error.to_string());
    let parsed: RRule<Unvalidated> = text.join(";").parse().map_err(bad)?;
    let start = rrule::Tz::UTC.from_utc_datetime(&first.from);
    let set = RRuleSet::new(start).rrule(parsed.validate(start).map_err(bad)?);
    let found = set.all(MOST_OCCURRENCES);
    let dates: Vec<_> = found.dates.iter().map(chrono::DateTime::naive_utc).collect();
    let last = dates.last().ok_or(SeriesProblem::Empty)?;
    if found.limited || (*last - first.from).num_days() > LONGEST_DAYS {
        return Err(SeriesProblem::TooLong);
    }
    let held: Vec<_> = dates.into_iter().filter(|it| !except.contains(&it.date())).collect();
    if held.is_empty() {
        return Err(SeriesProblem::Empty);
    }
    Ok(held.into_iter().map(|from| first.moved_to(from)).collect())
}

/// The days that are left out. Of a date with a time only the day counts: a series is held once a day at
/// most.
fn excepted(lines: &[&str]) -> Result<Vec<NaiveDate>, SeriesProblem> {
    let days = lines.iter().flat_map(|line| {
        let (_, days) = line.split_once(':').unwrap_or(("", line));
        days.split(',').map(|day| {
            let date = day.trim().get(..8).unwrap_or(day);
            NaiveDate::parse_from_str(date, "%Y%m%d")
                .map_err(|_| SeriesProblem::Rule(format!("EXDATE={day}")))
        })
    });
    days.collect()
}

/// UNTIL as the wall shows it, written as though in UTC.
fn on_the_wall(value: &str, zone: Tz) -> Result<String, SeriesProblem> {
    const FORM: &str = "%Y%m%dT%H%M%S";
    let bad = || SeriesProblem::Rule(format!("UNTIL={value}"));
    let wall = match value.strip_suffix('Z') {
        Some(moment) => {
            let moment = NaiveDateTime::parse_from_str(moment, FORM).map_err(|_| bad())?;
            zone.from_utc_datetime(&moment).naive_local()
        }
        None if value.len() == 8 => {
            NaiveDateTime::parse_from_str(&format!("{value}T235959"), FORM).map_err(|_| bad())?
        }
        None => NaiveDateTime::parse_from_str(value, FORM).map_err(|_| bad())?,
    };
    Ok(format!("{}Z", wall.format(FORM)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERLIN: Tz = chrono_tz::Europe::Berlin;

    fn first(month: u32, day: u32, hour: u32) -> LocalSlot {
        let from = NaiveDate::from_ymd_opt(2026, month, day).unwrap().and_hms_opt(hour, 0, 0);
        let from = from.unwrap();
        LocalSlot { from, to: from + chrono::Duration::hours(1) }
    }

    fn days(rule: &str, first: LocalSlot) -> Vec<String> {
        let found = occurrences(rule, first, BERLIN).unwrap();
        found.iter().map(|it| it.from.format("%m-%d %H:%M").to_string()).collect()
    }

    #[test]
    fn nine_stays_nine_when_the_clocks_change() {
        // Berlin goes to summer time on 2026-03-29 and back on 2026-10-25.
        for (month, day) in [(3, 23), (10, 19)] {
            let found = occurrences("FREQ=WEEKLY;COUNT=3", first(month, day, 9), BERLIN).unwrap();
            let offsets: Vec<_> = found
                .iter()
                .map(|it| {
                    let told = it.in_zone(BERLIN).from.rfc3339(BERLIN);
                    (told[11..16].to_owned(), told[23..].to_owned())
                })
                .collect();
            assert!(offsets.iter().all(|(wall, _)| wall == "09:00"), "{offsets:?}");
            assert_ne!(offsets[0].1, offsets[2].1, "the moment moved, the wall did not");
        }
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_held_at_the_next_that_exists() {
        let found = occurrences("FREQ=DAILY;COUNT=3", first(3, 28, 2), BERLIN).unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|it| it.in_zone(BERLIN).from.rfc3339(BERLIN)[..16].to_owned())
            .collect();
        assert_eq!(told, ["2026-03-28T02:00", "2026-03-29T03:00", "2026-03-30T02:00"]);
    }

    #[test]
    fn an_end_is_a_time_on_the_wall() {
        let until = |end: &str| days(&format!("FREQ=DAILY;UNTIL={end}"), first(3, 28, 9)).len();
        assert_eq!(until("20260330"), 3, "the whole day");
        assert_eq!(until("20260330T090000"), 3, "the end belongs to it");
        assert_eq!(until("20260330T085959"), 2);
        assert_eq!(until("20260330T070000Z"), 3, "nine o'clock in summer");
        assert_eq!(until("20260330T065959Z"), 2);
    }

    #[test]
    fn rules_of_calendars_are_read() {
        assert_eq!(
            days("RRULE:FREQ=WEEKLY;BYDAY=MO,FR;COUNT=3", first(3, 23, 9)),
            ["03-23 09:00", "03-27 09:00", "03-30 09:00"]
        );
        assert_eq!(
            days("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2", first(3, 27, 9)),
            ["03-27 09:00", "04-24 09:00"]
        );
    }

    #[test]
    fn days_are_left_out_and_counted() {
        assert_eq!(
            days("FREQ=DAILY;COUNT=4\nEXDATE;VALUE=DATE:20260324,20260326", first(3, 23, 9)),
            ["03-23 09:00", "03-25 09:00"]
        );
        let with_time = "RRULE:FREQ=DAILY;COUNT=3\r\nEXDATE:20260323T090000\r\n";
        assert_eq!(days(with_time, first(3, 23, 9)), ["03-24 09:00", "03-25 09:00"]);
    }

    #[test]
    fn what_has_no_end_or_too_many_is_refused() {
        let problem = |rule: &str| occurrences(rule, first(3, 23, 9), BERLIN).unwrap_err();
        assert_eq!(problem("FREQ=WEEKLY"), SeriesProblem::Endless);
        assert_eq!(problem("FREQ=DAILY;COUNT=100000"), SeriesProblem::TooLong);
        assert_eq!(problem("FREQ=YEARLY;COUNT=5"), SeriesProblem::TooLong);
        let nothing = "FREQ=DAILY;COUNT=1\nEXDATE;VALUE=DATE:20260323";
        assert_eq!(problem(nothing), SeriesProblem::Empty);
        for bad in [
            "",
            "FREQ=HOURLY;COUNT=3",
            "COUNT=3",
            "FREQ=DAILY;UNTIL=soon",
            "FREQ=DAILY;UNTIL=20260101",
            "x",
            "FREQ=NO;COUNT=1",
            "FREQ=DAILY;COUNT=2\nEXDATE:soon",
        ] {
            assert!(
                matches!(problem(bad), SeriesProblem::Rule(_) | SeriesProblem::Endless),
                "{bad}"
            );
        }
    }
}

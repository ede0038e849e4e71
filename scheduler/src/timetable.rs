//! Times of recurring jobs, by a cron expression in a zone.

use chrono_tz::Tz;
use cron::Schedule;
use std::str::FromStr;
use zhishou_domain::Timestamp;

/// When a job is due: a cron expression of six fields (second minute hour day month weekday),
/// read in local time.
///
/// A local time that a change of the clock skips is not met on that day; one that comes twice is
/// met once, at its first coming.
#[derive(Clone, Debug)]
pub struct Timetable {
    schedule: Schedule,
    zone: Tz,
}

/// The text is not a cron expression.
#[derive(Debug, thiserror::Error)]
#[error("read cron expression {expression:?}")]
pub struct TimetableError {
    expression: String,
    source: cron::error::Error,
}

impl Timetable {
    /// A timetable.
    ///
    /// # Errors
    /// [`TimetableError`] with the expression.
    pub fn new(expression: &str, zone: Tz) -> Result<Self, TimetableError> {
        let schedule = Schedule::from_str(expression)
            .map_err(|source| TimetableError { expression: expression.to_owned(), source })?;
        Ok(Self { schedule, zone })
    }

    /// The first time after `now`; `None` where there is none any more.
    pub fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        let mut after = now.in_zone(self.zone);
        loop {
            let next = self.schedule.after(&after).next()?;
            let at = Timestamp::from_millis(next.timestamp_millis());
            // The second coming of a local time, when clocks go back, is not a new one.
            let first = next.naive_local().and_local_timezone(self.zone).earliest()?;
            if at > now && first == next {
                return Some(at);
            }
            after = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{Asia::Shanghai, Europe::Berlin};

    fn times(expression: &str, zone: Tz, from: &str, count: usize) -> Vec<String> {
        let table = Timetable::new(expression, zone).unwrap();
        let start = chrono::DateTime::parse_from_rfc3339(from).unwrap().timestamp_millis();
        let mut now = Timestamp::from_millis(start);
        (0..count)
            .map(|_| {
                now = table.next_after(now).unwrap();
                now.in_zone(zone).format("%m-%dT%H:%M:%S%:z").to_string()
            })
            .collect()
    }

    #[test]
    fn nightly_in_shanghai() {
        assert_eq!(
            times("0 30 3 * * *", Shanghai, "2026-11-21T03:30:00+08:00", 2),
            ["11-22T03:30:00+08:00", "11-23T03:30:00+08:00"]
        );
    }

    #[test]
    fn a_skipped_time_waits_for_the_next_day() {
        // 2026-03-29: 02:00 becomes 03:00.
        assert_eq!(
            times("0 30 2 * * *", Berlin, "2026-03-28T12:00:00+01:00", 1),
            ["03-30T02:30:00+02:00"]
        );
    }

    #[test]
    fn a_time_that_comes_twice_is_met_once() {
        // 2026-10-25: 03:00 becomes 02:00.
        assert_eq!(
            times("0 30 2 * * *", Berlin, "2026-10-24T12:00:00+02:00", 2),
            ["10-25T02:30:00+02:00", "10-26T02:30:00+01:00"]
        );
    }

    #[test]
    fn a_bad_expression_is_named() {
        let error = Timetable::new("every night", Shanghai).unwrap_err();
        assert!(error.to_string().contains("every night"));
    }
}

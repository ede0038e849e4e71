//! Moments. Everything stored or compared is UTC in milliseconds; zones appear only at the edges.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::{
    ops::{Add, Sub},
    time::Duration,
};

/// One minute, the grain of accounting.
pub(crate) const MINUTE_MS: i64 = 60_000;
/// One UTC day, the grain of strips.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From epoch milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Epoch milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Minutes since the epoch, rounded down.
    pub const fn minute(self) -> i64 {
        self.0.div_euclid(MINUTE_MS)
    }

    /// The UTC day this moment lies in, counted from 1970-01-01.
    pub const fn utc_day(self) -> i64 {
        self.0.div_euclid(DAY_MS)
    }

    /// The first moment of a UTC day, counted from 1970-01-01.
    pub const fn from_utc_day(day: i64) -> Self {
        Self(day * DAY_MS)
    }

    /// The calendar day in `zone`.
    pub fn local_day(self, zone: Tz) -> NaiveDate {
        self.in_zone(zone).date_naive()
    }

    /// First moment of a calendar day in `zone`.
    pub fn start_of_day(day: NaiveDate, zone: Tz) -> Self {
        Self::from_local(day.and_time(NaiveTime::MIN), zone)
    }

    /// What a clock on the wall in `zone` shows: the first time where it shows it twice, the next
    /// minute that exists where it skips it.
    pub fn from_local(wall: NaiveDateTime, zone: Tz) -> Self {
        // No zone ever skipped more than a day; a minute is the grain of what people write.
        let exists = (0..=1440).find_map(|minutes| {
            zone.from_local_datetime(&(wall + chrono::Duration::minutes(minutes))).earliest()
        });
        exists.map_or_else(
            || Self(wall.and_utc().timestamp_millis()),
            |at| Self(at.timestamp_millis()),
        )
    }

    /// A date and time in UTC; `None` where there is no such one.
    pub fn from_utc(
        year: u32,
        month: u32,
        day: u32,
        hour: u32,
        minute: u32,
        second: u32,
    ) -> Option<Self> {
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        let time = date.and_hms_opt(hour, minute, second)?;
        Some(Self(time.and_utc().timestamp_millis()))
    }

    /// This moment as a date and time in `zone`.
    pub fn in_zone(self, zone: Tz) -> DateTime<Tz> {
        DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default().with_timezone(&zone)
    }

    /// RFC 3339 with the offset of `zone`, to the millisecond.
    pub fn rfc3339(self, zone: Tz) -> String {
        self.in_zone(zone).to_rfc3339_opts(chrono::SecondsFormat::Millis, false)
    }

    /// Time from `earlier` to this moment; zero where `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// The only source of the present. `app` owns the real one; tests own theirs.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_day_may_have_23_or_25_hours() {
        let zone = chrono_tz::Europe::Berlin;
        let hours = |year, month, day| {
            let date = NaiveDate::from_ymd_opt(year, month, day).unwrap();
            let start = Timestamp::start_of_day(date, zone);
            let end = Timestamp::start_of_day(date.succ_opt().unwrap(), zone);
            end.since(start).as_secs() / 3600
        };
        assert_eq!((hours(2026, 3, 29), hours(2026, 10, 25), hours(2026, 6, 1)), (23, 25, 24));
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_starts_at_its_first_moment() {
        // Cairo moves its clock at midnight: 2026-04-24 begins at 01:00 local time.
        let zone = chrono_tz::Africa::Cairo;
        let date = NaiveDate::from_ymd_opt(2026, 4, 24).unwrap();
        let start = Timestamp::start_of_day(date, zone);
        assert_eq!(start.local_day(zone), date);
        assert_eq!((start - Duration::from_millis(1)).local_day(zone), date.pred_opt().unwrap());
    }

    #[test]
    fn shanghai_days_start_at_sixteen_utc() {
        let date = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let start = Timestamp::start_of_day(date, chrono_tz::Asia::Shanghai);
        assert_eq!(start.rfc3339(chrono_tz::Asia::Shanghai), "2026-11-21T00:00:00.000+08:00");
        assert_eq!(start.rfc3339(chrono_tz::UTC), "2026-11-20T16:00:00.000+00:00");
    }
}

//! 会议保障 of a period, as data of a report: its own meetings, and those of its year month by month.
//!
//! Counted are meetings that began in it and were archived when the report was made.

use crate::{Period, PeriodKind};
use chrono::{Datelike, Months, NaiveDate};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use zhishou_domain::{Timestamp, account::Days, check::MeetingFigures};
use zhishou_storage::{Store, StoreError};

/// 会议保障.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meetings {
    /// Of the period.
    pub period: MeetingFigures,
    /// The months of the year that its last day lies in, up to that day.
    pub months: Vec<MeetingMonth>,
    /// Those months together.
    pub year: MeetingFigures,
    /// The year before, up to the same day.
    pub year_before: MeetingFigures,
    /// Meetings of the year that were over and not archived when the report was made: they count nowhere yet.
    #[serde(default)]
    pub unarchived: u64,
}

/// One month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingMonth {
    /// Its first day.
    pub month: NaiveDate,
    /// Its figures.
    #[serde(flatten)]
    pub figures: MeetingFigures,
}

/// The meetings of a period, as of `now`.
pub(crate) async fn stated(
    store: &Store,
    period: &Period,
    zone: Tz,
    now: Timestamp,
) -> Result<Meetings, StoreError> {
    let Days { to, cut_off, .. } = period.days;
    let figures = async |days: Days| {
        let span = (days.start(zone), days.end(zone).min(now));
        let mut sum = MeetingFigures::default();
        for month in store.meeting_figures(span, now).await? {
            sum.join(month.figures);
        }
        Ok::<_, StoreError>(sum)
    };
    let mut meetings = Meetings { period: figures(period.days).await?, ..Meetings::default() };
    let year = Days { to, ..Period::around(PeriodKind::Year, to, cut_off).days };
    meetings.unarchived =
        store.unarchived_count((year.start(zone), year.end(zone).min(now)), now).await?;
    for number in 1..=to.month() {
        let Some(month) = NaiveDate::from_ymd_opt(to.year(), number, 1) else { continue };
        let days = Period::around(PeriodKind::Month, month, cut_off).days;
        let of_month = figures(Days { to: days.to.min(to), ..days }).await?;
        meetings.months.push(MeetingMonth { month, figures: of_month });
        meetings.year.join(of_month);
    }
    if let Some(to) = to.checked_sub_months(Months::new(12)) {
        let days = Period::around(PeriodKind::Year, to, cut_off).days;
        meetings.year_before = figures(Days { to, ..days }).await?;
    }
    Ok(meetings)
}

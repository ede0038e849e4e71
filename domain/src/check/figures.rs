//! 会议保障 figures of a period: meetings assured, ready on time, incidents, minutes lost.

use crate::{Lang, Rate};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// One meeting that was held, as its archived record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assured {
    /// Venues that were booked for it.
    pub venues: u32,
    /// Whether it was ready when it was to begin.
    pub on_time: bool,
    /// Incidents while it ran.
    pub incidents: u32,
    /// Minutes in which something of it was lost.
    pub lost_minutes: u32,
}

/// Up to when the meetings of a year are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The end of a month, 1–12.
    Month(u32),
    /// The end of a day.
    Day(NaiveDate),
}

/// What became of the meetings of a period. Only meetings that were held and archived count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingFigures {
    /// 保障会议, 场.
    pub meetings: u64,
    /// Of these, ready on time.
    pub on_time: u64,
    /// 会场·场次: venues summed over meetings.
    pub venue_meetings: u64,
    /// Incidents.
    pub incidents: u64,
    /// Meetings with at least one.
    pub with_incidents: u64,
    /// Minutes lost.
    pub lost_minutes: u64,
}

impl MeetingFigures {
    /// One more meeting.
    pub fn add(&mut self, it: Assured) {
        self.meetings += 1;
        self.on_time += u64::from(it.on_time);
        self.venue_meetings += u64::from(it.venues);
        self.incidents += u64::from(it.incidents);
        self.with_incidents += u64::from(it.incidents > 0);
        self.lost_minutes += u64::from(it.lost_minutes);
    }

    /// Those of another period beside these.
    pub fn join(&mut self, other: Self) {
        self.meetings += other.meetings;
        self.on_time += other.on_time;
        self.venue_meetings += other.venue_meetings;
        self.incidents += other.incidents;
        self.with_incidents += other.with_incidents;
        self.lost_minutes += other.lost_minutes;
    }

    /// 按时就绪率.
    pub fn readiness(&self) -> Rate {
        Rate { numerator: self.on_time, denominator: self.meetings }
    }

    /// Incidents per 100 venue-meetings, two decimals, cut; none where nothing was held.
    pub fn per_hundred(&self) -> Option<String> {
        let hundredths = self.incidents.checked_mul(10_000)?.checked_div(self.venue_meetings)?;
        Some(format!("{}.{:02}", hundredths / 100, hundredths % 100))
    }

    /// `保障会议 298 场（会场 894 场次），按时就绪 …`, without a stop.
    pub fn told(&self, lang: Lang) -> String {
        let Self { meetings, on_time, venue_meetings, incidents, with_incidents, lost_minutes } =
            *self;
        let rate = self.readiness();
        let share = match rate.denominator {
            0 => String::new(),
            _ => format!(" {} %", rate.percent()),
        };
        let per = self.per_hundred().unwrap_or_else(|| "–".to_owned());
        match lang {
            Lang::Zh => format!(
                "保障会议 {meetings} 场（会场 {venue_meetings} 场次），按时就绪 {on_time}/{meetings} 场{share}；{with_incidents} 场出现故障共 {incidents} 起，每百会场·场次 {per} 起，影响 {lost_minutes} 分钟"
            ),
            Lang::En => format!(
                "{meetings} meetings assured ({venue_meetings} venue-meetings), {on_time}/{meetings} ready on time{share}; {with_incidents} with incidents, {incidents} in all, {per} per 100 venue-meetings, {lost_minutes} minutes lost"
            ),
        }
    }

    /// `截止 12 月，累计保障会议 298 场，…`, these being those of the year so far.
    pub fn sentence(&self, until: Until, lang: Lang) -> String {
        let told = self.told(lang);
        match (until, lang) {
            (Until::Month(month), Lang::Zh) => format!("截止 {month} 月，累计{told}。"),
            (Until::Month(month), Lang::En) => {
                format!("This year to the end of month {month}: {told}.")
            }
            (Until::Day(day), Lang::Zh) => {
                format!("截止 {} 月 {} 日，累计{told}。", day.month(), day.day())
            }
            (Until::Day(day), Lang::En) => {
                format!("This year to {}: {told}.", day.format("%-d %B"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_is_said_as_people_write_it() {
        let mut it = MeetingFigures::default();
        assert_eq!(it.per_hundred(), None);
        for number in 0..298 {
            let incidents = u32::from(number < 2);
            it.add(Assured {
                venues: 3,
                on_time: number != 7,
                incidents,
                lost_minutes: 4 * incidents,
            });
        }
        assert_eq!(
            it.sentence(Until::Month(12), Lang::Zh),
            "截止 12 月，累计保障会议 298 场（会场 894 场次），按时就绪 297/298 场 99.66 %；2 场出现故障共 2 起，每百会场·场次 0.22 起，影响 8 分钟。"
        );
        let day = NaiveDate::from_ymd_opt(2026, 3, 25).unwrap();
        assert!(it.sentence(Until::Day(day), Lang::Zh).starts_with("截止 3 月 25 日，累计保障"));
        let mut twice = it;
        twice.join(it);
        assert_eq!((twice.meetings, twice.lost_minutes), (596, 16));
        assert_eq!(twice.per_hundred(), it.per_hundred());
    }
}

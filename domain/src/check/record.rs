//! 会后记录: drafted by the platform, corrected by a person, archived.

use super::Fallback;
use crate::{Lang, MeetingIncidentId, Timestamp, VenueId, meeting::Slot};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Something that went wrong while a meeting ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeetingIncident {
    /// Identity.
    pub id: MeetingIncidentId,
    /// Where.
    pub venue: VenueId,
    /// Since when.
    pub from: Timestamp,
    /// Until when; none: it lasts.
    pub to: Option<Timestamp>,
    /// What, in words.
    pub what: String,
    /// What was turned to.
    pub fallback: Option<Fallback>,
    /// Who entered it, as they logged in.
    pub login: String,
}

/// Time of a meeting in which something of it was lost; what overlaps counts once, what lasts counts until
/// `now` or its end.
pub fn lost(incidents: &[MeetingIncident], slot: Slot, now: Timestamp) -> Duration {
    let mut spans: Vec<_> = incidents
        .iter()
        .map(|it| (it.from.max(slot.from), it.to.unwrap_or(now).min(slot.to)))
        .filter(|(from, to)| from < to)
        .collect();
    spans.sort();
    let (mut until, mut sum) = (slot.from, Duration::ZERO);
    for (from, to) in spans {
        sum += to.since(from.max(until));
        until = until.max(to);
    }
    sum
}

/// Whether a venue took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendance {
    /// Name of the venue.
    pub venue: String,
    /// Whether it was there.
    pub attended: bool,
}

/// What is kept of a meeting for the year's figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AfterRecord {
    /// By venue.
    pub attendance: Vec<Attendance>,
    /// Whether it was ready when it was to begin.
    pub on_time: bool,
    /// Incidents.
    pub incidents: u32,
    /// Minutes lost, begun ones counted whole.
    pub lost_minutes: u32,
    /// Who watched.
    pub watchers: Vec<String>,
    /// In words.
    pub text: String,
}

impl AfterRecord {
    /// A first draft from what is known; `incidents` are in words.
    pub fn draft(
        attendance: Vec<Attendance>,
        on_time: bool,
        incidents: &[String],
        lost: Duration,
        watchers: Vec<String>,
        lang: Lang,
    ) -> Self {
        let lost_minutes = u32::try_from(lost.as_secs().div_ceil(60)).unwrap_or(u32::MAX);
        let there = attendance.iter().filter(|it| it.attended).count();
        let of = attendance.len();
        let count = incidents.len();
        let mut text = match lang {
            Lang::Zh => format!(
                "会场 {there}/{of} 参会；{}；故障 {count} 起，影响 {lost_minutes} 分钟。",
                if on_time { "按时就绪" } else { "未按时就绪" }
            ),
            Lang::En => format!(
                "{there}/{of} venues attended; {}; {count} incidents, {lost_minutes} minutes lost.",
                if on_time { "ready on time" } else { "not ready on time" }
            ),
        };
        for line in incidents {
            text.push('\n');
            text.push_str(line);
        }
        let incidents = u32::try_from(count).unwrap_or(u32::MAX);
        Self { attendance, on_time, incidents, lost_minutes, watchers, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    fn incident(from: i64, to: Option<i64>) -> MeetingIncident {
        MeetingIncident {
            id: MeetingIncidentId::new(1),
            venue: VenueId::new(1),
            from: at(from),
            to: to.map(at),
            what: String::new(),
            fallback: None,
            login: String::new(),
        }
    }

    #[test]
    fn a_lost_minute_counts_once_and_only_within_the_meeting() {
        let slot = Slot { from: at(0), to: at(60) };
        let all = [incident(-5, Some(3)), incident(10, Some(20)), incident(15, Some(25))];
        assert_eq!(lost(&all, slot, at(90)), Duration::from_secs(18 * 60));
        assert_eq!(lost(&[incident(50, None)], slot, at(55)), Duration::from_secs(300));
        assert_eq!(lost(&[incident(50, None)], slot, at(90)), Duration::from_secs(600));
        assert_eq!(lost(&[incident(61, Some(70))], slot, at(90)), Duration::ZERO);
    }

    #[test]
    fn a_draft_says_what_is_known() {
        let venue = |name: &str, attended| Attendance { venue: name.into(), attended };
        let it = AfterRecord::draft(
            vec![venue("主会场", true), venue("易家街", false)],
            true,
            &["易家街 无音频，启用备用终端".to_owned()],
            Duration::from_secs(61),
            vec!["王".into()],
            Lang::Zh,
        );
        assert_eq!((it.incidents, it.lost_minutes), (1, 2));
        assert_eq!(
            it.text,
            "会场 1/2 参会；按时就绪；故障 1 起，影响 2 分钟。\n易家街 无音频，启用备用终端"
        );
    }
}

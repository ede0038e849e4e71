//! 会后记录: drafted by the platform, corrected by a person, archived.

use super::Fallback;
use crate::{
    Lang, MeetingIncidentId, Timestamp, VenueId,
    meeting::{MeetingAct, MeetingStep, Slot},
};
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

/// From when to when a meeting was held: since a person began it and until one ended it. What the platform
/// began or ended by its rules counts as it was planned in `slot`, for nobody said otherwise.
pub fn held(steps: &[MeetingStep], slot: Slot) -> Slot {
    let by_person = |act: MeetingAct| {
        steps.iter().rev().find(|it| it.act == act && !it.login.is_empty()).map(|it| it.at)
    };
    let from = by_person(MeetingAct::Start).unwrap_or(slot.from);
    Slot { from, to: by_person(MeetingAct::End).unwrap_or(slot.to).max(from) }
}

/// Time of a meeting that was `held` in which something of it was lost; what overlaps counts once, what lasts
/// counts until its end.
pub fn lost(incidents: &[MeetingIncident], held: Slot) -> Duration {
    let mut spans: Vec<_> = incidents
        .iter()
        .map(|it| (it.from.max(held.from), it.to.unwrap_or(held.to).min(held.to)))
        .filter(|(from, to)| from < to)
        .collect();
    spans.sort();
    let (mut until, mut sum) = (held.from, Duration::ZERO);
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
    /// When it began; none in records of before that was kept.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// When it ended; likewise.
    #[serde(default)]
    pub to: Option<Timestamp>,
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

/// What is known of a meeting that is over.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// From when to when it was held.
    pub held: Slot,
    /// By venue, as the roll call says.
    pub attendance: Vec<Attendance>,
    /// Venues whose roll nobody called: of these nobody said that they were there.
    pub uncalled: usize,
    /// Whether it was ready when it was to begin.
    pub on_time: bool,
    /// What went wrong, in words.
    pub incidents: &'a [String],
    /// For how long.
    pub lost: Duration,
    /// Who watched.
    pub watchers: Vec<String>,
}

impl AfterRecord {
    /// A first draft from what is known.
    pub fn draft(draft: Draft<'_>, lang: Lang) -> Self {
        let Draft { held, attendance, uncalled, on_time, incidents, lost, watchers } = draft;
        let lost_minutes = u32::try_from(lost.as_secs().div_ceil(60)).unwrap_or(u32::MAX);
        let there = attendance.iter().filter(|it| it.attended).count();
        let (of, count, minutes) = (attendance.len(), incidents.len(), whole_minutes(held));
        let open = match (uncalled, lang) {
            (0, _) => String::new(),
            (_, Lang::Zh) => format!("（{uncalled} 个会场未点名）"),
            (_, Lang::En) => format!(" (no roll call in {uncalled})"),
        };
        let mut text = match lang {
            Lang::Zh => format!(
                "历时 {minutes} 分钟；会场 {there}/{of} 参会{open}；{}；故障 {count} 起，影响 {lost_minutes} 分钟。",
                if on_time { "按时就绪" } else { "未按时就绪" }
            ),
            Lang::En => format!(
                "{minutes} minutes; {there}/{of} venues attended{open}; {}; {count} incidents, {lost_minutes} minutes lost.",
                if on_time { "ready on time" } else { "not ready on time" }
            ),
        };
        for line in incidents {
            text.push('\n');
            text.push_str(line);
        }
        let incidents = u32::try_from(count).unwrap_or(u32::MAX);
        let (from, to) = (Some(held.from), Some(held.to));
        Self { from, to, attendance, on_time, incidents, lost_minutes, watchers, text }
    }

    /// 历时, minutes; none where it was not kept.
    pub fn minutes(&self) -> Option<u64> {
        Some(whole_minutes(Slot { from: self.from?, to: self.to? }))
    }
}

/// To the nearest minute.
fn whole_minutes(held: Slot) -> u64 {
    (held.length().as_secs() + 30) / 60
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
        assert_eq!(lost(&all, slot), Duration::from_secs(18 * 60));
        assert_eq!(lost(&[incident(50, None)], slot), Duration::from_secs(600));
        assert_eq!(lost(&[incident(61, Some(70))], slot), Duration::ZERO);
        let early = Slot { from: at(-10), to: at(40) };
        assert_eq!(lost(&all, early), Duration::from_secs(23 * 60), "it was begun before its time");
        assert_eq!(lost(&[incident(30, None)], early), Duration::from_secs(600), "and ended");
    }

    #[test]
    fn a_meeting_is_held_from_when_to_when_persons_say_so_and_else_as_planned() {
        let slot = Slot { from: at(0), to: at(60) };
        let step = |login: &str, act, minute| MeetingStep {
            at: at(minute),
            login: login.into(),
            act,
            note: String::new(),
        };
        let person = [step("wang", MeetingAct::Start, -7), step("wang", MeetingAct::End, 42)];
        assert_eq!(held(&person, slot), Slot { from: at(-7), to: at(42) });
        let own = [step("", MeetingAct::Start, 1), step("", MeetingAct::End, 75)];
        assert_eq!(held(&own, slot), slot, "its buffer is not the meeting");
        assert_eq!(held(&[own[0].clone(), person[1].clone()], slot).to, at(42));
    }

    #[test]
    fn a_draft_says_what_is_known() {
        let venue = |name: &str, attended| Attendance { venue: name.into(), attended };
        let draft = Draft {
            held: Slot { from: at(-5), to: at(40) },
            attendance: vec![venue("主会场", true), venue("易家街", false)],
            uncalled: 1,
            on_time: true,
            incidents: &["易家街 无音频，启用备用终端".to_owned()],
            lost: Duration::from_secs(61),
            watchers: vec!["王".into()],
        };
        let it = AfterRecord::draft(draft, Lang::Zh);
        assert_eq!((it.incidents, it.lost_minutes, it.minutes()), (1, 2, Some(45)));
        assert_eq!(
            it.text,
            "历时 45 分钟；会场 1/2 参会（1 个会场未点名）；按时就绪；故障 1 起，影响 2 分钟。\n易家街 无音频，启用备用终端"
        );
    }
}

//! Meetings as a calendar (RFC 5545). Times are moments in UTC: each occurrence is an event of its own,
//! so no rule and no zone has to be understood by whoever reads it.

use zhishou_domain::{
    Lang, Timestamp,
    meeting::{MeetingState, Slot, Venue, was_displaced},
};
use zhishou_storage::StoredMeeting;

/// Octets of a line at most, its break aside (§ 3.1).
const LINE: usize = 75;

/// The calendar of these meetings and their rehearsals, in a language.
pub fn calendar(
    (name, lang): (&str, Lang),
    meetings: &[StoredMeeting],
    venues: &[Venue],
    now: Timestamp,
) -> String {
    let mut text = String::new();
    line(&mut text, "BEGIN:VCALENDAR");
    line(&mut text, "VERSION:2.0");
    line(&mut text, "PRODID:-//Zhishou//Meetings//ZH");
    line(&mut text, &format!("X-WR-CALNAME:{}", escaped(name)));
    for meeting in meetings {
        let title = &meeting.plan.title;
        let shown = (venues, lang);
        event(&mut text, meeting, shown, now, ("", title, meeting.plan.slot()));
        if let Some(rehearsal) = meeting.plan.rehearsal {
            let title = format!("{title}{}", lang.pick("（联调）", " (rehearsal)"));
            let slot = rehearsal.in_zone(meeting.plan.zone);
            event(&mut text, meeting, shown, now, ("-rehearsal", &title, slot));
        }
    }
    line(&mut text, "END:VCALENDAR");
    text
}

fn event(
    text: &mut String,
    meeting: &StoredMeeting,
    (venues, lang): (&[Venue], Lang),
    now: Timestamp,
    (suffix, title, slot): (&str, &str, Slot),
) {
    let names: Vec<_> = meeting
        .plan
        .venues
        .iter()
        .filter_map(|it| venues.iter().find(|venue| venue.id == it.venue))
        .map(|venue| venue.name.as_str())
        .collect();
    let status = match meeting.state {
        MeetingState::Cancelled => "CANCELLED",
        MeetingState::Draft if was_displaced(&meeting.steps) => "CANCELLED",
        MeetingState::Draft | MeetingState::Submitted => "TENTATIVE",
        _ => "CONFIRMED",
    };
    // Each change of how it stands is news to whoever keeps a copy.
    let sequence = meeting.steps.len();
    line(text, "BEGIN:VEVENT");
    line(text, &format!("UID:meeting-{}{suffix}@zhishou", meeting.id));
    line(text, &format!("DTSTAMP:{}", moment(now)));
    line(text, &format!("DTSTART:{}", moment(slot.from)));
    line(text, &format!("DTEND:{}", moment(slot.to)));
    line(text, &format!("SEQUENCE:{sequence}"));
    line(text, &format!("STATUS:{status}"));
    line(text, &format!("SUMMARY:{}", escaped(title)));
    line(text, &format!("LOCATION:{}", escaped(&names.join(lang.pick("、", ", ")))));
    let plan = &meeting.plan;
    let about = [plan.organiser.as_str(), meeting.state.name(lang), plan.note.as_str()];
    let about: Vec<_> = about.into_iter().filter(|it| !it.is_empty()).collect();
    line(text, &format!("DESCRIPTION:{}", escaped(&about.join("\n"))));
    line(text, "END:VEVENT");
}

fn moment(at: Timestamp) -> String {
    at.in_zone(chrono_tz::UTC).format("%Y%m%dT%H%M%SZ").to_string()
}

/// § 3.3.11.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
    text.replace("\r\n", "\\n").replace(['\n', '\r'], "\\n")
}

/// A line, folded where it is too long, never within a character.
fn line(text: &mut String, whole: &str) {
    let mut used = 0;
    for c in whole.chars() {
        if used + c.len_utf8() > LINE {
            text.push_str("\r\n ");
            used = 1;
        }
        text.push(c);
        used += c.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_folded_between_characters() {
        let mut text = String::new();
        line(&mut text, &format!("SUMMARY:{}", "会".repeat(60)));
        assert!(text.ends_with("\r\n"));
        for part in text.trim_end().split("\r\n") {
            assert!(part.len() <= LINE, "{}", part.len());
        }
        assert_eq!(text.replace("\r\n ", ""), format!("SUMMARY:{}\r\n", "会".repeat(60)));
    }

    #[test]
    fn what_has_a_meaning_is_escaped() {
        assert_eq!(escaped("a;b,c\\d\r\ne\nf"), "a\\;b\\,c\\\\d\\ne\\nf");
    }
}

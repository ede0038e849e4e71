//! What whoever is on duty is told of a meeting ahead: to sign in, and how ready it is; that its chair is told
//! too.
//!
//! Each message has a key of its own, so that it is made once however often this is asked. Where nobody of
//! the shift can be reached it goes to those whom the channel has.

use super::{DutyShift, Watcher};
use crate::{
    Lang, MeetingId, Timestamp, VenueId,
    alert::{Contact, Note, Topic},
    check::{CheckPlan, Conclusion, Fallback, Readiness},
    meeting::{MeetingPlan, Venue},
};
use chrono_tz::Tz;
use std::time::Duration;

/// So long before a meeting its lead is to have signed in.
const SIGN_IN: Duration = Duration::from_secs(60 * 60);
/// Where nobody has by then, the backup is asked.
const BACKUP: Duration = Duration::from_secs(45 * 60);
/// So long before a meeting it is told how ready it is.
const REPORT: Duration = Duration::from_secs(30 * 60);

/// A meeting ahead.
#[derive(Clone, Copy, Debug)]
pub struct Ahead<'a> {
    /// 会议号.
    pub id: MeetingId,
    /// What it is called.
    pub title: &'a str,
    /// When it begins.
    pub from: Timestamp,
    /// Of the times in words.
    pub zone: Tz,
    /// Of the words.
    pub lang: Lang,
}

/// Those of these people who can be reached at all.
pub fn reachable<'a>(people: impl Iterator<Item = &'a Watcher>) -> Vec<Contact> {
    people.cloned().map(Contact::from).filter(Contact::is_reachable).collect()
}

impl Ahead<'_> {
    fn note(&self, key: String, title: String, about: String, lines: Vec<String>) -> Note {
        let key = format!("{key}/{}/{}", self.id, self.from.millis());
        Note { about, lines, ..Note::new(Topic::Duty, key, title) }
    }

    /// `08:30 防汛调度会`.
    fn named(&self) -> String {
        format!("{} {}", self.from.in_zone(self.zone).format("%H:%M"), self.title)
    }

    /// Whether there may be anything to tell at `now`.
    pub fn is_near(&self, now: Timestamp) -> bool {
        now >= self.from - SIGN_IN && now < self.from
    }

    /// 签到提醒 due at `now`, where `shift` has the watch when the meeting begins: to the lead an hour before,
    /// and 15 minutes later to the backup too.
    pub fn sign_in(&self, shift: Option<&DutyShift>, now: Timestamp) -> Vec<Note> {
        if !self.is_near(now) {
            return Vec::new();
        }
        let (named, zh, duty) = (self.named(), self.lang == Lang::Zh, "/duty".to_owned());
        let Some(shift) = shift else {
            let (title, line) = match zh {
                true => (format!("会议无人值班：{named}"), "请排班，值班人到岗后签到。"),
                false => {
                    (format!("Nobody on duty: {named}"), "Enter who has the watch; they sign in.")
                }
            };
            return vec![self.note("duty/nobody".to_owned(), title, duty, vec![line.to_owned()])];
        };
        if shift.signed_for(self.from).is_some() {
            return Vec::new();
        }
        let title = match zh {
            true => format!("请值班签到：{named}"),
            false => format!("Sign in for duty: {named}"),
        };
        let lead = &shift.lead.name;
        let ask = |who: &Watcher, line: String| Note {
            to: reachable(std::iter::once(who)),
            ..self.note(
                format!("duty/sign-in/{}/{}", shift.id, who.name),
                title.clone(),
                duty.clone(),
                vec![line],
            )
        };
        let mut notes = vec![ask(
            &shift.lead,
            match zh {
                true => format!("值班长 {lead}：会前 60 分钟到岗签到，查看各会场检查结果。"),
                false => format!("{lead}: sign in 60 minutes before and look at the checks."),
            },
        )];
        if let Some(backup) = shift.backup.as_ref().filter(|_| now >= self.from - BACKUP) {
            let name = &backup.name;
            notes.push(ask(
                backup,
                match zh {
                    true => format!("值班长 {lead} 尚未签到，请副班 {name} 到岗签到并与其联系。"),
                    false => format!("{lead} has not signed in: {name}, take the watch and call."),
                },
            ));
        }
        notes
    }

    /// When 就绪报告 is due.
    pub fn report_at(&self) -> Timestamp {
        self.from - REPORT
    }

    /// Whether 就绪报告 is due at `now`.
    pub fn is_report_due(&self, now: Timestamp) -> bool {
        now >= self.report_at() && now < self.from
    }

    /// 就绪报告: the sentence, what is amiss venue by venue, and what is turned to where one fails.
    pub fn report(
        &self,
        it: &Readiness,
        plan: &CheckPlan,
        venues: &[Venue],
        shift: Option<&DutyShift>,
    ) -> Note {
        let (named, lang) = (self.named(), self.lang);
        let title = match lang {
            Lang::Zh => format!("会前就绪报告：{named}"),
            Lang::En => format!("Ready or not: {named}"),
        };
        let of = |id: VenueId| venues.iter().find(|it| it.id == id);
        let name = |id| of(id).map(|it| it.name.clone()).unwrap_or_default();
        let amiss = it.rows.iter().filter(|row| row.conclusion != Conclusion::Ready).map(|row| {
            let words = format!("{} {}", name(row.venue), row.conclusion.name(lang));
            let words = match row.words(lang) {
                first if first.is_empty() => words,
                first => format!("{words}: {first}"),
            };
            match of(row.venue).filter(|_| row.conclusion == Conclusion::NotReady) {
                Some(venue) => format!("{words}{}", way_out(plan, venue, lang)),
                None => words,
            }
        });
        let lines = std::iter::once(it.sentence(name, self.zone, lang)).chain(amiss).collect();
        let to = shift.map(|shift| reachable(shift.people())).unwrap_or_default();
        let about = format!("/meetings/{}", self.id);
        Note { to, ..self.note("readiness".to_owned(), title, about, lines) }
    }

    /// The same report for who chairs it; none where nobody is named or can be reached.
    pub fn report_to_chair(&self, report: &Note, plan: &MeetingPlan) -> Option<Note> {
        let chairs = plan.chairs().map(|it| Contact {
            name: it.name.clone(),
            phone: it.phone.clone(),
            mail: it.mail.clone(),
        });
        let to: Vec<_> = chairs.filter(Contact::is_reachable).collect();
        let key = format!("chair/{}", report.key);
        (!to.is_empty()).then(|| Note { topic: Topic::Meeting, key, to, ..report.clone() })
    }
}

/// What a venue that fails turns to, in the order of the plan; empty where the plan has nothing for it.
fn way_out(plan: &CheckPlan, venue: &Venue, lang: Lang) -> String {
    let backup = venue.backup();
    let ways = plan.fallbacks.iter().filter_map(|it| match (it, backup) {
        (Fallback::BackupEndpoint, None) => None,
        (Fallback::BackupEndpoint, Some(to)) => Some(format!("{} {}", it.name(lang), to.name)),
        _ => Some(it.name(lang).to_owned()),
    });
    let ways: Vec<_> = ways.collect();
    match (ways.is_empty(), lang) {
        (true, _) => String::new(),
        (false, Lang::Zh) => format!("；应急：{}", ways.join(" → ")),
        (false, Lang::En) => format!("; fall back: {}", ways.join(" → ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ShiftId, duty::SignIn, meeting::AssuranceGrade};

    const BEGIN: i64 = 1_800_000_000_000;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(BEGIN + minute * 60_000)
    }

    fn ahead() -> Ahead<'static> {
        Ahead {
            id: MeetingId::new(7),
            title: "防汛调度会",
            from: at(0),
            zone: chrono_tz::Asia::Shanghai,
            lang: Lang::Zh,
        }
    }

    fn shift() -> DutyShift {
        let watcher = |name: &str, mail: &str| Watcher {
            name: name.into(),
            mail: mail.into(),
            ..Watcher::default()
        };
        DutyShift {
            id: ShiftId::new(3),
            from: at(-120),
            to: at(600),
            lead: watcher("王", "wang@x.example"),
            backup: Some(watcher("李", "li@x.example")),
            sign_ins: Vec::new(),
            hand_overs: Vec::new(),
        }
    }

    fn mails(notes: &[Note]) -> Vec<&str> {
        notes.iter().flat_map(|note| &note.to).map(|it| it.mail.as_str()).collect()
    }

    #[test]
    fn the_lead_is_asked_an_hour_before_and_then_the_backup_until_one_signs_in() {
        let mut shift = shift();
        let asked = |shift: &DutyShift, minute| ahead().sign_in(Some(shift), at(minute));
        assert_eq!(asked(&shift, -61), []);
        assert_eq!(mails(&asked(&shift, -60)), ["wang@x.example"]);
        assert_eq!(mails(&asked(&shift, -46)), ["wang@x.example"]);
        let late = asked(&shift, -45);
        assert_eq!(mails(&late), ["wang@x.example", "li@x.example"]);
        assert_eq!(late[0].key, asked(&shift, -60)[0].key, "the lead is asked once");
        assert!(late[1].lines[0].contains("请副班 李 到岗签到"), "{late:?}");
        assert_eq!(asked(&shift, 0), [], "it runs");
        let signs = |minute| SignIn { at: at(minute), login: "wang".into() };
        shift.sign_ins.push(signs(-241));
        assert_eq!(asked(&shift, -45), late, "whoever came in the morning may have gone");
        shift.sign_ins.push(signs(-50));
        assert_eq!(asked(&shift, -45), []);
    }

    #[test]
    fn where_nobody_has_the_watch_those_of_the_channel_are_told() {
        let notes = ahead().sign_in(None, at(-60));
        assert_eq!((notes.len(), mails(&notes).len()), (1, 0));
        assert_eq!(notes[0].title, "会议无人值班：16:00 防汛调度会");
    }

    #[test]
    fn the_report_goes_to_both_half_an_hour_before() {
        assert_eq!(
            [-31, -30, -1, 0].map(|minute| ahead().is_report_due(at(minute))),
            [false, true, true, false]
        );
        let none = Readiness {
            conclusion: Conclusion::Unconfirmed,
            ready: 0,
            confirmed: None,
            until: None,
            rows: Vec::new(),
        };
        let note =
            ahead().report(&none, &CheckPlan::of_grade(AssuranceGrade::Third), &[], Some(&shift()));
        assert_eq!(mails(std::slice::from_ref(&note)), ["wang@x.example", "li@x.example"]);
        assert_eq!((note.about.as_str(), note.lines[0].as_str()), ("/meetings/7", "没有会场。"));
    }
}

//! One shift.

use crate::{Lang, ShiftId, Timestamp, alert::Contact};
use serde::{Deserialize, Serialize};

/// A person on duty, as colleagues know and call them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watcher {
    /// 姓名.
    pub name: String,
    /// 电话; empty where none is known.
    pub phone: String,
    /// 邮箱; empty where none is known.
    #[serde(default)]
    pub mail: String,
}

impl From<Watcher> for Contact {
    fn from(it: Watcher) -> Self {
        Self { name: it.name, phone: it.phone, mail: it.mail }
    }
}

/// 值班签到: somebody was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// When.
    pub at: Timestamp,
    /// Who, as they logged in.
    pub login: String,
}

/// 交接班: what the next has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver {
    /// When it was written.
    pub at: Timestamp,
    /// By whom, as they logged in.
    pub login: String,
    /// In words.
    pub text: String,
}

/// 班次: half-open, from `from` until just before `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyShift {
    /// 班次号.
    pub id: ShiftId,
    /// First moment.
    pub from: Timestamp,
    /// First moment that is no longer of it.
    pub to: Timestamp,
    /// 值班长.
    pub lead: Watcher,
    /// 副班, who is called where the lead does not answer.
    pub backup: Option<Watcher>,
    /// 签到, in order.
    pub sign_ins: Vec<SignIn>,
    /// 交接班记录, in order.
    pub hand_overs: Vec<HandOver>,
}

/// Why something cannot be done to a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DutyRefusal {
    /// It is over: what was is not changed.
    Over,
    /// It has begun: it is handed over, not taken away.
    Begun,
    /// Nobody signs in more than this long before the shift begins.
    Early,
    /// There are no words, or no name.
    Empty,
}

/// 签到 is open so long before a shift begins, minutes.
const EARLY_MINUTES: u64 = 60;
/// A signature says so long that somebody is there.
const SIGNED: std::time::Duration = std::time::Duration::from_secs(4 * 3600);

impl DutyShift {
    /// Whether `at` lies in it.
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// Whoever has it, the lead first.
    pub fn people(&self) -> impl Iterator<Item = &Watcher> {
        std::iter::once(&self.lead).chain(&self.backup)
    }

    /// Who signed in last.
    pub fn signed_in(&self) -> Option<&SignIn> {
        self.sign_ins.last()
    }

    /// Who signed in for what begins at `from`: no more than four hours before. Of a day's shift that began in the
    /// morning nobody knows whether its people are there in the evening.
    pub fn signed_for(&self, from: Timestamp) -> Option<&SignIn> {
        self.sign_ins.iter().rfind(|it| it.at >= from - SIGNED)
    }

    /// Who watched a meeting that ended at `end`, for its record: who signed in by then. Of those who were
    /// only on the roster it says so, and where nobody signed in, that nobody did.
    pub fn watched(&self, end: Timestamp, lang: Lang) -> Vec<String> {
        let mut logins: Vec<&str> = Vec::new();
        for signed in self.sign_ins.iter().filter(|it| it.at < end) {
            if !logins.contains(&signed.login.as_str()) {
                logins.push(&signed.login);
            }
        }
        let roster = match logins.is_empty() {
            true => lang.pick("（排班未签到）", " (rostered but not signed in)"),
            false => lang.pick("（排班）", " (rostered)"),
        };
        let signed = lang.pick("（签到）", " (signed in)");
        let others = self.people().filter(|who| !logins.contains(&who.name.as_str()));
        let others: Vec<_> = others.map(|who| format!("{}{roster}", who.name)).collect();
        logins.iter().map(|login| format!("{login}{signed}")).chain(others).collect()
    }

    /// Whether somebody may sign in at `now`.
    pub fn allow_sign_in(&self, now: Timestamp) -> Result<(), DutyRefusal> {
        if now >= self.to {
            return Err(DutyRefusal::Over);
        }
        let early = std::time::Duration::from_secs(EARLY_MINUTES * 60);
        if now < self.from - early { Err(DutyRefusal::Early) } else { Ok(()) }
    }

    /// Whether who has it may be changed at `now`; a substitute is entered also while it runs.
    pub fn allow_change(&self, now: Timestamp, lead: &Watcher) -> Result<(), DutyRefusal> {
        if now >= self.to {
            return Err(DutyRefusal::Over);
        }
        if lead.name.trim().is_empty() { Err(DutyRefusal::Empty) } else { Ok(()) }
    }

    /// Whether it may be taken from the roster at `now`.
    pub fn allow_removal(&self, now: Timestamp) -> Result<(), DutyRefusal> {
        if now >= self.from { Err(DutyRefusal::Begun) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + minute * 60_000)
    }

    fn shift() -> DutyShift {
        DutyShift {
            id: ShiftId::new(1),
            from: at(0),
            to: at(480),
            lead: Watcher { name: "王".into(), ..Watcher::default() },
            backup: None,
            sign_ins: vec![],
            hand_overs: vec![],
        }
    }

    #[test]
    fn a_shift_is_half_open() {
        let it = shift();
        assert!(it.covers(at(0)) && it.covers(at(480) - Duration::from_millis(1)));
        assert!(!it.covers(at(480)) && !it.covers(at(0) - Duration::from_millis(1)));
    }

    #[test]
    fn nobody_signs_in_for_what_is_over_or_far_ahead() {
        let it = shift();
        assert_eq!(it.allow_sign_in(at(-61)), Err(DutyRefusal::Early));
        assert_eq!(it.allow_sign_in(at(-60)), Ok(()));
        assert_eq!(it.allow_sign_in(at(480)), Err(DutyRefusal::Over));
    }

    #[test]
    fn a_shift_that_began_has_substitutes_and_one_that_is_over_is_history() {
        let it = shift();
        let other = Watcher { name: "李".into(), phone: "1".into(), ..Watcher::default() };
        assert_eq!(it.allow_change(at(100), &other), Ok(()));
        assert_eq!(it.allow_change(at(100), &Watcher::default()), Err(DutyRefusal::Empty));
        assert_eq!(it.allow_change(at(480), &other), Err(DutyRefusal::Over));
        assert_eq!(it.allow_removal(at(-1)), Ok(()));
        assert_eq!(it.allow_removal(at(0)), Err(DutyRefusal::Begun));
    }
}

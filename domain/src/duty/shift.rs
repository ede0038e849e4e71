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
    /// 用户: as whom they log in; empty where that is not known.
    #[serde(default)]
    pub login: String,
}

impl Watcher {
    /// Whether it is they who logged in so. Whose login is not known is known by a name that is the same.
    fn is(&self, login: &str) -> bool {
        if self.login.is_empty() { self.name == login } else { self.login == login }
    }
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

/// Who watched a meeting that ended at `end`, in the shifts that it touched, for its record: who signed in by
/// then, by the name on the roster where their login is known, and each person once. Of those who were only on
/// the roster it says so, and where nobody of their shift signed in, that nobody did.
pub fn watchers(shifts: &[DutyShift], end: Timestamp, lang: Lang) -> Vec<String> {
    let people = || shifts.iter().flat_map(DutyShift::people);
    let named = |login: &str| {
        let known = people().find(|who| who.is(login));
        known.map_or_else(|| login.to_owned(), |who| who.name.clone())
    };
    let signed_of = |shift: &DutyShift| -> Vec<String> {
        let signed = shift.sign_ins.iter().filter(|it| it.at < end);
        signed.map(|it| named(&it.login)).collect()
    };
    let signed: Vec<_> = shifts.iter().flat_map(signed_of).collect();
    let mut told: Vec<(String, &str)> = Vec::new();
    for shift in shifts {
        let own = signed_of(shift);
        let roster = match own.is_empty() {
            true => lang.pick("（排班未签到）", " (rostered but not signed in)"),
            false => lang.pick("（排班）", " (rostered)"),
        };
        let mark = lang.pick("（签到）", " (signed in)");
        let others = shift.people().map(|who| who.name.clone());
        let others = others.filter(|name| !signed.contains(name)).map(|name| (name, roster));
        for (name, mark) in own.into_iter().map(|name| (name, mark)).chain(others) {
            if told.iter().all(|(other, _)| *other != name) {
                told.push((name, mark));
            }
        }
    }
    told.into_iter().map(|(name, mark)| format!("{name}{mark}")).collect()
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

    #[test]
    fn who_signs_in_is_who_is_on_the_roster_and_is_told_once() {
        let known = |name: &str, login: &str| Watcher {
            name: name.into(),
            login: login.into(),
            ..Watcher::default()
        };
        let signs = |minute, login: &str| SignIn { at: at(minute), login: login.into() };
        let day = DutyShift {
            lead: known("王建国", "wang"),
            backup: Some(known("李敏", "")),
            sign_ins: vec![signs(1, "wang"), signs(2, "zhao"), signs(3, "wang"), signs(99, "li")],
            ..shift()
        };
        let said = |shifts: &[DutyShift]| watchers(shifts, at(60), Lang::Zh).join("、");
        let words = "王建国（签到）、zhao（签到）、李敏（排班）";
        assert_eq!(said(std::slice::from_ref(&day)), words);
        // Who signed in for one shift is on the roster of the next, and one more.
        let night =
            DutyShift {
                lead: known("王建国", "wang"), backup: Some(known("赵", "")), ..shift()
            };
        assert_eq!(said(&[day, night.clone()]), format!("{words}、赵（排班未签到）"));
        // A name that is somebody else's login is not they.
        let other =
            DutyShift { lead: known("wang", "wang2"), sign_ins: vec![signs(1, "wang")], ..shift() };
        assert_eq!(said(&[other]), "wang（签到）");
        assert_eq!(said(&[night]), "王建国（排班未签到）、赵（排班未签到）");
    }
}

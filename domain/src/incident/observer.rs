//! Whether we see at all: a device is never blamed for our own fault.
//!
//! Canaries are asked when something does not answer. Apart from them the results themselves tell: when
//! of the devices that were well a moment ago too many are lost at once, it is our line that is down.
//! Only looks at devices that were well count for that, one each, so that a street without power, which
//! is looked at more often while in doubt, is not taken for all.

use crate::{Lang, Timestamp};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};

/// What is wrong with an observer, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObserverFault {
    /// 对照点全部无应答.
    Blind,
    /// 大面积失联.
    Lost,
    /// 平台停止运行.
    Stopped,
    /// 探测滞后.
    Late,
}

words!(ObserverFault {
    Blind = "blind", "对照点全部无应答", "no canary answers";
    Lost = "lost", "探测目标大面积失联", "too many devices lost at once";
    Stopped = "stopped", "平台停止运行", "the platform did not run";
    Late = "late", "探测滞后", "probes come late";
});

impl ObserverFault {
    /// What to do.
    pub const fn advice(self, lang: Lang) -> &'static str {
        match self {
            Self::Blind => lang.pick(
                "检查探测服务器的网线、网关与上联；恢复前无应答一律记为未知，不计设备离线",
                "check cable, gateway and uplink of the probing server; until it sees again, what does not answer is unknown and no device is blamed",
            ),
            Self::Lost => lang.pick(
                "检查探测服务器到各站点的汇聚链路与防火墙；若确为大范围停电，按站点核实后申报剔除",
                "check the links and firewalls between the probing server and the sites; where it is a power cut at large, verify by site and file an exclusion",
            ),
            Self::Stopped => lang.pick(
                "查看服务器电源、系统日志与磁盘空间；停止期间一律记为未知，不计设备离线",
                "look at power, system log and disk of the server; what nobody observed meanwhile is unknown and no device is blamed",
            ),
            Self::Late => lang.pick(
                "检查探测服务器的负荷与时钟；可调大 probing.concurrent 或延长探测间隔",
                "check load and clock of the probing server; raise probing.concurrent or lengthen the interval",
            ),
        }
    }
}

/// When an observer is not believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ObserverRule {
    /// Looks at devices that were well are gathered for so long.
    pub window: Duration,
    /// Such looks at least, before they say anything.
    pub least: usize,
    /// More than this share of them lost is our own fault, 0–1.
    pub share: f64,
    /// A probe that waits so long past its time is late.
    pub late: Duration,
}

impl Default for ObserverRule {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(60),
            least: 10,
            share: 0.5,
            late: Duration::from_secs(600),
        }
    }
}

/// What canaries (对照点) said when they were asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Canaries {
    /// Those that answered.
    pub answered: usize,
    /// All.
    pub of: usize,
}

/// One look at a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It answered.
    Kept,
    /// It was well and did not answer.
    Lost,
    /// It did not answer, as before.
    StillLost,
}

/// How one agent sees.
#[derive(Clone, Debug)]
pub struct Observer {
    rule: ObserverRule,
    canaries: Canaries,
    /// When, and whether it was lost. While too many are lost: the last looks, whenever they were.
    looks: VecDeque<(Timestamp, bool)>,
    is_losing: bool,
    late_by: Duration,
}

impl Observer {
    /// One that sees.
    pub fn new(rule: ObserverRule) -> Self {
        Self {
            rule,
            canaries: Canaries::default(),
            looks: VecDeque::new(),
            is_losing: false,
            late_by: Duration::ZERO,
        }
    }

    /// The canaries were asked.
    pub fn asked(&mut self, canaries: Canaries) {
        self.canaries = canaries;
    }

    /// The probe that waits longest is so late.
    pub fn waits(&mut self, by: Duration) {
        self.late_by = by;
    }

    /// A device was looked at.
    pub fn looked(&mut self, at: Timestamp, trial: Trial) {
        if trial == Trial::StillLost && !self.is_losing {
            return;
        }
        self.looks.push_back((at, trial != Trial::Kept));
        if self.is_losing {
            while self.looks.len() > self.rule.least {
                self.looks.pop_front();
            }
        } else {
            let from = at - self.rule.window;
            while self.looks.front().is_some_and(|(at, _)| *at < from) {
                self.looks.pop_front();
            }
        }
        if self.looks.len() < self.rule.least {
            return;
        }
        let lost = self.looks.iter().filter(|(_, is_lost)| *is_lost).count();
        let is_losing = lost as f64 > self.rule.share * self.looks.len() as f64;
        if is_losing != self.is_losing {
            self.is_losing = is_losing;
            self.looks.clear();
        }
    }

    /// What is wrong with it, the worst first.
    pub fn fault(&self) -> Option<ObserverFault> {
        if self.canaries.of > 0 && self.canaries.answered == 0 {
            Some(ObserverFault::Blind)
        } else if self.is_losing {
            Some(ObserverFault::Lost)
        } else {
            (self.late_by > self.rule.late).then_some(ObserverFault::Late)
        }
    }

    /// Whether what does not answer may be blamed on the device.
    pub fn sees(&self) -> bool {
        !matches!(self.fault(), Some(ObserverFault::Blind | ObserverFault::Lost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    #[test]
    fn one_canary_that_answers_is_enough_and_none_configured_says_nothing() {
        let mut observer = Observer::new(ObserverRule::default());
        for (answered, of, sees) in [(0, 0, true), (2, 2, true), (1, 2, true), (0, 2, false)] {
            observer.asked(Canaries { answered, of });
            assert_eq!(observer.sees(), sees, "{answered} of {of}");
        }
        assert_eq!(observer.fault(), Some(ObserverFault::Blind));
        observer.asked(Canaries { answered: 1, of: 2 });
        assert_eq!(observer.fault(), None);
    }

    #[test]
    fn our_uplink_is_told_from_the_devices_and_its_return_too() {
        let mut observer = Observer::new(ObserverRule::default());
        (0..30).for_each(|second| observer.looked(at(second), Trial::Kept));
        let blind = (30..60).find(|&second| {
            observer.looked(at(second), Trial::Lost);
            !observer.sees()
        });
        // 30 kept and 31 lost within the minute.
        assert_eq!(blind, None);
        (60..70).for_each(|second| observer.looked(at(second), Trial::Lost));
        assert_eq!(observer.fault(), Some(ObserverFault::Lost));
        (70..90).for_each(|second| observer.looked(at(second), Trial::StillLost));
        assert!(!observer.sees());
        (90..95).for_each(|second| observer.looked(at(second), Trial::Kept));
        assert!(observer.sees());
    }

    #[test]
    fn a_street_that_is_looked_at_again_and_again_while_down_is_not_all() {
        let mut observer = Observer::new(ObserverRule::default());
        for second in 0..300 {
            // One in five devices fell; those in doubt are looked at ten times as often.
            let trial = if second % 5 == 0 { Trial::Lost } else { Trial::Kept };
            observer.looked(at(second), trial);
            (0..10).for_each(|_| observer.looked(at(second), Trial::StillLost));
            assert!(observer.sees(), "{second}");
        }
    }

    #[test]
    fn few_looks_say_nothing_and_lateness_blames_no_result() {
        let mut observer = Observer::new(ObserverRule::default());
        (0..9).for_each(|second| observer.looked(at(second), Trial::Lost));
        assert!(observer.sees());
        observer.waits(Duration::from_secs(601));
        assert_eq!((observer.fault(), observer.sees()), (Some(ObserverFault::Late), true));
        observer.waits(Duration::ZERO);
        assert_eq!(observer.fault(), None);
    }
}

//! A figure with all that it was made of. None travels without its numerator, denominator, coverage
//! and policy.

use super::{Heads, Sums, Tally};
use crate::{
    Rate,
    policy::{IntactOver, Method, OnlineOver, Policy, PolicyRef, Weights},
};
use serde::{Deserialize, Serialize};

/// Which figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureKind {
    /// 接入率: 应检 / 台账.
    Connected,
    /// 设备可达率: reached / known to be reached or not.
    Reach,
    /// 在线率 (取流成功率): media flowed / known, or / due or / 台账 where the policy says so.
    Online,
    /// 图像完好率: usable picture / online with a picture that was judged, or / that and down.
    Intact,
    /// 档案完整率: complete records / 台账.
    Ledger,
}

words!(FigureKind {
    Connected = "connected", "接入率", "connected";
    Reach = "reach", "设备可达率", "reach";
    Online = "online", "在线率", "online";
    Intact = "intact", "图像完好率", "picture intact";
    Ledger = "ledger", "档案完整率", "ledger complete";
});

impl FigureKind {
    /// What it weighs in a score, 0–1.
    pub const fn weight(self, weights: &Weights) -> f64 {
        match self {
            Self::Connected => weights.connected,
            Self::Reach => weights.reach,
            Self::Online => weights.online,
            Self::Intact => weights.intact,
            Self::Ledger => weights.ledger,
        }
    }
}

/// In what numerator and denominator are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 台·分钟.
    DeviceMinutes,
    /// 台: devices at one moment.
    Devices,
    /// 台次: devices at several moments.
    Checks,
}

words!(Unit {
    DeviceMinutes = "device_minutes", "台·分钟", "device-minutes";
    Devices = "devices", "台", "devices";
    Checks = "checks", "台次", "checks";
});

/// From what the minutes were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The truth, for any policy.
    Transitions,
    /// The cache: 在线率 only, and only for a policy that reads minutes as strips hold them.
    Strips,
}

words!(Source {
    Transitions = "transitions", "状态变化", "transitions";
    Strips = "strips", "逐分钟记录", "strips";
});

/// A figure with all that it was made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Which.
    pub kind: FigureKind,
    /// What counts as good, and what counts at all; in `unit`.
    pub rate: Rate,
    /// In what both are counted.
    pub unit: Unit,
    /// 数据覆盖率: known / scheduled, in `unit`.
    pub coverage: Rate,
    /// Lowest value that what is unknown leaves open.
    pub lowest: Rate,
    /// Highest value that what is unknown leaves open.
    pub highest: Rate,
    /// 口径.
    pub policy: PolicyRef,
    /// Coverage, 0–100 percent, below which no number is given.
    pub floor_percent: f64,
}

/// What may be said of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told {
    /// A number.
    Number(Rate),
    /// 数据不足: only between which values it lies.
    TooLittle {
        /// At worst.
        lowest: Rate,
        /// At best.
        highest: Rate,
    },
    /// Nothing was scheduled.
    Nothing,
}

impl Figure {
    /// What may be said of it.
    pub fn told(&self) -> Told {
        let Some(coverage) = self.coverage.value() else { return Told::Nothing };
        // Nothing known gives no number, even under a policy whose floor is 0.
        if coverage * 100.0 < self.floor_percent || self.rate.denominator == 0 {
            return Told::TooLittle { lowest: self.lowest, highest: self.highest };
        }
        Told::Number(self.rate)
    }

    /// 0–1; `None` where no number may be given.
    pub fn value(&self) -> Option<f64> {
        match self.told() {
            Told::Number(rate) => rate.value(),
            Told::TooLittle { .. } | Told::Nothing => None,
        }
    }
}

/// 考核得分, 0–100.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// `None` where one of its figures is no number.
    pub value: Option<f64>,
    /// Lowest that what is unknown leaves open.
    pub lowest: f64,
    /// Highest that what is unknown leaves open.
    pub highest: f64,
}

/// The figures of a group of devices, or of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// 接入率.
    pub connected: Figure,
    /// 设备可达率; `None` where made from strips.
    pub reach: Option<Figure>,
    /// 在线率.
    pub online: Figure,
    /// 图像完好率; `None` where made from strips, and of equipment.
    pub intact: Option<Figure>,
    /// 档案完整率.
    pub ledger: Figure,
    /// 考核得分, where the policy has one and all its figures are there.
    pub score: Option<Score>,
}

impl Figures {
    /// Figures before (`tally.before`) or after (`tally.after`) exclusion.
    pub fn of(policy: &Policy, moments: usize, sums: &Sums, heads: &Heads, source: Source) -> Self {
        let unit = match (policy.measure.method, moments) {
            (Method::TimeWeighted, _) => Unit::DeviceMinutes,
            (Method::Snapshot, 0 | 1) => Unit::Devices,
            (Method::Snapshot, _) => Unit::Checks,
        };
        let make = Maker { policy, unit };
        let (online, checked) = (sums.online(), sums.checked());
        let open = sums.due - checked;
        // What nobody judged may be either.
        let unsaid = open + sums.unjudged;
        let (over, most) = match policy.measure.intact_over {
            IntactOver::Online => (online - sums.unjudged, online + open),
            IntactOver::Checked => (checked - sums.unjudged, sums.due),
        };
        let intact = Spread { low: (sums.intact, most), high: (sums.intact + unsaid, most) };
        let online_over = match policy.measure.online_over {
            // Where nothing is known there is no number.
            _ if checked == 0 => 0,
            OnlineOver::Checked => checked,
            OnlineOver::Due | OnlineOver::Ledger => sums.due,
        };
        let known_reach = sums.reached + sums.unreached;
        let is_whole = source == Source::Transitions;
        let mut figures = Self {
            connected: make.of_heads(FigureKind::Connected, heads.due, heads.ledger),
            reach: is_whole.then(|| {
                let open = sums.due - known_reach;
                let spread = Spread::of(sums.reached, open, sums.due);
                let rate = (sums.reached, known_reach);
                make.figure(FigureKind::Reach, rate, (known_reach, sums.due), spread)
            }),
            online: make.figure(
                FigureKind::Online,
                (online, online_over),
                (checked, sums.due),
                Spread::of(online, open, sums.due),
            ),
            intact: (is_whole && policy.has_pictures()).then(|| {
                let known = (checked - sums.unjudged, sums.due);
                make.figure(FigureKind::Intact, (sums.intact, over), known, intact)
            }),
            ledger: make.of_heads(FigureKind::Ledger, heads.complete, heads.ledger),
            score: None,
        };
        figures.score = policy.score.and_then(|score| figures.score_by(&score.weights));
        figures
    }

    /// Figures of a tally after exclusion.
    pub fn after(policy: &Policy, moments: usize, tally: &Tally, source: Source) -> Self {
        Self::of(policy, moments, &tally.after, &tally.heads, source)
    }

    /// Figures of a tally before exclusion.
    pub fn before(policy: &Policy, moments: usize, tally: &Tally, source: Source) -> Self {
        Self::of(policy, moments, &tally.before, &tally.heads, source)
    }

    fn of_kind(&self, kind: FigureKind) -> Option<&Figure> {
        match kind {
            FigureKind::Connected => Some(&self.connected),
            FigureKind::Reach => self.reach.as_ref(),
            FigureKind::Online => Some(&self.online),
            FigureKind::Intact => self.intact.as_ref(),
            FigureKind::Ledger => Some(&self.ledger),
        }
    }

    fn score_by(&self, weights: &Weights) -> Option<Score> {
        let (mut value, mut lowest, mut highest) = (Some(0.0), 0.0, 0.0);
        for &kind in FigureKind::ALL {
            let weight = kind.weight(weights);
            if weight == 0.0 {
                continue;
            }
            let figure = self.of_kind(kind)?;
            value = value.zip(figure.value()).map(|(sum, rate)| sum + rate * weight * 100.0);
            lowest += figure.lowest.value().unwrap_or(0.0) * weight * 100.0;
            highest += figure.highest.value().unwrap_or(1.0) * weight * 100.0;
        }
        Some(Score { value, lowest, highest })
    }
}

/// Numerators and denominators at worst and at best.
struct Spread {
    low: (u64, u64),
    high: (u64, u64),
}

impl Spread {
    /// What is open is all bad, or all good.
    fn of(good: u64, open: u64, all: u64) -> Self {
        Self { low: (good, all), high: (good + open, all) }
    }
}

struct Maker<'a> {
    policy: &'a Policy,
    unit: Unit,
}

impl Maker<'_> {
    fn figure(&self, kind: FigureKind, made: (u64, u64), known: (u64, u64), at: Spread) -> Figure {
        let rate = |(numerator, denominator)| Rate { numerator, denominator };
        Figure {
            kind,
            rate: rate(made),
            unit: self.unit,
            coverage: rate(known),
            lowest: rate(at.low),
            highest: rate(at.high),
            policy: self.policy.reference(),
            floor_percent: self.policy.measure.coverage_floor_percent,
        }
    }

    /// Of devices, all of which are known.
    fn of_heads(&self, kind: FigureKind, good: u64, all: u64) -> Figure {
        let spread = Spread { low: (good, all), high: (good, all) };
        let figure = self.figure(kind, (good, all), (all, all), spread);
        Figure { unit: Unit::Devices, ..figure }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::shipped;

    const SUMS: Sums = Sums {
        due: 100,
        up: 60,
        degraded: 20,
        down: 15,
        reached: 90,
        unreached: 5,
        intact: 70,
        unjudged: 0,
    };
    const HEADS: Heads =
        Heads { ledger: 10, due: 8, checked: 8, online: 7, degraded: 1, complete: 5 };

    fn rate(numerator: u64, denominator: u64) -> Rate {
        Rate { numerator, denominator }
    }

    #[test]
    fn the_three_rates_are_kept_apart_and_carry_what_they_are_made_of() {
        let policies = shipped();
        let of = |at: usize| Figures::of(&policies[at], 1, &SUMS, &HEADS, Source::Transitions);
        let (time, polls) = (of(0), of(1));
        assert_eq!(time.online.rate, rate(80, 95));
        assert_eq!(time.online.coverage, rate(95, 100));
        assert_eq!((time.online.lowest, time.online.highest), (rate(80, 100), rate(85, 100)));
        assert_eq!(time.reach.as_ref().unwrap().rate, rate(90, 95));
        assert_eq!(time.intact.as_ref().unwrap().rate, rate(70, 95));
        assert_eq!(polls.intact.as_ref().unwrap().rate, rate(70, 80));
        assert_eq!((time.connected.rate, time.ledger.rate), (rate(8, 10), rate(5, 10)));
        assert_eq!((time.online.unit, polls.online.unit), (Unit::DeviceMinutes, Unit::Devices));
        assert_eq!(time.online.policy.to_string(), "time-weighted@1");
        assert_eq!((time.score, time.online.value()), (None, Some(80.0 / 95.0)));
    }

    #[test]
    fn pictures_that_nobody_judged_are_no_part_of_the_rate_and_lower_its_coverage_alone() {
        let policies = shipped();
        let sums = Sums { intact: 69, unjudged: 1, ..SUMS };
        let of = |at: usize, sums| Figures::of(&policies[at], 1, sums, &HEADS, Source::Transitions);
        let (time, polls) = (of(0, &sums), of(1, &sums));
        let (time, polls, online) = (time.intact.unwrap(), polls.intact.unwrap(), time.online);
        assert_eq!((time.rate, polls.rate), (rate(69, 94), rate(69, 79)));
        assert_eq!((time.coverage, online.coverage), (rate(94, 100), rate(95, 100)));
        assert_eq!((time.lowest, time.highest), (rate(69, 100), rate(75, 100)));
        let blind = Sums { intact: 0, unjudged: 80, ..SUMS };
        let told = of(0, &blind).intact.unwrap().told();
        assert_eq!(told, Told::TooLittle { lowest: rate(0, 100), highest: rate(85, 100) });
    }

    #[test]
    fn what_is_unknown_lowers_the_rate_only_where_the_policy_divides_by_all_that_was_due() {
        let mut policy = shipped().remove(0);
        let mut of = |over, sums: Sums| {
            policy.measure.online_over = over;
            Figures::of(&policy, 1, &sums, &HEADS, Source::Transitions).online
        };
        assert_eq!(of(OnlineOver::Checked, SUMS).rate, rate(80, 95));
        for over in [OnlineOver::Due, OnlineOver::Ledger] {
            let online = of(over, SUMS);
            assert_eq!((online.rate, online.coverage), (rate(80, 100), rate(95, 100)));
            assert_eq!((online.lowest, online.highest), (rate(80, 100), rate(85, 100)));
            let blind = of(over, Sums { due: 100, ..Sums::default() });
            assert_eq!(blind.value(), None, "we saw nothing, and blame nobody");
        }
    }

    #[test]
    fn equipment_shows_no_picture() {
        let policies = shipped();
        let of = |at: usize| Figures::of(&policies[at], 1, &SUMS, &HEADS, Source::Transitions);
        assert!(of(0).intact.is_some() && of(3).intact.is_none());
    }

    #[test]
    fn below_the_floor_there_is_an_interval_and_no_number() {
        let policy = &shipped()[0];
        let sums = Sums { up: 50, intact: 50, reached: 50, unreached: 0, ..SUMS };
        let figures = Figures::of(policy, 1, &sums, &HEADS, Source::Transitions);
        let told = figures.online.told();
        assert_eq!(told, Told::TooLittle { lowest: rate(70, 100), highest: rate(85, 100) });
        assert_eq!(figures.online.value(), None);
        let nothing = Figures::of(policy, 1, &Sums::default(), &HEADS, Source::Transitions);
        assert_eq!(nothing.online.told(), Told::Nothing);
    }

    #[test]
    fn a_score_needs_every_figure_it_weighs() {
        let policy = &shipped()[2];
        let score = |sums| Figures::of(policy, 1, &sums, &HEADS, Source::Transitions).score;
        let expected = 100.0 * (0.2 * 0.8 + 0.4 * 80.0 / 95.0 + 0.2 * 70.0 / 80.0 + 0.2 * 0.5);
        let whole = score(SUMS).unwrap();
        assert!((whole.value.unwrap() - expected).abs() < 1e-9);
        assert!(whole.lowest < expected && expected < whole.highest);
        assert_eq!(score(Sums { up: 50, intact: 50, ..SUMS }).unwrap().value, None);
        assert_eq!(Figures::of(policy, 1, &SUMS, &HEADS, Source::Strips).score, None);
    }
}

//! Figures as programs get them: never without numerator, denominator, coverage and policy.

use super::CountsJson;
use serde::Serialize;
use utoipa::ToSchema;
use zhishou_domain::{
    account::{Figure, Figures, Heads, Source, Tally, Window},
    policy::{ClassKey, Policy},
};
use zhishou_storage::Accounted;

/// A figure with all that it was made of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct FigureJson {
    /// What counts as good.
    numerator: u64,
    /// What counts at all.
    denominator: u64,
    /// device_minutes (台·分钟), devices (台) or checks (台次).
    unit: &'static str,
    /// 0–1; null where nothing counts or coverage lies below the floor of the policy.
    value: Option<f64>,
    /// Known over scheduled, 0–1; null where nothing was scheduled.
    coverage: Option<f64>,
    /// What was scheduled, in `unit`.
    scheduled: u64,
    /// Lowest value that what is unknown leaves open.
    lowest: Option<f64>,
    /// Highest value that what is unknown leaves open.
    highest: Option<f64>,
    /// Accounting policy, id@version.
    policy: String,
}

impl From<&Figure> for FigureJson {
    fn from(figure: &Figure) -> Self {
        Self {
            numerator: figure.rate.numerator,
            denominator: figure.rate.denominator,
            unit: figure.unit.code(),
            value: figure.value(),
            coverage: figure.coverage.value(),
            scheduled: figure.coverage.denominator,
            lowest: figure.lowest.value(),
            highest: figure.highest.value(),
            policy: figure.policy.to_string(),
        }
    }
}

/// 考核得分, 0–100.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct ScoreJson {
    /// Null where one of its figures is no number.
    value: Option<f64>,
    lowest: f64,
    highest: f64,
}

/// Devices as of the last minute that counts.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct HeadsJson {
    /// 台账.
    ledger: u64,
    /// 应检.
    due: u64,
    /// 已检.
    checked: u64,
    /// 在线.
    online: u64,
}

/// All figures of a group; the fields of 在线率 after exclusion stand at the top.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct FiguresJson {
    #[serde(flatten)]
    online: FigureJson,
    counts: CountsJson,
    heads: HeadsJson,
    /// 在线率 with excluded minutes counted in.
    before_exclusion: FigureJson,
    /// What exclusions left out, in `unit`.
    excluded: u64,
    /// 设备可达率.
    reach: Option<FigureJson>,
    /// 图像完好率.
    intact: Option<FigureJson>,
    /// 接入率.
    connected: FigureJson,
    /// 档案完整率.
    ledger: FigureJson,
    score: Option<ScoreJson>,
    /// 目标, 0–1.
    target: f64,
}

/// By what figures are made.
pub(super) struct Basis<'a> {
    policy: &'a Policy,
    moments: usize,
    source: Source,
}

impl<'a> Basis<'a> {
    pub(super) fn of(policy: &'a Policy, account: &Accounted) -> Self {
        Self::over(policy, &account.window, account.source)
    }

    pub(super) fn over(policy: &'a Policy, window: &Window, source: Source) -> Self {
        Self { policy, moments: window.counted.len(), source }
    }

    /// The figures of a tally; `class` where it is of one class alone.
    pub(super) fn figures(&self, tally: &Tally, class: Option<ClassKey>) -> FiguresJson {
        let (policy, moments, source) = (self.policy, self.moments, self.source);
        let after = Figures::after(policy, moments, tally, source);
        let before = Figures::before(policy, moments, tally, source);
        let Heads { ledger, due, checked, online, degraded, complete: _ } = tally.heads;
        FiguresJson {
            online: (&after.online).into(),
            counts: CountsJson {
                online: online - degraded,
                degraded,
                offline: checked - online,
                unknown: due - checked,
                unconnected: ledger - due,
            },
            heads: HeadsJson { ledger, due, checked, online },
            before_exclusion: (&before.online).into(),
            excluded: tally.before.due - tally.after.due,
            reach: after.reach.as_ref().map(FigureJson::from),
            intact: after.intact.as_ref().map(FigureJson::from),
            connected: (&after.connected).into(),
            ledger: (&after.ledger).into(),
            score: after.score.map(|score| ScoreJson {
                value: score.value,
                lowest: score.lowest,
                highest: score.highest,
            }),
            target: policy.target(class),
        }
    }
}

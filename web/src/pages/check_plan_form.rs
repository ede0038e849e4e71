//! A check plan as fields that are typed: the same document as its TOML, for those who do not write that.

use crate::words::Words;
use zhishou_domain::{
    Lang,
    check::{
        CallLimits, CheckDepth, CheckItem, CheckPlan, CheckPoint, DocumentProblem, Fallback,
        ItemKind,
    },
};

/// Points that can be typed, and blank ones offered behind those that are there.
const POINTS: usize = 12;
const BLANK: usize = 2;

/// A stretch of time as it is typed.
pub(super) struct SpanField {
    pub(super) count: String,
    pub(super) unit: Unit,
}

/// Of a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Minutes,
    Hours,
    Days,
}

impl Unit {
    pub(super) const ALL: [Self; 3] = [Self::Minutes, Self::Hours, Self::Days];

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Minutes => "min",
            Self::Hours => "h",
            Self::Days => "d",
        }
    }

    pub(super) const fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Minutes => lang.pick("分钟", "minutes"),
            Self::Hours => lang.pick("小时", "hours"),
            Self::Days => lang.pick("天", "days"),
        }
    }

    const fn minutes(self) -> u32 {
        match self {
            Self::Minutes => 1,
            Self::Hours => 60,
            Self::Days => 1440,
        }
    }
}

impl SpanField {
    fn of(minutes: u32) -> Self {
        let fits = |unit: &&Unit| minutes > 0 && minutes.is_multiple_of(unit.minutes());
        let unit = *Unit::ALL.iter().rev().find(fits).unwrap_or(&Unit::Minutes);
        Self { count: (minutes / unit.minutes()).to_string(), unit }
    }

    /// Minutes; none where it is no number or far too large.
    fn read(&self) -> Option<u32> {
        self.count.trim().parse::<u32>().ok()?.checked_mul(self.unit.minutes())
    }
}

/// One point as it is typed; without a count it is none.
pub(super) struct PointField {
    pub(super) before: SpanField,
    pub(super) depth: CheckDepth,
}

/// Whether an item is checked, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemWeight {
    Required,
    Optional,
    Not,
}

impl ItemWeight {
    pub(super) const ALL: [Self; 3] = [Self::Required, Self::Optional, Self::Not];

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::Not => "",
        }
    }

    pub(super) const fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Required => lang.pick("必须合格", "needed"),
            Self::Optional => lang.pick("检查，不影响开会", "checked, not needed"),
            Self::Not => lang.pick("不检查", "not checked"),
        }
    }
}

/// What is typed.
pub(super) struct PlanFields {
    pub(super) points: Vec<PointField>,
    pub(super) items: Vec<(CheckItem, ItemWeight)>,
    /// Loss in percent, jitter and delay in ms.
    pub(super) limits: [String; 3],
    /// Of liveness, of a call, of a signature.
    pub(super) holds: [SpanField; 3],
    /// Codes of the first, second and third; empty: none.
    pub(super) fallbacks: [&'static str; 3],
}

/// The names of limits and of times, as they are posted.
const LIMITS: [&str; 3] = ["loss_percent", "jitter_ms", "delay_ms"];
const HOLDS: [&str; 3] = ["liveness_holds", "media_holds", "human_holds"];

impl PlanFields {
    /// A plan that is to be changed.
    pub(super) fn of(plan: &CheckPlan) -> Self {
        let points = plan.points.iter().map(|point| PointField {
            before: SpanField::of(point.before_min),
            depth: point.depth,
        });
        let weight = |item: CheckItem| match item {
            item if plan.optional.contains(&item) => ItemWeight::Optional,
            item if plan.items.contains(&item) => ItemWeight::Required,
            _ => ItemWeight::Not,
        };
        let CallLimits { loss_percent, jitter_ms, delay_ms } = plan.limits;
        let holds = [plan.liveness_holds_min, plan.media_holds_min, plan.human_holds_min];
        Self {
            points: points.collect(),
            items: CheckItem::ALL.iter().map(|item| (*item, weight(*item))).collect(),
            limits: [loss_percent, jitter_ms, delay_ms].map(|limit| limit.to_string()),
            holds: holds.map(SpanField::of),
            fallbacks: std::array::from_fn(|place| {
                plan.fallbacks.get(place).map_or("", |it| it.code())
            }),
        }
        .with_blanks()
    }

    fn with_blanks(mut self) -> Self {
        let most = (self.points.len() + BLANK).min(POINTS);
        while self.points.len() < most {
            let before = SpanField { count: String::new(), unit: Unit::Minutes };
            self.points.push(PointField { before, depth: CheckDepth::Full });
        }
        self
    }

    /// What was posted, understood or not.
    pub(super) fn typed(fields: &[(String, String)]) -> Self {
        let field = |name: &str| {
            fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
        };
        let span = |name: &str| {
            let unit = field(&format!("{name}_unit"));
            let unit = Unit::ALL.into_iter().find(|it| it.code() == unit);
            let count = field(name).trim().chars().take(10).collect();
            SpanField { count, unit: unit.unwrap_or(Unit::Minutes) }
        };
        let points = (0..POINTS).map(|place| PointField {
            before: span(&format!("before_{place}")),
            depth: CheckDepth::from_code(field(&format!("depth_{place}")))
                .unwrap_or(CheckDepth::Full),
        });
        let weight = |item: CheckItem| {
            let code = field(&format!("item_{}", item.code()));
            let weight = ItemWeight::ALL.into_iter().find(|it| it.code() == code);
            (item, weight.unwrap_or(ItemWeight::Not))
        };
        Self {
            points: points.filter(|point| !point.before.count.is_empty()).collect(),
            items: CheckItem::ALL.iter().copied().map(weight).collect(),
            limits: LIMITS.map(|name| field(name).trim().chars().take(20).collect()),
            holds: HOLDS.map(span),
            fallbacks: std::array::from_fn(|place| {
                Fallback::from_code(field(&format!("fallback_{place}"))).map_or("", Fallback::code)
            }),
        }
        .with_blanks()
    }

    /// The plan that is meant, or why it is none.
    pub(super) fn read(&self, lang: Lang) -> Result<CheckPlan, String> {
        let number = |what: &str| match lang {
            Lang::Zh => format!("{what}：须为数字"),
            Lang::En => format!("{what}: a number"),
        };
        let mut points = Vec::new();
        for point in self.points.iter().filter(|point| !point.before.count.is_empty()) {
            let before = point.before.read();
            let before_min = before.ok_or_else(|| number(&point.before.count))?;
            points.push(CheckPoint { before_min, depth: point.depth });
        }
        points.sort_by_key(|point| std::cmp::Reverse(point.before_min));
        let of = |weights: &[ItemWeight]| {
            let items = self.items.iter().filter(|(_, weight)| weights.contains(weight));
            items.map(|(item, _)| *item).collect::<Vec<_>>()
        };
        let mut limits = [0.0; 3];
        for (limit, text) in limits.iter_mut().zip(&self.limits) {
            *limit = text.parse().map_err(|_| number(text))?;
        }
        let mut holds = [0; 3];
        for (hold, span) in holds.iter_mut().zip(&self.holds) {
            *hold = span.read().ok_or_else(|| number(&span.count))?;
        }
        let mut fallbacks: Vec<Fallback> = Vec::new();
        for fallback in self.fallbacks.into_iter().filter_map(Fallback::from_code) {
            if !fallbacks.contains(&fallback) {
                fallbacks.push(fallback);
            }
        }
        let plan = CheckPlan {
            points,
            items: of(&[ItemWeight::Required, ItemWeight::Optional]),
            optional: of(&[ItemWeight::Optional]),
            limits: CallLimits {
                loss_percent: limits[0],
                jitter_ms: limits[1],
                delay_ms: limits[2],
            },
            liveness_holds_min: holds[0],
            media_holds_min: holds[1],
            human_holds_min: holds[2],
            fallbacks,
        };
        match plan.check() {
            Ok(()) => Ok(plan),
            Err(problem) => Err(DocumentProblem::Plan(problem).words(lang)),
        }
    }

    /// Limits of a call as they are posted, by name, label and value.
    pub(super) fn limit_rows(&self, t: &Words) -> Vec<(&'static str, &'static str, &String)> {
        let rows = LIMITS.into_iter().zip(t.plan_limit_names()).zip(&self.limits);
        rows.map(|((name, label), value)| (name, label, value)).collect()
    }

    /// How long results are believed, the same.
    pub(super) fn hold_rows(&self, t: &Words) -> Vec<(&'static str, &'static str, &SpanField)> {
        let rows = HOLDS.into_iter().zip(t.plan_hold_names()).zip(&self.holds);
        rows.map(|((name, label), value)| (name, label, value)).collect()
    }

    /// The items of a kind: what we look at, what a call shows, what persons sign.
    pub(super) fn of_kind(
        &self,
        kind: &ItemKind,
    ) -> impl Iterator<Item = &(CheckItem, ItemWeight)> {
        let kind = *kind;
        self.items.iter().filter(move |(item, _)| item.kind() == kind)
    }
}

/// Names for the template, which hands over references.
impl Words {
    pub(super) fn unit_name(self, unit: &Unit) -> &'static str {
        unit.name(self.0)
    }

    pub(super) fn weight_name(self, weight: &ItemWeight) -> &'static str {
        weight.name(self.0)
    }

    pub(super) fn depth_name(self, depth: &CheckDepth) -> &'static str {
        depth.name(self.0)
    }

    pub(super) fn item_name(self, item: &CheckItem) -> &'static str {
        item.name(self.0)
    }

    pub(super) fn fallback_name(self, fallback: &Fallback) -> &'static str {
        fallback.name(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::meeting::AssuranceGrade;

    /// What a browser posts of these fields.
    fn posted(it: &PlanFields) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let mut post = |key: String, value: &str| all.push((key, value.to_owned()));
        for (place, point) in it.points.iter().enumerate() {
            post(format!("before_{place}"), &point.before.count);
            post(format!("before_{place}_unit"), point.before.unit.code());
            post(format!("depth_{place}"), point.depth.code());
        }
        for (item, weight) in &it.items {
            post(format!("item_{}", item.code()), weight.code());
        }
        for (name, limit) in LIMITS.iter().zip(&it.limits) {
            post((*name).to_owned(), limit);
        }
        for (name, span) in HOLDS.iter().zip(&it.holds) {
            post((*name).to_owned(), &span.count);
            post(format!("{name}_unit"), span.unit.code());
        }
        for (place, fallback) in it.fallbacks.iter().enumerate() {
            post(format!("fallback_{place}"), fallback);
        }
        all
    }

    #[test]
    fn every_shipped_plan_survives_being_typed() {
        for grade in AssuranceGrade::ALL {
            let plan = CheckPlan::of_grade(*grade);
            let fields = PlanFields::typed(&posted(&PlanFields::of(&plan)));
            let same = fields.read(Lang::Zh).unwrap();
            assert_eq!(
                CheckPlan {
                    items: plan.items.clone(),
                    optional: plan.optional.clone(),
                    ..same.clone()
                },
                plan
            );
            let sorted = |mut items: Vec<CheckItem>| {
                items.sort();
                items
            };
            assert_eq!(sorted(same.items), sorted(plan.items));
            assert_eq!(sorted(same.optional), sorted(plan.optional));
        }
    }

    #[test]
    fn points_are_typed_in_any_order_and_what_is_no_number_is_named() {
        let plan = CheckPlan::of_grade(AssuranceGrade::Third);
        let mut fields = PlanFields::of(&plan);
        let blank = fields.points.len() - BLANK;
        assert_eq!(blank, plan.points.len());
        fields.points[blank].before = SpanField { count: "2".into(), unit: Unit::Days };
        let points = fields.read(Lang::Zh).unwrap().points;
        assert_eq!((points[0].before_min, points.len()), (2880, 4));
        fields.points[blank].before.count = "两".into();
        assert_eq!(fields.read(Lang::Zh), Err("两：须为数字".to_owned()));
        fields.points[blank].before = SpanField { count: "5".into(), unit: Unit::Minutes };
        assert!(fields.read(Lang::Zh).unwrap_err().contains("10 分钟内"), "no call so late");
        fields.points[blank].before = SpanField { count: u32::MAX.to_string(), unit: Unit::Days };
        assert!(fields.read(Lang::Zh).is_err());
    }
}

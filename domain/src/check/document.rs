//! A check plan as a document that is edited, and in words.

use super::{CheckItem, CheckPlan, PlanProblem};
use crate::{Lang, line::line_of};

/// Why a document is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentProblem {
    /// It cannot be read; where it is known, from which line on, from 1.
    #[error("line {line}: {problem}")]
    Unreadable {
        /// 0: not known.
        line: usize,
        /// As the reader says.
        problem: String,
    },
    /// What it says makes no plan.
    #[error(transparent)]
    Plan(#[from] PlanProblem),
}

impl DocumentProblem {
    /// In words.
    pub fn words(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Unreadable { line, problem }, Lang::Zh) => {
                format!("第 {line} 行读不懂：{problem}")
            }
            (Self::Plan(problem), Lang::Zh) => match problem {
                PlanProblem::Points => "检查点须有 1 至 12 个",
                PlanProblem::Order => "检查点须从早到晚，最早不超过会前 28 天",
                PlanProblem::Freeze => "会前 10 分钟内只查在线，不作测试呼叫",
                PlanProblem::Items => "检查项至少一项、不得重复，可选项须在检查项之内",
                PlanProblem::Fallbacks => "应急预案的每种措施只列一次",
                PlanProblem::Limits => "限值和有效期须大于 0",
            }
            .to_owned(),
            (problem, Lang::En) => problem.to_string(),
        }
    }
}

/// Minutes as people say them.
fn span(minutes: u32, lang: Lang) -> String {
    let (count, zh, en) = match minutes {
        0 => (0, "分钟", "min"),
        days if days % 1440 == 0 => (days / 1440, "天", "d"),
        hours if hours % 60 == 0 => (hours / 60, "小时", "h"),
        minutes => (minutes, "分钟", "min"),
    };
    format!("{count} {}", lang.pick(zh, en))
}

impl CheckPlan {
    /// Reads a document in TOML.
    pub fn from_toml(text: &str) -> Result<Self, DocumentProblem> {
        let plan: Self = toml::from_str(text).map_err(|error| {
            let line = line_of(text, error.span());
            DocumentProblem::Unreadable { line, problem: error.message().to_owned() }
        })?;
        plan.check()?;
        Ok(plan)
    }

    /// The document in TOML.
    ///
    /// # Errors
    /// Never of a plan that was read: all it holds has a form in TOML.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// What it does, a sentence each.
    pub fn words(&self, lang: Lang) -> Vec<String> {
        let comma = lang.pick("、", ", ");
        let points = self.points.iter().map(|point| {
            let (before, depth) = (span(point.before_min, lang), point.depth.name(lang));
            match lang {
                Lang::Zh => format!("会前 {before} {depth}"),
                Lang::En => format!("{before} before: {depth}"),
            }
        });
        let points = points.collect::<Vec<_>>().join(lang.pick("，", "; "));
        let names = |items: &mut dyn Iterator<Item = CheckItem>| {
            items.map(|item| item.name(lang)).collect::<Vec<_>>().join(comma)
        };
        let own = names(&mut self.items.iter().copied().filter(|item| !item.is_human()));
        let human = names(&mut self.items.iter().copied().filter(|item| item.is_human()));
        let optional = names(&mut self.optional.iter().copied());
        let fallbacks: Vec<_> = self.fallbacks.iter().map(|it| it.name(lang)).collect();
        let fallbacks = fallbacks.join(" → ");
        let limits = self.limits;
        let holds = [self.liveness_holds_min, self.media_holds_min, self.human_holds_min];
        let [liveness, media, signed] = holds.map(|minutes| span(minutes, lang));
        match lang {
            Lang::Zh => vec![
                format!("{points}。"),
                format!("平台检查：{own}。"),
                format!("人工签字：{human}。"),
                format!("不作为开会必要条件：{optional}。"),
                format!(
                    "限值：丢包 {} %，抖动 {} ms，单向时延 {} ms。",
                    limits.loss_percent, limits.jitter_ms, limits.delay_ms
                ),
                format!("结果有效期：在线 {liveness}，呼叫 {media}，签字 {signed}。"),
                format!("应急预案：{fallbacks}。"),
            ],
            Lang::En => vec![
                format!("{points}."),
                format!("The platform checks: {own}."),
                format!("Persons sign: {human}."),
                format!("Not needed to begin: {optional}."),
                format!(
                    "Limits: loss {} %, jitter {} ms, delay one way {} ms.",
                    limits.loss_percent, limits.jitter_ms, limits.delay_ms
                ),
                format!("Believed for: liveness {liveness}, a call {media}, a signature {signed}."),
                format!("Where a venue fails: {fallbacks}."),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meeting::AssuranceGrade;

    #[test]
    fn a_document_survives_and_is_told_in_words() {
        for grade in AssuranceGrade::ALL {
            let plan = CheckPlan::of_grade(*grade);
            assert_eq!(CheckPlan::from_toml(&plan.to_toml().unwrap()), Ok(plan.clone()));
            assert_eq!(plan.words(Lang::Zh).len(), plan.words(Lang::En).len());
        }
        let words = CheckPlan::of_grade(AssuranceGrade::Third).words(Lang::Zh);
        assert_eq!(
            words[0],
            "会前 1 小时 全面检查，会前 15 分钟 复查异常，会前 10 分钟 只查在线。"
        );
        assert_eq!(words[4], "限值：丢包 1 %，抖动 30 ms，单向时延 100 ms。");
    }

    #[test]
    fn what_is_no_plan_is_named_with_its_line() {
        let text = CheckPlan::of_grade(AssuranceGrade::Third).to_toml().unwrap();
        let broken = |from: &str, to: &str| {
            assert!(text.contains(from), "{text}");
            CheckPlan::from_toml(&text.replacen(from, to, 1)).unwrap_err().words(Lang::Zh)
        };
        let unknown = broken("jitter_ms", "jiter_ms");
        assert!(unknown.starts_with("第 ") && unknown.contains("jiter_ms"), "{unknown}");
        assert!(broken("loss_percent = 1.0", "loss_percent = -1.0").contains("大于 0"));
        assert!(broken("\"audio\"", "\"smell\"").contains("smell"));
        let frozen = broken("depth = \"liveness\"", "depth = \"full\"");
        assert!(frozen.contains("10 分钟内"), "{frozen}");
    }
}

//! What is wrong with a policy document, in words.

use crate::Lang;

/// What is wrong with a policy document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyProblem {
    /// A key that policies do not have.
    #[error("read the policy: unknown key {key} at line {line}")]
    UnknownKey {
        /// The key.
        key: String,
        /// Line of the document, from 1 on; 0 where unknown.
        line: usize,
    },
    /// Not TOML or JSON, a key is missing, or a value is none of those known.
    #[error("read the policy: {message} at line {line}")]
    Unreadable {
        /// What the reader said.
        message: String,
        /// Line of the document, from 1 on; 0 where unknown.
        line: usize,
    },
    /// No id or version.
    #[error("read the policy: {0:?} is no id and version")]
    Id(String),
    /// Name or basis is empty.
    #[error("read the policy: it has no name or no basis")]
    Nameless,
    /// No device would count.
    #[error("read the policy: its scope is empty or leaves out what is in use")]
    Scope,
    /// Moments where there must be none, none where there must be, or not in order.
    #[error("read the policy: its moments do not fit its method")]
    Moments,
    /// A percentage outside 0–100.
    #[error("read the policy: a percentage is not within 0 to 100")]
    Percent,
    /// No field is required.
    #[error("read the policy: it requires no field of the ledger")]
    Ledger,
    /// Weights outside 0–1, or that do not add up to 1.
    #[error("read the policy: its weights do not add up to 1")]
    Weights,
}

impl PolicyProblem {
    pub(super) fn unreadable(message: &str, line: usize) -> Self {
        let key = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
        match key {
            Some(key) => Self::UnknownKey { key: key.to_owned(), line },
            None => Self::Unreadable { message: message.trim().to_owned(), line },
        }
    }

    /// What a person reads.
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::UnknownKey { key, line } => match lang {
                Lang::Zh => format!("第 {line} 行：口径里没有“{key}”这一项"),
                Lang::En => format!("line {line}: a policy has no key {key:?}"),
            },
            Self::Unreadable { message, line } => match lang {
                Lang::Zh => format!("第 {line} 行无法读取：{message}"),
                Lang::En => format!("line {line} cannot be read: {message}"),
            },
            Self::Id(text) => match lang {
                Lang::Zh => format!(
                    "“{text}”不是口径编号：编号用小写字母、数字和连字符（1–40 位），版本号从 1 起"
                ),
                Lang::En => format!(
                    "{text:?} is no policy: an id has 1–40 lower-case letters, digits and hyphens, versions count from 1"
                ),
            },
            Self::Nameless => lang
                .pick(
                    "名称（中、英文）和依据不能为空",
                    "name (both languages) and basis must be given",
                )
                .to_owned(),
            Self::Scope => lang
                .pick(
                    "适用范围为空，或没有包含“在用”的设备",
                    "the scope is empty or leaves out devices in use",
                )
                .to_owned(),
            Self::Moments => lang
                .pick(
                    "按时长不能写时刻；定时轮巡要按先后写 1–24 个时刻，如 09:00",
                    "time_weighted takes no moments; snapshot takes 1–24 in order, as 09:00",
                )
                .to_owned(),
            Self::Percent => {
                lang.pick("百分比须在 0–100 之间", "percentages lie within 0–100").to_owned()
            }
            Self::Ledger => lang
                .pick(
                    "档案完整率至少要求一个字段",
                    "at least one field of the ledger must be required",
                )
                .to_owned(),
            Self::Weights => lang
                .pick("权重须在 0–1 之间且合计为 1", "weights lie within 0–1 and add up to 1")
                .to_owned(),
        }
    }
}

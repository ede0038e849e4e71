//! Why a configuration is refused: what stands there and what may, in either language.

use crate::rule::Rule;
use std::ops::Range;
use zhishou_domain::Lang;

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// Something that cannot be read.
    #[error("{}", .problem.render(*line, *column, Lang::En))]
    Unreadable {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong there.
        problem: Problem,
    },
    /// A value out of its range.
    #[error("{key} = {value}: {}", .rule.render(Lang::En))]
    Value {
        /// The key with its section.
        key: String,
        /// What stands there.
        value: String,
        /// What may stand there.
        rule: Rule,
    },
}

/// What cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// A key or a section that there is not.
    UnknownKey {
        /// It.
        key: String,
        /// Those that there are, as a list.
        known: String,
    },
    /// A word that a key does not take.
    UnknownWord {
        /// It.
        word: String,
        /// Those that it takes, as a list.
        known: String,
    },
    /// A value of another kind.
    WrongKind {
        /// What stands there, as the reader calls it.
        found: String,
        /// What may stand there, as the reader calls it.
        expected: String,
    },
    /// A key that stands there twice.
    Twice,
    /// Not TOML; what the reader says of it.
    NotToml(String),
}

impl ConfigError {
    /// From what the reader of TOML says of `text`.
    pub(crate) fn of(error: &toml::de::Error, text: &str) -> Self {
        let (line, column) = place(text, error.span());
        Self::Unreadable { line, column, problem: Problem::of(error.message()) }
    }

    /// In one language.
    pub fn render(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Value { key, value, rule }, Lang::Zh) => {
                format!("{key} = {value}：{}", rule.render(lang))
            }
            (Self::Unreadable { line, column, problem }, Lang::Zh) => {
                problem.render(*line, *column, lang)
            }
            (_, Lang::En) => self.to_string(),
        }
    }
}

/// Line and column, both from 1, of the begin of a span.
fn place(text: &str, span: Option<Range<usize>>) -> (usize, usize) {
    let before = text.get(..span.map_or(0, |span| span.start)).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

impl Problem {
    fn of(message: &str) -> Self {
        let named = |rest: &str| {
            let (name, known) = rest.split_once("`, ").unwrap_or((rest, ""));
            let known = known.trim_start_matches("expected ").trim_start_matches("one of ");
            (name.trim_matches('`').to_owned(), known.replace(" or ", ", "))
        };
        let wrong = |rest: &str| {
            let (found, expected) = rest.split_once(", expected ").unwrap_or((rest, ""));
            Self::WrongKind { found: found.to_owned(), expected: expected.to_owned() }
        };
        let message = message.lines().next().unwrap_or_default();
        if let Some(rest) = message.strip_prefix("unknown field ") {
            let (key, known) = named(rest);
            Self::UnknownKey { key, known }
        } else if let Some(rest) = message.strip_prefix("unknown variant ") {
            let (word, known) = named(rest);
            Self::UnknownWord { word, known }
        } else if let Some(rest) =
            message.strip_prefix("invalid type: ").or(message.strip_prefix("invalid value: "))
        {
            wrong(rest)
        } else if message.starts_with("duplicate key") {
            Self::Twice
        } else {
            Self::NotToml(message.to_owned())
        }
    }

    fn render(&self, line: usize, column: usize, lang: Lang) -> String {
        let what = match (self, lang) {
            (Self::UnknownKey { key, known }, Lang::Zh) => {
                format!("没有 `{key}` 这一项；此处可用：{}", known.replace(", ", "、"))
            }
            (Self::UnknownKey { key, known }, Lang::En) => {
                format!("there is no key `{key}`; here may stand {known}")
            }
            (Self::UnknownWord { word, known }, Lang::Zh) => {
                format!("不能写 `{word}`；可选：{}", known.replace(", ", "、"))
            }
            (Self::UnknownWord { word, known }, Lang::En) => {
                format!("`{word}` is none of {known}")
            }
            (Self::WrongKind { found, expected }, Lang::Zh) => {
                format!("写的是{}，应为{}", kind(found, lang), kind(expected, lang))
            }
            (Self::WrongKind { found, expected }, Lang::En) => {
                format!("found {}, expected {}", kind(found, lang), kind(expected, lang))
            }
            (Self::Twice, Lang::Zh) => "同一项写了两次，请删去一处".to_owned(),
            (Self::Twice, Lang::En) => "this key stands there twice: delete one".to_owned(),
            (Self::NotToml(message), Lang::Zh) => format!("不是有效的 TOML（{message}）"),
            (Self::NotToml(message), Lang::En) => format!("not TOML: {message}"),
        };
        match lang {
            Lang::Zh => format!("第 {line} 行第 {column} 列：{what}"),
            Lang::En => format!("line {line}, column {column}: {what}"),
        }
    }
}

/// What the reader calls a kind of value, in words; with the value where it gives one.
fn kind(text: &str, lang: Lang) -> String {
    const KINDS: [(&str, &str, &str); 14] = [
        ("string ", "文字 ", "the text "),
        ("integer ", "整数 ", "the number "),
        ("floating point ", "小数 ", "the number "),
        ("boolean ", "真假值 ", "the truth value "),
        ("sequence", "列表", "a list"),
        ("map", "一组键值", "a table"),
        ("a string", "加引号的文字", "text in quotes"),
        ("a boolean", "true 或 false", "true or false"),
        ("a map", "一组键值", "a table"),
        ("struct ", "一节配置 ", "the section "),
        ("usize", "非负整数", "a whole number, 0 or more"),
        ("u64", "非负整数", "a whole number, 0 or more"),
        ("u32", "非负整数", "a whole number, 0 or more"),
        ("f64", "数字", "a number"),
    ];
    let found = KINDS.iter().find_map(|(start, zh, en)| {
        Some(format!("{}{}", lang.pick(zh, en), text.strip_prefix(start)?))
    });
    found.unwrap_or_else(|| text.to_owned())
}

//! The two languages of the interface.

use serde::{Deserialize, Serialize};
use std::{error::Error, str::FromStr};

/// A language of the interface. Chinese comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Simplified Chinese, zh-CN.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The one of two texts that is in this language.
    pub const fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// The BCP 47 tag, as for the `lang` attribute of a page.
    pub const fn tag(self) -> &'static str {
        self.pick("zh-CN", "en")
    }

    /// From a locale such as `en_GB.UTF-8` (POSIX `LANG`) or a tag such as `zh-CN`.
    /// Anything but English, also `C` and nothing, is Chinese.
    pub fn from_locale(locale: &str) -> Self {
        if locale.to_ascii_lowercase().starts_with("en") { Self::En } else { Self::Zh }
    }
}

impl FromStr for Lang {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "zh" | "zh-CN" => Ok(Self::Zh),
            "en" => Ok(Self::En),
            other => Err(format!("language {other:?} is neither zh nor en")),
        }
    }
}

/// An error and its sources in one line, in the language they were written in.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

use crate::{ConfigError, Rule, Unit, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zhishou_domain::Lang;

/// Messages to people outside of the pages. Channels are entered on the page, for they hold secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    /// How people reach the platform: messages link there. Empty: they link nowhere.
    pub base_url: String,
    /// Language of messages: zh or en.
    pub language: MessageLanguage,
    /// Root certificates beside those of the system, PEM. Empty: none.
    pub ca_file: String,
    /// 告警规则, TOML: read at the start, a new version where it says something new. Empty: the page alone.
    pub rules_file: String,
    /// Days that messages are kept after they were sent or given up, 1 to 3650.
    pub keep_days: u32,
}

/// Language of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageLanguage {
    /// Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            base_url: String::new(),
            language: MessageLanguage::Zh,
            ca_file: String::new(),
            rules_file: String::new(),
            keep_days: 90,
        }
    }
}

impl Alerts {
    /// Language of messages.
    pub fn lang(&self) -> Lang {
        match self.language {
            MessageLanguage::Zh => Lang::Zh,
            MessageLanguage::En => Lang::En,
        }
    }

    /// Address of a page as it stands in a message; `None` where nobody said how we are reached.
    pub fn link(&self, page: &str) -> Option<String> {
        let base = self.base_url.trim_end_matches('/');
        (!base.is_empty() && !page.is_empty()).then(|| format!("{base}{page}"))
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let base = self.base_url.as_str();
        let host = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
        let is_web = host.is_some_and(|host| {
            !host.is_empty() && host.bytes().all(|it| it.is_ascii_graphic() && it != b')')
        });
        require(base.is_empty() || is_web, "alerts.base_url", base, Rule::Web)?;
        require(
            (1..=3650).contains(&self.keep_days),
            "alerts.keep_days",
            self.keep_days,
            Rule::within(1.0, 3650.0, Unit::Days),
        )
    }
}

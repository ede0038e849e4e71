//! What may stand at a key.

use zhishou_domain::Lang;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Pieces.
    Count,
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Days.
    Days,
    /// Megabytes, 10⁶ bytes.
    Megabytes,
    /// Mbit/s.
    Megabits,
    /// A part of a whole.
    Share,
}

impl Unit {
    const fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Count => "",
            Self::Seconds => lang.pick(" 秒", " seconds"),
            Self::Minutes => lang.pick(" 分钟", " minutes"),
            Self::Hours => lang.pick(" 小时", " hours"),
            Self::Days => lang.pick(" 天", " days"),
            Self::Megabytes => " MB",
            Self::Megabits => " Mbit/s",
            Self::Share => lang.pick("（占比）", " (a share)"),
        }
    }
}

/// What to know beside a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// Nothing.
    None,
    /// 0 stands for one per processor.
    ZeroPerProcessor,
    /// 0 stands for each probe.
    ZeroEachProbe,
    /// It is no longer than the interval of the plan.
    NoLongerThanInterval,
}

impl Note {
    const fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::None => "",
            Self::ZeroPerProcessor => {
                lang.pick("，0 表示每个处理器一个", "; 0 is one per processor")
            }
            Self::ZeroEachProbe => lang.pick("，0 表示每次探测", "; 0 is at each probe"),
            Self::NoLongerThanInterval => {
                lang.pick("，且不长于 interval_s", " and no longer than interval_s")
            }
        }
    }
}

/// What may stand at a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// A number in a range, both ends counted in.
    Within {
        /// The smallest.
        least: f64,
        /// The largest.
        most: f64,
        /// Of what.
        unit: Unit,
        /// What to know beside.
        note: Note,
    },
    /// A number that is not below this.
    AtLeast {
        /// The smallest.
        least: f64,
        /// Of what.
        unit: Unit,
    },
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Some text.
    NotEmpty,
    /// The name of a time zone.
    TimeZone,
    /// A cron expression of six fields, or nothing.
    Cron,
    /// A time of day.
    TimeOfDay,
    /// Name of an accounting policy.
    Policy,
    /// Name of an accounting policy without a version.
    PolicyId,
    /// The code of a picture fault.
    PictureFault,
    /// An IP address and a port.
    Address,
    /// A host and a port.
    Host,
    /// Address of a site.
    Web,
    /// A day.
    Date,
    /// Two times of a day.
    WorkingDay,
    /// An address that is not reached from elsewhere, for plain HTTP.
    Loopback,
}

impl Rule {
    /// A range.
    pub(crate) const fn within(least: f64, most: f64, unit: Unit) -> Self {
        Self::Within { least, most, unit, note: Note::None }
    }

    /// In one language.
    pub fn render(&self, lang: Lang) -> String {
        match self {
            Self::Within { least, most, unit, note } => {
                let (unit, note) = (unit.name(lang), note.name(lang));
                match lang {
                    Lang::Zh => format!("应为 {least} 到 {most}{unit}{note}"),
                    Lang::En => format!("must be {least} to {most}{unit}{note}"),
                }
            }
            Self::AtLeast { least, unit } => {
                let unit = unit.name(lang);
                match lang {
                    Lang::Zh => format!("应不小于 {least}{unit}"),
                    Lang::En => format!("must be at least {least}{unit}"),
                }
            }
            Self::OneOf(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                match lang {
                    Lang::Zh => format!("应为 {} 之一", words.join("、")),
                    Lang::En => format!("must be one of {}", words.join(", ")),
                }
            }
            Self::NotEmpty => lang.pick("不能为空", "must not be empty").to_owned(),
            Self::TimeZone => lang
                .pick("应为 IANA 时区名，如 \"Asia/Shanghai\"", "must be an IANA zone such as \"Asia/Shanghai\"")
                .to_owned(),
            Self::Cron => lang
                .pick(
                    "应为六段 cron 表达式（秒 分 时 日 月 周），如 \"0 30 0 * * *\"；留空则不自动生成",
                    "must be a cron expression of six fields (second minute hour day month weekday) such as \"0 30 0 * * *\", or empty for never",
                )
                .to_owned(),
            Self::TimeOfDay => lang
                .pick("应为时:分，如 \"00:00\"、\"08:00\" 或 \"17:00\"", "must be HH:MM such as \"00:00\", \"08:00\" or \"17:00\"")
                .to_owned(),
            Self::Policy => lang
                .pick(
                    "应为口径编号，如 \"time-weighted\" 或 \"time-weighted@1\"",
                    "must name a policy such as \"time-weighted\" or \"time-weighted@1\"",
                )
                .to_owned(),
            Self::PolicyId => lang
                .pick(
                    "应为口径编号，不带版本，如 \"time-weighted\"",
                    "must name a policy without a version, such as \"time-weighted\"",
                )
                .to_owned(),
            Self::PictureFault => lang
                .pick(
                    "应为画面类故障代码，如 \"black\"",
                    "must be the code of a picture fault, such as \"black\"",
                )
                .to_owned(),
            Self::Address => lang
                .pick(
                    "应为地址与端口，如 \"127.0.0.1:8080\" 或 \"[::1]:8080\"",
                    "must be an address and port such as \"127.0.0.1:8080\" or \"[::1]:8080\"",
                )
                .to_owned(),
            Self::Web => lang
                .pick(
                    "应为网址，如 \"https://zhishou.example.gov.cn\"，或留空",
                    "must be an address such as \"https://zhishou.example.gov.cn\", or empty",
                )
                .to_owned(),
            Self::Date => lang
                .pick("应为日期，如 \"2026-10-01\"", "must be a date such as \"2026-10-01\"")
                .to_owned(),
            Self::WorkingDay => lang
                .pick(
                    "应为先后两个时刻，如 [\"09:00\", \"17:30\"]",
                    "must be two times in order such as [\"09:00\", \"17:30\"]",
                )
                .to_owned(),
            Self::Host => lang
                .pick(
                    "应为主机与端口，如 \"10.0.0.1:53\"",
                    "must be a host and port such as \"10.0.0.1:53\"",
                )
                .to_owned(),
            Self::Loopback => lang
                .pick(
                    "明文 HTTP 只在本机回环地址上提供；请在前面部署 TLS 反向代理，并设置 server.behind_tls_proxy = true",
                    "plain HTTP is served on the loopback interface only; put a TLS proxy in front and set server.behind_tls_proxy = true",
                )
                .to_owned(),
        }
    }
}

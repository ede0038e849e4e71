//! 渠道: where messages go, and what of it may be shown.

use super::Topic;
use crate::ChannelId;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// What a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// 邮件, over an SMTP relay.
    Mail,
    /// 钉钉群机器人.
    Dingtalk,
    /// 飞书群机器人.
    Feishu,
    /// 企业微信群机器人, also 政务微信 by its own address.
    Wecom,
    /// A program that takes signed JSON.
    Webhook,
    /// 短信, over whatever HTTP gateway there is.
    Sms,
}

words!(ChannelKind {
    Mail = "mail", "邮件", "e-mail";
    Dingtalk = "dingtalk", "钉钉机器人", "DingTalk robot";
    Feishu = "feishu", "飞书机器人", "Feishu robot";
    Wecom = "wecom", "企业微信 / 政务微信机器人", "WeCom robot";
    Webhook = "webhook", "Webhook", "webhook";
    Sms = "sms", "短信网关", "SMS gateway";
});

/// How much text a channel takes in one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Bytes of UTF-8.
    Bytes(usize),
    /// Characters.
    Characters(usize),
}

impl ChannelKind {
    /// Messages a minute where nothing else is set. DingTalk and WeCom refuse more than 20, Feishu more
    /// than 100 (their documentation of custom robots).
    pub const fn per_minute(self) -> u32 {
        match self {
            Self::Dingtalk | Self::Wecom => 20,
            Self::Feishu => 100,
            Self::Mail | Self::Sms => 60,
            Self::Webhook => 600,
        }
    }

    /// How much text fits: WeCom takes 4096 bytes of markdown, DingTalk and Feishu about 20 kB with all
    /// that stands around it; an SMS of 300 characters is five parts.
    pub const fn room(self) -> Room {
        match self {
            Self::Wecom => Room::Bytes(4096),
            Self::Dingtalk | Self::Feishu => Room::Bytes(16_000),
            Self::Mail | Self::Webhook => Room::Bytes(200_000),
            Self::Sms => Room::Characters(300),
        }
    }

    /// Whether each message says to whom: a robot speaks to its group.
    pub const fn is_addressed(self) -> bool {
        matches!(self, Self::Mail | Self::Sms)
    }
}

/// Whether anything goes out over a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// 启用.
    #[default]
    On,
    /// 停用: what is queued waits.
    Off,
}

words!(Switch {
    On = "on", "启用", "on";
    Off = "off", "停用", "off";
});

/// How mail is protected on its way to the relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// STARTTLS (RFC 3207), or nothing is sent.
    #[default]
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// None: a relay within the machine room.
    Plain,
}

words!(MailSecurity {
    Starttls = "starttls", "STARTTLS", "STARTTLS";
    Tls = "tls", "TLS", "TLS";
    Plain = "plain", "不加密（仅限内网中继）", "none (a relay of our own network)";
});

/// How an SMS gateway is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebMethod {
    /// With a body.
    #[default]
    Post,
    /// With the address alone.
    Get,
}

words!(WebMethod {
    Post = "post", "POST", "POST";
    Get = "get", "GET", "GET";
});

/// In which letters an SMS gateway is written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charset {
    /// UTF-8.
    #[default]
    Utf8,
    /// GBK, as older gateways want it.
    Gbk,
}

words!(Charset {
    Utf8 = "utf8", "UTF-8", "UTF-8";
    Gbk = "gbk", "GBK", "GBK";
});

/// What of a channel is no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelSettings {
    /// Messages a minute; 0: as its kind has it.
    pub per_minute: u32,
    /// HTTP proxy that is gone through, `http://host:port`; empty: none.
    pub relay: String,
    /// Mail addresses or telephones that get what is addressed to nobody else; telephones that a DingTalk
    /// robot mentions.
    pub recipients: Vec<String>,
    /// Of mail: the sender.
    pub from: String,
    /// Of mail: who logs in at the relay; empty: nobody.
    pub username: String,
    /// Of mail: how it is protected.
    pub security: MailSecurity,
    /// Of SMS: how the gateway is called.
    pub method: WebMethod,
    /// Of SMS: in which letters.
    pub charset: Charset,
    /// Of SMS: what the body is.
    pub content_type: String,
    /// Of SMS: further headers, `Name: value` a line, with the same marks as the body.
    pub headers: String,
    /// Of SMS: the body, with `{phone}`, `{text}`, `{secret}` and `{key}` in it.
    pub body: String,
    /// Of SMS: what stands in an answer that took the message; empty: the status decides.
    pub success: String,
}

/// Where a channel leads and what opens it. The address of a robot is a secret too: whoever has it writes
/// to its group. `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelAccess {
    /// URL, or `host:port` of a relay for mail.
    pub address: String,
    /// Secret of a robot or webhook, password of mail or of a gateway; empty: none.
    pub secret: String,
}

impl fmt::Debug for ChannelAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelAccess(…)")
    }
}

impl ChannelAccess {
    /// The part of the address that may be shown: the host.
    pub fn host(&self) -> &str {
        let rest = self.address.split_once("://").map_or(self.address.as_str(), |(_, rest)| rest);
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        host.rsplit_once('@').map_or(host, |(_, host)| host)
    }
}

/// 渠道, without what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its number.
    pub id: ChannelId,
    /// What it is.
    pub kind: ChannelKind,
    /// What it is called; rules name it by this.
    pub name: String,
    /// Whether it is in use.
    pub switch: Switch,
    /// What it carries without being named.
    pub topics: BTreeSet<Topic>,
    /// The host it leads to.
    pub host: String,
    /// The rest.
    pub settings: ChannelSettings,
}

/// What is wrong with a channel as somebody entered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelProblem {
    /// No name, or one too long.
    #[error("name: 1 to 60 characters")]
    Name,
    /// A name that another channel has.
    #[error("name: another channel has it")]
    NameTaken,
    /// Not an address that can be called.
    #[error("address: http://… or https://…; of mail host:port")]
    Address,
    /// Not a proxy.
    #[error("relay: http://host:port, or nothing")]
    Relay,
    /// Of mail.
    #[error("sender: a mail address")]
    From,
    /// A recipient that is none.
    #[error("recipients: mail addresses, or telephones of digits")]
    Recipients,
    /// Of SMS.
    #[error("body: {{text}} and {{phone}} have to stand in address, headers or body")]
    Template,
    /// Of SMS.
    #[error("headers: Name: value, one a line")]
    Headers,
    /// Too many.
    #[error("per minute: 0 to 6000")]
    PerMinute,
    /// A login without the means to protect it.
    #[error("login: a password goes over TLS or STARTTLS only")]
    PlainLogin,
}

impl ChannelProblem {
    /// In one language.
    pub fn words(self, lang: crate::Lang) -> String {
        let zh = match self {
            Self::Name => "名称：1 至 60 个字",
            Self::NameTaken => "名称：已有同名渠道",
            Self::Address => "地址：应为 http://… 或 https://…；邮件为 主机:端口",
            Self::Relay => "代理：应为 http://主机:端口，或留空",
            Self::From => "发件人：应为邮件地址",
            Self::Recipients => "接收人：应为邮件地址，或由数字组成的电话号码",
            Self::Template => "模板：地址、请求头或正文中须有 {text} 与 {phone}",
            Self::Headers => "请求头：每行一个，写作 名称: 值",
            Self::PerMinute => "每分钟条数：0 至 6000",
            Self::PlainLogin => "登录：密码只经 TLS 或 STARTTLS 发送",
        };
        match lang {
            crate::Lang::Zh => zh.to_owned(),
            crate::Lang::En => self.to_string(),
        }
    }
}

/// Whether this may be a mail address (RFC 5321 leaves more open than any relay takes).
fn is_mail(text: &str) -> bool {
    let plain = |it: &str| {
        !it.is_empty()
            && !it.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\",;".contains(c))
    };
    text.split_once('@')
        .is_some_and(|(name, host)| plain(name) && plain(host) && !host.contains('@'))
}

fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (5..=20).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit() || it == b'-')
}

fn is_web(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with(['/', '?', ':'])
            && text.bytes().all(|it| it.is_ascii_graphic())
    })
}

fn is_host_and_port(text: &str) -> bool {
    let plain = |host: &str| {
        !host.is_empty()
            && host.bytes().all(|it| it.is_ascii_alphanumeric() || b".-:[]".contains(&it))
    };
    let (host, port) = text.rsplit_once(':').unwrap_or_default();
    plain(host) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

impl ChannelSettings {
    /// What is wrong with a channel of `kind`; `None` where nothing is.
    pub fn problem(
        &self,
        kind: ChannelKind,
        name: &str,
        access: &ChannelAccess,
    ) -> Option<ChannelProblem> {
        let address = match kind {
            ChannelKind::Mail => is_host_and_port(&access.address),
            _ => is_web(&access.address),
        };
        let known = |mark| {
            [&access.address, &self.headers, &self.body].iter().any(|text| text.contains(mark))
        };
        let is_recipient = |it: &String| match kind {
            ChannelKind::Mail => is_mail(it),
            _ => is_phone(it),
        };
        let is_header = |line: &str| {
            line.split_once(':').is_some_and(|(name, _)| {
                !name.is_empty() && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-')
            })
        };
        let sms = kind == ChannelKind::Sms;
        let login = kind == ChannelKind::Mail
            && self.security == MailSecurity::Plain
            && !(self.username.is_empty() && access.secret.is_empty());
        [
            ((1..=60).contains(&name.chars().count()), ChannelProblem::Name),
            (address, ChannelProblem::Address),
            (self.relay.is_empty() || is_web(&self.relay), ChannelProblem::Relay),
            (kind != ChannelKind::Mail || is_mail(&self.from), ChannelProblem::From),
            (self.recipients.iter().all(is_recipient), ChannelProblem::Recipients),
            (!sms || (known("{text}") && known("{phone}")), ChannelProblem::Template),
            (self.headers.lines().all(is_header), ChannelProblem::Headers),
            (self.per_minute <= 6000, ChannelProblem::PerMinute),
            (!login, ChannelProblem::PlainLogin),
        ]
        .into_iter()
        .find(|(holds, _)| !holds)
        .map(|(_, problem)| problem)
    }

    /// Messages a minute of a channel of `kind`.
    pub fn rate(&self, kind: ChannelKind) -> u32 {
        if self.per_minute == 0 { kind.per_minute() } else { self.per_minute }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(address: &str) -> ChannelAccess {
        ChannelAccess { address: address.to_owned(), secret: "SECsecret".to_owned() }
    }

    #[test]
    fn of_an_address_only_the_host_is_shown_and_of_access_nothing() {
        let robot = access("https://oapi.dingtalk.com/robot/send?access_token=abc");
        assert_eq!(robot.host(), "oapi.dingtalk.com");
        assert_eq!(access("http://user:pass@10.0.0.1:8080/x").host(), "10.0.0.1:8080");
        assert_eq!(access("mail.gov.cn:465").host(), "mail.gov.cn:465");
        assert_eq!(format!("{robot:?}"), "ChannelAccess(…)");
    }

    #[test]
    fn each_mistake_is_named() {
        let robot = access("https://oapi.dingtalk.com/robot/send?access_token=abc");
        let plain = ChannelSettings::default();
        let of = |settings: &ChannelSettings, kind, name: &str, access: &ChannelAccess| {
            settings.problem(kind, name, access)
        };
        assert_eq!(of(&plain, ChannelKind::Dingtalk, "值班群", &robot), None);
        let cases = [
            (plain.clone(), ChannelKind::Dingtalk, "", robot.clone(), ChannelProblem::Name),
            (plain.clone(), ChannelKind::Wecom, "a", access("ftp://x"), ChannelProblem::Address),
            (
                plain.clone(),
                ChannelKind::Wecom,
                "a",
                access("https://x/\n"),
                ChannelProblem::Address,
            ),
            (plain.clone(), ChannelKind::Mail, "a", access("mail"), ChannelProblem::Address),
            (plain.clone(), ChannelKind::Mail, "a", access("mail:25"), ChannelProblem::From),
            (
                ChannelSettings { relay: "proxy".into(), ..plain.clone() },
                ChannelKind::Feishu,
                "a",
                robot.clone(),
                ChannelProblem::Relay,
            ),
            (
                ChannelSettings { recipients: vec!["张三".into()], ..plain.clone() },
                ChannelKind::Dingtalk,
                "a",
                robot.clone(),
                ChannelProblem::Recipients,
            ),
            (plain.clone(), ChannelKind::Sms, "a", robot.clone(), ChannelProblem::Template),
            (
                ChannelSettings { headers: "no header".into(), ..plain.clone() },
                ChannelKind::Webhook,
                "a",
                robot.clone(),
                ChannelProblem::Headers,
            ),
            (
                ChannelSettings { per_minute: 7000, ..plain.clone() },
                ChannelKind::Webhook,
                "a",
                robot.clone(),
                ChannelProblem::PerMinute,
            ),
            (
                ChannelSettings {
                    from: "zhishou@gov.cn".into(),
                    username: "zhishou".into(),
                    security: MailSecurity::Plain,
                    ..plain.clone()
                },
                ChannelKind::Mail,
                "a",
                access("mail:25"),
                ChannelProblem::PlainLogin,
            ),
        ];
        for (settings, kind, name, access, problem) in cases {
            assert_eq!(of(&settings, kind, name, &access), Some(problem));
        }
        let sms = ChannelSettings { body: "to={phone}&msg={text}".into(), ..plain };
        assert_eq!(of(&sms, ChannelKind::Sms, "短信", &access("http://sms/send")), None);
    }
}

//! Why a message was not taken, and what to do about it.

use crate::Lang;
use serde::{Deserialize, Serialize};

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendProblem {
    /// No connection, or no answer in time.
    Unreachable,
    /// TLS failed.
    Tls,
    /// The other side has trouble of its own (5xx of HTTP, 4xx of SMTP).
    Busy,
    /// It counts, and it was too many.
    TooFast,
    /// Login, signature, token or address list.
    NotPermitted,
    /// It takes messages, but not this one.
    Rejected,
    /// An answer that says neither.
    Unclear,
    /// The channel cannot be used as it is set.
    Settings,
    /// It waited too long.
    Expired,
    /// The channel is no more.
    Removed,
}

words!(SendProblem {
    Unreachable = "unreachable", "无法连接", "not reached";
    Tls = "tls", "TLS 失败", "TLS failed";
    Busy = "busy", "对方暂不可用", "not available now";
    TooFast = "too_fast", "发送过快", "too many at once";
    NotPermitted = "not_permitted", "鉴权未通过", "not permitted";
    Rejected = "rejected", "对方拒收", "rejected";
    Unclear = "unclear", "应答无法识别", "answer not understood";
    Settings = "settings", "渠道设置有误", "channel set wrongly";
    Expired = "expired", "超时未送达", "waited too long";
    Removed = "removed", "渠道已删除", "channel removed";
});

impl SendProblem {
    /// Whether trying again by itself may help.
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::Unreachable | Self::Tls | Self::Busy | Self::TooFast | Self::Unclear)
    }

    /// What to do.
    pub const fn advice(self, lang: Lang) -> &'static str {
        match self {
            Self::Unreachable => lang.pick(
                "检查地址、端口与出网策略；内网环境请设置代理（中继）地址",
                "check address, port and firewall; in a closed network set a relay",
            ),
            Self::Tls => lang.pick(
                "检查对方证书与本机时间；自建证书请在 alerts.ca_file 指明根证书",
                "check its certificate and our clock; name the root of a private one in alerts.ca_file",
            ),
            Self::Busy => lang.pick("稍后自动重试，无须处理", "it is tried again by itself"),
            Self::TooFast => lang.pick(
                "调低该渠道的每分钟条数；已自动放缓重试",
                "lower the messages a minute of the channel; it is tried again more slowly",
            ),
            Self::NotPermitted => lang.pick(
                "核对机器人的密钥、关键词与 IP 白名单，或邮箱的用户名与授权码",
                "check secret, keyword and address list of the robot, or login and password of the mailbox",
            ),
            Self::Rejected => lang.pick(
                "查看对方返回的说明，修改渠道设置后重发",
                "read what it answered, mend the channel and send again",
            ),
            Self::Unclear => lang.pick(
                "确认地址正确；短信网关请核对成功标志",
                "make sure of the address; of an SMS gateway check the mark of success",
            ),
            Self::Settings => {
                lang.pick("重新填写渠道设置并试发", "enter the channel again and send a test message")
            }
            Self::Expired => lang.pick("恢复渠道后可点“重发”", "mend the channel, then send again"),
            Self::Removed => lang.pick("另建渠道", "make another channel"),
        }
    }
}

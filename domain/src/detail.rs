//! What exactly a probe saw, kept as code and arguments and put into words per language.

use crate::{
    Bottleneck, CertificateFingerprint, Lang,
    equipment::{Bounds, Oid},
};
use serde::{Deserialize, Serialize};

/// The particulars of a fault. Holds no secret: no variant takes a credential or a URL with one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[expect(missing_docs, reason = "fields are named with their units; the words stand in `render`")]
pub enum Detail {
    /// Nothing beyond the code.
    None,
    /// A host name that did not resolve.
    Host { host: String },
    /// An address that was tried in vain.
    Peer { peer: String },
    /// A status line.
    Status { status: u16, reason: String },
    /// A peer that spoke something else; the first bytes, escaped.
    Greeting { bytes: String },
    /// A message that could not be read.
    Malformed { problem: String },
    /// Nothing came for so long.
    Silence { waited_ms: u64 },
    /// Media flowed, and no keyframe came in so long.
    Keyframeless { waited_ms: u64 },
    /// The device closed the connection instead of answering.
    ClosedUnanswered,
    /// The HTTP tunnel before the device asks for a login of its own.
    TunnelLogin { offered: String },
    /// Why there is no TLS.
    Tls { problem: TlsProblem },
    /// A certificate beside the one on record.
    Certificate { seen: CertificateFingerprint, known: CertificateFingerprint },
    /// The login was kept back because the certificate is not the one on record.
    CertificateDoubted { offered: String },
    /// Authentication schemes offered.
    Schemes { offered: String },
    /// A login budget was used up.
    Budget { failures: u32, retry_after_ms: Option<u64> },
    /// A scheme or feature of the address that is not served.
    Scheme { scheme: String },
    /// Frame rate delivered against declared.
    Fps { fps: f64, declared_fps: f64 },
    /// Bit rate delivered against the usual one.
    Bitrate { bps: f64, usual_bps: f64 },
    /// Another form than the baseline's.
    Changed { usual: String, now: String },
    /// Sound packets whose content reads like cipher text. `made_up` is the share of the picture, 0
    /// to 1, that the decoder could not read; without it the slice headers themselves are absurd.
    Cipher { made_up: Option<f64> },
    /// Packets lost of expected, and where. Rows of before have `by_device`.
    Loss {
        lost: u64,
        expected: u64,
        #[serde(alias = "by_device")]
        origin: LossOrigin,
    },
    /// Longest silence within the stream.
    Stall { stall_ms: f64 },
    /// Clock offset of the device.
    Offset { offset_ms: f64 },
    /// What the decoder said.
    Decoder { problem: String },
    /// A measured value beside the limit it broke.
    Measure { value: f64, limit: f64, unit: String },
    /// A measured value that is back within its limit, and too near it to be over.
    Lingering { value: f64, limit: f64, unit: String },
    /// The picture has been the same for so long.
    Frozen { for_ms: u64 },
    /// The very same coded keyframe has come again after so long: no encoder does that with a live
    /// picture, so it is the source that repeats itself.
    Repeated { for_ms: u64 },
    /// Media ended or failed inside: so much had come.
    Cut { packets: u64, after_ms: u64 },
    /// What ails the sub-stream, while the main stream flows.
    SubStream { detail: Box<Detail> },
    /// Pings that were not answered, of those sent.
    Pings { lost: u32, sent: u32 },
    /// Pings were answered slower than they may be, on average.
    Slow { rtt_ms: f64, limit_ms: f64 },
    /// An item (监控项) that is not as it should be.
    Item { name: String, value: String, unit: Option<String>, bounds: Bounds },
    /// An item that the device does not have.
    ItemMissing { name: String, oid: Oid, problem: String },
    /// A page without the text that it should hold.
    TextMissing { text: String },
    /// Days that a certificate is still valid, and should be.
    CertificateDays { days: i64, wanted: u32 },
    /// Our system does not let us ping.
    PingForbidden,
    /// OPTIONS was not answered though the host is there: some endpoints answer nothing but INVITE.
    OptionsIgnored { waited_ms: u64 },
    /// It rang for so long.
    Rang { rang_ms: u64 },
    /// It answered the call and said that it sends none of this.
    MediaDeclined,
    /// Sound came, and every sample of it was zero.
    DigitalSilence,
    /// Other probes of ours used up what it shares with them, for as long as it waited.
    Crowded { by: Bottleneck, waited_ms: u64 },
    /// Why we could not tell, our own cause.
    Ours { problem: String },
}

/// How a TLS handshake fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[expect(missing_docs, reason = "fields are named with their units; the words stand in `render`")]
pub enum TlsProblem {
    /// The answer is no TLS: something else listens there, most likely plain RTSP.
    NotTls,
    /// The device speaks nothing newer than TLS 1.1 (RFC 8996).
    TooOld,
    /// The device has no cipher in common with us.
    NoCommonCipher,
    /// The device ended the handshake and said why (RFC 8446 §6).
    Alert { alert: String },
    /// The device closed the connection.
    Closed,
    /// The handshake did not end in time.
    Stalled { waited_ms: u64 },
    /// The certificate cannot be read, or its key did not sign the handshake.
    Certificate { problem: String },
    /// No authority that is believed vouches for the certificate, and the configuration asks for one.
    Unvouched { problem: String },
    /// Anything else.
    Other { problem: String },
}

impl TlsProblem {
    fn render(&self, lang: Lang) -> String {
        match self {
            Self::NotTls => lang
                .pick(
                    "对端不是 TLS，可能是普通 RTSP",
                    "the peer does not speak TLS, maybe plain RTSP",
                )
                .to_owned(),
            Self::TooOld => lang
                .pick("设备的 TLS 版本低于 1.2", "the device has no TLS newer than 1.1")
                .to_owned(),
            Self::NoCommonCipher => lang
                .pick(
                    "设备没有可用的加密套件",
                    "the device has no cipher suite that is still in use",
                )
                .to_owned(),
            Self::Alert { alert } => match lang {
                Lang::Zh => format!("设备中止握手：{alert}"),
                Lang::En => format!("the device ended the handshake: {alert}"),
            },
            Self::Closed => lang
                .pick("设备在握手中关闭连接", "the device closed the connection in the handshake")
                .to_owned(),
            Self::Stalled { waited_ms } => {
                let seconds = *waited_ms as f64 / 1000.0;
                match lang {
                    Lang::Zh => format!("握手 {seconds:.1} 秒未完成"),
                    Lang::En => format!("the handshake did not end within {seconds:.1} s"),
                }
            }
            Self::Certificate { problem } => match lang {
                Lang::Zh => format!("证书不可用：{problem}"),
                Lang::En => format!("unusable certificate: {problem}"),
            },
            Self::Unvouched { problem } => match lang {
                Lang::Zh => format!(
                    "没有受信任的机构为设备证书担保（自签名？），按配置 probing.certificates 不予连接：{problem}"
                ),
                Lang::En => format!(
                    "no authority vouches for the certificate (self-signed?), which probing.certificates asks for: \
                     {problem}"
                ),
            },
            Self::Other { problem } => match lang {
                Lang::Zh => format!("握手出错：{problem}"),
                Lang::En => format!("the handshake failed: {problem}"),
            },
        }
    }
}

/// Where packets were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LossOrigin {
    /// The device, or a recorder or platform between, numbered packets and dropped them: over TCP
    /// nothing else can be, over UDP its own count of packets sent says so.
    Device,
    /// Lost on the way: the device counts them as sent.
    Network,
    /// Over UDP without a count, or some here and some there.
    Unknown,
}

/// Reads the word, or the `by_device` of before, when `false` meant that nobody could tell.
impl<'de> Deserialize<'de> for LossOrigin {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Word {
            Device,
            Network,
            Unknown,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Stored {
            Word(Word),
            ByDevice(bool),
        }
        Ok(match Stored::deserialize(deserializer)? {
            Stored::Word(Word::Device) | Stored::ByDevice(true) => Self::Device,
            Stored::Word(Word::Network) => Self::Network,
            Stored::Word(Word::Unknown) | Stored::ByDevice(false) => Self::Unknown,
        })
    }
}

impl Detail {
    /// Whether the cause is our own, so that nothing is said of the device.
    pub const fn is_ours(&self) -> bool {
        let refused = matches!(self, Self::Tls { problem: TlsProblem::Unvouched { .. } });
        refused || matches!(self, Self::Ours { .. } | Self::PingForbidden | Self::Crowded { .. })
    }

    /// Whether what was seen leaves open how the device is.
    pub const fn settles_nothing(&self) -> bool {
        matches!(self, Self::OptionsIgnored { .. })
    }

    /// The words for a person. Empty where the code says all.
    pub fn render(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        match self {
            Self::None => String::new(),
            Self::Host { host } => {
                if zh {
                    format!("域名 {host}")
                } else {
                    format!("host {host}")
                }
            }
            Self::Peer { peer } => {
                if zh {
                    format!("对端 {peer}")
                } else {
                    format!("peer {peer}")
                }
            }
            Self::Status { status, reason } => {
                let line = format!("{status} {reason}");
                let line = line.trim_end();
                if zh { format!("应答 {line}") } else { format!("answered {line}") }
            }
            Self::Greeting { bytes } => {
                if zh {
                    format!("收到的开头是 {bytes}")
                } else {
                    format!("it began with {bytes}")
                }
            }
            Self::Malformed { problem } => {
                if zh {
                    format!("报文错误：{problem}")
                } else {
                    format!("malformed: {problem}")
                }
            }
            Self::Silence { waited_ms } => {
                let seconds = *waited_ms as f64 / 1000.0;
                if zh {
                    format!("等待 {seconds:.1} 秒无应答")
                } else {
                    format!("silent for {seconds:.1} s")
                }
            }
            Self::OptionsIgnored { waited_ms } => {
                let seconds = *waited_ms as f64 / 1000.0;
                if zh {
                    format!("{seconds:.1} 秒内不应答 OPTIONS，但主机在；未允许测试呼叫，不能断定")
                } else {
                    format!("OPTIONS not answered in {seconds:.1} s though the host is there; without leave to call that settles nothing")
                }
            }
            Self::MediaDeclined => lang
                .pick("应答中声明不发送", "its answer says that it sends none")
                .to_owned(),
            Self::DigitalSilence => {
                lang.pick("收到的采样全为零", "every sample that came was zero").to_owned()
            }
            Self::Rang { rang_ms } => {
                let seconds = *rang_ms as f64 / 1000.0;
                if zh {
                    format!("振铃 {seconds:.0} 秒无人接听")
                } else {
                    format!("it rang for {seconds:.0} s")
                }
            }
            Self::Keyframeless { waited_ms } => {
                let seconds = *waited_ms as f64 / 1000.0;
                if zh {
                    format!("码流正常，{seconds:.0} 秒内无关键帧")
                } else {
                    format!("media flows, no keyframe in {seconds:.0} s")
                }
            }
            Self::ClosedUnanswered => lang
                .pick("设备未应答即关闭连接", "the device closed the connection without answering")
                .to_owned(),
            Self::TunnelLogin { offered } => {
                if zh {
                    format!("HTTP 隧道自身要求登录（{offered}）")
                } else {
                    format!("the HTTP tunnel itself asks for a login ({offered})")
                }
            }
            Self::Tls { problem } => problem.render(lang),
            Self::Certificate { seen, known } => {
                if zh {
                    format!("现证书 {seen:.16}，记录为 {known:.16}")
                } else {
                    format!("it shows {seen:.16}, on record is {known:.16}")
                }
            }
            Self::CertificateDoubted { offered } => {
                if zh {
                    format!("证书未确认，未发送口令；设备要求 {offered}")
                } else {
                    format!("no login sent while the certificate is in doubt; it offers {offered}")
                }
            }
            Self::Schemes { offered } => {
                if zh {
                    format!("设备要求 {offered}")
                } else {
                    format!("it offers {offered}")
                }
            }
            Self::Budget { failures, retry_after_ms } => budget(*failures, *retry_after_ms, lang),
            Self::Scheme { scheme } => {
                if zh {
                    format!("{scheme} 暂不支持")
                } else {
                    format!("{scheme} is not served")
                }
            }
            Self::Fps { fps, declared_fps } => {
                if zh {
                    format!("实收 {fps:.1} / 标称 {declared_fps:.1} 帧/秒")
                } else {
                    format!("{fps:.1} of {declared_fps:.1} fps")
                }
            }
            Self::Bitrate { bps, usual_bps } => {
                let (now, usual) = (bps / 1e6, usual_bps / 1e6);
                if zh {
                    format!("{now:.2} Mbit/s，平时 {usual:.2} Mbit/s")
                } else {
                    format!("{now:.2} Mbit/s, usually {usual:.2} Mbit/s")
                }
            }
            Self::Changed { usual, now } => {
                if zh {
                    format!("现为 {now}，基线 {usual}")
                } else {
                    format!("now {now}, the baseline is {usual}")
                }
            }
            Self::Cipher { made_up } => cipher(*made_up, lang),
            Self::Loss { lost, expected, origin } => loss(*lost, *expected, *origin, lang),
            Self::Stall { stall_ms } => {
                let seconds = stall_ms / 1000.0;
                if zh {
                    format!("最长停顿 {seconds:.1} 秒")
                } else {
                    format!("longest stall {seconds:.1} s")
                }
            }
            Self::Offset { offset_ms } => {
                let seconds = offset_ms / 1000.0;
                if zh {
                    format!("相差 {seconds:+.1} 秒")
                } else {
                    format!("off by {seconds:+.1} s")
                }
            }
            Self::Decoder { problem } => {
                if zh {
                    format!("解码器：{problem}")
                } else {
                    format!("decoder: {problem}")
                }
            }
            Self::Measure { value, limit, unit } => {
                let what = crate::measure_name(unit, lang);
                if zh {
                    format!("实测{what} {value:.2}，界限 {limit:.2}")
                } else {
                    format!("{what} {value:.2} against {limit:.2}").trim_start().to_owned()
                }
            }
            Self::Lingering { value, limit, unit } => {
                let what = crate::measure_name(unit, lang);
                if zh {
                    format!("实测{what} {value:.2}，离界限 {limit:.2} 太近，尚不算恢复")
                } else {
                    format!("{what} {value:.2}, too near {limit:.2} to count as over")
                }
            }
            Self::Frozen { for_ms } => {
                let seconds = *for_ms as f64 / 1000.0;
                if zh {
                    format!("{seconds:.0} 秒内画面无变化")
                } else {
                    format!("unchanged for {seconds:.0} s")
                }
            }
            Self::Repeated { for_ms } => {
                let seconds = *for_ms as f64 / 1000.0;
                if zh {
                    format!(
                        "{seconds:.0} 秒后仍是同一关键帧（字节完全相同），码流源在重复发送旧画面"
                    )
                } else {
                    format!(
                        "the very same coded keyframe again after {seconds:.0} s: \
                         the source repeats an old picture"
                    )
                }
            }
            Self::Cut { packets, after_ms } => {
                let seconds = *after_ms as f64 / 1000.0;
                if zh {
                    format!("{seconds:.1} 秒后中断，已收 {packets} 包")
                } else {
                    format!("cut after {seconds:.1} s and {packets} packets")
                }
            }
            Self::SubStream { detail } => {
                let words = detail.render(lang);
                let colon = if words.is_empty() { "" } else { lang.pick("：", ": ") };
                let which = lang.pick(
                    "只是子码流有此故障，主码流正常取到",
                    "the sub-stream alone; the main stream was opened instead and flows",
                );
                format!("{which}{colon}{words}")
            }
            Self::Pings { lost, sent } => {
                if zh {
                    format!("{sent} 次 ping 有 {lost} 次无应答")
                } else {
                    format!("{lost} of {sent} pings unanswered")
                }
            }
            Self::Slow { rtt_ms, limit_ms } => {
                if zh {
                    format!("ping 平均时延 {rtt_ms:.1} ms，上限 {limit_ms:.0} ms")
                } else {
                    format!("pings take {rtt_ms:.1} ms on average, {limit_ms:.0} ms are allowed")
                }
            }
            Self::Item { name, value, unit, bounds } => {
                item(name, value, unit.as_deref(), bounds, lang)
            }
            Self::ItemMissing { name, oid, problem } => {
                if zh {
                    format!("{name}（{oid}）：{problem}")
                } else {
                    format!("{name} ({oid}): {problem}")
                }
            }
            Self::TextMissing { text } => {
                if zh {
                    format!("页面中没有“{text}”")
                } else {
                    format!("the page does not hold \"{text}\"")
                }
            }
            Self::CertificateDays { days, wanted } => match (zh, *days < 0) {
                (true, true) => format!("证书已过期 {} 天", -days),
                (true, false) => format!("证书还有 {days} 天到期，要求不少于 {wanted} 天"),
                (false, true) => format!("the certificate expired {} days ago", -days),
                (false, false) => format!("the certificate ends in {days} days, {wanted} are asked for"),
            },
            Self::PingForbidden => lang
                .pick(
                    "探测机自身原因：系统不允许本程序 ping（net.ipv4.ping_group_range），见 zhishou doctor",
                    "our own: the system does not let us ping (net.ipv4.ping_group_range), see zhishou doctor",
                )
                .to_owned(),
            Self::Crowded { by, waited_ms } => {
                let (what, seconds) = (by.name(lang), waited_ms / 1000);
                if zh {
                    format!("探测机自身原因：{what}被本平台其他探测占满，等了 {seconds} 秒")
                } else {
                    format!("our own: other probes of ours use all of {what}, waited {seconds} s")
                }
            }
            Self::Ours { problem } => {
                if zh {
                    format!("探测机自身原因：{problem}")
                } else {
                    format!("our own: {problem}")
                }
            }
        }
    }
}

fn item(name: &str, value: &str, unit: Option<&str>, bounds: &Bounds, lang: Lang) -> String {
    let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    let zh = lang == Lang::Zh;
    let wanted = match (bounds.low, bounds.high, &bounds.equals) {
        (_, _, Some(equals)) if zh => format!("应为 {equals}{unit}"),
        (_, _, Some(equals)) => format!("should be {equals}{unit}"),
        (Some(low), Some(high), None) if zh => format!("应在 {low} 至 {high}{unit} 之间"),
        (Some(low), Some(high), None) => format!("should be {low} to {high}{unit}"),
        (Some(low), None, None) if zh => format!("不应低于 {low}{unit}"),
        (Some(low), None, None) => format!("should not be below {low}{unit}"),
        (None, Some(high), None) if zh => format!("不应高于 {high}{unit}"),
        (None, Some(high), None) => format!("should not be above {high}{unit}"),
        (None, None, None) => String::new(),
    };
    if zh {
        format!("{name}为 {value}{unit}，{wanted}")
    } else {
        format!("{name} is {value}{unit}, {wanted}")
    }
}

fn budget(failures: u32, retry_after_ms: Option<u64>, lang: Lang) -> String {
    let minutes = retry_after_ms.map(|ms| ms.div_ceil(60_000));
    match (lang, minutes) {
        (Lang::Zh, None) => format!("已失败 {failures} 次，待人工核对"),
        (Lang::Zh, Some(minutes)) => format!("已失败 {failures} 次，{minutes} 分钟后再试"),
        (Lang::En, None) => format!("{failures} rejected, waiting for an operator"),
        (Lang::En, Some(minutes)) => format!("{failures} rejected, next try in {minutes} min"),
    }
}

fn cipher(made_up: Option<f64>, lang: Lang) -> String {
    match (lang, made_up) {
        (Lang::Zh, None) => "未丢包，但片头无意义，数据如密文".to_owned(),
        (Lang::En, None) => {
            "no loss, yet slice headers make no sense and the bytes are like cipher text".to_owned()
        }
        (Lang::Zh, Some(share)) => {
            format!("未丢包，片头可读，但画面 {:.0} % 无法解出，数据如密文", share * 100.0)
        }
        (Lang::En, Some(share)) => format!(
            "no loss and sound headers, yet {:.0} % of the picture does not decode and the bytes are like cipher text",
            share * 100.0
        ),
    }
}

fn loss(lost: u64, expected: u64, origin: LossOrigin, lang: Lang) -> String {
    let percent = if expected == 0 { 0.0 } else { 100.0 * lost as f64 / expected as f64 };
    match lang {
        Lang::Zh => {
            let origin = match origin {
                LossOrigin::Device => "系设备（或录像机）自身丢弃",
                LossOrigin::Network => "系途中网络丢失",
                LossOrigin::Unknown => "无法判定丢在何处",
            };
            format!("丢 {lost}/{expected} 包（{percent:.1} %），{origin}")
        }
        Lang::En => {
            let origin = match origin {
                LossOrigin::Device => "dropped by the device (or its recorder) itself",
                LossOrigin::Network => "lost on the way",
                LossOrigin::Unknown => "no telling where",
            };
            format!("{lost}/{expected} packets lost ({percent:.1} %), {origin}")
        }
    }
}

#[cfg(test)]
mod tests;

//! How each fault is found (判定方法), in words, and the reference that is made of them.
//!
//! The text says what the code that raises the fault does, with its default limit and its source.
//! `docs/reference/faults.md` is [`reference`]; a test here fails when it is stale, and
//! `probe/tests/faults.rs` when a fault is raised that this file calls not raised, or the
//! other way round.

use crate::{FaultCode, Group, Lang};
use std::fmt::Write;

impl FaultCode {
    /// How a probe finds it: method, default limit, source. `None` while nothing raises it.
    pub const fn detected(self, lang: Lang) -> Option<&'static str> {
        let (zh, en) = match self {
            Self::DnsFailed => (
                "3 秒内系统解析器没有给出地址。",
                "The system's resolver gave no address within 3 s.",
            ),
            Self::Unreachable => (
                "TCP 连接或 ping 得到“主机不可达”（ICMP）。本机没有路由、地址或描述符时记为探测机自身原因。",
                "TCP connect or a ping ended with host unreachable (ICMP). No route, address or descriptor of our own is told apart as our cause.",
            ),
            Self::Refused => (
                "TCP 连接被复位（RST）：主机在，端口没有服务。",
                "TCP connect was reset (RST): the host is there, nothing listens on the port.",
            ),
            Self::ConnectTimeout => (
                "5 秒内 TCP 三次握手未完成；一个域名最多试 3 个地址，平分这 5 秒。配套设备的 ping（4 次，各等 2 秒）全部无应答也算。",
                "No TCP handshake within 5 s, shared by at most 3 addresses of a name. Of equipment: not one of 4 pings answered, 2 s each.",
            ),
            Self::TlsFailed => (
                "rtsps 和 https 地址：5 秒内 TLS 1.2 或 1.3（RFC 5246、RFC 8446）握手未完成；说明里写明对端不是 TLS、版本太旧、没有共同的加密套件、告警，还是证书签名不符。证书自签、过期、域名不符都不算。",
                "An rtsps or https address: no TLS 1.2 or 1.3 handshake (RFC 5246, RFC 8446) within 5 s; the detail tells no TLS at all, too old, no common cipher, an alert, and a signature that the certificate's key did not make. Self-signed, expired or of another name does not count.",
            ),
            Self::CertificateChanged => (
                "证书的 SHA-256 指纹与该设备首次见到的不同；操作员确认前，口令不以 Basic 发送（策略为“仅认记录的证书”时完全不发送）。",
                "The SHA-256 fingerprint of the certificate is not the one first seen of this device; until an operator accepts it the login is not sent by Basic (under the policy \"pinned\" not at all).",
            ),
            Self::NotRtsp => (
                "应答里没有一条 RTSP 报文：开头 4 KiB 内找不到 RTSP 状态行（RFC 2326 §7.1），或对端说了别的就关闭。",
                "Not one RTSP message in what it said: no RTSP status line (RFC 2326 §7.1) in the first 4 KiB, or it said something else and closed.",
            ),
            Self::NoResponse => (
                "连接已建立，但请求在期限内无应答：OPTIONS、SETUP、PLAY 各 5 秒，DESCRIBE 8 秒；或未答即关闭。配套设备：HTTP 8 秒内没有完整应答，SNMP 3 次各 2 秒无应答。终端：OPTIONS 8 秒内（UDP 重发 4 次）无应答，再试 TCP；主机在而只是不答 OPTIONS 的，不能断定离线。",
                "Connected, and a request was not answered in time: OPTIONS, SETUP and PLAY 5 s each, DESCRIBE 8 s; or closed without an answer. Of equipment: no whole answer of HTTP within 8 s, none of SNMP to 3 requests, 2 s each. Of an endpoint: none to OPTIONS within 8 s (4 repeats over UDP), and then by TCP; where the host is there and only ignores OPTIONS, that settles nothing.",
            ),
            Self::BadResponse => (
                "应答无法使用：报文头超过 16 KiB、报文体超过 256 KiB、连续 256 KiB 找不到帧、无法跟随的重定向（最多 3 次），或没有专门含义的状态码。配套设备：不是 HTTP 或 SNMP 报文，状态码不在台账要求之内，或页面（前 256 KiB）没有要求的文字。",
                "The answer is of no use: a head over 16 KiB, a body over 256 KiB, 256 KiB without a frame, a redirect that cannot be followed (at most 3), or a status without a meaning of its own. Of equipment: no message of HTTP or SNMP, another status than the ledger asks for, or a page (its first 256 KiB) without the text asked for.",
            ),
            Self::AuthRequired => (
                "应答 401（RFC 2326 §11），而没有可用的口令。",
                "401 (RFC 2326 §11), and no credential is known.",
            ),
            Self::AuthRejected => (
                "带口令的请求仍得到 401，且不是只换了随机数（stale，RFC 7616 §3.3）；每次探测最多被拒一次。",
                "401 to a request with the credential that is no mere change of nonce (stale, RFC 7616 §3.3); at most one a probe.",
            ),
            Self::AuthSuspended => (
                "口令预算已用完，没有发送：从未成功的口令被拒一次即停；成功过的口令每台设备及每个主机 30 分钟内最多被拒 2 次。",
                "The budget of logins is used up and nothing was sent: one rejection of a credential never proven; at most 2 in 30 minutes of a proven one, per device and per host.",
            ),
            Self::AuthUnsupported => (
                "401 给出的方案都不能应答；支持 Digest MD5、SHA-256（RFC 7616）和 Basic（RFC 7617）。",
                "None of the schemes of the 401 can be answered; Digest MD5 and SHA-256 (RFC 7616) and Basic (RFC 7617) can.",
            ),
            Self::SessionLimit => (
                "状态码 403、453 或 503；本次已登录成功后又得到 401；或我们自己的另一次探测还占着这台设备。",
                "Status 403, 453 or 503; a 401 after the login had worked in this probe; or another session of ours still holds the device.",
            ),
            Self::NotFound => ("状态码 404 或 410。", "Status 404 or 410."),
            Self::ServerError => (
                "状态码 5xx（RTSP 的 503 除外），或设备忘了会话（454）。",
                "Status 5xx (503 of RTSP aside), or a session that the device forgot (454).",
            ),
            Self::BadSdp => (
                "DESCRIBE 的媒体描述（SDP，RFC 8866）为空、没有 m= 行，或没有一路媒体带负载类型。",
                "The description (SDP, RFC 8866) is empty, has no m= line, or no payload type in any of its media.",
            ),
            Self::NoVideo => (
                "媒体描述可读，但没有 m=video。",
                "The description is readable and has no m=video.",
            ),
            Self::TransportUnsupported => (
                "SETUP 得到 461，或给出的传输方式不是所要求的（RFC 2326 §12.39）；地址本身不能打开时也用它，记为探测机自身原因。",
                "461 to SETUP, or another transport than the one asked for (RFC 2326 §12.39); also for an address that cannot be opened, as our own cause.",
            ),
            Self::NoMedia => (
                "PLAY 成功后 5 秒内没有一个视频 RTP 包。",
                "Not one RTP packet of the video within 5 s after PLAY was answered.",
            ),
            Self::Stalled => (
                "视频包之间最长停顿超过 3 秒；结束前刚停下的会多看一会儿。",
                "The longest silence between packets of the video passes 3 s; a stream that has just fallen silent is watched on.",
            ),
            Self::ConnectionLost => (
                "还需要连接时对端关闭或复位了它（自动重连一次后）。",
                "The peer closed or reset the connection while it was needed (after one reconnect where that helps).",
            ),
            Self::NoKeyframe => (
                "首包后 12 秒内（或收流时长内，取长者；关键帧间隔更长的设备按学到的间隔的 1.25 倍，最多 150 秒）没有关键帧（H.264 IDR、H.265 IRAP、JPEG），且不是因为丢包。",
                "No keyframe (H.264 IDR, H.265 IRAP, JPEG) within 12 s of the first packet, or the time of receiving if longer (1.25 times what is learned of a camera with longer groups, 150 s at most), and not for loss.",
            ),
            Self::Undecodable => (
                "关键帧收全了但解码器报错；或丢包未超限而关键帧都不完整、缺少参数集、过大。",
                "The decoder fails on a whole keyframe; or, with loss below its limit, every keyframe is incomplete, lacks its parameter sets or is too large.",
            ),
            Self::EncryptedSuspected => (
                "关键帧无丢包却解不出，字节分布与密文无异（卡方检验，至少 1 KiB），并且：片头（slice header）多数不合标准；或片头正常而 95 % 以上的宏块无法解出（仅 H.264）。",
                "A keyframe came without loss and does not decode, its bytes are as even as cipher text (chi-squared, 1 KiB at least), and: most of its slice headers break the standard; or they are sound and 95 % or more of the macroblocks do not decode (H.264 only).",
            ),
            Self::LowBitrate => (
                "码率低于该路码流平时的 25 % 且超出平时波动的 3 倍标准差，同时关键帧明显变小（不足平时 70 %）或变粗（量化参数高 4 以上）；没有关键帧可比时界限减半。静止画面的码率下降不算。至少见过 8 次正常码率；持续一天后视为新的平时码率。",
                "Bit rate below 25 % of what this stream usually has and 3 deviations below its usual spread, while keyframes are much smaller (under 70 %) or coarser (quantiser up by 4); half of the limit without a keyframe to tell. What a still scene saves is no fault. Known after 8 clean probes; after a day it is what is usual.",
            ),
            Self::ResolutionMismatch => (
                "SPS 或 JPEG 头中的宽高与基线不同。基线是连续 3 次一致的结果；变化持续一天后成为新基线。",
                "Width or height by SPS or JPEG header differ from the baseline: what 3 probes in a row agreed on. A change that lasts a day becomes the baseline.",
            ),
            Self::CodecMismatch => (
                "媒体描述中的编码格式与基线不同；基线的规则同分辨率。",
                "The codec of the description differs from the baseline, which is made as for the resolution.",
            ),
            Self::PacketLoss => (
                "按 RTP 序号（RFC 3550 附录 A.3）丢包率超过 1 %，重复和乱序不算丢。配套设备的 ping 丢失超过 20 %（台账可改）。",
                "Loss by RTP sequence numbers (RFC 3550 A.3) over 1 %; duplicates and reordering are no loss. Of equipment, over 20 % of the pings (or as the ledger says).",
            ),
            Self::LowFps => (
                "按帧到达时间算的帧率低于标称（SDP 或 SPS）的 80 %。",
                "Frames by arrival below 80 % of the rate declared (SDP or SPS).",
            ),
            Self::SignalLost => (
                "85 % 以上的图块平坦且同为一种颜色（文字除外），或是彩条。",
                "Over 85 % of the tiles are flat and of one colour (writing left out), or colour bars.",
            ),
            Self::Black => (
                "85 % 以上的图块平坦且亮度不超过 27（演播室标度）。",
                "Over 85 % of the tiles are flat with luma of at most 27 (studio scale).",
            ),
            Self::TooDark => (
                "亮度第 99 百分位低于 60，且第 1 到第 99 百分位的跨度低于 42。",
                "99th percentile of luma below 60, and the spread from the 1st below 42.",
            ),
            Self::TooBright => (
                "42 % 以上的像素亮度不低于 230；或比该场景基准多 18 % 以上。",
                "42 % or more of the pixels have luma of at least 230; or 18 % more than in the reference of the scene.",
            ),
            Self::LowContrast => (
                "亮度第 1 到第 99 百分位的跨度低于 50（叠加文字除外），或低于该场景基准的 42 %。",
                "Spread of luma from the 1st to the 99th percentile below 50, overlay text left out, or below 42 % of the reference's.",
            ),
            Self::Blurred => (
                "清晰度（有纹理图块的细节与中等细节之比，扣除噪声）低于 0.52，或低于该场景基准的 72 %。",
                "Sharpness (fine to medium detail of textured tiles, noise taken off) below 0.52, or below 72 % of the reference's.",
            ),
            Self::ColourCast => (
                "连最中性的十分之一画面也偏离中性 15 以上，偏红橙时整体还须超过 34；或偏离该场景基准 11 以上，偏红橙时 24 以上。",
                "Even the most neutral tenth lies 15 or more from neutral, towards red and orange the mean 34 or more as well; or 11 or more from the reference of the scene, towards red and orange 24.",
            ),
            Self::Frozen => (
                "相隔 30 秒以上的两个关键帧编码字节完全相同，或除时钟叠加外像素相同（平均差不超过 0.02）。",
                "Two keyframes at least 30 s apart have the same coded bytes, or the same pixels but for an overlay clock (mean difference at most 0.02).",
            ),
            Self::Corrupted => (
                "关键帧收全了，解码器却报告画面内有错误；或 5 % 以上的宏块边缘孤立地落在 16 像素网格的同一相位上；或出现无数据的绿块。丢包等我方原因不算。",
                "The keyframe came whole, and the decoder reports errors within the picture; or 5 % or more of the edges of macroblocks stand alone at one phase of the 16-pixel grid; or there are areas of the green of no data. What was lost on the way to us does not count.",
            ),
            Self::ClockOffset => (
                "RTCP 发送方报告（RFC 3550 §6.4.1）的时间与本机相差 10 秒以上；相差 60 年以上视为设备没有时钟。",
                "The time of the RTCP sender report (RFC 3550 §6.4.1) is over 10 s from ours; over 60 years counts as no clock.",
            ),
            Self::Noise => (
                "原始尺寸下安静图块的噪声标准差（Immerkær 法）不低于 6，或不低于该场景基准的 1.6 倍（取高者）；或安静图块中 2 % 以上的像素孤立突出（雪花）。",
                "Deviation of noise in the quiet tiles at full size (Immerkær) 6 or more, or 1.6 times the reference's if that is higher; or 2 % or more of the pixels of quiet tiles stand out (snow).",
            ),
            Self::Stripes => (
                "频谱中同一条谱线在九个窗口里的幅度（取次低者）不低于 10；该场景基准里已有的谱线不算。",
                "One and the same line of the spectrum has an amplitude of 10 or more in nine windows (the second lowest speaks); lines that the reference of the scene has do not count.",
            ),
            Self::Occluded => (
                "与同光照的学习基准相比，20 % 以上的结构在一片相连区域内消失；没有基准时无法判定。",
                "20 % or more of the structure of the learned reference by the same light is lost in one connected patch; without a reference it cannot be told.",
            ),
            Self::SceneChanged => (
                "与各学习场景（巡航可有多个）相比，仍在原位的结构不到 30 %；或位移超过 3 % 且可信、在原位的不到一半。没有基准时无法判定。",
                "Less than 30 % of the structure of any learned scene (a patrol has several) is still at its place; or less than half, and displaced by more than 3 % for certain. Without a reference it cannot be told.",
            ),
            Self::Shaking => (
                "至少 8 帧，帧间位移的中位数不低于 3 像素（704 列），且来回往复；匀速转动不算。",
                "Over at least 8 frames the median displacement from frame to frame is 3 pixels or more (at 704 columns), to and fro; a pan is none.",
            ),
            Self::ItemOutOfLimits => (
                "SNMP 读到的值（乘以倍率后）超出台账中该监控项的下限、上限，或与“等于”不同；ping 平均时延超过台账的“时延”；证书剩余天数少于“证书天数”。设备有应答，结论为降级。",
                "A value read by SNMP, scaled, is outside the limits of its item in the ledger or not equal to what it says; pings take longer on average than \"rtt\"; a certificate ends sooner than \"certificate_days\". The device answers, so it is degraded.",
            ),
            Self::ItemMissing => (
                "SNMP 应答里该 OID 是 noSuchObject、noSuchInstance、endOfMibView（RFC 3416 §3）或错误状态。设备有应答，结论为降级。",
                "The answer of SNMP has noSuchObject, noSuchInstance, endOfMibView (RFC 3416 §3) or an error status for the OID. The device answers, so it is degraded.",
            ),
            Self::NotRegistered => (
                "OPTIONS 或 INVITE 得到 404、480 或 604（RFC 3261 §21.4）：注册服务器找不到该终端，或终端说自己不可用。",
                "404, 480 or 604 to OPTIONS or INVITE (RFC 3261 §21.4): the registrar does not know where it is, or it says that it is not available.",
            ),
            Self::Busy => (
                "OPTIONS 或 INVITE 得到 486 或 600。终端在线，音视频未测；忙时不呼叫。",
                "486 or 600 to OPTIONS or INVITE. It is online, its media untested; no call is made while it is busy.",
            ),
            Self::Rejected => (
                "OPTIONS 得到 403、603、607 或 608，或 INVITE 得到没有专门含义的失败应答。",
                "403, 603, 607 or 608 to OPTIONS, or a failure of INVITE without a meaning of its own.",
            ),
            Self::NoAnswer => (
                "INVITE 得到临时应答后 20 秒内无人接听，已取消（CANCEL）。",
                "A provisional answer to INVITE and nobody took the call within 20 s; it was cancelled.",
            ),
            Self::NoAudio => (
                "测试呼叫接通 5 秒以上，没有收到一个音频 RTP 包；或应答声明不发送音频。",
                "A test call lasted 5 s and more and not one RTP packet of sound came; or the answer says that none is sent.",
            ),
            Self::AudioSilent => (
                "测试呼叫收到的 G.711 采样全为零（数字静音），或平均电平低于 −65 dBFS。声音好不好由人确认。",
                "Every G.711 sample that came was zero (digital silence), or the mean level is below −65 dBFS. Whether it sounds well is for a person to say.",
            ),
            Self::StillPicture => (
                "测试呼叫中，除关键帧及其后 10 帧（编码器在此细化画面）外至少 30 帧，其中 95 % 以上不超过 96 字节：编码器表示画面没有任何变化，而真实镜头总有噪声。",
                "Of at least 30 frames, keyframes and the 10 behind each (in which an encoder refines it) left out, 95 % and more have 96 bytes at most: the encoder says that nothing changes, and a real lens always has noise.",
            ),
            Self::HighLoss => (
                "测试呼叫满 20 秒，音频或视频丢包率（RFC 3550 A.3）超过 1 %。",
                "In a test call of 20 s and more sound or picture lost over 1 % (RFC 3550 A.3).",
            ),
            Self::HighJitter => (
                "测试呼叫满 20 秒，音频或视频到达抖动（RFC 3550 A.8）超过 30 毫秒。",
                "In a test call of 20 s and more the jitter of sound or picture (RFC 3550 A.8) passes 30 ms.",
            ),
            Self::HighDelay => (
                "测试呼叫满 20 秒，RTCP 测得的往返时延之半（RFC 3550 §6.4.1）超过 100 毫秒。",
                "In a test call of 20 s and more half of the round trip by RTCP (RFC 3550 §6.4.1) passes 100 ms.",
            ),
            Self::RecordingGap => return None,
        };
        Some(lang.pick(zh, en))
    }
}

const HEAD: &str = "\
# 故障代码 · Fault codes

本页由代码生成，请勿手改 · generated from the code, not to be edited:
`cargo run -p zhishou-domain --example faults > docs/reference/faults.md`

代码稳定，只增不改名。界限为默认值，可按计划调整。结论由故障推出：媒体流到即在线，有故障即降级；媒体没有流到即离线，但原因在我方或尚不能断定时为未知。 \
Codes are stable: more may be added, none is renamed. Limits are defaults, to be set per plan. The verdict follows from the faults: \
media that flows makes a device online, with any fault degraded; what kept media from flowing makes it offline, unless the cause is ours or open, which is unknown.
";

/// The reference of all fault codes as Markdown, both languages, by group.
pub fn reference() -> String {
    let mut out = HEAD.to_owned();
    for &group in Group::ALL {
        let raised = FaultCode::ALL
            .iter()
            .filter(|fault| fault.group() == group && fault.detected(Lang::Zh).is_some());
        let mut headed = false;
        for fault in raised {
            if !std::mem::replace(&mut headed, true) {
                heading(&mut out, group.name(Lang::Zh), group.name(Lang::En));
            }
            entry(&mut out, *fault);
        }
    }
    heading(&mut out, "尚未启用", "not raised yet");
    out.push_str("\n| code | 名称 | name | 组 · group |\n|---|---|---|---|\n");
    for fault in FaultCode::ALL.iter().filter(|fault| fault.detected(Lang::Zh).is_none()) {
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| fault.name(lang));
        // Writing to a string does not fail.
        let _ = writeln!(out, "| `{}` | {zh} | {en} | {} |", fault.code(), fault.group().code());
    }
    out
}

fn heading(out: &mut String, zh: &str, en: &str) {
    let _ = writeln!(out, "\n## {zh} · {en}");
}

fn entry(out: &mut String, fault: FaultCode) {
    let [zh, en] = [Lang::Zh, Lang::En].map(|lang| fault.name(lang));
    let _ = writeln!(out, "\n### `{}` {zh} · {en}\n", fault.code());
    for (lang, found, to_do) in [(Lang::Zh, "判定", "处置"), (Lang::En, "Found", "To do")] {
        let method = fault.detected(lang).unwrap_or_default();
        let _ = writeln!(out, "- {found}: {method}\n- {to_do}: {}", fault.advice(lang));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_not_stale() {
        let kept = include_str!("../../docs/reference/faults.md");
        assert!(
            kept == reference(),
            "run: cargo run -p zhishou-domain --example faults > docs/reference/faults.md"
        );
    }

    #[test]
    fn both_languages_say_how() {
        for fault in FaultCode::ALL {
            let (zh, en) = (fault.detected(Lang::Zh), fault.detected(Lang::En));
            assert_eq!(zh.is_some(), en.is_some(), "{fault:?}");
            assert!(zh.is_none_or(|text| text.ends_with('。')), "{fault:?}");
            assert!(en.is_none_or(|text| text.ends_with('.')), "{fault:?}");
        }
    }

    #[test]
    fn every_code_stands_in_the_reference_once() {
        let text = reference();
        for fault in FaultCode::ALL {
            assert_eq!(text.matches(&format!("`{}`", fault.code())).count(), 1, "{fault:?}");
        }
    }
}

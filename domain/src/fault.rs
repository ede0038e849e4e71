//! Fault codes (故障现象): stable words, their names and what to do about each.

use crate::{Detail, Lang};
use serde::{Deserialize, Serialize};

/// The kind of trouble a fault code belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// 网络: the device was not reached.
    Reach,
    /// 信令: it was reached; the conversation failed.
    Signalling,
    /// 码流: the conversation went well; media did not.
    Media,
    /// 画面: media came; the picture is not usable.
    Picture,
    /// 时钟.
    Clock,
    /// 录像.
    Recording,
    /// 监控项 of equipment.
    Item,
    /// 呼叫 (endpoints).
    Call,
}

words!(Group {
    Reach = "reach", "网络", "network";
    Signalling = "signalling", "信令", "signalling";
    Media = "media", "码流", "media";
    Picture = "picture", "画面", "picture";
    Clock = "clock", "时钟", "clock";
    Recording = "recording", "录像", "recording";
    Item = "item", "监控项", "items";
    Call = "call", "呼叫", "call";
});

/// The step of a probe in which a fault arose or which took a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Before anything was sent: guards and budgets.
    Prepare,
    /// Name resolution.
    Resolve,
    /// TCP connect.
    Connect,
    /// TLS handshake.
    Tls,
    /// RTSP or SIP OPTIONS.
    Options,
    /// RTSP DESCRIBE.
    Describe,
    /// RTSP SETUP.
    Setup,
    /// RTSP PLAY.
    Play,
    /// Waiting for the first media packet.
    FirstPacket,
    /// Waiting for the first keyframe.
    FirstKeyframe,
    /// Receiving media.
    Receive,
    /// Decoding the keyframe.
    Decode,
    /// Judging the picture.
    Judge,
    /// RTSP TEARDOWN.
    Teardown,
    /// SIP INVITE until anything is heard of it.
    Invite,
    /// Ringing until the call is answered.
    Ringing,
    /// SIP INVITE to its final answer.
    Answer,
    /// Waiting for the first packet of sound.
    FirstAudio,
    /// Waiting for the first packet of the picture.
    FirstVideo,
    /// SIP BYE, or CANCEL.
    Bye,
    /// Echo requests to equipment.
    Ping,
    /// Request and answer of equipment: HTTP, SNMP.
    Request,
}

words!(Stage {
    Prepare = "prepare", "准备", "prepare";
    Resolve = "resolve", "解析域名", "resolve";
    Connect = "connect", "连接", "connect";
    Tls = "tls", "TLS 握手", "TLS";
    Options = "options", "OPTIONS", "OPTIONS";
    Describe = "describe", "DESCRIBE", "DESCRIBE";
    Setup = "setup", "SETUP", "SETUP";
    Play = "play", "PLAY", "PLAY";
    FirstPacket = "first_packet", "首包", "first packet";
    FirstKeyframe = "first_keyframe", "首个关键帧", "first keyframe";
    Receive = "receive", "收流", "receive";
    Decode = "decode", "解码", "decode";
    Judge = "judge", "画面诊断", "judge";
    Teardown = "teardown", "TEARDOWN", "TEARDOWN";
    Invite = "invite", "INVITE", "INVITE";
    Ringing = "ringing", "振铃", "ringing";
    Answer = "answer", "接听", "answer";
    FirstAudio = "first_audio", "首个音频包", "first audio";
    FirstVideo = "first_video", "首个视频包", "first video";
    Bye = "bye", "BYE", "BYE";
    Ping = "ping", "ping", "ping";
    Request = "request", "请求", "request";
});

/// One thing wrong, as seen by one probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What is wrong.
    pub code: FaultCode,
    /// Where it arose.
    pub stage: Stage,
    /// What exactly was seen, rendered per language.
    pub detail: Detail,
}

impl Fault {
    /// A fault with its stage and detail.
    pub const fn new(code: FaultCode, stage: Stage, detail: Detail) -> Self {
        Self { code, stage, detail }
    }
}

macro_rules! faults {
    ($($variant:ident = $code:literal, $group:ident, $zh:literal, $en:literal,
        $advice_zh:literal, $advice_en:literal;)+) => {
        /// A stable fault code. Codes may be added; none is ever renamed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FaultCode {
            $(#[doc = $en] $variant,)+
        }

        impl FaultCode {
            /// Every code, by group in the order a probe meets them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word for databases, JSON and URLs.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The kind of trouble.
            pub const fn group(self) -> Group {
                match self { $(Self::$variant => Group::$group),+ }
            }

            /// The name people read.
            pub const fn name(self, lang: Lang) -> &'static str {
                match self { $(Self::$variant => lang.pick($zh, $en)),+ }
            }

            /// 处置建议: what to do next.
            pub const fn advice(self, lang: Lang) -> &'static str {
                match self { $(Self::$variant => lang.pick($advice_zh, $advice_en)),+ }
            }

            /// The code of a stable word.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|fault| fault.code() == code)
            }
        }
    };
}

faults! {
    DnsFailed = "dns_failed", Reach, "域名解析失败", "name not resolved",
        "核对台账中的地址；检查探测机的 DNS 设置。", "Check the address in the ledger and the DNS settings of the probe host.";
    Unreachable = "unreachable", Reach, "网络不可达", "network unreachable",
        "检查站点上联链路和交换机；核对 IP 与网段路由。", "Check the site's uplink and switch; check the IP and the route to its subnet.";
    Refused = "refused", Reach, "端口拒绝连接", "connection refused",
        "设备在线但端口未开：核对端口，必要时重启其服务或设备。", "The host is up but the port is closed: check the port, restart the service or the device.";
    ConnectTimeout = "connect_timeout", Reach, "连接超时", "connection timed out",
        "先查供电和网线，再查交换机端口与防火墙。", "Check power and cable first, then the switch port and the firewall.";
    TlsFailed = "tls_failed", Reach, "TLS 握手失败", "TLS handshake failed",
        "核对设备证书、加密协议版本和设备时间。", "Check the device's certificate, TLS version and clock.";
    CertificateChanged = "certificate_changed", Reach, "证书已更换", "certificate changed",
        "先核实：是否刚换过设备、升级过固件或更新过证书；属实则在设备页面确认新证书，否则按中间人攻击处置。", "Find out first: was the device replaced, updated or given a new certificate? If so, accept it on the device's page; else treat it as an attack.";
    NotRtsp = "not_rtsp", Signalling, "不是 RTSP 服务", "not an RTSP server",
        "端口上是别的服务：核对端口号和设备型号。", "Another service answers on this port: check the port and the model.";
    NoResponse = "no_response", Signalling, "信令无应答", "no answer",
        "能连上但不应答：设备多半死机，远程重启；仍无应答则派单。SNMP 另核对团体字和访问列表。", "It never answers what it is asked: most likely hung; restart it, else dispatch. Of SNMP check the community and the access list too.";
    BadResponse = "bad_response", Signalling, "应答异常", "malformed answer",
        "升级设备固件；保留抓包供厂商分析。网页先核对地址和台账要求的状态码、文字。", "Update the firmware; keep a capture for the vendor. Of a web page check the address, and the status and text that the ledger asks for.";
    AuthRequired = "auth_required", Signalling, "需要口令", "credential required",
        "台账没有口令：补录用户名和密码。", "The ledger has no credential: add user name and password.";
    AuthRejected = "auth_rejected", Signalling, "口令被拒绝", "credential rejected",
        "核对密码后更新凭据，再重新启用探测；勿反复试错，以免锁定账号。", "Check the password, update the credential, then re-arm; do not retry blindly, the account may lock.";
    AuthSuspended = "auth_suspended", Signalling, "口令待核，已暂停登录", "login suspended",
        "为防锁定账号已停止尝试：更新凭据或由操作员重新启用。", "Stopped before the account locks: update the credential or re-arm it.";
    AuthUnsupported = "auth_unsupported", Signalling, "认证方式不支持", "authentication scheme unsupported",
        "在设备上启用 Digest 认证（MD5 或 SHA-256）。", "Enable Digest authentication (MD5 or SHA-256) on the device.";
    SessionLimit = "session_limit", Signalling, "取流路数已满", "session limit reached",
        "设备在线但连接已满：关闭多余的取流，或改从平台取流。", "The device is up but full: close surplus viewers or take the stream from the platform.";
    NotFound = "not_found", Signalling, "码流路径不存在", "stream path not found",
        "核对 RTSP 地址中的通道号和码流号。", "Check channel and stream number in the RTSP address.";
    ServerError = "server_error", Signalling, "设备内部错误", "device reports an internal error",
        "重启设备；反复出现则升级固件或报修。", "Restart the device; if it returns, update the firmware or report for repair.";
    BadSdp = "bad_sdp", Signalling, "媒体描述无法解析", "media description unreadable",
        "升级设备固件；核对编码设置。", "Update the firmware; check the encoding settings.";
    NoVideo = "no_video", Signalling, "没有视频流", "no video stream",
        "核对通道是否接入摄像机，视频编码是否启用。", "Check that a camera is attached to the channel and video is enabled.";
    TransportUnsupported = "transport_unsupported", Signalling, "传输方式不支持", "transport unsupported",
        "在设备上允许 RTSP over TCP，或为其改用 UDP 探测计划。", "Allow RTSP over TCP on the device, or use a UDP plan for it.";
    NoMedia = "no_media", Media, "无码流", "no media",
        "信令正常但无数据：检查编码器、NVR 通道和带宽。", "Signalling works but nothing arrives: check the encoder, the NVR channel and the bandwidth.";
    Stalled = "stalled", Media, "码流中断", "media stalled",
        "检查站点带宽和链路质量；观察是否整站同时卡顿。", "Check bandwidth and link quality; see whether the whole site stalls.";
    ConnectionLost = "connection_lost", Media, "连接中断", "connection lost",
        "检查设备是否重启、供电是否不稳。", "Check whether the device restarts or its power is unstable.";
    NoKeyframe = "no_keyframe", Media, "长时间无关键帧", "no keyframe in time",
        "调小 I 帧间隔，或关闭智能编码（H.264+/H.265+）。", "Shorten the I-frame interval or switch smart coding (H.264+/H.265+) off.";
    Undecodable = "undecodable", Media, "无法解码", "undecodable",
        "核对编码格式与档次；重启编码；反复出现则报修。", "Check codec and profile; restart the encoder; if it returns, report for repair.";
    EncryptedSuspected = "encrypted_suspected", Media, "疑似码流加密", "stream seems encrypted",
        "在设备上关闭码流加密，或登记密钥。", "Switch stream encryption off on the device, or register its key.";
    PacketLoss = "packet_loss", Media, "丢包", "packet loss",
        "检查链路和交换机端口；TCP 下的丢包多为设备性能不足，降低码率。", "Check link and switch port; loss over TCP means the device drops by itself: lower the bit rate.";
    LowFps = "low_fps", Media, "帧率不足", "low frame rate",
        "核对设备帧率设置；夜间检查慢快门；检查设备负载。", "Check the frame-rate setting; at night the slow shutter; check the device's load.";
    LowBitrate = "low_bitrate", Media, "码率过低", "low bit rate",
        "核对码率设置和上联带宽。", "Check the bit-rate setting and the uplink.";
    ResolutionMismatch = "resolution_mismatch", Media, "分辨率不符", "resolution differs from the baseline",
        "核对主、子码流地址和分辨率设置。", "Check main against sub-stream address and the resolution setting.";
    CodecMismatch = "codec_mismatch", Media, "编码格式不符", "codec differs from the baseline",
        "核对编码设置；确认平台能接收新格式。", "Check the codec setting; make sure the platform accepts it.";
    SignalLost = "signal_lost", Picture, "视频信号丢失", "video signal lost",
        "检查前端摄像机到编码器或 NVR 的连线和供电。", "Check cable and power between the camera and the encoder or NVR.";
    Black = "black", Picture, "黑屏", "black picture",
        "检查镜头是否被盖、光圈和补光灯；到现场确认。", "Check for a covered lens, the iris and the lamp; confirm on site.";
    TooDark = "too_dark", Picture, "画面过暗", "too dark",
        "检查补光灯、光圈和日夜切换。", "Check the lamp, the iris and the day/night switch.";
    TooBright = "too_bright", Picture, "画面过亮", "too bright",
        "检查光圈、逆光和宽动态设置。", "Check the iris, back light and the wide-dynamic setting.";
    LowContrast = "low_contrast", Picture, "对比度低", "low contrast",
        "擦拭护罩；排除雾天后检查成像参数。", "Clean the cover; if it is not fog, check the imaging settings.";
    Blurred = "blurred", Picture, "图像模糊", "blurred",
        "重新聚焦，擦拭镜头和护罩。", "Refocus; clean lens and cover.";
    ColourCast = "colour_cast", Picture, "图像偏色", "colour cast",
        "检查白平衡和红外滤光片切换。", "Check white balance and the IR-cut filter.";
    Noise = "noise", Picture, "噪声干扰", "noise",
        "检查接线和接地；夜间降低增益、加补光。", "Check cabling and earth; at night lower the gain or add light.";
    Stripes = "stripes", Picture, "条纹干扰", "stripes",
        "检查接地、电源干扰和模拟线路。", "Check earth, mains interference and analogue lines.";
    Frozen = "frozen", Picture, "画面冻结", "frozen picture",
        "重启编码器或摄像机；在 NVR 上核对该通道。", "Restart the encoder or camera; check the channel on the NVR.";
    Occluded = "occluded", Picture, "画面遮挡", "occluded",
        "到现场清除遮挡物；树枝请联系修剪。", "Remove what covers the view; have branches cut.";
    SceneChanged = "scene_changed", Picture, "场景变更", "scene changed",
        "核对是否被转动；恢复原监控角度或更新基准。", "Check whether it was turned; restore the view or update the reference.";
    Shaking = "shaking", Picture, "画面抖动", "shaking",
        "检查立杆和支架是否松动。", "Check pole and bracket for looseness.";
    Corrupted = "corrupted", Picture, "花屏", "corrupted picture",
        "检查链路丢包和编码器；重启设备。", "Check for packet loss and the encoder; restart the device.";
    ClockOffset = "clock_offset", Clock, "时钟偏差", "clock offset",
        "启用 NTP 校时，核对时区。", "Enable NTP; check the time zone.";
    RecordingGap = "recording_gap", Recording, "录像缺失", "recording gap",
        "检查录像计划、硬盘和存储空间。", "Check the recording plan, the disks and the space.";
    ItemOutOfLimits = "item_out_of_limits", Item, "监控项越限", "item out of limits",
        "按该监控项的含义到设备上核实；界限不合适则在台账中调整。", "Look at the device for what this item stands for; where the limit is wrong, change it in the ledger.";
    ItemMissing = "item_missing", Item, "监控项读不到", "item missing",
        "核对 OID 和该团体字可读的范围；固件升级后 OID 可能变化。", "Check the OID and what the community may read; a new firmware may have moved it.";
    NotRegistered = "not_registered", Call, "终端未注册", "not registered",
        "检查终端电源、网络和注册账号。", "Check the endpoint's power, network and registration account.";
    Busy = "busy", Call, "终端忙", "busy",
        "终端正在会议中：稍后再查。", "The endpoint is in a call: check later.";
    Rejected = "rejected", Call, "呼叫被拒绝", "call rejected",
        "检查终端的免打扰、白名单和自动应答设置。", "Check do-not-disturb, the allow list and auto-answer.";
    NoAnswer = "no_answer", Call, "无人应答", "no answer",
        "打开终端自动应答，或联系会场人员。", "Enable auto-answer or call the room.";
    NoAudio = "no_audio", Call, "无音频", "no audio",
        "检查麦克风电源、连线和静音键。", "Check microphone power, cable and the mute key.";
    AudioSilent = "audio_silent", Call, "音频静音", "audio silent",
        "检查麦克风是否静音、音量是否为零。", "Check mute and volume of the microphone.";
    StillPicture = "still_picture", Call, "画面静止", "still picture",
        "检查终端摄像机和输入源。", "Check the endpoint's camera and input source.";
    HighLoss = "high_loss", Call, "丢包过高", "high loss",
        "检查会场网络，必要时切换备用线路。", "Check the room's network; switch to the backup line if needed.";
    HighJitter = "high_jitter", Call, "抖动过大", "high jitter",
        "检查会场网络负载和 QoS。", "Check network load and QoS.";
    HighDelay = "high_delay", Call, "时延过大", "high delay",
        "检查线路路由；避免无线和多级转发。", "Check the route; avoid wireless and cascaded relays.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_and_agrees_with_json() {
        for &fault in FaultCode::ALL {
            assert_eq!(FaultCode::from_code(fault.code()), Some(fault));
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.code());
        }
    }

    #[test]
    fn every_code_has_its_words_in_both_languages() {
        for &fault in FaultCode::ALL {
            for text in [fault.name(Lang::Zh), fault.advice(Lang::Zh)] {
                assert!(text.chars().any(|c| c as u32 > 0x2e80), "{fault:?}: {text}");
            }
            for text in [fault.name(Lang::En), fault.advice(Lang::En)] {
                assert!(text.is_ascii() && !text.is_empty(), "{fault:?}: {text}");
            }
        }
    }
}

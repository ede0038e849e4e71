//! What is checked of a venue, and what comes of it.

use serde::{Deserialize, Serialize};

/// 检查项, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckItem {
    /// The endpoint answers.
    Reachable,
    /// It is registered; of SIP.
    Registered,
    /// Its port for calls takes connections; of H.323 alone.
    CallPort,
    /// A test call is taken.
    Call,
    /// Its microphone arrives.
    Audio,
    /// Video flows, and moves.
    Video,
    /// Packets lost.
    Loss,
    /// Jitter.
    Jitter,
    /// Delay.
    Delay,
    /// The backup endpoint answers.
    BackupLine,
    /// A test call to the backup endpoint.
    BackupCall,
    /// The cameras that look at the room.
    Cameras,
    /// What the endpoint's own page or agent says of it.
    Status,
    /// The clock of endpoint or cameras.
    Clock,
    /// 画面取景: who speaks is in the picture.
    Framing,
    /// 声音: heard by a person at the other end.
    Sound,
    /// 双流.
    DualStream,
    /// 供电.
    Power,
    /// 点名.
    RollCall,
    /// 联调: a joint test by persons, of what we cannot call.
    JointTest,
}

words!(CheckItem {
    Reachable = "reachable", "可达", "reachable";
    Registered = "registered", "注册", "registered";
    CallPort = "call_port", "H.323 端口 1720", "H.323 port 1720";
    Call = "call", "测试呼叫", "test call";
    Audio = "audio", "音频", "audio";
    Video = "video", "视频", "video";
    Loss = "loss", "丢包", "loss";
    Jitter = "jitter", "抖动", "jitter";
    Delay = "delay", "时延", "delay";
    BackupLine = "backup_line", "备用终端", "backup endpoint";
    BackupCall = "backup_call", "备用呼叫", "call to the backup endpoint";
    Cameras = "cameras", "会场摄像机", "room cameras";
    Status = "status", "终端状态", "endpoint status";
    Clock = "clock", "时钟", "clock";
    Framing = "framing", "画面取景", "framing";
    Sound = "sound", "声音", "sound";
    DualStream = "dual_stream", "双流", "dual stream";
    Power = "power", "供电", "power";
    RollCall = "roll_call", "点名", "roll call";
    JointTest = "joint_test", "联调", "joint test";
});

/// Who can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// We, at any time: signalling and cameras, never a call.
    Liveness,
    /// We, by a test call.
    Media,
    /// A person alone.
    Human,
}

impl CheckItem {
    /// Who can tell.
    pub const fn kind(self) -> ItemKind {
        match self {
            Self::Reachable
            | Self::Registered
            | Self::CallPort
            | Self::BackupLine
            | Self::Cameras
            | Self::Status
            | Self::Clock => ItemKind::Liveness,
            Self::Call
            | Self::Audio
            | Self::Video
            | Self::Loss
            | Self::Jitter
            | Self::Delay
            | Self::BackupCall => ItemKind::Media,
            Self::Framing
            | Self::Sound
            | Self::DualStream
            | Self::Power
            | Self::RollCall
            | Self::JointTest => ItemKind::Human,
        }
    }

    /// Whether a person signs it.
    pub fn is_human(self) -> bool {
        self.kind() == ItemKind::Human
    }

    /// Whether it is of the backup endpoint, and not of what the venue is held on.
    pub const fn is_of_backup(self) -> bool {
        matches!(self, Self::BackupLine | Self::BackupCall)
    }

    /// Whether a person signs it of the endpoint that the venue is held on: of another endpoint the
    /// signature says nothing.
    pub const fn is_signed_of_endpoint(self) -> bool {
        matches!(self, Self::Framing | Self::Sound | Self::DualStream | Self::JointTest)
    }
}

/// What a check says. The order is that of need: what fails comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 未通过.
    Fail,
    /// 未测: nobody can tell.
    Untested,
    /// 有隐患: it works, and something is wrong.
    Warn,
    /// 通过.
    Pass,
}

words!(Outcome {
    Fail = "fail", "未通过", "failed";
    Untested = "untested", "未测", "untested";
    Warn = "warn", "有隐患", "at risk";
    Pass = "pass", "通过", "passed";
});

//! 平台状态核对: what another platform says of its devices, beside what our own probes saw at that time.
//!
//! A platform's flag is a claim and nothing more: it never makes a minute, it is only compared.
//! Invariants: every row of the file has exactly one outcome, so the outcomes add up to the rows; what
//! the probes could not tell is neither agreement nor difference.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

/// What a platform says of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusClaim {
    /// 在线.
    Online,
    /// 离线.
    Offline,
}

words!(StatusClaim {
    Online = "online", "在线", "online";
    Offline = "offline", "离线", "offline";
});

impl StatusClaim {
    /// What the status of an export says; case and space do not matter. `None` for words that say
    /// neither, such as 未知 or 停用.
    pub fn read(text: &str) -> Option<Self> {
        const ONLINE: [&str; 13] = [
            "在线",
            "上线",
            "正常",
            "已上线",
            "已注册",
            "在线设备",
            "on",
            "online",
            "ok",
            "up",
            "1",
            "true",
            "是",
        ];
        const OFFLINE: [&str; 16] = [
            "离线",
            "下线",
            "不在线",
            "已下线",
            "异常",
            "断线",
            "掉线",
            "未注册",
            "未上线",
            "off",
            "offline",
            "down",
            "0",
            "2",
            "false",
            "否",
        ];
        let plain: String =
            text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
        let is_in = |words: &[&str]| words.contains(&plain.as_str());
        if is_in(&ONLINE) { Some(Self::Online) } else { is_in(&OFFLINE).then_some(Self::Offline) }
    }
}

/// What our probes had found at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// Media flowed, with faults or without.
    Online,
    /// Confirmed down.
    Offline,
    /// No result stood.
    Unknown,
    /// It was not to be probed: no address, not in use, or not in our ledger yet.
    NotProbed,
}

words!(Measured {
    Online = "online", "在线", "online";
    Offline = "offline", "离线", "offline";
    Unknown = "unknown", "未测明", "unknown";
    NotProbed = "not_probed", "未探测", "not probed";
});

/// What came of one row, or of one device that no row named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconcileOutcome {
    /// 平台在线而实测离线.
    OnlyPlatform,
    /// 平台离线而实测在线.
    OnlyProbe,
    /// Both say online.
    BothOnline,
    /// Both say offline.
    BothOffline,
    /// No result of ours stood then.
    Unknown,
    /// In the ledger, but not probed then.
    NotProbed,
    /// A row that names no device of the ledger.
    NotInLedger,
    /// A camera in use that no row names.
    NotInPlatform,
    /// A row that cannot be compared, with a [`RowDoubt`].
    Unclear,
}

words!(ReconcileOutcome {
    OnlyPlatform = "only_platform", "平台在线而实测离线", "platform online, measured offline";
    OnlyProbe = "only_probe", "平台离线而实测在线", "platform offline, measured online";
    BothOnline = "both_online", "两者均在线", "both online";
    BothOffline = "both_offline", "两者均离线", "both offline";
    Unknown = "unknown", "当时未测明", "not known then";
    NotProbed = "not_probed", "未接入探测", "not probed then";
    NotInLedger = "not_in_ledger", "台账中没有", "not in the ledger";
    NotInPlatform = "not_in_platform", "平台中没有", "not in the platform";
    Unclear = "unclear", "无法核对", "cannot be compared";
});

/// Why a row cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowDoubt {
    /// Nothing in it names a device.
    NoIdentity,
    /// Its status says neither online nor offline.
    NoStatus,
    /// Its time cannot be read.
    NoTime,
    /// Its time lies after the present.
    Later,
    /// What it names is several devices.
    Several,
    /// A row before it named the same device.
    Repeated,
    /// A spreadsheet has rounded its national code.
    DigitsLost,
}

words!(RowDoubt {
    NoIdentity = "no_identity", "没有编码、IP 或名称", "no code, IP or name";
    NoStatus = "no_status", "状态不是在线也不是离线", "the status is neither online nor offline";
    NoTime = "no_time", "时间无法识别", "the time cannot be read";
    Later = "later", "时间晚于现在", "the time lies after now";
    Several = "several", "对应台账中多台设备", "names several devices of the ledger";
    Repeated = "repeated", "与前面的行重复", "repeats a row before it";
    DigitsLost = "digits_lost", "国标编码被表格软件改成了数字，末几位已丢失", "a spreadsheet rounded the national code";
});

/// By what a row found its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// Our own identity.
    Id,
    /// 国标编码.
    NationalCode,
    /// IP address.
    Ip,
    /// Name.
    Name,
}

words!(MatchedBy {
    Id = "id", "设备标识", "identity";
    NationalCode = "national_code", "国标编码", "national code";
    Ip = "ip", "IP", "IP";
    Name = "name", "名称", "name";
});

/// A column of a platform's export that means something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusColumn {
    /// 国标编码, or our own identity.
    Code,
    /// IP address.
    Ip,
    /// Name.
    Name,
    /// Online or offline.
    Status,
    /// When it was so.
    Time,
}

words!(StatusColumn {
    Code = "code", "国标编码", "national code";
    Ip = "ip", "IP", "IP";
    Name = "name", "名称", "name";
    Status = "status", "状态", "status";
    Time = "time", "时间", "time";
});

/// One row of a platform's export, read but not yet compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusRow {
    /// Its number as a spreadsheet shows it, from 1.
    pub row: u32,
    /// 国标编码 or our identity, as it stands there.
    pub code: Option<String>,
    /// IP address in its usual form.
    pub ip: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// What it says.
    pub claim: Option<StatusClaim>,
    /// The status as it stands there, for what says neither.
    pub said: String,
    /// When it says so, on a clock on the wall; the time of the export where it has none.
    pub at: Option<NaiveDateTime>,
    /// Why it cannot be compared.
    pub doubt: Option<RowDoubt>,
}

/// What came of a claim beside what was measured.
pub const fn outcome(claim: StatusClaim, measured: Measured) -> ReconcileOutcome {
    match (claim, measured) {
        (StatusClaim::Online, Measured::Online) => ReconcileOutcome::BothOnline,
        (StatusClaim::Online, Measured::Offline) => ReconcileOutcome::OnlyPlatform,
        (StatusClaim::Offline, Measured::Online) => ReconcileOutcome::OnlyProbe,
        (StatusClaim::Offline, Measured::Offline) => ReconcileOutcome::BothOffline,
        (_, Measured::Unknown) => ReconcileOutcome::Unknown,
        (_, Measured::NotProbed) => ReconcileOutcome::NotProbed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_exports_are_understood_and_others_are_not_guessed() {
        for online in ["在线", " ON ", "Online", "1", "正 常", "TRUE"] {
            assert_eq!(StatusClaim::read(online), Some(StatusClaim::Online), "{online}");
        }
        for offline in ["离线", "OFF", "offline", "0", "未注册", "异常"] {
            assert_eq!(StatusClaim::read(offline), Some(StatusClaim::Offline), "{offline}");
        }
        for neither in ["", "未知", "停用", "3", "在线率"] {
            assert_eq!(StatusClaim::read(neither), None, "{neither}");
        }
    }

    #[test]
    fn what_was_not_seen_is_no_difference() {
        for claim in StatusClaim::ALL {
            assert_eq!(outcome(*claim, Measured::Unknown), ReconcileOutcome::Unknown);
            assert_eq!(outcome(*claim, Measured::NotProbed), ReconcileOutcome::NotProbed);
        }
        assert_eq!(outcome(StatusClaim::Online, Measured::Offline), ReconcileOutcome::OnlyPlatform);
        assert_eq!(outcome(StatusClaim::Offline, Measured::Online), ReconcileOutcome::OnlyProbe);
    }
}

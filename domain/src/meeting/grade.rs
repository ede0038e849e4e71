//! How high a meeting ranks, how much is done for it, and who called it.

use serde::{Deserialize, Serialize};

/// 会议级别: which meeting goes first where two want one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingRank {
    /// 一类会议, the highest.
    First,
    /// 二类会议.
    Second,
    /// 三类会议.
    Third,
}

words!(MeetingRank {
    First = "first", "一类会议", "class 1 meeting";
    Second = "second", "二类会议", "class 2 meeting";
    Third = "third", "三类会议", "class 3 meeting";
});

impl MeetingRank {
    /// Whether it ranks higher than another.
    pub fn outranks(self, other: Self) -> bool {
        self < other
    }
}

/// 保障等级: which checks are made before a meeting. Apart from its rank: a small meeting may be
/// assured like a large one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssuranceGrade {
    /// 一级保障, the fullest.
    First,
    /// 二级保障.
    Second,
    /// 三级保障.
    Third,
}

words!(AssuranceGrade {
    First = "first", "一级保障", "assurance 1";
    Second = "second", "二级保障", "assurance 2";
    Third = "third", "三级保障", "assurance 3";
});

/// 召集层级: whose meeting it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Convener {
    /// 国家级.
    Nation,
    /// 省级.
    Province,
    /// 市级.
    City,
    /// 区级.
    District,
    /// 街道（部门）级.
    Street,
}

words!(Convener {
    Nation = "nation", "国家级", "national";
    Province = "province", "省级", "province";
    City = "city", "市级", "city";
    District = "district", "区级", "district";
    Street = "street", "街道（部门）级", "street or department";
});

/// 级联方式: how our venues get into the meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cascade {
    /// 本级组会: it runs on our own platform.
    Own,
    /// MCU 级联 to the superior's.
    Mcu,
    /// 终端直呼上级 MCU.
    Terminal,
    /// 背靠背转接.
    BackToBack,
    /// 电话接入.
    Telephone,
}

words!(Cascade {
    Own = "own", "本级组会", "our own platform";
    Mcu = "mcu", "MCU 级联", "MCU cascade";
    Terminal = "terminal", "终端直呼上级", "endpoints call the superior's MCU";
    BackToBack = "back_to_back", "背靠背转接", "back to back";
    Telephone = "telephone", "电话接入", "by telephone";
});

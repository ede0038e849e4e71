//! Devices of the ledger (一机一档).

use crate::{DepartmentId, DeviceId, MaintainerId, SiteId, Timestamp};
use serde::{Deserialize, Serialize};

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// 摄像机: opened over RTSP.
    Camera,
    /// 会议终端: called over SIP.
    Endpoint,
    /// 配套设备: switch, NVR, platform, UPS, meeting-room PC.
    Equipment,
}

words!(DeviceKind {
    Camera = "camera", "摄像机", "camera";
    Endpoint = "endpoint", "会议终端", "endpoint";
    Equipment = "equipment", "配套设备", "equipment";
});

/// 点位类别: class 1 is the public-security key points, class 3 the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointClass {
    /// 一类点.
    One,
    /// 二类点.
    Two,
    /// 三类点.
    Three,
}

words!(PointClass {
    One = "1", "一类点", "class 1";
    Two = "2", "二类点", "class 2";
    Three = "3", "三类点", "class 3";
});

/// 状态: where a device stands in its life. Changes are dated and kept, so that a camera
/// demolished today does not spoil last month's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifeState {
    /// 在用: probed and counted.
    #[default]
    InUse,
    /// 停用: neither probed nor counted.
    Disabled,
    /// 迁改: being moved; neither probed nor counted.
    Relocating,
    /// 拆除: gone.
    Removed,
}

words!(LifeState {
    InUse = "in_use", "在用", "in use";
    Disabled = "disabled", "停用", "disabled";
    Relocating = "relocating", "迁改", "relocating";
    Removed = "removed", "拆除", "removed";
});

/// One row of the ledger. Holds no password: that lives encrypted in the store and is decrypted
/// only for a [`crate::ProbeRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Identity.
    pub id: DeviceId,
    /// What it is.
    pub kind: DeviceKind,
    /// 名称.
    pub name: String,
    /// 国标编码: 20 digits (GB/T 28181), the key of re-imports.
    pub national_code: Option<String>,
    /// 站点.
    pub site: SiteId,
    /// 所属单位.
    pub department: Option<DepartmentId>,
    /// 运维单位.
    pub maintainer: Option<MaintainerId>,
    /// 上级设备: what it depends on (NVR, switch).
    pub parent: Option<DeviceId>,
    /// 辖区派出所.
    pub police_station: Option<String>,
    /// 点位类别.
    pub class: Option<PointClass>,
    /// 状态.
    pub life: LifeState,
    /// Since when it is in that state.
    pub life_since: Timestamp,
    /// 安装地址.
    pub address: Option<String>,
    /// 厂商.
    pub vendor: Option<String>,
    /// 型号.
    pub model: Option<String>,
    /// IP.
    pub ip: Option<String>,
    /// MAC.
    pub mac: Option<String>,
    /// RTSP 地址, without credentials; `None` is 未接入探测.
    pub url: Option<String>,
    /// 子码流地址, without credentials.
    pub sub_url: Option<String>,
    /// 用户名.
    pub username: Option<String>,
    /// 经度, degrees east.
    pub longitude: Option<f64>,
    /// 纬度, degrees north.
    pub latitude: Option<f64>,
    /// 录像保存天数.
    pub retention_days: Option<u32>,
    /// 标签.
    pub tags: Vec<String>,
    /// 备注.
    pub note: Option<String>,
}

impl Device {
    /// 接入探测: in use and with an address to open.
    pub fn is_probed(&self) -> bool {
        self.life == LifeState::InUse && self.url.is_some()
    }
}

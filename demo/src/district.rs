//! The district as its ledger describes it: plain rows, and beside each camera what is true of it.

use std::fmt;
use zhishou_domain::{Credential, DeviceKind, FaultCode, LifeState, PointClass, Verdict};

/// The made-up district.
#[derive(Clone, Debug)]
pub struct District {
    /// Name.
    pub name: String,
    /// 街道.
    pub streets: Vec<String>,
    /// 站点.
    pub sites: Vec<Site>,
    /// 所属单位.
    pub departments: Vec<String>,
    /// 辖区派出所.
    pub police_stations: Vec<String>,
    /// 运维单位.
    pub maintainers: Vec<Maintainer>,
    /// Every row of the ledger: the cameras, the recorder they hang on, and rows that are not
    /// probed. Parents come before their children.
    pub cameras: Vec<DemoCamera>,
}

impl District {
    /// The cameras that are probed.
    pub fn probed(&self) -> impl Iterator<Item = &DemoCamera> {
        self.cameras.iter().filter(|camera| camera.expected != Expected::NotProbed)
    }
}

/// A site (站点).
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Name.
    pub name: String,
    /// 街道.
    pub street: String,
    /// 辖区派出所.
    pub police_station: String,
    /// 所属单位 of its cameras.
    pub department: String,
    /// 运维单位 of its cameras.
    pub maintainer: String,
    /// Degrees east.
    pub longitude: f64,
    /// Degrees north.
    pub latitude: f64,
}

/// A maintainer (运维单位).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintainer {
    /// Name.
    pub name: String,
    /// 联系电话.
    pub phone: String,
}

/// A row of the ledger and the truth about it.
#[derive(Clone, Debug)]
pub struct DemoCamera {
    /// What the ledger says.
    pub row: LedgerRow,
    /// What a truthful probe at depth `picture` must say.
    pub expected: Expected,
}

/// What a truthful probe at depth `picture` says of a camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Always the same: this verdict, for these faults (none where it is well).
    Steady {
        /// The verdict.
        verdict: Verdict,
        /// The faults, in no order.
        faults: Vec<FaultCode>,
    },
    /// Up and down by turns: `online` without fault, or `offline` with this fault. The probe during
    /// which it dies may say `connection_lost` instead.
    Alternating {
        /// The fault while it is down.
        down: FaultCode,
    },
    /// The row is not probed: dismantled, or without an address to open.
    NotProbed,
}

/// One row of the ledger (一机一档), with the columns of the import template.
#[derive(Clone)]
pub struct LedgerRow {
    /// 设备类型: a camera, or the recorder that cameras hang on.
    pub kind: DeviceKind,
    /// 名称.
    pub name: String,
    /// 国标编码, 20 digits (GB/T 28181), of a division code that is not assigned.
    pub national_code: String,
    /// 所属单位.
    pub department: String,
    /// 街道.
    pub street: String,
    /// 辖区派出所.
    pub police_station: String,
    /// 站点.
    pub site: String,
    /// 安装地址.
    pub address: String,
    /// 点位类别.
    pub class: PointClass,
    /// 状态.
    pub life: LifeState,
    /// The day since which it is in that state, `YYYY-MM-DD`.
    pub life_since: String,
    /// 厂商.
    pub vendor: String,
    /// 型号.
    pub model: String,
    /// IP.
    pub ip: String,
    /// MAC, locally administered.
    pub mac: String,
    /// RTSP 地址, without credential.
    pub url: Option<String>,
    /// 用户名 and 密码 as the ledger has them, right or wrong.
    pub credential: Option<Credential>,
    /// 经度, degrees east.
    pub longitude: f64,
    /// 纬度, degrees north.
    pub latitude: f64,
    /// 上级设备: the name of the row it depends on.
    pub parent: Option<String>,
    /// 运维单位.
    pub maintainer: String,
    /// 联系电话 of the maintainer.
    pub phone: String,
    /// 录像保存天数.
    pub retention_days: u32,
    /// 标签.
    pub tags: Vec<String>,
    /// 备注.
    pub note: String,
}

impl fmt::Debug for LedgerRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerRow")
            .field("name", &self.name)
            .field("site", &self.site)
            .field("url", &self.url)
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}

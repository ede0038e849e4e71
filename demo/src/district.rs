//! The district as its ledger describes it: plain rows, and beside each camera what is true of it.

use zhishou_domain::{DeviceKind, FaultCode, LedgerRow, Verdict};

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
    /// Every row of the ledger: the cameras, the recorder and the switch they hang on, the endpoints
    /// of the meeting rooms, and rows that are not probed. Parents come before their children.
    pub cameras: Vec<DemoCamera>,
    /// The meeting rooms, the best first.
    pub rooms: Vec<Room>,
}

impl District {
    /// The devices that are probed.
    pub fn probed(&self) -> impl Iterator<Item = &DemoCamera> {
        self.cameras.iter().filter(|camera| camera.expected != Expected::NotProbed)
    }

    /// Of them, the cameras.
    pub fn probed_cameras(&self) -> impl Iterator<Item = &DemoCamera> {
        self.probed().filter(|it| it.row.kind == Some(DeviceKind::Camera))
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

/// A meeting room (会场). Its devices are named as in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Name.
    pub name: String,
    /// Where it is.
    pub site: String,
    /// Seats.
    pub seats: u32,
    /// 会场联系人.
    pub contact: String,
    /// Of the contact.
    pub phone: String,
    /// 主用终端.
    pub endpoint: String,
    /// 备用终端.
    pub backup: Option<String>,
    /// The camera that looks at the room.
    pub camera: String,
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
    /// Always the same: this verdict, for these faults (none where it is well). Two need more than
    /// one probe: `frozen` shows from the second on, half a minute later; and where the credential
    /// was rejected once, later probes say `auth_suspended`, as it is not sent again.
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

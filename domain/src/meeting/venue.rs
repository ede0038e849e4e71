//! Where meetings are held and on what.

use crate::{DeviceId, DeviceKind, ResourceId, SiteId, VenueId, endpoint::Signalling};
use serde::{Deserialize, Serialize};

/// What a venue is in a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VenueRole {
    /// 主会场.
    Main,
    /// 发言会场.
    Speaking,
    /// 分会场.
    Branch,
}

words!(VenueRole {
    Main = "main", "主会场", "main venue";
    Speaking = "speaking", "发言会场", "speaking venue";
    Branch = "branch", "分会场", "branch venue";
});

/// What a device is for in a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceRole {
    /// 主用终端.
    Primary,
    /// 备用终端.
    Backup,
    /// 会场摄像机: looks at the room, over RTSP; also what an endpoint itself offers by RTSP.
    Camera,
    /// 终端状态接口: what the endpoint's own page or agent says of it (HTTP, SNMP), entered as equipment.
    Status,
}

words!(DeviceRole {
    Primary = "primary", "主用终端", "primary endpoint";
    Backup = "backup", "备用终端", "backup endpoint";
    Camera = "camera", "会场摄像机", "room camera";
    Status = "status", "终端状态接口", "status page of the endpoint";
});

impl DeviceRole {
    /// The kind of device that can be this.
    pub const fn kind(self) -> DeviceKind {
        match self {
            Self::Primary | Self::Backup => DeviceKind::Endpoint,
            Self::Camera => DeviceKind::Camera,
            Self::Status => DeviceKind::Equipment,
        }
    }

    /// Whether meetings are held on it, so that it is reserved with its venue.
    pub const fn is_endpoint(self) -> bool {
        matches!(self, Self::Primary | Self::Backup)
    }
}

/// A device that stands in a venue. Endpoints are reserved with it; the others are not, they never leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VenueDevice {
    /// Of the ledger.
    pub id: DeviceId,
    /// What it is called there.
    pub name: String,
    /// What it is for.
    pub role: DeviceRole,
    /// What is spoken to it, where it is an endpoint.
    pub signalling: Signalling,
}

/// 会场.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Venue {
    /// Identity.
    pub id: VenueId,
    /// Name, unique.
    pub name: String,
    /// The site it lies in.
    pub site: Option<SiteId>,
    /// Seats.
    pub seats: Option<u32>,
    /// 会场联系人; empty where unknown.
    pub contact: String,
    /// Of the contact.
    pub phone: String,
    /// In words.
    pub note: String,
    /// Whether it can be booked; one that is out of use keeps its past.
    pub in_use: bool,
    /// Its endpoints, primary first, then room cameras and what tells of endpoints.
    pub devices: Vec<VenueDevice>,
}

impl Venue {
    /// The endpoint that meetings are held on.
    pub fn primary(&self) -> Option<&VenueDevice> {
        self.devices.iter().find(|device| device.role == DeviceRole::Primary)
    }

    /// The endpoint that is turned to where that fails.
    pub fn backup(&self) -> Option<&VenueDevice> {
        self.devices.iter().find(|device| device.role == DeviceRole::Backup)
    }

    /// What is reserved with it.
    pub fn endpoints(&self) -> impl Iterator<Item = &VenueDevice> {
        self.devices.iter().filter(|device| device.role.is_endpoint())
    }

    /// Holds it on another of its endpoints: that is the primary one, and the one that was stands by. Nothing
    /// where it has no such backup.
    pub fn turn_to(&mut self, device: DeviceId) {
        if !self.devices.iter().any(|it| it.id == device && it.role == DeviceRole::Backup) {
            return;
        }
        for it in self.devices.iter_mut().filter(|it| it.role.is_endpoint()) {
            it.role = if it.id == device { DeviceRole::Primary } else { DeviceRole::Backup };
        }
        self.devices.sort_by_key(|it| match it.role {
            DeviceRole::Primary => 0,
            DeviceRole::Backup => 1,
            DeviceRole::Camera => 2,
            DeviceRole::Status => 3,
        });
    }
}

/// What else a meeting needs, one meeting at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// MCU, or one conference of it.
    Mcu,
    /// 上级线路.
    SuperiorLine,
    /// 电话会议.
    Telephone,
}

words!(ResourceKind {
    Mcu = "mcu", "MCU", "MCU";
    SuperiorLine = "superior_line", "上级线路", "superior's line";
    Telephone = "telephone", "电话会议", "telephone conference";
});

/// 平台资源. One that carries several meetings at once is entered as so many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformResource {
    /// Identity.
    pub id: ResourceId,
    /// Name, unique.
    pub name: String,
    /// What it is.
    pub kind: ResourceKind,
    /// Whether it can be booked.
    pub in_use: bool,
    /// 接入号码 of a telephone conference; empty where unknown or none.
    pub dial: String,
    /// 会议密码 that is keyed in there; empty where none is asked for. Whoever takes part is told it.
    pub pass_code: String,
}

/// What a reservation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A venue.
    Venue(VenueId),
    /// An endpoint.
    Device(DeviceId),
    /// A platform resource.
    Resource(ResourceId),
}

impl Subject {
    /// The word under which it is kept: `venue:7`, `device:…`, `resource:2`.
    pub fn key(self) -> String {
        match self {
            Self::Venue(id) => format!("venue:{id}"),
            Self::Device(id) => format!("device:{id}"),
            Self::Resource(id) => format!("resource:{id}"),
        }
    }

    /// What a key means.
    pub fn from_key(key: &str) -> Option<Self> {
        let (kind, id) = key.split_once(':')?;
        match kind {
            "venue" => id.parse().ok().map(Self::Venue),
            "device" => id.parse().ok().map(Self::Device),
            "resource" => id.parse().ok().map(Self::Resource),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let device: DeviceId = "0190a0c0-0000-7000-8000-000000000001".parse().unwrap();
        let all = [
            Subject::Venue(VenueId::new(7)),
            Subject::Device(device),
            Subject::Resource(ResourceId::new(2)),
        ];
        for subject in all {
            assert_eq!(Subject::from_key(&subject.key()), Some(subject));
        }
        assert_eq!(Subject::from_key("venue:x"), None);
        assert_eq!(Subject::from_key("7"), None);
    }
}

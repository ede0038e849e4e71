//! The meeting rooms of the cast and the endpoints in them: one is well, one has its microphone off, and
//! one is switched off and has a second endpoint to turn to.

use crate::{
    agent::Microphone,
    cast::{self, blank},
    district::{DemoCamera, Expected, Room},
};
use std::net::{Ipv4Addr, SocketAddrV4};
use zhishou_domain::{DeviceKind, FaultCode, LedgerRow, TestCall, Verdict};

/// Rows of endpoints are numbered from here.
const FIRST_SERIAL: usize = 950;

struct Endpoint {
    name: &'static str,
    user: &'static str,
    /// What its microphone gives and which loop its camera shows; `None` is switched off.
    on: Option<(Microphone, &'static str)>,
}

struct Hall {
    /// Index of the site.
    site: usize,
    name: &'static str,
    place: &'static str,
    seats: u32,
    contact: &'static str,
    phone: &'static str,
    /// A camera of the cast that looks at it.
    camera: &'static str,
    endpoint: Endpoint,
    backup: Option<Endpoint>,
}

const HALLS: [Hall; 3] = [
    Hall {
        site: 3,
        name: "柳溪街道办会议室",
        place: "二层会议室",
        seats: 40,
        contact: "周敏",
        phone: "0999-5550131",
        camera: "柳溪街道办会议室",
        endpoint: Endpoint {
            name: "柳溪街道办会议室终端",
            user: "liuxi",
            on: Some((Microphone::Room, "room")),
        },
        backup: None,
    },
    Hall {
        site: 0,
        name: "万人社区议事厅",
        place: "二楼议事厅",
        seats: 60,
        contact: "何伟",
        phone: "0999-5550142",
        camera: "万人社区议事厅",
        endpoint: Endpoint {
            name: "万人社区议事厅终端",
            user: "wanren",
            on: Some((Microphone::Off, "classroom")),
        },
        backup: None,
    },
    Hall {
        site: 1,
        name: "青枫小学会议室",
        place: "行政楼二层",
        seats: 30,
        contact: "陈静",
        phone: "0999-5550153",
        camera: "青枫小学会议室",
        endpoint: Endpoint { name: "青枫小学会议室终端", user: "qingfeng", on: None },
        backup: Some(Endpoint {
            name: "青枫小学会议室备用终端",
            user: "qingfeng2",
            on: Some((Microphone::Room, "people")),
        }),
    },
];

/// Every endpoint with its room and its address, which no camera has: 127.0.9.x.
fn endpoints() -> impl Iterator<Item = (Ipv4Addr, &'static Hall, &'static Endpoint)> {
    let all = HALLS
        .iter()
        .flat_map(|hall| [Some(&hall.endpoint), hall.backup.as_ref()].map(|it| (hall, it)));
    let all = all.filter_map(|(hall, endpoint)| endpoint.map(|it| (hall, it)));
    all.zip(1..).map(|((hall, it), last)| (Ipv4Addr::new(127, 0, 9, last), hall, it))
}

/// Where the endpoints are, those that are off among them.
pub(crate) fn hosts() -> impl Iterator<Item = Ipv4Addr> {
    endpoints().map(|(host, ..)| host)
}

/// An endpoint that is switched on.
pub(crate) struct Set {
    pub(crate) address: SocketAddrV4,
    pub(crate) user: &'static str,
    pub(crate) microphone: Microphone,
    /// Name of the loop.
    pub(crate) reel: &'static str,
}

/// The endpoints that are switched on.
pub(crate) fn sets(port: u16) -> impl Iterator<Item = Set> {
    endpoints().filter_map(move |(host, _, it)| {
        let (microphone, reel) = it.on?;
        Some(Set { address: SocketAddrV4::new(host, port), user: it.user, microphone, reel })
    })
}

/// The endpoints as the ledger has them, and what is true of each.
pub(crate) fn rows(port: u16) -> impl Iterator<Item = DemoCamera> {
    endpoints().zip(FIRST_SERIAL..).map(move |((host, hall, it), serial)| {
        let mut row: LedgerRow = blank(serial, hall.site, it.name, hall.place);
        row.kind = Some(DeviceKind::Endpoint);
        row.model = Some("DEMO-ROOM".to_owned());
        row.ip = Some(host.to_string());
        row.url = Some(format!("sip:{}@{host}:{port}", it.user));
        row.test_call = Some(TestCall::Permitted);
        row.retention_days = None;
        let (verdict, faults) = match it.on {
            Some((Microphone::Room, _)) => (Verdict::Online, vec![]),
            Some((Microphone::Off, _)) => (Verdict::Degraded, vec![FaultCode::AudioSilent]),
            None => (Verdict::Offline, vec![FaultCode::Refused]),
        };
        DemoCamera { row, expected: Expected::Steady { verdict, faults } }
    })
}

/// The rooms.
pub(crate) fn rooms() -> Vec<Room> {
    let room = |hall: &Hall| Room {
        name: hall.name.to_owned(),
        site: cast::site(hall.site).name,
        seats: hall.seats,
        contact: hall.contact.to_owned(),
        phone: hall.phone.to_owned(),
        endpoint: hall.endpoint.name.to_owned(),
        backup: hall.backup.as_ref().map(|it| it.name.to_owned()),
        camera: hall.camera.to_owned(),
    };
    HALLS.iter().map(room).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BASE_CAMERAS;

    #[test]
    fn every_room_has_an_endpoint_and_a_camera_at_its_own_site() {
        let district = cast::district(BASE_CAMERAS, 8554);
        for room in &district.rooms {
            let has = |name: &str, kind| {
                let rows = district.probed().map(|it| &it.row);
                let mut rows = rows.filter(|row| row.name == name && row.site == room.site);
                rows.any(|row| row.kind == Some(kind))
            };
            assert!(has(&room.endpoint, DeviceKind::Endpoint), "{}", room.endpoint);
            assert!(has(&room.camera, DeviceKind::Camera), "{}", room.camera);
            let backup = room.backup.iter().all(|name| has(name, DeviceKind::Endpoint));
            assert!(backup, "{:?}", room.backup);
        }
        assert_eq!((district.rooms.len(), hosts().count(), sets(8554).count()), (3, 4, 3));
    }
}

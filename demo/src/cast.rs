//! The cast: the sites of the made-up district and the cameras that stand in them.

use crate::{
    act::{Act, Login, Scene},
    district::{DemoCamera, District, Expected, Maintainer, Site},
    rooms,
};
use chrono::NaiveDate;
use std::net::Ipv4Addr;
use zhishou_domain::{
    Credential, DeviceKind, FaultCode, LedgerRow, LifeState, PointClass, Verdict, ledger::Password,
};

/// The cameras of the smallest demo; every kind of fault is among them.
pub const BASE_CAMERAS: usize = 24;

/// The recorder that the cameras of [`NVR_SITE`] hang on.
const NVR: &str = "柳溪街道办录像机";
const NVR_SITE: usize = 3;
/// Its last byte in [`host`].
const NVR_HOST: u8 = 40;

/// The switch that is off, and takes the pharmacy of [`SWITCH_SITE`] with it.
const SWITCH: &str = "柳溪卫生站药房交换机";
const SWITCH_SITE: usize = 4;
const SWITCH_HOST: u8 = 50;

/// Name, street, police station, department, index into [`MAINTAINERS`], place.
type SiteLine = (&'static str, &'static str, &'static str, &'static str, usize, (f64, f64));

const SITES: [SiteLine; 7] = [
    ("万人社区", "青枫街道", "青枫派出所", "区公安分局", 0, (112.0103, 30.0214)),
    ("青枫实验小学", "青枫街道", "青枫派出所", "区教育局", 0, (112.0161, 30.0188)),
    ("望山农贸市场", "青枫街道", "望山派出所", "区市场监管局", 1, (112.0227, 30.0259)),
    ("柳溪街道办事处", "柳溪街道", "柳溪派出所", "柳溪街道办事处", 1, (112.0412, 30.0097)),
    ("柳溪社区卫生站", "柳溪街道", "柳溪派出所", "区卫生健康局", 1, (112.0388, 30.0126)),
    ("滨河停车场", "滨河街道", "滨河派出所", "区城市管理局", 2, (112.0305, 29.9981)),
    ("滨河物流园", "滨河街道", "滨河派出所", "区公安分局", 2, (112.0349, 29.9932)),
];

const MAINTAINERS: [(&str, &str); 3] = [
    ("天衡智能科技", "0999-5550101"),
    ("远瞻视讯工程", "0999-5550162"),
    ("安澜运维服务", "0999-5550188"),
];

/// A camera of the cast.
struct Role {
    site: usize,
    name: String,
    place: &'static str,
    class: PointClass,
    parent: Option<&'static str>,
    tags: &'static [&'static str],
    scene: Scene,
}

/// 127.0.10.x, loopback like all of 127.0.0.0/8, so that every camera has an address of its own.
fn host(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 10, last)
}

/// Where the switch is that is off.
pub(crate) fn switch_host() -> Ipv4Addr {
    host(SWITCH_HOST)
}

impl Role {
    fn new(site: usize, last: u8, name: &str, place: &'static str, act: Act) -> Self {
        let scene = Scene {
            host: host(last),
            path: "/live/main".to_owned(),
            act,
            login: Login::Digest,
            credential: Credential::new("zhishou", format!("Demo-{last:03}-kan")),
            password_known: true,
            fault: None,
        };
        let class = PointClass::Two;
        Self { site, name: name.to_owned(), place, class, parent: None, tags: &[], scene }
    }

    fn channel(channel: u8, name: &str, place: &'static str, reel: &'static str) -> Self {
        let mut role = Self::new(NVR_SITE, NVR_HOST, name, place, Act::Plays(reel));
        role.parent = Some(NVR);
        role.scene.path = format!("/channels/{channel}01");
        role.class = PointClass::Three;
        role
    }

    fn login(mut self, login: Login) -> Self {
        self.scene.login = login;
        self
    }

    fn class(mut self, class: PointClass) -> Self {
        self.class = class;
        self
    }

    fn fault(mut self, fault: FaultCode) -> Self {
        self.scene.fault = Some(fault);
        self
    }

    fn behind(mut self, parent: &'static str) -> Self {
        self.parent = Some(parent);
        self
    }

    fn tags(mut self, tags: &'static [&'static str]) -> Self {
        self.tags = tags;
        self
    }

    fn password_unknown(mut self) -> Self {
        self.scene.password_known = false;
        self
    }

    fn ledger_credential(&self) -> Option<Credential> {
        let right = &self.scene.credential;
        match (self.scene.login, self.scene.password_known) {
            (Login::Open, _) => None,
            (_, true) => Some(right.clone()),
            (_, false) => Some(Credential::new(&right.username, "Old-password-1")),
        }
    }
}

/// The smallest cast, in the order of the ledger.
fn base() -> Vec<Role> {
    use Act::{ComesAndGoes, IsCutOff, KeepsSilent, Loses, Plays, PlaysElsewhere};
    use PointClass::{One, Three};
    vec![
        Role::new(0, 11, "万人社区东门停车场", "东门内侧灯杆", Plays("bikecar")).class(One),
        Role::new(0, 12, "万人社区议事厅", "二楼议事厅", Plays("classroom")).login(Login::Basic),
        Role::new(0, 13, "万人社区活动室", "一楼活动室", Plays("room_720p")).class(Three),
        Role::new(0, 14, "万人社区北门", "北门岗亭", Plays("store"))
            .class(One)
            .password_unknown()
            .tags(&["口令待核"]),
        Role::new(1, 21, "青枫小学舞蹈教室", "综合楼三层", Plays("people_h265")),
        Role::new(1, 22, "青枫小学会议室", "行政楼二层", Plays("classroom_still"))
            .fault(FaultCode::Frozen),
        Role::new(1, 23, "青枫小学器材库", "操场西侧", Plays("worker_mjpeg")).login(Login::Basic),
        Role::new(2, 31, "望山市场便利店", "一层 A12", Plays("store")).class(One),
        Role::new(2, 32, "望山市场冷库", "负一层冷库", Plays("black")).fault(FaultCode::Black),
        Role::new(2, 33, "望山市场瓷器店", "一层 B07", Plays("store_blurred"))
            .fault(FaultCode::Blurred),
        Role::channel(1, "柳溪街道办大厅", "一层大厅", "people"),
        Role::channel(2, "柳溪街道办会议室", "二层会议室", "classroom"),
        Role::channel(3, "柳溪街道办接待室", "一层接待室", "room"),
        Role::channel(4, "柳溪街道办仓库", "负一层仓库", "worker"),
        Role::channel(5, "柳溪街道办服务超市", "一层东侧", "store_cif"),
        Role::channel(6, "柳溪街道办后门", "后门通道", "blue").fault(FaultCode::SignalLost),
        Role::new(4, 52, "柳溪卫生站药房", "一层药房", IsCutOff).class(One).behind(SWITCH),
        Role::new(4, 54, "柳溪卫生站门厅", "一层门厅", ComesAndGoes("people_cif")),
        Role::new(5, 61, "滨河停车场出口", "出口道闸", Plays("bikecar_slow"))
            .class(One)
            .fault(FaultCode::LowFps),
        Role::new(5, 62, "滨河停车场入口", "入口道闸", Loses("bikecar"))
            .class(One)
            .fault(FaultCode::PacketLoss),
        Role::new(6, 71, "物流园一号库（夜视）", "一号库", Plays("worker_night")).tags(&["红外"]),
        Role::new(6, 72, "物流园门卫室", "门卫室", Plays("room_1080p")).login(Login::Open),
        Role::new(6, 73, "物流园装卸区", "装卸区", PlaysElsewhere("people")),
        Role::new(6, 74, "物流园二号库", "二号库", KeepsSilent),
    ]
}

/// The loops that additional cameras play, all of them well.
const EXTRAS: [&str; 6] = ["people", "worker", "store", "room", "bikecar", "people_cif"];

/// `cameras` of them: the base, then well ones in turn at every site but the recorder's.
fn roles(cameras: usize) -> Vec<Role> {
    let mut roles = base();
    for extra in 0..cameras.saturating_sub(BASE_CAMERAS) {
        let site = [0, 1, 2, 4, 5, 6][extra % 6];
        let name = format!("{}周界 {} 号", SITES[site].0, extra / 6 + 1);
        let mut role = Role::new(site, 0, &name, "周界", Act::Plays(EXTRAS[extra / 6 % 6]));
        let (third, last) = (extra / 200, extra % 200 + 1);
        // Both are below 256 for every count that `Options` allows.
        role.scene.host = Ipv4Addr::new(127, 0, 11 + third as u8, last as u8);
        roles.push(role);
    }
    roles
}

/// Every camera as it stands on the network.
pub(crate) fn scenes(cameras: usize) -> Vec<Scene> {
    roles(cameras).into_iter().map(|role| role.scene).collect()
}

/// The district whose cameras listen on `port`.
pub fn district(cameras: usize, port: u16) -> District {
    let not_probed = |row| DemoCamera { row, expected: Expected::NotProbed };
    let probed =
        |row, verdict, faults| DemoCamera { row, expected: Expected::Steady { verdict, faults } };
    let mut cameras_and_more = vec![
        probed(recorder(port), Verdict::Online, vec![]),
        probed(switch(port), Verdict::Offline, vec![FaultCode::ConnectTimeout]),
    ];
    cameras_and_more.extend(roles(cameras).iter().enumerate().map(|(index, role)| DemoCamera {
        row: row(index + 1, role, port),
        expected: role.scene.expected(),
    }));
    cameras_and_more.extend(rooms::rows(port));
    cameras_and_more.extend(not_connected().map(not_probed));
    // The headings are row 1 of the file.
    for (camera, number) in cameras_and_more.iter_mut().zip(2..) {
        camera.row.row = number;
    }
    let distinct = |pick: fn(&SiteLine) -> &'static str| {
        let mut names: Vec<String> = Vec::new();
        for name in SITES.iter().map(pick) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names
    };
    District {
        name: "青枫区（演示）".to_owned(),
        streets: distinct(|site| site.1),
        sites: (0..SITES.len()).map(site).collect(),
        departments: distinct(|site| site.3),
        police_stations: distinct(|site| site.2),
        maintainers: MAINTAINERS
            .iter()
            .map(|(name, phone)| Maintainer { name: (*name).into(), phone: (*phone).into() })
            .collect(),
        cameras: cameras_and_more,
        rooms: rooms::rooms(),
    }
}

pub(crate) fn site(index: usize) -> Site {
    let (name, street, police_station, department, maintainer, (longitude, latitude)) =
        SITES[index];
    Site {
        name: name.to_owned(),
        street: street.to_owned(),
        police_station: police_station.to_owned(),
        department: department.to_owned(),
        maintainer: MAINTAINERS[maintainer].0.to_owned(),
        longitude,
        latitude,
    }
}

/// What the rows of a site share; `serial` numbers the devices of the district, 0 is the recorder.
pub(crate) fn blank(serial: usize, site_index: usize, name: &str, place: &str) -> LedgerRow {
    let site = site(site_index);
    // About 5 m apart, so that they do not lie on one another on a map.
    let step = f64::from(serial as u32) * 0.000_05;
    LedgerRow {
        // GB/T 28181 D.1: 8 digits of the centre (a division that is not assigned), 2 of the
        // trade, 3 of the type (132 is a network camera, 118 a recorder), 1 of the network, 6.
        national_code: Some(format!("99990101001320{serial:06}")),
        department: Some(site.department),
        street: Some(site.street),
        police_station: Some(site.police_station),
        address: Some(format!("{}{place}", site.name)),
        class: Some(PointClass::Three),
        life: Some(LifeState::InUse),
        life_since: NaiveDate::from_ymd_opt(2025, 3, 1),
        vendor: Some("演示厂商".to_owned()),
        model: Some("DEMO-IPC".to_owned()),
        mac: Some(format!("02:00:5e:10:{:02x}:{:02x}", serial / 256, serial % 256)),
        longitude: Some(site.longitude + step),
        latitude: Some(site.latitude),
        phone: Some(MAINTAINERS[SITES[site_index].4].1.to_owned()),
        maintainer: Some(site.maintainer),
        retention_days: Some(30),
        tags: vec!["演示".to_owned()],
        ..LedgerRow::new(0, name, site.name)
    }
}

fn row(serial: usize, role: &Role, port: u16) -> LedgerRow {
    let mut row = blank(serial, role.site, &role.name, role.place);
    row.kind = Some(DeviceKind::Camera);
    row.class = Some(role.class);
    row.retention_days = Some(if role.class == PointClass::One { 90 } else { 30 });
    row.ip = Some(role.scene.host.to_string());
    row.url = Some(format!("rtsp://{}:{port}{}", role.scene.host, role.scene.path));
    if let Some(known) = role.ledger_credential() {
        row.password = Some(Password::new(known.password()));
        row.username = Some(known.username);
    }
    row.parent = role.parent.map(str::to_owned);
    row.tags.extend(role.tags.iter().map(|tag| (*tag).to_owned()));
    row
}

fn recorder(port: u16) -> LedgerRow {
    let mut row = equipment(0, NVR_SITE, NVR, "一层弱电间", (NVR_HOST, port));
    row.national_code = Some("99990101001180000000".to_owned());
    row.model = Some("DEMO-NVR-8".to_owned());
    row
}

/// Nobody answers there, see [`crate::dark`].
fn switch(port: u16) -> LedgerRow {
    let mut row = equipment(902, SWITCH_SITE, SWITCH, "一层药房", (SWITCH_HOST, port));
    row.national_code = Some("99990101002000000902".to_owned());
    row.model = Some("DEMO-SW-8".to_owned());
    row
}

/// What is probed by a TCP connect to a port.
fn equipment(
    serial: usize,
    site: usize,
    name: &str,
    place: &str,
    (last, port): (u8, u16),
) -> LedgerRow {
    let mut row = blank(serial, site, name, place);
    row.kind = Some(DeviceKind::Equipment);
    row.ip = Some(host(last).to_string());
    row.url = Some(format!("tcp://{}:{port}", host(last)));
    row
}

/// A camera that is gone, and one whose network is not there yet.
fn not_connected() -> [LedgerRow; 2] {
    let mut gone = blank(900, 2, "望山市场旧西门", "西门（已拆）");
    gone.life = Some(LifeState::Removed);
    gone.life_since = NaiveDate::from_ymd_opt(2025, 6, 30);
    gone.url = Some("rtsp://127.0.10.250:554/live/main".to_owned());
    gone.ip = Some("127.0.10.250".to_owned());
    let mut planned = blank(901, 5, "滨河停车场二期东侧", "二期东侧");
    planned.note = Some("已立杆，网络未通".to_owned());
    [gone, planned].map(|row| LedgerRow { kind: Some(DeviceKind::Camera), ..row })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::RECIPES;
    use std::collections::BTreeSet;

    #[test]
    fn the_smallest_district_has_what_was_promised() {
        let district = district(BASE_CAMERAS, 8554);
        assert_eq!(district.probed_cameras().count(), BASE_CAMERAS);
        assert!(district.sites.len() >= 6);
        assert!(district.streets.len() >= 2);
        let on_recorder = |camera: &&DemoCamera| camera.row.parent.as_deref() == Some(NVR);
        assert_eq!(district.probed().filter(on_recorder).count(), 6);
        let wanted = [
            FaultCode::AuthRejected,
            FaultCode::NotFound,
            FaultCode::Black,
            FaultCode::Blurred,
            FaultCode::SignalLost,
            FaultCode::Frozen,
            FaultCode::LowFps,
            FaultCode::PacketLoss,
            FaultCode::ConnectTimeout,
            FaultCode::NoResponse,
            FaultCode::AudioSilent,
        ];
        for code in wanted {
            let shows = |camera: &DemoCamera| match &camera.expected {
                Expected::Steady { faults, .. } => faults == &[code],
                Expected::Alternating { .. } | Expected::NotProbed => false,
            };
            assert!(district.probed().any(shows), "{code:?}");
        }
    }

    #[test]
    fn more_cameras_are_as_many_rows_with_names_codes_and_addresses_of_their_own() {
        let district = district(100, 8554);
        assert_eq!(district.probed_cameras().count(), 100);
        let all = district.cameras.len();
        let names: BTreeSet<_> = district.cameras.iter().map(|c| &c.row.name).collect();
        let codes: BTreeSet<_> = district.cameras.iter().map(|c| &c.row.national_code).collect();
        let urls: BTreeSet<_> = district.probed_cameras().map(|c| &c.row.url).collect();
        assert_eq!((names.len(), codes.len(), urls.len()), (all, all, 100));
    }

    #[test]
    fn every_loop_that_is_played_is_made() {
        for scene in scenes(100) {
            if let Act::Plays(reel)
            | Act::Loses(reel)
            | Act::ComesAndGoes(reel)
            | Act::PlaysElsewhere(reel) = scene.act
            {
                assert!(RECIPES.iter().any(|recipe| recipe.name == reel), "{reel}");
            }
        }
    }
}

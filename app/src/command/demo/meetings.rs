//! The meeting rooms of the demo, somebody on duty, and two meetings about to begin, booked as a person
//! would, so that a check is seen at once: one room is well, one has a silent microphone, one is switched
//! off.

use chrono_tz::Tz;
use std::{collections::HashMap, time::Duration};
use zhishou_demo::{District, Room};
use zhishou_domain::{
    MeetingId, Timestamp,
    duty::Watcher,
    meeting::{
        AssuranceGrade, Buffers, Cascade, Contact, ContactRole, Convener, DeviceRole, LocalSlot,
        MeetingPlan, MeetingRank, MeetingState, MeetingVenue, ResourceKind, Venue, VenueRole,
    },
};
use zhishou_storage::{
    AuditLine, BookingWay, MeetingFilter, NewMeeting, ResourceWords, Store, StoreError, VenueSaved,
    VenueWords,
};

/// Who booked them.
const LOGIN: &str = "demo";
/// Where a meeting goes on when its rooms fail.
const TELEPHONE: &str = "应急电话会议";
/// Devices of a site that are looked through for those of a room.
const DEVICES: u32 = 200;
/// A shift on duty.
const SHIFT: Duration = minutes(12 * 60);
/// Meetings begin on a multiple of this, ms.
const RASTER: i64 = 5 * 60_000;

/// A meeting that is about to begin.
struct Ahead {
    title: &'static str,
    /// Minutes until it begins, at least.
    until: u64,
    /// Minutes that it takes.
    length: u64,
    /// Rooms, of the first ones.
    rooms: usize,
    way: BookingWay,
}

const MEETINGS: [Ahead; 2] = [
    // Booked after its check was due, so it is checked at once.
    Ahead {
        title: "防汛调度视频会", until: 30, length: 30, rooms: 3, way: BookingWay::Emergency
    },
    // After the first; its check is an hour before, ten minutes from now.
    Ahead { title: "街道周例会", until: 70, length: 60, rooms: 2, way: BookingWay::Approved },
];

/// Makes the rooms that are missing, puts somebody on duty, and books the meetings where none is ahead. Says
/// which meeting is the next.
pub(super) async fn prepare(
    store: &Store,
    district: &District,
    now: Timestamp,
) -> Result<Option<MeetingId>, StoreError> {
    for room in &district.rooms {
        make_room(store, room, now).await?;
    }
    if store.platform_resources().await?.is_empty() {
        let line = line(now, "save_resource");
        let words = ResourceWords {
            name: TELEPHONE.to_owned(),
            kind: ResourceKind::Telephone,
            in_use: true,
            dial: "0999-5550160".to_owned(),
            pass_code: "246810".to_owned(),
        };
        store.save_platform_resource(words, line).await?;
    }
    if store.on_duty(now).await?.is_none() {
        let watcher = |name: &str, phone: &str, mail: &str| Watcher {
            name: name.to_owned(),
            phone: phone.to_owned(),
            mail: mail.to_owned(),
            ..Watcher::default()
        };
        let lead = watcher("王建国", "0999-5550101", "wang@demo.example");
        let backup = watcher("李敏", "0999-5550102", "li@demo.example");
        let shift = vec![(now, now + SHIFT)];
        store.add_duty_shifts(shift, lead, Some(backup), line(now, "duty_roster")).await?;
    }
    if let Some(known) = next(store, now).await? {
        return Ok(Some(known));
    }
    let venues: HashMap<_, _> =
        store.venues().await?.into_iter().map(|it| (it.name.clone(), it)).collect();
    for ahead in &MEETINGS {
        let rooms = district.rooms.iter().take(ahead.rooms);
        let rooms = rooms.filter_map(|room| Some((room, venues.get(&room.name)?)));
        let new = NewMeeting {
            plan: plan(ahead, rooms.collect(), now, store.zone()),
            way: ahead.way,
            displace: Vec::new(),
            at: now,
            login: LOGIN.to_owned(),
            address: String::new(),
            request_key: None,
        };
        // Somebody who plays with the demo may have booked the rooms: that stands.
        let booked = store.book_meeting(new).await?;
        tracing::debug!(?booked, title = ahead.title, "a meeting of the demo");
    }
    next(store, now).await
}

/// The meeting that begins next, soon enough to be seen being checked.
async fn next(store: &Store, now: Timestamp) -> Result<Option<MeetingId>, StoreError> {
    let states = MeetingState::ALL.iter().copied().filter(|it| it.is_due()).collect();
    let to = Some(now + minutes(MEETINGS[0].until * 2));
    let ahead = MeetingFilter { from: Some(now), to, states, ..MeetingFilter::default() };
    Ok(store.meetings(&ahead, 1).await?.first().map(|it| it.id))
}

/// Makes a room where its endpoint stands in none yet.
async fn make_room(store: &Store, room: &Room, now: Timestamp) -> Result<(), StoreError> {
    let loose = store.endpoints_without_venue(DEVICES).await?;
    let Some((endpoint, _, site, _)) = loose.into_iter().find(|it| it.1 == room.endpoint) else {
        return Ok(());
    };
    let mut devices = vec![(endpoint, DeviceRole::Primary)];
    for device in store.meeting_devices(Some(site), DEVICES).await? {
        if Some(&device.name) == room.backup.as_ref() {
            devices.push((device.id, DeviceRole::Backup));
        }
        if device.name == room.camera {
            devices.push((device.id, DeviceRole::Camera));
        }
    }
    let words = VenueWords {
        name: room.name.clone(),
        site: Some(site),
        seats: Some(room.seats),
        contact: room.contact.clone(),
        phone: room.phone.clone(),
        note: String::new(),
        in_use: true,
        devices,
    };
    if store.save_venue(None, words, line(now, "save_venue")).await? == VenueSaved::NameTaken {
        tracing::warn!(room.name, "a room of the demo has this name already");
    }
    Ok(())
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

fn line(at: Timestamp, action: &'static str) -> AuditLine {
    let (login, subject, address) = (LOGIN.to_owned(), String::new(), String::new());
    AuditLine { at, login, action, subject, address }
}

fn plan(ahead: &Ahead, rooms: Vec<(&Room, &Venue)>, now: Timestamp, zone: Tz) -> MeetingPlan {
    let after = (now + minutes(ahead.until)).millis();
    let from = Timestamp::from_millis((after + RASTER - 1).div_euclid(RASTER) * RASTER);
    let wall = |at: Timestamp| at.in_zone(zone).naive_local();
    let role = |place| if place == 0 { VenueRole::Main } else { VenueRole::Branch };
    let places = rooms.iter().enumerate();
    MeetingPlan {
        title: ahead.title.to_owned(),
        rank: MeetingRank::Second,
        assurance: AssuranceGrade::Third,
        convener: Convener::District,
        organiser: String::new(),
        cascade: Cascade::Own,
        zone,
        time: LocalSlot { from: wall(from), to: wall(from + minutes(ahead.length)) },
        buffers: Buffers::default(),
        rehearsal: None,
        venues: places
            .map(|(place, (_, venue))| MeetingVenue { venue: venue.id, role: role(place) })
            .collect(),
        resources: Vec::new(),
        contacts: rooms
            .iter()
            .enumerate()
            .map(|(place, (room, _))| Contact {
                name: room.contact.clone(),
                unit: room.site.clone(),
                phone: room.phone.clone(),
                mail: String::new(),
                role: if place == 0 { ContactRole::Chair } else { ContactRole::Other },
            })
            .collect(),
        note: String::new(),
    }
}

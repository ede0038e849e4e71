//! Two meetings about to begin in the meeting rooms of the demo, so that a check is seen at once: one room
//! is well, one has a silent microphone, one is switched off.

use chrono_tz::Tz;
use std::time::Duration;
use zhishou_domain::{
    Timestamp, VenueId,
    duty::Watcher,
    meeting::{
        AssuranceGrade, Buffers, Cascade, Convener, DeviceRole, LocalSlot, MeetingPlan,
        MeetingRank, MeetingVenue, VenueRole,
    },
};
use zhishou_storage::{
    AuditLine, Booked, BookingWay, MeetingFilter, NewMeeting, Store, StoreError, VenueSaved,
    VenueWords,
};

/// Who booked them.
const LOGIN: &str = "demo";
/// Title, minutes until it begins, minutes that it takes.
const MEETINGS: [(&str, u64, u64); 2] = [("防汛调度视频会", 20, 30), ("街道周例会", 75, 60)];
/// Rooms of the demo.
const ROOMS: u32 = 8;

/// Makes a room of every endpoint that has none, somebody on duty, and the meetings where none is ahead.
pub(super) async fn prepare(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    for (device, name, site, _) in store.endpoints_without_venue(ROOMS).await? {
        let words = VenueWords {
            name: name.trim_end_matches("终端").to_owned(),
            site: Some(site),
            seats: Some(30),
            contact: "会议室管理员".to_owned(),
            phone: "0999-5550100".to_owned(),
            note: String::new(),
            in_use: true,
            devices: vec![(device, DeviceRole::Primary)],
        };
        let saved = store.save_venue(None, words, line(now, "save_venue")).await?;
        if saved == VenueSaved::NameTaken {
            tracing::warn!(name, "a room of the demo has this name already");
        }
    }
    let venues: Vec<_> = store.venues().await?.into_iter().filter(|it| it.in_use).collect();
    let ahead = MeetingFilter { from: Some(now), ..MeetingFilter::default() };
    if venues.is_empty() || !store.meetings(&ahead, 1).await?.is_empty() {
        return Ok(());
    }
    if store.on_duty(now).await?.is_none() {
        let lead = Watcher { name: "王建国".to_owned(), phone: "0999-5550101".to_owned() };
        let backup = Watcher { name: "李敏".to_owned(), phone: "0999-5550102".to_owned() };
        let shift = vec![(now, now + Duration::from_secs(12 * 3600))];
        store.add_duty_shifts(shift, lead, Some(backup), line(now, "duty_roster")).await?;
    }
    for (title, until, length) in MEETINGS {
        let venues = venues.iter().map(|it| it.id).collect();
        let plan = plan(title, venues, now + minutes(until), minutes(length), store.zone());
        let new = NewMeeting {
            plan,
            way: BookingWay::Emergency,
            displace: Vec::new(),
            at: now,
            login: LOGIN.to_owned(),
            address: String::new(),
            request_key: None,
        };
        let booked = store.book_meeting(new).await?;
        if !matches!(booked, Booked::Now(..)) {
            tracing::warn!(?booked, title, "a meeting of the demo was not booked");
        }
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

fn plan(
    title: &str,
    venues: Vec<VenueId>,
    from: Timestamp,
    length: Duration,
    zone: Tz,
) -> MeetingPlan {
    // Nobody books by the second.
    let from = Timestamp::from_millis(from.minute() * 60_000);
    let wall = |at: Timestamp| at.in_zone(zone).naive_local();
    let role = |place| if place == 0 { VenueRole::Main } else { VenueRole::Branch };
    MeetingPlan {
        title: title.to_owned(),
        rank: MeetingRank::Second,
        assurance: AssuranceGrade::Third,
        convener: Convener::District,
        organiser: String::new(),
        cascade: Cascade::Own,
        zone,
        time: LocalSlot { from: wall(from), to: wall(from + length) },
        buffers: Buffers::default(),
        rehearsal: None,
        venues: venues
            .into_iter()
            .enumerate()
            .map(|(place, venue)| MeetingVenue { venue, role: role(place) })
            .collect(),
        resources: Vec::new(),
        contacts: Vec::new(),
        note: String::new(),
    }
}

//! 启用预案 on the page of a meeting.

use super::{
    meetings::{booked, line},
    *,
};
use zhishou_domain::{
    DeviceKind, LedgerRow, MeetingId, VenueId,
    meeting::{DeviceRole, LocalSlot, MeetingVenue, VenueRole},
};
use zhishou_storage::{Booked, BookingWay, ImportMode, NewMeeting, VenueSaved, VenueWords};

/// Another venue with an endpoint of its own; a street away.
async fn spare(fixture: &Fixture, row: u32, name: &str) -> VenueId {
    let store = &fixture.app.store;
    let endpoint = LedgerRow {
        street: Some("建设路".into()),
        kind: Some(DeviceKind::Endpoint),
        url: Some(format!("sip:room{row}@10.0.0.{row}")),
        ..LedgerRow::new(row, name, "西门")
    };
    store.import(vec![endpoint], NOW, ImportMode::AllOrNothing).await.unwrap();
    let (device, _, site, _) = store.endpoints_without_venue(10).await.unwrap().remove(0);
    let words = VenueWords {
        name: name.into(),
        site: Some(site),
        seats: None,
        contact: "吴工".into(),
        phone: "139-9".into(),
        note: String::new(),
        in_use: true,
        devices: vec![(device, DeviceRole::Primary)],
    };
    let saved = store.save_venue(None, words, line()).await.unwrap();
    let VenueSaved::Now(id) = saved else { panic!("{saved:?}") };
    id
}

/// Books a venue alone from a quarter to a quarter, of 2026-11-21.
async fn taken(fixture: &Fixture, like: MeetingId, venue: VenueId, from: u32) -> MeetingId {
    let store = &fixture.app.store;
    let mut plan = store.meeting(like).await.unwrap().unwrap().plan;
    plan.title = "早会".into();
    plan.venues = vec![MeetingVenue { venue, role: VenueRole::Main }];
    let day = plan.time.from.date();
    let wall = |hour| day.and_hms_opt(hour, 0, 0).unwrap();
    plan.time = LocalSlot { from: wall(from), to: wall(from + 1) };
    let new = NewMeeting {
        plan,
        way: BookingWay::Approved,
        displace: Vec::new(),
        at: NOW,
        login: "zhao".into(),
        address: String::new(),
        request_key: None,
    };
    match store.book_meeting(new).await.unwrap() {
        Booked::Now(id, _) => id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_venue_that_fails_goes_to_one_that_is_free_and_back_with_one_tap_each() {
    let fixture = Fixture::empty(false).await;
    let (id, venues) = booked(&fixture).await;
    let store = &fixture.app.store;
    // One is free and untested, one is held while the meeting runs, one was silent the last time.
    let free = spare(&fixture, 12, "三楼会议室").await;
    let busy = spare(&fixture, 13, "四楼会议室").await;
    let silent = spare(&fixture, 14, "五楼会议室").await;
    taken(&fixture, id, busy, 16).await;
    let elsewhere = taken(&fixture, id, silent, 18).await;
    fixture.silent(silent);
    fixture.silent(venues[1]);
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    for meeting in [elsewhere, id] {
        let asked = operator.post(&format!("/meetings/{meeting}/run-check"), "").await;
        assert_eq!(asked.status, StatusCode::SEE_OTHER);
    }
    let at = format!("/meetings/{id}");
    let page = operator.get(&at).await.body;
    assert!(page.contains("改用邻近会场: 三楼会议室（其他街道，未测）"), "{page}");
    assert!(!page.contains("四楼会议室") && !page.contains("五楼会议室"), "{page}");
    assert!(page.contains("href=\"tel:139-9\""), "whom to call there: {page}");

    let turn = |to: VenueId| format!("venue={}&what=x&fallback=nearest_venue&to={to}", venues[1]);
    let incidents = format!("{at}/incidents");
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    assert_eq!(viewer.post(&incidents, &turn(free)).await.status, StatusCode::FORBIDDEN);
    let refused = operator.post(&incidents, &turn(busy)).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("早会（zhao 预约）"), "who holds it: {}", refused.body);
    let none = operator.post(&incidents, &turn(VenueId::new(99))).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);

    let done = operator.post(&incidents, &turn(free)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let page = operator.get(&at).await.body;
    assert!(page.contains(&format!("id=\"venue-{free}\"")), "{page}");
    assert!(!page.contains(&format!("id=\"venue-{}\"", venues[1])), "{page}");
    assert!(
        page.contains("代替 &#60;i&#62;易家街") || page.contains("代替 &lt;i&gt;易家街"),
        "{page}"
    );
    assert!(page.contains("启用预案") && page.contains("→ 三楼会议室"), "the timeline: {page}");
    let cells = store.check_cells(id).await.unwrap();
    assert!(cells.iter().any(|it| it.venue == free), "it was looked at at once");
    assert_eq!(store.meeting_incidents(id).await.unwrap(), []);

    // Nobody takes the room that is kept for free.
    let grid = operator.get("/bookings?day=2026-11-21&span=week").await.body;
    assert!(grid.contains("原会场保留"), "{grid}");
    let turn = store.meeting_turns(id).await.unwrap()[0].id;
    let undo = format!("{at}/turns/{turn}/undo");
    assert_eq!(viewer.post(&undo, "").await.status, StatusCode::FORBIDDEN);
    assert_eq!(operator.post(&undo, "").await.status, StatusCode::SEE_OTHER);
    let page = operator.get(&at).await.body;
    assert!(page.contains(&format!("id=\"venue-{}\"", venues[1])), "{page}");
    assert_eq!(operator.post(&undo, "").await.status, StatusCode::NOT_FOUND, "undone once");
    assert_eq!(store.audit_of("turn_meeting", 9).await.unwrap().len(), 2);
}

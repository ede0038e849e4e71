//! Somebody who belongs to a maintainer sees what it keeps, on every page and in every answer.

use super::*;
use zhishou_domain::{MaintainerId, incident::GroupRule};

/// A district with two maintainers, a viewer of the first, and a device of each that is down.
async fn two() -> (Fixture, Browser, [DeviceId; 2], [MaintainerId; 2]) {
    let fixture = Fixture::empty(false).await;
    let store = &fixture.app.store;
    let row = |number, name: &str, by: &str| LedgerRow {
        street: Some("滨江街道".into()),
        url: Some(format!("rtsp://10.0.0.{number}/1")),
        maintainer: Some(by.into()),
        ..LedgerRow::new(number, name, "码头")
    };
    let rows = vec![row(2, "甲的球机", "甲"), row(3, "乙的枪机", "乙")];
    let since = NOW - Duration::from_secs(7200);
    assert!(store.import(rows, since, ImportMode::AllOrNothing).await.unwrap().applied);
    let found = store.fleet(&Filter::default(), None, 10, NOW).await.unwrap();
    let of = |name: &str| found.iter().find(|row| row.name == name).unwrap().id;
    let devices = [of("甲的球机"), of("乙的枪机")];
    for (sequence, device) in (1..).zip(devices) {
        let at = NOW - Duration::from_secs(3600 - sequence as u64 * 900);
        fixture.seen(device, sequence, at, Case::Refused).await;
    }
    let mut board = store.incident_board(GroupRule::default(), NOW).await.unwrap();
    let heard = store.incident_events(500).await.unwrap();
    let change = board.step(heard.events, NOW);
    store.keep_incidents(change, heard.through).await.unwrap();
    fixture.keep().await;
    let browser = Browser::of_role(&fixture, Role::Operator).await;
    assert!(store.set_maintainer("operator", Some("甲".into()), NOW, "test").await.unwrap());
    let choices = store.choices().await.unwrap().maintainers;
    let of = |name: &str| choices.iter().find(|(_, it)| it == name).unwrap().0;
    let keepers = [of("甲"), of("乙")];
    (fixture, browser, devices, keepers)
}

#[tokio::test]
async fn lists_and_figures_are_of_what_their_maintainer_keeps_whatever_was_asked() {
    let (_fixture, mut browser, [own, other], [_, stranger]) = two().await;
    for path in [
        "/".to_owned(),
        "/devices".to_owned(),
        format!("/devices?maintainer={stranger}"),
        "/dashboard?by=site".to_owned(),
        format!("/dashboard?maintainer={stranger}"),
        "/dashboard/offline.csv".to_owned(),
        "/incidents".to_owned(),
        format!("/incidents?maintainer={stranger}"),
        "/api/v1/devices".to_owned(),
        "/api/v1/incidents".to_owned(),
        format!("/api/v1/devices?maintainer={stranger}"),
    ] {
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        assert!(!answer.body.contains("乙的枪机"), "{path}: {}", answer.body);
        assert!(!answer.body.contains(&other.to_string()), "{path}");
        let says_own = answer.body.contains("甲的球机") || answer.body.contains(&own.to_string());
        assert!(says_own || path == "/" || path.starts_with("/dashboard?"), "{path}");
    }
    let rates = browser.get("/api/v1/rates?by=maintainer").await.json();
    assert_eq!(rates["items"].as_array().unwrap().len(), 1, "{rates}");
    assert_eq!(rates["items"][0]["name"], "甲");
}

#[tokio::test]
async fn what_another_keeps_is_not_found_and_the_whole_district_is_refused() {
    let (fixture, mut browser, [own, other], _) = two().await;
    let mut admin = Browser::logged_in(&fixture).await;
    let incidents = admin.get("/api/v1/incidents").await.json();
    let of = |name: &str| {
        let all = incidents["items"].as_array().unwrap().iter();
        let mut all = all.filter(|it| it["cause"].as_str().unwrap().contains(name));
        all.next().unwrap()["id"].to_string()
    };
    let (ours, theirs) = (of("甲的球机"), of("乙的枪机"));
    for (path, status) in [
        (format!("/devices/{own}"), StatusCode::OK),
        (format!("/devices/{other}"), StatusCode::NOT_FOUND),
        (format!("/api/v1/devices/{own}"), StatusCode::OK),
        (format!("/api/v1/devices/{other}"), StatusCode::NOT_FOUND),
        (format!("/api/v1/devices/{other}/history"), StatusCode::NOT_FOUND),
        (format!("/incidents/{ours}"), StatusCode::OK),
        (format!("/incidents/{theirs}"), StatusCode::NOT_FOUND),
        (format!("/api/v1/incidents/{theirs}/devices"), StatusCode::NOT_FOUND),
        (format!("/api/v1/observations?device={own}"), StatusCode::OK),
        (format!("/api/v1/observations?device={other}"), StatusCode::NOT_FOUND),
        ("/api/v1/observations".to_owned(), StatusCode::NOT_FOUND),
        ("/reports".to_owned(), StatusCode::FORBIDDEN),
        ("/api/v1/reports".to_owned(), StatusCode::FORBIDDEN),
        ("/inspection".to_owned(), StatusCode::FORBIDDEN),
        ("/reconciliations".to_owned(), StatusCode::FORBIDDEN),
        ("/wall".to_owned(), StatusCode::FORBIDDEN),
        ("/metrics".to_owned(), StatusCode::FORBIDDEN),
        ("/bookings".to_owned(), StatusCode::FORBIDDEN),
        (
            "/api/v1/bookings/conflicts?from=2026-11-23T09:00&to=2026-11-23T10:00".to_owned(),
            StatusCode::FORBIDDEN,
        ),
        ("/api/v1/meetings".to_owned(), StatusCode::FORBIDDEN),
        ("/duty".to_owned(), StatusCode::FORBIDDEN),
        ("/api/v1/venues".to_owned(), StatusCode::FORBIDDEN),
        ("/api/v1/endpoints".to_owned(), StatusCode::FORBIDDEN),
    ] {
        assert_eq!(browser.get(&path).await.status, status, "{path}");
        // Everybody else sees all of it.
        if status != StatusCode::OK {
            assert_eq!(admin.get(&path).await.status, StatusCode::OK, "{path}");
        }
    }
    let cancel = browser.post("/bookings/1/cancel", "note=x").await;
    assert_eq!(cancel.status, StatusCode::FORBIDDEN);
    let nav = browser.get("/devices").await.body;
    assert!(!nav.contains("href=\"/bookings\"") && nav.contains("href=\"/incidents\""), "{nav}");
    let probe = browser.post(&format!("/devices/{other}/probe"), "").await;
    assert_eq!(probe.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_exclusion_that_they_file_is_of_what_they_keep_and_others_are_not_shown() {
    let (fixture, mut browser, [own, other], [keeper, _]) = two().await;
    let body = |device: DeviceId, evidence: &str| {
        format!(
            r#"{{"device":"{device}","from":"2026-11-21T12:00:00+08:00","to":"2026-11-21T13:00:00+08:00","reason":"power_cut","evidence":"{evidence}"}}"#
        )
    };
    let mut admin = Browser::logged_in(&fixture).await;
    let theirs = admin.post_json("/api/v1/exclusions", &body(other, "乙的通知")).await;
    assert_eq!(theirs.status, StatusCode::CREATED, "{}", theirs.body);
    let filed = browser.post_json("/api/v1/exclusions", &body(own, "甲的通知")).await;
    assert_eq!(filed.status, StatusCode::CREATED, "{}", filed.body);
    let filed: Value = serde_json::from_str(&filed.body).unwrap();
    assert_eq!(filed["maintainer_id"], keeper.to_string());
    let list = browser.get("/api/v1/exclusions").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    let page = browser.get("/exclusions").await.body;
    assert!(page.contains("甲的球机") && !page.contains("乙的枪机"), "{page}");
    let theirs: Value = serde_json::from_str(&theirs.body).unwrap();
    let path = format!("/exclusions/{}", theirs["id"].as_str().unwrap());
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(admin.get(&path).await.status, StatusCode::OK);
}

//! 故障 on pages and in the API: by root, those to be worked on first.

use super::*;
use zhishou_domain::{
    Timestamp,
    incident::{GroupRule, ObserverEvent, ObserverFault},
};
use zhishou_storage::{EvidenceKind, EvidenceRow, KeptFor};

/// What the judging task does in one turn.
async fn judge(fixture: &Fixture) {
    let store = &fixture.app.store;
    let now = fixture.app.clock.now();
    let mut board = store.incident_board(GroupRule::default(), now).await.unwrap();
    let heard = store.incident_events(5000).await.unwrap();
    let change = board.step(heard.events, now);
    store.keep_incidents(change, heard.through).await.unwrap();
}

/// A site where all four cameras behind a recorder without an address are silent, and one where one of
/// five is.
async fn district() -> Fixture {
    let fixture = Fixture::empty(false).await;
    let row = |line: u32, name: &str, site: &str| LedgerRow {
        street: Some("人民路".into()),
        url: Some(format!("rtsp://10.0.0.{line}/1")),
        maintainer: Some("<b>维保</b>".into()),
        phone: Some("028-1234".into()),
        ..LedgerRow::new(line, name, site)
    };
    let mut rows = vec![LedgerRow { url: None, ..row(2, "录像机", "东门") }];
    let parent = Some("录像机".to_owned());
    rows.extend((3..7).map(|line| LedgerRow {
        parent: parent.clone(),
        ..row(line, &format!("球机{line}"), "东门")
    }));
    rows.extend((7..12).map(|line| row(line, &format!("枪机{line}"), "西门")));
    let since = NOW - Duration::from_secs(86_400);
    let imported = fixture.app.store.import(rows, since, ImportMode::AllOrNothing).await.unwrap();
    assert_eq!(imported.errors, []);
    let targets = fixture.app.store.probe_targets(None, 100).await.unwrap();
    for (n, target) in (0i64..).zip(&targets) {
        let is_lost = target.url.ends_with(".7/1") || target.parent.is_some();
        let before = NOW - Duration::from_secs(3600);
        fixture.seen(target.device, 10 * n + 1, before, Case::Well).await;
        if is_lost {
            let at = NOW - Duration::from_secs(1800);
            fixture.seen(target.device, 10 * n + 2, at, Case::Silent).await;
        }
    }
    fixture
}

#[tokio::test]
async fn a_dead_recorder_is_one_line_that_leads_to_all_it_took_along() {
    let fixture = district().await;
    let mut browser = Browser::logged_in(&fixture).await;
    let empty = browser.get("/incidents").await;
    assert!(empty.body.contains("没有未恢复的故障"), "{}", empty.body);
    judge(&fixture).await;

    let list = browser.get("/incidents").await.body;
    assert_eq!(list.matches("data-row").count(), 2, "{list}");
    assert!(list.contains("录像机 · 下属设备同时失联（推断，本身未探测）"), "{list}");
    assert!(list.contains("4/4 台未恢复 · 1 个站点"), "{list}");
    assert!(list.contains("href=\"tel:028-1234\"") && !list.contains("<b>维保"), "{list}");
    let api = browser.get("/api/v1/incidents?state=open").await.json();
    let items = api["items"].as_array().unwrap();
    let found = items.iter().find(|it| it["devices"] == 4).unwrap();
    assert_eq!((&found["root"], &found["seen"]), (&"device".into(), &"inferred".into()));
    let id = found["id"].as_i64().unwrap();

    let page = browser.get(&format!("/incidents/{id}")).await.body;
    assert_eq!(page.matches("受根因影响而不可达").count(), 4, "{page}");
    assert!(page.contains("先核实该上级设备的供电与网络"), "{page}");
    let members = browser.get(&format!("/api/v1/incidents/{id}/devices?limit=3")).await.json();
    assert_eq!(members["items"].as_array().unwrap().len(), 3);
    let next = members["next"].as_str().unwrap();
    let rest = browser.get(&format!("/api/v1/incidents/{id}/devices?limit=3&next={next}")).await;
    let rest = rest.json();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));

    // Where it happened and on what it took along the page names the root.
    let device = members["items"][0]["device_id"].as_str().unwrap();
    let of_device = browser.get(&format!("/devices/{device}")).await.body;
    assert!(of_device.contains(&format!("#{id} 录像机")), "{of_device}");
    let overview = browser.get("/").await.body;
    assert!(overview.contains(&format!("href=\"/incidents/{id}\"")), "{overview}");
    let english = browser.get(&format!("/incidents/{id}?lang=en")).await.body;
    assert!(english.contains("inferred, not probed"), "{english}");
    assert_eq!(browser.get("/incidents/999").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/incidents?site=x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_over_leaves_the_list_of_open_ones_and_pages_go_on() {
    let fixture = district().await;
    let mut browser = Browser::logged_in(&fixture).await;
    judge(&fixture).await;
    let agent = "local".to_owned();
    let event = ObserverEvent { agent, at: NOW, fault: Some(ObserverFault::Blind) };
    fixture.app.store.tell_observer(event).await.unwrap();
    judge(&fixture).await;
    let first = browser.get("/api/v1/incidents?limit=2").await.json();
    let next = first["next"].as_str().unwrap();
    let second = browser.get(&format!("/api/v1/incidents?limit=2&next={next}")).await.json();
    assert_eq!((second["items"].as_array().unwrap().len(), &second["next"]), (1, &Value::Null));
    let ours = browser.get("/incidents").await.body;
    assert!(ours.contains("本平台探测异常：对照点全部无应答"), "{ours}");

    let targets = fixture.app.store.probe_targets(None, 100).await.unwrap();
    for (n, target) in (0i64..).zip(&targets) {
        fixture.seen(target.device, 10 * n + 3, NOW, Case::Well).await;
    }
    let event = ObserverEvent { agent: "local".into(), at: NOW, fault: None };
    fixture.app.store.tell_observer(event).await.unwrap();
    judge(&fixture).await;
    assert!(browser.get("/incidents").await.body.contains("没有未恢复的故障"));
    let closed = browser.get("/incidents?state=closed").await.body;
    assert_eq!(closed.matches("data-row").count(), 3, "{closed}");
}

#[tokio::test]
async fn a_street_that_goes_dark_is_one_line_and_no_incident_of_each_camera() {
    let fixture = Fixture::empty(false).await;
    let rows = (2..9).map(|line| LedgerRow {
        street: Some("<b>人民路".into()),
        url: Some(format!("rtsp://10.0.0.{line}/1")),
        ..LedgerRow::new(line, format!("枪机{line}"), "东门")
    });
    let since = NOW - Duration::from_secs(86_400);
    let mode = ImportMode::AllOrNothing;
    fixture.app.store.import(rows.collect(), since, mode).await.unwrap();
    let targets = fixture.app.store.probe_targets(None, 100).await.unwrap();
    let mut sequence = 0;
    for round in 0..9u64 {
        for target in &targets[..6] {
            sequence += 1;
            let at = NOW - Duration::from_secs(3600 - 300 * round);
            fixture.seen(target.device, sequence, at, Case::Dark).await;
        }
    }
    judge(&fixture).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let page = browser.get("/incidents").await.body;
    assert!(page.contains("没有未恢复的故障") && page.contains("环境事件"), "{page}");
    assert_eq!(page.matches("id=\"street-event-").count(), 1, "{page}");
    assert!(page.contains("人民路 · 多台摄像机同时变暗") && !page.contains("<b>人民路"), "{page}");
    assert!(page.contains("6/6 台仍在 · 该街道在检 7 台"), "{page}");
    assert!(page.contains(&format!("href=\"/devices/{}\"", targets[0].device)), "{page}");
    let api = browser.get("/api/v1/street-events?state=open").await.json();
    let event = &api["items"][0];
    assert_eq!((&event["weather"], &event["ended"]), (&"dark".into(), &Value::Null));
    assert_eq!(event["devices"].as_array().unwrap().len(), 6);
    let over = browser.get("/api/v1/street-events?state=closed").await.json();
    assert!(over["items"].as_array().unwrap().is_empty());
    let answer = browser.get("/api/v1/street-events?state=x").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_page_of_an_incident_shows_what_is_kept_of_it() {
    let fixture = district().await;
    let store = &fixture.app.store;
    judge(&fixture).await;
    let targets = store.probe_targets(None, 100).await.unwrap();
    let device = targets.iter().find(|it| it.url.ends_with(".7/1")).unwrap().device;
    let row = |kind: EvidenceKind, at: Timestamp| EvidenceRow {
        key: format!("2026-11-21/{}-{}-{device}", at.millis(), kind.code()),
        device,
        kind,
        taken_at: at,
        bytes: 9,
        sha256: "0".repeat(64),
    };
    let before = |seconds: u64| NOW - Duration::from_secs(seconds);
    // Another outage long before this one, and somebody who looked for himself, are not of it.
    for (n, seconds, kept_for) in
        [(1, 90_000, KeptFor::Outage), (2, 1200, KeptFor::Asked), (3, 1000, KeptFor::Outage)]
    {
        let seen = fixture::observation("rtsp://10.0.0.7/1", before(seconds), Case::Silent);
        let mut record = fixture::record(device, "one", 900 + n, seen, 1);
        let kinds = [EvidenceKind::Good, EvidenceKind::Fault, EvidenceKind::Dialogue];
        record.evidence = kinds.map(|kind| row(kind, before(seconds))).into();
        record.kept_for = kept_for;
        store.record(record).await.unwrap();
    }
    let mut browser = Browser::logged_in(&fixture).await;
    let api = browser.get("/api/v1/incidents?state=open").await.json();
    let single = api["items"].as_array().unwrap().iter().find(|it| it["devices"] == 1).unwrap();
    let page = browser.get(&format!("/incidents/{}", single["id"])).await.body;
    let at = before(1000).millis();
    for which in ["good", "fault"] {
        let href = format!("src=\"/devices/{device}/pictures/{which}?at={at}\"");
        assert!(page.contains(&href), "{which}: {page}");
    }
    assert_eq!(page.matches(&format!("/devices/{device}/dialogues/")).count(), 1, "{page}");
    assert!(page.contains(&format!("/devices/{device}/dialogues/{at}")), "{page}");
    let other = api["items"].as_array().unwrap().iter().find(|it| it["devices"] == 4).unwrap();
    let bare = browser.get(&format!("/incidents/{}", other["id"])).await.body;
    assert!(!bare.contains("id=\"evidence\""), "{bare}");

    // A picture of days after is none of it.
    fixture.seen(device, 990, NOW - Duration::from_secs(300), Case::Well).await;
    judge(&fixture).await;
    let after = NOW + Duration::from_secs(2 * 86_400);
    let seen = fixture::observation("rtsp://10.0.0.7/1", after, Case::Well);
    let mut record = fixture::record(device, "one", 991, seen, 1);
    record.evidence = vec![row(EvidenceKind::Good, after)];
    store.record(record).await.unwrap();
    let page = browser.get(&format!("/incidents/{}", single["id"])).await.body;
    assert!(page.contains("已恢复") && !page.contains("/pictures/good"), "{page}");
}

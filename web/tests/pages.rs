//! The router on a real database: who may see what, and what they see.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "pages/accounting.rs"]
mod accounting;
#[path = "pages/alerts.rs"]
mod alerts;
#[path = "pages/bookings.rs"]
mod bookings;
#[path = "pages/browser.rs"]
mod browser;
#[path = "pages/by_hand.rs"]
mod by_hand;
#[path = "pages/check_plans.rs"]
mod check_plans;
#[path = "pages/dashboard.rs"]
mod dashboard;
#[path = "pages/duty.rs"]
mod duty;
#[path = "pages/exclusions.rs"]
mod exclusions;
#[expect(dead_code, reason = "shared with the example, which uses more of it")]
#[path = "fixture/mod.rs"]
mod fixture;
#[path = "pages/incidents.rs"]
mod incidents;
#[path = "pages/inspection.rs"]
mod inspection;
#[path = "pages/ledger.rs"]
mod ledger;
#[path = "pages/logins.rs"]
mod logins;
#[path = "pages/meeting_acts.rs"]
mod meeting_acts;
#[path = "pages/meetings.rs"]
mod meetings;
#[path = "pages/pictures.rs"]
mod pictures;
#[path = "pages/rebookings.rs"]
mod rebookings;
#[path = "pages/references.rs"]
mod references;
#[path = "pages/repeats.rs"]
mod repeats;
#[path = "pages/reports.rs"]
mod reports;
#[path = "pages/roles.rs"]
mod roles;
#[path = "pages/scope.rs"]
mod scope;
#[path = "pages/turns.rs"]
mod turns;
#[path = "pages/wall.rs"]
mod wall;
#[path = "pages/work_orders.rs"]
mod work_orders;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use browser::{Answer, Browser};
use fixture::{Case, Fixture, NOW, PASSWORD};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use serde_json::Value;
use std::{sync::atomic::Ordering, time::Duration};
use tower::ServiceExt;
use zhishou_domain::{
    CertificateFingerprint, CertificateTrust, DeviceId, DeviceKind, LedgerRow, Role, TlsFacts,
};
use zhishou_storage::{Filter, ImportMode};

async fn device_of(fixture: &Fixture, case: Case) -> DeviceId {
    let rows = fixture.app.store.fleet(&Filter::default(), None, 1000, NOW).await.unwrap();
    let row = rows.into_iter().find(|row| {
        let number = row.name.rsplit('-').next().and_then(|text| text.parse().ok());
        number.is_some_and(|number| Case::of(number) == case)
    });
    row.unwrap().id
}

#[tokio::test]
async fn who_asks_whether_we_are_ready_hears_of_a_dead_task() {
    let fixture = Fixture::empty(false).await;
    let mut browser = Browser::new(&fixture);
    fixture.app.dead.died("post");
    let answer = browser.get("/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let body = answer.json();
    assert_eq!((&body["ready"], &body["dead_tasks"][0]), (&false.into(), &"post".into()));
    fixture.app.dead.revived("post");
    assert_eq!(browser.get("/readyz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn everything_but_health_needs_a_login() {
    let fixture = Fixture::empty(false).await;
    let mut browser = Browser::new(&fixture);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
    }
    for path in ["/", "/devices", "/devices/x", "/sites/x", "/password", "/metrics", "/nowhere"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.header("location").starts_with("/login?next="), "{path}");
    }
    for path in [
        "/api/v1/sites",
        "/api/v1/devices",
        "/api/v1/observations",
        "/api/v1/rates?by=site",
        "/api/openapi.json",
        "/events",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let answer = browser.get("/api/v1/sites").await;
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert!(!answer.json()["request_id"].as_str().unwrap().is_empty());
    let answer = browser.post("/devices/01890a5d-ac96-774b-bcce-b302099a8057/probe", "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let location = answer.header("location");
    assert!(location.contains("next=%2Fdevices%2F01890a5d"), "back to the page: {location}");
}

#[tokio::test]
async fn what_another_site_posts_is_refused() {
    let fixture = Fixture::district(1, 12, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let device = device_of(&fixture, Case::Login).await;
    browser.headers = vec![("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    let answer =
        browser.post(&format!("/devices/{device}/credential"), "username=x&password=y").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("没有任何内容被改动"), "{}", answer.body);
    browser.headers = vec![("sec-fetch-site", "same-origin")];
    let answer =
        browser.post(&format!("/devices/{device}/credential"), "username=x&password=y").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn every_page_renders_in_both_languages_without_a_script_or_style_of_its_own() {
    let fixture = Fixture::district(4, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let rows = fixture.app.store.fleet(&Filter::default(), None, 1, NOW).await.unwrap();
    let mut paths = vec![
        "/".to_owned(),
        "/?trouble=1".to_owned(),
        "/devices".to_owned(),
        "/devices?state=offline".to_owned(),
        "/password".to_owned(),
        "/dashboard".to_owned(),
        "/inspection".to_owned(),
        "/ledger".to_owned(),
        "/reconciliations".to_owned(),
        "/devices/nothing".to_owned(),
        format!("/sites/{}", rows[0].site),
    ];
    for case in [
        Case::Well,
        Case::Silent,
        Case::Slow,
        Case::Login,
        Case::Flapped,
        Case::Doubted,
        Case::Black,
        Case::Unconnected,
    ] {
        paths.push(format!("/devices/{}", device_of(&fixture, case).await));
    }
    for path in paths {
        for (lang, tag) in [("zh", "zh-CN"), ("en", "en")] {
            let separator = if path.contains('?') { '&' } else { '?' };
            let answer = browser.get(&format!("{path}{separator}lang={lang}")).await;
            let body = &answer.body;
            assert!(body.contains(&format!("<html lang=\"{tag}\"")), "{path}: {body}");
            assert!(!body.contains(" style=") && !body.contains("<style"), "{path}");
            assert_eq!(body.matches("<script").count(), 1, "{path}");
            assert!(!body.contains("javascript:") && !body.contains(" onclick"), "{path}");
            assert!(!body.contains("never shown"), "{path} shows a password");
            assert!(body.ends_with("</html>"), "{path}");
            assert!(answer.header("content-security-policy").contains("script-src 'self'"));
            if lang == "en" && path == "/" {
                assert!(body.contains("Online today") && !body.contains("今日在线率"));
            }
        }
    }
}

#[tokio::test]
async fn the_overview_says_the_rate_with_what_made_it_and_the_worst_site_first() {
    let fixture = Fixture::district(4, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let uncounted = browser.get("/").await.body;
    assert!(uncounted.contains("统计至 –") && uncounted.contains("数据不足"), "{uncounted}");
    fixture.keep().await;
    let body = browser.get("/").await.body;
    assert!(body.contains("今日在线率") && body.contains("台·分钟") && body.contains("目标 95 %"));
    assert!(body.contains("time-weighted@1") && body.contains("统计至 <time"), "{body}");
    assert!(body.contains("离线 <b>6</b>"), "{body}");
    assert!(body.contains("连接超时"), "the reason is said");
    let answer = browser.get("/api/v1/rates?by=site").await.json();
    let rate =
        |row: &Value| row["numerator"].as_f64().unwrap() / row["denominator"].as_f64().unwrap();
    let rows = answer["items"].as_array().unwrap();
    assert_eq!(rows.len(), 4);
    // Sites with nothing wrong are folded and stand in no row of their own.
    let mut shown: Vec<(usize, f64)> = rows
        .iter()
        .filter_map(|row| {
            let id = row["id"].as_str().unwrap();
            Some((body.find(&format!("id=\"site-{id}\""))?, rate(row)))
        })
        .collect();
    shown.sort_by_key(|(place, _)| *place);
    assert_eq!(shown.len(), 2);
    assert!(shown.is_sorted_by(|a, b| a.1 <= b.1) && shown[0].1 < 1.0, "{shown:?}");
    assert!(body.contains("个站点全部在线"));
    for row in rows {
        assert_eq!(row["policy"], "time-weighted@1");
        assert!(row["coverage"].as_f64().unwrap() > 0.9, "{row}");
        assert!(row["denominator"].as_u64() <= row["scheduled"].as_u64(), "{row}");
    }
}

#[tokio::test]
async fn filters_stand_in_the_address_and_bad_ones_are_named() {
    let fixture = Fixture::district(4, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let all = browser.get("/api/v1/devices?limit=1000").await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 96);
    let one = browser.get("/api/v1/devices?class=1").await.json();
    assert_eq!(one["items"].as_array().unwrap().len(), 32);
    let tagged = browser.get("/api/v1/devices?tag=%E9%87%8D%E7%82%B9&state=offline").await.json();
    assert!(tagged["items"].as_array().unwrap().iter().all(|row| row["state"] == "offline"));
    let found = browser.get("/devices?q=%25").await;
    assert!(found.body.contains("没有符合条件的记录"), "a wildcard is an ordinary character");
    let answer = browser.get("/?class=9").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("class：没有这个取值"), "{}", answer.body);
    let body = browser.get("/?class=1&trouble=1").await.body;
    assert!(body.contains("<option value=\"1\" selected>") && body.contains("checked"));
}

#[tokio::test]
async fn bad_cursors_are_problems_and_good_ones_reach_every_device_once() {
    let fixture = Fixture::district(4, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    for path in [
        "/api/v1/devices?next=nonsense",
        "/api/v1/observations?next=!!",
        "/api/v1/sites?next=e30",
        "/api/v1/devices?limit=0",
        "/api/v1/rates?by=colour",
        "/api/v1/rates?by=site&from=x",
        "/api/v1/devices?limit=many",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(answer.json()["status"], 400);
        assert_ne!(answer.json()["detail"], "", "{path}");
    }
    assert_eq!(browser.get("/?after=nonsense").await.status, StatusCode::BAD_REQUEST);
    let (mut next, mut seen) = (String::new(), std::collections::BTreeSet::new());
    for _ in 0..20 {
        let page = browser.get(&format!("/api/v1/devices?limit=7&next={next}")).await.json();
        for row in page["items"].as_array().unwrap() {
            assert!(seen.insert(row["id"].as_str().unwrap().to_owned()), "twice: {row}");
        }
        match page["next"].as_str() {
            Some(cursor) => next = cursor.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 96);
}

#[tokio::test]
async fn hostile_names_are_text() {
    let fixture = Fixture::empty(false).await;
    let hostile = "<script>alert(1)</script>\"'&";
    let row = LedgerRow {
        street: Some("<b>街道</b>".into()),
        url: Some("rtsp://10.0.0.1/1".into()),
        tags: vec!["\"><img src=x>".into(), "other".into()],
        ..LedgerRow::new(2, hostile, "<i>site</i>")
    };
    fixture.app.store.import(vec![row], NOW, ImportMode::AllOrNothing).await.unwrap();
    let mut browser = Browser::logged_in(&fixture).await;
    let rows = fixture.app.store.fleet(&Filter::default(), None, 1, NOW).await.unwrap();
    let device = format!("/devices/{}", rows[0].id);
    for path in [
        "/",
        "/devices",
        device.as_str(),
        "/?q=%22%3E%3Cscript%3E",
        "/login?next=%22%3E%3Cscript%3E",
    ] {
        let body = browser.get(path).await.body;
        assert_eq!(
            body.matches("<script").count(),
            usize::from(!body.is_empty()),
            "{path}: {body}"
        );
        assert!(
            !body.contains("<i>site") && !body.contains("<img src=x>") && !body.contains("<b>街道")
        );
    }
}

#[tokio::test]
async fn a_device_page_answers_first_and_says_what_to_do() {
    let fixture = Fixture::district(2, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let body =
        browser.get(&format!("/devices/{}", device_of(&fixture, Case::Silent).await)).await.body;
    for words in [
        "离线",
        "1 小时 27 分",
        "连接超时",
        "先查供电和网线",
        "138 0000 1111",
        "tel:13800001111",
        "立即探测",
    ] {
        assert!(body.contains(words), "{words}");
    }
    let body =
        browser.get(&format!("/devices/{}", device_of(&fixture, Case::Doubted).await)).await.body;
    assert!(body.contains("待确认 1/3: 连接超时") && body.contains("在线"), "{body}");
    let login = device_of(&fixture, Case::Login).await;
    let body = browser.get(&format!("/devices/{login}")).await.body;
    assert!(
        body.contains("口令被拒绝") && body.contains("应答 401") && body.contains("已暂停登录"),
        "{body}"
    );
    assert!(body.contains("重新启用登录"));
    let answer = browser.post(&format!("/devices/{login}/rearm"), "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let body = browser.get(&format!("/devices/{login}?done=rearm")).await.body;
    assert!(body.contains("未验证") && body.contains("已重新启用"), "{body}");
}

#[tokio::test]
async fn a_certificate_that_changed_is_accepted_by_hand_and_logged() {
    let fixture = Fixture::district(1, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let device = device_of(&fixture, Case::Silent).await;
    let path = format!("/devices/{device}");
    assert!(!browser.get(&path).await.body.contains("证书"));
    let show = async |sequence, print: [u8; 32]| {
        let at = zhishou_domain::Clock::now(&*fixture.clock) + Duration::from_secs(1);
        let mut seen = fixture::observation("rtsps://10.0.0.9/x", at, Case::Silent);
        seen.tls = Some(TlsFacts {
            version: "1.2".to_owned(),
            fingerprint: CertificateFingerprint::new(print),
            trust: CertificateTrust::First,
            self_signed: None,
            valid_from: None,
            valid_until: None,
        });
        let record = fixture::record(device, "tls", sequence, seen, 1);
        fixture.app.store.record(record).await.unwrap();
    };
    show(1, [0x11; 32]).await;
    let body = browser.get(&path).await.body;
    assert!(body.contains("11111111 11111111") && body.contains("首次见到"), "{body}");
    assert!(!body.contains("确认新证书"));
    show(2, [0x22; 32]).await;
    let body = browser.get(&path).await.body;
    let offered = "22".repeat(32);
    for words in ["22222222 22222222", "设备现出示另一张证书", "确认新证书", offered.as_str()]
    {
        assert!(body.contains(words), "{words}: {body}");
    }
    let body = browser.get(&format!("{path}?lang=en")).await.body;
    assert!(body.contains("Accept the new certificate"), "{body}");

    let accept = format!("{path}/certificate");
    let other = format!("fingerprint={}", "33".repeat(32));
    let answer = browser.post(&accept, &other).await;
    assert_eq!(answer.header("location"), format!("{path}?done=certificate_gone"));
    assert_eq!(browser.post(&accept, "fingerprint=x").await.status, StatusCode::BAD_REQUEST);
    let answer = browser.post(&accept, &format!("fingerprint={offered}")).await;
    assert_eq!(answer.header("location"), format!("{path}?done=certificate"));
    let body = browser.get(&path).await.body;
    assert!(!body.contains("11111111 11111111") && !body.contains("设备现出示另一张证书"));
    let accepted = fixture.app.store.audit_of("accept_certificate", 10).await.unwrap();
    assert_eq!(accepted.len(), 1);
    assert!(format!("{:?}", accepted[0]).contains(&offered), "{accepted:?}");
}

#[tokio::test]
async fn probe_now_answers_programs_with_the_observation_and_browsers_with_the_page() {
    let fixture = Fixture::district(1, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let device = device_of(&fixture, Case::Silent).await;
    fixture.clock.0.fetch_add(60_000, Ordering::SeqCst);
    let answer = browser.post(&format!("/api/v1/devices/{device}/probe"), "").await;
    assert_eq!(
        (answer.status, &answer.json()["verdict"]),
        (StatusCode::OK, &Value::from("online"))
    );
    let answer = browser.post(&format!("/devices/{device}/probe"), "").await;
    assert_eq!(answer.header("location"), format!("/devices/{device}"));
    let seen = browser.get(&format!("/api/v1/devices/{device}")).await.json();
    assert_eq!((&seen["state"], &seen["faults"]), (&Value::from("online"), &serde_json::json!([])));
    let unconnected = device_of(&fixture, Case::Unconnected).await;
    let nobody = "/api/v1/devices/01890a5d-ac96-774b-bcce-b302099a8057/probe";
    let answer = browser.post(nobody, "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let answer = browser.post(&format!("/api/v1/devices/{unconnected}/probe"), "").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    fixture.clock.0.fetch_add(60_000, Ordering::SeqCst);
    let history = browser.get(&format!("/api/v1/devices/{device}/history")).await.json();
    assert_eq!(history["items"][0]["state"], "up");
}

#[tokio::test]
async fn an_empty_system_offers_one_next_step() {
    let fixture = Fixture::empty(false).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let body = browser.get("/").await.body;
    assert!(body.contains("还没有设备") && body.contains("zhishou import"), "{body}");
}

#[tokio::test]
async fn static_files_are_kept_for_ever_under_the_address_of_their_content() {
    let fixture = Fixture::empty(false).await;
    let mut browser = Browser::new(&fixture);
    let login = browser.get("/login").await.body;
    let start = login.find("/static/").unwrap();
    let url: String = login[start..].chars().take_while(|c| *c != '"').collect();
    let answer = browser.get(&url).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header("cache-control").contains("immutable"));
    let stale = browser.get("/static/0000000000000000/app.css").await;
    assert_eq!(stale.header("cache-control"), "no-cache");
}

#[tokio::test]
async fn events_tell_of_changes_together_and_only_of_those_asked_for() {
    let fixture = Fixture::district(1, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let device = device_of(&fixture, Case::Well).await;
    let jar: Vec<_> = browser.cookies.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let request =
        Request::get(format!("/events?device={device}")).header(header::COOKIE, jar.join("; "));
    let response =
        browser.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    let other = device_of(&fixture, Case::Silent).await;
    for id in [other, device, device] {
        fixture.clock.0.fetch_add(1000, Ordering::SeqCst);
        browser.post(&format!("/devices/{id}/probe"), "").await;
    }
    let frame = tokio::time::timeout(Duration::from_secs(10), body.frame()).await.unwrap();
    let text = String::from_utf8(frame.unwrap().unwrap().into_data().unwrap().to_vec()).unwrap();
    assert!(text.starts_with("event: change"), "{text}");
    assert!(body.frame().now_or_never().is_none(), "one event for all");
}

#[tokio::test]
async fn metrics_count_what_the_page_counts() {
    let fixture = Fixture::district(4, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let text = browser.get("/metrics").await.body;
    assert!(text.contains("zhishou_devices{kind=\"camera\",state=\"offline\"} 6\n"), "{text}");
    assert!(text.contains("zhishou_devices{kind=\"camera\",state=\"unconnected\"} 2\n"), "{text}");
}

/// What stands in the first line of a page, `98.12 %`.
fn first_rate(page: &str) -> &str {
    let figure = page.split("<strong").nth(1).unwrap();
    figure.split('>').nth(1).unwrap().split('<').next().unwrap()
}

#[tokio::test]
async fn every_page_has_the_same_rate_and_equipment_is_counted_beside_it() {
    let fixture = Fixture::district(1, 12, None).await;
    let store = &fixture.app.store;
    let mut browser = Browser::logged_in(&fixture).await;
    fixture.keep().await;
    let before = browser.get("/").await.body;
    let switch = LedgerRow {
        street: Some("七里河街道".into()),
        url: Some("icmp://10.9.0.1".into()),
        kind: Some(DeviceKind::Equipment),
        ..LedgerRow::new(2, "交换机 SW-03", "孤站")
    };
    let imported = store
        .import(vec![switch], NOW - Duration::from_secs(86_400), ImportMode::AllOrNothing)
        .await
        .unwrap();
    assert!(imported.applied, "{:?}", imported.errors);
    let equipment = Filter { kind: Some(DeviceKind::Equipment), ..Filter::default() };
    let device = store.fleet(&equipment, None, 1, NOW).await.unwrap()[0].id;
    fixture.seen(device, 1, NOW - Duration::from_secs(600), Case::Silent).await;
    fixture.keep().await;

    let page = browser.get("/").await.body;
    let counts = |page: &str| {
        page.split("<ul class=\"counts\">")
            .nth(1)
            .unwrap()
            .split("</ul>")
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(counts(&page), counts(&before), "{page}");
    assert!(page.contains("另有配套设备 1 台"), "{page}");
    assert!(page.contains("孤站</a>"), "a site whose switch is down is no site without trouble");
    let dashboard = browser.get("/dashboard?period=today").await.body;
    assert_eq!(first_rate(&page), first_rate(&dashboard));
    let site = store.site_names().await.unwrap();
    let site = site.iter().find(|site| site.name != "孤站").unwrap().id;
    let of_site = browser.get(&format!("/sites/{site}")).await.body;
    assert_eq!(first_rate(&of_site), first_rate(&page), "all cameras are of one site");
    let listed = browser.get("/devices").await.body;
    assert!(listed.contains("另有配套设备 1 台") && counts(&listed).contains("kind=camera"));
    // Another policy and what it is before exclusion, as on the dashboard.
    for query in ["policy=snapshot", "exclusion=before&policy=assessment"] {
        let page = browser.get(&format!("/?{query}")).await.body;
        let dashboard = browser.get(&format!("/dashboard?period=today&{query}")).await.body;
        assert_eq!(first_rate(&page), first_rate(&dashboard), "{query}");
        assert!(page.contains("?policy="), "links keep it: {page}");
    }
}

#[tokio::test]
async fn the_interface_is_described() {
    let fixture = Fixture::empty(false).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let document = browser.get("/api/openapi.json").await.json();
    for path in
        ["/api/v1/sites", "/api/v1/rates", "/api/v1/devices/{id}/probe", "/api/v1/exclusions"]
    {
        assert!(document["paths"][path].is_object(), "{path}");
    }
}

#[tokio::test]
async fn the_minutes_of_a_rate_are_exactly_those_that_were_known() {
    let fixture = Fixture::empty(false).await;
    let store = &fixture.app.store;
    // Known to us from 12:00:30 on; probed at 12:30, 13:00 and 14:00, down from 13:00 on.
    let since = NOW - Duration::from_secs(12_570);
    let row = LedgerRow {
        street: Some("滨江街道".into()),
        url: Some("rtsp://10.0.0.1/1".into()),
        ..LedgerRow::new(2, "球机", "码头")
    };
    store.import(vec![row], since, ImportMode::AllOrNothing).await.unwrap();
    let device = store.fleet(&Filter::default(), None, 1, NOW).await.unwrap()[0].id;
    for (sequence, seconds, case) in
        [(1, 10_800, Case::Well), (2, 9000, Case::Silent), (3, 5400, Case::Silent)]
    {
        fixture.seen(device, sequence, NOW - Duration::from_secs(seconds), case).await;
    }
    let mut browser = Browser::logged_in(&fixture).await;
    let row = browser.get("/api/v1/rates?by=site").await.json()["items"][0].clone();
    // 12:00 up to 15:30; up 12:30–13:00; down since, the last result standing.
    assert_eq!(row["scheduled"], 210, "{row}");
    let (good, all) = (row["numerator"].as_u64().unwrap(), row["denominator"].as_u64().unwrap());
    assert_eq!((good, all - good), (30, 150), "{row}");
    assert_eq!(row["value"], Value::Null, "coverage of 86 % is too little");
    assert_eq!(row["counts"]["offline"], 1);
    fixture.keep().await;
    let body = browser.get("/").await.body;
    assert!(body.contains("数据不足") && body.contains("可能区间 14.28–28.57 %"), "{body}");
    let board = browser.get("/dashboard").await.body;
    assert!(board.contains("今日在线率数据不足，介于 14.28 % 与 28.57 % 之间"), "{board}");
}

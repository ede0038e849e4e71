//! 巡检 on pages: it writes itself, a person ticks and signs it once, and what is put right is added.

use super::*;
use zhishou_web::Settings;

/// A district whose record has two items.
async fn district() -> Fixture {
    let mut fixture = Fixture::district(2, 24, None).await;
    let items = ["机房温湿度", "录像抽查"].map(str::to_owned).into();
    let settings = Settings { inspection_items: items, ..Settings::default() };
    fixture.app.settings = std::sync::Arc::new(settings);
    fixture
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

const SIGN: &str = "/inspection/2026-11-21/sign";

#[tokio::test]
async fn a_person_ticks_every_item_and_signs_once() {
    let fixture = district().await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let page = operator.get("/inspection").await.body;
    assert!(page.contains("尚未签字") && page.contains("应检设备 47 台"), "{page}");
    assert!(page.contains("机房温湿度") && page.contains("name=\"result-2\""), "{page}");
    assert!(page.contains("连接超时"), "why a device is down: {page}");

    let seen = fixture.app.clock.now().millis().to_string();
    let good = [("seen", seen.as_str()), ("result-1", "good"), ("signer", "李工")];
    for (more, why) in [
        (vec![], "第 2 项“录像抽查”还没有结果"),
        (vec![("result-2", "bad")], "第 2 项“录像抽查”须写明情况"),
        (vec![("result-2", "good"), ("signer", " ")], "请写明签字人姓名"),
    ] {
        let refused = operator.post(SIGN, &encoded(&[&good[..], &more].concat())).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
        assert!(refused.body.contains(why), "{why}: {}", refused.body);
        assert!(refused.body.contains("value=\"good\" checked"), "what was ticked stays");
    }
    let day = "2026-11-21".parse().unwrap();
    assert_eq!(fixture.app.store.inspection(day).await.unwrap(), None);

    let form = [&good[..], &[("result-2", "bad"), ("note-2", "3 号 <b>硬盘</b>")]].concat();
    // What stood on the page is signed, though the clock went on.
    fixture.clock.0.fetch_add(600_000, Ordering::SeqCst);
    assert_eq!(operator.post(SIGN, &encoded(&form)).await.status, StatusCode::SEE_OTHER);
    let signed = fixture.app.store.inspection(day).await.unwrap().unwrap();
    assert_eq!(signed.seen.at.millis().to_string(), seen);
    let page = operator.get("/inspection?day=2026-11-21").await.body;
    assert!(page.contains("李工（operator）") && page.contains("3 号 &#60;b&#62;硬盘"), "{page}");
    assert!(!page.contains("name=\"result-1\""), "{page}");
    let again = operator.post(SIGN, &encoded(&form)).await;
    assert_eq!(again.status, StatusCode::CONFLICT);

    let add = "/inspection/2026-11-21/add";
    let empty = operator.post(add, &encoded(&[("signer", "王工"), ("note", " ")])).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let added = operator.post(add, &encoded(&[("signer", "王工"), ("note", "硬盘已更换")])).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.body);
    let page = operator.get("/inspection?day=2026-11-21&lang=en").await.body;
    assert!(page.contains("硬盘已更换") && page.contains("王工"), "{page}");
    for format in ["pdf", "docx", "xlsx", "csv"] {
        let file = operator.get(&format!("/inspection/2026-11-21/{format}?lang=zh")).await;
        assert_eq!(file.status, StatusCode::OK, "{format}");
        if format == "csv" {
            assert!(file.body.contains("2,录像抽查,异常,3 号 <b>硬盘</b>"), "{}", file.body);
            assert!(file.body.contains("硬盘已更换"), "{}", file.body);
        }
    }
}

#[tokio::test]
async fn days_that_are_over_or_to_come_are_not_signed_and_viewers_sign_nothing() {
    let fixture = district().await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let form = encoded(&[("result-1", "good"), ("result-2", "good"), ("signer", "李工")]);
    let late = operator.post("/inspection/2026-11-19/sign", &form).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.body);
    let page = operator.get("/inspection?day=2026-11-19").await.body;
    assert!(page.contains("已不能补签") && !page.contains("name=\"result-1\""), "{page}");
    // The day before can still be signed, as it was at its end.
    let before = operator.post("/inspection/2026-11-20/sign", &form).await;
    assert_eq!(before.status, StatusCode::SEE_OTHER, "{}", before.body);
    for bad in ["/inspection?day=2026-11-22", "/inspection?day=heute"] {
        assert_eq!(operator.get(bad).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    for missing in ["/inspection/2026-11-21/json", "/inspection/2026-11-21/exe"] {
        assert_eq!(operator.get(missing).await.status, StatusCode::NOT_FOUND, "{missing}");
    }
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    assert_eq!(viewer.post(SIGN, &form).await.status, StatusCode::FORBIDDEN);
    let page = viewer.get("/inspection").await.body;
    assert!(page.contains("尚未签字") && !page.contains("name=\"signer\""), "{page}");
}

#[tokio::test]
async fn what_was_written_in_the_morning_is_what_is_shown_and_signed_and_read_by_programs() {
    let fixture = district().await;
    let store = &fixture.app.store;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let today = fixture.app.clock.now().local_day(fixture.app.zone);
    let at = zhishou_domain::Timestamp::start_of_day(today, fixture.app.zone)
        + Duration::from_secs(8 * 3600);
    let item = |name: &str| zhishou_domain::inspection::InspectedItem {
        name: name.into(),
        result: None,
        note: String::new(),
    };
    let seen = store.inspect(at).await.unwrap();
    let morning =
        zhishou_storage::Morning {
            day: today, seen: seen.clone(), items: vec![item("巡查机房")]
        };
    assert!(store.write_morning(morning.clone()).await.unwrap());
    assert!(!store.write_morning(morning).await.unwrap(), "once");
    let page = operator.get("/inspection").await.body;
    assert!(page.contains("巡查机房") && page.contains("08:00"), "{page}");
    assert!(!page.contains("机房温湿度"), "{page}");

    let path = format!("/api/v1/inspections/{today}");
    let read = operator.get(&path).await.json();
    assert_eq!(
        (read["at"].as_str(), &read["signed"]),
        (Some("2026-11-21T08:00:00.000+08:00"), &Value::Null)
    );
    assert_eq!(
        read["items"],
        serde_json::json!([{"name": "巡查机房", "result": null, "note": ""}])
    );
    let now = fixture.app.clock.now().millis().to_string();
    let form = [("seen", now.as_str()), ("result-1", "good"), ("signer", "李工")];
    assert_eq!(operator.post(SIGN, &encoded(&form)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(store.inspection(today).await.unwrap().unwrap().seen, seen);
    assert_eq!(operator.get(&path).await.json()["signed"]["signer"], "李工");
    let days = operator.get(&format!("/api/v1/inspections?from={today}&to={today}")).await.json();
    assert_eq!(days["items"][0]["signer"], "李工");
    assert_eq!(days["items"][0]["written"], "2026-11-21T08:00:00.000+08:00");
    let many = operator.get("/api/v1/inspections?from=2026-01-01&to=2026-11-21").await;
    assert_eq!(many.status, StatusCode::BAD_REQUEST);
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    let name = store.choices().await.unwrap().maintainers[0].1.clone();
    assert!(store.set_maintainer("viewer", Some(name), NOW, "test").await.unwrap());
    assert_eq!(viewer.get(&path).await.status, StatusCode::FORBIDDEN);
}

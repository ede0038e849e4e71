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

//! Reports on pages: published by hand, downloaded in every kind, verified; a new edition where an
//! exclusion changed the past.

use super::*;
use zhishou_report::Format;

const DAY_MS: i64 = 86_400_000;
const REPORT: &str = "/reports/2026-D-1121/1";

/// The page once nothing is being made any more; a minute at most.
async fn made(browser: &mut Browser) -> String {
    for _ in 0..1200 {
        let page = browser.get("/reports?month=2026-11").await;
        if page.headers.get("refresh").is_none() {
            return page.body;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it is still being made");
}

#[tokio::test]
async fn a_day_is_published_once_downloaded_in_every_kind_and_verified() {
    let fixture = Fixture::district(2, 24, None).await;
    fixture.clock.0.fetch_add(DAY_MS, Ordering::Relaxed);
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let empty = operator.get("/reports").await;
    assert!(empty.body.contains("本月尚未发布报表"), "{}", empty.body);
    assert!(empty.body.contains("value=\"2026-11-21\""), "yesterday stands in the form");

    let order = "from=2026-11-21&to=2026-11-21&policy=";
    let sent = operator.post("/reports", order).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let page = made(&mut operator).await;
    assert!(page.contains("已发布 2026-D-1121 第 1 版"), "{page}");
    for format in Format::ALL {
        let path = format!("{REPORT}/{}", format.code());
        assert!(page.contains(&path), "{page}");
        let file = operator.get(&path).await;
        assert_eq!(file.status, StatusCode::OK, "{path}");
        assert_eq!(file.header("content-type"), format.media_type());
    }
    let verified = operator.get(&format!("{REPORT}/verify")).await.body;
    assert!(verified.contains("一致：按数据库重新计算"), "{verified}");
    let json: Value =
        serde_json::from_str(&operator.get(&format!("/api/v1{REPORT}/json")).await.body).unwrap();
    assert_eq!(json["edition"]["published_by"], "operator");
    assert_eq!(json["policy_id"], "time-weighted@1");

    operator.post("/reports", order).await;
    assert!(made(&mut operator).await.contains("数字没有变化"));
    let store = &fixture.app.store;
    assert_eq!(store.audit_of("publish_report", 10).await.unwrap().len(), 1);
    let listed = operator.get("/api/v1/reports?from=2026-11-01&to=2026-11-22").await.body;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["making"]["state"], "unchanged");
}

#[tokio::test]
async fn nobody_publishes_what_is_not_over_and_viewers_publish_nothing() {
    let fixture = Fixture::district(1, 24, None).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    for (order, why) in [
        ("from=2026-11-21&to=2026-11-21", "时段尚未结束"),
        ("from=2026-11-21&to=2026-11-20", "起止日期颠倒"),
        ("from=2025-01-01&to=2026-11-20", "时段最长 400 天"),
        ("from=gestern&to=2026-11-20", "日期应为"),
    ] {
        let refused = operator.post("/reports", order).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{order}");
        assert!(refused.body.contains(why), "{order}: {}", refused.body);
    }
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    let page = viewer.get("/reports").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("<form class=\"order\""), "{}", page.body);
    let refused = viewer.post("/reports", "from=2026-11-20&to=2026-11-20").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    for missing in ["/reports/2026-D-1120/1/pdf", "/reports/2026-D-1120/1/exe"] {
        assert_eq!(viewer.get(missing).await.status, StatusCode::NOT_FOUND, "{missing}");
    }
    assert_eq!(viewer.get("/reports?month=2026-13").await.status, StatusCode::BAD_REQUEST);
}

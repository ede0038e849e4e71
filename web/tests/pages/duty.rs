//! `/duty`: nobody, a roster, signing in, handing over, a substitute, and who may.

use super::*;
use url::form_urlencoded::Serializer;

fn roster(from: &str, to: &str) -> String {
    Serializer::new(String::new())
        .append_pair("first", "2026-11-21")
        .append_pair("last", "2026-11-22")
        .append_pair("from", from)
        .append_pair("to", to)
        .append_pair("lead", "<i>王</i>")
        .append_pair("lead_phone", "138-1")
        .append_pair("backup", "李")
        .finish()
}

#[tokio::test]
async fn the_roster_says_who_has_the_watch_now_and_what_was_handed_over() {
    // It is 2026-11-21 15:30.
    let fixture = Fixture::empty(false).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let empty = operator.get("/duty").await.body;
    assert!(empty.contains("现在无人值班") && empty.contains("还没有排班"), "{empty}");
    let added = operator.post("/duty", &roster("08:30", "17:30")).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.body);
    let page = operator.get("/duty").await.body;
    assert!(page.contains("现在值班") && page.contains("href=\"tel:138-1\""), "{page}");
    assert!(page.contains("尚未签到") && !page.contains("<i>王"), "{page}");
    assert!(page.contains("11-21 17:30–11-22 08:30"), "the night has nobody: {page}");

    let clash = operator.post("/duty", &roster("17:00", "20:00")).await;
    assert_eq!(clash.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(clash.body.contains("与已有班次重叠") && clash.body.contains("17:00"), "as typed");

    let shift = fixture.app.store.on_duty(NOW).await.unwrap().unwrap().id;
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    let refused = viewer.post(&format!("/duty/{shift}/sign-in"), "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let signed = operator.post(&format!("/duty/{shift}/sign-in"), "").await;
    assert_eq!(signed.status, StatusCode::SEE_OTHER, "{}", signed.body);
    let said = operator.post(&format!("/duty/{shift}/hand-over"), "text=%E8%AF%9D%E7%AD%92").await;
    assert_eq!(said.status, StatusCode::SEE_OTHER, "{}", said.body);
    let page = operator.get("/duty").await.body;
    assert!(page.contains("签到 15:30 operator") && page.contains("话筒"), "{page}");
    let gone = operator.post(&format!("/duty/{shift}/remove"), "").await;
    assert_eq!(gone.status, StatusCode::CONFLICT, "it runs: a substitute is entered instead");
    let changed = operator.post(&format!("/duty/{shift}/change"), "lead=%E8%B5%B5").await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.body);
    assert!(viewer.get("/duty").await.body.contains("赵"));

    let api: serde_json::Value =
        serde_json::from_str(&viewer.get("/api/v1/duty").await.body).unwrap();
    assert_eq!(api["on_duty"]["lead"]["name"], "赵");
    assert_eq!(api["items"].as_array().unwrap().len(), 2);
}

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
        .append_pair("backup", "李")
        .finish()
}

fn person(name: &str, phone: &str) -> String {
    Serializer::new(String::new()).append_pair("name", name).append_pair("phone", phone).finish()
}

#[tokio::test]
async fn the_roster_says_who_has_the_watch_now_and_what_was_handed_over() {
    // It is 2026-11-21 15:30.
    let fixture = Fixture::empty(false).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let empty = operator.get("/duty").await.body;
    assert!(empty.contains("现在无人值班") && empty.contains("还没有排班"), "{empty}");
    let unknown = operator.post("/duty", &roster("08:30", "17:30")).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unknown.body.contains("未登记：请先在"), "{}", unknown.body);
    for (name, phone) in [("<i>王</i>", "138-1"), ("李", "138-2"), ("赵", "138-3")] {
        let person = person(name, phone);
        let entered = operator.post("/duty/people", &person).await;
        assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.body);
    }
    for bad in [person("孙", ""), person("", "138-4"), format!("{}&mail=x", person("孙", ""))] {
        assert_eq!(operator.post("/duty/people", &bad).await.status, StatusCode::BAD_REQUEST);
    }
    let added = operator.post("/duty", &roster("08:30", "17:30")).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.body);
    // A new telephone is entered once and holds for every shift.
    operator.post("/duty/people", &person("<i>王</i>", "139-9")).await;
    let api = operator.get("/api/v1/duty").await.json();
    for shift in [&api["on_duty"], &api["items"][1]] {
        assert_eq!(shift["lead"]["phone"], "139-9", "{api}");
    }
    let kept = operator.post("/duty/people/remove", &person("李", "")).await;
    assert_eq!(kept.status, StatusCode::CONFLICT, "they have a shift");
    let page = operator.get("/duty").await.body;
    assert!(page.contains("现在值班") && page.contains("href=\"tel:139-9\""), "{page}");
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

    // Who signed in is who is on the roster, where their login is known.
    let linked = format!("{}&login=Operator", person("赵", "138-3"));
    assert_eq!(operator.post("/duty/people", &linked).await.status, StatusCode::SEE_OTHER);
    let twice =
        operator.post("/duty/people", &format!("{}&login=operator", person("李", "1"))).await;
    assert_eq!(twice.status, StatusCode::CONFLICT, "it is somebody else's");
    let nobody =
        operator.post("/duty/people", &format!("{}&login=nobody", person("李", "1"))).await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST, "there is no such user");
    let page = operator.get("/duty").await.body;
    assert!(page.contains("<option selected>operator</option>"), "{page}");
    assert!(page.contains("登录用户 operator"), "{page}");
    let audited = fixture.app.store.audit_of("duty_person", 9).await.unwrap();
    assert!(audited.iter().any(|it| it.1.contains("赵 · operator")), "{audited:?}");
    let page = viewer.get("/duty").await.body;
    assert!(!page.contains("<option"), "who looks on is not told who can log in");

    let api: serde_json::Value =
        serde_json::from_str(&viewer.get("/api/v1/duty").await.body).unwrap();
    assert_eq!(api["on_duty"]["lead"]["name"], "赵");
    assert_eq!(api["items"].as_array().unwrap().len(), 2);
}

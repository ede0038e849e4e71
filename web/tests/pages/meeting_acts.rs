//! What persons do to a meeting, by programs.

use super::{meetings::booked, *};
use serde_json::json;

#[tokio::test]
async fn a_program_signs_begins_tells_what_goes_wrong_ends_and_archives_as_the_page_does() {
    let fixture = Fixture::empty(false).await;
    let (id, venues) = booked(&fixture).await;
    let at = |path: &str| format!("/api/v1/meetings/{id}/{path}");
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    for path in ["sign", "sign-off", "start", "end", "incidents", "incidents/1/over", "archive"] {
        let refused = viewer.post_json(&at(path), "{}").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }

    let sign = |item: &str| json!({ "venue": venues[0].number(), "item": item, "text": "到齐" });
    let forged = operator.post_json(&at("sign"), sign("audio")).await;
    assert_eq!(forged.status, StatusCode::BAD_REQUEST, "nobody signs what we probe");
    let signed = operator.post_json(&at("sign"), sign("roll_call")).await;
    assert_eq!(signed.status, StatusCode::NO_CONTENT, "{}", signed.body);
    let bare = operator.post_json(&at("sign-off"), "{}").await;
    assert_eq!(bare.status, StatusCode::BAD_REQUEST, "a risk asks for a reason");
    let risk = operator.post_json(&at("sign-off"), json!({ "note": "电话会议备用" })).await;
    assert_eq!(risk.json()["state"], "ready_with_risk", "{}", risk.body);
    assert_eq!(viewer.get(&at("record")).await.status, StatusCode::NOT_FOUND, "it is not over");
    let early = operator.post_json(&at("end"), "{}").await;
    assert_eq!(early.status, StatusCode::CONFLICT, "{}", early.body);
    let begun = operator.post_json(&at("start"), "{}").await;
    assert_eq!(begun.json()["state"], "live", "{}", begun.body);

    // What comes twice is entered once.
    operator.headers = vec![("idempotency-key", "i-1")];
    let broken = json!({ "venue": venues[1].number(), "what": "无声音" });
    let entered = operator.post_json(&at("incidents"), &broken).await;
    assert_eq!(entered.status, StatusCode::CREATED, "{}", entered.body);
    let again = operator.post_json(&at("incidents"), &broken).await;
    assert_eq!(again.body, entered.body);
    operator.headers.clear();
    let incident = &entered.json()["items"][0];
    assert_eq!((&incident["what"], &incident["to"]), (&"无声音".into(), &json!(null)));
    fixture.clock.0.fetch_add(5 * 60_000, Ordering::SeqCst);
    let over = operator.post_json(&at(&format!("incidents/{}/over", incident["id"])), "{}").await;
    assert!(over.json()["items"][0]["to"].is_string(), "{}", over.body);

    let ended = operator.post_json(&at("end"), "{}").await;
    assert_eq!(ended.json()["state"], "ended", "{}", ended.body);
    let draft = viewer.get(&at("record")).await.json();
    assert_eq!((&draft["archived_at"], &draft["incidents"]), (&json!(null), &1.into()));
    assert_eq!(draft["lost_minutes"], 5, "{draft}");
    let mut corrected = json!({
        "attended": [venues[0].number()], "on_time": true, "incidents": 1, "lost_minutes": 4,
        "watchers": ["王工", "李工"], "text": "正常",
        "from": "2026-11-21T15:30:00+08:00", "to": "2026-11-21T15:29:00+08:00",
    });
    let bad = operator.post_json(&at("archive"), &corrected).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST, "it ends before it begins");
    corrected["to"] = "2026-11-21T15:35:00+08:00".into();
    let kept = operator.post_json(&at("archive"), &corrected).await;
    assert_eq!(kept.status, StatusCode::OK, "{}", kept.body);
    let again = operator.post_json(&at("archive"), &corrected).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let record = viewer.get(&at("record")).await.json();
    assert_eq!((&record["login"], &record["lost_minutes"]), (&"operator".into(), &4.into()));
    assert_eq!(record["watchers"], json!(["王工", "李工"]));
    let there: Vec<_> =
        record["attendance"].as_array().unwrap().iter().map(|it| &it["attended"]).collect();
    assert_eq!(there, [true, false]);
    let store = &fixture.app.store;
    for (action, lines) in [("sign_check", 1), ("meeting_incident", 2), ("archive_meeting", 1)] {
        assert_eq!(store.audit_of(action, 9).await.unwrap().len(), lines, "{action}");
    }
}

//! Pictures of a device: who sees them, how they are judged, and what is masked.

use super::*;

#[tokio::test]
async fn pictures_are_served_to_nobody_unlogged_and_kept_by_no_cache() {
    let fixture = Fixture::district(1, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let device = device_of(&fixture, Case::Black).await;
    let answer = browser.get(&format!("/devices/{device}/pictures/fault")).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
    assert_eq!(answer.header("content-type"), "image/jpeg");
    let viewed = fixture.app.store.audit_of("view_evidence", 10).await.unwrap();
    assert_eq!((viewed.len(), viewed[0].0.as_str()), (1, "admin"));
    let other = device_of(&fixture, Case::Login).await;
    let answer = browser.get(&format!("/devices/{other}/pictures/fault")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_picture_shows_each_fault_against_its_limit_and_takes_an_operators_word() {
    let fixture = Fixture::district(1, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let device = device_of(&fixture, Case::Black).await;
    let path = format!("/devices/{device}");
    let body = browser.get(&path).await.body;
    for words in
        ["画面诊断", "黑屏", "异常", "无法判定", "误报", "算法版本 1", "亮度 38.00 / 50.00"]
    {
        assert!(body.contains(words), "{words}: {body}");
    }
    assert!(!body.contains("恢复默认界限"), "nothing was said yet");
    // What is well or cannot be told is folded away behind how many they are.
    let (open, rest) = body.split_once("<details class=\"rest\">").unwrap();
    let open = &open[open.find("id=\"judged\"").unwrap()..];
    assert!(open.contains("黑屏") && !open.contains("无法判定"), "{open}");
    assert!(rest.contains("无法判定") && rest.contains("项无法判定</summary>"), "{rest}");
    let seen = fixture.app.store.latest_picture(device).await.unwrap().unwrap();
    let form = |opinion: &str, at: i64| format!("fault=black&opinion={opinion}&at={at}");
    let at = seen.started_at.millis();
    let answer = browser.post(&format!("{path}/feedback"), &form("confirmed", at)).await;
    assert_eq!(answer.header("location"), format!("{path}?done=feedback#judged"));
    let answer = browser.post(&format!("{path}/feedback"), &form("confirmed", at + 1)).await;
    assert_eq!(answer.header("location"), format!("{path}?done=feedback_gone#judged"));
    let answer = browser.post(&format!("{path}/feedback"), &form("maybe", at)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let said = fixture.app.store.feedback(device).await.unwrap();
    assert_eq!((said.len(), said[0].login.as_str(), said[0].score), (1, "admin", Some(1.0)));
    assert_eq!(fixture.app.store.audit_of("picture_feedback", 9).await.unwrap().len(), 1);
    let body = browser.get(&format!("{path}?lang=en")).await.body;
    assert!(body.contains("confirmed · black picture · admin"), "{body}");

    // Programs say and read the same.
    let path = format!("/api/v1/devices/{device}/feedback");
    let started = seen.started_at.rfc3339(fixture.app.zone);
    let word = |fault: &str, started: &str| serde_json::json!({"fault": fault, "opinion": "confirmed", "started_at": started});
    assert_eq!(
        browser.post_json(&path, &word("black", &started)).await.status,
        StatusCode::NO_CONTENT
    );
    let before = "2020-01-01T00:00:00Z";
    assert_eq!(
        browser.post_json(&path, &word("black", before)).await.status,
        StatusCode::NOT_FOUND
    );
    let odd = browser.post_json(&path, &word("odd", &started)).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    let said = browser.get(&path).await.json();
    let items = said["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[1]["opinion"]), (2, &"confirmed".into()));
    assert_eq!((&items[1]["login"], &items[1]["score"]), (&"admin".into(), &1.0.into()));
    assert_eq!(fixture.app.store.audit_of("picture_feedback", 9).await.unwrap().len(), 2);
    let learned = browser.get(&format!("/api/v1/devices/{device}/reference")).await.json();
    assert_eq!(
        (&learned["changed"], learned["items"].as_array().unwrap().len()),
        (&false.into(), 0)
    );
}

#[tokio::test]
async fn masks_are_saved_audited_and_take_older_pictures_away() {
    let fixture = Fixture::district(1, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let device = device_of(&fixture, Case::Black).await;
    let path = format!("/devices/{device}");
    assert_eq!(browser.get(&format!("{path}/pictures/good")).await.status, StatusCode::OK);
    let viewed = fixture.app.store.audit_of("view_evidence", 9).await.unwrap();
    assert_eq!((viewed.len(), viewed[0].0.as_str()), (1, "admin"), "a view is logged, by whom");

    let answer = browser.post(&format!("{path}/masks"), "masks=0.1,0.2").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(fixture.app.store.evidence_of_device(device, 9).await.unwrap().len(), 2);
    let answer = browser.post(&format!("{path}/masks"), "masks=10%25,20%25+0.4,0.5").await;
    assert_eq!(answer.header("location"), format!("{path}?done=masks#judged"));
    let body = browser.get(&path).await.body;
    assert!(body.contains("隐私遮挡 (1)") && body.contains("0.1,0.2 0.4,0.2 0.4,0.5"), "{body}");
    assert!(fixture.app.store.evidence_of_device(device, 9).await.unwrap().is_empty());
    assert!(fixture.app.recordings.list().unwrap().iter().all(|(key, _)| key.device() != device));
    assert_eq!(browser.get(&format!("{path}/pictures/good")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(fixture.app.store.audit_of("set_privacy_masks", 9).await.unwrap().len(), 1);
}

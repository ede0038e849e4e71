//! What an operator does on the page of a device: keeps a dialogue, has a habit forgotten.

use super::*;
use zhishou_domain::{
    DeviceKind, Habit, LedgerRow, PictureSkipped, TestCall,
    habit::{Form, Judged},
};
use zhishou_storage::ImportMode;

#[tokio::test]
async fn a_dialogue_is_kept_on_request_and_whoever_looks_at_it_is_logged() {
    let fixture = Fixture::district(1, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let device = device_of(&fixture, Case::Silent).await;
    let path = format!("/devices/{device}");
    let body = browser.get(&path).await.body;
    assert!(body.contains("再探测一次并保留对话") && body.contains("尚无。"), "{body}");
    fixture.clock.0.fetch_add(60_000, Ordering::SeqCst);
    let at = fixture.clock.0.load(Ordering::SeqCst);
    let answer = browser.post(&format!("{path}/dialogues"), "").await;
    assert_eq!(answer.header("location"), format!("{path}?done=dialogue#dialogues"));
    let logged = async |action| fixture.app.store.audit_of(action, 10).await.unwrap().len();
    assert_eq!(logged("keep_dialogue").await, 1);
    assert_eq!(logged("view_evidence").await, 0);

    let kept = format!("{path}/dialogues/{at}");
    let body = browser.get(&path).await.body;
    assert!(body.contains(&format!("href=\"{kept}\"")), "{body}");
    let body = browser.get(&kept).await.body;
    for words in
        ["OPTIONS rtsp://x", "class=\"l-ours\"", "在线 &#60;b&#62;", "zhishou probe --replay"]
    {
        assert!(body.contains(words), "{words}: {body}");
    }
    assert_eq!(logged("view_evidence").await, 1);
    let file = browser.get(&format!("{kept}/file")).await;
    assert_eq!(file.body.as_bytes(), fixture::CAPTURE);
    assert_eq!(file.header("cache-control"), "no-store");
    let name = file.header("content-disposition");
    assert!(name.starts_with("attachment; filename=\"2026-11-21-") && name.ends_with(".jsonl\""));
    assert_eq!(logged("download_evidence").await, 1);

    // A probe without its dialogue keeps none, and an address without one shows nothing.
    fixture.clock.0.fetch_add(60_000, Ordering::SeqCst);
    browser.post(&format!("{path}/probe"), "").await;
    assert_eq!(fixture.app.store.dialogues(device, 10).await.unwrap().len(), 1);
    for wrong in ["1", "-1", "", "abc", "1e9", "99999999999999999999", "%E4%B8%80"] {
        for tail in ["", "/file"] {
            let wrong = format!("{path}/dialogues/{wrong}{tail}");
            let answer = browser.get(&wrong).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
            assert!(answer.body.contains("<h1>"), "{wrong}: {}", answer.body);
        }
    }
    let unconnected = device_of(&fixture, Case::Unconnected).await;
    let answer = browser.post(&format!("/devices/{unconnected}/dialogues"), "").await;
    assert_eq!(answer.header("location"), format!("/devices/{unconnected}?done=unprobed"));
    browser.headers = vec![("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    let answer = browser.post(&format!("{path}/dialogues"), "").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_habit_is_forgotten_by_hand_and_the_log_says_what_it_was() {
    let fixture = Fixture::district(1, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let device = device_of(&fixture, Case::Well).await;
    let path = format!("/devices/{device}");
    assert!(!browser.get(&path).await.body.contains("已学习的习惯"));
    let reset = format!("{path}/baseline");
    let answer = browser.post(&reset, "stream=main").await;
    assert_eq!(answer.header("location"), format!("{path}?done=baseline_none#baseline"));

    let url = fixture.app.store.device_page(device).await.unwrap().unwrap().url.unwrap();
    let at = zhishou_domain::Clock::now(&*fixture.clock) + Duration::from_secs(1);
    let form = Form { codec: "h265".to_owned(), width: 2560, height: 1440 };
    let judged = Some(Judged { at: NOW, clean: true });
    let learned = Habit { form: Some(form), gop_ms: Some(4000.0), judged, ..Habit::default() };
    let mut seen = fixture::observation(&url, at, Case::Well);
    seen.picture = None;
    seen.picture_skipped = Some(PictureSkipped::WithinHabit);
    seen.video.as_mut().unwrap().timestamp_jumps = 3;
    let record = |sequence, habit: &Habit| {
        let mut record = fixture::record(device, "habits", sequence, seen.clone(), 3);
        record.habit = Some((url.clone(), habit.clone()));
        record
    };
    fixture.app.store.record(record(1, &learned)).await.unwrap();
    let body = browser.get(&path).await.body;
    for words in [
        "H.265 2560 × 1440",
        "4.0 s",
        "重新学习",
        "与上次正常画面相符，未解码 · 上次判定 0 秒前 (正常)",
        "时间戳跳变 3 次：录像可能断续",
    ] {
        assert!(body.contains(words), "{words}: {body}");
    }
    let body = browser.get(&format!("{path}?lang=en")).await.body;
    assert!(body.contains("like the last clean picture, not decoded · last judged"), "{body}");

    let answer = browser.post(&reset, "stream=main").await;
    assert_eq!(answer.header("location"), format!("{path}?done=baseline#baseline"));
    let logged = fixture.app.store.audit_of("reset_baseline", 10).await.unwrap();
    assert_eq!(logged.len(), 1);
    assert!(logged[0].1.ends_with("main H.265 2560 × 1440, 4.0 s"), "{logged:?}");
    // A probe that began before learned from what is forgotten: it counts no longer.
    fixture.app.store.record(record(2, &learned)).await.unwrap();
    let habit = fixture.app.store.habit(device, &url).await.unwrap();
    assert_eq!((habit.form.clone(), habit.since), (None, Some(NOW)));
    let anew = Habit { since: habit.since, ..learned };
    fixture.app.store.record(record(3, &anew)).await.unwrap();
    assert_eq!(fixture.app.store.habit(device, &url).await.unwrap(), anew);
    assert_eq!(browser.post(&reset, "stream=x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_endpoint_that_may_be_called_is_called_on_request_and_says_why_where_it_was_not() {
    let fixture = Fixture::empty(false).await;
    let endpoint = |row, name: &str, user: &str, leave| LedgerRow {
        street: Some("人民路".into()),
        kind: Some(DeviceKind::Endpoint),
        url: Some(format!("sip:{user}@10.0.0.{row}")),
        test_call: leave,
        ..LedgerRow::new(row, name, "东门")
    };
    let may = Some(TestCall::Permitted);
    let rows = vec![
        endpoint(2, "1 号终端", "room", may),
        endpoint(3, "2 号终端", "busy", may),
        endpoint(4, "3 号终端", "room", None),
    ];
    let store = &fixture.app.store;
    store.import(rows, NOW, ImportMode::AllOrNothing).await.unwrap();
    let mut found = store.endpoints_without_venue(10).await.unwrap();
    found.sort_by(|a, b| a.1.cmp(&b.1));
    let path = |index: usize| format!("/devices/{}", found[index].0);
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let offers = async |operator: &mut Browser, path: String| {
        let page = operator.get(&path).await.body;
        page.contains(&format!("action=\"{path}/test-call\""))
    };
    assert!(offers(&mut operator, path(0)).await && !offers(&mut operator, path(2)).await);
    // No dialogue of SIP is kept, and no scene of a room is learned.
    let page = operator.get(&path(0)).await.body;
    for id in ["dialogues", "references"] {
        assert!(!page.contains(&format!("id=\"{id}\"")), "{id}: {page}");
    }
    let answer = operator.post(&format!("{}/test-call", path(0)), "").await;
    assert_eq!(answer.header("location"), format!("{}?done=called#video", path(0)));
    assert_eq!(store.audit_of("call_now", 9).await.unwrap().len(), 1, "who asked");
    assert_eq!(store.audit_of("test_call", 9).await.unwrap().len(), 1, "and that it was called");
    fixture.clock.0.fetch_add(60_000, Ordering::SeqCst);
    // Busy: it was asked and not called, which the page and programs are told in words.
    let answer = operator.post(&format!("{}/test-call", path(1)), "").await;
    assert_eq!(answer.header("location"), format!("{}?done=uncalled_busy", path(1)));
    let answer = operator.post(&format!("/api/v1{}/test-call", path(1)), "").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.json()["detail"], "终端忙，音视频未测");
    // Nobody permitted it: nothing is opened.
    let answer = operator.post(&format!("/api/v1{}/test-call", path(2)), "").await;
    assert_eq!(answer.json()["detail"], "台账未允许测试呼叫，音视频未测");
    assert_eq!(store.audit_of("test_call", 9).await.unwrap().len(), 1);
    let mut reader = Browser::of_role(&fixture, Role::Viewer).await;
    let answer = reader.post(&format!("{}/test-call", path(0)), "").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

//! `Idempotency-Key`: what comes twice is done once.

use serde_json::json;

use super::{
    bookings::{form, rooms},
    *,
};

const ORDER: &str = r#"{"title":"三楼会议室无声音","category":"meeting"}"#;

#[tokio::test]
async fn a_request_that_comes_twice_is_done_once_and_answered_twice() {
    let fixture = Fixture::district(1, 12, None).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let count = async || {
        let store = &fixture.app.store;
        let scope = zhishou_storage::WorkScope::All;
        store.work_orders(Default::default(), scope, None, 100).await.unwrap().len()
    };
    operator.headers = vec![("idempotency-key", "a-1")];
    let first = operator.post_json("/api/v1/work-orders", ORDER).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    let again = operator.post_json("/api/v1/work-orders", ORDER).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("content-type"), first.header("content-type"));
    assert_eq!(count().await, 1);
    let other = operator.post_json("/api/v1/work-orders", r#"{"title":"另一件"}"#).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", other.body);

    // A refusal is an answer too; another key, another person and no key are other requests.
    operator.headers = vec![("idempotency-key", "a-2")];
    let refused = operator.post_json("/api/v1/work-orders", "{}").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let again = operator.post_json("/api/v1/work-orders", "{}").await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (refused.status, "true"));
    assert_eq!(again.json()["detail"], refused.json()["detail"]);
    let mut admin = Browser::logged_in(&fixture).await;
    admin.headers = vec![("idempotency-key", "a-1")];
    assert_eq!(admin.post_json("/api/v1/work-orders", ORDER).await.status, StatusCode::CREATED);
    operator.headers = vec![];
    operator.post_json("/api/v1/work-orders", ORDER).await;
    assert_eq!(count().await, 3);

    // A day later the key may be used anew; one that is no key is refused.
    let long = "x".repeat(256);
    operator.headers = vec![("idempotency-key", long.leak())];
    assert_eq!(
        operator.post_json("/api/v1/work-orders", ORDER).await.status,
        StatusCode::BAD_REQUEST
    );
    fixture.clock.0.fetch_add(86_400_001, Ordering::SeqCst);
    operator.headers = vec![];
    let form = format!("login=operator&password={PASSWORD}&next=/devices");
    assert_eq!(operator.post("/login", &form).await.status, StatusCode::SEE_OTHER);
    operator.headers = vec![("idempotency-key", "a-1")];
    let anew = operator.post_json("/api/v1/work-orders", ORDER).await;
    assert_eq!((anew.status, count().await), (StatusCode::CREATED, 4), "{}", anew.body);
}

#[tokio::test]
async fn nobody_does_a_second_time_what_is_underway_and_what_was_given_up_may_be_asked_again() {
    let fixture = Fixture::empty(false).await;
    let store = &fixture.app.store;
    let begin = async |seconds: u64| {
        let at = NOW + Duration::from_secs(seconds);
        store.begin_request("key".into(), "asked".into(), at).await.unwrap()
    };
    use zhishou_storage::Repeat;
    assert_eq!(begin(0).await, Repeat::First);
    assert_eq!(begin(299).await, Repeat::Underway);
    assert_eq!(begin(301).await, Repeat::First, "whoever worked on it is gone");
    store.end_request("key".into(), None).await.unwrap();
    assert_eq!(begin(302).await, Repeat::First, "we could not do it");
}

#[tokio::test]
async fn a_key_of_another_day_or_a_form_that_was_corrected_never_answers_with_an_old_meeting() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    let body = json!({
        "title": "周调度", "from": "2026-11-27T09:00", "to": "2026-11-27T10:00",
        "venues": [{ "venue": 1, "role": "main" }],
    });
    admin.headers = vec![("idempotency-key", "k1")];
    let first = admin.post_json("/api/v1/meetings", &body).await.json();
    fixture.clock.0.fetch_add(86_400_001, Ordering::SeqCst);
    admin.headers.clear();
    admin.post("/login", &format!("login=admin&password={PASSWORD}&next=/")).await;
    admin.headers = vec![("idempotency-key", "k1")];
    let mut other = body.clone();
    (other["title"], other["venues"][0]["venue"]) = ("月调度".into(), 2.into());
    let second = admin.post_json("/api/v1/meetings", &other).await;
    assert_eq!(second.status, StatusCode::CREATED, "{}", second.body);
    assert_eq!(second.json()["title"], "月调度");
    assert_ne!(second.json()["id"], first["id"]);
    admin.headers.clear();

    // The same form sent twice books once; gone back to and corrected it is another.
    let filled = |title, venue| {
        form(&[
            ("key", "once"),
            ("title", title),
            ("day", "2026-11-28"),
            ("from", "09:00"),
            ("to", "10:00"),
            (venue, "main"),
        ])
    };
    let sent = admin.post("/bookings", &filled("早会", "venue_1")).await;
    let twice = admin.post("/bookings", &filled("早会", "venue_1")).await;
    assert_eq!((sent.status, twice.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    assert_eq!(sent.header("location"), twice.header("location"));
    let corrected = admin.post("/bookings", &filled("晚会", "venue_2")).await;
    assert_eq!(corrected.status, StatusCode::SEE_OTHER, "{}", corrected.body);
    assert_ne!(sent.header("location"), corrected.header("location"));
}

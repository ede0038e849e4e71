//! Logging in, staying in, and being shut out.

use super::*;

#[tokio::test]
async fn a_login_opens_a_new_session_and_sends_on() {
    let fixture = Fixture::empty(false).await;
    let mut browser = Browser::new(&fixture);
    let planted = "A".repeat(22);
    browser.cookies.push(("zhishou".into(), planted.clone()));
    let answer = browser.login(PASSWORD).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/devices"));
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert!(!cookie.contains(&planted), "a planted session is worth nothing");
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    let old = browser.cookies.clone();
    browser.post("/logout", "").await;
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
    browser.cookies = old;
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER, "a session ended stays ended");
}

#[tokio::test]
async fn five_wrong_passwords_lock_the_account_for_this_address() {
    let fixture = Fixture::empty(false).await;
    let mut browser = Browser::new(&fixture);
    for _ in 0..5 {
        let answer = browser.login("wrong").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(
            answer.body.contains("用户名或密码不正确") && answer.body.contains("value=\"Admin\"")
        );
    }
    let locked = browser.login(PASSWORD).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(locked.header("retry-after"), "900");
    fixture.clock.0.fetch_add(16 * 60_000, Ordering::SeqCst);
    assert_eq!(browser.login(PASSWORD).await.status, StatusCode::SEE_OTHER);
    let failed = fixture.app.store.audit_of("login_failed", 10).await.unwrap();
    assert_eq!(failed.len(), 5);
}

#[tokio::test]
async fn a_one_time_password_must_be_changed_before_anything_else() {
    let fixture = Fixture::empty(true).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let answer = browser.get("/").await;
    assert!(answer.header("location").starts_with("/password"), "{:?}", answer.headers);
    assert_eq!(browser.get("/api/v1/sites").await.status, StatusCode::FORBIDDEN);
    let change =
        |new: &str, again: &str| format!("current={PASSWORD}&new={new}&again={again}&next=/");
    for (new, again) in
        [("short", "short"), ("Battery-Staple-2", "Other-Staple-2"), (PASSWORD, PASSWORD)]
    {
        let answer = browser.post("/password", &change(new, again)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{new}");
    }
    let mut other = Browser::logged_in(&fixture).await;
    let answer = browser.post("/password", &change("Battery-Staple-2", "Battery-Staple-2")).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    let answer = other.get("/").await;
    assert!(answer.header("location").starts_with("/login"), "other sessions have ended");
}

#[tokio::test]
async fn an_idle_session_ends_and_a_page_that_refreshes_itself_does_not_keep_it() {
    let fixture = Fixture::empty(false).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let minutes = |count: i64| {
        fixture.clock.0.fetch_add(count * 60_000, Ordering::SeqCst);
    };
    minutes(25);
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    minutes(25);
    browser.headers.push(("x-refresh", "1"));
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    minutes(6);
    browser.headers.clear();
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);

    let mut browser = Browser::logged_in(&fixture).await;
    for _ in 0..28 {
        minutes(25);
        assert_eq!(browser.get("/").await.status, StatusCode::OK);
    }
    minutes(25);
    assert_eq!(
        browser.get("/").await.status,
        StatusCode::SEE_OTHER,
        "after twelve hours in any case"
    );
}

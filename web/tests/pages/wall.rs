//! `/wall`: opens with a login, or with a token that opens nothing else and can be revoked.

use super::*;

#[tokio::test]
async fn a_board_needs_no_session_and_its_token_opens_nothing_else() {
    let fixture = Fixture::district(4, 24, None).await;
    fixture.keep().await;
    let mut stranger = Browser::new(&fixture);
    for path in ["/wall", "/wall/board", "/wall?token=guessed"] {
        let answer = stranger.get(path).await;
        assert!(answer.header("location").starts_with("/login"), "{path}: {}", answer.body);
    }
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    assert_eq!(viewer.get("/wall").await.status, StatusCode::OK);
    assert_eq!(viewer.post("/wall/tokens", "name=x").await.status, StatusCode::FORBIDDEN);

    let mut admin = Browser::logged_in(&fixture).await;
    let made = admin.post("/wall/tokens", "name=指挥中心").await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let address = made.body.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let listed = admin.get("/wall/tokens").await.body;
    assert!(listed.contains("指挥中心") && !listed.contains("token="), "shown once: {listed}");
    let logged = fixture.app.store.audit_of("wall_token_made", 10).await.unwrap();
    assert_eq!(logged[0].1, "指挥中心", "and never the token");

    let mut board = Browser::new(&fixture);
    let first = board.get(&address).await;
    assert_eq!((first.status, first.header("location")), (StatusCode::SEE_OTHER, "/wall"));
    let cookie = first.header("set-cookie");
    assert!(cookie.contains("Path=/wall;") && cookie.contains("HttpOnly"), "{cookie}");
    let page = board.get("/wall").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("七里河街道") && page.body.contains("最新离线"), "{}", page.body);
    // Weeks later no session would count any more.
    fixture.clock.0.fetch_add(30 * 86_400_000, Ordering::SeqCst);
    let part = board.get("/wall/board").await;
    assert_eq!(part.status, StatusCode::OK);
    assert!(part.body.starts_with("<main") && !part.body.contains("<html"), "{}", part.body);
    for path in ["/", "/dashboard", "/wall/tokens", "/api/v1/sites"] {
        let answer = board.get(path).await;
        assert!(!answer.status.is_success(), "{path}: {}", answer.body);
    }
    let posted = board.post("/wall", "x=1").await;
    assert!(!posted.status.is_success(), "{}", posted.body);

    let mut admin = Browser::logged_in(&fixture).await;
    assert_eq!(admin.post("/wall/tokens/1/revoke", "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(admin.post("/wall/tokens/1/revoke", "").await.status, StatusCode::NOT_FOUND);
    assert!(board.get("/wall/board").await.header("location").starts_with("/login"));
    assert!(board.get(&address).await.header("location").starts_with("/login"));
}

#[tokio::test]
async fn a_board_says_how_old_its_data_is() {
    let fixture = Fixture::district(4, 24, None).await;
    fixture.keep().await;
    let mut browser = Browser::logged_in(&fixture).await;
    let age = |body: &str| -> u64 {
        body.split("data-age=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
    };
    let fresh = browser.get("/wall/board").await.body;
    assert!(age(&fresh) < 120 && fresh.contains("data-limit=\"120\""), "{fresh}");
    fixture.clock.0.fetch_add(200_000, Ordering::SeqCst);
    assert!(age(&browser.get("/wall/board").await.body) >= 200);
    // Results come and nobody counts them: the number is old.
    let device = device_of(&fixture, Case::Well).await;
    fixture.clock.0.fetch_add(600_000, Ordering::SeqCst);
    let later = NOW + Duration::from_secs(800);
    fixture.seen(device, 9001, later, Case::Well).await;
    assert!(age(&browser.get("/wall/board").await.body) >= 600);
    fixture.keep().await;
    assert!(age(&browser.get("/wall/board").await.body) < 120);
    // A district without a result has no data that could be fresh.
    let empty = Fixture::empty(false).await;
    let mut browser = Browser::logged_in(&empty).await;
    assert!(age(&browser.get("/wall/board").await.body) > 120);
}

//! `/dashboard`: the rate of a period and who falls short, as the one accounting has it.

use super::*;

/// The cells of the first column of a CSV, without its heading and footnote.
fn names(csv: &str) -> Vec<&str> {
    let lines: Vec<&str> = csv.trim_start_matches('\u{feff}').lines().collect();
    lines[1..lines.len() - 1].iter().map(|line| line.split(',').next().unwrap()).collect()
}

#[tokio::test]
async fn the_dashboard_says_who_falls_short_and_its_files_have_the_same_order() {
    let fixture = Fixture::district(8, 24, None).await;
    let mut browser = Browser::of_role(&fixture, Role::Viewer).await;

    let before = browser.get("/dashboard").await;
    assert_eq!(before.status, StatusCode::OK, "{}", before.body);
    assert!(before.body.contains("1 天尚未统计或待重新统计"), "{}", before.body);

    fixture.keep().await;
    let page = browser.get("/dashboard?period=today&by=street").await.body;
    assert!(!page.contains("待重新统计"), "{page}");
    let rates = browser.get("/api/v1/rates?by=street&from=2026-11-21&to=2026-11-21").await.json();
    let percent = |row: &Value| {
        let (good, all) =
            (row["numerator"].as_u64().unwrap(), row["denominator"].as_u64().unwrap());
        zhishou_domain::Rate { numerator: good, denominator: all }.percent()
    };
    assert!(page.contains(&format!("今日在线率 {} %", percent(&rates["total"]))), "{page}");
    let mut streets: Vec<_> = rates["items"].as_array().unwrap().iter().collect();
    for street in &streets {
        assert!(page.contains(&format!("{} %", percent(street))), "{street}");
    }
    streets.sort_by(|a, b| a["value"].as_f64().partial_cmp(&b["value"].as_f64()).unwrap());
    let expected: Vec<_> = streets.iter().map(|row| row["name"].as_str().unwrap()).collect();

    let csv = browser.get("/dashboard/ranking.csv?period=today&by=street").await;
    assert!(csv.header("content-type").starts_with("text/csv"), "{:?}", csv.headers);
    assert!(csv.body.starts_with('\u{feff}'));
    assert_eq!(names(&csv.body), expected, "worst first");
    let places: Vec<_> =
        expected.iter().map(|name| page.rfind(&format!(">{name}</a></td>")).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(browser.get("/dashboard/ranking.xlsx").await.status.is_success());
    assert_eq!(browser.get("/dashboard/ranking.pdf").await.status, StatusCode::NOT_FOUND);

    // Down for longest first, as in the page.
    let offline = browser.get("/dashboard/offline.csv").await.body;
    let down = names(&offline);
    assert!(!down.is_empty() && offline.contains("连接超时"), "{offline}");
    let places: Vec<_> =
        down.iter().map(|name| page.find(&format!(">{name}</a>")).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[tokio::test]
async fn everything_chosen_stands_in_the_address_and_bad_choices_are_named() {
    let fixture = Fixture::district(4, 24, None).await;
    fixture.keep().await;
    let mut browser = Browser::logged_in(&fixture).await;
    for query in [
        "period=yesterday&by=class",
        "period=week&by=tag&policy=snapshot",
        "period=month&by=department&exclusion=before",
        "from=2026-11-20&to=2026-11-21&by=maintainer&policy=assessment@1",
        "by=police_station&class=1&lang=en",
        "by=site&q=nothing-is-called-so",
    ] {
        let page = browser.get(&format!("/dashboard?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}: {}", page.body);
        assert!(!page.body.contains("NaN"), "{query}");
        for pair in query.split('&').filter(|pair| pair.starts_with("by=")) {
            let code = pair.trim_start_matches("by=");
            assert!(page.body.contains(&format!("<option value=\"{code}\" selected>")), "{query}");
        }
    }
    for (query, status) in [
        ("period=decade", StatusCode::BAD_REQUEST),
        ("by=mood", StatusCode::BAD_REQUEST),
        ("exclusion=maybe", StatusCode::BAD_REQUEST),
        ("from=2026-11-20&to=2027-01-01", StatusCode::BAD_REQUEST),
        ("policy=unheard-of", StatusCode::NOT_FOUND),
        ("policy=snapshot@7", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(browser.get(&format!("/dashboard?{query}")).await.status, status, "{query}");
    }
}

#[tokio::test]
async fn an_older_version_of_a_policy_is_not_mistaken_for_the_newest() {
    let fixture = Fixture::district(1, 24, None).await;
    let mut policy = zhishou_domain::policy::shipped().remove(0);
    policy.version = 2;
    fixture.app.store.add_policy(policy, "admin".into(), NOW, String::new()).await.unwrap();
    fixture.keep().await;
    let mut browser = Browser::logged_in(&fixture).await;
    let old = browser.get("/dashboard?policy=time-weighted@1").await;
    assert_eq!(old.status, StatusCode::NOT_FOUND);
    assert!(old.body.contains("time-weighted@2"), "{}", old.body);
    let page = browser.get("/dashboard?policy=time-weighted").await;
    assert!(page.body.contains("time-weighted@2") && !page.body.contains("待重新统计"));
}

#[tokio::test]
async fn a_policy_that_weighs_figures_shows_its_score_and_what_weighs_how_much() {
    let fixture = Fixture::district(8, 24, None).await;
    fixture.keep().await;
    let mut browser = Browser::logged_in(&fixture).await;
    let page = browser.get("/dashboard?period=today&policy=assessment").await.body;
    assert!(page.contains("在线率 40 %、接入率 20 %、图像完好率 20 %、档案完整率 20 %"), "{page}");
    assert!(page.contains(">考核得分</th>"), "{page}");
    let plain = browser.get("/dashboard?period=today&policy=time-weighted").await.body;
    assert!(!plain.contains(">考核得分</th>"), "{plain}");
    let words = browser.get("/admin/policies/assessment").await.body;
    assert!(words.contains("权重：在线率 40 %"), "{words}");
}

//! `/dashboard`: the rate of a period and who falls short, as the one accounting has it.

use super::*;

/// The cells of the first column of a CSV, without its heading and footnote.
fn names(csv: &str) -> Vec<&str> {
    let lines: Vec<&str> = csv.trim_start_matches('\u{feff}').lines().collect();
    lines[1..lines.len() - 1].iter().map(|line| line.split(',').next().unwrap()).collect()
}

#[tokio::test]
async fn a_rate_opens_down_to_the_devices_of_a_site_and_to_the_minutes_of_a_past_day() {
    let fixture = Fixture::district(2, 24, None).await;
    fixture.keep().await;
    let mut browser = Browser::of_role(&fixture, Role::Operator).await;
    let device = device_of(&fixture, Case::Well).await;
    let store = &fixture.app.store;
    let site = store.device_page(device).await.unwrap().unwrap().site;
    let sites = browser.get("/dashboard?period=today&by=site").await.body;
    assert!(sites.contains(&format!("site={site}")) && sites.contains("by=device"), "{sites}");
    let whole = browser.get("/dashboard?period=today&by=device").await;
    assert_eq!(whole.status, StatusCode::BAD_REQUEST, "{}", whole.body);
    let of_site = format!("/dashboard?period=today&by=device&site={site}");
    let devices = browser.get(&of_site).await.body;
    let page = format!("/devices/{device}?day=2026-11-21");
    assert!(devices.contains(&format!("{page}#counted")), "{devices}");
    let rows = devices.matches("#counted").count();
    assert!(rows > 1 && rows <= 24, "of this site alone: {rows}");
    let place = store.site_name(site).await.unwrap().unwrap();
    let place = format!("<h1>{} {} · ", place.street_name, place.name);
    assert!(devices.contains(&place) && !sites.contains(&place), "which site: {devices}");

    let filing = "about=device%3A{id}&from=2026-11-21T10%3A00&to=2026-11-21T11%3A00\
                  &reason=power_cut&evidence=x&note=";
    let filed = browser.post("/exclusions", &filing.replace("{id}", &device.to_string())).await;
    let address = filed.header("location").split('?').next().unwrap().to_owned();
    let mut admin = Browser::logged_in(&fixture).await;
    admin.post(&format!("{address}/approve"), "note=").await;
    let day = browser.get(&page).await.body;
    let account = store
        .device_account(
            &zhishou_domain::policy::shipped()[0],
            device,
            ("2026-11-21".parse().unwrap(), "2026-11-21".parse().unwrap()),
            NOW,
        )
        .await
        .unwrap()
        .unwrap();
    assert_eq!(account.tally.before.due - account.tally.after.due, 60);
    let counted = day.split("id=\"counted\"").nth(1).unwrap();
    let number = |number: u64| format!("<td class=\"num\">{number}</td>");
    for due in [account.tally.before.due, account.tally.after.due] {
        assert!(counted.contains(&number(due)), "{due}: {counted}");
    }
    assert!(counted.contains("剔除前") && counted.contains("class=\"x\""), "{counted}");
    assert!(counted.contains("?day=2026-11-20"), "{counted}");
    let past = browser.get(&format!("/devices/{device}?day=2026-11-20")).await;
    assert!(past.status.is_success() && past.body.contains("2026-11-20 · 当日统计"));
    let ahead = browser.get(&format!("/devices/{device}?day=2026-11-22")).await;
    assert_eq!(ahead.status, StatusCode::BAD_REQUEST);
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

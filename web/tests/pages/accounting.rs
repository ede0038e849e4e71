//! 口径 and 剔除 over HTTP, and a rate opened down to its minutes.

use super::*;
use zhishou_domain::policy::shipped;

/// Another person at the same platform.
async fn colleague(fixture: &Fixture, login: &str, role: Role) -> Browser {
    let hash = zhishou_web::hash_password(PASSWORD.to_owned()).await.unwrap();
    fixture.app.store.create_user(login, role, &hash, false, NOW, "test").await.unwrap().unwrap();
    let mut browser = Browser::new(fixture);
    let body = serde_json::json!({"login": login, "password": PASSWORD});
    assert_eq!(browser.post_json("/api/v1/session", &body).await.status, StatusCode::OK);
    browser
}

async fn actions(fixture: &Fixture, action: &str) -> usize {
    fixture.app.store.audit_of(action, 10).await.unwrap().len()
}

#[tokio::test]
async fn policies_are_listed_previewed_and_added_but_never_changed() {
    let fixture = Fixture::district(2, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    let listed = browser.get("/api/v1/policies").await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), shipped().len());
    assert_eq!(listed["default"], "time-weighted@1");
    let mut document =
        browser.get("/api/v1/policies/time-weighted").await.json()["document"].take();
    assert_eq!(document["measure"]["method"], "time_weighted");

    // 低帧率 as down: the preview says what that does to the period, and nothing is stored.
    document["version"] = 2.into();
    document["faults"] = serde_json::json!({"low_fps": {"online": "down"}});
    let preview = browser.post_json("/api/v1/policies/preview", &document).await;
    assert_eq!(preview.status, StatusCode::OK, "{}", preview.body);
    let preview = preview.json();
    let good = |side: &str| preview[side]["numerator"].as_u64().unwrap();
    assert!(good("then") < good("now"), "{preview}");
    assert_eq!(preview["now"]["denominator"], preview["then"]["denominator"]);
    assert_eq!(preview["then"]["policy"], "time-weighted@2");
    assert_eq!(browser.get("/api/v1/policies/time-weighted@2").await.status, StatusCode::NOT_FOUND);

    assert_eq!(browser.post_json("/api/v1/policies", &document).await.status, StatusCode::CREATED);
    assert_eq!(actions(&fixture, "add_policy").await, 1);
    let again = browser.post_json("/api/v1/policies", &document).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.json()["detail"].as_str().unwrap().contains('3'), "{}", again.body);
    let rates = |policy| format!("/api/v1/rates?by=site&policy={policy}");
    let newest = browser.get(&rates("")).await.json();
    assert_eq!(newest["policy"], "time-weighted@2");
    assert_eq!(newest["total"]["numerator"], preview["then"]["numerator"]);
    let first = browser.get(&rates("time-weighted@1")).await.json();
    assert_eq!(first["total"]["numerator"], preview["now"]["numerator"]);

    document["colour"] = 1.into();
    let unknown = browser.post_json("/api/v1/policies", &document).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    assert!(unknown.json()["detail"].as_str().unwrap().contains("colour"), "{}", unknown.body);
    let toml = "id = \"x\"\nversion = 1";
    let body = Body::from(toml);
    let broken = browser.send(Method::POST, "/api/v1/policies", body, "application/toml").await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.get(&rates("nobody")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_shipped_policy_gives_figures_with_all_they_are_made_of() {
    let fixture = Fixture::district(4, 24, None).await;
    let mut browser = Browser::logged_in(&fixture).await;
    for policy in shipped() {
        for by in
            ["site", "street", "department", "class", "maintainer", "police_station", "parent"]
        {
            let path = format!("/api/v1/rates?by={by}&from=2026-11-20&policy={}", policy.id);
            let answer = browser.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
            let answer = answer.json();
            let rows = answer["items"].as_array().unwrap();
            for key in ["numerator", "denominator", "scheduled"] {
                let sum: u64 = rows.iter().map(|row| row[key].as_u64().unwrap()).sum();
                assert_eq!(answer["total"][key].as_u64(), Some(sum), "{path} {key}");
            }
            for row in rows.iter().chain([&answer["total"]]) {
                assert_eq!(row["policy"], format!("{}@1", policy.id));
                for figure in ["reach", "intact", "connected", "ledger", "before_exclusion"] {
                    let figure = &row[figure];
                    if figure.is_null() && !policy.has_pictures() {
                        continue;
                    }
                    let (part, all) =
                        (figure["numerator"].as_u64(), figure["denominator"].as_u64());
                    assert!(part.unwrap() <= all.unwrap(), "{path} {figure}");
                }
            }
            assert_eq!(answer["total"]["score"].is_object(), policy.score.is_some());
        }
    }
    let page = browser.get("/api/v1/rates?by=site&limit=3").await.json();
    let next = page["next"].as_str().unwrap();
    let rest = browser.get(&format!("/api/v1/rates?by=site&limit=3&next={next}")).await.json();
    assert_eq!(
        (page["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()),
        (3, 1)
    );
    assert_eq!((&page["total"], &rest["next"]), (&rest["total"], &Value::Null));
    let strips = browser.get("/api/v1/rates?by=site&source=strips").await.json();
    let truth = browser.get("/api/v1/rates?by=site").await.json();
    assert_eq!(strips["source"], "strips");
    for key in ["numerator", "denominator", "scheduled", "counts"] {
        assert_eq!(strips["total"][key], truth["total"][key], "{key}");
    }
}

#[tokio::test]
async fn more_than_a_quarter_is_made_from_strips_alone() {
    let fixture = Fixture::empty(false).await;
    let mut browser = Browser::logged_in(&fixture).await;
    for (from, rest, offered) in [
        ("2026-08-22", "", None),
        ("2026-08-21", "", Some(true)),
        ("2025-10-18", "&source=strips", None),
        ("2025-10-17", "&source=strips", Some(false)),
        // Not to be made from strips, whatever is asked for.
        ("2026-08-22", "&source=strips&policy=assessment", None),
        ("2026-08-21", "&source=strips&policy=assessment", Some(false)),
    ] {
        let path = format!("/api/v1/rates?by=site&from={from}&to=2026-11-21{rest}");
        let answer = browser.get(&path).await;
        let Some(offered) = offered else {
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
            continue;
        };
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        let problem = answer.json();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("at most"), "{path}: {detail}");
        let offer = "source=strips takes up to 400 days";
        assert_eq!(detail.contains(offer), offered, "{path}: {detail}");
    }
    let document = browser.get("/api/v1/policies/time-weighted").await.json()["document"].take();
    let path = "/api/v1/policies/preview?to=2026-11-21&from=2026-08-21";
    let preview = browser.post_json(path, &document).await;
    assert_eq!(preview.status, StatusCode::BAD_REQUEST, "{}", preview.body);
    assert!(preview.body.contains("at most 92 days"), "{}", preview.body);
}

#[tokio::test]
async fn an_exclusion_takes_three_people_and_shows_in_the_minutes() {
    let fixture = Fixture::district(1, 24, None).await;
    let mut maintainer = Browser::logged_in(&fixture).await;
    let (mut centre, mut liaison) = (
        colleague(&fixture, "centre", Role::Admin).await,
        colleague(&fixture, "liaison", Role::Viewer).await,
    );
    assert!(fixture.app.store.set_liaison("liaison", true, NOW, "test").await.unwrap());
    let device = device_of(&fixture, Case::Silent).await;
    let filing = serde_json::json!({
        "device": device.to_string(), "from": "2026-11-21T13:00:00+08:00",
        "to": "2026-11-21T14:30:00+08:00", "reason": "power_cut", "evidence": "供电局通知 12 号",
    });
    let filed = maintainer.post_json("/api/v1/exclusions", &filing).await;
    assert_eq!(filed.status, StatusCode::CREATED, "{}", filed.body);
    let id = filed.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(filed.json()["state"], "filed");
    let path = |act: &str| format!("/api/v1/exclusions/{id}/{act}");
    let total = async |browser: &mut Browser, policy: &str| {
        let path = format!("/api/v1/rates?by=site&policy={policy}");
        browser.get(&path).await.json()["total"].clone()
    };
    assert_eq!(total(&mut maintainer, "time-weighted").await["excluded"], 0);

    let own = maintainer.post_json(&path("approve"), &Value::Object(Default::default())).await;
    assert_eq!(own.status, StatusCode::CONFLICT);
    assert!(own.json()["detail"].as_str().unwrap().contains("不同的人"), "{}", own.body);
    let early = liaison.send(Method::POST, &path("confirm"), Body::empty(), "").await;
    assert_eq!(early.status, StatusCode::CONFLICT, "{}", early.body);
    let beyond = liaison.send(Method::POST, &path("approve"), Body::empty(), "").await;
    assert_eq!(beyond.status, StatusCode::FORBIDDEN, "{}", beyond.body);
    let note = serde_json::json!({"note": "属实"});
    assert_eq!(centre.post_json(&path("approve"), &note).await.json()["state"], "approved");
    let figures = total(&mut centre, "time-weighted").await;
    assert_eq!(figures["excluded"], 90);
    let scheduled = |it: &Value| it["scheduled"].as_u64().unwrap();
    assert_eq!(scheduled(&figures["before_exclusion"]) - scheduled(&figures), 90);
    assert_eq!(total(&mut centre, "assessment").await["excluded"], 0, "not confirmed yet");
    assert_eq!(centre.post_json(&path("confirm"), &note).await.status, StatusCode::FORBIDDEN);
    assert_eq!(liaison.post_json(&path("confirm"), &note).await.json()["state"], "confirmed");
    assert_eq!(total(&mut liaison, "assessment").await["excluded"], 90);

    let minutes = liaison.get(&format!("/api/v1/devices/{device}/minutes")).await.json();
    let runs = minutes["runs"].as_array().unwrap();
    let all: u64 = runs.iter().map(|run| run["minutes"].as_u64().unwrap()).sum();
    assert_eq!(all, 15 * 60 + 30);
    let out: Vec<_> = runs.iter().filter(|run| run["excluded"] == true).collect();
    assert_eq!(out.iter().map(|run| run["minutes"].as_u64().unwrap()).sum::<u64>(), 90);
    assert_eq!(out[0]["from"], "2026-11-21T13:00:00.000+08:00");
    let down: u64 = runs
        .iter()
        .filter(|run| run["due"] == true && run["state"] == "down" && run["excluded"] == false)
        .map(|run| run["minutes"].as_u64().unwrap())
        .sum();
    let figures = &minutes["figures"];
    let (good, checked) = (figures["numerator"].as_u64(), figures["denominator"].as_u64());
    assert_eq!(checked.unwrap() - good.unwrap(), down);
    assert!(!minutes["transitions"].as_array().unwrap().is_empty());

    let listed = liaison.get("/api/v1/exclusions?limit=1").await.json();
    assert_eq!(listed["items"][0]["steps"].as_array().unwrap().len(), 3);
    assert_eq!(listed["next"], Value::Null);
    assert_eq!(centre.post_json(&path("withdraw"), &note).await.json()["state"], "withdrawn");
    assert_eq!(total(&mut liaison, "assessment").await["excluded"], 0);
    for action in ["file_exclusion", "approve_exclusion", "confirm_exclusion", "withdraw_exclusion"]
    {
        assert_eq!(actions(&fixture, action).await, 1, "{action}");
    }
    for (key, value) in [
        ("from", "2026-11-21T13:00:01+08:00"),
        ("to", "2026-11-21T12:00:00+08:00"),
        ("reason", "laziness"),
        ("evidence", " "),
        ("device", "x"),
        ("site", &device.to_string()),
    ] {
        let mut wrong = filing.clone();
        wrong[key] = value.into();
        let answer = maintainer.post_json("/api/v1/exclusions", &wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{key}: {}", answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert_eq!(maintainer.get("/api/v1/devices/x/minutes").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_policy_is_written_on_a_page_that_shows_first_what_it_changes() {
    let fixture = Fixture::district(2, 24, None).await;
    let mut admin = Browser::logged_in(&fixture).await;
    let listed = admin.get("/admin/policies").await.body;
    for policy in shipped() {
        assert!(listed.contains(&policy.reference().to_string()), "{listed}");
    }
    let shown = admin.get("/admin/policies/time-weighted").await.body;
    assert!(shown.contains("统计范围") && shown.contains("intact_over"), "{shown}");
    assert_eq!(admin.get("/admin/policies/nobody").await.status, StatusCode::NOT_FOUND);
    let form = admin.get("/admin/policies/time-weighted@1/edit").await.body;
    assert!(form.contains("version = 2"), "{form}");

    // 低帧率 as down.
    let mut policy = shipped().remove(0);
    policy.version = 2;
    let document = format!("{}\n[faults.low_fps]\nonline = \"down\"\n", policy.to_toml().unwrap());
    let sent = |document: &str, from: &str| {
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("document", document)
            .append_pair("from", from)
            .append_pair("to", "2026-11-21")
            .finish()
    };
    let preview = admin.post("/admin/policies/preview", &sent(&document, "2026-11-20")).await;
    assert_eq!(preview.status, StatusCode::OK, "{}", preview.body);
    for said in ["time-weighted@1", "time-weighted@2", "在线率有变化的街道", "帧率不足→离线"]
    {
        assert!(preview.body.contains(said), "{said}: {}", preview.body);
    }
    assert_eq!(admin.get("/admin/policies/time-weighted@2").await.status, StatusCode::NOT_FOUND);
    // The same in JSON, and what is wrong with JSON is said of JSON.
    let json = serde_json::to_string_pretty(
        &zhishou_domain::policy::Policy::from_toml(&document).unwrap(),
    )
    .unwrap();
    let same = admin.post("/admin/policies/preview", &sent(&json, "2026-11-20")).await;
    assert_eq!(same.status, StatusCode::OK, "{}", same.body);
    assert!(same.body.contains("帧率不足→离线"), "{}", same.body);
    let broken = json.replacen("\"basis\"", "\"basics\"", 1);
    let refused = admin.post("/admin/policies/preview", &sent(&broken, "2026-11-20")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert!(refused.body.contains("basics"), "{}", refused.body);
    for (document, from, problem) in [
        ("colour = 1", "2026-11-20", "colour"),
        (&*document, "2026-11-22", "先后有序"),
        (&*document, "2026-01-01", "最多 31 天"),
    ] {
        let refused = admin.post("/admin/policies/preview", &sent(document, from)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert!(refused.body.contains(problem) && refused.body.contains("<textarea"), "{problem}");
    }

    let saved = admin.post("/admin/policies", &sent(&document, "")).await;
    assert_eq!(saved.header("location"), "/admin/policies?done=saved", "{}", saved.body);
    assert_eq!(actions(&fixture, "add_policy").await, 1);
    let again = admin.post("/admin/policies", &sent(&document, "")).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.body.contains("下一个版本号是 3"), "{}", again.body);
    let listed = admin.get("/admin/policies").await.body;
    assert!(listed.contains("time-weighted@2") && listed.contains("time-weighted@1"), "{listed}");
}

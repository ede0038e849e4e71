//! `/admin/plans`: read by all, previewed in words, saved as a version by administrators, never over another's.

use super::*;
use url::form_urlencoded::Serializer;
use zhishou_domain::{check::CheckPlan, meeting::AssuranceGrade};

fn form(document: &str, version: i64, act: &str) -> String {
    Serializer::new(String::new())
        .append_pair("document", document)
        .append_pair("version", &version.to_string())
        .append_pair("act", act)
        .finish()
}

#[tokio::test]
async fn a_plan_is_previewed_in_words_and_saved_as_the_next_version() {
    let fixture = Fixture::empty(false).await;
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    let page = viewer.get("/admin/plans").await.body;
    assert!(page.contains("会前 1 天 全面检查") && page.contains("随平台提供"), "{page}");
    let grade = AssuranceGrade::Third;
    let at = format!("/admin/plans/{}", grade.code());
    let text = CheckPlan::of_grade(grade).to_toml().unwrap();
    let changed = text.replacen("loss_percent = 1.0", "loss_percent = 3.0", 1);
    assert_eq!(viewer.post(&at, &form(&changed, 0, "save")).await.status, StatusCode::FORBIDDEN);

    let mut admin = Browser::of_role(&fixture, Role::Admin).await;
    assert!(admin.get(&format!("{at}/edit")).await.body.contains("loss_percent = 1.0"));
    let preview = admin.post(&at, &form(&changed, 0, "")).await;
    assert_eq!(preview.status, StatusCode::OK);
    assert!(preview.body.contains("<b>限值：丢包 3 %，"), "{}", preview.body);
    assert_eq!(fixture.app.store.check_plan(grade).await.unwrap().0, 0, "nothing is saved yet");
    let bad = changed.replacen("\"audio\"", "\"smell\"", 1);
    let refused = admin.post(&at, &form(&bad, 0, "save")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("smell") && refused.body.contains("loss_percent = 3.0"));

    let saved = admin.post(&at, &form(&changed, 0, "save")).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let (version, plan) = fixture.app.store.check_plan(grade).await.unwrap();
    assert_eq!((version, plan.limits.loss_percent), (1, 3.0));
    let late = admin.post(&at, &form(&text, 0, "save")).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY, "somebody was first");
    assert!(late.body.contains("现行版本 1") && late.body.contains("loss_percent = 1.0"));
    let audit = fixture.app.store.audit_of("check_plan", 10).await.unwrap();
    assert_eq!((audit.len(), audit[0].1.ends_with("@1")), (1, true), "{audit:?}");
    let old = viewer.get(&format!("{at}/0")).await.body;
    assert!(old.contains("loss_percent = 1.0"), "{old}");
    assert_eq!(viewer.get(&format!("{at}/9")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn programs_read_and_save_plans() {
    let fixture = Fixture::empty(false).await;
    let mut admin = Browser::of_role(&fixture, Role::Admin).await;
    let all = admin.get("/api/v1/check-plans").await.json();
    assert_eq!((all.as_array().unwrap().len(), &all[0]["version"]), (3, &0.into()));
    let at = format!("/api/v1/check-plans/{}", all[2]["grade"].as_str().unwrap());
    let mut document = all[2]["document"].clone();
    document["limits"]["delay_ms"] = 250.0.into();
    let body = |version: i64, document: &serde_json::Value| {
        Body::from(serde_json::json!({"version": version, "document": document}).to_string())
    };
    let mut send = async |body| admin.send(Method::POST, &at, body, "application/json").await;
    assert_eq!(send(body(0, &document)).await.status, StatusCode::CREATED);
    assert_eq!(send(body(0, &document)).await.status, StatusCode::CONFLICT);
    document["limits"]["delay_ms"] = 0.into();
    assert_eq!(send(body(1, &document)).await.status, StatusCode::BAD_REQUEST);
    let versions = admin.get(&at).await.json();
    assert_eq!(versions[0]["document"]["limits"]["delay_ms"], 250.0);
    assert_eq!(versions.as_array().unwrap().len(), 2);
}

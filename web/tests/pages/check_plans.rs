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
    let fields = admin.get(&format!("{at}/edit")).await.body;
    assert!(fields.contains("name=\"loss_percent\" value=\"1\""), "{fields}");
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

/// What a browser posts of a form: its fields as they stand, with these changed.
fn posted(page: &str, changes: &[(&str, &str)]) -> String {
    let form = page.split("class=\"form booking plan\"").nth(1).expect("there is a form");
    let form = form.split("</form>").next().unwrap();
    let attribute = |tag: &str, name: &str| {
        let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
        Some(tag[at..].split('"').next().unwrap_or_default().to_owned())
    };
    let mut fields: Vec<(String, String)> = Vec::new();
    for tag in form.split('<').skip(1) {
        if tag.starts_with("input") {
            let value = attribute(tag, "value").unwrap_or_default();
            fields.extend(attribute(tag, "name").map(|name| (name, value)));
        } else if tag.starts_with("select") {
            fields.extend(attribute(tag, "name").map(|name| (name, String::new())));
        } else if tag.starts_with("option") && tag.split('>').next().unwrap().contains("selected") {
            fields.last_mut().unwrap().1 = attribute(tag, "value").unwrap();
        }
    }
    let mut all = Serializer::new(String::new());
    for (name, value) in &fields {
        let changed = changes.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
        all.append_pair(name, changed.unwrap_or(value));
    }
    let new = changes.iter().filter(|(key, _)| fields.iter().all(|(name, _)| name != key));
    new.for_each(|(key, value)| {
        all.append_pair(key, value);
    });
    all.finish()
}

#[tokio::test]
async fn a_plan_is_changed_in_a_form_that_says_what_becomes_of_the_meetings_ahead() {
    let fixture = Fixture::empty(false).await;
    // It is 15:30; of 保障等级 3, to begin at 15:50.
    let (id, _) = super::meetings::booked(&fixture).await;
    let at = format!("/admin/plans/{}", AssuranceGrade::Third.code());
    let mut admin = Browser::of_role(&fixture, Role::Admin).await;
    let page = admin.get(&format!("{at}/edit")).await.body;
    assert!(page.contains("必须合格") && !page.contains("<textarea"), "{page}");

    // As it is, it is the same plan; and so it is as a document.
    let same = admin.post(&at, &posted(&page, &[])).await.body;
    assert!(same.contains("1 场已预约的会议将按新方案检查，检查时间不变。"), "{same}");
    assert!(!same.contains("<b>会前"), "{same}");
    let turned = admin.post(&at, &posted(&page, &[("act", "turn")])).await.body;
    assert!(turned.contains("before_min = 60") && turned.contains("改用表单填写"), "{turned}");

    // T-10 becomes T-5 and T-2 h is new: its time has passed; sound is no longer signed.
    let changes = [
        ("before_2", "5"),
        ("before_3", "2"),
        ("before_3_unit", "h"),
        ("depth_3", "liveness"),
        ("item_sound", ""),
        ("item_power", "required"),
    ];
    let preview = admin.post(&at, &posted(&page, &changes)).await;
    assert_eq!(preview.status, StatusCode::OK, "{}", preview.body);
    let body = preview.body;
    for words in [
        "1 场已预约的会议将按新方案检查，检查时间有变。新增检查项：供电。不再检查：声音。",
        "11-21 13:50 新增 只查在线（时间已过）",
        "11-21 15:40 取消 只查在线",
        "11-21 15:45 新增 只查在线",
        "<b>会前 2 小时 只查在线，会前 1 小时 全面检查，会前 15 分钟 复查异常，会前 5 分钟 只查在线。</b>",
    ] {
        assert!(body.contains(words), "{words}: {body}");
    }
    assert!(body.contains(&format!("href=\"/meetings/{id}\"")), "{body}");

    // A call so late is refused, and what was typed is shown again.
    let late = [("before_2", "5"), ("depth_2", "full"), ("jitter_ms", "31.5")];
    let refused = admin.post(&at, &posted(&page, &late)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("10 分钟内只查在线"), "{}", refused.body);
    assert!(refused.body.contains("name=\"jitter_ms\" value=\"31.5\""), "{}", refused.body);
    let wrong = admin.post(&at, &posted(&page, &[("delay_ms", "many")])).await;
    assert!(wrong.body.contains("many：须为数字"), "{}", wrong.body);

    let document = body.split("<textarea name=\"document\" hidden>").nth(1).unwrap();
    let document = document.split("</textarea>").next().unwrap().replace("&#34;", "\"");
    let saved = admin.post(&at, &form(&document, 0, "save")).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let (_, plan) = fixture.app.store.check_plan(AssuranceGrade::Third).await.unwrap();
    assert_eq!(plan.points.iter().map(|it| it.before_min).collect::<Vec<_>>(), [120, 60, 15, 5]);
}

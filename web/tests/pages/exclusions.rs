//! 剔除 on pages: filed, approved and confirmed by three people, outlined on every strip.

use super::*;
use url::form_urlencoded::Serializer;

/// A filing as the form sends it, over an hour of the day of the fixture.
fn filing(about: &str, evidence: &str, to: &str) -> String {
    Serializer::new(String::new())
        .append_pair("about", about)
        .append_pair("from", "2026-11-21T10:00")
        .append_pair("to", to)
        .append_pair("reason", "power_cut")
        .append_pair("evidence", evidence)
        .append_pair("note", "整条街停电")
        .finish()
}

#[tokio::test]
async fn three_people_put_an_exclusion_in_force_and_every_strip_shows_it() {
    let fixture = Fixture::district(2, 24, None).await;
    let device = device_of(&fixture, Case::Well).await;
    let page = fixture.app.store.device_page(device).await.unwrap().unwrap();
    let site = page.site;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let mut admin = Browser::logged_in(&fixture).await;

    let empty = operator.get("/exclusions").await;
    assert!(empty.body.contains("没有剔除记录"), "{}", empty.body);
    let form = operator.get(&format!("/exclusions/new?about=device:{device}")).await;
    assert!(form.body.contains(&format!("value=\"device:{device}\" selected")), "{}", form.body);

    let sent = filing(&format!("site:{site}"), "供电局 2026-118 号", "2026-11-21T11:00");
    let filed = operator.post("/exclusions", &sent).await;
    assert_eq!(filed.status, StatusCode::SEE_OTHER, "{}", filed.body);
    let address = filed.header("location").split('?').next().unwrap().to_owned();
    let outlined = "class=\"x\"";
    let strips = [format!("/devices/{device}"), format!("/sites/{site}"), "/".into()];
    for path in &strips {
        assert!(!operator.get(path).await.body.contains(outlined), "{path}");
    }

    // Who filed it may withdraw it, and is told why they cannot confirm it.
    let own = operator.get(&address).await.body;
    assert!(own.contains("供电局 2026-118 号") && own.contains("待数据中心批准"), "{own}");
    assert!(own.contains("/withdraw\"") && !own.contains("/approve\""), "{own}");
    // What it would change is there before anybody agrees; nothing else has changed yet.
    assert!(own.contains("若批准，剔除后"), "{own}");
    let left_out = |page: &str| page.split("剔除时长 ").nth(1).map(|it| it[..4].to_owned());
    let as_if = left_out(&own);
    assert!(as_if.as_ref().is_some_and(|it| !it.starts_with('0')), "{own}");

    assert_eq!(
        admin.post(&format!("{address}/approve"), "note=").await.status,
        StatusCode::SEE_OTHER
    );
    for path in &strips {
        assert!(operator.get(path).await.body.contains(outlined), "{path}");
    }
    assert!(operator.get(&format!("/devices/{device}")).await.body.contains("在线 · 剔除"));
    let page = operator.get(&address).await.body;
    assert!(page.contains("剔除后") && !page.contains("若批准"), "{page}");
    assert_eq!(left_out(&page), as_if);
    assert!(page.contains("待公安联络员确认"), "the policy that asks for it: {page}");
    for (own, status) in [(false, StatusCode::FORBIDDEN), (true, StatusCode::CONFLICT)] {
        assert!(fixture.app.store.set_liaison("operator", own, NOW, "test").await.unwrap());
        let page = operator.get(&address).await.body;
        let why = if own {
            "申报、批准、确认须由不同的人完成"
        } else {
            "确认由公安联络员办理"
        };
        assert!(page.contains(why) && !page.contains("/confirm\""), "{page}");
        let refused = operator.post(&format!("{address}/confirm"), "note=").await;
        assert_eq!(refused.status, status, "{}", refused.body);
    }

    let hash = zhishou_web::hash_password(PASSWORD.to_owned()).await.unwrap();
    let store = &fixture.app.store;
    // The liaison looks, and confirms: no other role is needed for it.
    store.create_user("liaison", Role::Viewer, &hash, false, NOW, "test").await.unwrap().unwrap();
    assert!(store.set_liaison("liaison", true, NOW, "test").await.unwrap());
    let mut liaison = Browser::new(&fixture);
    liaison.post("/login", &format!("login=liaison&password={PASSWORD}")).await;
    let confirmed = liaison.post(&format!("{address}/confirm"), "note=ok").await;
    assert_eq!(confirmed.header("location"), format!("{address}?done=confirm"));
    assert!(!liaison.get(&address).await.body.contains("待公安联络员确认"));
    for (action, login) in [
        ("file_exclusion", "operator"),
        ("approve_exclusion", "admin"),
        ("confirm_exclusion", "liaison"),
    ] {
        let lines = store.audit_of(action, 10).await.unwrap();
        assert_eq!((lines.len(), lines[0].0.as_str()), (1, login), "{action}");
    }
    let listed = liaison.get("/exclusions?state=confirmed").await.body;
    assert!(listed.contains(&address) && listed.contains("停电"), "{listed}");
    assert!(!liaison.get("/exclusions?state=filed").await.body.contains(&address));
    assert_eq!(liaison.get("/exclusions?state=x").await.status, StatusCode::BAD_REQUEST);

    let withdrawn = operator.post(&format!("{address}/withdraw"), "note=误报").await;
    assert_eq!(withdrawn.status, StatusCode::SEE_OTHER, "{}", withdrawn.body);
    for path in &strips {
        assert!(!operator.get(path).await.body.contains(outlined), "{path}");
    }
}

#[tokio::test]
async fn what_a_maintainer_filed_is_outlined_on_its_site_and_judged_by_none_of_its_people() {
    let fixture = Fixture::district(2, 24, None).await;
    let device = device_of(&fixture, Case::Well).await;
    let store = &fixture.app.store;
    let site = store.device_page(device).await.unwrap().unwrap().site;
    let name = store.device_page(device).await.unwrap().unwrap().maintainer.unwrap();
    let mut contractor = Browser::of_role(&fixture, Role::Operator).await;
    assert!(store.set_maintainer("operator", Some(name.clone()), NOW, "test").await.unwrap());
    let hash = zhishou_web::hash_password(PASSWORD.to_owned()).await.unwrap();
    for (login, role) in [("colleague", Role::Operator), ("boss", Role::Admin)] {
        store.create_user(login, role, &hash, false, NOW, "test").await.unwrap().unwrap();
        assert!(store.set_liaison(login, true, NOW, "test").await.unwrap());
        assert!(store.set_maintainer(login, Some(name.clone()), NOW, "test").await.unwrap());
        assert!(!store.user_by_login(login).await.unwrap().unwrap().is_liaison, "{login}");
        assert!(!store.set_liaison(login, true, NOW, "test").await.unwrap(), "{login}");
    }
    let sent = filing(&format!("device:{device}"), "供电局 2026-118 号", "2026-11-21T11:00");
    let filed = contractor.post("/exclusions", &sent).await;
    let address = filed.header("location").split('?').next().unwrap().to_owned();
    let mut admin = Browser::logged_in(&fixture).await;
    let strips = [format!("/sites/{site}"), "/".to_owned()];
    for login in ["boss", "colleague"] {
        let mut theirs = Browser::new(&fixture);
        theirs.post("/login", &format!("login={login}&password={PASSWORD}")).await;
        for act in ["approve", "reject", "confirm"] {
            let refused = theirs.post(&format!("{address}/{act}"), "note=x").await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{login} {act}: {}", refused.body);
        }
        let page = theirs.get(&address).await.body;
        assert!(!page.contains("/approve\"") && !page.contains("/reject\""), "{page}");
        assert!(page.contains("运维单位只能申报和撤回"), "{page}");
        if login == "boss" {
            admin.post(&format!("{address}/approve"), "note=").await;
        }
    }
    for path in &strips {
        let page = admin.get(path).await.body;
        assert!(page.contains("class=\"x\""), "{path}: a single device of the site is left out");
    }
}

#[tokio::test]
async fn a_filing_that_is_refused_is_shown_as_it_was_typed() {
    let fixture = Fixture::district(1, 12, None).await;
    let device = device_of(&fixture, Case::Well).await;
    let mut browser = Browser::of_role(&fixture, Role::Operator).await;
    let about = format!("device:{device}");
    let later = "2026-11-21T12:00";
    for (sent, problem) in [
        (filing("", "依据一", later), "请选择剔除的对象"),
        (filing(&about, " ", later), "须填写依据"),
        (filing(&about, "依据一", "2026-11-21T09:00"), "先后有序"),
        (filing(&about, "依据一", "noon"), "请填写起止时间"),
        (filing("device:0198c000-0000-7000-8000-000000000000", "依据一", later), "不存在"),
    ] {
        let answer = browser.post("/exclusions", &sent).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert!(answer.body.contains(problem), "{problem}: {}", answer.body);
        assert!(answer.body.contains("整条街停电"), "{problem}: what was typed is there");
    }
    assert!(fixture.app.store.audit_of("file_exclusion", 1).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_outage_under_way_is_filled_in() {
    let fixture = Fixture::district(1, 24, None).await;
    let down = device_of(&fixture, Case::Silent).await;
    let mut browser = Browser::of_role(&fixture, Role::Operator).await;
    let form = browser.get(&format!("/exclusions/new?about=device:{down}")).await.body;
    assert!(form.contains("name=\"to\" value=\"2026-11-21T15:30\""), "{form}");
    assert!(form.contains("name=\"from\" value=\"2026-11-2"), "{form}");
}

#[tokio::test]
async fn what_proves_an_exclusion_is_kept_with_it_and_seen_by_whom_it_concerns() {
    let fixture = Fixture::district(2, 24, None).await;
    let device = device_of(&fixture, Case::Well).await;
    let store = &fixture.app.store;
    let name = store.device_page(device).await.unwrap().unwrap().maintainer.unwrap();
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let sent = filing(&format!("device:{device}"), "供电局 2026-118 号", "2026-11-21T11:00");
    let filed = operator.post("/exclusions", &sent).await;
    let address = filed.header("location").split('?').next().unwrap().to_owned();
    let place = format!("{address}/files");
    let upload = async |browser: &mut Browser, bytes: Vec<u8>| {
        browser.send(Method::POST, &place, Body::from(bytes), "").await.status
    };
    let pdf = b"%PDF-1.7\n%%EOF".to_vec();
    for bytes in [fixture::JPEG.to_vec(), pdf.clone()] {
        assert_eq!(upload(&mut operator, bytes).await, StatusCode::CREATED);
        fixture.clock.0.fetch_add(1000, Ordering::SeqCst);
    }
    for (bytes, status) in [
        (b"<svg/>".to_vec(), StatusCode::BAD_REQUEST),
        ([&pdf[..], &vec![0; 11 << 20]].concat(), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        assert_eq!(upload(&mut operator, bytes).await, status);
    }
    let page = operator.get(&address).await.body;
    let hrefs: Vec<String> = page
        .split(&format!("href=\"{place}/"))
        .skip(1)
        .map(|rest| format!("{place}/{}", rest.split('"').next().unwrap()))
        .collect();
    for (href, kind) in hrefs.iter().zip(["image/jpeg", "application/pdf"]) {
        let file = operator.get(href).await;
        assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, kind));
        let as_file = file.header("content-disposition").starts_with("attachment");
        assert_eq!(as_file, kind == "application/pdf", "a document is never run in our pages");
    }
    assert_eq!(hrefs.len(), 2, "{page}");
    for action in ["add_exclusion_file", "view_exclusion_file"] {
        assert_eq!(store.audit_of(action, 10).await.unwrap().len(), 2, "{action}");
    }

    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    assert_eq!(upload(&mut viewer, pdf.clone()).await, StatusCode::FORBIDDEN);
    let others = store.choices().await.unwrap().maintainers;
    let other = others.into_iter().find(|it| it.1 != name).unwrap().1;
    for (maintainer, status) in [(other, StatusCode::NOT_FOUND), (name, StatusCode::OK)] {
        assert!(store.set_maintainer("viewer", Some(maintainer), NOW, "test").await.unwrap());
        assert_eq!(viewer.get(&hrefs[0]).await.status, status);
    }

    operator.post(&format!("{address}/withdraw"), "note=x").await;
    assert_eq!(upload(&mut operator, pdf).await, StatusCode::CONFLICT);
    assert_eq!(fixture.app.photos.list().unwrap().len(), 2, "nothing of what was refused stays");
}

#[tokio::test]
async fn whoever_belongs_to_a_maintainer_files_among_what_it_keeps() {
    let fixture = Fixture::district(4, 24, None).await;
    let device = device_of(&fixture, Case::Silent).await;
    let store = &fixture.app.store;
    let kept = store.device_page(device).await.unwrap().unwrap();
    let mut contractor = Browser::of_role(&fixture, Role::Operator).await;
    let form = format!("/exclusions/new?about=device:{device}");
    let all = store.choices().await.unwrap().maintainers;
    let own = kept.maintainer.clone().unwrap();
    let other = all.into_iter().find(|it| it.1 != own).unwrap().1;
    for (maintainer, knows) in [(own, true), (other, false)] {
        assert!(store.set_maintainer("operator", Some(maintainer), NOW, "test").await.unwrap());
        let page = contractor.get(&form).await.body;
        assert_eq!(page.contains(&format!("value=\"device:{device}\" selected")), knows, "{page}");
        assert!(!page.contains("id=\"maintainer\""), "{page}");
        let sites = store.site_names().await.unwrap().len();
        let keeper = store.user_by_login("operator").await.unwrap().unwrap().maintainer.unwrap();
        let theirs = store.kept_sites(keeper).await.unwrap().len();
        assert_eq!(page.matches("value=\"site:").count(), theirs, "of {sites}");
    }
}

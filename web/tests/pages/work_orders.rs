//! 工单 on pages and in the API: reported, assigned, stopped by reason, finished, printed; and a
//! maintainer who sees its own alone.

use super::*;
use url::form_urlencoded::Serializer;

fn report(title: &str) -> String {
    Serializer::new(String::new())
        .append_pair("category", "meeting")
        .append_pair("title", title)
        .append_pair("caller", "<i>王</i>")
        .append_pair("unit", "政务办")
        .append_pair("phone", "028-5555")
        .finish()
}

#[tokio::test]
async fn a_report_by_telephone_is_assigned_stopped_by_reason_and_finished() {
    let fixture = Fixture::district(2, 24, None).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    assert!(operator.get("/work-orders").await.body.contains("没有工单"));
    assert!(operator.get("/work-orders/new").await.body.contains("报修单位"));
    let sent = operator.post("/work-orders", &report("三楼会议室无声音")).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let address = sent.header("location").to_owned();
    let page = operator.get(&address).await.body;
    assert!(
        page.contains("待派单") && page.contains("派工单") && !page.contains("<i>王"),
        "{page}"
    );
    assert!(page.contains("href=\"tel:028-5555\""), "{page}");

    let choices = fixture.app.store.choices().await.unwrap();
    let (maintainer, name) = choices.maintainers[0].clone();
    let bare = operator.post(&format!("{address}/stop"), "note=x").await;
    assert_eq!(bare.status, StatusCode::CONFLICT, "no clock stops without a reason");
    for (act, form) in [
        ("assign", format!("maintainer={maintainer}")),
        ("stop", "reason=power_cut&note=".to_owned()),
        ("resume", String::new()),
    ] {
        let done = operator.post(&format!("{address}/{act}"), &form).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{act}: {}", done.body);
    }
    assert!(operator.get(&address).await.body.contains("停电"));
    assert!(operator.get("/work-orders").await.body.contains("三楼会议室无声音"));

    // One who belongs to another maintainer does not know of it; one of its own may note and no more.
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    assert_eq!(
        viewer.post(&format!("{address}/note"), "note=x").await.status,
        StatusCode::FORBIDDEN
    );
    let bind = |to: String| fixture.app.store.set_maintainer("viewer", Some(to), NOW, "test");
    assert!(!bind("nobody".into()).await.unwrap());
    if let Some((_, other)) = choices.maintainers.get(1) {
        assert!(bind(other.clone()).await.unwrap());
        assert_eq!(viewer.get(&address).await.status, StatusCode::NOT_FOUND);
        assert!(viewer.get("/work-orders").await.body.contains("没有工单"));
    }
    assert!(bind(name).await.unwrap());
    assert_eq!(viewer.get(&address).await.status, StatusCode::OK);
    assert_eq!(
        viewer.post(&format!("{address}/note"), "note=x").await.status,
        StatusCode::SEE_OTHER
    );
    let finish = viewer.post(&format!("{address}/finish"), "").await;
    assert_eq!(finish.status, StatusCode::FORBIDDEN);

    assert_eq!(operator.post(&format!("{address}/finish"), "").await.status, StatusCode::SEE_OTHER);
    let over = operator.get("/work-orders?state=closed").await.body;
    assert!(over.contains("三楼会议室无声音") && over.contains("100.00 % (1/1)"), "{over}");
    let api = operator.get("/api/v1/work-orders?category=meeting").await.json();
    assert_eq!((&api["items"][0]["state"], &api["next"]), (&"done".into(), &Value::Null));
    assert_eq!(api["items"][0]["steps"].as_array().unwrap().len(), 6);
    assert_eq!(operator.get("/api/v1/work-orders/999").await.status, StatusCode::NOT_FOUND);
    let logged = fixture.app.store.audit_of("finish_work_order", 10).await.unwrap();
    assert_eq!(logged.len(), 1);
}

#[tokio::test]
async fn many_open_orders_are_paged_by_their_clocks_and_figures_are_of_the_days_chosen() {
    let fixture = Fixture::district(1, 12, None).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    for number in 0..60 {
        let sent = operator.post("/work-orders", &report(&format!("报修 {number:02}"))).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        fixture.clock.0.fetch_add(1000, Ordering::SeqCst);
    }
    let rows = |page: &str| -> Vec<String> {
        let rows = page.split("id=\"work-").skip(1);
        rows.map(|row| row.split('"').next().unwrap().to_owned()).collect()
    };
    let page = operator.get("/work-orders").await.body;
    let mut seen = rows(&page);
    assert_eq!((seen.len(), seen[0].as_str()), (50, "1"), "the longest first");
    assert!(page.contains("<strong>60</strong>"), "{page}");
    let next = page.split("href=\"/work-orders?after=").nth(1).unwrap().split('"').next().unwrap();
    // One that was opened since moves nothing.
    operator.post("/work-orders", &report("后来的")).await;
    fixture.clock.0.fetch_add(600_000, Ordering::SeqCst);
    seen.extend(rows(&operator.get(&format!("/work-orders?after={next}")).await.body));
    let all: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), all.len()), (61, 61), "{seen:?}");

    let figures = |page: &str| page.contains("61</td>");
    assert!(figures(&operator.get("/work-orders").await.body));
    let other = operator.get("/work-orders?from=2026-10-01&to=2026-10-31").await.body;
    assert!(!figures(&other) && other.contains("value=\"2026-10-31\""), "{other}");
    for bad in ["from=2026-10-02&to=2026-10-01", "from=2020-01-01", "from=x", "after=x"] {
        let answer = operator.get(&format!("/work-orders?{bad}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[tokio::test]
async fn a_cancellation_says_why_and_is_counted_and_photos_follow_for_some_days_after_the_repair() {
    let fixture = Fixture::district(1, 12, None).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let cancelled = operator.post("/work-orders", &report("误报")).await;
    let cancelled = cancelled.header("location").to_owned();
    for bare in ["", "note=%20"] {
        let refused = operator.post(&format!("{cancelled}/cancel"), bare).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    }
    operator.post(&format!("{cancelled}/cancel"), "note=重复").await;
    let sent = operator.post("/work-orders", &report("三楼会议室无声音")).await;
    let address = sent.header("location").to_owned();
    operator.post(&format!("{address}/finish"), "").await;
    let list = operator.get("/work-orders").await.body;
    assert!(list.contains("撤销</th>"), "{list}");
    let row = "<td class=\"num\">1</td><td class=\"num\">1</td><td class=\"num\">1</td>";
    assert!(list.contains(row), "accepted, done, cancelled: {list}");

    let mut add = async |address: &str| {
        let noted = operator.post(&format!("{address}/note"), "note=已换电源").await.status;
        let (place, bytes) = (format!("{address}/photos"), Body::from(fixture::JPEG.to_vec()));
        let sent = operator.send(Method::POST, &place, bytes, "image/jpeg").await.status;
        let offered = operator.get(address).await.body.contains("data-photos=");
        (noted, sent, offered)
    };
    let refused = (StatusCode::CONFLICT, StatusCode::CONFLICT, false);
    assert_eq!(add(&cancelled).await, refused);
    assert_eq!(add(&address).await, (StatusCode::SEE_OTHER, StatusCode::CREATED, true));
    fixture.clock.0.fetch_add(8 * 86_400_000, Ordering::SeqCst);
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let noted = operator.post(&format!("{address}/note"), "note=x").await;
    assert_eq!(noted.status, StatusCode::CONFLICT, "{}", noted.body);
}

#[tokio::test]
async fn photos_of_a_repair_are_jpegs_of_those_who_have_the_order_and_each_view_is_logged() {
    let fixture = Fixture::district(2, 24, None).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let sent = operator.post("/work-orders", &report("三楼会议室无声音")).await;
    let address = sent.header("location").to_owned();
    let place = format!("{address}/photos");
    let upload = async |browser: &mut Browser, bytes: Vec<u8>| {
        browser.send(Method::POST, &place, Body::from(bytes), "image/jpeg").await
    };
    let mut jpeg = fixture::JPEG.to_vec();
    jpeg.extend([7; 100_000]);
    assert_eq!(upload(&mut operator, jpeg.clone()).await.status, StatusCode::CREATED);
    let page = operator.get(&address).await.body;
    assert!(page.contains("capture=\"environment\"") && page.contains("SHA-256"), "{page}");
    let href = page.split(&format!("src=\"{place}/")).nth(1).unwrap().split('"').next().unwrap();
    let photo = operator.get(&format!("{place}/{href}")).await;
    assert_eq!((photo.status, photo.header("content-type")), (StatusCode::OK, "image/jpeg"));
    for action in ["add_work_photo", "view_work_photo"] {
        assert_eq!(fixture.app.store.audit_of(action, 10).await.unwrap().len(), 1, "{action}");
    }
    for (bytes, status) in [
        (b"<svg/>".to_vec(), StatusCode::BAD_REQUEST),
        (Vec::new(), StatusCode::BAD_REQUEST),
        ([&jpeg[..], &vec![0; 5 << 20]].concat(), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        assert_eq!(upload(&mut operator, bytes).await.status, status);
    }
    // Whoever only looks sends none, and another maintainer does not know of any.
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    assert_eq!(upload(&mut viewer, jpeg.clone()).await.status, StatusCode::FORBIDDEN);
    let choices = fixture.app.store.choices().await.unwrap();
    let name = choices.maintainers[0].1.clone();
    assert!(fixture.app.store.set_maintainer("viewer", Some(name), NOW, "test").await.unwrap());
    assert_eq!(viewer.get(&format!("{place}/{href}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(upload(&mut viewer, jpeg.clone()).await.status, StatusCode::NOT_FOUND);

    for _ in 1..12 {
        fixture.clock.0.fetch_add(1000, Ordering::SeqCst);
        assert_eq!(upload(&mut operator, jpeg.clone()).await.status, StatusCode::CREATED);
    }
    fixture.clock.0.fetch_add(1000, Ordering::SeqCst);
    assert_eq!(upload(&mut operator, jpeg.clone()).await.status, StatusCode::CONFLICT);
    let kept = fixture.app.photos.list().unwrap();
    assert_eq!(kept.len(), 12, "nothing of what was refused stays");
}

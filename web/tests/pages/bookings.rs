//! 会议预约 on pages and in the API: booked by a form, refused with who holds it, moved, approved by
//! another, made way for; feeds and acknowledgements that open by their address alone.

use super::*;
use serde_json::json;
use std::sync::Arc;
use url::form_urlencoded::Serializer;
use zhishou_domain::{
    MeetingId,
    meeting::{BookingRules, Buffers, Displacing, MeetingApproval},
};
use zhishou_web::Settings;

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Two venues and an MCU, entered by an administrator.
pub(crate) async fn rooms(fixture: &Fixture) -> Browser {
    let mut admin = Browser::logged_in(fixture).await;
    for name in ["一楼会议室", "易家街会场"] {
        let typed =
            form(&[("name", name), ("contact", "王工"), ("phone", "028-1"), ("in_use", "1")]);
        let saved = admin.post("/admin/venues", &typed).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    }
    let typed = form(&[("name", "MCU 一"), ("kind", "mcu"), ("in_use", "1")]);
    assert_eq!(admin.post("/admin/resources", &typed).await.status, StatusCode::SEE_OTHER);
    admin
}

/// The fixture's now is 2026-11-21T15:30 in Shanghai.
pub(crate) fn typed<'a>(title: &'a str, from: &'a str, to: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("title", title), ("day", "2026-11-23"), ("from", from), ("to", to), ("venue_1", "main")]
}

pub(crate) fn with_rules(mut fixture: Fixture, booking: BookingRules) -> Fixture {
    fixture.app.settings = Arc::new(Settings { booking, ..(*fixture.app.settings).clone() });
    fixture
}

#[tokio::test]
async fn five_fields_book_a_meeting_and_the_next_is_told_who_has_the_room() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let form_page = operator.get("/bookings/new?venue_1=main&day=2026-11-23").await.body;
    assert!(form_page.contains("易家街会场") && form_page.contains("MCU 一"), "{form_page}");
    let booked =
        operator.post("/bookings", &form(&typed("防汛<b>调度</b>", "09:00", "11:00"))).await;
    assert_eq!(booked.status, StatusCode::SEE_OTHER, "{}", booked.body);
    assert_eq!(booked.header("location"), "/bookings/1?done=booked");
    let page = operator.get("/bookings/1?done=booked").await.body;
    assert!(page.contains("已批准") && page.contains("11-23 09:00–11:00"), "{page}");
    assert!(page.contains("tel:028-1") && !page.contains("<b>调度"), "{page}");
    assert!(page.contains("30 分钟"), "the buffer of the house: {page}");
    // The way to its checks, and how ready it is.
    let readiness = &page[page.find("id=\"readiness\"").unwrap()..];
    assert!(readiness.contains("尚未检查") && readiness.contains("href=\"/meetings/1\""), "{page}");
    let list = operator.get("/bookings?day=2026-11-23").await.body;
    assert!(
        list.contains("href=\"/meetings/1\">会前检查") && list.contains("现在无人值班"),
        "{list}"
    );

    // The buffers are kept by the server, whatever is typed.
    let mut next = typed("接着开", "11:10", "12:00");
    next.extend([("setup", "0"), ("teardown", "0")]);
    let refused = admin.post("/bookings", &form(&next)).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    for words in
        ["一楼会议室：11-23 08:30–11:15 #1", "operator 预约", "最近的空闲时间", "11-23 11:45–12:35"]
    {
        assert!(refused.body.contains(words), "{words}: {}", refused.body);
    }
    assert!(refused.body.contains("value=\"接着开\""), "what was typed stays");
    assert_eq!(operator.get("/bookings/2").await.status, StatusCode::NOT_FOUND);

    for (path, words) in [
        ("/bookings?day=2026-11-23&span=week", "防汛"),
        ("/bookings?day=2026-11-23&span=day", "09:00–11:00"),
        ("/bookings/sheet?day=2026-11-23", "王工"),
        ("/bookings/sheet?day=2026-11-23&venue=1", "一楼会议室"),
        ("/bookings/sheet?day=2026-11-22", "无会议"),
        ("/admin/venues", "平台资源"),
        ("/admin/venues/1", "王工"),
        ("/bookings/1/edit", "2026-11-23"),
        ("/bookings/feeds", "日历订阅"),
    ] {
        let answer = operator.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.body.contains(words), "{path}: {}", answer.body);
        assert!(!answer.body.contains(" style=") && !answer.body.contains("<style"), "{path}");
        let separator = if path.contains('?') { '&' } else { '?' };
        let english = operator.get(&format!("{path}{separator}lang=en")).await;
        assert!(english.body.contains("<html lang=\"en\""), "{path}");
        operator.get("/bookings?lang=zh").await;
    }
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    let refused = viewer.post("/bookings", &form(&typed("不行", "13:00", "14:00"))).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(viewer.get("/bookings").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_typed_wrong_is_named_and_stays() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    for (fields, words) in [
        (typed("", "09:00", "10:00"), "请填写会议名称"),
        (typed("甲", "", "10:00"), "请填写日期与起止时间"),
        (typed("甲", "09:00", "10:00")[..4].to_vec(), "请选择会场"),
        ([typed("甲", "09:00", "10:00"), vec![("venue_2", "main")]].concat(), "主会场只能有一个"),
        (
            [
                typed("甲", "09:00", "10:00"),
                vec![("rehearsal_from", "2026-11-24T09:00"), ("rehearsal_to", "2026-11-24T10:00")],
            ]
            .concat(),
            "早于会议开始",
        ),
        (
            [typed("甲", "09:00", "10:00"), vec![("repeat", "daily"), ("times", "900")]].concat(),
            "200 场",
        ),
    ] {
        let answer = admin.post("/bookings", &form(&fields)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
    }
    let past = admin
        .post(
            "/bookings",
            &form(&[
                ("title", "甲"),
                ("day", "2026-11-20"),
                ("from", "09:00"),
                ("to", "10:00"),
                ("venue_1", "main"),
            ]),
        )
        .await;
    assert!(past.body.contains("开始时间已过"), "{}", past.body);
}

#[tokio::test]
async fn a_meeting_is_moved_by_programs_and_pages_and_only_from_what_they_saw() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    let body = json!({
        "title": "周调度", "from": "2026-11-23T09:00", "to": "2026-11-23T10:00",
        "venues": [{ "venue": 1, "role": "main" }], "resources": [1],
        "contacts": [{ "name": "张三", "phone": "13800000000" }],
    });
    admin.headers = vec![("idempotency-key", "k1")];
    let booked = admin.post_json("/api/v1/meetings", &body).await;
    assert_eq!(booked.status, StatusCode::CREATED, "{}", booked.body);
    let again = admin.post_json("/api/v1/meetings", &body).await;
    assert_eq!(again.json()["id"], booked.json()["id"], "the same request books once");
    let mut other = body.clone();
    other["title"] = "月调度".into();
    let refused = admin.post_json("/api/v1/meetings", &other).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    admin.headers.clear();
    let told = booked.json();
    assert_eq!(told["from"], "2026-11-23T09:00:00.000+08:00");
    assert_eq!(told["reserved"]["from"], "2026-11-23T08:30:00.000+08:00");
    let clash = admin.post_json("/api/v1/meetings", &body).await;
    assert_eq!(clash.status, StatusCode::CONFLICT);
    assert_eq!(clash.header("content-type"), "application/problem+json");
    let conflict = &clash.json()["conflicts"][0];
    assert_eq!(conflict["held"].as_array().unwrap().len(), 2, "the venue and the MCU");
    assert_eq!(conflict["free"]["from"], "2026-11-23T10:45:00.000+08:00");

    let window = "/api/v1/bookings/conflicts?from=2026-11-23T10:00&to=2026-11-23T11:00";
    let free = admin.get(window).await.json();
    assert_eq!(free["venues"][0]["free"], false);
    assert_eq!(free["venues"][1]["free"], true);
    assert_eq!(free["resources"][0]["held"][0]["title"], "周调度");
    assert_eq!(admin.get(&format!("{window}&except=1")).await.json()["venues"][0]["free"], true);

    let moved = json!({
        "revision": 0, "from": "2026-11-24T14:00", "to": "2026-11-24T15:00",
        "replace_venue": [1, 2], "reason": "日历拖动改期",
    });
    let answer = admin.post_json("/api/v1/meetings/1/reschedule", &moved).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let told = answer.json();
    assert_eq!((told["revision"].as_i64(), told["state"].as_str()), (Some(1), Some("rescheduled")));
    assert_eq!(told["venues"][0]["venue"], 2);
    let stale = admin.post_json("/api/v1/meetings/1/reschedule", &moved).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert_eq!(admin.get(window).await.json()["venues"][0]["free"], true, "it let go");
    let list = admin.get("/api/v1/meetings?from=2026-11-24T00:00:00%2B08:00&limit=1").await.json();
    assert_eq!(list["items"][0]["id"], 1);
    assert_eq!(list["next"], Value::Null);
    let bare = admin.post_json("/api/v1/meetings/1/cancel", &json!({})).await;
    assert_eq!(bare.status, StatusCode::CONFLICT, "nothing is cancelled without a reason");
    let gone = admin.post_json("/api/v1/meetings/1/cancel", &json!({ "note": "不开了" })).await;
    assert_eq!(gone.json()["state"], "cancelled");
    let first = admin.get("/api/v1/venues?limit=1").await.json();
    let venue = &first["items"][0];
    assert_eq!(
        (venue["id"].as_i64(), venue["contact"].as_str(), venue["in_use"].as_bool()),
        (Some(1), Some("王工"), Some(true))
    );
    let path = format!("/api/v1/venues?limit=1&next={}", first["next"].as_str().unwrap());
    let second = admin.get(&path).await.json();
    assert_eq!((&second["items"][0]["id"], &second["next"]), (&json!(2), &Value::Null));
    assert_eq!(admin.get("/api/v1/venues?next=x").await.status, StatusCode::BAD_REQUEST);
    let none = json!({ "items": [], "next": null });
    assert_eq!(admin.get("/api/v1/endpoints").await.json(), none);
}

#[tokio::test]
async fn where_approval_is_asked_for_another_gives_it() {
    let rules = BookingRules { approval: MeetingApproval::Required, ..BookingRules::default() };
    let fixture = with_rules(Fixture::empty(false).await, rules);
    let mut admin = rooms(&fixture).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let booked = operator.post("/bookings", &form(&typed("甲", "09:00", "10:00"))).await;
    assert_eq!(booked.status, StatusCode::SEE_OTHER);
    let page = operator.get("/bookings/1").await.body;
    assert!(page.contains("待审批") && !page.contains("/bookings/1/approve"), "{page}");
    assert_eq!(operator.post("/bookings/1/approve", "").await.status, StatusCode::FORBIDDEN);
    assert_eq!(admin.post("/bookings/1/approve", "").await.status, StatusCode::SEE_OTHER);
    assert!(operator.get("/bookings/1").await.body.contains("已批准"));
    // The administrator's own waits for somebody else.
    admin.post("/bookings", &form(&typed("乙", "14:00", "15:00"))).await;
    let own = admin.post("/bookings/2/approve", "").await;
    assert_eq!(own.status, StatusCode::CONFLICT);
    assert!(own.body.contains("须由他人审批"), "{}", own.body);
}

#[tokio::test]
async fn a_lower_meeting_makes_way_only_where_allowed_and_confirmed() {
    let least = Buffers::default();
    for (displacing, status) in
        [(Displacing::Never, StatusCode::CONFLICT), (Displacing::LowerRank, StatusCode::SEE_OTHER)]
    {
        let rules = BookingRules { displacing, least, ..BookingRules::default() };
        let fixture = with_rules(Fixture::empty(false).await, rules);
        let mut admin = rooms(&fixture).await;
        let mut lower = typed("例会", "09:00", "10:00");
        lower.push(("contacts", "张三 办公室 13800000000"));
        admin.post("/bookings", &form(&lower)).await;
        assert_eq!(admin.post("/bookings/1/notify", "").await.status, StatusCode::SEE_OTHER);
        let mut urgent = typed("紧急调度", "09:00", "10:00");
        urgent.push(("rank", "first"));
        let asked = admin.post("/bookings", &form(&urgent)).await;
        assert_eq!(asked.status, StatusCode::CONFLICT, "never unasked");
        let offered = asked.body.contains("name=\"displace\" value=\"1\"");
        assert_eq!(offered, displacing == Displacing::LowerRank, "{}", asked.body);
        urgent.push(("displace", "1"));
        assert_eq!(admin.post("/bookings", &form(&urgent)).await.status, status);
        let displaced = admin.get("/bookings/1").await.body.contains("此会议已让位");
        assert_eq!(displaced, displacing == Displacing::LowerRank);
        // Who was told that it is held is told that it is not, by the same ways and at the same address.
        let store = &fixture.app.store;
        let sends: Vec<_> =
            store.notices(MeetingId::new(1)).await.unwrap().iter().map(|it| it.sends).collect();
        assert_eq!(sends, [1 + u32::from(displaced)]);
        let link = format!("/ack/1/{}", store.notice_token(1));
        let mut contact = Browser::new(&fixture);
        let told = contact.get(&link).await.body;
        assert_eq!(told.contains("不在原定时间召开"), displaced, "{told}");
        assert_ne!(told.contains("name=\"answer\""), displaced, "{told}");
        let file = contact.get(&format!("{link}/meeting.ics")).await.body;
        assert_eq!(file.contains("STATUS:CANCELLED"), displaced, "{file}");
        let answered = contact.post(&link, "answer=attending").await.status;
        let expected = if displaced { StatusCode::GONE } else { StatusCode::SEE_OTHER };
        assert_eq!(answered, expected);
    }
}

#[tokio::test]
async fn this_one_and_those_after_it_are_changed_together_or_not_at_all() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    let mut weekly = typed("周例会", "09:00", "10:00");
    weekly.extend([("repeat", "weekly"), ("times", "4"), ("except", "2026-12-07"), ("key", "k")]);
    let booked = admin.post("/bookings", &form(&weekly)).await;
    assert_eq!(booked.header("location"), "/bookings/1?done=booked", "{}", booked.body);
    let again = admin.post("/bookings", &form(&weekly)).await;
    assert_eq!(again.header("location"), "/bookings/1?done=booked", "a second tap books nothing");
    let page = admin.get("/bookings/1").await.body;
    assert!(page.contains("12-14 09:00–10:00") && !page.contains("12-07 09:00"), "{page}");

    let edit = admin.get("/bookings/2/edit").await.body;
    assert!(edit.contains("本场及以后 <b>2</b>"), "{edit}");
    assert!(!admin.get("/bookings/3/edit").await.body.contains("本场及以后"), "it is the last");
    let mut other = typed("别人的会", "14:30", "15:00");
    other[1] = ("day", "2026-12-14");
    admin.post("/bookings", &form(&other)).await;
    let mut change = typed("周例会", "14:00", "15:00");
    change[1] = ("day", "2026-11-30");
    change.extend([("revision", "0"), ("reason", "改到下午"), ("scope", "following")]);
    let refused = admin.post("/bookings/2", &form(&change)).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("12-14 14:00–15:00") && refused.body.contains("#4 别人的会"));
    assert!(refused.body.contains("冲突的场次保持原样"), "{}", refused.body);
    change.push(("skip", "1"));
    let changed = admin.post("/bookings/2", &form(&change)).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.body);
    for (id, words) in [(1, "11-23 09:00"), (2, "11-30 14:00"), (3, "12-14 09:00")] {
        let page = admin.get(&format!("/bookings/{id}")).await.body;
        let verdict = &page[page.find("id=\"verdict\"").unwrap()..];
        assert!(verdict[..200].contains(words), "{id}: {verdict}");
    }
    let program = json!({
        "revision": 0, "from": "2026-11-23T10:00", "to": "2026-11-23T11:00", "reason": "顺延",
        "scope": "following",
    });
    let moved = admin.post_json("/api/v1/meetings/1/reschedule", &program).await;
    assert_eq!(moved.status, StatusCode::OK, "{}", moved.body);
    let second = admin.get("/api/v1/meetings/2").await.json();
    assert_eq!(second["from"], "2026-11-30T15:00:00.000+08:00", "an hour later than it was");
    let bad = json!({ "revision": 1, "from": "x", "to": "x", "reason": "", "scope": "all" });
    let refused = admin.post_json("/api/v1/meetings/1/reschedule", &bad).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_meeting_of_another_zone_stays_where_it_is_when_its_words_are_changed() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    let asked = json!({
        "title": "视频会", "from": "2026-11-23T09:00", "to": "2026-11-23T10:00",
        "zone": "Europe/Berlin", "venues": [{ "venue": 1 }],
        "rehearsal": { "from": "2026-11-22T09:00", "to": "2026-11-22T09:30" },
    });
    let booked = admin.post_json("/api/v1/meetings", &asked).await;
    assert_eq!(booked.status, StatusCode::CREATED, "{}", booked.body);
    let edit = admin.get("/bookings/1/edit").await.body;
    assert!(edit.contains("时区: Europe/Berlin") && edit.contains("value=\"09:00\""), "{edit}");
    let mut change = typed("视频会", "09:00", "10:00");
    change.extend([("zone", "Europe/Berlin"), ("revision", "0"), ("reason", "补充")]);
    change.extend([("rehearsal_from", "2026-11-22T09:00"), ("rehearsal_to", "2026-11-22T09:30")]);
    let changed = admin.post("/bookings/1", &form(&change)).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.body);
    let told = admin.get("/api/v1/meetings/1").await.json();
    assert_eq!(told["from"], "2026-11-23T09:00:00.000+01:00");
    // The grid stands in our zone; what it is dragged with does not.
    let grid = admin.get("/bookings?day=2026-11-23&span=day").await.body;
    assert!(grid.contains("<b>16:00–17:00</b>"), "{grid}");
    assert!(grid.contains("data-from=\"2026-11-23T09:00\""), "{grid}");
    // The rehearsal goes along, and comes back with what it was.
    let mut drag = json!({
        "revision": 1, "from": "2026-11-24T09:00", "to": "2026-11-24T10:00", "reason": "拖动",
    });
    let moved = admin.post_json("/api/v1/meetings/1/reschedule", &drag).await.json();
    assert_eq!(moved["rehearsal"]["from"], "2026-11-23T09:00:00.000+01:00");
    drag["revision"] = json!(2);
    drag["from"] = json!("2026-11-22T08:00");
    drag["to"] = json!("2026-11-22T09:00");
    let back = admin.post_json("/api/v1/meetings/1/reschedule", &drag).await;
    assert_eq!(
        back.status,
        StatusCode::BAD_REQUEST,
        "it cannot follow into the past: {}",
        back.body
    );
    drag["rehearsal"] = json!({ "from": "2026-11-21T20:00", "to": "2026-11-21T21:00" });
    let back = admin.post_json("/api/v1/meetings/1/reschedule", &drag).await.json();
    assert_eq!(back["rehearsal"]["from"], "2026-11-21T20:00:00.000+01:00");
}

#[tokio::test]
async fn of_a_meeting_that_runs_nothing_good_is_said_that_nobody_saw() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    let mut urgent = typed("抢险会商", "15:30", "16:30");
    urgent[1] = ("day", "2026-11-21");
    urgent.push(("filing", "emergency"));
    let booked = admin.post("/bookings", &form(&urgent)).await;
    assert_eq!(booked.status, StatusCode::SEE_OTHER, "{}", booked.body);
    assert_eq!(admin.post("/meetings/1/start", "").await.status, StatusCode::SEE_OTHER);
    let page = admin.get("/meetings/1").await.body;
    assert!(page.contains("会议进行中：1/1 会场平台看不到，其余 0 个未见异常"), "{page}");
    let api = admin.get("/api/v1/meetings/1/readiness").await.json();
    assert_eq!(api["conclusion"], "unconfirmed", "{api}");
}

#[tokio::test]
async fn the_agenda_of_a_day_has_what_goes_on_over_night_and_what_is_rehearsed() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    let mut night = typed("通宵值守", "22:00", "06:00");
    night.extend([("rehearsal_from", "2026-11-22T15:00"), ("rehearsal_to", "2026-11-22T16:00")]);
    let booked = admin.post("/bookings", &form(&night)).await;
    assert_eq!(booked.status, StatusCode::SEE_OTHER, "{}", booked.body);
    for (day, words) in [
        ("2026-11-22", "15:00–16:00</b> 通宵值守"),
        ("2026-11-23", "22:00–11-24 06:00</b> 通宵值守"),
        ("2026-11-24", "22:00–11-24 06:00</b> 通宵值守"),
    ] {
        let page = admin.get(&format!("/bookings?day={day}&span=day")).await.body;
        let agenda = &page[page.find("id=\"agenda\"").unwrap()..];
        assert!(agenda.contains(words), "{day}: {agenda}");
    }
    for path in ["/bookings/sheet?day=2026-11-22", "/bookings/sheet?day=2026-11-22&venue=1"] {
        let sheet = admin.get(path).await.body;
        assert!(sheet.contains("15:00–16:00") && sheet.contains("联调"), "{sheet}");
    }
    let other = admin.get("/bookings/sheet?day=2026-11-22&venue=2").await.body;
    assert!(other.contains("无会议"), "{other}");
    for day in ["262142-12-31", "%2B262142-12-31", "1900-01-01"] {
        let status = admin.get(&format!("/bookings?day={day}")).await.status;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{day}");
    }
}

#[tokio::test]
async fn a_series_shows_every_occurrence_that_collides_and_can_skip_it() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    let mut other = typed("别人的会", "09:30", "10:00");
    other[1] = ("day", "2026-12-07");
    admin.post("/bookings", &form(&other)).await;
    let mut weekly = typed("周例会", "09:00", "10:00");
    weekly.extend([("repeat", "weekly"), ("times", "4")]);
    let refused = admin.post("/bookings", &form(&weekly)).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("12-07 09:00–10:00") && refused.body.contains("#1 别人的会"));
    assert!(!refused.body.contains("11-30 09:00"), "only what collides: {}", refused.body);
    weekly.push(("skip", "1"));
    let booked = admin.post("/bookings", &form(&weekly)).await;
    assert_eq!(booked.status, StatusCode::SEE_OTHER, "{}", booked.body);
    let page = admin.get(booked.header("location")).await.body;
    for day in ["11-23", "11-30", "12-14"] {
        assert!(page.contains(&format!("{day} 09:00–10:00")), "{day}: {page}");
    }
    let first = booked.header("location").split('?').next().unwrap().to_owned();
    let bare = admin.post(&format!("{first}/cancel-series"), "note=").await;
    assert_eq!(bare.status, StatusCode::BAD_REQUEST);
    let gone = admin.post(&format!("{first}/cancel-series"), "note=x").await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    let left = admin.get("/api/v1/meetings?state=approved").await.json();
    assert_eq!(left["items"].as_array().unwrap().len(), 1, "the other's stays");
}

#[tokio::test]
async fn a_calendar_opens_by_its_token_until_it_is_revoked_and_shows_its_venue_alone() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    admin.post("/bookings", &form(&typed("一楼, 的会", "09:00", "11:00"))).await;
    let mut elsewhere = typed("易家街的会", "09:00", "11:00");
    elsewhere[4] = ("venue_2", "main");
    admin.post("/bookings", &form(&elsewhere)).await;
    let made = admin.post("/bookings/feeds", &form(&[("name", "门口"), ("venue", "1")])).await.body;
    let (_, rest) = made.split_once("/api/v1/calendar.ics?token=").unwrap();
    let address = format!("/api/v1/calendar.ics?token={}", &rest[..rest.find('<').unwrap()]);
    let mut stranger = Browser::new(&fixture);
    let calendar = stranger.get(&address).await;
    assert_eq!(calendar.header("content-type"), "text/calendar; charset=utf-8");
    let text = calendar.body;
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"));
    assert!(text.contains("DTSTART:20261123T010000Z\r\nDTEND:20261123T030000Z\r\n"), "{text}");
    assert!(
        text.contains("SUMMARY:一楼\\, 的会") && text.contains("LOCATION:一楼会议室"),
        "{text}"
    );
    assert!(!text.contains("易家街"), "{text}");
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 1);
    assert!(text.contains("DESCRIPTION:已批准\r\n"), "{text}");
    let english = stranger.get(&format!("{address}&lang=en")).await.body;
    assert!(english.contains("DESCRIPTION:approved\r\n"), "{english}");
    for wrong in ["", "?token=", "?token=x"] {
        let answer = stranger.get(&format!("/api/v1/calendar.ics{wrong}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    assert!(!admin.get("/bookings/feeds").await.body.contains("token="), "shown this once");
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    let others = viewer.post("/bookings/feeds/1/revoke", "").await;
    assert_eq!(others.status, StatusCode::NOT_FOUND, "it is not theirs");
    assert_eq!(admin.post("/bookings/feeds/1/revoke", "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(stranger.get(&address).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_chairs_a_meeting_is_named_where_it_is_booked_and_on_its_page() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    let mut fields = typed("全会", "09:00", "11:00");
    fields.push(("contacts", "张三 应急局 13800000000 主持人\n李四 公安局"));
    admin.post("/bookings", &form(&fields)).await;
    let json = admin.get("/api/v1/meetings/1").await.body;
    assert!(json.contains(r#""phone":"13800000000","mail":"","role":"chair"}"#), "{json}");
    assert!(admin.get("/bookings/1").await.body.contains("<dt>主持人</dt><dd>张三</dd>"));
    assert!(
        admin.get("/bookings/1/edit").await.body.contains("张三，应急局，，13800000000，主持人")
    );
    let page = admin.get("/meetings/1").await.body;
    assert!(page.contains("主持人: <b>张三</b>") && !page.contains("未指定主持人"), "{page}");
}

#[tokio::test]
async fn a_contact_acknowledges_by_the_link_of_the_notice() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    let mut fields = typed("全会", "09:00", "11:00");
    fields.push(("contacts", "张三 应急局 13800000000\n李四 公安局"));
    admin.post("/bookings", &form(&fields)).await;
    assert_eq!(admin.post("/bookings/1/notify", "").await.status, StatusCode::SEE_OTHER);
    let page = admin.get("/bookings/1").await.body;
    assert!(page.contains("已通知") && page.contains("未回执"), "{page}");
    assert!(page.contains("2 人：参会 0、无法参会 0、未回执 2；未能送达 2"), "{page}");
    assert!(page.contains("没有手机号和邮箱") && page.contains("没有渠道能送达"), "{page}");
    assert!(page.contains("alerts.base_url"), "what is missing is said: {page}");
    let link = page.split("data-path=\"").nth(2).unwrap().split('"').next().unwrap().to_owned();
    let mut contact = Browser::new(&fixture);
    contact.get(&format!("{link}?look=1")).await;
    assert!(!admin.get("/bookings/1").await.body.contains("已打开"), "the clerk looked");
    let notice = contact.get(&link).await;
    assert!(admin.get("/bookings/1").await.body.contains("未回执 · 已打开"));
    assert_eq!(notice.status, StatusCode::OK);
    assert!(notice.body.contains("应急局 张三") && notice.body.contains("11-23 09:00–11:00"));
    assert!(!notice.body.contains("李四"), "nobody else is named");
    assert_eq!(contact.get(&link[..link.len() - 1]).await.status, StatusCode::NOT_FOUND);
    let event = contact.get(&format!("{link}/meeting.ics")).await;
    assert!(event.body.contains("SUMMARY:全会\r\n"), "{}", event.body);
    let sent = contact.post(&link, &form(&[("answer", "attending"), ("person", "<i>王五")])).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert!(contact.get(&link).await.body.contains("已收到您的回执"));
    let page = admin.get("/bookings/1").await.body;
    assert!(page.contains("参会 ") && page.contains("王五") && !page.contains("<i>王五"), "{page}");
    // What is told again replaces what was told before.
    admin.post("/bookings/1/notify", "").await;
    assert!(admin.get("/bookings/1").await.body.contains("已被新通知取代"));
    // Reminded are those who did not answer what counts now; one that is replaced is not sent again.
    let send = "/bookings/1/notices/send";
    assert_eq!(admin.post(send, "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(admin.post(send, "notice=1").await.status, StatusCode::BAD_REQUEST);
    let store = &fixture.app.store;
    let sends = async |id| store.notice_to_send(id).await.unwrap().unwrap().sends;
    assert_eq!((sends(1).await, sends(3).await, sends(4).await), (1, 2, 2));
    // Who was told is told by itself that it is not held, and then there is nothing more to send.
    admin.post("/bookings/1/cancel", "note=x").await;
    assert_eq!((sends(1).await, sends(3).await, sends(4).await), (1, 3, 3));
    assert_eq!(admin.post(send, "").await.status, StatusCode::BAD_REQUEST);
    assert!(contact.get(&link).await.body.contains("本次会议已取消"));
}

#[tokio::test]
async fn an_agenda_is_looked_over_before_it_is_kept_and_a_fault_changes_nothing() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    admin.post("/bookings", &form(&typed("全会", "09:00", "11:00"))).await;
    let path = "/bookings/1/programme";
    let upload = async |admin: &mut Browser, content: &str| {
        let (body, kind) = crate::ledger::upload("议程.csv", content.as_bytes());
        admin.send(Method::POST, path, Body::from(body), kind).await
    };
    let agenda = "时间,议题,发言会场\n09:00-09:30,<b>讲话,一楼会议室\n10:00,发言,";
    let shown = upload(&mut admin, agenda).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.body.contains("尚未保存") && shown.body.contains("参会名单：文件中没有"));
    assert!(shown.body.contains("09:00–09:30") && !shown.body.contains("<b>讲话"));
    assert!(!admin.get("/bookings/1").await.body.contains("讲话"), "it is not kept yet");
    let document = shown.body.split("name=\"document\" value=\"").nth(1).unwrap();
    let document = document.split('"').next().unwrap().replace("&#34;", "\"").replace("&#60;", "<");
    let document = document.replace("&#62;", ">");
    let keep = form(&[("document", &document)]);
    let kept = admin.post("/bookings/1/programme/keep", &keep).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.body);
    assert!(admin.get("/bookings/1").await.body.contains("讲话"));

    // The other part comes by a file of its own and leaves the first as it is.
    let names = "单位,姓名,职务,会场\n应急局,张三,科长,一楼会议室";
    let shown = upload(&mut admin, names).await;
    assert!(shown.body.contains("讲话") && shown.body.contains("张三"), "{}", shown.body);

    // Each row that is wrong is told, and nothing is kept.
    let wrong = "时间,议题,发言会场\n九点,开场,\n10:00,,\n11:00,总结,易家街会场";
    let told = upload(&mut admin, wrong).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    for words in
        ["议程第 2 行：时间“九点”无法识别", "第 3 行：缺少议题", "第 4 行：会场“易家街会场”"]
    {
        assert!(told.body.contains(words), "{words}: {}", told.body);
    }
    assert!(!told.body.contains("name=\"document\""), "there is nothing to keep");
    let none = upload(&mut admin, "a,b\n1,2").await;
    assert!(none.body.contains("没有议程（时间、议题）"), "{}", none.body);
    let sheet = admin.get("/bookings/sheet?day=2026-11-23").await.body;
    assert!(sheet.contains("09:00–09:30 ") && sheet.contains("讲话"), "{sheet}");

    let template = admin.get("/bookings/1/programme/template.xlsx").await;
    assert_eq!(template.status, StatusCode::OK);
    let elsewhere = document.replace("\"venue\":1", "\"venue\":2");
    let moved = admin.post("/bookings/1/programme/keep", &form(&[("document", &elsewhere)])).await;
    assert_eq!(moved.status, StatusCode::BAD_REQUEST, "it is no venue of the meeting");
}

//! Bookings that change: what lasts for days, who is told, what is decided at short notice.

use super::*;
use super::{
    alerts::ROBOT,
    bookings::{form, rooms, typed, with_rules},
};
use serde_json::json;
use zhishou_domain::{
    MeetingId,
    meeting::{BookingRules, Displacing, MeetingApproval},
};

#[tokio::test]
async fn what_lasts_for_days_keeps_them_when_its_words_are_changed() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    let mut fields = typed("防汛值守", "09:00", "17:00");
    fields.push(("last", "2026-11-25"));
    assert_eq!(admin.post("/bookings", &form(&fields)).await.status, StatusCode::SEE_OTHER);
    let stands = async |admin: &mut Browser| admin.get("/api/v1/meetings/1").await.json();
    assert_eq!(stands(&mut admin).await["to"], "2026-11-25T17:00:00.000+08:00");
    let edit = admin.get("/bookings/1/edit").await.body;
    assert!(edit.contains("name=\"last\" value=\"2026-11-25\""), "{edit}");
    fields[0].1 = "防汛联合值守";
    fields.extend([("revision", "0"), ("reason", "改名"), ("setup", "30"), ("teardown", "15")]);
    assert_eq!(admin.post("/bookings/1", &form(&fields)).await.status, StatusCode::SEE_OTHER);
    let meeting = stands(&mut admin).await;
    assert_eq!(meeting["to"], "2026-11-25T17:00:00.000+08:00");
    assert_eq!(
        meeting["steps"].as_array().unwrap().last().unwrap()["act"],
        "note",
        "nothing moved"
    );
    let mut wrong = typed("甲", "09:00", "10:00");
    wrong.push(("last", "2026-12-24"));
    let refused = admin.post("/bookings", &form(&wrong)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "a month is no meeting");
}

#[tokio::test]
async fn who_was_told_is_told_where_it_moves_if_whoever_moves_it_says_so() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    let mut fields = typed("全会", "09:00", "11:00");
    fields.push(("contacts", "张三 应急局 13800000000\n李四 公安局 13900000000"));
    admin.post("/bookings", &form(&fields)).await;
    let quiet = admin.get("/bookings/1/edit").await.body;
    assert!(!quiet.contains("name=\"notify\""), "nobody was told of it yet");
    admin.post("/bookings/1/notify", "").await;
    assert!(
        admin.get("/bookings/1/edit").await.body.contains("name=\"notify\" value=\"1\" checked")
    );
    let revision = async |admin: &mut Browser| {
        admin.get("/api/v1/meetings/1").await.json()["revision"].to_string()
    };
    let sends = async || {
        let notices = fixture.app.store.notices(MeetingId::new(1)).await.unwrap();
        let mut sends: Vec<_> =
            notices.iter().rev().map(|it| (it.contact.name.clone(), it.sends)).collect();
        sends.truncate(9);
        sends
    };
    let one = |name: &str, sends: u32| (name.to_owned(), sends);
    let change = async |admin: &mut Browser, from: &str, contacts: &str, notify: bool| {
        let at = revision(admin).await;
        let mut fields = typed("全会", from, "11:00");
        fields.extend([("revision", at.as_str()), ("reason", "x"), ("contacts", contacts)]);
        fields.extend([("setup", "30"), ("teardown", "15")]);
        if notify {
            fields.push(("notify", "1"));
        }
        let changed = admin.post("/bookings/1", &form(&fields)).await;
        assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.body);
    };
    let both = "张三 应急局 13800000000\n李四 公安局 13900000000";
    change(&mut admin, "09:00", both, true).await;
    assert_eq!(sends().await, [one("张三", 1), one("李四", 1)], "nothing moved");
    change(&mut admin, "09:30", both, false).await;
    assert_eq!(sends().await, [one("张三", 1), one("李四", 1)], "nobody wanted it");
    change(&mut admin, "10:00", "张三 应急局 13800000000", true).await;
    assert_eq!(
        sends().await,
        [one("张三", 1), one("李四", 2), one("张三", 1)],
        "one has to come at another time, the other need not come"
    );
    let page = admin.get("/bookings/1").await.body;
    assert!(page.contains("已通知"), "{page}");
    // A program says so too.
    let asked = json!({
        "revision": revision(&mut admin).await.parse::<u32>().unwrap(), "notify": true,
        "from": "2026-11-24T10:00", "to": "2026-11-24T11:00", "reason": "顺延",
    });
    let moved = admin.post_json("/api/v1/meetings/1/reschedule", &asked).await;
    assert_eq!(moved.status, StatusCode::OK, "{}", moved.body);
    assert_eq!(
        sends().await,
        [one("张三", 1), one("李四", 2), one("张三", 1), one("张三", 1)],
        "who need not come is told so once"
    );
}

#[tokio::test]
async fn a_series_that_is_called_off_is_called_off_for_all_who_were_told() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    let mut fields = typed("周例会", "09:00", "10:00");
    fields.extend([("repeat", "weekly"), ("times", "3"), ("contacts", "张三 138000")]);
    admin.post("/bookings", &form(&fields)).await;
    for id in [1, 3] {
        admin.post(&format!("/bookings/{id}/notify"), "").await;
    }
    let off = admin.post("/bookings/2/cancel-series", "note=x").await;
    assert_eq!(off.status, StatusCode::SEE_OTHER, "{}", off.body);
    let sends = async |id| {
        let notices = fixture.app.store.notices(MeetingId::new(id)).await.unwrap();
        notices.iter().map(|it| it.sends).collect::<Vec<_>>()
    };
    assert_eq!((sends(1).await, sends(2).await, sends(3).await), (vec![1], vec![], vec![2]));
    let again = admin.post("/bookings/2/cancel-series", "note=x").await;
    assert_eq!(again.status, StatusCode::CONFLICT, "there is nothing left to cancel");
}

#[tokio::test]
async fn an_emergency_is_held_soon_and_once() {
    let rules = BookingRules { approval: MeetingApproval::Required, ..BookingRules::default() };
    let fixture = with_rules(Fixture::empty(false).await, rules);
    rooms(&fixture).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let urgent = |day: &'static str, repeat: &'static str| {
        let mut fields = typed("抢险", "16:00", "17:00");
        fields[1].1 = day;
        fields.extend([("filing", "emergency"), ("repeat", repeat)]);
        form(&fields)
    };
    for (day, repeat, words) in
        [("2026-11-23", "", "24 小时内"), ("2026-11-21", "daily", "不能重复")]
    {
        let refused = operator.post("/bookings", &urgent(day, repeat)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(words), "{}", refused.body);
    }
    let booked = operator.post("/bookings", &urgent("2026-11-21", "")).await;
    assert_eq!(booked.status, StatusCode::SEE_OTHER, "{}", booked.body);
    assert_eq!(fixture.app.store.audit_of("emergency_meeting", 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_nobody_approved_takes_no_place_and_who_approves_is_asked() {
    let rules = BookingRules {
        approval: MeetingApproval::Required,
        displacing: Displacing::LowerRank,
        ..BookingRules::default()
    };
    let fixture = with_rules(Fixture::empty(false).await, rules);
    let mut admin = rooms(&fixture).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let channel: Vec<_> = ROBOT.iter().copied().chain([("duty", "on")]).collect();
    let made = admin.post("/admin/alerts/channels", &form(&channel)).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    operator.post("/bookings", &form(&typed("例会", "09:00", "10:00"))).await;
    let asked = fixture.app.store.messages_about("/bookings/1", 9).await.unwrap();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].title.contains("待审批"), "{asked:?}");
    admin.post("/bookings/1/approve", "").await;
    let mut fields = typed("紧急调度", "09:00", "10:00");
    fields.extend([("rank", "first"), ("displace", "1")]);
    let refused = operator.post("/bookings", &form(&fields)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("请由审批人预约"), "{}", refused.body);
    assert_eq!(admin.post("/bookings", &form(&fields)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_is_free_is_asked_with_the_rehearsal_and_for_resources_too() {
    let fixture = Fixture::empty(false).await;
    let mut admin = rooms(&fixture).await;
    let mut fields = typed("早会", "09:00", "10:00");
    fields.push(("resource", "1"));
    admin.post("/bookings", &form(&fields)).await;
    let window = "/api/v1/bookings/conflicts?from=2026-11-23T14:00&to=2026-11-23T15:00";
    let free = |answer: Value| {
        let of = |kind: &str| answer[kind][0]["free"].as_bool().unwrap();
        (of("venues"), of("resources"))
    };
    assert_eq!(free(admin.get(window).await.json()), (true, true));
    let rehearsal = "&rehearsal_from=2026-11-23T09:30&rehearsal_to=2026-11-23T09:45";
    assert_eq!(free(admin.get(&format!("{window}{rehearsal}")).await.json()), (false, false));
}

//! `/meetings/{id}`: checked, signed by persons, signed off, watched, ended, archived; and the same for
//! programs.

use super::{fixture::ZONE, *};
use zhishou_domain::{
    DeviceKind, FaultCode, LedgerRow, MeetingId, VenueId,
    alert::{ChannelAccess, ChannelKind, ChannelSettings, MailSecurity, Switch, Topic},
    check::{Cause, CheckDepth, CheckItem, Evidence, Finding, Outcome},
    meeting::{
        AssuranceGrade, Buffers, Cascade, Convener, DeviceRole, LocalSlot, MeetingPlan,
        MeetingRank, MeetingState, MeetingVenue, VenueRole,
    },
};
use zhishou_recordings::Kind;
use zhishou_storage::{
    AuditLine, Booked, BookingWay, ChannelSaved, EvidenceKind, EvidenceRow, ImportMode, NewCell,
    NewChannel, NewMeeting, NewRun, VenueSaved, VenueWords,
};

pub(super) fn line() -> AuditLine {
    AuditLine {
        at: NOW,
        login: "admin".into(),
        action: "test",
        subject: String::new(),
        address: String::new(),
    }
}

/// A meeting of 保障等级 3 in two venues; it is 15:30, and it begins at 15:50. The second venue has a backup.
pub(super) async fn booked(fixture: &Fixture) -> (MeetingId, [VenueId; 2]) {
    let store = &fixture.app.store;
    let endpoint = |row, name: &str| LedgerRow {
        street: Some("人民路".into()),
        kind: Some(DeviceKind::Endpoint),
        url: Some(format!("sip:room{row}@10.0.0.{row}")),
        ..LedgerRow::new(row, name, "东门")
    };
    let rows = vec![endpoint(2, "1 号终端"), endpoint(3, "2 号终端"), endpoint(4, "3 号终端")];
    store.import(rows, NOW, ImportMode::AllOrNothing).await.unwrap();
    let mut loose: Vec<_> = store.endpoints_without_venue(10).await.unwrap();
    loose.sort_by(|a, b| a.1.cmp(&b.1));
    let mut venues = Vec::new();
    for (name, devices) in [
        ("一楼会议室", vec![(loose[0].0, DeviceRole::Primary)]),
        ("<i>易家街", vec![(loose[1].0, DeviceRole::Primary), (loose[2].0, DeviceRole::Backup)]),
    ] {
        let words = VenueWords {
            name: name.into(),
            site: None,
            seats: None,
            contact: "周工".into(),
            phone: "139-2".into(),
            note: String::new(),
            in_use: true,
            devices,
        };
        let saved = store.save_venue(None, words, line()).await.unwrap();
        let VenueSaved::Now(id) = saved else { panic!("{saved:?}") };
        venues.push(id);
    }
    let wall = |hour, minute| {
        let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        day.and_hms_opt(hour, minute, 0).unwrap()
    };
    let place = |venue| MeetingVenue { venue, role: VenueRole::Branch };
    let plan = MeetingPlan {
        title: "防汛调度会".into(),
        rank: MeetingRank::Second,
        assurance: AssuranceGrade::Third,
        convener: Convener::District,
        organiser: String::new(),
        cascade: Cascade::Own,
        zone: ZONE,
        time: LocalSlot { from: wall(15, 50), to: wall(16, 50) },
        buffers: Buffers::default(),
        rehearsal: None,
        venues: venues.iter().map(|venue| place(*venue)).collect(),
        resources: Vec::new(),
        contacts: Vec::new(),
        note: String::new(),
    };
    let new = NewMeeting {
        plan,
        way: BookingWay::Approved,
        displace: Vec::new(),
        at: NOW,
        login: "li".into(),
        address: String::new(),
        request_key: None,
    };
    match store.book_meeting(new).await.unwrap() {
        Booked::Now(id, _) => (id, [venues[0], venues[1]]),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_meeting_is_checked_signed_held_and_archived_on_its_page() {
    let fixture = Fixture::empty(false).await;
    let (id, venues) = booked(&fixture).await;
    let at = format!("/meetings/{id}");
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let page = operator.get(&at).await.body;
    assert!(page.contains("尚未检查：2 个会场") && page.contains("会议时段无人值班"), "{page}");
    assert!(page.contains(&format!("href=\"/bookings/{id}\"")), "{page}");
    assert!(page.contains("未指定主持人，就绪报告只发给值班人员"), "{page}");
    assert!(page.contains("href=\"tel:139-2\"") && !page.contains("<i>易家街"), "{page}");

    let board = operator.get("/wall/board").await.body;
    assert!(board.contains("待确认 · 0/2 会场就绪"), "{board}");

    // The second venue is silent.
    fixture.silent(venues[1]);
    let post = async |operator: &mut Browser, path: &str, form: &str| {
        let sent = operator.post(&format!("{at}/{path}"), form).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{path}: {}", sent.body);
        operator.get(&at).await.body
    };
    let page = post(&mut operator, "run-check", "").await;
    assert!(
        page.contains("尚不具备开会条件") && page.contains("音频 未通过（音频静音）"),
        "{page}"
    );
    assert!(
        page.contains("检查麦克风是否静音") && page.contains("启用备用终端: 3 号终端"),
        "{page}"
    );
    assert!(
        page.contains("近 1 次检查 1 次未通过") && page.contains("立即检查 · 全面检查"),
        "{page}"
    );
    let form = operator.get("/bookings/new").await.body;
    assert_eq!(form.matches("近 1 次检查 1 次未通过").count(), 1, "before it is booked: {form}");
    let first = page.find("id=\"venue-").unwrap();
    assert!(page[first..].starts_with(&format!("id=\"venue-{}\"", venues[1])), "worst first");

    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    for path in ["run-check", "sign", "sign-off", "start", "end", "extend", "incidents", "archive"]
    {
        let refused = viewer.post(&format!("{at}/{path}"), "").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
    let forged = format!("venue={}&item=audio&outcome=pass", venues[1]);
    let refused = operator.post(&format!("{at}/sign"), &forged).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "nobody signs what we probe");
    let bare = operator.post(&format!("{at}/sign-off"), "").await;
    assert_eq!(bare.status, StatusCode::BAD_REQUEST, "a risk asks for a reason");

    // One tap turns to the backup, which is looked at at once; before the meeting that is no incident.
    let backup = fixture.app.store.venue(venues[1]).await.unwrap().unwrap().backup().unwrap().id;
    let form = format!("venue={}&what=x&fallback=backup_endpoint&to={backup}", venues[1]);
    let page = post(&mut operator, "incidents", &form).await;
    assert!(page.contains("启用备用终端: 3 号终端") && page.contains("改回原终端"), "{page}");
    let turned = fixture.app.store.meeting_turns(id).await.unwrap();
    assert_eq!((turned.len(), turned[0].login.as_str()), (1, "operator"));
    assert_eq!(fixture.app.store.meeting_incidents(id).await.unwrap(), []);
    let again = operator.post(&format!("{at}/incidents"), &form).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "it is held on that already");
    let stranger = format!("venue={}&what=x&fallback=backup_endpoint&to={backup}", venues[0]);
    let refused = operator.post(&format!("{at}/incidents"), &stranger).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "it stands in another venue");
    // One tap takes that back, and another brings it again.
    let undo = format!("turns/{}/undo", turned[0].id);
    let page = post(&mut operator, &undo, "").await;
    assert!(page.contains("撤销：3 号终端 →") && !page.contains(&undo), "{page}");
    post(&mut operator, "incidents", &form).await;

    fixture.heard();
    let page = post(&mut operator, "run-check", &format!("venue={}", venues[1])).await;
    assert!(page.contains("尚待确认") && page.contains("声音 待人工确认"), "{page}");
    for venue in venues {
        for item in ["sound", "roll_call"] {
            let form = format!("venue={venue}&item={item}&outcome=pass");
            post(&mut operator, "sign", &form).await;
        }
    }
    let page = operator.get(&at).await.body;
    assert!(!page.contains("未召开"), "it is ahead");
    assert!(page.contains("可以开始") && page.contains("2/2 会场就绪 · 15:30 复核"), "{page}");
    assert!(page.contains("operator 15:30"), "who signed, and when: {page}");
    let page = post(&mut operator, "sign-off", "").await;
    let done = |act: &str| page.find(&format!("<td>{act}</td>")).unwrap();
    assert!(done("判定就绪") < done("开始测试"), "the newest first: {page}");
    assert!(page.contains("就绪 · <b") || page.contains("判定"), "{page}");
    let api = viewer.get(&format!("/api/v1{at}/readiness")).await.json();
    assert_eq!((&api["may_begin"], &api["ready"]), (&true.into(), &2.into()), "{api}");

    let page = post(&mut operator, "start", "").await;
    assert!(page.contains("会议进行中：2 个会场未见异常"), "{page}");
    // What is seen without a call is too old by now: nobody signs or calls any more, and everywhere it is told
    // the same.
    for _ in 0..2 {
        // Whoever looks now and then stays logged in.
        fixture.clock.0.fetch_add(16 * 60_000, std::sync::atomic::Ordering::SeqCst);
        for who in [&mut operator, &mut viewer] {
            who.get("/duty").await;
        }
    }
    let board = operator.get("/wall/board").await.body;
    assert!(board.contains("进行中 · 2 个会场未见异常"), "{board}");
    let api = viewer.get(&format!("/api/v1{at}/readiness")).await.json();
    assert_eq!(api["conclusion"], "ready", "{api}");
    let held = operator.get(&format!("/bookings/{id}")).await.body;
    assert!(held.contains("会议进行中：2 个会场未见异常"), "{held}");
    fixture.clock.0.fetch_sub(32 * 60_000, std::sync::atomic::Ordering::SeqCst);
    assert!(page.find("id=\"timeline\"") < page.find("id=\"venue-"), "what happens stands first");
    let line = "name=%E4%BC%9A%E5%95%86%E4%B8%80%E7%BA%BF&kind=telephone&in_use=1&dial=010-7&pass_code=8821";
    let mut admin = Browser::of_role(&fixture, Role::Admin).await;
    assert_eq!(admin.post("/admin/resources", line).await.status, StatusCode::SEE_OTHER);
    let form = format!("venue={}&what=%E6%97%A0%E5%A3%B0&fallback=telephone", venues[1]);
    let bare = operator.post(&format!("{at}/incidents"), &form).await;
    assert_eq!(bare.status, StatusCode::BAD_REQUEST, "which conference?");
    // What is wrong is entered with one tap; what is turned to belongs to it.
    let page = operator.get(&at).await.body;
    assert!(page.contains("<button name=\"what\" value=\"听不到声音\">"), "{page}");
    let page =
        post(&mut operator, "incidents", &format!("venue={}&what=%E6%97%A0%E5%A3%B0", venues[1]))
            .await;
    assert!(page.contains("启用电话会议: 会商一线"), "proposed, though no check fails: {page}");
    let page = post(&mut operator, "incidents", &format!("{form}&to=1")).await;
    assert_eq!(fixture.app.store.meeting_incidents(id).await.unwrap().len(), 1);
    assert!(page.contains("无声") && page.contains("启用电话会议"), "{page}");
    assert!(page.contains("href=\"tel:010-7\"") && page.contains("<b>8821</b>"), "{page}");
    let seen = viewer.get(&at).await.body;
    assert!(seen.contains("href=\"tel:010-7\"") && !seen.contains("8821"), "{seen}");
    let audit = fixture.app.store.audit_of("turn_meeting", 9).await.unwrap();
    assert!(audit.len() == 4 && audit.iter().all(|it| !it.1.contains("8821")), "{audit:?}");
    // Programs read the same, and do the same.
    let turns = viewer.get(&format!("/api/v1{at}/turns")).await.json();
    let done: Vec<_> = turns["turns"].as_array().unwrap().iter().map(|it| &it["undone"]).collect();
    assert_eq!(done, [true, false, false], "{turns}");
    assert_eq!(turns["turns"][2]["fallback"], "telephone");
    let body =
        serde_json::json!({"venue": venues[1], "fallback": "telephone", "to": "1", "what": "无声"});
    let twice = operator.post_json(&format!("/api/v1{at}/turns"), &body).await;
    assert_eq!(twice.status, StatusCode::CONFLICT, "{}", twice.body);
    fixture.clock.0.fetch_add(25 * 60_000, std::sync::atomic::Ordering::SeqCst);
    let incident = fixture.app.store.meeting_incidents(id).await.unwrap()[0].id;
    post(&mut operator, &format!("incidents/{incident}/over"), "").await;
    // It may last longer: until then its rooms are its own.
    assert!(page.contains("name=\"to\" value=\"2026-11-21T17:05\""), "{page}");
    let page = post(&mut operator, "extend", "to=2026-11-21T17:05").await;
    assert!(page.contains("15:50–17:05") && page.contains("<td>延长 11-21 17:05</td>"), "{page}");
    let again = operator.post(&format!("{at}/extend"), "to=2026-11-21T17:05").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let booking = format!("/bookings/{id}");
    assert!(operator.get(&booking).await.body.contains("会中值守"));
    let early = operator.post(&format!("{at}/archive"), "incidents=0&lost_minutes=0").await;
    assert_eq!(early.status, StatusCode::CONFLICT, "it runs");
    let page = post(&mut operator, "end", "").await;
    assert!(page.contains("会后记录") && page.contains("历时 25 分钟"), "{page}");
    assert!(page.contains("2/2 参会") && page.contains("影响 25 分钟"), "from 15:30 on: {page}");
    assert!(page.contains("value=\"2026-11-21T15:30\""), "{page}");
    let owed = operator.get("/duty").await.body;
    assert!(owed.contains("待归档会后记录") && owed.contains(&at), "{owed}");
    // The page as it is opened later says what was, and not how old that is by now.
    let matrix = |page: &str| page.matches("class=\"mark s-up\"").count();
    let (was, mut page) = (matrix(&page), page);
    for _ in 0..3 {
        fixture.clock.0.fetch_add(16 * 60_000, std::sync::atomic::Ordering::SeqCst);
        page = operator.get(&at).await.body;
    }
    assert!(was > 0 && matrix(&page) == was && page.contains("影响 25 分钟"), "{page}");
    fixture.clock.0.fetch_sub(48 * 60_000, std::sync::atomic::Ordering::SeqCst);
    let bad = format!("{at}/archive");
    let bad = operator
        .post(&bad, "incidents=0&lost_minutes=0&began=2026-11-21T15:30&ended=2026-11-21T15:29")
        .await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST, "it ends before it begins");
    let bad = operator.post(&format!("{at}/archive"), "incidents=x&lost_minutes=0").await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    let form = format!(
        "attended={}&began=2026-11-21T15:30&ended=2026-11-21T15:50&on_time=1&incidents=1&lost_minutes=5&watchers=%E7%8E%8B%E3%80%81%E6%9D%8E&text=x",
        venues[0]
    );
    let page = post(&mut operator, "archive", &form).await;
    assert!(page.contains("已归档") && !page.contains("<i>"), "{page}");
    assert!(page.contains("15:30–15:50 · 历时 20 分钟"), "as it was corrected: {page}");
    assert!(!operator.get("/duty").await.body.contains("待归档会后记录"));
    assert_eq!(fixture.app.store.meeting(id).await.unwrap().unwrap().state, MeetingState::Archived);
    assert!(operator.get(&booking).await.body.contains("会后记录"));
    let year = viewer.get("/api/v1/meeting-figures").await.json();
    assert_eq!(
        (&year["figures"]["meetings"], &year["months"][0]["month"]),
        (&1.into(), &11.into())
    );
    let said = year["sentence"].as_str().unwrap();
    assert!(said.starts_with("截止 11 月，累计保障会议 1 场"), "{said}");
}

#[tokio::test]
async fn a_meeting_is_begun_no_earlier_than_an_hour_before_and_nothing_is_signed_once_it_is_over() {
    let fixture = Fixture::empty(false).await;
    let (id, venues) = booked(&fixture).await;
    let at = format!("/meetings/{id}");
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let clock = |minutes: i64| {
        let at = NOW.millis() + minutes * 60_000;
        fixture.clock.0.store(at, std::sync::atomic::Ordering::SeqCst);
    };
    clock(-41);
    let refused = operator.post(&format!("{at}/start"), "").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("11-21 14:50 起才能点"), "{}", refused.body);
    let page = operator.get(&at).await.body;
    assert!(page.contains("/run-check\"") && !page.contains("/start\""), "{page}");
    clock(-40);
    assert!(operator.get(&at).await.body.contains("/start\""));
    for act in ["start", "end"] {
        let sent = operator.post(&format!("{at}/{act}"), "").await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{act}: {}", sent.body);
    }
    let sign = format!("venue={}&item=roll_call&outcome=pass", venues[0]);
    let backup = fixture.app.store.venue(venues[1]).await.unwrap().unwrap().backup().unwrap().id;
    let incident = format!("venue={}&what=x&fallback=backup_endpoint&to={backup}", venues[1]);
    for (path, form) in [("sign", sign), ("incidents", incident), ("run-check", String::new())] {
        let refused = operator.post(&format!("{at}/{path}"), &form).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{path}");
    }
    assert_eq!(fixture.app.store.check_changes(id).await.unwrap(), []);
    assert_eq!(fixture.app.store.meeting_turns(id).await.unwrap(), []);
}

#[tokio::test]
async fn a_record_names_who_signed_in_and_no_venue_attended_without_a_roll_call() {
    let fixture = Fixture::empty(false).await;
    let (id, venues) = booked(&fixture).await;
    let at = format!("/meetings/{id}");
    let clock = |minutes: i64| {
        let at = NOW.millis() + minutes * 60_000;
        fixture.clock.0.store(at, std::sync::atomic::Ordering::SeqCst);
    };
    // The roll is called within three hours before.
    let roll = format!("venue={}&item=roll_call&outcome=pass", venues[0]);
    clock(-161);
    let mut early = Browser::of_role(&fixture, Role::Admin).await;
    let refused = early.post(&format!("{at}/sign"), &roll).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("11-21 12:50 起"), "{}", refused.body);
    clock(0);
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    for name in ["zhou", "wu", "wang", "li"] {
        let person = format!("name={name}&phone=138-1");
        assert_eq!(operator.post("/duty/people", &person).await.status, StatusCode::SEE_OTHER);
    }
    let (day, night) = ("from=08:30&to=15:40", "from=15:40&to=23:30");
    for (hours, lead, backup) in [(day, "zhou", "wu"), (night, "wang", "li")] {
        let roster =
            format!("first=2026-11-21&last=2026-11-21&{hours}&lead={lead}&backup={backup}");
        assert_eq!(operator.post("/duty", &roster).await.status, StatusCode::SEE_OTHER);
    }
    let page = operator.get(&at).await.body;
    assert!(page.contains("<b>wang</b>") && !page.contains("zhou"), "who has it then: {page}");
    assert_eq!(operator.post(&format!("{at}/sign"), &roll).await.status, StatusCode::SEE_OTHER);
    let shift = fixture.app.store.on_duty(NOW).await.unwrap().unwrap().id;
    let signed = operator.post(&format!("/duty/{shift}/sign-in"), "").await;
    assert_eq!(signed.status, StatusCode::SEE_OTHER);
    for act in ["start", "end"] {
        operator.post(&format!("{at}/{act}"), "").await;
        clock(20);
    }
    let page = operator.get(&at).await.body;
    assert!(page.contains("1/2 参会（1 个会场未点名）"), "{page}");
    let watchers =
        "operator（签到）、zhou（排班）、wu（排班）、wang（排班未签到）、li（排班未签到）";
    assert!(page.contains(watchers), "{page}");
}

#[tokio::test]
async fn a_meeting_of_two_days_keeps_its_roll_call_and_what_its_calls_showed() {
    let fixture = Fixture::empty(false).await;
    let (id, venues) = booked(&fixture).await;
    let at = format!("/meetings/{id}");
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    operator.post(&format!("{at}/run-check"), "").await;
    let roll = format!("venue={}&item=roll_call&outcome=pass", venues[0]);
    assert_eq!(operator.post(&format!("{at}/sign"), &roll).await.status, StatusCode::SEE_OTHER);
    operator.post(&format!("{at}/start"), "").await;
    let later = NOW.millis() + 48 * 3_600_000;
    fixture.clock.0.store(later, std::sync::atomic::Ordering::SeqCst);
    let mut operator = Browser::of_role(&fixture, Role::Admin).await;
    operator.post(&format!("{at}/end"), "").await;
    let page = operator.get(&at).await.body;
    assert!(page.contains("1/2 参会（1 个会场未点名）"), "{page}");
    let read = operator.get(&format!("/api/v1/meetings/{id}/readiness")).await.json();
    let cells = read["items"].as_array().unwrap().iter();
    let mut cells = cells.flat_map(|venue| venue["cells"].as_array().unwrap());
    let call = cells.find(|cell| cell["item"] == "call").unwrap();
    assert_eq!(call["outcome"], "pass", "{call}");
}

#[tokio::test]
async fn programs_ask_for_a_check_and_read_what_came_of_it() {
    let fixture = Fixture::empty(false).await;
    let (id, venues) = booked(&fixture).await;
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let path = format!("/api/v1/meetings/{id}/run-check");
    let asked = operator.send(Method::POST, &path, Body::from("{}"), "application/json").await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
    let read = operator.get(&format!("/api/v1/meetings/{id}/checks")).await.json();
    assert_eq!(
        (&read["runs"][0]["cause"], &read["runs"][0]["state"]),
        (&"asked".into(), &"done".into())
    );
    let cells = fixture.app.store.check_cells(id).await.unwrap();
    assert_eq!(read["results"].as_array().unwrap().len(), cells.len());
    assert!(cells.iter().all(|it| it.result.outcome != Outcome::Fail));
    assert!(cells.iter().any(|it| it.venue == venues[0] && it.result.item == CheckItem::Video));
    let waiting = zhishou_storage::WaitingCheck {
        meeting: id,
        venue: Some(venues[0]),
        item: Some(CheckItem::Audio),
        login: "wang".into(),
        at: NOW,
    };
    fixture.app.store.queue_check(waiting).await.unwrap();
    let read = operator.get(&format!("/api/v1/meetings/{id}/checks")).await.json();
    assert_eq!(read["waiting"][0]["item"], "audio");
    let page = operator.get(&format!("/meetings/{id}")).await.body;
    assert!(page.contains("1 项检查排队") && page.matches("已排队").count() == 1, "{page}");
    let missing = operator.get("/api/v1/meetings/999/readiness").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert_eq!(operator.get("/meetings/x").await.status, StatusCode::NOT_FOUND);
}

/// The platform sees that a venue fails.
async fn opened(fixture: &Fixture, meeting: MeetingId, venue: VenueId) {
    let app = &fixture.app;
    let repair = (&app.settings.repair, zhishou_domain::Lang::Zh);
    let opened =
        zhishou_web::open_check_order(&app.store, app.clock.as_ref(), repair, meeting, venue);
    opened.await.unwrap();
}

#[tokio::test]
async fn what_fails_gets_one_work_order() {
    let fixture = Fixture::empty(false).await;
    let (id, venues) = booked(&fixture).await;
    fixture.silent(venues[1]);
    for (kind, name, address) in [
        (ChannelKind::Mail, "邮件", "127.0.0.1:25"),
        (ChannelKind::Sms, "短信", "https://x.example/"),
    ] {
        let channel = NewChannel {
            id: None,
            kind,
            name: name.into(),
            switch: Switch::On,
            topics: [Topic::Duty].into(),
            settings: ChannelSettings {
                from: "zhishou@x.example".into(),
                security: MailSecurity::Plain,
                body: "to={phone}&msg={text}".into(),
                ..ChannelSettings::default()
            },
            access: ChannelAccess { address: address.into(), secret: String::new() },
        };
        let kept = fixture.app.store.save_channel(channel, line()).await.unwrap();
        assert!(matches!(kept, ChannelSaved::Kept(_)), "{kept:?}");
    }
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    for person in ["name=wang&phone=138-1&mail=wang@x.example", "name=li&mail=li@x.example"] {
        let entered = operator.post("/duty/people", person).await;
        assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.body);
    }
    let roster = "first=2026-11-21&last=2026-11-21&from=08:30&to=17:30&lead=wang&backup=li";
    assert_eq!(operator.post("/duty", roster).await.status, StatusCode::SEE_OTHER);
    operator.post(&format!("/meetings/{id}/run-check"), "").await;
    for _ in 0..2 {
        opened(&fixture, id, venues[1]).await;
    }
    // Whoever is on duty is told, each by what is known of them, and once.
    let messages = fixture.app.store.messages(None, None, 10).await.unwrap();
    let mut told: Vec<_> = messages.iter().flat_map(|it| &it.recipients).collect();
    told.sort();
    assert_eq!(told, ["138-1", "li@x.example", "wang@x.example"]);
    assert!(messages[0].title.contains("<i>易家街 音频 未通过"), "{messages:?}");
    let duty = operator.get("/duty").await.body;
    assert!(
        duty.contains(&format!("/meetings/{id}")) && duty.contains("尚不具备开会条件"),
        "{duty}"
    );
    let page = operator.get("/work-orders").await.body;
    assert_eq!(page.matches("会前检查：").count(), 1, "{page}");
    assert!(operator.get(&format!("/meetings/{id}")).await.body.contains("/work-orders/1"));

    // It is mended, and falls once more: that is told once more, and again once.
    for (minute, is_silent) in [(1, false), (2, true), (3, true)] {
        fixture.clock.0.store(NOW.millis() + minute * 60_000, std::sync::atomic::Ordering::SeqCst);
        fixture.heard();
        if is_silent {
            fixture.silent(venues[1]);
        }
        operator.post(&format!("/meetings/{id}/run-check"), "").await;
        opened(&fixture, id, venues[1]).await;
    }
    let messages = fixture.app.store.messages(None, None, 20).await.unwrap();
    assert_eq!(messages.iter().flat_map(|it| &it.recipients).count(), 6, "{messages:?}");

    // Something else of it fails beside that: the news is told, once, under its own name.
    for _ in 0..2 {
        let run = fixture.app.store.check_runs(id).await.unwrap().last().unwrap().id;
        let stored = fixture.app.store.meeting(id).await.unwrap().unwrap();
        let (_, plan) = fixture.app.store.check_plan(stored.plan.assurance).await.unwrap();
        let (places, _) = fixture.app.store.venue_cells(&stored, &plan).await.unwrap();
        let place = places.iter().find(|it| it.id == venues[1]).unwrap();
        let (item, outcome) = (CheckItem::Reachable, Outcome::Fail);
        let evidence = Evidence::Faults { faults: vec![FaultCode::ConnectTimeout] };
        let device = place.primary().map(|it| it.id);
        let finding = Finding { item, outcome, evidence };
        let cell = NewCell { venue: venues[1], device, finding, picture: None };
        let at = NOW + std::time::Duration::from_secs(4 * 60);
        fixture.app.store.keep_check_cells(id, run, vec![cell], at).await.unwrap();
        opened(&fixture, id, venues[1]).await;
    }
    let messages = fixture.app.store.messages(None, None, 20).await.unwrap();
    assert_eq!(messages.iter().flat_map(|it| &it.recipients).count(), 9, "{messages:?}");
    assert!(messages[0].title.contains("可达 未通过"), "{messages:?}");
    // Whoever repairs it reads the same in the order that is open.
    let page = operator.get("/work-orders/1").await.body;
    assert_eq!(page.matches("可达 未通过").count(), 1, "{page}");
}

#[tokio::test]
async fn the_picture_that_a_check_went_by_stands_beside_it_and_each_view_is_logged() {
    let fixture = Fixture::empty(false).await;
    let (id, venues) = booked(&fixture).await;
    let store = &fixture.app.store;
    let venue = store.venue(venues[0]).await.unwrap().unwrap();
    let device = venue.primary().unwrap().id;
    let put = fixture.app.recordings.put(device, NOW, Kind::Good, b"\xff\xd8\xff\xd9").unwrap();
    let row = EvidenceRow {
        key: put.key.to_string(),
        device,
        kind: EvidenceKind::Good,
        taken_at: NOW,
        bytes: put.bytes,
        sha256: put.sha256,
    };
    assert!(store.adopt_evidence(row).await.unwrap());
    let finding = Finding {
        item: CheckItem::Video,
        outcome: Outcome::Warn,
        evidence: Evidence::Faults { faults: vec![FaultCode::StillPicture, FaultCode::Blurred] },
    };
    let picture = Some(put.key.to_string());
    let cell = NewCell { venue: venue.id, device: Some(device), finding, picture };
    let run = NewRun {
        meeting: id,
        meeting_from: NOW,
        cause: Cause::Asked,
        depth: CheckDepth::Full,
        plan_version: 0,
        at: NOW,
        login: "admin".into(),
    };
    let run = store.begin_check_run(run).await.unwrap();
    store.keep_check_cells(id, run, vec![cell], NOW).await.unwrap();

    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    let href = format!("/meetings/{id}/venues/{}/picture?at={}", venues[0], NOW.millis());
    let page = operator.get(&format!("/meetings/{id}")).await.body;
    assert!(page.contains(&format!("<img src=\"{href}\"")), "{page}");
    assert!(page.contains("画面静止、图像模糊"), "{page}");
    let readiness = operator.get(&format!("/api/v1/meetings/{id}/readiness")).await.body;
    assert!(readiness.contains(&format!("\"picture\":\"{href}\"")), "{readiness}");
    assert!(store.audit_of("view_evidence", 9).await.unwrap().is_empty(), "nobody looked yet");
    let shown = operator.get(&href).await;
    assert_eq!((shown.status, shown.header("content-type")), (StatusCode::OK, "image/jpeg"));
    assert_eq!(shown.header("cache-control"), "no-store");
    assert_eq!(store.audit_of("view_evidence", 9).await.unwrap().len(), 1);
    let elsewhere =
        href.replace(&format!("venues/{}", venues[0]), &format!("venues/{}", venues[1]));
    assert_eq!(operator.get(&elsewhere).await.status, StatusCode::NOT_FOUND);
    let later = format!("{href}1");
    assert_eq!(operator.get(&later).await.status, StatusCode::NOT_FOUND);
}

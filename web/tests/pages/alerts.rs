//! 告警与送达 on pages and in the API: channels whose secrets are never shown, rules looked over before they
//! are saved, messages sent again, incidents acknowledged and muted.

use super::*;
use url::form_urlencoded::Serializer;
use zhishou_domain::alert::{
    AlertRules, HandlingAct, Note, NoteState, Say, SendProblem, Severity, Told, Topic,
};
use zhishou_domain::incident::{GroupRule, ObserverEvent, ObserverFault};
use zhishou_storage::{Route, Said, Try};

fn form(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

pub(crate) const ROBOT: &[(&str, &str)] = &[
    ("kind", "dingtalk"),
    ("name", "值班群<b>"),
    ("switch", "on"),
    ("incident", "on"),
    ("address", "https://oapi.dingtalk.example/robot/send?access_token=abcdef0123"),
    ("secret", "SEC-not-to-be-seen"),
    ("recipients", "13812345678"),
];

#[tokio::test]
async fn a_channel_is_entered_tried_and_never_shows_what_opens_it() {
    let fixture = Fixture::empty(false).await;
    let mut admin = Browser::logged_in(&fixture).await;
    let empty = admin.get("/admin/alerts").await.body;
    assert!(empty.contains("还没有渠道") && empty.contains("没有消息"), "{empty}");
    for kind in ["mail", "dingtalk", "feishu", "wecom", "webhook", "sms"] {
        let page = admin.get(&format!("/admin/alerts/channels/new?kind={kind}")).await;
        assert!(page.body.contains(&format!("name=\"kind\" value=\"{kind}\"")), "{kind}");
    }
    let made = admin.post("/admin/alerts/channels", &form(ROBOT)).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    let twice = admin.post("/admin/alerts/channels", &form(ROBOT)).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        twice.body.contains("已有同名渠道") && !twice.body.contains("SEC-not"),
        "{}",
        twice.body
    );

    let tested = admin.post("/admin/alerts/channels/1/test", "").await;
    assert_eq!(tested.status, StatusCode::SEE_OTHER, "{}", tested.body);
    let list = admin.get("/admin/alerts").await.body;
    let one = admin.get("/admin/alerts/channels/1").await.body;
    for page in [&list, &one] {
        assert!(page.contains("oapi.dingtalk.example"), "{page}");
        assert!(!page.contains("abcdef0123") && !page.contains("SEC-not"), "{page}");
        assert!(!page.contains("值班群<b>"));
    }
    assert!(list.contains("试发") && list.contains("138***5678") && !list.contains("13812345678"));
    // What is left empty stays.
    let renamed = [("kind", "dingtalk"), ("name", "新名"), ("switch", "off"), ("report", "on")];
    let saved = admin.post("/admin/alerts/channels/1", &form(&renamed)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let id = fixture.app.store.channels().await.unwrap()[0].id;
    let (channel, access) = fixture.app.store.channel_access(id).await.unwrap().unwrap();
    assert_eq!((channel.name.as_str(), access.secret.as_str()), ("新名", "SEC-not-to-be-seen"));
    let audit = fixture.app.store.audit_of("save_channel", 10).await.unwrap();
    assert_eq!(audit.len(), 2, "what was refused changed nothing");
    assert_eq!(fixture.app.store.audit_of("test_channel", 10).await.unwrap().len(), 1);

    // Whoever does not administer sees which channels there are and no recipients.
    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    assert_eq!(operator.get("/admin/alerts/channels/1").await.status, StatusCode::FORBIDDEN);
    let list = operator.get("/admin/alerts?lang=en").await.body;
    assert!(list.contains("DingTalk robot") && !list.contains("channels/1/test"), "{list}");
    let removed = admin.post("/admin/alerts/channels/1/remove", "").await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    assert!(admin.get("/admin/alerts").await.body.contains("渠道已删除"), "its message says so");
}

#[tokio::test]
async fn rules_are_looked_over_in_words_before_they_are_saved() {
    let fixture = Fixture::empty(false).await;
    let mut admin = Browser::logged_in(&fixture).await;
    let page = admin.get("/admin/alerts/rules").await.body;
    assert!(page.contains("大面积与会场"), "{page}");
    let text = "mass = 20\nsettle_s = 60\nsettle_most_s = 600\n[[rule]]\nname = \"夜间\"\n\
                manner = \"immediate\"\nseverity = \"major\"\nplaces = [\"没有这条街\"]\n\
                channels = [\"没有这个渠道\"]\nhours = [\"22:00\", \"06:00\"]\n";
    let looked = [("document", text), ("after", "0")];
    let page = admin.post("/admin/alerts/rules", &form(&looked)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for said in [
        "较大及以上即时发送",
        "22:00–06:00",
        "没有名为“没有这个渠道”的渠道",
        "没有名为“没有这条街”的街道",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert_eq!(fixture.app.store.alert_rules().await.unwrap().version, 0, "nothing is saved yet");
    let broken =
        admin.post("/admin/alerts/rules", &form(&[("document", "x"), ("after", "0")])).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
    let keep = [("document", text), ("after", "0"), ("act", "save")];
    assert_eq!(admin.post("/admin/alerts/rules", &form(&keep)).await.status, StatusCode::SEE_OTHER);
    let stale = admin.post("/admin/alerts/rules", &form(&keep)).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY, "somebody was faster");
    let json = admin.get("/api/v1/alerts/rules").await.json();
    assert_eq!(json["version"], 1);
    let document = json["document"].as_str().unwrap();
    assert_eq!(AlertRules::parse(document).unwrap().mass, 20);
}

#[tokio::test]
async fn a_rule_whose_channel_takes_nothing_says_so_and_so_does_the_incident() {
    let fixture = Fixture::empty(false).await;
    let mut admin = Browser::logged_in(&fixture).await;
    let made = admin.post("/admin/alerts/channels", &form(ROBOT)).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    let mut rules = AlertRules::shipped();
    rules.rules.truncate(1);
    rules.rules[0].channels = ["值班群<b>".into()].into();
    let text = rules.document();
    let keep = [("document", text.as_str()), ("after", "0"), ("act", "save")];
    admin.post("/admin/alerts/rules", &form(&keep)).await;
    let rule = format!("规则“{}”", rules.rules[0].name);
    assert!(!admin.get("/admin/alerts").await.body.contains(&format!("{rule}：")));
    let off = [("kind", "dingtalk"), ("name", "值班群<b>"), ("switch", "off"), ("incident", "on")];
    let saved = admin.post("/admin/alerts/channels/1", &form(&off)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let page = admin.get("/admin/alerts").await.body;
    assert!(page.contains(&format!("{rule}：渠道")) && page.contains("已停用"), "{page}");

    let store = &fixture.app.store;
    let fault = Some(ObserverFault::Blind);
    let event = ObserverEvent { agent: "local".into(), at: NOW, fault };
    store.tell_observer(event).await.unwrap();
    let mut board = store.incident_board(GroupRule::default(), NOW).await.unwrap();
    let heard = store.incident_events(10).await.unwrap();
    let change = board.step(heard.events, NOW);
    store.keep_incidents(change, heard.through).await.unwrap();
    let id = zhishou_domain::IncidentId::new(1);
    let told = Told { severity: Severity::Critical, at: NOW, round: 1, is_over: false };
    let note = Note::new(Topic::Incident, "a", "b");
    let named = Route::Named(rules.rules[0].channels.iter().cloned().collect());
    let said = Said {
        rule: rules.rules[0].name.clone(),
        note: Some((note, named)),
        told: vec![(id, told)],
        slot: None,
    };
    store.say(vec![said], NOW).await.unwrap();
    let page = admin.get("/admin/alerts").await.body;
    assert!(page.contains("未送达的故障 1"), "{page}");
    assert!(admin.get("/incidents/1").await.body.contains("告警未送达"));
}

#[tokio::test]
async fn what_was_given_up_says_why_and_is_sent_again() {
    let fixture = Fixture::empty(false).await;
    let mut admin = Browser::logged_in(&fixture).await;
    admin.post("/admin/alerts/channels", &form(ROBOT)).await;
    let store = &fixture.app.store;
    let note = Note::new(Topic::Incident, "a", "人民路 · 大面积失联");
    assert_eq!(store.enqueue(note, Route::Topic, NOW).await.unwrap(), 1);
    let channel = store.channels().await.unwrap().remove(0);
    let taken = store.take_message(&channel, NOW).await.unwrap().unwrap();
    let dead = Try::Dead { problem: SendProblem::NotPermitted, detail: "310000 <i>sign".into() };
    store.settle_message(taken.id, dead, NOW).await.unwrap();
    let page = admin.get("/admin/alerts?state=dead").await.body;
    assert!(page.contains("鉴权未通过") && page.contains("核对机器人的密钥"), "{page}");
    assert!(page.contains("310000") && !page.contains("<i>sign"), "{page}");
    let mut viewer = Browser::of_role(&fixture, Role::Viewer).await;
    let again = format!("/admin/alerts/messages/{}/again", taken.id);
    assert_eq!(viewer.post(&again, "").await.status, StatusCode::FORBIDDEN);
    assert_eq!(admin.post(&again, "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(admin.post(&again, "").await.status, StatusCode::CONFLICT);
    assert_eq!(store.messages(Some(NoteState::Queued), None, 9).await.unwrap().len(), 1);
    let json = admin.get("/api/v1/alerts/messages?state=queued").await.json();
    assert_eq!(json["items"][0]["title"], "人民路 · 大面积失联");
    assert_eq!(admin.get("/admin/alerts?state=x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_incident_is_acknowledged_and_muted_with_a_reason() {
    let fixture = Fixture::empty(false).await;
    let store = &fixture.app.store;
    let event =
        ObserverEvent { agent: "local".to_owned(), at: NOW, fault: Some(ObserverFault::Blind) };
    store.tell_observer(event).await.unwrap();
    let mut board = store.incident_board(GroupRule::default(), NOW).await.unwrap();
    let heard = store.incident_events(10).await.unwrap();
    let change = board.step(heard.events, NOW);
    store.keep_incidents(change, heard.through).await.unwrap();

    let mut operator = Browser::of_role(&fixture, Role::Operator).await;
    assert!(operator.get("/incidents/1").await.body.contains("/incidents/1/acknowledge"));
    let done = operator.post("/incidents/1/acknowledge", "").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let bare = operator.post("/incidents/1/mute", "hours=4&note=").await;
    assert_eq!(bare.status, StatusCode::BAD_REQUEST, "a mute says why");
    let long = operator.post("/incidents/1/mute", "hours=721&note=x").await;
    assert_eq!(long.status, StatusCode::BAD_REQUEST);
    let mute = form(&[("hours", "4"), ("note", "上联割接")]);
    assert_eq!(operator.post("/incidents/1/mute", &mute).await.status, StatusCode::SEE_OTHER);
    let page = operator.get("/incidents/1").await.body;
    assert!(
        page.contains("静默至") && page.contains("上联割接") && page.contains("operator"),
        "{page}"
    );
    let case = store.alert_cases(10, NOW).await.unwrap().remove(0);
    assert_eq!((case.severity, case.is_acknowledged), (Severity::Critical, true));
    assert_eq!(case.muted_until, Some(NOW + Duration::from_secs(4 * 3600)));
    let json = operator.send(
        Method::POST,
        "/api/v1/incidents/1/unmute",
        Body::from("{}"),
        "application/json",
    );
    let json = json.await;
    assert_eq!(json.status, StatusCode::NO_CONTENT, "{}", json.body);
    assert_eq!(store.alert_cases(10, NOW).await.unwrap()[0].muted_until, None);
    for action in ["acknowledge_incident", "mute_incident", "unmute_incident"] {
        assert_eq!(store.audit_of(action, 10).await.unwrap().len(), 1, "{action}");
    }
    let handled = store.incident_handlings(case.id, 10).await.unwrap();
    assert_eq!(handled.len(), 3);
    assert_eq!(handled[1].act, HandlingAct::Mute);

    // In words, as it goes out.
    let row = store.incident(case.id).await.unwrap().unwrap();
    let said = (Say::Open, Severity::Critical);
    let note = zhishou_web::incident_note(&fixture.app, zhishou_domain::Lang::Zh, said, &row, NOW);
    assert_eq!(note.title, "【重大】本平台探测异常：对照点全部无应答（local）");
    assert_eq!(note.about, "/incidents/1");
    let rows = [row];
    let digest =
        zhishou_web::digest_note(&fixture.app, zhishou_domain::Lang::Zh, NOW, (&rows, &[], 2));
    assert_eq!(digest.title, "【故障汇总 11-21 15:30】新增 1 · 恢复 0 · 未恢复 3");
    assert!(digest.lines[0].starts_with("✕ 本平台探测异常"), "{digest:?}");
}

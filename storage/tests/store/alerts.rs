//! What rules have said, on disk: with the message or not at all, and of a part for the whole.

use super::support::{Home, at};
use zhishou_domain::{
    IncidentId,
    alert::{
        AlertRules, ChannelAccess, ChannelKind, ChannelSettings, Note, Severity, Switch, Told,
        Topic,
    },
    incident::{GroupRule, ObserverEvent, ObserverFault},
};
use zhishou_storage::{AuditLine, NewChannel, Route, Said, Store};

fn line(action: &'static str) -> AuditLine {
    AuditLine {
        at: at(0),
        login: "admin".into(),
        action,
        subject: String::new(),
        address: String::new(),
    }
}

/// Two incidents about ourselves: the only ones that need no device.
async fn two_incidents(store: &Store) {
    for agent in ["a", "b"] {
        let fault = Some(ObserverFault::Late);
        let event = ObserverEvent { agent: agent.into(), at: at(0), fault };
        store.tell_observer(event).await.unwrap();
    }
    let mut board = store.incident_board(GroupRule::default(), at(0)).await.unwrap();
    let heard = store.incident_events(10).await.unwrap();
    let change = board.step(heard.events, at(0));
    store.keep_incidents(change, heard.through).await.unwrap();
}

fn told(severity: Severity, second: i64, is_over: bool) -> Told {
    Told { severity, at: at(second), round: 1, is_over }
}

fn said(incident: i64, told: Told, key: &str) -> Said {
    Said {
        rule: "即时".into(),
        note: Some((Note::new(Topic::Incident, key, "一"), Route::Topic)),
        told: vec![(IncidentId::new(incident), told)],
        slot: Some(at(1)),
    }
}

#[tokio::test]
async fn what_was_told_of_a_part_counts_for_the_whole() {
    let home = Home::shanghai();
    let store = home.open().await;
    two_incidents(&store).await;
    let robot = NewChannel {
        id: None,
        kind: ChannelKind::Webhook,
        name: "一".into(),
        switch: Switch::On,
        topics: [Topic::Incident].into(),
        settings: ChannelSettings::default(),
        access: ChannelAccess { address: "https://x.example/".into(), secret: String::new() },
    };
    store.save_channel(robot, line("save_channel")).await.unwrap();
    let major = told(Severity::Major, 5, false);
    store.say(vec![said(2, major, "k")], at(5)).await.unwrap();
    assert_eq!(store.messages(None, None, 10).await.unwrap().len(), 1);
    assert_eq!(store.alert_slots().await.unwrap()["即时"], at(1));
    let cases = store.alert_cases(10, at(6)).await.unwrap();
    assert_eq!(cases.iter().map(|it| it.severity).collect::<Vec<_>>(), [Severity::Major; 2]);
    let key = |id| (IncidentId::new(id), "即时".to_owned());
    assert_eq!(store.alert_told(&cases).await.unwrap().get(&key(2)), Some(&major));

    sqlx::query("UPDATE incidents SET merged_into = 1, closed_ms = since_ms WHERE id = 2")
        .execute(&mut home.look().await)
        .await
        .unwrap();
    let cases = store.alert_cases(10, at(6)).await.unwrap();
    assert_eq!(cases.len(), 1);
    assert_eq!(store.alert_told(&cases).await.unwrap().get(&key(1)), Some(&major));
    // What is said of the whole from then on is the newer.
    let over = told(Severity::Major, 9, true);
    store.say(vec![said(1, over, "l")], at(9)).await.unwrap();
    assert_eq!(store.alert_told(&cases).await.unwrap().get(&key(1)), Some(&over));
}

#[tokio::test]
async fn rules_are_versions_and_a_stale_one_is_refused() {
    let home = Home::shanghai();
    let store = home.open().await;
    let shipped = store.alert_rules().await.unwrap();
    assert_eq!((shipped.version, shipped.rules.rules.len()), (0, 2));
    let rules = AlertRules { mass: 33, ..AlertRules::shipped() };
    assert!(store.add_alert_rules(rules.clone(), 0, line("save_alert_rules")).await.unwrap());
    assert!(!store.add_alert_rules(rules.clone(), 0, line("save_alert_rules")).await.unwrap());
    let stored = store.alert_rules().await.unwrap();
    assert_eq!((stored.version, stored.rules), (1, rules));
    assert_eq!(store.audit_of("save_alert_rules", 9).await.unwrap().len(), 1);
}

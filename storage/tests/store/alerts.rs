//! What rules have said, on disk: with the message or not at all, and of a part for the whole.

use super::support::{Home, at};
use zhishou_domain::{
    IncidentId,
    alert::{
        AlertRules, ChannelAccess, ChannelKind, ChannelSettings, Handling, HandlingAct, Note,
        Severity, Switch, Told, Topic,
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

fn robot() -> NewChannel {
    NewChannel {
        id: None,
        kind: ChannelKind::Webhook,
        name: "一".into(),
        switch: Switch::On,
        topics: [Topic::Incident].into(),
        settings: ChannelSettings::default(),
        access: ChannelAccess { address: "https://x.example/".into(), secret: String::new() },
    }
}

/// Makes the second incident part of the first, of so many devices.
async fn merge(home: &Home, devices: [u32; 2]) {
    let mut look = home.look().await;
    for (id, devices) in (1..).zip(devices) {
        sqlx::query("UPDATE incidents SET devices = ? WHERE id = ?")
            .bind(devices)
            .bind(id)
            .execute(&mut look)
            .await
            .unwrap();
    }
    sqlx::query("UPDATE incidents SET merged_into = 1, closed_ms = since_ms WHERE id = 2")
        .execute(&mut look)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_people_did_about_the_greater_part_counts_for_the_whole() {
    for (devices, is_handled) in [([40, 30], true), ([40, 1], false)] {
        let home = Home::shanghai();
        let store = home.open().await;
        two_incidents(&store).await;
        for (act, until) in [(HandlingAct::Acknowledge, None), (HandlingAct::Mute, Some(at(9000)))]
        {
            let handling =
                Handling { at: at(5), login: "admin".into(), act, until, note: "停电".into() };
            assert!(store.handle_incident(IncidentId::new(2), handling, line("x")).await.unwrap());
        }
        merge(&home, devices).await;
        let case = store.alert_cases(10, at(6)).await.unwrap().remove(0);
        assert_eq!(case.id, IncidentId::new(1));
        assert_eq!((case.is_acknowledged, case.muted_until.is_some()), (is_handled, is_handled));
        let shown = store.incident_handlings(IncidentId::new(1), 9).await.unwrap();
        assert_eq!(shown.len(), if is_handled { 2 } else { 0 });
    }
}

#[tokio::test]
async fn what_was_told_is_looked_at_until_it_is_said_to_be_over() {
    let home = Home::shanghai();
    let store = home.open().await;
    two_incidents(&store).await;
    store.save_channel(robot(), line("save_channel")).await.unwrap();
    store.say(vec![said(2, told(Severity::Major, 5, false), "k")], at(5)).await.unwrap();
    sqlx::query("UPDATE incidents SET closed_ms = since_ms + 60000")
        .execute(&mut home.look().await)
        .await
        .unwrap();
    let looked = async |second| {
        let cases = store.alert_cases(10, at(second)).await.unwrap();
        cases.iter().map(|it| it.id.number()).collect::<Vec<_>>()
    };
    let days = 3 * 86_400;
    assert_eq!(looked(3600).await, [1, 2]);
    assert_eq!(looked(days).await, [2], "it was told, and nobody was told that it is over");
    store.say(vec![said(2, told(Severity::Major, days, true), "l")], at(days)).await.unwrap();
    assert!(looked(days).await.is_empty());
}

#[tokio::test]
async fn what_was_told_of_a_part_counts_for_the_whole() {
    let home = Home::shanghai();
    let store = home.open().await;
    two_incidents(&store).await;
    let robot = robot();
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

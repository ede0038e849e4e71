//! The outbox on disk: one message of one key, tries that survive, a pace that holds.

use super::support::{Home, at};
use std::{collections::BTreeSet, time::Duration};
use zhishou_domain::{
    ChannelId,
    alert::{
        ChannelAccess, ChannelKind, ChannelProblem, ChannelSettings, Contact, LEASE, MailSecurity,
        Note, NoteState, SendProblem, Switch, Topic,
    },
};
use zhishou_storage::{AuditLine, ChannelSaved, NewChannel, Route, Store, Try};

fn line(second: i64) -> AuditLine {
    AuditLine {
        at: at(second),
        login: "admin".into(),
        action: "save_channel",
        subject: String::new(),
        address: String::new(),
    }
}

fn robot(name: &str) -> NewChannel {
    NewChannel {
        id: None,
        kind: ChannelKind::Dingtalk,
        name: name.into(),
        switch: Switch::On,
        topics: BTreeSet::from([Topic::Incident]),
        settings: ChannelSettings::default(),
        access: ChannelAccess {
            address: "https://oapi.example/robot/send?access_token=t0ken".into(),
            secret: "SECret".into(),
        },
    }
}

async fn saved(store: &Store, new: NewChannel) -> ChannelId {
    match store.save_channel(new, line(0)).await.unwrap() {
        ChannelSaved::Kept(id) => id,
        other => panic!("{other:?}"),
    }
}

fn note(key: &str) -> Note {
    Note::new(Topic::Incident, key, "人民路 · 大面积失联")
}

#[tokio::test]
async fn what_opens_a_channel_is_sealed_and_stays_with_its_host() {
    let home = Home::shanghai();
    let store = home.open().await;
    let id = saved(&store, robot("值班群")).await;
    let mut look = home.look().await;
    let dump: String =
        sqlx::query_scalar("SELECT group_concat(host || settings || hex(sealed)) FROM channels")
            .fetch_one(&mut look)
            .await
            .unwrap();
    assert!(dump.contains("oapi.example") && !dump.contains("t0ken") && !dump.contains("SECret"));

    // A new name keeps both; a new host does not get the secret of the old one.
    let renamed = NewChannel {
        id: Some(id),
        name: "值班二群".into(),
        access: ChannelAccess::default(),
        ..robot("")
    };
    saved(&store, renamed.clone()).await;
    let (channel, access) = store.channel_access(id).await.unwrap().unwrap();
    assert_eq!((channel.name.as_str(), access.secret.as_str()), ("值班二群", "SECret"));
    let moved = NewChannel {
        access: ChannelAccess { address: "https://elsewhere/x".into(), secret: String::new() },
        ..renamed.clone()
    };
    saved(&store, moved).await;
    assert_eq!(store.channel_access(id).await.unwrap().unwrap().1.secret, "");

    let other = saved(&store, robot("另一群")).await;
    let taken = NewChannel { id: Some(other), ..renamed };
    let refused = store.save_channel(taken, line(1)).await.unwrap();
    assert_eq!(refused, ChannelSaved::Refused(ChannelProblem::NameTaken));
    assert!(store.remove_channel(other, line(2)).await.unwrap());
    assert!(store.channel_access(other).await.unwrap().is_none());
    assert_eq!(store.channels().await.unwrap().len(), 1);
    saved(&store, robot("另一群")).await;
}

#[tokio::test]
async fn of_one_key_a_channel_gets_one_message() {
    let home = Home::shanghai();
    let store = home.open().await;
    saved(&store, robot("一群")).await;
    saved(&store, NewChannel { switch: Switch::Off, ..robot("停用") }).await;
    saved(&store, NewChannel { topics: BTreeSet::new(), ..robot("二群") }).await;
    let mail = NewChannel {
        kind: ChannelKind::Mail,
        settings: ChannelSettings {
            from: "zhishou@gov.example".into(),
            security: MailSecurity::Plain,
            recipients: vec!["boss@gov.example".into()],
            ..ChannelSettings::default()
        },
        access: ChannelAccess { address: "127.0.0.1:25".into(), secret: String::new() },
        ..robot("邮件")
    };
    saved(&store, mail).await;
    assert_eq!(store.enqueue(note("a"), Route::Topic, at(1)).await.unwrap(), 2);
    assert_eq!(store.enqueue(note("a"), Route::Topic, at(2)).await.unwrap(), 0);
    let named = Route::Named(vec!["二群".into(), "停用".into(), "没有".into()]);
    assert_eq!(store.enqueue(note("a"), named, at(3)).await.unwrap(), 1);
    // Whom mail cannot reach by what is known of them gets none; the group hears it.
    let mut to_people = note("b");
    let person =
        |mail: &str| Contact { mail: mail.into(), phone: "138".into(), name: "张".into() };
    to_people.to = vec![person("a@gov.example"), person("b@gov.example"), person("")];
    assert_eq!(store.enqueue(to_people, Route::Topic, at(4)).await.unwrap(), 3);
    let listed = store.messages(None, None, 100).await.unwrap();
    let mails: Vec<_> = listed.iter().filter(|it| it.kind == ChannelKind::Mail).collect();
    let to: Vec<_> = mails.iter().map(|it| it.recipients[0].as_str()).collect();
    assert_eq!(to, ["b@gov.example", "a@gov.example", "boss@gov.example"]);
}

#[tokio::test]
async fn a_try_is_on_disk_before_it_is_made_and_comes_back_when_nobody_settles_it() {
    let home = Home::shanghai();
    let store = home.open().await;
    let id = saved(&store, robot("一群")).await;
    store.enqueue(note("a"), Route::Topic, at(1)).await.unwrap();
    let channel = store.channels().await.unwrap().remove(0);
    let taken = store.take_message(&channel, at(2)).await.unwrap().unwrap();
    assert_eq!((taken.key.as_str(), taken.tries), ("a", 1));
    assert!(store.take_message(&channel, at(3)).await.unwrap().is_none(), "it is somebody's");
    // As after kill -9: the next process finds it once its lease has ended.
    store.close().await;
    let store = home.open().await;
    let later = at(2) + LEASE;
    assert_eq!(store.channels_due(later).await.unwrap(), [id]);
    let again = store.take_message(&channel, later).await.unwrap().unwrap();
    assert_eq!((again.id, again.key.as_str(), again.tries), (taken.id, "a", 2));
    store.settle_message(again.id, Try::Sent, later).await.unwrap();
    assert!(store.channels_due(later + LEASE * 10).await.unwrap().is_empty());
    let sent = store.messages(Some(NoteState::Sent), None, 10).await.unwrap();
    assert_eq!((sent.len(), sent[0].settled), (1, Some(later)));
}

#[tokio::test]
async fn a_channel_is_used_no_more_often_than_it_may_be_also_after_a_restart() {
    let home = Home::shanghai();
    let mut store = home.open().await;
    saved(&store, robot("一群")).await;
    for n in 0..50 {
        store.enqueue(note(&n.to_string()), Route::Topic, at(0)).await.unwrap();
    }
    let channel = store.channels().await.unwrap().remove(0);
    let mut sent = Vec::new();
    for second in 1..=125 {
        if second % 7 == 0 {
            store.close().await;
            store = home.open().await;
        }
        while let Some(taken) = store.take_message(&channel, at(second)).await.unwrap() {
            store.settle_message(taken.id, Try::Sent, at(second)).await.unwrap();
            sent.push(second);
        }
    }
    assert_eq!(sent.len(), 50);
    for from in &sent {
        assert!(sent.iter().filter(|it| (*from..from + 60).contains(it)).count() <= 20);
    }
}

#[tokio::test]
async fn what_is_given_up_is_kept_and_sent_again_by_hand() {
    let home = Home::shanghai();
    let store = home.open().await;
    saved(&store, robot("一群")).await;
    store.enqueue(note("a"), Route::Topic, at(0)).await.unwrap();
    store.enqueue(note("b"), Route::Topic, at(0)).await.unwrap();
    let channel = store.channels().await.unwrap().remove(0);
    let taken = store.take_message(&channel, at(1)).await.unwrap().unwrap();
    let (problem, detail) = (SendProblem::NotPermitted, "sign not match".to_owned());
    store.settle_message(taken.id, Try::Dead { problem, detail }, at(1)).await.unwrap();
    let taken = store.take_message(&channel, at(2)).await.unwrap().unwrap();
    let again = Try::Again {
        problem: SendProblem::Unreachable,
        detail: String::new(),
        at: at(2) + Duration::from_secs(15),
    };
    store.settle_message(taken.id, again, at(2)).await.unwrap();
    assert_eq!(store.expire_messages(at(86_000)).await.unwrap(), 0);
    assert_eq!(store.expire_messages(at(86_401)).await.unwrap(), 1);
    assert_eq!(store.message_counts().await.unwrap(), (0, 2));
    let dead = store.messages(Some(NoteState::Dead), None, 10).await.unwrap();
    let why: Vec<_> = dead.iter().map(|it| it.problem.unwrap()).collect();
    assert_eq!(why, [SendProblem::Expired, SendProblem::NotPermitted]);
    assert_eq!(dead[1].detail, "sign not match");
    assert!(store.send_again(dead[1].id, line(86_500)).await.unwrap());
    assert!(!store.send_again(dead[1].id, line(86_500)).await.unwrap(), "it waits already");
    assert_eq!(store.expire_messages(at(86_600)).await.unwrap(), 0, "its patience is new");
    let taken = store.take_message(&channel, at(86_600)).await.unwrap().unwrap();
    assert_eq!((taken.key.as_str(), taken.tries), ("a", 1));
    store.settle_message(taken.id, Try::Sent, at(86_600)).await.unwrap();
    assert_eq!(store.prune_messages(at(90_000)).await.unwrap(), 2);
}

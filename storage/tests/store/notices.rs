//! 会议通知 by the channels: one message for each way to reach a contact, how each stands, sent again.

use crate::{
    meetings::{booked, plan, rooms},
    support::{Home, at},
};
use std::collections::BTreeSet;
use zhishou_domain::{
    MeetingId,
    alert::{
        Attachment, ChannelAccess, ChannelKind, ChannelSettings, MailSecurity, Note, NoteState,
        SendProblem, Switch, Topic,
    },
    meeting::{AgendaItem, Contact, Programme},
};
use zhishou_storage::{AuditLine, NewChannel, NoticeAnswer, Store, Try};

async fn channel(store: &Store, kind: ChannelKind, name: &str) {
    let settings = ChannelSettings {
        from: "zhishou@gov.example".into(),
        security: MailSecurity::Plain,
        body: "to={phone}&text={text}".into(),
        ..ChannelSettings::default()
    };
    let (address, secret) = match kind {
        ChannelKind::Mail => ("127.0.0.1:25", ""),
        _ => ("http://127.0.0.1:9/send?access_token=1", "SEC"),
    };
    let new = NewChannel {
        id: None,
        kind,
        name: name.into(),
        switch: Switch::On,
        topics: BTreeSet::from([Topic::Meeting]),
        settings,
        access: ChannelAccess { address: address.into(), secret: secret.into() },
    };
    let line = AuditLine {
        at: at(0),
        login: "li".into(),
        action: "save_channel",
        subject: name.into(),
        address: String::new(),
    };
    let saved = store.save_channel(new, line).await.unwrap();
    assert!(matches!(saved, zhishou_storage::ChannelSaved::Kept(_)), "{saved:?}");
}

fn contact(name: &str, phone: &str, mail: &str) -> Contact {
    Contact { name: name.into(), phone: phone.into(), mail: mail.into(), ..Contact::default() }
}

fn note() -> Note {
    Note {
        lines: vec!["请回执".into()], ..Note::new(Topic::Meeting, "", "【会议通知】全会")
    }
}

async fn states(store: &Store, meeting: MeetingId) -> Vec<(i64, String, NoteState)> {
    let sent = store.notice_messages(meeting).await.unwrap();
    let mut sent: Vec<_> =
        sent.into_iter().map(|(id, it)| (id, it.recipients[0].clone(), it.state)).collect();
    sent.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    sent
}

#[tokio::test]
async fn each_contact_is_told_by_each_way_there_is_and_nobody_else() {
    let home = Home::shanghai();
    let (store, venues, ..) = rooms(&home).await;
    channel(&store, ChannelKind::Mail, "邮件").await;
    channel(&store, ChannelKind::Sms, "短信").await;
    channel(&store, ChannelKind::Dingtalk, "值班群").await;
    let meeting = booked(&store, plan("全会", &venues)).await;
    let told = vec![
        (contact("张三", "13800000000", "zhang@gov.example"), note()),
        (contact("李四", "", "li@gov.example"), note()),
        (contact("王五", "", ""), note()),
    ];
    store.make_notices(meeting, told, at(10), "li".into(), String::new()).await.unwrap();
    let notices = store.notices(meeting).await.unwrap();
    let reached: Vec<_> = notices.iter().map(|it| (it.id, it.sends, it.messages)).collect();
    assert_eq!(reached, [(3, 1, 0), (2, 1, 1), (1, 1, 2)], "the newest first");
    let queued = |id, to: &str| (id, to.to_owned(), NoteState::Queued);
    assert_eq!(
        states(&store, meeting).await,
        [queued(1, "13800000000"), queued(1, "zhang@gov.example"), queued(2, "li@gov.example")],
        "a group hears nothing of what is for one"
    );

    // What is sent names the notice, and nowhere is the address of its answer.
    let mail = store.channels().await.unwrap().remove(0);
    let taken = store.take_message(&mail, at(11)).await.unwrap().unwrap();
    assert_eq!(taken.note.attachment, Some(Attachment::Notice { notice: 1 }));
    let token = store.notice_token(1);
    let mut raw = home.look().await;
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM outbox WHERE body LIKE ? OR about LIKE ?")
            .bind(format!("%{token}%"))
            .bind(format!("%{token}%"))
            .fetch_one(&mut raw)
            .await
            .unwrap();
    assert_eq!(kept, 0);
    store.settle_message(taken.id, Try::Sent, at(12)).await.unwrap();
    let taken = store.take_message(&mail, at(13)).await.unwrap().unwrap();
    let dead = Try::Dead { problem: SendProblem::Rejected, detail: "550".into() };
    store.settle_message(taken.id, dead, at(14)).await.unwrap();
    let found = store.notice_messages(meeting).await.unwrap();
    let li = found.iter().find(|(id, _)| *id == 2).unwrap();
    assert_eq!((li.1.state, li.1.problem), (NoteState::Dead, Some(SendProblem::Rejected)));

    // Sent again it is another message, and only that counts.
    let again = vec![(2, note())];
    store.send_notices(meeting, again, at(20), "li".into(), String::new()).await.unwrap();
    let found = states(&store, meeting).await;
    assert!(found.contains(&queued(2, "li@gov.example")) && found.len() == 3, "{found:?}");

    // Opened once, answered, and the answer stays.
    store.see_notice(2, at(30)).await.unwrap();
    store.see_notice(2, at(40)).await.unwrap();
    let notice = store.notice(2, &store.notice_token(2)).await.unwrap().unwrap();
    assert_eq!((notice.seen, notice.answer.clone()), (Some(at(30)), None));
    let answer = NoticeAnswer::Attending;
    store.answer_notice(notice, answer, "李四".into(), at(50), String::new()).await.unwrap();
    let notice = store.notice_to_send(2).await.unwrap().unwrap();
    assert_eq!(notice.answer, Some((at(50), answer, "李四".into())));

    // Messages go by age; that there were some is still known.
    store.prune_messages(at(1000)).await.unwrap();
    let left = states(&store, meeting).await;
    assert_eq!(left, [queued(1, "13800000000"), queued(2, "li@gov.example")]);
    let notices = store.notices(meeting).await.unwrap();
    assert_eq!(notices[2].messages, 2);
}

#[tokio::test]
async fn a_programme_is_kept_in_place_of_the_one_before() {
    let home = Home::shanghai();
    let (store, venues, ..) = rooms(&home).await;
    let meeting = booked(&store, plan("全会", &venues)).await;
    assert_eq!(store.programmes(&[meeting]).await.unwrap(), []);
    let of = |title: &str| Programme {
        agenda: vec![AgendaItem {
            from: chrono::NaiveTime::from_hms_opt(9, 0, 0).unwrap(),
            to: None,
            title: title.into(),
            venue: Some(venues[0]),
        }],
        attendance: vec![],
    };
    let save = |id, title: &str| {
        let programme = of(title);
        let store = store.clone();
        async move {
            store.save_programme(id, &programme, at(1), "li".into(), String::new()).await.unwrap()
        }
    };
    assert!(save(meeting, "开场").await);
    assert!(save(meeting, "讲话").await);
    assert!(!save(MeetingId::new(99), "讲话").await, "there is no such meeting");
    assert_eq!(store.programmes(&[meeting]).await.unwrap(), [(meeting, of("讲话"))]);
    assert_eq!(store.audit_of("save_programme", 9).await.unwrap().len(), 2);
}

//! What is told of meetings ahead.

use super::*;
use zhishou_storage::Rebooking;

#[tokio::test]
async fn whoever_is_on_duty_is_asked_to_sign_in_then_the_backup_and_both_and_the_chair_get_the_report_once()
 {
    let mut world = World::new(at(6, 0)).await;
    let mail = NewChannel {
        id: None,
        kind: ChannelKind::Mail,
        name: "邮件".into(),
        switch: Switch::On,
        topics: [Topic::Duty, Topic::Meeting].into(),
        settings: ChannelSettings {
            from: "zhishou@x.example".into(),
            security: MailSecurity::Plain,
            recipients: vec!["all@x.example".into()],
            ..Default::default()
        },
        access: ChannelAccess { address: "127.0.0.1:25".into(), secret: String::new() },
    };
    let kept = world.store.save_channel(mail, line(at(6, 0))).await.unwrap();
    assert!(matches!(kept, ChannelSaved::Kept(_)), "{kept:?}");
    let watcher = |name: &str| Watcher {
        name: name.into(),
        mail: format!("{name}@x.example"),
        ..Watcher::default()
    };
    let shift = vec![(at(8, 30), at(17, 30))];
    let (lead, backup) = (watcher("wang"), Some(watcher("li")));
    world.store.add_duty_shifts(shift, lead, backup, line(at(6, 0))).await.unwrap();
    let meeting = world.book(BookingWay::Approved).await;
    let sent = async |world: &World| -> Vec<(String, String)> {
        let messages = world.store.messages(None, None, 100).await.unwrap().into_iter().rev();
        messages.map(|it| (it.recipients.join(" "), it.title)).collect()
    };
    world.turn(7, 59).await;
    assert_eq!(sent(&world).await, []);
    world.turn(8, 0).await;
    world.turn(8, 5).await;
    let sign_in =
        |who: &str| (format!("{who}@x.example"), "请值班签到：09:00 防汛调度会".to_owned());
    assert_eq!(sent(&world).await, [sign_in("wang")]);
    // A restart does not ask twice.
    world.care.told.clear();
    world.turn(8, 15).await;
    assert_eq!(sent(&world).await, [sign_in("wang"), sign_in("li")]);
    world.turn(8, 30).await;
    world.care.told.clear();
    world.turn(8, 31).await;
    let all = sent(&world).await;
    let report =
        |who: &str| (format!("{who}@x.example"), "会前就绪报告：09:00 防汛调度会".to_owned());
    assert_eq!(all[2..], [report("zhao"), report("wang"), report("li")]);
    let kept = world.store.readiness_reports(meeting).await.unwrap();
    let [kept] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!((kept.told.as_slice(), kept.messages), (["赵".to_owned()].as_slice(), 1));
    assert_eq!((kept.from, kept.at), (at(9, 0), at(8, 30)));
    let about = world.store.messages(None, None, 1).await.unwrap().remove(0).about;
    assert_eq!(about, format!("/meetings/{meeting}"));

    // Who becomes chair after it gets it then, and nobody else again.
    let stored = world.store.meeting(meeting).await.unwrap().unwrap();
    let mut plan = stored.plan;
    plan.contacts.push(Contact {
        name: "钱".into(),
        mail: "qian@x.example".into(),
        role: ContactRole::Chair,
        ..Contact::default()
    });
    let step = MeetingStep {
        at: at(8, 40),
        login: "li".into(),
        act: MeetingAct::Note,
        note: "换主持人".into(),
    };
    let change = Rebooking {
        id: meeting,
        revision: stored.revision,
        plan,
        way: BookingWay::Approved,
        displace: Vec::new(),
        step,
        address: String::new(),
        told: Vec::new(),
    };
    let booked = world.store.rebook_meeting(change).await.unwrap();
    assert!(matches!(booked, Booked::Now(..)), "{booked:?}");
    world.turn(8, 41).await;
    world.turn(8, 42).await;
    world.care.told.clear();
    world.turn(8, 43).await;
    assert_eq!(sent(&world).await[5..], [report("qian")]);
    let kept = world.store.readiness_reports(meeting).await.unwrap();
    let [kept] = kept.as_slice() else { panic!("{kept:?}") };
    let both = ["赵".to_owned(), "钱".to_owned()];
    assert_eq!((kept.told.as_slice(), kept.messages, kept.at), (both.as_slice(), 2, at(8, 30)));
}

#[tokio::test]
async fn the_report_of_an_emergency_waits_for_its_check() {
    let mut world = World::new(at(8, 40)).await;
    let meeting = world.book(BookingWay::Emergency).await;
    let told = async |world: &World| {
        let kept = world.store.readiness_reports(meeting).await.unwrap();
        kept.into_iter().map(|it| (it.at, it.sentence)).collect::<Vec<_>>()
    };
    world.turn(8, 40).await;
    assert_eq!(told(&world).await, [], "its check is under way");
    world.turn(8, 41).await;
    let told = told(&world).await;
    let [(then, sentence)] = told.as_slice() else { panic!("{told:?}") };
    assert!(*then == at(8, 41) && !sentence.contains("尚未检查"), "{sentence}");
}

//! Every kind of channel over HTTP against robots that others' libraries sign for: `tests/peers/robots.py`
//! is Python's standard library and knows nothing of ours.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(clippy::disallowed_methods, reason = "robots compare our clock with theirs")]

use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};
use zhishou_domain::{
    ChannelId, Lang, Timestamp,
    alert::{
        Channel, ChannelAccess, ChannelKind, ChannelSettings, Charset, Note, SendProblem, Switch,
        Topic,
    },
};
use zhishou_notify::{Letter, Notifier, SendError, Trust};
use zhishou_tests::peers::{Peer, root};

const SECRET: &str = "SEC-of-the-robot";
const TOKEN: &str = "token-0123456789";

struct Robots {
    _server: Peer,
    base: String,
}

impl Robots {
    fn start() -> Self {
        let script = root().join("tests/peers/robots.py");
        let server = Peer::start(
            Path::new("/usr/bin/python3"),
            &[script.to_str().unwrap()],
            &[PathBuf::from("robots")],
        );
        let base = server.url("robots").trim_end_matches("/robots").to_owned();
        Self { _server: server, base }
    }

    async fn received(&self) -> Vec<Value> {
        let answer = reqwest::get(format!("{}/received", self.base)).await.unwrap();
        answer.json::<Value>().await.unwrap().as_array().unwrap().clone()
    }

    async fn fail(&self, query: &str) {
        let client = reqwest::Client::new();
        client.post(format!("{}/fail?{query}", self.base)).send().await.unwrap();
    }

    fn access(&self, path: &str) -> ChannelAccess {
        ChannelAccess { address: format!("{}/{path}", self.base), secret: SECRET.to_owned() }
    }
}

fn channel(kind: ChannelKind) -> Channel {
    Channel {
        id: ChannelId::new(1),
        kind,
        name: "值班群".to_owned(),
        switch: Switch::On,
        topics: [Topic::Incident].into(),
        host: String::new(),
        settings: ChannelSettings::default(),
    }
}

fn note() -> Note {
    let mut note = Note::new(Topic::Incident, "incident/12/open", "人民路 · 大面积失联");
    note.lines = vec!["30/30 台未恢复 · 3 个站点".into(), "东门[点我](http://evil)球机*1*".into()];
    note
}

async fn send(channel: &Channel, access: &ChannelAccess, note: &Note) -> Result<(), SendError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let letter = Letter {
        key: &note.key,
        note,
        recipients: &channel.settings.recipients,
        link: Some("http://zhishou.example/incidents/12".to_owned()),
        files: vec![],
        now: Timestamp::from_millis(i64::try_from(now).unwrap()),
        lang: Lang::Zh,
    };
    Notifier::new(Trust::new(None).unwrap()).send(channel, access, &letter).await
}

fn text(received: &Value) -> &str {
    received["text"].as_str().unwrap()
}

#[tokio::test]
async fn each_robot_takes_what_is_signed_for_it() {
    let robots = Robots::start();
    let mut dingtalk = channel(ChannelKind::Dingtalk);
    dingtalk.settings.recipients = vec!["13800000000".into()];
    send(&dingtalk, &robots.access(&format!("dingtalk?access_token={TOKEN}")), &note())
        .await
        .unwrap();
    send(&channel(ChannelKind::Feishu), &robots.access("feishu"), &note()).await.unwrap();
    let wecom = robots.access(&format!("wecom?key={TOKEN}"));
    send(&channel(ChannelKind::Wecom), &wecom, &note()).await.unwrap();
    send(&channel(ChannelKind::Webhook), &robots.access("webhook"), &note()).await.unwrap();
    let mut gateway = channel(ChannelKind::Sms);
    gateway.settings = ChannelSettings {
        recipients: vec!["13800000000".into()],
        charset: Charset::Gbk,
        body: "mobile={phone}&pwd={secret}&msg={text}".into(),
        success: "\"code\": 0".into(),
        ..ChannelSettings::default()
    };
    send(&gateway, &robots.access("sms"), &note()).await.unwrap();

    let received = robots.received().await;
    let kinds: Vec<&str> = received.iter().map(|it| it["robot"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["dingtalk", "feishu", "wecom", "webhook", "sms"]);
    for taken in &received {
        assert!(text(taken).contains("30/30 台未恢复 · 3 个站点"), "{taken}");
    }
    // A name out of the ledger makes no link and no bold of its own; a mention stands in the text.
    assert!(text(&received[0]).contains("东门［点我］(http://evil)球机＊1＊"), "{}", received[0]);
    assert!(text(&received[0]).contains("@13800000000") && received[0]["at"][0] == "13800000000");
    assert!(text(&received[2]).ends_with("[打开平台查看](http://zhishou.example/incidents/12)"));
    assert_eq!(received[3]["key"], "incident/12/open");
    assert_eq!(received[4]["phone"], "13800000000");
}

#[tokio::test]
async fn a_wrong_secret_is_said_without_saying_it() {
    let robots = Robots::start();
    for (kind, path) in [
        (ChannelKind::Dingtalk, format!("dingtalk?access_token={TOKEN}")),
        (ChannelKind::Dingtalk, "dingtalk?access_token=another-token-1".to_owned()),
        (ChannelKind::Feishu, "feishu".to_owned()),
        (ChannelKind::Wecom, "wecom?key=another-token-1".to_owned()),
        (ChannelKind::Webhook, "webhook".to_owned()),
    ] {
        let access = ChannelAccess { secret: "SEC-of-another".into(), ..robots.access(&path) };
        let error = send(&channel(kind), &access, &note()).await.unwrap_err();
        assert_eq!(error.problem, SendProblem::NotPermitted, "{error}");
        let said = format!("{error} {error:?}");
        assert!(!said.contains("SEC-of-another") && !said.contains("another-token-1"), "{said}");
    }
    assert!(robots.received().await.is_empty());
}

#[tokio::test]
async fn trouble_of_the_other_side_is_told_from_a_refusal() {
    let robots = Robots::start();
    let webhook = channel(ChannelKind::Webhook);
    let access = robots.access("webhook");
    robots.fail("status=429&times=1&after=7").await;
    let busy = send(&webhook, &access, &note()).await.unwrap_err();
    assert_eq!((busy.problem, busy.after.map(|it| it.as_secs())), (SendProblem::TooFast, Some(7)));
    robots.fail("status=503&times=1").await;
    let busy = send(&webhook, &access, &note()).await.unwrap_err();
    assert!(busy.problem == SendProblem::Busy && busy.problem.may_pass());
    // Nobody listens there; the address is not told.
    let nobody = ChannelAccess { address: "http://127.0.0.1:9/a-secret-hook".into(), ..access };
    let error = send(&webhook, &nobody, &note()).await.unwrap_err();
    assert_eq!(error.problem, SendProblem::Unreachable);
    assert!(!format!("{error}").contains("a-secret-hook"), "{error}");
}

#[tokio::test]
async fn twenty_a_minute_and_no_more() {
    let robots = Robots::start();
    let access = robots.access(&format!("dingtalk?access_token={TOKEN}"));
    let dingtalk = channel(ChannelKind::Dingtalk);
    for _ in 0..20 {
        send(&dingtalk, &access, &note()).await.unwrap();
    }
    let error = send(&dingtalk, &access, &note()).await.unwrap_err();
    assert_eq!(error.problem, SendProblem::TooFast);
}

#[tokio::test]
async fn a_message_is_as_long_as_the_robot_takes() {
    let robots = Robots::start();
    let mut long = note();
    long.lines = (0..2000).map(|n| format!("东街 · 相机{n:04} · 离线 2 小时 · 联系维保")).collect();
    let wecom = robots.access(&format!("wecom?key={TOKEN}"));
    send(&channel(ChannelKind::Wecom), &wecom, &long).await.unwrap();
    let dingtalk = robots.access(&format!("dingtalk?access_token={TOKEN}"));
    send(&channel(ChannelKind::Dingtalk), &dingtalk, &long).await.unwrap();
    send(&channel(ChannelKind::Feishu), &robots.access("feishu"), &long).await.unwrap();
    let received = robots.received().await;
    let shortened = text(&received[0]);
    assert!(shortened.contains("其余请在平台查看") && shortened.contains("/incidents/12)"));
    assert_eq!(received.len(), 3);
}

#[tokio::test]
async fn a_relay_is_gone_through() {
    let robots = Robots::start();
    let mut webhook = channel(ChannelKind::Webhook);
    webhook.settings.relay.clone_from(&robots.base);
    let access = ChannelAccess {
        address: "http://government-wecom.invalid/webhook".into(),
        secret: SECRET.into(),
    };
    send(&webhook, &access, &note()).await.unwrap();
    assert_eq!(robots.received().await[0]["via"], "government-wecom.invalid");
}

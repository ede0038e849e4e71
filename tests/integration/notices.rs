//! 会议通知 of a running platform: by SMS and by mail with the calendar, answered by the link in them.

use crate::platform::{Home, Platform, Visitor, row};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use zhishou_tests::peers::{Peer, root};

const PASSWORD: &str = "Notices-Go-Out-1";
const BASE: &str = "https://zhishou.gov.example";

/// A mail relay of the house, its folder, and its address.
fn relay(folder: &Path) -> (Peer, String) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (key, certificate) = (path("relay.key"), path("relay.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=relay"])
        .args(["-keyout", &key, "-out", &certificate])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let script = root().join("tests/peers/smtp_server.py");
    let arguments = [script.to_str().unwrap(), "plain", &certificate, &key, &path("")];
    let python = root().join("target/peers/smtp/bin/python");
    let server = Peer::start(&python, &arguments, &[PathBuf::from("relay")]);
    let address = server.url("relay");
    let address = address.trim_start_matches("smtp://").trim_end_matches("/relay").to_owned();
    (server, address)
}

fn mails(folder: &Path) -> Vec<Value> {
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let files = entries.filter(|it| it.extension().is_some_and(|it| it == "json"));
    files.map(|it| serde_json::from_slice(&fs::read(it).unwrap()).unwrap()).collect()
}

async fn add_channels(admin: &Visitor, gateway: &str, relay: &str) {
    let sms = [
        ("kind", "sms"),
        ("name", "短信"),
        ("switch", "on"),
        ("meeting", "1"),
        ("charset", "gbk"),
        ("address", gateway),
        ("secret", "SEC-of-the-robot"),
        ("body", "mobile={phone}&msg={text}&pwd={secret}"),
    ];
    assert_eq!(admin.form("/admin/alerts/channels", &sms).await, 200);
    let mail = [
        ("kind", "mail"),
        ("name", "邮件"),
        ("switch", "on"),
        ("meeting", "1"),
        ("security", "plain"),
        ("from", "zhishou@gov.example"),
        ("address", relay),
    ];
    assert_eq!(admin.form("/admin/alerts/channels", &mail).await, 200);
}

async fn page_with(admin: &Visitor, words: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let (status, page) = admin.page("/bookings/1").await;
        assert_eq!(status, 200);
        if page.contains(words) {
            return page;
        }
        assert!(Instant::now() < deadline, "{words} was waited for: {page}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_goes_out_by_sms_and_mail_and_is_answered_by_its_link() {
    let folder = tempfile::tempdir().unwrap();
    let script = root().join("tests/peers/robots.py");
    let python = Path::new("/usr/bin/python3");
    let robots = Peer::start(python, &[script.to_str().unwrap(), "0"], &[PathBuf::from("robots")]);
    let gateway = robots.url("robots").trim_end_matches("/robots").to_owned();
    let (_server, relay) = relay(folder.path());
    let plan = format!("interval_s = 3600\ndepth = \"reach\"\n[alerts]\nbase_url = \"{BASE}\"\n");
    let home = Home::new(&plan, &[row(1, "rtsp://127.0.0.1:9/1", ",")]);
    let platform: Platform = home.serve();
    let (user, printed) = platform.login.clone().unwrap();
    let admin = Visitor::login(&platform, &user, &printed, PASSWORD).await;
    add_channels(&admin, &format!("{gateway}/sms"), &relay).await;
    assert_eq!(admin.form("/admin/venues", &[("name", "一楼会议室"), ("in_use", "1")]).await, 200);
    let meeting = [
        ("title", "全会"),
        ("day", "2099-01-05"),
        ("from", "09:00"),
        ("to", "11:00"),
        ("venue_1", "main"),
        ("contacts", "张三 应急局 zhang@gov.example 13800000000\n李四 nobody@gov.example\n王五"),
    ];
    assert_eq!(admin.form("/bookings", &meeting).await, 200);
    assert_eq!(admin.form("/bookings/1/notify", &[]).await, 200);

    let page = page_with(&admin, "未能送达 2").await;
    assert!(page.contains("没有手机号和邮箱") && page.contains("550"), "{page}");
    page_with(&admin, "邮件：已送达").await;
    let page = page_with(&admin, "短信：已送达").await;
    let link = page.split("data-path=\"").nth(3).unwrap().split('"').next().unwrap().to_owned();
    let received = reqwest::get(format!("{gateway}/received")).await.unwrap();
    let received: Vec<Value> = received.json().await.unwrap();
    let text = received[0]["text"].as_str().unwrap();
    assert_eq!((received.len(), received[0]["phone"].as_str()), (1, Some("13800000000")));
    assert!(text.starts_with("【会议通知】全会；张三：您好。"), "{text}");
    assert!(text.ends_with(&format!(" {BASE}{link}")), "{text}");
    let mails = mails(folder.path());
    assert_eq!((mails.len(), &mails[0]["to"][0]), (1, &Value::from("zhang@gov.example")));
    assert_eq!(mails[0]["files"][0]["name"], "meeting.ics");
    assert_eq!(mails[0]["files"][0]["type"], "text/calendar");
    assert!(mails[0]["text"].as_str().unwrap().trim_end().ends_with(&link), "{}", mails[0]);

    // The contact opens it, which the page of the meeting says, and answers.
    let contact = reqwest::Client::new();
    let address = platform.url(&link);
    let opened = contact.get(&address).send().await.unwrap();
    assert_eq!(opened.status(), 200);
    page_with(&admin, "已打开").await;
    let answer = contact.post(&address).form(&[("answer", "attending"), ("person", "张三")]);
    let answered = answer.header("origin", &platform.address).send().await.unwrap();
    assert!(answered.status().is_success(), "{}", answered.status());
    page_with(&admin, "参会 1、无法参会 0、未回执 2").await;
}

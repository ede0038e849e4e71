//! Messages of a running platform: they wait out an outage of the robot and a `kill -9`, and arrive once.

use crate::platform::{Home, Platform, Visitor, row};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use zhishou_tests::peers::{Peer, root};

const PASSWORD: &str = "Robots-Are-Waiting-1";
const TOKEN: &str = "token-0123456789";

fn robots(port: u16) -> Peer {
    let script = root().join("tests/peers/robots.py");
    let port = port.to_string();
    Peer::start(
        Path::new("/usr/bin/python3"),
        &[script.to_str().unwrap(), &port],
        &[PathBuf::from("robots")],
    )
}

async fn visitor(platform: &Platform) -> Visitor {
    let printed = || ("admin".to_owned(), PASSWORD.to_owned());
    let (user, password) = platform.login.clone().unwrap_or_else(printed);
    Visitor::login(platform, &user, &password, PASSWORD).await
}

async fn wait_for(visitor: &Visitor, state: &str, count: usize) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_secs(240);
    loop {
        let found = visitor.list(&format!("/api/v1/alerts/messages?state={state}")).await;
        if found.len() >= count {
            return found;
        }
        assert!(Instant::now() < deadline, "{count} {state} were waited for: {found:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_waits_out_an_outage_and_a_kill_and_arrives_once() {
    let first = robots(0);
    let base = first.url("robots").trim_end_matches("/robots").to_owned();
    let port: u16 = base.rsplit(':').next().unwrap().parse().unwrap();
    let home =
        Home::new("interval_s = 3600\ndepth = \"reach\"\n", &[row(1, "rtsp://127.0.0.1:9/1", ",")]);
    let mut platform = home.serve();
    let admin = visitor(&platform).await;
    let address = format!("{base}/dingtalk?access_token={TOKEN}");
    let channel = [
        ("kind", "dingtalk"),
        ("name", "值班群"),
        ("switch", "on"),
        ("address", address.as_str()),
        ("secret", "SEC-of-the-robot"),
    ];
    assert_eq!(admin.form("/admin/alerts/channels", &channel).await, 200);
    assert_eq!(admin.form("/admin/alerts/channels/1/test", &[]).await, 200);
    wait_for(&admin, "sent", 1).await;

    // The robot goes away with two more under way, and then so do we.
    drop(first);
    for _ in 0..2 {
        assert_eq!(admin.form("/admin/alerts/channels/1/test", &[]).await, 200);
    }
    let waiting = wait_for(&admin, "queued", 2).await;
    assert_eq!(waiting.len(), 2);
    let deadline = Instant::now() + Duration::from_secs(60);
    while admin.list("/api/v1/alerts/messages?state=queued").await[1]["problem"] != "unreachable" {
        assert!(Instant::now() < deadline, "nobody tried");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    platform.kill();
    let second = robots(port);
    let platform = home.serve();
    let admin = visitor(&platform).await;
    let sent = wait_for(&admin, "sent", 3).await;
    assert_eq!(sent.len(), 3);
    let received = reqwest::get(format!("{base}/received")).await.unwrap();
    let received: Vec<Value> = received.json().await.unwrap();
    assert_eq!(received.len(), 2, "each of the two once: {received:?}");
    drop(second);

    // What opens the channel is in no page.
    for page in ["/admin/alerts", "/admin/alerts/channels/1"] {
        let (status, body) = admin.page(page).await;
        assert_eq!(status, 200);
        assert!(!body.contains(TOKEN) && !body.contains("SEC-of-the-robot"), "{page}");
    }
}

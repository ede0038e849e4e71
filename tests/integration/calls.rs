//! A check before a meeting calls an endpoint that nobody here wrote, judges what its camera shows and keeps
//! one received keyframe, which stands on the pages of the meeting and of the endpoint.

use crate::platform::{Home, Visitor, row};
use chrono::{DateTime, Duration as Span, FixedOffset, Utc};
use serde_json::Value;
use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};
use zhishou_tests::{
    peers::footage,
    sip_peers::{Room, baresip, free_port},
};

const PASSWORD: &str = "Called-And-Kept-7";
/// A call lasts 20 s, and what fails is called twice.
const PATIENCE: Duration = Duration::from_secs(150);

/// The cell of an item in the first venue.
async fn cell(visitor: &Visitor, venue: &str, item: &str) -> Value {
    let (status, body) = visitor.get("/api/v1/meetings/1/readiness?lang=en").await;
    assert_eq!(status, 200, "{body}");
    let venues = body["items"].as_array().unwrap().iter();
    let mut cells = venues
        .filter(|it| it["venue"] == venue)
        .flat_map(|venue| venue["cells"].as_array().unwrap());
    cells.find(|it| it["item"] == item).cloned().unwrap_or_default()
}

/// The same once it was looked at.
async fn known(visitor: &Visitor, venue: &str, item: &str) -> Value {
    let until = Instant::now() + PATIENCE;
    loop {
        let cell = cell(visitor, venue, item).await;
        if !cell["last"].is_null() {
            return cell;
        }
        assert!(Instant::now() < until, "{venue} {item}: {cell}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_keeps_the_keyframe_that_it_judged() {
    let (lively, dead) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ports = (free_port(), free_port());
    let video = footage().join("view-h264.mp4");
    let _lively = baresip(lively.path(), ports.0, Room::Lively, &video, None);
    let _dead = baresip(dead.path(), ports.1, Room::Dead, dead.path(), None);
    let home =
        Home::new("interval_s = 3600\ndepth = \"reach\"\n", &[row(1, "rtsp://127.0.0.1:9/1", ",")]);
    let ledger = format!(
        "名称,类型,街道,站点,RTSP 地址,允许测试呼叫\n\
         一楼会议室,会议终端,东街,站点,sip:room1@127.0.0.1:{},是\n\
         二楼会议室,会议终端,东街,站点,sip:room1@127.0.0.1:{},是\n",
        ports.0, ports.1
    );
    home.import(&ledger);
    let platform = home.serve();
    let (user, printed) = platform.login.clone().unwrap();
    let admin = Visitor::login(&platform, &user, &printed, PASSWORD).await;
    let devices = admin.list("/api/v1/devices").await;
    let id = |name: &str| {
        let device = devices.iter().find(|it| it["name"] == name).unwrap();
        device["id"].as_str().unwrap().to_owned()
    };
    let (one, two) = (id("一楼会议室"), id("二楼会议室"));
    let rooms = [("device", one.as_str()), ("device", two.as_str())];
    assert_eq!(admin.form("/admin/venues/from-ledger", &rooms).await, 200);
    let shanghai = FixedOffset::east_opt(8 * 3600).unwrap();
    let from: DateTime<_> = (Utc::now() + Span::hours(2)).with_timezone(&shanghai);
    let to = from + Span::minutes(30);
    let text = |at: &DateTime<FixedOffset>, form: &str| at.format(form).to_string();
    let (day, begins, ends) = (text(&from, "%F"), text(&from, "%H:%M"), text(&to, "%H:%M"));
    let meeting = [
        ("title", "调度会"),
        ("day", day.as_str()),
        ("from", begins.as_str()),
        ("to", ends.as_str()),
        ("venue_1", "main"),
        ("venue_2", "branch"),
    ];
    assert_eq!(admin.form("/bookings", &meeting).await, 200);
    assert_eq!(admin.form("/meetings/1/run-check", &[]).await, 200);

    let seen = known(&admin, "一楼会议室", "video").await;
    assert_eq!(seen["outcome"], "pass", "{seen:#}");
    let words = seen["last"]["evidence"].as_str().unwrap();
    assert!(words.contains("fps") && words.contains("nothing wrong"), "{words}");
    let href = seen["last"]["picture"].as_str().unwrap();
    let (status, kind, picture) = admin.bytes(href).await;
    assert_eq!((status, kind.as_str()), (200, "image/jpeg"));
    // It is a picture, of the size that others read out of it.
    let file = lively.path().join("received.jpg");
    fs::write(&file, &picture).unwrap();
    let read = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0"])
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), "320,240");

    let seen = known(&admin, "二楼会议室", "video").await;
    assert_ne!(seen["outcome"], "pass", "{seen:#}");
    let words = seen["last"]["evidence"].as_str().unwrap();
    assert!(words.contains("still picture"), "{words}");
    assert!(seen["last"]["picture"].is_string(), "{seen:#}");
    let silent = known(&admin, "二楼会议室", "audio").await;
    assert_eq!(silent["outcome"], "fail", "{silent:#}");

    // The page of the meeting shows it, and so does that of the endpoint.
    let (_, page) = admin.page("/meetings/1?lang=en").await;
    assert!(page.contains(&format!("<img src=\"{href}\"")), "{page}");
    let (_, page) = admin.page(&format!("/devices/{one}?lang=en")).await;
    assert!(page.contains(&format!("/devices/{one}/pictures/good?at=")), "{page}");
    assert!(page.contains("Test call") || page.contains("test call"), "{page}");
}

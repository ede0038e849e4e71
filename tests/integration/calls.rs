//! A check before a meeting calls an endpoint that nobody here wrote, judges what its camera shows and keeps
//! one received keyframe, which stands on the pages of the meeting and of the endpoint.

use crate::platform::{Home, Platform, Visitor, row};
use chrono::{DateTime, Duration as Span, FixedOffset, Utc};
use serde_json::Value;
use std::{
    fs,
    net::UdpSocket,
    process::Command,
    sync::{Arc, Mutex},
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

/// The requests that came, by method.
type Heard = Arc<Mutex<Vec<String>>>;

/// An endpoint that takes calls and never says that one is over. Its port.
fn deaf_to_bye() -> (u16, Heard) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let heard = Heard::default();
    let all = Arc::clone(&heard);
    std::thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let method = request.split(' ').next().unwrap_or_default().to_owned();
            all.lock().unwrap().push(method.clone());
            let body = match method.as_str() {
                "INVITE" => format!(
                    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                     m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
                ),
                "OPTIONS" => String::new(),
                _ => continue,
            };
            let mut answer = "SIP/2.0 200 OK\r\n".to_owned();
            for line in request.lines().take_while(|line| !line.is_empty()) {
                let is_echoed =
                    ["Via:", "From:", "Call-ID:", "CSeq:"].iter().any(|it| line.starts_with(it));
                if is_echoed {
                    answer += &format!("{line}\r\n");
                } else if line.starts_with("To:") {
                    answer += &format!("{line};tag=deaf\r\n");
                }
            }
            answer += &format!(
                "Contact: <sip:room1@127.0.0.1:{port}>\r\nContent-Type: application/sdp\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let _gone = socket.send_to(answer.as_bytes(), from);
        }
    });
    (port, heard)
}

/// What the audit log says of test calls, in order.
fn on_record(home: &Home) -> String {
    let query = "import sqlite3, sys; base = sqlite3.connect(sys.argv[1]); print(' '.join(row[0] for row \
                 in base.execute(\"SELECT action FROM audit WHERE action LIKE '%test_call' ORDER BY id\")))";
    let base = format!("{}/zhishou.db", home.path("data"));
    let output = Command::new("python3").args(["-c", query, &base]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Asks for a test call of the only endpoint and waits until it stands.
async fn call_stands(platform: &Platform, (user, printed): (&str, &str), heard: &Heard) {
    let admin = Visitor::login(platform, user, printed, PASSWORD).await;
    let devices = admin.list("/api/v1/devices").await;
    let device = devices.iter().find(|it| it["name"] == "一楼会议室").unwrap();
    let path = format!("/api/v1/devices/{}/test-call", device["id"].as_str().unwrap());
    heard.lock().unwrap().clear();
    let stands = async {
        while !heard.lock().unwrap().iter().any(|it| it == "ACK") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        answer = admin.post(&path, &Value::Null) => panic!("the call lasts 20 s: {answer:?}"),
        stood = tokio::time::timeout(PATIENCE, stands) => stood.unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_on_record_however_the_platform_ends_in_it() {
    let (port, heard) = deaf_to_bye();
    let home =
        Home::new("interval_s = 3600\ndepth = \"reach\"\n", &[row(1, "rtsp://127.0.0.1:9/1", ",")]);
    home.import(&format!(
        "名称,类型,街道,站点,RTSP 地址,允许测试呼叫\n\
         一楼会议室,会议终端,东街,站点,sip:room1@127.0.0.1:{port},是\n"
    ));
    // Killed: nothing can be said of how it ended, but that it was made.
    let mut platform = home.serve();
    let (user, printed) = platform.login.clone().unwrap();
    call_stands(&platform, (&user, &printed), &heard).await;
    platform.kill();
    assert_eq!(on_record(&home), "begin_test_call");
    // Asked to stop: it hangs up first, also where nobody says so, and that is on record too.
    let mut platform = home.serve();
    call_stands(&platform, (&user, PASSWORD), &heard).await;
    assert_eq!(platform.terminate(), Some(0));
    assert_eq!(on_record(&home), "begin_test_call begin_test_call test_call");
    assert!(heard.lock().unwrap().iter().any(|it| it == "BYE"), "{heard:?}");
}

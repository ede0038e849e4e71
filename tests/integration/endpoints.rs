//! `zhishou probe sip:…` against endpoints and a registrar that nobody here wrote: baresip, sipp and
//! Kamailio with Digest; straight, and through a network that loses, doubles and delays datagrams.

use crate::platform::binary;
use serde_json::Value;
use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use zhishou_tests::{
    call_relay::{Line, call_relay},
    peers::footage,
    sip_peers::{
        Network, Room, baresip, baresip_over_tls, free_port, kamailio, kamailio_over_tls, relay,
        sipp,
    },
};

/// What `zhishou probe --json` says, and its exit code.
fn probe(arguments: &[&str]) -> (Value, i32) {
    let output = Command::new(binary())
        .args(["--lang", "en", "probe", "--json"])
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let value = serde_json::from_str(text.trim()).unwrap_or_else(|error| {
        panic!("{error}: {text} {}", String::from_utf8_lossy(&output.stderr))
    });
    (value, output.status.code().unwrap())
}

fn call(url: &str, seconds: &str) -> (Value, i32) {
    probe(&["--depth", "picture", "--seconds", seconds, url])
}

fn codes(seen: &Value) -> Vec<&str> {
    let faults = seen["faults"].as_array().unwrap().iter();
    faults.map(|fault| fault["code"].as_str().unwrap()).collect()
}

fn timed(seen: &Value, stage: &str) -> bool {
    let stages = seen["stages"].as_array().unwrap().iter();
    stages.filter(|it| it["name"] == stage).any(|it| it["ms"].is_number())
}

#[test]
fn baresip_is_asked_and_called() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let video = footage().join("view-h264.mp4");
    let _peer = baresip(folder.path(), port, Room::Lively, &video, None);
    let url = format!("sip:room1@127.0.0.1:{port}");
    let (seen, exit) = probe(&[&url]);
    assert_eq!((seen["verdict"].as_str(), exit), (Some("online"), 0), "{seen:#}");
    assert_eq!((seen["kind"].as_str(), seen["depth"].as_str()), (Some("endpoint"), Some("reach")));
    assert_eq!(
        (&seen["call"]["options_status"], &seen["call"]["called"]),
        (&200.into(), &false.into())
    );

    let (seen, exit) = call(&url, "21");
    assert_eq!((seen["verdict"].as_str(), exit), (Some("online"), 0), "{seen:#}");
    for stage in ["options", "invite", "answer", "first_audio", "first_video", "bye"] {
        assert!(timed(&seen, stage), "{stage}: {seen:#}");
    }
    let (audio, video, facts) = (&seen["audio"], &seen["video"], &seen["call"]);
    assert_eq!((&audio["codec"], &video["codec"]), (&"pcma".into(), &"h264".into()));
    assert!(audio["packets"].as_u64().unwrap() > 500 && audio["lost"] == 0, "{audio:#}");
    assert!(audio["level_dbfs"].as_f64().unwrap() > -40.0, "a tone: {audio:#}");
    assert!(video["fps"].as_f64().unwrap() > 5.0 && video["keyframes"].as_u64().unwrap() > 0);
    assert!(facts["mos"].as_f64().is_some_and(|mos| mos > 4.0), "{facts:#}");
    assert!(facts["rtt_ms"].as_f64().is_some_and(|rtt| rtt < 100.0), "{facts:#}");
    assert_eq!((&facts["invite_status"], &facts["ended"]), (&200.into(), &true.into()));
    assert!(seen["picture"]["width"].as_u64().is_some(), "one keyframe is judged");

    // SIGTERM in the middle of a call: BYE goes out, and the next caller is not told 486.
    let mut under_way = Command::new(binary())
        .args(["probe", "--json", "--depth", "stream", "--seconds", "30", &url])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(4));
    let (seen, _) = probe(&[&url]);
    let busy = codes(&seen) == ["busy"];
    let told = Command::new("kill").arg(under_way.id().to_string()).status().unwrap();
    assert!(told.success());
    under_way.wait().unwrap();
    let (seen, exit) = call(&url, "2");
    assert_eq!((codes(&seen), exit), (vec![], 0), "busy before: {busy}; {seen:#}");
}

#[test]
fn what_the_line_does_to_a_call_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let video = footage().join("view-h264.mp4");
    let _peer = baresip(folder.path(), port, Room::Lively, &video, None);
    // 2 % are lost, each is 60 ms on the way in each direction, and up to 18 ms longer.
    let millis = Duration::from_millis;
    let line = Line { loses: 50, delays: millis(60), varies: millis(18) };
    let through = call_relay(port, line);
    let (seen, exit) = call(&format!("sip:room1@127.0.0.1:{through}"), "21");
    let (audio, facts) = (&seen["audio"], &seen["call"]);
    assert_eq!((seen["verdict"].as_str(), exit), (Some("degraded"), 1), "{seen:#}");
    assert!(codes(&seen).contains(&"high_loss"), "{seen:#}");
    let (packets, lost) = (audio["packets"].as_f64().unwrap(), audio["lost"].as_f64().unwrap());
    let ratio = lost / (packets + lost);
    assert!((0.018..0.022).contains(&ratio), "{lost} lost of {packets}: {seen:#}");
    // Of what is uniform over W the mean difference of two is W/3 (RFC 3550, 6.4.1); a loaded machine adds.
    let jitter = audio["jitter_ms"].as_f64().unwrap();
    assert!((3.0..30.0).contains(&jitter), "{jitter} ms: {seen:#}");
    let rtt = facts["rtt_ms"].as_f64().unwrap();
    assert!((118.0..300.0).contains(&rtt), "{rtt} ms: {seen:#}");
    // G.107 with G.113's values of G.711 that conceals loss (Ie 0, Bpl 25.1): 4.24 at 2 % and 65 ms, where a
    // call without loss has 4.4.
    let mos = facts["mos"].as_f64().unwrap();
    assert!((4.0..4.3).contains(&mos), "{mos}: {seen:#}");
}

#[test]
fn a_dead_room_is_silent_and_still() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let _peer = baresip(folder.path(), port, Room::Dead, folder.path(), None);
    let (seen, exit) = call(&format!("sip:room1@127.0.0.1:{port}"), "8");
    assert_eq!((seen["verdict"].as_str(), exit), (Some("degraded"), 1), "{seen:#}");
    let codes = codes(&seen);
    assert!(codes.contains(&"audio_silent") && codes.contains(&"still_picture"), "{seen:#}");
    assert!(!codes.contains(&"no_audio") && !codes.contains(&"no_video"));
}

#[test]
fn baresip_is_called_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let video = footage().join("view-h264.mp4");
    let pem = concat!(
        include_str!("../../probe/tests/testdata/camera.pem"),
        include_str!("../../probe/tests/testdata/camera.key")
    );
    let (_peer, port) = baresip_over_tls(folder.path(), Room::Lively, &video, pem);
    let secured = |seen: &Value| {
        assert_eq!(seen["tls"]["trust"], "first", "{seen:#}");
        assert!(seen["tls"]["fingerprint"].as_str().unwrap().starts_with("a75642fa"), "{seen:#}");
        assert!(timed(seen, "tls"), "{seen:#}");
    };
    let url = format!("sip:room1@127.0.0.1:{port};transport=tls");
    let (seen, exit) = probe(&[&url]);
    assert_eq!((seen["verdict"].as_str(), exit), (Some("online"), 0), "{seen:#}");
    secured(&seen);
    let (seen, exit) = call(&format!("sips:room1@127.0.0.1:{port}"), "6");
    assert_eq!((seen["verdict"].as_str(), exit), (Some("online"), 0), "{seen:#}");
    secured(&seen);
    assert_eq!((&seen["call"]["carrier"], &seen["call"]["ended"]), (&"tls".into(), &true.into()));
    assert!(timed(&seen, "answer") && timed(&seen, "first_video") && timed(&seen, "bye"));
    assert!(seen["picture"]["width"].as_u64().is_some(), "one keyframe is judged: {seen:#}");
    // It is free again.
    let (seen, _) = call(&url, "2");
    assert_eq!((codes(&seen), &seen["call"]["invite_status"]), (vec![], &200.into()), "{seen:#}");
}

#[test]
fn sipp_ignores_options_and_takes_the_call() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let _peer = sipp(folder.path(), port);
    let url = format!("sip:service@127.0.0.1:{port}");
    let (seen, exit) = probe(&[&url]);
    assert_eq!((seen["verdict"].as_str(), exit), (Some("unknown"), 3), "silence is not down");
    let (seen, _) = call(&url, "3");
    assert!(timed(&seen, "answer") && seen["call"]["ended"] == true, "{seen:#}");
    // The same through a network that loses, doubles and delays.
    let network = Network { loses: 4, doubles: 3, delays: Duration::from_millis(30) };
    let through = relay(port, network);
    let (seen, _) = call(&format!("sip:service@127.0.0.1:{through}"), "3");
    assert!(timed(&seen, "answer") && seen["call"]["invite_status"] == 200, "{seen:#}");
}

/// Waits until the proxy passes questions on to the endpoint.
fn is_registered(url: &str) {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let (seen, _) = probe(&[url]);
        if codes(&seen).is_empty() && seen["call"]["options_status"] == 200 {
            return;
        }
        assert!(Instant::now() < until, "{seen:#}");
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn kamailio_tells_who_is_registered_and_passes_calls_on() {
    let (folder, room) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (registrar, port) = (free_port(), free_port());
    let _proxy = kamailio(folder.path(), registrar);
    let url = |login: &str| format!("sip:{login}@127.0.0.1:{registrar}");
    let (seen, exit) = probe(&[&url("room1")]);
    assert_eq!((seen["verdict"].as_str(), exit), (Some("online"), 0), "the proxy lives: {seen:#}");
    assert_eq!(codes(&seen), ["auth_required"]);
    let (seen, _) = probe(&[&url("room1:wrong")]);
    assert_eq!((codes(&seen), &seen["rejected_logins"]), (vec!["auth_rejected"], &1.into()));
    let (seen, exit) = probe(&[&url("room1:s3cret")]);
    assert_eq!((seen["verdict"].as_str(), exit), (Some("offline"), 1), "{seen:#}");
    assert_eq!(codes(&seen), ["not_registered"]);

    let video = footage().join("view-h264.mp4");
    let _peer = baresip(room.path(), port, Room::Lively, &video, Some(registrar));
    is_registered(&url("room1:s3cret"));
    // Challenged for INVITE, along the recorded route for ACK and BYE.
    let (seen, exit) = call(&url("room1:s3cret"), "6");
    assert_eq!((seen["verdict"].as_str(), exit), (Some("online"), 0), "{seen:#}");
    assert_eq!(seen["call"]["ended"], true);
    assert!(!seen.to_string().contains("s3cret"));
}

#[test]
fn kamailio_is_asked_and_passes_calls_on_over_tls() {
    let (folder, room) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (registrar, port) = (free_port(), free_port());
    let pem = concat!(
        include_str!("../../probe/tests/testdata/camera.pem"),
        include_str!("../../probe/tests/testdata/camera.key")
    );
    let (_proxy, secured) = kamailio_over_tls(folder.path(), registrar, pem);
    let url = |login: &str| format!("sip:{login}@127.0.0.1:{secured};transport=tls");
    let (seen, exit) = probe(&[&url("room1")]);
    assert_eq!((seen["verdict"].as_str(), exit), (Some("online"), 0), "the proxy lives: {seen:#}");
    assert_eq!((codes(&seen), &seen["call"]["carrier"]), (vec!["auth_required"], &"tls".into()));
    let (seen, _) = probe(&[&url("room1:wrong")]);
    assert_eq!((codes(&seen), &seen["rejected_logins"]), (vec!["auth_rejected"], &1.into()));
    let (seen, _) = probe(&[&url("room1:s3cret")]);
    assert_eq!(codes(&seen), ["not_registered"], "{seen:#}");

    // The room itself speaks UDP: from us to the proxy everything is sealed.
    let video = footage().join("view-h264.mp4");
    let _peer = baresip(room.path(), port, Room::Lively, &video, Some(registrar));
    is_registered(&url("room1:s3cret"));
    let (seen, exit) = call(&url("room1:s3cret"), "6");
    assert_eq!((seen["verdict"].as_str(), exit), (Some("online"), 0), "{seen:#}");
    let facts = &seen["call"];
    assert_eq!((&facts["carrier"], &facts["invite_status"]), (&"tls".into(), &200.into()));
    assert_eq!(facts["ended"], true, "BYE goes along the recorded route, over TLS: {seen:#}");
    assert!(!seen.to_string().contains("s3cret"));
}

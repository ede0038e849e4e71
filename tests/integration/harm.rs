//! The real programs against a recorder that counts: a signal leaves no session behind, and no
//! account is locked, whoever is restarted.

use crate::platform::{Home, Visitor, binary, row};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use zhishou_tests::counting::{Counting, Farewell};

const CHANNELS: usize = 4;
/// Two seconds for TEARDOWN and one more is the promise; a loaded machine is given time beside it.
const END: Duration = Duration::from_secs(25);
const PASSWORD: &str = "No-Harm-Is-Done-9";

/// Waits for something to come true.
#[track_caller]
fn until(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(90);
    while !is() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn start_probe(arguments: &[&str], recorder: &Counting, channels: usize) -> Child {
    Command::new(binary())
        .args(["probe", "--depth", "stream", "--seconds", "120"])
        .args(arguments)
        .args((0..channels).map(|channel| recorder.url(channel)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// Sends a signal and gives the exit code.
fn signal(child: &mut Child, name: &str) -> Option<i32> {
    let kill = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if began.elapsed() > END {
            child.kill().unwrap();
            panic!("it does not end on SIG{name}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[track_caller]
fn nothing_is_left(recorder: &Counting, opened: usize) {
    // A connection that is gone is noticed within moments.
    until("a session is left open", || {
        let seen = recorder.counts();
        seen.torn_down + seen.abandoned >= seen.opened
    });
    let seen = recorder.counts();
    assert!(seen.opened >= opened, "{seen:?}");
    assert_eq!((seen.torn_down, seen.abandoned), (seen.opened, 0), "{seen:?}");
    assert_eq!(seen.most_at_once, 1, "{seen:?}");
}

#[test]
fn a_probe_that_is_stopped_takes_every_session_down() {
    for farewell in [Farewell::Answered, Farewell::Silent] {
        for name in ["TERM", "INT", "HUP"] {
            let recorder = Counting::start("127.0.0.1", farewell);
            let mut probe = start_probe(&["--json"], &recorder, CHANNELS);
            until("sessions play", || recorder.counts().playing == CHANNELS);
            assert_eq!(signal(&mut probe, name), Some(3), "{name}: not all could be told");
            nothing_is_left(&recorder, CHANNELS);
        }
    }
    let recorder = Counting::start("127.0.0.1", Farewell::Answered);
    let mut probe = start_probe(&["--explain"], &recorder, 1);
    until("the session plays", || recorder.counts().playing == 1);
    assert_eq!(signal(&mut probe, "TERM"), Some(3));
    nothing_is_left(&recorder, 1);
}

#[test]
fn a_platform_that_is_stopped_takes_every_session_down() {
    let recorder = Counting::start("127.0.0.1", Farewell::Answered);
    let rows: Vec<_> = (0..CHANNELS).map(|n| row(n, &recorder.url(n), ",")).collect();
    let plan = "interval_s = 10\nretry_s = 5\ndepth = \"stream\"\nseconds = 60\n";
    let home = Home::new(plan, &rows);
    for (round, name) in (1..).zip(["TERM", "INT", "HUP"]) {
        let mut platform = home.serve();
        until("sessions play", || recorder.counts().playing == CHANNELS);
        assert_eq!(signal(platform.child(), name), Some(0), "{name}");
        nothing_is_left(&recorder, round * CHANNELS);
    }
    // Before anything is open.
    assert_eq!(signal(home.serve().child(), "TERM"), Some(0));
    nothing_is_left(&recorder, 3 * CHANNELS);
}

/// Results so far, by address.
async fn results(visitor: &Visitor) -> BTreeMap<String, usize> {
    let mut results = BTreeMap::new();
    for seen in visitor.list("/api/v1/observations?limit=500").await {
        *results.entry(seen["target"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    results
}

/// Waits for a new result of each of `count` devices.
async fn round(visitor: &Visitor, count: usize) {
    let before = results(visitor).await;
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let now = results(visitor).await;
        let is_newer = |(url, n): (&String, &usize)| *n > before.get(url).copied().unwrap_or(0);
        if now.iter().filter(|it| is_newer(*it)).count() == count {
            return;
        }
        assert!(Instant::now() < deadline, "{before:?} and still {now:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_account_is_locked_over_restarts() {
    // Two recorders, told apart by their addresses: of one the ledger knows a wrong password.
    let wrong = Counting::start("127.0.0.1", Farewell::Answered);
    wrong.set_login("viewer", "right");
    let changed = Counting::start("127.0.0.2", Farewell::Answered);
    changed.set_login("viewer", "old");
    let mut rows = Vec::new();
    for n in 0..CHANNELS {
        rows.push(row(n, &wrong.url(n), "viewer,wrong"));
        rows.push(row(CHANNELS + n, &changed.url(n), "viewer,old"));
    }
    let all = rows.len();
    let home = Home::new("interval_s = 10\nretry_s = 5\ndepth = \"reach\"\n", &rows);

    let mut platform = home.serve();
    let (user, one_time) = platform.login.clone().unwrap();
    let visitor = Visitor::login(&platform, &user, &one_time, PASSWORD).await;
    round(&visitor, all).await;
    round(&visitor, all).await;
    assert_eq!(wrong.counts().refused, 1, "once for all channels");
    assert_eq!(changed.counts().refused, 0);
    // Somebody sets another password at the second recorder.
    changed.set_login("viewer", "new");
    round(&visitor, all).await;
    round(&visitor, all).await;
    assert_eq!((wrong.counts().refused, changed.counts().refused), (1, 2));

    for brutal in [false, true] {
        if brutal {
            platform.kill();
        } else {
            assert_eq!(platform.terminate(), Some(0));
        }
        platform = home.serve();
        let visitor = Visitor::login(&platform, "admin", PASSWORD, PASSWORD).await;
        round(&visitor, all).await;
        round(&visitor, all).await;
        assert_eq!((wrong.counts().refused, changed.counts().refused), (1, 2), "after a restart");
    }
    let visitor = Visitor::login(&platform, "admin", PASSWORD, PASSWORD).await;
    let newest: Vec<Value> = visitor.list("/api/v1/observations?limit=500").await;
    let text = newest[0].to_string();
    assert!(text.contains("auth_suspended"), "{text}");
}

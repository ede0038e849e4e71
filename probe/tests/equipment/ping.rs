//! Pings, in network namespaces of the test's own: whether a machine lets us ping differs.

use std::process::Command;
use std::time::Duration;

use super::support::{ask, ask_endpoint, prober, settings};
use zhishou_domain::equipment::PortState;
use zhishou_domain::{Depth, Detail, FaultCode, Observation, Stage, Verdict};

/// Runs one of the tests below in a namespace that `prepare` made ready; says so where there is none.
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
fn inside(prepare: &str, test: &str) {
    let may = Command::new("unshare").args(["-n", "ip", "link", "set", "lo", "up"]).output();
    if !may.is_ok_and(|made| made.status.success()) {
        println!("skipped: no right, or no means, to make a network namespace");
        return;
    }
    let script = format!("set -e; ip link set lo up; {prepare}; exec \"$@\"");
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("unshare");
    command.args(["-n", "sh", "-c", &script, "sh"]).arg(program);
    let output = command.args(["--ignored", "--exact", test]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

const ALLOWED: &str = "echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range";

#[test]
fn pings_are_answered_or_it_is_said_why_not() {
    // 192.0.2.0/24 and 198.51.100.0/24 are nobody's (RFC 5737): one swallows, the other is told of.
    let routes = "ip route add 192.0.2.0/24 dev lo; ip route add unreachable 198.51.100.0/24";
    inside(&format!("{ALLOWED}; {routes}"), "equipment::ping::where_pings_are_allowed");
}

#[test]
fn where_the_system_forbids_pings_nothing_is_said_of_the_device() {
    let forbidden = "echo '1 0' > /proc/sys/net/ipv4/ping_group_range";
    inside(forbidden, "equipment::ping::where_pings_are_forbidden");
}

#[tokio::test]
#[ignore = "run in a namespace"]
async fn where_pings_are_allowed() {
    let prober = prober(settings());
    for url in ["icmp://127.0.0.1", "icmp://[::1]", "icmp://localhost"] {
        let seen = ask(&prober, url, "时延=5000").await;
        assert_eq!((seen.verdict, seen.reached), (Verdict::Online, true), "{seen:?}");
        assert_eq!((&seen.faults[..], &seen.target[..]), (&[][..], url));
        let facts = seen.equipment.unwrap();
        assert_eq!((facts.sent, facts.received, facts.loss_ratio), (4, 4, Some(0.0)));
        assert!(facts.rtt_ms.unwrap() > 0.0);
        assert!(seen.stages.iter().any(|it| it.name == Stage::Ping && it.ms.is_some()));
    }
    let slow = ask(&prober, "icmp://127.0.0.1", "时延=0").await;
    assert_eq!((slow.verdict, slow.reached), (Verdict::Degraded, true));
    assert_eq!(slow.faults[0].code, FaultCode::ItemOutOfLimits);

    // An endpoint of H.323 alone is pinged, and knocked at where calls come in.
    let port = |seen: &Observation| {
        let facts = seen.equipment.as_ref().unwrap();
        (facts.received, facts.call_port)
    };
    let closed = ask_endpoint(&prober, "icmp://127.0.0.1").await;
    assert_eq!((closed.verdict, closed.reached), (Verdict::Degraded, true), "{closed:?}");
    assert_eq!(closed.faults[0].code, FaultCode::Refused);
    assert_eq!(port(&closed), (4, Some(PortState::Closed)));
    let listener = std::net::TcpListener::bind(("127.0.0.1", 1720)).unwrap();
    for url in ["icmp://127.0.0.1", "tcp://127.0.0.1:1720"] {
        let open = ask_endpoint(&prober, url).await;
        assert_eq!((open.verdict, open.depth), (Verdict::Online, Depth::Reach), "{open:?}");
        assert_eq!(port(&open), (4, Some(PortState::Open)), "{url}");
    }
    drop(listener);
    assert_eq!(port(&ask(&prober, "icmp://127.0.0.1", "").await), (4, None), "equipment");

    let mut quick = settings();
    quick.equipment.ping_wait = Duration::from_millis(500);
    let prober = super::support::prober(quick);
    let silent = ask(&prober, "icmp://192.0.2.1", "").await;
    assert_eq!((silent.verdict, silent.reached), (Verdict::Offline, false));
    assert_eq!(silent.faults[0].code, FaultCode::ConnectTimeout);
    assert!(matches!(silent.faults[0].detail, Detail::Silence { waited_ms: 500.. }));
    assert_eq!(silent.equipment.unwrap().loss_ratio, Some(1.0));
    let unreachable = ask(&prober, "icmp://198.51.100.1", "").await;
    assert_eq!((unreachable.verdict, unreachable.reached), (Verdict::Offline, false));
    assert_eq!(unreachable.faults[0].code, FaultCode::Unreachable);
    // No route at all is our own lack.
    let ours = ask(&prober, "icmp://203.0.113.1", "").await;
    assert_eq!((ours.verdict, ours.faults[0].detail.is_ours()), (Verdict::Unknown, true));
}

#[tokio::test]
#[ignore = "run in a namespace"]
async fn where_pings_are_forbidden() {
    let seen = ask(&prober(settings()), "icmp://127.0.0.1", "").await;
    assert_eq!((seen.verdict, seen.reached), (Verdict::Unknown, false));
    assert_eq!(seen.faults[0].detail, Detail::PingForbidden);
}

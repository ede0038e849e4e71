use std::time::Duration;

use super::agent::{Agent, DESCRIPTION, Manner, Objects, UPTIME};
use super::support::{ask, prober, settings};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    Credential, Depth, Detail, FaultCode, LoginOutcome, Observation, ProbeRequest, Verdict,
};

/// 1.3.6.1.4.1.1.1.0 and on.
const LOAD: &[u8] = b"\x2b\x06\x01\x04\x01\x01\x01\x00";
const PORT: &[u8] = b"\x2b\x06\x01\x04\x01\x01\x02\x00";
const TRAFFIC: &[u8] = b"\x2b\x06\x01\x04\x01\x01\x03\x00";
const CHECKS: &str = "负载=1.3.6.1.4.1.1.1.0,单位=%,上限=80; 上联口=1.3.6.1.4.1.1.2.0,等于=1; \
                      流量=1.3.6.1.4.1.1.3.0; 温度=1.3.6.1.4.1.1.4.0";

fn objects() -> Objects {
    vec![
        (UPTIME, b"\x43\x02\x01\x2c".to_vec()),
        (DESCRIPTION, b"\x04\x08switch-1".to_vec()),
        (LOAD, b"\x42\x01\x5b".to_vec()),
        (PORT, b"\x02\x01\x01".to_vec()),
        (TRAFFIC, b"\x46\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()),
    ]
}

/// Asks an agent of this manner. Answers are awaited for long where one comes, and shortly where none
/// does.
async fn asked(manner: Manner) -> (Observation, u32) {
    let agent = Agent::start(manner, "public", objects()).await;
    let mut settings = settings();
    let comes = matches!(manner, Manner::Good | Manner::Confused | Manner::Small | Manner::Old);
    settings.equipment.datagram =
        if comes { settings.equipment.datagram * 5 } else { Duration::from_millis(300) };
    let seen = ask(&prober(settings), &agent.url(), CHECKS).await;
    (seen, agent.requests())
}

fn codes(seen: &Observation) -> Vec<FaultCode> {
    seen.faults.iter().map(|fault| fault.code).collect()
}

#[tokio::test]
async fn items_are_read_and_judged() {
    for manner in [Manner::Good, Manner::Confused, Manner::Small, Manner::Old] {
        let (seen, _) = asked(manner).await;
        assert_eq!((seen.verdict, seen.reached), (Verdict::Degraded, true));
        assert_eq!(codes(&seen), [FaultCode::ItemOutOfLimits, FaultCode::ItemMissing]);
        assert_eq!(seen.server.as_deref(), Some("switch-1"));
        let facts = seen.equipment.unwrap();
        assert_eq!(facts.uptime_s, Some(3.0));
        let items: Vec<_> =
            facts.items.iter().map(|it| (&it.name[..], it.value, it.good)).collect();
        let all = u64::MAX as f64;
        let want = [
            ("负载", Some(91.0), false),
            ("上联口", Some(1.0), true),
            ("流量", Some(all), true),
            ("温度", None, false),
        ];
        assert_eq!(items, want);
    }
}

#[tokio::test]
async fn a_request_that_is_lost_is_asked_again() {
    let agent = Agent::start(Manner::Forgetful, "public", objects()).await;
    let mut settings = settings();
    settings.equipment.datagram = Duration::from_secs(1);
    settings.equipment.attempts = 8;
    let seen = ask(&prober(settings), &agent.url(), "").await;
    assert_eq!((seen.verdict, codes(&seen)), (Verdict::Online, vec![]));
    let facts = seen.equipment.unwrap();
    assert!(facts.sent >= 2 && facts.received == 1, "{facts:?}");
}

#[tokio::test]
async fn hostile_answers_cost_little_and_are_told() {
    for (manner, code) in [
        (Manner::Silent, FaultCode::NoResponse),
        (Manner::Floods, FaultCode::NoResponse),
        (Manner::Cut, FaultCode::BadResponse),
        (Manner::Boasts, FaultCode::BadResponse),
    ] {
        let began = Instant::now();
        let (seen, requests) = asked(manner).await;
        assert_eq!((seen.verdict, codes(&seen)), (Verdict::Offline, vec![code]));
        assert!(requests <= 3 && began.elapsed() < Duration::from_secs(20));
    }
}

#[tokio::test]
async fn a_closed_port_is_refused_at_once() {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let url = format!("snmp://{}", socket.local_addr().unwrap());
    drop(socket);
    let seen = ask(&prober(settings()), &url, "").await;
    assert_eq!((seen.verdict, codes(&seen)), (Verdict::Offline, vec![FaultCode::Refused]));
}

#[tokio::test]
async fn a_community_is_sent_proven_and_never_shown() {
    let agent = Agent::start(Manner::Good, "s3cret-ro", objects()).await;
    let mut quick = settings();
    quick.equipment.datagram = Duration::from_millis(300);
    let prober = prober(quick);
    let request =
        |credential| ProbeRequest { credential, ..ProbeRequest::new(agent.url(), Depth::Reach) };
    let right = request(Some(Credential::community("s3cret-ro")));
    let outcome = prober.probe(right, CancellationToken::new()).await;
    assert_eq!(outcome.observation.verdict, Verdict::Online, "{:?}", outcome.observation);
    assert_eq!(outcome.login.unwrap().outcome, LoginOutcome::Accepted);
    assert!(!format!("{outcome:?}").contains("s3cret"));
    // No agent says that it does not know a community; asking with one locks nobody out.
    for _ in 0..3 {
        let wrong = request(Some(Credential::community("other")));
        let outcome = prober.probe(wrong, CancellationToken::new()).await;
        assert_eq!(codes(&outcome.observation), [FaultCode::NoResponse]);
        assert!(outcome.login.is_none());
    }
    // What the address says is sent, and not what is meant for another host.
    let mut in_the_address = request(Some(Credential::community("other")));
    in_the_address.url = agent.url().replace("snmp://", "snmp://s3cret-ro@");
    let outcome = prober.probe(in_the_address, CancellationToken::new()).await;
    assert_eq!(
        (outcome.observation.verdict, &outcome.observation.target),
        (Verdict::Online, &agent.url())
    );
}

/// net-snmp's agent, which nobody here wrote; said and skipped where it is not installed.
#[tokio::test]
async fn net_snmp_is_read() {
    let Some(agent) = super::support::Snmpd::start().await else { return };
    let checks = "进程=1.3.6.1.2.1.25.1.6.0,下限=0; 名称=1.3.6.1.2.1.1.5.0,等于=zhishou-peer; \
                  接口=1.3.6.1.2.1.2.1.0,下限=1; 没有=1.3.6.1.4.1.99999.1.0";
    let seen = ask(&prober(settings()), &agent.url, checks).await;
    assert_eq!((seen.verdict, seen.reached), (Verdict::Degraded, true), "{seen:?}");
    assert_eq!(codes(&seen), [FaultCode::ItemMissing], "{seen:?}");
    let Detail::ItemMissing { problem, .. } = &seen.faults[0].detail else { panic!("{seen:?}") };
    assert!(problem.starts_with("noSuch"), "{problem}");
    let facts = seen.equipment.unwrap();
    assert!(facts.uptime_s.is_some() && facts.items[2].value >= Some(1.0), "{facts:?}");
}

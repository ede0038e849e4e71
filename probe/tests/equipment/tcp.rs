use super::support::{ask, prober, settings};
use tokio::io::AsyncReadExt;
use zhishou_domain::equipment::{PortState, Service};
use zhishou_domain::{DeviceKind, FaultCode, Stage, Verdict};

#[tokio::test]
async fn a_port_that_listens_is_online_and_nothing_is_said_to_it() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let listening = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        said
    });
    let seen = ask(&prober(settings()), &url, "").await;
    assert_eq!(
        (seen.verdict, seen.reached, seen.kind),
        (Verdict::Online, true, DeviceKind::Equipment)
    );
    assert_eq!(seen.target, url);
    let facts = seen.equipment.unwrap();
    assert_eq!(facts.service, Service::Tcp);
    assert!(facts.rtt_ms.unwrap() > 0.0);
    assert!(seen.stages.iter().any(|it| it.name == Stage::Connect && it.ms.is_some()));
    assert_eq!(listening.await.unwrap(), b"");
}

#[tokio::test]
async fn an_endpoint_whose_port_is_open_is_online_whatever_becomes_of_pings() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let seen = super::support::ask_endpoint(&prober(settings()), &url).await;
    assert_eq!((seen.verdict, seen.kind), (Verdict::Online, DeviceKind::Endpoint));
    assert_eq!(
        (&seen.faults[..], seen.equipment.unwrap().call_port),
        (&[][..], Some(PortState::Open))
    );
    drop(listener);
    let seen = super::support::ask_endpoint(&prober(settings()), &url).await;
    assert_eq!((seen.verdict, seen.reached), (Verdict::Offline, false));
    assert_eq!(seen.equipment.unwrap().call_port, Some(PortState::Closed));
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_name_are_told_apart() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    drop(listener);
    let prober = prober(settings());
    let seen = ask(&prober, &url, "").await;
    assert_eq!((seen.verdict, seen.reached), (Verdict::Offline, false));
    assert_eq!(seen.faults[0].code, FaultCode::Refused);
    let seen = ask(&prober, "tcp://no-such-host.invalid:80", "").await;
    assert_eq!(seen.faults[0].code, FaultCode::DnsFailed);
}

#[tokio::test]
async fn an_address_that_cannot_be_asked_is_our_own_gap_and_is_not_repeated() {
    let seen = ask(&prober(settings()), "http://admin:s3cret@10.0.0.1/", "").await;
    assert_eq!((seen.verdict, seen.reached), (Verdict::Unknown, false));
    assert!(!format!("{seen:?}").contains("s3cret"));
}

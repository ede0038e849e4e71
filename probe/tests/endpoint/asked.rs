//! Level 1: OPTIONS, and what each answer, or none, says.

use zhishou_domain::{CallSkipped, Depth, DeviceKind, FaultCode, Observation, Stage, Verdict};

use super::support::{Says, answer, ask, by_connection, by_datagrams, prober, says};

fn codes(seen: &Observation) -> Vec<FaultCode> {
    seen.faults.iter().map(|fault| fault.code).collect()
}

fn always(status: &'static str) -> Says {
    says(move |request| vec![answer(request, status, "Server: Room Kit\r\n", "")])
}

#[tokio::test]
async fn what_each_answer_means() {
    use FaultCode::{AuthRequired, Busy, NotRegistered, Rejected, SessionLimit};
    let prober = prober();
    for (status, verdict, faults) in [
        ("200 OK", Verdict::Online, vec![]),
        ("405 Method Not Allowed", Verdict::Online, vec![]),
        ("501 Not Implemented", Verdict::Online, vec![]),
        ("488 Not Acceptable Here", Verdict::Online, vec![]),
        ("401 Unauthorized", Verdict::Online, vec![AuthRequired]),
        ("407 Proxy Authentication Required", Verdict::Online, vec![AuthRequired]),
        ("486 Busy Here", Verdict::Online, vec![Busy]),
        ("603 Decline", Verdict::Online, vec![Rejected]),
        ("404 Not Found", Verdict::Offline, vec![NotRegistered]),
        ("480 Temporarily Unavailable", Verdict::Offline, vec![NotRegistered]),
        ("503 Service Unavailable", Verdict::Unknown, vec![SessionLimit]),
    ] {
        let (at, _) = by_datagrams(always(status)).await;
        let seen = ask(&prober, &format!("sip:room@{at}")).await;
        assert_eq!((seen.verdict, codes(&seen)), (verdict, faults), "{status}: {seen:?}");
        assert!(seen.reached, "{status}");
        assert_eq!((seen.kind, seen.depth), (DeviceKind::Endpoint, Depth::Reach));
        let call = seen.call.unwrap();
        assert_eq!(call.options_status.map(|it| it.to_string()).as_deref(), status.get(..3));
        assert_eq!(call.skipped, Some(CallSkipped::NotPermitted));
    }
}

#[tokio::test]
async fn what_it_says_of_itself_is_kept() {
    let (at, heard) = by_datagrams(says(|request| {
        let more =
            "Server: Room Kit\r\nAllow: INVITE, BYE, UPDATE\r\nContent-Type: application/sdp\r\n";
        let body =
            "v=0\r\nm=audio 0 RTP/AVP 8\r\nm=video 0 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n";
        vec![answer(request, "100 Trying", "", ""), answer(request, "200 OK", more, body)]
    }))
    .await;
    let seen = ask(&prober(), &format!("sip:room@{at}")).await;
    assert_eq!(seen.server.as_deref(), Some("Room Kit"));
    let names: Vec<_> = seen.stages.iter().map(|stage| stage.name.code()).collect();
    assert_eq!(
        names[names.len() - 7..],
        ["options", "invite", "ringing", "answer", "first_audio", "first_video", "bye"]
    );
    let timed = |name| seen.stages.iter().find(|it| it.name == name).and_then(|it| it.ms);
    assert!(timed(Stage::Options).is_some() && timed(Stage::Invite).is_none());
    let call = seen.call.unwrap();
    assert_eq!(call.methods, ["INVITE", "BYE", "UPDATE"]);
    assert_eq!(call.codecs, ["pcma", "h264"]);
    assert!(heard.lock().unwrap().iter().all(|it| it.starts_with("OPTIONS ")), "nothing rings");
}

#[tokio::test]
async fn silence_to_datagrams_is_settled_by_a_connection() {
    let silent = says(|_| Vec::new());
    // The host is there and has no TCP: it may be one that answers INVITE alone.
    let (at, heard) = by_datagrams(silent.clone()).await;
    let seen = ask(&prober(), &format!("sip:room@{at}")).await;
    assert_eq!((seen.verdict, codes(&seen)), (Verdict::Unknown, vec![FaultCode::NoResponse]));
    assert!(heard.lock().unwrap().len() >= 2, "it was asked more than once");
    // The same host answers over TCP.
    let (at, _) = by_datagrams(silent.clone()).await;
    let (_, heard) = by_connection(&at.to_string(), always("200 OK")).await;
    let seen = ask(&prober(), &format!("sip:room@{at}")).await;
    assert_eq!((seen.verdict, codes(&seen)), (Verdict::Online, vec![]), "{seen:?}");
    assert_eq!(seen.call.unwrap().carrier.as_deref(), Some("tcp"));
    assert!(heard.lock().unwrap()[0].contains("SIP/2.0/TCP"));
}

#[tokio::test]
async fn nobody_there_is_offline() {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = socket.local_addr().unwrap();
    drop(socket);
    for transport in ["udp", "tcp"] {
        let seen = ask(&prober(), &format!("sip:room@{at};transport={transport}")).await;
        assert_eq!((seen.verdict, codes(&seen)), (Verdict::Offline, vec![FaultCode::Refused]));
        assert!(!seen.reached);
    }
    // Behind TLS stands something else.
    let (at, _) =
        by_connection("127.0.0.1:0", says(|_| vec!["HTTP/1.1 400 X\r\n\r\n".into()])).await;
    let seen = ask(&prober(), &format!("sips:room@{at}")).await;
    assert_eq!((seen.verdict, codes(&seen)), (Verdict::Offline, vec![FaultCode::TlsFailed]));
    let seen = ask(&prober(), &format!("sip:room@{at};transport=tcp")).await;
    assert_eq!((seen.verdict, codes(&seen)), (Verdict::Offline, vec![FaultCode::BadResponse]));
}

/// Asks for a Digest, and takes none.
fn refuses() -> Says {
    says(|request| {
        let nonce = request.len();
        let asks = format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"{nonce}\"\r\n");
        vec![answer(request, "401 Unauthorized", &asks, "")]
    })
}

#[tokio::test]
async fn a_login_that_is_refused_is_sent_once_and_then_held_back() {
    let (at, heard) = by_datagrams(refuses()).await;
    let prober = prober();
    let url = format!("sip:room:hush@{at}");
    let seen = ask(&prober, &url).await;
    assert_eq!((seen.verdict, codes(&seen)), (Verdict::Online, vec![FaultCode::AuthRejected]));
    assert_eq!(seen.rejected_logins, 1);
    assert!(!seen.target.contains("hush"));
    let seen = ask(&prober, &url).await;
    assert_eq!(codes(&seen), [FaultCode::AuthSuspended]);
    let heard = heard.lock().unwrap();
    let logins = heard.iter().filter(|it| it.contains("Authorization: Digest")).count();
    assert_eq!((heard.len(), logins), (3, 1), "{heard:?}");
    assert!(heard.iter().all(|it| !it.contains("hush")));
}

#[tokio::test]
async fn a_login_that_is_accepted_proves_itself() {
    let (at, _) = by_datagrams(says(|request| {
        let asks = "Proxy-Authenticate: Digest realm=\"r\", nonce=\"1\", qop=\"auth\"\r\n";
        if request.contains("Proxy-Authorization: Digest") {
            vec![answer(request, "200 OK", "", "")]
        } else {
            vec![answer(request, "407 Proxy Authentication Required", asks, "")]
        }
    }))
    .await;
    let request = zhishou_domain::ProbeRequest::new(format!("sip:a:b@{at}"), Depth::Reach);
    let cancel = tokio_util::sync::CancellationToken::new();
    let outcome = prober().probe(request, cancel).await;
    assert_eq!(outcome.observation.verdict, Verdict::Online);
    assert_eq!(outcome.observation.faults, []);
    let login = outcome.login.unwrap();
    assert_eq!(login.outcome, zhishou_domain::LoginOutcome::Accepted);
}

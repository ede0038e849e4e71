//! SIP over TLS (RFC 3261 §26.2): the same calls on a connection that is secured, certificates that are what
//! they were and that are not, and connections that break within a call.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    CertificateTrust, Credential, Depth, FaultCode, Observation, ProbeRequest, Stage, TestCall,
    Transport, Verdict,
};
use zhishou_probe::{CertificatePolicy, Settings};

use super::support::{Heard, Says, answer, by_tls, says, with};
use crate::simulator::security::{Shows, acceptor, impostor, old_acceptor};

const BODY: &str = "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 8\r\nm=video 0 RTP/AVP 97\r\n";

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.sip.ending = Duration::from_millis(2_000);
    settings
}

/// An endpoint that takes calls, but for what `odd` answers.
fn endpoint(odd: impl Fn(&str) -> Option<Vec<String>> + Send + Sync + 'static) -> Says {
    says(move |request| {
        if let Some(answers) = odd(request) {
            return answers;
        }
        match request.split(' ').next() {
            Some("INVITE") => vec![answer(request, "200 OK", "", BODY)],
            Some("ACK") => Vec::new(),
            _ => vec![answer(request, "200 OK", "", "")],
        }
    })
}

fn request(at: SocketAddr, leave: TestCall) -> ProbeRequest {
    ProbeRequest {
        seconds: Duration::from_millis(500),
        test_call: leave,
        ..ProbeRequest::new(format!("sips:room@{at}"), Depth::Stream)
    }
}

async fn call(settings: Settings, request: ProbeRequest) -> Observation {
    with(settings).probe(request, CancellationToken::new()).await.observation
}

fn codes(seen: &Observation) -> Vec<FaultCode> {
    seen.faults.iter().map(|fault| fault.code).collect()
}

fn methods(heard: &Heard) -> Vec<String> {
    let heard = heard.lock().unwrap();
    heard.iter().map(|it| it.split(' ').next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_call_over_tls_is_made_and_hung_up_on_its_connection() {
    for (shows, version) in
        [(acceptor(Shows::Camera), "1.3"), (old_acceptor(Shows::Expired), "1.2")]
    {
        let (at, heard) = by_tls(vec![shows], endpoint(|_| None)).await;
        let seen = call(settings(), request(at, TestCall::Permitted)).await;
        assert_eq!(methods(&heard), ["OPTIONS", "INVITE", "ACK", "BYE"], "{seen:?}");
        assert!(heard.lock().unwrap().iter().all(|it| it.contains("SIP/2.0/TLS")));
        let call = seen.call.as_ref().unwrap();
        assert_eq!((call.carrier.as_deref(), call.ended), (Some("tls"), Some(true)));
        let tls = seen.tls.as_ref().unwrap();
        assert_eq!((tls.version.as_str(), tls.trust), (version, CertificateTrust::First));
        let took = seen.stages.iter().find(|stage| stage.name == Stage::Tls);
        assert!(took.is_some_and(|stage| stage.ms.is_some()));
        assert_ne!(seen.transport, Some(Transport::Tcp), "media are datagrams all the same");
    }
}

#[tokio::test]
async fn what_cannot_be_trusted_hears_no_message() {
    let says = endpoint(|_| None);
    let (at, heard) = by_tls(vec![impostor(Shows::Camera, Shows::Other)], says).await;
    let seen = call(settings(), request(at, TestCall::Permitted)).await;
    assert_eq!((seen.verdict, codes(&seen)), (Verdict::Offline, vec![FaultCode::TlsFailed]));
    assert!(heard.lock().unwrap().is_empty() && !seen.call.unwrap().called);
}

/// Asks for a Digest; how many logins a room saw whose certificate is not the one on record.
async fn logins(policy: CertificatePolicy) -> (Observation, usize) {
    let asks = "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\", qop=\"auth\"\r\n";
    let guarded = endpoint(move |it| {
        let is_open = it.contains("Authorization: Digest");
        (it.starts_with("OPTIONS") && !is_open)
            .then(|| vec![answer(it, "401 Unauthorized", asks, "")])
    });
    let (at, heard) = by_tls(vec![acceptor(Shows::Other)], guarded).await;
    let request = ProbeRequest {
        certificate: Some(Shows::Camera.fingerprint().parse().unwrap()),
        credential: Some(Credential::new("room", "hush")),
        ..request(at, TestCall::Forbidden)
    };
    let seen = call(Settings { certificates: policy, ..settings() }, request).await;
    let heard = heard.lock().unwrap();
    assert!(heard.iter().all(|it| !it.contains("hush")));
    (seen, heard.iter().filter(|it| it.contains("Authorization: Digest")).count())
}

#[tokio::test]
async fn another_certificate_is_told_and_where_pinned_gets_no_login() {
    let (seen, logins_seen) = logins(CertificatePolicy::Report).await;
    assert_eq!((codes(&seen), logins_seen), (vec![FaultCode::CertificateChanged], 1));
    let (seen, logins_seen) = logins(CertificatePolicy::Pinned).await;
    assert!(codes(&seen).contains(&FaultCode::CertificateChanged), "{seen:?}");
    assert_eq!(logins_seen, 0, "{seen:?}");
}

/// A call whose connection breaks once it stands; what was heard by the peer, all connections together.
async fn broken(shows: Vec<TlsAcceptor>, policy: CertificatePolicy) -> (Observation, Vec<String>) {
    let has_broken = AtomicBool::new(false);
    let asks = "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\", qop=\"auth\"\r\n";
    let breaks = endpoint(move |it| match it.split(' ').next() {
        Some("ACK") if !has_broken.swap(true, Ordering::SeqCst) => Some(vec![String::new()]),
        Some("BYE") if !it.contains("Authorization: Digest") => {
            Some(vec![answer(it, "401 Unauthorized", asks, "")])
        }
        _ => None,
    });
    let (at, heard) = by_tls(shows, breaks).await;
    let request = ProbeRequest {
        certificate: Some(Shows::Camera.fingerprint().parse().unwrap()),
        credential: Some(Credential::new("room", "hush")),
        ..request(at, TestCall::Permitted)
    };
    let seen = call(Settings { certificates: policy, ..settings() }, request).await;
    let heard = heard.lock().unwrap().clone();
    (seen, heard)
}

#[tokio::test]
async fn a_connection_that_breaks_in_a_call_is_opened_again_for_bye_and_no_stranger_gets_the_login()
{
    let own = || vec![acceptor(Shows::Camera)];
    let (seen, heard) = broken(own(), CertificatePolicy::Pinned).await;
    let byes: Vec<_> = heard.iter().filter(|it| it.starts_with("BYE ")).collect();
    assert_eq!((byes.len(), seen.call.unwrap().ended), (2, Some(true)), "{heard:?}");
    assert!(byes[1].contains("Authorization: Digest"));
    // Somebody else stands there by then.
    let stranger = vec![acceptor(Shows::Camera), acceptor(Shows::Other)];
    let (_, heard) = broken(stranger, CertificatePolicy::Pinned).await;
    assert!(heard.iter().any(|it| it.starts_with("BYE ")), "{heard:?}");
    assert!(heard.iter().all(|it| !it.contains("Authorization:")), "{heard:?}");
}

//! Cameras that speak TLS, well and badly.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    CertificateFingerprint, CertificateTrust, Credential, Depth, Detail, FaultCode, Lang,
    ProbeRequest, Stage, TlsFacts, TlsProblem, Verdict,
};
use zhishou_probe::{CertificatePolicy, Outcome, Settings, Vouched};

use crate::simulator::security::{Shows, acceptor, impostor, old_acceptor};
use crate::simulator::{Camera, Habit};
use crate::{codes, prober, prober_of, request, settings};

async fn camera(habit: Habit, shows: Shows) -> Camera {
    Camera::start_at("127.0.0.1", habit, Some(acceptor(shows))).await
}

fn known(shows: Shows) -> Option<CertificateFingerprint> {
    Some(shows.fingerprint().parse().unwrap())
}

async fn open(url: &str) -> Outcome {
    prober().probe(request(url, Depth::Stream), CancellationToken::new()).await
}

fn tls(outcome: &Outcome) -> &TlsFacts {
    outcome.observation.tls.as_ref().unwrap()
}

fn problem(outcome: &Outcome) -> &TlsProblem {
    let [fault] = &outcome.observation.faults[..] else { panic!("{outcome:?}") };
    assert_eq!((fault.code, fault.stage), (FaultCode::TlsFailed, Stage::Tls));
    assert_eq!(outcome.observation.verdict, Verdict::Offline);
    match &fault.detail {
        Detail::Tls { problem } => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_self_signed_camera_is_watched_and_its_certificate_noted() {
    let camera = camera(Habit::Healthy, Shows::Camera).await;
    let outcome = open(&camera.url()).await;
    assert_eq!((codes(&outcome), outcome.observation.verdict), (vec![], Verdict::Online));
    let seen = tls(&outcome);
    assert_eq!(seen.fingerprint.to_string(), Shows::Camera.fingerprint());
    assert_eq!((seen.trust, seen.version.as_str()), (CertificateTrust::First, "1.3"));
    assert_eq!(outcome.observation.notes(Lang::Zh), ["证书：自签名"]);
    let took = outcome.observation.stages.iter().find(|stage| stage.name == Stage::Tls);
    assert!(took.is_some_and(|stage| stage.ms.is_some()));
    assert_eq!(camera.count("TEARDOWN"), 1);

    let again =
        ProbeRequest { certificate: known(Shows::Camera), ..request(&camera.url(), Depth::Stream) };
    let outcome = prober().probe(again, CancellationToken::new()).await;
    assert_eq!((codes(&outcome), tls(&outcome).trust), (vec![], CertificateTrust::Known));
}

#[tokio::test]
async fn ipv6_literals_are_opened_over_tls_too() {
    let camera = Camera::start_at("[::1]", Habit::Healthy, Some(acceptor(Shows::Camera))).await;
    let outcome = open(&camera.url()).await;
    assert_eq!((codes(&outcome), outcome.observation.verdict), (vec![], Verdict::Online));
    assert_eq!(outcome.observation.target, camera.url());
}

#[tokio::test]
async fn an_expired_version_one_certificate_over_tls_1_2_is_no_obstacle() {
    let tls_1_2 = Some(old_acceptor(Shows::Expired));
    let camera = Camera::start_at("127.0.0.1", Habit::Healthy, tls_1_2).await;
    let outcome = open(&camera.url()).await;
    assert_eq!((codes(&outcome), outcome.observation.verdict), (vec![], Verdict::Online));
    let seen = tls(&outcome);
    assert_eq!(seen.fingerprint.to_string(), Shows::Expired.fingerprint());
    assert_eq!(seen.version, "1.2");
    assert_eq!(seen.valid_until.map(|at| at.millis()), Some(1_293_840_000_000));
    assert!(seen.is_out_of_date(outcome.observation.started_at));
}

/// What a prober that asks for an authority sees of a camera at `url`.
async fn open_vouched(url: &str) -> Outcome {
    let mut roots = RootCertStore::empty();
    let authority = include_str!("../testdata/authority.pem");
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let settings = Settings { vouched: Some(Vouched::new(config)), ..settings() };
    let prober = prober_of(settings);
    prober.probe(request(url, Depth::Stream), CancellationToken::new()).await
}

#[tokio::test]
async fn where_an_authority_is_asked_for_a_self_signed_camera_is_left_alone_and_not_blamed() {
    let known = camera(Habit::Healthy, Shows::Vouched).await;
    let outcome = open_vouched(&known.url()).await;
    assert_eq!((codes(&outcome), outcome.observation.verdict), (vec![], Verdict::Online));
    assert_eq!(outcome.observation.notes(Lang::Zh), [""; 0]);
    for shows in [Shows::Camera, Shows::Expired] {
        let camera = camera(Habit::Healthy, shows).await;
        let outcome = open_vouched(&camera.url()).await;
        let [fault] = &outcome.observation.faults[..] else { panic!("{outcome:?}") };
        assert_eq!(fault.code, FaultCode::TlsFailed);
        let Detail::Tls { problem } = &fault.detail else { panic!("{fault:?}") };
        assert!(matches!(problem, TlsProblem::Unvouched { .. }), "{problem:?}");
        assert_eq!(outcome.observation.verdict, Verdict::Unknown);
        assert_eq!(camera.count("OPTIONS"), 0);
    }
}

#[tokio::test]
async fn an_impostor_without_the_key_hears_nothing() {
    let certificates = impostor(Shows::Camera, Shows::Other);
    let camera = Camera::start_at("127.0.0.1", Habit::Healthy, Some(certificates)).await;
    let outcome = open(&camera.url()).await;
    assert!(matches!(problem(&outcome), TlsProblem::Certificate { .. }), "{outcome:?}");
    assert_eq!(camera.count("OPTIONS"), 0);
}

/// What a camera with another certificate than on record gets to see of the login.
async fn changed(habit: Habit, policy: CertificatePolicy) -> (Outcome, usize) {
    let camera = camera(habit, Shows::Other).await;
    let settings = zhishou_probe::Settings { certificates: policy, ..settings() };
    let request = ProbeRequest {
        certificate: known(Shows::Camera),
        credential: Some(Credential::new("admin", "right")),
        ..request(&camera.url(), Depth::Stream)
    };
    let outcome = prober_of(settings).probe(request, CancellationToken::new()).await;
    assert_eq!(tls(&outcome).trust, CertificateTrust::Changed);
    assert_eq!(codes(&outcome)[0], FaultCode::CertificateChanged);
    (outcome, camera.logins())
}

#[tokio::test]
async fn a_changed_certificate_is_told_and_gets_no_password() {
    let (open, _) = changed(Habit::Healthy, CertificatePolicy::Report).await;
    assert_eq!(codes(&open), [FaultCode::CertificateChanged]);
    assert_eq!((open.observation.verdict, open.observation.reached), (Verdict::Degraded, true));

    let (basic, logins) = changed(Habit::Guarded, CertificatePolicy::Report).await;
    assert_eq!(codes(&basic)[1..], [FaultCode::AuthSuspended]);
    assert_eq!((basic.observation.verdict, logins), (Verdict::Unknown, 0));

    // Digest proves the password and does not show it.
    let (digest, logins) = changed(Habit::Digest, CertificatePolicy::Report).await;
    assert_eq!(codes(&digest), [FaultCode::CertificateChanged]);
    assert!(logins > 0);

    let (pinned, logins) = changed(Habit::Digest, CertificatePolicy::Pinned).await;
    assert_eq!(codes(&pinned)[1..], [FaultCode::AuthSuspended]);
    assert_eq!((pinned.observation.verdict, logins), (Verdict::Unknown, 0));
}

/// Gives the first connection to `serve`; the URL to open.
async fn server<F: Future<Output = ()> + Send + 'static>(
    serve: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("rtsps://{}/x", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).await.unwrap();
        // RFC 8446 §5.1: a handshake record.
        assert_eq!(hello[0], 22);
        serve(stream).await;
    });
    url
}

async fn answering(bytes: &'static [u8]) -> Outcome {
    let url = server(async move |mut stream: TcpStream| {
        stream.write_all(bytes).await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    });
    open(&url.await).await
}

#[tokio::test]
async fn each_failure_of_the_handshake_says_what_it_is() {
    let plain = answering(b"RTSP/1.0 400 Bad Request\r\n\r\n").await;
    assert_eq!(problem(&plain), &TlsProblem::NotTls);
    // RFC 8446 §6: alerts 70 protocol_version, 40 handshake_failure, 80 internal_error, in a record
    // of TLS 1.0.
    let old = answering(&[21, 3, 1, 0, 2, 2, 70]).await;
    assert_eq!(problem(&old), &TlsProblem::TooOld);
    let ciphers = answering(&[21, 3, 1, 0, 2, 2, 40]).await;
    assert_eq!(problem(&ciphers), &TlsProblem::NoCommonCipher);
    let internal = answering(&[21, 3, 3, 0, 2, 2, 80]).await;
    assert_eq!(problem(&internal), &TlsProblem::Alert { alert: "InternalError".to_owned() });
    let closed = open(&server(async |stream: TcpStream| drop(stream)).await).await;
    assert_eq!(problem(&closed), &TlsProblem::Closed);
}

/// RFC 5246 §7.4.1.3: a ServerHello of TLS 1.0, as old firmware answers whatever is offered.
#[tokio::test]
async fn a_server_that_answers_with_tls_1_0_is_too_old() {
    const HELLO: &[u8] = &{
        let mut hello = [0; 5 + 4 + 38];
        [hello[0], hello[1], hello[2], hello[4]] = [22, 3, 1, 42];
        [hello[5], hello[8], hello[9], hello[10]] = [2, 38, 3, 1];
        // Session id of length 0 at 43; TLS_RSA_WITH_AES_128_CBC_SHA; no compression.
        [hello[44], hello[45], hello[46]] = [0, 0x2f, 0];
        hello
    };
    assert_eq!(problem(&answering(HELLO).await), &TlsProblem::TooOld);
}

#[tokio::test]
async fn a_handshake_that_stalls_ends_in_time() {
    let url = server(async |mut stream: TcpStream| {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    });
    let settings = zhishou_probe::Settings { tls: Duration::from_millis(300), ..settings() };
    let request = request(&url.await, Depth::Stream);
    let outcome = prober_of(settings).probe(request, CancellationToken::new()).await;
    assert_eq!(problem(&outcome), &TlsProblem::Stalled { waited_ms: 300 });
}

#[tokio::test]
async fn closing_without_an_answer_is_said_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("rtsp://{}/x", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await;
    });
    let outcome = open(&url).await;
    assert_eq!(codes(&outcome), [FaultCode::NoResponse]);
    assert_eq!(outcome.observation.faults[0].detail, Detail::ClosedUnanswered);
}

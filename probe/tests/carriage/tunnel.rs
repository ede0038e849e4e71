//! Cameras behind HTTP, as Apple's "Tunnelling RTSP and RTP over HTTP" describes them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    Clock, Credential, CredentialState, Depth, Detail, FaultCode, LoginOutcome, ProbeRequest,
    Stage, Timestamp, Verdict,
};
use zhishou_probe::guard::{FingerprintKey, Guard};
use zhishou_probe::{Outcome, Prober, Settings};
use zhishou_protocol::rtsp::Deadlines;

use crate::simulator::digest::Asks;
use crate::simulator::{Camera, Habit};
use crate::{Fixed, codes, prober, prober_of, request, settings};

/// The head of an HTTP request.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

fn cookie(head: &str) -> &str {
    head.lines().find_map(|line| line.strip_prefix("x-sessioncookie: ")).unwrap()
}

/// What a tunnel wants before it lets RTSP through.
#[derive(Clone, Copy, Debug, Default)]
struct Wants {
    /// For GET.
    get: Option<Asks>,
    /// For POST.
    post: Option<Asks>,
    /// Each nonce is good for one request.
    once: bool,
    /// A wrong login is told so after this time only.
    ponders: Duration,
    /// That there is to be one at all, after this time.
    dawdles: Duration,
}

/// What became of the logins at a tunnel.
#[derive(Debug, Default)]
struct Tally {
    requests: usize,
    accepted: usize,
    refused: usize,
}

/// A tunnel before a camera: GET, POST, and the camera's own port behind them.
struct Gate {
    url: String,
    tally: Arc<Mutex<Tally>>,
}

impl Gate {
    async fn before(camera: &Camera, wants: Wants) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("rtsph://{}/live/main", listener.local_addr().unwrap());
        let behind = format!("127.0.0.1:{}", camera.port);
        let tally = Arc::new(Mutex::new(Tally::default()));
        let shared = tally.clone();
        tokio::spawn(async move {
            let mut down: Option<(TcpStream, String)> = None;
            for nonce in 1.. {
                let nonce = if wants.once { nonce } else { 0 };
                let (mut stream, _) = listener.accept().await.unwrap();
                let asked = head(&mut stream).await;
                assert!(asked.contains(" /live/main HTTP/1.0\r\n"), "{asked}");
                let is_get = asked.starts_with("GET ");
                let login = if is_get { wants.get } else { wants.post };
                if !lets_in(login, &asked, nonce, &shared) {
                    // The nonce of the next connection.
                    let next = if wants.once { nonce + 1 } else { 0 };
                    let challenge = login.unwrap().challenge(&format!("n{next}"));
                    let refusal = format!(
                        "HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\n\r\n"
                    );
                    let carried = asked.contains("Authorization: ");
                    let after = if carried { wants.ponders } else { wants.dawdles };
                    tokio::spawn(async move {
                        tokio::time::sleep(after).await;
                        // Whoever asked may be gone.
                        let _told = stream.write_all(refusal.as_bytes()).await;
                    });
                    continue;
                }
                if is_get {
                    assert!(asked.contains("Accept: application/x-rtsp-tunnelled\r\n"), "{asked}");
                    let answer =
                        "HTTP/1.0 200 OK\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\n";
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    down = Some((stream, cookie(&asked).to_owned()));
                } else {
                    assert!(asked.contains("Content-Length: 32767\r\n"), "{asked}");
                    let (get, paired) = down.take().unwrap();
                    assert_eq!(cookie(&asked), paired);
                    tokio::spawn(join(get, stream, behind.clone()));
                }
            }
        });
        Self { url, tally }
    }

    /// Opens it with this password, by somebody who has not logged in before.
    async fn open(&self, password: Option<&str>) -> Outcome {
        self.open_by(&prober(), password).await
    }

    async fn open_by(&self, prober: &Prober, password: Option<&str>) -> Outcome {
        let request = ProbeRequest {
            credential: password.map(|password| Credential::new("admin", password)),
            ..request(&self.url, Depth::Stream)
        };
        prober.probe(request, CancellationToken::new()).await
    }
}

/// With time for answers.
fn patient() -> Settings {
    let rtsp = Deadlines { options: Duration::from_secs(20), ..settings().rtsp };
    Settings { rtsp, ..settings() }
}

fn lets_in(wants: Option<Asks>, asked: &str, nonce: u32, tally: &Mutex<Tally>) -> bool {
    let mut tally = tally.lock().unwrap();
    tally.requests += 1;
    let Some(login) = wants else { return true };
    let method = asked.split(' ').next().unwrap();
    let Some(sent) = asked.lines().find_map(|line| line.strip_prefix("Authorization: ")) else {
        return false;
    };
    let accepted = login.accepts(sent, method, "/live/main", &format!("n{nonce}"));
    tally.accepted += usize::from(accepted);
    tally.refused += usize::from(!accepted);
    accepted
}

/// Makes two HTTP connections one to the camera.
async fn join(get: TcpStream, mut post: TcpStream, behind: String) {
    let camera = TcpStream::connect(behind).await.unwrap();
    let (mut from, mut to) = camera.into_split();
    let (_unused, mut down) = get.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from, &mut down).await });
    let mut digits = Vec::new();
    let mut chunk = [0; 1000];
    while let Ok(length @ 1..) = post.read(&mut chunk).await {
        digits.extend_from_slice(&chunk[..length]);
        while digits.len() >= 4 {
            let four: Vec<u8> = digits.drain(..4).collect();
            to.write_all(&STANDARD.decode(four).unwrap()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_camera_behind_http_is_watched() {
    let camera = Camera::start(Habit::Healthy).await;
    let gate = Gate::before(&camera, Wants::default()).await;
    let outcome = gate.open(None).await;
    assert_eq!((codes(&outcome), outcome.observation.verdict), (vec![], Verdict::Online));
    assert!(outcome.observation.video.as_ref().unwrap().packets > 10);
    assert_eq!((camera.count("DESCRIBE"), camera.count("TEARDOWN")), (1, 1));
}

const EACH: [Asks; 3] = [Asks::Basic, Asks::Md5, Asks::Sha256];

#[tokio::test]
async fn a_tunnel_that_asks_for_the_login_gets_it() {
    for asks in EACH {
        let both = Wants { get: Some(asks), post: Some(asks), ..Wants::default() };
        for (wants, requests, accepted) in [
            // GET without, GET with, and POST with it at once.
            (both, 3, 2),
            (Wants { post: None, ..both }, 3, 1),
            // POST is refused first, and then all begins again.
            (Wants { get: None, ..both }, 4, 1),
        ] {
            let camera = Camera::start(Habit::Guarded).await;
            let gate = Gate::before(&camera, wants).await;
            let outcome = gate.open(Some("right")).await;
            assert_eq!((codes(&outcome), outcome.observation.verdict), (vec![], Verdict::Online));
            let tally = gate.tally.lock().unwrap();
            let seen = (tally.requests, tally.accepted, tally.refused);
            assert_eq!(seen, (requests, accepted, 0), "{wants:?}");
            assert_eq!(outcome.login.map(|login| login.outcome), Some(LoginOutcome::Accepted));
        }
    }
}

#[tokio::test]
async fn a_nonce_that_is_good_once_is_renewed_for_post_and_not_refused_twice() {
    let camera = Camera::start(Habit::Healthy).await;
    let wants =
        Wants { get: Some(Asks::Md5), post: Some(Asks::Md5), once: true, ..Wants::default() };
    let gate = Gate::before(&camera, wants).await;
    let outcome = gate.open(Some("right")).await;
    assert_eq!((codes(&outcome), outcome.observation.verdict), (vec![], Verdict::Online));
    let tally = gate.tally.lock().unwrap();
    assert_eq!((tally.accepted, outcome.observation.rejected_logins), (2, 0));
}

#[tokio::test]
async fn a_tunnel_refuses_a_wrong_login_once_and_hears_it_no_more() {
    for asks in EACH {
        let both = Wants { get: Some(asks), post: Some(asks), ..Wants::default() };
        for wants in [both, Wants { get: None, ..both }, Wants { once: true, ..both }] {
            let camera = Camera::start(Habit::Guarded).await;
            let gate = Gate::before(&camera, wants).await;
            let outcome = gate.open(Some("wrong")).await;
            assert_eq!(codes(&outcome), [FaultCode::AuthRejected], "{wants:?}");
            assert_eq!(outcome.observation.faults[0].stage, Stage::Connect);
            assert_eq!(outcome.observation.verdict, Verdict::Unknown);
            assert_eq!(outcome.observation.rejected_logins, 1);
            assert_eq!(outcome.login.map(|login| login.outcome), Some(LoginOutcome::Rejected));
            assert_eq!((gate.tally.lock().unwrap().refused, camera.logins()), (1, 0));
        }
    }
}

/// The request within was said before POST asked for a login, and is said again.
#[tokio::test]
async fn a_tunnel_that_asks_late_gets_the_login_too() {
    let camera = Camera::start(Habit::Healthy).await;
    let dawdles = Duration::from_millis(600);
    let gate =
        Gate::before(&camera, Wants { post: Some(Asks::Md5), dawdles, ..Wants::default() }).await;
    let outcome = gate.open_by(&prober_of(patient()), Some("right")).await;
    assert_eq!((codes(&outcome), outcome.observation.verdict), (vec![], Verdict::Online));
    let tally = gate.tally.lock().unwrap();
    assert_eq!((tally.requests, tally.accepted, tally.refused), (4, 1, 0));
    assert_eq!(camera.count("OPTIONS"), 1, "it hears it once");
}

/// A wall clock that is set to another day each time it is read.
struct Leaping(AtomicI64);

impl Clock for Leaping {
    fn now(&self) -> Timestamp {
        let read = self.0.fetch_add(1, Ordering::Relaxed);
        Timestamp::from_millis(1_800_000_000_000 + (read * 7 % 11 - 5) * 86_400_000)
    }
}

/// Only a refusal of POST is answered, and this device takes its time, or more than we have: it has
/// counted it all the same. The login had worked until somebody changed the password.
#[tokio::test]
async fn a_refusal_that_comes_late_or_never_counts_as_one() {
    let [late, too_late] = [600, 60_000].map(Duration::from_millis);
    for (ponders, settings, refused_as) in
        [(late, patient(), LoginOutcome::Rejected), (too_late, settings(), LoginOutcome::Unheard)]
    {
        let camera = Camera::start(Habit::Healthy).await;
        let wants = Wants { post: Some(Asks::Md5), ponders, ..Wants::default() };
        let gate = Gate::before(&camera, wants).await;
        let guard = Guard::new(FingerprintKey::new([7; 32]), Vec::new());
        let clock = Arc::new(Leaping(AtomicI64::new(0)));
        let prober = Prober::new(settings, clock, Arc::new(Fixed), guard, None);
        let mut seen = Vec::new();
        for _ in 0..4 {
            let request = ProbeRequest {
                credential: Some(Credential::new("admin", "wrong")),
                credential_state: CredentialState { proven: true, ..CredentialState::default() },
                ..request(&gate.url, Depth::Stream)
            };
            let outcome = prober.probe(request, CancellationToken::new()).await;
            seen.push((codes(&outcome)[0], outcome.login.map(|login| login.outcome)));
        }
        let told = match refused_as {
            LoginOutcome::Rejected => FaultCode::AuthRejected,
            _ => FaultCode::NoResponse,
        };
        let suspended = (FaultCode::AuthSuspended, None);
        let once = (told, Some(refused_as));
        assert_eq!(seen, [once, once, suspended, suspended], "{ponders:?}");
        assert_eq!(gate.tally.lock().unwrap().refused, 2, "{ponders:?}");
    }
}

#[tokio::test]
async fn behind_an_open_tunnel_a_wrong_login_is_refused_once_too() {
    let camera = Camera::start(Habit::Guarded).await;
    let gate = Gate::before(&camera, Wants::default()).await;
    let outcome = gate.open(Some("wrong")).await;
    assert_eq!(codes(&outcome), [FaultCode::AuthRejected]);
    assert_eq!((outcome.observation.rejected_logins, camera.logins()), (1, 1));
}

/// The login belongs to the host of the address on record.
#[tokio::test]
async fn a_tunnel_on_another_host_gets_no_login() {
    let camera = Camera::start(Habit::Healthy).await;
    let wants = Wants { get: Some(Asks::Basic), ..Wants::default() };
    let gate = Gate::before(&camera, wants).await;
    let elsewhere = gate.url.clone();
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let url = format!("rtsp://{}/live", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for status in ["200 OK".to_owned(), format!("302 Moved\r\nLocation: {elsewhere}")] {
            let asked = head(&mut stream).await;
            let cseq = asked.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap();
            let answer = format!("RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        let _ = stream.read(&mut [0; 16]).await;
    });
    let request = ProbeRequest {
        credential: Some(Credential::new("admin", "right")),
        ..request(&url, Depth::Stream)
    };
    let outcome = prober().probe(request, CancellationToken::new()).await;
    assert_eq!(codes(&outcome), [FaultCode::AuthRequired]);
    let tally = gate.tally.lock().unwrap();
    assert_eq!((tally.requests, tally.accepted + tally.refused), (1, 0));
}

/// A server that answers GET with this.
async fn answering(bytes: &'static [u8]) -> Outcome {
    let listener = TcpListener::bind("[::1]:0").await.unwrap();
    let url = format!("rtsph://{}/x", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut get, _) = listener.accept().await.unwrap();
        head(&mut get).await;
        get.write_all(bytes).await.unwrap();
        if !bytes.is_empty() {
            let _ = get.read(&mut [0; 16]).await;
        }
    });
    prober().probe(request(&url, Depth::Stream), CancellationToken::new()).await
}

#[tokio::test]
async fn each_refusal_of_the_tunnel_has_its_fault() {
    static ENDLESS: [u8; 9000] = {
        let mut head = [b'x'; 9000];
        let line = b"HTTP/1.1 200 OK\r\nX: ";
        let mut at = 0;
        while at < line.len() {
            head[at] = line[at];
            at += 1;
        }
        head
    };
    for (answer, code) in [
        (&b"HTTP/1.1 404 Not Found\r\n\r\n"[..], FaultCode::NotFound),
        (b"HTTP/1.1 405 Method Not Allowed\r\n\r\n", FaultCode::TransportUnsupported),
        (b"HTTP/1.1 500 Oops\r\n\r\n", FaultCode::ServerError),
        (b"HTTP/1.1 503 Busy\r\n\r\n", FaultCode::SessionLimit),
        (b"HTTP/1.1 what\r\n\r\n", FaultCode::BadResponse),
        (&ENDLESS, FaultCode::BadResponse),
        (b"RTSP/1.0 400 Bad Request\r\n\r\n", FaultCode::NotRtsp),
        (b"HTTP/1.1 200 OK\r\nX: y", FaultCode::NoResponse),
        (b"", FaultCode::NoResponse),
    ] {
        let outcome = answering(answer).await;
        let text = String::from_utf8_lossy(&answer[..answer.len().min(40)]);
        assert_eq!(codes(&outcome), [code], "{text}");
        assert_eq!(outcome.observation.faults[0].stage, Stage::Connect, "{text}");
    }
    let login = answering(
        b"HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"a\", nonce=\"b\"\r\n\
          www-authenticate: Basic realm=\"a\"\r\n\r\n",
    );
    let outcome = login.await;
    assert_eq!(codes(&outcome), [FaultCode::AuthRequired]);
    let offered = "Digest, Basic".to_owned();
    assert_eq!(outcome.observation.faults[0].detail, Detail::TunnelLogin { offered });
    assert_eq!(outcome.observation.verdict, Verdict::Unknown);
}

//! Cameras behind HTTP, as Apple's "Tunnelling RTSP and RTP over HTTP" describes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use zhishou_domain::{Depth, Detail, FaultCode, Stage, Verdict};
use zhishou_probe::Outcome;

use crate::simulator::{Camera, Habit};
use crate::{codes, prober, request};

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

/// Puts a tunnel before a camera: one GET, one POST, and the camera's own port behind them.
async fn tunnel(camera: &Camera) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("rtsph://{}/live/main", listener.local_addr().unwrap());
    let behind = format!("127.0.0.1:{}", camera.port);
    tokio::spawn(async move {
        let (mut get, _) = listener.accept().await.unwrap();
        let asked = head(&mut get).await;
        assert!(asked.starts_with("GET /live/main HTTP/1.0\r\n"), "{asked}");
        assert!(asked.contains("Accept: application/x-rtsp-tunnelled\r\n"), "{asked}");
        let answer = "HTTP/1.0 200 OK\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\n";
        get.write_all(answer.as_bytes()).await.unwrap();
        let (mut post, _) = listener.accept().await.unwrap();
        let posted = head(&mut post).await;
        assert!(posted.starts_with("POST /live/main HTTP/1.0\r\n"), "{posted}");
        assert!(posted.contains("Content-Length: 32767\r\n"), "{posted}");
        assert_eq!(cookie(&asked), cookie(&posted));
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
    });
    url
}

#[tokio::test]
async fn a_camera_behind_http_is_watched() {
    let camera = Camera::start(Habit::Healthy).await;
    let url = tunnel(&camera).await;
    let request = request(&url, Depth::Stream);
    let outcome = prober().probe(request, CancellationToken::new()).await;
    assert_eq!((codes(&outcome), outcome.observation.verdict), (vec![], Verdict::Online));
    assert!(outcome.observation.video.as_ref().unwrap().packets > 10);
    assert_eq!((camera.count("DESCRIBE"), camera.count("TEARDOWN")), (1, 1));
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

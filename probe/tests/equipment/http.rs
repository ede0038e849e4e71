use std::process::Stdio;
use std::time::Duration;

use super::support::{ask, prober, settings};
use crate::simulator::security::{Shows, acceptor};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    CertificateTrust, Depth, Detail, FaultCode, Observation, ProbeRequest, Stage, Verdict,
};

fn codes(seen: &Observation) -> Vec<FaultCode> {
    seen.faults.iter().map(|fault| fault.code).collect()
}

/// The head of a request, as it came.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// What is sent to a request for a path, piece by piece; `None` goes on with the last piece for ever.
type Script = fn(&str) -> (Vec<Vec<u8>>, Then);

#[derive(Clone, Copy, PartialEq)]
enum Then {
    Close,
    Wait,
    RepeatLast,
}

async fn play(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), script: Script) {
    let head = head(stream).await;
    assert!(head.contains("\r\nhost: 127.0.0.1:") && !head.contains("uthorization"), "{head}");
    let path = head.split(' ').nth(1).unwrap();
    let (pieces, then) = script(path);
    for piece in &pieces {
        if stream.write_all(piece).await.is_err() {
            return;
        }
    }
    match then {
        Then::Close => {}
        Then::Wait => drop(stream.read_u8().await),
        // Ends when the peer has had enough.
        Then::RepeatLast => while stream.write_all(pieces.last().unwrap()).await.is_ok() {},
    }
}

/// A web server that does as `script` says, and nothing else.
async fn server(script: Script) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move { play(&mut stream, script).await });
        }
    });
    url
}

fn page(status: &str, body: &str) -> (Vec<Vec<u8>>, Then) {
    let head =
        format!("HTTP/1.1 {status}\r\nServer: NVR/1\r\nContent-Length: {}\r\n\r\n", body.len());
    (vec![head.into_bytes(), body.as_bytes().to_vec()], Then::Close)
}

#[tokio::test]
async fn a_page_is_judged_by_status_and_text() {
    let url = server(|path| match path {
        "/moved" => (
            vec![b"HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n".to_vec()],
            Then::Close,
        ),
        "/elsewhere" => (
            vec![
                b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n"
                    .to_vec(),
            ],
            Then::Close,
        ),
        "/round" => (
            vec![b"HTTP/1.1 302 Found\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n".to_vec()],
            Then::Close,
        ),
        "/login" => page("401 Unauthorized", ""),
        "/broken" => page("500 Internal Server Error", ""),
        "/gone" => page("404 Not Found", ""),
        _ => page("200 OK", "<title>录像机登录</title>"),
    })
    .await;
    let prober = prober(settings());
    for (path, checks, verdict, found) in [
        ("/", "", Verdict::Online, vec![]),
        ("/", "状态=200; 文本=录像机登录", Verdict::Online, vec![]),
        ("/", "文本=交换机", Verdict::Offline, vec![FaultCode::BadResponse]),
        ("/moved", "文本=登录", Verdict::Online, vec![]),
        ("/elsewhere", "", Verdict::Online, vec![]),
        ("/elsewhere", "状态=200", Verdict::Offline, vec![FaultCode::BadResponse]),
        ("/round", "", Verdict::Online, vec![]),
        ("/login", "", Verdict::Online, vec![]),
        ("/login", "状态=200", Verdict::Offline, vec![FaultCode::BadResponse]),
        ("/gone", "", Verdict::Offline, vec![FaultCode::BadResponse]),
        ("/gone", "状态=404", Verdict::Online, vec![]),
        ("/broken", "", Verdict::Offline, vec![FaultCode::ServerError]),
    ] {
        let seen = ask(&prober, &format!("{url}{path}"), checks).await;
        assert_eq!(
            (seen.verdict, codes(&seen), seen.reached),
            (verdict, found, true),
            "{path} {checks}"
        );
        assert!(seen.redirects <= 3 && (seen.redirects == 3) == (path == "/round"));
        assert!(seen.stages.iter().any(|it| it.name == Stage::Request && it.ms.is_some()));
        assert!(seen.equipment.unwrap().rtt_ms.unwrap() > 0.0);
    }
    assert_eq!(ask(&prober, &url, "").await.server.as_deref(), Some("NVR/1"));
}

#[tokio::test]
async fn servers_that_never_end_are_cut_off() {
    let mut quick = settings();
    quick.equipment.page = Duration::from_secs(2);
    let prober = prober(quick);
    let scripts: [(Script, FaultCode); 6] = [
        (|_| (vec![b"HTTP/1.1 200 OK\r\n".to_vec()], Then::Wait), FaultCode::NoResponse),
        (|_| (vec![], Then::Wait), FaultCode::NoResponse),
        (|_| (vec![], Then::Close), FaultCode::NoResponse),
        (
            |_| (vec![b"HTTP/1.1 200 OK\r\n".to_vec(), b"A: b\r\n".to_vec()], Then::RepeatLast),
            FaultCode::BadResponse,
        ),
        (|_| (vec![b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()], Then::Wait), FaultCode::BadResponse),
        // A page without an end in which the text does not come.
        (
            |_| (vec![b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 65_536]], Then::RepeatLast),
            FaultCode::BadResponse,
        ),
    ];
    for (number, (script, code)) in scripts.into_iter().enumerate() {
        let url = server(script).await;
        let seen = ask(&prober, &url, "文本=登录").await;
        assert_eq!(
            (seen.verdict, codes(&seen)),
            (Verdict::Offline, vec![code]),
            "{number}: {seen:?}"
        );
    }
}

async fn secure_server(shows: Shows) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let acceptor = acceptor(shows);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = acceptor.accept(stream).await.unwrap();
            play(&mut stream, |_| page("200 OK", "ok")).await;
            drop(stream.shutdown().await);
        }
    });
    url
}

#[tokio::test]
async fn a_self_signed_page_is_read_and_its_certificate_watched() {
    let url = secure_server(Shows::Camera).await;
    let prober = prober(settings());
    let seen = ask(&prober, &url, "").await;
    assert_eq!((seen.verdict, codes(&seen)), (Verdict::Online, vec![]));
    let tls = seen.tls.unwrap();
    assert_eq!(
        (tls.trust, tls.fingerprint.to_string()),
        (CertificateTrust::First, Shows::Camera.fingerprint().to_owned())
    );

    // One that has expired is no fault by itself: it is one where the ledger asks for days.
    let expired = secure_server(Shows::Expired).await;
    assert_eq!(codes(&ask(&prober, &expired, "").await), []);
    let late = ask(&prober, &expired, "证书天数=14").await;
    assert_eq!((late.verdict, codes(&late)), (Verdict::Degraded, vec![FaultCode::ItemOutOfLimits]));
    let Detail::CertificateDays { days, wanted: 14 } = late.faults[0].detail else {
        panic!("{late:?}")
    };
    assert!(days < 0);

    let other = ProbeRequest {
        certificate: Some(Shows::Other.fingerprint().parse().unwrap()),
        ..ProbeRequest::new(url.clone(), Depth::Reach)
    };
    let seen = prober.probe(other, CancellationToken::new()).await.observation;
    assert_eq!(
        (seen.verdict, codes(&seen)),
        (Verdict::Degraded, vec![FaultCode::CertificateChanged])
    );
    let plain = server(|_| page("200 OK", "")).await.replace("http:", "https:");
    assert_eq!(codes(&ask(&prober, &plain, "").await), [FaultCode::TlsFailed]);
}

/// Python's own server, which nobody here wrote.
#[tokio::test]
async fn pythons_server_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("status.html"), "<p>运行正常</p>").unwrap();
    let mut python = tokio::process::Command::new("python3")
        .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut said = BufReader::new(python.stdout.take().unwrap()).lines();
    let line = said.next_line().await.unwrap().unwrap();
    let (_, after) = line.split_once("port ").unwrap();
    let port = after.split(' ').next().unwrap();
    let prober = prober(settings());
    let url = format!("http://127.0.0.1:{port}/status.html");
    let seen = ask(&prober, &url, "状态=200; 文本=运行正常").await;
    assert_eq!((seen.verdict, codes(&seen)), (Verdict::Online, vec![]), "{seen:?}");
    assert!(seen.server.unwrap().contains("Python"));
    let missing = ask(&prober, &format!("http://127.0.0.1:{port}/none"), "").await;
    assert_eq!((missing.verdict, missing.equipment.unwrap().status), (Verdict::Offline, Some(404)));
}

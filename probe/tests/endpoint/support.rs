//! A peer that answers requests as a test says, over datagrams or a connection.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{Clock, Depth, Observation, ProbeRequest};
use zhishou_probe::guard::{FingerprintKey, Guard};
use zhishou_probe::{Prober, Settings};
use zhishou_tests::asking::Fixed;

/// What a peer heard, in order.
pub(super) type Heard = Arc<Mutex<Vec<String>>>;
/// What a peer says to a request.
pub(super) type Says = Arc<dyn Fn(&str) -> Vec<String> + Send + Sync>;

pub(super) fn says(says: impl Fn(&str) -> Vec<String> + Send + Sync + 'static) -> Says {
    Arc::new(says)
}

/// Answers over datagrams on a port of its own; where it listens comes back.
pub(super) async fn by_datagrams(says: Says) -> (std::net::SocketAddr, Heard) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (at, heard) = (socket.local_addr().unwrap(), Heard::default());
    let all = heard.clone();
    tokio::spawn(async move {
        let mut buffer = vec![0; 65_536];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            all.lock().unwrap().push(text.clone());
            for answer in says(&text) {
                let _ = socket.send_to(answer.as_bytes(), from).await;
            }
        }
    });
    (at, heard)
}

/// Answers over connections to that port.
pub(super) async fn by_connection(at: &str, says: Says) -> (std::net::SocketAddr, Heard) {
    let listener = TcpListener::bind(at).await.unwrap();
    let (at, heard) = (listener.local_addr().unwrap(), Heard::default());
    let all = heard.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream, says.clone(), all.clone()));
        }
    });
    (at, heard)
}

/// The same behind TLS; each connection shows the next certificate, and the last one again.
pub(super) async fn by_tls(shows: Vec<TlsAcceptor>, says: Says) -> (std::net::SocketAddr, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at, heard) = (listener.local_addr().unwrap(), Heard::default());
    let all = heard.clone();
    tokio::spawn(async move {
        let mut turn = 0;
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, says, all) =
                (shows[turn.min(shows.len() - 1)].clone(), says.clone(), all.clone());
            turn += 1;
            tokio::spawn(async move {
                // Who does not like what is shown goes away.
                if let Ok(stream) = acceptor.accept(stream).await {
                    talk(stream, says, all).await;
                }
            });
        }
    });
    (at, heard)
}

/// Answers on one connection. An empty answer breaks it.
async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, says: Says, all: Heard) {
    let mut buffer = vec![0; 65_536];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        all.lock().unwrap().push(text.clone());
        for answer in says(&text) {
            if answer.is_empty() || stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// An answer to a request: what names the transaction is echoed.
pub(super) fn answer(request: &str, status: &str, more: &str, body: &str) -> String {
    let echoed: String = request
        .lines()
        .filter(|line| {
            ["Via:", "From:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name))
        })
        .map(|line| format!("{line}\r\n"))
        .collect();
    let to = request.lines().find(|line| line.starts_with("To:")).unwrap_or("To: <sip:x@y>");
    let to = if to.contains("tag=") { to.to_owned() } else { format!("{to};tag=peer") };
    format!(
        "SIP/2.0 {status}\r\n{echoed}{to}\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A prober whose waits for OPTIONS are short: nobody here is far away.
pub(super) fn prober() -> Prober {
    let mut settings = Settings::default();
    settings.sip.options = Duration::from_millis(1_800);
    with(settings)
}

pub(super) fn with(settings: Settings) -> Prober {
    by_clock(settings, Arc::new(Fixed))
}

pub(super) fn by_clock(settings: Settings, clock: Arc<dyn Clock>) -> Prober {
    let guard = Guard::new(FingerprintKey::new([7; 32]), Vec::new());
    Prober::new(settings, clock, Arc::new(Fixed), guard, None)
}

/// Asks once, without leave to call.
pub(super) async fn ask(prober: &Prober, url: &str) -> Observation {
    let request = ProbeRequest::new(url.to_owned(), Depth::Picture);
    prober.probe(request, CancellationToken::new()).await.observation
}

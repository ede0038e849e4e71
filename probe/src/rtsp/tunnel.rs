//! RTSP inside a pair of HTTP connections, for devices behind proxies that pass nothing else.
//!
//! Apple's scheme ("Tunnelling RTSP and RTP over HTTP", QuickTime Streaming Server), which live555,
//! GStreamer, Axis and ONVIF ("RTP/RTSP/HTTP/TCP") follow: a GET whose endless answer carries what
//! the device says, and a POST whose endless body carries what we say, in base64; the same
//! `x-sessioncookie` makes them one. Bounds: the head of the answer to GET is at most 8 KiB and
//! comes within the deadline of OPTIONS; nothing else is buffered.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use zhishou_domain::{Detail, Fault, FaultCode, Stage};
use zhishou_protocol::rtsp::Target;

use super::faults::silence;
use crate::Settings;

/// Longest head of the answer to GET, bytes.
const MAX_HEAD: usize = 8 * 1024;

/// Two connections that are one.
#[derive(Debug)]
pub(super) struct Tunnel {
    /// The answer to GET: what the device says.
    down: TcpStream,
    /// The body of POST: what we say.
    up: TcpStream,
    /// What came behind the head of the answer.
    rest: Vec<u8>,
}

impl Tunnel {
    /// Opens both ways to the device at `peer`; `get` is a connection to it already.
    pub(super) async fn open(
        get: TcpStream,
        target: &Target,
        peer: SocketAddr,
        entropy: u64,
        settings: &Settings,
    ) -> Result<Self, Box<Fault>> {
        let limit = settings.rtsp.options;
        let opened = timeout(limit, Self::shake(get, target, peer, entropy, settings)).await;
        opened.unwrap_or_else(|_| Err(fault(FaultCode::NoResponse, silence(limit))))
    }

    async fn shake(
        mut down: TcpStream,
        target: &Target,
        peer: SocketAddr,
        entropy: u64,
        settings: &Settings,
    ) -> Result<Self, Box<Fault>> {
        // Unlike that of any other connection of ours to this device.
        let port = down.local_addr().map_or(0, |address| address.port());
        let cookie = format!("{entropy:016x}{port:04x}");
        let head = |method: &str, fields: &str| {
            let path = if target.path().starts_with('/') { "" } else { "/" };
            format!(
                "{method} {path}{} HTTP/1.0\r\nHost: {}\r\nUser-Agent: {}\r\n\
                 x-sessioncookie: {cookie}\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
                 {fields}\r\n",
                target.path(),
                target.authority(),
                settings.user_agent,
            )
        };
        let get = head("GET", "Accept: application/x-rtsp-tunnelled\r\n");
        down.write_all(get.as_bytes()).await.map_err(|_| closed())?;
        let rest = answer(&mut down).await?;
        let mut up = TcpStream::connect(peer).await.map_err(|_| closed())?;
        let _ = up.set_nodelay(true);
        // The length is Apple's, and means nothing: the body ends with the connection.
        let post = head(
            "POST",
            "Content-Type: application/x-rtsp-tunnelled\r\nContent-Length: 32767\r\n\
             Expires: Sun, 9 Jan 1972 00:00:00 GMT\r\n",
        );
        up.write_all(post.as_bytes()).await.map_err(|_| closed())?;
        Ok(Self { down, up, rest })
    }

    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            return Pin::new(&mut self.down).poll_read(context, buffer);
        }
        let length = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest[..length]);
        self.rest.drain(..length);
        if self.rest.is_empty() {
            self.rest = Vec::new();
        }
        Poll::Ready(Ok(()))
    }

    /// Each message is encoded by itself, as QuickTime does.
    pub(super) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.up.write_all(STANDARD.encode(bytes).as_bytes()).await
    }
}

/// Reads the head of the answer to GET; gives what came behind it.
async fn answer(stream: &mut TcpStream) -> Result<Vec<u8>, Box<Fault>> {
    let mut head = Vec::with_capacity(512);
    loop {
        let length = stream.read_buf(&mut head).await.map_err(|_| closed())?;
        let is_http = head.starts_with(b"HTTP/") || b"HTTP/".starts_with(&head);
        if !is_http {
            let sample = head.iter().take(32).map(|&b| if b.is_ascii_graphic() { b } else { b'.' });
            let bytes = sample.map(char::from).collect();
            return Err(fault(FaultCode::NotRtsp, Detail::Greeting { bytes }));
        }
        if length == 0 {
            return Err(closed());
        }
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = head.split_off(end + 4);
            accept(&String::from_utf8_lossy(&head))?;
            return Ok(rest);
        }
        if head.len() > MAX_HEAD {
            let problem = format!("the answer to GET has a head of more than {MAX_HEAD} bytes");
            return Err(fault(FaultCode::BadResponse, Detail::Malformed { problem }));
        }
    }
}

/// What the answer to GET means.
fn accept(head: &str) -> Result<(), Box<Fault>> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().splitn(3, ' ').skip(1);
    let status: u16 = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let reason: String = words.next().unwrap_or_default().chars().take(64).collect();
    let code = match status {
        200 => return Ok(()),
        401 => {
            let schemes =
                lines.filter_map(|line| line.split_once(':')).filter_map(|(name, value)| {
                    let name = name.trim().eq_ignore_ascii_case("www-authenticate");
                    name.then(|| value.split_whitespace().next()).flatten()
                });
            let offered: Vec<String> =
                schemes.take(4).map(|s| s.chars().take(32).collect()).collect();
            let detail = Detail::TunnelLogin { offered: offered.join(", ") };
            return Err(fault(FaultCode::AuthRequired, detail));
        }
        403 | 453 | 503 => FaultCode::SessionLimit,
        404 | 410 => FaultCode::NotFound,
        405 | 406 | 501 => FaultCode::TransportUnsupported,
        500..=599 => FaultCode::ServerError,
        _ => FaultCode::BadResponse,
    };
    Err(fault(code, Detail::Status { status, reason }))
}

fn closed() -> Box<Fault> {
    fault(FaultCode::NoResponse, Detail::ClosedUnanswered)
}

fn fault(code: FaultCode, detail: Detail) -> Box<Fault> {
    Box::new(Fault::new(code, Stage::Connect, detail))
}

//! RTSP inside a pair of HTTP connections, for devices behind proxies that pass nothing else.
//!
//! Apple's scheme ("Tunnelling RTSP and RTP over HTTP", QuickTime Streaming Server), which live555,
//! GStreamer, Axis and ONVIF ("RTP/RTSP/HTTP/TCP") follow: a GET whose endless answer carries what
//! the device says, and a POST whose endless body carries what we say, in base64; the same
//! `x-sessioncookie` makes them one. Each of the two may be guarded; the answer is the caller's to
//! allow ([`Unopened::Login`]), because it counts as a login of the device. Bounds: the head of an
//! answer is at most 8 KiB and comes within the deadline of OPTIONS; nothing else is buffered.
//!
//! POST is answered only where it is refused, and that may take its time: until the device has said
//! something through GET, POST is listened to as well. What is said until then is kept to be said
//! again: one request, because its answer is waited for.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use zhishou_domain::{Detail, Fault, FaultCode, Stage};
use zhishou_protocol::auth::{Authenticator, Challenge, Credential, Verdict};
use zhishou_protocol::rtsp::Target;

use super::faults::silence;
use crate::Settings;
use crate::stamped::Stamped;

/// Longest head of the answer to GET, bytes.
const MAX_HEAD: usize = 8 * 1024;
/// How long a refusal of POST is waited for, at least and at most; in between, twice as long as GET
/// took. A later one ends the tunnel.
const REFUSAL: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(300));

/// Why there is no tunnel.
#[derive(Debug)]
pub(super) enum Unopened {
    /// It cannot be had.
    Failed(Box<Fault>),
    /// It wants a login, or another answer than it got.
    Login(Asked),
}

impl From<Box<Fault>> for Unopened {
    fn from(fault: Box<Fault>) -> Self {
        Self::Failed(fault)
    }
}

/// What a tunnel asks for.
#[derive(Debug)]
pub(super) struct Asked {
    /// By whom.
    pub(super) peer: SocketAddr,
    half: Half,
    challenges: Vec<Challenge>,
    /// The schemes, for people.
    pub(super) offered: String,
    /// The request had the login in it.
    pub(super) carried: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Get,
    Post,
}

/// The login of a tunnel: sent with those of its requests for which it was asked.
#[derive(Debug)]
pub(super) struct TunnelLogin {
    auth: Authenticator,
    /// GET asked too, and not POST alone.
    by_get: bool,
    /// A new nonce was answered for the connection that is being made.
    renewed: bool,
}

impl TunnelLogin {
    pub(super) fn new(credential: Credential, entropy: u64) -> Self {
        let auth = Authenticator::new(Some(credential), entropy);
        Self { auth, by_get: false, renewed: false }
    }

    /// What to do about what the tunnel asks.
    pub(super) fn challenged(&mut self, asked: Asked) -> Verdict {
        let verdict = self.auth.challenged(asked.challenges, asked.carried, self.renewed);
        self.renewed |= asked.carried;
        self.by_get |= asked.half == Half::Get;
        verdict
    }

    /// It has left this machine.
    pub(super) fn sent(&self) -> bool {
        self.auth.sent()
    }

    /// GET was let through with it.
    pub(super) fn proven(&self) -> bool {
        self.auth.proven()
    }

    /// Refusals, 0 or 1.
    pub(super) fn rejected(&self) -> u32 {
        self.auth.rejected()
    }

    fn field(&mut self, half: Half, path: &str) -> Option<Vec<u8>> {
        let value = match half {
            Half::Get if self.by_get => self.auth.authorization("GET", path)?,
            Half::Get => return None,
            Half::Post => self.auth.authorization("POST", path)?,
        };
        Some([b"Authorization: ", &value[..], b"\r\n"].concat())
    }
}

/// Two connections that are one.
#[derive(Debug)]
pub(crate) struct Tunnel {
    /// The answer to GET: what the device says.
    down: Stamped,
    /// The body of POST: what we say.
    up: TcpStream,
    /// What came behind the head of the answer.
    rest: Vec<u8>,
    /// POST, until it is known to be let through.
    post: Option<Box<Post>>,
}

/// A POST that may yet be refused.
#[derive(Debug)]
struct Post {
    target: Target,
    peer: SocketAddr,
    carried: bool,
    /// What was written into it.
    said: Vec<u8>,
    /// The answer so far.
    head: Vec<u8>,
    refusal: Option<Unopened>,
}

/// A tunnel that was refused after it had seemed to be open.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) target: Target,
    pub(super) why: Unopened,
    /// What was said into it, and not heard.
    pub(super) said: Vec<u8>,
}

impl Post {
    /// More of an answer; says whether it is one, and a refusal.
    fn hear(&mut self, bytes: &[u8]) -> bool {
        self.head.extend_from_slice(bytes);
        let (peer, half, carried) = (self.peer, Half::Post, self.carried);
        self.refusal = match head_of(&mut self.head) {
            Ok(None | Some(Answer::Open(_))) => None,
            Ok(Some(Answer::Login { challenges, offered })) => {
                Some(Unopened::Login(Asked { peer, half, challenges, offered, carried }))
            }
            Err(refusal) => Some(refusal),
        };
        self.refusal.is_some()
    }
}

impl Tunnel {
    /// Opens both ways to the device at `peer`; `get` is a connection to it already.
    pub(super) async fn open(
        get: Stamped,
        target: &Target,
        peer: SocketAddr,
        entropy: u64,
        login: Option<&mut TunnelLogin>,
        settings: &Settings,
    ) -> Result<Self, Unopened> {
        let limit = settings.rtsp.options;
        let opened = timeout(limit, Self::shake(get, target, peer, entropy, login, settings)).await;
        opened.unwrap_or_else(|_| Err(fault(FaultCode::NoResponse, silence(limit))))
    }

    async fn shake(
        mut down: Stamped,
        target: &Target,
        peer: SocketAddr,
        entropy: u64,
        mut login: Option<&mut TunnelLogin>,
        settings: &Settings,
    ) -> Result<Self, Unopened> {
        // Unlike that of any other connection of ours to this device.
        let port = down.local_addr().map_or(0, |address| address.port());
        let cookie = format!("{entropy:016x}{port:04x}");
        let slash = if target.path().starts_with('/') { "" } else { "/" };
        let path = format!("{slash}{}", target.path());
        let head = |method: &str, fields: &str, authorization: Option<&[u8]>| {
            let head = format!(
                "{method} {path} HTTP/1.0\r\nHost: {}\r\nUser-Agent: {}\r\n\
                 x-sessioncookie: {cookie}\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
                 {fields}",
                target.authority(),
                settings.user_agent,
            );
            [head.as_bytes(), authorization.unwrap_or_default(), b"\r\n"].concat()
        };
        let began = Instant::now();
        let authorization = login.as_mut().and_then(|login| login.field(Half::Get, &path));
        let get = head("GET", "Accept: application/x-rtsp-tunnelled\r\n", authorization.as_deref());
        down.write_all(&get).await.map_err(|_| closed())?;
        let carried = authorization.is_some();
        let rest = match answer(&mut down).await? {
            Answer::Open(rest) => rest,
            Answer::Login { challenges, offered } => {
                let half = Half::Get;
                return Err(Unopened::Login(Asked { peer, half, challenges, offered, carried }));
            }
        };
        if let Some(login) = login.as_mut().filter(|_| carried) {
            login.auth.accepted();
            login.renewed = false;
        }
        let refusal = (began.elapsed() * 2).clamp(REFUSAL.0, REFUSAL.1);
        // The length is Apple's, and means nothing: the body ends with the connection.
        let fields = "Content-Type: application/x-rtsp-tunnelled\r\nContent-Length: 32767\r\n\
                      Expires: Sun, 9 Jan 1972 00:00:00 GMT\r\n";
        loop {
            let mut up = TcpStream::connect(peer).await.map_err(|_| closed())?;
            let _ = up.set_nodelay(true);
            let authorization = login.as_mut().and_then(|login| login.field(Half::Post, &path));
            let post = head("POST", fields, authorization.as_deref());
            up.write_all(&post).await.map_err(|_| closed())?;
            let carried = authorization.is_some();
            let Ok(Ok(1..)) = timeout(refusal, up.peek(&mut [0])).await else {
                let (target, said, head) = (target.clone(), Vec::new(), Vec::new());
                let post = Post { target, peer, carried, said, head, refusal: None };
                return Ok(Self { down, up, rest, post: Some(Box::new(post)) });
            };
            let (challenges, offered) = match answer(&mut up).await? {
                Answer::Open(_) => return Ok(Self { down, up, rest, post: None }),
                Answer::Login { challenges, offered } => (challenges, offered),
            };
            let asked = Asked { peer, half: Half::Post, challenges, offered, carried };
            match &mut login {
                // Proven by GET: it wants a nonce of its own, or the login for this half as well.
                Some(login) if login.auth.proven() && !login.renewed => {
                    let offered = asked.offered.clone();
                    if login.challenged(asked) != Verdict::Retry {
                        return Err(refused(offered));
                    }
                    login.renewed = true;
                }
                _ => return Err(Unopened::Login(asked)),
            }
        }
    }

    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            if self.poll_refusal(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::PermissionDenied.into()));
            }
            let read = Pin::new(&mut self.down).poll_read(context, buffer);
            if !buffer.filled().is_empty() {
                self.post = None;
            }
            return read;
        }
        let length = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest[..length]);
        self.rest.drain(..length);
        if self.rest.is_empty() {
            self.rest = Vec::new();
        }
        Poll::Ready(Ok(()))
    }

    /// How long what was read last had lain there.
    pub(super) fn late(&self) -> Duration {
        self.down.late()
    }

    /// Ready once POST has been refused.
    fn poll_refusal(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(post) = &mut self.post else { return Poll::Pending };
        loop {
            let mut bytes = [0; 512];
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.up).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    if post.hear(buffer.filled()) {
                        return Poll::Ready(());
                    }
                }
                // Closed, and no refusal.
                Poll::Ready(_) | Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// How POST was refused after all.
    pub(super) fn refused(self) -> Option<Refused> {
        let Post { target, said, refusal, .. } = *self.post?;
        Some(Refused { target, why: refusal?, said })
    }

    /// Each message is encoded by itself, as QuickTime does.
    pub(super) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(post) = &mut self.post {
            post.said.extend_from_slice(bytes);
        }
        self.up.write_all(STANDARD.encode(bytes).as_bytes()).await
    }
}

/// What an HTTP request came to, where it is no fault.
enum Answer {
    /// 200, and what came behind the head.
    Open(Vec<u8>),
    /// 401.
    Login { challenges: Vec<Challenge>, offered: String },
}

/// Reads the head of an answer.
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> Result<Answer, Unopened> {
    let mut head = Vec::with_capacity(512);
    loop {
        let length = stream.read_buf(&mut head).await.map_err(|_| closed())?;
        if let Some(answer) = head_of(&mut head)? {
            return Ok(answer);
        }
        if length == 0 {
            return Err(closed());
        }
    }
}

/// The head of an answer, once it is complete.
fn head_of(head: &mut Vec<u8>) -> Result<Option<Answer>, Unopened> {
    if !head.starts_with(b"HTTP/") && !b"HTTP/".starts_with(head) {
        let sample = head.iter().take(32).map(|&b| if b.is_ascii_graphic() { b } else { b'.' });
        let bytes = sample.map(char::from).collect();
        return Err(fault(FaultCode::NotRtsp, Detail::Greeting { bytes }));
    }
    if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
        let rest = head.split_off(end + 4);
        return accept(head, rest).map(Some);
    }
    if head.len() > MAX_HEAD {
        let problem = format!("an answer of the tunnel has a head of more than {MAX_HEAD} bytes");
        return Err(fault(FaultCode::BadResponse, Detail::Malformed { problem }));
    }
    Ok(None)
}

/// What an answer means.
fn accept(head: &[u8], rest: Vec<u8>) -> Result<Answer, Unopened> {
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let mut words = first.trim_end().splitn(3, ' ').skip(1);
    let status: u16 = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let reason: String = words.next().unwrap_or_default().chars().take(64).collect();
    let code = match status {
        200 => return Ok(Answer::Open(rest)),
        401 => {
            // As bytes: a realm may be in GBK, and the Digest runs over what was sent.
            let fields: Vec<&[u8]> = lines
                .filter_map(|line| line.split_at_checked(line.iter().position(|b| *b == b':')?))
                .filter(|(name, _)| name.trim_ascii().eq_ignore_ascii_case(b"www-authenticate"))
                .map(|(_, value)| value[1..].trim_ascii())
                .collect();
            let scheme = |value: &&[u8]| {
                let text = String::from_utf8_lossy(value);
                text.split_whitespace().next().map(|word| word.chars().take(32).collect::<String>())
            };
            let offered: Vec<_> = fields.iter().take(4).filter_map(scheme).collect();
            let challenges = Challenge::parse_all(fields);
            return Ok(Answer::Login { challenges, offered: offered.join(", ") });
        }
        403 | 453 | 503 => FaultCode::SessionLimit,
        404 | 410 => FaultCode::NotFound,
        405 | 406 | 501 => FaultCode::TransportUnsupported,
        500..=599 => FaultCode::ServerError,
        _ => FaultCode::BadResponse,
    };
    Err(fault(code, Detail::Status { status, reason }))
}

fn closed() -> Unopened {
    fault(FaultCode::NoResponse, Detail::ClosedUnanswered)
}

/// Refused although the same login had opened the other half.
fn refused(offered: String) -> Unopened {
    fault(FaultCode::SessionLimit, Detail::TunnelLogin { offered })
}

fn fault(code: FaultCode, detail: Detail) -> Unopened {
    Unopened::Failed(Box::new(Fault::new(code, Stage::Connect, detail)))
}

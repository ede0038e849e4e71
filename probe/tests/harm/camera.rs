//! A camera that does one thing wrong, and counts the sessions it has open (RFC 2326, plain sockets).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use zhishou_tests::wire::next_request;

const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=one\r\nm=video 0 RTP/AVP 96\r\n\
    a=rtpmap:96 H264/90000\r\na=control:track1\r\n\
    a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==\r\n";
/// Where a session that was not taken down ends by itself.
const TIMEOUT: Duration = Duration::from_secs(1);
/// A slow answer takes so long.
const SLOW: Duration = Duration::from_millis(120);

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// Nothing.
    Well,
    /// The answer comes, later.
    Slow,
    /// This status is the answer.
    Status(u16),
    /// There is no answer, though what was asked is done.
    Silent,
    /// The connection is closed instead of an answer.
    Closes,
    /// What comes is not RTSP.
    Babbles,
}

/// Where it goes wrong: a method, or `media` once PLAY was answered.
pub(crate) type Place = &'static str;

#[derive(Debug, Default)]
pub(crate) struct Sessions {
    /// Opened, and the client was told.
    pub(crate) opened: usize,
    pub(crate) torn_down: usize,
    /// Ended by the camera itself, with the connection.
    pub(crate) closed_here: usize,
    pub(crate) most_open: usize,
    /// Until when, where its connection is gone or TEARDOWN was not heeded.
    open: BTreeMap<usize, Option<Instant>>,
    next: usize,
}

#[derive(Clone)]
pub(crate) struct Camera {
    port: u16,
    sessions: Arc<Mutex<Sessions>>,
    /// What it was asked so far.
    asked: watch::Receiver<Vec<Place>>,
    /// Connections it has.
    connections: TaskTracker,
}

const METHODS: [&str; 5] = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"];

impl Camera {
    pub(crate) async fn start(place: Place, does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sessions = Arc::new(Mutex::new(Sessions::default()));
        let (tell, asked) = watch::channel(Vec::new());
        let (shared, connections) = (sessions.clone(), TaskTracker::new());
        let tracker = connections.clone();
        tokio::spawn(async move {
            let tell = Arc::new(tell);
            while let Ok((stream, _)) = listener.accept().await {
                let (sessions, tell) = (shared.clone(), tell.clone());
                tracker.spawn(async move {
                    let mut talk = Talk {
                        place,
                        does,
                        sessions,
                        tell,
                        open: None,
                        playing: None,
                        heard: Instant::now(),
                    };
                    talk.serve(stream).await;
                    talk.gone();
                });
            }
        });
        Self { port, sessions, asked, connections }
    }

    pub(crate) fn url(&self) -> String {
        format!("rtsp://127.0.0.1:{}/live", self.port)
    }

    pub(crate) fn sessions<T>(&self, see: impl FnOnce(&Sessions) -> T) -> T {
        see(&self.sessions.lock().unwrap())
    }

    /// Waits until it has heard all that was sent to it.
    pub(crate) async fn has_heard_all(&self) {
        self.connections.close();
        self.connections.wait().await;
    }

    /// Waits until it is asked for that, or plays, where that is `media`.
    pub(crate) async fn is_asked(&self, place: Place) {
        self.asked.clone().wait_for(|asked| asked.contains(&place)).await.unwrap();
    }
}

/// One connection.
struct Talk {
    place: Place,
    does: Does,
    sessions: Arc<Mutex<Sessions>>,
    tell: Arc<watch::Sender<Vec<Place>>>,
    open: Option<usize>,
    playing: Option<u16>,
    /// When it was asked for something last: the timeout of a session runs from then (RFC 2326
    /// §12.37).
    heard: Instant,
}

impl Talk {
    async fn serve(&mut self, mut stream: TcpStream) {
        let (mut input, mut chunk) = (Vec::new(), [0; 2048]);
        loop {
            let read = tokio::time::timeout(Duration::from_millis(10), stream.read(&mut chunk));
            match read.await {
                Ok(Ok(0) | Err(_)) => return,
                Ok(Ok(n)) => input.extend_from_slice(&chunk[..n]),
                Err(_) => {}
            }
            if let Some(request) = next_request(&mut input) {
                let Some(said) = self.hear(&request).await else { return };
                if stream.write_all(said.as_bytes()).await.is_err() {
                    return;
                }
            }
            // Media begin with the session already: some devices do not wait for PLAY.
            if let Some(n) = self.playing.filter(|_| self.open.is_some()) {
                self.playing = Some(n + 1);
                if n > 5 && self.place == "media" {
                    match self.does {
                        Does::Silent => continue,
                        Does::Closes => return self.end_here(),
                        Does::Babbles => {
                            let _gone = stream.write_all(&[0x55; 5000]).await;
                            continue;
                        }
                        Does::Well | Does::Slow | Does::Status(_) => {}
                    }
                }
                if stream.write_all(&packet(n)).await.is_err() {
                    return;
                }
            }
        }
    }

    /// What is said to a request; `None` where the connection is closed.
    async fn hear(&mut self, request: &str) -> Option<String> {
        let method = METHODS.into_iter().find(|it| request.starts_with(it)).unwrap_or_default();
        self.tell.send_modify(|asked| asked.push(method));
        self.heard = Instant::now();
        if method == "TEARDOWN" {
            self.sessions.lock().unwrap().torn_down += usize::from(self.open.is_some());
            self.playing = None;
        }
        let wrong = if self.place == method { self.does } else { Does::Well };
        let cseq = request.lines().find_map(|l| l.strip_prefix("CSeq: ")).unwrap_or_default();
        let say =
            |status: &str, more: &str| format!("RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n{more}\r\n");
        match wrong {
            Does::Slow => tokio::time::sleep(SLOW).await,
            Does::Closes => {
                if method == "TEARDOWN" {
                    self.forget();
                }
                self.end_here();
                return None;
            }
            Does::Babbles => return Some("\u{1}babble ".repeat(800)),
            // It was not carried out.
            Does::Status(status) if method != "TEARDOWN" => {
                let asks = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n";
                return Some(say(&format!("{status} No"), if status == 401 { asks } else { "" }));
            }
            Does::Status(_) | Does::Silent | Does::Well => {}
        }
        let answer = match method {
            "OPTIONS" => say("200 OK", "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"),
            "DESCRIBE" => {
                let length = SDP.len();
                let fields = "Content-Type: application/sdp\r\nContent-Length";
                say("200 OK", &format!("{fields}: {length}\r\n")) + SDP
            }
            "SETUP" if !request.contains("interleaved") => say("461 Unsupported Transport", ""),
            "SETUP" => {
                self.open(wrong != Does::Silent);
                let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
                say("200 OK", &format!("Session: 7;timeout=1\r\n{transport}"))
            }
            "PLAY" => {
                self.tell.send_modify(|asked| asked.push("media"));
                say("200 OK", "Session: 7\r\n")
            }
            "TEARDOWN" => match wrong {
                Does::Status(454) => {
                    self.forget();
                    say("454 Session Not Found", "")
                }
                // Asked for, and not done: it ends when its time is over.
                Does::Status(status) => {
                    self.gone();
                    say(&format!("{status} No"), "")
                }
                Does::Silent => {
                    self.gone();
                    String::new()
                }
                _ => {
                    self.forget();
                    say("200 OK", "")
                }
            },
            _ => say("501 Not Implemented", ""),
        };
        Some(if wrong == Does::Silent { String::new() } else { answer })
    }

    fn open(&mut self, told: bool) {
        let mut sessions = self.sessions.lock().unwrap();
        sessions.next += 1;
        let number = sessions.next;
        sessions.opened += usize::from(told);
        let now = Instant::now();
        sessions.open.retain(|_, until| until.is_none_or(|until| until > now));
        sessions.open.insert(number, None);
        sessions.most_open = sessions.most_open.max(sessions.open.len());
        self.open = Some(number);
        self.playing = (self.does != Does::Silent || self.place != "PLAY").then_some(0);
    }

    fn forget(&mut self) {
        if let Some(number) = self.open.take() {
            self.sessions.lock().unwrap().open.remove(&number);
        }
    }

    fn end_here(&mut self) {
        self.sessions.lock().unwrap().closed_here += usize::from(self.open.is_some());
        self.forget();
    }

    /// The connection is gone, or TEARDOWN was not heeded: the session lives until its timeout.
    fn gone(&mut self) {
        if let Some(number) = self.open.take() {
            let until = self.heard + TIMEOUT;
            self.sessions.lock().unwrap().open.insert(number, Some(until));
        }
    }
}

/// A slice of an IDR picture in an RTP packet (RFC 3550 §5.1) in an interleaved frame.
fn packet(n: u16) -> Vec<u8> {
    let mut rtp = vec![0x80, 0x80 | 96];
    rtp.extend(n.to_be_bytes());
    rtp.extend((u32::from(n) * 3600).to_be_bytes());
    rtp.extend(0x1234_5678u32.to_be_bytes());
    rtp.extend([0x65, 0x88, 1, 2, 3, 4]);
    let mut out = vec![b'$', 0];
    out.extend(u16::try_from(rtp.len()).unwrap().to_be_bytes());
    out.extend(rtp);
    out
}

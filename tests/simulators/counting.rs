//! A camera that counts: sessions opened and closed, how many at once, logins refused.
//!
//! Written from RFC 2326 and RFC 2617 §2 (Basic) with plain sockets.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::wire::next_request;

const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=counting\r\nt=0 0\r\n\
    m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n\
    a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==\r\n";

/// What becomes of TEARDOWN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// It is answered.
    Answered,
    /// It is carried out and not answered.
    Silent,
}

/// What a camera has seen.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Sessions that SETUP opened.
    pub opened: usize,
    /// Sessions that TEARDOWN closed.
    pub torn_down: usize,
    /// Sessions whose connection went away without TEARDOWN.
    pub abandoned: usize,
    /// Sessions that play.
    pub playing: usize,
    /// The most sessions that were open at once on one channel.
    pub most_at_once: usize,
    /// Logins that were refused.
    pub refused: usize,
    open: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Shared {
    counts: Counts,
    /// What `Authorization` must say, if anything.
    login: Option<String>,
    /// A wrong one is not answered: the connection is closed.
    closes: bool,
    farewell: Farewell,
}

/// A recorder with a channel under every path. It ends with the process.
#[derive(Debug)]
pub struct Counting {
    host: &'static str,
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

impl Counting {
    /// Serves at an address of this machine.
    ///
    /// # Panics
    /// If no port can be had.
    #[expect(clippy::unwrap_used, reason = "a simulator fails where it stands")]
    pub fn start(host: &'static str, farewell: Farewell) -> Self {
        let listener = TcpListener::bind((host, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Shared { counts: Counts::default(), login: None, closes: false, farewell };
        let shared = Arc::new(Mutex::new(shared));
        let serving = shared.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let shared = serving.clone();
                std::thread::spawn(move || Visitor::new(shared).serve(connection));
            }
        });
        Self { host, port, shared }
    }

    /// From now on only this login is taken.
    pub fn set_login(&self, user: &str, password: &str) {
        let login = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        lock(&self.shared).login = Some(login);
    }

    /// From now on a wrong login is refused by closing the connection on it.
    pub fn refuse_by_closing(&self) {
        lock(&self.shared).closes = true;
    }

    /// Address of a channel.
    pub fn url(&self, channel: usize) -> String {
        format!("rtsp://{}:{}/ch{channel}", self.host, self.port)
    }

    /// What it has seen so far.
    pub fn counts(&self) -> Counts {
        lock(&self.shared).counts.clone()
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One connection, with a session at most.
struct Visitor {
    shared: Arc<Mutex<Shared>>,
    channel: Option<String>,
    playing: bool,
    closed: bool,
}

impl Visitor {
    fn new(shared: Arc<Mutex<Shared>>) -> Self {
        Self { shared, channel: None, playing: false, closed: false }
    }

    fn serve(mut self, mut connection: TcpStream) {
        let _ended = self.talk(&mut connection);
        if self.channel.is_some() {
            lock(&self.shared).counts.abandoned += 1;
            self.close();
        }
    }

    /// Answers until the client goes; while it plays a packet goes out every 20 ms.
    fn talk(&mut self, connection: &mut TcpStream) -> std::io::Result<()> {
        connection.set_read_timeout(Some(Duration::from_millis(20)))?;
        let (mut input, mut chunk, mut number) = (Vec::new(), [0; 4096], 0u16);
        loop {
            match connection.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(read) => input.extend_from_slice(&chunk[..read]),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
            while let Some(request) = next_request(&mut input) {
                if let Some(answer) = self.answer(&request) {
                    connection.write_all(answer.as_bytes())?;
                }
                if self.closed {
                    return Ok(());
                }
            }
            if self.playing {
                number = number.wrapping_add(1);
                connection.write_all(&packet(number))?;
            }
        }
    }

    fn answer(&mut self, request: &str) -> Option<String> {
        let field = |name: &str| request.lines().find_map(|line| line.strip_prefix(name));
        let cseq = field("CSeq:").unwrap_or_default().trim();
        let (method, rest) = request.split_once(' ')?;
        let channel = rest.split(' ').next()?.rsplit_once('/').map(|(head, last)| {
            if last == "track1" { head.to_owned() } else { format!("{head}/{last}") }
        })?;
        let say =
            |status: &str, more: &str| format!("RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n{more}\r\n");
        let mut shared = lock(&self.shared);
        if let Some(login) = shared.login.as_ref().filter(|_| method != "OPTIONS") {
            let shown = field("Authorization:").map(str::trim);
            if shown != Some(login) {
                shared.counts.refused += usize::from(shown.is_some());
                self.closed = shared.closes && shown.is_some();
                if self.closed {
                    return None;
                }
                let asks = "WWW-Authenticate: Basic realm=\"counting\"\r\n";
                return Some(say("401 Unauthorized", asks));
            }
        }
        Some(match method {
            "OPTIONS" => say("200 OK", "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"),
            "DESCRIBE" => {
                let fields = "Content-Type: application/sdp\r\nContent-Length: ";
                say("200 OK", &format!("{fields}{}\r\n", SDP.len())) + SDP
            }
            "SETUP" => {
                shared.counts.opened += 1;
                let open = shared.counts.open.entry(channel.clone()).or_default();
                *open += 1;
                let open = *open;
                shared.counts.most_at_once = shared.counts.most_at_once.max(open);
                self.channel = Some(channel);
                let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
                say("200 OK", &format!("Session: 4711;timeout=60\r\n{transport}"))
            }
            "PLAY" if self.channel.is_some() => {
                self.playing = true;
                shared.counts.playing += 1;
                say("200 OK", "Session: 4711\r\n")
            }
            "TEARDOWN" if self.channel.is_some() => {
                shared.counts.torn_down += 1;
                let farewell = shared.farewell;
                drop(shared);
                self.close();
                if farewell == Farewell::Silent {
                    return None;
                }
                say("200 OK", "")
            }
            _ => say("454 Session Not Found", ""),
        })
    }

    fn close(&mut self) {
        let mut shared = lock(&self.shared);
        shared.counts.playing -= usize::from(std::mem::take(&mut self.playing));
        let open = self
            .channel
            .take()
            .and_then(|channel| shared.counts.open.get_mut(&channel).map(|it| *it -= 1));
        debug_assert!(open.is_some());
    }
}

/// A slice of an IDR picture in an RTP packet (RFC 3550 §5.1) in an interleaved frame.
fn packet(number: u16) -> Vec<u8> {
    let mut rtp = vec![0x80, 0x80 | 96];
    rtp.extend(number.to_be_bytes());
    rtp.extend((u32::from(number) * 1800).to_be_bytes());
    rtp.extend(0x1234_5678u32.to_be_bytes());
    rtp.extend([0x65, 0x88, 1, 2, 3, 4]);
    let mut out = vec![b'$', 0];
    out.extend(u16::try_from(rtp.len()).unwrap_or(0).to_be_bytes());
    out.extend(rtp);
    out
}

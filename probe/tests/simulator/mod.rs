//! A camera on loopback, written from RFC 2326 and RFC 3550 and independent of `protocol/`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use zhishou_tests::wire::{interleaved, next_request, rtp};

pub(crate) mod digest;
pub(crate) mod security;

/// `admin:right` in Basic.
const RIGHT: &str = "Authorization: Basic YWRtaW46cmlnaHQ=";

/// A baseline SPS of 640×480 and a PPS.
const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=sim\r\nm=video 0 RTP/AVP 96\r\n\
    a=rtpmap:96 H264/90000\r\na=control:track1\r\n\
    a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==\r\n";

/// How a camera behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Plays.
    Healthy,
    /// Plays to who knows the password.
    Guarded,
    /// Accepts connections and says nothing.
    Silent,
    /// Plays to who answers a Digest challenge, rightly or wrongly.
    Digest,
    /// Answers everything, sends nothing.
    NoMedia,
    /// Closes the connection after 20 packets.
    Dies,
    /// Sends 20 packets and then nothing, the connection open.
    Stalls,
    /// Sends packets that hold no keyframe.
    NoKeyframe,
    /// Drops every tenth packet.
    Lossy,
    /// Answers DESCRIBE with this status.
    Status(u16),
    /// Never answers TEARDOWN.
    Deaf,
    /// Its keyframes differ from visit to visit, as those of a scene with sensor noise do.
    Living,
    /// The same, and half of the scene is covered.
    Covered,
    /// Says that its stream is MPEG-4 part 2.
    Mpeg4,
    /// Plays, and does much of what no standard allows.
    Odd,
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Requests in order, whole heads.
    pub(crate) requests: Vec<String>,
    pub(crate) connections: usize,
    /// Times that a frame on the control channel came.
    pub(crate) reports: usize,
    pub(crate) open: usize,
    pub(crate) most_open: usize,
}

pub(crate) struct Camera {
    pub(crate) port: u16,
    scheme: &'static str,
    host: &'static str,
    log: Arc<Mutex<Log>>,
}

impl Camera {
    pub(crate) async fn start(habit: Habit) -> Self {
        Self::start_at("127.0.0.1", habit, None).await
    }

    /// At an address, an IPv6 one in brackets; over TLS where there is an acceptor.
    pub(crate) async fn start_at(
        host: &'static str,
        habit: Habit,
        tls: Option<TlsAcceptor>,
    ) -> Self {
        let scheme = if tls.is_some() { "rtsps" } else { "rtsp" };
        let listener = TcpListener::bind(format!("{host}:0")).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Log::default()));
        let shared = log.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, tls) = (shared.clone(), tls.clone());
                tokio::spawn(async move {
                    {
                        let mut log = log.lock().unwrap();
                        log.connections += 1;
                        log.open += 1;
                        log.most_open = log.most_open.max(log.open);
                    }
                    match tls {
                        None => serve(stream, habit, &log).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, habit, &log).await;
                            }
                        }
                    }
                    log.lock().unwrap().open -= 1;
                });
            }
        });
        Self { port, scheme, host, log }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}:{}/live/main", self.scheme, self.host, self.port)
    }

    /// How many requests of that method came.
    pub(crate) fn count(&self, method: &str) -> usize {
        let start = format!("{method} ");
        self.log.lock().unwrap().requests.iter().filter(|r| r.starts_with(&start)).count()
    }

    /// How many requests had a login in them.
    pub(crate) fn logins(&self) -> usize {
        self.log.lock().unwrap().requests.iter().filter(|r| r.contains("Authorization:")).count()
    }

    pub(crate) fn most_open(&self) -> usize {
        self.log.lock().unwrap().most_open
    }

    pub(crate) fn reports(&self) -> usize {
        self.log.lock().unwrap().reports
    }

    pub(crate) fn connections(&self) -> usize {
        self.log.lock().unwrap().connections
    }
}

pub(crate) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    habit: Habit,
    log: &Mutex<Log>,
) {
    let visit = log.lock().unwrap().connections as u16;
    let mut input = Vec::new();
    let mut playing: Option<u16> = None;
    let mut chunk = [0; 4096];
    // A stall is seen for sure if it began long before the probe would end.
    let pace = Duration::from_millis(if habit == Habit::Stalls { 1 } else { 5 });
    loop {
        let read = tokio::time::timeout(pace, stream.read(&mut chunk)).await;
        match read {
            Ok(Ok(0) | Err(_)) => return,
            Ok(Ok(n)) => input.extend_from_slice(&chunk[..n]),
            Err(_) => {}
        }
        log.lock().unwrap().reports += usize::from(input.starts_with(b"$\x01"));
        if let Some(request) = next_request(&mut input) {
            log.lock().unwrap().requests.push(request.clone());
            let Some(answer) = answer(&request, habit) else { continue };
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
            if habit == Habit::Odd && request.starts_with("DESCRIBE ") {
                // Another client's session on our connection.
                let stale = interleaved(0, &rtp(96, 9, 1, 1, true, &[0x41, 0x9A]));
                if stream.write_all(&stale.repeat(2)).await.is_err() {
                    return;
                }
            }
            if request.starts_with("PLAY ") && habit != Habit::NoMedia {
                playing = Some(0);
            }
            if request.starts_with("TEARDOWN ") {
                playing = None;
            }
        }
        if let Some(n) = &mut playing {
            if habit == Habit::Stalls && *n > 20 {
                continue;
            }
            for payload in frame(habit, *n, visit) {
                *n += 1;
                if habit == Habit::Odd && *n == 5 {
                    let report = [&[0x80, 200, 0, 6, 0xEE, 0, 0, 1][..], &[0; 20]].concat();
                    let strange = [interleaved(1, &report), interleaved(7, &[0x80; 12])].concat();
                    if stream.write_all(&strange).await.is_err() {
                        return;
                    }
                }
                let drop = habit == Habit::Lossy && *n % 10 == 5;
                if !drop && stream.write_all(&packet(*n, &payload)).await.is_err() {
                    return;
                }
            }
            if habit == Habit::Dies && *n > 20 {
                return;
            }
        }
    }
}

fn answer(request: &str, habit: Habit) -> Option<String> {
    let method = request.split(' ').next().unwrap_or_default();
    let cseq = request.lines().find_map(|l| l.strip_prefix("CSeq: ")).unwrap_or_default();
    let ok = |fields: &str, body: &str| {
        let length = body.len();
        format!(
            "RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\nServer: sim\r\n{fields}Content-Length: {length}\r\n\r\n{body}"
        )
    };
    if habit == Habit::Silent || (habit == Habit::Deaf && method == "TEARDOWN") {
        return None;
    }
    if habit == Habit::Digest && method != "OPTIONS" && !request.contains("Authorization: Digest") {
        return Some(format!(
            "RTSP/1.0 401 Unauthorized\r\nCSeq: {cseq}\r\nWWW-Authenticate: Digest realm=\"sim\", nonce=\"1\"\r\n\r\n"
        ));
    }
    if habit == Habit::Guarded && method != "OPTIONS" && !request.contains(RIGHT) {
        return Some(format!(
            "RTSP/1.0 401 Unauthorized\r\nCSeq: {cseq}\r\nWWW-Authenticate: Basic realm=\"sim\"\r\n\r\n"
        ));
    }
    Some(match (method, habit) {
        ("OPTIONS", _) => ok("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", ""),
        ("DESCRIBE", Habit::Status(status)) => {
            format!("RTSP/1.0 {status} No\r\nCSeq: {cseq}\r\n\r\n")
        }
        ("DESCRIBE", Habit::Odd) => {
            let sdp = SDP.replace("track1", "rtsp://10.99.0.1/live/track1");
            ok("Content-Type: application/sdp\r\n", &sdp.replace("Z0LA", "!"))
        }
        ("DESCRIBE", Habit::Mpeg4) => {
            ok("Content-Type: application/sdp\r\n", &SDP.replace("H264", "MP4V-ES"))
        }
        ("DESCRIBE", _) => ok("Content-Type: application/sdp\r\n", SDP),
        ("SETUP", _) => {
            ok("Session: 4711;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", "")
        }
        ("PLAY" | "TEARDOWN" | "GET_PARAMETER", _) => ok("Session: 4711\r\n", ""),
        _ => format!("RTSP/1.0 501 Not Implemented\r\nCSeq: {cseq}\r\n\r\n"),
    })
}

/// The NAL units of one frame: every fifth is an IDR picture.
fn frame(habit: Habit, n: u16, visit: u16) -> Vec<Vec<u8>> {
    let (length, noise) = match habit {
        Habit::Living => (200, visit),
        Habit::Covered => (100, visit),
        _ => (200, 0),
    };
    // The slice header begins with first_mb 0 and slice_type 7 (I) or 5 (P).
    let slice = |kind: u8, header: u8| {
        let mut nal = vec![kind, header];
        let noise = |i| if i < 50 { 0 } else { noise * 2 };
        nal.extend((0..length).map(|i: u16| (i * 31 + n + noise(i)) as u8 | 1));
        nal
    };
    if habit != Habit::NoKeyframe && n.is_multiple_of(5) {
        vec![slice(0x65, 0x88)]
    } else {
        vec![slice(0x41, 0x9A)]
    }
}

/// An RTP packet (RFC 3550 §5.1) in an interleaved frame; each is a frame of its own at 25 fps.
fn packet(n: u16, payload: &[u8]) -> Vec<u8> {
    interleaved(0, &rtp(96, 0x1234_5678, n, u32::from(n) * 3600, true, payload))
}

//! A camera that sends over UDP, written from RFC 2326, RFC 3550 and RFC 6184, and independent of
//! `protocol/`. It insists on a DESCRIBE on each connection before SETUP, and on one only (Q71).

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::{Instant, timeout};
use zhishou_tests::wire::{interleaved, next_request, rtp};

/// `admin:right` in Basic.
const RIGHT: &str = "Authorization: Basic YWRtaW46cmlnaHQ=";

/// A baseline SPS of 640×480 and a PPS.
const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=sim\r\nm=video 0 RTP/AVP 96\r\n\
    a=rtpmap:96 H264/90000\r\na=control:track1\r\n\
    a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==\r\n";

/// Bytes of the large keyframe.
pub(crate) const LARGE: usize = 250_000;

/// What becomes of a SETUP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Media flow.
    Plays,
    /// 461.
    Refuses,
    /// All is well, and nothing comes.
    Silent,
    /// 200, with the ports of UDP whatever was asked.
    InUdp,
}

/// What happens to the datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Clean,
    /// Each tenth is lost.
    Lossy,
    /// Neighbours change places.
    Shuffled,
    /// Each comes twice.
    Doubled,
    /// Another host sends packets of its own beside them.
    Stranger,
    /// Keyframes are large, and each is sent without a pause.
    Bursts,
}

/// What becomes of TEARDOWN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// It is done and answered.
    Answered,
    /// It is done and not answered.
    Silent,
    /// Neither: media go on.
    Ignored,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Habit {
    pub(crate) tcp: Answer,
    pub(crate) udp: Answer,
    pub(crate) wire: Wire,
    /// Whether it says which ports it sends from (Q49).
    pub(crate) tells_ports: bool,
    /// Sends to where a packet to its ports came from, and nothing before: a NAT lies between.
    pub(crate) behind_nat: bool,
    /// Wants the password.
    pub(crate) guarded: bool,
    /// Closes the connection after the answer to PLAY.
    pub(crate) hangs_up: bool,
    pub(crate) farewell: Farewell,
}

impl Habit {
    pub(crate) const UDP: Self = Self {
        tcp: Answer::Refuses,
        udp: Answer::Plays,
        wire: Wire::Clean,
        tells_ports: true,
        behind_nat: false,
        guarded: false,
        hangs_up: false,
        farewell: Farewell::Answered,
    };
}

#[derive(Debug, Default)]
struct Log {
    requests: Vec<String>,
    connections: usize,
    /// Receiver reports with a block in them that came to the RTCP port.
    reports: usize,
}

pub(crate) struct Camera {
    at: SocketAddr,
    log: Arc<Mutex<Log>>,
}

impl Camera {
    pub(crate) async fn start(habit: Habit) -> Self {
        Self::start_at([127, 0, 0, 1].into(), habit).await
    }

    pub(crate) async fn start_at(host: IpAddr, habit: Habit) -> Self {
        let listener = TcpListener::bind((host, 0)).await.unwrap();
        let at = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Log::default()));
        let shared = log.clone();
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let log = shared.clone();
                log.lock().unwrap().connections += 1;
                tokio::spawn(Connection::new(habit, host, peer.ip(), log).serve(stream));
            }
        });
        Self { at, log }
    }

    pub(crate) fn url(&self) -> String {
        format!("rtsp://{}/live/main", self.at)
    }

    /// How many requests of that method came.
    pub(crate) fn count(&self, method: &str) -> usize {
        let start = format!("{method} ");
        self.log.lock().unwrap().requests.iter().filter(|r| r.starts_with(&start)).count()
    }

    /// How many requests had a login in them that is wrong.
    pub(crate) fn wrong_logins(&self) -> usize {
        let wrong = |r: &&String| r.contains("Authorization:") && !r.contains(RIGHT);
        self.log.lock().unwrap().requests.iter().filter(wrong).count()
    }

    pub(crate) fn connections(&self) -> usize {
        self.log.lock().unwrap().connections
    }

    pub(crate) fn reports(&self) -> usize {
        self.log.lock().unwrap().reports
    }
}

/// Where media go.
enum Way {
    Interleaved,
    Datagrams { rtp: Arc<UdpSocket>, rtcp: Arc<UdpSocket>, to: (u16, u16) },
}

struct Connection {
    habit: Habit,
    host: IpAddr,
    peer: IpAddr,
    log: Arc<Mutex<Log>>,
    described: bool,
    way: Option<Way>,
    silent: bool,
}

impl Connection {
    fn new(habit: Habit, host: IpAddr, peer: IpAddr, log: Arc<Mutex<Log>>) -> Self {
        Self { habit, host, peer, log, described: false, way: None, silent: false }
    }

    async fn serve(mut self, mut stream: TcpStream) {
        let (mut input, mut chunk) = (Vec::new(), [0; 4096]);
        let mut frame: Option<u16> = None;
        let mut sequence = 0;
        loop {
            match timeout(Duration::from_millis(5), stream.read(&mut chunk)).await {
                Ok(Ok(0) | Err(_)) => return,
                Ok(Ok(n)) => input.extend_from_slice(&chunk[..n]),
                Err(_) => {}
            }
            if let Some(request) = next_request(&mut input) {
                self.log.lock().unwrap().requests.push(request.clone());
                if request.starts_with("TEARDOWN ") && self.habit.farewell != Farewell::Ignored {
                    frame = None;
                }
                let Some(answer) = self.answer(&request).await else { continue };
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
                if request.starts_with("PLAY ") && !self.silent {
                    frame = Some(0);
                    if self.habit.hangs_up {
                        drop(stream);
                        return self.play_on().await;
                    }
                }
            }
            if let Some(n) = &mut frame {
                let packets = self.packets(*n, &mut sequence);
                *n += 1;
                if !self.send(&packets, &mut stream).await {
                    return;
                }
            }
        }
    }

    /// Sends two seconds of media without a connection.
    async fn play_on(self) {
        let Some(Way::Datagrams { rtp, to, .. }) = &self.way else { return };
        let (began, mut sequence) = (Instant::now(), 0);
        for n in 0.. {
            for packet in self.packets(n, &mut sequence) {
                rtp.send_to(&packet, (self.peer, to.0)).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
            if began.elapsed() > Duration::from_secs(2) {
                return;
            }
        }
    }

    async fn answer(&mut self, request: &str) -> Option<String> {
        let method = request.split(' ').next().unwrap_or_default();
        let field = |name: &str| request.lines().find_map(|l| l.strip_prefix(name));
        let cseq = field("CSeq: ").unwrap_or_default().to_owned();
        let no = |status: &str| format!("RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n\r\n");
        let ok = |fields: &str, body: &str| {
            let length = body.len();
            format!(
                "RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n{fields}Content-Length: {length}\r\n\r\n{body}"
            )
        };
        if self.habit.guarded && method != "OPTIONS" && !request.contains(RIGHT) {
            return Some(no("401 No\r\nWWW-Authenticate: Basic realm=\"sim\""));
        }
        Some(match method {
            "OPTIONS" => ok("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", ""),
            "DESCRIBE" if self.described => no("455 Method Not Valid in This State"),
            "DESCRIBE" => {
                self.described = true;
                ok("Content-Type: application/sdp\r\n", SDP)
            }
            "SETUP" if !self.described => no("455 Method Not Valid in This State"),
            "SETUP" => match self.set_up(field("Transport: ").unwrap_or_default()).await {
                Some(transport) => {
                    ok(&format!("Session: 4711;timeout=60\r\nTransport: {transport}\r\n"), "")
                }
                None => no("461 Unsupported Transport"),
            },
            "TEARDOWN" if self.habit.farewell != Farewell::Answered => return None,
            _ => ok("Session: 4711\r\n", ""),
        })
    }

    async fn set_up(&mut self, asked: &str) -> Option<String> {
        let interleaved = asked.contains("interleaved=");
        let answer = if interleaved { self.habit.tcp } else { self.habit.udp };
        self.silent = matches!(answer, Answer::Silent | Answer::InUdp);
        match answer {
            Answer::Refuses => None,
            Answer::InUdp => {
                Some("RTP/AVP;unicast;client_port=5000-5001;server_port=6970-6971".to_owned())
            }
            Answer::Plays | Answer::Silent if interleaved => {
                self.way = Some(Way::Interleaved);
                Some("RTP/AVP/TCP;unicast;interleaved=0-1".to_owned())
            }
            Answer::Plays | Answer::Silent => {
                let (_, ports) = asked.split_once("client_port=")?;
                let (rtp, rtcp) = ports.split_once('-')?;
                let to: (u16, u16) = (rtp.parse().ok()?, rtcp.parse().ok()?);
                assert!(to.0.is_multiple_of(2) && to.1 == to.0 + 1, "{asked}");
                let rtp = Arc::new(UdpSocket::bind((self.host, 0)).await.unwrap());
                let rtcp = Arc::new(UdpSocket::bind((self.host, 0)).await.unwrap());
                let port = |socket: &UdpSocket| socket.local_addr().unwrap().port();
                let server = if self.habit.tells_ports {
                    format!(";server_port={}-{}", port(&rtp), port(&rtcp))
                } else {
                    String::new()
                };
                self.way = Some(Way::Datagrams { rtp, rtcp, to });
                Some(format!("RTP/AVP;unicast;client_port={}-{}{server}", to.0, to.1))
            }
        }
    }

    /// The packets of a frame, after what happens to them. Every fifth frame is a keyframe.
    fn packets(&self, n: u16, sequence: &mut u16) -> Vec<Vec<u8>> {
        let large = self.habit.wire == Wire::Bursts && n.is_multiple_of(40);
        let mut packets = if n.is_multiple_of(5) || large {
            // The slice header begins with first_mb 0 and slice_type 7 (I).
            fragments(0x65, 0x88, if large { LARGE } else { 6_000 })
        } else {
            vec![nal(0x41, 0x9A, 200)]
        };
        let last = packets.len() - 1;
        let mut out = Vec::new();
        for (i, payload) in packets.drain(..).enumerate() {
            *sequence = sequence.wrapping_add(1);
            let timestamp = u32::from(n) * 3600;
            let packet = rtp(96, 0x1234_5678, *sequence, timestamp, i == last, &payload);
            match self.habit.wire {
                Wire::Lossy if *sequence % 10 == 7 => {}
                Wire::Doubled => out.extend([packet.clone(), packet]),
                _ => out.push(packet),
            }
        }
        if self.habit.wire == Wire::Shuffled {
            out.chunks_mut(2).for_each(<[_]>::reverse);
        }
        out
    }

    async fn send(&self, packets: &[Vec<u8>], stream: &mut TcpStream) -> bool {
        match &self.way {
            None => {}
            Some(Way::Interleaved) => {
                for packet in packets {
                    if stream.write_all(&interleaved(0, packet)).await.is_err() {
                        return false;
                    }
                }
            }
            Some(Way::Datagrams { rtp, rtcp, to }) => {
                let mut to = SocketAddr::new(self.peer, to.0);
                let mut heard = [0; 2048];
                while let Ok((length, from)) = rtcp.try_recv_from(&mut heard) {
                    let block = length >= 32 && heard[0] & 0x1F == 1 && heard[1] == 201;
                    self.log.lock().unwrap().reports +=
                        usize::from(block && from.ip() == self.peer);
                }
                if self.habit.behind_nat {
                    match rtp.try_recv_from(&mut heard) {
                        // As a NAT would: only this way back is open.
                        Ok((_, from)) => rtp.connect(from).await.unwrap(),
                        Err(_) if rtp.peer_addr().is_err() => return true,
                        Err(_) => {}
                    }
                    to = rtp.peer_addr().unwrap();
                }
                for packet in packets {
                    rtp.send_to(packet, to).await.unwrap();
                }
                if self.habit.wire == Wire::Stranger {
                    let stranger = UdpSocket::bind("127.0.0.2:0").await.unwrap();
                    stranger.send_to(&packets[0], to).await.unwrap();
                }
            }
        }
        true
    }
}

fn nal(kind: u8, header: u8, length: usize) -> Vec<u8> {
    let mut nal = vec![kind, header];
    nal.extend((0..length).map(|i| (i * 31) as u8 | 1));
    nal
}

/// A NAL unit in FU-A (RFC 6184 §5.8), 1 400 bytes each.
fn fragments(kind: u8, header: u8, length: usize) -> Vec<Vec<u8>> {
    let whole = nal(kind, header, length);
    let mut parts: Vec<Vec<u8>> = whole[1..]
        .chunks(1_400)
        .map(|part| [&[kind & 0xE0 | 28, kind & 0x1F], part].concat())
        .collect();
    let last = parts.len() - 1;
    parts[0][1] |= 0x80;
    parts[last][1] |= 0x40;
    parts
}

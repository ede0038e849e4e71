//! An RTSP server (RFC 2326) on loopback that plays one script to each client, interleaved in TCP
//! (§10.12) or over UDP (§12.39) as the client asks, and keeps the times at which it really wrote.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::packet::PAYLOAD_TYPE;
use super::script::{Script, What};
use super::source::{Coding, PPS, SPS};
use crate::wire::interleaved;

/// One session as it was really played.
#[derive(Debug, Clone, Default)]
pub struct Played {
    /// When each sending of the script was written, since PLAY was answered.
    pub times: Vec<Duration>,
}

/// A server of one script. It ends with the process.
#[derive(Debug)]
pub struct Server {
    port: u16,
    played: Arc<Mutex<Vec<Played>>>,
}

impl Server {
    /// Serves `script`, whose SDP says `declared_fps` where given.
    ///
    /// # Panics
    /// If no port can be had.
    #[expect(clippy::unwrap_used, reason = "a simulator fails where it stands")]
    pub fn start(script: Script, declared_fps: Option<f64>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let played = Arc::new(Mutex::new(Vec::new()));
        let log = played.clone();
        let script = Arc::new(script);
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (script, log) = (script.clone(), log.clone());
                std::thread::spawn(move || serve(&connection, &script, declared_fps, &log));
            }
        });
        Server { port, played }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("rtsp://127.0.0.1:{}/live", self.port)
    }

    /// The sessions played to their end or to TEARDOWN.
    pub fn played(&self) -> Vec<Played> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Answers requests until the client goes; PLAY starts a thread that writes beside this one.
fn serve(
    connection: &TcpStream,
    script: &Arc<Script>,
    declared_fps: Option<f64>,
    log: &Arc<Mutex<Vec<Played>>>,
) -> Option<()> {
    connection.set_nodelay(true).ok()?;
    let mut input = BufReader::new(connection.try_clone().ok()?);
    let out = Arc::new(Mutex::new(connection.try_clone().ok()?));
    let stop = Arc::new(AtomicBool::new(false));
    let (mut player, mut ports) = (None, None);
    while let Some(request) = next_request(&mut input) {
        let cseq = request.lines().find_map(|line| line.strip_prefix("CSeq:"))?.trim();
        let method = request.split(' ').next()?;
        if method == "TEARDOWN" {
            stop.store(true, Ordering::Relaxed);
        }
        if method == "SETUP" {
            ports = client_ports(&request);
        }
        let (fields, body) = answer(method, script, declared_fps, ports);
        let head = format!("RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n{fields}");
        let answer = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        out.lock().ok()?.write_all(answer.as_bytes()).ok()?;
        if method == "PLAY" {
            let way = match ports {
                None => Way::Interleaved(out.clone()),
                Some((rtp, rtcp)) => Way::Datagrams(aimed_at(rtp)?, aimed_at(rtcp)?),
            };
            let (script, stop, log) = (script.clone(), stop.clone(), log.clone());
            player = Some(std::thread::spawn(move || {
                let played = play(&script, &way, &stop);
                log.lock().unwrap_or_else(PoisonError::into_inner).push(played);
            }));
        }
    }
    stop.store(true, Ordering::Relaxed);
    player?.join().ok()
}

/// The head of the next request; the client's receiver reports between are skipped.
fn next_request(input: &mut BufReader<TcpStream>) -> Option<String> {
    loop {
        let first = *input.fill_buf().ok()?.first()?;
        if first == b'$' {
            let mut head = [0; 4];
            input.read_exact(&mut head).ok()?;
            let length = u16::from_be_bytes([head[2], head[3]]);
            std::io::copy(&mut input.by_ref().take(length.into()), &mut std::io::sink()).ok()?;
            continue;
        }
        let mut request = String::new();
        while !request.ends_with("\r\n\r\n") {
            if input.read_line(&mut request).ok()? == 0 {
                return None;
            }
        }
        return Some(request);
    }
}

/// The two ports of a SETUP for UDP.
fn client_ports(setup: &str) -> Option<(u16, u16)> {
    let (_, ports) = setup.split_once("client_port=")?;
    let ports = ports.split(|c: char| !c.is_ascii_digit() && c != '-').next()?;
    let (rtp, rtcp) = ports.split_once('-')?;
    Some((rtp.parse().ok()?, rtcp.parse().ok()?))
}

/// A socket that sends to a port of the client's.
fn aimed_at(port: u16) -> Option<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0").ok()?;
    socket.connect(("127.0.0.1", port)).ok()?;
    Some(socket)
}

fn answer(
    method: &str,
    script: &Script,
    declared_fps: Option<f64>,
    ports: Option<(u16, u16)>,
) -> (String, String) {
    let (fields, body) = match method {
        "OPTIONS" => ("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", String::new()),
        "DESCRIBE" => ("Content-Type: application/sdp\r\n", sdp(script, declared_fps)),
        "SETUP" => {
            let transport = ports.map_or_else(
                || "RTP/AVP/TCP;unicast;interleaved=0-1".to_owned(),
                |(rtp, rtcp)| format!("RTP/AVP;unicast;client_port={rtp}-{rtcp}"),
            );
            let fields = format!("Session: 4711;timeout=60\r\nTransport: {transport}\r\n");
            return (fields, String::new());
        }
        _ => ("Session: 4711\r\n", String::new()),
    };
    (fields.to_owned(), body)
}

fn sdp(script: &Script, declared_fps: Option<f64>) -> String {
    let name = match script.source.coding {
        Coding::H264 => "H264",
        Coding::H265 => "H265",
        Coding::Jpeg => "JPEG",
        Coding::Mpeg4 => "MP4V-ES",
    };
    let mut sdp = format!(
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=impaired\r\nt=0 0\r\n\
         m=video 0 RTP/AVP {PAYLOAD_TYPE}\r\na=rtpmap:{PAYLOAD_TYPE} {name}/90000\r\n\
         a=control:track1\r\n"
    );
    if script.source.coding == Coding::H264 {
        sdp += &format!(
            "a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;sprop-parameter-sets={SPS},{PPS}\r\n"
        );
    }
    if let Some(fps) = declared_fps {
        sdp += &format!("a=framerate:{fps}\r\n");
    }
    sdp
}

/// Where packets and reports go.
enum Way {
    Interleaved(Arc<Mutex<TcpStream>>),
    Datagrams(UdpSocket, UdpSocket),
}

impl Way {
    /// Sends one; `None` once the client is gone.
    fn send(&self, channel: u8, bytes: &[u8]) -> Option<()> {
        match self {
            Way::Interleaved(out) => out.lock().ok()?.write_all(&interleaved(channel, bytes)).ok(),
            Way::Datagrams(rtp, rtcp) => {
                // A network that is full, or a client that has left, tells nobody.
                drop(if channel == 0 { rtp.send(bytes) } else { rtcp.send(bytes) });
                Some(())
            }
        }
    }
}

/// Writes the script at its times and gives the real ones.
#[expect(clippy::disallowed_methods, reason = "a camera has a clock of its own")]
fn play(script: &Script, way: &Way, stop: &AtomicBool) -> Played {
    let began = Instant::now();
    let mut played = Played::default();
    for sending in &script.sendings {
        let early = sending.at.saturating_sub(began.elapsed());
        if early > Duration::from_micros(200) {
            std::thread::sleep(early);
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let (channel, bytes) = match &sending.what {
            What::Rtp(packet) => (0, packet.bytes()),
            What::Report(report) => {
                let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                (1, report.bytes(wall))
            }
        };
        let at = began.elapsed();
        if way.send(channel, &bytes).is_none() {
            break;
        }
        played.times.push(at);
    }
    played
}

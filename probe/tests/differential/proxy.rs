//! Stands between a client and a server: keeps what the server says, and loses packets by choice.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::relay;

/// What a client was sent in one session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    /// The body of the answer to DESCRIBE.
    pub(crate) sdp: Vec<u8>,
    /// When it came, channel, packet.
    pub(crate) packets: Vec<(Duration, u8, Vec<u8>)>,
}

impl Kept {
    /// A description begins a session. A connection alone does not: retina sends TEARDOWN for a session
    /// it left over one of its own, at any time.
    pub(crate) fn begin(&mut self, sdp: &[u8]) {
        *self = Self { sdp: sdp.to_vec(), packets: Vec::new() };
    }
}

/// How media travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Tcp,
    Udp,
}

/// Gives each connection to a server on loopback.
pub(crate) struct Proxy {
    /// The address to open instead of the server's.
    pub(crate) url: String,
    kept: Arc<Mutex<Kept>>,
}

impl Proxy {
    /// As [`Proxy::before`], where media travel so.
    pub(crate) fn of(way: Way, url: &str, lost: HashSet<usize>) -> Self {
        match way {
            Way::Tcp => Self::before(url, lost),
            Way::Udp => Self::serving(url, move |client, server, kept| {
                relay::start(client, server, lost.clone(), kept);
            }),
        }
    }

    /// Before the server of `url`; packets of the video with these places among its own get lost.
    pub(crate) fn before(url: &str, lost: HashSet<usize>) -> Self {
        Self::serving(url, move |client, server, kept| {
            let mut up = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut up.0, &mut up.1));
            let lost = lost.clone();
            std::thread::spawn(move || pass_on(server, client, &lost, &kept));
        })
    }

    /// Before the server of `url`; each client and a connection to it are given to `serve`.
    fn serving(
        url: &str,
        serve: impl Fn(TcpStream, TcpStream, Arc<Mutex<Kept>>) + Send + 'static,
    ) -> Self {
        let (host, path) = url.strip_prefix("rtsp://").unwrap().split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("rtsp://{}/{path}", listener.local_addr().unwrap());
        let (kept, host) = (Arc::new(Mutex::new(Kept::default())), host.to_owned());
        let shared = kept.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(&host).unwrap();
                serve(client, server, shared.clone());
            }
        });
        Self { url, kept }
    }

    /// What the last session was sent.
    pub(crate) fn kept(&self) -> Kept {
        self.kept.lock().unwrap().clone()
    }
}

/// Passes on what the server says until one of them leaves; frames as RFC 2326 §10.12 has them.
#[expect(clippy::disallowed_methods, reason = "what it passes on comes in real time")]
fn pass_on(server: TcpStream, mut client: TcpStream, lost: &HashSet<usize>, kept: &Mutex<Kept>) {
    let (began, mut video) = (Instant::now(), 0);
    let mut server = BufReader::new(server);
    while let Some((frame, body)) = next(&mut server) {
        if frame[0] == b'$' {
            let is_video = frame[1] == 0;
            video += usize::from(is_video);
            if is_video && lost.contains(&(video - 1)) {
                continue;
            }
            let packet = (began.elapsed(), frame[1], frame[4..].to_vec());
            kept.lock().unwrap().packets.push(packet);
        } else if body > 0 {
            kept.lock().unwrap().begin(&frame[frame.len() - body..]);
        }
        if client.write_all(&frame).is_err() {
            return;
        }
    }
}

/// The next frame or message, and the length of its body.
pub(crate) fn next(server: &mut BufReader<TcpStream>) -> Option<(Vec<u8>, usize)> {
    let mut bytes = vec![0];
    server.read_exact(&mut bytes).ok()?;
    if bytes[0] == b'$' {
        bytes.resize(4, 0);
        server.read_exact(&mut bytes[1..]).ok()?;
        let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        bytes.resize(4 + length, 0);
        server.read_exact(&mut bytes[4..]).ok()?;
        return Some((bytes, 0));
    }
    while !bytes.ends_with(b"\r\n\r\n") {
        server.read_until(b'\n', &mut bytes).ok().filter(|read| *read > 0)?;
    }
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.map_or(0, |length| length.trim().parse().unwrap());
    let head = bytes.len();
    bytes.resize(head + length, 0);
    server.read_exact(&mut bytes[head..]).ok()?;
    Some((bytes, length))
}

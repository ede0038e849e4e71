//! As the proxy, where media go beside the connection: ports are told to each side as the relay's own.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::proxy::{Kept, next};

/// A relay of a stream ends when nothing came for so long.
const IDLE: Duration = Duration::from_secs(5);

type Ports = (u16, u16);

/// What one stream is relayed with: our sockets, and the client's ports.
type Stream = ([UdpSocket; 2], Ports);

/// Passes on what `client` and `server` say, and the datagrams of the streams they agree on.
pub(crate) fn start(
    client: TcpStream,
    server: TcpStream,
    lost: HashSet<usize>,
    kept: Arc<Mutex<Kept>>,
) {
    let (up, asked) = (server.try_clone().unwrap(), Arc::new(Mutex::new(Vec::new())));
    let (from, setups) = (client.try_clone().unwrap(), asked.clone());
    std::thread::spawn(move || ask(from, up, &setups));
    std::thread::spawn(move || answer(server, client, &asked, &lost, &kept));
}

/// The two ports after `name=`, and where they stand.
fn ports(head: &str, name: &str) -> Option<(Ports, std::ops::Range<usize>)> {
    let start = head.find(&format!("{name}="))? + name.len() + 1;
    let end = head[start..].find(|c: char| !c.is_ascii_digit() && c != '-')? + start;
    let (rtp, rtcp) = head[start..end].split_once('-')?;
    Some(((rtp.parse().ok()?, rtcp.parse().ok()?), start..end))
}

/// A port and the next one (RFC 3550 §11).
fn pair() -> [UdpSocket; 2] {
    let bind = |port| UdpSocket::bind(("127.0.0.1", port)).ok();
    let next = |rtp: UdpSocket| {
        let port = rtp.local_addr().ok()?.port().checked_add(1)?;
        Some([rtp, bind(port)?])
    };
    (0..100).find_map(|_| next(bind(0)?)).unwrap()
}

/// Passes on requests; each SETUP with ports of ours.
fn ask(client: TcpStream, mut server: TcpStream, asked: &Mutex<Vec<Stream>>) {
    let mut client = BufReader::new(client);
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if !matches!(client.read_until(b'\n', &mut head), Ok(1..)) {
                return;
            }
        }
        let mut head = String::from_utf8(head).unwrap();
        if let Some((theirs, place)) = ports(&head, "client_port") {
            let sockets = pair();
            let [rtp, rtcp] = sockets.each_ref().map(|it| it.local_addr().unwrap().port());
            head.replace_range(place, &format!("{rtp}-{rtcp}"));
            asked.lock().unwrap().push((sockets, theirs));
        }
        if server.write_all(head.as_bytes()).is_err() {
            return;
        }
    }
}

/// Passes on answers; from that of a SETUP on, its stream.
#[expect(clippy::disallowed_methods, reason = "what it passes on comes in real time")]
fn answer(
    server: TcpStream,
    mut client: TcpStream,
    asked: &Mutex<Vec<Stream>>,
    lost: &HashSet<usize>,
    kept: &Arc<Mutex<Kept>>,
) {
    let (began, mut channel) = (Instant::now(), 0);
    let mut server = BufReader::new(server);
    while let Some((mut bytes, body)) = next(&mut server) {
        if body > 0 {
            kept.lock().unwrap().begin(&bytes[bytes.len() - body..]);
        }
        let head = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((source, place)) = ports(&head, "server_port") {
            let (sockets, to) = asked.lock().unwrap().pop().unwrap();
            let [rtp, rtcp] = sockets.each_ref().map(|it| it.local_addr().unwrap().port());
            let mut told = head;
            told.replace_range(place, &format!("{rtp}-{rtcp}"));
            let (_, place) = ports(&told, "client_port").unwrap();
            told.replace_range(place, &format!("{}-{}", to.0, to.1));
            bytes = told.into_bytes();
            let ends = [(source.0, to.0), (source.1, to.1)];
            for (socket, (source, to)) in sockets.into_iter().zip(ends) {
                let lost = if channel == 0 { lost.clone() } else { HashSet::new() };
                let (kept, of) = (kept.clone(), channel);
                std::thread::spawn(move || relay(&socket, (source, to), (began, of), &lost, &kept));
                channel += 1;
            }
        }
        if client.write_all(&bytes).is_err() {
            return;
        }
    }
    // The client sees the end too.
    let _gone = client.shutdown(std::net::Shutdown::Both);
}

/// Passes on datagrams both ways, and keeps those of the server.
fn relay(
    socket: &UdpSocket,
    (source, to): Ports,
    (began, channel): (Instant, u8),
    lost: &HashSet<usize>,
    kept: &Mutex<Kept>,
) {
    socket.set_read_timeout(Some(IDLE)).unwrap();
    let (mut packet, mut number) = (vec![0; 65_536], 0);
    while let Ok((length, from)) = socket.recv_from(&mut packet) {
        if from.port() == to {
            let _refused = socket.send_to(&packet[..length], ("127.0.0.1", source));
            continue;
        }
        number += 1;
        if !lost.contains(&(number - 1)) {
            kept.lock().unwrap().packets.push((
                began.elapsed(),
                channel,
                packet[..length].to_vec(),
            ));
            // The client may have gone.
            let _refused = socket.send_to(&packet[..length], ("127.0.0.1", to));
        }
    }
}

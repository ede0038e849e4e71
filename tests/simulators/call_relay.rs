//! A network between two parties of a call that hurts what they say to each other: it passes the
//! signalling on and, by the ports it writes into their SDP (RFC 3264), stands in the middle of the media.

#![expect(clippy::unwrap_used, reason = "a test without its network fails where it stands")]

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::{
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::time::Instant;

/// What becomes of the media that the called party sends.
#[derive(Clone, Copy)]
pub struct Line {
    /// One packet of so many is lost; 0: none.
    pub loses: u64,
    /// So long on the way, in each direction.
    pub delays: Duration,
    /// And up to so much longer, all alike, of what the called party sends.
    pub varies: Duration,
}

/// One kind of media: a pair of ports (RTP, RTCP) towards each party, and the ports of the parties.
struct Media {
    kind: &'static str,
    /// Towards the caller.
    near: [UdpSocket; 2],
    /// Towards the called.
    far: [UdpSocket; 2],
    caller: AtomicU16,
    called: AtomicU16,
}

fn local(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

fn port_of(socket: &UdpSocket) -> u16 {
    socket.local_addr().unwrap().port()
}

/// Two sockets on an even port and the next (RFC 3550, 11).
fn pair() -> [UdpSocket; 2] {
    for _ in 0..1000 {
        let rtp = UdpSocket::bind(local(0)).unwrap();
        let port = port_of(&rtp);
        if port.is_multiple_of(2)
            && let Ok(rtcp) = UdpSocket::bind(local(port + 1))
        {
            return [rtp, rtcp];
        }
    }
    panic!("no pair of ports is free")
}

/// A SIP port of loopback that passes calls on to `to` over such a line.
///
/// # Panics
/// Where there is no port.
pub fn call_relay(to: u16, line: Line) -> u16 {
    let media: Arc<[Media]> = ["audio", "video"]
        .map(|kind| Media {
            kind,
            near: pair(),
            far: pair(),
            caller: AtomicU16::new(0),
            called: AtomicU16::new(0),
        })
        .into();
    for index in 0..media.len() {
        for channel in [0, 1] {
            // Reports are late like everything, but none is lost: what they say is what is measured.
            let hurt = if channel == 0 { line } else { Line { loses: 0, ..line } };
            let there = Line { loses: 0, varies: Duration::ZERO, ..line };
            carry(&media, (index, channel), Way::Back, hurt);
            carry(&media, (index, channel), Way::There, there);
        }
    }
    let (front, back) = (UdpSocket::bind(local(0)).unwrap(), UdpSocket::bind(local(0)).unwrap());
    back.connect(local(to)).unwrap();
    let port = port_of(&front);
    let caller = Arc::new(Mutex::new(None));
    let (from, answers) = (front.try_clone().unwrap(), back.try_clone().unwrap());
    let (told, offers) = (caller.clone(), media.clone());
    thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok((length, sender)) = from.recv_from(&mut buffer) {
            *told.lock().unwrap() = Some(sender);
            let text = rewritten(&buffer[..length], &offers, Way::There);
            drop(back.send(&text));
        }
    });
    thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok(length) = answers.recv(&mut buffer) {
            let Some(to) = *caller.lock().unwrap() else { continue };
            let text = rewritten(&buffer[..length], &media, Way::Back);
            drop(front.send_to(&text, to));
        }
    });
    port
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From the caller to the called.
    There,
    /// From the called to the caller.
    Back,
}

/// A message with our address and ports in the place of its own, which are remembered.
fn rewritten(message: &[u8], media: &[Media], way: Way) -> Vec<u8> {
    let whole = String::from_utf8_lossy(message);
    let Some((head, body)) = whole.split_once("\r\n\r\n") else { return message.to_vec() };
    if body.is_empty() {
        return message.to_vec();
    }
    let mut described = String::new();
    for line in body.lines() {
        let mut line = line.to_owned();
        if line.starts_with("c=IN IP4 ") {
            line = "c=IN IP4 127.0.0.1".to_owned();
        }
        for it in media {
            let Some(rest) = line.strip_prefix(&format!("m={} ", it.kind)) else { continue };
            let (port, rest) = rest.split_once(' ').unwrap();
            let (theirs, ours) = match way {
                Way::There => (&it.caller, &it.far[0]),
                Way::Back => (&it.called, &it.near[0]),
            };
            theirs.store(port.parse().unwrap(), Ordering::SeqCst);
            line = format!("m={} {} {rest}", it.kind, port_of(ours));
        }
        described += &line;
        described += "\r\n";
    }
    let head = head.lines().map(|line| match line.split_once(':') {
        Some(("Content-Length", _)) => format!("Content-Length: {}\r\n", described.len()),
        _ => format!("{line}\r\n"),
    });
    let head: String = head.collect();
    format!("{head}\r\n{described}").into_bytes()
}

/// Passes on what comes in at one port of a leg; order is kept.
fn carry(media: &Arc<[Media]>, (index, channel): (usize, u16), way: Way, line: Line) {
    let media = media.clone();
    let mut chance = StdRng::seed_from_u64(u64::from(channel) + 7);
    let socket = |way: Way| {
        let sockets = if way == Way::There { &media[index].near } else { &media[index].far };
        sockets[usize::from(channel)].try_clone().unwrap()
    };
    let (from, to) = match way {
        Way::There => (socket(Way::There), socket(Way::Back)),
        Way::Back => (socket(Way::Back), socket(Way::There)),
    };
    let (sender, due) = std::sync::mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let (mut buffer, mut count) = (vec![0; 65_536], 0u64);
        while let Ok((length, _)) = from.recv_from(&mut buffer) {
            count += 1;
            if count.is_multiple_of(line.loses) {
                continue;
            }
            let late = line.delays + line.varies.mul_f64(chance.random::<f64>());
            if sender.send((Instant::now() + late, buffer[..length].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (at, bytes) in due {
            thread::sleep(at.saturating_duration_since(Instant::now()));
            let party = &media[index];
            let port = if way == Way::There { &party.called } else { &party.caller };
            drop(to.send_to(&bytes, local(port.load(Ordering::SeqCst) + channel)));
        }
    });
}

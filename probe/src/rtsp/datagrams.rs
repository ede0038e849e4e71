//! Media over UDP: pairs of ports, the way through a NAT, and who may send to us.
//!
//! Packets count only from the host that the session is with, or that it named as the source of its
//! media, from any of its ports (Q49); those of strangers are counted and dropped. A packet is read
//! into a buffer of the thread and lent for one call, so that nothing is allocated for it and an idle
//! session holds none. What is sent is bounded: a few empty packets at the start, and the receiver
//! reports.

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::net::SendFlags;
use tokio::net::UdpSocket;
use tokio::time::timeout;
use zhishou_protocol::rtp::Punch;
use zhishou_protocol::rtsp::{DatagramRoute, PacketKind, Track};

use crate::stamped::{poll_datagram, stamp};

/// Attempts at an even port with the next one free beside it.
const ATTEMPTS: usize = 16;
/// The largest datagram there is: cameras put whole pictures into one (Q59).
const LARGEST: usize = 64 * 1024;
/// Packets read from one socket before the others and the session have their turn.
const BATCH: usize = 64;
/// Asked of the kernel for the video: a keyframe comes in one burst, and 250 kB of it fill the usual
/// 208 KiB, which count the overhead of each packet. The kernel grants what it may.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;
/// Empty packets sent per port, and the time between them, while nothing comes.
const PUNCHES: u8 = 5;
const PUNCH_INTERVAL: Duration = Duration::from_millis(500);
/// Errors of one socket after which it is not asked any more.
const MAX_ERRORS: u8 = 16;

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; LARGEST].into_boxed_slice());
}

/// One of the two sockets of a stream.
#[derive(Debug)]
struct Port {
    socket: UdpSocket,
    kind: PacketKind,
    /// Where the device sends from, by its word or by its last packet.
    remote: Option<u16>,
    errors: u8,
}

/// The sockets of one stream.
#[derive(Debug)]
struct Pair {
    track: Track,
    ports: [Port; 2],
    /// The host that media come from, if it is another than the session's.
    source: Option<IpAddr>,
    /// SETUP was answered.
    ready: bool,
    /// Something came.
    heard: bool,
}

/// Every socket of a session.
#[derive(Debug)]
pub(super) struct Datagrams {
    local: SocketAddr,
    peer: IpAddr,
    punch: Punch,
    pairs: Vec<Pair>,
    punches_left: u8,
    next_punch: Option<Duration>,
    strangers: u64,
}

impl Datagrams {
    /// For a session whose connection goes from `local` to `peer`.
    pub(super) fn new(local: SocketAddr, peer: IpAddr, own_ssrc: u32) -> Self {
        Self {
            local,
            peer: peer.to_canonical(),
            punch: Punch::new(own_ssrc),
            pairs: Vec::new(),
            punches_left: PUNCHES,
            next_punch: None,
            strangers: 0,
        }
    }

    /// Binds an even port and the next one (RFC 3550 §11) on the connection's own address. `None` if
    /// there are none to be had.
    pub(super) fn bind(&mut self, track: Track) -> Option<(u16, u16)> {
        for _ in 0..ATTEMPTS {
            match bind_pair(self.local) {
                Ok(Some((rtp, rtcp))) => {
                    let port = |socket: &UdpSocket| socket.local_addr().map(|at| at.port());
                    let ports = (port(&rtp).ok()?, port(&rtcp).ok()?);
                    if track == Track::Video {
                        enlarge(&rtp);
                    }
                    let port = |socket, kind| Port { socket, kind, remote: None, errors: 0 };
                    self.pairs.retain(|pair| pair.track != track);
                    self.pairs.push(Pair {
                        track,
                        ports: [port(rtp, PacketKind::Rtp), port(rtcp, PacketKind::Rtcp)],
                        source: None,
                        ready: false,
                        heard: false,
                    });
                    return Some(ports);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "failed to bind UDP ports");
                    return None;
                }
            }
        }
        None
    }

    /// SETUP was answered: `route` is what the device says of itself.
    pub(super) fn ready(&mut self, track: Track, route: &DatagramRoute) {
        let peer = self.peer;
        if let Some(pair) = self.pairs.iter_mut().find(|pair| pair.track == track) {
            let [rtp, rtcp] = &mut pair.ports;
            (rtp.remote, rtcp.remote) = route.server_ports.unzip();
            // Nothing is sent where no camera can be, whatever a device says of itself.
            let is_host = |ip: &IpAddr| {
                !(ip.is_unspecified()
                    || ip.is_multicast()
                    || ip.is_loopback() && !peer.is_loopback())
            };
            let source = route.source.map(|ip| ip.to_canonical());
            pair.source = source.filter(|ip| *ip != peer && is_host(ip));
            pair.ready = true;
        }
        self.knock();
    }

    /// PLAY was answered.
    pub(super) fn playing(&mut self, now: Duration) {
        self.next_punch = Some(now);
        self.tick(now);
    }

    /// When [`Self::tick`] has something to do.
    pub(super) fn wake_at(&self) -> Option<Duration> {
        self.next_punch
    }

    /// Knocks again while nothing has come.
    pub(super) fn tick(&mut self, now: Duration) {
        if self.next_punch.is_none_or(|at| at > now) {
            return;
        }
        self.punches_left = self.punches_left.saturating_sub(1);
        let silent = self.pairs.iter().any(|pair| pair.ready && !pair.heard);
        self.next_punch = (silent && self.punches_left > 0).then_some(now + PUNCH_INTERVAL);
        self.knock();
    }

    /// Sends the empty packets to where the device says that it sends from, and to the host of the
    /// session in case a NAT stands for it.
    fn knock(&self) {
        for pair in self.pairs.iter().filter(|pair| pair.ready && !pair.heard) {
            for port in &pair.ports {
                let bytes: &[u8] = match port.kind {
                    PacketKind::Rtp => &self.punch.rtp,
                    PacketKind::Rtcp => &self.punch.rtcp,
                };
                let Some(remote) = port.remote else { continue };
                for host in [Some(self.peer), pair.source].into_iter().flatten() {
                    self.send(port, host, remote, bytes);
                }
            }
        }
    }

    /// Sends a receiver report. False if this stream does not come as datagrams.
    pub(super) fn report(&self, track: Track, report: &[u8]) -> bool {
        let Some(pair) = self.pairs.iter().find(|pair| pair.track == track && pair.ready) else {
            return false;
        };
        let [rtp, rtcp] = &pair.ports;
        let beside = || rtp.remote.and_then(|port| port.checked_add(1));
        if let Some(remote) = rtcp.remote.or_else(beside) {
            self.send(rtcp, pair.source.unwrap_or(self.peer), remote, report);
        }
        true
    }

    fn send(&self, port: &Port, host: IpAddr, remote: u16, bytes: &[u8]) {
        let to = match (self.local, host) {
            // A link-local address means nothing without its interface.
            (SocketAddr::V6(local), IpAddr::V6(ip)) => {
                SocketAddr::V6(std::net::SocketAddrV6::new(ip, remote, 0, local.scope_id()))
            }
            _ => SocketAddr::new(host, remote),
        };
        // Not through the runtime, which refuses until it has heard that a new socket takes bytes.
        // Nothing depends on a single one; a full queue or an unreachable port says nothing.
        let _sent = rustix::net::sendto(&port.socket, bytes, SendFlags::DONTWAIT, &to);
    }

    /// Waits for packets and hands on those that came, some at a time, each with how long it had lain there.
    /// Dropping the future loses nothing.
    pub(super) async fn receive(
        &mut self,
        mut take: impl FnMut(Track, PacketKind, &[u8], Duration),
    ) {
        std::future::poll_fn(|context| self.poll_receive(context, &mut take)).await;
    }

    fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        take: &mut impl FnMut(Track, PacketKind, &[u8], Duration),
    ) -> Poll<()> {
        let mut anything = false;
        BUFFER.with_borrow_mut(|buffer| {
            for pair in &mut self.pairs {
                for port in &mut pair.ports {
                    for _ in 0..BATCH {
                        if port.errors >= MAX_ERRORS {
                            break;
                        }
                        let came = poll_datagram(&port.socket, context, buffer);
                        let (length, from, late) = match came {
                            Poll::Pending => break,
                            Poll::Ready(Ok(came)) => came,
                            Poll::Ready(Err(_)) => {
                                port.errors += 1;
                                continue;
                            }
                        };
                        anything = true;
                        let host = from.ip().to_canonical();
                        if host != self.peer && pair.source != Some(host) {
                            self.strangers += 1;
                            continue;
                        }
                        port.remote = Some(from.port());
                        pair.heard |= port.kind == PacketKind::Rtp;
                        take(pair.track, port.kind, &buffer[..length], late);
                    }
                }
            }
        });
        if anything { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Whether nothing comes for so long, after what came before and was not read. Takes twice as
    /// long at most.
    pub(super) async fn is_quiet_for(&mut self, time: Duration) -> bool {
        let quiet = async {
            while timeout(time, self.receive(|_, _, _, _| {})).await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        timeout(time * 2, quiet).await.is_ok()
    }

    /// Packets from hosts that have nothing to do with the session.
    pub(super) fn strangers(&self) -> u64 {
        self.strangers
    }

    /// Packets of the video that came and that this machine had no room for: neither the camera nor
    /// the network lost them. Reads the kernel's table, so it is asked only where some are missing.
    pub(super) fn dropped_here(&self) -> u64 {
        let Some(pair) = self.pairs.iter().find(|pair| pair.track == Track::Video) else {
            return 0;
        };
        let Ok(local) = pair.ports[0].socket.local_addr() else { return 0 };
        let table = if local.is_ipv6() { "/proc/net/udp6" } else { "/proc/net/udp" };
        std::fs::read_to_string(table).map_or(0, |table| drops(&table, local.port()))
    }
}

/// The drops of the socket with this port, out of the kernel's table (proc(5)): the local address is
/// the second field, `ADDRESS:PORT` in hexadecimal, and the drops are the last.
fn drops(table: &str, port: u16) -> u64 {
    let end = format!(":{port:04X}");
    table
        .lines()
        .skip(1)
        .filter(|line| line.split_whitespace().nth(1).is_some_and(|local| local.ends_with(&end)))
        .filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok())
        .sum()
}

/// An even port and the next one; `None` if one of them is taken.
fn bind_pair(local: SocketAddr) -> io::Result<Option<(UdpSocket, UdpSocket)>> {
    let at = |port| {
        let mut at = local;
        at.set_port(port);
        bind(at)
    };
    let first = at(0)?;
    let port = first.local_addr()?.port();
    let taken = |result: io::Result<UdpSocket>| match result {
        Ok(socket) => Ok(Some(socket)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(None),
        Err(error) => Err(error),
    };
    let (rtp, rtcp) = if port.is_multiple_of(2) {
        (Some(first), taken(at(port + 1))?)
    } else {
        // Its neighbour below would do as RTP's; then this one is RTCP's.
        (taken(at(port - 1))?, Some(first))
    };
    Ok(rtp.zip(rtcp))
}

fn bind(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = std::net::UdpSocket::bind(at)?;
    socket.set_nonblocking(true)?;
    stamp(&socket);
    UdpSocket::from_std(socket)
}

/// Room for a burst: past the system's limit where we may, else up to it.
fn enlarge(socket: &UdpSocket) {
    use rustix::net::sockopt;
    let forced = sockopt::set_socket_recv_buffer_size_force(socket, RECEIVE_BUFFER);
    if forced.is_err() {
        let _less = sockopt::set_socket_recv_buffer_size(socket, RECEIVE_BUFFER);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: &str = "127.0.0.1:0";

    fn bound(peer: &str) -> (Datagrams, u16, u16) {
        let local = LOOPBACK.parse().unwrap();
        let mut datagrams = Datagrams::new(local, peer.parse().unwrap(), 7);
        let (rtp, rtcp) = datagrams.bind(Track::Video).unwrap();
        (datagrams, rtp, rtcp)
    }

    fn camera() -> std::net::UdpSocket {
        let socket = std::net::UdpSocket::bind(LOOPBACK).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        socket
    }

    #[tokio::test]
    async fn pairs_are_even_and_odd_and_of_their_own() {
        let mut taken = Vec::new();
        for _ in 0..50 {
            let (datagrams, rtp, rtcp) = bound("127.0.0.1");
            assert!(rtp.is_multiple_of(2) && rtcp == rtp + 1, "{rtp} {rtcp}");
            taken.push(datagrams);
        }
        let mut datagrams = Datagrams::new(LOOPBACK.parse().unwrap(), [127, 0, 0, 1].into(), 7);
        let video = datagrams.bind(Track::Video).unwrap();
        assert_ne!(datagrams.bind(Track::Audio).unwrap(), video);
        let six = "[::1]:0".parse().unwrap();
        assert!(Datagrams::new(six, "::1".parse().unwrap(), 7).bind(Track::Video).is_some());
    }

    #[tokio::test]
    async fn q49_any_port_of_that_host_and_no_other_host() {
        let (mut datagrams, rtp, _) = bound("127.0.0.1");
        datagrams.ready(Track::Video, &DatagramRoute::default());
        let stranger = std::net::UdpSocket::bind("127.0.0.2:0").unwrap();
        stranger.send_to(b"not ours", ("127.0.0.1", rtp)).unwrap();
        camera().send_to(b"first", ("127.0.0.1", rtp)).unwrap();
        camera().send_to(b"second", ("127.0.0.1", rtp)).unwrap();
        let mut came = Vec::new();
        while came.len() < 2 {
            datagrams.receive(|_, _, bytes, _| came.push(bytes.to_vec())).await;
        }
        assert_eq!(came, [&b"first"[..], b"second"]);
        assert_eq!(datagrams.strangers(), 1);
        assert_eq!(datagrams.dropped_here(), 0);
    }

    #[tokio::test]
    async fn q49_a_named_source_is_heard_too() {
        let (mut datagrams, rtp, _) = bound("127.0.0.1");
        let source = "127.0.0.3".parse().ok();
        datagrams.ready(Track::Video, &DatagramRoute { source, ..DatagramRoute::default() });
        let media = std::net::UdpSocket::bind("127.0.0.3:0").unwrap();
        media.send_to(b"media", ("127.0.0.1", rtp)).unwrap();
        let mut came = Vec::new();
        datagrams.receive(|_, _, bytes, _| came.extend_from_slice(bytes)).await;
        assert_eq!((came.as_slice(), datagrams.strangers()), (&b"media"[..], 0));
    }

    #[tokio::test]
    async fn it_knocks_a_few_times_and_stops_when_something_comes() {
        let (mut datagrams, rtp, _) = bound("127.0.0.1");
        let (media, control) = (camera(), camera());
        let port = |socket: &std::net::UdpSocket| socket.local_addr().unwrap().port();
        let server_ports = Some((port(&media), port(&control)));
        datagrams.ready(Track::Video, &DatagramRoute { server_ports, source: None });
        datagrams.playing(Duration::ZERO);
        let mut now = Duration::ZERO;
        while let Some(at) = datagrams.wake_at() {
            now = at;
            datagrams.tick(now);
        }
        assert_eq!(now, PUNCH_INTERVAL * u32::from(PUNCHES - 1));
        let mut buffer = [0; 64];
        for _ in 0..=PUNCHES {
            assert_eq!(media.recv(&mut buffer).unwrap(), 12);
            assert_eq!(control.recv(&mut buffer).unwrap(), 8);
        }
        media.set_nonblocking(true).unwrap();
        assert!(media.recv(&mut buffer).is_err(), "no more than that");

        let (mut datagrams, other, _) = bound("127.0.0.1");
        assert_ne!(other, rtp);
        datagrams.ready(Track::Video, &DatagramRoute { server_ports, source: None });
        datagrams.playing(Duration::ZERO);
        media.send_to(b"media", ("127.0.0.1", other)).unwrap();
        datagrams.receive(|_, _, _, _| {}).await;
        datagrams.tick(PUNCH_INTERVAL);
        assert_eq!(datagrams.wake_at(), None);
    }

    #[tokio::test]
    async fn reports_go_where_the_control_packets_come_from() {
        let (mut datagrams, _, rtcp) = bound("127.0.0.1");
        assert!(!datagrams.report(Track::Video, b"early"));
        datagrams.ready(Track::Video, &DatagramRoute::default());
        let control = camera();
        control.send_to(b"sender report", ("127.0.0.1", rtcp)).unwrap();
        datagrams.receive(|_, kind, _, _| assert_eq!(kind, PacketKind::Rtcp)).await;
        assert!(datagrams.report(Track::Video, b"receiver report"));
        let mut buffer = [0; 64];
        assert_eq!(control.recv(&mut buffer).unwrap(), 15);
        assert!(!datagrams.report(Track::Audio, b"nothing"));
    }

    #[test]
    fn the_kernels_table_is_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   \
                     uid  timeout inode ref pointer drops\n\
                     12: 0100007F:1F90 00000000:0000 07 00000000:00000000 00:00000000 00000000     \
                     0        0 4711 2 0000000000000000 17\n\
                     13: 0100007F:1F91 00000000:0000 07 00000000:00000000 00:00000000 00000000     \
                     0        0 4712 2 0000000000000000 4\n";
        assert_eq!((drops(table, 0x1F90), drops(table, 0x1F92)), (17, 0));
    }
}

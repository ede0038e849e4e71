//! What carries the messages of SIP: datagrams, or a connection.

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use zhishou_domain::{Fault, Stage};
use zhishou_protocol::sip::{Target, Transport};

use crate::Settings;
use crate::dial::{Dialled, dial, ours, resolve};
use crate::rtsp::Met;
use crate::rtsp::link::{Heard, Link};
use crate::stamped::Stamped;
use crate::tls;

/// Longest datagram.
const DATAGRAM: usize = 64 * 1024;

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; DATAGRAM].into_boxed_slice());
}

/// A way to the peer.
#[derive(Debug)]
pub(super) enum Wire {
    /// The socket, and where it was opened to.
    Datagrams(UdpSocket, SocketAddr),
    Link(Box<Link>),
}

/// Whom datagrams are heard from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ears {
    /// The peer alone; the kernel then also says where nothing listens.
    Peer,
    /// Anybody: within a call requests come from the contact of the peer, not from the proxy that was
    /// asked.
    Anybody,
}

/// A way and what it took.
pub(super) struct Opened {
    pub(super) wire: Wire,
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
    pub(super) resolve: Duration,
    /// Of a connection.
    pub(super) connect: Option<Duration>,
    pub(super) tls: Option<Met>,
}

/// What came.
pub(super) enum Came {
    /// A datagram, from that address.
    Datagram(SocketAddr),
    /// Bytes of the connection.
    Bytes,
    /// The end of the connection.
    End,
    /// The network, or our system, says that it cannot be.
    Failed(io::Error),
}

/// Opens a way to the target, or to the address that is known to be its.
pub(super) async fn open(
    target: &Target,
    known: Option<SocketAddr>,
    ears: Ears,
    settings: &Settings,
) -> Result<Opened, Box<Fault>> {
    if target.transport() == Transport::Udp {
        let began = tokio::time::Instant::now();
        let peer = match known {
            Some(known) => known,
            None => {
                let found = resolve(target.host(), target.port(), settings.resolve).await?;
                // At least one, or it would have failed.
                found.first().copied().unwrap_or(SocketAddr::new([0, 0, 0, 0].into(), 0))
            }
        };
        let resolve = began.elapsed();
        let failed = |error: io::Error| Box::new(ours(peer, Stage::Connect, &error));
        let socket = UdpSocket::bind(any_port(peer.ip())).await.map_err(failed)?;
        socket.connect(peer).await.map_err(failed)?;
        let local = socket.local_addr().map_err(failed)?;
        let (socket, local) = match ears {
            Ears::Peer => (socket, local),
            Ears::Anybody => {
                let open = UdpSocket::bind(SocketAddr::new(local.ip(), 0)).await.map_err(failed)?;
                let local = open.local_addr().map_err(failed)?;
                (open, local)
            }
        };
        let wire = Wire::Datagrams(socket, peer);
        return Ok(Opened { wire, local, peer, resolve, connect: None, tls: None });
    }
    let Dialled { stream, peer, resolve, connect } =
        dial(target.host(), target.port(), known, settings).await?;
    let local = stream.local_addr().map_err(|e| Box::new(ours(peer, Stage::Connect, &e)))?;
    let stream = Stamped::new(stream);
    let (link, tls) = match target.transport() {
        Transport::Tls => {
            let (stream, shown, took) = tls::secure(stream, target.host(), peer, settings).await?;
            (Link::Tls(stream), Some(Met::new(shown, took)))
        }
        Transport::Tcp | Transport::Udp => (Link::Plain(stream), None),
    };
    let wire = Wire::Link(Box::new(link));
    Ok(Opened { wire, local, peer, resolve, connect: Some(connect), tls })
}

/// A socket for whoever is at that address.
pub(super) fn any_port(peer: IpAddr) -> SocketAddr {
    let any: IpAddr = match peer {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(any, 0)
}

impl Wire {
    /// Sends a message whole.
    pub(super) async fn send(&mut self, bytes: &[u8], to: Option<SocketAddr>) -> io::Result<()> {
        match self {
            Self::Datagrams(socket, peer) => {
                socket.send_to(bytes, to.unwrap_or(*peer)).await.map(drop)
            }
            Self::Link(link) => link.send(bytes).await,
        }
    }

    /// Waits for bytes and hands them to `take`, once. Dropping the future loses nothing.
    pub(super) async fn receive(&mut self, mut take: impl FnMut(&[u8])) -> Came {
        match self {
            Self::Datagrams(socket, _) => {
                std::future::poll_fn(|context| {
                    BUFFER.with_borrow_mut(|buffer| {
                        let mut buffer = ReadBuf::new(buffer);
                        Poll::Ready(match ready!(socket.poll_recv_from(context, &mut buffer)) {
                            Ok(from) => {
                                take(buffer.filled());
                                Came::Datagram(from)
                            }
                            Err(error) => Came::Failed(error),
                        })
                    })
                })
                .await
            }
            Self::Link(link) => match link.receive(|bytes, _| take(bytes)).await {
                Heard::Bytes => Came::Bytes,
                Heard::End => Came::End,
            },
        }
    }
}

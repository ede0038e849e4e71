//! Name resolution, TCP connect, TLS and tunnels, with deadlines and with a fault for every way to fail.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use zhishou_domain::{Detail, Fault, FaultCode, Stage, TlsProblem};
use zhishou_protocol::rtsp::{Scheme, Target};

use super::link::Link;
use super::tunnel::{Tunnel, TunnelLogin, Unopened};
use crate::Settings;
use crate::tls::{self, Shown};

/// Addresses of a name that are tried.
const MAX_ADDRESSES: usize = 3;

/// A connection and what it took.
pub(super) struct Connected {
    pub(super) link: Link,
    /// Our end, where datagrams are to be received as well.
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
    pub(super) resolve: Duration,
    pub(super) connect: Duration,
    /// What TLS showed, and what the handshake took.
    pub(super) tls: Option<(Shown, Duration)>,
}

/// Connects to the first address of the target's host that answers, or to the one that is known to
/// be its: a probe has one device, one session and one login, so a name is asked for once. `login` is
/// for the tunnel.
pub(super) async fn connect(
    target: &Target,
    known: Option<SocketAddr>,
    entropy: u64,
    login: Option<&mut TunnelLogin>,
    settings: &Settings,
) -> Result<Connected, Unopened> {
    let began = Instant::now();
    let addresses = match known {
        Some(known) => vec![known],
        None => resolve(target.host(), target.port(), settings.resolve).await?,
    };
    let resolved = Instant::now();
    let share = settings.connect / u32::try_from(addresses.len()).unwrap_or(1).max(1);
    let mut fault = None;
    for peer in addresses {
        let outcome = match timeout(share, TcpStream::connect(peer)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        match outcome {
            Ok(stream) => {
                // Requests are small and awaited; a failure only costs time.
                let _ = stream.set_nodelay(true);
                let local = stream.local_addr().map_err(|error| Box::new(ours(peer, &error)))?;
                let (resolve, connect) = (resolved - began, resolved.elapsed());
                let (link, tls) = match target.scheme() {
                    Scheme::Rtsp => (Link::Plain(stream), None),
                    Scheme::Rtsps => {
                        let (link, shown, took) = secure(stream, target, peer, settings).await?;
                        (link, Some((shown, took)))
                    }
                    Scheme::Rtsph => {
                        let tunnel =
                            Tunnel::open(stream, target, peer, entropy, login, settings).await?;
                        (Link::Tunnel(Box::new(tunnel)), None)
                    }
                };
                return Ok(Connected { link, local, peer, resolve, connect, tls });
            }
            Err(error) => fault = Some(connect_fault(peer, &error)),
        }
    }
    Err(Box::new(fault.unwrap_or_else(|| dns_failed(target.host()))).into())
}

/// Shakes hands.
async fn secure(
    stream: TcpStream,
    target: &Target,
    peer: SocketAddr,
    settings: &Settings,
) -> Result<(Link, Shown, Duration), Box<Fault>> {
    let began = Instant::now();
    let shaken = timeout(settings.tls, tls::handshake(stream, target.host(), peer.ip())).await;
    let waited_ms = u64::try_from(settings.tls.as_millis()).unwrap_or(u64::MAX);
    match shaken.unwrap_or(Err(TlsProblem::Stalled { waited_ms })) {
        Ok((stream, shown)) => Ok((Link::Tls(stream), shown, began.elapsed())),
        Err(problem) => {
            let detail = Detail::Tls { problem };
            Err(Box::new(Fault::new(FaultCode::TlsFailed, Stage::Tls, detail)))
        }
    }
}

async fn resolve(host: &str, port: u16, deadline: Duration) -> Result<Vec<SocketAddr>, Box<Fault>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    match timeout(deadline, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(found)) => {
            let found: Vec<_> = found.take(MAX_ADDRESSES).collect();
            if found.is_empty() { Err(Box::new(dns_failed(host))) } else { Ok(found) }
        }
        Ok(Err(error)) => Err(Box::new(unresolved(host, &error))),
        Err(_) => Err(Box::new(unresolved(host, &io::ErrorKind::TimedOut.into()))),
    }
}

/// Why a name has no address: there is none, or nobody told us. The library of the system has no
/// code for the latter that passes through here, only its words: `EAI_AGAIN` and `EAI_FAIL` of glibc
/// and of musl. An error of the system itself is ours in any case.
fn unresolved(host: &str, error: &io::Error) -> Fault {
    const OURS: [&str; 4] =
        ["Temporary failure", "Non-recoverable failure", "Try again", "Non-recoverable error"];
    let words = error.to_string();
    let told = error.kind() != io::ErrorKind::TimedOut && error.raw_os_error().is_none();
    if told && !OURS.iter().any(|sign| words.contains(sign)) {
        return dns_failed(host);
    }
    let problem = format!("our name service did not answer for {host}: {words}");
    Fault::new(FaultCode::DnsFailed, Stage::Resolve, Detail::Ours { problem })
}

fn dns_failed(host: &str) -> Fault {
    Fault::new(FaultCode::DnsFailed, Stage::Resolve, Detail::Host { host: host.to_owned() })
}

fn connect_fault(peer: SocketAddr, error: &io::Error) -> Fault {
    use io::ErrorKind as Kind;
    let code = match error.kind() {
        Kind::ConnectionRefused | Kind::ConnectionReset => FaultCode::Refused,
        Kind::TimedOut => FaultCode::ConnectTimeout,
        _ => FaultCode::Unreachable,
    };
    let theirs = matches!(
        error.kind(),
        Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::TimedOut
            | Kind::HostUnreachable
            | Kind::ConnectionAborted
    );
    let detail = if theirs {
        Detail::Peer { peer: peer.to_string() }
    } else {
        // No route from here, no descriptors left, no address to send from, not permitted: nothing
        // the device did.
        return ours(peer, error);
    };
    Fault::new(code, Stage::Connect, detail)
}

fn ours(peer: SocketAddr, error: &io::Error) -> Fault {
    let problem = format!("connect to {peer}: {error}");
    Fault::new(FaultCode::Unreachable, Stage::Connect, Detail::Ours { problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails_with(got: Result<Connected, Unopened>, code: FaultCode) -> bool {
        matches!(got, Err(Unopened::Failed(fault)) if fault.code == code)
    }

    fn fault(kind: io::ErrorKind) -> Fault {
        connect_fault("10.1.2.3:554".parse().unwrap(), &kind.into())
    }

    #[test]
    fn our_own_lack_is_not_the_devices_fault() {
        assert_eq!(fault(io::ErrorKind::ConnectionRefused).code, FaultCode::Refused);
        assert_eq!(fault(io::ErrorKind::TimedOut).code, FaultCode::ConnectTimeout);
        assert_eq!(fault(io::ErrorKind::HostUnreachable).code, FaultCode::Unreachable);
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::AddrNotAvailable] {
            assert!(matches!(fault(kind).detail, Detail::Ours { .. }), "{kind:?}");
        }
        let no_descriptors = io::Error::from_raw_os_error(24);
        let fault = connect_fault("10.1.2.3:554".parse().unwrap(), &no_descriptors);
        assert!(matches!(fault.detail, Detail::Ours { .. }));
    }

    #[test]
    fn a_name_service_that_does_not_answer_is_ours() {
        let is_ours = |error| matches!(unresolved("cam", &error).detail, Detail::Ours { .. });
        let told = |words: &str| {
            io::Error::other(format!("failed to lookup address information: {words}"))
        };
        assert!(is_ours(told("Temporary failure in name resolution")));
        assert!(is_ours(io::ErrorKind::TimedOut.into()));
        assert!(is_ours(io::Error::from_raw_os_error(24)), "no descriptors are left");
        assert!(!is_ours(told("Name or service not known")));
        assert!(!is_ours(told("No address associated with hostname")));
    }

    #[tokio::test]
    async fn a_name_is_asked_for_once() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let known = listener.local_addr().unwrap();
        let (target, _) = Target::parse("rtsp://no-such-host.invalid/").unwrap();
        let got = connect(&target, Some(known), 1, None, &Settings::default()).await;
        assert_eq!(got.ok().map(|connected| connected.peer), Some(known));
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_told_from_a_closed_port() {
        let settings = Settings::default();
        let (target, _) = Target::parse("rtsp://no-such-host.invalid/").unwrap();
        let got = connect(&target, None, 1, None, &settings).await;
        assert!(fails_with(got, FaultCode::DnsFailed));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let (target, _) = Target::parse(&format!("rtsp://127.0.0.1:{port}/")).unwrap();
        let got = connect(&target, None, 1, None, &settings).await;
        assert!(fails_with(got, FaultCode::Refused));
    }
}

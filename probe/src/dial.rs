//! Name resolution and TCP connect, with deadlines and with a fault for every way to fail.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use zhishou_domain::{Detail, Fault, FaultCode, Stage};

use crate::Settings;

/// Addresses of a name that are tried.
const MAX_ADDRESSES: usize = 3;

/// Names that the system is asked for at a time; its answer to others waits within their deadline.
static LOOKUPS: Semaphore = Semaphore::const_new(64);

/// A connection and what it took.
pub(crate) struct Dialled {
    pub(crate) stream: TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) resolve: Duration,
    pub(crate) connect: Duration,
}

/// Connects to the first address of a host that answers, or to the one that is known to be its.
pub(crate) async fn dial(
    host: &str,
    port: u16,
    known: Option<SocketAddr>,
    settings: &Settings,
) -> Result<Dialled, Box<Fault>> {
    let began = Instant::now();
    let addresses = match known {
        Some(known) => vec![known],
        None => resolve(host, port, settings.resolve).await?,
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
                let (resolve, connect) = (resolved - began, resolved.elapsed());
                return Ok(Dialled { stream, peer, resolve, connect });
            }
            Err(error) => fault = Some(failed(peer, Stage::Connect, &error)),
        }
    }
    Err(Box::new(fault.unwrap_or_else(|| dns_failed(host))))
}

/// The addresses of a host, at least one and at most three.
pub(crate) async fn resolve(
    host: &str,
    port: u16,
    deadline: Duration,
) -> Result<Vec<SocketAddr>, Box<Fault>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    match timeout(deadline, look_up(host.to_owned(), port)).await {
        Ok(Ok(found)) if found.is_empty() => Err(Box::new(dns_failed(host))),
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(Box::new(unresolved(host, &error))),
        Err(_) => Err(Box::new(unresolved(host, &io::ErrorKind::TimedOut.into()))),
    }
}

/// Asks the system, which takes a thread until it answers, also where nobody waits for it any more: a
/// dead name service and thousands of names shall leave threads to those who judge pictures.
async fn look_up(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    let place = LOOKUPS.acquire().await.map_err(io::Error::other)?;
    let asking = tokio::task::spawn_blocking(move || {
        let found = (host.as_str(), port).to_socket_addrs();
        drop(place);
        found.map(|found| found.take(MAX_ADDRESSES).collect())
    });
    asking.await?
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

/// Why something that was sent to an address did not come back, in this stage.
pub(crate) fn failed(peer: SocketAddr, stage: Stage, error: &io::Error) -> Fault {
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
        return ours(peer, stage, error);
    };
    Fault::new(code, stage, detail)
}

/// The same where it is surely our own cause.
pub(crate) fn ours(peer: SocketAddr, stage: Stage, error: &io::Error) -> Fault {
    let problem = format!("{} {peer}: {error}", stage.code());
    Fault::new(FaultCode::Unreachable, stage, Detail::Ours { problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(kind: io::ErrorKind) -> Fault {
        failed("10.1.2.3:554".parse().unwrap(), Stage::Connect, &kind.into())
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
        let fault = failed("10.1.2.3:554".parse().unwrap(), Stage::Connect, &no_descriptors);
        assert!(matches!(fault.detail, Detail::Ours { .. }));
    }

    #[tokio::test]
    async fn names_wait_while_too_many_are_asked_for() {
        let deadline = Duration::from_millis(50);
        let all = LOOKUPS.acquire_many(64).await.unwrap();
        let fault = resolve("localhost", 554, deadline).await.unwrap_err();
        assert!(matches!(fault.detail, Detail::Ours { .. }), "{fault:?}");
        assert!(resolve("127.0.0.1", 554, deadline).await.is_ok(), "an address asks nobody");
        drop(all);
        assert!(!resolve("localhost", 554, Duration::from_secs(3)).await.unwrap().is_empty());
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
}

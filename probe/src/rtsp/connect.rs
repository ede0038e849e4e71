//! Connections to cameras: TCP, TLS and tunnels, with deadlines and with a fault for every way to fail.

use std::net::SocketAddr;
use std::time::Duration;

use zhishou_domain::Stage;
use zhishou_protocol::rtsp::{Scheme, Target};

use super::link::Link;
use super::tunnel::{Tunnel, TunnelLogin, Unopened};
use crate::Settings;
use crate::dial::{Dialled, dial, ours};
use crate::stamped::Stamped;
use crate::tls::{self, Shown};

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
    let Dialled { stream, peer, resolve, connect } =
        dial(target.host(), target.port(), known, settings).await?;
    let local =
        stream.local_addr().map_err(|error| Box::new(ours(peer, Stage::Connect, &error)))?;
    let stream = Stamped::new(stream);
    let (link, tls) = match target.scheme() {
        Scheme::Rtsp => (Link::Plain(stream), None),
        Scheme::Rtsps => {
            let (stream, shown, took) = tls::secure(stream, target.host(), peer, settings).await?;
            (Link::Tls(stream), Some((shown, took)))
        }
        Scheme::Rtsph => {
            let tunnel = Tunnel::open(stream, target, peer, entropy, login, settings).await?;
            (Link::Tunnel(Box::new(tunnel)), None)
        }
    };
    Ok(Connected { link, local, peer, resolve, connect, tls })
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::FaultCode;

    fn fails_with(got: Result<Connected, Unopened>, code: FaultCode) -> bool {
        matches!(got, Err(Unopened::Failed(fault)) if fault.code == code)
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

//! How a visit gets its connections.

use std::net::SocketAddr;

use tokio::time::sleep_until;
use zhishou_domain::{Fault, FaultCode, Stage};
use zhishou_protocol::rtsp::{Input, Target};

use super::replayed::nanos;
use super::{Met, Visit, cancelled};
use crate::CertificatePolicy;
use crate::rtsp::connect::{Connected, connect};
use crate::rtsp::faults::silence;
use crate::rtsp::tunnel::{Asked, Unopened};
use crate::tape::{Handshake, Moment};

impl Visit {
    /// Connects, and asks for leave to log in to the address that answered.
    pub(super) async fn open(&mut self, target: &Target) -> Result<(), Box<Fault>> {
        self.link = None;
        self.note(Moment::Connecting { host: target.host().to_owned(), port: target.port() });
        if let Some(opened) = self.open_replayed(target) {
            return opened;
        }
        let stopping = self.stop.is_some();
        if !stopping {
            // Ports that were bound for the connection before are not those of this one.
            self.datagrams = None;
        }
        let Connected { link, local, peer, resolve, connect, tls } = self.dial(target).await?;
        self.link = Some(link);
        let (resolve_ns, connect_ns) = (nanos(resolve), nanos(connect));
        let handshake = tls.as_ref().map(|(shown, took)| Handshake::of(shown, *took));
        let peer_name = peer.to_string();
        self.note(Moment::Connected { peer: peer_name, resolve_ns, connect_ns, tls: handshake });
        self.ends = Some((local, peer));
        self.host = Some(target.host().to_owned());
        self.resolve.get_or_insert(resolve);
        self.connect.get_or_insert(connect);
        if let Some((shown, took)) = tls {
            self.meet(target, Met::new(shown, took));
        }
        // A connection for nothing but TEARDOWN proves no login.
        if !stopping {
            self.ask_for_login(peer).await?;
        }
        let now = self.now();
        self.session.handle(Input::Connected, now);
        Ok(())
    }

    /// Connects, answering a tunnel that asks for a login.
    async fn dial(&mut self, target: &Target) -> Result<Connected, Box<Fault>> {
        let (cancel, stopping) = (self.cancel.clone(), self.stop.is_some());
        let known = self.known(target);
        loop {
            let (entropy, login) = (self.order.entropy, self.tunnel.as_deref_mut());
            let connected = tokio::select! {
                connected = connect(target, known, entropy, login, &self.settings) => connected,
                () = cancel.cancelled(), if !stopping => {
                    return Err(Box::new(cancelled(Stage::Connect)));
                }
                () = sleep_until(self.give_up.unwrap_or(self.overdue)) => {
                    let waited = silence(self.overdue.saturating_duration_since(self.began));
                    let late = Fault::new(FaultCode::ConnectTimeout, Stage::Connect, waited);
                    return Err(Box::new(late));
                }
            };
            match connected {
                Ok(connected) => return Ok(connected),
                Err(Unopened::Failed(fault)) => return Err(fault),
                Err(Unopened::Login(asked)) => self.answer_tunnel(target, asked).await?,
            }
        }
    }

    /// Opens a tunnel again, with the login that it asked for late, and says there what it has not
    /// heard. To the session, and to a replay, it is the same connection.
    pub(super) async fn open_again(
        &mut self,
        (target, asked, said): (Target, Asked, Vec<u8>),
    ) -> Result<(), Box<Fault>> {
        self.answer_tunnel(&target, asked).await?;
        self.link = Some(self.dial(&target).await?.link);
        self.send(&said).await;
        Ok(())
    }

    /// Where the host of the last connection was, if it is this one.
    fn known(&self, target: &Target) -> Option<SocketAddr> {
        let (_, peer) = self.ends.filter(|_| self.host.as_deref() == Some(target.host()))?;
        let mut known = peer;
        known.set_port(target.port());
        Some(known)
    }

    /// Compares a certificate with the one on record, before anything is sent.
    pub(super) fn meet(&mut self, target: &Target, mut met: Met) {
        // Where a redirect leads to another host, no login goes along, and the certificate is not
        // the device's.
        if !target.same_host(&self.order.target) {
            return;
        }
        met.compare(self.order.certificate.or(self.tls.as_deref().map(Met::fingerprint)));
        if met.is_changed() {
            match self.settings.certificates {
                CertificatePolicy::Report => self.session.withhold_password(),
                CertificatePolicy::Pinned => self.session.withhold_login(),
            }
        }
        if met.is_changed() || self.tls.is_none() {
            self.tls = Some(Box::new(met));
        }
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.tls.as_deref().is_some_and(Met::is_changed)
    }
}

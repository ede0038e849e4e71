//! Leave to log in, and the login of an HTTP tunnel, which counts as one of the device's.

use std::net::SocketAddr;

use tokio::time::Instant;
use zhishou_domain::{Detail, Fault, FaultCode, LoginOutcome, Stage};
use zhishou_protocol::auth::Verdict;
use zhishou_protocol::rtsp::{Facts, Scheme, Target};

use super::replayed::withheld;
use super::{Visit, cancelled};
use crate::guard::Refusal;
use crate::rtsp::faults::login_held_back;
use crate::rtsp::tunnel::{Asked, Refused, TunnelLogin, Unopened};
use crate::tape::Moment;

impl Visit {
    /// Asks for leave to log in at the address that answered, if there is a login; without leave it
    /// is kept back from now on.
    ///
    /// # Errors
    /// If the caller cancels meanwhile.
    pub(super) async fn ask_for_login(&mut self, peer: SocketAddr) -> Result<(), Box<Fault>> {
        let asked = self.refusal.is_some()
            || self.ticket.as_ref().is_some_and(|ticket| ticket.is_for(peer.ip()));
        let Some(credential) = self.order.credential.clone().filter(|_| !asked) else {
            return Ok(());
        };
        // One login, one address: a name that now leads elsewhere gets none.
        if self.ticket.is_some() {
            self.withhold(Refusal::Busy);
            return Ok(());
        }
        let deadline = self.overdue.min(Instant::now() + self.settings.turn);
        let (state, cancel) = (&self.order.credential_state, self.cancel.clone());
        tokio::select! {
            ticket = self.held.login(peer.ip(), &credential, state, deadline) => match ticket {
                Ok(ticket) => self.ticket = Some(ticket),
                Err(refusal) => self.withhold(refusal),
            },
            () = cancel.cancelled() => return Err(Box::new(cancelled(Stage::Prepare))),
        }
        Ok(())
    }

    pub(super) fn withhold(&mut self, refusal: Refusal) {
        self.note(Moment::Withheld(withheld(&refusal)));
        self.refusal = Some(refusal);
        self.session.withhold_login();
    }

    /// A tunnel asks for a login before it lets RTSP through: it gets ours if it stands on the host
    /// that the login belongs to, and never where TLS was left for it.
    ///
    /// # Errors
    /// If it gets none, or did not take it.
    pub(super) async fn answer_tunnel(
        &mut self,
        target: &Target,
        asked: Asked,
    ) -> Result<(), Box<Fault>> {
        let detail = Detail::TunnelLogin { offered: asked.offered.clone() };
        let fault = |code| Err(Box::new(Fault::new(code, Stage::Connect, detail.clone())));
        let ours = target.same_host(&self.order.target)
            && self.order.target.scheme() != Scheme::Rtsps
            && self.stop.is_none();
        let Some(credential) = self.order.credential.clone().filter(|_| ours) else {
            return fault(FaultCode::AuthRequired);
        };
        self.ask_for_login(asked.peer).await?;
        if let Some(refusal) = &self.refusal {
            let (code, detail) = login_held_back(refusal);
            return Err(Box::new(Fault::new(code, Stage::Connect, detail)));
        }
        let entropy = self.order.entropy;
        let login = self.tunnel.get_or_insert_with(|| {
            let credential = zhishou_protocol::auth::Credential::new(
                credential.username.as_str(),
                credential.password(),
            );
            Box::new(TunnelLogin::new(credential, entropy))
        });
        match login.challenged(asked) {
            Verdict::Retry => Ok(()),
            Verdict::Required | Verdict::Withheld => fault(FaultCode::AuthRequired),
            Verdict::Rejected => fault(FaultCode::AuthRejected),
            Verdict::RefusedThoughProven => fault(FaultCode::SessionLimit),
            Verdict::Unsupported => fault(FaultCode::AuthUnsupported),
        }
    }

    /// A tunnel was refused after it had seemed to be open. Says whether it is opened again, because
    /// it asks for a login that it has not had.
    pub(super) fn tunnel_refused(&mut self, refused: Refused) -> bool {
        let fault = match refused.why {
            Unopened::Failed(fault) => fault,
            Unopened::Login(asked) if !asked.carried && self.tunnel.is_none() => {
                self.again = Some(Box::new((refused.target, asked, refused.said)));
                return true;
            }
            Unopened::Login(asked) => {
                let detail = Detail::TunnelLogin { offered: asked.offered.clone() };
                let verdict = self.tunnel.as_mut().map(|login| login.challenged(asked));
                // Where GET had taken it, it is too late for a nonce of its own.
                let code = match verdict {
                    Some(Verdict::Rejected) => FaultCode::AuthRejected,
                    _ => FaultCode::SessionLimit,
                };
                Box::new(Fault::new(code, Stage::Connect, detail))
            }
        };
        self.note(Moment::Failed { fault: (*fault).clone() });
        self.late = Some(fault);
        false
    }

    pub(super) fn login_outcome(&self) -> Option<LoginOutcome> {
        let facts = self.facts();
        if facts.rejected_logins > 0 {
            Some(LoginOutcome::Rejected)
        } else if facts.login_proven {
            Some(LoginOutcome::Accepted)
        } else if self.tunnel.as_deref().is_some_and(TunnelLogin::sent) {
            Some(LoginOutcome::Unheard)
        } else {
            facts.login_sent.then_some(LoginOutcome::Unanswered)
        }
    }

    /// What the session learned, and what became of the login at the tunnel before it.
    pub(super) fn facts(&self) -> Facts {
        let mut facts = self.session.facts();
        if let Some(tunnel) = &self.tunnel {
            facts.login_sent |= tunnel.sent();
            facts.rejected_logins += tunnel.rejected();
            facts.login_in_doubt |=
                tunnel.sent() && !tunnel.proven() && facts.timings.options.is_none();
            // An answer to OPTIONS has come through both halves.
            facts.login_proven |=
                tunnel.proven() || (tunnel.sent() && facts.timings.options.is_some());
        }
        facts
    }
}
